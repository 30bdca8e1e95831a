//! Each refusal has its own message: a few words on the pull request's page, and in the log what happened and what to
//! do next. docs/troubleshooting.md has the same table for people.

use std::thread;
use std::time::Duration;

use crate::fake::{Answer, Fault, Permission, Scope, Version, Workflow, World};
use crate::stage::{Done, SOURCE, Stage, Step, TARGET, TOKEN, WORKFLOW};
use crate::{shown, stage};

/// How a refused step ends: the description of the error status, and the last line of the log.
fn refusal(version: Version, arrange: impl FnOnce(&mut World), change: impl FnOnce(Step) -> Step) -> String {
    let stage = stage(version);
    add_tokens(&mut stage.gitea.world());
    arrange(&mut stage.gitea.world());
    let done = change(stage.dispatch()).run().failed();
    told(&stage, &done)
}

fn told(stage: &Stage, done: &Done) -> String {
    assert_eq!(stage.gitea.world().runs.len(), 0);
    let statuses = stage.gitea.world().statuses(SOURCE, &stage.sha);
    let status = statuses.first().map_or("no status".to_owned(), |status| {
        assert!(status.description.chars().count() <= 80, "the page shows some 70 characters: {}", status.description);
        format!("{}: {}", status.state, status.description)
    });
    let log = shown(done.log().lines().last().unwrap(), stage);
    format!("{status}\n{}", log.replace("http://fake/api/v1/repos", "…").replace("?return_run_details=true", ""))
}

fn workflow(world: &mut World) -> &mut Workflow {
    world.repository(TARGET).workflow(WORKFLOW)
}

#[test]
fn each_cause_of_a_refused_dispatch_has_its_own_message() {
    let same = |step: Step| step;
    let nothing = |_: &mut World| ();
    let v = Version::V1_26;
    let cases = [
        refusal(v, nothing, |step| step.input("target", "mporter/no-such")),
        refusal(v, |world| world.repository(TARGET).private = true, |step| step.input("token", "token-of-a-stranger")),
        refusal(v, nothing, |step| step.input("workflow", "no-such.yml")),
        refusal(v, |world| world.repository(TARGET).actions_enabled = false, same),
        refusal(v, nothing, |step| step.input("ref", "no-such-branch")),
        refusal(v, |world| workflow(world).disabled = true, same),
        refusal(v, |world| workflow(world).dispatchable = false, same),
        refusal(v, |world| workflow(world).broken = Some("yaml: line 1: did not find expected ','".to_owned()), same),
        refusal(
            v,
            |world| workflow(world).broken = Some("x".to_owned()),
            |step| step.input("token", "token-of-the-owner"),
        ),
        refusal(v, nothing, |step| step.input("token", "no-token-of-anybody")),
        refusal(v, nothing, |step| step.input("token", "token-that-only-reads")),
        refusal(v, |world| world.repository(TARGET).collaborators.clear(), same),
        refusal(v, |world| world.rename_repository(TARGET, "renamed"), same),
        refusal(Version::V1_24, nothing, |step| step.input("target", "mporter/no-such")),
        refusal(Version::V1_24, nothing, |step| step.input("token", "no-token-of-anybody")),
    ];
    insta::assert_snapshot!(cases.join("\n\n"), @r#"
    error: mporter/no-such is missing, or hidden from the token
    ::error::Workflow build-from-pr.yml of mporter/no-such was not dispatched. mporter/no-such is missing, or hidden from the token. Check the name, and check that the token's account can read mporter/no-such. Gitea gives the same response for a missing and for a hidden repository. The pull request's status now shows this. (POST …/mporter/no-such/actions/workflows/build-from-pr.yml/dispatches returned 404 Not Found: not found)

    error: mporter/dispatch-target is missing, or hidden from the token
    ::error::Workflow build-from-pr.yml of mporter/dispatch-target was not dispatched. mporter/dispatch-target is missing, or hidden from the token. Check the name, and check that the token's account can read mporter/dispatch-target. Gitea gives the same response for a missing and for a hidden repository. The pull request's status now shows this. (POST …/mporter/dispatch-target/actions/workflows/build-from-pr.yml/dispatches returned 404 Not Found: not found)

    error: Workflow no-such.yml does not exist at main
    ::error::Workflow no-such.yml of mporter/dispatch-target was not dispatched. Workflow no-such.yml does not exist at main. Set `workflow` to an existing file: `build-from-pr.yml`. The pull request's status now shows this. (POST …/mporter/dispatch-target/actions/workflows/no-such.yml/dispatches returned 404 Not Found: workflow "no-such.yml" doesn't exist)

    error: Actions are switched off in mporter/dispatch-target
    ::error::Workflow build-from-pr.yml of mporter/dispatch-target was not dispatched. Actions are switched off in mporter/dispatch-target. Switch them on in the repository's settings. The pull request's status now shows this. (POST …/mporter/dispatch-target/actions/workflows/build-from-pr.yml/dispatches returned 403 Forbidden: user should have specific read permission or be a repo admin or a site admin)

    error: Ref no-such-branch does not exist in mporter/dispatch-target
    ::error::Workflow build-from-pr.yml of mporter/dispatch-target was not dispatched. Ref no-such-branch does not exist in mporter/dispatch-target. Set `ref` to a branch or a tag of mporter/dispatch-target; its default branch is `main`. The pull request's status now shows this. (POST …/mporter/dispatch-target/actions/workflows/build-from-pr.yml/dispatches returned 404 Not Found: ref "no-such-branch" doesn't exist)

    error: Workflow build-from-pr.yml is disabled
    ::error::Workflow build-from-pr.yml of mporter/dispatch-target was not dispatched. Workflow build-from-pr.yml is disabled. Enable it on the Actions page of mporter/dispatch-target. The pull request's status now shows this. (POST …/mporter/dispatch-target/actions/workflows/build-from-pr.yml/dispatches returned 403 Forbidden: workflow is disabled)

    error: Workflow build-from-pr.yml has no workflow_dispatch trigger
    ::error::Workflow build-from-pr.yml of mporter/dispatch-target was not dispatched. Workflow build-from-pr.yml has no workflow_dispatch trigger. Add `workflow_dispatch` to its `on:` at main, and declare its inputs there. The pull request's status now shows this. (POST …/mporter/dispatch-target/actions/workflows/build-from-pr.yml/dispatches returned 422 Unprocessable Entity: workflow "build-from-pr.yml" has no workflow_dispatch event trigger)

    error: The server failed (500)
    ::error::Workflow build-from-pr.yml of mporter/dispatch-target was not dispatched. The server failed (500). Most often build-from-pr.yml is not valid YAML at main; Gitea shows that reason only to administrators. Otherwise see the server's log. Check the runs of mporter/dispatch-target before you re-run this job. The pull request's status now shows this. (POST …/mporter/dispatch-target/actions/workflows/build-from-pr.yml/dispatches returned 500 Internal Server Error: no message)

    error: Workflow build-from-pr.yml is not valid YAML
    ::error::Workflow build-from-pr.yml of mporter/dispatch-target was not dispatched. Workflow build-from-pr.yml is not valid YAML. Correct the file at main; the server's message says where the error is. The pull request's status now shows this. (POST …/mporter/dispatch-target/actions/workflows/build-from-pr.yml/dispatches returned 500 Internal Server Error: failed to unmarshal workflow content: x)

    no status
    ::error::Workflow build-from-pr.yml of mporter/dispatch-target was not dispatched. The access token is not valid. It may have been deleted, or its account disabled. Make a new token, and store it as the secret. Setting the pull request's status failed too: POST …/mporter/dispatch-source/statuses/SHA returned 401 Unauthorized: invalid username, password or token. (POST …/mporter/dispatch-target/actions/workflows/build-from-pr.yml/dispatches returned 401 Unauthorized: invalid username, password or token)

    no status
    ::error::Workflow build-from-pr.yml of mporter/dispatch-target was not dispatched. The token lacks the scope write:repository. Make a token with the scopes write:repository and write:issue, and store it as the secret. Setting the pull request's status failed too: POST …/mporter/dispatch-source/statuses/SHA returned 403 Forbidden: token does not have at least one of required scope(s), required=[write:repository], token scope=read:repository. (POST …/mporter/dispatch-target/actions/workflows/build-from-pr.yml/dispatches returned 403 Forbidden: token does not have at least one of required scope(s), required=[write:repository], token scope=read:repository)

    error: The token's account may not write to mporter/dispatch-target
    ::error::Workflow build-from-pr.yml of mporter/dispatch-target was not dispatched. The token's account may not write to mporter/dispatch-target. Make the account a collaborator of mporter/dispatch-target with write access. The pull request's status now shows this. (POST …/mporter/dispatch-target/actions/workflows/build-from-pr.yml/dispatches returned 403 Forbidden: user should have a permission to write to a repo)

    error: mporter/dispatch-target was renamed or moved
    ::error::Workflow build-from-pr.yml of mporter/dispatch-target was not dispatched. mporter/dispatch-target was renamed or moved. Use the new name, which is in the server's response. Redirects are not followed, to protect the token. The pull request's status now shows this. (POST …/mporter/dispatch-target/actions/workflows/build-from-pr.yml/dispatches returned 301 Moved Permanently: it points to /api/v1/repos/mporter/renamed/actions/workflows/build-from-pr.yml/dispatches, which is not followed)

    error: mporter/no-such is missing, or hidden from the token
    ::error::Workflow build-from-pr.yml of mporter/no-such was not dispatched. mporter/no-such is missing, or hidden from the token. Check the name, and check that the token's account can read mporter/no-such. Gitea gives the same response for a missing and for a hidden repository. The pull request's status now shows this. (POST …/mporter/no-such/actions/workflows/build-from-pr.yml/dispatches returned 404 Not Found: The target couldn't be found.)

    no status
    ::error::Workflow build-from-pr.yml of mporter/dispatch-target was not dispatched. The access token is not valid. It may have been deleted, or its account disabled. Make a new token, and store it as the secret. Setting the pull request's status failed too: POST …/mporter/dispatch-source/statuses/SHA returned 401 Unauthorized: user does not exist [uid: 0, name: ]. (POST …/mporter/dispatch-target/actions/workflows/build-from-pr.yml/dispatches returned 401 Unauthorized: user does not exist [uid: 0, name: ])
    "#);
}

#[test]
fn each_cause_of_a_refused_report_has_its_own_message() {
    let mut cases = Vec::new();
    for (name, value) in [
        ("token", "token-without-issues"),
        ("token", "token-that-only-reads"),
        ("token", "no-token-of-anybody"),
        ("pr-number", "99"),
        ("sha", "abababababababababababababababababababab"),
        ("source", "mporter/no-such"),
    ] {
        let stage = stage(Version::V1_26);
        add_tokens(&mut stage.gitea.world());
        stage.dispatch().run().ok();
        let run = stage.start_last_run();

        let done = stage.report(run).input(name, value).run().failed();

        cases.push(format!("{name}: {}", shown(done.log().lines().last().unwrap(), &stage)));
    }
    insta::assert_snapshot!(cases.join("\n\n"), @"
    token: ::error::The comment was not created. The token lacks the scope write:issue. Make a token with the scopes write:repository and write:issue, and store it as the secret. (POST http://fake/api/v1/repos/mporter/dispatch-source/issues/1/comments returned 403 Forbidden: token does not have at least one of required scope(s), required=[write:issue], token scope=write:repository) The status was set.

    token: ::error::The status was not set. The token lacks the scope write:repository. Make a token with the scopes write:repository and write:issue, and store it as the secret. (POST http://fake/api/v1/repos/mporter/dispatch-source/statuses/SHA returned 403 Forbidden: token does not have at least one of required scope(s), required=[write:repository], token scope=read:repository) The comment was not created. The token lacks the scope write:issue. Make a token with the scopes write:repository and write:issue, and store it as the secret. (POST http://fake/api/v1/repos/mporter/dispatch-source/issues/1/comments returned 403 Forbidden: token does not have at least one of required scope(s), required=[write:issue], token scope=read:repository)

    token: ::error::The status was not set. The access token is not valid. It may have been deleted, or its account disabled. Make a new token, and store it as the secret. (GET http://fake/api/v1/repos/mporter/dispatch-source/commits/SHA/status?page=1&limit=50 returned 401 Unauthorized: invalid username, password or token) No comment was written.

    pr-number: ::error::The comment was not created. The pull request does not exist. Check that `pr-number` is a pull request of mporter/dispatch-source (otherwise see the server's log). (POST http://fake/api/v1/repos/mporter/dispatch-source/issues/99/comments returned 500 Internal Server Error: no message) The status was set.

    sha: ::error::The status was not set. The commit is not in the repository. A status needs a commit of mporter/dispatch-source: check that `sha` and `source` belong together (otherwise see the server's log). (GET http://fake/api/v1/repos/mporter/dispatch-source/commits/abababababababababababababababababababab/status?page=1&limit=50 returned 404 Not Found: not found: object does not exist [id: abababababababababababababababababababab, rel_path: ]) The comment was created.

    source: ::error::The status was not set. mporter/no-such is missing, or hidden from the token. Check the name, and check that the token's account can read mporter/no-such. Gitea gives the same response for a missing and for a hidden repository. (GET http://fake/api/v1/repos/mporter/no-such/commits/SHA/status?page=1&limit=50 returned 404 Not Found: not found) The comment was not created. mporter/no-such is missing, or hidden from the token. Check the name, and check that the token's account can read mporter/no-such. Gitea gives the same response for a missing and for a hidden repository. (POST http://fake/api/v1/repos/mporter/no-such/issues/1/comments returned 404 Not Found: not found)
    ");
}

#[test]
fn more_requests_are_sent_only_after_403_or_404() {
    let asked = |change: fn(Step) -> Step, arrange: fn(&mut World)| {
        let stage = stage(Version::V1_26);
        arrange(&mut stage.gitea.world());
        change(stage.dispatch()).run().failed();
        let gets = stage.gitea.requests().into_iter().filter(|request| request.method == "GET");
        gets.map(|request| request.path.replace("/api/v1/repos/", "")).collect::<Vec<_>>().join(", ")
    };
    let same: fn(Step) -> Step = |step| step;
    let nothing: fn(&mut World) = |_| ();
    let seen = [
        asked(|step| step.input("workflow", "no-such.yml"), nothing),
        asked(|step| step.input("ref", "no-such"), nothing),
        asked(|step| step.input("target", "mporter/no-such"), nothing),
        asked(same, |world| workflow(world).disabled = true),
        asked(same, |world| workflow(world).dispatchable = false),
        asked(same, |world| workflow(world).broken = Some("x".to_owned())),
        asked(|step| step.input("token", "no-token-of-anybody"), nothing),
    ];
    insta::assert_snapshot!(seen.join("\n"), @"
    mporter/dispatch-target, mporter/dispatch-target/contents/.gitea/workflows?ref=main
    mporter/dispatch-target
    mporter/no-such
    ");
}

#[test]
fn fork_without_secrets_is_advised_to_use_pull_request_target() {
    let stage = stage(Version::V1_26);
    let number = {
        let mut world = stage.gitea.world();
        world.add_repository("contrib/dispatch-source");
        let head = world.new_sha();
        world.open_pull_request(SOURCE, "contrib/dispatch-source", "evil", &head)
    };
    let event = stage.gitea.world().pull_request_payload(SOURCE, number, "opened");
    let step = |name| stage.dispatch().event(name, &event).input("token", "");

    insta::assert_snapshot!(step("pull_request").run().failed().log(), @"::error::Nothing was sent: input `token` is empty, since the workflow of a pull request from a fork gets no secrets. Use `on: pull_request_target`: it runs the base branch's workflow, with its secrets, so run nothing from the pull request there");
    insta::assert_snapshot!(step("pull_request_target").run().failed().log(), @"::error::Nothing was sent: input `token` is required. If it comes from a secret, that secret is empty: check that the secret is stored in this repository or for its owner, under exactly that name");
    assert_eq!(stage.gitea.connections(), 0);
}

#[test]
fn report_goes_to_allowed_sources_only() {
    let stage = stage(Version::V1_26);
    stage.dispatch().run().ok();
    let run = stage.start_last_run();
    let sent = stage.gitea.requests().len();

    for allowed in ["mporter/another", "another/*\nmporter/dispatch-source2"] {
        let done = stage.report(run).input("allowed-sources", allowed).run().failed();
        insta::allow_duplicates! {
            insta::assert_snapshot!(done.log(), @"::error::Nothing was sent: `allowed-sources` does not allow a report to mporter/dispatch-source");
        }
    }
    let done = stage.report(run).input("allowed-sources", "mporter").run().failed();
    insta::assert_snapshot!(done.log(), @"::error::Nothing was sent: input `allowed-sources` must be lines of `owner/name` or `owner/*`, not `mporter`");
    assert_eq!(stage.gitea.requests().len(), sent, "nothing is sent");

    stage.report(run).input("allowed-sources", "another/*\n\n  MPorter/*").run().ok();
}

#[test]
fn input_that_holds_the_token_is_refused() {
    let stage = stage(Version::V1_26);
    stage.dispatch().run().ok();
    let run = stage.start_last_run();
    let sent = stage.gitea.requests().len();

    let body = format!("curl -H 'Authorization: token {}'", TOKEN);
    let messages = [
        stage.report(run).input("body", &body),
        stage.dispatch().input("inputs", &format!("key={}", TOKEN)),
        stage.dispatch().input("head-ref", TOKEN),
    ]
    .map(|step| step.run().failed().log());

    insta::assert_snapshot!(messages.join("\n"), @"
    ::error::Nothing was sent: input `body` contains the token, and would make it public
    ::error::Nothing was sent: input `inputs` contains the token, and would make it public
    ::error::Nothing was sent: input `head-ref` contains the token, and would make it public
    ");
    assert_eq!(stage.gitea.requests().len(), sent, "nothing is sent");
}

#[test]
fn pending_status_never_replaces_a_report_of_its_run() {
    let stage = stage(Version::V1_26);
    // The response to the dispatch takes so long that the run has ended before it.
    stage.gitea.inject("POST", "/dispatches", 1, Fault::Delay(Duration::from_secs(4)));
    let dispatch = stage.dispatch();

    let done = thread::scope(|scope| {
        let dispatch = scope.spawn(|| dispatch.run());
        while stage.gitea.world().runs.is_empty() {
            thread::sleep(Duration::from_millis(20));
        }
        let run = stage.start_last_run();
        stage.report(run).run().ok();
        dispatch.join().unwrap().ok()
    });

    assert_eq!(stage.gitea.world().statuses(SOURCE, &stage.sha)[0].state, "success");
    assert!(done.summary.contains("left alone, since it shows a newer result"), "{}", done.summary);
    insta::assert_snapshot!(shown(&done.log(), &stage), @"
    Dispatching build-from-pr.yml of mporter/dispatch-target at main for pull request mporter/dispatch-source#1
    Run: https://gitea.example.com/mporter/dispatch-target/actions/runs/30
    Status dispatch-target/build on mporter/dispatch-source@SHA10 is left alone: it already shows https://gitea.example.com/mporter/dispatch-target/actions/runs/30
    ");
}

#[test]
fn run_that_reported_before_its_dispatch_was_lost_keeps_its_status() {
    let stage = stage(Version::V1_26);
    let gateway = Answer::new(504, "text/html", "<title>Gateway Time-out</title>");
    stage.gitea.inject("POST", "/dispatches", 1, Fault::WorkThenAnswer(gateway));
    // Long enough for the run to report its end before the statuses are read.
    stage.gitea.set_delay(Duration::from_secs(1));
    let dispatch = stage.dispatch();

    let done = thread::scope(|scope| {
        let dispatch = scope.spawn(|| dispatch.run());
        while stage.gitea.world().runs.is_empty() {
            thread::sleep(Duration::from_millis(20));
        }
        let run = stage.start_last_run();
        let page = format!("https://gitea.example.com/{TARGET}/actions/runs/{run}");
        let sha = &stage.sha;
        stage.gitea.world().add_status(SOURCE, sha, Some("dispatch-bot"), "dispatch-target/build", "success", &page);
        dispatch.join().unwrap().failed()
    });

    assert_eq!(stage.gitea.world().statuses(SOURCE, &stage.sha)[0].state, "success");
    assert!(done.log.contains("A matching run was found: https://gitea.example.com"), "{}", done.log);
}

/// Tokens and accounts that these tests use beside the bot's.
fn add_tokens(world: &mut World) {
    world.add_user("stranger");
    world.repository(SOURCE).add_collaborator("stranger", Permission::Write);
    world.add_token("stranger", "token-of-a-stranger", &[Scope::WriteRepository, Scope::WriteIssue]);
    world.make_admin("mporter");
    world.add_token_for_all("mporter", "token-of-the-owner");
    world.add_token("dispatch-bot", "token-that-only-reads", &[Scope::ReadRepository]);
    world.add_token("dispatch-bot", "token-without-issues", &[Scope::WriteRepository]);
}

#[test]
fn address_without_the_api_is_named() {
    let stage = stage(Version::V1_26);
    let page = "<!DOCTYPE html><title>Gitea</title>";
    let messages = [(404, "Not found.\n"), (200, page)].map(|(status, answer)| {
        stage.gitea.refuse_once("POST", "/repos/", status, "text/html", answer);
        let done = stage.dispatch().input("api-url", &stage.gitea.url()).run().failed();
        shown(done.log().lines().last().unwrap(), &stage)
    });
    insta::assert_snapshot!(messages.join("\n"), @"
    ::error::Workflow build-from-pr.yml of mporter/dispatch-target was not dispatched. `api-url` is not the API's address. Set it to the address of the server's pages plus `/api/v1`. Setting the pull request's status failed too: POST http://fake/repos/mporter/dispatch-source/statuses/SHA returned 404 Not Found: 404 page not found. (POST http://fake/repos/mporter/dispatch-target/actions/workflows/build-from-pr.yml/dispatches?return_run_details=true returned 404 Not Found, but not in Gitea's format: Not found.)
    ::error::It is unknown whether workflow build-from-pr.yml of mporter/dispatch-target was dispatched, so the dispatch is not retried. First look for the run: https://gitea.example.com/mporter/dispatch-target/actions?workflow=build-from-pr.yml . Setting the pull request's status failed too: GET http://fake/repos/mporter/dispatch-source/commits/SHA/status?page=1&limit=50 returned 404 Not Found: 404 page not found. (POST http://fake/repos/mporter/dispatch-target/actions/workflows/build-from-pr.yml/dispatches?return_run_details=true returned 200 OK, but not in Gitea's format: a page with the title `Gitea`)
    ");
}

#[test]
fn route_that_is_missing_outside_the_api_is_a_wrong_address() {
    let stage = stage(Version::V1_26);

    let done = stage.dispatch().input("api-url", &stage.gitea.url()).run().failed();

    assert!(done.log().contains("`api-url` is not the API's address."), "{}", done.log);
}

#[test]
fn refusal_for_an_unknown_reason_is_shown_as_it_is() {
    let stage = stage(Version::V1_26);
    stage.gitea.refuse("POST", "/dispatches", 422, "application/json", r#"{"message": "not now"}"#);

    let done = stage.dispatch().run().failed();

    assert!(done.log().contains("The server refused (422): not now."), "{}", done.log);
}

#[test]
fn edit_that_fails_does_not_blame_the_pull_request() {
    let stage = stage(Version::V1_26);
    stage.dispatch().run().ok();
    let run = stage.start_last_run();
    stage.report(run).run().ok();
    stage.gitea.refuse("PATCH", "/comments/", 500, "application/json", r#"{"message": ""}"#);

    let done = stage.report(run).input("status", "failure").run();

    let log = done.log();
    assert!(log.contains("The server failed (500)") && !log.contains("pull request does not exist"), "{log}");
}

#[test]
fn sign_in_page_is_not_taken_for_a_renamed_repository() {
    for page in ["/user/login?redirect_to=%2fapi%2fv1", "//sso.example.com/api/v1/repos/", "https://sso.example.com/"] {
        let stage = stage(Version::V1_26);
        let answer = Answer::new(302, "text/html", "").header("Location", page);
        stage.gitea.inject("POST", "/dispatches", 1, Fault::Answer(answer));

        let done = stage.dispatch().run().failed();

        let log = done.log();
        assert!(log.contains("The server redirects (302)") && log.contains("If that is a sign-in page"), "{log}");
    }
}

#[test]
fn account_that_only_reads_the_source_comments_and_gets_the_cause_of_the_missing_status() {
    let stage = stage(Version::V1_26);
    stage.dispatch().run().ok();
    let run = stage.start_last_run();
    stage.gitea.world().repository(SOURCE).add_collaborator("dispatch-bot", Permission::Read);

    let done = stage.report(run).run().failed();

    assert_eq!(stage.gitea.world().comments(SOURCE, stage.number).len(), 1);
    let error = "::error::The status was not set. The token's account may not write to mporter/dispatch-source. ";
    assert!(done.log().lines().last().unwrap().starts_with(error), "{}", done.log());
}

#[test]
fn page_in_giteas_place_is_named_by_its_title() {
    let page = "<html>\n<head><title>Sign in &middot; SSO</title></head><body>401 invalid token, 404 not found";
    let messages = [401, 403, 404, 407, 502].map(|status| {
        let stage = stage(Version::V1_26);
        stage.gitea.inject("POST", "/dispatches", 1, Fault::Answer(Answer::new(status, "text/html", page)));
        let done = stage.dispatch().run().failed();
        told(&stage, &done)
    });
    insta::assert_snapshot!(messages.join("\n"), @"
    error: The response is not from Gitea (401)
    ::error::Workflow build-from-pr.yml of mporter/dispatch-target was not dispatched. The response is not from Gitea (401). Check that `api-url` points to Gitea itself, and that no proxy responds in its place. The pull request's status now shows this. (POST …/mporter/dispatch-target/actions/workflows/build-from-pr.yml/dispatches returned 401 Unauthorized, but not in Gitea's format: a page with the title `Sign in &middot; SSO`)
    error: The response is not from Gitea (403)
    ::error::Workflow build-from-pr.yml of mporter/dispatch-target was not dispatched. The response is not from Gitea (403). Check that `api-url` points to Gitea itself, and that no proxy responds in its place. The pull request's status now shows this. (POST …/mporter/dispatch-target/actions/workflows/build-from-pr.yml/dispatches returned 403 Forbidden, but not in Gitea's format: a page with the title `Sign in &middot; SSO`)
    error: The response is not from Gitea (404)
    ::error::Workflow build-from-pr.yml of mporter/dispatch-target was not dispatched. The response is not from Gitea (404). Check that `api-url` points to Gitea itself, and that no proxy responds in its place. The pull request's status now shows this. (POST …/mporter/dispatch-target/actions/workflows/build-from-pr.yml/dispatches returned 404 Not Found, but not in Gitea's format: a page with the title `Sign in &middot; SSO`)
    error: The response is not from Gitea (407)
    ::error::Workflow build-from-pr.yml of mporter/dispatch-target was not dispatched. The response is not from Gitea (407). Check that `api-url` points to Gitea itself, and that no proxy responds in its place. The pull request's status now shows this. (POST …/mporter/dispatch-target/actions/workflows/build-from-pr.yml/dispatches returned 407 Proxy Authentication Required, but not in Gitea's format: a page with the title `Sign in &middot; SSO`)
    error: Dispatch outcome unknown, see the target's runs
    ::error::It is unknown whether workflow build-from-pr.yml of mporter/dispatch-target was dispatched, so the dispatch is not retried. First look for the run: https://gitea.example.com/mporter/dispatch-target/actions?workflow=build-from-pr.yml . The pull request's status now shows this. (POST …/mporter/dispatch-target/actions/workflows/build-from-pr.yml/dispatches returned 502 Bad Gateway, but not in Gitea's format: a page with the title `Sign in &middot; SSO`)
    ");
}

#[test]
fn repository_that_could_not_be_read_is_not_called_missing() {
    let cases = [(503, "text/plain", "restarting"), (404, "text/html", "<title>Nothing here</title>")];
    let messages = cases.map(|(status, content_type, body)| {
        let stage = stage(Version::V1_26);
        stage.gitea.refuse("POST", "/dispatches", 404, "application/json", r#"{"message": "not found"}"#);
        let repository = Answer::new(status, content_type, body).header("Retry-After", "90");
        stage.gitea.inject("GET", "/dispatch-target", 9, Fault::Answer(repository));
        let done = stage.dispatch().run().failed();
        told(&stage, &done)
    });
    insta::assert_snapshot!(messages.join("\n"), @"
    error: The server returned 404, and the reason is unknown
    ::error::Workflow build-from-pr.yml of mporter/dispatch-target was not dispatched. The server returned 404, and the reason is unknown. Could not check whether mporter/dispatch-target exists (GET …/mporter/dispatch-target returned 503 Service Unavailable, but not in Gitea's format: restarting). Re-run this job when the server is available again. The pull request's status now shows this. (POST …/mporter/dispatch-target/actions/workflows/build-from-pr.yml/dispatches returned 404 Not Found: not found)
    error: The server returned 404, and the reason is unknown
    ::error::Workflow build-from-pr.yml of mporter/dispatch-target was not dispatched. The server returned 404, and the reason is unknown. Could not check whether mporter/dispatch-target exists (GET …/mporter/dispatch-target returned 404 Not Found, but not in Gitea's format: a page with the title `Nothing here`). Re-run this job when the server is available again. The pull request's status now shows this. (POST …/mporter/dispatch-target/actions/workflows/build-from-pr.yml/dispatches returned 404 Not Found: not found)
    ");
}
