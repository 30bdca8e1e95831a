//! What happens to builds that another workflow reports, and how soon.

use std::time::{Duration, Instant};

use super::world::{PATIENCE, Run, Status, World, log, runs};
use crate::stage::{SOURCE, TARGET, WORKFLOW};

/// After this long without anything new, nothing more is expected. An event starts its run within a second.
const QUIET: Duration = Duration::from_secs(4);

/// How soon after the end of a run the pull request must show it.
const SOON: Duration = Duration::from_secs(30);

const PAUSE: Duration = Duration::from_millis(200);

/// Between two reads of a commit's statuses. It bounds the precision of what is measured.
pub(super) const LOOK: Duration = Duration::from_millis(30);

impl World {
    /// The builds, oldest first. The target has other runs too: those that report the builds.
    pub(crate) async fn builds(&self) -> Vec<Run> {
        self.target_runs(|run| is_build(run) && run.event == "workflow_dispatch").await
    }

    /// The runs of the target that report its builds, oldest first.
    pub(crate) async fn reports(&self) -> Vec<Run> {
        self.target_runs(|run| !is_build(run)).await
    }

    async fn target_runs(&self, is_wanted: fn(&Run) -> bool) -> Vec<Run> {
        let mut runs = runs(self.server.owner(), TARGET).await;
        runs.retain(is_wanted);
        runs
    }

    /// Waits until there are this many builds and the last of them is in this state. Returns that build.
    pub(crate) async fn build_in_state(&self, count: usize, state: &str) -> Run {
        let asked = Instant::now();
        loop {
            let mut builds = self.builds().await;
            if builds.len() >= count && builds[count - 1].status == state {
                return builds.swap_remove(count - 1);
            }
            assert!(asked.elapsed() < PATIENCE, "{TARGET} has no {state} build {count}: {builds:#?}");
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Waits until the last status of a commit is as wanted; returns it.
    pub(crate) async fn last_status_that(&self, sha: &str, is_wanted: impl Fn(&Status) -> bool) -> Status {
        let asked = Instant::now();
        loop {
            let mut statuses = self.statuses(sha).await;
            if statuses.last().is_some_and(&is_wanted) {
                return statuses.pop().unwrap();
            }
            assert!(asked.elapsed() < PATIENCE, "{sha} does not get the status that is expected: {statuses:#?}");
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Waits until a commit has a final status, which must come soon after `since`; returns it.
    pub(crate) async fn reported_soon(&self, what: &str, since: Instant, sha: &str) -> Status {
        let status = self.last_status_that(sha, |status| status.state != "pending").await;
        let time = since.elapsed();
        println!("MEASURED Gitea {}: {what}: final status after {:.1} s", self.server.version(), time.as_secs_f32());
        assert!(time < SOON, "{what}: told after {time:?}");
        status
    }

    /// Waits until no run is in progress and none starts. Each report must have done its work. Returns the builds.
    pub(crate) async fn settled(&self) -> Vec<Run> {
        let asked = Instant::now();
        let mut seen = (0, Instant::now());
        while seen.1.elapsed() < QUIET {
            let owner = self.server.owner();
            let (source, target) = (runs(owner, SOURCE).await, runs(owner, TARGET).await);
            let have_ended = source.iter().chain(&target).all(Run::has_ended);
            if !have_ended || source.len() + target.len() != seen.0 {
                seen = (source.len() + target.len(), Instant::now());
            }
            assert!(asked.elapsed() < PATIENCE, "the runs do not end: {source:#?}, {target:#?}");
            tokio::time::sleep(PAUSE).await;
        }
        for report in self.reports().await {
            // A report that was still queued when the next one came is cancelled.
            println!("--- {report:?}\n{}", self.log(&report).await);
            assert_ne!(report.conclusion, "failure", "a report has failed");
        }
        self.builds().await
    }

    /// The logs of the runs of the source, oldest first.
    pub(crate) async fn source_logs(&self) -> Vec<String> {
        let mut logs = Vec::new();
        for run in runs(self.server.owner(), SOURCE).await {
            for job in &run.jobs {
                logs.push(log(self.server.owner(), SOURCE, job).await);
            }
        }
        logs
    }

    /// The commit's statuses show that this run is pending, then how it ended, and nothing after that.
    pub(crate) async fn assert_reported(&self, sha: &str, run: &Run, state: &str, description: &str) {
        let statuses = self.statuses(sha).await;
        println!("{sha}: {statuses:#?}");
        let (end, pending) = statuses.split_last().expect("statuses");
        assert_eq!((end.state.as_str(), &end.link), (state, &self.run_page(run)));
        assert!(end.description.starts_with(description), "{end:?}");
        assert!(!pending.is_empty(), "there was no pending status");
        let dispatched = format!("Dispatched to {TARGET}");
        for status in pending {
            // Before 1.26, a dispatch does not know its run. It may replace the end of a quick run until the next
            // event.
            if status == end && !self.server.names_runs() {
                continue;
            }
            assert_eq!(status.state, "pending");
            let descriptions = [&dispatched[..], "Waiting for a runner", "Has started running"];
            assert!(descriptions.contains(&status.description.as_str()), "{status:?}");
            assert!([self.pending_page(run), self.run_page(run)].contains(&status.link), "{status:?}");
        }
    }

    /// The first line of the comment about a run.
    pub(crate) fn comment_line(&self, outcome: &str, run: &Run) -> String {
        format!("**dispatch-target build {outcome}** — [run log]({})", self.run_page(run))
    }
}

fn is_build(run: &Run) -> bool {
    run.path.starts_with(&format!("{WORKFLOW}@"))
}
