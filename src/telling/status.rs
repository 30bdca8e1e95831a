//! The only code that sets a status. The existing statuses decide whether it is set at all.

use std::time::Duration;

use time::OffsetDateTime;
use tokio::time::{Instant, sleep};

use super::precedence::{self, Voice};
use super::{Answer, FailingEnd, RunStatuses, Teller};
use crate::forge::{CreatedStatus, Error, Gitea, NewStatus, User};
use crate::links::PageBase;
use crate::types::{Place, RepoName, RunNumber, RunRef};

/// How often an early status is tried after lost responses, and the pause before the statuses are read again.
const ATTEMPTS: u32 = 3;
const PAUSE: Duration = Duration::from_secs(1);

/// The result for a status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StatusDone {
    Set,
    /// Left alone: it shows the end of this run already, in this state.
    Ended(String),
    /// Left alone: it belongs to this newer run, or shows a later state of this run.
    Newer(RunNumber),
    /// Left alone: it shows something else.
    Other,
}

/// The result for a status, and what the response says.
pub(super) struct Written {
    pub(super) done: StatusDone,
    /// The new status.
    pub(super) id: Option<u64>,
    /// The accounts whose comments are ours.
    pub(super) authors: Vec<User>,
}

impl Teller<'_> {
    /// Sets the status, unless an existing one counts more. The existing statuses are `seen`, or else are read right
    /// before.
    pub(super) async fn set_status(
        &self,
        answer: &Answer,
        voice: Voice,
        seen: Option<&RunStatuses>,
    ) -> Result<Written, Error> {
        let read;
        let runs = match seen {
            Some(runs) => runs,
            None => {
                read = self.run_statuses().await?;
                &read
            }
        };
        let creator = runs.creator_of(&self.place.context);
        if let Some(left) = precedence::left_alone(runs, self.run, &self.place.context, answer, voice) {
            return Ok(Written { done: left, id: None, authors: creator.into_iter().collect() });
        }
        let CreatedStatus { id, creator: me } = self.post(answer).await?;
        Ok(Written { done: StatusDone::Set, id: Some(id), authors: me.into_iter().chain(creator).collect() })
    }

    /// The statuses of the commit that link to runs of the target.
    pub(crate) async fn run_statuses(&self) -> Result<RunStatuses, Error> {
        let statuses = self.gitea.statuses(&self.place.head.source, &self.place.head.sha).await?;
        self.recognise(RunStatuses::new(&statuses, self.pages, &self.run.target)).await
    }

    /// Recognises statuses that may be newer than this run's and were set with another address of the server.
    pub(crate) async fn recognise(&self, runs: RunStatuses) -> Result<RunStatuses, Error> {
        let RunRef { target, number, .. } = self.run;
        runs.recognise_newer(self.gitea, target, Some(*number), &self.place.context).await
    }

    /// The same, from all statuses that the commit ever had.
    pub(crate) async fn all_run_statuses(&self) -> Result<RunStatuses, Error> {
        let statuses = self.gitea.all_statuses(&self.place.head.source, &self.place.head.sha).await?;
        Ok(RunStatuses::new(&statuses, self.pages, &self.run.target))
    }

    /// Sets an end of the run again, after another status has replaced it.
    pub(crate) async fn restore(&self, end: &FailingEnd) -> Result<(), Error> {
        let (page, context) = (self.page(), &self.place.context);
        let FailingEnd { state, description } = end;
        let status = NewStatus { state: *state, target_url: page.as_str(), description, context, is_final: true };
        self.gitea.create_status(&self.place.head.source, &self.place.head.sha, &status).await.map(drop)
    }

    async fn post(&self, answer: &Answer) -> Result<CreatedStatus, Error> {
        let (page, description) = (self.page(), answer.description(&self.run.target));
        let status = NewStatus {
            state: answer.state(),
            target_url: page.as_str(),
            description: &description,
            context: &self.place.context,
            is_final: answer.is_final(),
        };
        self.gitea.create_status(&self.place.head.source, &self.place.head.sha, &status).await
    }
}

/// A status that a dispatch sets, before the run has an end to report.
pub(crate) struct Early<'a> {
    pub(crate) place: &'a Place,
    pub(crate) target: &'a RepoName,
    /// The page that the status links to.
    pub(crate) page: &'a str,
    pub(crate) answer: &'a Answer,
    /// Whether the statuses are also read before the first attempt, and not only before a retry.
    pub(crate) look: bool,
    pub(crate) overtaken: Overtaken,
}

/// What overtakes an early status.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Overtaken {
    /// The end of this run, or a newer run.
    ByRun(RunNumber),
    /// Any run whose status was set after this moment. The run of the dispatch is not known.
    After(Instant),
}

impl Early<'_> {
    /// Sets it, unless it is overtaken. After a lost response, the statuses are read before another attempt.
    pub(crate) async fn set(&self, gitea: &Gitea, pages: &PageBase) -> Result<StatusDone, Error> {
        let Self { place, target, page, answer, .. } = self;
        let (source, sha) = (&place.head.source, &place.head.sha);
        let description = answer.description(target);
        let (state, context) = (answer.state(), &place.context);
        let status = NewStatus { state, target_url: page, description: &description, context, is_final: false };
        let (mut look, mut lost) = (self.look, None);
        let mut attempt = 1;
        loop {
            if look {
                let statuses = match gitea.statuses(source, sha).await {
                    Ok(statuses) => statuses,
                    // The lost response is the more important error, not the failed read after it.
                    Err(error) => return Err(lost.unwrap_or(error)),
                };
                let runs = RunStatuses::new(&statuses, pages, target);
                let run = match self.overtaken {
                    Overtaken::ByRun(run) => Some(run),
                    Overtaken::After(_) => None,
                };
                let runs = runs.recognise_newer(gitea, target, run, context).await?;
                if let Some(run) = self.overtaken_by(&runs) {
                    return Ok(StatusDone::Newer(run));
                }
            }
            match gitea.create_status(source, sha, &status).await {
                Err(error) if error.is_unknown() && attempt < ATTEMPTS => {
                    sleep(PAUSE * attempt).await;
                    look = true;
                    lost = Some(error);
                    attempt += 1;
                }
                result => return result.map(|_| StatusDone::Set),
            }
        }
    }

    fn overtaken_by(&self, runs: &RunStatuses) -> Option<RunNumber> {
        let context = &self.place.context;
        match self.overtaken {
            Overtaken::ByRun(run) => runs.end_or_newer(run, context),
            Overtaken::After(moment) => {
                // By the server's clock, and one second earlier, since its times have no fractions.
                let since: OffsetDateTime = runs.read_at()? - moment.elapsed() - Duration::from_secs(1);
                runs.since(since, context)
            }
        }
    }
}
