//! The use cases, one a file.

pub(crate) mod dispatch;
pub(crate) mod reconcile;
pub(crate) mod report;
pub(crate) mod wait;
