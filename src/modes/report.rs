//! `mode: report`: puts the outcome of a run on the pull request, as a status and a comment.
//!
//! Two rounds: first all reads, side by side; then status and comment, side by side.

mod by_event;
mod by_job;

use std::io::Write;

use super::{known_head, server_now};
use crate::config::{Report, ReportVoice, ReportedRun};
use crate::forge::{Error as ForgeError, Gitea, Job, RunJobs, Server, Statuses};
use crate::links::PageBase;
use crate::runner::Runner;
use crate::telling::{Answer, Failures, RunStatuses, StatusDone, Teller, Told, Unwritten};
use crate::text::{self, markdown, one_line};
use crate::types::{CommentMode, Head, Place, RunNumber, RunRef, State, StatusContext};
use by_job::Next;

/// Why the step fails. The log above it shows what succeeded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Head(#[from] super::UnknownHead),
    #[error(
        "Input `status` is empty: an expression in it evaluates to nothing (a step or a job with that id does not exist, or `needs` \
         is missing). The run's outcome is unknown, so the status is `error`. Correct the input, for example to \
         `status: ${{{{ needs.build.result }}}}`"
    )]
    Empty,
    #[error(
        "The run's outcome is unknown: neither input `status` nor the run's jobs give one. Set `status`, for example \
         to ${{{{ needs.build.result }}}}"
    )]
    NoOutcome,
    #[error("The jobs of the run could not be read, so its outcome is unknown. {0}")]
    JobsUnread(String),
    #[error("Nothing was written. {0}")]
    Hidden(String),
    #[error(
        "Nothing was written: this server is {0}. Its API does not list the jobs of a run. On Forgejo, let the \
         workflow set the \
         status itself"
    )]
    OtherForge(String),
    #[error("{0}")]
    BodyPath(String),
    #[error(transparent)]
    Unwritten(#[from] Unwritten),
}

/// Reports the run. Status and comment are tried independently of each other.
pub(crate) async fn run(
    gitea: &Gitea,
    pages: &PageBase,
    report: &Report,
    runner: &mut Runner<impl Write>,
) -> Result<(), Error> {
    let head = known_head(gitea, &report.head).await?.0;
    let (round, jobs) = Round::read(gitea, pages, report, &head).await;
    match &report.voice {
        ReportVoice::OwnJob(given) => {
            if by_job::run(round, jobs, given, runner).await? == Next::ReportAgain {
                let (round, jobs) = Round::read(gitea, pages, report, &head).await;
                by_job::run(round, jobs, given, runner).await?;
            }
        }
        ReportVoice::Event { has_ended } => by_event::run(round, jobs, *has_ended, runner).await?,
    }
    report.body_problem.clone().map_or(Ok(()), |problem| Err(Error::BodyPath(problem)))
}

/// What both kinds of report know after the first round, besides the jobs of the run.
struct Round<'a> {
    gitea: &'a Gitea,
    pages: &'a PageBase,
    report: &'a Report,
    head: Head,
    statuses: Result<Statuses, ForgeError>,
}

/// The run, the place of its status, and the new answer.
struct Subject {
    run: RunRef,
    place: Place,
    seen: Result<RunStatuses, ForgeError>,
}

impl<'a> Round<'a> {
    async fn read(
        gitea: &'a Gitea,
        pages: &'a PageBase,
        report: &'a Report,
        head: &Head,
    ) -> (Self, Result<RunJobs, ForgeError>) {
        let run = &report.run;
        let (statuses, jobs) = tokio::join!(gitea.statuses(&head.source, &head.sha), gitea.run_jobs(&run.repo, run.id));
        (Self { gitea, pages, report, head: head.clone(), statuses }, jobs)
    }

    /// `number` names the run's page. Without an input, the context comes from the status that links to the run.
    async fn subject(self, number: RunNumber) -> Subject {
        let Self { gitea, pages, report, head, statuses } = self;
        let run = RunRef { target: report.run.repo.clone(), id: report.run.id, number };
        let seen = match statuses {
            Ok(statuses) => {
                let runs = RunStatuses::new(&statuses, pages, &run.target);
                match report.context.is_some() || runs.context_of(number).is_some() {
                    true => Ok(runs),
                    false => runs.recognise_run(gitea, &run.target, number).await,
                }
            }
            Err(error) => Err(error),
        };
        let linked = seen.as_ref().ok().and_then(|runs| runs.context_of(number));
        let context = report.context.clone().or(linked).unwrap_or_else(|| StatusContext::default_for(&run.target));
        let place = Place { head, context };
        let seen = match seen {
            Ok(runs) => Teller { gitea, pages, place: &place, run: &run }.recognise(runs).await,
            Err(error) => Err(error),
        };
        Subject { run, place, seen }
    }
}

/// Writes the result of status and comment to the log, the outputs and the summary.
async fn announce(
    teller: &Teller<'_>,
    report: &Report,
    (answer, failures): (&Answer, &Failures),
    told: Told,
    why: Option<&'static str>,
    runner: &mut Runner<impl Write>,
) -> Result<(), Error> {
    let page = teller.page();
    runner.output("run-id", &teller.run.id.to_string());
    runner.output("run-url", page.as_str());
    if matches!(answer, Answer::Ended(_)) && told.is_without_comment() {
        runner.info(why.unwrap_or_else(|| why_no_comment(report, teller, answer, &told)));
    }
    if let Some(note) = &failures.note {
        runner.warning(note);
    }
    let mut summary = vec![format!("Run: [{}]({page})", markdown(&teller.run.target.to_string()))];
    summary.extend(failures.lines(teller));
    let announced = told.announce(teller, answer, &mut summary, runner).await;
    let title = match answer {
        Answer::Ended(ending) => {
            format!("Reported {} to {}", markdown(&one_line(ending.outcome.as_str())), teller.place.head.source)
        }
        _ => format!("Reported {} to {}", answer.state(), teller.place.head.source),
    };
    runner.summary(&title, &text::list(&summary));
    announced?;
    Ok(())
}

/// Why there is no comment. The caller's `why` takes precedence.
fn why_no_comment(report: &Report, teller: &Teller<'_>, answer: &Answer, told: &Told) -> &'static str {
    match (teller.place.head.pull_request, report.commenting.mode) {
        (None, _) => "No comment, since the run was not dispatched by a pull request",
        (_, CommentMode::Off) => "No comment, because of `comment: off`",
        _ if report.commenting.only_failures && matches!(answer.state(), State::Success | State::Skipped) => {
            "No new comment, because of `comment-on: failure`"
        }
        _ if told.status.is_err() => "No comment: the status was not set, so it is unknown which comment to edit",
        (_, CommentMode::Table) if matches!(told.status, Ok(StatusDone::Set | StatusDone::Ended(_))) => {
            "No comment: the table shows the pull request's newer head"
        }
        _ if matches!(told.status, Ok(StatusDone::Ended(_))) => {
            "No comment: the status shows a worse outcome of this run, and its comment stays"
        }
        _ => "No comment: the existing comment shows a newer run",
    }
}

/// The number in the address of the run's page. It comes from the jobs, whose addresses are right in each version. If
/// the jobs cannot be read, it depends on the server's version.
async fn page_number(gitea: &Gitea, run: &ReportedRun, jobs: &[Job], server: Option<&Server>) -> RunNumber {
    if let Some(number) = jobs.iter().find_map(|job| job.run_number(&run.repo)) {
        return number;
    }
    match server {
        Some(server) => server.page_number(run.id, run.index),
        None => server_now(gitea).await.unwrap_or_else(Server::current).page_number(run.id, run.index),
    }
}
