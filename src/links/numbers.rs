//! The number of a run in a link of a status or of a response.

use reqwest::Url;

use super::PageBase;
use crate::types::{JobNumber, RepoName, RunNumber};

impl PageBase {
    /// The number of the run of `repo` that a status links to; `None` if the link is another page.
    pub(crate) fn run_number(&self, link: &str, repo: &RepoName) -> Option<RunNumber> {
        let link = Url::parse(link).ok()?;
        let path = link.as_str().strip_prefix(&format!("{self}/"))?;
        let (name, number) = path.split_once("/actions/runs/")?;
        (name.parse::<RepoName>().ok()? == *repo).then_some(())?;
        number.parse().ok()
    }

    /// The number of the run of `repo` that the link's path names. Scheme, host and port may differ: two runners may
    /// reach the server at two addresses. Doubled slashes count as one. A mirror on another server has the same paths,
    /// so the link alone proves nothing: our own account must have set the status.
    pub(crate) fn run_number_elsewhere(&self, link: &str, repo: &RepoName) -> Option<RunNumber> {
        self.run_in(link).filter(|(of, _)| of == repo).map(|(_, number)| number)
    }

    /// The run that a link's path names, in any repository, as for [`Self::run_number_elsewhere`].
    pub(crate) fn run_in(&self, link: &str) -> Option<(RepoName, RunNumber)> {
        let is_absolute = ["http://", "https://", "//"].iter().any(|start| link.starts_with(start));
        let link = is_absolute.then(|| self.0.0.join(link).ok())??;
        if link.query().is_some() || link.fragment().is_some() || !link.username().is_empty() {
            return None;
        }
        let segments = |url: &Url| url.path().split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        let (base, path): (Vec<String>, Vec<String>) = (segments(&self.0.0), segments(&link));
        let [owner, name, actions, runs, number] = path.strip_prefix(&base[..])? else { return None };
        (actions == "actions" && runs == "runs").then_some(())?;
        Some((format!("{owner}/{name}").parse().ok()?, number.parse().ok()?))
    }
}

/// The number of the job in the address of its page, from a response's `html_url`. The host is ignored.
pub(crate) fn job_number_in(html_url: &str, repo: &RepoName) -> Option<JobNumber> {
    run_number_in(html_url, repo)?;
    html_url.rsplit_once("/jobs/")?.1.parse().ok()
}

/// The number in the address of a run of `repo` or of one of its jobs, from a response's `html_url`. This number is
/// right in every version of the server. The host is ignored.
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
    fn status_links_to_a_run_only_by_its_exact_page() {
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
    fn status_links_to_a_run_by_another_address_of_the_server() {
        let repo = "mporter/dispatch-target".parse().unwrap();
        let base = base("https://gitea.example.com/git");
        let number = |link| base.run_number_elsewhere(link, &repo).map(|n| n.to_string());
        for link in [
            "https://gitea.example.com/git/mporter/dispatch-target/actions/runs/30",
            "http://gitea.example.com/git/mporter/dispatch-target/actions/runs/30",
            "http://gitea:3000/git/MPorter/dispatch-target/actions/runs/30",
            "https://gitea.example.com./git/mporter/dispatch-target/actions/runs/30",
            "https://gitea.example.com//git//mporter/dispatch-target/actions/runs/30",
            "//gitea.example.com/git/mporter/dispatch-target/actions/runs/30",
            "http://[::1]:3000/git/mporter/dispatch-target/actions/runs/30/",
        ] {
            assert_eq!(number(link).as_deref(), Some("30"), "{link}");
        }
        for link in [
            "",
            "/git/mporter/dispatch-target/actions/runs/30",
            "git/mporter/dispatch-target/actions/runs/30",
            "ftp://gitea.example.com/git/mporter/dispatch-target/actions/runs/30",
            "https://gitea.example.com/mporter/dispatch-target/actions/runs/30",
            "https://gitea.example.com/other/git/mporter/dispatch-target/actions/runs/30",
            "https://gitea.example.com/git/mporter/dispatch-target/actions/runs/30/jobs/0",
            "https://gitea.example.com/git/mporter/dispatch-target/actions/runs/30?x",
            "https://gitea.example.com/git/mporter/dispatch-target/actions/runs/30#x",
            "https://user@gitea.example.com/git/mporter/dispatch-target/actions/runs/30",
            "https://gitea.example.com/git/mporter/dispatch-target/actions/runs/030",
            "https://gitea.example.com/git/mporter/other/actions/runs/30",
            "https://gitea.example.com/git/mporter/dispatch-target/actions/run/30",
        ] {
            assert_eq!(number(link), None, "{link}");
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

    #[test]
    fn job_has_a_page_by_the_number_in_its_address() {
        let repo = "a/b".parse().unwrap();
        for (address, page) in [
            ("http://10.0.0.1:3000/a/b/actions/runs/2/jobs/0", "https://gitea.example.com/a/b/actions/runs/2/jobs/0"),
            (
                "https://gitea.example.com/a/b/actions/runs/26/jobs/42",
                "https://gitea.example.com/a/b/actions/runs/26/jobs/42",
            ),
        ] {
            let (run, job) = (run_number_in(address, &repo).unwrap(), job_number_in(address, &repo).unwrap());
            assert_eq!(base("https://gitea.example.com").job(&repo, run, job).as_str(), page);
        }
        for odd in [
            "",
            "https://h/a/b/actions/runs/2",
            "https://h/a/c/actions/runs/2/jobs/0",
            "https://h/a/b/actions/runs/2/jobs/00",
        ] {
            assert_eq!(job_number_in(odd, &repo), None, "{odd}");
        }
    }
}
