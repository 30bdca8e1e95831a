//! What a run is, what it builds, and where people read about it.

use super::{CommitSha, GitRef, PullRequestNumber, RepoName, RunId, RunNumber, StatusContext, WorkflowFile};

/// The commit of the source repository that a run builds.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) source: RepoName,
    pub(crate) sha: CommitSha,
    /// `None` if the event that dispatched the run was not a pull request.
    pub(crate) pull_request: Option<PullRequestNumber>,
}

/// Where people read about a run: the status of one context on the head, and the comments of its pull request.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) head: Head,
    pub(crate) context: StatusContext,
}

impl Place {
    /// The status for the log: `dispatch-target/build on mporter/dispatch-source@0123456789`.
    pub(crate) fn status(&self) -> String {
        format!("{} on {}@{}", self.context.as_str(), self.head.source, self.head.sha.short())
    }
}

/// A run of the target repository.
#[derive(Debug, Clone)]
pub(crate) struct RunRef {
    pub(crate) target: RepoName,
    pub(crate) id: RunId,
    /// The number in the address of its page.
    pub(crate) number: RunNumber,
}

/// A workflow of the target repository, at a branch or a tag.
#[derive(Debug, Clone)]
pub(crate) struct Workflow {
    pub(crate) target: RepoName,
    pub(crate) file: WorkflowFile,
    pub(crate) git_ref: GitRef,
}
