//! `mode: reconcile`.

use super::{Error, Given};
use crate::types::{Commenting, LogLines, RepoName, StatusContext};

/// `mode: reconcile`.
#[derive(Debug)]
pub(crate) struct Reconcile {
    pub(crate) source: RepoName,
    pub(crate) target: RepoName,
    /// `None`: all contexts.
    pub(crate) context: Option<StatusContext>,
    pub(crate) commenting: Commenting,
    pub(crate) log_lines: LogLines,
}

impl Reconcile {
    pub(super) fn read(given: &Given<'_>) -> Result<Self, Error> {
        let Given { inputs, .. } = *given;
        Ok(Self {
            source: given.source()?,
            target: inputs.target()?,
            context: inputs.context()?,
            commenting: inputs.commenting()?,
            log_lines: inputs.log_lines()?,
        })
    }
}
