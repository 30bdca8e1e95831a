//! Runs of workflows: starting one, and its jobs.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use reqwest::Method;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::http::Answer;
use super::retry::{Again, DISPATCH, READ};
use super::server::page_by_id;
use super::{Error, Gitea, Kind, User};
use crate::links::{job_number_in, run_number_in};
use crate::types::{GitRef, JobId, JobNumber, Outcome, RepoName, RunId, RunNumber, RunRef, Workflow};

/// How many times a list of jobs is read if a job occurs twice in it.
const JOB_LISTS: u32 = 3;

/// The jobs of a run, and the time of the response.
#[derive(Debug, Default)]
pub(crate) struct RunJobs {
    pub(crate) jobs: Vec<Job>,
    /// The server's clock, which the jobs' times use too.
    pub(crate) answered_at: Option<OffsetDateTime>,
}

/// A run: the fields that are used.
#[derive(Debug, Deserialize)]
pub(crate) struct Run {
    /// What started it, such as `workflow_dispatch`.
    #[serde(default)]
    event: String,
    #[serde(default)]
    actor: Option<User>,
    /// Who started its latest attempt.
    #[serde(default)]
    trigger_actor: Option<User>,
}

impl Run {
    /// Whether this account dispatched or re-ran it.
    pub(crate) fn was_dispatched_by(&self, account: User) -> bool {
        self.event == "workflow_dispatch" && [self.actor, self.trigger_actor].contains(&Some(account))
    }
}

/// A job of a run: the fields that are used.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Job {
    #[serde(default)]
    pub(crate) id: Option<JobId>,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) html_url: String,
    /// 0 until a runner has taken the job.
    #[serde(default)]
    pub(crate) run_attempt: u32,
    /// `queued` waits for a runner, `waiting` for another job or run.
    #[serde(default, rename = "status")]
    pub(crate) state: String,
    #[serde(default)]
    conclusion: Option<String>,
    #[serde(default)]
    created_at: Option<String>,
    #[serde(default)]
    started_at: Option<String>,
    #[serde(default)]
    completed_at: Option<String>,
    /// From Gitea 1.26 on; null before.
    #[serde(default)]
    steps: Option<Vec<Step>>,
}

/// A step of a job: the fields that are used. Up to Gitea 1.25, jobs have no steps.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Step {
    /// As in the workflow: an expression in it is not evaluated.
    pub(crate) name: String,
    #[serde(default)]
    conclusion: Option<String>,
    #[serde(default)]
    started_at: Option<String>,
    #[serde(default)]
    completed_at: Option<String>,
}

impl Step {
    /// When it started, to the second.
    pub(crate) fn started_at(&self) -> Option<OffsetDateTime> {
        moment(self.started_at.as_ref())
    }

    /// When it ended, to the second.
    pub(crate) fn completed_at(&self) -> Option<OffsetDateTime> {
        moment(self.completed_at.as_ref())
    }

    fn is_failed(&self) -> bool {
        let conclusion = self.conclusion.as_deref().filter(|conclusion| !conclusion.is_empty());
        conclusion.is_some_and(|conclusion| Outcome::new(conclusion).is_failed())
    }
}

/// A workflow in the list of the default branch's workflows.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ListedWorkflow {
    /// The name of its file.
    #[serde(rename = "id")]
    pub(crate) file: String,
    /// The file, from the repository's root.
    pub(crate) path: String,
    #[serde(default)]
    state: String,
}

impl ListedWorkflow {
    /// Whether it was switched off by hand.
    pub(crate) fn is_disabled(&self) -> bool {
        self.state.starts_with("disabled")
    }
}

/// A run in a list: the fields that are used.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ListedRun {
    pub(crate) id: RunId,
    /// `report.yml@refs/heads/main`.
    #[serde(default)]
    path: String,
    #[serde(default)]
    html_url: String,
}

impl ListedRun {
    /// Whether it is a run of the workflow in that file.
    pub(crate) fn is_of(&self, file: &str) -> bool {
        self.path.split_once('@').map_or(self.path.as_str(), |(path, _)| path) == file
    }

    /// The number in the address of the run's page. The run belongs to `repo`.
    pub(crate) fn number(&self, repo: &RepoName) -> RunNumber {
        run_number_in(&self.html_url, repo).unwrap_or_else(|| page_by_id(self.id))
    }
}

impl Job {
    /// When the run was created.
    pub(crate) fn created_at(&self) -> Option<OffsetDateTime> {
        moment(self.created_at.as_ref())
    }

    /// When a runner started it; `None` before that.
    pub(crate) fn started_at(&self) -> Option<OffsetDateTime> {
        moment(self.started_at.as_ref())
    }

    /// When it ended; `None` before that.
    pub(crate) fn completed_at(&self) -> Option<OffsetDateTime> {
        moment(self.completed_at.as_ref())
    }

    /// How it ended; `None` while it has not.
    pub(crate) fn conclusion(&self) -> Option<&str> {
        self.conclusion.as_deref().filter(|conclusion| !conclusion.is_empty())
    }

    /// Whether it waits for a runner.
    pub(crate) fn is_queued(&self) -> bool {
        self.state == "queued"
    }

    /// Whether it waits for a runner, or a runner works on it. A job that waits for another job or run does not count. A
    /// state that is not known does.
    pub(crate) fn is_under_way(&self) -> bool {
        self.conclusion().is_none() && self.state != "waiting"
    }

    /// How it ended; `None` while it has not.
    pub(crate) fn outcome(&self) -> Option<Outcome> {
        self.conclusion().map(Outcome::new)
    }

    /// How long it ran.
    pub(crate) fn elapsed(&self) -> Option<Duration> {
        let (started, completed) = self.started_at().zip(self.completed_at())?;
        Duration::try_from(completed - started).ok()
    }

    /// Whether the server lists the steps of this job.
    pub(crate) fn has_steps(&self) -> bool {
        self.steps.as_ref().is_some_and(|steps| !steps.is_empty())
    }

    /// The first of its steps that failed.
    pub(crate) fn failed_step(&self) -> Option<&Step> {
        self.steps.as_ref()?.iter().find(|step| step.is_failed())
    }

    /// The number in the address of its run's page. The run belongs to `repo`.
    pub(crate) fn run_number(&self, repo: &RepoName) -> Option<RunNumber> {
        run_number_in(&self.html_url, repo)
    }

    /// The number in the address of the job's own page. The run belongs to `repo`.
    pub(crate) fn page_number(&self, repo: &RepoName) -> Option<JobNumber> {
        job_number_in(&self.html_url, repo)
    }
}

impl Gitea {
    /// Starts a run of `workflow`. `None` if the server does not name the run (before Gitea 1.26). The request is only retried
    /// if the server certainly did nothing.
    pub(crate) async fn dispatch_workflow(
        &self,
        workflow: &Workflow,
        inputs: &BTreeMap<String, String>,
    ) -> Result<Option<RunRef>, Error> {
        /// The values of inputs are strings: Gitea refuses a number with 422.
        #[derive(Serialize)]
        struct Dispatch<'a> {
            #[serde(rename = "ref")]
            git_ref: &'a GitRef,
            inputs: &'a BTreeMap<String, String>,
        }
        #[derive(Deserialize)]
        struct RunDetails {
            workflow_run_id: RunId,
            #[serde(default)]
            html_url: String,
        }
        let Workflow { target, file, git_ref } = workflow;
        let mut url = self.repo(target, &["actions", "workflows", file.as_str(), "dispatches"]);
        // Without it, the response is 204 and does not name the run.
        url.set_query(Some("return_run_details=true"));
        let dispatch = Dispatch { git_ref, inputs };
        let answer: Answer<Option<RunDetails>> =
            self.http.request(Method::POST, url, Some(&dispatch), Again::AtMostOnce, DISPATCH).await?;
        Ok(answer.value.map(|RunDetails { workflow_run_id: id, html_url }| RunRef {
            target: target.clone(),
            id,
            number: run_number_in(&html_url, target).unwrap_or_else(|| page_by_id(id)),
        }))
    }

    /// Dispatches a workflow at a branch name that cannot exist. The error shows whether the token could dispatch it at
    /// a real branch: Gitea checks scope, rights and whether the workflow is enabled before the branch (1.25 to 1.27).
    /// Nothing is started.
    pub(crate) async fn dispatch_nothing(&self, workflow: &Workflow) -> Result<(), Error> {
        let Ok(git_ref) = "refs/heads/dispatch-action..check".parse() else { return Ok(()) };
        let workflow = Workflow { git_ref, ..workflow.clone() };
        self.dispatch_workflow(&workflow, &BTreeMap::new()).await.map(|_run| ())
    }

    /// The workflows of the default branch.
    pub(crate) async fn workflows(&self, repo: &RepoName) -> Result<Vec<ListedWorkflow>, Error> {
        #[derive(Deserialize)]
        struct Workflows {
            // Null if there are none.
            workflows: Option<Vec<ListedWorkflow>>,
        }
        let answer: Answer<Workflows> = self.get(self.repo(repo, &["actions", "workflows"]), READ).await?;
        Ok(answer.value.workflows.unwrap_or_default())
    }

    /// The newest runs that were started by this event, at most one page. Gitea 1.25 shows them to owners only.
    pub(crate) async fn newest_runs(&self, repo: &RepoName, event: &str) -> Result<Vec<ListedRun>, Error> {
        #[derive(Deserialize)]
        struct Runs {
            workflow_runs: Vec<ListedRun>,
        }
        let mut url = self.repo(repo, &["actions", "runs"]);
        url.query_pairs_mut().append_pair("event", event).append_pair("limit", "50");
        let answer: Answer<Runs> = self.get(url, READ).await?;
        Ok(answer.value.workflow_runs)
    }

    /// The jobs of a run, from all pages. Gitea 1.24 has no such list. If the run was deleted, Gitea returns an empty
    /// list, not an error. Up to 1.26 the pages have no order: one job can occur twice and another not at all. In that
    /// case the list is read again. A list that stays incomplete is an error.
    pub(crate) async fn run_jobs(&self, repo: &RepoName, run: RunId) -> Result<RunJobs, Error> {
        #[derive(Deserialize)]
        struct Jobs {
            jobs: Vec<Job>,
            total_count: Option<usize>,
        }
        let url = self.repo(repo, &["actions", "runs", &run.to_string(), "jobs"]);
        for _ in 0..JOB_LISTS {
            let (jobs, answered_at) = self.list(url.clone(), READ, |page: Jobs| (page.jobs, page.total_count)).await?;
            let mut ids = BTreeSet::new();
            if jobs.iter().filter_map(|job| Some((job.id?, job.run_attempt))).all(|job| ids.insert(job)) {
                return Ok(RunJobs { jobs, answered_at });
            }
        }
        let cause = format!("the list of jobs was incomplete {JOB_LISTS} times, its pages repeat some of them");
        Err(self.http.error(Method::GET, url, Kind::NoAnswer { cause }))
    }

    /// A run; `None` if Gitea says that it does not exist. The repository may also be hidden from the token.
    pub(crate) async fn run(&self, repo: &RepoName, run: RunId) -> Result<Option<Run>, Error> {
        let url = self.repo(repo, &["actions", "runs", &run.to_string()]);
        match self.get(url, READ).await {
            Ok(answer) => Ok(Some(answer.value)),
            Err(error) if error.is_missing_run() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// A time of a job. Gitea returns 1970 until the time is known.
fn moment(text: Option<&String>) -> Option<OffsetDateTime> {
    let time = OffsetDateTime::parse(text?, &Rfc3339).ok()?;
    (time.unix_timestamp() > 0).then_some(time)
}
