//! Runs and their jobs: what a runner and the buttons of the web page do to them.

use std::collections::BTreeMap;

use super::World;

/// How far a run or a job has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Progress {
    Queued,
    Running,
    /// With its conclusion: `success`, `failure`, `cancelled`, `skipped`, or any other text that a test wants.
    Completed(String),
}

/// One run of a workflow.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    /// Counted over the whole server.
    pub(crate) id: u64,
    /// Counted in the repository.
    pub(crate) number: u64,
    /// `owner/name`.
    pub(crate) repository: String,
    /// The workflow's file name.
    pub(crate) workflow: String,
    /// In full: `refs/heads/main`.
    pub(crate) git_ref: String,
    pub(crate) sha: String,
    pub(crate) event: String,
    pub(crate) actor: String,
    pub(crate) inputs: BTreeMap<String, String>,
    pub(crate) progress: Progress,
    /// Up to 1.26 the API's `run_attempt` of a run is always 0; a job sees this as `GITHUB_RUN_ATTEMPT`.
    pub(crate) attempt: u64,
    /// Zero until it starts, which is 1970 in an answer.
    pub(crate) started_at: i64,
    /// Zero until it ends.
    pub(crate) completed_at: i64,
    pub(crate) jobs: Vec<Job>,
}

/// One job of a run.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) progress: Progress,
    /// Zero until a runner has taken it.
    pub(crate) attempt: u64,
    pub(crate) created_at: i64,
    pub(crate) started_at: i64,
    pub(crate) completed_at: i64,
    /// What a runner was given, if one took the job.
    pub(crate) task: Option<u64>,
}

impl Job {
    fn start(&mut self, now: i64, task: u64) {
        self.progress = Progress::Running;
        self.attempt += 1;
        self.started_at = now;
        self.task = Some(task);
    }

    fn complete(&mut self, now: i64, conclusion: &str) {
        if !matches!(self.progress, Progress::Completed(_)) {
            self.progress = Progress::Completed(conclusion.to_owned());
            self.completed_at = now;
        }
    }
}

impl Run {
    /// Gitea's own rule for the outcome of several jobs, once all are done.
    fn settle(&mut self, now: i64) {
        let conclusions: Option<Vec<&str>> = self
            .jobs
            .iter()
            .map(|job| match &job.progress {
                Progress::Completed(conclusion) => Some(conclusion.as_str()),
                Progress::Queued | Progress::Running => None,
            })
            .collect();
        let Some(conclusions) = conclusions else { return };
        let outcome = if conclusions.iter().all(|conclusion| *conclusion == "skipped") {
            "skipped"
        } else if conclusions.contains(&"cancelled") {
            "cancelled"
        } else if conclusions.iter().all(|conclusion| ["success", "skipped"].contains(conclusion)) {
            "success"
        } else {
            "failure"
        };
        self.progress = Progress::Completed(outcome.to_owned());
        self.completed_at = now;
    }
}

impl World {
    /// Queues a run, as a dispatch does, and gives its id. The workflow must exist.
    pub(crate) fn add_run(
        &mut self,
        repo: &str,
        workflow: &str,
        git_ref: &str,
        sha: &str,
        actor: &str,
        inputs: BTreeMap<String, String>,
    ) -> u64 {
        let now = self.now();
        let id = self.next_run_id;
        self.next_run_id += 1;
        let repository = self.repository(repo);
        let number = repository.next_run_number;
        repository.next_run_number += 1;
        let names = repository.workflow(workflow).jobs.clone();
        let first_job = self.next_job_id;
        self.next_job_id += names.len() as u64;
        let jobs = (first_job..)
            .zip(names)
            .map(|(id, name)| Job {
                id,
                name,
                progress: Progress::Queued,
                attempt: 0,
                created_at: now,
                started_at: 0,
                completed_at: 0,
                task: None,
            })
            .collect();
        self.runs.push(Run {
            id,
            number,
            repository: repo.to_owned(),
            workflow: workflow.to_owned(),
            git_ref: git_ref.to_owned(),
            sha: sha.to_owned(),
            event: "workflow_dispatch".to_owned(),
            actor: actor.to_owned(),
            inputs,
            progress: Progress::Queued,
            attempt: 1,
            started_at: 0,
            completed_at: 0,
            jobs,
        });
        id
    }

    /// The run of that id, which must exist.
    pub(crate) fn run(&mut self, id: u64) -> &mut Run {
        self.runs.iter_mut().find(|run| run.id == id).expect("a run that was started")
    }

    /// A runner takes every queued job.
    pub(crate) fn start_run(&mut self, id: u64) {
        let (now, mut task) = (self.now(), self.next_task_id);
        let run = self.run(id);
        run.progress = Progress::Running;
        run.started_at = now;
        for job in run.jobs.iter_mut().filter(|job| job.progress == Progress::Queued) {
            job.start(now, task);
            task += 1;
        }
        self.next_task_id = task;
    }

    /// One job ends, and the run with it if it was the last.
    pub(crate) fn finish_job(&mut self, id: u64, job: &str, conclusion: &str) {
        let now = self.now();
        let run = self.run(id);
        run.jobs.iter_mut().find(|other| other.name == job).expect("a job of the run").complete(now, conclusion);
        run.settle(now);
    }

    /// Every job that has not ended ends like this, and so does the run, with the very conclusion given.
    pub(crate) fn finish_run(&mut self, id: u64, conclusion: &str) {
        let now = self.now();
        let run = self.run(id);
        for job in &mut run.jobs {
            job.complete(now, conclusion);
        }
        run.progress = Progress::Completed(conclusion.to_owned());
        run.completed_at = now;
    }

    /// The button "Cancel". No step runs afterwards, not even one with `if: always()`.
    pub(crate) fn cancel_run(&mut self, id: u64) {
        self.finish_run(id, "cancelled");
    }

    /// The button "Delete".
    pub(crate) fn delete_run(&mut self, id: u64) {
        self.runs.retain(|run| run.id != id);
    }

    /// The button "Re-run all jobs": the same id and number, and one more attempt.
    pub(crate) fn rerun(&mut self, id: u64) {
        let run = self.run(id);
        run.attempt += 1;
        run.progress = Progress::Queued;
        run.started_at = 0;
        run.completed_at = 0;
        for job in &mut run.jobs {
            job.progress = Progress::Queued;
            job.started_at = 0;
            job.completed_at = 0;
            job.task = None;
        }
    }

    /// The address of the run's page: by number up to 1.25, by id from 1.26.
    pub(crate) fn run_url(&self, run: &Run) -> String {
        format!("{}/{}/actions/runs/{}", self.root_url, run.repository, self.run_in_url(run))
    }

    pub(super) fn run_in_url(&self, run: &Run) -> u64 {
        if self.version < super::Version::V1_26 { run.number } else { run.id }
    }

    /// Up to 1.25 a dispatch cancels what still runs of the same workflow at the same ref.
    pub(super) fn cancel_earlier_runs(&mut self, repo: &str, workflow: &str, git_ref: &str) {
        let same = |run: &&Run| run.repository == repo && run.workflow == workflow && run.git_ref == git_ref;
        let unfinished = |run: &&Run| !matches!(run.progress, Progress::Completed(_));
        let ids: Vec<u64> = self.runs.iter().filter(same).filter(unfinished).map(|run| run.id).collect();
        for id in ids {
            self.cancel_run(id);
        }
    }
}
