//! Comments on pull requests.

use reqwest::{Method, Url};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::http::Answer;
use super::retry::{Again, COMMENT, READ, READ_TEXTS};
use super::{Error, Gitea, User};
use crate::types::{CommentId, PullRequestNumber, RepoName};

/// A comment on a pull request: the fields that are used.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Comment {
    pub(crate) id: CommentId,
    pub(crate) user: Option<User>,
    #[serde(default)]
    pub(crate) body: String,
}

/// The request body of the comment endpoints.
#[derive(Debug, Serialize)]
struct CommentBody<'a> {
    body: &'a str,
}

impl Gitea {
    /// Comments on a pull request. Needs the scope `write:issue`.
    pub(crate) async fn create_comment(
        &self,
        repo: &RepoName,
        number: PullRequestNumber,
        body: &str,
    ) -> Result<CommentId, Error> {
        let comment = CommentBody { body: &self.http.redact(body) };
        let url = self.comments_url(repo, number);
        let answer: Answer<Comment> =
            self.http.request(Method::POST, url, Some(&comment), Again::IfNotDone, COMMENT).await?;
        Ok(answer.value.id)
    }

    /// Replaces the text of a comment. Needs the scope `write:issue`.
    pub(crate) async fn edit_comment(&self, repo: &RepoName, comment: CommentId, body: &str) -> Result<(), Error> {
        let body = CommentBody { body: &self.http.redact(body) };
        let url = self.repo(repo, &["issues", "comments", &comment.to_string()]);
        let _edited: Answer<Comment> =
            self.http.request(Method::PATCH, url, Some(&body), Again::IfNotDone, COMMENT).await?;
        Ok(())
    }

    /// Deletes a comment. Needs the scope `write:issue`. Safe to repeat.
    pub(crate) async fn delete_comment(&self, repo: &RepoName, comment: CommentId) -> Result<(), Error> {
        let url = self.repo(repo, &["issues", "comments", &comment.to_string()]);
        let _deleted: Answer<()> = self.http.request(Method::DELETE, url, None::<&()>, Again::IfLost, COMMENT).await?;
        Ok(())
    }

    /// Edits comment 0, which no repository has. The error shows whether the token could edit a comment: without the scope
    /// `write:issue`, Gitea refuses before it looks up the comment (1.25 to 1.27). Nothing is changed.
    pub(crate) async fn edit_no_comment(&self, repo: &RepoName) -> Result<(), Error> {
        let url = self.repo(repo, &["issues", "comments", "0"]);
        let body = CommentBody { body: "A check of dispatch-action" };
        let _edited: Answer<IgnoredAny> =
            self.http.request(Method::PATCH, url, Some(&body), Again::IfLost, READ).await?;
        Ok(())
    }

    /// The comments on a pull request. With `since`, only the comments since that time. This list has no pages.
    pub(crate) async fn comments(
        &self,
        repo: &RepoName,
        number: PullRequestNumber,
        since: Option<OffsetDateTime>,
    ) -> Result<Vec<Comment>, Error> {
        let mut url = self.comments_url(repo, number);
        if let Some(since) = since.and_then(|since| since.format(&Rfc3339).ok()) {
            url.query_pairs_mut().append_pair("since", &since);
        }
        Ok(self.get(url, READ_TEXTS).await?.value)
    }

    /// The comments on all pull requests and issues of a repository since that time, from all pages. Only the comments
    /// that `keep` selects keep their text: all texts together may exceed the runner's memory.
    pub(crate) async fn all_comments(
        &self,
        repo: &RepoName,
        since: OffsetDateTime,
        keep: impl Fn(&Comment) -> bool,
    ) -> Result<Vec<Comment>, Error> {
        let mut url = self.repo(repo, &["issues", "comments"]);
        if let Ok(since) = since.format(&Rfc3339) {
            url.query_pairs_mut().append_pair("since", &since);
        }
        let split = |mut page: Vec<Comment>| {
            for comment in page.iter_mut().filter(|comment| !keep(comment)) {
                comment.body = String::new();
            }
            (page, None)
        };
        let (comments, _) = self.list(url, READ_TEXTS, split).await?;
        Ok(comments)
    }

    fn comments_url(&self, repo: &RepoName, number: PullRequestNumber) -> Url {
        self.repo(repo, &["issues", &number.to_string(), "comments"])
    }
}
