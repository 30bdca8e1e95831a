//! `mode: reconcile`: closes the pending statuses whose run has ended without a report.
//!
//! First all is read, or as much as there is time for, then it is written. A pull request costs one request, a run that is waited
//! for one more, and one that is closed three: its status again, its final status, its comment.

mod problems;
mod reading;
mod search;
mod settle;

use std::io::Write;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::time::{Instant, timeout};

use super::{OldServer, check_server};
use crate::config::Reconcile;
use crate::diagnosis;
use crate::forge::{Gitea, PullRequest, PullRequests};
use crate::links::PageBase;
use crate::runner::Runner;
use crate::text;
use crate::types::RepoName;
use problems::Problem;
use search::{Found, Search};
use settle::Row;

/// So long after the start the last status is begun with.
const LAST_START: Duration = Duration::from_secs(50);

/// How long the comments are waited for that may be there already.
const COMMENTS_TIME: Duration = Duration::from_secs(10);

/// How many requests are under way at a time.
const PARALLEL: usize = 8;

/// How many rows the log and the summary have.
const SHOWN_ROWS: usize = 100;

/// Why the step fails. What was closed all the same is in the log above it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    OldServer(#[from] OldServer),
    #[error("Nothing was written, since the open pull requests of {repo} could not be read. {cause}")]
    PullRequests { repo: RepoName, cause: String },
    #[error("Nothing was written. {0}")]
    Hidden(String),
    #[error("Not all could be told; the next run of this workflow tries again what is still pending. {0}")]
    Incomplete(String),
}

/// Looks at each open pull request, and closes what has ended. What fails for one keeps no other from being closed. Where the
/// base of the pages is not known, the server's answers name it.
pub(crate) async fn run(
    gitea: &Gitea,
    pages: &PageBase,
    pages_are_known: bool,
    reconcile: &Reconcile,
    runner: &mut Runner<impl Write>,
) -> Result<(), Error> {
    let start = Instant::now();
    check_server(gitea, "`mode: reconcile`").await?;
    let first = first_page(gitea, &reconcile.source).await?;
    let of_server = first.pulls.iter().find_map(PullRequest::pages).filter(|_| !pages_are_known);
    let pages = &of_server.map_or_else(|| pages.clone(), |of_server| of_server.or_of_runner(pages.clone()));
    let search = Search { gitea, pages, reconcile };
    let mut seen = reading::read(&search, first, start).await?;
    let mut problems = std::mem::take(&mut seen.problems);
    if seen.left_out > 0 {
        let (left_out, count) = (seen.left_out, seen.pull_requests);
        let text = format!("There was no time to look at {left_out} of {count} pull requests");
        problems.push(Problem::Time(text));
    }
    let Settled { mut rows, unclosed } = settle_all(&search, &seen.found, start).await;
    let checked = seen.found.len();
    if unclosed > 0 {
        let text = format!("There was no time to close {unclosed} of {checked} statuses");
        problems.push(Problem::Time(text));
    }
    problems.extend(rows.iter_mut().filter_map(|row| row.problem.take()));
    report_counts(seen.pull_requests, checked, &rows, reconcile, runner);
    if let Some(warning) = problems::about_foreign_links(&seen.foreign_links, reconcile, &pages.to_string()) {
        runner.warning(&warning);
    }
    // Only now that all is written there is time to ask for causes.
    let sentences = problems::sentences(gitea, reconcile, &problems).await;
    for sentence in &sentences {
        runner.warning(sentence);
    }
    match sentences.first() {
        Some(first) => Err(Error::Incomplete(format!("The first of {}: {first}", problems.len()))),
        None => Ok(()),
    }
}

async fn first_page(gitea: &Gitea, source: &RepoName) -> Result<PullRequests, Error> {
    match gitea.open_pull_requests(source, 1).await {
        Ok(pulls) => Ok(pulls),
        Err(error) => {
            let cause = format!("{} ({error})", diagnosis::of_repository(gitea, source, &error).await);
            Err(Error::PullRequests { repo: source.clone(), cause })
        }
    }
}

/// What was done, and for how many statuses there was no time.
struct Settled {
    rows: Vec<Row>,
    unclosed: usize,
}

/// Closes what has ended, as long as there is time.
async fn settle_all(search: &Search<'_>, found: &[Found], start: Instant) -> Settled {
    let comments = timeout(COMMENTS_TIME, settle::comments_there(search.gitea, search.reconcile, found)).await;
    let comments = comments.ok().flatten();
    let closable = found.iter().filter_map(|one| Some((one, one.answer.as_ref()?)));
    let settle = async |(one, answer)| {
        // Those under way need the rest of the minute.
        if start.elapsed() > LAST_START {
            return None;
        }
        Some(settle::settle(search, comments.as_ref(), one, answer).await)
    };
    let settled: Vec<_> = stream::iter(closable).map(settle).buffer_unordered(PARALLEL).collect().await;
    let unclosed = settled.iter().filter(|row| row.is_none()).count();
    let running = found.iter().filter(|one| one.answer.is_none()).map(|one| settle::still_running(search.pages, one));
    let mut rows: Vec<_> = settled.into_iter().flatten().chain(running).collect();
    rows.sort_by_key(|row| (row.running, row.pull));
    Settled { rows, unclosed }
}

/// Writes what was done to the log, the outputs and the summary.
fn report_counts(
    pull_requests: usize,
    checked: usize,
    rows: &[Row],
    reconcile: &Reconcile,
    runner: &mut Runner<impl Write>,
) {
    let Reconcile { source, target, .. } = reconcile;
    for row in rows.iter().take(SHOWN_ROWS) {
        runner.info(&row.log);
    }
    let more = rows.len().saturating_sub(SHOWN_ROWS);
    if more > 0 {
        runner.info(&format!("And {more} more statuses"));
    }
    let closed = rows.iter().filter(|row| row.closed).count();
    let running = rows.iter().filter(|row| row.running).count();
    runner.info(&format!(
        "Open pull requests of {source}: {pull_requests}; statuses that waited for a run of {target}: {checked}, closed: {closed}, \
         still running: {running}"
    ));
    for (name, number) in [("checked", checked), ("closed", closed), ("running", running)] {
        runner.output(name, &number.to_string());
    }
    let cells: Vec<_> = rows.iter().take(SHOWN_ROWS).map(|row| row.cells.clone()).collect();
    let mut lines = text::table(["Pull request", "Status", "Run", "What was done"], &cells);
    if more > 0 {
        lines += &format!(
            "
And {more} more statuses
"
        );
    }
    for Row { cells: [pull, context, ..], failed, .. } in
        rows.iter().take(SHOWN_ROWS).filter(|row| !row.failed.is_empty())
    {
        lines += &format!(
            "
{pull}, {context}:

{}",
            text::list(failed)
        );
    }
    runner.summary(&format!("Reconciled {source} with {target}: {closed} closed, {running} running"), &lines);
}
