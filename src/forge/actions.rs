//! Runs of workflows: starting one, and its jobs.

use std::collections::BTreeMap;

use reqwest::Method;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::http::Answer;
use super::retry::{Again, DISPATCH, READ};
use super::server::page_by_id;
use super::{Error, Gitea, User};
use crate::links::run_number_in;
use crate::types::{GitRef, RepoName, RunId, RunNumber, RunRef, Workflow};

/// The jobs of a run, and when the server said so.
#[derive(Debug, Default)]
pub(crate) struct RunJobs {
    pub(crate) jobs: Vec<Job>,
    /// The server's own clock, which the jobs' times are of.
    pub(crate) answered_at: Option<OffsetDateTime>,
}

/// A run, as far as it is read.
#[derive(Debug, Deserialize)]
pub(crate) struct Run {
    /// What started it, such as `workflow_dispatch`.
    #[serde(default)]
    event: String,
    #[serde(default)]
    actor: Option<User>,
    /// Who has started its latest attempt.
    #[serde(default)]
    trigger_actor: Option<User>,
}

impl Run {
    /// Whether this account has dispatched it, or started it again.
    pub(crate) fn was_dispatched_by(&self, account: User) -> bool {
        self.event == "workflow_dispatch" && [self.actor, self.trigger_actor].contains(&Some(account))
    }
}

/// A job of a run, as far as it is read.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Job {
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
}

impl Job {
    /// When the run was asked for.
    pub(crate) fn created_at(&self) -> Option<OffsetDateTime> {
        moment(self.created_at.as_ref())
    }

    /// When a runner began with it; `None` before that.
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

    /// Whether it waits for a runner, or one works on it. One that waits for another job or run is not.
    pub(crate) fn is_under_way(&self) -> bool {
        self.conclusion().is_none() && matches!(self.state.as_str(), "queued" | "in_progress")
    }

    /// The number in the page of its run, which is one of `repo`.
    pub(crate) fn run_number(&self, repo: &RepoName) -> Option<RunNumber> {
        run_number_in(&self.html_url, repo)
    }
}

impl Gitea {
    /// Starts a run of `workflow`. `None` where the server does not say which run that is (before Gitea 1.26). It is sent again
    /// only where the server surely did nothing.
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
        // Without it the answer is 204 and the run cannot be known.
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

    /// The jobs of a run: all pages. Gitea 1.24 has no such list. There are none where the run is gone, which is no error to
    /// Gitea.
    pub(crate) async fn run_jobs(&self, repo: &RepoName, run: RunId) -> Result<RunJobs, Error> {
        #[derive(Deserialize)]
        struct Jobs {
            jobs: Vec<Job>,
            total_count: Option<usize>,
        }
        let url = self.repo(repo, &["actions", "runs", &run.to_string(), "jobs"]);
        let (jobs, answered_at) = self.list(url, READ, |page: Jobs| (page.jobs, page.total_count)).await?;
        Ok(RunJobs { jobs, answered_at })
    }

    /// A run; `None` where Gitea says that it is not there. That alone does not tell: the repository may be hidden from the token.
    pub(crate) async fn run(&self, repo: &RepoName, run: RunId) -> Result<Option<Run>, Error> {
        let url = self.repo(repo, &["actions", "runs", &run.to_string()]);
        match self.get(url, READ).await {
            Ok(answer) => Ok(Some(answer.value)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// A time of a job, for which Gitea says 1970 as long as there is none.
fn moment(text: Option<&String>) -> Option<OffsetDateTime> {
    let time = OffsetDateTime::parse(text?, &Rfc3339).ok()?;
    (time.unix_timestamp() > 0).then_some(time)
}
