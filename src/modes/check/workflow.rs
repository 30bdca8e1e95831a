//! The workflow that is dispatched: its file at the ref, its trigger, its inputs.

use std::collections::BTreeMap;
use std::io::Write;

use crate::config::Check;
use crate::diagnosis::{self, WORKFLOW_FOLDERS, missing_ref, missing_workflow, no_dispatch_trigger};
use crate::forge::{Error, Gitea, ListedWorkflow, Repository};
use crate::probes::{Finding, Findings};
use crate::text::quoted;
use crate::types::Workflow;
use crate::workflow_file::{DeclaredInput, Definition, Unclear};

/// The inputs that carry the pull request.
const INPUTS: [&str; 4] = ["source_repo", "pr_number", "pr_head_sha", "pr_head_ref"];

/// Two names that are at least this similar (from 0 to 1) may be one name and its misspelling.
const ALIKE: f64 = 0.6;

/// Reads the file, and checks what it declares. `None` if it could not be read.
pub(super) async fn probe(
    gitea: &Gitea,
    check: &Check,
    target: &Repository,
    listed: &Result<Vec<ListedWorkflow>, Error>,
    findings: &mut Findings<'_, impl Write>,
) -> Option<Definition> {
    const SUBJECT: &str = "Workflow";
    let Workflow { file, git_ref, .. } = &check.workflow;
    let text = match read(gitea, &check.workflow, target, listed).await {
        Ok(text) => text,
        Err(cause) => {
            findings.add(Finding::failed(SUBJECT, cause));
            return None;
        }
    };
    findings.add(Finding::ok(SUBJECT, format!("{} exists at {}", file.as_str(), git_ref.as_str())));
    let definition = Definition::read(&text);
    for finding in inputs(check, definition.inputs()) {
        findings.add(finding);
    }
    Some(definition)
}

/// The text of the file at the ref. The error is a text for people.
async fn read(
    gitea: &Gitea,
    workflow: &Workflow,
    target: &Repository,
    listed: &Result<Vec<ListedWorkflow>, Error>,
) -> Result<String, String> {
    let Workflow { target: repo, file, git_ref } = workflow;
    let commit = match gitea.commit_at(repo, git_ref).await {
        Ok(commit) => commit,
        Err(error) if error.is_not_found() => {
            return Err(missing_ref(workflow, Some(&target.default_branch)).to_string());
        }
        Err(error) => return Err(format!("{} ({error})", diagnosis::of_repository(gitea, repo, &error).await)),
    };
    let listed = listed.as_ref().ok().and_then(|listed| listed.iter().find(|it| it.file == file.as_str()));
    let paths: Vec<String> = match listed {
        Some(listed) => vec![listed.path.clone()],
        // The file may be on another branch only.
        None => WORKFLOW_FOLDERS.iter().map(|folder| format!("{folder}/{}", file.as_str())).collect(),
    };
    for path in paths {
        match gitea.file(repo, &path, &commit).await {
            Ok(text) => return Ok(text),
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(format!("{} ({error})", diagnosis::of_repository(gitea, repo, &error).await)),
        }
    }
    Err(missing_workflow(workflow, &diagnosis::names_there(gitea, workflow).await).to_string())
}

/// Trigger and inputs. Gitea silently drops inputs that the workflow does not declare.
fn inputs(check: &Check, declared: Result<Option<Vec<DeclaredInput>>, Unclear>) -> Vec<Finding> {
    let file = check.workflow.file.as_str();
    let declared = match declared {
        Ok(Some(declared)) => declared,
        Ok(None) => return vec![Finding::failed("Trigger", no_dispatch_trigger(&check.workflow).to_string())],
        Err(Unclear) => {
            let text = format!(
                "could not tell what {file} declares: this check reads plain YAML only, without anchors, tabs, or texts of several \
                 lines. Check that it has `workflow_dispatch` with the inputs {}",
                list(&INPUTS)
            );
            return vec![Finding::warning("Inputs", text)];
        }
    };
    let mut findings =
        vec![Finding::ok("Trigger", format!("{file} has workflow_dispatch")), of_pull_request(file, &declared)];
    findings.extend(undeclared(file, &check.own_inputs, &declared));
    findings.extend(not_given(file, &check.own_inputs, &declared));
    findings
}

/// Checks the inputs of the pull request.
fn of_pull_request(file: &str, declared: &[DeclaredInput]) -> Finding {
    const SUBJECT: &str = "Inputs";
    let missing: Vec<&str> =
        INPUTS.into_iter().filter(|name| !declared.iter().any(|input| input.name == *name)).collect();
    match missing[..] {
        [] => Finding::ok(SUBJECT, format!("{file} declares the four inputs of the pull request")),
        // No report needs it.
        ["pr_head_ref"] => {
            let text = format!(
                "{file} does not declare `pr_head_ref`, so its jobs do not see the branch. Declare it if they need it"
            );
            Finding::warning(SUBJECT, text)
        }
        _ => {
            let text = format!(
                "{file} does not declare {}, and Gitea silently drops undeclared inputs. Declare it under \
                 `on: workflow_dispatch: inputs:`",
                list(&missing)
            );
            Finding::failed(SUBJECT, text)
        }
    }
}

/// Checks the user's own inputs.
fn undeclared(file: &str, own: &BTreeMap<String, String>, declared: &[DeclaredInput]) -> Option<Finding> {
    const SUBJECT: &str = "Own inputs";
    if own.is_empty() {
        return None;
    }
    let unknown: Vec<String> = own
        .keys()
        .filter(|name| !declared.iter().any(|input| input.name == **name))
        .map(|name| match nearest(name, declared) {
            Some(near) => format!("{} (did you mean {}?)", quoted(name), quoted(near)),
            None => quoted(name),
        })
        .collect();
    Some(if unknown.is_empty() {
        Finding::ok(SUBJECT, format!("{file} declares all that `inputs` sets"))
    } else {
        let text = format!(
            "{file} does not declare {}, and Gitea silently drops undeclared inputs. Correct `inputs` of this step, \
             or declare \
             it there",
            unknown.join(", ")
        );
        Finding::failed(SUBJECT, text)
    })
}

/// The declared input with the most similar name.
fn nearest<'a>(name: &str, declared: &'a [DeclaredInput]) -> Option<&'a str> {
    let likeness = |other: &str| strsim::normalized_damerau_levenshtein(&name.to_lowercase(), &other.to_lowercase());
    let others = declared.iter().map(|input| input.name.as_str()).filter(|other| !INPUTS.contains(other));
    let (likeness, nearest) = others.map(|other| (likeness(other), other)).max_by(|a, b| a.0.total_cmp(&b.0))?;
    (likeness >= ALIKE).then_some(nearest)
}

/// Required inputs that are not set.
fn not_given(file: &str, own: &BTreeMap<String, String>, declared: &[DeclaredInput]) -> Vec<Finding> {
    const SUBJECT: &str = "Required inputs";
    let given = |name: &str| INPUTS.contains(&name) || own.contains_key(name);
    let named = |is_needed: Result<bool, Unclear>| -> Vec<String> {
        let of_kind = declared.iter().filter(|input| input.is_needed == is_needed && !given(&input.name));
        of_kind.map(|input| quoted(&input.name)).collect()
    };
    let mut findings = Vec::new();
    let (needed, unclear) = (named(Ok(true)), named(Err(Unclear)));
    if !needed.is_empty() {
        let text = format!(
            "{file} requires {}, without a default, and `inputs` of this step does not set it: Gitea starts the run \
             with an empty \
             value. Set it, or add a default in that workflow",
            needed.join(", ")
        );
        findings.push(Finding::failed(SUBJECT, text));
    }
    if !unclear.is_empty() {
        let text = format!("could not tell whether {file} requires {}. Check that yourself", unclear.join(", "));
        findings.push(Finding::warning(SUBJECT, text));
    }
    findings
}

fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
