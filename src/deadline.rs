//! When the work must be done. It is made once per piece of work, and passed down.

use std::time::Duration;

use tokio::time::{Instant, Timeout, timeout_at};

/// The most time that a piece of work may take: a runner must not be occupied by a response that never comes.
const MINUTE: Duration = Duration::from_secs(60);

/// How long before the deadline the last attempt of a request ends, so that its result can still be reported.
const CLOSING_TIME: Duration = Duration::from_secs(3);

/// The moment at which all waiting ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    /// A minute from now: what a step has, and each piece of work in a step that waits.
    pub(crate) fn in_a_minute() -> Self {
        Self(Instant::now() + MINUTE)
    }

    /// When the last attempt of a request has to end.
    pub(crate) fn last_attempt(self) -> Instant {
        self.0 - CLOSING_TIME
    }

    /// The work, which fails when the deadline comes first.
    pub(crate) fn bound<F: Future>(self, work: F) -> Timeout<F> {
        timeout_at(self.0, work)
    }
}
