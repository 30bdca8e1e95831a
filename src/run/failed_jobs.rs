//! Which jobs of a run failed.

use crate::forge::Job;

/// The jobs of a run that failed or timed out, the worst first, and in the server's order among equals.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct FailedJobs {
    pub(crate) jobs: Vec<Job>,
    /// Whether the server lists the steps of jobs.
    pub(crate) has_steps: bool,
}

impl FailedJobs {
    /// The failed jobs among all jobs of a run. Cancelled jobs are left out, since most are cancelled because another
    /// job failed. A job that has not ended, such as the reporting job, is left out too.
    pub(crate) fn of(jobs: &[Job]) -> Self {
        let mut failed: Vec<_> = jobs
            .iter()
            .filter_map(|job| Some((job.outcome().filter(|outcome| outcome.is_failed())?, job.clone())))
            .collect();
        failed.sort_by(|(one, _), (other, _)| other.cmp(one));
        Self { jobs: failed.into_iter().map(|(_, job)| job).collect(), has_steps: jobs.iter().any(Job::has_steps) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn failed_jobs_come_with_the_worst_first() {
        let job = |name: &str, conclusion: Option<&str>, attempt: u32| json!({"name": name, "conclusion": conclusion, "run_attempt": attempt});
        let jobs = json!([
            job("docs", Some("timed_out"), 1),
            job("lint", Some("failure"), 1),
            job("build", Some("failure"), 1),
            job("test", Some("cancelled"), 1),
            job("deploy", Some("skipped"), 1),
            job("report", None, 1),
            job("odd", Some("exploded"), 1),
            job("bench", Some("failure"), 2),
        ]);
        let jobs: Vec<Job> = serde_json::from_value(jobs).unwrap();

        let failed = FailedJobs::of(&jobs);

        let names: Vec<_> = failed.jobs.iter().map(|job| job.name.as_str()).collect();
        assert_eq!(names, ["odd", "lint", "build", "bench", "docs"]);
        assert!(!failed.has_steps);
    }
}
