//! Builds that `examples/report.yml` reports, on a real server: one workflow builds and holds no token, another
//! reports.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Instant;

use serde_json::json;

use super::world::{Setup, World, checkout, example};
use crate::stage::{SOURCE, TARGET, WORKFLOW};

#[tokio::test]
#[ignore = "needs a real server: GITEA_BIN=… GITEA_RUNNER_BIN=… cargo test real:: -- --ignored, as CONTRIBUTING.md says"]
async fn build_is_pending_with_its_own_page_and_then_succeeds_with_one_comment() {
    let world = World::with(Setup::by_event()).await;

    let build = "echo \"Building $(git rev-parse HEAD)\"\nsleep 10\n";
    let sha = world.open_pull_request_of("feature", build).await;
    let run = world.build_in_state(1, "in_progress").await;
    let began = Instant::now();
    let page = world.run_page(&run);
    if world.server.names_runs() {
        world.last_status_that(&sha, |status| status.description == "Has started running").await;
    }
    let pending = world.last_status_that(&sha, |status| status.link == page).await;
    println!(
        "MEASURED Gitea {}: pending with the run's page {:.1} s after the run began",
        world.server.version(),
        began.elapsed().as_secs_f32()
    );
    assert_eq!(pending.state, "pending");
    world.run_with_id_has_ended(run.id).await;
    world.reported_soon("the end of a build", Instant::now(), &sha).await;

    let run = world.settled().await.pop().unwrap();
    assert_eq!(run.conclusion, "success");
    world.assert_reported(&sha, &run, "success", "Successful in ").await;
    assert_eq!(world.comments_on(1).await, [world.comment_line("success", &run)]);
    assert!(world.log(&run).await.contains(&format!("Building {sha}")), "the run has not built {sha}");
}

#[tokio::test]
#[ignore = "needs a real server: GITEA_BIN=… GITEA_RUNNER_BIN=… cargo test real:: -- --ignored, as CONTRIBUTING.md says"]
async fn quick_builds_end_with_their_own_results() {
    let world = World::with(Setup::by_event()).await;

    let failing_sha = world.open_pull_request(1).await;
    let failed = world.settled().await.pop().unwrap();
    let sha = world.push_build(0);
    world.last_status_that(&sha, |status| status.state != "pending").await;
    let good = world.settled().await.pop().unwrap();

    assert_ne!(failed.id, good.id);
    world.assert_reported(&failing_sha, &failed, "failure", "Failing after ").await;
    world.assert_reported(&sha, &good, "success", "Successful in ").await;
    let expected = [world.comment_line("failure", &failed), world.comment_line("success", &good)];
    assert_eq!(world.comments_on(1).await, expected);
    println!("{:#?}", world.comments().await);
}

#[tokio::test]
#[ignore = "needs a real server: GITEA_BIN=… GITEA_RUNNER_BIN=… cargo test real:: -- --ignored, as CONTRIBUTING.md says"]
async fn run_of_a_pull_request_of_the_target_reports_nothing_whatever_its_title_says() {
    let world = World::with(Setup::by_event()).await;
    let sha = world.open_pull_request(1).await;
    world.last_status_that(&sha, |status| status.state == "failure").await;
    world.settled().await;
    let (statuses, comments) = (world.statuses(&sha).await, world.comments_on(1).await);

    // Its author wants the failed build to look like a success.
    let forged = format!(
        "name: build-from-pr\nrun-name: \"{SOURCE}#1 {sha}\"\non: pull_request\njobs:\n  build:\n    \
         runs-on: ubuntu-latest\n    steps:\n      - run: echo all is well\n"
    );
    world.target.push("forged", &[(&format!(".gitea/workflows/{WORKFLOW}"), &forged)]);
    let request = json!({ "title": "Forged", "head": "forged", "base": "main" });
    world.server.owner().post(&format!("/repos/{TARGET}/pulls"), &request).await;
    let reports = world.reports().await.len();
    while world.reports().await.len() == reports {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    world.settled().await;

    assert_eq!(world.statuses(&sha).await, statuses);
    assert_eq!(world.comments_on(1).await, comments);
    let about_it = world.reports().await.split_off(reports);
    let mut said = 0;
    for report in &about_it {
        said +=
            usize::from(world.log(report).await.contains("was started by `pull_request`, not by `workflow_dispatch`"));
    }
    assert!(said > 0, "no report says why it does nothing: {about_it:#?}");
    assert_eq!(about_it.last().unwrap().conclusion, "success");
}

#[tokio::test]
#[ignore = "needs a real server: GITEA_BIN=… GITEA_RUNNER_BIN=… cargo test real:: -- --ignored, as CONTRIBUTING.md says"]
async fn product_build_checks_out_the_pull_request_as_one_of_its_layers() {
    // The names of the repositories and of the workflow's file are those of this stage.
    let here = |workflow: &str| {
        let names = [("orca/meta-orca", SOURCE), ("orca/orca-setup", TARGET), ("build-meta-orca.yml", WORKFLOW)];
        names.iter().fold(example(workflow), |text, (name, here)| text.replace(name, here))
    };
    let world = World::with(Setup {
        source_workflow: here("meta-orca-pull-request.yml"),
        target_workflow: here("orca-setup-build-meta-orca.yml"),
        report_workflow: Some(here("orca-setup-report.yml")),
        ..Setup::default()
    })
    .await;
    let setup = checkout(&world.server, world.server.owner(), TARGET, "setup");
    setup.fetch("main");
    let build = "#!/bin/sh\necho \"Called with $*\"\necho \"Building $(git -C layers/meta-orca rev-parse HEAD)\"\n";
    let program = setup.dir().join("init-build-env");
    std::fs::write(&program, build).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    setup.push("main", &[]);

    let sha = world.open_pull_request(0).await;
    world.last_status_that(&sha, |status| status.state != "pending").await;
    let run = world.settled().await.pop().unwrap();

    assert_eq!(run.conclusion, "success");
    world.assert_reported(&sha, &run, "success", "Successful in ").await;
    assert_eq!(world.comments_on(1).await, [world.comment_line("success", &run)]);
    let log = world.log(&run).await;
    assert!(log.contains("Called with --product orca --mode release"), "{log}");
    assert!(log.contains(&format!("Building {sha}")), "{log}");
}
