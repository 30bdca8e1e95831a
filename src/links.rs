//! Base addresses from the configuration, and the pages that people click.
//!
//! A link is always built from the server's ROOT_URL or `server-url`, a parsed repository and a parsed number. The `html_url` of
//! a response is never used as a link: it has the host of the request, which may be internal (seen on Gitea 1.25 to 1.27).

mod numbers;

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use reqwest::Url;

pub(crate) use numbers::{job_number_in, run_number_in};

use crate::types::{CommentId, CommitSha, JobNumber, PullRequestNumber, RepoName, RunNumber, WorkflowFile};

/// A base address: http or https, with an optional path, and nothing else.
#[derive(Debug, Clone)]
struct BaseUrl(Url);

/// The base of the API: what requests are sent to.
#[derive(Debug, Clone)]
pub(crate) struct ApiBase(BaseUrl);

/// The base of the web pages: what people click.
#[derive(Debug, Clone)]
pub(crate) struct PageBase(BaseUrl);

/// Why a text is not a base address. The error does not repeat the text, which may hold a password.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidBaseUrl {
    #[error("must be an address that starts with `http://` or `https://`")]
    Scheme,
    #[error("must not contain a user name or password: the token belongs in `token`")]
    Credentials,
    #[error("must have a host of letters, digits and `-._`")]
    Host,
    #[error("must end with its path (letters, digits and `-._~/`): no `?`, no `#`")]
    Path,
}

impl FromStr for BaseUrl {
    type Err = InvalidBaseUrl;

    fn from_str(text: &str) -> Result<Self, InvalidBaseUrl> {
        let mut url = Url::parse(text.trim()).map_err(|_unparsed| InvalidBaseUrl::Scheme)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(InvalidBaseUrl::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidBaseUrl::Credentials);
        }
        // A round bracket would end a Markdown link early. The square brackets of an IPv6 address do not.
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~' | b'/');
        let host = url.host_str().unwrap_or_default();
        if !host.starts_with('[') && !host.bytes().all(|b| plain(b) && b != b'~') {
            return Err(InvalidBaseUrl::Host);
        }
        if url.query().is_some() || url.fragment().is_some() || !url.path().bytes().all(plain) {
            return Err(InvalidBaseUrl::Path);
        }
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        Ok(Self(url))
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

impl BaseUrl {
    /// The address below this base, each segment percent-encoded.
    fn join<'a>(&self, segments: impl IntoIterator<Item = &'a str>) -> Url {
        let mut url = self.0.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }
}

impl FromStr for ApiBase {
    type Err = InvalidBaseUrl;

    fn from_str(text: &str) -> Result<Self, InvalidBaseUrl> {
        text.parse().map(Self)
    }
}

impl fmt::Display for ApiBase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl ApiBase {
    pub(crate) fn host(&self) -> &str {
        self.0.0.host_str().unwrap_or_default()
    }

    /// The address of an endpoint, each segment percent-encoded.
    pub(crate) fn join<'a>(&self, segments: impl IntoIterator<Item = &'a str>) -> Url {
        self.0.join(segments)
    }
}

impl FromStr for PageBase {
    type Err = InvalidBaseUrl;

    fn from_str(text: &str) -> Result<Self, InvalidBaseUrl> {
        text.parse().map(Self)
    }
}

impl fmt::Display for PageBase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl PageBase {
    /// The base from the `url` that a response or an event gives for a repository:
    /// `<ROOT_URL>api/v1/repos/<owner>/<name>`, whatever address the request used (seen on Gitea 1.25 to
    /// 1.27). `None` for any other text.
    pub(crate) fn of_repository_url(url: &str) -> Option<Self> {
        let (root, repo) = url.rsplit_once("/api/v1/repos/")?;
        repo.parse::<RepoName>().ok()?;
        root.parse().ok()
    }

    /// Whether only the machine itself can reach this address.
    fn is_loopback(&self) -> bool {
        let host = self.0.0.host_str().unwrap_or_default().trim_end_matches('.');
        match host.trim_matches(['[', ']']).parse::<IpAddr>() {
            Ok(address) => address.to_canonical().is_loopback(),
            Err(_) => host == "localhost" || host.ends_with(".localhost"),
        }
    }

    /// Returns this base, which the server gave. If ROOT_URL was never set, returns the address at which the runner
    /// reaches the server: at least one other machine reaches it.
    pub(crate) fn or_of_runner(self, of_runner: Self) -> Self {
        if self.is_loopback() && !of_runner.is_loopback() { of_runner } else { self }
    }

    fn page<'a>(&self, repo: &'a RepoName, segments: impl IntoIterator<Item = &'a str>) -> Url {
        self.0.join([repo.owner.as_str(), repo.name.as_str()].into_iter().chain(segments))
    }

    /// The page of a run.
    pub(crate) fn run(&self, repo: &RepoName, run: RunNumber) -> Url {
        self.page(repo, ["actions", "runs", &run.to_string()])
    }

    /// The page of a job of a run.
    pub(crate) fn job(&self, repo: &RepoName, run: RunNumber, job: JobNumber) -> Url {
        self.page(repo, ["actions", "runs", &run.to_string(), "jobs", &job.to_string()])
    }

    /// The page that lists a workflow's runs, where people find a run whose number is unknown.
    pub(crate) fn workflow(&self, repo: &RepoName, workflow: &WorkflowFile) -> Url {
        let mut url = self.page(repo, ["actions"]);
        url.query_pairs_mut().append_pair("workflow", workflow.as_str());
        url
    }

    pub(crate) fn commit(&self, repo: &RepoName, sha: &CommitSha) -> Url {
        self.page(repo, ["commit", sha.as_str()])
    }

    pub(crate) fn pull_request(&self, repo: &RepoName, number: PullRequestNumber) -> Url {
        self.page(repo, ["pulls", &number.to_string()])
    }

    pub(crate) fn comment(&self, repo: &RepoName, number: PullRequestNumber, comment: CommentId) -> Url {
        let mut url = self.pull_request(repo, number);
        url.set_fragment(Some(&format!("issuecomment-{comment}")));
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(text: &str) -> PageBase {
        text.parse().unwrap()
    }

    #[test]
    fn base_is_http_without_credentials_query_or_fragment() {
        assert_eq!(base("https://gitea.example.com/").to_string(), "https://gitea.example.com");
        assert_eq!(base("http://localhost:3000/git/").to_string(), "http://localhost:3000/git");
        let error = |text: &str| text.parse::<BaseUrl>().unwrap_err();
        for text in ["", "gitea.example.com", "javascript:alert(1)", "ftp://gitea.example.com", "https://"] {
            assert_eq!(error(text), InvalidBaseUrl::Scheme, "{text}");
        }
        assert_eq!(error("https://user:password@gitea.example.com"), InvalidBaseUrl::Credentials);
        assert_eq!(base("http://[::1]:3000").to_string(), "http://[::1]:3000");
        for text in ["https://a)b", "https://a`", "https://a~b", "https://a&b"] {
            assert_eq!(error(text), InvalidBaseUrl::Host, "{text}");
        }
        for text in ["https://gitea.example.com/?a", "https://gitea.example.com/#a", "https://gitea.example.com/a)b"] {
            assert_eq!(error(text), InvalidBaseUrl::Path, "{text}");
        }
    }

    #[test]
    fn link_keeps_the_sub_path_and_escapes_the_workflow() {
        let repo = "mporter/dispatch-target".parse().unwrap();
        let base = base("https://example.com/git/");
        assert_eq!(
            base.run(&repo, "30".parse().unwrap()).as_str(),
            "https://example.com/git/mporter/dispatch-target/actions/runs/30"
        );
        assert_eq!(
            base.workflow(&repo, &"a&b #1.yml".parse().unwrap()).as_str(),
            "https://example.com/git/mporter/dispatch-target/actions?workflow=a%26b+%231.yml"
        );
        assert_eq!(
            base.comment(&repo, "7".parse().unwrap(), "12".parse().unwrap()).as_str(),
            "https://example.com/git/mporter/dispatch-target/pulls/7#issuecomment-12"
        );
    }

    #[test]
    fn base_is_read_from_the_url_of_a_repository() {
        let base = |url| PageBase::of_repository_url(url).map(|base| base.to_string());
        assert_eq!(base("https://gitea.example.com/api/v1/repos/a/b").as_deref(), Some("https://gitea.example.com"));
        assert_eq!(base("http://10.0.0.1:3000/git/api/v1/repos/a/b").as_deref(), Some("http://10.0.0.1:3000/git"));
        let odd =
            ["", "https://gitea.example.com/a/b", "https://gitea.example.com/api/v1/repos/a", "/api/v1/repos/a/b"];
        for url in odd.into_iter().chain(["https://gitea.example.com/?x/api/v1/repos/a/b", "x:/api/v1/repos/a/b"]) {
            assert_eq!(base(url), None, "{url}");
        }
    }
}
