//! What the statuses of a commit tell about the runs of one repository: which of two answers is the newer one.

use time::OffsetDateTime;

use crate::gitea::Statuses;
use crate::links::BaseUrl;
use crate::types::{RepoName, RunNumber, StatusContext};

/// The statuses of a commit that link to a run of one repository.
pub(crate) struct RunStatuses(Vec<RunStatus>);

struct RunStatus {
    context: String,
    run: RunNumber,
    pending: bool,
    created_at: Option<OffsetDateTime>,
}

impl RunStatuses {
    pub(crate) fn new(statuses: &Statuses, pages: &BaseUrl, repo: &RepoName) -> Self {
        let of_run = statuses.statuses.iter().filter_map(|status| {
            Some(RunStatus {
                context: status.context.clone(),
                run: pages.run_number(&status.target_url, repo)?,
                pending: status.state == "pending",
                created_at: status.created_at(),
            })
        });
        Self(of_run.collect())
    }

    /// The context of the status that links to `run`.
    pub(crate) fn context_of(&self, run: RunNumber) -> Option<StatusContext> {
        self.0.iter().find(|status| status.run == run)?.context.parse().ok()
    }

    /// The newer run that the status of `context` tells of.
    pub(crate) fn newer_than(&self, run: RunNumber, context: &StatusContext) -> Option<RunNumber> {
        self.of(context).map(|status| status.run).filter(|number| *number > run)
    }

    /// The run that the status of `context` tells the end of, or which is newer than `run`: one that a pending status of
    /// `run` must not overwrite.
    pub(crate) fn beyond(&self, run: RunNumber, context: &StatusContext) -> Option<RunNumber> {
        self.of(context)
            .filter(|status| status.run > run || status.run == run && !status.pending)
            .map(|status| status.run)
    }

    /// The run that the status of `context` was set to after `moment`: where no run is known, it is the one that was
    /// started then.
    pub(crate) fn since(&self, moment: OffsetDateTime, context: &StatusContext) -> Option<RunNumber> {
        self.of(context).filter(|status| status.created_at.is_some_and(|time| time >= moment)).map(|status| status.run)
    }

    fn of(&self, context: &StatusContext) -> Option<&RunStatus> {
        self.0.iter().find(|status| status.context == context.as_str())
    }
}
