//! The use cases, one file each.

pub(crate) mod check;
pub(crate) mod dispatch;
pub(crate) mod reconcile;
pub(crate) mod report;
pub(crate) mod trial_report;
pub(crate) mod wait;

use std::time::Duration;

use tokio::time::timeout;

use crate::config::HeadOf;
use crate::diagnosis;
use crate::forge::{Gitea, Server};
use crate::types::Head;

/// The head of a pull request could not be read.
#[derive(Debug, thiserror::Error)]
#[error("Nothing was written: the head of pull request {pull_request} could not be read. {cause}")]
pub(crate) struct UnknownHead {
    pull_request: String,
    cause: String,
}

/// The commit to build and its branch. They are read from the server if the inputs and the event do not give them.
async fn known_head(gitea: &Gitea, head: &HeadOf) -> Result<(Head, String), UnknownHead> {
    let (source, number) = match head {
        HeadOf::Commit(head) => return Ok((head.clone(), String::new())),
        HeadOf::PullRequest { source, number } => (source, *number),
    };
    let error = |cause| UnknownHead { pull_request: format!("{source}#{number}"), cause };
    let pull = match gitea.pull_request(source, number).await {
        Ok(pull) => pull,
        Err(refused) => {
            let diagnosis = diagnosis::of_pull_request(gitea, source, number, &refused).await;
            return Err(error(format!("{diagnosis} ({refused})")));
        }
    };
    let sha = pull.head.sha.parse().map_err(|cause| error(format!("Its head {cause}.")))?;
    Ok((Head { source: source.clone(), sha, pull_request: Some(number) }, pull.head.branch))
}

/// How long to wait for the version before a write.
const VERSION_TIME: Duration = Duration::from_secs(5);

/// The server's version; `None` if it cannot be read soon, since the writes need the time.
async fn server_now(gitea: &Gitea) -> Option<Server> {
    timeout(VERSION_TIME, gitea.server()).await.ok()?.ok()
}

/// A server that does not name the run of a dispatch, or one whose version could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OldServer {
    #[error("Nothing was sent: {what} needs Gitea 1.26 or later, and this server has {version}")]
    Old { what: &'static str, version: String },
    #[error(
        "Nothing was sent: this server is {server}, and {what} needs Gitea 1.26 or later. On Forgejo, use Forgejo's \
         own dispatch, and let the workflow set the status"
    )]
    OtherForge { what: &'static str, server: String },
    #[error("Nothing was sent: {what} needs Gitea 1.26 or later, and the server's version could not be read. {cause}")]
    Unknown { what: &'static str, cause: String },
}

/// Refuses `what` on a server that does not name the run of a dispatch.
async fn check_server(gitea: &Gitea, what: &'static str) -> Result<Server, OldServer> {
    match gitea.server().await {
        Ok(server) if server.other_forge().is_some() => {
            Err(OldServer::OtherForge { what, server: server.other_forge().unwrap_or_default() })
        }
        Ok(server) if !server.names_dispatched_runs() => Err(OldServer::Old { what, version: server.version() }),
        Ok(server) => Ok(server),
        Err(error) => {
            let cause = format!("{} ({error})", diagnosis::of_version(&error));
            Err(OldServer::Unknown { what, cause })
        }
    }
}
