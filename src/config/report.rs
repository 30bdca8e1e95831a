//! `mode: report`: reports the run that this step is a job of, or the run that a `workflow_run` event is about.

#[cfg(test)]
mod tests;

use std::fmt::Display;
use std::str::FromStr;

use super::event::{Event, WorkflowRun};
use super::inputs::input_error;
use super::{Error, Given, HeadOf, Task, body, lists};
use crate::text::quoted;
use crate::types::{
    CommentMode, Commenting, CommitSha, GivenStatus, Head, LogLines, PullRequestNumber, RepoName, RunId, RunNumber,
    RunTitle, StatusContext,
};

/// `mode: report`.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) run: ReportedRun,
    pub(crate) head: HeadOf,
    /// `None`: the context of the status that links to the run.
    pub(crate) context: Option<StatusContext>,
    pub(crate) voice: ReportVoice,
    pub(crate) commenting: Commenting,
    pub(crate) log_lines: LogLines,
    pub(crate) body: Option<String>,
    /// Why `body-path` could not be used, as a sentence. Status and comment are still written.
    pub(crate) body_problem: Option<String>,
}

/// Who reports.
#[derive(Debug)]
pub(crate) enum ReportVoice {
    /// A job of the run itself.
    OwnJob(GivenStatus),
    /// A `workflow_run` workflow. `has_ended` is what the event says. It is only a hint, which the jobs must confirm.
    Event { has_ended: bool },
}

/// The reported run. It belongs to the repository that the step runs in.
#[derive(Debug)]
pub(crate) struct ReportedRun {
    pub(crate) repo: RepoName,
    pub(crate) id: RunId,
    /// Its number in the repository (GITHUB_RUN_NUMBER, `run_number`).
    pub(crate) index: RunNumber,
    /// The attempt, counted from 1. `None` if the event does not give it (Gitea up to 1.26 sends 0).
    pub(crate) attempt: Option<u32>,
}

/// The report of a trial run, whose commit is all zeros.
#[derive(Debug)]
pub(crate) struct TrialReport {
    pub(crate) run: RunId,
    pub(crate) source: RepoName,
    /// Whether a real report would write comments.
    pub(crate) comments: bool,
}

/// What the run itself says about its pull request, in its inputs or its title. An error counts only if the step does
/// not override the value.
struct Named {
    source: Result<RepoName, Error>,
    /// `None` if the event that dispatched the run was not a pull request.
    number: Result<Option<PullRequestNumber>, Error>,
    sha: Result<CommitSha, Error>,
}

/// What the report is about: a head, or a trial run.
enum Subject {
    Head(HeadOf),
    Trial(Result<RepoName, Error>),
}

impl Report {
    pub(super) fn read(given: &Given<'_>) -> Result<Task, Error> {
        let (named, run, voice) = match given.event {
            Event::WorkflowRun(run) if run.event != "workflow_dispatch" => {
                return Ok(Task::Nothing(not_dispatched(run)));
            }
            Event::WorkflowRun(run) => (by_title(run), of_event(given, run)?, voice_of_event(given, run)?),
            _ => (by_inputs(given), own_run(given)?, ReportVoice::OwnJob(given_status(given)?)),
        };
        let context = given.inputs.context()?;
        let (commenting, log_lines) = (given.inputs.commenting()?, given.inputs.log_lines()?);
        let (body, body_problem) = body::read(given)?;
        match subject(given, named)? {
            Subject::Head(head) => {
                given.inputs.check_allowed(head.source())?;
                let report = Self { run, head, context, voice, commenting, log_lines, body, body_problem };
                Ok(Task::Report(report))
            }
            // The run was started by hand, with the zeros and no other input.
            Subject::Trial(Err(Error::Dispatched { .. })) => Ok(Task::Nothing(
                "The run's pr_head_sha is all zeros: a trial run, so nothing is reported. It names no source repository, so \
                 nothing is checked either"
                    .to_owned(),
            )),
            Subject::Trial(source) => {
                let source = source?;
                given.inputs.check_allowed(&source)?;
                Ok(Task::TrialReport(TrialReport { run: run.id, source, comments: commenting.mode != CommentMode::Off }))
            }
        }
    }
}

/// The head to report to. The step's own inputs take precedence over what the run says.
fn subject(given: &Given<'_>, named: Named) -> Result<Subject, Error> {
    let Named { source, number: number_of_run, sha: sha_of_run } = named;
    let source = given.inputs.source()?.map_or(source, Ok);
    let number = given.inputs.pr_number()?;
    let sha = match (given.inputs.sha()?, sha_of_run, number) {
        (Some(sha), ..) => sha,
        // The run does not name its commit, so the head is read. If a run names one, its end is about that commit.
        (None, Err(Error::Undeclared { .. } | Error::Title(_)), Some(number)) => {
            return Ok(Subject::Head(HeadOf::PullRequest { source: source?, number }));
        }
        (None, sha, _) => sha?,
    };
    if sha.is_zero() {
        return Ok(Subject::Trial(source));
    }
    let pull_request = match number {
        Some(number) => Some(number),
        None => match number_of_run {
            // The commit comes from an input. It gets the status, without a pull request.
            Err(Error::Title(_)) => None,
            number => number?,
        },
    };
    Ok(Subject::Head(HeadOf::Commit(Head { source: source?, sha, pull_request })))
}

/// From the inputs of the run that this step is a job of.
fn by_inputs(given: &Given<'_>) -> Named {
    let dispatched = |dispatched, name| given.event.input(dispatched).ok_or(Error::Undeclared { dispatched, name });
    let number = dispatched("pr_number", "pr-number").and_then(|number| match number.trim() {
        // The run was dispatched by an event that is not a pull request.
        "" => Ok(None),
        number => parse("pr_number", number).map(Some),
    });
    let sha = dispatched("pr_head_sha", "sha").and_then(|sha| match sha.trim() {
        // The run was started by hand, for a pull request that the step names.
        "" if given.inputs.pr_number.is_some() => Err(Error::Undeclared { dispatched: "pr_head_sha", name: "sha" }),
        sha => parse("pr_head_sha", sha),
    });
    Named { source: dispatched("source_repo", "source").and_then(|source| parse("source_repo", &source)), number, sha }
}

fn parse<T: FromStr<Err: Display>>(dispatched: &'static str, value: &str) -> Result<T, Error> {
    value.trim().parse().map_err(|cause: T::Err| Error::Dispatched { dispatched, cause: cause.to_string() })
}

/// From the run's title, which `run-name:` sets.
fn by_title(run: &WorkflowRun) -> Named {
    let error = || Error::Title(quoted(&run.display_title));
    match RunTitle::read(&run.display_title) {
        Some(RunTitle { source, number, sha }) => Named { source: Ok(source), number: Ok(number), sha: Ok(sha) },
        None => Named { source: Err(error()), number: Err(error()), sha: Err(error()) },
    }
}

fn own_run(given: &Given<'_>) -> Result<ReportedRun, Error> {
    let variables = given.variables;
    let attempt = variables.context("RUN_ATTEMPT").and_then(|attempt| attempt.trim().parse().ok());
    Ok(ReportedRun {
        repo: variables.context_value("REPOSITORY")?,
        id: variables.context_value("RUN_ID")?,
        index: variables.context_value("RUN_NUMBER")?,
        attempt: Some(attempt.filter(|attempt| *attempt > 0).unwrap_or(1)),
    })
}

fn of_event(given: &Given<'_>, run: &WorkflowRun) -> Result<ReportedRun, Error> {
    Ok(ReportedRun {
        repo: given.variables.context_value("REPOSITORY")?,
        id: run.id,
        index: run.run_number,
        attempt: Some(run.run_attempt).filter(|attempt| *attempt > 0),
    })
}

fn given_status(given: &Given<'_>) -> Result<GivenStatus, Error> {
    let status = given.inputs.status.as_deref().unwrap_or("auto");
    lists::given_status(status).map_err(|cause| input_error("status", cause))
}

/// A report by event ignores the default of `status`, which describes the reporting job. The run's jobs show how the
/// run ended.
fn voice_of_event(given: &Given<'_>, run: &WorkflowRun) -> Result<ReportVoice, Error> {
    let words: Vec<&str> = given.inputs.status.as_deref().unwrap_or("auto").split_whitespace().collect();
    match words[..] {
        ["auto"] | ["auto", "success" | "failure" | "cancelled" | "skipped"] => {
            Ok(ReportVoice::Event { has_ended: run.status == "completed" })
        }
        _ => {
            let cause = "must be left out in a `workflow_run` workflow, where the jobs of the run show how it ended";
            Err(input_error("status", cause.to_owned()))
        }
    }
}

fn not_dispatched(run: &WorkflowRun) -> String {
    format!(
        "Run {} was started by {}, not by `workflow_dispatch`: nothing to report. Only a dispatched run is trusted to name \
         its pull request",
        run.id,
        quoted(&run.event)
    )
}
