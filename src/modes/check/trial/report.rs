//! What the report of the trial run found, according to its log. That report has the target's secret, which this step
//! cannot see.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::super::reporting::Reporting;
use crate::deadline::Deadline;
use crate::forge::{Error, Gitea, ListedRun, LogEnd};
use crate::links::PageBase;
use crate::modes::trial_report::verdict;
use crate::probes::Finding;
use crate::run::Progress;
use crate::runner::Runner;
use crate::text::quoted;
use crate::types::{RepoName, RunId, RunNumber, RunRef};

const SUBJECT: &str = "Report of the trial run";

/// The pause between two reads of the report workflow's runs.
const PAUSE: Duration = Duration::from_secs(2);
/// How long the first run of the report workflow may take to appear after the end of the trial.
const APPEARS: Duration = Duration::from_secs(20);

/// The logs of the trial run and of its report.
pub(super) struct Log<'a> {
    pub(super) gitea: &'a Gitea,
    pub(super) pages: &'a PageBase,
    pub(super) run: &'a RunRef,
    pub(super) source: &'a RepoName,
    pub(super) until: Instant,
}

/// What a reporting run said.
#[derive(Debug, Clone, PartialEq)]
enum Said {
    /// A report can write to the source.
    Can,
    /// A report cannot, for this reason.
    Cannot(String),
    /// It failed and said nothing about this trial. This is its last error.
    Failed(String),
    /// It said nothing about this trial.
    Nothing,
}

impl Log<'_> {
    /// What the report found; `None` if the finding about the trial run's end says it already.
    pub(super) async fn finding(&self, reporting: &Reporting, runner: &mut Runner<impl Write>) -> Option<Finding> {
        let (said, number) = match reporting {
            Reporting::ByEvent(file) => {
                runner.info(&format!("Waiting for {file}, which reports the trial run"));
                match self.of_event(file).await {
                    Ok(found) => found,
                    Err(finding) => return Some(finding),
                }
            }
            Reporting::ByStep | Reporting::Unknown => match self.said(self.run.id).await {
                // The build may have failed, and not only its report.
                Ok(Said::Failed(_)) => return None,
                Ok(said) => (said, self.run.number),
                Err(error) => return Some(unread(&error)),
            },
        };
        let (page, source) = (self.pages.run(&self.run.target, number), self.source);
        Some(match said {
            Said::Can => Finding::ok(SUBJECT, format!("with the target's secret, it can write to {source}: {page}")),
            Said::Cannot(why) => Finding::failed(
                SUBJECT,
                format!("with the target's secret, it cannot write to {source}: {why} (see {page})"),
            ),
            Said::Failed(error) => Finding::failed(
                SUBJECT,
                format!("it failed: {page} . Its log says {error}. Correct that in {}", self.run.target),
            ),
            Said::Nothing => Finding::warning(
                SUBJECT,
                format!("could not tell: no step with `mode: report` has logged a result. See the log of {page}"),
            ),
        })
    }

    /// What the runs of the report workflow have said since the trial began, and the page of the one that said it.
    async fn of_event(&self, file: &str) -> Result<(Said, RunNumber), Finding> {
        let began = Instant::now();
        let mut heard: BTreeMap<RunId, Said> = BTreeMap::new();
        let mut before = 0;
        loop {
            let runs = self.runs(file).await.map_err(|error| unread(&error))?;
            for run in runs.iter().rev() {
                if !heard.contains_key(&run.id) && self.has_ended(run.id).await {
                    let said = self.said(run.id).await.map_err(|error| unread(&error))?;
                    heard.insert(run.id, said);
                }
                if let Some(said @ (Said::Can | Said::Cannot(_))) = heard.get(&run.id) {
                    return Ok((said.clone(), run.number(&self.run.target)));
                }
            }
            // All of them have ended, and no other one has started since. A report without its secret fails before it
            // knows which run it is about.
            let failed = runs.iter().find(|run| matches!(heard.get(&run.id), Some(Said::Failed(_))));
            match failed {
                Some(run) if heard.len() == runs.len() && runs.len() == before => {
                    return Ok((heard[&run.id].clone(), run.number(&self.run.target)));
                }
                _ => before = runs.len(),
            }
            if runs.is_empty() && began.elapsed() >= APPEARS {
                return Err(Finding::failed(
                    SUBJECT,
                    format!(
                        "no run of {file} has started. Check that it is valid, on the default branch, and that its \
                         `workflows:` has the `name:` of the build"
                    ),
                ));
            }
            if Instant::now() + PAUSE >= self.until {
                let text = format!(
                    "the runs of {file} have not ended within `check-timeout`. Check on the Actions page of {} whether they wait for a runner",
                    self.run.target
                );
                return Err(Finding::failed(SUBJECT, text));
            }
            sleep(PAUSE).await;
        }
    }

    /// The runs of the report workflow that are newer than the trial run, the newest first.
    async fn runs(&self, file: &str) -> Result<Vec<ListedRun>, Error> {
        let mut runs = self.gitea().newest_runs(&self.run.target, "workflow_run").await?;
        runs.retain(|run| run.id > self.run.id && run.is_of(file));
        Ok(runs)
    }

    async fn has_ended(&self, run: RunId) -> bool {
        matches!(Progress::read(&self.gitea(), &self.run.target, run).await, Ok(Progress::Ended(_)))
    }

    /// What the jobs of a run said about the trial.
    async fn said(&self, run: RunId) -> Result<Said, Error> {
        let mut last_error = None;
        let jobs = self.gitea().run_jobs(&self.run.target, run).await?.jobs;
        for job in &jobs {
            let Some(id) = job.id else { continue };
            let log = match self.gitea().log_end(&self.run.target, id).await {
                Ok(log) => log,
                // A job that no runner took has no log.
                Err(error) if error.is_not_found() => continue,
                Err(error) => return Err(error),
            };
            match self.said_in(&log) {
                Said::Nothing | Said::Failed(_) => {}
                said => return Ok(said),
            }
            if job.conclusion() == Some("failure") {
                last_error = Some(last_error_in(&log));
            }
        }
        Ok(last_error.map_or(Said::Nothing, Said::Failed))
    }

    fn said_in(&self, log: &LogEnd) -> Said {
        let lines = || log.lines().map(plain);
        let has = |can: bool| {
            let verdict = verdict(self.run.id, self.source, can);
            lines().any(|line| line.starts_with(&verdict))
        };
        if has(false) {
            let why: Vec<String> = lines().filter_map(|line| line.strip_prefix("failed: ")).map(cause).collect();
            return Said::Cannot(why.join(", "));
        }
        if has(true) { Said::Can } else { Said::Nothing }
    }

    /// The last error in the log of a run, for people.
    pub(super) async fn last_error(&self, run: RunId) -> Option<String> {
        match self.said(run).await {
            Ok(Said::Failed(error) | Said::Cannot(error)) => Some(error),
            _ => None,
        }
    }

    /// A client whose requests have a minute from now.
    fn gitea(&self) -> Gitea {
        self.gitea.until(Deadline::in_a_minute())
    }
}

fn unread(error: &Error) -> Finding {
    Finding::warning(
        SUBJECT,
        format!("could not tell: its log could not be read ({error}). See it on the server's pages"),
    )
}

/// A line of a log without its time and without the error mark.
fn plain(line: &str) -> &str {
    let text = line.split_once(' ').map_or(line, |(_, text)| text).trim();
    let text = text.strip_prefix("##[error]").or_else(|| text.strip_prefix("::error::")).unwrap_or(text);
    text.trim()
}

/// The text of a line without the request in brackets at its end. The run's page shows the whole line.
fn cause(line: &str) -> String {
    let requests = [" (GET ", " (POST ", " (PATCH "];
    let end = requests.iter().filter_map(|request| line.find(request)).min();
    quoted(end.map_or(line, |end| &line[..end]))
}

fn last_error_in(log: &LogEnd) -> String {
    let is_error = |line: &&str| line.contains("##[error]") || line.contains("::error::");
    // The runner's own error comes last, and gives only the exit code.
    let own = |line: &&str| !plain(line).starts_with("Process completed with exit code");
    match log.lines().filter(is_error).filter(own).last() {
        Some(line) => cause(plain(line)),
        None => "nothing about its cause".to_owned(),
    }
}
