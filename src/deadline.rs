//! The time by which a piece of work must be done. Each piece of work gets one deadline, which is passed down.

use std::time::Duration;

use tokio::time::{Instant, Timeout, timeout_at};

/// The time limit of a piece of work. A response that never comes must not occupy a runner.
const MINUTE: Duration = Duration::from_secs(60);

/// How long before the deadline the last attempt of a request ends, so that its result can still be reported.
const CLOSING_TIME: Duration = Duration::from_secs(3);

/// The moment at which all waiting ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    /// A minute from now: the time limit of a step or, in a step that waits, of each piece of work.
    pub(crate) fn in_a_minute() -> Self {
        Self(Instant::now() + MINUTE)
    }

    /// When the last attempt of a request must end.
    pub(crate) fn last_attempt(self) -> Instant {
        self.0 - CLOSING_TIME
    }

    /// Runs the work. It fails if the deadline comes first.
    pub(crate) fn bound<F: Future>(self, work: F) -> Timeout<F> {
        timeout_at(self.0, work)
    }
}
