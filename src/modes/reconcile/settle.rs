//! Closes a pending status whose run has ended. If the run has waited for a long time, the status says so.

use std::collections::BTreeMap;

use time::{Duration, OffsetDateTime};

use super::problems::Problem;
use super::search::{Found, Search};
use crate::config::Reconcile;
use crate::diagnosis;
use crate::forge::{Comment, Gitea};
use crate::links::PageBase;
use crate::run::Progress;
use crate::telling::{Answer, CommentDone, Draft, Failures, Marker, StatusDone, Teller, Told, Voice};
use crate::text::{markdown, one_line};
use crate::types::{CommentMode, PullRequestNumber, RepoName, RunId};

/// After this time without a runner, the pending status says so.
const LONG_QUEUE: Duration = Duration::HOUR;

/// A row of the summary.
pub(super) struct Row {
    pub(super) pull: PullRequestNumber,
    pub(super) cells: [String; 4],
    /// The jobs that failed, if the run was closed: lines of Markdown.
    pub(super) failed: Vec<String>,
    pub(super) log: String,
    pub(super) problem: Option<Problem>,
    pub(super) closed: bool,
    pub(super) running: bool,
}

/// The existing comments that may be about a run, by run.
pub(super) type CommentsThere = BTreeMap<RunId, Vec<Comment>>;

/// The existing comments that may be about a run to be closed, read as one list for all pull requests. `None` if each
/// pull request must be read separately.
pub(super) async fn comments_there(gitea: &Gitea, reconcile: &Reconcile, found: &[Found]) -> Option<CommentsThere> {
    let closing = found.iter().filter(|one| one.pull.has_comments && matches!(one.progress, Progress::Ended(_)));
    let oldest = closing.map(|one| one.created_at).min();
    match (reconcile.commenting.mode, oldest) {
        (CommentMode::Create, Some(Some(since))) => {
            let run_of = |comment: &Comment| Marker::at_end_of(&comment.body).map(|marker| marker.run);
            let is_marked = |comment: &Comment| run_of(comment).is_some();
            let mut by_run = CommentsThere::new();
            for comment in gitea.all_comments(&reconcile.source, since, is_marked).await.ok()? {
                if let Some(run) = run_of(&comment) {
                    by_run.entry(run).or_default().push(comment);
                }
            }
            Some(by_run)
        }
        (CommentMode::Create, None) | (CommentMode::Off, _) => Some(CommentsThere::new()),
        _ => None,
    }
}

/// Writes `answer` for what was found.
pub(super) async fn settle(
    search: &Search<'_>,
    comments: Option<&CommentsThere>,
    found: &Found,
    answer: &Answer,
) -> Row {
    let Search { gitea, pages, reconcile } = *search;
    let teller = Teller { gitea, pages, place: &found.place, run: &found.run };
    // If pull requests share a head, it is unknown which of them the run was dispatched for.
    let failures = match &found.progress {
        Progress::Ended(end) => teller.failures(end.failed.clone(), reconcile.commenting, reconcile.log_lines).await,
        _ => Failures::default(),
    };
    let draft = draft(&teller, reconcile, found, &failures);
    let there = match comments {
        _ if !found.pull.has_comments => Some(Vec::new()),
        comments => comments.map(|by_run| by_run.get(&found.run.id).cloned().unwrap_or_default()),
    };
    let told = teller.close(answer, Voice::WhilePending { since: found.created_at }, draft, there).await;
    let closed = !found.is_running() && matches!(told.status, Ok(StatusDone::Set));
    let (done, problem) = describe(&teller, found, reconcile, answer, told).await;
    let failed = if closed { failures.lines(&teller) } else { Vec::new() };
    let mut row = row(pages, found, &done);
    if let (true, Some(note)) = (closed, &failures.note) {
        row.log.push_str(&format!(" . {note}"));
    }
    Row { failed, closed, problem, ..row }
}

/// The row of a status that needs no change.
pub(super) fn still_running(pages: &PageBase, found: &Found) -> Row {
    row(pages, found, "still running")
}

/// The new answer; `None` if the status shows it already. `now` is by the server's clock, like the run's times.
pub(super) fn answer(progress: &Progress, now: OffsetDateTime, description: &str, target: &RepoName) -> Option<Answer> {
    let says = |answer: &Answer| answer.description(target) == description;
    match progress {
        Progress::Ended(end) => Some(Answer::Ended(end.ending.clone())),
        Progress::Gone => Some(Answer::Gone),
        Progress::Queued(Some(since)) if now - *since > LONG_QUEUE => {
            Some(Answer::Waiting(*since)).filter(|answer| !says(answer))
        }
        // The run no longer waits.
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
        Progress::Ended(end) if !found.shares_head => {
            teller.draft(reconcile.commenting, &end.ending, failures, end.attempt)
        }
        _ => None,
    }
}

/// The result in a few words, and any problem in a sentence.
async fn describe(
    teller: &Teller<'_>,
    found: &Found,
    reconcile: &Reconcile,
    answer: &Answer,
    told: Told,
) -> (String, Option<Problem>) {
    let error = match told.status {
        Ok(StatusDone::Set) => None,
        Ok(StatusDone::Ended(_)) => return ("reported by somebody else".to_owned(), None),
        Ok(StatusDone::Newer(_) | StatusDone::Other) => {
            return ("shows something else now".to_owned(), None);
        }
        Err(error) => Some(error),
    };
    if let Some(error) = error {
        let failure = diagnosis::head_status_failure(teller.gitea, &found.place, error).await;
        return (failure.effect(), Some(Problem::Status(failure.to_string())));
    }
    let (comment, problem) = match told.comment {
        Ok(CommentDone::Created(_)) => (", comment created", None),
        Ok(CommentDone::Edited(_)) => (", comment edited", None),
        Ok(CommentDone::Found(_) | CommentDone::Newer(_)) => (", comment already exists", None),
        Ok(CommentDone::None) => (why_no_comment(found, reconcile), None),
        Err(error) => {
            let source = &found.place.head.source;
            let subject = format!("The comment on {source}#{}", found.pull.number);
            let failure = diagnosis::comment_failure(teller.gitea, &subject, source, error).await;
            (", comment failed", Some(Problem::Comment(format!("{failure} The comment will not be retried."))))
        }
    };
    (format!("{}, {}{comment}", answer.state(), answer.description(&found.run.target)), problem)
}

fn why_no_comment(found: &Found, reconcile: &Reconcile) -> &'static str {
    let is_wanted = matches!(found.progress, Progress::Ended(_)) && reconcile.commenting.mode != CommentMode::Off;
    if found.shares_head && is_wanted { ", no comment, since several pull requests have this head" } else { "" }
}

fn row(pages: &PageBase, found: &Found, done: &str) -> Row {
    let (source, number) = (&found.place.head.source, found.pull.number);
    let page = pages.run(&found.run.target, found.run.number);
    let link = format!("[{source}#{number}]({})", pages.pull_request(source, number));
    let context = one_line(found.place.context.as_str());
    Row {
        pull: number,
        cells: [link, markdown(&context), format!("[{}]({page})", found.run.number), markdown(done)],
        log: format!("Pull request {source}#{number}, status {context}: {done}: {page}"),
        failed: Vec::new(),
        problem: None,
        closed: false,
        running: found.is_running(),
    }
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;

    #[test]
    fn run_that_waits_for_long_is_shown_as_waiting_until_a_runner_takes_it() {
        let target = "mporter/dispatch-target".parse().unwrap();
        let now = OffsetDateTime::UNIX_EPOCH + Duration::days(365);
        let answer = |progress: &Progress, description: &str| answer(progress, now, description, &target);
        let (since, recently) = (now - LONG_QUEUE - Duration::SECOND, now - LONG_QUEUE);
        let (queued, new) = (Progress::Queued(Some(since)), Progress::Queued(Some(recently)));
        let running = Progress::Running { created: Some(since), has_begun: true };
        let dispatched = Answer::Dispatched.description(&target);
        let waiting = Answer::Waiting(since).description(&target);

        assert_eq!(answer(&queued, &dispatched), Some(Answer::Waiting(since)));
        assert_eq!(answer(&queued, &waiting), None);
        assert_eq!(answer(&new, &dispatched), None);
        assert_eq!(answer(&running, &waiting), Some(Answer::Dispatched));
        assert_eq!(answer(&running, &dispatched), None);
    }
}
