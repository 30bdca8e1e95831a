//! The input `status` of a report.

use super::Outcome;

/// What the step says of the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum GivenStatus {
    /// `pending`, `queued`, `waiting`, `in_progress` or `running`: the run has begun, and has not ended.
    Running,
    /// Set, and evaluated to nothing: a misspelt step or job id. It is never taken for a success.
    Empty,
    Ended {
        /// Whether the run's other finished jobs count too.
        auto: bool,
        outcomes: Vec<Outcome>,
    },
}
