//! The input `status` of a report.

use super::Outcome;

/// What the step says about the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum GivenStatus {
    /// `pending`, `queued`, `waiting`, `in_progress` or `running`: the run has started, and has not ended.
    Running,
    /// Set, but evaluated to nothing: a misspelt step or job id. It never counts as a success.
    Empty,
    Ended {
        /// Whether the run's other finished jobs count too.
        auto: bool,
        outcomes: Vec<Outcome>,
    },
}
