//! Forgejo is recognised by its version if no variable of its runner shows it, and nothing untrue is written.

use crate::fake::{Action, Version};
use crate::stage::{SOURCE, Stage, TARGET, WORKFLOW};
use crate::{sent, shown, stage};

fn statuses(stage: &Stage) -> usize {
    stage.gitea.world().statuses(SOURCE, &stage.sha).len()
}

fn written(stage: &Stage) -> Vec<String> {
    let requests = stage.gitea.requests();
    requests.iter().filter(|request| request.method != "GET").map(|request| request.path.clone()).collect()
}

/// A run there, which a runner has taken.
fn with_run() -> (Stage, u64) {
    let stage = stage(Version::Forgejo);
    let run = {
        let mut world = stage.gitea.world();
        let inputs = [("source_repo", SOURCE), ("pr_number", "1"), ("pr_head_sha", &stage.sha)];
        let inputs = inputs.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        world.add_run(TARGET, WORKFLOW, "refs/heads/main", &stage.sha, "dispatch-bot", inputs)
    };
    stage.start_last_run();
    (stage, run)
}

#[test]
fn reconcile_and_wait_are_refused_before_anything_is_sent() {
    let stage = stage(Version::Forgejo);

    let reconcile = stage.reconcile().run().failed();
    let wait = stage.dispatch().input("wait", "true").run().failed();

    assert_eq!(sent(&stage), "GET /api/v1/version\nGET /api/v1/version");
    insta::assert_snapshot!([reconcile.log(), wait.log()].join("\n"), @"
    ::error::Nothing was sent: this server is Forgejo 9.0, and `mode: reconcile` needs Gitea 1.26 or later. On Forgejo, use Forgejo's own dispatch, and let the workflow set the status
    ::error::Nothing was sent: this server is Forgejo 9.0, and `wait: true` needs Gitea 1.26 or later. On Forgejo, use Forgejo's own dispatch, and let the workflow set the status
    ");
}

#[test]
fn dispatch_leaves_no_pending_status_that_nothing_could_end() {
    let stage = stage(Version::Forgejo);

    let done = stage.dispatch().run().failed();

    assert_eq!(statuses(&stage), 0);
    assert_eq!(stage.gitea.world().runs.len(), 1);
    let page = format!("https://gitea.example.com/{TARGET}/actions?workflow={WORKFLOW}");
    assert_eq!((done.output("run-url"), done.output("state")), (Some(page.as_str()), None));
    insta::assert_snapshot!(shown(done.log().lines().last().unwrap(), &stage), @"::error::The workflow was dispatched, but no status was set: this server is Forgejo 9.0. Its response does not name the run, so the outcome could not be reported. See the run: https://gitea.example.com/mporter/dispatch-target/actions?workflow=build-from-pr.yml . On Forgejo, use Forgejo's own dispatch, and let the workflow set the status");
}

#[test]
fn dispatch_on_an_older_gitea_sets_its_pending_status() {
    for version in [Version::V1_24, Version::V1_25] {
        let stage = stage(version);
        stage.dispatch().run().ok();
        assert_eq!(statuses(&stage), 1, "{version:?}");
    }
}

#[test]
fn report_writes_nothing_where_the_jobs_cannot_be_read() {
    let (stage, run) = with_run();

    let by_job = stage.report(run).run().failed();
    assert_eq!(written(&stage), [""; 0]);
    insta::assert_snapshot!(by_job.log(), @"::error::Nothing was written: this server is Forgejo 9.0. Its API does not list the jobs of a run. On Forgejo, let the workflow set the status itself");
}

#[test]
fn report_by_event_writes_nothing_either() {
    // The fake's Forgejo sends no such event; newer ones may.
    let stage = stage(Version::V1_26);
    stage.dispatch().run().ok();
    let run = stage.start_last_run();
    let report = stage.report_by_event(run, Action::Completed);
    stage.gitea.world().version = Version::Forgejo;

    let done = report.run().failed();

    assert_eq!(stage.gitea.world().statuses(SOURCE, &stage.sha)[0].state, "pending");
    assert!(done.log().contains("::error::Nothing was written: this server is Forgejo 9.0"), "{}", done.log());
}
