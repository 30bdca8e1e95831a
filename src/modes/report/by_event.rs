//! The report by a `workflow_run` workflow. The event says when to look; the jobs of the run say what is true.

use std::io::Write;

use super::{Error, Round, Subject, announce, page_number, server_now};
use crate::config::Report;
use crate::diagnosis;
use crate::forge::{Error as ForgeError, Gitea, RunJobs, Server};
use crate::run::{Progress, Unreadable, attempt, began};
use crate::runner::Runner;
use crate::telling::{Answer, Attempt, Failures, RunStatuses, Teller, Voice};
use crate::text::one_line;
use crate::types::{Head, Outcome};

/// `has_ended`: whether the event says that the run has ended. It counts only if the jobs cannot be read, since there
/// may be no later event.
pub(super) async fn run(
    round: Round<'_>,
    jobs: Result<RunJobs, ForgeError>,
    has_ended: bool,
    runner: &mut Runner<impl Write>,
) -> Result<(), Error> {
    let Round { gitea, pages, report, .. } = round;
    let known = jobs.as_ref().map_or(&[][..], |jobs| &jobs.jobs[..]);
    let now = Attempt { number: attempt(known).max(1), began: began(known, attempt(known)) };
    let page = page_number(gitea, &report.run, known, None).await;
    let progress = Progress::after(gitea, &report.run.repo, report.run.id, jobs).await;
    let (answer, unread) = answer(gitea, report, &progress, has_ended).await?;
    let Subject { run, place, seen } = round.subject(page).await;
    let teller = Teller { gitea, pages, place: &place, run: &run };
    runner.info(&format!("Run {}: {}", teller.page(), one_line(&answer.description(&run.target))));
    let failures = match &progress {
        Ok(Progress::Ended(end)) => teller.failures(end.failed.clone(), report.commenting, report.log_lines).await,
        _ => Failures::default(),
    };
    let draft = match &progress {
        Ok(Progress::Ended(end)) => teller.draft(report.commenting, &end.ending, &failures, end.attempt),
        _ => None,
    };
    let is_superseded = draft.is_some() && is_superseded(gitea, &place.head, &answer).await;
    let since = seen.as_ref().ok().and_then(RunStatuses::read_at);
    let draft = draft.filter(|_| !is_superseded).map(|draft| draft.by_event(report.body.as_deref(), since));
    let told = teller.report(&answer, Voice::Event(now), draft, seen).await;
    let why = is_superseded
        .then_some("No comment: the run was cancelled, and its pull request has a newer head or is closed");
    if let Answer::Ended(ending) = &answer {
        runner.output("conclusion", &one_line(ending.outcome.as_str()));
    }
    announce(&teller, report, (&answer, &failures), told, why, runner).await?;
    unread.map_or(Ok(()), |cause| Err(Error::JobsUnread(cause)))
}

/// The true state of the run. With [`Answer::Unread`], also the reason.
async fn answer(
    gitea: &Gitea,
    report: &Report,
    progress: &Result<Progress, Unreadable>,
    has_ended: bool,
) -> Result<(Answer, Option<String>), Error> {
    let answer = match progress {
        Ok(Progress::Queued(_)) => Answer::Queued,
        Ok(Progress::Running { has_begun: true, .. }) => Answer::Started,
        Ok(Progress::Running { .. }) => Answer::Dispatched,
        Ok(Progress::Ended(end)) => Answer::Ended(end.ending.clone()),
        Ok(Progress::Gone) => Answer::Gone,
        Err(hidden @ Unreadable::Hidden(_)) => return Err(Error::Hidden(hidden.to_string())),
        Err(Unreadable::Server(error)) => {
            if let Some(forgejo) = server_now(gitea).await.as_ref().and_then(Server::other_forge) {
                return Err(Error::OtherForge(forgejo));
            }
            let diagnosis = diagnosis::of_repository(gitea, &report.run.repo, error).await.beside_a_run();
            let cause = format!("{diagnosis} ({error})");
            if !has_ended {
                return Err(Error::JobsUnread(format!("Nothing was written; the next event reports again. {cause}")));
            }
            return Ok((Answer::Unread, Some(cause)));
        }
    };
    Ok((answer, None))
}

/// Whether the run was cancelled and is no longer needed: its pull request has another head, or is closed.
async fn is_superseded(gitea: &Gitea, head: &Head, answer: &Answer) -> bool {
    let (Answer::Ended(ending), Some(number)) = (answer, head.pull_request) else { return false };
    if ending.outcome != Outcome::Cancelled {
        return false;
    }
    // If the pull request cannot be read, the comment is written.
    let pull = gitea.pull_request(&head.source, number).await;
    pull.is_ok_and(|pull| !pull.is_open() || pull.head.sha != head.sha.as_str())
}
