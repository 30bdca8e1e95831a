//! Which statuses are this action's, where their link has another address of the server than this step uses.
//!
//! Two runners may reach one server by two addresses, and a mirror on another server has pages with the same paths. So such a
//! status counts only if its account is known: it has set a status on the same commit whose link is the very page of a run, or it
//! has dispatched the run, as the server says. The token itself cannot be used to find out whose it is: `GET /user` needs a scope
//! that it lacks.

use std::collections::{BTreeMap, BTreeSet};

use super::RunStatuses;
use super::run_statuses::RunStatus;
use crate::forge::{Error, Gitea, Server};
use crate::types::{RepoName, RunNumber, StatusContext};

impl RunStatuses {
    /// Recognises the status of `context`, if it is one of `run` or of a newer run; without a run, any of that context.
    pub(crate) async fn recognise_newer(
        mut self,
        gitea: &Gitea,
        repo: &RepoName,
        run: Option<RunNumber>,
        context: &StatusContext,
    ) -> Result<Self, Error> {
        let is_newer = |status: &RunStatus| run.is_none_or(|run| status.run >= run);
        self.recognise(gitea, repo, |status| status.context == context.as_str() && is_newer(status)).await?;
        Ok(self)
    }

    /// Recognises the statuses of a run, in any context.
    pub(crate) async fn recognise_run(mut self, gitea: &Gitea, repo: &RepoName, run: RunNumber) -> Result<Self, Error> {
        self.recognise(gitea, repo, |status| status.run == run).await?;
        Ok(self)
    }

    /// Recognises the statuses that wait for the end of a run; with `context`, only the one of that context. Gives the links of
    /// those that are not this action's.
    pub(crate) async fn recognise_pending(
        &mut self,
        gitea: &Gitea,
        repo: &RepoName,
        context: Option<&StatusContext>,
    ) -> Result<Vec<String>, Error> {
        let is_wanted = |status: &RunStatus| context.is_none_or(|context| status.context == context.as_str());
        self.recognise(gitea, repo, |status| status.is_pending() && is_wanted(status)).await?;
        Ok(self.foreign.iter().map(|status| status.link.clone()).collect())
    }

    /// One request for each run of the statuses that matter.
    async fn recognise(
        &mut self,
        gitea: &Gitea,
        repo: &RepoName,
        matters: impl Fn(&RunStatus) -> bool,
    ) -> Result<(), Error> {
        let (asked, left): (Vec<_>, Vec<_>) = self.elsewhere.drain(..).partition(matters);
        self.elsewhere = left;
        let runs: BTreeSet<RunNumber> = asked.iter().map(|status| status.run).collect();
        let mut dispatches = BTreeMap::new();
        for number in runs {
            // Before Gitea 1.26 the number is no id: the server knows no such run, or another one, which the same account has
            // dispatched or not.
            let run = match gitea.run(repo, Server::run_of_page(number)).await {
                Err(error) if error.is_final_refusal() => None,
                read => read?,
            };
            dispatches.insert(number, run);
        }
        for status in asked {
            match (dispatches.get(&status.run), status.creator) {
                (Some(Some(run)), Some(creator)) if run.was_dispatched_by(creator) => self.of_runs.push(status),
                _ => self.foreign.push(status),
            }
        }
        Ok(())
    }
}
