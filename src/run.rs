//! How far a run has come, and how it ended.

mod failed_jobs;
mod log_excerpt;
mod progress;
mod verdict;

pub(crate) use failed_jobs::FailedJobs;
pub(crate) use log_excerpt::LogExcerpt;
pub(crate) use progress::{End, Progress, Unreadable, attempt, began};
pub(crate) use verdict::{JobsRead, Verdict};
