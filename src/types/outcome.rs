//! How a run or a job ended, and the state that tells it on a commit.

use std::fmt;

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
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pending => "pending",
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Error => "error",
            Self::Skipped => "skipped",
        })
    }
}

/// How a job or a run ended, from the best to the worst: of several, the greatest counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    Skipped,
    Neutral,
    Success,
    Cancelled,
    StartupFailure,
    TimedOut,
    Failure,
    /// A word that is none of the above. It is shown as it came, and never taken for a success.
    Unlisted(String),
}

impl Outcome {
    /// The state that tells this outcome on the pull request's page.
    pub(crate) fn state(&self) -> State {
        match self {
            Self::Success => State::Success,
            Self::Failure | Self::Cancelled | Self::TimedOut | Self::StartupFailure => State::Failure,
            Self::Skipped | Self::Neutral => State::Skipped,
            Self::Unlisted(_) => State::Error,
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Skipped => "skipped",
            Self::Neutral => "neutral",
            Self::Success => "success",
            Self::Cancelled => "cancelled",
            Self::StartupFailure => "startup_failure",
            Self::TimedOut => "timed_out",
            Self::Failure => "failure",
            Self::Unlisted(word) => word,
        }
    }
}

impl From<&str> for Outcome {
    fn from(word: &str) -> Self {
        match word {
            "skipped" => Self::Skipped,
            "neutral" => Self::Neutral,
            "success" => Self::Success,
            "cancelled" => Self::Cancelled,
            "startup_failure" => Self::StartupFailure,
            "timed_out" => Self::TimedOut,
            "failure" => Self::Failure,
            other => Self::Unlisted(other.to_owned()),
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
        let outcomes = order.map(Outcome::from);
        assert!(outcomes.is_sorted());
        assert_eq!(outcomes.each_ref().map(Outcome::as_str), order);
    }

    #[test]
    fn outcome_has_the_state_that_gitea_gives_a_job() {
        let state = |word| Outcome::from(word).state().to_string();
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
