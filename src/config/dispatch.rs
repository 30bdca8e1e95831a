//! `mode: dispatch`.

use std::collections::BTreeMap;

use super::event::Event;
use super::inputs::input_error;
use super::{Error, Given, HeadOf};
use crate::types::{Commenting, Head, Invalid, LogLines, RepoName, StatusContext, Timeout, Workflow};

/// `mode: dispatch`.
#[derive(Debug)]
pub(crate) struct Dispatch {
    pub(crate) workflow: Workflow,
    /// The user's own inputs for the target workflow, without the four of the pull request.
    pub(crate) own_inputs: BTreeMap<String, String>,
    pub(crate) head: HeadOf,
    /// `None`: the pull request's branch, which the server knows. With [`HeadOf::Commit`] it is always known.
    pub(crate) head_ref: Option<String>,
    pub(crate) context: StatusContext,
    /// `None`: the step ends with the dispatch.
    pub(crate) wait: Option<Wait>,
}

/// `wait: true`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wait {
    pub(crate) timeout: Timeout,
    pub(crate) commenting: Commenting,
    pub(crate) log_lines: LogLines,
}

impl Dispatch {
    pub(super) fn read(given: &Given<'_>) -> Result<Self, Error> {
        let Given { inputs, .. } = *given;
        let workflow = inputs.workflow()?;
        let head = head(given, given.source()?)?;
        let context = inputs.context()?;
        let timeout = inputs.wait_timeout()?;
        let wait = match inputs.wait()? {
            true => Some(Wait { timeout, commenting: inputs.commenting()?, log_lines: inputs.log_lines()? }),
            false => None,
        };
        Ok(Self {
            own_inputs: inputs.own_inputs()?,
            head_ref: head_ref(given, &head),
            head,
            context: context.unwrap_or_else(|| StatusContext::default_for(&workflow.target)),
            wait,
            workflow,
        })
    }
}

/// The commit to build: of the inputs, else of the event. No event may lead to a commit that is not what the event is about.
fn head(given: &Given<'_>, source: RepoName) -> Result<HeadOf, Error> {
    let Given { inputs, event, variables, .. } = *given;
    let commit = |sha, pull_request| HeadOf::Commit(Head { source: source.clone(), sha, pull_request });
    let head = match (inputs.sha()?, inputs.pr_number()?, event) {
        (Some(sha), number @ Some(_), _) => commit(sha, number),
        (Some(sha), None, Event::PullRequest(of_event)) => commit(sha, Some(of_event.number)),
        (Some(sha), None, Event::Comment(number)) => commit(sha, *number),
        (Some(sha), None, _) => commit(sha, None),
        // Never GITHUB_SHA: for `pull_request_target` that is the base branch.
        (None, number, Event::PullRequest(of_event)) if number.is_none_or(|number| number == of_event.number) => {
            let sha = of_event.head.sha.parse().map_err(|cause: Invalid| Error::Event {
                path: variables.context("EVENT_PATH").unwrap_or_default().to_owned(),
                cause: format!("has a pull request whose head {cause}"),
            })?;
            commit(sha, Some(of_event.number))
        }
        (None, Some(number), _) => HeadOf::PullRequest { source, number },
        (None, None, Event::Comment(Some(number))) => HeadOf::PullRequest { source, number: *number },
        (None, None, Event::Comment(None)) => return Err(Error::CommentOnIssue),
        (None, None, Event::WorkflowRun(_)) => return Err(Error::NotOfPullRequest),
        (None, None, _) if variables.is_pull_request_event() => {
            return Err(input_error("sha", "is required, since the event payload has no pull request".to_owned()));
        }
        (None, None, _) => commit(variables.context_value("SHA")?, None),
    };
    match &head {
        HeadOf::Commit(Head { sha, .. }) if sha.is_zero() => {
            Err(input_error("sha", "must be a commit, and all zeros are none: was a branch deleted?".to_owned()))
        }
        _ => Ok(head),
    }
}

fn head_ref(given: &Given<'_>, head: &HeadOf) -> Option<String> {
    let Given { inputs, event, variables, .. } = *given;
    match (&inputs.head_ref, head, event) {
        (Some(name), ..) => Some(name.clone()),
        (None, HeadOf::PullRequest { .. }, _) => None,
        (None, HeadOf::Commit(_), Event::PullRequest(of_event)) => Some(of_event.head.name.clone()),
        // GITHUB_REF_NAME is the default branch, which `sha` need not be of.
        (None, HeadOf::Commit(_), Event::Comment(_) | Event::WorkflowRun(_)) => Some(String::new()),
        (None, HeadOf::Commit(_), _) => Some(variables.context("REF_NAME").unwrap_or_default().to_owned()),
    }
}
