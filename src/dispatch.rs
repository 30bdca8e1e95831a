//! `mode: dispatch`: starts the run, and puts the pending status with a link to it on the pull request's head.

use std::io::Write;

use crate::config::Dispatch;
use crate::gitea::{self, Gitea, NewStatus, WorkflowDispatch};
use crate::links::BaseUrl;
use crate::message::{self, markdown};
use crate::runner::{self, Runner};
use crate::types::State;

/// Why the step fails, and what is true all the same.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("Workflow {workflow} was not dispatched: {cause}")]
    Refused { workflow: String, cause: gitea::Error },
    #[error(
        "It is not known whether workflow {workflow} was dispatched: {cause}. Before you start it again, look for the run: {page}"
    )]
    Unknown { workflow: String, page: String, cause: gitea::Error },
    #[error("The run is under way ({page}), but the pending status was not set: {cause}")]
    Status { page: String, cause: gitea::Error },
    #[error(transparent)]
    Runner(#[from] runner::Error),
}

/// Two requests over one connection.
pub(crate) async fn run(
    gitea: &Gitea,
    pages: &BaseUrl,
    dispatch: &Dispatch,
    runner: &mut Runner<impl Write>,
) -> Result<(), Error> {
    let Dispatch { target, workflow, git_ref, inputs, source, pull_request, sha, context } = dispatch;
    let file = workflow.as_str();
    let body = WorkflowDispatch { git_ref, inputs };
    let run = gitea.dispatch_workflow(target, workflow, &body).await.map_err(|cause| {
        let name = format!("{file} of {target}");
        if cause.had_no_effect() {
            Error::Refused { workflow: name, cause }
        } else {
            Error::Unknown { workflow: name, page: pages.workflow(target, workflow).to_string(), cause }
        }
    })?;
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
            runner.output("run-id", &run.id.to_string())?;
        }
        None => runner.info(&format!(
            "The server does not say which run it started (Gitea does from 1.26 on), so the link is the workflow's page: {page}"
        )),
    }
    // Written before the status is tried: the run is under way, whatever comes of its status.
    runner.output("run-url", page.as_str())?;

    let description = message::pending(target);
    let status = NewStatus { state: State::Pending, target_url: page.as_str(), description: &description, context };
    gitea.create_status(source, sha, &status).await.map_err(|cause| Error::Status { page: page.to_string(), cause })?;
    runner.info(&format!("Status {} on {source}@{}: pending, {description}", context.as_str(), sha.short()));
    runner.output("state", &status.state.to_string())?;

    let on_behalf = match pull_request {
        Some(number) => format!("Pull request [{source}#{number}]({})", pages.pull_request(source, *number)),
        None => format!("Repository {source}"),
    };
    runner.summary(
        &format!("Dispatched to {target}"),
        &[
            format!("Run: [{} at {}]({page})", markdown(file), markdown(git_ref.as_str())),
            format!("{on_behalf}, commit [{}]({})", sha.short(), pages.commit(source, sha)),
            format!("Status {}: pending", markdown(context.as_str())),
        ],
    )?;
    Ok(())
}
