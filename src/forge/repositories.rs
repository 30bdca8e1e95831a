//! Repositories, their files and their pull requests.

use serde::Deserialize;

use super::http::Answer;
use super::list::PAGE_SIZE;
use super::retry::{ASIDE, READ_TEXTS};
use super::{Error, Gitea};
use crate::links::PageBase;
use crate::types::{GitRef, PullRequestNumber, RepoName};

/// A pull request in a list, as far as it is read.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct PullRequest {
    pub(crate) number: PullRequestNumber,
    #[serde(default)]
    state: String,
    pub(crate) head: Head,
    /// How many comments it has.
    #[serde(default)]
    pub(crate) comments: u64,
    #[serde(default)]
    base: Option<Base>,
}

/// Where a pull request goes.
#[derive(Debug, Clone, Deserialize)]
struct Base {
    #[serde(default)]
    repo: Option<BaseRepository>,
}

#[derive(Debug, Clone, Deserialize)]
struct BaseRepository {
    #[serde(default)]
    url: String,
}

/// A page of a list of pull requests.
#[derive(Debug)]
pub(crate) struct PullRequests {
    pub(crate) pulls: Vec<PullRequest>,
    /// How many there are on all pages.
    pub(crate) total: Option<usize>,
}

impl PullRequest {
    /// Whether it is neither merged nor closed.
    pub(crate) fn is_open(&self) -> bool {
        self.state == "open"
    }

    /// The base of the server's pages, as the address of its repository has it: ROOT_URL.
    pub(crate) fn pages(&self) -> Option<PageBase> {
        PageBase::of_repository_url(&self.base.as_ref()?.repo.as_ref()?.url)
    }
}

/// The newest commit of a pull request.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Head {
    pub(crate) sha: String,
    /// The branch.
    #[serde(default, rename = "ref")]
    pub(crate) branch: String,
}

/// A repository, as far as it is read.
#[derive(Debug, Deserialize)]
pub(crate) struct Repository {
    #[serde(default)]
    pub(crate) default_branch: String,
    #[serde(default)]
    pub(crate) has_actions: bool,
}

impl Gitea {
    /// A pull request. Needs the scope `read:repository`.
    pub(crate) async fn pull_request(&self, repo: &RepoName, number: PullRequestNumber) -> Result<PullRequest, Error> {
        Ok(self.get(self.repo(repo, &["pulls", &number.to_string()]), READ_TEXTS).await?.value)
    }

    /// A page of the open pull requests of a repository; pages count from 1.
    pub(crate) async fn open_pull_requests(&self, repo: &RepoName, page: usize) -> Result<PullRequests, Error> {
        let mut url = self.repo(repo, &["pulls"]);
        let (page, size) = (page.to_string(), PAGE_SIZE.to_string());
        url.query_pairs_mut().append_pair("state", "open").append_pair("page", &page).append_pair("limit", &size);
        let Answer { value: pulls, total, .. } = self.get(url, READ_TEXTS).await?;
        Ok(PullRequests { pulls, total })
    }

    /// A repository: whether the token can see it, and what it is like.
    pub(crate) async fn repository(&self, repo: &RepoName) -> Result<Repository, Error> {
        Ok(self.get(self.repo(repo, &[]), ASIDE).await?.value)
    }

    /// The names of the files in a folder of a repository at a ref.
    pub(crate) async fn file_names(
        &self,
        repo: &RepoName,
        folder: &str,
        git_ref: &GitRef,
    ) -> Result<Vec<String>, Error> {
        #[derive(Deserialize)]
        struct Entry {
            name: String,
        }
        let mut url = self.repo(repo, &["contents"]);
        if let Ok(mut path) = url.path_segments_mut() {
            path.extend(folder.split('/'));
        }
        url.query_pairs_mut().append_pair("ref", git_ref.as_str());
        let answer: Answer<Vec<Entry>> = self.get(url, ASIDE).await?;
        Ok(answer.value.into_iter().map(|entry| entry.name).collect())
    }
}
