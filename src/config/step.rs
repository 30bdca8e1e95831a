//! A step in a unit test: its variables, without a process.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use super::{Config, Environment, Error, Task, Variables};

pub(super) const SHA: &str = "7f68d9e953af69e55bb25a20071f79226f30f732";

/// A step that is about to run, and the folder with its event and its workspace.
pub(super) struct Step {
    variables: BTreeMap<String, String>,
    pub(super) folder: TempDir,
}

impl Step {
    /// A step with the variables that every step has.
    pub(super) fn new(mode: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let workspace = folder.path().join("workspace");
        fs::create_dir(&workspace).unwrap();
        Self { variables: BTreeMap::new(), folder }
            .var("GITHUB_API_URL", "https://gitea.example.com/api/v1")
            .var("GITHUB_SERVER_URL", "https://gitea.example.com")
            .var("GITHUB_REPOSITORY", "mporter/dispatch-source")
            .var("GITHUB_SHA", &"b".repeat(40))
            .var("GITHUB_REF_NAME", "main")
            .var("GITHUB_RUN_ID", "46")
            .var("GITHUB_RUN_NUMBER", "12")
            .var("GITHUB_WORKSPACE", workspace.to_str().unwrap())
            .input("mode", mode)
            .input("token", "token-of-the-bot")
    }

    /// `mode: dispatch` with its required inputs.
    pub(super) fn dispatch() -> Self {
        Self::new("dispatch").input("target", "mporter/dispatch-target").input("workflow", "build.yml")
    }

    pub(super) fn var(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    pub(super) fn without(mut self, name: &str) -> Self {
        self.variables.remove(name);
        self
    }

    pub(super) fn input(self, name: &str, value: &str) -> Self {
        self.var(&format!("INPUT_{}", name.to_uppercase().replace('-', "_")), value)
    }

    pub(super) fn event(self, name: &str, payload: &Value) -> Self {
        let path = self.folder.path().join("event.json");
        fs::write(&path, payload.to_string()).unwrap();
        self.var("GITHUB_EVENT_NAME", name).var("GITHUB_EVENT_PATH", path.to_str().unwrap())
    }

    /// An event of `tests/fixtures/events/`, with the recorded variables if there are any.
    pub(super) fn recorded(self, name: &str) -> Self {
        let file = |ending| fixtures().join(format!("{name}.{ending}"));
        let step = self.event(name.split('-').next().unwrap(), &recorded(name));
        let variables = fs::read_to_string(file("env")).unwrap_or_default();
        let variables = variables.lines().filter_map(|line| line.split_once('='));
        variables.fold(step, |step, (name, value)| step.var(name, value))
    }

    pub(super) fn config(self) -> Result<Config, Error> {
        let variables = self.variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        Environment::new(Variables::new(variables)?)?.config()
    }

    pub(super) fn task(self) -> Result<Task, Error> {
        self.config().map(|config| config.task)
    }

    /// The configuration error.
    pub(super) fn error(self) -> String {
        self.config().unwrap_err().to_string()
    }
}

fn fixtures() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/events")
}

/// A payload of `tests/fixtures/events/`.
pub(super) fn recorded(name: &str) -> Value {
    serde_json::from_slice(&fs::read(fixtures().join(format!("{name}.json"))).unwrap()).unwrap()
}
