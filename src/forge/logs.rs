//! Logs of jobs.

use super::retry::ASIDE;
use super::{Error, Gitea};
use crate::types::{JobId, RepoName};

/// The most bytes that are read of a log: its end.
const LOG_LIMIT: usize = 64 << 10;

/// The end of a job's log: lines, each with its time before it.
#[derive(Debug)]
pub(crate) struct LogEnd {
    pub(crate) text: String,
    /// Whether there may be more before it: then its first line is a part of one.
    pub(crate) is_cut: bool,
}

impl LogEnd {
    /// The lines that were read whole.
    pub(crate) fn lines(&self) -> impl Iterator<Item = &str> {
        self.text.split('\n').skip(usize::from(self.is_cut)).filter(|line| !line.is_empty())
    }
}

impl Gitea {
    /// The end of the log of a job of `repo`: one request, over in a few seconds. Of a running job it is what there is so far.
    /// Needs the scope `read:repository`.
    pub(crate) async fn log_end(&self, repo: &RepoName, job: JobId) -> Result<LogEnd, Error> {
        let url = self.repo(repo, &["actions", "jobs", &job.to_string(), "logs"]);
        self.http.end_of_text(url, LOG_LIMIT, ASIDE).await.map(|(text, is_cut)| LogEnd { text, is_cut })
    }

    /// A text without the token.
    pub(crate) fn redact(&self, text: &str) -> String {
        self.http.redact(text)
    }
}
