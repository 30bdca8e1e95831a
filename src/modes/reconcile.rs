//! `mode: reconcile`: closes the pending statuses whose run has ended without a report.
//!
//! First everything is read, then it is written. A pull request costs one request, a run that is waited for one more, and one
//! that is closed three: its status again, its final status, its comment.

mod search;
mod settle;

use std::io::Write;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::time::{Instant, timeout_at};

use super::{OldServer, check_server};
use crate::config::Reconcile;
use crate::diagnosis;
use crate::forge::{Gitea, PullRequest};
use crate::links::PageBase;
use crate::runner::Runner;
use crate::text;
use crate::types::RepoName;
use search::{Found, Unread};
use settle::Row;

/// How long pull requests are looked at; the rest of the step's minute is for what was found.
const READING_TIME: Duration = Duration::from_secs(35);

/// How many requests are under way at a time.
const PARALLEL: usize = 8;

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

/// Looks at each open pull request, and closes what has ended. What fails for one keeps no other from being closed.
pub(crate) async fn run(
    gitea: &Gitea,
    pages: &PageBase,
    reconcile: &Reconcile,
    runner: &mut Runner<impl Write>,
) -> Result<(), Error> {
    let Reconcile { source, target, .. } = reconcile;
    let end_of_reading = Instant::now() + READING_TIME;
    check_server(gitea, "`mode: reconcile`").await?;
    let mut pulls = open_pull_requests(gitea, source).await?;
    let pull_requests = pulls.len();
    merge_same_heads(&mut pulls);
    let count = pulls.len();
    // Where the time does not suffice for all, it is not always the same ones that are left out.
    pulls.rotate_left(fastrand::usize(..=count));
    let look = async |pull| timeout_at(end_of_reading, search::look_at(gitea, pages, reconcile, pull)).await.ok();
    let looked_at: Vec<_> = stream::iter(pulls).map(look).buffer_unordered(PARALLEL).collect().await;

    let left_out = looked_at.iter().filter(|looked_at| looked_at.is_none()).count();
    let (mut found, mut unread) = (Vec::new(), Vec::new());
    for result in looked_at.into_iter().flatten().collect::<Result<Vec<_>, _>>()?.into_iter().flatten() {
        match result {
            Ok(one) => found.push(one),
            Err(unknown) => unread.push(unknown),
        }
    }
    let rows = settle_all(gitea, pages, reconcile, found).await;
    report_counts(pull_requests, &rows, reconcile, runner);

    let mut problems = Vec::new();
    if left_out > 0 {
        problems.push(format!("There was no time to look at {left_out} of {count} pull requests"));
    }
    // Asked only now that all is written.
    for unread in &unread {
        problems.push(match unread {
            Unread::Statuses(error) => format!("{} ({error})", diagnosis::of_status(gitea, source, error).await),
            Unread::Run(error) => format!("{} ({error})", diagnosis::of_repository(gitea, target, error).await),
        });
    }
    problems.extend(rows.into_iter().filter_map(|row| row.error));
    for problem in &problems {
        runner.warning(problem);
    }
    match problems.first() {
        Some(first) => Err(Error::Incomplete(format!("The first of {}: {first}", problems.len()))),
        None => Ok(()),
    }
}

async fn open_pull_requests(gitea: &Gitea, source: &RepoName) -> Result<Vec<PullRequest>, Error> {
    match gitea.open_pull_requests(source).await {
        Ok(pulls) => Ok(pulls),
        Err(error) => {
            let cause = format!("{} ({error})", diagnosis::of_repository(gitea, source, &error).await);
            Err(Error::PullRequests { repo: source.clone(), cause })
        }
    }
}

async fn settle_all(gitea: &Gitea, pages: &PageBase, reconcile: &Reconcile, found: Vec<Found>) -> Vec<Row> {
    let comments = settle::comments_there(gitea, reconcile, &found).await;
    let settle = async |one| settle::settle(gitea, pages, reconcile, comments.as_deref(), one).await;
    let mut rows: Vec<_> = stream::iter(found).map(settle).buffer_unordered(PARALLEL).collect().await;
    rows.sort_by_key(|row| row.pull);
    rows
}

/// Writes what was done to the log, the outputs and the summary.
fn report_counts(pull_requests: usize, rows: &[Row], reconcile: &Reconcile, runner: &mut Runner<impl Write>) {
    let Reconcile { source, target, .. } = reconcile;
    for row in rows {
        runner.info(&row.log);
    }
    let checked = rows.len();
    let closed = rows.iter().filter(|row| row.closed).count();
    let running = rows.iter().filter(|row| row.running).count();
    runner.info(&format!(
        "Open pull requests of {source}: {pull_requests}; statuses that waited for a run of {target}: {checked}, closed: {closed}, \
         still running: {running}"
    ));
    for (name, number) in [("checked", checked), ("closed", closed), ("running", running)] {
        runner.output(name, &number.to_string());
    }
    let cells: Vec<_> = rows.iter().map(|row| row.cells.clone()).collect();
    let mut lines = text::table(["Pull request", "Status", "Run", "What was done"], &cells);
    for Row { cells: [pull, context, ..], failed, .. } in rows.iter().filter(|row| !row.failed.is_empty()) {
        lines.push_str(&format!("\n{pull}, {context}:\n\n{}", text::list(failed)));
    }
    runner.summary(&format!("Reconciled {source} with {target}: {closed} closed, {running} running"), &lines);
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
