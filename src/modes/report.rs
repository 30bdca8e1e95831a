//! `mode: report`: puts the outcome of this run on the pull request, as a status and a comment.
//!
//! Two rounds: all that has to be read, side by side; then status and comment, side by side.

use std::io::Write;
use std::time::Duration;

use tokio::time::timeout;

use crate::config::{Report, ReportedRun};
use crate::forge::{Gitea, RunJobs, Server};
use crate::links::PageBase;
use crate::run::{NoOutcome, Verdict};
use crate::runner::Runner;
use crate::telling::{Answer, RunStatuses, Teller, Told, Unwritten};
use crate::text::{self, markdown, one_line};
use crate::types::{CommentMode, Place, RunNumber, RunRef, StatusContext};

/// How long the version is waited for where the jobs could not be read.
const VERSION_TIME: Duration = Duration::from_secs(5);

/// Why the step fails. What succeeded all the same is in the log above it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    NoOutcome(#[from] NoOutcome),
    #[error(transparent)]
    Unwritten(#[from] Unwritten),
}

/// Reports the run. What becomes of the status does not keep the comment from being tried, nor the other way round.
pub(crate) async fn run(
    gitea: &Gitea,
    pages: &PageBase,
    report: &Report,
    runner: &mut Runner<impl Write>,
) -> Result<(), Error> {
    let Report { run, head, .. } = report;
    let (statuses, jobs) = tokio::join!(gitea.statuses(&head.source, &head.sha), gitea.run_jobs(&run.repo, run.id));
    let jobs = jobs.map(|jobs| Some(jobs).filter(|jobs| !jobs.jobs.is_empty()));
    let number = page_number(gitea, run, jobs.as_ref().ok().and_then(Option::as_ref)).await;
    let run_ref = RunRef { target: run.repo.clone(), id: run.id, number };
    let page = pages.run(&run.repo, number);
    if report.auto {
        let unread = match &jobs {
            Ok(Some(_)) => None,
            Ok(None) => Some("the server knows none".to_owned()),
            Err(cause) => Some(cause.to_string()),
        };
        if let Some(cause) = unread {
            runner.warning(&format!(
                "The other jobs of this run could not be read, so they do not count (in a job of its own, report needs \
                 `status: ${{{{ needs.build.result }}}}`): {cause}"
            ));
        }
    }
    let verdict = Verdict::new(report.auto, &report.outcomes, run.attempt, jobs.ok().flatten())?;
    let outcome = one_line(verdict.ending.outcome.as_str());
    runner.info(&format!("Run {page}: {outcome} ({})", one_line(&verdict.because)));

    let since = statuses.as_ref().ok().and_then(|statuses| statuses.answered_at);
    let seen = statuses.map(|statuses| RunStatuses::new(&statuses, pages, &run.repo));
    let linked = seen.as_ref().ok().and_then(|runs| runs.context_of(number));
    let context = report.context.clone().or(linked).unwrap_or_else(|| StatusContext::default_for(&run.repo));
    let place = Place { head: head.clone(), context };
    let teller = Teller { gitea, pages, place: &place, run: &run_ref };
    let draft = teller.draft(report.commenting, &verdict.ending, run.attempt);
    let draft = draft.map(|draft| draft.of_the_run_itself(report.body.as_deref(), since));
    let answer = Answer::Ended(verdict.ending.clone());
    let told = teller.report(&answer, draft, seen).await;

    runner.output("run-id", &run.id.to_string());
    runner.output("run-url", page.as_str());
    if let Some(why) = why_no_comment(report, &told) {
        runner.info(why);
    }
    let mut summary = vec![format!("Run: [{}]({page})", markdown(&run.repo.to_string()))];
    let announced = told.announce(&teller, &answer, &mut summary, runner).await;
    let title = format!("Reported {} to {}", markdown(&outcome), head.source);
    runner.summary(&title, &text::list(&summary));
    announced?;
    Ok(())
}

/// Why there is no comment, where there is none.
fn why_no_comment(report: &Report, told: &Told) -> Option<&'static str> {
    if !told.is_without_comment() {
        return None;
    }
    Some(match (report.head.pull_request, report.commenting.mode) {
        (None, _) => "No comment, since the run was not dispatched by a pull request",
        (_, CommentMode::Off) => "No comment, as `comment: off` says",
        _ if told.status.is_err() => "No comment: with the status unset, nobody knows which comment is to be edited",
        _ => "No comment: the one comment is the newer run's",
    })
}

/// The number of this run's page: from the jobs, whose addresses are right in each version; where they cannot be read, from
/// the server's version.
async fn page_number(gitea: &Gitea, run: &ReportedRun, jobs: Option<&RunJobs>) -> RunNumber {
    if let Some(number) = jobs.and_then(|jobs| jobs.jobs.iter().find_map(|job| job.run_number(&run.repo))) {
        return number;
    }
    // What is left of the minute is the status's.
    let server = match timeout(VERSION_TIME, gitea.server()).await {
        Ok(Ok(server)) => server,
        _ => Server::current(),
    };
    server.page_number(run.id, run.index)
}
