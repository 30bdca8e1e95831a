//! The round trip on a real Gitea with a real runner: `GITEA_BIN=… GITEA_RUNNER_BIN=… cargo test real:: -- --ignored`.

mod addresses;
mod api;
mod by_event;
mod cancelled;
mod check;
mod failures;
mod git;
mod lost;
mod matrix;
mod server;
mod table;
mod times;
mod triggers;
mod watch;
mod world;

use serde_json::json;

use server::{OWNER, Server};
use world::{BOT, Comment, Run, Setup, Status, World, checkout, create_repository, example};

use crate::stage::{SOURCE, TARGET, WORKFLOW};

/// If this fails, the server or the runner is to blame and not the action.
#[tokio::test]
#[ignore = "needs a real server: GITEA_BIN=… GITEA_RUNNER_BIN=… cargo test real:: -- --ignored, as CONTRIBUTING.md says"]
async fn a_job_runs_on_the_server() {
    let server = Server::start().await;
    let name = format!("{OWNER}/plain");
    create_repository(server.owner(), &name, false).await;
    let workflow = "on: push\njobs:\n  hello:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo hello\n";
    checkout(&server, server.owner(), &name, "plain").push("main", &[(".gitea/workflows/hello.yml", workflow)]);

    let runs = world::finished_runs(&server, &name, 1).await;

    assert_eq!(runs[0].conclusion, "success");
}

#[tokio::test]
#[ignore = "needs a real server: GITEA_BIN=… GITEA_RUNNER_BIN=… cargo test real:: -- --ignored, as CONTRIBUTING.md says"]
async fn a_pull_request_gets_the_status_and_the_comment_of_its_build() {
    let world = World::new().await;

    let sha = world.open_pull_request(0).await;
    let run = world.last_run(1, 1).await;

    assert_eq!(run.conclusion, "success");
    assert_cycle(&world, &sha, &run, "success", "Successful in ").await;
    assert_eq!(first_lines(&world.comments().await), [comment(&world, &run, "success")]);
    // The links lead somewhere; a run that does not exist has no page.
    let anybody = world.server.owner().with_token("");
    assert_eq!(anybody.page(&world.pending_page(&run)).await, 200);
    assert_eq!(anybody.page(&world.run_page(&run)).await, 200);
    assert_eq!(anybody.page(&format!("{}99", world.run_page(&run))).await, 404);
}

#[tokio::test]
#[ignore = "needs a real server: GITEA_BIN=… GITEA_RUNNER_BIN=… cargo test real:: -- --ignored, as CONTRIBUTING.md says"]
async fn a_second_push_gets_its_own_status_and_leaves_the_first_one_alone() {
    let world = World::new().await;
    let sha = world.open_pull_request(0).await;
    let first_run = world.last_run(1, 1).await;
    let first = world.statuses(&sha).await;

    let second_sha = world.push_build(0);
    let second_run = world.last_run(2, 2).await;

    assert_ne!(first_run.id, second_run.id);
    assert_eq!(world.statuses(&sha).await, first);
    assert_cycle(&world, &second_sha, &second_run, "success", "Successful in ").await;
    let expected = [comment(&world, &first_run, "success"), comment(&world, &second_run, "success")];
    assert_eq!(first_lines(&world.comments().await), expected);
}

#[tokio::test]
#[ignore = "needs a real server: GITEA_BIN=… GITEA_RUNNER_BIN=… cargo test real:: -- --ignored, as CONTRIBUTING.md says"]
async fn a_failed_build_is_reported_as_a_failure() {
    let world = World::new().await;

    let sha = world.open_pull_request(1).await;
    let run = world.last_run(1, 1).await;

    assert_eq!(run.conclusion, "failure");
    assert_cycle(&world, &sha, &run, "failure", "Failing after ").await;
    assert_eq!(first_lines(&world.comments().await), [comment(&world, &run, "failure")]);
    // Only the build has failed, not the step that reports.
    let log = world.log(&run).await;
    let errors: Vec<_> = log.lines().filter_map(|line| line.split_once("##[error]")).map(|(_, text)| text).collect();
    assert_eq!(errors, ["Process completed with exit code 1."]);
}

#[tokio::test]
#[ignore = "needs a real server: GITEA_BIN=… GITEA_RUNNER_BIN=… cargo test real:: -- --ignored, as CONTRIBUTING.md says"]
async fn a_separate_job_reports_what_the_build_job_did() {
    let world =
        World::with(Setup { target_workflow: example("build-from-pr-untrusted.yml"), ..Setup::default() }).await;

    let sha = world.open_pull_request(0).await;
    let good = world.last_run(1, 1).await;
    let failing_sha = world.push_build(1);
    let failed = world.last_run(2, 2).await;

    assert_eq!((good.conclusion.as_str(), failed.conclusion.as_str()), ("success", "failure"));
    assert_cycle(&world, &sha, &good, "success", "Successful in ").await;
    assert_cycle(&world, &failing_sha, &failed, "failure", "Failing after ").await;
    let expected = [comment(&world, &good, "success"), comment(&world, &failed, "failure")];
    assert_eq!(first_lines(&world.comments().await), expected);
    let conclusions: Vec<_> = failed.jobs.iter().map(|job| (job.name.as_str(), job.conclusion.as_str())).collect();
    assert_eq!(conclusions, [("build", "failure"), ("report", "success")]);
}

#[tokio::test]
#[ignore = "needs a real server: GITEA_BIN=… GITEA_RUNNER_BIN=… cargo test real:: -- --ignored, as CONTRIBUTING.md says"]
async fn a_separate_job_finds_a_failure_without_an_input() {
    let usual = example("build-from-pr-untrusted.yml");
    let target_workflow = usual.replace("          status: ${{ needs.build.result }}\n", "");
    assert_ne!(target_workflow, usual);
    let world = World::with(Setup { target_workflow, ..Setup::default() }).await;

    let sha = world.open_pull_request(1).await;
    let run = world.last_run(1, 1).await;

    assert_cycle(&world, &sha, &run, "failure", "Failing after ").await;
    assert_eq!(first_lines(&world.comments().await), [comment(&world, &run, "failure")]);
}

#[tokio::test]
#[ignore = "needs a real server: GITEA_BIN=… GITEA_RUNNER_BIN=… cargo test real:: -- --ignored, as CONTRIBUTING.md says"]
async fn a_trial_run_with_forty_zeros_reports_nothing() {
    let world = World::new().await;
    let inputs = json!({
        "pr_number": "0",
        "pr_head_sha": "0".repeat(40),
        "pr_head_ref": "main",
        "source_repo": SOURCE,
    });

    let path = format!("/repos/{TARGET}/actions/workflows/{WORKFLOW}/dispatches");
    world.server.owner().post(&path, &json!({ "ref": "main", "inputs": inputs })).await;
    let run = world::finished_runs(&world.server, TARGET, 1).await.pop().unwrap();

    assert_eq!(run.conclusion, "success");
    assert!(world.log(&run).await.contains("nothing is reported"), "the step that reports did not run");
    assert_eq!(world.statuses("main").await, []);
    assert_eq!(world.comments().await, []);
}

#[tokio::test]
#[ignore = "needs a real server: GITEA_BIN=… GITEA_RUNNER_BIN=… cargo test real:: -- --ignored, as CONTRIBUTING.md says"]
async fn a_pull_request_from_a_fork_is_reported_through_pull_request_target() {
    let usual = example("source.yml");
    let source_workflow = usual.replacen("pull_request:", "pull_request_target:", 1);
    assert_ne!(source_workflow, usual);
    let world = World::with(Setup { source_workflow, ..Setup::default() }).await;
    let contributor = world.create_user("contrib", &["write:repository", "write:issue"]).await;

    let sha = world.open_pull_request_from_fork("contrib", &contributor).await;
    let run = world.last_run(1, 1).await;

    assert_eq!(run.conclusion, "success");
    assert_cycle(&world, &sha, &run, "success", "Successful in ").await;
    assert_eq!(first_lines(&world.comments().await), [comment(&world, &run, "success")]);
}

#[tokio::test]
#[ignore = "needs a real server: GITEA_BIN=… GITEA_RUNNER_BIN=… cargo test real:: -- --ignored, as CONTRIBUTING.md says"]
async fn a_private_source_is_built_and_reported() {
    let world = World::with(Setup { private_source: true, ..Setup::default() }).await;
    let reader = world.create_user("reader", &["read:repository"]).await;
    world.add_collaborator(SOURCE, "reader", "read").await;
    world.set_secret(TARGET, "SOURCE_TOKEN", reader.token()).await;
    let anybody = world.server.owner().with_token("");
    assert_eq!(anybody.page(&format!("{}/{SOURCE}", world.server.url())).await, 404);

    let sha = world.open_pull_request(0).await;
    let run = world.last_run(1, 1).await;

    assert_eq!(run.conclusion, "success");
    assert_cycle(&world, &sha, &run, "success", "Successful in ").await;
    assert_eq!(first_lines(&world.comments().await), [comment(&world, &run, "success")]);
}

#[tokio::test]
#[ignore = "needs a real server: GITEA_BIN=… GITEA_RUNNER_BIN=… cargo test real:: -- --ignored, as CONTRIBUTING.md says"]
async fn a_required_status_keeps_a_pull_request_from_being_merged_until_the_build_succeeds() {
    let world = World::new().await;
    let owner = world.server.owner();
    let rule = json!({
        "rule_name": "main",
        "enable_status_check": true,
        "status_check_contexts": ["dispatch-target/build"],
        "block_admin_merge_override": true,
    });
    owner.post(&format!("/repos/{SOURCE}/branch_protections"), &rule).await;
    let merge = async || {
        world.wait_for_mergeability(1).await;
        owner.try_post(&format!("/repos/{SOURCE}/pulls/1/merge"), &json!({ "Do": "merge" })).await
    };

    world.open_pull_request(1).await;
    world.last_run(1, 1).await;
    assert_eq!(merge().await, 405);

    world.push_build(0);
    world.last_run(2, 2).await;
    assert_eq!(merge().await, 200);
}

/// The run has built this commit. The commit has had two statuses: pending with the link of a dispatch, then the run's
/// end.
async fn assert_cycle(world: &World, sha: &str, run: &Run, state: &str, description: &str) {
    let statuses = world.statuses(sha).await;
    println!("{sha}: {statuses:#?}");
    let [pending, end] = statuses.as_slice() else { panic!("two statuses were expected: {statuses:#?}") };
    let expected = Status {
        state: "pending".to_owned(),
        description: format!("Dispatched to {TARGET}"),
        link: world.pending_page(run),
    };
    assert_eq!(*pending, expected);
    assert_eq!((end.state.as_str(), &end.link), (state, &world.run_page(run)));
    assert!(end.description.starts_with(description), "{end:?}");
    assert!(world.log(run).await.contains(&format!("Building {sha}")), "the run has not built {sha}");
}

/// The comment that the bot writes about a run, without the hidden marker.
fn comment(world: &World, run: &Run, outcome: &str) -> Comment {
    let body = format!("**dispatch-target build {outcome}** — [run log]({})", world.run_page(run));
    Comment { author: BOT.to_owned(), body }
}

/// The comments with their first lines only.
fn first_lines(comments: &[Comment]) -> Vec<Comment> {
    println!("{comments:#?}");
    let first_line = |body: &str| body.lines().next().unwrap_or_default().to_owned();
    comments.iter().map(|comment| Comment { author: comment.author.clone(), body: first_line(&comment.body) }).collect()
}
