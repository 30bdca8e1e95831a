//! What the pull request shows: the only code that sets statuses and writes comments.
//!
//! A mode finds out the state of a run, and passes it to a [`Teller`] as an [`Answer`]. The existing status and comment
//! decide what is written. A [`Told`] holds the result.

mod answer;
mod comment;
mod comment_failures;
mod comment_length;
mod comment_text;
mod marker;
mod precedence;
mod recognition;
mod run_statuses;
mod status;
mod table;
mod table_comment;
mod told;

use std::cell::{Cell, RefCell};
use std::time::Duration;

use reqwest::Url;
use tokio::time::Instant;

pub(crate) use answer::Answer;
pub(crate) use comment::{CommentDone, Draft};
pub(crate) use comment_failures::Failures;
#[cfg(test)]
pub(crate) use comment_text::CommentText;
pub(crate) use marker::Marker;
pub(crate) use precedence::{Attempt, Voice};
pub(crate) use run_statuses::{FailingEnd, Pending, RunStatuses};
pub(crate) use status::{Early, Overtaken, StatusDone};
pub(crate) use told::{Told, Unwritten};

use crate::forge::{Comment, Error, Gitea};
use crate::links::PageBase;
use crate::types::{CommentMode, Place, RunRef};
use status::Written;

/// Comments older than this are read again before one of them is edited.
const OUTDATED_AFTER: Duration = Duration::from_secs(2);

/// Writes about one run in one place.
#[derive(Clone, Copy)]
pub(crate) struct Teller<'a> {
    pub(crate) gitea: &'a Gitea,
    pub(crate) pages: &'a PageBase,
    pub(crate) place: &'a Place,
    pub(crate) run: &'a RunRef,
}

impl Teller<'_> {
    /// The run's page.
    pub(crate) fn page(&self) -> Url {
        self.pages.run(&self.run.target, self.run.number)
    }

    /// Writes the status, then the comment, for an observer of the run: a token without `write:issue` must not leave the
    /// status pending. `there` are the comments of the pull request, if they were read before.
    pub(crate) async fn close(
        &self,
        answer: &Answer,
        voice: Voice,
        draft: Option<Draft<'_>>,
        there: Option<Vec<Comment>>,
    ) -> Told {
        let (status, status_id, authors) = match self.set_status(answer, voice, None).await {
            Ok(Written { done, id, authors }) => (Ok(done), id, authors),
            Err(error) => (Err(error), None, Vec::new()),
        };
        let comment = match draft {
            // Whoever has changed the status in the meantime comments too.
            Some(_) if matches!(voice, Voice::WhilePending { .. }) && !matches!(status, Ok(StatusDone::Set)) => {
                Ok(CommentDone::None)
            }
            Some(draft) if draft.is_outdated(&status) => Ok(CommentDone::None),
            Some(draft) if draft.mode == CommentMode::Table => self.put_table(&draft, &authors).await,
            Some(draft) if draft.contradicts(&status) => Ok(CommentDone::None),
            Some(draft) => self.put(&draft.after(&status), there, || authors.clone()).await,
            None => Ok(CommentDone::None),
        };
        Told { status, status_id, comment }
    }

    /// Writes status and comment side by side, for the run itself or an event about it. `seen` are the statuses that
    /// were read before. If a comment may exist already, the comments are read while the status is set. The response to
    /// the status shows which comments are ours.
    pub(crate) async fn report(
        &self,
        answer: &Answer,
        voice: Voice,
        draft: Option<Draft<'_>>,
        seen: Result<RunStatuses, Error>,
    ) -> Told {
        let (run, context) = (self.run.number, &self.place.context);
        // The end of this run may have been reported before: by `wait`, `reconcile`, or the report of an earlier attempt. The
        // status cannot show this for an older run. Nor can it for an attempt that no runner took, since up to 1.26 such an
        // attempt has the number of the one before it.
        let is_told = seen.as_ref().is_ok_and(|runs| {
            runs.end_of(run, context).is_some() || runs.newer_than(run, context).is_some() || voice.has_not_begun()
        });
        let creator = seen.as_ref().ok().and_then(|runs| runs.creator_of(context));
        let status_id = Cell::new(None);
        let accounts = RefCell::new(creator.into_iter().collect::<Vec<_>>());
        let set_status = async {
            let Written { done, id, authors } = self.set_status(answer, voice, Some(&seen?)).await?;
            accounts.replace(authors);
            status_id.set(id);
            Ok(done)
        };
        let authors = || accounts.borrow().clone();
        let Some(draft) = draft else {
            let status = set_status.await;
            return Told { status, status_id: status_id.get(), comment: Ok(CommentDone::None) };
        };
        if draft.mode == CommentMode::Table {
            let status = set_status.await;
            let comment = match draft.is_outdated(&status) {
                true => Ok(CommentDone::None),
                false => self.put_table(&draft, &authors()).await,
            };
            return Told { status, status_id: status_id.get(), comment };
        }
        if draft.mode != CommentMode::Update && !is_told {
            let (status, comment) = tokio::join!(set_status, self.put(&draft, Some(Vec::new()), authors));
            return Told { status, status_id: status_id.get(), comment };
        }
        let start = Instant::now();
        let (status, there) = tokio::join!(set_status, self.comments(&draft));
        if draft.is_outdated(&status) || draft.contradicts(&status) {
            return Told { status, status_id: status_id.get(), comment: Ok(CommentDone::None) };
        }
        let draft = draft.after(&status);
        let comment = match there {
            // A newer run may have set its status in the meantime.
            Ok(_) if start.elapsed() > OUTDATED_AFTER => self.put(&draft, None, authors).await,
            Ok(there) => self.put(&draft, Some(there), authors).await,
            Err(error) => Err(error),
        };
        Told { status, status_id: status_id.get(), comment }
    }

    async fn comments(&self, draft: &Draft<'_>) -> Result<Vec<Comment>, Error> {
        self.gitea.comments(&self.place.head.source, draft.number, None).await
    }
}
