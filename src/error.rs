//! Why the step failed: the last line of its log.

use crate::config;
use crate::modes::{check, dispatch, reconcile, report, trial_report, wait};
use crate::signals::Stopped;

/// A failure of the step, in any mode.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("Nothing was sent: {0}")]
    Config(#[from] config::Error),
    #[error("Nothing was sent: {0}")]
    Start(String),
    #[error(transparent)]
    Dispatch(#[from] dispatch::Error),
    #[error(transparent)]
    Wait(#[from] wait::Error),
    #[error(transparent)]
    Report(#[from] report::Error),
    #[error(transparent)]
    Reconcile(#[from] reconcile::Error),
    #[error(transparent)]
    Check(#[from] check::Error),
    #[error(transparent)]
    TrialReport(#[from] trial_report::Error),
    #[error(transparent)]
    Stopped(#[from] Stopped),
    #[error("Gave up after 60 seconds; requests sent until then may have taken effect")]
    Budget(#[from] tokio::time::error::Elapsed),
}
