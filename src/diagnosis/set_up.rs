//! What a set-up can lack. Requests are refused for these causes, and `mode: check` looks for them in advance.

use super::Diagnosis;
use crate::text::quoted;
use crate::types::{RepoName, Workflow};

pub(crate) fn lacks_scope(scope: &str) -> Diagnosis {
    Diagnosis::new(
        format!("The token lacks the scope {scope}"),
        "Make a token with the scopes write:repository and write:issue, and store it as the secret.",
    )
}

pub(crate) fn may_not_write(repo: &RepoName) -> Diagnosis {
    Diagnosis::new(
        format!("The token's account may not write to {repo}"),
        format!("Make the account a collaborator of {repo} with write access."),
    )
}

pub(crate) fn actions_are_off(repo: &RepoName) -> Diagnosis {
    Diagnosis::new(format!("Actions are switched off in {repo}"), "Switch them on in the repository's settings.")
}

pub(crate) fn workflow_is_disabled(workflow: &Workflow) -> Diagnosis {
    Diagnosis::new(
        format!("Workflow {} is disabled", workflow.file.as_str()),
        format!("Enable it on the Actions page of {}.", workflow.target),
    )
}

/// `default_branch`: the target's default branch, if it is known.
pub(crate) fn missing_ref(workflow: &Workflow, default_branch: Option<&str>) -> Diagnosis {
    let Workflow { target, git_ref, .. } = workflow;
    let default =
        default_branch.map(|branch| format!("; its default branch is {}", quoted(branch))).unwrap_or_default();
    Diagnosis::new(
        format!("Ref {} does not exist in {target}", git_ref.as_str()),
        format!("Set `ref` to a branch or a tag of {target}{default}."),
    )
}

/// `names`: the files that exist.
pub(crate) fn missing_workflow(workflow: &Workflow, names: &[String]) -> Diagnosis {
    let files = names.iter().filter(|name| name.ends_with(".yml") || name.ends_with(".yaml"));
    let files: Vec<String> = files.take(20).map(|name| quoted(name)).collect();
    let files = if files.is_empty() { "none could be found".to_owned() } else { files.join(", ") };
    Diagnosis::new(
        format!("Workflow {} does not exist at {}", workflow.file.as_str(), workflow.git_ref.as_str()),
        format!("Set `workflow` to an existing file: {files}."),
    )
}

pub(crate) fn no_dispatch_trigger(workflow: &Workflow) -> Diagnosis {
    Diagnosis::new(
        format!("Workflow {} has no workflow_dispatch trigger", workflow.file.as_str()),
        format!("Add `workflow_dispatch` to its `on:` at {}, and declare its inputs there.", workflow.git_ref.as_str()),
    )
}
