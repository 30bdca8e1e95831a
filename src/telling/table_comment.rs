//! The one comment of `comment: table`: written, read again, and repaired.
//!
//! Several reports may write at the same moment without knowing of each other. Each report sets its own status, then
//! reads the statuses, writes their table, and reads again until nothing is left to do. So the last writer has seen all
//! statuses.

use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::table::Table;
use super::{CommentDone, Draft, Marker, Teller, marker};
use crate::forge::{Comment, Error, Server, Statuses, User};
use crate::run::FailedJobs;
use crate::types::{CommentId, RunRef};

/// How often the existing table is read. Two reads are needed even if nobody else writes.
const ROUNDS: u32 = 5;

/// The pause before a read after a lost response.
const PAUSE: Duration = Duration::from_secs(1);

/// For how many failed runs besides this one the jobs are read, and the time limit for that.
const READ_RUNS: usize = 5;
const READING_TIME: Duration = Duration::from_secs(5);

/// The current statuses of the head, and our comments.
struct There {
    table: Table,
    comments: Vec<Comment>,
}

/// Which comments become the table, and which go.
struct Plan<'a> {
    /// The comment that is, or becomes, the table.
    kept: Option<&'a Comment>,
    surplus: Vec<CommentId>,
}

impl Teller<'_> {
    /// Writes the table of the head's statuses. `own` are our accounts. There is no table for a commit that is no longer the pull
    /// request's head.
    pub(super) async fn put_table(&self, draft: &Draft<'_>, own: &[User]) -> Result<CommentDone, Error> {
        let head = &self.place.head;
        let pull = self.gitea.pull_request(&head.source, draft.number);
        let (pull, there) = tokio::join!(pull, self.there(draft, own));
        if pull.is_ok_and(|pull| pull.head.sha != head.sha.as_str()) {
            return Ok(CommentDone::None);
        }
        let mut there = there?;
        let mut failed = vec![(self.run.clone(), draft.failures.jobs().clone())];
        let mut done = None;
        for round in 1..=ROUNDS {
            self.read_failed_jobs(&there.table, &mut failed).await;
            let text = there.table.to_markdown(self.pages, head, draft.number, &failed);
            let plan = Plan::new(&there.comments, draft);
            let written = match plan.kept {
                None if draft.only_edits => return Ok(CommentDone::None),
                None => self.gitea.create_comment(&head.source, draft.number, &text).await.map(CommentDone::Created),
                Some(kept) if is_written(&kept.body, &text, done.is_some()) => {
                    let found = done.unwrap_or(CommentDone::Found(kept.id));
                    if plan.surplus.is_empty() {
                        return Ok(found);
                    }
                    Ok(found)
                }
                Some(kept) => {
                    let edited = self.gitea.edit_comment(&head.source, kept.id, &text).await;
                    edited.map(|()| CommentDone::Edited(kept.id))
                }
            };
            match written {
                Ok(written) => done = Some(written),
                Err(error) if error.is_missing_comment() => {}
                Err(error) if error.is_unknown() && round < ROUNDS => sleep(PAUSE * round).await,
                Err(error) => return Err(error),
            }
            self.delete(plan.surplus).await;
            there = match (self.there(draft, own).await, done) {
                (Ok(there), _) => there,
                // The table was written. A later write by another report cannot be ruled out.
                (Err(_), Some(done)) => return Ok(done),
                (Err(error), None) => return Err(error),
            };
        }
        Ok(done.unwrap_or(CommentDone::None))
    }

    async fn there(&self, draft: &Draft<'_>, own: &[User]) -> Result<There, Error> {
        let head = &self.place.head;
        let statuses = self.gitea.statuses(&head.source, &head.sha);
        let comments = self.gitea.comments(&head.source, draft.number, None);
        let (statuses, comments): (Result<Statuses, _>, Result<Vec<Comment>, _>) = tokio::join!(statuses, comments);
        let is_own = |comment: &Comment| comment.user.is_some_and(|user| own.contains(&user));
        let comments = comments?.into_iter().filter(is_own).collect();
        Ok(There { table: Table::new(&statuses?, self.pages, own), comments })
    }

    /// Adds the failed jobs of the table's other runs. What cannot be read is left out.
    async fn read_failed_jobs(&self, table: &Table, failed: &mut Vec<(RunRef, FailedJobs)>) {
        // Only a server that lists steps has the run's id in the address of the run's page.
        if !failed[0].1.has_steps {
            return;
        }
        let is_new = |row: &&super::table::Row| row.is_failed() && !failed.iter().any(|(run, _)| row.is_of(run));
        let room = (READ_RUNS + 1).saturating_sub(failed.len());
        let runs: Vec<RunRef> = table
            .rows
            .iter()
            .filter(is_new)
            .take(room)
            .map(|row| {
                let (target, number) = row.run();
                RunRef { target: target.clone(), id: Server::run_of_page(number), number }
            })
            .collect();
        let read = runs.into_iter().map(async |run| {
            let jobs = timeout(READING_TIME, self.gitea.run_jobs(&run.target, run.id)).await;
            let jobs = jobs.ok().and_then(Result::ok).map(|read| FailedJobs::of(&read.jobs));
            (run, jobs.unwrap_or_default())
        });
        failed.extend(futures_util::future::join_all(read).await);
    }

    /// A comment that cannot be deleted stays: another report may have deleted it already.
    async fn delete(&self, comments: Vec<CommentId>) {
        for comment in comments {
            self.gitea.delete_comment(&self.place.head.source, comment).await.ok();
        }
    }
}

/// Whether the comment says this already. After our own write only the table counts: another report may know other failed jobs.
fn is_written(body: &str, text: &str, has_written: bool) -> bool {
    body.trim_end() == text.trim_end() || has_written && Table::is_same(body, text)
}

impl<'a> Plan<'a> {
    /// The oldest table stays, so that simultaneous writers agree. Where there is none yet, the newest comment of
    /// `comment: update` becomes the table, and the others go.
    fn new(own: &'a [Comment], draft: &Draft<'_>) -> Self {
        let tables: Vec<_> = own.iter().filter(|comment| marker::is_of_table(&comment.body, draft.number)).collect();
        let (kept, others) = match tables.iter().min_by_key(|comment| comment.id) {
            Some(oldest) => (Some(*oldest), tables.clone()),
            None => {
                let of_update = of_update(own);
                (of_update.last().copied(), of_update)
            }
        };
        let surplus = others.iter().map(|comment| comment.id).filter(|id| kept.is_none_or(|kept| kept.id != *id));
        Self { kept, surplus: surplus.collect() }
    }
}

/// The comments that `comment: update` has left, the newest last: one per context. Several comments about one context
/// are the history of `comment: create`, which stays.
fn of_update(own: &[Comment]) -> Vec<&Comment> {
    let marked = own.iter().filter_map(|comment| Some((comment, Marker::at_end_of(&comment.body)?)));
    let mut marked: Vec<(&Comment, Marker)> = marked.collect();
    marked.sort_by_key(|(_, marker)| marker.age());
    let is_single = |marker: &Marker| marked.iter().filter(|(_, other)| other.has_place_of(marker)).count() == 1;
    marked.iter().filter(|(_, marker)| is_single(marker)).map(|(comment, _)| *comment).collect()
}

#[cfg(test)]
mod tests {
    use super::is_written;

    #[test]
    fn other_failed_jobs_matter_only_before_the_own_write() {
        let (text, other) =
            ("table\n\n<details>jobs</details>\n\nmarker", "table\n\n<details>others</details>\n\nmarker");
        assert!(is_written(&format!("{text}\n"), text, false) && is_written(text, text, true));
        assert!(!is_written(other, text, false) && is_written(other, text, true));
        assert!(!is_written("another\n\nmarker", text, true));
    }
}
