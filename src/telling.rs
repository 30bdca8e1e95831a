//! What the pull request is told: the one way to set a status and to write a comment.

pub(crate) mod closing;
pub(crate) mod comment;
mod marker;
mod run_statuses;
pub(crate) mod words;

pub(crate) use marker::Marker;
pub(crate) use run_statuses::{Pending, RunStatuses};
