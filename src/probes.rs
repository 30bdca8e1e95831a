//! Checks of a set-up that change nothing, and how their results are shown: a line per check in the log, and a table in
//! the summary.

use std::io::Write;

use reqwest::StatusCode;

use crate::diagnosis::{self, may_not_write};
use crate::forge::{Error, Gitea};
use crate::runner::Runner;
use crate::text::{self, markdown};
use crate::types::{RepoName, Workflow};

/// The result of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Ok,
    /// The set-up works except for what the line says, or the check could not find out.
    Warning,
    Failed,
}

/// What a check has found.
#[derive(Debug)]
pub(crate) struct Finding {
    /// What was checked, such as `Source`.
    subject: &'static str,
    outcome: Outcome,
    /// One or two sentences; the last one says what to do.
    text: String,
}

impl Finding {
    pub(crate) fn ok(subject: &'static str, text: impl Into<String>) -> Self {
        Self { subject, outcome: Outcome::Ok, text: text.into() }
    }

    pub(crate) fn warning(subject: &'static str, text: impl Into<String>) -> Self {
        Self { subject, outcome: Outcome::Warning, text: text.into() }
    }

    pub(crate) fn failed(subject: &'static str, text: impl Into<String>) -> Self {
        Self { subject, outcome: Outcome::Failed, text: text.into() }
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.is(Outcome::Failed)
    }

    fn is(&self, outcome: Outcome) -> bool {
        self.outcome == outcome
    }
}

/// The findings so far. Each one is in the log already.
pub(crate) struct Findings<'a, W> {
    pub(crate) runner: &'a mut Runner<W>,
    all: Vec<Finding>,
}

impl<'a, W: Write> Findings<'a, W> {
    pub(crate) fn new(runner: &'a mut Runner<W>) -> Self {
        Self { runner, all: Vec::new() }
    }

    /// Logs a finding, and keeps it. Returns whether the check was ok.
    pub(crate) fn add(&mut self, finding: Finding) -> bool {
        let Finding { subject, outcome, text } = &finding;
        match outcome {
            Outcome::Ok => self.runner.info(&format!("ok: {subject}: {text}")),
            Outcome::Warning => self.runner.warning(&format!("warning: {subject}: {text}")),
            Outcome::Failed => self.runner.error(&format!("failed: {subject}: {text}")),
        }
        let is_ok = *outcome == Outcome::Ok;
        self.all.push(finding);
        is_ok
    }

    pub(crate) fn count(&self) -> usize {
        self.all.len()
    }

    pub(crate) fn passed(&self) -> usize {
        self.all.iter().filter(|finding| finding.is(Outcome::Ok)).count()
    }

    /// The subjects of the checks that failed.
    pub(crate) fn failed(&self) -> Vec<&'static str> {
        self.subjects(Outcome::Failed)
    }

    /// The subjects of the checks that ended with a warning.
    pub(crate) fn warned(&self) -> Vec<&'static str> {
        self.subjects(Outcome::Warning)
    }

    fn subjects(&self, outcome: Outcome) -> Vec<&'static str> {
        self.all.iter().filter(|finding| finding.is(outcome)).map(|finding| finding.subject).collect()
    }

    /// A table in Markdown.
    pub(crate) fn table(&self) -> String {
        let row = |finding: &Finding| {
            let result = match finding.outcome {
                Outcome::Ok => "ok",
                Outcome::Warning => "**warning**",
                Outcome::Failed => "**failed**",
            };
            [finding.subject.to_owned(), result.to_owned(), markdown(&finding.text)]
        };
        text::table(["check", "result", "what was found"], &self.all.iter().map(row).collect::<Vec<_>>())
    }
}

/// The response to a dispatch at a branch that cannot exist. The workflow's name is not known here, and its file need
/// not exist.
pub(crate) async fn dispatch_nothing(gitea: &Gitea, repo: &RepoName) -> Result<(), Error> {
    let (Ok(file), Ok(git_ref)) = ("none.yml".parse(), "main".parse()) else { return Ok(()) };
    gitea.dispatch_nothing(&Workflow { target: repo.clone(), file, git_ref }).await
}

/// Checks the scope that everything except comments needs. The probe is a dispatch at a branch that cannot exist: Gitea
/// checks the scope first.
pub(crate) async fn repository_scope(gitea: &Gitea, repo: &RepoName, answer: &Result<(), Error>) -> Finding {
    const SUBJECT: &str = "Scope write:repository";
    let Err(error) = answer else {
        return Finding::warning(
            SUBJECT,
            "could not tell: the server accepted a branch name that cannot exist. Check what `api-url` points to",
        );
    };
    match error.refusal() {
        Some((StatusCode::FORBIDDEN, message)) if !message.contains("required scope") => {
            Finding::ok(SUBJECT, "the token has it")
        }
        Some((StatusCode::NOT_FOUND, _)) if error.is_not_found() => Finding::ok(SUBJECT, "the token has it"),
        _ => Finding::failed(SUBJECT, format!("{} ({error})", diagnosis::of_repository(gitea, repo, error).await)),
    }
}

/// Checks the scope that comments on pull requests of `source` need.
pub(crate) async fn issue_scope(gitea: &Gitea, source: &RepoName) -> Finding {
    const SUBJECT: &str = "Scope write:issue";
    match gitea.edit_no_comment(source).await {
        Err(error) if error.is_not_found() => Finding::ok(SUBJECT, "the token has it"),
        Err(error) => {
            Finding::failed(SUBJECT, format!("{} ({error})", diagnosis::of_comment(gitea, source, &error).await))
        }
        Ok(()) => Finding::warning(
            SUBJECT,
            "could not tell: the server accepted an edit of a comment that cannot exist. Check what `api-url` points \
             to",
        ),
    }
}

/// Whether the token's account sees the source and may set statuses there.
pub(crate) async fn source(gitea: &Gitea, source: &RepoName) -> Finding {
    const SUBJECT: &str = "Source";
    match gitea.repository(source).await {
        Ok(repository) if repository.may_be_written() => {
            // The check cannot see the target's secrets.
            let fetching = match repository.is_public() {
                Some(false) => ". It is not public, so a build needs `SOURCE_TOKEN` to fetch it",
                _ => "",
            };
            Finding::ok(SUBJECT, format!("the token's account may write to {source}{fetching}"))
        }
        Ok(_) => Finding::failed(SUBJECT, may_not_write(source).to_string()),
        Err(error) => {
            Finding::failed(SUBJECT, format!("{} ({error})", diagnosis::of_repository(gitea, source, &error).await))
        }
    }
}
