//! The hidden text by which a comment is found again.

use std::fmt;

use reqwest::Url;

use crate::types::{PullRequestNumber, RepoName, RunId, StatusContext};

const START: &str = "<!-- dispatch-action:?";
const END: &str = " -->";

/// Which run a comment is about: an HTML comment at its end, which no page shows. Everybody who may comment can write
/// the same, so it proves nothing about the author.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Marker {
    pub(crate) target: RepoName,
    pub(crate) run: RunId,
    /// The attempt, counted from 1.
    pub(crate) attempt: u32,
    pub(crate) context: StatusContext,
}

impl fmt::Display for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { target, run, attempt, context } = self;
        let fields = [
            ("target", target.to_string()),
            ("run", run.to_string()),
            ("attempt", attempt.to_string()),
            ("context", context.as_str().to_owned()),
        ];
        // A query-encoded text contains nothing that could end the HTML comment.
        let url = Url::parse_with_params("dispatch-action:", fields).map_err(|_unparsed| fmt::Error)?;
        write!(f, "{START}{}{END}", url.query().unwrap_or_default())
    }
}

impl Marker {
    /// The marker at the end of a comment. One in the middle is part of somebody's text.
    pub(crate) fn at_end_of(body: &str) -> Option<Self> {
        let last = body.trim_end().lines().next_back()?;
        let fields = last.strip_prefix(START)?.strip_suffix(END)?;
        let url = Url::parse(&format!("dispatch-action:?{fields}")).ok()?;
        let field = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value);
        Some(Self {
            target: field("target")?.parse().ok()?,
            run: field("run")?.parse().ok()?,
            attempt: field("attempt")?.parse().ok()?,
            context: field("context")?.parse().ok()?,
        })
    }

    /// Whether both are about the same context of the same target; the runs may differ.
    pub(crate) fn has_place_of(&self, other: &Self) -> bool {
        self.target == other.target && self.context == other.context
    }

    /// The order of two runs: the greater value is the newer run.
    pub(crate) fn age(&self) -> (RunId, u32) {
        (self.run, self.attempt)
    }
}

/// The marker of a pull request's table, which is not about a particular run.
pub(super) fn of_table(number: PullRequestNumber) -> String {
    format!("{START}table={number}{END}")
}

/// Whether a comment ends with the marker of that table.
pub(super) fn is_of_table(body: &str, number: PullRequestNumber) -> bool {
    body.trim_end().lines().next_back() == Some(of_table(number).as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marker(context: &str) -> Marker {
        Marker {
            target: "mporter/dispatch-target".parse().unwrap(),
            run: "30".parse().unwrap(),
            attempt: 1,
            context: context.parse().unwrap(),
        }
    }

    #[test]
    fn marker_stays_a_marker_whatever_the_context_is() {
        insta::assert_snapshot!(marker("dispatch-target/build"), @"<!-- dispatch-action:?target=mporter%2Fdispatch-target&run=30&attempt=1&context=dispatch-target%2Fbuild -->");
        insta::assert_snapshot!(marker("--> **x** <!-- ü&run=31"), @"<!-- dispatch-action:?target=mporter%2Fdispatch-target&run=30&attempt=1&context=--%3E+**x**+%3C%21--+%C3%BC%26run%3D31 -->");
    }

    #[test]
    fn marker_counts_at_the_end_of_a_comment_only() {
        let (ours, other) = (marker("a"), marker("b"));
        assert_eq!(Marker::at_end_of(&format!("text\n\n{ours}\n")), Some(ours.clone()));
        assert_eq!(Marker::at_end_of(&format!("{other}\n\ntext\n\n{ours}")), Some(ours.clone()));
        for body in ["", "text", &format!("{ours}\n\nmore"), &format!("> {ours}"), "<!-- dispatch-action:?run=1 -->"] {
            assert_eq!(Marker::at_end_of(body), None, "{body}");
        }
    }
}
