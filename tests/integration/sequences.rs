//! Sequences of whole use cases, whatever their order: after the last event of each run, or a last reconcile, the pull request
//! shows the truth.

mod acts;

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestCaseError};

use crate::fake::{RunEvent, Status, Version};
use crate::stage::SOURCE;
use acts::{Act, Sequence, act};

/// `PROPTEST_RNG_SEED` repeats a test with the seed that it printed; `PROPTEST_CASES` makes it longer.
fn config() -> Config {
    let number = |name| std::env::var(name).ok().and_then(|value| value.parse().ok());
    let seed = number("PROPTEST_RNG_SEED").unwrap_or_else(|| fastrand::u64(..));
    println!("PROPTEST_RNG_SEED={seed}");
    let cases = number("PROPTEST_CASES").map_or(24, |cases| cases as u32);
    let rng_seed = RngSeed::Fixed(seed);
    Config { cases, rng_seed, max_shrink_iters: 60, failure_persistence: None, ..Config::default() }
}

/// What comes last.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Last {
    /// The last event of each run, in an order that this number chooses.
    Events(usize),
    Reconcile,
}

fn last() -> impl Strategy<Value = Last> {
    prop_oneof![2 => (0..4_usize).prop_map(Last::Events), 1 => Just(Last::Reconcile)]
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn pull_request_tells_the_truth_after_any_sequence(
        version in prop_oneof![Just(Version::V1_26), Just(Version::V1_27)],
        acts in proptest::collection::vec(act(), 1..16),
        last in last(),
    ) {
        tells_the_truth(version, &acts, last)?;
    }
}

fn tells_the_truth(version: Version, acts: &[Act], last: Last) -> Result<(), TestCaseError> {
    let mut sequence = Sequence::new(version);
    for act in acts {
        if let Some(run) = sequence.perform(act) {
            is_not_green_too_early(&sequence, run)?;
        }
    }
    sequence.stage.gitea.clear_faults();
    sequence.stage.gitea.world().advance(2);
    if let Last::Events(order) = last {
        for event in last_events(&sequence, order) {
            sequence.report_event(&event);
            is_not_green_too_early(&sequence, event.run.id)?;
        }
        // Also of the heads before: reconcile never looks at those.
        for sha in sequence.heads.values() {
            has_the_newest_runs_status(&sequence, sha, last)?;
        }
    }
    // It changes nothing after the events.
    sequence.stage.reconcile().run().ok();
    has_the_newest_runs_status(&sequence, &sequence.sha, last)?;
    has_one_comment_per_run(&sequence)?;
    prop_assert!(sequence.stage.gitea.stray_requests().is_empty());
    Ok(())
}

/// The last event of each run, in any order.
fn last_events(sequence: &Sequence, order: usize) -> Vec<RunEvent> {
    let mut last = BTreeMap::new();
    for event in &sequence.stage.gitea.world().run_events {
        last.insert(event.run.id, event.clone());
    }
    let mut events: Vec<_> = last.into_values().collect();
    if order % 2 == 1 {
        events.reverse();
    }
    let middle = order.min(events.len()) / 2;
    events.rotate_left(middle);
    events
}

fn status_of(sequence: &Sequence, sha: &str) -> Result<Option<Status>, TestCaseError> {
    let mut statuses = sequence.stage.gitea.world().statuses(SOURCE, sha);
    let status = statuses.pop();
    prop_assert!(statuses.is_empty(), "two contexts: {status:?} and {statuses:?}");
    Ok(status)
}

fn is_of(status: &Status, run: u64) -> bool {
    status.target_url.ends_with(&format!("/actions/runs/{run}"))
}

/// After a report by event the status of a run is not green while the run has not ended.
fn is_not_green_too_early(sequence: &Sequence, run: u64) -> Result<(), TestCaseError> {
    let status = status_of(sequence, &sequence.heads[&run])?;
    let Some(status) = status.filter(|status| is_of(status, run)) else { return Ok(()) };
    let is_good = sequence.end_of(run) == Some("success") || sequence.deleted.get(&run) == Some(&"success");
    prop_assert!(is_good || !["success", "skipped"].contains(&status.state.as_str()), "green too early: {status:?}");
    Ok(())
}

/// The status of a head is that of its newest run, and says how far that run has come.
fn has_the_newest_runs_status(sequence: &Sequence, sha: &str, last: Last) -> Result<(), TestCaseError> {
    let newest = sequence.heads.iter().rfind(|(_, head)| *head == sha).map(|(run, _)| *run);
    let (status, run) = match (status_of(sequence, sha)?, newest) {
        (None, None) => return Ok(()),
        (Some(status), Some(run)) => (status, run),
        (status, run) => return Err(TestCaseError::fail(format!("run {run:?} of {sha} has the status {status:?}"))),
    };
    prop_assert!(is_of(&status, run), "the newest run is {run}: {status:?}");
    let state = status.state.as_str();
    if let Some(end) = sequence.deleted.get(&run) {
        // Whoever looked before it was deleted knew its end.
        prop_assert!(
            state == *end || state == "error" || (*end != "success" && state == "failure"),
            "{end}: {status:?}"
        );
    } else if let Some(end) = sequence.end_of(run) {
        // Reconcile leaves alone what was reported of the attempt before.
        let may_be_of_before = last == Last::Reconcile && sequence.attempt(run) > 1 && state != "pending";
        prop_assert!(state == end || may_be_of_before, "{end}: {status:?}");
    } else {
        let attempt = sequence.attempt(run);
        let has_failed = sequence.failure_reported.contains(&(run, attempt)) && state == "failure";
        let may_be_of_before = last == Last::Reconcile && attempt > 1;
        prop_assert!(state == "pending" || has_failed || may_be_of_before, "under way: {status:?}");
    }
    Ok(())
}

/// At most one comment about each attempt of each run.
fn has_one_comment_per_run(sequence: &Sequence) -> Result<(), TestCaseError> {
    let comments = sequence.stage.gitea.world().comments(SOURCE, sequence.stage.number);
    let mut by_marker = BTreeMap::new();
    for comment in &comments {
        let marker = comment.body.lines().next_back().unwrap_or_default();
        let other = by_marker.insert(marker, &comment.body);
        prop_assert!(other.is_none(), "two comments about one run:\n{}\n{}", other.unwrap(), comment.body);
    }
    Ok(())
}
