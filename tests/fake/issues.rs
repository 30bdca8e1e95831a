//! Pull requests and their comments.

use serde_json::Value;

use super::access::{Access, Category, Need};
use super::api::{Call, Outcome, error, no_content, not_found, ok, total_count, with_status};
use super::faults::Answer;
use super::{Comment, clock, json};

impl Call<'_> {
    pub(super) fn list_pulls(&self, owner: &str, name: &str) -> Outcome {
        let repo = self.enter(Category::Repository, owner, name, Need::Reader)?;
        let repository = self.world.repository_ref(&repo);
        let state = self.query.get("state").map_or("open", String::as_str);
        let wanted = |open: bool| match state {
            "closed" => !open,
            "all" => true,
            _ => open,
        };
        // The newest first.
        let page = self.paged(repository.pulls.values().rev().filter(|pull| wanted(pull.open)).collect());
        let access = self.access(repository);
        let body: Vec<Value> =
            page.items.iter().map(|pull| json::pull_request(self.world, repository, pull, access, false)).collect();
        let answer = total_count(ok(&Value::from(body)), page.total);
        Ok(self.with_links(answer, page.total, page.page, page.limit))
    }

    pub(super) fn get_pull(&self, owner: &str, name: &str, number: &str) -> Outcome {
        let repo = self.enter(Category::Repository, owner, name, Need::Reader)?;
        let repository = self.world.repository_ref(&repo);
        let pull = number.parse().ok().and_then(|number: u64| repository.pulls.get(&number));
        let pull = pull.ok_or_else(|| not_found(self.world, None))?;
        Ok(ok(&json::pull_request(self.world, repository, pull, self.access(repository), true)))
    }

    pub(super) fn post_comment(&mut self, owner: &str, name: &str, number: &str) -> Outcome {
        let repo = self.enter(Category::Issue, owner, name, Need::SignedIn)?;
        self.refuse_archived(&repo)?;
        let body = self.comment_body("CreateIssueCommentOption")?;
        let number = self.issue(&repo, number)?;
        let user = self.user();
        let id = self.world.add_comment(&repo, number, &user, &body);
        let comment = self.comment(&repo, id)?;
        Ok(with_status(201, &json::comment(self.world, &comment)))
    }

    /// The comments of all pull requests and issues, in pages.
    pub(super) fn list_all_comments(&self, owner: &str, name: &str) -> Outcome {
        let repo = self.enter(Category::Issue, owner, name, Need::Reader)?;
        let since = self.time("since")?;
        let comments = self.world.comments.iter().filter(|comment| comment.repository == repo);
        let comments = comments.filter(|comment| since.is_none_or(|since| comment.updated_at >= since));
        let page = self.paged(comments.collect());
        let body: Vec<Value> = page.items.iter().map(|comment| json::comment(self.world, comment)).collect();
        let answer = total_count(ok(&Value::from(body)), page.total);
        Ok(self.with_links(answer, page.total, page.page, page.limit))
    }

    /// Not paged: this endpoint knows `since` and `before`, and ignores `page` and `limit`.
    pub(super) fn list_comments(&self, owner: &str, name: &str, number: &str) -> Outcome {
        let repo = self.enter(Category::Issue, owner, name, Need::Reader)?;
        let since = self.time("since")?;
        let before = self.time("before")?;
        let number = self.issue(&repo, number)?;
        let mut comments = self.world.comments(&repo, number);
        comments.retain(|comment| {
            since.is_none_or(|since| comment.updated_at >= since)
                && before.is_none_or(|before| comment.updated_at <= before)
        });
        let body: Vec<Value> = comments.iter().map(|comment| json::comment(self.world, comment)).collect();
        Ok(total_count(ok(&Value::from(body)), comments.len()))
    }

    pub(super) fn edit_comment(&mut self, owner: &str, name: &str, id: &str) -> Outcome {
        let repo = self.enter(Category::Issue, owner, name, Need::SignedIn)?;
        self.refuse_archived(&repo)?;
        let body = self.comment_body("EditIssueCommentOption")?;
        let id = self.own_or_writer(&repo, id)?;
        let now = self.world.now();
        for comment in self.world.comments.iter_mut().filter(|comment| comment.id == id) {
            comment.body.clone_from(&body);
            comment.updated_at = now;
        }
        let comment = self.comment(&repo, id)?;
        Ok(ok(&json::comment(self.world, &comment)))
    }

    pub(super) fn delete_comment(&mut self, owner: &str, name: &str, id: &str) -> Outcome {
        let repo = self.enter(Category::Issue, owner, name, Need::SignedIn)?;
        let id = self.own_or_writer(&repo, id)?;
        self.world.comments.retain(|comment| comment.id != id);
        Ok(no_content())
    }

    fn comment_body(&self, object: &str) -> Result<String, Answer> {
        let text = self.text(&self.body()?, object, "body")?;
        if text.is_empty() { Err(error(self.world, 422, "[Body]: Required")) } else { Ok(text) }
    }

    fn issue(&self, repo: &str, number: &str) -> Result<u64, Answer> {
        let repository = self.world.repository_ref(repo);
        let index: u64 = number.parse().unwrap_or(0);
        if repository.pulls.contains_key(&index) || repository.issues.contains_key(&index) {
            return Ok(index);
        }
        let message = format!("issue does not exist [id: 0, repo_id: {}, index: {index}]", repository.id);
        Err(self.internal_error(&message))
    }

    fn comment(&self, repo: &str, id: u64) -> Result<Comment, Answer> {
        let found = self.world.comments.iter().find(|comment| comment.id == id && comment.repository == repo);
        found.cloned().ok_or_else(|| {
            let detail = format!("comment does not exist [id: {id}, issue_id: 0]");
            not_found(self.world, Some(&detail))
        })
    }

    /// Authors may change their own comments. Whoever may write to the repository may change all comments.
    fn own_or_writer(&self, repo: &str, id: &str) -> Result<u64, Answer> {
        let comment = self.comment(repo, id.parse().unwrap_or(0))?;
        if comment.author == self.user() || self.access(self.world.repository_ref(repo)) >= Access::Write {
            return Ok(comment.id);
        }
        Err(Answer::new(403, "", ""))
    }

    fn refuse_archived(&self, repo: &str) -> Result<(), Answer> {
        let repository = self.world.repository_ref(repo);
        if repository.archived {
            let message = format!("<Repository {}:{repo}> is archived", repository.id);
            return Err(error(self.world, 423, &message));
        }
        Ok(())
    }

    fn time(&self, name: &str) -> Result<Option<i64>, Answer> {
        let Some(text) = self.query.get(name).filter(|text| !text.is_empty()) else { return Ok(None) };
        let cannot = || error(self.world, 422, &format!("parsing time {text:?} as RFC 3339"));
        clock::parse(text).map(Some).ok_or_else(cannot)
    }
}
