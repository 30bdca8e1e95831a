//! Reads the configuration once. Nothing else reads the environment, the action's inputs or the event payload.
//!
//! An invalid configuration names the input as the user wrote it, and nothing is sent.

mod body;
mod check;
mod dispatch;
mod event;
mod inputs;
mod lists;
#[cfg(test)]
mod property_tests;
mod reconcile;
mod report;
#[cfg(test)]
mod step;
#[cfg(test)]
mod tests;
mod variables;

use crate::links::{ApiBase, PageBase};
use crate::proxy::{Proxy, Unusable};
use crate::runner::Files;
use crate::text::quoted;
use crate::tls::TrustedRoots;
use crate::types::{Head, PullRequestNumber, RepoName, Token};
use event::{Event, Payload};
use inputs::{Inputs, input_error};
use variables::Variables;

pub(crate) use check::Check;
pub(crate) use dispatch::{Dispatch, Wait};
pub(crate) use reconcile::Reconcile;
pub(crate) use report::{Report, ReportVoice, ReportedRun, TrialReport};

/// How the step reaches the server, how people reach it, and what the step does.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) api: ApiBase,
    pub(crate) pages: PageBase,
    /// Whether `server-url` or the event gave this base. If not, a repository's `url` in a response may replace it.
    pub(crate) pages_are_known: bool,
    pub(crate) roots: TrustedRoots,
    pub(crate) proxy: Option<Proxy>,
    pub(crate) task: Task,
}

/// What the step does.
#[derive(Debug)]
pub(crate) enum Task {
    Dispatch(Dispatch),
    Report(Report),
    Reconcile(Reconcile),
    Check(Check),
    /// The report of a trial run.
    TrialReport(TrialReport),
    /// Nothing to do. The sentence goes into the log.
    Nothing(String),
}

/// The commit to build: known from the configuration, or not read yet.
#[derive(Debug)]
pub(crate) enum HeadOf {
    /// Fully known from the inputs or the event.
    Commit(Head),
    /// The head SHA (and the branch) must be read from the server.
    PullRequest { source: RepoName, number: PullRequestNumber },
}

impl HeadOf {
    /// The repository with the pull request.
    pub(crate) fn source(&self) -> &RepoName {
        match self {
            Self::Commit(Head { source, .. }) | Self::PullRequest { source, .. } => source,
        }
    }
}

/// A configuration error: a sentence that names the input or the variable.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("input `{0}` is required")]
    Required(String),
    #[error(
        "input `token` is required. If it comes from a secret, that secret is empty: check that the secret is stored \
         in this repository or for its owner, under exactly that name"
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
    #[error(
        "the run's title {0} does not name its pull request. Add this line to that run's workflow, below `name:`; it \
         applies to the next run: \
         `run-name: ${{{{ inputs.source_repo }}}}#${{{{ inputs.pr_number }}}} ${{{{ inputs.pr_head_sha }}}}`"
    )]
    Title(String),
    #[error("variable {name} {cause}")]
    Variable { name: String, cause: String },
    #[error("the event payload {path} {cause}")]
    Event { path: String, cause: String },
    #[error(
        "input `token` is empty, since the workflow of a pull request {0} gets no secrets. Use \
         `on: pull_request_target`: it runs the base branch's workflow, with its secrets, so run nothing from the pull \
         request there"
    )]
    NoSecrets(&'static str),
    #[error(
        "this comment is on an issue, not on a pull request. Add `if: github.event.is_pull` (or \
         `if: github.event.issue.pull_request`) to the job"
    )]
    CommentOnIssue,
    #[error(
        "a `workflow_run` event does not say which pull request to build, and its commit is the branch's: set the input \
         `pr-number` or `sha`"
    )]
    NotOfPullRequest,
    #[error("input `{0}` contains the token, and would make it public")]
    HoldsToken(String),
    #[error("`allowed-sources` does not allow a report to {0}")]
    NotAllowed(RepoName),
    #[error("this server is {0}, and this action supports Gitea only")]
    OtherForge(&'static str),
}

/// The environment of the step, with the inputs.
pub(crate) struct Environment {
    variables: Variables,
    inputs: Inputs,
}

/// Everything that the step was given.
struct Given<'a> {
    variables: &'a Variables,
    inputs: &'a Inputs,
    token: &'a Token,
    event: &'a Event,
}

impl Environment {
    pub(crate) fn read() -> Result<Self, Error> {
        Self::new(Variables::read()?)
    }

    fn new(variables: Variables) -> Result<Self, Error> {
        let inputs = variables.inputs()?;
        Ok(Self { variables, inputs })
    }

    /// The token. It is read first, so that all other messages can be redacted.
    pub(crate) fn token(&self) -> Result<Token, Error> {
        inputs::parse("token", &self.inputs.token)
    }

    /// The files that the runner reads after the step.
    pub(crate) fn files(&self) -> Files {
        Files { output: self.variables.path("GITHUB_OUTPUT"), summary: self.variables.path("GITHUB_STEP_SUMMARY") }
    }

    /// Everything else.
    pub(crate) fn config(&self) -> Result<Config, Error> {
        let Self { variables, inputs } = self;
        let token = self.token()?;
        variables.check_texts(&token)?;
        let Payload { event, pages } = variables.event()?;
        let api: ApiBase = match &inputs.api_url {
            Some(url) => inputs::parse("api-url", url)?,
            None => variables.context_value("API_URL")?,
        };
        if api.host() == "api.github.com" || api.to_string().ends_with("/api/v3") {
            return Err(Error::OtherForge("GitHub"));
        }
        // Forgejo's runner sets both FORGEJO_ACTIONS and GITEA_ACTIONS.
        if variables.has("FORGEJO_ACTIONS") {
            return Err(Error::OtherForge("Forgejo"));
        }
        let proxy = Proxy::of(&api.join([]), |name| variables.get(name))
            .map_err(|Unusable { variable, cause }| Error::Variable { name: variable, cause: cause.to_owned() })?;
        let (pages, pages_are_known) = self.pages(pages)?;
        let roots = TrustedRoots {
            file: variables.path("SSL_CERT_FILE"),
            directories: variables.path("SSL_CERT_DIR").iter().flat_map(std::env::split_paths).collect(),
        };
        let given = Given { variables, inputs, token: &token, event: &event };
        Ok(Config { api, pages, pages_are_known, roots, proxy, task: given.task()? })
    }

    /// The base of the links that people click, and whether it is known for sure.
    fn pages(&self, of_event: Option<PageBase>) -> Result<(PageBase, bool), Error> {
        if let Some(url) = &self.inputs.server_url {
            return Ok((inputs::parse("server-url", url)?, true));
        }
        // The address at which the runner reaches the server. People may not be able to reach it.
        let of_runner = self.variables.context_value::<PageBase>("SERVER_URL");
        match (of_event, of_runner) {
            (Some(of_event), Ok(of_runner)) => Ok((of_event.or_of_runner(of_runner), true)),
            (Some(of_event), Err(_)) => Ok((of_event, true)),
            (None, of_runner) => Ok((of_runner?, false)),
        }
    }
}

impl Given<'_> {
    fn task(&self) -> Result<Task, Error> {
        match self.inputs.mode.trim() {
            "dispatch" => Dispatch::read(self).map(Task::Dispatch),
            "report" => Report::read(self),
            "reconcile" => Reconcile::read(self).map(Task::Reconcile),
            "check" => Check::read(self).map(Task::Check),
            other => {
                let cause = format!("must be `dispatch`, `report`, `reconcile` or `check`, not {}", quoted(other));
                Err(input_error("mode", cause))
            }
        }
    }

    /// The repository with the pull request, for a step that runs in it.
    fn source(&self) -> Result<RepoName, Error> {
        match self.inputs.source()? {
            Some(source) => Ok(source),
            None => self.variables.context_value("REPOSITORY"),
        }
    }
}
