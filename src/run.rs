//! How far a run has come, and how it ended.

mod progress;
mod verdict;

pub(crate) use progress::{End, Progress, Unreadable};
pub(crate) use verdict::{NoOutcome, Verdict};
