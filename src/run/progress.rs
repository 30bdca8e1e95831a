//! How far a run has come, as its jobs tell it.
//!
//! The run itself is not asked: it says that it has failed while a job that needs the failed one is still to come.

use std::time::Duration;

use time::OffsetDateTime;

use crate::forge::{Error, Gitea, Job, RunJobs};
use crate::types::{Ending, Outcome, RepoName, RunId};

/// How far a run has come.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Progress {
    /// No runner has begun with it, and one is waited for; asked for at that time.
    Queued(Option<OffsetDateTime>),
    /// It waits for another run, has begun, or waits between two jobs; asked for at that time.
    Running(Option<OffsetDateTime>),
    Ended(End),
    /// It was deleted.
    Gone,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct End {
    /// The worst of its jobs', and the time from the first job's start to the last one's end.
    pub(crate) ending: Ending,
    /// Counts the re-runs, from 1.
    pub(crate) attempt: u32,
}

/// A run whose state cannot be told.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    /// The server gives one answer for a run that was deleted and for all of a repository that is hidden.
    #[error(
        "{0} is missing, or hidden from the token, so nobody can tell what became of its run: see that the name in `target` is right, and \
         that the token's account can still read that repository"
    )]
    Hidden(RepoName),
    #[error(transparent)]
    Server(#[from] Error),
}

impl Progress {
    /// Reads how far a run has come.
    pub(crate) async fn read(gitea: &Gitea, target: &RepoName, run: RunId) -> Result<Self, Unreadable> {
        match gitea.run_jobs(target, run).await {
            Ok(RunJobs { jobs, .. }) if !jobs.is_empty() => Ok(Self::of_jobs(&jobs)),
            // The list is there for a run that is gone too, and tells that the repository can be seen. A run that has just been made
            // may have no jobs yet.
            Ok(_) => Ok(if gitea.has_run(target, run).await? { Self::Running(None) } else { Self::Gone }),
            Err(error) if error.is_not_found() => match gitea.repository(target).await {
                Ok(_) => Ok(Self::Gone),
                Err(error) if error.is_not_found() => Err(Unreadable::Hidden(target.clone())),
                Err(error) => Err(error.into()),
            },
            Err(error) => Err(error.into()),
        }
    }

    fn of_jobs(jobs: &[Job]) -> Self {
        if jobs.iter().any(|job| job.conclusion().is_none()) {
            let created = jobs.iter().filter_map(Job::created_at).min();
            let waits = jobs.iter().any(|job| job.state == "queued");
            return if waits && jobs.iter().all(|job| job.started_at().is_none()) {
                Self::Queued(created)
            } else {
                Self::Running(created)
            };
        }
        let attempt = jobs.iter().map(|job| job.run_attempt).max().unwrap_or_default();
        let latest = || latest(jobs);
        let started = latest().filter(|job| job.run_attempt == attempt).filter_map(Job::started_at).min();
        let completed = latest().filter_map(Job::completed_at).max();
        let elapsed = started.zip(completed).and_then(|(start, end)| Duration::try_from(end - start).ok());
        let outcome = latest().filter_map(Job::conclusion).map(Outcome::new).max().unwrap_or(Outcome::Skipped);
        Self::Ended(End { ending: Ending { outcome, elapsed }, attempt: attempt.max(1) })
    }
}

/// Of each job its last attempt: a re-run of some jobs keeps the others as they ended.
pub(crate) fn latest(jobs: &[Job]) -> impl Iterator<Item = &Job> {
    jobs.iter().filter(|job| {
        let same = jobs.iter().filter(|other| other.name == job.name);
        same.map(|other| other.run_attempt).max() == Some(job.run_attempt)
    })
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

    fn end(outcome: &str, elapsed: Option<u64>, attempt: u32) -> Progress {
        let (outcome, elapsed) = (Outcome::new(outcome), elapsed.map(Duration::from_secs));
        Progress::Ended(End { ending: Ending { outcome, elapsed }, attempt })
    }

    #[test]
    fn run_has_ended_when_all_of_its_jobs_have() {
        let failed = job("build", "completed", Some("failure"), 1, [1, 2]);
        let asked = Some(OffsetDateTime::from_unix_timestamp(1_767_225_600).unwrap());
        let blocked = job("report", "waiting", None, 0, [0, 0]);
        assert_eq!(progress(&[failed.clone(), blocked.clone()]), Progress::Running(asked));
        let done = job("report", "completed", Some("success"), 1, [2, 4]);
        assert_eq!(progress(&[failed, done]), end("failure", Some(180), 1));
        let queued = job("build", "queued", None, 0, [0, 0]);
        assert_eq!(progress(&[queued, blocked.clone()]), Progress::Queued(asked));
        // It waits for another run, not for a runner.
        assert_eq!(progress(&[blocked]), Progress::Running(asked));
    }

    #[test]
    fn run_that_no_runner_took_has_no_time() {
        assert_eq!(progress(&[job("build", "completed", Some("cancelled"), 0, [0, 3])]), end("cancelled", None, 1));
    }

    #[test]
    fn re_run_counts_with_the_jobs_that_it_left_out() {
        let kept = job("lint", "completed", Some("failure"), 1, [1, 2]);
        let again = job("build", "completed", Some("success"), 2, [10, 12]);
        assert_eq!(progress(&[kept, again]), end("failure", Some(120), 2));
        let first = job("build", "completed", Some("failure"), 1, [1, 2]);
        let second = job("build", "completed", Some("success"), 2, [10, 12]);
        assert_eq!(progress(&[first, second]), end("success", Some(120), 2));
    }
}
