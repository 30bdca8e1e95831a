//! The use cases, one a file.

pub(crate) mod dispatch;
pub(crate) mod reconcile;
pub(crate) mod report;
pub(crate) mod wait;

use crate::diagnosis;
use crate::forge::{Gitea, Server};

/// A server that does not name the run of a dispatch, or one whose version could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OldServer {
    #[error(
        "Nothing was sent: {what} needs Gitea 1.26 or later, which tells the run of a dispatch, and this server is {version}"
    )]
    Old { what: &'static str, version: String },
    #[error("Nothing was sent: {what} needs Gitea 1.26 or later, and the server's version could not be read. {cause}")]
    Unknown { what: &'static str, cause: String },
}

/// Refuses `what` on a server that does not name the run of a dispatch.
async fn check_server(gitea: &Gitea, what: &'static str) -> Result<Server, OldServer> {
    match gitea.server().await {
        Ok(server) if !server.names_dispatched_runs() => Err(OldServer::Old { what, version: server.version() }),
        Ok(server) => Ok(server),
        Err(error) => {
            let cause = format!("{} ({error})", diagnosis::of_version(&error));
            Err(OldServer::Unknown { what, cause })
        }
    }
}
