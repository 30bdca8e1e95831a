//! A pending status whose run has ended is closed; one whose run waits for long says so.

use time::Duration;

use super::search::Found;
use crate::config::Reconcile;
use crate::diagnosis;
use crate::forge::{Comment, Gitea};
use crate::links::PageBase;
use crate::run::Progress;
use crate::telling::{Answer, CommentDone, Draft, Failures, Marker, StatusDone, Teller, Told, Voice};
use crate::text::{markdown, one_line};
use crate::types::{CommentMode, PullRequestNumber};

/// After so long without a runner the pending status says so.
const LONG_QUEUE: Duration = Duration::HOUR;

/// A row of the summary.
pub(super) struct Row {
    pub(super) pull: PullRequestNumber,
    pub(super) cells: [String; 4],
    /// The jobs that failed, if the run was closed: lines of Markdown.
    pub(super) failed: Vec<String>,
    pub(super) log: String,
    pub(super) error: Option<String>,
    pub(super) closed: bool,
    pub(super) running: bool,
}

/// The comments that may be about a run that is to be closed, in one list for all; `None` where each pull request has to be
/// asked for its own.
pub(super) async fn comments_there(gitea: &Gitea, reconcile: &Reconcile, found: &[Found]) -> Option<Vec<Comment>> {
    let closing = found.iter().filter(|one| one.pull.comments > 0 && matches!(one.progress, Progress::Ended(_)));
    let oldest = closing.map(|one| one.created_at).min();
    match (reconcile.commenting.mode, oldest) {
        (CommentMode::Create, Some(Some(since))) => {
            let marked = |comment: &Comment| Marker::at_end_of(&comment.body).is_some();
            gitea.all_comments(&reconcile.source, since, marked).await.ok()
        }
        (CommentMode::Create, None) | (CommentMode::Off, _) => Some(Vec::new()),
        _ => None,
    }
}

/// Tells the end of a run, if it has one.
pub(super) async fn settle(
    gitea: &Gitea,
    pages: &PageBase,
    reconcile: &Reconcile,
    comments: Option<&[Comment]>,
    found: Found,
) -> Row {
    let teller = Teller { gitea, pages, place: &found.place, run: &found.run };
    let running = matches!(found.progress, Progress::Queued(_) | Progress::Running { .. });
    let Some(answer) = answer(&found) else {
        return row(&found, &teller, "still running".to_owned(), None, None);
    };
    // Which pull request of a shared head the run was dispatched for nobody can tell.
    let failures = match &found.progress {
        Progress::Ended(end) => teller.failures(end.failed.clone(), reconcile.commenting, reconcile.log_lines).await,
        _ => Failures::default(),
    };
    let draft = draft(&teller, reconcile, &found, &failures);
    let there = match comments {
        _ if found.pull.comments == 0 => Some(Vec::new()),
        comments => comments.map(<[Comment]>::to_vec),
    };
    let told = teller.close(&answer, Voice::WhilePending, draft, there).await;
    let closed = !running && matches!(told.status, Ok(StatusDone::Set));
    let (done, error) = describe(&teller, &found, reconcile, &answer, told).await;
    row(&found, &teller, done, error, closed.then_some(&failures))
}

/// What is to be said now; `None` where the status says it already.
fn answer(found: &Found) -> Option<Answer> {
    let says = |answer: &Answer| answer.description(&found.run.target) == found.description;
    match &found.progress {
        Progress::Ended(end) => Some(Answer::Ended(end.ending.clone())),
        Progress::Gone => Some(Answer::Gone),
        Progress::Queued(Some(since)) if found.now - *since > LONG_QUEUE => {
            Some(Answer::Waiting(*since)).filter(|answer| !says(answer))
        }
        // It waits no more.
        Progress::Running { created: Some(since), .. } if says(&Answer::Waiting(*since)) => Some(Answer::Dispatched),
        Progress::Queued(_) | Progress::Running { .. } => None,
    }
}

fn draft<'a>(
    teller: &Teller<'a>,
    reconcile: &Reconcile,
    found: &'a Found,
    failures: &'a Failures,
) -> Option<Draft<'a>> {
    match &found.progress {
        Progress::Ended(end) if !found.pull.shares_head => {
            teller.draft(reconcile.commenting, &end.ending, failures, end.attempt)
        }
        _ => None,
    }
}

/// What was done, in a few words, and what went wrong, in a sentence.
async fn describe(
    teller: &Teller<'_>,
    found: &Found,
    reconcile: &Reconcile,
    answer: &Answer,
    told: Told,
) -> (String, Option<String>) {
    let error = match told.status {
        Ok(StatusDone::Set) => None,
        Ok(StatusDone::Ended(_)) => return ("told in the meantime".to_owned(), None),
        Ok(StatusDone::Newer(_) | StatusDone::Other) => {
            return ("tells something else in the meantime".to_owned(), None);
        }
        Err(error) => Some(error),
    };
    if let Some(error) = error {
        let failure = diagnosis::head_status_failure(teller.gitea, &found.place, error).await;
        return (failure.effect(), Some(failure.to_string()));
    }
    let (comment, error) = match told.comment {
        Ok(CommentDone::Created(_)) => (", comment created", None),
        Ok(CommentDone::Edited(_)) => (", comment edited", None),
        Ok(CommentDone::Found(_) | CommentDone::Newer(_)) => (", comment was there", None),
        Ok(CommentDone::None) => (why_no_comment(found, reconcile), None),
        Err(error) => {
            let source = &found.place.head.source;
            let subject = format!("The comment on {source}#{}", found.pull.number);
            let failure = diagnosis::comment_failure(teller.gitea, &subject, source, error).await;
            (", comment failed", Some(format!("{failure} It is not tried again.")))
        }
    };
    (format!("{}, {}{comment}", answer.state(), answer.description(&found.run.target)), error)
}

fn why_no_comment(found: &Found, reconcile: &Reconcile) -> &'static str {
    let is_wanted = matches!(found.progress, Progress::Ended(_)) && reconcile.commenting.mode != CommentMode::Off;
    if found.pull.shares_head && is_wanted { ", no comment, since several pull requests have this head" } else { "" }
}

/// `closed`: what is known of a run whose status was closed.
fn row(found: &Found, teller: &Teller<'_>, done: String, error: Option<String>, closed: Option<&Failures>) -> Row {
    let (source, number, page) = (&found.place.head.source, found.pull.number, teller.page());
    let link = format!("[{source}#{number}]({})", teller.pages.pull_request(source, number));
    let context = one_line(found.place.context.as_str());
    let note = closed.and_then(|failures| failures.note.as_ref()).map(|note| format!(" . {note}")).unwrap_or_default();
    Row {
        pull: number,
        cells: [link, markdown(&context), format!("[{}]({page})", found.run.number), markdown(&done)],
        log: format!("Pull request {source}#{number}, status {context}: {done}: {page}{note}"),
        failed: closed.map(|failures| failures.lines(teller)).unwrap_or_default(),
        error,
        closed: closed.is_some(),
        running: matches!(found.progress, Progress::Queued(_) | Progress::Running { .. }),
    }
}
