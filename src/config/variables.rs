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

/// Inputs for which empty differs from unset. action.yml gives each of them a default, so an empty value means that the
/// user set an expression that evaluated to nothing.
const KEPT_WHEN_EMPTY: [&str; 2] = ["INPUT_STATUS", "INPUT_ALLOWED_SOURCES"];

/// The variables that have a non-empty value.
pub(super) struct Variables(HashMap<String, String>);

impl Variables {
    pub(super) fn read() -> Result<Self, Error> {
        #[expect(clippy::disallowed_methods, reason = "this is the only reader of the environment")]
        let variables = std::env::vars_os();
        Self::new(variables)
    }

    /// An input that is not UTF-8 is an error. It must not count as unset: `allowed-sources` would then allow every
    /// source.
    pub(super) fn new(variables: impl Iterator<Item = (OsString, OsString)>) -> Result<Self, Error> {
        let mut valid = HashMap::new();
        for (name, value) in variables {
            let Ok(name) = name.into_string() else { continue };
            match (value.into_string(), name.strip_prefix("INPUT_")) {
                (Ok(value), _) if value.trim().is_empty() && !KEPT_WHEN_EMPTY.contains(&name.as_str()) => {}
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

    /// Whether the event belongs to a pull request: `pull_request`, `pull_request_target`, `pull_request_review` …
    pub(super) fn is_pull_request_event(&self) -> bool {
        self.context("EVENT_NAME").is_some_and(|name| name.starts_with("pull_request"))
    }

    /// Many input values are shown to everybody, so no input may contain the token.
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

    /// A variable of the workflow's context: `GITHUB_…`, or else `GITEA_…`.
    pub(super) fn context(&self, name: &str) -> Option<&str> {
        let value = |prefix: &str| self.0.get(&format!("{prefix}_{name}"));
        value("GITHUB").or_else(|| value("GITEA")).map(String::as_str)
    }

    /// A required variable of the workflow's context.
    pub(super) fn context_value<T: FromStr<Err: Display>>(&self, name: &str) -> Result<T, Error> {
        let error = |cause| Error::Variable { name: format!("GITHUB_{name}"), cause };
        let Some(value) = self.context(name) else {
            return Err(error("is not set: run this program in a workflow step, with `uses:`".to_owned()));
        };
        value.trim().parse().map_err(|cause: T::Err| error(cause.to_string()))
    }
}

/// The name of the input behind a variable `INPUT_…`, as the user writes it.
fn input_name(variable: &str) -> String {
    variable.to_lowercase().replace('_', "-")
}
