//! The pending statuses of a pull request, and how far their runs have come.

use time::OffsetDateTime;

use super::problems::Problem;
use super::settle;
use crate::config::Reconcile;
use crate::forge::{Gitea, PullRequest, Server};
use crate::links::PageBase;
use crate::run::{Progress, Unreadable};
use crate::telling::{Answer, Pending, RunStatuses};
use crate::types::{CommitSha, Head, Place, PullRequestNumber, RunRef};

/// An open pull request: the fields that are used.
#[derive(Debug, Clone)]
pub(super) struct Pull {
    pub(super) number: PullRequestNumber,
    pub(super) sha: CommitSha,
    pub(super) has_comments: bool,
}

impl Pull {
    /// `None` for a pull request without a valid head. It has no statuses.
    pub(super) fn new(pull: &PullRequest) -> Option<Self> {
        Some(Self { number: pull.number, sha: pull.head.sha.parse().ok()?, has_comments: pull.comments > 0 })
    }
}

/// A pending status, and how far its run has come.
pub(super) struct Found {
    pub(super) place: Place,
    pub(super) run: RunRef,
    pub(super) created_at: Option<OffsetDateTime>,
    pub(super) progress: Progress,
    /// The new answer; `None` if the status shows it already.
    pub(super) answer: Option<Answer>,
    pub(super) pull: Pull,
    /// Whether another pull request has the same head.
    pub(super) shares_head: bool,
}

impl Found {
    pub(super) fn is_running(&self) -> bool {
        matches!(self.progress, Progress::Queued(_) | Progress::Running { .. })
    }
}

/// The target cannot be seen, so nothing may be written. The text says why, in a sentence.
pub(super) struct Hidden(pub(super) String);

/// What was found for one pull request.
#[derive(Default)]
pub(super) struct Look {
    pub(super) found: Vec<Found>,
    pub(super) problems: Vec<Problem>,
    pub(super) foreign_links: Vec<String>,
    /// Whether it has a status with the given context.
    pub(super) has_context: bool,
}

/// Which pending statuses are looked for, and where.
pub(super) struct Search<'a> {
    pub(super) gitea: &'a Gitea,
    pub(super) pages: &'a PageBase,
    pub(super) reconcile: &'a Reconcile,
}

impl Search<'_> {
    /// The statuses of a pull request that wait for a run of the target, each with its run.
    pub(super) async fn look_at(&self, pull: Pull) -> Result<Look, Hidden> {
        let Reconcile { source, target, context: wanted, .. } = self.reconcile;
        let mut look = Look::default();
        let statuses = match self.gitea.statuses(source, &pull.sha).await {
            Ok(statuses) => statuses,
            Err(error) => {
                look.problems.push(Problem::Statuses(error));
                return Ok(look);
            }
        };
        let is_wanted = |context: &str| wanted.as_ref().is_none_or(|wanted| wanted.as_str() == context);
        look.has_context = statuses.statuses.iter().any(|status| is_wanted(&status.context));
        let now = statuses.answered_at.unwrap_or_else(OffsetDateTime::now_utc);
        let mut runs = RunStatuses::new(&statuses, self.pages, target);
        match runs.recognise_pending(self.gitea, target, wanted.as_ref()).await {
            Ok(links) => look.foreign_links = links,
            Err(error) => look.problems.push(Problem::Run(error)),
        }
        for pending in runs.all_pending().filter(|pending| is_wanted(pending.context.as_str())) {
            match self.found(&pull, pending, now).await {
                Ok(found) => look.found.push(found),
                Err(hidden @ Unreadable::Hidden(_)) => return Err(Hidden(hidden.to_string())),
                Err(Unreadable::Server(error)) => look.problems.push(Problem::Run(error)),
            }
        }
        Ok(look)
    }

    async fn found(&self, pull: &Pull, pending: Pending, now: OffsetDateTime) -> Result<Found, Unreadable> {
        let Reconcile { source, target, .. } = self.reconcile;
        let Pending { context, run: number, description, created_at } = pending;
        let run = RunRef { target: target.clone(), id: Server::run_of_page(number), number };
        let progress = Progress::read(self.gitea, target, run.id).await?;
        let answer = settle::answer(&progress, now, &description, target);
        let head = Head { source: source.clone(), sha: pull.sha.clone(), pull_request: Some(pull.number) };
        let place = Place { head, context };
        Ok(Found { place, run, created_at, progress, answer, pull: pull.clone(), shares_head: false })
    }
}
