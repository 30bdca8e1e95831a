//! The inputs of the action, and the values that several modes read from them in the same way.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

use serde::Deserialize;

use super::{Error, lists};
use crate::text::quoted;
use crate::types::{
    CommentMode, Commenting, CommitSha, LogLines, PullRequestNumber, RepoName, SourcePattern, StatusContext, Timeout,
    Workflow,
};

/// The inputs of the target workflow that this action sets.
pub(super) const SET_BY_THE_ACTION: [&str; 4] = ["pr_number", "pr_head_sha", "pr_head_ref", "source_repo"];

/// The raw inputs. Empty inputs were removed before, except `status` and `allowed-sources`.
#[derive(Debug, Deserialize)]
pub(super) struct Inputs {
    pub(super) mode: String,
    pub(super) token: String,
    pub(super) target: Option<String>,
    pub(super) workflow: Option<String>,
    #[serde(rename = "ref")]
    pub(super) git_ref: Option<String>,
    pub(super) inputs: Option<String>,
    pub(super) status: Option<String>,
    pub(super) wait: Option<String>,
    pub(super) wait_timeout: Option<String>,
    pub(super) check_timeout: Option<String>,
    pub(super) comment: Option<String>,
    pub(super) comment_on: Option<String>,
    pub(super) body: Option<String>,
    pub(super) body_path: Option<String>,
    pub(super) log_lines: Option<String>,
    pub(super) log_lines_public: Option<String>,
    pub(super) allowed_sources: Option<String>,
    pub(super) source: Option<String>,
    pub(super) pr_number: Option<String>,
    pub(super) sha: Option<String>,
    pub(super) head_ref: Option<String>,
    pub(super) context: Option<String>,
    pub(super) api_url: Option<String>,
    pub(super) server_url: Option<String>,
}

impl Inputs {
    pub(super) fn source(&self) -> Result<Option<RepoName>, Error> {
        optional("source", self.source.as_ref())
    }

    pub(super) fn target(&self) -> Result<RepoName, Error> {
        required("target", self.target.as_ref())
    }

    pub(super) fn pr_number(&self) -> Result<Option<PullRequestNumber>, Error> {
        optional("pr-number", self.pr_number.as_ref())
    }

    pub(super) fn sha(&self) -> Result<Option<CommitSha>, Error> {
        optional("sha", self.sha.as_ref())
    }

    pub(super) fn context(&self) -> Result<Option<StatusContext>, Error> {
        optional("context", self.context.as_ref())
    }

    /// `target`, `workflow` and `ref`.
    pub(super) fn workflow(&self) -> Result<Workflow, Error> {
        Ok(Workflow {
            target: self.target()?,
            file: required("workflow", self.workflow.as_ref())?,
            git_ref: parse("ref", self.git_ref.as_deref().unwrap_or("main"))?,
        })
    }

    /// The input `inputs`: what the user passes to the target workflow besides the four inputs that this action sets.
    pub(super) fn own_inputs(&self) -> Result<BTreeMap<String, String>, Error> {
        let pairs = lists::workflow_inputs(self.inputs.as_deref().unwrap_or_default());
        let mut inputs = BTreeMap::new();
        for (key, value) in pairs.map_err(|cause| input_error("inputs", cause))? {
            if SET_BY_THE_ACTION.contains(&key.as_str()) || inputs.contains_key(&key) {
                let cause = format!("must not set {}: this action sets it, or it occurs twice", quoted(&key));
                return Err(input_error("inputs", cause));
            }
            inputs.insert(key, value);
        }
        Ok(inputs)
    }

    /// `comment` and `comment-on`.
    pub(super) fn commenting(&self) -> Result<Commenting, Error> {
        let modes = [
            ("create", CommentMode::Create),
            ("update", CommentMode::Update),
            ("table", CommentMode::Table),
            ("off", CommentMode::Off),
        ];
        Ok(Commenting {
            mode: choice("comment", self.comment.as_deref().unwrap_or("create"), &modes)?,
            only_failures: choice(
                "comment-on",
                self.comment_on.as_deref().unwrap_or("always"),
                &[("always", false), ("failure", true)],
            )?,
        })
    }

    /// `log-lines` and `log-lines-public`.
    pub(super) fn log_lines(&self) -> Result<LogLines, Error> {
        let text = self.log_lines.as_deref().unwrap_or("0").trim();
        let count = text.parse().ok().filter(|count| *count <= 200 && text.bytes().all(|b| b.is_ascii_digit()));
        let error = || input_error("log-lines", format!("must be a number from 0 to 200, not {}", quoted(text)));
        Ok(LogLines {
            count: count.ok_or_else(error)?,
            may_be_public: flag("log-lines-public", self.log_lines_public.as_ref())?,
        })
    }

    /// `wait`.
    pub(super) fn wait(&self) -> Result<bool, Error> {
        flag("wait", self.wait.as_ref())
    }

    /// `wait-timeout`.
    pub(super) fn wait_timeout(&self) -> Result<Timeout, Error> {
        parse("wait-timeout", self.wait_timeout.as_deref().unwrap_or("60m"))
    }

    /// `check-timeout`.
    pub(super) fn check_timeout(&self) -> Result<Timeout, Error> {
        parse("check-timeout", self.check_timeout.as_deref().unwrap_or("10m"))
    }

    /// Checks that `allowed-sources` allows a report to `source`.
    pub(super) fn check_allowed(&self, source: &RepoName) -> Result<(), Error> {
        let Some(allowed) = self.allowed_sources.as_deref() else { return Ok(()) };
        let lines: Vec<&str> = allowed.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        if lines.is_empty() {
            // If empty meant "any", a misspelt variable name would allow every repository.
            let cause = "is set, but empty: an expression in it evaluates to nothing. Correct it; to allow any repository, \
                         set `*` or leave the input out";
            return Err(input_error("allowed-sources", cause.to_owned()));
        }
        let is_allowed = |line: &&str| match *line {
            "*" => Ok(true),
            line => Ok(parse::<SourcePattern>("allowed-sources", line)?.matches(source)),
        };
        let allowed: Vec<bool> = lines.iter().map(is_allowed).collect::<Result<_, Error>>()?;
        if allowed.contains(&true) { Ok(()) } else { Err(Error::NotAllowed(source.clone())) }
    }
}

pub(super) fn input_error(name: &'static str, cause: String) -> Error {
    Error::Input { name, cause }
}

pub(super) fn parse<T: FromStr<Err: Display>>(name: &'static str, value: &str) -> Result<T, Error> {
    value.trim().parse().map_err(|cause: T::Err| input_error(name, cause.to_string()))
}

fn optional<T: FromStr<Err: Display>>(name: &'static str, input: Option<&String>) -> Result<Option<T>, Error> {
    input.map(|value| parse(name, value)).transpose()
}

fn required<T: FromStr<Err: Display>>(name: &'static str, input: Option<&String>) -> Result<T, Error> {
    optional(name, input)?.ok_or_else(|| Error::Required(name.to_owned()))
}

fn flag(name: &'static str, input: Option<&String>) -> Result<bool, Error> {
    choice(name, input.map_or("false", String::as_str), &[("true", true), ("false", false)])
}

/// The value that a word stands for.
fn choice<T: Copy>(name: &'static str, word: &str, choices: &[(&str, T)]) -> Result<T, Error> {
    choices.iter().find(|(choice, _)| *choice == word.trim()).map(|(_, value)| *value).ok_or_else(|| {
        let words: Vec<String> = choices.iter().map(|(choice, _)| format!("`{choice}`")).collect();
        let words = match &words[..] {
            [others @ .., last] => format!("{} or {last}", others.join(", ")),
            [] => String::new(),
        };
        input_error(name, format!("must be {words}, not {}", quoted(word)))
    })
}
