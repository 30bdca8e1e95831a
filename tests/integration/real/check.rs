//! `mode: check` on a real server: a working set-up is green, and each single mistake is red at its own line.

use super::world::{Setup, World, example};
use crate::stage::{SOURCE, TARGET, WORKFLOW};

/// The two workflows of the README in the target.
async fn set_up() -> World {
    let world = World::with(Setup { target_workflow: example("build-from-pr.yml"), ..Setup::default() }).await;
    world.add_to_target("report.yml", &example("report.yml"));
    world
}

/// The inputs of a check.
fn inputs<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let usual = [("mode", "check"), ("workflow", WORKFLOW), ("check-timeout", "60s")];
    usual.into_iter().chain(more.iter().copied()).collect()
}

/// Runs a check that must fail, and returns the subjects of the failed checks.
#[track_caller]
fn failed(world: &World, more: &[(&str, &str)]) -> Vec<String> {
    let (success, _, log) = world.step(&inputs(more));
    assert!(!success, "{log}");
    let lines = log.lines().filter_map(|line| line.strip_prefix("::error::failed: "));
    // "Scope write:issue: The token lacks …"
    lines.map(|line| line.split_once(": ").unwrap().0.to_owned()).collect()
}

#[tokio::test]
#[ignore = "needs a real server: GITEA_BIN=… GITEA_RUNNER_BIN=… cargo test real:: -- --ignored, as CONTRIBUTING.md says"]
async fn a_check_of_a_working_set_up_is_green() {
    let world = set_up().await;

    // In a job of the source, as in its example.
    world.run_in_source("check.yml", &example("check.yml")).await;
    let (success, outputs, log) = world.step(&inputs(&[]));

    assert!(success, "{log}");
    assert!(outputs.contains("failed=0"), "{outputs}");
    if world.server.names_runs() {
        assert!(!log.contains("::warning::"), "{log}");
        assert!(log.contains("ok: Report of the trial run: with the target's secret, it can write to"), "{log}");
    } else {
        assert!(log.contains("warning: Trial run: the trial run was started"), "{log}");
    }
    assert_eq!(world.statuses("main").await, []);
    assert_eq!(world.comments().await, []);
}

#[tokio::test]
#[ignore = "needs a real server: GITEA_BIN=… GITEA_RUNNER_BIN=… cargo test real:: -- --ignored, as CONTRIBUTING.md says"]
async fn a_check_of_a_build_that_reports_itself_is_green() {
    let world = World::new().await;

    let (success, _, log) = world.step(&inputs(&[]));

    assert!(success, "{log}");
    if world.server.names_runs() {
        assert!(log.contains("ok: Report of the trial run: with the target's secret, it can write to"), "{log}");
    }
}

#[tokio::test]
#[ignore = "needs a real server: GITEA_BIN=… GITEA_RUNNER_BIN=… cargo test real:: -- --ignored, as CONTRIBUTING.md says"]
async fn a_check_is_red_at_the_line_that_is_wrong() {
    let world = set_up().await;
    let one_scope = async |name: &str, scope: &str| {
        let user = world.create_user(name, &[scope]).await;
        for repository in [SOURCE, TARGET] {
            world.add_collaborator(repository, name, "write").await;
        }
        user
    };

    let repository_only = one_scope("repository-only", "write:repository").await;
    assert_eq!(failed(&world, &[("token", repository_only.token())]), ["Scope write:issue"]);
    let issue_only = one_scope("issue-only", "write:issue").await;
    assert_eq!(failed(&world, &[("token", issue_only.token())]), ["Scope write:repository"]);
    let stranger = world.create_user("stranger", &["write:repository", "write:issue"]).await;
    world.add_collaborator(TARGET, "stranger", "write").await;
    assert_eq!(failed(&world, &[("token", stranger.token())]), ["Source"]);
    let guest = world.create_user("guest", &["write:repository", "write:issue"]).await;
    world.add_collaborator(SOURCE, "guest", "write").await;
    assert_eq!(failed(&world, &[("token", guest.token())]), ["Right to dispatch"]);

    assert_eq!(failed(&world, &[("ref", "develop")]), ["Workflow"]);
    assert_eq!(failed(&world, &[("workflow", "build.yml")]), ["Workflow"]);
    assert_eq!(failed(&world, &[("inputs", "machine=qemu")]), ["Own inputs"]);
    let declared = example("build-from-pr.yml").replace("inputs:\n", "inputs:\n      machine: {type: string}\n");
    world.set_target_workflow(&declared);
    let (_, _, log) = world.step(&inputs(&[("inputs", "machin=qemu")]));
    assert!(
        log.contains("failed: Own inputs: build-from-pr.yml does not declare `machin` (did you mean `machine`?)"),
        "{log}"
    );
    world.set_target_workflow(&example("build-from-pr.yml").replace("      pr_number: {type: string}\n", ""));
    assert_eq!(failed(&world, &[]), ["Inputs"]);

    // No probe has started anything.
    assert_eq!(world.count_of_runs(TARGET).await, 0);
}

#[tokio::test]
#[ignore = "needs a real server: GITEA_BIN=… GITEA_RUNNER_BIN=… cargo test real:: -- --ignored, as CONTRIBUTING.md says"]
async fn a_check_finds_what_is_wrong_with_the_targets_secret() {
    let world = set_up().await;
    if !world.server.names_runs() {
        // The trial run cannot be followed there.
        return;
    }
    let reporter = world.create_user("reporter", &["write:repository", "write:issue"]).await;

    world.set_secret(TARGET, "DISPATCH_TOKEN", reporter.token()).await;
    assert_eq!(failed(&world, &[]), ["Report of the trial run"]);
    world.delete_secret(TARGET, "DISPATCH_TOKEN").await;
    assert_eq!(failed(&world, &[]), ["Report of the trial run"]);
}
