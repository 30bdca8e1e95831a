//! How a run ended, as its own report sees it: from what the step was given and from the run's other jobs.

#[cfg(test)]
mod property_tests;

use std::time::Duration;

use time::OffsetDateTime;

use super::progress::latest;
use crate::forge::RunJobs;
use crate::text::one_line;
use crate::types::{Ending, Outcome};

/// Neither the step nor the jobs say how the run ended.
#[derive(Debug, thiserror::Error)]
#[error(
    "The outcome of this run is not known: input `status` gives none, and the run's jobs tell none either; \
     set `status`, for example to ${{{{ needs.build.result }}}}"
)]
pub(crate) struct NoOutcome;

/// How the run ended so far, and why that is said.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) ending: Ending,
    pub(crate) because: String,
}

impl Verdict {
    /// The worst of the given outcomes and, with `auto`, of those of the run's finished jobs.
    pub(crate) fn new(auto: bool, given: &[Outcome], attempt: u32, jobs: Option<RunJobs>) -> Result<Self, NoOutcome> {
        let RunJobs { jobs, answered_at } = jobs.unwrap_or(RunJobs { jobs: Vec::new(), answered_at: None });
        let mut outcomes = given.to_vec();
        let mut because: Vec<String> =
            outcomes.iter().map(|outcome| format!("status: {}", one_line(outcome.as_str()))).collect();
        if auto {
            for job in latest(&jobs) {
                if let Some(conclusion) = job.conclusion() {
                    because.push(format!("job {}: {}", one_line(&job.name), one_line(conclusion)));
                    outcomes.push(Outcome::new(conclusion));
                }
            }
        }
        let outcome = outcomes.into_iter().max().ok_or(NoOutcome)?;
        let now = answered_at.unwrap_or_else(OffsetDateTime::now_utc);
        let started = jobs.iter().filter(|job| job.run_attempt == attempt).filter_map(|job| job.started_at()).min();
        // A start in the future is of a clock that cannot be compared.
        let elapsed = started.and_then(|started| Duration::try_from(now - started).ok());
        Ok(Self { ending: Ending { outcome, elapsed }, because: because.join(", ") })
    }
}
