//! Sequences of complete use cases in any order. After the last event of each run, or a last reconcile, the pull
//! request shows the truth.

mod acts;

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestCaseError};

use crate::fake::{RunEvent, Version};
use crate::stage::SOURCE;
use acts::{Act, Deleted, Sequence, act};

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
    fn pull_request_shows_the_truth_after_any_sequence(
        version in prop_oneof![Just(Version::V1_26), Just(Version::V1_27)],
        acts in proptest::collection::vec(act(), 1..16),
        last in last(),
    ) {
        tells_the_truth(version, &acts, last)?;
    }
}

/// A job of the oldest run that has not ended succeeds, and nothing in it reports.
const SUCCESS: Act = Act::End { run: 0, job: 0, outcome: "success", reported: false };

#[test]
fn older_run_gets_one_comment_however_often_its_end_is_reported() {
    let acts = [Act::Dispatch, Act::Dispatch, SUCCESS, SUCCESS, Act::Event(0), Act::Event(0)];
    tells_the_truth(Version::V1_26, &acts, Last::Events(0)).unwrap();
}

#[test]
fn re_run_that_is_cancelled_before_a_runner_takes_it_gets_no_second_comment_about_one_attempt() {
    let acts =
        [Act::Dispatch, SUCCESS, SUCCESS, Act::Event(0), Act::ReRun(0), Act::Event(0), Act::Cancel(0), Act::Event(0)];
    tells_the_truth(Version::V1_26, &acts, Last::Events(0)).unwrap();
}

#[test]
fn event_about_a_deleted_run_leaves_the_shown_end() {
    let acts = [Act::Dispatch, SUCCESS, SUCCESS, Act::Event(0), Act::Delete(0), Act::Event(0)];
    tells_the_truth(Version::V1_26, &acts, Last::Events(0)).unwrap();
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
            sequence.stage.report_by(&event).run().ok();
            is_not_green_too_early(&sequence, event.run.id)?;
        }
        // The earlier heads too: reconcile never reads those.
        for sha in sequence.heads.values() {
            has_the_newest_runs_status(&sequence, sha, last)?;
        }
    }
    // It must change nothing after the events.
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

/// After a report by event the status of a run is not green while the run has not ended.
fn is_not_green_too_early(sequence: &Sequence, run: u64) -> Result<(), TestCaseError> {
    let Some(status) = sequence.status_of(run) else { return Ok(()) };
    let end = sequence.deleted.get(&run).map(|deleted| deleted.end).or_else(|| sequence.end_of(run));
    let is_green = ["success", "skipped"].contains(&status.state.as_str());
    prop_assert!(!is_green || end == Some("success"), "green too early: {status:?}");
    Ok(())
}

/// The status of a head belongs to its newest run, and shows how far that run has come.
fn has_the_newest_runs_status(sequence: &Sequence, sha: &str, last: Last) -> Result<(), TestCaseError> {
    let statuses = sequence.stage.gitea.world().statuses(SOURCE, sha);
    let newest = sequence.heads.iter().rfind(|(_, head)| *head == sha).map(|(run, _)| *run);
    let Some(run) = newest else {
        prop_assert!(statuses.is_empty(), "no run was dispatched for {sha}: {statuses:?}");
        return Ok(());
    };
    let status = sequence.status_of(run);
    prop_assert!(statuses.len() == 1 && status.is_some(), "the newest run of {sha} is {run}: {statuses:?}");
    let status = status.unwrap();
    let state = status.state.as_str();
    if let Some(Deleted { end, shown }) = sequence.deleted.get(&run) {
        // Nobody can find out its end now.
        let expected = shown.as_deref().unwrap_or("error");
        prop_assert!(state == expected || (shown.is_none() && state == *end), "{end}: {status:?}");
    } else if let Some(end) = sequence.end_of(run) {
        // Reconcile leaves the report about the previous attempt alone.
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
