//! The report by a job of the run itself: the step is given an outcome, and the other jobs count too.

use std::io::Write;
use std::time::Duration;

use tokio::time::sleep;

use super::{Error, Round, Subject, announce, page_number, server_now};
use crate::config::Report;
use crate::diagnosis;
use crate::forge::{Error as ForgeError, Gitea, RunJobs, Server};
use crate::run::{FailedJobs, JobsRead, Verdict, began};
use crate::runner::Runner;
use crate::telling::{Answer, Attempt, Failures, RunStatuses, Teller, Voice};
use crate::text::one_line;
use crate::types::{Ending, GivenStatus};

/// How often, and how soon, a report that waits for other jobs reads them again. A runner takes some seconds to end a
/// job after its last step.
const LOOKS: u32 = 6;
const PAUSE: Duration = Duration::from_secs(1);

/// What comes after a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    End,
    /// The jobs that the report waited for have ended meanwhile.
    ReportAgain,
}

pub(super) async fn run(
    round: Round<'_>,
    jobs: Result<RunJobs, ForgeError>,
    given: &GivenStatus,
    runner: &mut Runner<impl Write>,
) -> Result<Next, Error> {
    let Round { gitea, pages, report, .. } = round;
    let number = report.run.attempt.unwrap_or(1);
    let (jobs, server, unread) = readable(gitea, report, jobs).await;
    if let Some(forgejo) = server.as_ref().and_then(Server::other_forge) {
        return Err(Error::OtherForge(forgejo));
    }
    let verdict = Verdict::new(given, number, &jobs);
    if let (Some(cause), Verdict::Ended { .. }) = (&unread, &verdict) {
        runner.warning(&format!("The other jobs of this run could not be read, so they do not count: {cause}"));
    }
    let jobs = match &jobs {
        JobsRead::Read(RunJobs { jobs, .. }) => &jobs[..],
        JobsRead::Unread | JobsRead::NotThere => &[],
    };
    let attempt = Attempt { number, began: began(jobs, number) };
    let page = page_number(gitea, &report.run, jobs, server.as_ref()).await;
    let Subject { run, place, seen } = round.subject(page).await;
    let teller = Teller { gitea, pages, place: &place, run: &run };
    let answer = answer(&verdict);
    runner.info(&format!("Run {}: {}", teller.page(), said(&verdict)));
    let since = seen.as_ref().ok().and_then(RunStatuses::read_at);
    let failures = match &answer {
        Answer::Ended(_) => teller.failures(FailedJobs::of(jobs), report.commenting, report.log_lines).await,
        _ => Failures::default(),
    };
    let draft = match &answer {
        Answer::Ended(ending) => teller.draft(report.commenting, ending, &failures, number),
        _ => None,
    };
    let draft = draft.map(|draft| draft.of_the_run_itself(report.body.as_deref(), since));
    let told = teller.report(&answer, Voice::Run(attempt), draft, seen).await;
    let status_id = told.status_id;
    announce(&teller, report, (&answer, &failures), told, None, runner).await?;
    match verdict {
        Verdict::WaitingForJobs(_) => Ok(match status_id {
            Some(id) if others_end(&teller, given, attempt, id, runner).await => Next::ReportAgain,
            _ => Next::End,
        }),
        Verdict::NotGiven if *given == GivenStatus::Empty => Err(Error::Empty),
        Verdict::NotGiven => Err(Error::NoOutcome),
        Verdict::Unread => Err(Error::JobsUnread(unread.unwrap_or_default())),
        Verdict::Running | Verdict::Ended { .. } => Ok(Next::End),
    }
}

/// Whether the other jobs end within the next seconds. Two jobs that report at the same moment wait for each other,
/// since a job has not ended while its report runs. The job whose status came last stays; the other one sees that
/// status, and ends.
///
/// That last status may have replaced a failure that another job set after the statuses were read. Nothing else may
/// know about the failure, so it is set again. No job sets a success before this job has ended.
async fn others_end(
    teller: &Teller<'_>,
    given: &GivenStatus,
    attempt: Attempt,
    status_id: u64,
    runner: &mut Runner<impl Write>,
) -> bool {
    for _ in 0..LOOKS {
        sleep(PAUSE).await;
        let (seen, jobs) =
            tokio::join!(teller.all_run_statuses(), teller.gitea.run_jobs(&teller.run.target, teller.run.id));
        let (Ok(seen), Ok(jobs)) = (seen, jobs) else { return false };
        if !seen.is_latest(status_id, &teller.place.context) {
            return false;
        }
        if let Some(end) = seen.failing_end(teller.run.number, &teller.place.context, attempt) {
            match teller.restore(&end).await {
                Ok(()) => runner.info("Another job has reported a failure meanwhile. The status shows it again"),
                Err(error) => runner.warning(&format!(
                    "Another job has reported a failure, which this step has replaced with a pending status. It could not \
                     be set again: {error}"
                )),
            }
            return false;
        }
        if !matches!(Verdict::new(given, attempt.number, &JobsRead::Read(jobs)), Verdict::WaitingForJobs(_)) {
            return true;
        }
    }
    false
}

/// The jobs, the server's version if it was read, and why the jobs are unknown.
async fn readable(
    gitea: &Gitea,
    report: &Report,
    jobs: Result<RunJobs, ForgeError>,
) -> (JobsRead, Option<Server>, Option<String>) {
    let cause = match jobs {
        Ok(jobs) if !jobs.jobs.is_empty() => return (JobsRead::Read(jobs), None, None),
        Ok(_) => "The server lists no jobs of the run".to_owned(),
        Err(error) => {
            let diagnosis = diagnosis::of_repository(gitea, &report.run.repo, &error).await;
            format!("{} ({error})", diagnosis.beside_a_run())
        }
    };
    match server_now(gitea).await {
        Some(server) if !server.lists_jobs() => (JobsRead::NotThere, Some(server), Some(cause)),
        server => (JobsRead::Unread, server, Some(cause)),
    }
}

fn answer(verdict: &Verdict) -> Answer {
    match verdict {
        Verdict::Running => Answer::Started,
        Verdict::NotGiven => Answer::NotGiven,
        Verdict::Unread => Answer::Unread,
        Verdict::WaitingForJobs(count) => Answer::WaitingForJobs(*count),
        Verdict::Ended { ending, .. } => Answer::Ended(ending.clone()),
    }
}

/// The verdict for the log.
fn said(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Running => "running, according to input `status`".to_owned(),
        Verdict::NotGiven => "its outcome was not given".to_owned(),
        Verdict::Unread => "its outcome is unknown".to_owned(),
        Verdict::WaitingForJobs(1) => {
            "no failure so far, and 1 other job has not ended. Its report, or one by event, sets the final status"
                .to_owned()
        }
        Verdict::WaitingForJobs(count) => {
            format!(
                "no failure so far, and {count} other jobs have not ended. The report of the last one, or one by event, sets the final status"
            )
        }
        Verdict::Ended { ending: Ending { outcome, .. }, because } => {
            format!("{} ({})", one_line(outcome.as_str()), one_line(because))
        }
    }
}
