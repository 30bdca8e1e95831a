//! Property tests: what holds for every text, however hostile. The tests of private functions are next to them, in
//! `config`, `run`, `telling`, `forge::http` and `workflow_file`. The texts that all of these tests use are made here.

mod links;
mod runner;
mod statuses;
mod texts;
mod types;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::links::PageBase;
use crate::types::{RepoName, Token};

/// What an attacker would try, to break out of a line, a command, a link, a comment or a JSON value.
const HOSTILE: [&str; 50] = [
    "\n",
    "\r",
    "\r\n",
    "\u{85}",
    "\u{2028}",
    "\u{202e}",
    "\u{200b}",
    "\u{1b}[31m",
    "\0",
    "\t",
    " ",
    "::",
    "::error::",
    "##[error]",
    "::add-mask::a",
    "%",
    "%0A",
    "%2e%2e",
    "name=value",
    "<<EOF\n",
    "-->",
    "--!>",
    "<!--",
    "<img src=x>",
    "`",
    "```\n",
    "**",
    "](",
    ")",
    "[x](javascript:alert(1))",
    "@all",
    "$x$",
    "$`",
    "#1",
    "&amp;",
    "\\",
    "\"",
    "{",
    "}",
    "/",
    "..",
    "?",
    "=",
    "x@y",
    "auto",
    "success",
    "failure",
    "/actions/runs/1",
    "refs/heads/",
    ".yml",
];

/// Half of the usual number of cases (256, or `PROPTEST_CASES`). A case that fails is kept as a test, not in a file of
/// seeds.
pub(crate) fn config() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig { cases: usual.cases / 2, failure_persistence: None, ..usual }
}

/// Any text, made of any characters and of what is in `HOSTILE`.
pub(crate) fn text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        3 => select(&HOSTILE[..]).prop_map(str::to_owned),
        1 => vec(any::<char>(), 0..4).prop_map(String::from_iter),
        1 => "[a-z0-9]{1,4}",
    ];
    vec(part, 0..8).prop_map(|parts| parts.concat())
}

/// A token, and a text with the token and parts of it at any place.
pub(crate) fn token_and_text() -> impl Strategy<Value = (Token, String)> {
    (prop_oneof!["[!-~]{16,40}", "[ab*_%:]{16,18}"], vec((text(), any::<(bool, u8, u8)>()), 1..6)).prop_map(
        |(token, parts)| {
            let part = |(text, (whole, from, to)): (String, (bool, u8, u8))| {
                let (from, to) = (usize::from(from) % token.len(), usize::from(to) % token.len());
                text + if whole { &token } else { &token[from.min(to)..from.max(to)] }
            };
            let text: String = parts.into_iter().map(part).collect();
            (token.parse().unwrap(), text)
        },
    )
}

pub(crate) fn repo() -> impl Strategy<Value = RepoName> {
    "[a-zA-Z0-9_-][a-zA-Z0-9._-]{0,3}/[a-zA-Z0-9_-][a-zA-Z0-9._-]{0,3}".prop_map(|text| text.parse().unwrap())
}

pub(crate) fn base() -> impl Strategy<Value = PageBase> {
    select(vec!["https://gitea.example.com", "http://localhost:3000/git/", "http://[::1]:8080", "https://10.0.0.1/a/b"])
        .prop_map(|text| text.parse().unwrap())
}

/// A number that counts from 1, as text.
pub(crate) fn number() -> impl Strategy<Value = String> {
    prop_oneof![1..100_u64, 1..=u64::MAX].prop_map(|number| number.to_string())
}
