//! The logs of jobs.

use super::Version;
use super::access::{Category, Need};
use super::api::{Call, Outcome, not_found};
use super::faults::Answer;

impl Call<'_> {
    /// The log as text; for a running job, the log so far.
    pub(super) fn get_log(&self, owner: &str, name: &str, id: &str) -> Outcome {
        let repo = self.enter(Category::Repository, owner, name, Need::SignedIn)?;
        self.check_actions(&repo)?;
        let id: u64 = id.parse().unwrap_or(0);
        let jobs = self.world.runs.iter().flat_map(|run| run.jobs.iter().map(move |job| (run, job)));
        let Some((run, job)) = jobs.into_iter().find(|(_, job)| job.id == id) else {
            let message = format!("run job with id {id}: resource does not exist");
            // Up to 1.26 that is an internal error (read).
            return Err(if self.world.version < Version::V1_27 {
                self.internal_error(&message)
            } else {
                not_found(self.world, Some(&message))
            });
        };
        if run.repository != repo {
            return Err(not_found(self.world, Some("job not found")));
        }
        if job.task.is_none() {
            return Err(not_found(self.world, Some("job not started")));
        }
        let log = job.log.as_deref().ok_or_else(|| not_found(self.world, Some("logs have been cleaned up")))?;
        let file = format!("{}-{}-{}.log", run.workflow.split('.').next().unwrap_or_default(), job.name, job.id);
        let answer = part(log, self.range()).header("Accept-Ranges", "bytes");
        // A name with a line break or a similar character would not be a valid header.
        let file: String = file.chars().filter(|c| c.is_ascii_graphic()).collect();
        Ok(answer.header("Content-Disposition", format!("attachment; filename=\"{file}\"")))
    }
}

/// The part of the log that a `Range` header selects: the last bytes, or a range of bytes.
fn part(log: &[u8], range: Option<&str>) -> Answer {
    const TEXT: &str = "text/plain; charset=utf-8";
    let Some((first, last)) = range.and_then(|range| range.strip_prefix("bytes=")?.split_once('-')) else {
        return Answer::new(200, TEXT, log);
    };
    let total = log.len();
    let (first, last): (Option<usize>, Option<usize>) = (first.parse().ok(), last.parse().ok());
    let (start, end) = match (first, last) {
        (None, Some(count)) => (total.saturating_sub(count), total),
        (Some(first), last) => (first, last.map_or(total, |last| total.min(last + 1))),
        (None, None) => (total, total),
    };
    if start >= end {
        return Answer::new(416, "text/plain; charset=utf-8", "invalid range: failed to overlap\n")
            .header("Content-Range", format!("bytes */{total}"));
    }
    Answer::new(206, TEXT, &log[start..end]).header("Content-Range", format!("bytes {start}-{}/{total}", end - 1))
}
