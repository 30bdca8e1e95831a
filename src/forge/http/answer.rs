//! The body of a response: Gitea's JSON, or another program's page.

#[cfg(test)]
mod property_tests;

use std::borrow::Cow;
use std::time::Duration;

use reqwest::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::forge::Kind;
use crate::forge::error::NO_SUCH_ROUTE;
use crate::text::{one_line, quoted};
use crate::types::Token;

/// How many bytes of a page are searched for its title.
const HEAD_OF_PAGE: usize = 64 << 10;

/// The text of a body, without the token. The token is removed before the text is parsed or cut, even if JSON escapes
/// hide it.
pub(super) fn text<'a>(body: &'a [u8], token: &Token) -> Cow<'a, str> {
    let mut text = String::from_utf8_lossy(body);
    if text.contains("\\u") {
        text = Cow::Owned(without_escapes(&text));
    }
    if text.contains(token.reveal()) {
        text = Cow::Owned(token.redact(&text));
    }
    text
}

/// The same JSON, with escapes such as `\u0041` replaced by the plain character.
fn without_escapes(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    let mut rest = json;
    while let Some((before, escape)) = rest.split_once('\\') {
        text.push_str(before);
        let code = escape.strip_prefix('u').and_then(|digits| digits.get(..4));
        let code = code.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        rest = match code.filter(|code| code.is_ascii_graphic() && !b"\"\\".contains(code)) {
            Some(code) => {
                text.push(char::from(code));
                &escape[5..]
            }
            None => {
                text.push('\\');
                // The escaped character may be a backslash, which starts no other escape.
                let length = escape.chars().next().map_or(0, char::len_utf8);
                text.push_str(&escape[..length]);
                &escape[length..]
            }
        };
    }
    text + rest
}

/// The value of a successful response.
pub(super) fn value<T: DeserializeOwned>(status: StatusCode, body: &str, token: &Token) -> Result<T, Kind> {
    let json = if status == StatusCode::NO_CONTENT { "null" } else { body };
    serde_json::from_str(json).map_err(|cause| unreadable(status, body, token, &cause))
}

/// The error for a successful response whose JSON could not be read.
fn unreadable(status: StatusCode, body: &str, token: &Token, cause: &serde_json::Error) -> Kind {
    // The JSON is cut off: the rest of the response was lost.
    if cause.is_eof() {
        return Kind::NoAnswer { cause: format!("it is incomplete: {cause}") };
    }
    let cause = match title(body) {
        Some(title) => a_page(&title),
        // The parser's message quotes what it found, however long that is.
        None => format!("{} in {}", one_line(&token.redact(&cause.to_string())), shown(body)),
    };
    Kind::NotGitea { status, cause, retry_after: None }
}

/// Reads a response that is not a success: from Gitea itself, or from another program.
pub(super) fn refusal(status: StatusCode, body: &str, retry_after: Option<Duration>, token: &Token) -> Kind {
    if status.is_informational() {
        return Kind::NoAnswer { cause: format!("only {status}, which is not a final response") };
    }
    let text = body.trim();
    let message = if text.is_empty() || text == NO_SUCH_ROUTE { Some(shown(text)) } else { message_of(text, token) };
    match message {
        Some(message) => Kind::Refused { status, message, retry_after },
        None => Kind::NotGitea {
            status,
            cause: title(text).map_or_else(|| shown(text), |title| a_page(&title)),
            retry_after,
        },
    }
}

/// The message of Gitea's JSON with its errors; `None` if it is something else.
fn message_of(body: &str, token: &Token) -> Option<String> {
    #[derive(Deserialize)]
    struct Message {
        message: String,
        errors: Option<Vec<String>>,
    }
    let Message { message, errors } = serde_json::from_str(body).ok()?;
    // In production, Gitea shows the message of a 500 only to its administrators.
    let parts = [message].into_iter().chain(errors.unwrap_or_default()).filter(|part| !part.trim().is_empty());
    Some(match parts.collect::<Vec<_>>().join(": ") {
        empty if empty.is_empty() => "no message".to_owned(),
        text => one_line(&token.redact(&text)),
    })
}

/// The title of an HTML page.
fn title(body: &str) -> Option<String> {
    let head = String::from_utf8_lossy(&body.as_bytes()[..body.len().min(HEAD_OF_PAGE)]);
    let lower = head.to_ascii_lowercase();
    let start = lower.find("<title")?;
    let start = start + lower[start..].find('>')? + 1;
    let end = start + lower[start..].find("</title")?;
    let words: Vec<&str> = head[start..end].split_whitespace().collect();
    Some(words.join(" ")).filter(|title| !title.is_empty())
}

fn a_page(title: &str) -> String {
    format!("a page with the title {}", quoted(title))
}

fn shown(body: &str) -> String {
    match one_line(body) {
        text if text.is_empty() => "an empty response".to_owned(),
        text => text,
    }
}
