//! The pending statuses of a pull request, and how far their runs have come.

use time::OffsetDateTime;

use super::Error;
use crate::config::Reconcile;
use crate::forge::{self, Gitea, PullRequest, Server};
use crate::links::PageBase;
use crate::run::{Progress, Unreadable};
use crate::telling::{Pending, RunStatuses};
use crate::types::{CommitSha, Head, Place, RunRef};

/// A pending status, and how far its run has come.
pub(super) struct Found {
    pub(super) place: Place,
    pub(super) run: RunRef,
    /// What the status says.
    pub(super) description: String,
    pub(super) created_at: Option<OffsetDateTime>,
    pub(super) progress: Progress,
    /// The server's clock, which the run's times are of.
    pub(super) now: OffsetDateTime,
    pub(super) pull: PullRequest,
}

/// What could not be read, and why.
pub(super) enum Unread {
    Statuses(forge::Error),
    Run(forge::Error),
}

/// The statuses of a pull request that wait for a run of the target, each with its run. The error is that nothing may be written.
pub(super) async fn look_at(
    gitea: &Gitea,
    pages: &PageBase,
    reconcile: &Reconcile,
    pull: PullRequest,
) -> Result<Vec<Result<Found, Unread>>, Error> {
    let Reconcile { source, target, context: wanted, .. } = reconcile;
    // A pull request without a valid head has no statuses.
    let Ok(sha) = pull.head.sha.parse::<CommitSha>() else { return Ok(Vec::new()) };
    let statuses = match gitea.statuses(source, &sha).await {
        Ok(statuses) => statuses,
        Err(error) => return Ok(vec![Err(Unread::Statuses(error))]),
    };
    let now = statuses.answered_at.unwrap_or_else(OffsetDateTime::now_utc);
    let runs = RunStatuses::new(&statuses, pages, target);
    let mut found = Vec::new();
    for status in runs.all_pending().filter(|status| wanted.as_ref().is_none_or(|wanted| *wanted == status.context)) {
        let Pending { context, run: number, description, created_at } = status;
        let run = RunRef { target: target.clone(), id: Server::run_of_page(number), number };
        found.push(match Progress::read(gitea, target, run.id).await {
            Ok(progress) => {
                let head = Head { source: source.clone(), sha: sha.clone(), pull_request: Some(pull.number) };
                let place = Place { head, context };
                Ok(Found { place, run, description, created_at, progress, now, pull: pull.clone() })
            }
            Err(hidden @ Unreadable::Hidden(_)) => return Err(Error::Hidden(hidden.to_string())),
            Err(Unreadable::Server(error)) => Err(Unread::Run(error)),
        });
    }
    Ok(found)
}
