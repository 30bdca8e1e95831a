//! `mode: report`: what is sent, in which order, and what people read.

mod inputs;
mod lost;
mod matrix;
mod outcome;
mod refused;
mod statuses;

use std::time::Duration;

use crate::fake::{Request, Version};
use crate::stage::{SOURCE, Stage, TARGET, WORKFLOW};
use crate::{lines, shown, stage};

/// A stage with a run that was dispatched for the pull request and that a runner has taken. The journal is not cleared.
fn running(version: Version) -> (Stage, u64) {
    let stage = stage(version);
    stage.dispatch().run().ok();
    let run = stage.start_last_run();
    (stage, run)
}

/// A stage with a run of two jobs, `build` and `report`.
fn with_report_job(version: Version) -> (Stage, u64) {
    let stage = stage(version);
    stage.gitea.world().repository(TARGET).workflow(WORKFLOW).jobs = vec!["build".into(), "report".into()];
    stage.dispatch().run().ok();
    let run = stage.start_last_run();
    (stage, run)
}

/// The requests after the dispatch.
fn reported(stage: &Stage) -> Vec<Request> {
    stage.gitea.requests().split_off(2)
}

/// State, description and link of the status of a context.
fn status(stage: &Stage, context: &str) -> (String, String, String) {
    let statuses = stage.gitea.world().statuses(SOURCE, &stage.sha);
    let status = statuses.into_iter().find(|status| status.context == context).expect("a status of that context");
    (status.state, status.description, status.target_url)
}

/// The comments as people see them, without the marker at the end of each.
fn comments(stage: &Stage) -> Vec<String> {
    let visible = |body: &str| {
        let (visible, marker) = body.rsplit_once("\n\n").expect("a marker in a block of its own");
        assert!(marker.starts_with("<!-- dispatch-action:?") && marker.ends_with(" -->"), "{marker}");
        visible.to_owned()
    };
    stage.gitea.world().comments(SOURCE, stage.number).iter().map(|comment| visible(&comment.body)).collect()
}

#[test]
fn report_sets_the_final_status_and_comments() {
    let (stage, run) = running(Version::V1_26);
    stage.gitea.world().advance(72);

    let done = stage.report(run).run().ok();

    let mut requests = reported(&stage);
    // The two requests of each round are sent side by side, in any order.
    requests[..2].sort_by(|a, b| a.path.cmp(&b.path));
    requests[2..].sort_by(|a, b| a.path.cmp(&b.path));
    insta::assert_snapshot!(lines(&requests, &stage), @r#"
    GET /api/v1/repos/mporter/dispatch-source/commits/SHA/status?page=1&limit=50
    GET /api/v1/repos/mporter/dispatch-target/actions/runs/30/jobs?page=1&limit=50
    POST /api/v1/repos/mporter/dispatch-source/issues/1/comments {"body":"**dispatch-target build success** — [run log](https://gitea.example.com/mporter/dispatch-target/actions/runs/30)\n\n<!-- dispatch-action:?target=mporter%2Fdispatch-target&run=30&attempt=1&context=dispatch-target%2Fbuild -->"}
    POST /api/v1/repos/mporter/dispatch-source/statuses/SHA {"context":"dispatch-target/build","description":"Successful in 1m12s","state":"success","target_url":"https://gitea.example.com/mporter/dispatch-target/actions/runs/30"}
    "#);
    insta::assert_snapshot!(shown(&done.log(), &stage), @"
    Run https://gitea.example.com/mporter/dispatch-target/actions/runs/30: success (status: success)
    Status dispatch-target/build on mporter/dispatch-source@SHA10: success, Successful in 1m12s
    Comment on pull request mporter/dispatch-source#1: https://gitea.example.com/mporter/dispatch-source/pulls/1#issuecomment-1
    ");
    insta::assert_snapshot!(done.outputs, @"
    run-id=30
    run-url=https://gitea.example.com/mporter/dispatch-target/actions/runs/30
    state=success
    comment-id=1
    comment-url=https://gitea.example.com/mporter/dispatch-source/pulls/1#issuecomment-1
    ");
    insta::assert_snapshot!(shown(&done.summary, &stage), @r"
    ### Reported success to mporter/dispatch-source

    - Run: [mporter/dispatch-target](https://gitea.example.com/mporter/dispatch-target/actions/runs/30)
    - Status dispatch-target/build on mporter/dispatch-source\@SHA10: success, Successful in 1m12s
    - [Comment](https://gitea.example.com/mporter/dispatch-source/pulls/1#issuecomment-1) on pull request mporter/dispatch-source#1
    ");
    assert_eq!(stage.gitea.world().statuses(SOURCE, &stage.sha).len(), 1, "the pending status is replaced");
}

#[test]
fn report_reads_side_by_side_and_then_writes_side_by_side() {
    let (stage, run) = running(Version::V1_26);
    let delay = Duration::from_millis(500);
    stage.gitea.set_delay(delay);

    stage.report(run).run().ok();

    let requests = reported(&stage);
    assert_eq!(requests.len(), 4);
    let methods: Vec<&str> = requests.iter().map(|request| request.method.as_str()).collect();
    assert_eq!(methods, ["GET", "GET", "POST", "POST"]);
    // The second request of a round arrives before the first has its response, and the next round comes after both.
    assert!(requests[1].at - requests[0].at < delay);
    assert!(requests[3].at - requests[2].at < delay);
    assert!(requests[2].at - requests[1].at >= delay);
}

#[test]
fn link_is_the_runs_page_in_each_version() {
    for (version, number) in [(Version::V1_24, 1), (Version::V1_25, 1), (Version::V1_26, 30)] {
        let (stage, run) = running(version);

        let done = stage.report(run).input("status", "success").run().ok();

        let page = format!("https://gitea.example.com/mporter/dispatch-target/actions/runs/{number}");
        assert_eq!(status(&stage, "dispatch-target/build").2, page, "{version:?}");
        assert_eq!(done.output("run-url"), Some(page.as_str()));
        assert_eq!(done.output("run-id"), Some("30"));
        assert_eq!(comments(&stage), [format!("**dispatch-target build success** — [run log]({page})")]);
    }
}

#[test]
fn comment_off_writes_none() {
    let (stage, run) = running(Version::V1_26);

    let done = stage.report(run).input("comment", "off").run().ok();

    assert_eq!(comments(&stage).len(), 0);
    assert_eq!(done.output("comment-id"), None);
    assert_eq!(status(&stage, "dispatch-target/build").0, "success");
    assert!(done.log().contains("No comment, because of `comment: off`"), "{}", done.log());
}

#[test]
fn comment_off_needs_no_scope_for_issues() {
    let (stage, run) = running(Version::V1_26);
    stage.gitea.world().add_token("dispatch-bot", "repository-only-token", &[crate::fake::Scope::WriteRepository]);

    stage.report(run).input("token", "repository-only-token").input("comment", "off").run().ok();

    assert_eq!(status(&stage, "dispatch-target/build").0, "success");
}

#[test]
fn body_is_below_the_comments_first_line() {
    let (stage, run) = running(Version::V1_26);

    stage.report(run).input("body", "See the *notes*:\n- one\n").run().ok();

    let comment = comments(&stage).remove(0);
    let (first, rest) = comment.split_once("\n\n").unwrap();
    assert!(first.starts_with("**dispatch-target build success** — [run log]("));
    assert_eq!(rest, "See the *notes*:\n- one\n");
}
