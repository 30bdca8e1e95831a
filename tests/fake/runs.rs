//! Runs and their jobs: what a runner and the buttons of the web page do to them.

use std::collections::BTreeMap;

use super::events::Action;
use super::jobs::{Job, JobStep, Progress};
use super::{Version, World};

/// One run of a workflow.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    /// Unique on the server.
    pub(crate) id: u64,
    /// Unique in the repository.
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
    /// The `display_title`: the workflow's `run-name:`, or the commit's first line. A test may forge it.
    pub(crate) title: String,
    pub(crate) inputs: BTreeMap<String, String>,
    pub(crate) progress: Progress,
    /// Up to 1.26, the `run_attempt` of a run in the API is always 0. A job sees this value as `GITHUB_RUN_ATTEMPT`.
    pub(crate) attempt: u64,
    /// Zero until it starts, which is 1970 in an answer.
    pub(crate) started_at: i64,
    /// Zero until it ends.
    pub(crate) completed_at: i64,
    pub(crate) jobs: Vec<Job>,
}

impl Run {
    /// Gitea's own rule for the progress of a run with several jobs. It can be `failure` while a job is still to come
    /// (one that waits by `needs` and has `if: always()`), and `cancelled` while jobs are in progress (read).
    fn settle(&mut self, now: i64) {
        let conclusion = |job: &Job| match &job.progress {
            Progress::Completed(conclusion) => Some(conclusion.clone()),
            Progress::Queued | Progress::Running => None,
        };
        let ended: Vec<String> = self.jobs.iter().filter_map(conclusion).collect();
        let all_ended = ended.len() == self.jobs.len();
        let is_fine = |conclusion: &String| ["success", "skipped"].contains(&conclusion.as_str());
        let any = |progress: &Progress| self.jobs.iter().any(|job| job.progress == *progress && !job.blocked);
        let completed = |outcome: &str| Progress::Completed(outcome.to_owned());
        self.progress = if all_ended && ended.iter().all(|conclusion| conclusion == "skipped") {
            completed("skipped")
        } else if all_ended && ended.iter().all(is_fine) {
            completed("success")
        } else if ended.iter().any(|conclusion| conclusion == "cancelled") {
            completed("cancelled")
        } else if any(&Progress::Running) {
            Progress::Running
        } else if any(&Progress::Queued) {
            Progress::Queued
        } else if !ended.iter().all(is_fine) {
            completed("failure")
        } else {
            Progress::Queued
        };
        if self.started_at == 0 && self.progress == Progress::Running {
            self.started_at = now;
        }
        if matches!(self.progress, Progress::Completed(_)) {
            self.completed_at = now;
        }
    }

    /// Only jobs that wait for others are left: `waiting` in the API.
    pub(super) fn is_blocked(&self) -> bool {
        let mut queued = self.jobs.iter().filter(|job| job.progress == Progress::Queued).peekable();
        self.progress == Progress::Queued && queued.peek().is_some() && queued.all(|job| job.blocked)
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
        let workflow_file = repository.workflow(workflow).clone();
        let title = workflow_file.run_title(workflow, &inputs);
        let first_job = self.next_job_id;
        self.next_job_id += workflow_file.jobs.len() as u64;
        // From 1.27 on, a job belongs to an attempt. Before, the runner that takes it sets the attempt.
        let attempt = u64::from(self.version >= Version::V1_27);
        let job = |(id, name): (u64, &String)| Job {
            blocked: workflow_file.jobs_with_needs.contains(name),
            ..Job::new(id, name, now, attempt)
        };
        let jobs = (first_job..).zip(&workflow_file.jobs).map(job).collect();
        self.runs.push(Run {
            id,
            number,
            repository: repo.to_owned(),
            workflow: workflow.to_owned(),
            git_ref: git_ref.to_owned(),
            sha: sha.to_owned(),
            event: "workflow_dispatch".to_owned(),
            actor: actor.to_owned(),
            title,
            inputs,
            progress: Progress::Queued,
            attempt: 1,
            started_at: 0,
            completed_at: 0,
            jobs,
        });
        self.notify(id, Action::Requested);
        id
    }

    /// Queues a run of the pull request's own workflow file. The author wrote the file, so the author chooses the
    /// title.
    pub(crate) fn add_pull_request_run(&mut self, repo: &str, number: u64, workflow: &str, title: &str) -> u64 {
        let pull = self.repository(repo).pull(number).clone();
        let git_ref = format!("refs/pull/{number}/head");
        let id = self.add_run(repo, workflow, &git_ref, &pull.head_sha, &pull.author, BTreeMap::new());
        let run = self.run(id);
        run.event = "pull_request".to_owned();
        run.title = cut_title(title);
        // `add_run` sent it too early.
        self.run_events.pop();
        self.notify(id, Action::Requested);
        id
    }

    /// The run of that id, which must exist.
    pub(crate) fn run(&mut self, id: u64) -> &mut Run {
        self.runs.iter_mut().find(|run| run.id == id).expect("a run that was started")
    }

    /// The job of that name, which must exist.
    pub(crate) fn job(&mut self, run: u64, name: &str) -> &mut Job {
        self.run(run).jobs.iter_mut().find(|job| job.name == name).expect("a job of the run")
    }

    /// Adds a queued job to the run, as in a matrix.
    pub(crate) fn add_job(&mut self, run: u64, name: &str) {
        let (now, id) = (self.now(), self.next_job_id);
        self.next_job_id += 1;
        let attempt = u64::from(self.version >= Version::V1_27);
        self.run(run).jobs.push(Job::new(id, name, now, attempt));
    }

    /// A runner takes every queued job, but not those that wait for others.
    pub(crate) fn start_run(&mut self, id: u64) {
        let queued = |job: &&Job| job.progress == Progress::Queued && !job.blocked;
        let names: Vec<String> = self.run(id).jobs.iter().filter(queued).map(|job| job.name.clone()).collect();
        for name in names {
            self.take_job(id, &name);
        }
        let now = self.now();
        let run = self.run(id);
        run.progress = Progress::Running;
        run.started_at = now;
        self.notify(id, Action::InProgress);
    }

    /// A runner takes one job, even one that waited for others: they have ended.
    pub(crate) fn start_job(&mut self, run: u64, job: &str) {
        self.take_job(run, job);
        let now = self.now();
        self.run(run).settle(now);
        self.notify(run, Action::InProgress);
    }

    fn take_job(&mut self, run: u64, job: &str) {
        let (now, task) = (self.now(), self.next_task_id);
        self.next_task_id += 1;
        let by_attempt = self.version >= Version::V1_27;
        let attempt = self.run(run).attempt;
        let job = self.job(run, job);
        let attempt = if by_attempt { attempt } else { job.attempt + 1 };
        job.start(now, task, attempt);
    }

    /// One job ends, and the run with it if it was the last.
    pub(crate) fn finish_job(&mut self, id: u64, job: &str, conclusion: &str) {
        let now = self.now();
        self.job(id, job).complete(now, conclusion);
        let run = self.run(id);
        run.settle(now);
        if matches!(run.progress, Progress::Completed(_)) {
            self.notify(id, Action::Completed);
        }
    }

    /// The job runs for `seconds` by the world's clock, and fails in that step. The step before it has succeeded, the
    /// step after it is skipped. The job is started first if necessary.
    pub(crate) fn fail_job(&mut self, run: u64, job: &str, step: &str, seconds: i64) {
        if self.job(run, job).progress == Progress::Queued {
            self.start_job(run, job);
        }
        self.advance(seconds);
        let now = self.now();
        let completed = |conclusion: &str| Progress::Completed(conclusion.to_owned());
        let job_ = self.job(run, job);
        let started = job_.started_at;
        job_.steps = vec![
            JobStep::new("Run actions/checkout@v4", completed("success"), started, started),
            JobStep::new(step, completed("failure"), started, now),
            JobStep::new("Run make install", completed("skipped"), now, now),
        ];
        self.finish_job(run, job, "failure");
    }

    /// Gives a job a log of these lines. Each has its time before it, as the runner writes it. `job.log` takes any
    /// bytes.
    pub(crate) fn set_log(&mut self, run: u64, job: &str, lines: &[&str]) {
        let log: String = lines.iter().map(|line| format!("2026-11-26T07:55:23.3446073Z {line}\n")).collect();
        self.job(run, job).log = Some(log.into_bytes());
    }

    /// Every job that has not ended ends with this conclusion, and so does the run.
    pub(crate) fn finish_run(&mut self, id: u64, conclusion: &str) {
        self.end_run(id, conclusion);
        self.notify(id, Action::Completed);
    }

    fn end_run(&mut self, id: u64, conclusion: &str) {
        let now = self.now();
        let run = self.run(id);
        for job in &mut run.jobs {
            job.complete(now, conclusion);
        }
        run.progress = Progress::Completed(conclusion.to_owned());
        run.completed_at = now;
    }

    /// The button "Cancel". No step runs afterwards, not even one with `if: always()`. 1.25 sends no event about it
    /// while a job runs.
    pub(crate) fn cancel_run(&mut self, id: u64) {
        let silent = self.version < Version::V1_26 && self.run(id).progress == Progress::Running;
        self.end_run(id, "cancelled");
        if !silent {
            self.notify(id, Action::Completed);
        }
    }

    /// The button "Delete".
    pub(crate) fn delete_run(&mut self, id: u64) {
        self.runs.retain(|run| run.id != id);
    }

    /// The button "Re-run all jobs": the same id and number, and one more attempt. In 1.27 the jobs of an attempt have
    /// ids of their own (read).
    pub(crate) fn rerun(&mut self, id: u64) {
        let by_attempt = self.version >= Version::V1_27;
        let mut next_job_id = self.next_job_id;
        let workflow = {
            let run = self.run(id).clone();
            self.repository(&run.repository).workflow(&run.workflow).clone()
        };
        let run = self.run(id);
        run.attempt += 1;
        run.progress = Progress::Queued;
        run.started_at = 0;
        run.completed_at = 0;
        for job in &mut run.jobs {
            job.queue_again();
            job.blocked = workflow.jobs_with_needs.contains(&job.name);
            if by_attempt {
                (job.id, job.attempt) = (next_job_id, run.attempt);
                next_job_id += 1;
            }
        }
        self.next_job_id = next_job_id;
        self.notify(id, Action::Requested);
    }

    /// The address of the run's page: by number up to 1.25, by id from 1.26.
    pub(crate) fn run_url(&self, run: &Run) -> String {
        format!("{}/{}/actions/runs/{}", self.pages(), run.repository, self.run_in_url(run))
    }

    fn run_in_url(&self, run: &Run) -> u64 {
        if self.version < Version::V1_26 { run.number } else { run.id }
    }

    /// Up to 1.25, a dispatch cancels the unfinished runs of the same workflow at the same ref.
    pub(super) fn cancel_earlier_runs(&mut self, repo: &str, workflow: &str, git_ref: &str) {
        let same = |run: &&Run| run.repository == repo && run.workflow == workflow && run.git_ref == git_ref;
        let unfinished = |run: &&Run| !matches!(run.progress, Progress::Completed(_));
        let ids: Vec<u64> = self.runs.iter().filter(same).filter(unfinished).map(|run| run.id).collect();
        for id in ids {
            self.finish_run(id, "cancelled");
        }
    }
}

/// A title as the server stores it. If it has more than 255 columns, it is cut so that there is room for an ellipsis
/// (read). Characters beyond ASCII take two columns.
pub(super) fn cut_title(title: &str) -> String {
    const COLUMNS: usize = 255;
    let width = |c: char| if c.is_ascii() { 1 } else { 2 };
    if title.chars().map(width).sum::<usize>() <= COLUMNS {
        return title.to_owned();
    }
    let mut used = 0;
    let kept = title.chars().take_while(|c| {
        used += width(*c);
        used + 3 <= COLUMNS
    });
    kept.collect::<String>() + "…"
}
