//! What is known about a run: a pure value, with the state and the description of its status.

use time::OffsetDateTime;

use crate::text::{duration, minute, one_line};
use crate::types::{Ending, Outcome, RepoName, State};

/// What is known about a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It was started a moment ago.
    Dispatched,
    /// No runner has started it.
    Queued,
    /// A runner has started it.
    Started,
    /// No failure so far; this many other jobs have not ended.
    WaitingForJobs(usize),
    /// It has waited for a runner for a long time, since this time.
    Waiting(OffsetDateTime),
    /// It was started at this time, and still runs after `wait-timeout`.
    NotEnded(OffsetDateTime),
    /// The dispatch was refused, for this cause.
    Refused(String),
    /// It is unknown whether a run was started.
    Unknown,
    Ended(Ending),
    /// The report should have an outcome, but the input is empty.
    NotGiven,
    /// The jobs that decide could not be read.
    Unread,
    /// It was deleted.
    Gone,
}

impl Answer {
    /// The state of the status.
    pub(crate) fn state(&self) -> State {
        match self {
            Self::Dispatched
            | Self::Queued
            | Self::Started
            | Self::WaitingForJobs(_)
            | Self::Waiting(_)
            | Self::NotEnded(_) => State::Pending,
            Self::Refused(_) | Self::Unknown | Self::NotGiven | Self::Unread | Self::Gone => State::Error,
            Self::Ended(ending) => ending.outcome.state(),
        }
    }

    /// Whether it is the end of a run. Such a status is safe to repeat, and nothing more important can come in between.
    pub(crate) fn is_final(&self) -> bool {
        matches!(self, Self::Ended(_) | Self::NotGiven | Self::Unread | Self::Gone)
    }

    /// The description of the status, on one line.
    pub(crate) fn description(&self, target: &RepoName) -> String {
        match self {
            Self::Dispatched => format!("Dispatched to {target}"),
            Self::Queued => "Waiting for a runner".to_owned(),
            Self::Started => "Has started running".to_owned(),
            Self::WaitingForJobs(1) => "Waiting for 1 other job".to_owned(),
            Self::WaitingForJobs(count) => format!("Waiting for {count} other jobs"),
            Self::Waiting(since) => format!("Waiting for a runner, dispatched at {}", minute(*since)),
            Self::NotEnded(since) => format!("Dispatched at {}, has not ended yet", minute(*since)),
            Self::Refused(cause) => cause.clone(),
            Self::Unknown => "Dispatch outcome unknown, see the target's runs".to_owned(),
            Self::Ended(ending) => words_of(ending),
            Self::NotGiven => "Outcome not given: input status is empty".to_owned(),
            Self::Unread => "Outcome not known: the jobs could not be read".to_owned(),
            Self::Gone => "The run was deleted before it told its outcome".to_owned(),
        }
    }
}

/// The end of a run, in the words that Gitea uses for its own jobs.
fn words_of(ending: &Ending) -> String {
    let with_time = |verb: &str, preposition: &str| match ending.elapsed {
        Some(elapsed) => format!("{verb} {preposition} {}", duration(elapsed)),
        None => verb.to_owned(),
    };
    match &ending.outcome {
        Outcome::Success => with_time("Successful", "in"),
        Outcome::Failure | Outcome::TimedOut | Outcome::StartupFailure => with_time("Failing", "after"),
        Outcome::Cancelled => "Has been cancelled".to_owned(),
        Outcome::Skipped | Outcome::Neutral => "Has been skipped".to_owned(),
        Outcome::Unlisted(word) => format!("Ended with an unknown outcome: {}", one_line(word)),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use time::UtcOffset;
    use time::format_description::well_known::Rfc3339;

    use super::*;

    fn words(answer: &Answer) -> String {
        answer.description(&"mporter/dispatch-target".parse().unwrap())
    }

    fn ended(word: &str, seconds: Option<u64>) -> String {
        let (outcome, elapsed) = (Outcome::new(word), seconds.map(Duration::from_secs));
        words(&Answer::Ended(Ending { outcome, elapsed }))
    }

    #[test]
    fn final_description_words_each_outcome_as_gitea_does() {
        let texts = ["success", "failure", "timed_out", "startup_failure", "cancelled", "skipped", "neutral", "odd"]
            .map(|word| ended(word, Some(72)));
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
        assert_eq!(ended("success", None), "Successful");
        assert_eq!(ended("failure", None), "Failing");
    }

    #[test]
    fn time_is_shown_to_the_minute_in_utc() {
        let moment = OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap();
        let elsewhere = moment.to_offset(UtcOffset::from_hms(5, 30, 0).unwrap());
        assert_eq!(words(&Answer::Waiting(elsewhere)), "Waiting for a runner, dispatched at 2023-11-14 22:13 UTC");
        let last = OffsetDateTime::parse("9999-12-31T23:59:59-23:59", &Rfc3339).unwrap();
        assert_eq!(words(&Answer::Waiting(last)), "Waiting for a runner, dispatched at 9999-12-31 23:59 UTC");
        assert_eq!(words(&Answer::NotEnded(moment)), "Dispatched at 2023-11-14 22:13 UTC, has not ended yet");
    }
}
