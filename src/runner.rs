//! The only writer to the runner: the step's log, its outputs, its summary, and the mask over the token.
//!
//! Workflow commands and files: <https://docs.gitea.com/usage/actions/comparison> and GitHub's page on workflow commands, which
//! Gitea's runner follows. Nothing that is written here can begin a command or another output: each text is one line.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::files;
use crate::text::{markdown, plain};
use crate::types::Token;

/// The files that the runner reads after the step. If the runner names none, nothing is written.
#[derive(Debug, Default)]
pub(crate) struct Files {
    pub(crate) output: Option<PathBuf>,
    pub(crate) summary: Option<PathBuf>,
}

/// Writes to the runner. `W` is the step's log.
pub(crate) struct Runner<W> {
    log: W,
    files: Files,
    token: Option<Token>,
    /// The first file that could not be written, and why.
    unwritten: Option<String>,
}

impl<W: Write> Runner<W> {
    /// A runner with only a log: enough to report a wrong configuration.
    pub(crate) fn new(log: W) -> Self {
        Self { log, files: Files::default(), token: None, unwritten: None }
    }

    /// Makes the runner mask the token in the log of this and all later steps. From now on, the token is also hidden
    /// in all lines and in the summary: a server might repeat it in a message.
    pub(crate) fn configure(&mut self, files: Files, token: &Token) {
        self.line(&format!("::add-mask::{}", token.reveal().replace('%', "%25")));
        self.files = files;
        self.token = Some(token.clone());
    }

    /// A line of the log.
    pub(crate) fn info(&mut self, text: &str) {
        let text = self.clean(text);
        // A line that begins like this is a command, even after spaces.
        let is_command = ["::", "##["].iter().any(|start| text.trim_start().starts_with(start));
        self.line(&if is_command { format!("- {text}") } else { text });
    }

    /// Logs a warning: it should be seen, but does not make the step fail.
    pub(crate) fn warning(&mut self, text: &str) {
        self.command("warning", text);
    }

    /// Logs an error, which makes the step fail at its end.
    pub(crate) fn error(&mut self, text: &str) {
        self.command("error", text);
    }

    /// Ends the step: `failure` is why it fails. The step also fails if a file could not be written: later steps would
    /// work with missing outputs.
    pub(crate) fn end(mut self, failure: Option<&str>) -> ExitCode {
        let unwritten = self.unwritten.take();
        for error in unwritten.as_deref().into_iter().chain(failure) {
            self.command("error", error);
        }
        if unwritten.is_some() || failure.is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }

    /// Sets an output of the step: an id, a link, a word or a number. A value that contains the token is left empty,
    /// since a part of it would name something else. A file that cannot be written does not stop the step;
    /// [`Self::end`] reports it.
    pub(crate) fn output(&mut self, name: &str, value: &str) {
        let holds_token = self.token.as_ref().is_some_and(|token| value.contains(token.reveal()));
        let line = format!("{name}={}\n", if holds_token { String::new() } else { plain(value) });
        self.append("GITHUB_OUTPUT", self.files.output.clone(), &line);
    }

    /// Adds lines of Markdown, whose foreign parts the caller has escaped, to the step's summary (shown from Gitea 1.27 on).
    pub(crate) fn summary(&mut self, title: &str, lines: &str) {
        let mut text = self.without_token(&format!("### {title}\n\n{lines}\n"));
        if let Some(token) = &self.token {
            text = text.replace(&markdown(token.reveal()), " ");
        }
        self.append("GITHUB_STEP_SUMMARY", self.files.summary.clone(), &text);
    }

    fn command(&mut self, name: &str, text: &str) {
        let text = self.clean(text).replace('%', "%25");
        self.line(&format!("::{name}::{text}"));
    }

    /// The text on one line, without the token.
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
        // Without its log, the step still has its effect and its exit code. There is no other place for a message.
        writeln!(self.log, "{text}").ok();
    }

    fn append(&mut self, variable: &str, path: Option<PathBuf>, text: &str) {
        let Some(path) = path else { return };
        if let Err(cause) = files::append(&path, text) {
            self.unwritten.get_or_insert_with(|| {
                let effect = if variable == "GITHUB_OUTPUT" { "Later steps will miss these values; everything" } else { "Everything" };
                format!(
                    "Could not write {variable} ({}): {cause}. {effect} else is in the log above. Check that the runner's \
                     disk is not full, and that the step's user may write there",
                    path.display()
                )
            });
        }
    }
}
