//! Values from outside, parsed once and valid ever after.
//!
//! Everything that comes from an input, an event payload or a server passes through one of these types before it reaches a
//! request path, a link or a text. A parse error is the second half of a sentence that begins with the name of the value:
//! "input `target` must be `owner/name`, not `x`".

mod commenting;
mod given_status;
mod outcome;
mod run;
mod run_title;

use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub(crate) use commenting::{CommentMode, Commenting, LogLines};
pub(crate) use given_status::GivenStatus;
pub(crate) use outcome::{Ending, Outcome, State};
pub(crate) use run::{Head, Place, RunRef, Workflow};
pub(crate) use run_title::RunTitle;

use crate::text::quoted;

/// Why a text is not the value that it should be: "must be …, not `…`", or "must be …, and is empty".
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be {expected}, {}", if found.is_empty() { "and is empty".to_owned() } else { format!("not {}", quoted(found)) })]
pub(crate) struct Invalid {
    expected: &'static str,
    found: String,
}

impl Invalid {
    fn new(expected: &'static str, found: &str) -> Self {
        Self { expected, found: found.to_owned() }
    }
}

/// A repository as `owner/name`. Gitea compares both parts without regard to case, and so does this type.
#[derive(Debug, Clone)]
pub(crate) struct RepoName {
    pub(crate) owner: String,
    pub(crate) name: String,
}

impl FromStr for RepoName {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let valid = |part: &str| {
            !matches!(part, "" | "." | "..")
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        };
        match text.split_once('/') {
            Some((owner, name)) if valid(owner) && valid(name) => {
                Ok(Self { owner: owner.to_owned(), name: name.to_owned() })
            }
            _ => Err(Invalid::new("`owner/name`", text)),
        }
    }
}

impl fmt::Display for RepoName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

impl PartialEq for RepoName {
    fn eq(&self, other: &Self) -> bool {
        self.owner.eq_ignore_ascii_case(&other.owner) && self.name.eq_ignore_ascii_case(&other.name)
    }
}

/// A line of `allowed-sources`: one repository, or `owner/*` for all repositories of an owner.
#[derive(Debug, Clone)]
pub(crate) struct SourcePattern {
    owner: String,
    /// `None`: all repositories of the owner.
    name: Option<String>,
}

impl SourcePattern {
    pub(crate) fn matches(&self, repo: &RepoName) -> bool {
        self.owner.eq_ignore_ascii_case(&repo.owner)
            && self.name.as_ref().is_none_or(|name| name.eq_ignore_ascii_case(&repo.name))
    }
}

impl FromStr for SourcePattern {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid = |_| Invalid::new("lines of `owner/name` or `owner/*`", text);
        match text.strip_suffix("/*") {
            // Only the owner is checked here, so any name will do.
            Some(owner) => {
                let RepoName { owner, .. } = format!("{owner}/x").parse().map_err(invalid)?;
                Ok(Self { owner, name: None })
            }
            None => {
                let RepoName { owner, name } = text.parse().map_err(invalid)?;
                Ok(Self { owner, name: Some(name) })
            }
        }
    }
}

/// A full commit id: 40 (SHA-1) or 64 (SHA-256) hexadecimal digits. Gitea accepts short ids, and responds 500 to an id
/// that is not in the repository (seen on Gitea 1.24 to 1.27).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommitSha(String);

impl CommitSha {
    /// Whether all digits are zeros: the run is a trial run.
    pub(crate) fn is_zero(&self) -> bool {
        self.0.bytes().all(|b| b == b'0')
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The first ten digits, as Gitea shows a commit.
    pub(crate) fn short(&self) -> &str {
        &self.0[..10]
    }
}

impl FromStr for CommitSha {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit()) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(Invalid::new("a full commit SHA of 40 or 64 hexadecimal digits", text))
        }
    }
}

/// Defines a number that counts from 1.
macro_rules! number {
    ($(#[$doc:meta])* $name:ident, $expected:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
        #[serde(transparent)]
        pub(crate) struct $name(NonZeroU64);

        impl FromStr for $name {
            type Err = Invalid;

            fn from_str(text: &str) -> Result<Self, Invalid> {
                // `parse` alone would accept a plus sign and zeros in front.
                text.parse()
                    .ok()
                    .filter(|number: &NonZeroU64| number.to_string() == text)
                    .map(Self)
                    .ok_or_else(|| Invalid::new($expected, text))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<NonZeroU64> for $name {
            fn from(number: NonZeroU64) -> Self {
                Self(number)
            }
        }

        impl From<$name> for NonZeroU64 {
            fn from(number: $name) -> Self {
                number.0
            }
        }
    };
}

number! {
    /// The number of a pull request in its repository.
    PullRequestNumber, "the number of a pull request"
}
number! {
    /// The id of a run: unique on the server, and what the API's paths take.
    RunId, "the id of a run"
}
number! {
    /// The number that names a run in the web page's path: the number in the repository up to Gitea 1.25, the id from 1.26
    /// (seen on Gitea 1.25 to 1.27).
    RunNumber, "the number of a run"
}
number! {
    /// The id of a job: unique on the server, and what the API's paths take.
    JobId, "the id of a job"
}
number! {
    /// The id of a comment.
    CommentId, "the id of a comment"
}

/// The number that names a job in the address of its page: counts from 0 within its run up to Gitea 1.25, the job's id from
/// 1.26 on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct JobNumber(u64);

impl FromStr for JobNumber {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let number = text.parse().ok().filter(|number: &u64| number.to_string() == text);
        number.map(Self).ok_or_else(|| Invalid::new("the number of a job", text))
    }
}

impl fmt::Display for JobNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A time to wait: `90s`, `60m` or `2h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Timeout(Duration);

impl Timeout {
    pub(crate) fn duration(self) -> Duration {
        self.0
    }
}

impl FromStr for Timeout {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let units = [("s", 1), ("m", 60), ("h", 3600)];
        let seconds = units.iter().find_map(|(unit, seconds)| {
            let number = text.strip_suffix(unit)?;
            let number: u64 = number.parse().ok().filter(|_| number.bytes().all(|b| b.is_ascii_digit()))?;
            number.checked_mul(*seconds)
        });
        // No runner lets a job run for longer than a week.
        seconds
            .filter(|seconds| (1..=7 * 24 * 3600).contains(seconds))
            .map(|seconds| Self(Duration::from_secs(seconds)))
            .ok_or_else(|| Invalid::new("a time from `1s` to `168h`, such as `90s`, `60m` or `2h`", text))
    }
}

/// The file name of a workflow, such as `build.yml`: one segment of a path.
#[derive(Debug, Clone)]
pub(crate) struct WorkflowFile(String);

impl WorkflowFile {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for WorkflowFile {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let stem = text.strip_suffix(".yml").or_else(|| text.strip_suffix(".yaml"));
        match stem {
            Some(stem) if !stem.is_empty() && !text.contains(|c: char| matches!(c, '/' | '\\') || c.is_control()) => {
                Ok(Self(text.to_owned()))
            }
            _ => Err(Invalid::new("the file name of a workflow, such as `build.yml`, without its folder", text)),
        }
    }
}

/// The branch or tag at which the target's workflow runs: a branch name, `refs/heads/…` or `refs/tags/…`.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub(crate) struct GitRef(String);

impl GitRef {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of the branch, or of the tag.
    pub(crate) fn name(&self) -> &str {
        self.0.strip_prefix("refs/heads/").or_else(|| self.0.strip_prefix("refs/tags/")).unwrap_or(&self.0)
    }

    /// Whether it is a tag. A bare name is a branch's.
    pub(crate) fn is_tag(&self) -> bool {
        self.0.starts_with("refs/tags/")
    }
}

impl FromStr for GitRef {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let name = text.strip_prefix("refs/heads/").or_else(|| text.strip_prefix("refs/tags/")).unwrap_or(text);
        if name.is_empty() || name.starts_with("refs/") || text.contains(|c: char| c.is_control() || c == ' ') {
            Err(Invalid::new("a branch, `refs/heads/…` or `refs/tags/…`", text))
        } else {
            Ok(Self(text.to_owned()))
        }
    }
}

/// The name of a commit status, such as `dispatch-target/build`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct StatusContext(String);

impl StatusContext {
    /// The context that is used where none is given: `<target name>/build`.
    pub(crate) fn default_for(target: &RepoName) -> Self {
        Self(format!("{}/build", target.name))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for StatusContext {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        // Gitea accepts longer ones, but on databases other than SQLite its column has 255 characters.
        if text.is_empty() || text.chars().count() > 255 || text.contains(char::is_control) {
            Err(Invalid::new("one line of at most 255 characters", text))
        } else {
            Ok(Self(text.to_owned()))
        }
    }
}

/// The minimum length of a token. A shorter one may be a part of a name or a word, which would then be masked.
const TOKEN_LENGTH: usize = 16;

/// An access token: trimmed, too long to be a part of anything else, and safe in a header. It hides itself in `Debug`.
#[derive(Clone)]
pub(crate) struct Token(String);

impl Token {
    /// The token itself, for the request's header and the log's mask only.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// A text with the token masked.
    pub(crate) fn redact(&self, text: &str) -> String {
        // The replacement must not be a part of a token.
        text.replace(&self.0, if self.0.contains('*') { " " } else { "***" })
    }
}

impl FromStr for Token {
    type Err = InvalidToken;

    fn from_str(text: &str) -> Result<Self, InvalidToken> {
        let token = text.trim();
        if token.is_empty() {
            Err(InvalidToken::Empty)
        } else if !token.bytes().all(|b| b.is_ascii_graphic()) {
            Err(InvalidToken::Characters)
        } else if token.len() < TOKEN_LENGTH {
            Err(InvalidToken::Short)
        } else {
            Ok(Self(token.to_owned()))
        }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(***)")
    }
}

/// Why a text is not a token. It never holds the text.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidToken {
    #[error("is empty")]
    Empty,
    #[error("has characters that tokens never have (a space, a line break, an umlaut …): store the secret again")]
    Characters,
    #[error("has fewer than {TOKEN_LENGTH} characters, and real tokens have 40: store the whole token in the secret")]
    Short,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repository_is_two_plain_names() {
        for good in ["mporter/dispatch-target", "a/b", "A.b/c_d-e"] {
            assert_eq!(good.parse::<RepoName>().unwrap().to_string(), good);
        }
        for bad in [
            "", "a", "/", "a/", "/b", "a/b/c", "../b", "a/..", "a/.", "a b/c", "a/b?x", "a/b#x", "a/%2e", "ä/b",
            "a\n/b",
        ] {
            assert!(bad.parse::<RepoName>().is_err(), "{bad:?}");
        }
        assert_eq!("A/B".parse::<RepoName>(), "a/b".parse::<RepoName>());
    }

    #[test]
    fn source_pattern_is_a_repository_or_all_of_an_owner() {
        let matches =
            |pattern: &str, repo: &str| pattern.parse::<SourcePattern>().unwrap().matches(&repo.parse().unwrap());
        assert!(matches("mporter/dispatch-source", "MPorter/Dispatch-Source"));
        assert!(!matches("mporter/dispatch-source", "mporter/dispatch-source2"));
        assert!(matches("mporter/*", "mporter/anything"));
        assert!(!matches("mporter/*", "mporter2/anything"));
        for bad in ["", "*", "*/*", "*/name", "mporter", "mporter/", "mporter/dispatch-*", "a/b/*"] {
            assert!(bad.parse::<SourcePattern>().is_err(), "{bad}");
        }
    }

    #[test]
    fn commit_is_a_full_sha() {
        let sha = "7F68d9e953af69e55bb25a20071f79226f30f732".parse::<CommitSha>().unwrap();
        assert_eq!(sha.as_str(), "7f68d9e953af69e55bb25a20071f79226f30f732");
        assert!(!sha.is_zero());
        assert!("0".repeat(40).parse::<CommitSha>().unwrap().is_zero());
        assert!("0".repeat(64).parse::<CommitSha>().unwrap().is_zero());
        for bad in ["", "7f68d9e953", "main", &"g".repeat(40), &"0".repeat(41), &"ä".repeat(20)] {
            assert!(bad.parse::<CommitSha>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn number_counts_from_one() {
        assert_eq!("7".parse::<RunId>().unwrap().to_string(), "7");
        for bad in ["", "0", "-1", "+7", "07", " 7", "7x", "99999999999999999999"] {
            assert!(bad.parse::<RunId>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn timeout_is_a_number_with_its_unit() {
        let seconds = |text: &str| text.parse::<Timeout>().ok().map(|timeout| timeout.duration().as_secs());
        assert_eq!([seconds("90s"), seconds("60m"), seconds("2h")], [Some(90), Some(3600), Some(7200)]);
        assert_eq!(seconds("168h"), Some(604_800));
        for bad in ["", "s", "0s", "60", "-1m", "+1m", "1.5h", "1 h", "1d", "169h", "99999999999999999999s", "1h30m"] {
            assert_eq!(seconds(bad), None, "{bad}");
        }
    }

    #[test]
    fn workflow_is_a_file_name_without_folder() {
        for good in ["build.yml", "build.yaml", "my build.yml"] {
            assert_eq!(good.parse::<WorkflowFile>().unwrap().as_str(), good);
        }
        for bad in ["", ".yml", "Build", ".gitea/workflows/build.yml", "..\\x.yml", "a\n.yml", "../.yml"] {
            assert!(bad.parse::<WorkflowFile>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn ref_is_a_branch_or_a_full_name() {
        for good in ["main", "feature/x", "refs/heads/main", "refs/tags/v1"] {
            let git_ref: GitRef = good.parse().unwrap();
            assert_eq!((git_ref.as_str(), git_ref.is_tag()), (good, good == "refs/tags/v1"));
        }
        for bad in ["", "refs/heads/", "refs/pull/1/head", "a b", "a\nb"] {
            assert!(bad.parse::<GitRef>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn token_hides_itself() {
        let token = " not-a-real-token\n".parse::<Token>().unwrap();
        assert_eq!(token.reveal(), "not-a-real-token");
        assert_eq!(format!("{token:?}"), "Token(***)");
        assert_eq!(token.redact("a not-a-real-token"), "a ***");
        assert_eq!("*".repeat(16).parse::<Token>().unwrap().redact("a****************"), "a ");
        assert_eq!("0123456789abcde".parse::<Token>().unwrap_err(), InvalidToken::Short);
        assert_eq!("  ".parse::<Token>().unwrap_err(), InvalidToken::Empty);
        assert_eq!("a b".parse::<Token>().unwrap_err(), InvalidToken::Characters);
        assert_eq!("a\u{7f}b".parse::<Token>().unwrap_err(), InvalidToken::Characters);
    }
}
