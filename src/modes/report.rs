//! `mode: report`: puts the outcome of this run on the pull request, as a status and a comment.
//!
//! Two rounds: all that has to be read, side by side; then status and comment, side by side.

#[cfg(test)]
mod property_tests;

use std::cell::Cell;
use std::io::Write;
use std::time::Duration;

use reqwest::Url;
use time::OffsetDateTime;
use tokio::time::{Instant, timeout};

use crate::config::{Report, ReportVoice, ReportedRun};
use crate::diagnosis;
use crate::forge::{self, Gitea, NewStatus, RunJobs};
use crate::links::PageBase;
use crate::run::{Head, progress};
use crate::runner::Runner;
use crate::telling::RunStatuses;
use crate::telling::comment::{self, RunComment};
use crate::telling::{Marker, words};
use crate::text::{self, markdown, one_line};
use crate::types::{CommentMode, GivenStatus, Outcome, RunNumber, StatusContext};

/// Comments that were read so long ago are read again before one of them is edited.
const OUTDATED_AFTER: Duration = Duration::from_secs(2);

/// How long the version is waited for where the jobs could not be read.
const VERSION_TIME: Duration = Duration::from_secs(5);

/// Why the step fails. What succeeded all the same is in the log above it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(
        "The outcome of this run is not known: input `status` gives none, and the run's jobs tell none either; \
         set `status`, for example to ${{{{ needs.build.result }}}}"
    )]
    NoOutcome,
    /// What became of both, with the next step.
    #[error("{0}")]
    Incomplete(String),
}

/// Reports the run. What becomes of the status does not keep the comment from being tried, nor the other way round.
pub(crate) async fn run(
    gitea: &Gitea,
    pages: &PageBase,
    report: &Report,
    head: &Head,
    runner: &mut Runner<impl Write>,
) -> Result<(), Error> {
    let Head { source, sha, .. } = head;
    let run = &report.run;
    let (auto, given) = match &report.voice {
        ReportVoice::OwnJob(GivenStatus::Ended { auto, outcomes }) => (*auto, outcomes.clone()),
        ReportVoice::OwnJob(GivenStatus::Running | GivenStatus::Empty) => (false, vec![Outcome::from("")]),
        ReportVoice::Event => (true, Vec::new()),
    };
    let (statuses, jobs) = tokio::join!(gitea.statuses(source, sha), gitea.run_jobs(&run.repo, run.id));
    let jobs = jobs.map(|jobs| Some(jobs).filter(|jobs| !jobs.jobs.is_empty()));
    let number = page_number(gitea, run, jobs.as_ref().ok().and_then(Option::as_ref)).await;
    let page = pages.run(&run.repo, number);
    if auto {
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
    let verdict = Verdict::new(given, auto, run.attempt.unwrap_or(1), jobs.ok().flatten())?;
    runner.info(&format!("Run {page}: {} ({})", one_line(verdict.outcome.as_str()), one_line(&verdict.because)));

    let since = statuses.as_ref().ok().and_then(|statuses| statuses.answered_at);
    let runs = statuses.map(|statuses| RunStatuses::new(&statuses, pages, &run.repo));
    let linked = runs.as_ref().ok().and_then(|runs| runs.context_of(number));
    let answer = Answer::new(report, number, page, verdict, linked, since);
    let (status, comment) = answer.send(gitea, (report, head), runs).await;
    answer.tell(gitea, pages, (report, head), status, comment, runner).await
}

/// What the pull request is to be told.
struct Answer {
    number: RunNumber,
    page: Url,
    outcome: Outcome,
    context: StatusContext,
    description: String,
    marker: Marker,
    text: String,
    /// The server's clock before anything was sent.
    since: Option<OffsetDateTime>,
}

/// What became of the status: `Some` is the newer run that it was left to.
type StatusDone = Result<Option<RunNumber>, forge::Error>;

/// What became of the comment: `None` where there is none to make.
type CommentDone = Result<Option<comment::Done>, forge::Error>;

impl Answer {
    /// `linked` is the context of the status that links to this run.
    fn new(
        report: &Report,
        number: RunNumber,
        page: Url,
        verdict: Verdict,
        linked: Option<StatusContext>,
        since: Option<OffsetDateTime>,
    ) -> Self {
        let run = &report.run;
        let context = report.context.clone().or(linked).unwrap_or_else(|| StatusContext::default_for(&run.repo));
        let marker = Marker {
            target: run.repo.clone(),
            run: run.id,
            attempt: run.attempt.unwrap_or(1),
            context: context.clone(),
        };
        let text = words::comment(&context, &verdict.outcome, &page, report.body.as_deref(), &marker);
        let description = words::ended(&verdict.outcome, verdict.elapsed);
        Self { number, page, outcome: verdict.outcome, context, description, marker, text, since }
    }

    /// Status and comment, side by side. Where there may be a comment already, all comments are read beside the status, whose
    /// answer tells which of them are one's own.
    async fn send(
        &self,
        gitea: &Gitea,
        (report, head): (&Report, &Head),
        runs: Result<RunStatuses, forge::Error>,
    ) -> (StatusDone, CommentDone) {
        let Head { source, sha, .. } = head;
        let mode = report.commenting.mode;
        let comment = head.pull_request.filter(|_| mode != CommentMode::Off).map(|number| RunComment {
            repo: source,
            number,
            mode,
            text: &self.text,
            marker: &self.marker,
            yields: false,
            since: self.since,
        });
        // Somebody has told the end of this run before: `wait`, `reconcile`, or a report of an earlier attempt.
        let is_told = runs.as_ref().is_ok_and(|runs| runs.end_of(self.number, &self.context).is_some());
        let creator = runs.as_ref().ok().and_then(|runs| runs.creator_of(&self.context));
        let newer = runs.as_ref().ok().and_then(|runs| runs.newer_than(self.number, &self.context));
        let me = Cell::new(None);
        let set_status = async {
            runs?;
            if newer.is_some() {
                return Ok(newer);
            }
            me.set(gitea.create_status(source, sha, &self.status()).await?);
            Ok(None)
        };
        let authors = || me.get().into_iter().chain(creator).collect();
        match comment {
            None => (set_status.await, Ok(None)),
            Some(comment) if mode == CommentMode::Update || is_told => {
                let start = Instant::now();
                let (status, there) = tokio::join!(set_status, gitea.comments(source, comment.number, None));
                // In `update` the newer run has the one comment, or will have it; and where the status failed, nobody knows which
                // comment is one's own.
                if mode == CommentMode::Update && !matches!(status, Ok(None)) {
                    return (status, Ok(None));
                }
                // A newer run may have told more while the status took its time.
                let there = match there {
                    Ok(_) if start.elapsed() > OUTDATED_AFTER => gitea.comments(source, comment.number, None).await,
                    there => there,
                };
                let done = match there {
                    Ok(there) => comment.put(gitea, there, authors).await.map(Some),
                    Err(error) => Err(error),
                };
                (status, done)
            }
            Some(comment) => {
                let (status, done) = tokio::join!(set_status, comment.put(gitea, Vec::new(), authors));
                (status, done.map(Some))
            }
        }
    }

    fn status(&self) -> NewStatus<'_> {
        NewStatus {
            state: self.outcome.state(),
            target_url: self.page.as_str(),
            description: &self.description,
            context: &self.context,
            is_final: true,
        }
    }

    /// Log, outputs and summary; the error says what became of both.
    async fn tell(
        &self,
        gitea: &Gitea,
        pages: &PageBase,
        (report, head): (&Report, &Head),
        status: StatusDone,
        comment: CommentDone,
        runner: &mut Runner<impl Write>,
    ) -> Result<(), Error> {
        let Head { source, pull_request, sha } = head;
        let run = &report.run;
        let Self { page, description, context, outcome, .. } = self;
        let state = outcome.state();
        runner.output("run-id", &run.id.to_string());
        runner.output("run-url", page.as_str());
        let mut summary = vec![format!("Run: [{}]({page})", markdown(&run.repo.to_string()))];
        let place = words::place(context, source, sha);
        let status_told = match &status {
            Ok(None) => {
                runner.info(&format!("Status {place}: {state}, {description}"));
                runner.output("state", &state.to_string());
                summary.push(format!("Status {}: {state}, {}", markdown(&place), markdown(description)));
                "The status was set.".to_owned()
            }
            Ok(Some(newer)) => {
                let newer = pages.run(&run.repo, *newer);
                runner.info(&format!("Status {place} is left alone: it tells of a newer run, {newer}"));
                summary.push(format!("Status {} is left alone: it tells of a [newer run]({newer})", markdown(&place)));
                "The status was left alone.".to_owned()
            }
            Err(error) => {
                summary.push(format!("Status {}: {}", markdown(&place), error.not_done("was not set")));
                let diagnosis = diagnosis::of_status(gitea, source, error).await;
                format!("The status {}. {diagnosis} ({error})", error.not_done("was not set"))
            }
        };
        let comment_told = match (&comment, pull_request) {
            (Ok(Some(done)), Some(number)) => {
                let line = done.tell(pages, source, *number, runner);
                summary.push(line);
                done.to_string()
            }
            (Err(error), _) => {
                let undone = comment::undone(error);
                summary.push(format!("Comment: {undone}"));
                let diagnosis = diagnosis::of_comment(gitea, source, error).await;
                format!("The comment {undone}. {diagnosis} ({error})")
            }
            _ => {
                runner.info(match (pull_request, report.commenting.mode) {
                    (None, _) => "No comment, since the run was not dispatched by a pull request",
                    (_, CommentMode::Off) => "No comment, as `comment: off` says",
                    _ if status.is_err() => {
                        "No comment: with the status unset, nobody knows which comment is to be edited"
                    }
                    _ => "No comment: the one comment is the newer run's",
                });
                "There was no comment to create.".to_owned()
            }
        };
        let title = format!("Reported {} to {source}", markdown(&one_line(outcome.as_str())));
        runner.summary(&title, &text::list(&summary));
        match (status, comment) {
            (Ok(_), Ok(_)) => Ok(()),
            (Err(_), _) => Err(Error::Incomplete(format!("{status_told} {comment_told}"))),
            (Ok(_), Err(_)) => Err(Error::Incomplete(format!("{comment_told} {status_told}"))),
        }
    }
}

/// The number of this run's page: from the jobs, whose addresses are right in each version; where they cannot be read, from
/// the server's version.
async fn page_number(gitea: &Gitea, run: &ReportedRun, jobs: Option<&RunJobs>) -> RunNumber {
    if let Some(number) = jobs.and_then(|jobs| jobs.jobs.iter().find_map(|job| job.run_number(&run.repo))) {
        return number;
    }
    // What is left of the minute is the status's.
    match timeout(VERSION_TIME, gitea.version()).await {
        Ok(Ok(version)) if version < (1, 26) => run.index,
        // A server that does not even tell its version is taken for a current one.
        _ => run.id.into(),
    }
}

/// How the run ended so far, and why that is said.
#[derive(Debug)]
struct Verdict {
    outcome: Outcome,
    because: String,
    /// From the first job's start to the server's answer; `None` where no start is known.
    elapsed: Option<Duration>,
}

impl Verdict {
    /// The worst of the given outcomes and, with `auto`, of those of the run's finished jobs.
    fn new(given: Vec<Outcome>, auto: bool, attempt: u32, jobs: Option<RunJobs>) -> Result<Self, Error> {
        let RunJobs { jobs, answered_at } = jobs.unwrap_or(RunJobs { jobs: Vec::new(), answered_at: None });
        let mut outcomes = given;
        let mut because: Vec<String> =
            outcomes.iter().map(|outcome| format!("status: {}", one_line(outcome.as_str()))).collect();
        if auto {
            for job in progress::latest(&jobs) {
                if let Some(conclusion) = job.conclusion() {
                    because.push(format!("job {}: {}", one_line(&job.name), one_line(conclusion)));
                    outcomes.push(Outcome::from(conclusion));
                }
            }
        }
        let outcome = outcomes.into_iter().max().ok_or(Error::NoOutcome)?;
        let now = answered_at.unwrap_or_else(OffsetDateTime::now_utc);
        let started = jobs.iter().filter(|job| job.run_attempt == attempt).filter_map(|job| job.started_at()).min();
        // A start in the future is of a clock that cannot be compared.
        let elapsed = started.and_then(|started| Duration::try_from(now - started).ok());
        Ok(Self { outcome, because: because.join(", "), elapsed })
    }
}
