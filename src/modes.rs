//! The use cases, one a file.

pub(crate) mod dispatch;
pub(crate) mod reconcile;
pub(crate) mod report;
pub(crate) mod wait;

use crate::config::HeadOf;
use crate::error::Error;
use crate::run::Head;

/// The head that the configuration knows.
pub(crate) fn known(head: &HeadOf) -> Result<&Head, Error> {
    match head {
        HeadOf::Commit(head) => Ok(head),
        HeadOf::PullRequest { .. } => Err(Error::Start("the head cannot be read from the server yet".to_owned())),
    }
}
