//! The configuration, read once: the only reader of the environment, of the action's inputs and of the event payload.
//!
//! Variables of a step: <https://docs.gitea.com/usage/actions/actions-variables>, and `tests/fixtures/events/` for what a
//! runner really sets. An invalid configuration names the input as the user wrote it, and nothing is sent.

mod event;
mod lists;
#[cfg(test)]
mod property_tests;

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::fmt::Display;
use std::path::PathBuf;
use std::str::FromStr;

use serde::Deserialize;

use crate::links::{ApiBase, PageBase};
use crate::runner::Files;
use crate::text::quoted;
use crate::tls::TrustedRoots;
use crate::types::{
    CommentMode, Commenting, CommitSha, GivenStatus, Head, Invalid, Outcome, Place, RepoName, RunId, RunNumber,
    SourcePattern, StatusContext, Timeout, Token, Workflow,
};
use event::{Event, PullRequest};

/// How the server is reached, how people reach it, and what the step does.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) api: ApiBase,
    pub(crate) pages: PageBase,
    pub(crate) roots: TrustedRoots,
    pub(crate) task: Task,
}

/// What the step does.
#[derive(Debug)]
pub(crate) enum Task {
    Dispatch(Dispatch),
    Report(Report),
    Reconcile(Reconcile),
    /// A report of a run that was started by hand to try the workflow: its `pr_head_sha` is all zeros.
    Trial,
}

/// `mode: dispatch`.
#[derive(Debug)]
pub(crate) struct Dispatch {
    pub(crate) workflow: Workflow,
    /// The user's own inputs of the target workflow.
    pub(crate) own_inputs: BTreeMap<String, String>,
    pub(crate) place: Place,
    /// The head branch.
    pub(crate) head_ref: String,
    /// `None`: the step ends with the dispatch.
    pub(crate) wait: Option<Wait>,
}

/// `wait: true`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wait {
    pub(crate) timeout: Timeout,
    pub(crate) commenting: Commenting,
}

/// `mode: reconcile`.
#[derive(Debug)]
pub(crate) struct Reconcile {
    pub(crate) source: RepoName,
    pub(crate) target: RepoName,
    /// `None`: each.
    pub(crate) context: Option<StatusContext>,
    pub(crate) commenting: Commenting,
}

/// `mode: report`.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) run: ReportedRun,
    pub(crate) head: Head,
    /// Whether the run's other finished jobs count too.
    pub(crate) auto: bool,
    pub(crate) outcomes: Vec<Outcome>,
    /// `None`: the context of the status that links to this run.
    pub(crate) context: Option<StatusContext>,
    pub(crate) commenting: Commenting,
    pub(crate) body: Option<String>,
}

/// The run that this step belongs to.
#[derive(Debug)]
pub(crate) struct ReportedRun {
    pub(crate) repo: RepoName,
    pub(crate) id: RunId,
    /// Its number in the repository.
    pub(crate) index: RunNumber,
    /// Counts the re-runs, from 1.
    pub(crate) attempt: u32,
}

/// What is wrong with the configuration, in a sentence that names the input or the variable.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("input `{0}` is required")]
    Required(String),
    #[error(
        "input `token` is required: where it is given a secret, that secret is empty. See that it is stored in this repository or \
         for its owner, under this very name"
    )]
    NoToken,
    #[error("input `{0}` is not valid UTF-8: write it as plain text")]
    NotUtf8(String),
    #[error("input `{name}` {cause}")]
    Input { name: &'static str, cause: String },
    #[error(
        "the run has no input `{dispatched}`: declare it in the target workflow under `on: workflow_dispatch: inputs:` \
         (Gitea drops an input that is not declared), or set the input `{name}` of this step"
    )]
    Undeclared { dispatched: &'static str, name: &'static str },
    #[error("the run's input `{dispatched}` {cause}")]
    Dispatched { dispatched: &'static str, cause: String },
    #[error("variable {name} {cause}")]
    Variable { name: String, cause: String },
    #[error("the event payload {path} {cause}")]
    Event { path: String, cause: String },
    #[error(
        "input `token` is empty, since the workflow of a pull request from a fork gets no secrets. `on: pull_request_target` \
         runs the workflow of the base branch, with its secrets: then nothing of the fork may run in that workflow"
    )]
    TokenOfFork,
    #[error("input `{0}` holds the token, which it would make public")]
    HoldsToken(String),
    #[error("`allowed-sources` does not allow a report to {0}")]
    NotAllowed(RepoName),
    #[error("this server is {0}, and this action speaks to Gitea only")]
    OtherForge(&'static str),
}

/// The inputs as they arrive: an unset one is an empty text, which is left out before this is read.
#[derive(Debug, Deserialize)]
struct Inputs {
    mode: String,
    token: String,
    target: Option<String>,
    workflow: Option<String>,
    #[serde(rename = "ref")]
    git_ref: Option<String>,
    inputs: Option<String>,
    status: Option<String>,
    wait: Option<String>,
    wait_timeout: Option<String>,
    comment: Option<String>,
    body: Option<String>,
    allowed_sources: Option<String>,
    source: Option<String>,
    pr_number: Option<String>,
    sha: Option<String>,
    head_ref: Option<String>,
    context: Option<String>,
    api_url: Option<String>,
    server_url: Option<String>,
}

/// The inputs of a run that are about the pull request.
const PULL_REQUEST_INPUTS: [&str; 4] = ["pr_number", "pr_head_sha", "pr_head_ref", "source_repo"];

/// The environment of the step, and the event payload that it names.
pub(crate) struct Environment {
    variables: HashMap<String, String>,
    inputs: Inputs,
    event: Event,
}

impl Environment {
    /// The variables, without the event payload.
    pub(crate) fn read() -> Result<Self, Error> {
        #[expect(clippy::disallowed_methods, reason = "this is the only reader of the environment")]
        let variables = std::env::vars_os();
        let variables = valid_variables(variables)?;
        let inputs = envy::prefixed("INPUT_").from_iter(variables.clone()).map_err(|error| match error {
            envy::Error::MissingValue("token") => missing_token(&variables),
            envy::Error::MissingValue(field) => Error::Required(field.replace('_', "-")),
            envy::Error::Custom(cause) => Error::Variable { name: "INPUT_*".to_owned(), cause },
        })?;
        Ok(Self { variables, inputs, event: Event::default() })
    }

    /// The token, which is asked for first, so that what is said of all the rest can be kept free of it.
    pub(crate) fn token(&self) -> Result<Token, Error> {
        parse("token", &self.inputs.token)
    }

    /// The files that the runner reads after the step.
    pub(crate) fn files(&self) -> Files {
        Files { output: self.path("GITHUB_OUTPUT"), summary: self.path("GITHUB_STEP_SUMMARY") }
    }

    /// All the rest, and the event payload. An error may quote from both, so the token has to be masked before.
    pub(crate) fn config(mut self) -> Result<Config, Error> {
        self.check_texts(&self.token()?)?;
        self.event = read_event(&self.variables)?;
        let api: ApiBase = self.input_or_context("api-url", self.inputs.api_url.as_ref(), "API_URL")?;
        if api.host() == "api.github.com" || api.to_string().ends_with("/api/v3") {
            return Err(Error::OtherForge("GitHub"));
        }
        // Forgejo's runner sets GITEA_ACTIONS beside it.
        if self.variables.contains_key("FORGEJO_ACTIONS") {
            return Err(Error::OtherForge("Forgejo"));
        }
        Ok(Config {
            api,
            pages: self.input_or_context("server-url", self.inputs.server_url.as_ref(), "SERVER_URL")?,
            roots: TrustedRoots {
                file: self.path("SSL_CERT_FILE"),
                directories: self.path("SSL_CERT_DIR").iter().flat_map(std::env::split_paths).collect(),
            },
            task: match self.inputs.mode.trim() {
                "dispatch" => Task::Dispatch(self.dispatch()?),
                "report" => self.report()?,
                "reconcile" => Task::Reconcile(self.reconcile()?),
                other => {
                    let cause = format!("must be `dispatch`, `report` or `reconcile`, not {}", quoted(other));
                    return Err(input_error("mode", cause));
                }
            },
        })
    }

    /// Much of what the inputs hold is shown to everybody: none may hold the token.
    fn check_texts(&self, token: &Token) -> Result<(), Error> {
        let inputs = self.variables.iter().filter_map(|(name, value)| Some((name.strip_prefix("INPUT_")?, value)));
        for (name, value) in inputs.filter(|(name, _)| *name != "TOKEN") {
            if token.redact(value) != *value {
                return Err(Error::HoldsToken(input_name(name)));
            }
        }
        Ok(())
    }

    fn path(&self, variable: &str) -> Option<PathBuf> {
        self.variables.get(variable).map(PathBuf::from)
    }

    fn dispatch(&self) -> Result<Dispatch, Error> {
        let target: RepoName = required("target", self.inputs.target.as_ref())?;
        let source: RepoName = self.input_or_context("source", self.inputs.source.as_ref(), "REPOSITORY")?;
        let from_event = self.event.pull_request.as_ref();
        let pull_request = match (&self.inputs.pr_number, from_event) {
            (Some(number), _) => Some(parse("pr-number", number)?),
            (None, Some(event)) => Some(event.number),
            (None, None) => None,
        };
        let sha: CommitSha = match (&self.inputs.sha, from_event) {
            (Some(sha), _) => parse("sha", sha)?,
            // The event's commit is not the head of another pull request.
            (None, event) if self.inputs.pr_number.is_some() && event.map(|event| event.number) != pull_request => {
                return Err(input_error(
                    "sha",
                    "is required with an input `pr-number` that is not the event's".to_owned(),
                ));
            }
            // Never GITHUB_SHA: for `pull_request_target` that is the base branch.
            (None, Some(event)) => event.head.sha.parse().map_err(|cause: Invalid| Error::Event {
                path: self.context("EVENT_PATH").unwrap_or_default().to_owned(),
                cause: format!("has a pull request whose head {cause}"),
            })?,
            (None, None) if self.is_pull_request_event() => {
                return Err(input_error("sha", "is required, since the event payload has no pull request".to_owned()));
            }
            (None, None) => self.context_value("SHA")?,
        };
        if sha.is_zero() {
            return Err(input_error(
                "sha",
                "must be a commit, and all zeros are none: was a branch deleted?".to_owned(),
            ));
        }
        let head_ref = match (&self.inputs.head_ref, from_event) {
            (Some(name), _) => name.clone(),
            (None, Some(event)) => event.head.name.clone(),
            (None, None) => self.context("REF_NAME").unwrap_or_default().to_owned(),
        };
        let mut own_inputs = BTreeMap::new();
        let own = lists::workflow_inputs(self.inputs.inputs.as_deref().unwrap_or_default());
        for (key, value) in own.map_err(|cause| input_error("inputs", cause))? {
            if PULL_REQUEST_INPUTS.contains(&key.as_str()) || own_inputs.contains_key(&key) {
                let cause = format!("must not set {}: this action sets it, or it is there twice", quoted(&key));
                return Err(input_error("inputs", cause));
            }
            own_inputs.insert(key, value);
        }
        let context = match &self.inputs.context {
            Some(context) => parse("context", context)?,
            None => StatusContext::default_for(&target),
        };
        Ok(Dispatch {
            workflow: Workflow {
                file: required("workflow", self.inputs.workflow.as_ref())?,
                git_ref: parse("ref", self.inputs.git_ref.as_deref().unwrap_or("main"))?,
                target,
            },
            own_inputs,
            place: Place { head: Head { source, sha, pull_request }, context },
            head_ref,
            wait: self.wait()?,
        })
    }

    fn report(&self) -> Result<Task, Error> {
        let sha: CommitSha = self.dispatched("sha", self.inputs.sha.as_ref(), "pr_head_sha")?;
        if sha.is_zero() {
            return Ok(Task::Trial);
        }
        let pull_request = match (&self.inputs.pr_number, self.event.input("pr_number")) {
            (Some(number), _) => Some(parse("pr-number", number)?),
            // Empty for an event that is not a pull request.
            (None, Some(number)) if number.trim().is_empty() => None,
            (None, Some(number)) => Some(parse_dispatched("pr_number", &number)?),
            (None, None) => return Err(Error::Undeclared { dispatched: "pr_number", name: "pr-number" }),
        };
        let source: RepoName = self.dispatched("source", self.inputs.source.as_ref(), "source_repo")?;
        let allowed = self.inputs.allowed_sources.as_deref().unwrap_or_default();
        let allowed = allowed.lines().map(str::trim).filter(|line| !line.is_empty());
        let allowed: Vec<SourcePattern> =
            allowed.map(|line| parse("allowed-sources", line)).collect::<Result<_, _>>()?;
        if !allowed.is_empty() && !allowed.iter().any(|pattern| pattern.matches(&source)) {
            return Err(Error::NotAllowed(source));
        }
        let status = lists::given_status(self.inputs.status.as_deref().unwrap_or("auto"));
        let (auto, outcomes) = match status.map_err(|cause| input_error("status", cause))? {
            GivenStatus::Ended { auto, outcomes } => (auto, outcomes),
            _ => (true, Vec::new()),
        };
        Ok(Task::Report(Report {
            head: Head { source, sha, pull_request },
            auto,
            outcomes,
            context: self.inputs.context.as_ref().map(|context| parse("context", context)).transpose()?,
            commenting: self.comment()?,
            body: self.inputs.body.clone(),
            run: ReportedRun {
                repo: self.context_value("REPOSITORY")?,
                id: self.context_value("RUN_ID")?,
                index: self.context_value("RUN_NUMBER")?,
                attempt: self.context("RUN_ATTEMPT").and_then(|attempt| attempt.trim().parse().ok()).unwrap_or(1),
            },
        }))
    }

    fn reconcile(&self) -> Result<Reconcile, Error> {
        Ok(Reconcile {
            source: self.input_or_context("source", self.inputs.source.as_ref(), "REPOSITORY")?,
            target: required("target", self.inputs.target.as_ref())?,
            context: self.inputs.context.as_ref().map(|context| parse("context", context)).transpose()?,
            commenting: self.comment()?,
        })
    }

    fn wait(&self) -> Result<Option<Wait>, Error> {
        let timeout: Timeout = parse("wait-timeout", self.inputs.wait_timeout.as_deref().unwrap_or("60m"))?;
        match self.inputs.wait.as_deref().map(str::trim) {
            None | Some("false") => Ok(None),
            Some("true") => Ok(Some(Wait { timeout, commenting: self.comment()? })),
            Some(other) => Err(input_error("wait", format!("must be `true` or `false`, not {}", quoted(other)))),
        }
    }

    fn comment(&self) -> Result<Commenting, Error> {
        let mode = match self.inputs.comment.as_deref().map(str::trim) {
            None | Some("create") => CommentMode::Create,
            Some("update") => CommentMode::Update,
            Some("off") => CommentMode::Off,
            Some(other) => {
                let cause = format!("must be `create`, `update` or `off`, not {}", quoted(other));
                return Err(input_error("comment", cause));
            }
        };
        Ok(Commenting { mode, only_failures: false })
    }

    fn is_pull_request_event(&self) -> bool {
        self.context("EVENT_NAME").is_some_and(|name| name.starts_with("pull_request"))
    }

    /// A value of a report: the input of this step, else the input of the dispatched run.
    fn dispatched<T>(&self, name: &'static str, input: Option<&String>, dispatched: &'static str) -> Result<T, Error>
    where
        T: FromStr<Err: Display>,
    {
        match (input, self.event.input(dispatched)) {
            (Some(value), _) => parse(name, value),
            (None, Some(value)) => parse_dispatched(dispatched, &value),
            (None, None) => Err(Error::Undeclared { dispatched, name }),
        }
    }

    fn input_or_context<T>(&self, name: &'static str, input: Option<&String>, variable: &str) -> Result<T, Error>
    where
        T: FromStr<Err: Display>,
    {
        match input {
            Some(value) => parse(name, value),
            None => self.context_value(variable),
        }
    }

    fn context(&self, name: &str) -> Option<&str> {
        context_variable(&self.variables, name)
    }

    fn context_value<T: FromStr<Err: Display>>(&self, name: &str) -> Result<T, Error> {
        let error = |cause| Error::Variable { name: format!("GITHUB_{name}"), cause };
        let Some(value) = self.context(name) else {
            return Err(error("is not set: this program runs in a step of a workflow".to_owned()));
        };
        value.trim().parse().map_err(|cause: T::Err| error(cause.to_string()))
    }
}

/// A variable of the workflow's context: `GITHUB_…`, else `GITEA_…`.
fn context_variable<'a>(variables: &'a HashMap<String, String>, name: &str) -> Option<&'a str> {
    let value = |prefix: &str| variables.get(&format!("{prefix}_{name}"));
    value("GITHUB").or_else(|| value("GITEA")).map(String::as_str)
}

/// The variables that are UTF-8 and not empty. An input of other bytes is an error, since it must not count as one that is not
/// set; any other variable of other bytes is left out.
fn valid_variables(variables: impl Iterator<Item = (OsString, OsString)>) -> Result<HashMap<String, String>, Error> {
    let mut valid = HashMap::new();
    for (name, value) in variables {
        let Ok(name) = name.into_string() else { continue };
        match (value.into_string(), name.strip_prefix("INPUT_")) {
            (Ok(value), _) if value.trim().is_empty() => {}
            (Ok(value), _) => drop(valid.insert(name, value)),
            (Err(_), Some(input)) => return Err(Error::NotUtf8(input_name(input))),
            (Err(_), None) => {}
        }
    }
    Ok(valid)
}

/// The input of a variable `INPUT_…`, as the user writes it.
fn input_name(variable: &str) -> String {
    variable.to_lowercase().replace('_', "-")
}

fn read_event(variables: &HashMap<String, String>) -> Result<Event, Error> {
    context_variable(variables, "EVENT_PATH").map_or_else(|| Ok(Event::default()), Event::read)
}

/// Why there is no token. Nothing has to be masked in what the payload says.
fn missing_token(variables: &HashMap<String, String>) -> Error {
    let is_pull_request = context_variable(variables, "EVENT_NAME") == Some("pull_request");
    let event = read_event(variables).unwrap_or_default();
    if is_pull_request && event.pull_request.as_ref().is_some_and(PullRequest::is_from_fork) {
        Error::TokenOfFork
    } else {
        Error::NoToken
    }
}

fn input_error(name: &'static str, cause: String) -> Error {
    Error::Input { name, cause }
}

fn parse<T: FromStr<Err: Display>>(name: &'static str, value: &str) -> Result<T, Error> {
    value.trim().parse().map_err(|cause: T::Err| input_error(name, cause.to_string()))
}

fn parse_dispatched<T: FromStr<Err: Display>>(dispatched: &'static str, value: &str) -> Result<T, Error> {
    let cause = |cause: T::Err| Error::Dispatched { dispatched, cause: cause.to_string() };
    value.trim().parse().map_err(cause)
}

fn required<T: FromStr<Err: Display>>(name: &'static str, input: Option<&String>) -> Result<T, Error> {
    match input {
        Some(value) => parse(name, value),
        None => Err(Error::Required(name.to_owned())),
    }
}
