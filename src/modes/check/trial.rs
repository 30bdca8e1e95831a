//! The trial run: a dispatch with 40 zeros in place of a commit, and what its report found.

mod report;

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

use reqwest::Url;
use tokio::time::{Instant, timeout_at};

use super::SetUp;
use super::reporting::Reporting;
use crate::config::Check;
use crate::deadline::Deadline;
use crate::diagnosis;
use crate::forge::Gitea;
use crate::links::PageBase;
use crate::modes::wait;
use crate::probes::{Finding, Findings};
use crate::run::{End, Progress};
use crate::text::{duration, one_line};
use crate::types::{Outcome, RunRef};

const SUBJECT: &str = "Trial run";

/// What to do if the trial run waits for a runner.
const QUEUE_ADVICE: &str =
    "give the runner more capacity, or start another one. If no runner has the label of the run's job, register one";

/// Dispatches the trial run, and follows the run and its report until `check-timeout`.
pub(super) async fn run(
    gitea: &Gitea,
    pages: &PageBase,
    check: &Check,
    set_up: &SetUp,
    findings: &mut Findings<'_, impl Write>,
) {
    let until = Instant::now() + check.timeout.duration();
    let run = match start(&gitea.until(Deadline::in_a_minute()), pages, check, set_up).await {
        Ok(run) => run,
        Err(finding) => {
            findings.add(finding);
            return;
        }
    };
    let page = pages.run(&run.target, run.number);
    findings.runner.info(&format!("Trial run: {page}"));
    let followed = timeout_at(until, wait::follow(gitea, &run, QUEUE_ADVICE, findings.runner)).await;
    let has_ended = matches!(followed, Ok(Progress::Ended(_)));
    let log = report::Log { gitea, pages, run: &run, source: &check.source, until };
    let finding = match followed {
        Ok(progress) => ended(&log, &page, progress).await,
        Err(_elapsed) => Finding::failed(
            SUBJECT,
            format!(
                "the trial run has not ended within `check-timeout` ({}), and continues: {page} . If this job \
                 occupies the only runner, \
                 the trial run waits for it: {QUEUE_ADVICE}",
                duration(check.timeout.duration())
            ),
        ),
    };
    findings.add(finding);
    if !has_ended || set_up.reporting == Reporting::Unknown {
        return;
    }
    if let Some(finding) = log.finding(&set_up.reporting, findings.runner).await {
        findings.add(finding);
    }
}

/// Dispatches the trial run. The error is the finding if there is no run to follow.
async fn start(gitea: &Gitea, pages: &PageBase, check: &Check, set_up: &SetUp) -> Result<RunRef, Finding> {
    let workflow = &check.workflow;
    let page = pages.workflow(&workflow.target, &workflow.file);
    match gitea.dispatch_workflow(workflow, &inputs(check)).await {
        Ok(Some(run)) => Ok(run),
        Ok(None) if set_up.server.names_dispatched_runs() => Err(Finding::warning(
            SUBJECT,
            format!(
                "the trial run was started, but the response does not name it: a proxy removed \
                 `?return_run_details=true` from the request. Let it forward the whole path and query, and see how \
                 the run ends: {page}"
            ),
        )),
        Ok(None) => Err(Finding::warning(
            SUBJECT,
            format!(
                "the trial run was started, but Gitea {} does not name it. See how it ends, and what its report finds: {page}",
                set_up.server.version()
            ),
        )),
        Err(error) => {
            let diagnosis = diagnosis::of_dispatch(gitea, workflow, &error).await;
            let what = if error.is_unknown() { "may have been started" } else { "was not started" };
            Err(Finding::failed(SUBJECT, format!("the trial run {what}. {diagnosis} ({error})")))
        }
    }
}

/// The inputs of the trial run. It has no branch: with one, it would share the concurrency group of that branch's real
/// build, and cancel it.
fn inputs(check: &Check) -> BTreeMap<String, String> {
    let mut inputs = check.own_inputs.clone();
    inputs.extend([
        ("pr_number".to_owned(), String::new()),
        ("pr_head_sha".to_owned(), "0".repeat(40)),
        ("pr_head_ref".to_owned(), String::new()),
        ("source_repo".to_owned(), check.source.to_string()),
    ]);
    inputs
}

/// How the trial run ended.
async fn ended(log: &report::Log<'_>, page: &Url, progress: Progress) -> Finding {
    let Progress::Ended(End { ending, .. }) = progress else {
        return Finding::failed(SUBJECT, format!("the trial run was deleted: {page} . Run the check again"));
    };
    let elapsed = ending.elapsed.map(|elapsed: Duration| format!(" after {}", duration(elapsed))).unwrap_or_default();
    let outcome = one_line(ending.outcome.as_str());
    if matches!(ending.outcome, Outcome::Success | Outcome::Skipped) {
        return Finding::ok(SUBJECT, format!("it ended with {outcome}{elapsed}: {page}"));
    }
    let last_error = log.last_error(log.run.id).await.map(|error| format!(" ({error})")).unwrap_or_default();
    Finding::failed(
        SUBJECT,
        format!(
            "it ended with {outcome}{elapsed}: {page} . See its log{last_error}. Skip the steps that need a real commit where `pr_head_sha` is all zeros"
        ),
    )
}
