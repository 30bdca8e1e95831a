//! Why a request has not done what it should.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, StatusCode, Url};

use super::retry::Failure;

/// What Gitea's router says, in plain text, where it has no such route. Everything else that Gitea refuses has JSON.
pub(super) const NO_SUCH_ROUTE: &str = "404 page not found";

/// What was tried, where, how often, and what came back. The token is in none of it.
#[derive(Debug, thiserror::Error)]
pub(crate) struct Error {
    pub(super) request: Box<Request>,
    pub(super) attempts: u32,
    pub(crate) kind: Kind,
}

/// A request, and the way that it went.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) proxy: Option<Arc<str>>,
}

/// One variant a reaction.
#[derive(Debug)]
pub(crate) enum Kind {
    /// Nothing was sent: the server does not know of the request.
    NotSent { cause: String },
    /// Nothing was sent, since the server could not show that it is the one that is meant.
    Untrusted { cause: String, problem: Certificate },
    /// The request may have had its effect.
    NoAnswer { cause: String },
    /// Gitea said no; `retry_after` is how long it asks to wait.
    Refused { status: StatusCode, message: String, retry_after: Option<Duration> },
    /// Something else than Gitea answered, or in other words: a proxy's page, another program. It said yes or no by its status.
    NotGitea { status: StatusCode, cause: String, retry_after: Option<Duration> },
    /// The server said more than is read.
    TooLong { cause: String },
}

/// What is wrong with a certificate, or with those that it is checked by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Certificate {
    /// Nobody who is trusted has signed it.
    Unknown,
    /// It is none for a server, or names none.
    Unusable,
    /// It has expired, or is of a time to come.
    Outdated,
    OtherName,
    /// The runner's own bundle of authorities.
    NoAuthorities,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { request, attempts, kind } = self;
        match kind {
            Kind::NotSent { cause } | Kind::Untrusted { cause, .. } => {
                write!(f, "{request} could not be sent: {cause}")?
            }
            Kind::NoAnswer { cause } => write!(f, "{request} got no answer: {cause}")?,
            Kind::Refused { status, message, .. } => write!(f, "{request} was answered {status}: {message}")?,
            Kind::NotGitea { status, cause, .. } => {
                write!(f, "{request} was answered {status}, but not as Gitea does: {cause}")?;
            }
            Kind::TooLong { cause } => write!(f, "{request}: {cause}")?,
        }
        if *attempts > 1 { write!(f, " (tried {attempts} times)") } else { Ok(()) }
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.url)?;
        if let Some(proxy) = &self.proxy { write!(f, " through the proxy {proxy}") } else { Ok(()) }
    }
}

impl Error {
    /// What this says about the request: whether the server did it, and may do it later.
    pub(super) fn failure(&self) -> Failure {
        match &self.kind {
            // It will not be another one in a second.
            Kind::Untrusted { .. } => Failure::Final,
            Kind::NotSent { .. } => Failure::NotDone { wait: None },
            Kind::NoAnswer { .. } => Failure::Lost,
            Kind::TooLong { .. } if self.is_read() => Failure::Final,
            Kind::TooLong { .. } => Failure::Garbled,
            Kind::NotGitea { status, .. } if status.is_success() => Failure::Garbled,
            Kind::Refused { status, retry_after, .. } | Kind::NotGitea { status, retry_after, .. } => {
                match (*status, *retry_after) {
                    (StatusCode::TOO_MANY_REQUESTS, wait) => Failure::NotDone { wait },
                    (StatusCode::SERVICE_UNAVAILABLE, Some(wait)) => Failure::NotDone { wait: Some(wait) },
                    // Gitea answers 500 to a write for an unknown commit or pull request, and would again.
                    (StatusCode::INTERNAL_SERVER_ERROR | StatusCode::NOT_IMPLEMENTED, _)
                        if !self.is_read() && self.refusal().is_some() =>
                    {
                        Failure::Final
                    }
                    // A read, which may be tried again; or a proxy's word (502, 503, 504, 520 and so on): nobody knows what the server
                    // behind it has done.
                    (status, _) if status.is_server_error() => Failure::Lost,
                    _ => Failure::Final,
                }
            }
        }
    }

    /// Whether the request may have had its effect without a word.
    pub(crate) fn is_unknown(&self) -> bool {
        matches!(self.failure(), Failure::Lost | Failure::Garbled)
    }

    /// Whether something may have been written, without a word: a lost answer to a GET leaves nothing behind.
    pub(crate) fn may_have_written(&self) -> bool {
        self.is_unknown() && !self.is_read()
    }

    /// Whether the request only reads.
    pub(crate) fn is_read(&self) -> bool {
        self.request.method == Method::GET
    }

    /// Whether the request was to change what is there.
    pub(crate) fn is_edit(&self) -> bool {
        self.request.method == Method::PATCH
    }

    /// Whether the request went to an address that Gitea's API has.
    pub(crate) fn asked_the_api(&self) -> bool {
        self.request.url.path().contains("/api/v1/")
    }

    /// Whether Gitea says in its JSON that there is no such thing, or that it is hidden. A page of a proxy does not say it, nor does
    /// a server that has no such route.
    pub(crate) fn is_not_found(&self) -> bool {
        self.refusal().is_some_and(|(status, message)| status == StatusCode::NOT_FOUND && message != NO_SUCH_ROUTE)
    }

    /// Whether Gitea says that there is no such run, or that all of its repository is hidden. Other programs have JSON for a missing
    /// page, too, in other words.
    pub(crate) fn is_missing_run(&self) -> bool {
        self.refusal().is_some_and(|(status, message)| {
            status == StatusCode::NOT_FOUND
                && message != NO_SUCH_ROUTE
                && ["not found", "does not exist"].iter().any(|words| message.contains(words))
        })
    }

    /// Whether the server says no, and would again.
    pub(crate) fn is_final_refusal(&self) -> bool {
        self.failure() == Failure::Final && self.refusal().is_some()
    }

    /// Whether Gitea says that there is no such comment, rather than another that there is no such page.
    pub(crate) fn is_missing_comment(&self) -> bool {
        self.refusal().is_some_and(|(status, message)| {
            status == StatusCode::NOT_FOUND && message.contains("comment does not exist")
        })
    }

    /// The status and the message of a refusal by Gitea itself.
    pub(crate) fn refusal(&self) -> Option<(StatusCode, &str)> {
        match &self.kind {
            Kind::Refused { status, message, .. } => Some((*status, message)),
            _ => None,
        }
    }
}
