//! The only writer to the runner: the step's log, its outputs, its summary, and the mask over the token.
//!
//! Workflow commands and files: <https://docs.gitea.com/usage/actions/comparison> and GitHub's page on workflow commands, which
//! Gitea's runner follows. Nothing that is written here can begin a command or another output: each text is one line.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;

use crate::message::{markdown, plain};
use crate::types::Token;

/// The files that the runner reads after the step. On a runner that sets none, nothing is written.
#[derive(Debug, Default)]
pub(crate) struct Files {
    pub(crate) output: Option<PathBuf>,
    pub(crate) summary: Option<PathBuf>,
}

/// A file of the runner that could not be written.
#[derive(Debug, thiserror::Error)]
#[error("{variable} could not be written ({path}): {cause}")]
pub(crate) struct Error {
    variable: &'static str,
    path: String,
    cause: std::io::Error,
}

/// The way to the runner, over `W`, the step's log.
pub(crate) struct Runner<W> {
    log: W,
    files: Files,
    token: Option<Token>,
}

impl<W: Write> Runner<W> {
    /// A runner that so far only has a log: enough to say why the configuration is wrong.
    pub(crate) fn new(log: W) -> Self {
        Self { log, files: Files::default(), token: None }
    }

    /// Has the runner hide the token in the log of this and all later steps, and from now on hides it in all that goes
    /// through here: a server might repeat it in a message.
    pub(crate) fn configure(&mut self, files: Files, token: &Token) {
        self.line(&format!("::add-mask::{}", token.reveal().replace('%', "%25")));
        self.files = files;
        self.token = Some(token.clone());
    }

    /// A line of the log.
    pub(crate) fn info(&mut self, text: &str) {
        let text = self.clean(text);
        // What begins so is a command, also after spaces.
        let is_command = ["::", "##["].iter().any(|start| text.trim_start().starts_with(start));
        self.line(&if is_command { format!("- {text}") } else { text });
    }

    /// A line of the log that does not make the step fail, but that should be seen.
    pub(crate) fn warning(&mut self, text: &str) {
        self.command("warning", text);
    }

    /// Why the step fails.
    pub(crate) fn error(&mut self, text: &str) {
        self.command("error", text);
    }

    /// Sets an output of the step.
    pub(crate) fn output(&self, name: &str, value: &str) -> Result<(), Error> {
        append("GITHUB_OUTPUT", self.files.output.as_ref(), &format!("{name}={}\n", self.clean(value)))
    }

    /// Adds lines of Markdown, whose foreign parts the caller has escaped, to the step's summary (shown from Gitea 1.27 on).
    pub(crate) fn summary(&self, title: &str, lines: &str) -> Result<(), Error> {
        let mut text = self.without_token(&format!("### {title}\n\n{lines}\n"));
        if let Some(token) = &self.token {
            text = text.replace(&markdown(token.reveal()), " ");
        }
        append("GITHUB_STEP_SUMMARY", self.files.summary.as_ref(), &text)
    }

    fn command(&mut self, name: &str, text: &str) {
        let text = self.clean(text).replace('%', "%25");
        self.line(&format!("::{name}::{text}"));
    }

    /// One line in which nothing is a command and nothing is the token.
    fn clean(&self, text: &str) -> String {
        plain(&self.without_token(text))
    }

    fn without_token(&self, text: &str) -> String {
        match &self.token {
            Some(token) => token.redact(text),
            None => text.to_owned(),
        }
    }

    fn line(&mut self, text: &str) {
        // Without its log the step still has its effect and its exit code; there is nowhere to say more.
        writeln!(self.log, "{text}").ok();
    }
}

fn append(variable: &'static str, path: Option<&PathBuf>, text: &str) -> Result<(), Error> {
    let Some(path) = path else { return Ok(()) };
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|cause| Error { variable, path: path.display().to_string(), cause })
}
