//! Several jobs of one run report. The pull request ends with the worst of them, and is never green while one is in
//! progress.

use std::thread;
use std::time::Duration;

use super::{comments, status};
use crate::fake::Version;
use crate::stage;
use crate::stage::{PAGES, SOURCE, Stage, TARGET, WORKFLOW};

/// A run with three legs that a runner has taken.
fn matrix() -> (Stage, u64) {
    let stage = stage(Version::V1_26);
    let legs = ["leg (1)", "leg (2)", "leg (3)"].map(str::to_owned).to_vec();
    stage.gitea.world().repository(TARGET).workflow(WORKFLOW).jobs = legs;
    stage.dispatch().run().ok();
    let run = stage.start_last_run();
    stage.gitea.world().advance(5);
    (stage, run)
}

/// The leg reports with this outcome, and ends.
fn report(stage: &Stage, run: u64, leg: usize, form: &str, outcome: &str) -> String {
    stage.report(run).input("status", &form.replace("{}", outcome)).run().ok();
    stage.gitea.world().finish_job(run, &format!("leg ({leg})"), outcome);
    stage.gitea.world().advance(1);
    status(stage, "dispatch-target/build").0
}

#[test]
fn matrix_ends_with_the_worst_leg_in_any_order() {
    for form in ["auto {}", "{}"] {
        for failing in 1..=3 {
            let (stage, run) = matrix();
            for leg in 1..=3 {
                let outcome = if leg == failing { "failure" } else { "success" };
                let expected = if leg >= failing { "failure" } else { "pending" };
                assert_eq!(report(&stage, run, leg, form, outcome), expected, "{form}, {failing} fails, {leg} reports");
            }
            let comments = comments(&stage);
            assert_eq!(comments.len(), 1, "{comments:?}");
            assert!(
                comments[0].starts_with("**dispatch-target build failure**"),
                "{form}, {failing} fails: {comments:?}"
            );
        }
    }
}

#[test]
fn matrix_is_green_only_after_its_last_leg() {
    let (stage, run) = matrix();
    assert_eq!(report(&stage, run, 1, "auto {}", "success"), "pending");
    assert_eq!(status(&stage, "dispatch-target/build").1, "Waiting for 2 other jobs");
    assert_eq!(report(&stage, run, 2, "auto {}", "success"), "pending");
    assert_eq!(status(&stage, "dispatch-target/build").1, "Waiting for 1 other job");
    assert!(comments(&stage).is_empty());
    assert_eq!(report(&stage, run, 3, "auto {}", "success"), "success");
    assert_eq!(comments(&stage).len(), 1);
}

#[test]
fn job_that_needs_the_report_is_not_waited_for() {
    let (stage, run) = matrix();
    for leg in 1..=2 {
        stage.gitea.world().finish_job(run, &format!("leg ({leg})"), "success");
    }
    stage.gitea.world().add_job(run, "deploy");
    stage.gitea.world().job(run, "deploy").blocked = true;

    assert_eq!(report(&stage, run, 3, "auto {}", "success"), "success");
}

#[test]
fn legs_that_report_at_the_same_moment_do_not_deadlock() {
    let (stage, run) = matrix();
    stage.gitea.world().finish_job(run, "leg (3)", "success");
    thread::scope(|scope| {
        for leg in ["leg (1)", "leg (2)"] {
            let stage = &stage;
            scope.spawn(move || {
                stage.report(run).run().ok();
                // A runner takes a moment to end the job.
                thread::sleep(Duration::from_millis(500));
                stage.gitea.world().finish_job(run, leg, "success");
            });
        }
    });

    assert_eq!(status(&stage, "dispatch-target/build").0, "success");
    let states = stage.gitea.world().all_statuses(SOURCE, &stage.sha);
    assert_eq!(states.iter().filter(|status| status.state == "success").count(), 1);
}

#[test]
fn failure_that_a_pending_status_has_replaced_is_set_again() {
    for form in ["auto {}", "{}"] {
        let (stage, run) = matrix();
        // The statuses of two legs that report at the same moment: each leg read the statuses before the other one
        // wrote.
        assert_eq!(status_of_leg(&stage, run, "failure", "Failing after 5s"), "failure");
        assert_eq!(status_of_leg(&stage, run, "pending", "Waiting for 2 other jobs"), "pending");

        stage.report(run).input("status", &form.replace("{}", "success")).run().ok();

        let (state, description, _) = status(&stage, "dispatch-target/build");
        assert_eq!((state.as_str(), description.as_str()), ("failure", "Failing after 5s"), "{form}");
        // The last leg finds the failure.
        for leg in 1..=2 {
            stage.gitea.world().finish_job(run, &format!("leg ({leg})"), "success");
        }
        assert_eq!(report(&stage, run, 3, "{}", "success"), "failure", "{form}");
    }
}

/// Another leg sets this status. Returns the state that the pull request then shows.
fn status_of_leg(stage: &Stage, run: u64, state: &str, description: &str) -> String {
    let link = format!("{PAGES}/{TARGET}/actions/runs/{run}");
    let mut world = stage.gitea.world();
    world.add_status(SOURCE, &stage.sha, Some("dispatch-bot"), "dispatch-target/build", state, &link);
    world.statuses.last_mut().unwrap().description = description.to_owned();
    drop(world);
    status(stage, "dispatch-target/build").0
}
