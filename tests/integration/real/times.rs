//! How soon the pull request shows what has happened: medians of ten, beside a script of curl and jq.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use super::server::Conditions;
use super::watch::LOOK;
use super::world::{PATIENCE, Setup, World, example};
use crate::stage::{SOURCE, TARGET};

const ROUNDS: usize = 10;

/// Time for all reports of a round to end, so that they do not delay the next one.
const BREAK: Duration = Duration::from_secs(5);

/// A build that ends with the shell of its step. A runner without containers ends that shell only: a build that goes on would keep
/// the runner's slot.
const ENDLESS: &str = "while kill -0 $PPID; do sleep 1; done\n";

/// What people would run instead of the action.
const SCRIPT: &str = include_str!("../../../benches/script.sh");

async fn world(setup: Setup) -> World {
    let conditions = Conditions { fetch_interval: Some("1s"), ..Conditions::default() };
    World::with(Setup { conditions, ..setup }).await
}

/// The repositories with the script in place of the action.
fn by_script() -> Setup {
    let step = |mode: &str| {
        let script: String = SCRIPT.lines().map(|line| format!("          {line}\n")).collect();
        format!(
            "      - env:\n          INPUT_MODE: {mode}\n          INPUT_TOKEN: ${{{{ secrets.DISPATCH_TOKEN }}}}\n          \
             INPUT_TARGET: {TARGET}\n          INPUT_WORKFLOW: build-from-pr.yml\n        run: |\n{script}"
        )
    };
    let with_step = |file: &str, at: &str, mode: &str| {
        let workflow = example(file);
        let (before, _) = workflow.split_once(at).expect("the step of the action");
        format!("{before}{}", step(mode))
    };
    Setup {
        source_workflow: with_step("source.yml", "      - uses:", "dispatch"),
        target_workflow: with_step("build-and-report.yml", "      - if: always()", "report"),
        ..Setup::default()
    }
}

/// The seconds of one kind of set-up.
#[derive(Default)]
struct Times {
    pending: Vec<f32>,
    end: Vec<f32>,
}

/// Pushes builds that succeed. Measures from the start of the job in the source to the pending status, and from the last
/// line of the build to the final status.
async fn of_successes(setup: Setup) -> Times {
    let world = world(setup).await;
    let mark = world.server.scratch("times").join("end");
    let build = format!("sleep 4\ndate +%s%N >{}\n", mark.display());
    let mut times = Times::default();
    for round in 0..ROUNDS {
        let sha = push(&world, round, &build).await;
        let started = source_job_has_started(&world, round).await;
        world.last_status_that(&sha, |_| true).await;
        times.pending.push(started.elapsed().as_secs_f32());
        world.last_status_that(&sha, |status| status.state == "success").await;
        times.end.push(since(&mark));
        tokio::time::sleep(BREAK).await;
    }
    times
}

/// Pushes builds that are cancelled on their page. Measures from there to the final status.
async fn of_cancelling() -> Vec<f32> {
    let world = world(Setup::by_event()).await;
    let mut times = Vec::new();
    for round in 0..ROUNDS {
        let sha = push(&world, round, ENDLESS).await;
        let running = world.last_status_that(&sha, |status| status.description == "Has started running").await;
        let id = running.link.rsplit('/').next().unwrap().to_owned();
        let browser = world.server.browser().await;
        let cancelled = Instant::now();
        browser.press(&format!("/{TARGET}/actions/runs/{id}/cancel")).await;
        world.last_status_that(&sha, |status| status.description == "Has been cancelled").await;
        times.push(cancelled.elapsed().as_secs_f32());
        tokio::time::sleep(BREAK).await;
    }
    times
}

/// The first round opens the pull request; the others push to it.
async fn push(world: &World, round: usize, build: &str) -> String {
    match round {
        0 => world.open_pull_request_of("feature", build).await,
        _ => world.source.push("feature", &[("build.sh", build)]),
    }
}

/// Waits until the runner has taken the job of this round.
async fn source_job_has_started(world: &World, round: usize) -> Instant {
    let asked = Instant::now();
    loop {
        let newest = world.server.owner().get(&format!("/repos/{SOURCE}/actions/runs?limit=1")).await;
        let is_there = newest["total_count"].as_u64() > Some(round as u64);
        let status = newest["workflow_runs"][0]["status"].as_str().unwrap_or_default();
        if is_there && ["in_progress", "completed"].contains(&status) {
            return Instant::now();
        }
        assert!(asked.elapsed() < PATIENCE, "the job of round {round} does not start: {newest}");
        tokio::time::sleep(LOOK).await;
    }
}

/// The seconds since the time in this file, in nanoseconds since 1970.
fn since(mark: &Path) -> f32 {
    let then: u64 = fs::read_to_string(mark).unwrap().trim().parse().unwrap();
    let then = SystemTime::UNIX_EPOCH + Duration::from_nanos(then);
    then.elapsed().unwrap().as_secs_f32()
}

fn median(mut times: Vec<f32>) -> String {
    assert_eq!(times.len(), ROUNDS);
    times.sort_by(f32::total_cmp);
    format!("{:.1} s ({:.1} to {:.1})", (times[4] + times[5]) / 2.0, times[0], times[9])
}

fn print(what: &str, times: Vec<f32>) {
    println!("MEDIAN {what}: {}", median(times));
}

#[tokio::test]
#[ignore = "takes 4 minutes on a real server: GITEA_BIN=… GITEA_RUNNER_BIN=… cargo test real::times -- --ignored --nocapture"]
async fn last_step() {
    let Times { pending, end } = of_successes(Setup::default()).await;
    print("the job's start to the pending status", pending);
    print("the build's end to the final status, last step", end);
}

#[tokio::test]
#[ignore = "takes 4 minutes on a real server: GITEA_BIN=… GITEA_RUNNER_BIN=… cargo test real::times -- --ignored --nocapture"]
async fn by_event() {
    let Times { end, .. } = of_successes(Setup::by_event()).await;
    print("the build's end to the final status, by event", end);
}

#[tokio::test]
#[ignore = "takes 4 minutes on a real server: GITEA_BIN=… GITEA_RUNNER_BIN=… cargo test real::times -- --ignored --nocapture"]
async fn by_a_script() {
    let Times { pending, end } = of_successes(by_script()).await;
    print("the job's start to the pending status, script", pending);
    print("the build's end to the final status, script", end);
}

#[tokio::test]
#[ignore = "takes 3 minutes on a real server: GITEA_BIN=… GITEA_RUNNER_BIN=… cargo test real::times -- --ignored --nocapture"]
async fn cancelling() {
    print("cancelling to the final status, by event", of_cancelling().await);
}
