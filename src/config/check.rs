//! `mode: check`.

use std::collections::BTreeMap;

use super::{Error, Given};
use crate::types::{CommentMode, RepoName, Timeout, Workflow};

/// `mode: check`.
#[derive(Debug)]
pub(crate) struct Check {
    pub(crate) source: RepoName,
    pub(crate) workflow: Workflow,
    /// The user's own inputs for the target workflow, without the four inputs of the pull request.
    pub(crate) own_inputs: BTreeMap<String, String>,
    /// Whether real reports would write comments.
    pub(crate) comments: bool,
    /// How long the trial run may take.
    pub(crate) timeout: Timeout,
}

impl Check {
    pub(super) fn read(given: &Given<'_>) -> Result<Self, Error> {
        let Given { inputs, .. } = *given;
        Ok(Self {
            source: given.source()?,
            workflow: inputs.workflow()?,
            own_inputs: inputs.own_inputs()?,
            comments: inputs.commenting()?.mode != CommentMode::Off,
            timeout: inputs.check_timeout()?,
        })
    }
}
