//! Why a request was refused, in a few words for the pull request's page and in a sentence that says what to do next.
//!
//! The server's message shows most causes. Only after a 403 or 404 are more requests sent, to distinguish causes that
//! have the same response. The page for people is `docs/troubleshooting.md`.

mod set_up;

use std::fmt;

use reqwest::StatusCode;

use crate::forge::{Certificate, Error, Gitea, Kind, Repository};
use crate::text::one_line;
use crate::types::{Place, PullRequestNumber, RepoName, Workflow};

pub(crate) use set_up::{
    actions_are_off, lacks_scope, may_not_write, missing_ref, missing_workflow, no_dispatch_trigger,
    workflow_is_disabled,
};

/// The folders of workflow files, in the order in which Gitea looks. A server may use others (`WORKFLOW_DIRS`, from
/// 1.26 on).
pub(crate) const WORKFLOW_FOLDERS: [&str; 2] = [".gitea/workflows", ".github/workflows"];

/// What to do if a page or another program responds in Gitea's place.
const NOT_GITEA: &str = "Check that `api-url` points to Gitea itself, and that no proxy responds in its place.";

/// A cause and the next step.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{cause}. {advice}")]
pub(crate) struct Diagnosis {
    /// A few words, such as "Workflow build.yml is disabled".
    pub(crate) cause: String,
    /// A sentence.
    pub(crate) advice: String,
    /// Whether the cause is temporary. If so, the advice is to re-run the job.
    passes: bool,
}

impl Diagnosis {
    fn new(cause: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { cause: cause.into(), advice: advice.into(), passes: false }
    }

    fn passing(cause: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { passes: true, ..Self::new(cause, advice) }
    }

    /// For a step whose run has started. Re-running the job would start a second run, so that advice is left out.
    pub(crate) fn beside_a_run(&self) -> String {
        if self.passes { format!("{}.", self.cause) } else { self.to_string() }
    }
}

/// A failed request: its purpose, its effect, the cause and the server's message. All failures share this wording.
#[derive(Debug)]
pub(crate) struct Failure {
    /// Such as "The status".
    subject: String,
    /// Such as "set".
    verb: &'static str,
    diagnosis: Diagnosis,
    error: Error,
}

impl Failure {
    /// The effect: `was not set`, or `may have been set` if the response was lost.
    pub(crate) fn effect(&self) -> String {
        let effect = if self.error.may_have_written() { "may have been" } else { "was not" };
        format!("{effect} {}", self.verb)
    }
}

impl fmt::Display for Failure {
    /// A status or comment belongs to a run that has started, so this never advises to re-run the job.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { subject, diagnosis, error, .. } = self;
        write!(f, "{subject} {}. {} ({error})", self.effect(), diagnosis.beside_a_run())
    }
}

/// A status that could not be set, on a commit from the inputs or the event.
pub(crate) async fn status_failure(gitea: &Gitea, subject: &str, place: &Place, error: Error) -> Failure {
    let diagnosis = of_status(gitea, &place.head.source, &error).await;
    Failure { subject: subject.to_owned(), verb: "set", diagnosis, error }
}

/// A status that could not be set, on a head that was read from the server.
pub(crate) async fn head_status_failure(gitea: &Gitea, place: &Place, error: Error) -> Failure {
    let (subject, diagnosis) =
        (format!("Status {}", place.status()), of_repository(gitea, &place.head.source, &error).await);
    Failure { subject, verb: "set", diagnosis, error }
}

/// A comment that could not be written.
pub(crate) async fn comment_failure(gitea: &Gitea, subject: &str, source: &RepoName, error: Error) -> Failure {
    let diagnosis = of_comment(gitea, source, &error).await;
    Failure { subject: subject.to_owned(), verb: if error.is_edit() { "edited" } else { "created" }, diagnosis, error }
}

/// Why a dispatch was refused.
pub(crate) async fn of_dispatch(gitea: &Gitea, workflow: &Workflow, error: &Error) -> Diagnosis {
    let Workflow { target, file, git_ref } = workflow;
    let (file, at) = (file.as_str(), git_ref.as_str());
    let Some((status, message)) = error.refusal() else { return general(error) };
    match status {
        StatusCode::FORBIDDEN if message.contains("workflow is disabled") => workflow_is_disabled(workflow),
        StatusCode::NOT_FOUND if message.starts_with("ref ") => {
            let repository = gitea.repository(target).await.ok();
            missing_ref(workflow, repository.as_ref().map(|repository| repository.default_branch.as_str()))
        }
        // If Actions are switched off, Gitea responds to an owner that the workflow does not exist. Everybody else gets
        // a response that they may not read.
        StatusCode::NOT_FOUND | StatusCode::FORBIDDEN if is_about_actions(message) => {
            match gitea.repository(target).await {
                Ok(Repository { has_actions: false, .. }) => actions_are_off(target),
                _ if status == StatusCode::FORBIDDEN => of_repository(gitea, target, error).await,
                _ => missing_workflow(workflow, &names_there(gitea, workflow).await),
            }
        }
        StatusCode::UNPROCESSABLE_ENTITY if message.contains("no workflow_dispatch") => no_dispatch_trigger(workflow),
        StatusCode::INTERNAL_SERVER_ERROR if message.contains("unmarshal workflow") => Diagnosis::new(
            format!("Workflow {file} is not valid YAML"),
            format!("Correct the file at {at}; the server's message says where the error is."),
        ),
        StatusCode::INTERNAL_SERVER_ERROR => Diagnosis::new(
            "The server failed (500)",
            format!(
                "Most often {file} is not valid YAML at {at}; Gitea shows that reason only to administrators. \
                 Otherwise see the server's log. Check the runs of {target} before you re-run this job."
            ),
        ),
        _ => of_repository(gitea, target, error).await,
    }
}

fn is_about_actions(message: &str) -> bool {
    ["workflow ", "user should have specific read permission"].iter().any(|start| message.starts_with(start))
        || message.contains("permission to write")
}

/// Why the server's version could not be read.
pub(crate) fn of_version(error: &Error) -> Diagnosis {
    if error.is_not_found() { not_the_api() } else { general(error) }
}

/// Why a status was refused.
pub(crate) async fn of_status(gitea: &Gitea, source: &RepoName, error: &Error) -> Diagnosis {
    match error.refusal() {
        Some((status, message))
            if status == StatusCode::INTERNAL_SERVER_ERROR && !error.is_read()
                || status == StatusCode::NOT_FOUND && message.contains("object does not exist") =>
        {
            Diagnosis::new(
                "The commit is not in the repository",
                format!(
                    "A status needs a commit of {source}: check that `sha` and `source` belong together (otherwise \
                     see the server's log)."
                ),
            )
        }
        _ => of_repository(gitea, source, error).await,
    }
}

/// Why a comment was refused.
pub(crate) async fn of_comment(gitea: &Gitea, source: &RepoName, error: &Error) -> Diagnosis {
    match error.refusal() {
        Some((StatusCode::INTERNAL_SERVER_ERROR, _)) if !error.is_edit() => Diagnosis::new(
            "The pull request does not exist",
            format!("Check that `pr-number` is a pull request of {source} (otherwise see the server's log)."),
        ),
        _ => of_repository(gitea, source, error).await,
    }
}

/// Why a pull request could not be read.
pub(crate) async fn of_pull_request(
    gitea: &Gitea,
    source: &RepoName,
    number: PullRequestNumber,
    error: &Error,
) -> Diagnosis {
    if error.is_not_found() && gitea.repository(source).await.is_ok() {
        let advice = format!("Check that `pr-number` is a pull request of {source}, and not an issue.");
        return Diagnosis::new(format!("There is no pull request {source}#{number}"), advice);
    }
    of_repository(gitea, source, error).await
}

/// Why any request to a repository may be refused.
pub(crate) async fn of_repository(gitea: &Gitea, repo: &RepoName, error: &Error) -> Diagnosis {
    match error.refusal() {
        Some((StatusCode::FORBIDDEN, message)) if message.contains("required scope") => {
            // Gitea names the scope: required=[write:issue], or read:issue, which write:issue includes.
            let is_issue = message.contains("required=[write:issue]") || message.contains("required=[read:issue]");
            lacks_scope(if is_issue { "write:issue" } else { "write:repository" })
        }
        Some((StatusCode::FORBIDDEN, message)) if message.contains("permission to write") => may_not_write(repo),
        Some((StatusCode::LOCKED, _)) => Diagnosis::new(
            format!("{repo} is archived"),
            "An archived repository takes no comments: set `comment: off`.",
        ),
        Some((status, message)) if status.is_redirection() && is_new_name(message) => Diagnosis::new(
            format!("{repo} was renamed or moved"),
            "Use the new name, which is in the server's response. Redirects are not followed, to protect the token.",
        ),
        Some((StatusCode::NOT_FOUND, message)) if !error.went_to_the_api() && !message.starts_with("not found") => {
            not_the_api()
        }
        Some((StatusCode::NOT_FOUND, _)) => match gitea.repository(repo).await {
            Ok(_) => Diagnosis::new(
                "The server does not know this request",
                "Gitea 1.24 or later is required. If there is a proxy, check that it forwards the whole path \
                 `/api/v1/`.",
            ),
            Err(cause) if !cause.is_not_found() => Diagnosis::passing(
                "The server returned 404, and the reason is unknown",
                format!(
                    "Could not check whether {repo} exists ({cause}). Re-run this job when the server is available \
                     again."
                ),
            ),
            Err(_) => Diagnosis::new(
                format!("{repo} is missing, or hidden from the token"),
                format!(
                    "Check the name, and check that the token's account can read {repo}. Gitea gives the same \
                     response for a missing and for a hidden repository."
                ),
            ),
        },
        _ => general(error),
    }
}

/// Whether this is the redirect of a renamed repository. Gitea redirects to the new name with a path, without a host.
fn is_new_name(message: &str) -> bool {
    message.strip_prefix("it points to /").is_some_and(|path| !path.starts_with('/') && path.contains("api/v1/repos/"))
}

/// The causes that every request can have.
fn general(error: &Error) -> Diagnosis {
    match &error.kind {
        Kind::Untrusted { problem: Certificate::Unknown, .. } => Diagnosis::new(
            "The server's certificate is not trusted",
            "Set SSL_CERT_FILE in the step's `env:` to the file of the CA that signed it.",
        ),
        Kind::Untrusted { problem: Certificate::Unusable, .. } => Diagnosis::new(
            "The server's certificate cannot be used",
            "Use a certificate that has the server's name as subjectAltName and is not a CA itself, or set \
             SSL_CERT_FILE to exactly this certificate.",
        ),
        Kind::Untrusted { problem: Certificate::Outdated, .. } => Diagnosis::new(
            "The server's certificate is not valid at this time",
            "Renew it on the server. If it is still valid, correct the runner's clock.",
        ),
        Kind::Untrusted { problem: Certificate::OtherName, .. } => Diagnosis::new(
            "The server's certificate is for another name",
            "Set `api-url` to a name that is in the certificate.",
        ),
        Kind::Untrusted { problem: Certificate::NoAuthorities, .. } => Diagnosis::new(
            "The trusted CA certificates could not be read",
            "Check that SSL_CERT_FILE or SSL_CERT_DIR names PEM files that exist where the job runs, such as in its \
             container.",
        ),
        Kind::NotSent { .. } => Diagnosis::new(
            "The server could not be reached",
            "Check that the runner can reach `api-url` (name, port, proxy).",
        ),
        Kind::NotGitea { status, .. } if !error.went_to_the_api() && !status.is_server_error() => not_the_api(),
        Kind::NotGitea { status, .. } if status.is_client_error() && *status != StatusCode::TOO_MANY_REQUESTS => {
            Diagnosis::new(format!("The response is not from Gitea ({})", status.as_u16()), NOT_GITEA)
        }
        Kind::NotGitea { status, .. } if status.is_success() && error.is_read() => {
            Diagnosis::new("The response is not from Gitea", NOT_GITEA)
        }
        Kind::TooLong { .. } if error.is_read() => Diagnosis::new(
            "The server's response exceeds the size limit",
            "Look for very long comments or descriptions (a million characters), or hundreds of contexts on one \
             commit.",
        ),
        Kind::NoAnswer { .. } if error.is_read() => {
            Diagnosis::passing("The server's response was lost", "Re-run this job when the server is available again.")
        }
        Kind::NotGitea { status, .. } if status.is_success() => lost(),
        Kind::NoAnswer { .. } | Kind::TooLong { .. } => lost(),
        Kind::Refused { status, message, .. } | Kind::NotGitea { status, cause: message, .. } => {
            refused(*status, message)
        }
    }
}

/// The meaning of an HTTP status that is not a success, from any program.
fn refused(status: StatusCode, message: &str) -> Diagnosis {
    match status {
        StatusCode::UNAUTHORIZED => Diagnosis::new(
            "The access token is not valid",
            "It may have been deleted, or its account disabled. Make a new token, and store it as the secret.",
        ),
        StatusCode::TOO_MANY_REQUESTS => Diagnosis::passing("The server is busy (429)", "Re-run this job later."),
        status if status.is_redirection() => Diagnosis::new(
            format!("The server redirects ({})", status.as_u16()),
            "Set `api-url` to the address that the server redirects to. If that is a sign-in page, let requests to \
             `/api/v1/` bypass it. Redirects are not followed, to protect the token.",
        ),
        status if status.is_server_error() => Diagnosis::passing(
            format!("The server failed ({})", status.as_u16()),
            "Re-run this job when the server is available again; see the server's log.",
        ),
        status => Diagnosis::new(
            format!("The server refused ({}): {}", status.as_u16(), short(message)),
            "The server's message gives the reason.",
        ),
    }
}

fn lost() -> Diagnosis {
    Diagnosis::new("The server's response was lost", "Check on the server whether the request took effect.")
}

fn not_the_api() -> Diagnosis {
    Diagnosis::new("`api-url` is not the API's address", "Set it to the address of the server's pages plus `/api/v1`.")
}

/// The first words of a message, for a place of some 70 characters.
fn short(message: &str) -> String {
    one_line(message).chars().take(60).collect()
}

/// The names of the workflow files at the ref.
pub(crate) async fn names_there(gitea: &Gitea, workflow: &Workflow) -> Vec<String> {
    for folder in WORKFLOW_FOLDERS {
        if let Ok(names) = gitea.file_names(&workflow.target, folder, workflow.git_ref.name()).await {
            return names;
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests;
