//! How a run ended, as its own report sees it: from the step's input and the run's other jobs. Pure functions.

#[cfg(test)]
mod property_tests;

use std::time::Duration;

use time::OffsetDateTime;

use super::progress::began;
use crate::forge::RunJobs;
use crate::text::one_line;
use crate::types::{Ending, GivenStatus, Outcome, State};

/// What is known about the jobs of the run.
#[derive(Debug)]
pub(crate) enum JobsRead {
    Read(RunJobs),
    /// The server has such a list, but it could not be read.
    Unread,
    /// The server has no such list: before Gitea 1.25.
    NotThere,
}

/// How the run ended so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It has not ended, according to the step's input.
    Running,
    /// The step should have an outcome, but the input is empty.
    NotGiven,
    /// The jobs that decide could not be read.
    Unread,
    /// No failure so far; this many other jobs have not ended.
    WaitingForJobs(usize),
    Ended {
        ending: Ending,
        /// The reason for this outcome, for the log.
        because: String,
    },
}

impl Verdict {
    /// The worst of the given outcomes and, with `auto`, of the outcomes of the run's finished jobs. A success has to
    /// wait for the other jobs in progress.
    pub(crate) fn new(given: &GivenStatus, attempt: u32, jobs: &JobsRead) -> Self {
        let (auto, given) = match given {
            GivenStatus::Running => return Self::Running,
            GivenStatus::Empty => return Self::NotGiven,
            GivenStatus::Ended { auto, outcomes } => (*auto, outcomes),
        };
        let mut outcomes = given.clone();
        let mut because: Vec<String> =
            outcomes.iter().map(|outcome| format!("status: {}", one_line(outcome.as_str()))).collect();
        if let (true, JobsRead::Read(RunJobs { jobs, .. })) = (auto, jobs) {
            for job in jobs {
                if let Some(conclusion) = job.conclusion() {
                    because.push(format!("job {}: {}", one_line(&job.name), one_line(conclusion)));
                    outcomes.push(Outcome::new(conclusion));
                }
            }
        }
        let outcome = outcomes.into_iter().max();
        let has_failed =
            outcome.as_ref().is_some_and(|outcome| !matches!(outcome.state(), State::Success | State::Skipped));
        if !has_failed {
            match jobs {
                JobsRead::Unread if auto => return Self::Unread,
                JobsRead::Read(jobs) if others_under_way(jobs) > 0 => {
                    return Self::WaitingForJobs(others_under_way(jobs));
                }
                _ => {}
            }
        }
        match outcome {
            Some(outcome) => {
                let ending = Ending { outcome, elapsed: elapsed(jobs, attempt) };
                Self::Ended { ending, because: because.join(", ") }
            }
            None => Self::NotGiven,
        }
    }
}

/// How many jobs are in progress besides the reporting job. Jobs that need the reporting job do not count.
fn others_under_way(jobs: &RunJobs) -> usize {
    jobs.jobs.iter().filter(|job| job.is_under_way()).count().saturating_sub(1)
}

/// From the start of the attempt's first job to the server's response; `None` if no start is known.
fn elapsed(jobs: &JobsRead, attempt: u32) -> Option<Duration> {
    let JobsRead::Read(RunJobs { jobs, answered_at }) = jobs else { return None };
    let now = answered_at.unwrap_or_else(OffsetDateTime::now_utc);
    // A start in the future comes from a clock that cannot be compared.
    began(jobs, attempt).and_then(|began| Duration::try_from(now - began).ok())
}
