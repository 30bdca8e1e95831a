//! `mode: dispatch`: starts the run, and puts the pending status with a link to it on the pull request's head.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

use time::OffsetDateTime;
use tokio::time::{Instant, sleep};

use crate::config::Dispatch;
use crate::diagnosis;
use crate::forge::{self, DispatchedRun, Gitea, NewStatus, WorkflowDispatch};
use crate::links::PageBase;
use crate::run::{Head, Workflow, progress};
use crate::runner::Runner;
use crate::telling::RunStatuses;
use crate::telling::words;
use crate::text::{self, markdown};
use crate::types::{RunNumber, State};

/// A dispatch that took longer may have been overtaken by the report of its own run.
const OVERTAKEN_AFTER: Duration = Duration::from_secs(2);

/// How often a status is tried whose answer gets lost, and the pause before it is looked for.
const STATUS_ATTEMPTS: u32 = 3;
const STATUS_PAUSE: Duration = Duration::from_secs(1);

/// Why the step fails, and what is true all the same.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("Workflow {workflow} was not dispatched. {diagnosis} {told} ({cause})")]
    Refused { workflow: String, diagnosis: String, told: String, cause: String },
    #[error(
        "It is not known whether workflow {workflow} was dispatched, and it is not sent again. Before you start it again, look for \
         the run: {page} . {told} ({cause})"
    )]
    Unknown { workflow: String, page: String, told: String, cause: String },
    #[error("The run is under way, {page} , and tells its end itself: do not start another one. {status} ({cause})")]
    Status { page: String, status: String, cause: String },
    #[error(transparent)]
    OldServer(#[from] progress::OldServer),
}

/// Two requests over one connection, where all goes well. Gives the run, where the server tells it.
pub(crate) async fn run(
    gitea: &Gitea,
    pages: &PageBase,
    dispatch: &Dispatch,
    head: &Head,
    runner: &mut Runner<impl Write>,
) -> Result<Option<DispatchedRun>, Error> {
    let Dispatch { workflow: Workflow { target, file: workflow, git_ref }, own_inputs, context, wait, .. } = dispatch;
    let Head { source, pull_request, sha } = head;
    let mut inputs = BTreeMap::from([
        ("pr_number".to_owned(), pull_request.map(|number| number.to_string()).unwrap_or_default()),
        ("pr_head_sha".to_owned(), sha.as_str().to_owned()),
        ("pr_head_ref".to_owned(), dispatch.head_ref.clone().unwrap_or_default()),
        ("source_repo".to_owned(), source.to_string()),
    ]);
    inputs.extend(own_inputs.clone());
    if wait.is_some() {
        progress::check_version(gitea, "`wait: true`").await?;
    }
    let file = workflow.as_str();
    let start = Instant::now();
    let dispatched = gitea.dispatch_workflow(target, workflow, &WorkflowDispatch { git_ref, inputs: &inputs }).await;
    let run = match dispatched {
        Ok(run) => run,
        Err(cause) => return Err(tell_failure(gitea, pages, (dispatch, head), start, cause, runner).await),
    };
    let page = match run {
        Some(run) => pages.run(target, run.number),
        None => pages.workflow(target, workflow),
    };
    let on_behalf = match pull_request {
        Some(number) => format!("pull request {source}#{number}"),
        None => format!("commit {} of {source}", sha.short()),
    };
    runner.info(&format!("Dispatched {file} of {target} at {} for {on_behalf}", git_ref.as_str()));
    match run {
        Some(run) => {
            runner.info(&format!("Run: {page}"));
            runner.output("run-id", &run.id.to_string());
        }
        None => runner.info(&format!(
            "The server does not say which run it started (Gitea does from 1.26 on), so the link is the workflow's page: {page}"
        )),
    }
    // Written before the status is tried: the run is under way, whatever comes of its status.
    runner.output("run-url", page.as_str());

    let description = words::pending(target);
    let status = NewStatus {
        state: State::Pending,
        target_url: page.as_str(),
        description: &description,
        context,
        is_final: false,
    };
    let overtaken =
        |statuses: &RunStatuses, _| statuses.beyond(run.map(|DispatchedRun { number, .. }| number)?, context);
    let place = words::place(context, source, sha);
    let look = start.elapsed() > OVERTAKEN_AFTER;
    let status_now = match set_early_status(gitea, pages, (dispatch, head), &status, look, overtaken).await {
        Ok(None) => {
            runner.info(&format!("Status {place}: pending, {description}"));
            runner.output("state", &status.state.to_string());
            "pending"
        }
        Ok(Some(run)) => {
            left_alone(pages, (dispatch, head), run, runner);
            "left alone, since a run has told more"
        }
        Err(cause) => {
            let diagnosis = diagnosis::of_status(gitea, source, &cause).await;
            let status = match cause.may_have_written() {
                true => "It is not known whether the pending status was set.".to_owned(),
                false => format!("The pending status was not set. {}", diagnosis.beside_a_run()),
            };
            let error = Error::Status { page: page.to_string(), status, cause: cause.to_string() };
            if wait.is_none() {
                return Err(error);
            }
            // The end of the run is told all the same.
            runner.warning(&error.to_string());
            "not pending"
        }
    };

    let on_behalf = match pull_request {
        Some(number) => format!("Pull request [{source}#{number}]({})", pages.pull_request(source, *number)),
        None => format!("Repository {source}"),
    };
    runner.summary(
        &format!("Dispatched to {target}"),
        &text::list(&[
            format!("Run: [{} at {}]({page})", markdown(file), markdown(git_ref.as_str())),
            format!("{on_behalf}, commit [{}]({})", sha.short(), pages.commit(source, sha)),
            format!("Status {}: {status_now}", markdown(context.as_str())),
        ]),
    );
    Ok(run)
}

/// Puts the cause of a failed dispatch on the pull request's page, and gives the error for the log.
async fn tell_failure(
    gitea: &Gitea,
    pages: &PageBase,
    (dispatch, head): (&Dispatch, &Head),
    start: Instant,
    cause: forge::Error,
    runner: &mut Runner<impl Write>,
) -> Error {
    let Dispatch { workflow: Workflow { target, file: workflow, .. }, context, .. } = dispatch;
    let Head { source, sha, .. } = head;
    let unknown = cause.is_unknown();
    let diagnosis = diagnosis::of_dispatch(gitea, dispatch, &cause).await;
    let page = pages.workflow(target, workflow).to_string();
    let description = if unknown { words::OUTCOME_UNKNOWN } else { &diagnosis.cause };
    let status = NewStatus { state: State::Error, target_url: &page, description, context, is_final: false };
    // The run may have been started, and have told its end while the answer to its dispatch got lost.
    let told_since = |statuses: &RunStatuses, now: Option<OffsetDateTime>| {
        statuses.since(now? - start.elapsed() - Duration::from_secs(1), context)
    };
    let told = match set_early_status(gitea, pages, (dispatch, head), &status, unknown, told_since).await {
        Ok(None) => {
            runner.info(&format!("Status {}: error, {description}", words::place(context, source, sha)));
            runner.output("state", &status.state.to_string());
            "The pull request says so.".to_owned()
        }
        Ok(Some(run)) => {
            left_alone(pages, (dispatch, head), run, runner);
            format!("It seems to have been: {}.", pages.run(target, run))
        }
        Err(error) => format!("The pull request could not be told either: {error}."),
    };
    let (workflow, cause) = (format!("{} of {target}", workflow.as_str()), cause.to_string());
    if unknown {
        Error::Unknown { workflow, page, told, cause }
    } else {
        Error::Refused { workflow, diagnosis: diagnosis.to_string(), told, cause }
    }
}

/// Sets a status that a final one may overtake: before it is sent again, and before it is sent at all where `look` says so,
/// the statuses are read, and one that `told` finds is left alone and given. `told` gets the server's clock too.
async fn set_early_status(
    gitea: &Gitea,
    pages: &PageBase,
    (dispatch, Head { source, sha, .. }): (&Dispatch, &Head),
    status: &NewStatus<'_>,
    mut look: bool,
    told: impl Fn(&RunStatuses, Option<OffsetDateTime>) -> Option<RunNumber>,
) -> Result<Option<RunNumber>, forge::Error> {
    let target = &dispatch.workflow.target;
    let mut attempt = 1;
    let mut lost = None;
    loop {
        if look {
            let statuses = match gitea.statuses(source, sha).await {
                Ok(statuses) => statuses,
                // What got lost before matters more than that it could not be looked for.
                Err(error) => return Err(lost.unwrap_or(error)),
            };
            if let Some(run) = told(&RunStatuses::new(&statuses, pages, target), statuses.answered_at) {
                return Ok(Some(run));
            }
        }
        match gitea.create_status(source, sha, status).await {
            Err(error) if error.is_unknown() && attempt < STATUS_ATTEMPTS => {
                sleep(STATUS_PAUSE * attempt).await;
                look = true;
                lost = Some(error);
                attempt += 1;
            }
            result => return result.map(|_| None),
        }
    }
}

fn left_alone(
    pages: &PageBase,
    (dispatch, Head { source, sha, .. }): (&Dispatch, &Head),
    run: RunNumber,
    runner: &mut Runner<impl Write>,
) {
    let Dispatch { workflow: Workflow { target, .. }, context, .. } = dispatch;
    let page = pages.run(target, run);
    let place = words::place(context, source, sha);
    runner.info(&format!("Status {place} is left alone: it already tells of {page}"));
}
