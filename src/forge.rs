//! The client of Gitea's API: one module per topic, one function per endpoint. Sending, errors and retries have modules of their own.
//!
//! The endpoints: <https://docs.gitea.com/api/>. What real servers responded: `tests/fixtures/gitea-*`.

mod actions;
mod comments;
mod error;
mod http;
mod list;
mod logs;
mod repositories;
mod retry;
mod server;
mod statuses;

use reqwest::{Method, StatusCode, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;

pub(crate) use actions::{Job, ListedRun, ListedWorkflow, RunJobs, Step};
pub(crate) use comments::Comment;
pub(crate) use error::{Certificate, Error, Kind};
pub(crate) use list::{PAGE_LIMIT, PAGE_SIZE};
pub(crate) use logs::LogEnd;
pub(crate) use repositories::{PullRequest, PullRequests, Repository};
pub(crate) use server::Server;
pub(crate) use statuses::{CreatedStatus, NewStatus, Status, Statuses};

use crate::deadline::Deadline;
use crate::links::ApiBase;
use crate::proxy::Proxy;
use crate::signals::Underway;
use crate::tls::TrustedRoots;
use crate::types::{RepoName, Token};
use http::{Answer, Http};
use retry::{Again, Limits};

/// A client for the server at `api`, with one token and one deadline.
#[derive(Clone)]
pub(crate) struct Gitea {
    http: Http,
    api: ApiBase,
}

/// An account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
pub(crate) struct User {
    pub(crate) id: i64,
}

impl User {
    /// The account behind a job's own token. It is the author of the job's comments. Its statuses have no creator (seen
    /// on 1.26.4).
    const ACTIONS: Self = Self { id: -2 };
}

impl Gitea {
    /// A client whose requests end before the deadline. Requests that change something are noted in `underway`. The
    /// error is a complete sentence.
    pub(crate) fn new(
        api: ApiBase,
        token: &Token,
        roots: TrustedRoots,
        proxy: Option<Proxy>,
        deadline: Deadline,
        underway: Underway,
    ) -> Result<Self, String> {
        Ok(Self { http: Http::new(token, roots, proxy, deadline, underway)?, api })
    }

    /// The same server over the same connections, with another deadline.
    pub(crate) fn until(&self, deadline: Deadline) -> Self {
        Self { http: self.http.until(deadline), api: self.api.clone() }
    }

    fn repo(&self, repo: &RepoName, rest: &[&str]) -> Url {
        let segments = ["repos", &repo.owner, &repo.name];
        self.api.join(segments.into_iter().chain(rest.iter().copied()))
    }

    async fn get<T: DeserializeOwned>(&self, url: Url, limits: Limits) -> Result<Answer<T>, Error> {
        self.http.request::<(), T>(Method::GET, url, None, Again::IfLost, limits).await
    }

    /// The error for a response to a GET that has Gitea's form, but cannot come from Gitea.
    fn not_gitea(&self, url: Url, cause: String) -> Error {
        self.http.error(Method::GET, url, Kind::NotGitea { status: StatusCode::OK, cause, retry_after: None })
    }
}
