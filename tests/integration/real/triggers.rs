//! Builds that a comment starts, on a real server.

use serde_json::json;

use super::server::OWNER;
use super::world::{Setup, World, example, runs};
use crate::stage::SOURCE;

/// Somebody comments on an issue or a pull request of the source.
async fn comment(world: &World, number: u64, body: &str) {
    world.server.owner().post(&format!("/repos/{SOURCE}/issues/{number}/comments"), &json!({ "body": body })).await;
}

async fn open_issue(world: &World) -> u64 {
    let issue = world.server.owner().post(&format!("/repos/{SOURCE}/issues"), &json!({ "title": "An issue" })).await;
    issue["number"].as_u64().unwrap()
}

#[tokio::test]
#[ignore = "needs a real server: GITEA_BIN=… GITEA_RUNNER_BIN=… cargo test real:: -- --ignored, as CONTRIBUTING.md says"]
async fn comment_of_a_listed_account_builds_the_head_of_its_pull_request_and_no_other_comment_does() {
    let world = World::with(Setup { source_workflow: example("comment-build.yml"), ..Setup::by_event() }).await;
    let stranger = world.create_user("stranger", &["write:issue"]).await;
    let sha = world.open_pull_request(0).await;
    let issue = open_issue(&world).await;

    comment(&world, issue, "/build").await;
    comment(&world, 1, "Please build this").await;
    stranger.post(&format!("/repos/{SOURCE}/issues/1/comments"), &json!({ "body": "/build" })).await;
    assert_eq!(world.settled().await.len(), 0);
    let skipped = runs(world.server.owner(), SOURCE).await;
    let conclusions: Vec<_> = skipped.iter().map(|run| run.conclusion.as_str()).collect();
    assert_eq!(conclusions, ["skipped"; 3], "{OWNER} and a stranger have commented");
    assert_eq!(world.statuses(&sha).await, []);

    comment(&world, 1, "/build").await;
    world.last_status_that(&sha, |status| status.state != "pending").await;
    let run = world.settled().await.pop().unwrap();

    world.assert_reported(&sha, &run, "success", "Successful in ").await;
    assert!(world.log(&run).await.contains(&format!("Building {sha}")), "the run has not built {sha}");
    let comments = ["Please build this", "/build", "/build", &world.comment_line("success", &run)];
    assert_eq!(world.comments_on(1).await, comments);
    assert_eq!(world.statuses("main").await, []);
    // The report is a comment too, and starts nothing.
    assert_eq!(world.builds().await.len(), 1);
}

#[tokio::test]
#[ignore = "needs a real server: GITEA_BIN=… GITEA_RUNNER_BIN=… cargo test real:: -- --ignored, as CONTRIBUTING.md says"]
async fn comment_on_an_issue_is_refused_and_marks_nothing() {
    let usual = example("comment-build.yml");
    let (start, rest) = usual.split_once("    if: >-\n").unwrap();
    let open_to_all = format!("{start}    {}", &rest[rest.find("runs-on:").unwrap()..]);
    let world = World::with(Setup { source_workflow: open_to_all, ..Setup::by_event() }).await;
    let issue = open_issue(&world).await;

    comment(&world, issue, "/build").await;
    assert_eq!(world.settled().await.len(), 0);

    let run = runs(world.server.owner(), SOURCE).await.pop().unwrap();
    assert_eq!(run.conclusion, "failure");
    let log = world.source_logs().await.join("\n");
    println!("{log}");
    assert!(log.contains("issue"), "{log}");
    assert_eq!(world.statuses("main").await, []);
}
