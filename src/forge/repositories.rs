//! Repositories, their files and their pull requests.

use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use reqwest::Url;
use serde::Deserialize;

use super::http::Answer;
use super::list::PAGE_SIZE;
use super::retry::{ASIDE, READ, READ_TEXTS};
use super::{Error, Gitea};
use crate::links::PageBase;
use crate::types::{GitRef, PullRequestNumber, RepoName};

/// A pull request in a list: the fields that are used.
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

/// The base of a pull request.
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

    /// The base of the server's pages (ROOT_URL), from the address of the base repository.
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

/// A repository: the fields that are used.
#[derive(Debug, Deserialize)]
pub(crate) struct Repository {
    #[serde(default)]
    pub(crate) default_branch: String,
    #[serde(default)]
    pub(crate) has_actions: bool,
    #[serde(default)]
    permissions: Permissions,
    private: Option<bool>,
    /// Whether only people who are signed in can see it: its owner is not public.
    #[serde(default)]
    internal: bool,
}

/// What the token's account may do in a repository, regardless of the token's scopes.
#[derive(Debug, Default, Deserialize)]
struct Permissions {
    #[serde(default)]
    push: bool,
}

impl Repository {
    /// Whether the token's account may write to the repository's code. Setting a status needs this right too.
    pub(crate) fn may_be_written(&self) -> bool {
        self.permissions.push
    }

    /// Whether everybody may see it; `None` if the server does not say.
    pub(crate) fn is_public(&self) -> Option<bool> {
        self.private.map(|private| !private && !self.internal)
    }
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

    /// A repository, if the token can see it.
    pub(crate) async fn repository(&self, repo: &RepoName) -> Result<Repository, Error> {
        Ok(self.get(self.repo(repo, &[]), ASIDE).await?.value)
    }

    /// The commit that a branch or a tag points to.
    pub(crate) async fn commit_at(&self, repo: &RepoName, git_ref: &GitRef) -> Result<String, Error> {
        #[derive(Deserialize)]
        struct Named {
            commit: Commit,
        }
        /// A branch's commit has an `id`, a tag's a `sha`.
        #[derive(Deserialize)]
        struct Commit {
            #[serde(alias = "id")]
            sha: String,
        }
        let mut url = self.repo(repo, &[if git_ref.is_tag() { "tags" } else { "branches" }]);
        if let Ok(mut path) = url.path_segments_mut() {
            path.extend(git_ref.name().split('/'));
        }
        let answer: Answer<Named> = self.get(url, READ).await?;
        Ok(answer.value.commit.sha)
    }

    /// The names of the files in a folder of a repository. `at` is the bare name of a branch, a tag or a commit.
    pub(crate) async fn file_names(&self, repo: &RepoName, folder: &str, at: &str) -> Result<Vec<String>, Error> {
        #[derive(Deserialize)]
        struct Entry {
            name: String,
        }
        let answer: Answer<Vec<Entry>> = self.get(self.contents(repo, folder, at), ASIDE).await?;
        Ok(answer.value.into_iter().map(|entry| entry.name).collect())
    }

    /// The text of a file of a repository. `at` is the bare name of a branch, a tag or a commit.
    pub(crate) async fn file(&self, repo: &RepoName, path: &str, at: &str) -> Result<String, Error> {
        /// For a folder, the response is a list. For a symbolic link, it has no content.
        #[derive(Deserialize)]
        struct File {
            content: String,
        }
        let url = self.contents(repo, path, at);
        let answer: Answer<File> = self.get(url.clone(), READ).await?;
        let bytes = BASE64.decode(answer.value.content);
        let bytes = bytes.map_err(|cause| self.not_gitea(url, format!("the content is not Base64: {cause}")))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The endpoint for raw files is not used: it falls back to the default branch if the ref does not exist (1.25 to
    /// 1.27).
    fn contents(&self, repo: &RepoName, path: &str, at: &str) -> Url {
        let mut url = self.repo(repo, &["contents"]);
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.extend(path.split('/'));
        }
        url.query_pairs_mut().append_pair("ref", at);
        url
    }
}
