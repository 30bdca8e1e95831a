//! The text of a comment about a run: a pure function from facts to Markdown.

use reqwest::Url;

use super::Marker;
use super::comment_length::bounded;
use crate::text::{markdown, one_line};
use crate::types::{Outcome, StatusContext};

/// What a comment says.
pub(crate) struct CommentText<'a> {
    pub(crate) context: &'a StatusContext,
    pub(crate) outcome: &'a Outcome,
    /// The run's page.
    pub(crate) page: &'a Url,
    /// What is known about the failed jobs: Markdown.
    pub(crate) details: Option<&'a str>,
    /// The user's own Markdown.
    pub(crate) body: Option<&'a str>,
    pub(crate) marker: &'a Marker,
}

impl CommentText<'_> {
    /// One line, the failed jobs and the user's own Markdown under it, and the marker.
    pub(crate) fn to_markdown(&self) -> String {
        let title = self.context.as_str().replace('/', " ");
        let line = format!("**{} {}** — [run log]({})", markdown(&title), outcome_word(self.outcome), self.page);
        let blocks = [Some(line.as_str()), self.details, self.body];
        // The marker is a block of its own, after a blank line.
        bounded(&blocks.into_iter().flatten().collect::<Vec<_>>().join("\n\n"), &self.marker.to_string())
    }
}

/// The outcome as Markdown. The listed outcomes are plain words, and their underscores stand between letters.
fn outcome_word(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Unlisted(word) => markdown(&one_line(word)),
        listed => listed.as_str().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(context: &str, outcome: &str, page: &str, details: Option<&str>, body: Option<&str>) -> String {
        let marker = Marker {
            target: "mporter/dispatch-target".parse().unwrap(),
            run: "30".parse().unwrap(),
            attempt: 1,
            context: "c".parse().unwrap(),
        };
        let (context, outcome, page) = (context.parse().unwrap(), Outcome::new(outcome), page.parse().unwrap());
        CommentText { context: &context, outcome: &outcome, page: &page, details, body, marker: &marker }.to_markdown()
    }

    #[test]
    fn comment_is_one_line_with_the_failed_jobs_and_the_body_under_it() {
        let page = "https://gitea.example.com/mporter/dispatch-target/actions/runs/30";
        insta::assert_snapshot!(text("dispatch-target/build", "success", page, None, None), @"
        **dispatch-target build success** — [run log](https://gitea.example.com/mporter/dispatch-target/actions/runs/30)

        <!-- dispatch-action:?target=mporter%2Fdispatch-target&run=30&attempt=1&context=c -->
        ");
        insta::assert_snapshot!(text("dispatch-target/build", "timed_out", page, Some("- **test** timed out"), Some("See the *log*.")), @"
        **dispatch-target build timed_out** — [run log](https://gitea.example.com/mporter/dispatch-target/actions/runs/30)

        - **test** timed out

        See the *log*.

        <!-- dispatch-action:?target=mporter%2Fdispatch-target&run=30&attempt=1&context=c -->
        ");
    }

    #[test]
    fn comment_shows_a_hostile_context_as_text() {
        let context = "**[x](javascript:alert(1))<img src=x>@all/`b`";
        let text = text(context, "a\n# b", "https://gitea.example.com/a/b/actions/runs/1", None, None);
        insta::assert_snapshot!(text.lines().next().unwrap(), @r"**\*\*\[x\]\(javascript:alert\(1\)\)\<img src=x\>\@all \`b\` a \# b** — [run log](https://gitea.example.com/a/b/actions/runs/1)");
    }
}
