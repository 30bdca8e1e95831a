//! `wait: true`: follows the dispatched run to its end, and tells the end where the run's own report has not.

use std::io::Write;
use std::time::Duration;

use time::OffsetDateTime;
use tokio::time::{Instant, sleep, timeout};

use crate::config::{Dispatch, Wait};
use crate::deadline::Deadline;
use crate::diagnosis;
use crate::forge::{DispatchedRun, Gitea};
use crate::links::PageBase;
use crate::run::progress::{self, End, Progress, Unknown};
use crate::run::{Head, Workflow};
use crate::runner::Runner;
use crate::telling::closing::{Closing, Status};
use crate::telling::comment;
use crate::telling::words;
use crate::text::{self, markdown, one_line};
use crate::types::{CommentMode, RepoName, State};

/// The pause between two questions; it grows by half up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// After so long in the queue the log says what may be the matter.
const LONG_QUEUE: Duration = Duration::from_secs(60);

/// Why the step fails.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(
        "The server has not said which run it started, so there is none to wait for: look for it and its end at {0}"
    )]
    NoRun(String),
    #[error(
        "The run has not ended within `wait-timeout`, and goes on: {0} . A pending status stays until the run's own report or \
         `mode: reconcile` tells the end"
    )]
    Timeout(String),
    #[error(
        "The run could not be asked for when `wait-timeout` was over, so its outcome is not known here: see {page} . {cause}"
    )]
    Lost { page: String, cause: String },
    #[error("Gave up telling what became of the run after a minute: {0}")]
    Budget(String),
    #[error("The run ended with {outcome}: {page}")]
    Failed { outcome: String, page: String },
    #[error("The run was deleted: {0}")]
    Gone(String),
    #[error("The run ended with {outcome}: {page} , and the pull request was not told all of it: {cause}")]
    Untold { outcome: String, page: String, cause: String },
}

/// Follows `run`; the telling has a minute of its own.
pub(crate) async fn run(
    gitea: &Gitea,
    pages: &PageBase,
    (dispatch, head): (&Dispatch, &Head),
    wait: Wait,
    run: Option<DispatchedRun>,
    runner: &mut Runner<impl Write>,
) -> Result<(), Error> {
    let Dispatch { workflow: Workflow { target, file: workflow, .. }, context, .. } = dispatch;
    let Head { source, sha, pull_request } = head;
    let Some(run) = run else { return Err(Error::NoRun(pages.workflow(target, workflow).to_string())) };
    let page = pages.run(target, run.number).to_string();
    let closing = Closing { source, sha, pull_request: *pull_request, target, context, run: run.number };
    let began = OffsetDateTime::now_utc();
    let followed = timeout(wait.timeout.duration(), follow(gitea, dispatch, run, runner)).await;
    let deadline = Deadline::in_a_minute();
    let gitea = &gitea.until(deadline);
    let told = deadline.bound(async {
        let progress = match followed {
            Ok(progress) => Ok(progress),
            // It may have ended since it was asked for.
            Err(_elapsed) => progress::of(gitea, target, run.id).await,
        };
        match progress {
            Ok(Progress::Ended(end)) => tell_end(gitea, pages, &closing, wait.commenting.mode, &end, runner).await,
            Ok(Progress::Gone) => tell_gone(gitea, pages, &closing, runner).await,
            Ok(Progress::Queued(since)) => {
                tell_timeout(gitea, pages, &closing, &words::waiting(since.unwrap_or(began)), runner).await
            }
            Ok(Progress::Running(since)) => {
                tell_timeout(gitea, pages, &closing, &words::not_ended(since.unwrap_or(began)), runner).await
            }
            Err(unknown) => {
                let cause = why(gitea, target, &unknown).await;
                Err(Error::Lost { page: page.clone(), cause })
            }
        }
    });
    told.await.unwrap_or(Err(Error::Budget(page)))
}

/// Asks until the run has ended. A question that fails is asked again.
async fn follow(gitea: &Gitea, dispatch: &Dispatch, run: DispatchedRun, runner: &mut Runner<impl Write>) -> Progress {
    let start = Instant::now();
    let (mut pause, mut told, mut warned) = (FIRST_PAUSE, "", false);
    let (mut queued_at, mut queue_told) = (None, false);
    loop {
        match progress::of(&gitea.until(Deadline::in_a_minute()), &dispatch.workflow.target, run.id).await {
            Ok(progress) => {
                warned = false;
                let word = match &progress {
                    Progress::Queued(_) => "queued",
                    Progress::Running(_) => "in progress",
                    Progress::Ended(_) => "completed",
                    Progress::Gone => "deleted",
                };
                if word != told {
                    runner.info(&format!("Run {}: {word}, after {} s", run.id, start.elapsed().as_secs()));
                    told = word;
                }
                if matches!(progress, Progress::Ended(_) | Progress::Gone) {
                    return progress;
                }
                if !matches!(progress, Progress::Queued(_)) {
                    queued_at = None;
                } else if queued_at.get_or_insert_with(Instant::now).elapsed() >= LONG_QUEUE && !queue_told {
                    runner.warning(
                        "The run has waited for a runner for a minute. If this job occupies the only one, it waits for itself: \
                         give the runner more capacity, or leave out `wait` and use `mode: reconcile`",
                    );
                    queue_told = true;
                }
            }
            Err(error) => {
                // Once an outage.
                if !warned {
                    let cause = why(gitea, &dispatch.workflow.target, &error).await;
                    runner.warning(&format!("The run could not be asked for, which is tried again. {cause}"));
                    warned = true;
                }
            }
        }
        sleep(pause).await;
        pause = LONGEST_PAUSE.min(pause * 3 / 2);
    }
}

/// Why the run could not be asked for.
async fn why(gitea: &Gitea, target: &RepoName, unknown: &Unknown) -> String {
    match unknown {
        Unknown::Hidden(_) => unknown.to_string(),
        Unknown::Server(error) => {
            format!("{} ({error})", diagnosis::of_repository(gitea, target, error).await.beside_a_run())
        }
    }
}

async fn tell_end(
    gitea: &Gitea,
    pages: &PageBase,
    closing: &Closing<'_>,
    mode: CommentMode,
    end: &End,
    runner: &mut Runner<impl Write>,
) -> Result<(), Error> {
    let page = pages.run(closing.target, closing.run).to_string();
    let outcome = one_line(end.outcome.as_str());
    runner.output("conclusion", &outcome);
    let (state, description) = (end.outcome.state(), words::ended(&end.outcome, end.elapsed));
    let set = closing.set(gitea, pages, state, &description, false).await;
    let (status, authors) =
        set.map_or_else(|error| (Err(error), Vec::new()), |(status, authors)| (Ok(status), authors));
    let place = closing.place();
    let status_told = match &status {
        Ok(Status::Set) => format!("Status {place}: {state}, {description}"),
        Ok(Status::Told(state)) => format!("Status {place}: {state}, which was told already"),
        Ok(Status::NotOurs) => format!("Status {place} is left alone: it is a newer run's"),
        Err(error) => format!("Status {place} {}", error.not_done("was not set")),
    };
    runner.info(&status_told);
    match &status {
        Ok(Status::Set) => runner.output("state", &state.to_string()),
        Ok(Status::Told(state)) => runner.output("state", state),
        Ok(Status::NotOurs) | Err(_) => {}
    }
    let mut summary = vec![format!("Run: [{}]({page})", markdown(&outcome)), markdown(&status_told)];
    // In `update` the one comment is the newer run's, and without the status nobody knows which one is one's own.
    let outdated = mode == CommentMode::Update && matches!(status, Ok(Status::NotOurs) | Err(_));
    let mut untold = Vec::new();
    if let Err(error) = &status {
        let diagnosis = diagnosis::of_status(gitea, closing.source, error).await.beside_a_run();
        untold.push(format!("The status {}. {diagnosis} ({error})", error.not_done("was not set")));
    }
    if let Some(number) = closing.pull_request.filter(|_| mode != CommentMode::Off && !outdated) {
        let commented = async {
            let there = gitea.comments(closing.source, number, None).await?;
            closing.comment(gitea, pages, mode, end, there, &authors).await
        };
        match commented.await {
            Ok(Some(done)) => summary.push(done.tell(pages, closing.source, number, runner)),
            Ok(None) => {}
            Err(error) => {
                let undone = comment::undone(&error);
                summary.push(format!("Comment: {undone}"));
                let diagnosis = diagnosis::of_comment(gitea, closing.source, &error).await.beside_a_run();
                untold.push(format!("The comment {undone}. {diagnosis} ({error})"));
            }
        }
    }
    runner.summary(&format!("Waited for {}", markdown(&closing.target.to_string())), &text::list(&summary));
    if !untold.is_empty() {
        return Err(Error::Untold { outcome, page, cause: untold.join(" ") });
    }
    match state {
        State::Success | State::Skipped => Ok(()),
        _ => Err(Error::Failed { outcome, page }),
    }
}

async fn tell_gone(
    gitea: &Gitea,
    pages: &PageBase,
    closing: &Closing<'_>,
    runner: &mut Runner<impl Write>,
) -> Result<(), Error> {
    let page = pages.run(closing.target, closing.run).to_string();
    match closing.set(gitea, pages, State::Error, words::RUN_GONE, false).await {
        Ok((Status::Set, _)) => {
            runner.info(&format!("Status {}: error, {}", closing.place(), words::RUN_GONE));
            runner.output("state", &State::Error.to_string());
        }
        Ok(_) => runner.info(&format!("Status {} is left alone: it waits for this run no more", closing.place())),
        Err(cause) => {
            let diagnosis = diagnosis::of_status(gitea, closing.source, &cause).await.beside_a_run();
            let cause = format!("The status {}. {diagnosis} ({cause})", cause.not_done("was not set"));
            return Err(Error::Untold { outcome: "its deletion".to_owned(), page, cause });
        }
    }
    Err(Error::Gone(page))
}

async fn tell_timeout(
    gitea: &Gitea,
    pages: &PageBase,
    closing: &Closing<'_>,
    description: &str,
    runner: &mut Runner<impl Write>,
) -> Result<(), Error> {
    match closing.set(gitea, pages, State::Pending, description, true).await {
        Ok((Status::Set, _)) => runner.info(&format!("Status {}: pending, {description}", closing.place())),
        Ok((Status::Told(_) | Status::NotOurs, _)) => {
            runner.info(&format!("Status {} is left alone: it waits for this run no more", closing.place()));
        }
        Err(error) => {
            let diagnosis = diagnosis::of_status(gitea, closing.source, &error).await.beside_a_run();
            let undone = error.not_done("says what it said before");
            runner.warning(&format!("The pending status {undone}. {diagnosis} ({error})"));
        }
    }
    Err(Error::Timeout(pages.run(closing.target, closing.run).to_string()))
}
