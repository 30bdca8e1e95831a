//! Sending a request: the only place that knows the HTTP client.

mod answer;
mod clients;
mod failure;

use std::time::Duration;

use reqwest::header::{DATE, LOCATION, RETRY_AFTER};
use reqwest::{Method, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;
use tokio::time::Instant;

use super::error::Request;
use super::retry::{Again, Limits, retry};
use super::{Error, Kind};
use crate::deadline::Deadline;
use crate::proxy::Proxy;
use crate::signals::Underway;
use crate::text::one_line;
use crate::tls::TrustedRoots;
use crate::types::Token;
use clients::Clients;
use failure::{causes, not_answered};

#[derive(Clone)]
pub(super) struct Http {
    clients: Clients,
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
    /// The length of its body in bytes.
    pub(super) length: usize,
}

impl Http {
    /// A client that reaches the server through `proxy`, or directly. An error is a sentence.
    pub(super) fn new(
        token: &Token,
        roots: TrustedRoots,
        proxy: Option<Proxy>,
        deadline: Deadline,
        underway: Underway,
    ) -> Result<Self, String> {
        Ok(Self { clients: Clients::new(token, roots, proxy)?, token: token.clone(), deadline, underway })
    }

    /// The same client for requests that end before another deadline.
    pub(super) fn until(&self, deadline: Deadline) -> Self {
        Self { deadline, ..self.clone() }
    }

    /// A text without the token.
    pub(super) fn redact(&self, text: &str) -> String {
        self.token.redact(text)
    }

    /// The error of one attempt.
    pub(super) fn error(&self, method: Method, url: Url, kind: Kind) -> Error {
        let request = Box::new(Request { method, url, proxy: self.clients.proxy() });
        Error { request, attempts: 1, kind }
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
            let limits = Limits { attempt: limits.attempt.min(left), ..limits };
            self.attempt(method.clone(), url.clone(), body, again, limits).await
        })
        .await
    }

    async fn attempt<B: Serialize, T: DeserializeOwned>(
        &self,
        method: Method,
        url: Url,
        body: Option<&B>,
        again: Again,
        limits: Limits,
    ) -> Result<Answer<T>, Error> {
        let error = |kind| self.error(method.clone(), url.clone(), kind);
        let client =
            self.clients.for_attempt(&method, again, limits.attempt).map_err(|cause| error(not_answered(cause)))?;
        let mut builder = client.request(method.clone(), url.clone()).timeout(limits.attempt);
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
        let body = answer::text(&body, &self.token);
        let length = body.len();
        if !status.is_success() {
            return Err(error(match location {
                Some(location) if status.is_redirection() => {
                    let message = format!("it points to {location}, which is not followed");
                    Kind::Refused { status, message, retry_after }
                }
                _ => answer::refusal(status, &body, retry_after, &self.token),
            }));
        }
        let value = answer::value(status, &body, &self.token).map_err(error)?;
        Ok(Answer { value, total, date, length })
    }
}
