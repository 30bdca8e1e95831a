//! The environment of the step: <https://docs.gitea.com/usage/actions/actions-variables>, and `tests/fixtures/events/` for
//! the variables that a runner really sets.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fmt::Display;
use std::path::PathBuf;
use std::str::FromStr;

use super::Error;
use super::event::Payload;
use super::inputs::Inputs;
use crate::types::Token;

/// Inputs for which empty differs from absent: action.yml gives each of them a default, so an empty one was set by the
/// user, and an expression in it evaluated to nothing.
const MEANT_THOUGH_EMPTY: [&str; 2] = ["INPUT_STATUS", "INPUT_ALLOWED_SOURCES"];

/// The variables that are set to something.
pub(super) struct Variables(HashMap<String, String>);

impl Variables {
    pub(super) fn read() -> Result<Self, Error> {
        #[expect(clippy::disallowed_methods, reason = "this is the only reader of the environment")]
        let variables = std::env::vars_os();
        Self::new(variables)
    }

    /// The error is an input that is not UTF-8. It must not count as not given: `allowed-sources` would be open.
    pub(super) fn new(variables: impl Iterator<Item = (OsString, OsString)>) -> Result<Self, Error> {
        let mut valid = HashMap::new();
        for (name, value) in variables {
            let Ok(name) = name.into_string() else { continue };
            match (value.into_string(), name.strip_prefix("INPUT_")) {
                (Ok(value), _) if value.trim().is_empty() && !MEANT_THOUGH_EMPTY.contains(&name.as_str()) => {}
                (Ok(value), _) => drop(valid.insert(name, value)),
                (Err(_), Some(input)) => return Err(Error::NotUtf8(input_name(input))),
                (Err(_), None) => {}
            }
        }
        Ok(Self(valid))
    }

    pub(super) fn inputs(&self) -> Result<Inputs, Error> {
        envy::prefixed("INPUT_").from_iter(self.0.clone()).map_err(|error| match error {
            envy::Error::MissingValue("token") => self.missing_token(),
            envy::Error::MissingValue(field) => Error::Required(field.replace('_', "-")),
            envy::Error::Custom(cause) => Error::Variable { name: "INPUT_*".to_owned(), cause },
        })
    }

    /// The event that started the workflow.
    pub(super) fn event(&self) -> Result<Payload, Error> {
        match self.context("EVENT_PATH") {
            Some(path) => Payload::read(path, self.context("EVENT_NAME")),
            None => Ok(Payload::default()),
        }
    }

    /// Why there is no token, as far as the event explains it.
    fn missing_token(&self) -> Error {
        let gets_secrets = !self.is_pull_request_event() || self.context("EVENT_NAME") == Some("pull_request_target");
        let without_secrets = self.event().ok().and_then(|payload| payload.event.without_secrets());
        match without_secrets {
            Some(whose) if !gets_secrets => Error::NoSecrets(whose),
            _ => Error::NoToken,
        }
    }

    /// Whether the event is of a pull request: `pull_request`, `pull_request_target`, `pull_request_review` …
    pub(super) fn is_pull_request_event(&self) -> bool {
        self.context("EVENT_NAME").is_some_and(|name| name.starts_with("pull_request"))
    }

    /// Much of what the inputs hold is shown to everybody: none may hold the token.
    pub(super) fn check_texts(&self, token: &Token) -> Result<(), Error> {
        let inputs = self.0.iter().filter_map(|(name, value)| Some((name.strip_prefix("INPUT_")?, value)));
        for (name, value) in inputs.filter(|(name, _)| *name != "TOKEN") {
            if token.redact(value) != *value {
                return Err(Error::HoldsToken(input_name(name)));
            }
        }
        Ok(())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(super) fn path(&self, name: &str) -> Option<PathBuf> {
        self.0.get(name).map(PathBuf::from)
    }

    /// A variable of the workflow's context: `GITHUB_…`, else `GITEA_…`.
    pub(super) fn context(&self, name: &str) -> Option<&str> {
        let value = |prefix: &str| self.0.get(&format!("{prefix}_{name}"));
        value("GITHUB").or_else(|| value("GITEA")).map(String::as_str)
    }

    /// A variable of the workflow's context that the step cannot do without.
    pub(super) fn context_value<T: FromStr<Err: Display>>(&self, name: &str) -> Result<T, Error> {
        let error = |cause| Error::Variable { name: format!("GITHUB_{name}"), cause };
        let Some(value) = self.context(name) else {
            return Err(error("is not set: this program runs in a step of a workflow".to_owned()));
        };
        value.trim().parse().map_err(|cause: T::Err| error(cause.to_string()))
    }
}

/// The input of a variable `INPUT_…`, as the user writes it.
fn input_name(variable: &str) -> String {
    variable.to_lowercase().replace('_', "-")
}
