//! `mode: report`: puts the outcome of this run on the pull request, as a status and a comment.
//!
//! Two rounds: all that has to be read, side by side; then status and comment, side by side.

use std::io::Write;
use std::time::Duration;

use time::OffsetDateTime;

use crate::config::{CommentMode, GivenStatus, Report, ThisRun};
use crate::gitea::{self, Gitea, NewStatus, RunJobs, Status};
use crate::links::BaseUrl;
use crate::message::{self, markdown, one_line};
use crate::runner::{self, Runner};
use crate::types::{Outcome, RepoName, RunNumber, StatusContext};

/// Why the step fails. What succeeded all the same is in the log above it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(
        "The outcome of this run is not known: input `status` gives none, and the run's jobs tell none either; \
         set `status`, for example to ${{{{ needs.build.result }}}}"
    )]
    NoOutcome,
    #[error("The status was not set: {0}")]
    Status(gitea::Error),
    #[error("The comment was not created: {0}")]
    Comment(gitea::Error),
    #[error("Neither was the status set ({status}), nor the comment created ({comment})")]
    Both { status: gitea::Error, comment: gitea::Error },
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
    let verdict = Verdict::new(&report.status, run.attempt, jobs.ok())?;
    runner.info(&format!("Run {page}: {} ({})", one_line(verdict.outcome.as_str()), one_line(&verdict.because)));

    let runs = statuses.map(|statuses| RunStatuses::new(&statuses, pages, &run.repo));
    let linked = runs.as_ref().ok().and_then(|runs| runs.context_of(number));
    let context = report.context.clone().or(linked).unwrap_or_else(|| StatusContext::default_for(&run.repo));
    let description = message::ended(&verdict.outcome, verdict.elapsed);
    let state = verdict.outcome.state();
    let status = NewStatus { state, target_url: page.as_str(), description: &description, context: &context };
    let set_status = async {
        match runs?.newer_than(number, &context) {
            Some(newer) => Ok(Some(newer)),
            None => gitea.create_status(source, sha, &status).await.map(|()| None),
        }
    };
    let text = message::comment(&context, &verdict.outcome, &page, report.body.as_deref());
    let create_comment = async {
        match (pull_request, &report.comment) {
            (Some(number), CommentMode::Create) => {
                gitea.create_comment(source, *number, &text).await.map(|id| Some((*number, id)))
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
        Err(_) => summary.push(format!("Status {} was not set", markdown(&place))),
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
        Err(_) => summary.push("The comment was not created".to_owned()),
    }
    runner.summary(&format!("Reported {} to {source}", markdown(&one_line(verdict.outcome.as_str()))), &summary)?;
    match (status, comment) {
        (Ok(_), Ok(_)) => Ok(()),
        (Err(status), Ok(_)) => Err(Error::Status(status)),
        (Ok(_), Err(comment)) => Err(Error::Comment(comment)),
        (Err(status), Err(comment)) => Err(Error::Both { status, comment }),
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

/// The statuses of the commit that link to a run of this repository, and the run's number.
struct RunStatuses(Vec<(String, RunNumber)>);

impl RunStatuses {
    fn new(statuses: &[Status], pages: &BaseUrl, repo: &RepoName) -> Self {
        let number = |status: &Status| Some((status.context.clone(), pages.run_number(&status.target_url, repo)?));
        Self(statuses.iter().filter_map(number).collect())
    }

    /// The context of the status that links to `run`.
    fn context_of(&self, run: RunNumber) -> Option<StatusContext> {
        self.0.iter().find(|(_, number)| *number == run)?.0.parse().ok()
    }

    /// The newer run that the status of `context` tells of.
    fn newer_than(&self, run: RunNumber, context: &StatusContext) -> Option<RunNumber> {
        self.0.iter().find(|(name, number)| name == context.as_str() && *number > run).map(|(_, number)| *number)
    }
}
