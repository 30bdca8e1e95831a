//! The progress of a run, according to its jobs.
//!
//! The run's own state is not used: it is already a failure while a job that needs the failed job still has to run.

use std::time::Duration;

use time::OffsetDateTime;

use super::FailedJobs;
use crate::forge::{Error, Gitea, Job, RunJobs};
use crate::types::{Ending, Outcome, RepoName, RunId};

/// How far a run has come.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Progress {
    /// It has waited for a runner since this time.
    Queued(Option<OffsetDateTime>),
    /// It waits for another run, has begun, or waits between two jobs.
    Running {
        /// When it was created.
        created: Option<OffsetDateTime>,
        /// Whether a runner has started one of its jobs.
        has_begun: bool,
    },
    Ended(End),
    /// It was deleted.
    Gone,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct End {
    /// The worst outcome of its jobs, and the time from the first job's start to the last job's end.
    pub(crate) ending: Ending,
    /// The attempt, counted from 1.
    pub(crate) attempt: u32,
    pub(crate) failed: FailedJobs,
}

/// A run whose state is unknown.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    /// The server gives the same response for a deleted run and for a hidden repository.
    #[error(
        "{0} is missing, or hidden from the token, so the outcome of its run is unknown. Check the name in `target`, \
         and check that the token's account can still read that repository"
    )]
    Hidden(RepoName),
    #[error(transparent)]
    Server(#[from] Error),
}

impl Progress {
    /// Reads how far a run has come.
    pub(crate) async fn read(gitea: &Gitea, target: &RepoName, run: RunId) -> Result<Self, Unreadable> {
        let jobs = gitea.run_jobs(target, run).await;
        Self::after(gitea, target, run, jobs).await
    }

    /// The same, given the first response about its jobs.
    pub(crate) async fn after(
        gitea: &Gitea,
        target: &RepoName,
        run: RunId,
        jobs: Result<RunJobs, Error>,
    ) -> Result<Self, Unreadable> {
        match jobs {
            Ok(RunJobs { jobs, .. }) if !jobs.is_empty() => Ok(Self::of_jobs(&jobs)),
            // A new run may have no jobs yet. For a deleted run, the list is empty too. That the server returns the
            // list shows that the repository is visible.
            Ok(_) if gitea.run(target, run).await?.is_some() => Ok(Self::Running { created: None, has_begun: false }),
            Ok(_) => Ok(Self::Gone),
            Err(error) if error.is_missing_run() => Self::gone(gitea, target, run).await,
            Err(error) => Err(error.into()),
        }
    }

    /// After the first 404 of Gitea: the run is gone if Gitea repeats it and the repository is visible.
    async fn gone(gitea: &Gitea, target: &RepoName, run: RunId) -> Result<Self, Unreadable> {
        match gitea.repository(target).await {
            Ok(_) if gitea.run(target, run).await?.is_some() => Ok(Self::Running { created: None, has_begun: false }),
            Ok(_) => Ok(Self::Gone),
            Err(error) if error.is_not_found() => Err(Unreadable::Hidden(target.clone())),
            Err(error) => Err(error.into()),
        }
    }

    fn of_jobs(jobs: &[Job]) -> Self {
        if jobs.iter().any(|job| job.conclusion().is_none()) {
            let created = jobs.iter().filter_map(|job| job.created_at()).min();
            let has_begun = jobs.iter().any(|job| job.started_at().is_some());
            return match jobs.iter().any(|job| job.is_queued()) && !has_begun {
                true => Self::Queued(created),
                false => Self::Running { created, has_begun },
            };
        }
        let attempt = attempt(jobs);
        let completed = jobs.iter().filter_map(|job| job.completed_at()).max();
        let elapsed = began(jobs, attempt).zip(completed).and_then(|(start, end)| Duration::try_from(end - start).ok());
        let outcome = jobs.iter().filter_map(|job| job.conclusion()).map(Outcome::new).max();
        let ending = Ending { outcome: outcome.unwrap_or(Outcome::Skipped), elapsed };
        Self::Ended(End { ending, attempt: attempt.max(1), failed: FailedJobs::of(jobs) })
    }
}

/// The newest attempt of a run; 0 if no runner has taken one of its jobs yet.
pub(crate) fn attempt(jobs: &[Job]) -> u32 {
    jobs.iter().map(|job| job.run_attempt).max().unwrap_or_default()
}

/// When the first job of an attempt began. From 1.27 on, a re-run of some jobs copies the others into the new attempt:
/// they began before they were created.
pub(crate) fn began(jobs: &[Job], attempt: u32) -> Option<OffsetDateTime> {
    let of_attempt = || jobs.iter().filter(|job| job.run_attempt == attempt);
    let created = of_attempt().filter_map(Job::created_at).min();
    of_attempt().filter_map(Job::started_at).filter(|started| created.is_none_or(|created| *started >= created)).min()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn progress(jobs: &[Value]) -> Progress {
        let jobs: Vec<Job> = jobs.iter().map(|job| serde_json::from_value(job.clone()).unwrap()).collect();
        Progress::of_jobs(&jobs)
    }

    fn job(name: &str, state: &str, conclusion: Option<&str>, attempt: u32, times: [u8; 2]) -> Value {
        let time = |minute: u8| match minute {
            0 => "1970-01-01T00:00:00Z".to_owned(),
            minute => format!("2026-01-01T00:{minute:02}:00Z"),
        };
        json!({
            "name": name, "status": state, "conclusion": conclusion, "run_attempt": attempt,
            "created_at": "2026-01-01T00:00:00Z", "started_at": time(times[0]), "completed_at": time(times[1]),
        })
    }

    fn end(outcome: &str, elapsed: Option<u64>, attempt: u32, failed: &[&Value]) -> Progress {
        let (outcome, elapsed) = (Outcome::new(outcome), elapsed.map(Duration::from_secs));
        let jobs = failed.iter().map(|job| serde_json::from_value((*job).clone()).unwrap()).collect();
        Progress::Ended(End {
            ending: Ending { outcome, elapsed },
            attempt,
            failed: FailedJobs { jobs, has_steps: false },
        })
    }

    #[test]
    fn run_has_ended_when_all_of_its_jobs_have() {
        let failed = job("build", "completed", Some("failure"), 1, [1, 2]);
        let asked = Some(OffsetDateTime::from_unix_timestamp(1_767_225_600).unwrap());
        let blocked = job("report", "waiting", None, 0, [0, 0]);
        assert_eq!(progress(&[failed.clone(), blocked.clone()]), Progress::Running { created: asked, has_begun: true });
        let done = job("report", "completed", Some("success"), 1, [2, 4]);
        assert_eq!(progress(&[failed.clone(), done]), end("failure", Some(180), 1, &[&failed]));
        let queued = job("build", "queued", None, 0, [0, 0]);
        assert_eq!(progress(&[queued, blocked.clone()]), Progress::Queued(asked));
        // The run waits for another run, not for a runner.
        assert_eq!(progress(&[blocked]), Progress::Running { created: asked, has_begun: false });
    }

    #[test]
    fn run_that_no_runner_took_has_no_time() {
        assert_eq!(
            progress(&[job("build", "completed", Some("cancelled"), 0, [0, 3])]),
            end("cancelled", None, 1, &[])
        );
    }

    #[test]
    fn re_run_counts_together_with_the_jobs_that_it_left_out() {
        let kept = job("lint", "completed", Some("failure"), 1, [1, 2]);
        let again = job("build", "completed", Some("success"), 2, [10, 12]);
        assert_eq!(progress(&[kept.clone(), again]), end("failure", Some(120), 2, &[&kept]));
    }

    #[test]
    fn re_run_of_some_jobs_began_after_its_copies_of_the_others() {
        // From 1.27 on, all jobs have the number of the new attempt. They were created when it was.
        let created = |mut job: Value| {
            job["created_at"] = json!("2026-01-01T00:09:00Z");
            job
        };
        let kept = created(job("lint", "completed", Some("success"), 2, [1, 2]));
        let again = created(job("build", "completed", Some("success"), 2, [10, 12]));
        assert_eq!(progress(&[kept, again]), end("success", Some(120), 2, &[]));
    }

    #[test]
    fn jobs_with_the_same_name_all_count() {
        let done = job("build", "completed", Some("success"), 1, [1, 2]);
        let queued = job("build", "queued", None, 0, [0, 0]);
        assert!(matches!(progress(&[done.clone(), queued]), Progress::Running { has_begun: true, .. }));
        let cancelled = job("build", "completed", Some("cancelled"), 0, [0, 3]);
        assert_eq!(progress(&[done, cancelled]), end("cancelled", Some(120), 1, &[]));
        let failed = job("build", "completed", Some("failure"), 1, [1, 2]);
        let again = job("build", "completed", Some("success"), 2, [10, 12]);
        assert_eq!(progress(&[failed.clone(), again]), end("failure", Some(120), 2, &[&failed]));
    }
}
