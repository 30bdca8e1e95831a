//! The texts that people read on the pull request's page. Pure functions.

use std::time::Duration;

use reqwest::Url;
use time::OffsetDateTime;

use super::Marker;
use crate::text::{duration, markdown, minute, one_line};
use crate::types::{CommitSha, Outcome, RepoName, StatusContext};

/// Where a status is, for the log.
pub(crate) fn place(context: &StatusContext, repo: &RepoName, sha: &CommitSha) -> String {
    format!("{} on {repo}@{}", context.as_str(), sha.short())
}

/// The description of the status that waits for the run.
pub(crate) fn pending(target: &RepoName) -> String {
    format!("Dispatched to {target}")
}

/// The description of the final status, as Gitea words that of its own jobs. `elapsed` is left out where it is not known.
pub(crate) fn ended(outcome: &Outcome, elapsed: Option<Duration>) -> String {
    let with_time = |verb: &str, preposition: &str| match elapsed {
        Some(elapsed) => format!("{verb} {preposition} {}", duration(elapsed)),
        None => verb.to_owned(),
    };
    match outcome {
        Outcome::Success => with_time("Successful", "in"),
        Outcome::Failure | Outcome::TimedOut | Outcome::StartupFailure => with_time("Failing", "after"),
        Outcome::Cancelled => "Has been cancelled".to_owned(),
        Outcome::Skipped | Outcome::Neutral => "Has been skipped".to_owned(),
        Outcome::Unlisted(word) => format!("Ended with an unknown outcome: {}", one_line(word)),
    }
}

/// The description of the status where nobody knows whether a run was started.
pub(crate) const OUTCOME_UNKNOWN: &str = "Dispatch outcome unknown, see the target's runs";

/// The description of the status whose run was deleted before anybody told how it ended.
pub(crate) const RUN_GONE: &str = "The run was deleted before it told its outcome";

/// The description of the status whose run waits for a runner for a long time.
pub(crate) fn waiting(since: OffsetDateTime) -> String {
    format!("Waiting for a runner, dispatched at {}", minute(since))
}

/// The description of the status whose run has not ended for a long time.
pub(crate) fn not_ended(since: OffsetDateTime) -> String {
    format!("Dispatched at {}, has not ended yet", minute(since))
}

/// The comment about a run that ended: one line, the user's own Markdown under it, and the marker.
pub(crate) fn comment(
    context: &StatusContext,
    outcome: &Outcome,
    run: &Url,
    body: Option<&str>,
    marker: &Marker,
) -> String {
    let title = context.as_str().replace('/', " ");
    let line = format!("**{} {}** — [run log]({run})", markdown(&title), outcome_word(outcome));
    // The marker begins a block of its own: after a blank line.
    match body {
        Some(body) => format!("{line}\n\n{body}\n\n{marker}"),
        None => format!("{line}\n\n{marker}"),
    }
}

/// The outcome for a Markdown text. The listed ones are plain words; their underscores stand between letters.
fn outcome_word(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Unlisted(word) => markdown(&one_line(word)),
        listed => listed.as_str().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use time::UtcOffset;

    use super::*;

    #[test]
    fn final_description_words_each_outcome_as_gitea_does() {
        let texts = ["success", "failure", "timed_out", "startup_failure", "cancelled", "skipped", "neutral", "odd"]
            .map(|word| ended(&Outcome::from(word), Some(Duration::from_secs(72))));
        insta::assert_snapshot!(texts.join("\n"), @"
        Successful in 1m12s
        Failing after 1m12s
        Failing after 1m12s
        Failing after 1m12s
        Has been cancelled
        Has been skipped
        Has been skipped
        Ended with an unknown outcome: odd
        ");
        assert_eq!(ended(&Outcome::Success, None), "Successful");
        assert_eq!(ended(&Outcome::Failure, None), "Failing");
    }

    #[test]
    fn comment_is_one_line_and_the_body_under_it() {
        let context = "dispatch-target/build".parse().unwrap();
        let run = "https://gitea.example.com/mporter/dispatch-target/actions/runs/30".parse().unwrap();
        let marker = &Marker {
            target: "mporter/dispatch-target".parse().unwrap(),
            run: "30".parse().unwrap(),
            attempt: 1,
            context: "c".parse().unwrap(),
        };
        insta::assert_snapshot!(comment(&context, &Outcome::Success, &run, None, marker), @"
        **dispatch-target build success** — [run log](https://gitea.example.com/mporter/dispatch-target/actions/runs/30)

        <!-- dispatch-action:?target=mporter%2Fdispatch-target&run=30&attempt=1&context=c -->
        ");
        insta::assert_snapshot!(comment(&context, &Outcome::TimedOut, &run, Some("See the *log*."), marker), @"
        **dispatch-target build timed_out** — [run log](https://gitea.example.com/mporter/dispatch-target/actions/runs/30)

        See the *log*.

        <!-- dispatch-action:?target=mporter%2Fdispatch-target&run=30&attempt=1&context=c -->
        ");
    }

    #[test]
    fn comment_shows_a_hostile_context_as_text() {
        let context = "**[x](javascript:alert(1))<img src=x>@all/`b`".parse().unwrap();
        let run = "https://gitea.example.com/a/b/actions/runs/1".parse().unwrap();
        let outcome = Outcome::from("a\n# b");
        let marker = Marker {
            target: "a/b".parse().unwrap(),
            run: "1".parse().unwrap(),
            attempt: 1,
            context: "c".parse().unwrap(),
        };
        let text = comment(&context, &outcome, &run, None, &marker);
        insta::assert_snapshot!(text.lines().next().unwrap(), @r"**\*\*\[x\]\(javascript:alert\(1\)\)\<img src=x\>\@all \`b\` a \# b** — [run log](https://gitea.example.com/a/b/actions/runs/1)");
    }

    #[test]
    fn moment_is_told_to_the_minute_in_utc() {
        let moment = OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap();
        let elsewhere = moment.to_offset(UtcOffset::from_hms(5, 30, 0).unwrap());
        assert_eq!(waiting(elsewhere), "Waiting for a runner, dispatched at 2023-11-14 22:13 UTC");
        let last = "9999-12-31T23:59:59-23:59";
        let last = OffsetDateTime::parse(last, &time::format_description::well_known::Rfc3339).unwrap();
        assert_eq!(waiting(last), "Waiting for a runner, dispatched at 9999-12-31 23:59 UTC");
        assert_eq!(not_ended(moment), "Dispatched at 2023-11-14 22:13 UTC, has not ended yet");
    }
}
