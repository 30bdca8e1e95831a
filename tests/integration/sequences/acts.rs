//! What happens in a sequence, one act at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;

use crate::fake::{Answer, Fault, Progress, Status, Version};
use crate::stage;
use crate::stage::{SOURCE, Stage, Step, TARGET, WORKFLOW};

/// One thing that happens. The numbers choose a run or a job among those that there are.
#[derive(Debug, Clone)]
pub(super) enum Act {
    Dispatch,
    Push,
    /// A runner takes the jobs of a run.
    Start(usize),
    /// One job of a run ends, with or without a report in its last step.
    End {
        run: usize,
        job: usize,
        outcome: &'static str,
        reported: bool,
    },
    Cancel(usize),
    Delete(usize),
    /// A report that was on its way when the run was cancelled.
    LateReport(usize),
    ReRun(usize),
    /// A report by event: by the latest event, the one before it, and so on. An event may come late, twice or never.
    Event(usize),
    Reconcile,
    /// The server disappears in the middle of the next response to such a write.
    LoseAnswer(&'static str),
}

pub(super) fn act() -> impl Strategy<Value = Act> {
    let run = 0..4_usize;
    let outcome = prop_oneof![2 => Just("success"), 1 => Just("failure")];
    let end = (run.clone(), 0..2_usize, outcome, any::<bool>());
    prop_oneof![
        4 => Just(Act::Dispatch),
        1 => Just(Act::Push),
        3 => run.clone().prop_map(Act::Start),
        6 => end.prop_map(|(run, job, outcome, reported)| Act::End { run, job, outcome, reported }),
        2 => run.clone().prop_map(Act::Cancel),
        1 => run.clone().prop_map(Act::Delete),
        1 => run.clone().prop_map(Act::LateReport),
        2 => run.prop_map(Act::ReRun),
        7 => (0..6_usize).prop_map(Act::Event),
        2 => Just(Act::Reconcile),
        1 => prop_oneof![Just("/statuses/"), Just("/comments")].prop_map(Act::LoseAnswer),
    ]
}

/// What is remembered of a deleted run.
pub(super) struct Deleted {
    /// The state that shows its end.
    pub(super) end: &'static str,
    /// The state that the pull request showed for it, if that was an end.
    pub(super) shown: Option<String>,
}

/// The pull request and the runs, and what must be remembered in addition to the fake's own state.
pub(super) struct Sequence {
    pub(super) stage: Stage,
    /// The head of the pull request.
    pub(super) sha: String,
    /// By run: the head that it was dispatched for.
    pub(super) heads: BTreeMap<u64, String>,
    pub(super) deleted: BTreeMap<u64, Deleted>,
    /// Runs and attempts in which a job has reported a failure.
    pub(super) failure_reported: BTreeSet<(u64, u64)>,
    late: BTreeMap<u64, Step>,
}

impl Sequence {
    pub(super) fn new(version: Version) -> Self {
        let stage = stage(version);
        {
            let mut world = stage.gitea.world();
            world.repository(TARGET).workflow(WORKFLOW).jobs = vec!["build".to_owned(), "test".to_owned()];
            world.advance(0);
        }
        let (sha, heads, deleted) = (stage.sha.clone(), BTreeMap::new(), BTreeMap::new());
        Self { stage, sha, heads, deleted, failure_reported: BTreeSet::new(), late: BTreeMap::new() }
    }

    /// Performs the act, if it is possible now, and returns the run whose event was reported.
    pub(super) fn perform(&mut self, act: &Act) -> Option<u64> {
        // Gitea's times have no fractions of a second. Whatever a runner does takes longer.
        self.stage.gitea.world().advance(2);
        match act {
            Act::Dispatch => self.dispatch(),
            Act::Push => {
                let mut world = self.stage.gitea.world();
                self.sha = world.new_sha();
                world.push(SOURCE, self.stage.number, &self.sha);
            }
            Act::Start(choice) => self.start(self.run(*choice, Self::has_ended, false)?),
            Act::End { run, job, outcome, reported } => self.end(*run, *job, outcome, *reported)?,
            Act::Cancel(choice) => {
                let run = self.run(*choice, Self::has_ended, false)?;
                self.stage.gitea.world().cancel_run(run);
            }
            Act::Delete(choice) => {
                let run = self.run(*choice, Self::has_ended, true)?;
                let shown = self.status_of(run).map(|status| status.state).filter(|state| state != "pending");
                self.deleted.insert(run, Deleted { end: self.end_of(run)?, shown });
                self.stage.gitea.world().delete_run(run);
            }
            Act::LateReport(choice) => {
                let run = self.run(*choice, Self::is_cancelled, true)?;
                self.late.remove(&run)?.run().ok();
            }
            Act::ReRun(choice) => {
                let run = self.run(*choice, Self::has_ended, true)?;
                self.late.remove(&run);
                self.stage.gitea.world().rerun(run);
            }
            Act::Event(choice) => {
                let events = self.stage.gitea.world().run_events.clone();
                let event = events.iter().rev().nth(choice % events.len().max(1))?;
                // A pending status whose response was lost is not set again.
                self.stage.report_by(event).run();
                return Some(event.run.id);
            }
            Act::Reconcile => drop(self.stage.reconcile().run().ok()),
            Act::LoseAnswer(path) => self.stage.gitea.inject("POST", path, 1, Fault::WorkThenHangUp),
        }
        None
    }

    fn dispatch(&mut self) {
        self.stage.dispatch().run().ok();
        let last = self.stage.gitea.world().runs.last().map(|run| run.id);
        self.heads.entry(last.unwrap()).or_insert_with(|| self.sha.clone());
    }

    fn start(&mut self, run: u64) {
        self.stage.gitea.world().start_run(run);
        self.late.insert(run, self.stage.report(run).input("status", "auto failure"));
    }

    fn end(&mut self, run: usize, job: usize, outcome: &'static str, reported: bool) -> Option<()> {
        let run = self.run(run, Self::has_ended, false)?;
        let running = |id| {
            let jobs = self.stage.gitea.world().run(id).jobs.clone();
            jobs.into_iter().filter(|job| job.progress == Progress::Running).collect::<Vec<_>>()
        };
        let mut jobs = running(run);
        if jobs.is_empty() {
            self.start(run);
            jobs = self.stage.gitea.world().run(run).jobs.clone();
        }
        let job = &jobs[job % jobs.len()];
        if reported {
            // The job's own attempt. A job that no runner took in the previous attempt is behind its run.
            let step = self.stage.report(run).var("GITHUB_RUN_ATTEMPT", &job.attempt.to_string());
            self.report(run, step.input("status", &format!("auto {outcome}")), outcome);
        }
        self.stage.gitea.world().finish_job(run, &job.name, outcome);
        Some(())
    }

    /// A report in a job. It looks for the end of the other jobs for some seconds, in vain. Here this time is cut
    /// short.
    fn report(&mut self, run: u64, step: Step, outcome: &str) {
        let attempt = self.stage.gitea.world().run(run).attempt;
        if outcome == "failure" {
            self.failure_reported.insert((run, attempt));
        }
        self.stage.gitea.inject("GET", "/jobs", 1, Fault::Delay(Duration::ZERO));
        self.stage.gitea.inject("GET", "/jobs", 1, Fault::Answer(Answer::new(403, "application/json", "{}")));
        step.run().ok();
        self.stage.gitea.clear_faults();
    }

    /// Chooses one of the runs for which the condition is as expected.
    fn run(&self, choice: usize, condition: fn(&Self, u64) -> bool, expected: bool) -> Option<u64> {
        let ids: Vec<u64> = self.stage.gitea.world().runs.iter().map(|run| run.id).collect();
        let ids: Vec<u64> = ids.into_iter().filter(|id| condition(self, *id) == expected).collect();
        (!ids.is_empty()).then(|| ids[choice % ids.len()])
    }

    /// The conclusions of a run's jobs; `None` is a job that has not ended. Empty for a deleted run.
    fn conclusions(&self, run: u64) -> Vec<Option<String>> {
        let world = self.stage.gitea.world();
        let jobs = world.runs.iter().filter(|other| other.id == run).flat_map(|run| &run.jobs);
        let conclusion = |progress: &Progress| match progress {
            Progress::Completed(conclusion) => Some(conclusion.clone()),
            Progress::Queued | Progress::Running => None,
        };
        jobs.map(|job| conclusion(&job.progress)).collect()
    }

    fn is_cancelled(&self, run: u64) -> bool {
        self.has_ended(run) && self.conclusions(run).contains(&Some("cancelled".to_owned()))
    }

    pub(super) fn has_ended(&self, run: u64) -> bool {
        !self.deleted.contains_key(&run) && self.conclusions(run).iter().all(Option::is_some)
    }

    /// The state that shows the end of a run; `None` if it has not ended or was deleted.
    pub(super) fn end_of(&self, run: u64) -> Option<&'static str> {
        let is_fine = |conclusion: &Option<String>| conclusion.as_deref() == Some("success");
        let all_fine = self.conclusions(run).iter().all(is_fine);
        self.has_ended(run).then_some(if all_fine { "success" } else { "failure" })
    }

    /// The status of a run's head, if it links to that run.
    pub(super) fn status_of(&self, run: u64) -> Option<Status> {
        let statuses = self.stage.gitea.world().statuses(SOURCE, self.heads.get(&run)?);
        statuses.into_iter().find(|status| status.target_url.ends_with(&format!("/actions/runs/{run}")))
    }

    /// The attempt of an existing run.
    pub(super) fn attempt(&self, run: u64) -> u64 {
        self.stage.gitea.world().run(run).attempt
    }
}
