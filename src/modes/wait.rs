//! `wait: true`: follows the dispatched run to its end, and reports the end if the run's own report has not.

use std::io::Write;
use std::time::Duration;

use time::OffsetDateTime;
use tokio::time::{Instant, sleep, timeout};

use crate::config::Wait;
use crate::deadline::Deadline;
use crate::diagnosis;
use crate::forge::Gitea;
use crate::links::PageBase;
use crate::run::{End, Progress, Unreadable};
use crate::runner::Runner;
use crate::telling::{Answer, Teller, Unwritten, Voice};
use crate::text::{self, markdown, one_line};
use crate::types::{Place, RepoName, RunRef, State};

/// The pause between two reads of the run; it grows by half up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// After this time in the queue, the log names the likely cause.
const LONG_QUEUE: Duration = Duration::from_secs(60);

/// Why the step fails.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(
        "The run has not ended within `wait-timeout`, and continues: {0} . A pending status stays until the run's own \
         report or `mode: reconcile` sets the final one"
    )]
    Timeout(String),
    #[error("Could not read the run when `wait-timeout` was over, so its outcome is unknown: see {page} . {cause}")]
    Lost { page: String, cause: String },
    #[error("Gave up reporting the run's outcome after a minute: {0}")]
    OutOfTime(String),
    #[error("The run ended with {outcome}: {page}")]
    Failed { outcome: String, page: String },
    #[error("The run was deleted: {0}")]
    Gone(String),
    #[error("The run {end}: {page} . The report is incomplete: {cause}")]
    Untold { end: String, page: String, cause: Unwritten },
}

/// Follows `run`. After the run's end, or after the timeout, a separate minute is left to report it.
pub(crate) async fn run(
    gitea: &Gitea,
    pages: &PageBase,
    place: &Place,
    run: &RunRef,
    wait: Wait,
    runner: &mut Runner<impl Write>,
) -> Result<(), Error> {
    let began = OffsetDateTime::now_utc();
    let followed = timeout(wait.timeout.duration(), follow(gitea, run, LONG_QUEUE_ADVICE, runner)).await;
    let deadline = Deadline::in_a_minute();
    let teller = Teller { gitea: &gitea.until(deadline), pages, place, run };
    let page = teller.page().to_string();
    let told = deadline.bound(async {
        let progress = match followed {
            Ok(progress) => Ok(progress),
            // The run may have ended since the last read.
            Err(_elapsed) => Progress::read(teller.gitea, &run.target, run.id).await,
        };
        match progress {
            Ok(Progress::Ended(end)) => tell_end(&teller, wait, &end, runner).await,
            Ok(Progress::Gone) => tell_gone(&teller, runner).await,
            Ok(Progress::Queued(since)) => {
                tell_timeout(&teller, &Answer::Waiting(since.unwrap_or(began)), runner).await
            }
            Ok(Progress::Running { created, .. }) => {
                tell_timeout(&teller, &Answer::NotEnded(created.unwrap_or(began)), runner).await
            }
            Err(unread) => {
                let cause = why(teller.gitea, &run.target, &unread).await;
                Err(Error::Lost { page: page.clone(), cause })
            }
        }
    });
    told.await.unwrap_or(Err(Error::OutOfTime(page)))
}

/// What the log has said about the run so far.
#[derive(Default)]
struct Said {
    state: &'static str,
    /// Whether the log has warned of an outage that is not over.
    outage: bool,
    queued_at: Option<Instant>,
    long_queue: bool,
}

/// What to do about a run that waits for a runner, for a step with `wait: true`.
const LONG_QUEUE_ADVICE: &str = "give the runner more capacity, or leave out `wait` and use `mode: reconcile`";

/// Reads the run until it has ended. A read that fails is repeated. `advice` is what to do if the run waits for a
/// runner for a long time.
pub(super) async fn follow(gitea: &Gitea, run: &RunRef, advice: &str, runner: &mut Runner<impl Write>) -> Progress {
    let start = Instant::now();
    let (mut pause, mut said) = (FIRST_PAUSE, Said::default());
    loop {
        match Progress::read(&gitea.until(Deadline::in_a_minute()), &run.target, run.id).await {
            Ok(progress) => {
                said.progress(&progress, run, start, advice, runner);
                if matches!(progress, Progress::Ended(_) | Progress::Gone) {
                    return progress;
                }
            }
            Err(error) if !said.outage => {
                let cause = why(gitea, &run.target, &error).await;
                runner.warning(&format!("Could not read the run; retrying. {cause}"));
                said.outage = true;
            }
            Err(_) => {}
        }
        sleep(pause).await;
        pause = LONGEST_PAUSE.min(pause * 3 / 2);
    }
}

impl Said {
    /// Logs what is new.
    fn progress(
        &mut self,
        progress: &Progress,
        run: &RunRef,
        start: Instant,
        advice: &str,
        runner: &mut Runner<impl Write>,
    ) {
        self.outage = false;
        let state = match progress {
            Progress::Queued(_) => "queued",
            Progress::Running { .. } => "in progress",
            Progress::Ended(_) => "completed",
            Progress::Gone => "deleted",
        };
        if state != self.state {
            runner.info(&format!("Run {}: {state}, after {} s", run.id, start.elapsed().as_secs()));
            self.state = state;
        }
        if !matches!(progress, Progress::Queued(_)) {
            self.queued_at = None;
        } else if self.queued_at.get_or_insert_with(Instant::now).elapsed() >= LONG_QUEUE && !self.long_queue {
            runner.warning(&format!(
                "The run has waited for a runner for a minute. If this job occupies the only runner, the run cannot \
                 start: {advice}"
            ));
            self.long_queue = true;
        }
    }
}

/// Why the run could not be read.
async fn why(gitea: &Gitea, target: &RepoName, unread: &Unreadable) -> String {
    match unread {
        Unreadable::Hidden(_) => unread.to_string(),
        Unreadable::Server(error) => {
            format!("{} ({error})", diagnosis::of_repository(gitea, target, error).await.beside_a_run())
        }
    }
}

async fn tell_end(teller: &Teller<'_>, wait: Wait, end: &End, runner: &mut Runner<impl Write>) -> Result<(), Error> {
    let page = teller.page().to_string();
    let outcome = one_line(end.ending.outcome.as_str());
    runner.output("conclusion", &outcome);
    let answer = Answer::Ended(end.ending.clone());
    let failures = teller.failures(end.failed.clone(), wait.commenting, wait.log_lines).await;
    if let Some(note) = &failures.note {
        runner.warning(note);
    }
    let draft = teller.draft(wait.commenting, &end.ending, &failures, end.attempt);
    let told = teller.close(&answer, Voice::Observer, draft, None).await;
    let mut summary = vec![format!("Run: [{}]({page})", markdown(&outcome))];
    summary.extend(failures.lines(teller));
    let announced = told.announce(teller, &answer, &mut summary, runner).await;
    runner.summary(&format!("Waited for {}", markdown(&teller.run.target.to_string())), &text::list(&summary));
    match announced {
        Err(cause) => Err(Error::Untold { end: format!("ended with {outcome}"), page, cause }),
        Ok(_) if matches!(answer.state(), State::Success | State::Skipped) => Ok(()),
        Ok(_) => Err(Error::Failed { outcome, page }),
    }
}

async fn tell_gone(teller: &Teller<'_>, runner: &mut Runner<impl Write>) -> Result<(), Error> {
    let page = teller.page().to_string();
    let told = teller.close(&Answer::Gone, Voice::Observer, None, None).await;
    match told.announce(teller, &Answer::Gone, &mut Vec::new(), runner).await {
        Ok(_) => Err(Error::Gone(page)),
        Err(cause) => Err(Error::Untold { end: "was deleted".to_owned(), page, cause }),
    }
}

async fn tell_timeout(teller: &Teller<'_>, answer: &Answer, runner: &mut Runner<impl Write>) -> Result<(), Error> {
    let told = teller.close(answer, Voice::WhilePending { since: None }, None, None).await;
    if let Err(unwritten) = told.announce(teller, answer, &mut Vec::new(), runner).await {
        runner.warning(&unwritten.to_string());
    }
    Err(Error::Timeout(teller.page().to_string()))
}
