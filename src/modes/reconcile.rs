//! `mode: reconcile`: closes the pending statuses whose run has ended without a report.
//!
//! First everything is read, then it is written. A pull request costs one request, a run that is waited for one more, and one
//! that is closed three: its status again, its final status, its comment.

use std::cell::RefCell;
use std::io::Write;

use time::{Duration, OffsetDateTime};
use tokio::time::{Instant, timeout_at};

use crate::config::Reconcile;
use crate::diagnosis;
use crate::forge::{self, Comment, Gitea, PullRequest};
use crate::links::PageBase;
use crate::run::progress::{self, Progress};
use crate::runner::Runner;
use crate::telling::closing::{Closing, Status};
use crate::telling::comment::{self, Done};
use crate::telling::{Marker, words};
use crate::telling::{Pending, RunStatuses};
use crate::text::{self, markdown, one_line};
use crate::types::{CommentMode, CommitSha, PullRequestNumber, RepoName, State};

/// After so long without a runner the pending status says so.
const LONG_QUEUE: Duration = Duration::HOUR;

/// How long pull requests are looked at; the rest of the step's minute is for what was found.
const READING_TIME: std::time::Duration = std::time::Duration::from_secs(35);

/// Why the step fails. What was closed all the same is in the log above it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    OldServer(#[from] progress::OldServer),
    #[error("Nothing was written, since the open pull requests of {repo} could not be read. {cause}")]
    PullRequests { repo: RepoName, cause: String },
    #[error("Nothing was written. {0}")]
    Hidden(String),
    #[error("Not all could be told; the next run of this workflow tries again what is still pending. {0}")]
    Incomplete(String),
}

/// A pending status, and how far its run has come.
struct Found {
    pull: PullRequestNumber,
    /// Whether another pull request has the same head.
    shared: bool,
    /// How many comments the pull request had.
    comments: u64,
    sha: CommitSha,
    status: Pending,
    progress: Progress,
    /// The server's clock, which the run's times are of.
    now: OffsetDateTime,
}

/// What could not be looked at, and why.
enum Unread {
    Statuses(forge::Error),
    Run(forge::Error),
}

/// A row of the summary.
struct Row {
    pull: PullRequestNumber,
    cells: [String; 4],
    log: String,
    error: Option<String>,
    closed: bool,
    running: bool,
}

/// Looks at each open pull request, and closes what has ended. What fails for one keeps no other from being closed.
pub(crate) async fn run(
    gitea: &Gitea,
    pages: &PageBase,
    reconcile: &Reconcile,
    runner: &mut Runner<impl Write>,
) -> Result<(), Error> {
    let Reconcile { source, target, .. } = reconcile;
    let end_of_reading = Instant::now() + READING_TIME;
    progress::check_version(gitea, "`mode: reconcile`").await?;
    let mut pulls = match gitea.open_pull_requests(source).await {
        Ok(pulls) => pulls,
        Err(error) => {
            let cause = format!("{} ({error})", diagnosis::of_repository(gitea, source, &error).await);
            return Err(Error::PullRequests { repo: source.clone(), cause });
        }
    };
    let pull_requests = pulls.len();
    merge_same_heads(&mut pulls);
    // Where the time does not suffice for all, it is not always the same ones that are left out.
    let count = pulls.len();
    let first = (forge::random() * count as f64) as usize;
    pulls.rotate_left(first.min(count));
    let looked_at =
        in_parallel(pulls, async |pull| timeout_at(end_of_reading, look_at(gitea, pages, reconcile, &pull)).await.ok())
            .await;

    let (mut found, mut unread, mut problems) = (Vec::new(), Vec::new(), Vec::new());
    let left_out = looked_at.iter().filter(|looked_at| looked_at.is_none()).count();
    if left_out > 0 {
        problems.push(format!("There was no time to look at {left_out} of {count} pull requests"));
    }
    for result in looked_at.into_iter().flatten().collect::<Result<Vec<_>, _>>()?.into_iter().flatten() {
        match result {
            Ok(one) => found.push(one),
            Err(unknown) => unread.push(unknown),
        }
    }
    let checked = found.len();
    let comments = comments_there(gitea, reconcile, &found).await;
    let close = async |one: Found| settle(gitea, pages, reconcile, comments.as_deref(), one).await;
    let mut rows = in_parallel(found, close).await;
    rows.sort_by_key(|row| row.pull);

    for row in &rows {
        runner.info(&row.log);
    }
    // Asked only now that all is written.
    for unread in &unread {
        problems.push(match unread {
            Unread::Statuses(error) => format!("{} ({error})", diagnosis::of_status(gitea, source, error).await),
            Unread::Run(error) => format!("{} ({error})", diagnosis::of_repository(gitea, target, error).await),
        });
    }
    problems.extend(rows.iter().filter_map(|row| row.error.clone()));
    let closed = rows.iter().filter(|row| row.closed).count();
    let running = rows.iter().filter(|row| row.running).count();
    runner.info(&format!(
        "Open pull requests of {source}: {pull_requests}; statuses that waited for a run of {target}: {checked}, closed: {closed}, \
         still running: {running}"
    ));
    for (name, number) in [("checked", checked), ("closed", closed), ("running", running)] {
        runner.output(name, &number.to_string());
    }
    let cells: Vec<_> = rows.into_iter().map(|row| row.cells).collect();
    let table = text::table(["Pull request", "Status", "Run", "What was done"], &cells);
    runner.summary(&format!("Reconciled {source} with {target}: {closed} closed, {running} running"), &table);
    if problems.is_empty() {
        return Ok(());
    }
    for problem in &problems {
        runner.warning(problem);
    }
    Err(Error::Incomplete(format!("The first of {}: {}", problems.len(), problems[0])))
}

/// Pull requests of one commit share its statuses: one of them is kept. Which of them a run was dispatched for nobody can tell.
fn merge_same_heads(pulls: &mut Vec<PullRequest>) {
    pulls.sort_by(|one, other| one.head.sha.cmp(&other.head.sha));
    pulls.dedup_by(|next, first| {
        let same = next.head.sha == first.head.sha;
        // A list that grows while its pages are read may have an entry twice.
        first.shares_head |= same && next.number != first.number;
        same
    });
}

/// The statuses of a pull request that wait for a run of the target, each with its run. The error is that nothing may be written.
async fn look_at(
    gitea: &Gitea,
    pages: &PageBase,
    reconcile: &Reconcile,
    pull: &PullRequest,
) -> Result<Vec<Result<Found, Unread>>, Error> {
    let Reconcile { source, target, context, .. } = reconcile;
    // A pull request without a valid head has no statuses.
    let Ok(sha) = pull.head.sha.parse::<CommitSha>() else { return Ok(Vec::new()) };
    let statuses = match gitea.statuses(source, &sha).await {
        Ok(statuses) => statuses,
        Err(error) => return Ok(vec![Err(Unread::Statuses(error))]),
    };
    let mut found = Vec::new();
    let runs = RunStatuses::new(&statuses, pages, target);
    let now = statuses.answered_at.unwrap_or_else(OffsetDateTime::now_utc);
    for status in runs.all_pending().filter(|status| context.as_ref().is_none_or(|wanted| *wanted == status.context)) {
        let (sha, comments) = (sha.clone(), pull.comments);
        found.push(match progress::of(gitea, target, status.run.into()).await {
            Ok(progress) => {
                Ok(Found { pull: pull.number, shared: pull.shares_head, comments, sha, status, progress, now })
            }
            Err(hidden @ progress::Unknown::Hidden(_)) => return Err(Error::Hidden(hidden.to_string())),
            Err(progress::Unknown::Server(error)) => Err(Unread::Run(error)),
        });
    }
    Ok(found)
}

/// The comments that may be about a run that is to be closed, in one list for all; `None` where each pull request has to be
/// asked for its own.
async fn comments_there(gitea: &Gitea, reconcile: &Reconcile, found: &[Found]) -> Option<Vec<Comment>> {
    let closing = found.iter().filter(|one| one.comments > 0 && matches!(one.progress, Progress::Ended(_)));
    let oldest = closing.map(|one| one.status.created_at).min();
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
async fn settle(
    gitea: &Gitea,
    pages: &PageBase,
    reconcile: &Reconcile,
    comments: Option<&[Comment]>,
    found: Found,
) -> Row {
    let Reconcile { source, target, .. } = reconcile;
    let Found { pull, sha, status, progress, .. } = &found;
    let closing = Closing { source, sha, pull_request: Some(*pull), target, context: &status.context, run: status.run };
    let wanted = match progress {
        Progress::Ended(end) => Some((end.outcome.state(), words::ended(&end.outcome, end.elapsed))),
        Progress::Gone => Some((State::Error, words::RUN_GONE.to_owned())),
        Progress::Queued(Some(since)) if found.now - *since > LONG_QUEUE => {
            Some((State::Pending, words::waiting(*since))).filter(|(_, text)| *text != status.description)
        }
        // It waits no more.
        Progress::Running(Some(since)) if words::waiting(*since) == status.description => {
            Some((State::Pending, words::pending(target)))
        }
        Progress::Queued(_) | Progress::Running(_) => None,
    };
    let running = matches!(progress, Progress::Queued(_) | Progress::Running(_));
    let (mut closed, mut error) = (false, None);
    let done = match wanted {
        None => "still running".to_owned(),
        Some((state, description)) => match closing.set(gitea, pages, state, &description, true).await {
            Ok((Status::Set, authors)) => {
                closed = !running;
                let comment = comment_on(gitea, pages, reconcile, &closing, &found, comments, &authors).await;
                let comment = match comment {
                    Ok(done) => done,
                    Err(cause) => {
                        let diagnosis = diagnosis::of_repository(gitea, source, &cause).await;
                        error = Some(format!(
                            "The comment on {source}#{pull} {}, and is not tried again. {diagnosis} ({cause})",
                            comment::undone(&cause)
                        ));
                        ", comment failed"
                    }
                };
                format!("{state}, {description}{comment}")
            }
            Ok((Status::Told(_), _)) => "told in the meantime".to_owned(),
            Ok((Status::NotOurs, _)) => "tells something else in the meantime".to_owned(),
            Err(cause) => {
                let done = cause.not_done("was not set");
                let diagnosis = diagnosis::of_repository(gitea, source, &cause).await;
                error = Some(format!("Status {} {done}. {diagnosis} ({cause})", closing.place()));
                done.to_owned()
            }
        },
    };
    let page = pages.run(target, status.run);
    let link = format!("[{source}#{pull}]({})", pages.pull_request(source, *pull));
    let context = one_line(status.context.as_str());
    Row {
        pull: *pull,
        cells: [link, markdown(&context), format!("[{}]({page})", status.run), markdown(&done)],
        log: format!("Pull request {source}#{pull}, status {context}: {done}: {page}"),
        error,
        closed,
        running,
    }
}

/// Makes the comment about a run that has ended, and says so in a few words.
async fn comment_on(
    gitea: &Gitea,
    pages: &PageBase,
    reconcile: &Reconcile,
    closing: &Closing<'_>,
    found: &Found,
    comments: Option<&[Comment]>,
    authors: &[forge::User],
) -> Result<&'static str, forge::Error> {
    let Progress::Ended(end) = &found.progress else { return Ok("") };
    if found.shared && reconcile.commenting.mode != CommentMode::Off {
        return Ok(", no comment, since several pull requests have this head");
    }
    let there = match comments {
        _ if found.comments == 0 || reconcile.commenting.mode == CommentMode::Off => Vec::new(),
        Some(comments) => comments.to_vec(),
        None => gitea.comments(closing.source, found.pull, None).await?,
    };
    Ok(match closing.comment(gitea, pages, reconcile.commenting.mode, end, there, authors).await? {
        Some(Done::Created(_)) => ", comment created",
        Some(Done::Edited(_)) => ", comment edited",
        Some(Done::Found(_) | Done::Newer(_)) => ", comment was there",
        None => "",
    })
}

/// Does the work for each item, at most eight at a time; what comes out is in no order.
async fn in_parallel<T, R>(items: impl IntoIterator<Item = T>, work: impl AsyncFn(T) -> R) -> Vec<R> {
    let (items, results) = (RefCell::new(items.into_iter()), RefCell::new(Vec::new()));
    let next = || items.borrow_mut().next();
    let worker = async || {
        while let Some(item) = next() {
            let result = work(item).await;
            results.borrow_mut().push(result);
        }
    };
    tokio::join!(worker(), worker(), worker(), worker(), worker(), worker(), worker(), worker());
    results.into_inner()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pull_requests_share_a_head_and_one_that_is_listed_twice_does_not() {
        let pull = |number: u32, sha: &str| json!({"number": number, "head": {"sha": sha}});
        let listed = json!([pull(1, "a"), pull(2, "b"), pull(3, "c"), pull(4, "b"), pull(3, "c")]);
        let mut pulls: Vec<PullRequest> = serde_json::from_value(listed).unwrap();

        merge_same_heads(&mut pulls);

        let kept: Vec<_> = pulls.iter().map(|pull| (pull.number.to_string(), pull.shares_head)).collect();
        assert_eq!(kept, [("1".to_owned(), false), ("2".to_owned(), true), ("3".to_owned(), false)]);
    }
}
