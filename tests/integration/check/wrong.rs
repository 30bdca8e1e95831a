//! Each single thing that may be wrong, and everything at once.

use super::*;
use crate::fake::{Permission, Scope, World};

/// Runs a check that must fail before its trial, after a change of the set-up. Returns the lines about what failed.
#[track_caller]
fn failed(version: Version, change: impl FnOnce(&mut World), step: impl FnOnce(Step) -> Step) -> String {
    let stage = set_up(version);
    change(&mut stage.gitea.world());

    let done = step(stage.check()).run().failed();

    assert_eq!(stage.gitea.world().runs.len(), 0, "a trial run was started:\n{}", done.log);
    let failed = lines_with(&done, "failed");
    assert_eq!(done.output("failed"), Some(failed.lines().count().to_string().as_str()));
    for line in failed.lines() {
        assert!(
            crate::stage::is_documented(&line.replace('`', "")),
            "docs/troubleshooting.md has no row for this:\n{line}"
        );
    }
    failed.replace(&stage.gitea.url(), "http://fake")
}

/// As [`failed`], on 1.26, for a change of the server alone.
#[track_caller]
fn wrong(change: impl FnOnce(&mut World)) -> String {
    failed(Version::V1_26, change, |step| step)
}

/// As [`failed`], on 1.26, for a change of the build's workflow.
#[track_caller]
fn wrong_build(build: &str) -> String {
    wrong(|world| {
        world.repository(TARGET).add_workflow_file(WORKFLOW, build);
    })
}

fn same(step: Step) -> Step {
    step
}

#[test]
fn server_must_be_gitea_that_shows_jobs() {
    insta::assert_snapshot!(failed(Version::Forgejo, |_| (), same), @"failed: Server: this server is Forgejo, and this action supports Gitea only. Use Forgejo's own dispatch");
    insta::assert_snapshot!(failed(Version::V1_24, |_| (), same), @"failed: Server: Gitea 1.24 is too old: it does not show the jobs of a run. Upgrade it to 1.26 or later");
}

#[test]
fn nothing_but_the_version_is_read_of_a_server_that_is_not_supported() {
    for version in [Version::Forgejo, Version::V1_24] {
        let stage = set_up(version);

        let done = stage.check().run().failed();

        assert_eq!(done.output("checked"), Some("1"), "{}", done.log);
        let requests = stage.gitea.requests();
        assert!(requests.iter().all(|request| request.path == "/api/v1/version"), "{requests:?}");
    }
}

/// The lines about what failed, if the server refuses these requests.
#[track_caller]
fn refused(method: &str, path: &str, status: u16, content_type: &str, body: &str) -> String {
    let stage = set_up(Version::V1_26);
    stage.gitea.refuse(method, path, status, content_type, body);

    let done = stage.check().run().failed();

    assert_eq!(stage.gitea.world().runs.len(), 0, "a trial run was started:\n{}", done.log);
    shown(&lines_with(&done, "failed"), &stage)
}

#[test]
fn refusal_is_not_taken_for_another_answer() {
    let json = "application/json";
    let refusal = r#"{"message": "no"}"#;
    insta::assert_snapshot!(refused("POST", "/dispatches", 404, "text/plain", "404 page not found\n"), @"failed: Scope write:repository: The server does not know this request. Gitea 1.24 or later is required. If there is a proxy, check that it forwards the whole path `/api/v1/`. (POST http://fake/api/v1/repos/mporter/dispatch-target/actions/workflows/build-from-pr.yml/dispatches?return_run_details=true returned 404 Not Found: 404 page not found)");
    let right = refused("POST", "/dispatches", 404, json, refusal);
    assert!(right.starts_with("failed: Right to dispatch: The server does not know this request."), "{right}");
    insta::assert_snapshot!(refused("PATCH", "/comments/0", 404, "text/plain", "404 page not found\n"), @"failed: Scope write:issue: The server does not know this request. Gitea 1.24 or later is required. If there is a proxy, check that it forwards the whole path `/api/v1/`. (PATCH http://fake/api/v1/repos/mporter/dispatch-source/issues/comments/0 returned 404 Not Found: 404 page not found)");
    insta::assert_snapshot!(refused("GET", "/branches/main", 403, json, refusal), @"failed: Workflow: The server refused (403): no. The server's message gives the reason. (GET http://fake/api/v1/repos/mporter/dispatch-target/branches/main returned 403 Forbidden: no)");
    insta::assert_snapshot!(refused("GET", "/contents/", 403, json, refusal), @"failed: Workflow: The server refused (403): no. The server's message gives the reason. (GET http://fake/api/v1/repos/mporter/dispatch-target/contents/.gitea/workflows/build-from-pr.yml?ref=3c6ef372fe94f82a000000000000000000000002 returned 403 Forbidden: no)");
}

#[test]
fn token_must_have_both_scopes() {
    let token = |scope| wrong(move |world| world.add_token("dispatch-bot", crate::stage::TOKEN, &[scope]));
    insta::assert_snapshot!(token(Scope::WriteRepository), @"failed: Scope write:issue: The token lacks the scope write:issue. Make a token with the scopes write:repository and write:issue, and store it as the secret. (PATCH http://fake/api/v1/repos/mporter/dispatch-source/issues/comments/0 returned 403 Forbidden: token does not have at least one of required scope(s), required=[write:issue], token scope=write:repository)");
    insta::assert_snapshot!(token(Scope::WriteIssue), @"failed: Scope write:repository: The token lacks the scope write:repository. Make a token with the scopes write:repository and write:issue, and store it as the secret. (POST http://fake/api/v1/repos/mporter/dispatch-target/actions/workflows/build-from-pr.yml/dispatches?return_run_details=true returned 403 Forbidden: token does not have at least one of required scope(s), required=[write:repository], token scope=write:issue)");
    insta::assert_snapshot!(token(Scope::ReadRepository), @"
    failed: Scope write:repository: The token lacks the scope write:repository. Make a token with the scopes write:repository and write:issue, and store it as the secret. (POST http://fake/api/v1/repos/mporter/dispatch-target/actions/workflows/build-from-pr.yml/dispatches?return_run_details=true returned 403 Forbidden: token does not have at least one of required scope(s), required=[write:repository], token scope=read:repository)
    failed: Scope write:issue: The token lacks the scope write:issue. Make a token with the scopes write:repository and write:issue, and store it as the secret. (PATCH http://fake/api/v1/repos/mporter/dispatch-source/issues/comments/0 returned 403 Forbidden: token does not have at least one of required scope(s), required=[write:issue], token scope=read:repository)
    ");
    insta::assert_snapshot!(failed(Version::V1_26, |world| world.tokens.clear(), same), @"failed: Server: The access token is not valid. It may have been deleted, or its account disabled. Make a new token, and store it as the secret. (GET http://fake/api/v1/version returned 401 Unauthorized: invalid username, password or token)");
}

#[test]
fn token_needs_no_scope_for_issues_without_comments() {
    let stage = set_up(Version::V1_26);
    stage.gitea.world().add_token("dispatch-bot", "only-for-repository", &[Scope::WriteRepository]);

    let done =
        run_with(&stage, RUNNER, stage.check().input("token", "only-for-repository").input("comment", "off")).ok();

    assert!(!done.log.contains("write:issue"), "{}", done.log);
}

#[test]
fn account_must_have_rights_in_both_repositories() {
    let remove = |repo: &'static str| wrong(move |world| world.repository(repo).collaborators.clear());
    insta::assert_snapshot!(remove(SOURCE), @"failed: Source: The token's account may not write to mporter/dispatch-source. Make the account a collaborator of mporter/dispatch-source with write access.");
    insta::assert_snapshot!(remove(TARGET), @"failed: Right to dispatch: The token's account may not write to mporter/dispatch-target. Make the account a collaborator of mporter/dispatch-target with write access. (POST http://fake/api/v1/repos/mporter/dispatch-target/actions/workflows/build-from-pr.yml/dispatches?return_run_details=true returned 403 Forbidden: user should have a permission to write to a repo)");
    let hide = |repo: &'static str| {
        wrong(move |world| {
            world.repository(repo).collaborators.clear();
            world.repository(repo).private = true;
        })
    };
    insta::assert_snapshot!(hide(SOURCE), @"failed: Source: mporter/dispatch-source is missing, or hidden from the token. Check the name, and check that the token's account can read mporter/dispatch-source. Gitea gives the same response for a missing and for a hidden repository. (GET http://fake/api/v1/repos/mporter/dispatch-source returned 404 Not Found: not found)");
    insta::assert_snapshot!(hide(TARGET), @"failed: Target: mporter/dispatch-target is missing, or hidden from the token. Check the name, and check that the token's account can read mporter/dispatch-target. Gitea gives the same response for a missing and for a hidden repository. (GET http://fake/api/v1/repos/mporter/dispatch-target returned 404 Not Found: not found)");
    let read = |repo: &'static str| {
        wrong(move |world| world.repository(repo).add_collaborator("dispatch-bot", Permission::Read))
    };
    assert_eq!(read(SOURCE), remove(SOURCE));
    assert_eq!(read(TARGET), remove(TARGET));
}

#[test]
fn target_must_have_actions() {
    insta::assert_snapshot!(wrong(|world| world.repository(TARGET).actions_enabled = false), @"failed: Target: Actions are switched off in mporter/dispatch-target. Switch them on in the repository's settings.");
}

#[test]
fn source_must_take_comments() {
    insta::assert_snapshot!(wrong(|world| world.repository(SOURCE).archived = true), @"failed: Scope write:issue: mporter/dispatch-source is archived. An archived repository takes no comments: set `comment: off`. (PATCH http://fake/api/v1/repos/mporter/dispatch-source/issues/comments/0 returned 423 Locked: <Repository 1:mporter/dispatch-source> is archived)");
}

#[test]
fn workflow_must_be_there_and_enabled() {
    let at = |git_ref: &'static str| failed(Version::V1_26, |_| (), move |step| step.input("ref", git_ref));
    insta::assert_snapshot!(at("develop"), @"failed: Workflow: Ref develop does not exist in mporter/dispatch-target. Set `ref` to a branch or a tag of mporter/dispatch-target; its default branch is `main`.");
    insta::assert_snapshot!(at("refs/tags/v1"), @"failed: Workflow: Ref refs/tags/v1 does not exist in mporter/dispatch-target. Set `ref` to a branch or a tag of mporter/dispatch-target; its default branch is `main`.");
    insta::assert_snapshot!(failed(Version::V1_26, |_| (), |step| step.input("workflow", "build.yml")), @"failed: Workflow: Workflow build.yml does not exist at main. Set `workflow` to an existing file: `build-from-pr.yml`, `report.yml`.");
    let elsewhere = |world: &mut World| {
        let sha = world.new_sha();
        world.repository(TARGET).add_branch("develop", &sha);
        world.repository(TARGET).workflow(WORKFLOW).only_on = Some("develop".to_owned());
    };
    insta::assert_snapshot!(failed(Version::V1_26, elsewhere, same), @"failed: Workflow: Workflow build-from-pr.yml does not exist at main. Set `workflow` to an existing file: `report.yml`.");
    insta::assert_snapshot!(wrong(|world| world.repository(TARGET).workflow(WORKFLOW).disabled = true), @"failed: Right to dispatch: Workflow build-from-pr.yml is disabled. Enable it on the Actions page of mporter/dispatch-target. (POST http://fake/api/v1/repos/mporter/dispatch-target/actions/workflows/build-from-pr.yml/dispatches?return_run_details=true returned 403 Forbidden: workflow is disabled)");
    insta::assert_snapshot!(wrong_build(&BUILD.replace("workflow_dispatch:", "workflow_call:")), @"failed: Trigger: Workflow build-from-pr.yml has no workflow_dispatch trigger. Add `workflow_dispatch` to its `on:` at main, and declare its inputs there.");
}

#[test]
fn inputs_must_be_declared() {
    let without = |name: &str| {
        let lines = BUILD.lines().filter(|line| !line.trim_start().starts_with(&format!("{name}: {{type")));
        wrong_build(&lines.collect::<Vec<_>>().join("\n"))
    };
    insta::assert_snapshot!(without("pr_number"), @"failed: Inputs: build-from-pr.yml does not declare `pr_number`, and Gitea silently drops undeclared inputs. Declare it under `on: workflow_dispatch: inputs:`");
    insta::assert_snapshot!(without("source_repo"), @"failed: Inputs: build-from-pr.yml does not declare `source_repo`, and Gitea silently drops undeclared inputs. Declare it under `on: workflow_dispatch: inputs:`");
    let declared = |given: &'static str| {
        let build =
            BUILD.replace("inputs:\n", "inputs:\n      machine: {required: true}\n      distro: {default: poky}\n");
        let change = move |world: &mut World| {
            world.repository(TARGET).add_workflow_file(WORKFLOW, &build);
        };
        failed(Version::V1_26, change, move |step| step.input("inputs", given))
    };
    // A misspelt input is named with the nearest declared one.
    insta::assert_snapshot!(declared("machin=qemu"), @"
    failed: Own inputs: build-from-pr.yml does not declare `machin` (did you mean `machine`?), and Gitea silently drops undeclared inputs. Correct `inputs` of this step, or declare it there
    failed: Required inputs: build-from-pr.yml requires `machine`, without a default, and `inputs` of this step does not set it: Gitea starts the run with an empty value. Set it, or add a default in that workflow
    ");
    insta::assert_snapshot!(declared("machine=qemu\nimage=core"), @"failed: Own inputs: build-from-pr.yml does not declare `image`, and Gitea silently drops undeclared inputs. Correct `inputs` of this step, or declare it there");
    insta::assert_snapshot!(declared("Distro=poky\nmachine="), @"failed: Own inputs: build-from-pr.yml does not declare `Distro` (did you mean `distro`?), and Gitea silently drops undeclared inputs. Correct `inputs` of this step, or declare it there");
    insta::assert_snapshot!(declared("distro=poky"), @"failed: Required inputs: build-from-pr.yml requires `machine`, without a default, and `inputs` of this step does not set it: Gitea starts the run with an empty value. Set it, or add a default in that workflow");
}

#[test]
fn run_name_must_name_the_pull_request() {
    let line = BUILD.lines().find(|line| line.starts_with("run-name:")).unwrap();
    insta::assert_snapshot!(wrong_build(&BUILD.replace(line, "")), @"failed: Run name: the runs of build-from-pr.yml do not have titles that name their pull request. Add this line to it, below `name:`: `run-name: ${{ inputs.source_repo }}#${{ inputs.pr_number }} ${{ inputs.pr_head_sha }}`");
    assert_eq!(wrong_build(&BUILD.replace(line, "")), wrong_build(&BUILD.replace(line, "run-name: Build")));
}

#[test]
fn everything_wrong_is_said_at_once() {
    let change = |world: &mut World| {
        world.add_token("dispatch-bot", crate::stage::TOKEN, &[Scope::WriteRepository]);
        world.repository(SOURCE).collaborators.clear();
        world.repository(TARGET).collaborators.clear();
        let build = "on:\n  workflow_dispatch:\n    inputs:\n      machine: {required: true}\n";
        world.repository(TARGET).add_workflow_file(WORKFLOW, build);
    };
    let failed = failed(Version::V1_26, change, |step| step.input("inputs", "machin=qemu"));
    insta::assert_snapshot!(failed, @"
    failed: Scope write:issue: The token lacks the scope write:issue. Make a token with the scopes write:repository and write:issue, and store it as the secret. (PATCH http://fake/api/v1/repos/mporter/dispatch-source/issues/comments/0 returned 403 Forbidden: token does not have at least one of required scope(s), required=[write:issue], token scope=write:repository)
    failed: Source: The token's account may not write to mporter/dispatch-source. Make the account a collaborator of mporter/dispatch-source with write access.
    failed: Right to dispatch: The token's account may not write to mporter/dispatch-target. Make the account a collaborator of mporter/dispatch-target with write access. (POST http://fake/api/v1/repos/mporter/dispatch-target/actions/workflows/build-from-pr.yml/dispatches?return_run_details=true returned 403 Forbidden: user should have a permission to write to a repo)
    failed: Inputs: build-from-pr.yml does not declare `source_repo`, `pr_number`, `pr_head_sha`, `pr_head_ref`, and Gitea silently drops undeclared inputs. Declare it under `on: workflow_dispatch: inputs:`
    failed: Own inputs: build-from-pr.yml does not declare `machin` (did you mean `machine`?), and Gitea silently drops undeclared inputs. Correct `inputs` of this step, or declare it there
    failed: Required inputs: build-from-pr.yml requires `machine`, without a default, and `inputs` of this step does not set it: Gitea starts the run with an empty value. Set it, or add a default in that workflow
    ");
}
