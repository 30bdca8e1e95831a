//! Base addresses from the configuration, and the pages that people click.
//!
//! A link is always built from `server-url`, the parsed repository and a parsed number, never taken from an answer: from
//! Gitea 1.26 on the host of an answer's `html_url` may be an internal one (`../shared/gitea-facts.md`, the runner).

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use reqwest::Url;

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

/// Why a text is no base address. It does not repeat the text, which may hold a password.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidBaseUrl {
    #[error("must be an address that starts with `http://` or `https://`")]
    Scheme,
    #[error("must not hold a user name or password: the token belongs into `token`")]
    Credentials,
    #[error("must name its host by letters, digits and `-._`")]
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
        // A bracket would end a Markdown link early. An IPv6 address is in square ones, which do not.
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
    /// The base from the `url` that an answer or an event gives a repository: `<ROOT_URL>api/v1/repos/<owner>/<name>`, whatever
    /// address was asked (`../shared/gitea-facts.md`, which address people use). `None` for any other text.
    pub(crate) fn of_repository_url(url: &str) -> Option<Self> {
        let (root, repo) = url.rsplit_once("/api/v1/repos/")?;
        repo.parse::<RepoName>().ok()?;
        root.parse().ok()
    }

    /// Whether only the machine itself reaches this address.
    pub(crate) fn is_loopback(&self) -> bool {
        let host = self.0.0.host_str().unwrap_or_default().trim_end_matches('.');
        match host.trim_matches(['[', ']']).parse::<IpAddr>() {
            Ok(address) => address.to_canonical().is_loopback(),
            Err(_) => host == "localhost" || host.ends_with(".localhost"),
        }
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

    /// The page that lists a workflow's runs: where a run is looked for whose number is not known.
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

    /// The number of the run of `repo` that a status links to; `None` where the link is any other page.
    pub(crate) fn run_number(&self, link: &str, repo: &RepoName) -> Option<RunNumber> {
        let link = Url::parse(link).ok()?;
        let path = link.as_str().strip_prefix(&format!("{self}/"))?;
        let (name, number) = path.split_once("/actions/runs/")?;
        (name.parse::<RepoName>().ok()? == *repo).then_some(())?;
        number.parse().ok()
    }

    /// The number of the run of `repo` that a link leads to by its path, whatever scheme, host and port are before that: two
    /// runners may reach the server by two addresses. Doubled slashes count as one. A mirror on another server has the same
    /// paths, so the link alone proves nothing: the status must be set by one's own account.
    pub(crate) fn run_number_elsewhere(&self, link: &str, repo: &RepoName) -> Option<RunNumber> {
        let is_absolute = ["http://", "https://", "//"].iter().any(|start| link.starts_with(start));
        let link = is_absolute.then(|| self.0.0.join(link).ok())??;
        if link.query().is_some() || link.fragment().is_some() || !link.username().is_empty() {
            return None;
        }
        let segments = |url: &Url| url.path().split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        let (base, path): (Vec<String>, Vec<String>) = (segments(&self.0.0), segments(&link));
        let [owner, name, actions, runs, number] = path.strip_prefix(&base[..])? else { return None };
        let is_of_repo = format!("{owner}/{name}").parse::<RepoName>().ok()? == *repo;
        (is_of_repo && actions == "actions" && runs == "runs").then(|| number.parse().ok())?
    }
}

/// The number of the job in the address of its page, as an answer's `html_url` has it. The host before it is not looked at.
pub(crate) fn job_number_in(html_url: &str, repo: &RepoName) -> Option<JobNumber> {
    run_number_in(html_url, repo)?;
    html_url.rsplit_once("/jobs/")?.1.parse().ok()
}

/// The number in the address of a run of `repo` or of one of its jobs, as an answer's `html_url` has it: right in each version
/// of the server. The host before it is not looked at.
pub(crate) fn run_number_in(html_url: &str, repo: &RepoName) -> Option<RunNumber> {
    let (base, rest) = html_url.rsplit_once("/actions/runs/")?;
    let mut segments = base.rsplit('/');
    let (name, owner) = (segments.next()?, segments.next()?);
    (format!("{owner}/{name}").parse::<RepoName>().ok()? == *repo).then_some(())?;
    rest.split('/').next()?.parse().ok()
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
    fn status_links_to_a_run_only_by_the_very_page() {
        let repo = "mporter/dispatch-target".parse().unwrap();
        let base = base("https://gitea.example.com");
        let number = |link| base.run_number(link, &repo).map(|n| n.to_string());
        assert_eq!(number("https://gitea.example.com/MPorter/dispatch-target/actions/runs/30").as_deref(), Some("30"));
        for other in [
            "",
            "https://gitea.example.com/mporter/dispatch-target/actions?workflow=build.yml",
            "https://gitea.example.com/mporter/dispatch-target/actions/runs/30/jobs/0",
            "https://gitea.example.com/mporter/dispatch-target/actions/runs/0",
            "https://gitea.example.com/mporter/other/actions/runs/30",
            "https://gitea.example.com.evil.example/mporter/dispatch-target/actions/runs/30",
            "https://evil.example/mporter/dispatch-target/actions/runs/30",
            "https://gitea.example.com/evil/mporter/dispatch-target/actions/runs/30",
        ] {
            assert_eq!(number(other), None, "{other}");
        }
    }

    #[test]
    fn number_is_read_from_the_address_of_a_run_or_a_job() {
        let repo = "a/b".parse().unwrap();
        let number = |address| run_number_in(address, &repo).map(|n| n.to_string());
        assert_eq!(number("http://10.0.0.1:3000/git/A/b/actions/runs/30").as_deref(), Some("30"));
        assert_eq!(number("https://gitea.example.com/a/b/actions/runs/5/jobs/0").as_deref(), Some("5"));
        for odd in
            ["", "https://gitea.example.com/a/b", "https://gitea.example.com/a/b/actions/runs/x", "/actions/runs/"]
        {
            assert_eq!(number(odd), None, "{odd}");
        }
    }
}
