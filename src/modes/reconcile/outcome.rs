//! What was done: for the log, the outputs and the summary.

use std::io::Write;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::time::{Instant, timeout};

use super::problems::Problem;
use super::reading::Reader;
use super::search::{Found, Search};
use super::settle::{self, Row};
use super::{LAST_START, PARALLEL};
use crate::config::Reconcile;
use crate::runner::Runner;
use crate::text;

/// How long to wait for the comments that may exist already.
const COMMENTS_TIME: Duration = Duration::from_secs(10);

/// How many rows the log and the summary have at most.
const SHOWN_ROWS: usize = 100;

/// What was done, and for how many statuses there was no time.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) rows: Vec<Row>,
    unclosed: usize,
}

impl Outcome {
    /// Closes the statuses of ended runs while there is time.
    pub(super) async fn settle(&mut self, search: &Search<'_>, found: &[Found], start: Instant) {
        let comments = timeout(COMMENTS_TIME, settle::comments_there(search.gitea, search.reconcile, found)).await;
        let comments = comments.ok().flatten();
        let closable = found.iter().filter_map(|one| Some((one, one.answer.as_ref()?)));
        let settle = async |(one, answer)| {
            // The statuses in progress need the rest of the minute.
            if start.elapsed() > LAST_START {
                return None;
            }
            Some(settle::settle(search, comments.as_ref(), one, answer).await)
        };
        let settled: Vec<_> = stream::iter(closable).map(settle).buffer_unordered(PARALLEL).collect().await;
        self.unclosed += settled.iter().filter(|row| row.is_none()).count();
        let running = found.iter().filter(|one| one.answer.is_none());
        self.rows.extend(settled.into_iter().flatten());
        self.rows.extend(running.map(|one| settle::still_running(search.pages, one)));
    }

    /// How many pending statuses were found.
    pub(super) fn checked(&self) -> usize {
        self.rows.len() + self.unclosed
    }

    /// What was left out for lack of time.
    pub(super) fn summaries(&self, reader: &Reader) -> impl Iterator<Item = Problem> {
        let (left_out, pull_requests) = (reader.left_out(), reader.pull_requests());
        let (unclosed, checked) = (self.unclosed, self.checked());
        let unread =
            (left_out > 0).then(|| format!("There was no time to look at {left_out} of {pull_requests} pull requests"));
        let unclosed = (unclosed > 0).then(|| format!("There was no time to close {unclosed} of {checked} statuses"));
        unread.into_iter().chain(unclosed).map(Problem::Summary)
    }

    /// Writes what was done to the log, the outputs and the summary.
    pub(super) fn announce(&self, pull_requests: usize, reconcile: &Reconcile, runner: &mut Runner<impl Write>) {
        let Reconcile { source, target, .. } = reconcile;
        for row in self.rows.iter().take(SHOWN_ROWS) {
            runner.info(&row.log);
        }
        let more = self.rows.len().saturating_sub(SHOWN_ROWS);
        if more > 0 {
            runner.info(&format!("And {more} more statuses"));
        }
        let checked = self.checked();
        let closed = self.rows.iter().filter(|row| row.closed).count();
        let running = self.rows.iter().filter(|row| row.running).count();
        runner.info(&format!(
            "Open pull requests of {source}: {pull_requests}; statuses that waited for a run of {target}: {checked}, closed: {closed}, \
             still running: {running}"
        ));
        for (name, number) in [("checked", checked), ("closed", closed), ("running", running)] {
            runner.output(name, &number.to_string());
        }
        let cells: Vec<_> = self.rows.iter().take(SHOWN_ROWS).map(|row| row.cells.clone()).collect();
        let mut table = text::table(["Pull request", "Status", "Run", "What was done"], &cells);
        if more > 0 {
            table += &format!("\nAnd {more} more statuses\n");
        }
        for Row { cells: [pull, context, ..], failed, .. } in self.rows.iter().take(SHOWN_ROWS) {
            if !failed.is_empty() {
                table += &format!("\n{pull}, {context}:\n\n{}", text::list(failed));
            }
        }
        runner.summary(&format!("Reconciled {source} with {target}: {closed} closed, {running} running"), &table);
    }
}
