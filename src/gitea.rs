//! The client of Gitea's API: one private `send`, one function an endpoint, one error type.
//!
//! The endpoints and what they really answer: `../shared/gitea-facts.md`, and <https://docs.gitea.com/api/>.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, DATE, HeaderMap, HeaderValue, LOCATION};
use reqwest::{Client, Method, StatusCode, Url, redirect};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::{Rfc2822, Rfc3339};

use crate::links::{BaseUrl, run_number_in};
use crate::message::one_line;
use crate::tls::{self, TrustedRoots};
use crate::types::{
    CommentId, CommitSha, GitRef, PullRequestNumber, RepoName, RunId, RunNumber, State, StatusContext, Token,
    WorkflowFile,
};

/// How long to wait for a connection, and for one answer. Three such answers in a row fit into the step's budget.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(18);

/// The most that is read of one answer; a page of 50 statuses has some 50 KB.
const ANSWER_LIMIT: usize = 4 << 20;

/// The most entries that a page may have (`MAX_RESPONSE_ITEMS`, 50 unless the server's administrator lowers it), and the most
/// pages that are read of a list.
const PAGE_SIZE: usize = 50;
const PAGE_LIMIT: usize = 20;

/// Why a request has not done what it should: what was tried, where, and what came back. The token is in none of them.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Nothing was sent: the server does not know of the request.
    #[error("{request} could not be sent: {cause}")]
    NotSent { request: String, cause: String },
    /// The request may have had its effect.
    #[error("{request} got no answer: {cause}")]
    NoAnswer { request: String, cause: String },
    /// The server said no.
    #[error("{request} was answered {status}: {message}")]
    Refused { request: String, status: StatusCode, message: String },
    /// The server said yes, in words that are not Gitea's.
    #[error("{request} was answered {status}, but not as Gitea does: {cause}")]
    NotGitea { request: String, status: StatusCode, cause: String },
}

impl Error {
    /// Whether the server surely did nothing: it was not asked, or it said no. A 500 may come after the work; so may
    /// what a proxy says.
    pub(crate) fn had_no_effect(&self) -> bool {
        match self {
            Self::NotSent { .. } => true,
            Self::Refused { status, .. } => !status.is_server_error(),
            Self::NoAnswer { .. } | Self::NotGitea { .. } => false,
        }
    }
}

/// A server that is reached by `api`, with one token.
pub(crate) struct Gitea {
    http: Client,
    api: BaseUrl,
    token: Token,
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
#[derive(Debug, Serialize)]
pub(crate) struct NewStatus<'a> {
    pub(crate) state: State,
    /// The page that people come to; the server would take any text.
    pub(crate) target_url: &'a str,
    pub(crate) description: &'a str,
    pub(crate) context: &'a StatusContext,
}

/// A status of a commit, as far as it is read.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Status {
    pub(crate) context: String,
    #[serde(default)]
    pub(crate) target_url: String,
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
    #[serde(default)]
    conclusion: Option<String>,
    #[serde(default)]
    started_at: Option<String>,
}

impl Job {
    /// When a runner began with it; `None` before that, where Gitea says 1970.
    pub(crate) fn started_at(&self) -> Option<OffsetDateTime> {
        let time = OffsetDateTime::parse(self.started_at.as_ref()?, &Rfc3339).ok()?;
        (time.unix_timestamp() > 0).then_some(time)
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

impl Gitea {
    pub(crate) fn new(api: BaseUrl, token: &Token, roots: TrustedRoots) -> Result<Self, String> {
        let mut authorization =
            HeaderValue::try_from(format!("token {}", token.reveal())).map_err(|error| error.to_string())?;
        authorization.set_sensitive(true);
        let headers = HeaderMap::from_iter([
            (AUTHORIZATION, authorization),
            (ACCEPT, HeaderValue::from_static("application/json")),
        ]);
        let tls = tls::client_config(roots).map_err(|error| error.to_string())?;
        let http = Client::builder()
            .tls_backend_preconfigured(tls)
            .user_agent(concat!("dispatch-action/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            // A redirect could take the token to another server, or turn a POST into a GET.
            .redirect(redirect::Policy::none())
            .referer(false)
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(ANSWER_TIMEOUT)
            .build()
            .map_err(|error| causes(&error))?;
        Ok(Self { http, api, token: token.clone() })
    }

    /// Starts a run of `workflow`. `None` where the server does not say which run that is (before Gitea 1.26).
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
        let answer = self.send(Method::POST, url, Some(dispatch)).await?;
        if answer.status == StatusCode::NO_CONTENT {
            return Ok(None);
        }
        let RunDetails { workflow_run_id: id, html_url } = answer.json()?;
        Ok(Some(DispatchedRun { id, number: run_number_in(&html_url, target).unwrap_or_else(|| id.into()) }))
    }

    /// Sets a commit status. Needs the scope `write:repository` and write access to the repository's code.
    pub(crate) async fn create_status(
        &self,
        repo: &RepoName,
        sha: &CommitSha,
        status: &NewStatus<'_>,
    ) -> Result<(), Error> {
        self.send(Method::POST, self.repo(repo, &["statuses", sha.as_str()]), Some(status)).await.map(drop)
    }

    /// The latest status of each context of a commit: all pages, since the wanted one need not be on the first.
    pub(crate) async fn statuses(&self, repo: &RepoName, sha: &CommitSha) -> Result<Vec<Status>, Error> {
        #[derive(Deserialize)]
        struct CombinedStatus {
            /// Null where there are none.
            #[serde(deserialize_with = "Option::deserialize")]
            statuses: Option<Vec<Status>>,
        }
        let url = self.repo(repo, &["commits", sha.as_str(), "status"]);
        let (statuses, _) = self.list(url, |page: CombinedStatus| (page.statuses.unwrap_or_default(), None)).await?;
        Ok(statuses)
    }

    /// The jobs of a run, of which there is at least one: all pages. Gitea 1.24 has no such list.
    pub(crate) async fn run_jobs(&self, repo: &RepoName, run: RunId) -> Result<RunJobs, Error> {
        #[derive(Deserialize)]
        struct Jobs {
            jobs: Vec<Job>,
            total_count: Option<usize>,
        }
        let url = self.repo(repo, &["actions", "runs", &run.to_string(), "jobs"]);
        let request = format!("GET {url}");
        let (jobs, answered_at) = self.list(url, |page: Jobs| (page.jobs, page.total_count)).await?;
        if jobs.is_empty() {
            let cause = "a run without jobs".to_owned();
            return Err(Error::NotGitea { request, status: StatusCode::OK, cause });
        }
        Ok(RunJobs { jobs, answered_at })
    }

    /// Comments on a pull request. Needs the scope `write:issue`.
    pub(crate) async fn create_comment(
        &self,
        repo: &RepoName,
        number: PullRequestNumber,
        body: &str,
    ) -> Result<CommentId, Error> {
        #[derive(Serialize)]
        struct NewComment<'a> {
            body: &'a str,
        }
        #[derive(Deserialize)]
        struct Comment {
            id: CommentId,
        }
        let url = self.repo(repo, &["issues", &number.to_string(), "comments"]);
        let comment: Comment = self.send(Method::POST, url, Some(&NewComment { body })).await?.json()?;
        Ok(comment.id)
    }

    /// The server's version, such as `1.26.4` or `1.27.0+dev-1-gabc`: major and minor number.
    pub(crate) async fn version(&self) -> Result<(u32, u32), Error> {
        #[derive(Deserialize)]
        struct Version {
            version: String,
        }
        let answer = self.send::<()>(Method::GET, self.api.join(["version"]), None).await?;
        let Version { version } = answer.json()?;
        let mut numbers = version.split('.').map_while(|number| number.parse().ok());
        match (numbers.next(), numbers.next()) {
            (Some(major), Some(minor)) => Ok((major, minor)),
            _ => Err(answer.not_gitea(format!("the version is {version}"))),
        }
    }

    fn repo(&self, repo: &RepoName, rest: &[&str]) -> Url {
        let segments = ["repos", &repo.owner, &repo.name];
        self.api.join(segments.into_iter().chain(rest.iter().copied()))
    }

    /// All entries of a list, and when the server answered first. How many there are is told by `X-Total-Count`, which the
    /// list of jobs has from 1.26 on, else by the total that `split` finds in the body; the `total_count` of the combined
    /// status is none, since it counts the page alone.
    async fn list<P: DeserializeOwned, T>(
        &self,
        mut url: Url,
        split: impl Fn(P) -> (Vec<T>, Option<usize>),
    ) -> Result<(Vec<T>, Option<OffsetDateTime>), Error> {
        let mut entries = Vec::new();
        let mut answered_at = None;
        for page in 1..=PAGE_LIMIT {
            url.set_query(Some(&format!("page={page}&limit={PAGE_SIZE}")));
            let answer = self.send::<()>(Method::GET, url.clone(), None).await?;
            let (found, total) = split(answer.json()?);
            answered_at = answered_at.or(answer.date);
            let (last, total) = match answer.total.or(total) {
                Some(total) => (found.is_empty() || entries.len() + found.len() >= total, total),
                None => (found.len() < PAGE_SIZE, 0),
            };
            entries.extend(found);
            if last && entries.len() < total {
                return Err(answer.not_gitea(format!("the list has {} entries of {total}", entries.len())));
            } else if last {
                return Ok((entries, answered_at));
            } else if page == PAGE_LIMIT {
                return Err(answer.not_gitea(format!("the list has more than {PAGE_LIMIT} pages")));
            }
        }
        Ok((entries, answered_at))
    }

    async fn send<B: Serialize>(&self, method: Method, url: Url, body: Option<&B>) -> Result<Answer, Error> {
        let request = format!("{method} {url}");
        let mut builder = self.http.request(method, url);
        if let Some(body) = body {
            builder = builder.json(body);
        }
        let mut response = match builder.send().await {
            Ok(response) => response,
            Err(error) if error.is_connect() || error.is_builder() => {
                return Err(Error::NotSent { request, cause: causes(&error.without_url()) });
            }
            Err(error) => return Err(Error::NoAnswer { request, cause: causes(&error.without_url()) }),
        };
        let status = response.status();
        let header = |name: &str| response.headers().get(name)?.to_str().ok();
        let total = header("x-total-count").and_then(|total| total.parse().ok());
        let date = header(DATE.as_str()).and_then(|date| OffsetDateTime::parse(date, &Rfc2822).ok());
        let location = header(LOCATION.as_str()).map(|location| one_line(&self.token.redact(location)));
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() > ANSWER_LIMIT => {
                    let cause = format!("the answer has more than {} MiB", ANSWER_LIMIT >> 20);
                    return Err(Error::NotGitea { request, status, cause });
                }
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => break,
                Err(error) => return Err(Error::NoAnswer { request, cause: causes(&error.without_url()) }),
            }
        }
        // Before anything is cut, or becomes a part of a status.
        let body = self.token.redact(&String::from_utf8_lossy(&body));
        if status.is_success() {
            return Ok(Answer { request, status, body, total, date });
        }
        let message = match location {
            Some(location) if status.is_redirection() => format!("it points to {location}, which is not followed"),
            _ => message_of(&body),
        };
        Err(Error::Refused { request, status, message })
    }
}

/// A successful answer.
struct Answer {
    request: String,
    status: StatusCode,
    body: String,
    total: Option<usize>,
    date: Option<OffsetDateTime>,
}

impl Answer {
    fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_str(&self.body).map_err(|error| self.not_gitea(format!("{error} in {}", shown(&self.body))))
    }

    fn not_gitea(&self, cause: String) -> Error {
        Error::NotGitea { request: self.request.clone(), status: self.status, cause }
    }
}

/// What the server itself said: the message of a JSON answer with its errors, else the beginning of the text.
fn message_of(body: &str) -> String {
    #[derive(Deserialize)]
    struct Message {
        message: String,
        errors: Option<Vec<String>>,
    }
    match serde_json::from_str::<Message>(body) {
        Ok(Message { message, errors }) => {
            let errors = errors.unwrap_or_default();
            // In production Gitea keeps the message of a 500 from everyone but its administrators.
            let parts = [message].into_iter().chain(errors).filter(|part| !part.is_empty());
            match parts.collect::<Vec<_>>().join(": ") {
                empty if empty.is_empty() => "no message".to_owned(),
                text => one_line(&text),
            }
        }
        Err(_not_json) => shown(body),
    }
}

fn shown(body: &str) -> String {
    match one_line(body) {
        text if text.is_empty() => "an empty answer".to_owned(),
        text => text,
    }
}

/// The causes of an error in one sentence: reqwest's own message only says that a request failed.
fn causes(error: &reqwest::Error) -> String {
    let mut sentence = String::new();
    let mut cause = error.source();
    while let Some(source) = cause {
        if !sentence.is_empty() {
            sentence.push_str(": ");
        }
        sentence.push_str(&source.to_string());
        cause = source.source();
    }
    if sentence.is_empty() { error.to_string() } else { sentence }
}
