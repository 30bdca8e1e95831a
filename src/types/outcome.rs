//! How a run or a job ended, and the state that shows this on a commit.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

/// The state of a commit status. Gitea stores any text, and shows an unknown one without an icon, so only these are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    Pending,
    Success,
    Failure,
    Error,
    Skipped,
}

impl fmt::Display for State {
    /// The word that is sent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// How a job or a run ended, from the best to the worst. Of several outcomes, the greatest counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    Skipped,
    Neutral,
    Success,
    Cancelled,
    StartupFailure,
    TimedOut,
    Failure,
    /// Any other word. It is shown unchanged, and never counts as a success.
    Unlisted(String),
}

/// The words of Gitea's and GitHub's APIs.
static LISTED: [(Outcome, &str); 7] = [
    (Outcome::Skipped, "skipped"),
    (Outcome::Neutral, "neutral"),
    (Outcome::Success, "success"),
    (Outcome::Cancelled, "cancelled"),
    (Outcome::StartupFailure, "startup_failure"),
    (Outcome::TimedOut, "timed_out"),
    (Outcome::Failure, "failure"),
];

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ending {
    pub(crate) outcome: Outcome,
    /// How long it took, if that is known.
    pub(crate) elapsed: Option<Duration>,
}

impl Outcome {
    /// The state that shows this outcome on the pull request's page.
    pub(crate) fn state(&self) -> State {
        match self {
            Self::Success => State::Success,
            Self::Failure | Self::Cancelled | Self::TimedOut | Self::StartupFailure => State::Failure,
            Self::Skipped | Self::Neutral => State::Skipped,
            Self::Unlisted(_) => State::Error,
        }
    }

    /// Whether something went wrong: neither a success nor a cancelled or skipped run.
    pub(crate) fn is_failed(&self) -> bool {
        matches!(self, Self::Failure | Self::TimedOut | Self::StartupFailure | Self::Unlisted(_))
    }

    /// The outcome of this word.
    pub(crate) fn new(word: &str) -> Self {
        let listed = LISTED.iter().find(|(_, listed)| *listed == word);
        listed.map_or_else(|| Self::Unlisted(word.to_owned()), |(outcome, _)| outcome.clone())
    }

    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Unlisted(word) => word,
            listed => LISTED.iter().find(|(outcome, _)| outcome == listed).map_or("", |(_, word)| word),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worst_outcome_is_the_greatest() {
        let order =
            ["skipped", "neutral", "success", "cancelled", "startup_failure", "timed_out", "failure", "exploded"];
        let outcomes = order.map(Outcome::new);
        assert!(outcomes.is_sorted());
        assert_eq!(outcomes.each_ref().map(Outcome::as_str), order);
    }

    #[test]
    fn outcome_has_the_state_that_gitea_gives_a_job() {
        let state = |word| Outcome::new(word).state().to_string();
        assert_eq!(state("success"), "success");
        for word in ["failure", "cancelled", "timed_out", "startup_failure"] {
            assert_eq!(state(word), "failure", "{word}");
        }
        for word in ["skipped", "neutral"] {
            assert_eq!(state(word), "skipped", "{word}");
        }
        for word in ["", "Success", "exploded"] {
            assert_eq!(state(word), "error", "{word}");
        }
    }
}
