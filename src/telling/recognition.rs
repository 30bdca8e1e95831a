//! Which statuses belong to this action although their links have another address of the server than this step uses.
//!
//! Two runners may reach one server at two addresses, and a mirror on another server has pages with the same paths. So
//! such a status counts only if its account is known. An account is known if it has set a status on the same commit
//! that links to the exact page of a run, or if the server says that the account dispatched the run. The token itself
//! cannot show its account: `GET /user` needs a scope that the token lacks.

use std::collections::{BTreeMap, BTreeSet};

use super::RunStatuses;
use super::run_statuses::RunStatus;
use crate::forge::{Error, Gitea, Server};
use crate::types::{RepoName, RunNumber, StatusContext};

impl RunStatuses {
    /// Recognises the status of `context`, if it belongs to `run` or a newer run. Without a run, recognises any status
    /// of that context.
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

    /// Recognises the statuses that wait for the end of a run; with `context`, only the status of that context. Returns
    /// the links of the statuses that are not this action's.
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
            // Before Gitea 1.26 the number is not the id. The server then knows no such run, or another run, which the
            // same account may or may not have dispatched.
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
