//! `comment: update`: one comment per pull request and context.

use crate::fake::{Action, Fault, Scope, Version};
use crate::stage::{Done, PAGES, SOURCE, Stage, TARGET, TOKEN};
use crate::{lines, stage};

fn report(stage: &Stage, run: u64, outcome: &str) -> Done {
    stage.report(run).input("comment", "update").input("status", outcome).run()
}

/// A dispatch, and a runner that takes its run.
fn run(stage: &Stage) -> u64 {
    stage.dispatch().run().ok();
    stage.start_last_run()
}

/// The author, the first line and the marked run of each comment.
fn comments(stage: &Stage) -> Vec<String> {
    let comments = stage.gitea.world().comments(SOURCE, stage.number);
    let line = |comment: &crate::fake::Comment| {
        let outcome = comment.body.lines().next().unwrap().split(" — ").next().unwrap().to_owned();
        let run = comment.body.split("run=").nth(1).map_or("", |rest| rest.split('&').next().unwrap());
        format!("{}: {outcome} {run}", comment.author)
    };
    comments.iter().map(line).collect()
}

#[test]
fn newer_run_edits_the_comment_in_place() {
    let stage = stage(Version::V1_26);
    let first = run(&stage);
    report(&stage, first, "failure").ok();
    let second = run(&stage);
    let before = stage.gitea.requests().len();

    let done = report(&stage, second, "success").ok();

    assert_eq!(comments(&stage), ["dispatch-bot: **dispatch-target build success** 31"]);
    assert_eq!(done.output("comment-id"), Some("1"));
    assert!(done.log().contains("Edited the comment on pull request"), "{}", done.log());
    let mut requests = stage.gitea.requests().split_off(before);
    requests[..2].sort_by(|a, b| a.path.cmp(&b.path));
    requests[2..4].sort_by(|a, b| a.method.cmp(&b.method));
    let methods: Vec<String> =
        lines(&requests, &stage).lines().map(|line| line.split(" {").next().unwrap().to_owned()).collect();
    assert_eq!(
        methods,
        [
            "GET /api/v1/repos/mporter/dispatch-source/commits/SHA/status?page=1&limit=50",
            "GET /api/v1/repos/mporter/dispatch-target/actions/runs/31/jobs?page=1&limit=50",
            "GET /api/v1/repos/mporter/dispatch-source/issues/1/comments",
            "POST /api/v1/repos/mporter/dispatch-source/statuses/SHA",
            "PATCH /api/v1/repos/mporter/dispatch-source/issues/comments/1",
        ]
    );
}

#[test]
fn older_run_never_replaces_the_text_of_a_newer_one() {
    let stage = stage(Version::V1_26);
    let (first, second) = (run(&stage), run(&stage));
    report(&stage, second, "success").ok();

    let done = report(&stage, first, "failure").ok();

    assert_eq!(comments(&stage), ["dispatch-bot: **dispatch-target build success** 31"]);
    assert!(done.log().contains("No comment: the existing comment shows a newer run"), "{}", done.log());
}

#[test]
fn newer_text_stays_on_another_commit_too() {
    let stage = stage(Version::V1_26);
    let first = run(&stage);
    let old_head = stage.report(first).input("comment", "update");
    let sha = stage.gitea.world().new_sha();
    stage.gitea.world().push(SOURCE, stage.number, &sha);
    let second = run(&stage);
    report(&stage, second, "success").ok();

    let done = old_head.input("status", "failure").run().ok();

    assert_eq!(comments(&stage), ["dispatch-bot: **dispatch-target build success** 31"]);
    assert!(done.log().contains("Comment about a newer run, left alone"), "{}", done.log());
}

#[test]
fn forged_marker_of_somebody_else_is_not_edited() {
    let stage = stage(Version::V1_26);
    let forged = "mine\n\n<!-- dispatch-action:?target=mporter%2Fdispatch-target&run=999&attempt=1&context=dispatch-target%2Fbuild -->";
    stage.gitea.world().add_user("mallory");
    stage.gitea.world().add_comment(SOURCE, stage.number, "mallory", forged);
    let first = run(&stage);

    report(&stage, first, "success").ok();

    let texts = comments(&stage);
    assert_eq!(texts, ["mallory: mine 999", "dispatch-bot: **dispatch-target build success** 30"]);
}

#[test]
fn another_context_has_a_comment_of_its_own() {
    let stage = stage(Version::V1_26);
    let first = run(&stage);
    report(&stage, first, "success").ok();

    stage.report(first).input("comment", "update").input("context", "docs").run().ok();

    assert_eq!(comments(&stage).len(), 2);
}

#[test]
fn lost_response_to_an_edit_leaves_one_comment() {
    for fault in [Fault::WorkThenHangUp, Fault::HangUp] {
        let stage = stage(Version::V1_26);
        let first = run(&stage);
        report(&stage, first, "failure").ok();
        let second = run(&stage);
        stage.gitea.inject("PATCH", "/issues/comments/", 1, fault);

        let done = report(&stage, second, "success").ok();

        assert_eq!(comments(&stage), ["dispatch-bot: **dispatch-target build success** 31"]);
        assert!(done.log().contains("Edited the comment on pull request"), "{}", done.log());
    }
}

#[test]
fn second_report_of_a_run_corrects_its_comment_in_create_too() {
    let stage = stage(Version::V1_26);
    let first = run(&stage);
    stage.report(first).run().ok();

    stage.report(first).input("status", "failure").run().ok();

    assert_eq!(comments(&stage), ["dispatch-bot: **dispatch-target build failure** 30"]);
}

#[test]
fn edit_that_is_refused_is_named_with_both_outcomes() {
    let stage = stage(Version::V1_26);
    let first = run(&stage);
    report(&stage, first, "failure").ok();
    let second = run(&stage);
    stage.gitea.world().add_token("dispatch-bot", TOKEN, &[Scope::WriteRepository]);

    let done = report(&stage, second, "success").failed();

    assert!(done.log().contains("The token lacks the scope write:issue"), "{}", done.log());
    assert!(done.log().contains("The status was set."), "{}", done.log());
}

#[test]
fn lost_edit_of_an_old_comment_adds_no_second_one() {
    let stage = stage(Version::V1_26);
    let first = run(&stage);
    report(&stage, first, "failure").ok();
    stage.gitea.world().advance(3600);
    let second = run(&stage);
    stage.gitea.inject("PATCH", "/issues/comments/", 1, Fault::HangUp);

    report(&stage, second, "success").ok();

    assert_eq!(comments(&stage), ["dispatch-bot: **dispatch-target build success** 31"]);
}

#[test]
fn failed_status_leaves_the_one_comment_alone() {
    let stage = stage(Version::V1_26);
    let first = run(&stage);
    report(&stage, first, "failure").ok();
    let second = run(&stage);
    stage.gitea.refuse("POST", "/statuses/", 403, "application/json", r#"{"message":"no"}"#);

    let done = report(&stage, second, "success").failed();

    assert_eq!(comments(&stage), ["dispatch-bot: **dispatch-target build failure** 30"]);
    assert!(done.log().contains("No comment: the status was not set"), "{}", done.log());
}

#[test]
fn job_whose_own_token_reports_edits_its_comment_and_no_forged_one() {
    let stage = stage(Version::V1_26);
    stage.gitea.world().add_job_token(SOURCE, "token-of-the-job");
    let forged = "mine\n\n<!-- dispatch-action:?target=mporter%2Fdispatch-target&run=30&attempt=1&context=dispatch-target%2Fbuild -->";
    stage.gitea.world().add_user("mallory");
    stage.gitea.world().add_comment(SOURCE, stage.number, "mallory", forged);
    for outcome in ["failure", "success"] {
        let run = run(&stage);
        let step = stage.report(run).input("comment", "update").input("status", outcome);
        step.input("token", "token-of-the-job").run().ok();
    }

    assert_eq!(comments(&stage), ["mallory: mine 30", "gitea-actions: **dispatch-target build success** 31"]);
}

#[test]
fn comment_that_is_deleted_before_its_edit_is_written_anew() {
    let stage = stage(Version::V1_26);
    let first = run(&stage);
    report(&stage, first, "failure").ok();
    let second = run(&stage);
    let gone = r#"{"errors":["comment does not exist [id: 1, issue_id: 0]"],"message":"not found"}"#;
    stage.gitea.refuse_once("PATCH", "/comments/1", 404, "application/json", gone);

    let done = report(&stage, second, "success").ok();

    assert_eq!(done.output("comment-id"), Some("2"));
    assert!(comments(&stage).contains(&"dispatch-bot: **dispatch-target build success** 31".to_owned()));
}

#[test]
fn comments_of_strangers_that_are_too_long_to_be_read_are_named() {
    let stage = stage(Version::V1_26);
    let run = run(&stage);
    for _ in 0..34 {
        stage.gitea.world().add_comment(SOURCE, stage.number, "mporter", &"x".repeat(1_000_000));
    }

    let done = report(&stage, run, "success").failed();

    assert_eq!(stage.gitea.world().statuses(SOURCE, &stage.sha)[0].state, "success");
    let error = "::error::The comment was not created. The server's response exceeds the size limit. Look for very long comments or descriptions (a million characters), or hundreds of contexts on one commit. (GET ";
    assert!(done.log().lines().last().unwrap().starts_with(error), "{}", done.log());
    let asked = stage
        .gitea
        .requests()
        .into_iter()
        .filter(|request| request.method == "GET" && request.path.ends_with("/comments"));
    assert_eq!(asked.count(), 1, "the next answer would be as long");
}

#[test]
fn not_found_does_not_mean_a_deleted_comment_without_these_words() {
    for (content_type, body) in
        [("text/html", "<title>Not found</title>"), ("application/json", r#"{"message": "not found"}"#)]
    {
        let stage = stage(Version::V1_26);
        let first = run(&stage);
        report(&stage, first, "failure").ok();
        let second = run(&stage);
        stage.gitea.refuse("PATCH", "/comments/1", 404, content_type, body);

        let done = report(&stage, second, "success").failed();

        assert_eq!(comments(&stage), ["dispatch-bot: **dispatch-target build failure** 30"]);
        assert!(done.log().contains("::error::The comment was not edited. "), "{}", done.log());
    }
}

#[test]
fn comment_on_failure_writes_none_for_a_run_that_succeeded() {
    for (version, mode) in [(Version::V1_26, "create"), (Version::V1_26, "update"), (Version::V1_27, "table")] {
        for (outcome, state) in [("success", "success"), ("skipped", "skipped")] {
            let stage = stage(version);
            let run = run(&stage);

            let step = stage.report(run).input("comment", mode).input("comment-on", "failure");
            let done = step.input("status", outcome).run().ok();

            assert_eq!(comments(&stage), Vec::<String>::new(), "{mode}, {outcome}");
            assert_eq!(done.output("state"), Some(state));
            assert!(done.log().contains("No new comment, because of `comment-on: failure`"), "{}", done.log());
        }
    }
}

#[test]
fn comment_on_failure_edits_the_comment_that_says_failure() {
    let stage = stage(Version::V1_26);
    let report = |run, outcome| {
        let step = stage.report(run).input("comment", "update").input("comment-on", "failure");
        step.input("status", outcome).run().ok();
    };
    report(run(&stage), "failure");

    report(run(&stage), "success");

    assert_eq!(comments(&stage), ["dispatch-bot: **dispatch-target build success** 31"]);
}

#[test]
fn comment_that_says_failure_of_a_run_that_succeeded_is_corrected_in_create_too() {
    let stage = stage(Version::V1_26);
    let run = run(&stage);
    stage.gitea.world().finish_run(run, "success");
    let page = format!("{}/{TARGET}/actions/runs/{run}", PAGES);
    let comment = format!(
        "**dispatch-target build failure** — [run log]({page})\n\n<!-- dispatch-action:?target=mporter%2Fdispatch-target&run={run}&attempt=1&context=dispatch-target%2Fbuild -->"
    );
    stage.gitea.world().add_comment(SOURCE, stage.number, "dispatch-bot", &comment);

    stage.reconcile().input("comment-on", "failure").run().ok();

    assert_eq!(comments(&stage), [format!("dispatch-bot: **dispatch-target build success** {run}")]);
}

#[test]
fn comment_of_a_run_agrees_with_its_status_whoever_sets_it() {
    let stage = stage(Version::V1_26);
    let run = run(&stage);
    stage.report(run).input("status", "success").run().ok();
    // A job that nobody waited for.
    stage.gitea.world().add_job(run, "late");
    stage.gitea.world().fail_job(run, "late", "Run make late", 5);
    stage.gitea.world().finish_run(run, "success");

    stage.report_by_event(run, Action::Completed).run().ok();

    assert_eq!(stage.gitea.world().statuses(SOURCE, &stage.sha)[0].state, "failure");
    assert_eq!(comments(&stage), [format!("dispatch-bot: **dispatch-target build failure** {run}")]);
}
