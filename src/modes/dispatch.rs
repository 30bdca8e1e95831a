//! `mode: dispatch`: starts the run, and puts the pending status with a link to it on the pull request's head.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

use reqwest::Url;
use tokio::time::Instant;

use super::{OldServer, UnknownHead, check_server, known_head, server_now};
use crate::config::Dispatch;
use crate::diagnosis::{self, Failure};
use crate::forge::{self, Gitea, Server};
use crate::links::PageBase;
use crate::run::Progress;
use crate::runner::Runner;
use crate::telling::{Answer, Early, Overtaken, StatusDone, Teller, Voice};
use crate::text::{self, markdown};
use crate::types::{Head, Place, RunRef, Workflow};

/// After a dispatch that took longer, its own run may have reported already.
const OVERTAKEN_AFTER: Duration = Duration::from_secs(2);

/// Why the step fails, and what was done nevertheless.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("Workflow {workflow} was not dispatched. {diagnosis} {told} ({cause})")]
    Refused { workflow: String, diagnosis: String, told: String, cause: String },
    #[error(
        "It is unknown whether workflow {workflow} was dispatched, so the dispatch is not retried. First look for \
         the run: {page} . {told} ({cause})"
    )]
    Unknown { workflow: String, page: String, told: String, cause: String },
    #[error("The run has started, {page} , and reports its own outcome: do not start another one. {status}")]
    Status { page: Url, status: Box<Failure> },
    #[error("The server's response does not name the run, so this step cannot wait for it. See the run at {0}")]
    NoRun(Url),
    #[error(
        "The workflow was dispatched, but no status was set: this server is {server}. Its response does not name the \
         run, so the outcome could not be reported. See the run: {page} . On Forgejo, use Forgejo's own dispatch, and \
         let the workflow \
         set the status"
    )]
    OtherForge { server: String, page: Url },
    #[error(transparent)]
    Head(#[from] UnknownHead),
    #[error(transparent)]
    OldServer(#[from] OldServer),
}

/// A dispatch in progress, and where its status goes.
struct Sending<'a> {
    gitea: &'a Gitea,
    pages: &'a PageBase,
    workflow: &'a Workflow,
    place: &'a Place,
    start: Instant,
}

/// Sends two requests over one connection, if all goes well. Returns the run to wait for, if any, and the
/// place of its status.
pub(crate) async fn run(
    gitea: &Gitea,
    pages: &PageBase,
    dispatch: &Dispatch,
    runner: &mut Runner<impl Write>,
) -> Result<Option<(RunRef, Place)>, Error> {
    let Dispatch { workflow, wait, .. } = dispatch;
    if wait.is_some() {
        check_server(gitea, "`wait: true`").await?;
    }
    let (head, branch) = known_head(gitea, &dispatch.head).await?;
    let inputs = inputs(dispatch, &head, branch);
    let place = Place { head, context: dispatch.context.clone() };
    let sending = Sending { gitea, pages, workflow, place: &place, start: Instant::now() };
    sending.log_start(runner);
    let run = match gitea.dispatch_workflow(workflow, &inputs).await {
        Ok(run) => run,
        Err(cause) => return Err(sending.tell_failure(cause, runner).await),
    };
    let page = match &run {
        Some(run) => pages.run(&run.target, run.number),
        None => pages.workflow(&workflow.target, &workflow.file),
    };
    log_run(run.as_ref(), &page, runner);
    if run.is_none()
        && let Some(server) = server_now(gitea).await.as_ref().and_then(Server::other_forge)
    {
        return Err(Error::OtherForge { server, page });
    }
    let status = match sending.set_pending(run.as_ref(), &page, runner).await {
        Ok(what) => what,
        // The run's end is still reported.
        Err(status) if wait.is_some() => {
            runner.warning(&Error::Status { page: page.clone(), status: Box::new(status) }.to_string());
            "not pending"
        }
        Err(status) => return Err(Error::Status { page, status: Box::new(status) }),
    };
    sending.summarize(&page, status, runner);
    match (run, wait) {
        (Some(run), Some(_)) => Ok(Some((run, place))),
        (None, Some(_)) => Err(Error::NoRun(page)),
        (_, None) => Ok(None),
    }
}

/// The inputs of the run: the four of the pull request, and the user's own.
fn inputs(dispatch: &Dispatch, head: &Head, branch: String) -> BTreeMap<String, String> {
    let mut inputs = dispatch.own_inputs.clone();
    inputs.extend([
        ("pr_number".to_owned(), head.pull_request.map(|number| number.to_string()).unwrap_or_default()),
        ("pr_head_sha".to_owned(), head.sha.as_str().to_owned()),
        ("pr_head_ref".to_owned(), dispatch.head_ref.clone().unwrap_or(branch)),
        ("source_repo".to_owned(), head.source.to_string()),
    ]);
    inputs
}

/// Writes log and outputs before the status is set: the run has started, even if its status cannot be set.
fn log_run(run: Option<&RunRef>, page: &Url, runner: &mut Runner<impl Write>) {
    match run {
        Some(run) => {
            runner.info(&format!("Run: {page}"));
            runner.output("run-id", &run.id.to_string());
        }
        None => runner.info(&format!(
            "The server does not name the run that it started (Gitea does since 1.26), so the link is the \
             workflow's page: {page}"
        )),
    }
    runner.output("run-url", page.as_str());
}

impl Sending<'_> {
    /// Logs the dispatch before it is sent, in case the step is stopped meanwhile.
    fn log_start(&self, runner: &mut Runner<impl Write>) {
        let Workflow { target, file, git_ref } = self.workflow;
        let Head { source, sha, pull_request } = &self.place.head;
        let on_behalf = match pull_request {
            Some(number) => format!("pull request {source}#{number}"),
            None => format!("commit {} of {source}", sha.short()),
        };
        let (file, at) = (file.as_str(), git_ref.as_str());
        runner.info(&format!("Dispatching {file} of {target} at {at} for {on_behalf}"));
    }

    /// Sets the pending status, and returns its state in a few words.
    async fn set_pending(
        &self,
        run: Option<&RunRef>,
        page: &Url,
        runner: &mut Runner<impl Write>,
    ) -> Result<&'static str, Failure> {
        let overtaken = run.map_or(Overtaken::After(self.start), |run| Overtaken::ByRun(run.number));
        let look = self.start.elapsed() > OVERTAKEN_AFTER;
        let answer = Answer::Dispatched;
        match self.early(&answer, page.as_str(), look, overtaken).set(self.gitea, self.pages).await {
            Ok(done) => {
                self.log_status(&done, &answer, runner);
                // Its own retries take time, too.
                let is_late = self.start.elapsed() > OVERTAKEN_AFTER;
                if let (true, StatusDone::Set, Some(run)) = (is_late, &done, run) {
                    self.tell_quick_end(run, runner).await;
                }
                Ok(if done == StatusDone::Set { "pending" } else { "left alone, since it shows a newer result" })
            }
            Err(error) => Err(diagnosis::status_failure(self.gitea, "The pending status", self.place, error).await),
        }
    }

    /// Corrects a late pending status. It may have replaced the final status of its own run, if that was set after the
    /// last read.
    async fn tell_quick_end(&self, run: &RunRef, runner: &mut Runner<impl Write>) {
        let teller = Teller { gitea: self.gitea, pages: self.pages, place: self.place, run };
        // If the run cannot be read, its own report or `reconcile` corrects the status later.
        let Ok(Progress::Ended(end)) = Progress::read(self.gitea, &run.target, run.id).await else { return };
        let answer = Answer::Ended(end.ending);
        let told = teller.close(&answer, Voice::WhilePending { since: None }, None, None).await;
        if let Err(unwritten) = told.announce(&teller, &answer, &mut Vec::new(), runner).await {
            runner.warning(&unwritten.to_string());
        }
    }

    /// Shows the cause of a failed dispatch on the pull request's page, and returns the error for the log.
    async fn tell_failure(&self, cause: forge::Error, runner: &mut Runner<impl Write>) -> Error {
        let Workflow { target, file, .. } = self.workflow;
        let unknown = cause.is_unknown();
        let diagnosis = diagnosis::of_dispatch(self.gitea, self.workflow, &cause).await;
        let page = self.pages.workflow(target, file).to_string();
        let answer = if unknown { Answer::Unknown } else { Answer::Refused(diagnosis.cause.clone()) };
        // If the response to the dispatch was lost, the run may have started, and may even have reported its end.
        let early = self.early(&answer, &page, unknown, Overtaken::After(self.start));
        let told = match early.set(self.gitea, self.pages).await {
            Ok(done) => {
                self.log_status(&done, &answer, runner);
                match done {
                    StatusDone::Newer(run) => format!("A matching run was found: {}.", self.pages.run(target, run)),
                    _ => "The pull request's status now shows this.".to_owned(),
                }
            }
            Err(error) => format!("Setting the pull request's status failed too: {error}."),
        };
        let (workflow, cause) = (format!("{} of {target}", file.as_str()), cause.to_string());
        if unknown {
            Error::Unknown { workflow, page, told, cause }
        } else {
            Error::Refused { workflow, diagnosis: diagnosis.to_string(), told, cause }
        }
    }

    fn early<'a>(&'a self, answer: &'a Answer, page: &'a str, look: bool, overtaken: Overtaken) -> Early<'a> {
        Early { place: self.place, target: &self.workflow.target, page, answer, look, overtaken }
    }

    fn log_status(&self, done: &StatusDone, answer: &Answer, runner: &mut Runner<impl Write>) {
        let (place, target) = (self.place.status(), &self.workflow.target);
        match done {
            StatusDone::Newer(run) => {
                let page = self.pages.run(target, *run);
                runner.info(&format!("Status {place} is left alone: it already shows {page}"));
            }
            _ => {
                let state = answer.state();
                runner.info(&format!("Status {place}: {state}, {}", answer.description(target)));
                runner.output("state", &state.to_string());
            }
        }
    }

    fn summarize(&self, page: &Url, status: &str, runner: &mut Runner<impl Write>) {
        let Workflow { target, file, git_ref } = self.workflow;
        let Head { source, sha, pull_request } = &self.place.head;
        let on_behalf = match pull_request {
            Some(number) => format!("Pull request [{source}#{number}]({})", self.pages.pull_request(source, *number)),
            None => format!("Repository {source}"),
        };
        let lines = [
            format!("Run: [{} at {}]({page})", markdown(file.as_str()), markdown(git_ref.as_str())),
            format!("{on_behalf}, commit [{}]({})", sha.short(), self.pages.commit(source, sha)),
            format!("Status {}: {status}", markdown(self.place.context.as_str())),
        ];
        runner.summary(&format!("Dispatched to {target}"), &text::list(&lines));
    }
}
