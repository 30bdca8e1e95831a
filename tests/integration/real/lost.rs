//! Runs that never report their own end, on a real server.

use std::time::Duration;

use serde_json::json;

use super::world::{BOT, Run, Setup, World, example};
use crate::stage::{SOURCE, TARGET, WORKFLOW};

/// A build that lasts longer than any test.
const ENDLESS: &str = "sleep 120\n";

/// The target's workflow with another `concurrency`, or none.
fn target_with(concurrency: &str) -> String {
    let usual = example("build-and-report.yml");
    let (start, rest) = usual.split_once("\nconcurrency:\n").expect("a concurrency");
    let end = rest.split_once("\njobs:\n").expect("jobs after it").1;
    format!("{start}\n{concurrency}\njobs:\n{end}")
}

/// State and description of the last status.
async fn last_status(world: &World, sha: &str) -> (String, String) {
    let status = world.statuses(sha).await.pop().unwrap();
    (status.state, status.description)
}

fn told(state: &str, description: &str) -> (String, String) {
    (state.to_owned(), description.to_owned())
}

fn line(world: &World, outcome: &str, run: &Run) -> String {
    format!("**dispatch-target build {outcome}** — [run log]({})", world.run_page(run))
}

/// These tests need a server that names the run of a dispatch.
fn is_current(world: &World) -> bool {
    if !world.server.names_runs() {
        println!("Gitea {} does not tell the run of a dispatch, so there is nothing to see", world.server.version());
    }
    world.server.names_runs()
}

#[tokio::test]
#[ignore = "needs a real server: GITEA_BIN=… GITEA_RUNNER_BIN=… cargo test real:: -- --ignored, as CONTRIBUTING.md says"]
async fn a_run_that_concurrency_cancels_is_closed_by_reconcile() {
    let target_workflow = target_with("concurrency:\n  group: one\n  cancel-in-progress: true\n");
    let world = World::with(Setup { target_workflow, ..Setup::default() }).await;
    if !is_current(&world) {
        return;
    }
    let first = world.open_pull_request_of("first", ENDLESS).await;
    let cancelled = world.run_in_state(1, "in_progress").await;
    world.wait_for_pending(&first).await;

    let second = world.open_pull_request_of("second", "exit 0\n").await;
    let good = world.last_run(2, 2).await;

    assert_eq!(last_status(&world, &first).await.0, "pending");
    assert_eq!(world.reconcile(), "checked=1 closed=1 running=0");
    assert_eq!(last_status(&world, &first).await, told("failure", "Has been cancelled"));
    assert_eq!(world.comments_on(1).await, [line(&world, "cancelled", &cancelled)]);
    assert_eq!(last_status(&world, &second).await.0, "success");
    assert_eq!(world.comments_on(2).await, [line(&world, "success", &good)]);
    assert_eq!(world.reconcile(), "checked=0 closed=0 running=0");
}

#[tokio::test]
#[ignore = "needs a real server: GITEA_BIN=… GITEA_RUNNER_BIN=… cargo test real:: -- --ignored, as CONTRIBUTING.md says"]
async fn a_run_that_is_cancelled_or_deleted_by_hand_is_closed_by_the_example_workflow() {
    let world = World::new().await;
    if !is_current(&world) {
        return;
    }
    let cancelled_sha = world.open_pull_request_of("cancelled", ENDLESS).await;
    let cancelled = world.run_in_state(1, "in_progress").await;
    let deleted_sha = world.open_pull_request_of("deleted", ENDLESS).await;
    let deleted = world.run_in_state(2, "in_progress").await;
    for sha in [&cancelled_sha, &deleted_sha] {
        world.wait_for_pending(sha).await;
    }
    assert_eq!(world.reconcile(), "checked=2 closed=0 running=2");
    world.cancel(&cancelled).await;
    world.cancel(&deleted).await;
    world.server.owner().delete(&format!("/repos/{TARGET}/actions/runs/{}", deleted.id)).await;

    world.run_in_source("reconcile.yml", &example("reconcile.yml")).await;

    assert_eq!(last_status(&world, &cancelled_sha).await, told("failure", "Has been cancelled"));
    assert_eq!(world.comments_on(1).await, [line(&world, "cancelled", &cancelled)]);
    let gone = "The run was deleted before it told its outcome";
    assert_eq!(last_status(&world, &deleted_sha).await, told("error", gone));
    assert_eq!(world.comments_on(2).await, [""; 0]);
}

#[tokio::test]
#[ignore = "needs a real server: GITEA_BIN=… GITEA_RUNNER_BIN=… cargo test real:: -- --ignored, as CONTRIBUTING.md says"]
async fn a_run_whose_runner_dies_is_closed_once_the_server_gives_it_up() {
    let mut world = World::new().await;
    if !is_current(&world) {
        return;
    }
    let sha = world.open_pull_request_of("killed", ENDLESS).await;
    let run = world.run_in_state(1, "in_progress").await;
    world.wait_for_pending(&sha).await;
    world.server.kill_runner();
    assert_eq!(world.reconcile(), "checked=1 closed=0 running=1");
    tokio::time::sleep(Duration::from_secs(6)).await;
    world.server.owner().post("/admin/cron/stop_zombie_tasks", &json!({})).await;
    world.run_with_id_has_ended(run.id).await;

    assert_eq!(world.reconcile(), "checked=1 closed=1 running=0");

    let (state, description) = last_status(&world, &sha).await;
    assert_eq!(state, "failure");
    assert!(description.starts_with("Failing after "), "{description}");
    assert_eq!(world.comments_on(1).await, [line(&world, "failure", &run)]);
}

#[tokio::test]
#[ignore = "needs a real server: GITEA_BIN=… GITEA_RUNNER_BIN=… cargo test real:: -- --ignored, as CONTRIBUTING.md says"]
async fn a_run_that_no_runner_takes_waits_and_a_broken_workflow_is_reported() {
    let target_workflow = example("build-and-report.yml").replace("runs-on: ubuntu-latest", "runs-on: nobody-has-this");
    let world = World::with(Setup { target_workflow: target_workflow.clone(), ..Setup::default() }).await;
    if !is_current(&world) {
        return;
    }
    let waiting = world.open_pull_request_of("waiting", "exit 0\n").await;
    let run = world.run_in_state(1, "queued").await;
    world.wait_for_pending(&waiting).await;
    assert_eq!(world.reconcile(), "checked=1 closed=0 running=1");
    assert_eq!(last_status(&world, &waiting).await, told("pending", "Dispatched to mporter/dispatch-target"));

    world.set_target_workflow(&target_workflow.replace("\njobs:\n", "\njobs: [\n"));
    let broken = world.open_pull_request_of("broken", "exit 0\n").await;
    world.wait_for_pending(&broken).await;
    let (state, description) = last_status(&world, &broken).await;
    assert_eq!(state, "error", "{description}");

    world.cancel(&run).await;
    assert_eq!(world.reconcile(), "checked=1 closed=1 running=0");
    assert_eq!(last_status(&world, &waiting).await, told("failure", "Has been cancelled"));
    assert_eq!(last_status(&world, &broken).await.0, "error");
}

#[tokio::test]
#[ignore = "needs a real server: GITEA_BIN=… GITEA_RUNNER_BIN=… cargo test real:: -- --ignored, as CONTRIBUTING.md says"]
async fn a_token_that_lost_its_access_writes_nothing() {
    let world = World::new().await;
    if !is_current(&world) {
        return;
    }
    let sha = world.open_pull_request_of("feature", ENDLESS).await;
    let run = world.run_in_state(1, "in_progress").await;
    world.wait_for_pending(&sha).await;
    world.cancel(&run).await;
    let owner = world.server.owner();
    owner.patch(&format!("/repos/{TARGET}"), &json!({ "private": true })).await;
    owner.delete(&format!("/repos/{TARGET}/collaborators/{BOT}")).await;

    let (success, _, log) = world.step(&[("mode", "reconcile")]);

    assert!(!success && log.contains("Nothing was written. mporter/dispatch-target is missing, or hidden"), "{log}");
    assert_eq!(last_status(&world, &sha).await.0, "pending");
    world.add_collaborator(TARGET, BOT, "write").await;
    assert_eq!(world.reconcile(), "checked=1 closed=1 running=0");
}

#[tokio::test]
#[ignore = "needs a real server: GITEA_BIN=… GITEA_RUNNER_BIN=… cargo test real:: -- --ignored, as CONTRIBUTING.md says"]
async fn an_older_report_leaves_the_newer_status_and_reconcile_works_beside_reports() {
    let world = World::with(Setup { target_workflow: target_with(""), ..Setup::default() }).await;
    if !is_current(&world) {
        return;
    }
    // The first run of the target takes longer than the second one.
    let build = "if [ \"$GITHUB_RUN_NUMBER\" = 1 ]; then sleep 10; exit 1; fi\n";
    let sha = world.open_pull_request_of("feature", build).await;
    let first = world.run_in_state(1, "in_progress").await;
    world.wait_for_pending(&sha).await;
    let inputs =
        [("mode", "dispatch"), ("workflow", WORKFLOW), ("pr-number", "1"), ("sha", &sha), ("head-ref", "feature")];
    let (success, _, log) = world.step(&inputs);
    assert!(success, "{log}");
    let ended = async {
        let run = world.last_run(1, 2).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        run
    };
    let beside = async {
        loop {
            world.reconcile();
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    };
    let second = tokio::select! {
        run = ended => run,
        () = beside => unreachable!(),
    };

    let status = world.statuses(&sha).await.pop().unwrap();
    assert_eq!((status.state.as_str(), &status.link), ("success", &world.run_page(&second)));
    let mut comments = world.comments_on(1).await;
    comments.sort();
    assert_eq!(comments, [line(&world, "failure", &first), line(&world, "success", &second)]);
}

#[tokio::test]
#[ignore = "needs a real server: GITEA_BIN=… GITEA_RUNNER_BIN=… cargo test real:: -- --ignored, as CONTRIBUTING.md says"]
async fn one_comment_is_edited_by_each_newer_run() {
    let target_workflow = example("build-and-report.yml")
        .replace("          mode: report\n", "          mode: report\n          comment: update\n");
    let world = World::with(Setup { target_workflow, ..Setup::default() }).await;
    world.open_pull_request(1).await;
    let first = world.last_run(1, 1).await;
    assert_eq!(world.comments_on(1).await, [line(&world, "failure", &first)]);

    world.push_build(0);
    let second = world.last_run(2, 2).await;

    assert_eq!(world.comments_on(1).await, [line(&world, "success", &second)]);
    let comments = world.server.owner().get(&format!("/repos/{SOURCE}/issues/1/comments")).await;
    assert_eq!(comments[0]["user"]["login"], BOT);
}

#[tokio::test]
#[ignore = "needs a real server: GITEA_BIN=… GITEA_RUNNER_BIN=… cargo test real:: -- --ignored, as CONTRIBUTING.md says"]
async fn a_dispatch_that_waits_ends_as_its_run_does() {
    let source_workflow = example("source.yml").replace(
        "          mode: dispatch\n",
        "          mode: dispatch\n          wait: true\n          wait-timeout: 80s\n",
    );
    let world = World::with(Setup { source_workflow, ..Setup::default() }).await;
    if !is_current(&world) {
        return;
    }
    let good = world.open_pull_request(0).await;
    let run = world.last_run(1, 1).await;
    let source = super::world::finished_runs(&world.server, SOURCE, 1).await.pop().unwrap();
    assert_eq!(source.conclusion, "success");
    assert_eq!(last_status(&world, &good).await.0, "success");
    assert_eq!(world.statuses(&good).await.len(), 2);
    assert_eq!(world.comments_on(1).await, [line(&world, "success", &run)]);

    let sha = world.open_pull_request_of("cancelled", ENDLESS).await;
    let cancelled = world.run_in_state(2, "in_progress").await;
    world.wait_for_pending(&sha).await;
    world.cancel(&cancelled).await;

    let source = super::world::finished_runs(&world.server, SOURCE, 2).await.pop().unwrap();
    assert_eq!(source.conclusion, "failure");
    assert_eq!(last_status(&world, &sha).await, told("failure", "Has been cancelled"));
    assert_eq!(world.comments_on(2).await, [line(&world, "cancelled", &cancelled)]);
    let (success, outputs, _) = world.step(&[
        ("mode", "dispatch"),
        ("workflow", WORKFLOW),
        ("pr-number", "2"),
        ("sha", &sha),
        ("head-ref", "cancelled"),
        ("wait", "true"),
        ("wait-timeout", "3s"),
    ]);
    assert!(!success && !outputs.contains("conclusion="), "{outputs}");
    let (state, description) = last_status(&world, &sha).await;
    assert!(state == "pending" && description.contains(" UTC"), "{state}, {description}");
}

#[tokio::test]
#[ignore = "needs a real server: GITEA_BIN=… GITEA_RUNNER_BIN=… cargo test real:: -- --ignored, as CONTRIBUTING.md says"]
async fn before_1_26_a_second_dispatch_leaves_the_first_one_pending_until_the_next_push() {
    let world = World::new().await;
    if world.server.names_runs() {
        println!("From 1.26 on a dispatch cancels no other run");
        return;
    }
    let first = world.open_pull_request_of("first", ENDLESS).await;
    world.run_in_state(1, "in_progress").await;
    world.wait_for_pending(&first).await;
    let second = world.open_pull_request_of("second", "exit 0\n").await;
    world.last_run(2, 2).await;

    assert_eq!(last_status(&world, &second).await.0, "success");
    assert_eq!(last_status(&world, &first).await.0, "pending");
    let (success, _, log) = world.step(&[("mode", "reconcile")]);
    assert!(!success && log.contains("needs Gitea 1.26 or later"), "{log}");
}
