//! `mode: report` in a trial run: checks that a report could write to the source from the target, with the target's
//! secret. It changes nothing.

use std::io::Write;

use crate::config::TrialReport;
use crate::forge::Gitea;
use crate::probes::{self, Findings};
use crate::runner::Runner;
use crate::types::{RepoName, RunId};

/// Why the step fails.
#[derive(Debug, thiserror::Error)]
#[error("{verdict} ({failed}). The lines above that begin with `failed` say what to correct")]
pub(crate) struct Error {
    verdict: String,
    /// The subjects of the checks that failed.
    failed: String,
}

/// The first words of the step's last line. `mode: check` uses them to find the line in the log.
pub(super) fn verdict(run: RunId, source: &RepoName, can: bool) -> String {
    format!("Trial run {run}: a report {} write to {source}", if can { "can" } else { "cannot" })
}

/// Sends three requests, one of them for comments only.
pub(crate) async fn run(gitea: &Gitea, trial: &TrialReport, runner: &mut Runner<impl Write>) -> Result<(), Error> {
    let TrialReport { run, source, comments } = trial;
    runner.info("The run's pr_head_sha is all zeros: a trial run, so nothing is reported");
    let mut findings = Findings::new(runner);
    let answer = probes::dispatch_nothing(gitea, source).await;
    findings.add(probes::repository_scope(gitea, source, &answer).await);
    if *comments {
        findings.add(probes::issue_scope(gitea, source).await);
    }
    findings.add(probes::source(gitea, source).await);
    let (failed, table) = (findings.failed(), findings.table());
    runner.summary("Trial run", &table);
    match failed {
        failed if failed.is_empty() => {
            runner.info(&verdict(*run, source, true));
            Ok(())
        }
        failed => Err(Error { verdict: verdict(*run, source, false), failed: failed.join(", ") }),
    }
}
