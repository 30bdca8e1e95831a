//! Builds that are cancelled or re-run, and their reports by event, on a real server.

use std::time::Instant;

use super::server::Conditions;
use super::world::{Run, Setup, Status, World};
use crate::stage::TARGET;

/// A build that lasts longer than any test.
const ENDLESS: &str = "sleep 120\n";

/// A world whose runner polls for jobs every second, as in an ordinary set-up.
async fn world() -> World {
    let conditions = Conditions { fetch_interval: Some("1s"), ..Conditions::default() };
    World::with(Setup { conditions, ..Setup::by_event() }).await
}

/// The first build, which has begun; the pull request waits for it.
async fn endless_build(world: &World) -> (String, Run) {
    let sha = world.open_pull_request_of("feature", ENDLESS).await;
    let run = world.build_in_state(1, "in_progress").await;
    world.wait_for_pending(&sha).await;
    (sha, run)
}

fn cancelled(world: &World, run: &Run) -> Status {
    let (state, description) = ("failure".to_owned(), "Has been cancelled".to_owned());
    Status { state, description, link: world.run_page(run) }
}

/// The states of a commit in their order.
async fn states(world: &World, sha: &str) -> Vec<String> {
    let statuses = world.statuses(sha).await;
    println!("{sha}: {statuses:#?}");
    let mut states: Vec<String> = statuses.into_iter().map(|status| status.state).collect();
    states.dedup();
    states
}

/// Presses "Re-run all jobs".
async fn re_run(world: &World, run: &Run) {
    if world.server.names_runs() {
        let path = format!("/repos/{TARGET}/actions/runs/{}/rerun", run.id);
        world.server.owner().post(&path, &serde_json::Value::Null).await;
    } else {
        world.server.browser().await.press(&format!("/{TARGET}/actions/runs/{}/rerun", run.number)).await;
    }
}

/// A build whose first attempt fails. The next attempt does this.
fn failing_first(world: &World, then: &str) -> String {
    let mark = world.server.scratch("attempts").join("first").display().to_string();
    format!("if [ -e {mark} ]; then\n{then}\nelse\ntouch {mark}\nexit 1\nfi\n")
}

/// By `concurrency`; before Gitea 1.26 by the dispatch itself.
#[tokio::test]
#[ignore = "needs a real server: GITEA_BIN=… GITEA_RUNNER_BIN=… cargo test real:: -- --ignored, as CONTRIBUTING.md says"]
async fn build_that_the_next_push_cancels_is_reported_without_a_comment() {
    let world = world().await;
    let (first_sha, first) = endless_build(&world).await;

    let second_sha = world.push_build(0);
    world.run_with_id_has_ended(first.id).await;
    let status = world.reported_soon("cancelled by the next push", Instant::now(), &first_sha).await;

    assert_eq!(status, cancelled(&world, &first));
    world.last_status_that(&second_sha, |status| status.state != "pending").await;
    let second = world.settled().await.pop().unwrap();
    world.assert_reported(&first_sha, &first, "failure", "Has been cancelled").await;
    world.assert_reported(&second_sha, &second, "success", "Successful in ").await;
    assert_eq!(world.comments_on(1).await, [world.comment_line("success", &second)]);
}

#[tokio::test]
#[ignore = "needs a real server: GITEA_BIN=… GITEA_RUNNER_BIN=… cargo test real:: -- --ignored, as CONTRIBUTING.md says"]
async fn before_1_26_the_build_that_the_next_dispatch_cancels_is_reported() {
    let world = world().await;
    if world.server.names_runs() {
        println!("From 1.26 on a dispatch cancels no other run");
        return;
    }
    let (first_sha, first) = endless_build(&world).await;

    let second_sha = world.open_pull_request_of("second", "exit 0\n").await;
    world.run_with_id_has_ended(first.id).await;
    let status = world.reported_soon("cancelled by the next dispatch", Instant::now(), &first_sha).await;

    assert_eq!(status, cancelled(&world, &first));
    world.last_status_that(&second_sha, |status| status.state != "pending").await;
    let second = world.settled().await.pop().unwrap();
    world.assert_reported(&first_sha, &first, "failure", "Has been cancelled").await;
    world.assert_reported(&second_sha, &second, "success", "Successful in ").await;
    // The build of the first pull request is not superseded by a newer one.
    assert_eq!(world.comments_on(1).await, [world.comment_line("cancelled", &first)]);
    assert_eq!(world.comments_on(2).await, [world.comment_line("success", &second)]);
}

#[tokio::test]
#[ignore = "needs a real server: GITEA_BIN=… GITEA_RUNNER_BIN=… cargo test real:: -- --ignored, as CONTRIBUTING.md says"]
async fn build_that_is_cancelled_by_hand_is_reported() {
    let world = world().await;
    if !world.server.names_runs() {
        println!("Gitea 1.25 sends no event about a running job that is cancelled by hand");
        return;
    }
    let (sha, run) = endless_build(&world).await;

    let pressed = Instant::now();
    world.cancel(&run).await;
    let status = world.reported_soon("cancelled by hand", pressed, &sha).await;

    assert_eq!(status, cancelled(&world, &run));
    world.settled().await;
    world.assert_reported(&sha, &run, "failure", "Has been cancelled").await;
    assert_eq!(world.comments_on(1).await, [world.comment_line("cancelled", &run)]);
}

#[tokio::test]
#[ignore = "needs a real server: GITEA_BIN=… GITEA_RUNNER_BIN=… cargo test real:: -- --ignored, as CONTRIBUTING.md says"]
async fn re_run_is_pending_again_until_its_own_end() {
    let world = world().await;
    let sha = world.open_pull_request_of("feature", &failing_first(&world, "sleep 8")).await;
    world.last_status_that(&sha, |status| status.state == "failure").await;
    let run = world.settled().await.pop().unwrap();

    let pressed = Instant::now();
    re_run(&world, &run).await;
    world.last_status_that(&sha, |status| status.state == "pending").await;
    let time = pressed.elapsed().as_secs_f32();
    println!("MEASURED Gitea {}: pending {time:.1} s after the re-run was requested", world.server.version());
    world.run_with_id_has_ended(run.id).await;
    world.reported_soon("the end of a re-run", Instant::now(), &sha).await;
    world.settled().await;

    assert_eq!(states(&world, &sha).await, ["pending", "failure", "pending", "success"]);
    let expected = [world.comment_line("failure", &run), world.comment_line("success", &run)];
    assert_eq!(world.comments_on(1).await, expected);
}

#[tokio::test]
#[ignore = "needs a real server: GITEA_BIN=… GITEA_RUNNER_BIN=… cargo test real:: -- --ignored, as CONTRIBUTING.md says"]
async fn cancelled_re_run_is_reported() {
    let world = world().await;
    let sha = world.open_pull_request_of("feature", &failing_first(&world, ENDLESS)).await;
    world.last_status_that(&sha, |status| status.state == "failure").await;
    let run = world.settled().await.pop().unwrap();
    re_run(&world, &run).await;
    world.build_in_state(1, "in_progress").await;
    world.last_status_that(&sha, |status| status.state == "pending").await;

    let mut cancelled_at = Instant::now();
    if world.server.names_runs() {
        world.cancel(&run).await;
    } else {
        world.open_pull_request_of("second", "exit 0\n").await;
        world.run_with_id_has_ended(run.id).await;
        cancelled_at = Instant::now();
    }
    let status = world.reported_soon("a re-run that is cancelled", cancelled_at, &sha).await;

    assert_eq!(status, cancelled(&world, &run));
    world.settled().await;
    assert_eq!(states(&world, &sha).await, ["pending", "failure", "pending", "failure"]);
    let expected = [world.comment_line("failure", &run), world.comment_line("cancelled", &run)];
    assert_eq!(world.comments_on(1).await, expected);
}
