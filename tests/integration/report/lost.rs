//! A request whose response was lost is sent again. Before a comment is written again, the comments are read.

use super::{comments, reported, running, status, with_report_job};
use crate::fake::{Fault, Version};
use crate::stage::{SOURCE, Stage};

/// The marker of the comment about this run.
fn marker_of(stage: &Stage, run: u64) -> String {
    stage.report(run).run().ok();
    let mut world = stage.gitea.world();
    let comment = world.comments.pop().unwrap();
    comment.body.rsplit_once("\n\n").unwrap().1.to_owned()
}

#[test]
fn comment_whose_response_was_lost_is_found_and_not_written_again() {
    let (stage, run) = running(Version::V1_26);
    stage.gitea.inject("POST", "/comments", 1, Fault::WorkThenHangUp);

    let done = stage.report(run).run().ok();

    assert_eq!(comments(&stage).len(), 1);
    assert_eq!(done.output("comment-id"), Some("1"));
    let looked =
        reported(&stage).into_iter().find(|request| request.method == "GET" && request.path.contains("/comments"));
    assert!(looked.unwrap().path.contains("/comments?since="), "only the comments since the report began are read");
}

#[test]
fn comment_that_never_arrived_is_written_again() {
    let (stage, run) = running(Version::V1_26);
    stage.gitea.inject("POST", "/comments", 1, Fault::HangUp);

    stage.report(run).run().ok();

    assert_eq!(comments(&stage).len(), 1);
}

#[test]
fn comment_of_the_last_attempt_is_found_though_its_response_was_lost() {
    let (stage, run) = running(Version::V1_26);
    stage.gitea.inject("POST", "/comments", 2, Fault::HangUp);
    stage.gitea.inject("POST", "/comments", 1, Fault::WorkThenHangUp);

    let done = stage.report(run).run().ok();

    assert_eq!(comments(&stage).len(), 1);
    assert_eq!(done.output("comment-id"), Some("1"));
}

#[test]
fn comment_of_somebody_else_with_our_marker_is_not_ours() {
    let (stage, run) = running(Version::V1_26);
    let marker = marker_of(&stage, run);
    stage.gitea.world().add_user("contrib");
    stage.gitea.world().add_comment(SOURCE, stage.number, "contrib", &format!("Success!\n\n{marker}"));
    stage.gitea.inject("POST", "/comments", 1, Fault::HangUp);

    stage.report(run).run().ok();

    let world = stage.gitea.world();
    let authors: Vec<String> = world.comments(SOURCE, stage.number).into_iter().map(|comment| comment.author).collect();
    assert_eq!(authors, ["contrib", "dispatch-bot"]);
}

#[test]
fn comment_about_another_attempt_or_context_is_not_this_one() {
    let (stage, run) = running(Version::V1_26);
    stage.report(run).run().ok();
    for another in
        [stage.report(run).input("context", "another/context"), stage.report(run).var("GITHUB_RUN_ATTEMPT", "2")]
    {
        stage.gitea.inject("POST", "/comments", 1, Fault::HangUp);
        another.run().ok();
    }
    assert_eq!(comments(&stage).len(), 3);
}

#[test]
fn comment_is_not_written_again_if_the_comments_cannot_be_read() {
    let (stage, run) = running(Version::V1_26);
    stage.gitea.inject("POST", "/comments", 1, Fault::WorkThenHangUp);
    stage.gitea.refuse("GET", "/comments", 403, "application/json", r#"{"message": "no"}"#);

    let done = stage.report(run).run().failed();

    assert_eq!(comments(&stage).len(), 1);
    assert!(done.log.contains("The comment may have been created. The server's response was lost."), "{}", done.log);
}

#[test]
fn final_status_is_set_again_after_a_lost_response() {
    for fault in [Fault::HangUp, Fault::WorkThenHangUp] {
        let (stage, run) = running(Version::V1_26);
        stage.gitea.inject("POST", "/statuses", 1, fault);

        stage.report(run).input("status", "exploded").run().ok();

        assert_eq!(
            status(&stage, "dispatch-target/build").0,
            "error",
            "also one whose state an unfinished one may have"
        );
        let methods: Vec<String> = reported(&stage).into_iter().map(|request| request.method).collect();
        assert_eq!(methods.iter().filter(|method| *method == "GET").count(), 2, "nothing has to be read for that");
    }
}

#[test]
fn read_is_repeated_after_a_lost_response() {
    let (stage, run) = with_report_job(Version::V1_26);
    stage.gitea.world().finish_job(run, "build", "failure");
    stage.gitea.inject("GET", "/jobs", 1, Fault::HangUp);
    stage.gitea.refuse_once("GET", "/status?", 502, "text/html", "<title>Bad Gateway</title>");

    let done = stage.report(run).run().ok();

    assert_eq!(done.output("state"), Some("failure"));
}
