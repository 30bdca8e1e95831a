//! Sending a request: the only place that knows the HTTP client.

#[cfg(test)]
mod property_tests;

use std::borrow::Cow;
use std::error::Error as _;
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, DATE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::{Client, Method, StatusCode, Url, redirect};
use rustls::CertificateError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;
use tokio::time::Instant;

use super::retry::{Again, Limits, retry};
use super::{Certificate, Error, Kind};
use crate::deadline::Deadline;
use crate::signals::Underway;
use crate::text::one_line;
use crate::tls::{self, TrustedRoots};
use crate::types::Token;

/// How long to wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Clone)]
pub(super) struct Http {
    client: Client,
    token: Token,
    deadline: Deadline,
    underway: Underway,
}

/// A successful answer.
pub(super) struct Answer<T> {
    pub(super) value: T,
    /// `X-Total-Count`: how many entries the list has on all pages.
    pub(super) total: Option<usize>,
    /// The server's own clock.
    pub(super) date: Option<OffsetDateTime>,
}

impl Http {
    /// An error is a sentence.
    pub(super) fn new(
        token: &Token,
        roots: TrustedRoots,
        deadline: Deadline,
        underway: Underway,
    ) -> Result<Self, String> {
        let mut authorization =
            HeaderValue::try_from(format!("token {}", token.reveal())).map_err(|error| error.to_string())?;
        authorization.set_sensitive(true);
        let json = HeaderValue::from_static("application/json");
        let headers = HeaderMap::from_iter([(AUTHORIZATION, authorization), (ACCEPT, json)]);
        let tls = tls::client_config(roots).map_err(|error| error.to_string())?;
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .user_agent(concat!("dispatch-action/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            // A redirect could take the token to another server, or turn a POST into a GET.
            .redirect(redirect::Policy::none())
            .referer(false)
            .connect_timeout(CONNECT_TIMEOUT)
            .build()
            .map_err(|error| causes(&error))?;
        Ok(Self { client, token: token.clone(), deadline, underway })
    }

    /// The same client for requests that end before another deadline.
    pub(super) fn until(&self, deadline: Deadline) -> Self {
        Self { deadline, ..self.clone() }
    }

    /// A text without the token.
    pub(super) fn redact(&self, text: &str) -> String {
        self.token.redact(text)
    }

    /// Sends the request, again and again as `again` and `limits` say, and reads its answer as JSON.
    pub(super) async fn request<B: Serialize, T: DeserializeOwned>(
        &self,
        method: Method,
        url: Url,
        body: Option<&B>,
        again: Again,
        limits: Limits,
    ) -> Result<Answer<T>, Error> {
        let deadline = self.deadline.last_attempt().min(Instant::now() + limits.total);
        retry(again, deadline, async || {
            let left = deadline.saturating_duration_since(Instant::now());
            self.attempt(method.clone(), url.clone(), body, Limits { attempt: limits.attempt.min(left), ..limits })
                .await
        })
        .await
    }

    async fn attempt<B: Serialize, T: DeserializeOwned>(
        &self,
        method: Method,
        url: Url,
        body: Option<&B>,
        limits: Limits,
    ) -> Result<Answer<T>, Error> {
        let error = |kind| Error { method: method.clone(), url: url.clone(), attempts: 1, kind };
        let mut builder = self.client.request(method.clone(), url.clone()).timeout(limits.attempt);
        if let Some(body) = body {
            builder = builder.json(body);
        }
        let _underway = (method != Method::GET).then(|| self.underway.note(format!("{method} {url}")));
        let mut response = builder.send().await.map_err(|cause| error(not_answered(cause)))?;
        let status = response.status();
        let header = |name: &str| response.headers().get(name)?.to_str().ok();
        let time = |text: &str| OffsetDateTime::parse(text, &Rfc2822).ok();
        let total = header("x-total-count").and_then(|total| total.parse().ok());
        let date = header(DATE.as_str()).and_then(time);
        let location = header(LOCATION.as_str()).map(|location| one_line(&self.token.redact(location)));
        // In seconds, or the time itself.
        let retry_after = header(RETRY_AFTER.as_str()).and_then(|text| match text.parse() {
            Ok(seconds) => Some(Duration::from_secs(seconds)),
            Err(_) => Duration::try_from(time(text)? - date.unwrap_or_else(OffsetDateTime::now_utc)).ok(),
        });
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|cause| error(not_answered(cause)))? {
            if body.len() + chunk.len() > limits.answer {
                let cause = format!("the answer has more than {} MiB", limits.answer >> 20);
                return Err(error(Kind::TooLong { cause }));
            }
            body.extend_from_slice(&chunk);
        }
        // Before anything is cut, or becomes a part of a status.
        let mut body = String::from_utf8_lossy(&body);
        if body.contains(self.token.reveal()) {
            body = Cow::Owned(self.token.redact(&body));
        }
        if !status.is_success() {
            let message = match location {
                Some(location) if status.is_redirection() => format!("it points to {location}, which is not followed"),
                _ => message_of(&body),
            };
            return Err(error(Kind::Refused { status, message, retry_after }));
        }
        let json = if status == StatusCode::NO_CONTENT { "null" } else { &body };
        match serde_json::from_str(json) {
            Ok(value) => Ok(Answer { value, total, date }),
            // It ends in the middle of a word: the rest got lost.
            Err(cause) if cause.is_eof() => Err(error(Kind::NoAnswer { cause: format!("it breaks off: {cause}") })),
            Err(cause) => Err(error(Kind::NotGitea { status, cause: format!("{cause} in {}", shown(&body)) })),
        }
    }
}

/// Whether the request was sent at all, and why it was not answered.
fn not_answered(error: reqwest::Error) -> Kind {
    let error = error.without_url();
    let cause = causes(&error);
    if !error.is_connect() && !error.is_builder() {
        return Kind::NoAnswer { cause };
    }
    match certificate_problem(&error) {
        Some(problem) => Kind::Untrusted { cause, problem },
        None => Kind::NotSent { cause },
    }
}

fn certificate_problem(error: &reqwest::Error) -> Option<Certificate> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref() {
            return match error {
                rustls::Error::InvalidCertificate(error) => Some(match error {
                    CertificateError::Expired
                    | CertificateError::ExpiredContext { .. }
                    | CertificateError::NotValidYet
                    | CertificateError::NotValidYetContext { .. } => Certificate::Outdated,
                    CertificateError::NotValidForNameContext { presented, .. } if !presented.is_empty() => {
                        Certificate::OtherName
                    }
                    CertificateError::UnknownIssuer | CertificateError::BadSignature => Certificate::Unknown,
                    _ => Certificate::Unusable,
                }),
                // A sentence of `tls`.
                rustls::Error::General(_) => Some(Certificate::NoAuthorities),
                _ => None,
            };
        }
        // An I/O error leaves out what it wraps when it is asked for its source.
        cause = match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

/// What the server itself said: the message of a JSON answer with its errors, else the beginning of the text.
fn message_of(body: &str) -> String {
    #[derive(serde::Deserialize)]
    struct Message {
        message: String,
        errors: Option<Vec<String>>,
    }
    match serde_json::from_str::<Message>(body) {
        Ok(Message { message, errors }) => {
            // In production Gitea keeps the message of a 500 from everyone but its administrators.
            let parts = [message].into_iter().chain(errors.unwrap_or_default()).filter(|part| !part.trim().is_empty());
            match parts.collect::<Vec<_>>().join(": ") {
                empty if empty.is_empty() => "no message".to_owned(),
                text => one_line(&text),
            }
        }
        Err(_not_json) => shown(body),
    }
}

fn shown(body: &str) -> String {
    match one_line(body) {
        text if text.is_empty() => "an empty answer".to_owned(),
        text => text,
    }
}

/// The causes of an error in one sentence: reqwest's own message only says that a request failed.
fn causes(error: &reqwest::Error) -> String {
    let mut sentence = String::new();
    let mut cause = error.source();
    while let Some(source) = cause {
        if !sentence.is_empty() {
            sentence.push_str(": ");
        }
        sentence.push_str(&source.to_string());
        cause = source.source();
    }
    if sentence.is_empty() { error.to_string() } else { sentence }
}
