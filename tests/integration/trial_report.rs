//! The report of a trial run: it checks that it could write to the source, and writes nothing.

use crate::fake::{Action, Permission, Scope, Version};
use crate::stage::{Done, SOURCE, Stage, Step, TARGET, WORKFLOW};
use crate::{lines, shown, stage};

/// A stage with a trial run in progress. The journal begins after it.
fn trial(version: Version) -> (Stage, u64) {
    let stage = stage(version);
    let zeros = "0".repeat(40);
    let inputs = [("source_repo", SOURCE), ("pr_number", ""), ("pr_head_sha", zeros.as_str()), ("pr_head_ref", "")];
    let inputs = inputs.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let sha = stage.sha.clone();
    let run = stage.gitea.world().add_run(TARGET, WORKFLOW, "refs/heads/main", &sha, "dispatch-bot", inputs);
    stage.gitea.world().start_run(run);
    (stage, run)
}

/// Runs the report, and asserts that it has written nothing.
fn run(stage: &Stage, step: Step) -> Done {
    let done = step.run();
    let world = stage.gitea.world();
    assert_eq!((world.statuses.len(), world.comments.len(), world.runs.len()), (0, 0, 1));
    done
}

#[test]
fn report_of_a_trial_checks_the_rights_and_changes_nothing() {
    let (stage, id) = trial(Version::V1_26);

    let by_event = run(&stage, stage.report_by_event(id, Action::Completed)).ok();

    insta::assert_snapshot!(shown(&by_event.log(), &stage), @"
    The run's pr_head_sha is all zeros: a trial run, so nothing is reported
    ok: Scope write:repository: the token has it
    ok: Scope write:issue: the token has it
    ok: Source: the token's account may write to mporter/dispatch-source
    Trial run 30: a report can write to mporter/dispatch-source
    ");
    insta::assert_snapshot!(lines(&stage.gitea.requests(), &stage), @r#"
    POST /api/v1/repos/mporter/dispatch-source/actions/workflows/none.yml/dispatches?return_run_details=true {"inputs":{},"ref":"refs/heads/dispatch-action..check"}
    PATCH /api/v1/repos/mporter/dispatch-source/issues/comments/0 {"body":"A check of dispatch-action"}
    GET /api/v1/repos/mporter/dispatch-source
    "#);
    insta::assert_snapshot!(by_event.summary, @"
    ### Trial run

    | check | result | what was found |
    | --- | --- | --- |
    | Scope write:repository | ok | the token has it |
    | Scope write:issue | ok | the token has it |
    | Source | ok | the token's account may write to mporter/dispatch-source |
    ");
    assert_eq!(by_event.outputs, "");
    let by_step = run(&stage, stage.report(id)).ok();
    assert_eq!(by_step.log, by_event.log);
}

#[test]
fn report_of_a_trial_fails_where_a_report_would() {
    let report = |scopes: &[Scope], rights: &[(&str, Permission)]| {
        let (stage, id) = trial(Version::V1_27);
        stage.gitea.world().add_bot("reporter", "token-in-the-target", scopes, rights);
        let done = run(&stage, stage.report(id).input("token", "token-in-the-target")).failed();
        shown(&done.log(), &stage)
    };
    let both = [Scope::WriteRepository, Scope::WriteIssue];
    insta::assert_snapshot!(report(&both, &[(SOURCE, Permission::Read)]), @"
    The run's pr_head_sha is all zeros: a trial run, so nothing is reported
    ok: Scope write:repository: the token has it
    ok: Scope write:issue: the token has it
    ::error::failed: Source: The token's account may not write to mporter/dispatch-source. Make the account a collaborator of mporter/dispatch-source with write access.
    ::error::Trial run 30: a report cannot write to mporter/dispatch-source (Source). The lines above that begin with `failed` say what to correct
    ");
    insta::assert_snapshot!(report(&both[..1], &[(SOURCE, Permission::Write)]), @"
    The run's pr_head_sha is all zeros: a trial run, so nothing is reported
    ok: Scope write:repository: the token has it
    ::error::failed: Scope write:issue: The token lacks the scope write:issue. Make a token with the scopes write:repository and write:issue, and store it as the secret. (PATCH http://fake/api/v1/repos/mporter/dispatch-source/issues/comments/0 returned 403 Forbidden: token does not have at least one of required scope(s), required=[write:issue], token scope=write:repository)
    ok: Source: the token's account may write to mporter/dispatch-source
    ::error::Trial run 30: a report cannot write to mporter/dispatch-source (Scope write:issue). The lines above that begin with `failed` say what to correct
    ");
    insta::assert_snapshot!(report(&both[1..], &[(SOURCE, Permission::Write)]), @"
    The run's pr_head_sha is all zeros: a trial run, so nothing is reported
    ::error::failed: Scope write:repository: The token lacks the scope write:repository. Make a token with the scopes write:repository and write:issue, and store it as the secret. (POST http://fake/api/v1/repos/mporter/dispatch-source/actions/workflows/none.yml/dispatches?return_run_details=true returned 403 Forbidden: token does not have at least one of required scope(s), required=[write:repository], token scope=write:issue)
    ok: Scope write:issue: the token has it
    ::error::failed: Source: The token lacks the scope write:repository. Make a token with the scopes write:repository and write:issue, and store it as the secret. (GET http://fake/api/v1/repos/mporter/dispatch-source returned 403 Forbidden: token does not have at least one of required scope(s), required=[read:repository], token scope=write:issue)
    ::error::Trial run 30: a report cannot write to mporter/dispatch-source (Scope write:repository, Source). The lines above that begin with `failed` say what to correct
    ");
}

#[test]
fn report_of_a_trial_does_not_see_a_hidden_source() {
    let (stage, id) = trial(Version::V1_26);
    stage.gitea.world().repository(SOURCE).private = true;
    stage.gitea.world().repository(SOURCE).collaborators.clear();

    let done = run(&stage, stage.report(id)).failed();

    assert!(
        done.log.contains("failed: Source: mporter/dispatch-source is missing, or hidden from the token"),
        "{}",
        done.log
    );
}

#[test]
fn report_of_a_trial_needs_no_scope_for_issues_without_comments() {
    let (stage, id) = trial(Version::V1_26);
    stage.gitea.world().add_token("dispatch-bot", "only-for-repository", &[Scope::WriteRepository]);

    let done = run(&stage, stage.report(id).input("token", "only-for-repository").input("comment", "off")).ok();

    assert!(!done.log.contains("write:issue"), "{}", done.log);
}
