//! `mode: report`: puts the outcome of this run on the pull request, as a status and a comment.
//!
//! Two rounds: all that has to be read, side by side; then status and comment, side by side.

#[cfg(test)]
mod properties;

use std::cell::Cell;
use std::io::Write;
use std::time::Duration;

use time::OffsetDateTime;
use tokio::time::sleep;

use crate::config::{CommentMode, GivenStatus, Report, ThisRun};
use crate::diagnosis;
use crate::gitea::{self, Comment, Gitea, NewStatus, RunJobs, User};
use crate::links::BaseUrl;
use crate::message::{self, markdown, one_line};
use crate::run_statuses::RunStatuses;
use crate::runner::{self, Runner};
use crate::types::{CommentId, Outcome, PullRequestNumber, RepoName, RunNumber, StatusContext};

/// How often a comment is tried whose answer gets lost, and the pause before it is looked for.
const COMMENT_ATTEMPTS: u32 = 3;
const COMMENT_PAUSE: Duration = Duration::from_secs(1);

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
    #[error(transparent)]
    Runner(#[from] runner::Error),
}

pub(crate) async fn run(
    gitea: &Gitea,
    pages: &BaseUrl,
    report: &Report,
    runner: &mut Runner<impl Write>,
) -> Result<(), Error> {
    let Report { source, pull_request, sha, run, .. } = report;
    let (statuses, jobs) = tokio::join!(gitea.statuses(source, sha), gitea.run_jobs(&run.repo, run.id));
    let number = page_number(gitea, run, jobs.as_ref().ok()).await;
    let page = pages.run(&run.repo, number);
    if report.status.auto
        && let Err(cause) = &jobs
    {
        runner.warning(&format!(
            "The other jobs of this run could not be read, so they do not count (in a job of its own, report needs \
             `status: ${{{{ needs.build.result }}}}`): {cause}"
        ));
    }
    let since = statuses.as_ref().ok().and_then(|statuses| statuses.answered_at);
    let verdict = Verdict::new(&report.status, run.attempt, jobs.ok())?;
    runner.info(&format!("Run {page}: {} ({})", one_line(verdict.outcome.as_str()), one_line(&verdict.because)));

    let runs = statuses.map(|statuses| RunStatuses::new(&statuses, pages, &run.repo));
    let linked = runs.as_ref().ok().and_then(|runs| runs.context_of(number));
    let context = report.context.clone().or(linked).unwrap_or_else(|| StatusContext::default_for(&run.repo));
    let description = message::ended(&verdict.outcome, verdict.elapsed);
    let state = verdict.outcome.state();
    let status =
        NewStatus { state, target_url: page.as_str(), description: &description, context: &context, is_final: true };
    // One's own account, as soon as the answer to the status tells it.
    let me = Cell::new(None);
    let set_status = async {
        if let Some(newer) = runs?.newer_than(number, &context) {
            return Ok(Some(newer));
        }
        me.set(gitea.create_status(source, sha, &status).await?);
        Ok(None)
    };
    let marker = message::marker(&run.repo, run.id, run.attempt, &context);
    let text = message::comment(&context, &verdict.outcome, &page, report.body.as_deref(), &marker);
    let create_comment = async {
        match (pull_request, &report.comment) {
            (Some(number), CommentMode::Create) => {
                let comment = NewComment { repo: source, number: *number, text: &text, marker: &marker, since };
                comment.create(gitea, &me).await.map(|id| Some((*number, id)))
            }
            _ => Ok(None),
        }
    };
    let (status, comment) = tokio::join!(set_status, create_comment);

    runner.output("run-id", &run.id.to_string())?;
    runner.output("run-url", page.as_str())?;
    let mut summary = vec![format!("Run: [{}]({page})", markdown(&run.repo.to_string()))];
    let place = format!("{} on {source}@{}", context.as_str(), sha.short());
    match &status {
        Ok(None) => {
            runner.info(&format!("Status {place}: {state}, {description}"));
            runner.output("state", &state.to_string())?;
            summary.push(format!("Status {}: {state}, {}", markdown(&place), markdown(&description)));
        }
        Ok(Some(newer)) => {
            let newer = pages.run(&run.repo, *newer);
            runner.info(&format!("Status {place} is left alone: it tells of a newer run, {newer}"));
            summary.push(format!("Status {} is left alone: it tells of a [newer run]({newer})", markdown(&place)));
        }
        Err(error) => summary.push(format!("Status {}: {}", markdown(&place), not_done(error, "was not set"))),
    }
    match &comment {
        Ok(Some((number, id))) => {
            let link = pages.comment(source, *number, *id);
            runner.info(&format!("Comment on pull request {source}#{number}: {link}"));
            runner.output("comment-id", &id.to_string())?;
            runner.output("comment-url", link.as_str())?;
            summary.push(format!("[Comment]({link}) on pull request {source}#{number}"));
        }
        Ok(None) => runner.info(match pull_request {
            Some(_) => "No comment, as `comment: off` says",
            None => "No comment, since the run was not dispatched by a pull request",
        }),
        Err(error) => summary.push(format!("Comment: {}", not_done(error, "was not created"))),
    }
    runner.summary(&format!("Reported {} to {source}", markdown(&one_line(verdict.outcome.as_str()))), &summary)?;
    let status_error = match &status {
        Ok(None) => "The status was set.".to_owned(),
        Ok(Some(_)) => "The status was left alone.".to_owned(),
        Err(error) => {
            let diagnosis = diagnosis::of_status(gitea, source, error).await;
            format!("The status {}. {diagnosis} ({error})", not_done(error, "was not set"))
        }
    };
    let comment_error = match &comment {
        Ok(Some(_)) => "The comment was created.".to_owned(),
        Ok(None) => "There was no comment to create.".to_owned(),
        Err(error) => {
            let diagnosis = diagnosis::of_comment(gitea, source, error).await;
            format!("The comment {}. {diagnosis} ({error})", not_done(error, "was not created"))
        }
    };
    match (status, comment) {
        (Ok(_), Ok(_)) => Ok(()),
        (Err(_), _) => Err(Error::Incomplete(format!("{status_error} {comment_error}"))),
        (Ok(_), Err(_)) => Err(Error::Incomplete(format!("{comment_error} {status_error}"))),
    }
}

/// What is true of a write that failed.
fn not_done(error: &gitea::Error, not: &str) -> String {
    if error.may_have_written() { "may be there or not".to_owned() } else { not.to_owned() }
}

/// The comment about this run.
struct NewComment<'a> {
    repo: &'a RepoName,
    number: PullRequestNumber,
    text: &'a str,
    marker: &'a str,
    /// The server's clock before the comment was tried.
    since: Option<OffsetDateTime>,
}

impl NewComment<'_> {
    /// Creates it once: where the answer gets lost, it is looked for before it is sent again.
    async fn create(&self, gitea: &Gitea, me: &Cell<Option<User>>) -> Result<CommentId, gitea::Error> {
        let mut attempt = 1;
        loop {
            match gitea.create_comment(self.repo, self.number, self.text).await {
                Err(error) if error.is_unknown() => {
                    sleep(COMMENT_PAUSE * attempt).await;
                    match self.find(gitea, me.get()).await {
                        Ok(Some(id)) => return Ok(id),
                        Ok(None) if attempt < COMMENT_ATTEMPTS => attempt += 1,
                        // What cannot be looked for is not sent again.
                        Ok(None) | Err(_) => return Err(error),
                    }
                }
                result => return result,
            }
        }
    }

    /// Everybody may write the marker, so the author counts too, once it is known who one is.
    async fn find(&self, gitea: &Gitea, me: Option<User>) -> Result<Option<CommentId>, gitea::Error> {
        let comments = gitea.comments(self.repo, self.number, self.since).await?;
        let is_ours = |comment: &Comment| {
            comment.body.contains(self.marker) && (me.is_none() || comment.user.is_none() || comment.user == me)
        };
        Ok(comments.into_iter().find(is_ours).map(|comment| comment.id))
    }
}

/// The number of this run's page: from the jobs, whose addresses are right in each version; where they cannot be read, from
/// the server's version.
async fn page_number(gitea: &Gitea, run: &ThisRun, jobs: Option<&RunJobs>) -> RunNumber {
    if let Some(number) = jobs.and_then(|jobs| jobs.jobs.iter().find_map(|job| job.run_number(&run.repo))) {
        return number;
    }
    match gitea.version().await {
        Ok(version) if version < (1, 26) => run.number,
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
    fn new(given: &GivenStatus, attempt: u32, jobs: Option<RunJobs>) -> Result<Self, Error> {
        let RunJobs { jobs, answered_at } = jobs.unwrap_or(RunJobs { jobs: Vec::new(), answered_at: None });
        let mut outcomes = given.outcomes.clone();
        let mut because: Vec<String> =
            outcomes.iter().map(|outcome| format!("status: {}", one_line(outcome.as_str()))).collect();
        if given.auto {
            // A re-run of some jobs keeps the others as they ended: of each job, its last attempt counts.
            let last = |name: &str| jobs.iter().filter(|job| job.name == name).map(|job| job.run_attempt).max();
            for job in jobs.iter().filter(|job| Some(job.run_attempt) == last(&job.name)) {
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
