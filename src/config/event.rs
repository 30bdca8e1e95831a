//! The event that started the workflow: the fields that are used (`tests/fixtures/events/`).

use std::fmt::Display;

use serde::Deserialize;

use super::Error;
use super::lists::Pairs;
use crate::files;
use crate::links::PageBase;
use crate::types::{PullRequestNumber, RunId, RunNumber};

/// The size limit of a payload, in bytes. A push of a thousand commits takes a few MiB.
const LIMIT: u64 = 16 << 20;

/// The event, and what its payload says about the server.
#[derive(Debug, Default)]
pub(super) struct Payload {
    pub(super) event: Event,
    /// The address that people use, from `repository.url`: the server's ROOT_URL, whatever address the runner uses.
    pub(super) pages: Option<PageBase>,
}

/// Why the workflow runs.
#[derive(Debug, Default)]
pub(super) enum Event {
    /// `pull_request`, `pull_request_target` and the other events of a pull request.
    PullRequest(PullRequest),
    /// `workflow_dispatch`, with the declared inputs of the run.
    Dispatched(Pairs),
    /// Another run of this repository was requested, started or ended.
    WorkflowRun(WorkflowRun),
    /// A comment on a pull request; `None`: on an issue.
    Comment(Option<PullRequestNumber>),
    /// A push, a tag, a schedule …: an event that has its own commit.
    #[default]
    Other,
}

#[derive(Debug, Deserialize)]
pub(super) struct PullRequest {
    pub(super) number: PullRequestNumber,
    pub(super) head: Head,
    #[serde(default)]
    base: Option<Base>,
}

#[derive(Debug, Deserialize)]
struct Base {
    repo: Option<Repository>,
}

#[derive(Debug, Deserialize)]
struct Repository {
    full_name: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Head {
    #[serde(rename = "ref")]
    pub(super) name: String,
    pub(super) sha: String,
    /// Null if the fork was deleted.
    #[serde(default)]
    repo: Option<Repository>,
}

/// The run that a `workflow_run` event is about.
#[derive(Debug, Deserialize)]
pub(super) struct WorkflowRun {
    pub(super) id: RunId,
    pub(super) run_number: RunNumber,
    /// 0 up to Gitea 1.26.
    #[serde(default)]
    pub(super) run_attempt: u32,
    /// The event that started the run.
    pub(super) event: String,
    /// The run's state, such as `completed`.
    #[serde(default)]
    pub(super) status: String,
    /// The evaluated `run-name:`.
    pub(super) display_title: String,
}

/// The payload in its JSON form.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Raw {
    pull_request: Option<PullRequest>,
    inputs: Option<Pairs>,
    workflow_run: Option<WorkflowRun>,
    issue: Option<Issue>,
    comment: Option<serde::de::IgnoredAny>,
    is_pull: bool,
    repository: Option<Home>,
}

#[derive(Debug, Deserialize)]
struct Issue {
    number: PullRequestNumber,
    /// Set only if the issue is a pull request.
    #[serde(default)]
    pull_request: Option<serde::de::IgnoredAny>,
}

/// The repository that the event belongs to.
#[derive(Debug, Deserialize)]
struct Home {
    #[serde(default)]
    url: String,
}

impl Payload {
    /// Reads the payload of an event with this name.
    pub(super) fn read(path: &str, name: Option<&str>) -> Result<Self, Error> {
        let error = |cause: String| Error::Event { path: path.to_owned(), cause };
        let text = files::read(path.as_ref(), LIMIT).map_err(|cause| error(format!("could not be read: {cause}")))?;
        let not_understood = |cause: &dyn Display| error(format!("could not be understood: {cause}"));
        let text = String::from_utf8(text).map_err(|cause| not_understood(&cause))?;
        let raw = serde_json::from_str(&text).map_err(|cause| not_understood(&cause))?;
        Self::new(raw, name).ok_or_else(|| error("has no `workflow_run`".to_owned()))
    }

    /// `None` if a `workflow_run` event is not about a run.
    fn new(raw: Raw, name: Option<&str>) -> Option<Self> {
        let Raw { pull_request, inputs, workflow_run, issue, comment, is_pull, repository } = raw;
        let event = match (name, pull_request, issue, inputs) {
            // Only the event's name decides: no field of another event may name a run.
            (Some("workflow_run"), ..) => Event::WorkflowRun(workflow_run?),
            (_, Some(pull_request), ..) => Event::PullRequest(pull_request),
            (_, _, Some(issue), _) if comment.is_some() => {
                Event::Comment(Some(issue.number).filter(|_| is_pull || issue.pull_request.is_some()))
            }
            (_, _, _, Some(inputs)) => Event::Dispatched(inputs),
            _ => Event::Other,
        };
        let pages = repository.and_then(|repository| PageBase::of_repository_url(&repository.url));
        Some(Self { event, pages })
    }
}

impl Event {
    /// An input of the dispatched run, as text; `None` if the workflow does not declare it.
    pub(super) fn input(&self, name: &str) -> Option<String> {
        let Self::Dispatched(inputs) = self else { return None };
        inputs.scalar(name)
    }

    /// For a pull request whose workflow gets no secrets: the end of a sentence that says which kind it is.
    pub(super) fn without_secrets(&self) -> Option<&'static str> {
        let Self::PullRequest(PullRequest { head, base, .. }) = self else { return None };
        let base = base.as_ref().and_then(|base| base.repo.as_ref());
        match (base, &head.repo) {
            // In this case too, the branch is `refs/pull/…`.
            (_, None) => Some("whose fork was deleted"),
            _ if head.name.starts_with("refs/pull/") => Some("made by AGit (`refs/for/…`)"),
            (Some(base), Some(head)) if base.full_name != head.full_name => Some("from a fork"),
            _ => None,
        }
    }
}
