//! Why a request failed.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, StatusCode, Url};

use super::retry::Failure;

/// The plain text of Gitea's router for an unknown route. All other refusals of Gitea are JSON.
pub(super) const NO_SUCH_ROUTE: &str = "404 page not found";

/// The request, its address, the number of attempts and the result. It never contains the token.
#[derive(Debug, thiserror::Error)]
pub(crate) struct Error {
    pub(super) request: Box<Request>,
    pub(super) attempts: u32,
    pub(crate) kind: Kind,
}

/// A request, and the proxy that it went through.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) proxy: Option<Arc<str>>,
}

/// One variant per reaction of the caller.
#[derive(Debug)]
pub(crate) enum Kind {
    /// Nothing was sent: the server has not seen the request.
    NotSent { cause: String },
    /// Nothing was sent, since the server could not prove its identity.
    Untrusted { cause: String, problem: Certificate },
    /// The response was lost. The request may have taken effect.
    NoAnswer { cause: String },
    /// Gitea refused; `retry_after` is its `Retry-After`.
    Refused { status: StatusCode, message: String, retry_after: Option<Duration> },
    /// The response is not Gitea's JSON: a proxy's page, or another program. The HTTP status may be a success or not.
    NotGitea { status: StatusCode, cause: String, retry_after: Option<Duration> },
    /// The response exceeds the size limit.
    TooLong { cause: String },
}

/// What is wrong with a server's certificate, or with the trusted certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Certificate {
    /// No trusted CA signed it.
    Unknown,
    /// It is not a server's certificate, or has no server name.
    Unusable,
    /// It has expired, or is not valid yet.
    Outdated,
    OtherName,
    /// The runner's trusted certificate authorities could not be read.
    NoAuthorities,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { request, attempts, kind } = self;
        match kind {
            Kind::NotSent { cause } | Kind::Untrusted { cause, .. } => {
                write!(f, "{request} could not be sent: {cause}")?
            }
            Kind::NoAnswer { cause } => write!(f, "{request} got no response: {cause}")?,
            Kind::Refused { status, message, .. } => write!(f, "{request} returned {status}: {message}")?,
            Kind::NotGitea { status, cause, .. } => {
                write!(f, "{request} returned {status}, but not in Gitea's format: {cause}")?;
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
    /// What the failure says about the request: whether the server did it, and whether a retry may help.
    pub(super) fn failure(&self) -> Failure {
        match &self.kind {
            // The certificate will not change within a second.
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
                    // Gitea responds 500 to a write for an unknown commit or pull request; a retry would not help.
                    (StatusCode::INTERNAL_SERVER_ERROR | StatusCode::NOT_IMPLEMENTED, _)
                        if !self.is_read() && self.refusal().is_some() =>
                    {
                        Failure::Final
                    }
                    // Either a read, which may be retried, or a proxy's response (502, 503, 504, 520 and so on). It is
                    // unknown what the server behind the proxy did.
                    (status, _) if status.is_server_error() => Failure::Lost,
                    _ => Failure::Final,
                }
            }
        }
    }

    /// Whether the request may have taken effect without a response.
    pub(crate) fn is_unknown(&self) -> bool {
        matches!(self.failure(), Failure::Lost | Failure::Garbled)
    }

    /// Whether something may have been written without a response. A GET never writes.
    pub(crate) fn may_have_written(&self) -> bool {
        self.is_unknown() && !self.is_read()
    }

    /// Whether the request only reads.
    pub(crate) fn is_read(&self) -> bool {
        self.request.method == Method::GET
    }

    /// Whether the request was an edit.
    pub(crate) fn is_edit(&self) -> bool {
        self.request.method == Method::PATCH
    }

    /// Whether the request went to an address of Gitea's API.
    pub(crate) fn went_to_the_api(&self) -> bool {
        self.request.url.path().contains("/api/v1/")
    }

    /// Whether Gitea's JSON says that the thing does not exist or is hidden. A proxy's page does not count, nor does
    /// a server without this route.
    pub(crate) fn is_not_found(&self) -> bool {
        self.refusal().is_some_and(|(status, message)| status == StatusCode::NOT_FOUND && message != NO_SUCH_ROUTE)
    }

    /// Whether Gitea says that the run does not exist, or that the whole repository is hidden. Other programs use other JSON
    /// for a missing page.
    pub(crate) fn is_missing_run(&self) -> bool {
        self.refusal().is_some_and(|(status, message)| {
            status == StatusCode::NOT_FOUND
                && message != NO_SUCH_ROUTE
                && ["not found", "does not exist"].iter().any(|words| message.contains(words))
        })
    }

    /// Whether the server refused, and would refuse a retry too.
    pub(crate) fn is_final_refusal(&self) -> bool {
        self.failure() == Failure::Final && self.refusal().is_some()
    }

    /// Whether Gitea says that the comment does not exist. Another program's 404 does not count.
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

#[cfg(test)]
impl Error {
    /// An error of one attempt without a proxy.
    pub(crate) fn of(method: Method, url: &str, kind: Kind) -> Self {
        let request = Request { method, url: url.parse().unwrap(), proxy: None };
        Self { request: Box::new(request), attempts: 1, kind }
    }
}
