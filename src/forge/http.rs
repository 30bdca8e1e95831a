//! Sends requests. Only this module knows the HTTP client.

mod answer;
mod clients;
mod failure;

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, DATE, LOCATION, RANGE, RETRY_AFTER};
use reqwest::{Method, StatusCode, Url};
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

/// A successful response.
pub(super) struct Answer<T> {
    pub(super) value: T,
    /// `X-Total-Count`: how many entries the list has on all pages.
    pub(super) total: Option<usize>,
    /// The server's own clock.
    pub(super) date: Option<OffsetDateTime>,
    /// The length of its body in bytes.
    pub(super) length: usize,
}

/// A successful response as text, without the token.
struct Read {
    status: StatusCode,
    text: String,
    /// The length of the body in bytes.
    length: usize,
    total: Option<usize>,
    date: Option<OffsetDateTime>,
}

/// A request.
struct Sent {
    method: Method,
    url: Url,
    /// JSON.
    body: Option<Vec<u8>>,
    /// How many bytes at the end of the response are wanted; `None`: all.
    last_bytes: Option<usize>,
}

impl Http {
    /// A client that reaches the server through `proxy`, or directly. The error is a complete sentence.
    pub(super) fn new(
        token: &Token,
        roots: TrustedRoots,
        proxy: Option<Proxy>,
        deadline: Deadline,
        underway: Underway,
    ) -> Result<Self, String> {
        Ok(Self { clients: Clients::new(token, roots, proxy)?, token: token.clone(), deadline, underway })
    }

    /// The same client with another deadline.
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

    /// The last `bytes` of a text, without the token, and whether there may be more before them. The request is only retried if the
    /// server certainly did nothing.
    pub(super) async fn end_of_text(&self, url: Url, bytes: usize, limits: Limits) -> Result<(String, bool), Error> {
        let sent = Sent { method: Method::GET, url, body: None, last_bytes: Some(bytes) };
        let limits = Limits { answer: bytes, ..limits };
        let read = self.read(&sent, Again::IfNotDone, limits, &mut |_| Ok(())).await?;
        Ok((read.text, read.length >= bytes))
    }

    /// Sends the request, retries it as `again` and `limits` allow, and reads the response as JSON.
    pub(super) async fn request<B: Serialize, T: DeserializeOwned>(
        &self,
        method: Method,
        url: Url,
        body: Option<&B>,
        again: Again,
        limits: Limits,
    ) -> Result<Answer<T>, Error> {
        let sent = self.sent(method, url, body)?;
        let mut value = None;
        let mut parse = |read: &Read| {
            value = Some(answer::value(read.status, &read.text, &self.token)?);
            Ok(())
        };
        let Read { length, total, date, .. } = self.read(&sent, again, limits, &mut parse).await?;
        let answer = value.map(|value| Answer { value, total, date, length });
        answer.ok_or_else(|| self.error(sent.method, sent.url, Kind::NoAnswer { cause: "nothing was read".to_owned() }))
    }

    /// The request with `body` as JSON.
    fn sent<B: Serialize>(&self, method: Method, url: Url, body: Option<&B>) -> Result<Sent, Error> {
        match body.map(serde_json::to_vec).transpose() {
            Ok(body) => Ok(Sent { method, url, body, last_bytes: None }),
            Err(cause) => Err(self.error(method, url, Kind::NotSent { cause: cause.to_string() })),
        }
    }

    /// Sends the request until `parse` accepts a response. There is one function for all types: a copy per type would
    /// add some kilobytes to the binary.
    async fn read(
        &self,
        sent: &Sent,
        again: Again,
        limits: Limits,
        parse: &mut (dyn FnMut(&Read) -> Result<(), Kind> + '_),
    ) -> Result<Read, Error> {
        let deadline = self.deadline.last_attempt().min(Instant::now() + limits.total);
        retry(again, deadline, async || {
            let left = deadline.saturating_duration_since(Instant::now());
            let limits = Limits { attempt: limits.attempt.min(left), ..limits };
            let read = self.exchange(sent, again, limits).await?;
            match parse(&read) {
                Ok(()) => Ok(read),
                Err(kind) => Err(self.error(sent.method.clone(), sent.url.clone(), kind)),
            }
        })
        .await
    }

    /// One attempt. Returns the text of a successful response.
    async fn exchange(&self, sent: &Sent, again: Again, limits: Limits) -> Result<Read, Error> {
        let Sent { method, url, body, last_bytes } = sent;
        let error = |kind| self.error(method.clone(), url.clone(), kind);
        let client =
            self.clients.for_attempt(method, again, limits.attempt).map_err(|cause| error(not_answered(cause)))?;
        let mut builder = client.request(method.clone(), url.clone()).timeout(limits.attempt);
        if let Some(json) = body {
            builder = builder.header(CONTENT_TYPE, "application/json").body(json.clone());
        }
        if let Some(bytes) = last_bytes {
            builder = builder.header(RANGE, format!("bytes=-{bytes}"));
        }
        let _underway = (*method != Method::GET).then(|| self.underway.note(format!("{method} {url}")));
        let mut response = builder.send().await.map_err(|cause| error(not_answered(cause)))?;
        let status = response.status();
        let header = |name: &str| response.headers().get(name)?.to_str().ok();
        let time = |text: &str| OffsetDateTime::parse(text, &Rfc2822).ok();
        let total = header("x-total-count").and_then(|total| total.parse().ok());
        let date = header(DATE.as_str()).and_then(time);
        let location = header(LOCATION.as_str()).map(|location| one_line(&self.token.redact(location)));
        // The header holds a number of seconds, or a date.
        let retry_after = header(RETRY_AFTER.as_str()).and_then(|text| match text.parse() {
            Ok(seconds) => Some(Duration::from_secs(seconds)),
            Err(_) => Duration::try_from(time(text)? - date.unwrap_or_else(OffsetDateTime::now_utc)).ok(),
        });
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|cause| error(not_answered(cause)))? {
            if body.len() + chunk.len() > limits.answer {
                let cause = format!("the response has more than {}", size(limits.answer));
                return Err(error(Kind::TooLong { cause }));
            }
            body.extend_from_slice(&chunk);
        }
        let length = body.len();
        let body = answer::text(&body, &self.token);
        if !status.is_success() {
            return Err(error(match location {
                Some(location) if status.is_redirection() => {
                    let message = format!("it points to {location}, which is not followed");
                    Kind::Refused { status, message, retry_after }
                }
                _ => answer::refusal(status, &body, retry_after, &self.token),
            }));
        }
        Ok(Read { status, text: body.into_owned(), length, total, date })
    }
}

/// A size in bytes for people.
fn size(bytes: usize) -> String {
    if bytes < 1 << 20 { format!("{} KiB", bytes >> 10) } else { format!("{} MiB", bytes >> 20) }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn size_is_in_the_largest_unit_that_fits() {
        assert_eq!([1 << 10, (1 << 20) - 1, 1 << 20, 64 << 20].map(size), ["1 KiB", "1023 KiB", "1 MiB", "64 MiB"]);
    }
}
