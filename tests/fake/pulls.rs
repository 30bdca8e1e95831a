//! Pull requests and issues: what their authors do.

use super::World;

/// A pull request.
#[derive(Debug, Clone)]
pub(crate) struct PullRequest {
    pub(crate) id: u64,
    pub(crate) number: u64,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) author: String,
    /// `owner/name`; another repository if the pull request comes from a fork, which a test may have removed since.
    pub(crate) head_repo: String,
    /// A branch; `refs/pull/4/head` if it was made by AGit.
    pub(crate) head_ref: String,
    pub(crate) head_sha: String,
    pub(crate) base_ref: String,
    pub(crate) open: bool,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

impl World {
    /// Opens a pull request by the head repository's owner, and returns its number. The base is the default branch.
    pub(crate) fn open_pull_request(&mut self, repo: &str, head_repo: &str, head_ref: &str, sha: &str) -> u64 {
        let now = self.now();
        let id = self.repositories.values().map(|repository| repository.pulls.len() as u64).sum::<u64>() + 1;
        let head = self.repository(head_repo);
        head.add_branch(head_ref, sha);
        let author = head.owner.clone();
        let base = self.repository(repo);
        // The head of a fork is fetched into the base repository, where its statuses belong.
        base.commits.insert(sha.to_owned());
        let number = base.next_number();
        let pull = PullRequest {
            id,
            number,
            title: format!("Change {head_ref}"),
            description: String::new(),
            author,
            head_repo: head_repo.to_owned(),
            head_ref: head_ref.to_owned(),
            head_sha: sha.to_owned(),
            base_ref: base.default_branch.clone(),
            open: true,
            created_at: now,
            updated_at: now,
        };
        base.pulls.insert(number, pull);
        number
    }

    /// Opens an issue, and gives its number.
    pub(crate) fn open_issue(&mut self, repo: &str, title: &str) -> u64 {
        let repository = self.repository(repo);
        let number = repository.next_number();
        repository.issues.insert(number, title.to_owned());
        number
    }

    /// A new commit on the pull request's branch.
    pub(crate) fn push(&mut self, repo: &str, number: u64, new_sha: &str) {
        let now = self.now();
        let base = self.repository(repo);
        base.commits.insert(new_sha.to_owned());
        let pull = base.pull(number);
        pull.head_sha = new_sha.to_owned();
        pull.updated_at = now;
        let (head_repo, head_ref) = (pull.head_repo.clone(), pull.head_ref.clone());
        self.repository(&head_repo).add_branch(&head_ref, new_sha);
    }

    /// Closes a pull request without merging it.
    pub(crate) fn close_pull_request(&mut self, repo: &str, number: u64) {
        self.repository(repo).pull(number).open = false;
    }
}
