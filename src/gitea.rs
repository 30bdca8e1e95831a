//! The client of Gitea's API: one function an endpoint; sending, errors and retries are the rooms below it.
//!
//! The endpoints and what they really answer: `../shared/gitea-facts.md`, and <https://docs.gitea.com/api/>.

mod error;
mod http;
mod retry;

use std::collections::BTreeMap;

use reqwest::{Method, StatusCode, Url};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

pub(crate) use error::{Certificate, Error, Kind};
pub(crate) use retry::random;

use crate::links::{BaseUrl, run_number_in};
use crate::message::one_line;
use crate::tls::TrustedRoots;
use crate::types::{
    CommentId, CommitSha, GitRef, PullRequestNumber, RepoName, RunId, RunNumber, State, StatusContext, Token,
    WorkflowFile,
};
use http::{Answer, Http};
use retry::{ASIDE, Again, DISPATCH, Limits, READ, READ_TEXTS, VERSION, WRITE};

/// The most entries that a page may have (`MAX_RESPONSE_ITEMS`, 50 unless the server's administrator lowers it), and the most
/// pages that are read of a list.
const PAGE_SIZE: usize = 50;
const PAGE_LIMIT: usize = 20;

/// As many pages of pull requests: more than any repository has open.
const PULL_REQUEST_PAGE_LIMIT: usize = 400;

/// A server that is reached by `api`, with one token.
pub(crate) struct Gitea {
    http: Http,
    api: BaseUrl,
}

/// What the dispatch endpoint takes. The values of inputs are strings: Gitea refuses a number with 422.
#[derive(Debug, Serialize)]
pub(crate) struct WorkflowDispatch<'a> {
    #[serde(rename = "ref")]
    pub(crate) git_ref: &'a GitRef,
    pub(crate) inputs: &'a BTreeMap<String, String>,
}

/// The run that a dispatch started: its id, and the number that its page has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DispatchedRun {
    pub(crate) id: RunId,
    pub(crate) number: RunNumber,
}

/// What the status endpoint takes.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct NewStatus<'a> {
    pub(crate) state: State,
    /// The page that people come to; the server would take any text.
    pub(crate) target_url: &'a str,
    pub(crate) description: &'a str,
    pub(crate) context: &'a StatusContext,
    /// Whether it tells the end of a run: then it is the same when repeated, and nothing may come in between that counts more.
    #[serde(skip)]
    pub(crate) is_final: bool,
}

/// The latest status of each context of a commit, and when the server said so.
#[derive(Debug)]
pub(crate) struct Statuses {
    pub(crate) statuses: Vec<Status>,
    /// The server's own clock, which the statuses' times are of.
    pub(crate) answered_at: Option<OffsetDateTime>,
}

/// A status of a commit, as far as it is read.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Status {
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

/// The jobs of a run, and when the server said so.
#[derive(Debug)]
pub(crate) struct RunJobs {
    pub(crate) jobs: Vec<Job>,
    /// The server's own clock, which the jobs' times are of.
    pub(crate) answered_at: Option<OffsetDateTime>,
}

/// A job of a run, as far as it is read.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Job {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) html_url: String,
    /// 0 until a runner has taken the job.
    #[serde(default)]
    pub(crate) run_attempt: u32,
    /// `queued` waits for a runner, `waiting` for another job or run.
    #[serde(default, rename = "status")]
    pub(crate) state: String,
    #[serde(default)]
    conclusion: Option<String>,
    #[serde(default)]
    created_at: Option<String>,
    #[serde(default)]
    started_at: Option<String>,
    #[serde(default)]
    completed_at: Option<String>,
}

impl Job {
    /// When the run was asked for.
    pub(crate) fn created_at(&self) -> Option<OffsetDateTime> {
        moment(self.created_at.as_ref())
    }

    /// When a runner began with it; `None` before that.
    pub(crate) fn started_at(&self) -> Option<OffsetDateTime> {
        moment(self.started_at.as_ref())
    }

    /// When it ended; `None` before that.
    pub(crate) fn completed_at(&self) -> Option<OffsetDateTime> {
        moment(self.completed_at.as_ref())
    }

    /// How it ended; `None` while it has not.
    pub(crate) fn conclusion(&self) -> Option<&str> {
        self.conclusion.as_deref().filter(|conclusion| !conclusion.is_empty())
    }

    /// The number in the page of its run, which is one of `repo`.
    pub(crate) fn run_number(&self, repo: &RepoName) -> Option<RunNumber> {
        run_number_in(&self.html_url, repo)
    }
}

/// A comment on a pull request, as far as it is read.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Comment {
    pub(crate) id: CommentId,
    pub(crate) user: Option<User>,
    #[serde(default)]
    pub(crate) body: String,
}

/// What the comment endpoints take.
#[derive(Debug, Serialize)]
struct CommentBody<'a> {
    body: &'a str,
}

/// A pull request in a list, as far as it is read.
#[derive(Debug, Deserialize)]
pub(crate) struct PullRequest {
    pub(crate) number: PullRequestNumber,
    pub(crate) head: Head,
    /// How many comments it has.
    #[serde(default)]
    pub(crate) comments: u64,
    /// Whether another one has the same head. The server does not say it.
    #[serde(skip)]
    pub(crate) shares_head: bool,
}

/// The newest commit of a pull request.
#[derive(Debug, Deserialize)]
pub(crate) struct Head {
    pub(crate) sha: String,
}

/// An account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) struct User {
    pub(crate) id: i64,
}

impl User {
    /// Whom a job's own token acts as: the author of its comments. Its statuses have no creator (seen on 1.26.4).
    const ACTIONS: Self = Self { id: -2 };
}

/// Who set a status: where it is nobody, a job by its own token.
fn creator_or_actions<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<User>, D::Error> {
    Ok(Option::deserialize(deserializer)?.or(Some(User::ACTIONS)))
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
    pub(crate) fn new(api: BaseUrl, token: &Token, roots: TrustedRoots) -> Result<Self, String> {
        Ok(Self { http: Http::new(token, roots)?, api })
    }

    /// Begins a new minute: the step has a limit of its own (`wait-timeout`), and each piece of work in it a minute.
    pub(crate) fn begin_minute(&self) {
        self.http.begin_minute();
    }

    /// Starts a run of `workflow`. `None` where the server does not say which run that is (before Gitea 1.26). It is sent again
    /// only where the server surely did nothing.
    pub(crate) async fn dispatch_workflow(
        &self,
        target: &RepoName,
        workflow: &WorkflowFile,
        dispatch: &WorkflowDispatch<'_>,
    ) -> Result<Option<DispatchedRun>, Error> {
        #[derive(Deserialize)]
        struct RunDetails {
            workflow_run_id: RunId,
            #[serde(default)]
            html_url: String,
        }
        let mut url = self.repo(target, &["actions", "workflows", workflow.as_str(), "dispatches"]);
        // Without it the answer is 204 and the run cannot be known.
        url.set_query(Some("return_run_details=true"));
        let answer: Answer<Option<RunDetails>> =
            self.http.request(Method::POST, url, Some(dispatch), Again::IfNotDone, DISPATCH).await?;
        Ok(answer.value.map(|RunDetails { workflow_run_id: id, html_url }| DispatchedRun {
            id,
            number: run_number_in(&html_url, target).unwrap_or_else(|| id.into()),
        }))
    }

    /// Sets a commit status, and gives one's own account. Needs the scope `write:repository` and write access to the
    /// repository's code. A final status is sent again whatever happened, since it is the same when repeated; another
    /// one only where the server surely did nothing, since a final one may have come in between.
    pub(crate) async fn create_status(
        &self,
        repo: &RepoName,
        sha: &CommitSha,
        status: &NewStatus<'_>,
    ) -> Result<Option<User>, Error> {
        #[derive(Deserialize)]
        struct Created {
            #[serde(rename = "id")]
            _id: u64,
            #[serde(default, deserialize_with = "creator_or_actions")]
            creator: Option<User>,
        }
        let again = if status.is_final { Again::IfLost } else { Again::IfNotDone };
        let url = self.repo(repo, &["statuses", sha.as_str()]);
        // A server that repeats the token may have written it in JSON's escapes, which only now are read.
        let status = NewStatus { description: &self.http.redact(status.description), ..*status };
        let answer: Answer<Created> = self.http.request(Method::POST, url, Some(&status), again, WRITE).await?;
        Ok(answer.value.creator)
    }

    /// The latest status of each context of a commit: all pages, since the wanted one need not be on the first.
    pub(crate) async fn statuses(&self, repo: &RepoName, sha: &CommitSha) -> Result<Statuses, Error> {
        #[derive(Deserialize)]
        struct CombinedStatus {
            /// Null where there are none.
            #[serde(deserialize_with = "Option::deserialize")]
            statuses: Option<Vec<Status>>,
        }
        let url = self.repo(repo, &["commits", sha.as_str(), "status"]);
        let split = |page: CombinedStatus| (page.statuses.unwrap_or_default(), None);
        let (statuses, answered_at) = self.list(url, PAGE_LIMIT, READ, split).await?;
        Ok(Statuses { statuses, answered_at })
    }

    /// The jobs of a run: all pages. Gitea 1.24 has no such list. There are none where the run is gone, which is no error to
    /// Gitea.
    pub(crate) async fn run_jobs(&self, repo: &RepoName, run: RunId) -> Result<RunJobs, Error> {
        #[derive(Deserialize)]
        struct Jobs {
            jobs: Vec<Job>,
            total_count: Option<usize>,
        }
        let url = self.repo(repo, &["actions", "runs", &run.to_string(), "jobs"]);
        let (jobs, answered_at) = self.list(url, PAGE_LIMIT, READ, |page: Jobs| (page.jobs, page.total_count)).await?;
        Ok(RunJobs { jobs, answered_at })
    }

    /// Whether a run is there. A 404 alone does not tell: the repository may be hidden from the token.
    pub(crate) async fn has_run(&self, repo: &RepoName, run: RunId) -> Result<bool, Error> {
        let url = self.repo(repo, &["actions", "runs", &run.to_string()]);
        match self.get::<IgnoredAny>(url, READ).await {
            Ok(_) => Ok(true),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The open pull requests of a repository: all pages.
    pub(crate) async fn open_pull_requests(&self, repo: &RepoName) -> Result<Vec<PullRequest>, Error> {
        let mut url = self.repo(repo, &["pulls"]);
        url.query_pairs_mut().append_pair("state", "open");
        let (pulls, _) =
            self.list(url, PULL_REQUEST_PAGE_LIMIT, READ_TEXTS, |page: Vec<PullRequest>| (page, None)).await?;
        Ok(pulls)
    }

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
            self.http.request(Method::POST, url, Some(&comment), Again::IfNotDone, WRITE).await?;
        Ok(answer.value.id)
    }

    /// Replaces the text of a comment. Needs the scope `write:issue`.
    pub(crate) async fn edit_comment(&self, repo: &RepoName, comment: CommentId, body: &str) -> Result<(), Error> {
        let body = CommentBody { body: &self.http.redact(body) };
        let url = self.repo(repo, &["issues", "comments", &comment.to_string()]);
        let _edited: Answer<Comment> =
            self.http.request(Method::PATCH, url, Some(&body), Again::IfNotDone, WRITE).await?;
        Ok(())
    }

    /// The comments on a pull request, those since `since` where it is given. This list has no pages.
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

    /// The comments on all pull requests and issues of a repository since that time: all pages. Only of those that `keep` asks for
    /// the text is kept: all texts together may be more than the runner's memory.
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
        let (comments, _) = self.list(url, PAGE_LIMIT, READ_TEXTS, split).await?;
        Ok(comments)
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

    /// The server's version, such as `1.26.4` or `1.27.0+dev-1-gabc`: major and minor number.
    pub(crate) async fn version(&self) -> Result<(u32, u32), Error> {
        #[derive(Deserialize)]
        struct Version {
            version: String,
        }
        let Answer { value: Version { version }, request, .. } = self.get(self.api.join(["version"]), VERSION).await?;
        let mut numbers = version.split('.').map_while(|number| number.parse().ok());
        match (numbers.next(), numbers.next()) {
            (Some(major), Some(minor)) => Ok((major, minor)),
            _ => Err(not_gitea(request, format!("the version is {}", one_line(&version)))),
        }
    }

    fn repo(&self, repo: &RepoName, rest: &[&str]) -> Url {
        let segments = ["repos", &repo.owner, &repo.name];
        self.api.join(segments.into_iter().chain(rest.iter().copied()))
    }

    fn comments_url(&self, repo: &RepoName, number: PullRequestNumber) -> Url {
        self.repo(repo, &["issues", &number.to_string(), "comments"])
    }

    async fn get<T: DeserializeOwned>(&self, url: Url, limits: Limits) -> Result<Answer<T>, Error> {
        self.http.request::<(), T>(Method::GET, url, None, Again::IfLost, limits).await
    }

    /// All entries of a list, and when the server answered first. How many there are is told by `X-Total-Count`, which the
    /// list of jobs has from 1.26 on, else by the total that `split` finds in the body; the `total_count` of the combined
    /// status is none, since it counts the page alone.
    async fn list<P: DeserializeOwned, T>(
        &self,
        url: Url,
        page_limit: usize,
        limits: Limits,
        split: impl Fn(P) -> (Vec<T>, Option<usize>),
    ) -> Result<(Vec<T>, Option<OffsetDateTime>), Error> {
        let mut entries = Vec::new();
        let mut answered_at = None;
        for page in 1..=page_limit {
            let mut url = url.clone();
            let (number, size) = (page.to_string(), PAGE_SIZE.to_string());
            url.query_pairs_mut().append_pair("page", &number).append_pair("limit", &size);
            let Answer { value, request, total, date } = self.get(url, limits).await?;
            let (found, total_in_body) = split(value);
            answered_at = answered_at.or(date);
            let found_here = found.len();
            entries.extend(found);
            match total.or(total_in_body) {
                Some(total) if entries.len() >= total => return Ok((entries, answered_at)),
                Some(total) if found_here == 0 => {
                    return Err(not_gitea(request, format!("the list has {} entries of {total}", entries.len())));
                }
                None if found_here < PAGE_SIZE => return Ok((entries, answered_at)),
                _ if page == page_limit => {
                    let cause = format!("the list has more than {page_limit} pages");
                    return Err(Error { request, attempts: 1, kind: Kind::TooLong { cause } });
                }
                _ => {}
            }
        }
        Ok((entries, answered_at))
    }
}

/// A time of a job, for which Gitea says 1970 as long as there is none.
fn moment(text: Option<&String>) -> Option<OffsetDateTime> {
    let time = OffsetDateTime::parse(text?, &Rfc3339).ok()?;
    (time.unix_timestamp() > 0).then_some(time)
}

fn not_gitea(request: String, cause: String) -> Error {
    Error { request, attempts: 1, kind: Kind::NotGitea { status: StatusCode::OK, cause } }
}
