//! The state of the server, and what a person or a script would do to it outside the API.

use std::collections::{BTreeMap, BTreeSet};

use super::{PullRequest, Run, RunEvent, Version, Workflow, clock};

/// Everything that the server knows.
pub(crate) struct World {
    pub(crate) version: Version,
    /// The server's `ROOT_URL`: the address that people use, unlike the address that a runner may use. No slash at its
    /// end.
    pub(crate) root_url: String,
    /// By name.
    pub(crate) users: BTreeMap<String, User>,
    /// By value.
    pub(crate) tokens: BTreeMap<String, Token>,
    /// By `owner/name`.
    pub(crate) repositories: BTreeMap<String, Repository>,
    /// The new name by the old one.
    pub(crate) renamed: BTreeMap<String, String>,
    /// Every status ever posted, in order of creation.
    pub(crate) statuses: Vec<Status>,
    /// Every comment, in order of creation.
    pub(crate) comments: Vec<Comment>,
    /// Every run, in order of creation.
    pub(crate) runs: Vec<Run>,
    /// The events for which `workflow_run` workflows were started, in that order.
    pub(crate) run_events: Vec<RunEvent>,
    /// On this many pages of jobs, first pages not counted, a job is repeated and another one is left out: up to 1.26
    /// they have no order.
    pub(crate) unordered_job_pages: usize,
    /// Ids are unique on the server. A test may raise these.
    pub(crate) next_status_id: u64,
    pub(crate) next_comment_id: u64,
    pub(crate) next_run_id: u64,
    pub(crate) next_job_id: u64,
    pub(super) next_task_id: u64,
    /// Scheme and host of the latest request: links to pages have it from 1.26 on.
    pub(super) host: String,
    commits_made: u64,
    frozen_at: Option<i64>,
}

/// An account.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) id: i64,
    /// A site administrator may do everything, and sees the text of an internal error.
    pub(crate) admin: bool,
}

/// What a token may be used for, in addition to the rights of its user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scope {
    ReadIssue,
    WriteIssue,
    ReadRepository,
    WriteRepository,
    ReadUser,
    WriteUser,
}

/// An access token.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) user: String,
    /// `None`: every scope.
    pub(crate) scopes: Option<BTreeSet<Scope>>,
    /// The token is a job's own token: it has no scopes, may write to this repository, and may read public ones.
    pub(crate) job_of: Option<String>,
}

/// The user of a job's own token.
pub(super) const ACTIONS_USER: &str = "gitea-actions";

/// What a collaborator may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Permission {
    Read,
    Write,
}

/// A repository with its pull requests and workflows.
#[derive(Debug, Clone)]
pub(crate) struct Repository {
    pub(crate) id: u64,
    pub(crate) owner: String,
    pub(crate) name: String,
    /// `owner/name` of the repository that this is a fork of.
    pub(crate) fork_of: Option<String>,
    pub(crate) private: bool,
    pub(crate) archived: bool,
    pub(crate) actions_enabled: bool,
    pub(crate) default_branch: String,
    /// Name to SHA.
    pub(crate) branches: BTreeMap<String, String>,
    /// Name to SHA.
    pub(crate) tags: BTreeMap<String, String>,
    /// Each SHA that can have a status, pull request heads included.
    pub(crate) commits: BTreeSet<String>,
    /// User to right. The owner needs no entry.
    pub(crate) collaborators: BTreeMap<String, Permission>,
    /// File name to workflow.
    pub(crate) workflows: BTreeMap<String, Workflow>,
    /// By number.
    pub(crate) pulls: BTreeMap<u64, PullRequest>,
    /// Titles by number. Issues and pull requests share their numbers.
    pub(crate) issues: BTreeMap<u64, String>,
    /// Runs are numbered per repository, unlike their ids.
    pub(crate) next_run_number: u64,
    pub(crate) created_at: i64,
}

/// A commit status.
#[derive(Debug, Clone)]
pub(crate) struct Status {
    pub(crate) id: u64,
    pub(crate) repository: String,
    pub(crate) sha: String,
    pub(crate) context: String,
    /// Any text: Gitea does not check it.
    pub(crate) state: String,
    pub(crate) target_url: String,
    pub(crate) description: String,
    /// `None` for a status that Gitea Actions itself set.
    pub(crate) creator: Option<String>,
    pub(crate) created_at: i64,
}

/// A comment on a pull request.
#[derive(Debug, Clone)]
pub(crate) struct Comment {
    pub(crate) id: u64,
    pub(crate) repository: String,
    pub(crate) number: u64,
    pub(crate) author: String,
    pub(crate) body: String,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

impl World {
    pub(super) fn new(version: Version) -> Self {
        Self {
            version,
            root_url: "https://gitea.example.com".to_owned(),
            users: BTreeMap::new(),
            tokens: BTreeMap::new(),
            repositories: BTreeMap::new(),
            renamed: BTreeMap::new(),
            statuses: Vec::new(),
            comments: Vec::new(),
            runs: Vec::new(),
            run_events: Vec::new(),
            unordered_job_pages: 0,
            next_status_id: 1,
            next_comment_id: 1,
            // Different from the numbers, so that a mix-up of the two shows.
            next_run_id: 101,
            next_job_id: 501,
            next_task_id: 1,
            host: String::new(),
            commits_made: 0,
            frozen_at: None,
        }
    }

    /// The base of links to pages (`html_url`), in a response and in the event that a request causes. From 1.26 on, it
    /// is the address that the request was sent to, with the sub-path of [`Self::root_url`]; before, it is `root_url`
    /// itself.
    pub(super) fn pages(&self) -> String {
        if self.version < Version::V1_26 {
            return self.root_url.clone();
        }
        let authority = self.root_url.split_once("://").map_or("", |(_, rest)| rest);
        let sub_path = authority.find('/').map_or("", |slash| &authority[slash..]);
        format!("{}{sub_path}", self.host)
    }

    /// Seconds since 1970, by the world's clock.
    pub(crate) fn now(&self) -> i64 {
        self.frozen_at.unwrap_or_else(clock::machine)
    }

    /// Stops the clock, and moves it forward: a test can let a run take 72 seconds without waiting.
    pub(crate) fn advance(&mut self, seconds: i64) {
        self.frozen_at = Some(self.now() + seconds);
    }

    /// Adds an account and gives its id.
    pub(crate) fn add_user(&mut self, name: &str) -> i64 {
        let id = self.users.len() as i64 + 1;
        self.users.insert(name.to_owned(), User { id, admin: false });
        id
    }

    /// Adds an account with a token of these scopes, and its rights in repositories that exist.
    pub(crate) fn add_bot(&mut self, name: &str, token: &str, scopes: &[Scope], rights: &[(&str, Permission)]) {
        self.add_user(name);
        self.add_token(name, token, scopes);
        for (repo, permission) in rights {
            self.repository(repo).add_collaborator(name, *permission);
        }
    }

    /// Makes an account a site administrator.
    pub(crate) fn make_admin(&mut self, name: &str) {
        self.users.get_mut(name).expect("an account").admin = true;
    }

    /// Adds a token with these scopes.
    pub(crate) fn add_token(&mut self, user: &str, value: &str, scopes: &[Scope]) {
        self.put_token(user, value, Some(scopes.iter().copied().collect()), None);
    }

    /// Adds a token with every scope.
    pub(crate) fn add_token_for_all(&mut self, user: &str, value: &str) {
        self.put_token(user, value, None, None);
    }

    /// Adds the job token of a job in this repository.
    pub(crate) fn add_job_token(&mut self, repository: &str, value: &str) {
        self.put_token(ACTIONS_USER, value, None, Some(repository.to_owned()));
    }

    fn put_token(&mut self, user: &str, value: &str, scopes: Option<BTreeSet<Scope>>, job_of: Option<String>) {
        self.tokens.insert(value.to_owned(), Token { user: user.to_owned(), scopes, job_of });
    }

    /// Adds a public repository with a first commit on `main` and Actions switched on, and its owner if necessary.
    pub(crate) fn add_repository(&mut self, full_name: &str) -> &mut Repository {
        let (owner, name) = full_name.split_once('/').expect("owner/name");
        if !self.users.contains_key(owner) {
            self.add_user(owner);
        }
        let sha = self.new_sha();
        let repository = Repository {
            id: self.repositories.len() as u64 + 1,
            owner: owner.to_owned(),
            name: name.to_owned(),
            fork_of: None,
            private: false,
            archived: false,
            actions_enabled: true,
            default_branch: "main".to_owned(),
            branches: BTreeMap::from([("main".to_owned(), sha.clone())]),
            tags: BTreeMap::new(),
            commits: BTreeSet::from([sha]),
            collaborators: BTreeMap::new(),
            workflows: BTreeMap::new(),
            pulls: BTreeMap::new(),
            issues: BTreeMap::new(),
            next_run_number: 1,
            created_at: self.now(),
        };
        self.repositories.insert(full_name.to_owned(), repository);
        self.repository(full_name)
    }

    /// The repository of that name, which must exist.
    pub(crate) fn repository(&mut self, full_name: &str) -> &mut Repository {
        self.repositories.get_mut(full_name).expect("a repository that was added")
    }

    /// As [`Self::repository`], read-only.
    pub(super) fn repository_ref(&self, full_name: &str) -> &Repository {
        self.repositories.get(full_name).expect("a repository that was added")
    }

    /// A SHA that no repository has yet.
    pub(crate) fn new_sha(&mut self) -> String {
        self.commits_made += 1;
        // Multiplying by an odd constant keeps the numbers distinct, and makes their prefixes distinct as well.
        format!("{:016x}{:024x}", self.commits_made.wrapping_mul(0x9e37_79b9_7f4a_7c15), self.commits_made)
    }

    /// Renames a repository; the owner stays. The old name leads to the new one.
    pub(crate) fn rename_repository(&mut self, repo: &str, name: &str) {
        let mut repository = self.repositories.remove(repo).expect("a repository that was added");
        name.clone_into(&mut repository.name);
        self.renamed.insert(repo.to_owned(), repository.full_name());
        self.repositories.insert(repository.full_name(), repository);
    }

    /// Adds a status as if the user had set it, and returns its id. `None` is Gitea Actions itself.
    pub(crate) fn add_status(
        &mut self,
        repo: &str,
        sha: &str,
        creator: Option<&str>,
        context: &str,
        state: &str,
        target_url: &str,
    ) -> u64 {
        let id = self.next_status_id;
        self.next_status_id += 1;
        self.statuses.push(Status {
            id,
            repository: repo.to_owned(),
            sha: sha.to_owned(),
            context: context.to_owned(),
            state: state.to_owned(),
            target_url: target_url.to_owned(),
            description: String::new(),
            creator: creator.map(str::to_owned),
            created_at: self.now(),
        });
        id
    }

    /// Adds a comment as if the user had written it, and returns its id.
    pub(crate) fn add_comment(&mut self, repo: &str, number: u64, author: &str, body: &str) -> u64 {
        let id = self.next_comment_id;
        self.next_comment_id += 1;
        let now = self.now();
        self.comments.push(Comment {
            id,
            repository: repo.to_owned(),
            number,
            author: author.to_owned(),
            body: body.to_owned(),
            created_at: now,
            updated_at: now,
        });
        id
    }

    /// The latest status of each context, as the page of a commit shows them. They are ordered by id, so the status of
    /// a busy context moves to the end, and off the first page if there are many.
    pub(crate) fn statuses(&self, repo: &str, sha: &str) -> Vec<Status> {
        let mut latest = BTreeMap::new();
        for status in self.all_statuses(repo, sha) {
            latest.insert(status.context.clone(), status);
        }
        let mut latest: Vec<_> = latest.into_values().collect();
        latest.sort_by_key(|status| status.id);
        latest
    }

    /// Every status of the commit, in order of creation.
    pub(crate) fn all_statuses(&self, repo: &str, sha: &str) -> Vec<Status> {
        self.statuses.iter().filter(|status| status.repository == repo && status.sha == sha).cloned().collect()
    }

    /// The comments of a pull request, in order of creation.
    pub(crate) fn comments(&self, repo: &str, number: u64) -> Vec<Comment> {
        self.comments.iter().filter(|comment| comment.repository == repo && comment.number == number).cloned().collect()
    }
}

impl Repository {
    /// `owner/name`.
    pub(crate) fn full_name(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    /// Points a branch at a commit; either may be new.
    pub(crate) fn add_branch(&mut self, name: &str, sha: &str) {
        self.branches.insert(name.to_owned(), sha.to_owned());
        self.commits.insert(sha.to_owned());
    }

    /// Points a tag at a commit; either may be new.
    pub(crate) fn add_tag(&mut self, name: &str, sha: &str) {
        self.tags.insert(name.to_owned(), sha.to_owned());
        self.commits.insert(sha.to_owned());
    }

    /// Gives a user a right.
    pub(crate) fn add_collaborator(&mut self, user: &str, permission: Permission) {
        self.collaborators.insert(user.to_owned(), permission);
    }

    /// Adds a workflow that a dispatch can start, with one job `build` and these inputs, whose defaults are empty.
    pub(crate) fn add_workflow(&mut self, file: &str, inputs: &[&str]) -> &mut Workflow {
        let inputs = inputs.iter().map(|name| ((*name).to_owned(), String::new())).collect();
        let workflow = Workflow::dispatchable(inputs);
        self.workflows.insert(file.to_owned(), workflow);
        self.workflow(file)
    }

    /// Adds a workflow from its YAML: trigger, inputs with their defaults, jobs and `needs` come from the text. Text
    /// that is not YAML makes the workflow broken.
    pub(crate) fn add_workflow_file(&mut self, file: &str, yaml: &str) -> &mut Workflow {
        let workflow = Workflow::parse(yaml);
        self.workflows.insert(file.to_owned(), workflow);
        self.workflow(file)
    }

    /// The workflow of that file name, which must exist.
    pub(crate) fn workflow(&mut self, file: &str) -> &mut Workflow {
        self.workflows.get_mut(file).expect("a workflow that was added")
    }

    /// The pull request of that number, which must exist.
    pub(crate) fn pull(&mut self, number: u64) -> &mut PullRequest {
        self.pulls.get_mut(&number).expect("a pull request that was opened")
    }

    pub(super) fn next_number(&self) -> u64 {
        self.pulls.keys().chain(self.issues.keys()).max().unwrap_or(&0) + 1
    }

    /// The commit that a branch, a tag, a SHA or the beginning of a SHA names.
    pub(super) fn resolve(&self, name: &str) -> Option<String> {
        let by_name = self.branches.get(name).or_else(|| self.tags.get(name)).or_else(|| self.commits.get(name));
        let by_prefix = || {
            let mut found = self.commits.iter().filter(|sha| name.len() >= 4 && sha.starts_with(name));
            found.next().filter(|_| found.next().is_none())
        };
        by_name.or_else(by_prefix).cloned()
    }
}
