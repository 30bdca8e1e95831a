//! Sequences of whole use cases, whatever their order: after a last reconcile the pull request tells the truth.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::Config;

use crate::fake::{Fault, Progress, Version};
use crate::stage;
use crate::stage::{SOURCE, Stage, Step};

/// One thing that happens. The numbers choose a run among those that there are.
#[derive(Debug, Clone)]
enum Act {
    Dispatch,
    /// A runner takes it.
    Start(usize),
    /// It ends, with or without its report before.
    End {
        run: usize,
        outcome: &'static str,
        reported: bool,
    },
    Cancel(usize),
    Delete(usize),
    /// A report that was on its way when the run ended.
    LateReport(usize),
    ReRun(usize),
    Reconcile,
    /// The server goes away in the middle of the next answer to a write.
    Restart,
    Push,
}

fn act() -> impl Strategy<Value = Act> {
    let run = 0..4_usize;
    let outcome = prop_oneof![Just("success"), Just("failure")];
    prop_oneof![
        4 => Just(Act::Dispatch),
        2 => run.clone().prop_map(Act::Start),
        4 => (run.clone(), outcome, any::<bool>()).prop_map(|(run, outcome, reported)| Act::End { run, outcome, reported }),
        2 => run.clone().prop_map(Act::Cancel),
        1 => run.clone().prop_map(Act::Delete),
        1 => run.clone().prop_map(Act::LateReport),
        1 => run.prop_map(Act::ReRun),
        2 => Just(Act::Reconcile),
        1 => Just(Act::Restart),
        1 => Just(Act::Push),
    ]
}

/// What is remembered of each run beside the fake's own knowledge.
#[derive(Default)]
struct Known {
    /// By run: the head that it was dispatched for.
    heads: BTreeMap<u64, String>,
    /// The end that its last report told, or that it had when somebody else could see it.
    told: BTreeMap<u64, &'static str>,
    late: BTreeMap<u64, Step>,
}

fn state(outcome: &str) -> &'static str {
    match outcome {
        "success" => "success",
        "skipped" => "skipped",
        _ => "failure",
    }
}

/// The outcome of a run that has ended.
fn outcome(stage: &Stage, run: u64) -> Option<String> {
    let world = stage.gitea.world();
    let run = world.runs.iter().find(|other| other.id == run)?;
    match &run.progress {
        Progress::Completed(outcome) => Some(outcome.clone()),
        Progress::Queued | Progress::Running => None,
    }
}

fn report(stage: &Stage, known: &mut Known, run: u64, outcome: &'static str) {
    let running = stage.gitea.world().run(run).progress == Progress::Running;
    if running {
        stage.report(run).input("status", outcome).run().ok();
        known.told.insert(run, state(outcome));
    }
}

fn perform(stage: &Stage, known: &mut Known, sha: &mut String, act: &Act) {
    let run = |choice: usize| {
        let world = stage.gitea.world();
        (!world.runs.is_empty()).then(|| world.runs[choice % world.runs.len()].id)
    };
    match act {
        Act::Dispatch => {
            stage.dispatch().run();
            let last = stage.gitea.world().runs.last().map(|run| run.id);
            if let Some(run) = last {
                known.heads.entry(run).or_insert_with(|| sha.clone());
            }
        }
        Act::Start(choice) => {
            if let Some(run) = run(*choice).filter(|run| outcome(stage, *run).is_none()) {
                stage.gitea.world().start_run(run);
                known.late.insert(run, stage.report(run).input("status", "failure"));
            }
        }
        Act::End { run: choice, outcome: end, reported } => {
            let Some(run) = run(*choice).filter(|run| outcome(stage, *run).is_none()) else { return };
            stage.gitea.world().start_run(run);
            if *reported {
                report(stage, known, run, end);
            }
            stage.gitea.world().finish_run(run, end);
        }
        Act::Cancel(choice) => {
            if let Some(run) = run(*choice).filter(|run| outcome(stage, *run).is_none()) {
                stage.gitea.world().cancel_run(run);
            }
        }
        Act::Delete(choice) => {
            if let Some(run) = run(*choice).filter(|run| outcome(stage, *run).is_some()) {
                stage.gitea.world().delete_run(run);
            }
        }
        Act::LateReport(choice) => {
            let Some(run) = run(*choice) else { return };
            // Its token still works when the server has cancelled the run; what it tells is what it has seen.
            if outcome(stage, run).as_deref() == Some("cancelled")
                && let Some(step) = known.late.remove(&run)
            {
                step.run().ok();
                known.told.insert(run, "failure");
            }
        }
        Act::ReRun(choice) => {
            if let Some(run) = run(*choice).filter(|run| outcome(stage, *run).is_some()) {
                stage.gitea.world().rerun(run);
                known.late.remove(&run);
            }
        }
        Act::Reconcile => {
            stage.reconcile().run();
        }
        Act::Restart => stage.gitea.inject("POST", "/statuses/", 1, Fault::WorkThenHangUp),
        Act::Push => {
            let mut world = stage.gitea.world();
            *sha = world.new_sha();
            world.push(SOURCE, stage.number, sha);
        }
    }
}

proptest! {
    #![proptest_config(Config { cases: 24, max_shrink_iters: 60, failure_persistence: None, ..Config::default() })]

    #[test]
    fn pull_request_tells_the_truth_after_any_sequence(acts in proptest::collection::vec(act(), 1..14)) {
        let stage = stage(Version::V1_26);
        let mut known = Known::default();
        let mut sha = stage.sha.clone();
        for act in &acts {
            perform(&stage, &mut known, &mut sha, act);
        }
        stage.gitea.clear_faults();
        stage.reconcile().run().ok();

        let statuses = stage.gitea.world().statuses(SOURCE, &sha);
        let newest = known.heads.iter().rfind(|(_, head)| **head == sha).map(|(run, _)| *run);
        match (statuses.as_slice(), newest) {
            ([], None) => {}
            ([status], Some(newest)) => {
                prop_assert!(status.target_url.ends_with(&format!("/actions/runs/{newest}")), "{status:?}");
                let told = known.told.get(&newest).copied();
                let end = outcome(&stage, newest);
                let exists = stage.gitea.world().runs.iter().any(|run| run.id == newest);
                let attempt = stage.gitea.world().runs.iter().find(|run| run.id == newest).map_or(1, |run| run.attempt);
                match (status.state.as_str(), end) {
                    // Only what has not ended may wait.
                    ("pending", end) => prop_assert!(exists && end.is_none(), "{status:?}"),
                    ("error", _) => prop_assert!(!exists || attempt > 1, "{status:?}"),
                    // A re-run that has not reported leaves what its run told before.
                    (state_now, Some(end)) if attempt == 1 => {
                        prop_assert!(state_now == told.unwrap_or(state(&end)) || state_now == state(&end), "{status:?} {end}");
                    }
                    _ => {}
                }
            }
            (statuses, newest) => prop_assert!(false, "{newest:?}: {statuses:?}"),
        }
        // At most one comment about each attempt of each run.
        let mut markers = Vec::new();
        for comment in stage.gitea.world().comments(SOURCE, stage.number) {
            markers.push(comment.body.lines().next_back().unwrap().to_owned());
        }
        let count = markers.len();
        markers.sort();
        markers.dedup();
        prop_assert_eq!(markers.len(), count);
        prop_assert!(stage.gitea.stray_requests().is_empty());
    }
}
