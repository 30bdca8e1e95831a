//! What is told of a run by others than its own report: by `wait` and by `mode: reconcile`.

use super::{Marker, words};
use crate::forge::{Comment, Error, Gitea, NewStatus, User};
use crate::links::PageBase;
use crate::run::progress::End;
use crate::telling::RunStatuses;
use crate::telling::comment::{Done, RunComment};
use crate::text::one_line;
use crate::types::CommentMode;
use crate::types::{CommitSha, PullRequestNumber, RepoName, RunNumber, State, StatusContext};

/// The status that waits for a run, on a commit of the source.
#[derive(Debug)]
pub(crate) struct Closing<'a> {
    pub(crate) source: &'a RepoName,
    pub(crate) sha: &'a CommitSha,
    /// `None` for a run that was dispatched by an event that is not a pull request.
    pub(crate) pull_request: Option<PullRequestNumber>,
    pub(crate) target: &'a RepoName,
    pub(crate) context: &'a StatusContext,
    pub(crate) run: RunNumber,
}

/// What became of the status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Status {
    Set,
    /// It tells the end of the run already, in this state.
    Told(String),
    /// It is another run's, or tells something else.
    NotOurs,
}

impl Closing<'_> {
    /// Sets the status unless it tells the end of the run already, or is a newer run's, which is looked at right before; with
    /// `only_pending` it must still wait for this run. Gives the accounts whose comments are one's own, too.
    pub(crate) async fn set(
        &self,
        gitea: &Gitea,
        pages: &PageBase,
        state: State,
        description: &str,
        only_pending: bool,
    ) -> Result<(Status, Vec<User>), Error> {
        let Self { source, sha, target, context, run, .. } = *self;
        let runs = RunStatuses::new(&gitea.statuses(source, sha).await?, pages, target);
        let creator = runs.creator_of(context);
        if let Some(state) = runs.end_of(run, context) {
            return Ok((Status::Told(one_line(state)), creator.into_iter().collect()));
        }
        if runs.newer_than(run, context).is_some() || only_pending && runs.pending(run, context).is_none() {
            return Ok((Status::NotOurs, creator.into_iter().collect()));
        }
        let page = pages.run(target, run);
        let is_final = state != State::Pending;
        let status = NewStatus { state, target_url: page.as_str(), description, context, is_final };
        let me = gitea.create_status(source, sha, &status).await?;
        Ok((Status::Set, me.into_iter().chain(creator).collect()))
    }

    /// The comment about the end of the run, unless there is one among those that are `there`. `None` where none is to be made.
    pub(crate) async fn comment(
        &self,
        gitea: &Gitea,
        pages: &PageBase,
        mode: CommentMode,
        end: &End,
        there: Vec<Comment>,
        authors: &[User],
    ) -> Result<Option<Done>, Error> {
        let Self { source, target, context, run, .. } = *self;
        let Some(number) = self.pull_request.filter(|_| mode != CommentMode::Off) else { return Ok(None) };
        let marker = Marker { target: target.clone(), run: run.into(), attempt: end.attempt, context: context.clone() };
        let text = words::comment(context, &end.outcome, &pages.run(target, run), None, &marker);
        let comment =
            RunComment { repo: source, number, mode, text: &text, marker: &marker, yields: true, since: None };
        comment.put(gitea, there, || authors.to_vec()).await.map(Some)
    }

    /// The status for the log.
    pub(crate) fn place(&self) -> String {
        words::place(self.context, self.source, self.sha)
    }
}
