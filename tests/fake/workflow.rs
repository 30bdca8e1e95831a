//! Workflow files.

use std::collections::{BTreeMap, BTreeSet};

use yaml_rust2::{Yaml, YamlLoader};

use super::runs::cut_title;

/// A workflow file.
#[derive(Debug, Clone)]
pub(crate) struct Workflow {
    /// The YAML, which the file endpoints return. The fake reads `name:` and `run-name:` from it each time, and
    /// everything below once, in [`Self::parse`].
    pub(crate) content: String,
    /// Switched off by hand.
    pub(crate) disabled: bool,
    /// It has the `workflow_dispatch` trigger.
    pub(crate) dispatchable: bool,
    /// The YAML parser's error.
    pub(crate) broken: Option<String>,
    /// The declared inputs, each with its default. Gitea fills in missing inputs, and never fails because of one.
    pub(crate) inputs: BTreeMap<String, String>,
    /// Names of its jobs.
    pub(crate) jobs: Vec<String>,
    /// The jobs that wait for others by `needs`.
    pub(crate) jobs_with_needs: BTreeSet<String>,
    /// The only branch that has the file; `None`: every ref.
    pub(crate) only_on: Option<String>,
}

impl Workflow {
    /// A workflow that a dispatch can start, with one job `build`.
    pub(super) fn dispatchable(inputs: BTreeMap<String, String>) -> Self {
        Self {
            content: "on: workflow_dispatch\n".to_owned(),
            disabled: false,
            dispatchable: true,
            broken: None,
            inputs,
            jobs: vec!["build".to_owned()],
            jobs_with_needs: BTreeSet::new(),
            only_on: None,
        }
    }

    /// The workflow that a YAML text describes.
    pub(super) fn parse(content: &str) -> Self {
        let (yaml, broken) = match YamlLoader::load_from_str(content) {
            Ok(documents) => (documents.into_iter().next().unwrap_or(Yaml::BadValue), None),
            Err(error) => (Yaml::BadValue, Some(format!("yaml: {error}"))),
        };
        let triggers = &yaml["on"];
        let is_dispatch = |trigger: &Yaml| trigger.as_str() == Some("workflow_dispatch");
        let by_key = triggers.as_hash().is_some_and(|triggers| triggers.keys().any(is_dispatch));
        let in_list = triggers.as_vec().is_some_and(|triggers| triggers.iter().any(is_dispatch));
        let default = |input: &Yaml| text(&input["default"]);
        let inputs = entries(&triggers["workflow_dispatch"]["inputs"]);
        let jobs = entries(&yaml["jobs"]);
        let name = |(key, job): &(String, &Yaml)| job["name"].as_str().map_or_else(|| key.clone(), str::to_owned);
        Self {
            content: content.to_owned(),
            dispatchable: by_key || in_list || is_dispatch(triggers),
            broken,
            jobs: jobs.iter().map(name).collect(),
            jobs_with_needs: jobs.iter().filter(|(_, job)| !job["needs"].is_badvalue()).map(name).collect(),
            ..Self::dispatchable(inputs.into_iter().map(|(name, input)| (name, default(input))).collect())
        }
    }

    /// Whether the file exists at a ref, which is a full name or a branch's name.
    pub(super) fn is_at(&self, git_ref: &str) -> bool {
        let branch = git_ref.strip_prefix("refs/heads/").unwrap_or(git_ref);
        self.only_on.as_ref().is_none_or(|only| only == branch)
    }

    /// The value of a key at the top of the YAML, without quotes.
    pub(super) fn top_level(&self, key: &str) -> Option<&str> {
        let value = self.content.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?.trim();
        Some(value.trim_matches(['"', '\'']))
    }

    /// The title of a run that a dispatch starts: `run-name:` with the inputs in it, evaluated now.
    pub(super) fn run_title(&self, file: &str, inputs: &BTreeMap<String, String>) -> String {
        let Some(mut rest) = self.top_level("run-name") else { return format!("add .gitea/workflows/{file}") };
        let mut title = String::new();
        while let Some((before, (expression, after))) =
            rest.split_once("${{").and_then(|(before, tail)| Some((before, tail.split_once("}}")?)))
        {
            let input = expression.trim().trim_start_matches("github.event.").strip_prefix("inputs.");
            title += before;
            title += input.and_then(|name| inputs.get(name)).map_or("", String::as_str);
            rest = after;
        }
        cut_title(&(title + rest))
    }
}

fn entries(yaml: &Yaml) -> Vec<(String, &Yaml)> {
    yaml.as_hash().into_iter().flatten().map(|(key, value)| (text(key), value)).collect()
}

/// A plain value as the text that an input gets. Anything else becomes empty.
fn text(yaml: &Yaml) -> String {
    match yaml {
        Yaml::String(text) | Yaml::Real(text) => text.clone(),
        Yaml::Integer(number) => number.to_string(),
        Yaml::Boolean(value) => value.to_string(),
        _ => String::new(),
    }
}
