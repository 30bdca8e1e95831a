//! What a workflow file declares: its name, its triggers, its inputs, and whether it reports.
//!
//! If the small reader below cannot read the file, the result is [`Unclear`], never a guess.

#[cfg(test)]
mod tests;
mod yaml;

use crate::types::{RepoName, RunTitle};
use yaml::Node;

pub(crate) use yaml::Unclear;

/// A workflow file.
pub(crate) struct Definition {
    root: Node,
}

/// An input that a workflow declares.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DeclaredInput {
    pub(crate) name: String,
    /// Whether a dispatch must set it: required, and without a default.
    pub(crate) is_needed: Result<bool, Unclear>,
}

/// Which runs a `workflow_run` workflow runs for.
#[derive(Debug, PartialEq)]
pub(crate) struct RunTrigger {
    /// The names of their workflows; `None` for all.
    workflows: Option<Vec<String>>,
    /// Whether it runs at their end.
    pub(crate) at_the_end: bool,
}

/// Whether the title of a run names the pull request that it builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RunName {
    Readable,
    /// There is no `run-name:`, or one of another form.
    Other,
}

impl Definition {
    /// Reads the text of a file.
    pub(crate) fn read(text: &str) -> Self {
        Self { root: Node::read(text) }
    }

    /// The workflow's name: `name:`, or else the name of the file.
    pub(crate) fn name<'a>(&'a self, file: &'a str) -> Result<&'a str, Unclear> {
        Ok(self.text("name")?.filter(|name| !name.is_empty()).unwrap_or(file))
    }

    /// The inputs that a dispatch may give; `None` if the workflow has no `workflow_dispatch` trigger.
    pub(crate) fn inputs(&self) -> Result<Option<Vec<DeclaredInput>>, Unclear> {
        let Some(trigger) = self.trigger("workflow_dispatch")? else { return Ok(None) };
        match trigger.get("inputs")? {
            None | Some(Node::Empty) => Ok(Some(Vec::new())),
            Some(Node::Map(entries)) if entries.iter().all(|(name, _)| name != "<<") => {
                let input =
                    |(name, node): &(String, Node)| DeclaredInput { name: name.clone(), is_needed: is_needed(node) };
                Ok(Some(entries.iter().map(input).collect()))
            }
            Some(_) => Err(Unclear),
        }
    }

    /// Which runs the workflow runs for; `None` if it has no `workflow_run` trigger.
    pub(crate) fn run_trigger(&self) -> Result<Option<RunTrigger>, Unclear> {
        let Some(trigger) = self.trigger("workflow_run")? else { return Ok(None) };
        let workflows = trigger.get("workflows")?.map(texts).transpose()?.flatten();
        let types = trigger.get("types")?.map(texts).transpose()?.flatten();
        let is_end = |action: &String| action == "completed";
        Ok(Some(RunTrigger { workflows, at_the_end: types.is_none_or(|types| types.iter().any(is_end)) }))
    }

    /// Whether a step of a job has `mode: report`.
    pub(crate) fn reports(&self) -> Result<bool, Unclear> {
        let Some(Node::Map(jobs)) = self.root.get("jobs")? else { return Err(Unclear) };
        let mut unclear = Ok(false);
        for (_, job) in jobs {
            match job_reports(job) {
                Ok(true) => return Ok(true),
                Ok(false) => {}
                Err(Unclear) => unclear = Err(Unclear),
            }
        }
        unclear
    }

    /// Whether the titles of its runs name pull requests of `source`.
    pub(crate) fn run_name(&self, source: &RepoName) -> Result<RunName, Unclear> {
        let Some(template) = self.text("run-name")? else { return Ok(RunName::Other) };
        let sha = "7f68d9e953af69e55bb25a20071f79226f30f732";
        for number in ["7", ""] {
            let title = evaluate(template, source, number, sha)?;
            let expected = RunTitle {
                source: source.clone(),
                number: number.parse().ok(),
                sha: sha.parse().map_err(|_invalid| Unclear)?,
            };
            if RunTitle::read(&title) != Some(expected) {
                return Ok(RunName::Other);
            }
        }
        Ok(RunName::Readable)
    }

    fn text(&self, key: &str) -> Result<Option<&str>, Unclear> {
        self.root.get(key)?.map_or(Ok(None), Node::text)
    }

    /// The value of a trigger in `on:`, which may be one word, a list of words, or a mapping.
    fn trigger(&self, name: &str) -> Result<Option<&Node>, Unclear> {
        let Some(on) = self.root.get("on")? else { return Err(Unclear) };
        match on {
            Node::Map(_) => on.get(name),
            Node::Scalar(_) | Node::List(_) => {
                let named = texts(on)?.unwrap_or_default().iter().any(|trigger| trigger == name);
                Ok(named.then_some(&Node::Empty))
            }
            Node::Empty | Node::Unclear => Err(Unclear),
        }
    }
}

impl RunTrigger {
    /// Whether it runs for the runs of the workflow of that name.
    pub(crate) fn is_for(&self, name: &str) -> Result<bool, Unclear> {
        let Some(workflows) = &self.workflows else { return Ok(true) };
        match workflows.iter().any(|workflow| workflow == name) {
            // A later line might exclude it again.
            true if !workflows.iter().any(|workflow| workflow.starts_with('!')) => Ok(true),
            // The names are patterns.
            _ if workflows.iter().any(|workflow| workflow.contains(['*', '?', '+', '[', '!', '\\'])) => Err(Unclear),
            _ => Ok(false),
        }
    }
}

/// Whether a dispatch must set an input: `required: true` and no default.
fn is_needed(input: &Node) -> Result<bool, Unclear> {
    let required = match input.get("required")?.map_or(Ok(None), Node::text)? {
        Some("true") => true,
        Some("false") | None => false,
        Some(_) => return Err(Unclear),
    };
    Ok(required && input.get("default")?.is_none_or(|default| matches!(default.text(), Ok(None))))
}

/// One text, or a list of them; `None` if there is nothing.
fn texts(node: &Node) -> Result<Option<Vec<String>>, Unclear> {
    let text = |node: &Node| node.text()?.map(str::to_owned).ok_or(Unclear);
    match node {
        Node::Empty => Ok(None),
        Node::List(items) => items.iter().map(text).collect::<Result<_, _>>().map(Some),
        node => Ok(Some(vec![text(node)?])),
    }
}

fn job_reports(job: &Node) -> Result<bool, Unclear> {
    // A job that calls a workflow in another file has its steps there.
    let Some(Node::List(steps)) = job.get("steps")? else { return Err(Unclear) };
    let mut unclear = Ok(false);
    for step in steps {
        match step_reports(step) {
            Ok(true) => return Ok(true),
            Ok(false) => {}
            Err(Unclear) => unclear = Err(Unclear),
        }
    }
    unclear
}

/// Only `mode: report` counts: the action may have another name on this server.
fn step_reports(step: &Node) -> Result<bool, Unclear> {
    if step.get("uses")?.is_none() {
        return Ok(false);
    }
    match step.get("with")?.unwrap_or(&Node::Empty).get("mode")?.map_or(Ok(None), Node::text)? {
        Some(mode) if mode.contains("${{") => Err(Unclear),
        mode => Ok(mode.is_some_and(|mode| mode.trim() == "report")),
    }
}

/// Evaluates a `run-name:` with these inputs. The only clear expressions are plain inputs.
fn evaluate(template: &str, source: &RepoName, number: &str, sha: &str) -> Result<String, Unclear> {
    let (mut title, mut rest) = (String::new(), template);
    while let Some((before, tail)) = rest.split_once("${{") {
        let (expression, after) = tail.split_once("}}").ok_or(Unclear)?;
        title.push_str(before);
        let expression = expression.trim();
        let input = expression.strip_prefix("github.event.").unwrap_or(expression).strip_prefix("inputs.");
        match input {
            Some("source_repo") => title.push_str(&source.to_string()),
            Some("pr_number") => title.push_str(number),
            Some("pr_head_sha") => title.push_str(sha),
            // What comes after the SHA does not matter.
            _ if title.ends_with(' ') && RunTitle::read(&title).is_some() => {}
            _ => return Err(Unclear),
        }
        rest = after;
    }
    title.push_str(rest);
    Ok(title)
}
