//! Statuses of a commit.

use reqwest::Method;
use serde::{Deserialize, Deserializer, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::http::Answer;
use super::retry::{Again, READ_STATUSES, STATUS};
use super::{Error, Gitea, User};
use crate::types::{CommitSha, RepoName, State, StatusContext};

/// The request body of the status endpoint.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct NewStatus<'a> {
    pub(crate) state: State,
    /// The page that the status links to; the server accepts any text.
    pub(crate) target_url: &'a str,
    pub(crate) description: &'a str,
    pub(crate) context: &'a StatusContext,
    /// Whether it shows the end of a run. Setting it again changes nothing, and nothing more important can come in
    /// between.
    #[serde(skip)]
    pub(crate) is_final: bool,
}

/// A status that was set.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct CreatedStatus {
    pub(crate) id: u64,
    /// The token's account.
    #[serde(default, deserialize_with = "creator_or_actions")]
    pub(crate) creator: Option<User>,
}

/// Statuses of a commit, and the time of the response: the latest of each context, or all.
#[derive(Debug)]
pub(crate) struct Statuses {
    pub(crate) statuses: Vec<Status>,
    /// The server's clock, which the statuses' times use too.
    pub(crate) answered_at: Option<OffsetDateTime>,
}

/// A status of a commit: the fields that are used.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Status {
    #[serde(default)]
    pub(crate) id: u64,
    pub(crate) context: String,
    #[serde(default, rename = "status")]
    pub(crate) state: String,
    #[serde(default)]
    pub(crate) target_url: String,
    #[serde(default)]
    created_at: String,
    #[serde(default)]
    pub(crate) description: String,
    #[serde(default, deserialize_with = "creator_or_actions")]
    pub(crate) creator: Option<User>,
}

impl Status {
    /// When it was set.
    pub(crate) fn created_at(&self) -> Option<OffsetDateTime> {
        OffsetDateTime::parse(&self.created_at, &Rfc3339).ok()
    }
}

/// Who set a status. Without a creator, a job's own token set it.
fn creator_or_actions<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<User>, D::Error> {
    Ok(Option::deserialize(deserializer)?.or(Some(User::ACTIONS)))
}

impl Gitea {
    /// Sets a commit status. Needs the scope `write:repository` and write access to the repository's code. A final
    /// status is retried after any failure, since it is safe to repeat. Any other status is retried only if the server
    /// certainly did nothing, since a final one may have come in between.
    pub(crate) async fn create_status(
        &self,
        repo: &RepoName,
        sha: &CommitSha,
        status: &NewStatus<'_>,
    ) -> Result<CreatedStatus, Error> {
        let again = if status.is_final { Again::IfLost } else { Again::IfNotDone };
        let url = self.repo(repo, &["statuses", sha.as_str()]);
        // A server may repeat the token with JSON escapes. It then appears only after decoding.
        let status = NewStatus { description: &self.http.redact(status.description), ..*status };
        let answer: Answer<CreatedStatus> = self.http.request(Method::POST, url, Some(&status), again, STATUS).await?;
        Ok(answer.value)
    }

    /// The latest status of each context of a commit, from all pages.
    pub(crate) async fn statuses(&self, repo: &RepoName, sha: &CommitSha) -> Result<Statuses, Error> {
        #[derive(Deserialize)]
        struct CombinedStatus {
            /// Null if there are none.
            #[serde(deserialize_with = "Option::deserialize")]
            statuses: Option<Vec<Status>>,
        }
        let url = self.repo(repo, &["commits", sha.as_str(), "status"]);
        let split = |page: CombinedStatus| (page.statuses.unwrap_or_default(), None);
        let (statuses, answered_at) = self.list(url, READ_STATUSES, split).await?;
        Ok(Statuses { statuses, answered_at })
    }

    /// Every status that a commit ever had, in no reliable order. Newer statuses have greater ids.
    pub(crate) async fn all_statuses(&self, repo: &RepoName, sha: &CommitSha) -> Result<Statuses, Error> {
        let url = self.repo(repo, &["commits", sha.as_str(), "statuses"]);
        let split = |page: Vec<Status>| (page, None);
        let (statuses, answered_at) = self.list(url, READ_STATUSES, split).await?;
        Ok(Statuses { statuses, answered_at })
    }
}
