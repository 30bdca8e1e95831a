//! The event payload, as far as it is read (`tests/fixtures/events/`).

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

use super::Error;
use crate::files;
use crate::types::PullRequestNumber;

/// The payload of the event that started the workflow.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Event {
    /// Of `pull_request`, `pull_request_target` and the other events of a pull request.
    #[serde(default)]
    pub(super) pull_request: Option<PullRequest>,
    /// Of `workflow_dispatch`: the declared inputs of the run.
    #[serde(default)]
    inputs: Option<HashMap<String, Value>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct PullRequest {
    pub(super) number: PullRequestNumber,
    pub(super) head: Head,
    #[serde(default)]
    base: Option<Base>,
}

impl PullRequest {
    /// Whether it comes from another repository than the one that it is for.
    pub(super) fn is_from_fork(&self) -> bool {
        let base = self.base.as_ref().and_then(|base| base.repo.as_ref());
        base.zip(self.head.repo.as_ref()).is_some_and(|(base, head)| base.full_name != head.full_name)
    }
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
    /// Null where the fork is gone.
    #[serde(default)]
    repo: Option<Repository>,
}

/// The most that is read of a payload. Those of Gitea have some 20 KB, and the longest texts of a pull request.
const LIMIT: u64 = 16 << 20;

impl Event {
    /// Reads the payload from a file. An error names the file.
    pub(super) fn read(path: &str) -> Result<Self, Error> {
        let error = |cause: String| Error::Event { path: path.to_owned(), cause };
        let text = files::read(path.as_ref(), LIMIT).map_err(|cause| error(format!("could not be read: {cause}")))?;
        serde_json::from_slice(&text).map_err(|cause| error(format!("could not be understood: {cause}")))
    }

    /// An input of the dispatched run, as text; `None` where the workflow does not declare it.
    pub(super) fn input(&self, name: &str) -> Option<String> {
        match self.inputs.as_ref()?.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }
}
