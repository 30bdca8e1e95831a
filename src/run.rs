//! How far a run has come, and how it ended.

mod progress;
mod verdict;

pub(crate) use progress::{End, Progress, Unreadable, attempt, began};
pub(crate) use verdict::{JobsRead, Verdict};
