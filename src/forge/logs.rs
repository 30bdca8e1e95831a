//! Logs of jobs.

use super::retry::ASIDE;
use super::{Error, Gitea};
use crate::types::{JobId, RepoName};

/// How many bytes at the end of a log are read.
const LOG_LIMIT: usize = 64 << 10;

/// The end of a job's log. Each line begins with its time.
#[derive(Debug)]
pub(crate) struct LogEnd {
    pub(crate) text: String,
    /// Whether the log may begin earlier. The first line is then incomplete.
    pub(crate) is_cut: bool,
}

impl LogEnd {
    /// The complete lines.
    pub(crate) fn lines(&self) -> impl Iterator<Item = &str> {
        self.text.split('\n').skip(usize::from(self.is_cut)).filter(|line| !line.is_empty())
    }
}

impl Gitea {
    /// The end of the log of a job of `repo`, with one request that takes a few seconds at most. For a running job, the
    /// log so far. Needs the scope `read:repository`.
    pub(crate) async fn log_end(&self, repo: &RepoName, job: JobId) -> Result<LogEnd, Error> {
        let url = self.repo(repo, &["actions", "jobs", &job.to_string(), "logs"]);
        self.http.end_of_text(url, LOG_LIMIT, ASIDE).await.map(|(text, is_cut)| LogEnd { text, is_cut })
    }

    /// A text without the token.
    pub(crate) fn redact(&self, text: &str) -> String {
        self.http.redact(text)
    }
}
