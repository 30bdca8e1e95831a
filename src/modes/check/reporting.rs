//! Who will report the end of a run: a `workflow_run` workflow of the target's default branch, or a step of the build.

use std::io::Write;

use crate::config::Check;
use crate::forge::{Error, Gitea, ListedWorkflow, Repository};
use crate::probes::{Finding, Findings};
use crate::types::{RepoName, Workflow};
use crate::workflow_file::{Definition, RunName, Unclear};

/// How many workflows are read at most.
const MOST: usize = 50;

const SUBJECT: &str = "Report";

/// Who reports, if that is clear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reporting {
    /// The workflow in that file.
    ByEvent(String),
    /// A step of the build.
    ByStep,
    /// Nobody, or it is unclear.
    Unknown,
}

/// A workflow that reports by event.
struct ByEvent {
    file: String,
    is_disabled: bool,
    /// Whether it runs at the end of a run.
    at_the_end: bool,
}

/// Finds out who reports, and whether the titles of the runs can be read.
pub(super) async fn probe(
    gitea: &Gitea,
    check: &Check,
    target: &Repository,
    listed: &Result<Vec<ListedWorkflow>, Error>,
    build: &Definition,
    findings: &mut Findings<'_, impl Write>,
) -> Reporting {
    let Check { source, workflow, .. } = check;
    let by_event = match listed {
        Ok(listed) => find(gitea, workflow, target, listed, build).await,
        Err(_) => Err(Unclear),
    };
    let by_step = build.reports();
    findings.add(finding(workflow, &by_event, by_step));
    match by_event {
        Ok(Some(ByEvent { file, .. })) => {
            findings.add(run_name(workflow, source, build));
            Reporting::ByEvent(file)
        }
        _ if by_step == Ok(true) => Reporting::ByStep,
        _ => Reporting::Unknown,
    }
}

/// The first workflow that reports the runs of the build by event.
async fn find(
    gitea: &Gitea,
    workflow: &Workflow,
    target: &Repository,
    listed: &[ListedWorkflow],
    build: &Definition,
) -> Result<Option<ByEvent>, Unclear> {
    let name = build.name(workflow.file.as_str())?;
    let mut unclear = if listed.len() > MOST { Err(Unclear) } else { Ok(None) };
    for listed in listed.iter().take(MOST) {
        let at = &target.default_branch;
        let Ok(text) = gitea.file(&workflow.target, &listed.path, at).await else {
            unclear = Err(Unclear);
            continue;
        };
        match reports(&Definition::read(&text), name) {
            Ok(Some(at_the_end)) => {
                let (file, is_disabled) = (listed.file.clone(), listed.is_disabled());
                return Ok(Some(ByEvent { file, is_disabled, at_the_end }));
            }
            Ok(None) => {}
            Err(Unclear) => unclear = Err(Unclear),
        }
    }
    unclear
}

/// Whether a workflow reports the runs of the workflow `name` by event and, if so, whether it runs at their end.
fn reports(definition: &Definition, name: &str) -> Result<Option<bool>, Unclear> {
    let Some(trigger) = definition.run_trigger()? else { return Ok(None) };
    Ok((definition.reports()? && trigger.is_for(name)?).then_some(trigger.at_the_end))
}

fn finding(
    workflow: &Workflow,
    by_event: &Result<Option<ByEvent>, Unclear>,
    by_step: Result<bool, Unclear>,
) -> Finding {
    let build = workflow.file.as_str();
    match (by_event, by_step) {
        (Ok(Some(ByEvent { file, is_disabled: true, .. })), _) => Finding::warning(
            SUBJECT,
            format!(
                "{file} would report the runs of {build}, but it is disabled: their statuses stay pending. Enable it"
            ),
        ),
        (Ok(Some(ByEvent { file, at_the_end: false, .. })), _) => Finding::warning(
            SUBJECT,
            format!(
                "{file} does not run when a run of {build} has ended: the status stays pending. Add `completed` to its `types:`"
            ),
        ),
        (Ok(Some(ByEvent { file, .. })), _) => Finding::ok(SUBJECT, format!("{file} reports the runs of {build}")),
        (_, Ok(true)) => Finding::ok(
            SUBJECT,
            format!(
                "a step of {build} reports. A cancelled run does not reach that step: the status stays pending until \
                 `mode: reconcile` runs"
            ),
        ),
        (Err(Unclear), _) | (_, Err(Unclear)) => Finding::warning(
            SUBJECT,
            format!(
                "could not tell whether anything reports the runs of {build}: not every workflow of {} could be read. \
                 Check that there is a workflow with `on: workflow_run` for it, or a step with `mode: report` in it",
                workflow.target
            ),
        ),
        (Ok(None), Ok(false)) => Finding::warning(
            SUBJECT,
            format!(
                "nothing in {} reports the runs of {build}: each status stays pending unless its step has `wait: true` or \
                 `mode: reconcile` runs. Add report.yml from the README to the default branch, and check that its \
                 `workflows:` has the \
                 `name:` of {build}",
                workflow.target
            ),
        ),
    }
}

/// Whether the run's title names the pull request: a `workflow_run` event has no inputs.
fn run_name(workflow: &Workflow, source: &RepoName, build: &Definition) -> Finding {
    const SUBJECT: &str = "Run name";
    const LINE: &str = "`run-name: ${{ inputs.source_repo }}#${{ inputs.pr_number }} ${{ inputs.pr_head_sha }}`";
    let file = workflow.file.as_str();
    match build.run_name(source) {
        Ok(RunName::Readable) => {
            Finding::ok(SUBJECT, format!("the runs of {file} have titles that name their pull request"))
        }
        Ok(RunName::Other) => Finding::failed(
            SUBJECT,
            format!(
                "the runs of {file} do not have titles that name their pull request. Add this line to it, below `name:`: {LINE}"
            ),
        ),
        Err(Unclear) => Finding::warning(
            SUBJECT,
            format!(
                "could not tell whether the titles of the runs of {file} name their pull request. They do with this line: {LINE}"
            ),
        ),
    }
}
