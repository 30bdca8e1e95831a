//! `mode: check`: whether the set-up works, before anybody opens a pull request.
//!
//! First come the probes, which change nothing; then, if none of them failed, a trial run whose commit is all zeros.

mod reporting;
mod trial;
mod workflow;

use std::io::Write;

use crate::config::Check;
use crate::deadline::Deadline;
use crate::diagnosis::{self, actions_are_off};
use crate::forge::{self, Gitea, Repository, Server};
use crate::links::PageBase;
use crate::probes::{self, Finding, Findings};
use crate::runner::Runner;
use reporting::Reporting;

/// Why the step fails.
#[derive(Debug, thiserror::Error)]
#[error(
    "{failed} of {checked} checks failed: {subjects}. The lines above that begin with `failed` say what to correct"
)]
pub(crate) struct Error {
    failed: usize,
    checked: usize,
    subjects: String,
}

/// The findings of the probes that the trial run needs.
struct SetUp {
    server: Server,
    reporting: Reporting,
}

/// The probes have a minute. The trial run and its report have `check-timeout`.
pub(crate) async fn run(
    gitea: &Gitea,
    pages: &PageBase,
    check: &Check,
    runner: &mut Runner<impl Write>,
) -> Result<(), Error> {
    let mut findings = Findings::new(runner);
    let deadline = Deadline::in_a_minute();
    let probed = deadline.bound(probe(&gitea.until(deadline), check, &mut findings)).await;
    match probed {
        Ok(Some(set_up)) if findings.failed().is_empty() => {
            trial::run(gitea, pages, check, &set_up, &mut findings).await;
        }
        Ok(_) => findings
            .runner
            .info("No trial run was started, since a check failed. Correct that, and run the check again"),
        Err(_elapsed) => {
            let text = "the checks took more than a minute. Check the server's load and the network";
            findings.add(Finding::failed("Server", text));
        }
    }
    let (checked, passed, failed, table) = (findings.count(), findings.passed(), findings.failed(), findings.table());
    let warned = findings.warned();
    for (name, number) in [("checked", checked), ("passed", passed), ("failed", failed.len())] {
        runner.output(name, &number.to_string());
    }
    runner.summary(&format!("Checked {}", check.workflow.target), &table);
    match failed.as_slice() {
        [] => {
            let warned =
                if warned.is_empty() { String::new() } else { format!(". Read the warnings: {}", warned.join(", ")) };
            runner.info(&format!("{passed} of {checked} checks are ok{warned}"));
            Ok(())
        }
        _ => Err(Error { failed: failed.len(), checked, subjects: failed.join(", ") }),
    }
}

/// The checks that change nothing. `None` if there is no point in a trial run.
async fn probe(gitea: &Gitea, check: &Check, findings: &mut Findings<'_, impl Write>) -> Option<SetUp> {
    let Check { source, workflow, comments, .. } = check;
    let server = server(gitea, findings).await?;
    let answer = gitea.dispatch_nothing(workflow).await;
    let has_scope = findings.add(probes::repository_scope(gitea, &workflow.target, &answer).await);
    if *comments {
        findings.add(probes::issue_scope(gitea, source).await);
    }
    // Without this scope, everything that follows would be refused for the same reason.
    if !has_scope {
        return None;
    }
    findings.add(probes::source(gitea, source).await);
    let target = target(gitea, check, findings).await?;
    right_to_dispatch(gitea, check, answer, findings).await;
    let listed = gitea.workflows(&workflow.target).await;
    let definition = workflow::probe(gitea, check, &target, &listed, findings).await?;
    let reporting = reporting::probe(gitea, check, &target, &listed, &definition, findings).await;
    Some(SetUp { server, reporting })
}

/// Whether the server is one that this action works with.
async fn server(gitea: &Gitea, findings: &mut Findings<'_, impl Write>) -> Option<Server> {
    const SUBJECT: &str = "Server";
    let server = match gitea.server().await {
        Ok(server) => server,
        Err(error) => {
            let text = format!("{} ({error})", diagnosis::of_version(&error));
            findings.add(Finding::failed(SUBJECT, text));
            return None;
        }
    };
    let version = server.version();
    let finding = if server.is_forgejo() {
        let text = "this server is Forgejo, and this action supports Gitea only. Use Forgejo's own dispatch";
        Finding::failed(SUBJECT, text)
    } else if !server.lists_jobs() {
        let text =
            format!("Gitea {version} is too old: it does not show the jobs of a run. Upgrade it to 1.26 or later");
        Finding::failed(SUBJECT, text)
    } else if !server.names_dispatched_runs() {
        let text = format!(
            "Gitea {version} does not name the run of a dispatch, so `wait` and `mode: reconcile` need 1.26 or later. A dispatch \
             cancels the runs in progress of the same workflow and branch, including those of other pull requests"
        );
        Finding::warning(SUBJECT, text)
    } else {
        Finding::ok(SUBJECT, format!("Gitea {version}"))
    };
    let works = !finding.has_failed();
    findings.add(finding);
    works.then_some(server)
}

/// Whether the target can be seen, and has Actions.
async fn target(gitea: &Gitea, check: &Check, findings: &mut Findings<'_, impl Write>) -> Option<Repository> {
    const SUBJECT: &str = "Target";
    let target = &check.workflow.target;
    let (finding, repository) = match gitea.repository(target).await {
        Ok(repository) if repository.has_actions => {
            (Finding::ok(SUBJECT, format!("{target} can be read, and has Actions")), Some(repository))
        }
        Ok(_) => (Finding::failed(SUBJECT, actions_are_off(target).to_string()), None),
        Err(error) => {
            let text = format!("{} ({error})", diagnosis::of_repository(gitea, target, &error).await);
            (Finding::failed(SUBJECT, text), None)
        }
    };
    findings.add(finding);
    repository
}

/// Whether the token's account may dispatch the workflow, and whether the workflow is enabled. The probe is a dispatch
/// at a branch that cannot exist.
async fn right_to_dispatch(
    gitea: &Gitea,
    check: &Check,
    answer: Result<(), forge::Error>,
    findings: &mut Findings<'_, impl Write>,
) {
    const SUBJECT: &str = "Right to dispatch";
    let Err(error) = answer else { return };
    let finding = match error.refusal() {
        Some((_, message)) if message.starts_with("ref ") && error.is_not_found() => {
            Finding::ok(SUBJECT, format!("the token's account may start workflows of {}", check.workflow.target))
        }
        _ => {
            let diagnosis = diagnosis::of_dispatch(gitea, &check.workflow, &error).await;
            Finding::failed(SUBJECT, format!("{diagnosis} ({error})"))
        }
    };
    findings.add(finding);
}
