//! `mode: reconcile`: closes the pending statuses whose run has ended without a report.
//!
//! It reads, then writes; if there is too much work for that, it alternates. Requests: one per pull request, one per
//! run that a status waits for, and three per closed status: the status again, the final status, the comment.

mod outcome;
mod problems;
mod reading;
mod search;
mod settle;

use std::io::Write;
use std::time::Duration;

use tokio::time::Instant;

use super::{OldServer, check_server};
use crate::config::Reconcile;
use crate::diagnosis;
use crate::forge::{Gitea, PullRequest, PullRequests};
use crate::links::PageBase;
use crate::runner::Runner;
use crate::text::quoted;
use crate::types::RepoName;
use outcome::Outcome;
use problems::Problem;
use reading::Reader;
use search::{Hidden, Search};

/// No status is started later than this after the start of the step. Those in progress need the rest of the minute.
const LAST_START: Duration = Duration::from_secs(50);

/// How many requests are in progress at a time.
const PARALLEL: usize = 8;

/// Why the step fails. The log above it shows what was closed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    OldServer(#[from] OldServer),
    #[error("Nothing was written, since the open pull requests of {repo} could not be read. {cause}")]
    PullRequests { repo: RepoName, cause: String },
    #[error("Nothing was written. {0}")]
    Hidden(String),
    #[error("No run can be found, because `target` cannot be read. {0}")]
    Target(String),
    #[error("Some statuses or comments could not be written; pending statuses are retried next time. {0}")]
    Incomplete(String),
}

/// Reads each open pull request, and closes the statuses of ended runs. A failure for one does not stop the others. If the
/// base of the pages is unknown, it comes from the server's responses.
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
    let mut reader = Reader::new(first, start);
    let mut outcome = close_all(&search, &mut reader).await?;
    if outcome.checked() == 0 {
        check_target(gitea, &reconcile.target).await?;
    }
    let mut problems = std::mem::take(&mut reader.problems);
    problems.extend(outcome.summaries(&reader));
    problems.extend(outcome.rows.iter_mut().filter_map(|row| row.problem.take()));
    outcome.announce(reader.pull_requests(), reconcile, runner);
    if let Some(warning) = problems::about_foreign_links(&reader.foreign_links, reconcile, &pages.to_string()) {
        runner.warning(&warning);
    }
    if let Some(context) = reconcile.context.as_ref().filter(|_| reader.commits > 0 && !reader.has_context) {
        let (source, context) = (&reconcile.source, context.as_str());
        runner.warning(&format!(
            "No open pull request of {source} has a status with the context {}. Check that `context` is the one that \
             `mode: dispatch` sets",
            quoted(context)
        ));
    }
    // Causes are looked up last, after everything is written.
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

/// For a step that saw no run of the target: the target may be missing or renamed.
async fn check_target(gitea: &Gitea, target: &RepoName) -> Result<(), Error> {
    match gitea.repository(target).await {
        Err(error) if error.is_final_refusal() => {
            let cause = diagnosis::of_repository(gitea, target, &error).await;
            Err(Error::Target(format!("{cause} ({error})")))
        }
        // Other failures do not matter here: no run of the target was needed.
        _ => Ok(()),
    }
}

/// Reads and closes in turns, until everything is done or the time is over.
async fn close_all(search: &Search<'_>, reader: &mut Reader) -> Result<Outcome, Error> {
    let mut outcome = Outcome::default();
    loop {
        match reader.read(search).await {
            Ok(found) => outcome.settle(search, &found, reader.start).await,
            Err(Hidden(cause)) if outcome.checked() == 0 => return Err(Error::Hidden(cause)),
            Err(Hidden(cause)) => {
                reader.problems.push(Problem::Summary(cause));
                break;
            }
        }
        if reader.has_ended() {
            break;
        }
    }
    outcome.rows.sort_by_key(|row| (row.running, row.pull));
    Ok(outcome)
}
