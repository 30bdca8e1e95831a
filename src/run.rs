//! How far a run has come, and how it ended.

mod failed_jobs;
mod progress;
mod verdict;

pub(crate) use failed_jobs::FailedJobs;
pub(crate) use progress::{End, Progress, Unreadable, attempt, began};
pub(crate) use verdict::{JobsRead, Verdict};
