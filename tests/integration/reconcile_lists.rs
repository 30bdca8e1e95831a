//! Lists that are long, out of order or not Gitea's. Nothing is guessed if a list could not be read.

use crate::fake::{Answer, Fault, Job, Progress, Version};
use crate::stage;
use crate::stage::{Done, SOURCE, Stage};

/// The stage with a run of this many jobs. All but the last one have succeeded.
fn with_jobs(version: Version, count: u64) -> (Stage, u64) {
    let stage = stage(version);
    stage.dispatch().run().ok();
    let run = stage.start_last_run();
    let mut world = stage.gitea.world();
    world.finish_run(run, "success");
    let (first, id) = (world.run(run).jobs[0].clone(), world.next_job_id);
    let others = (1..count).map(|number| Job { id: id + number, name: format!("job {number}"), ..first.clone() });
    world.run(run).jobs.extend(others);
    world.run(run).jobs.last_mut().unwrap().progress = Progress::Completed("failure".to_owned());
    drop(world);
    (stage, run)
}

fn status(stage: &Stage) -> (String, String) {
    let status = stage.gitea.world().statuses(SOURCE, &stage.sha).pop().unwrap();
    (status.state, status.description)
}

fn closed(done: &Done) -> Option<&str> {
    done.output("closed")
}

#[test]
fn job_that_a_page_left_out_is_not_missed() {
    let (stage, _) = with_jobs(Version::V1_26, 60);
    stage.gitea.world().unordered_job_pages = 2;

    stage.reconcile().run().ok();

    assert_eq!(status(&stage).0, "failure");
    for version in [Version::V1_25, Version::V1_26] {
        let (stage, run) = with_jobs(version, 60);
        stage.gitea.world().unordered_job_pages = 2;
        stage.report(run).run().ok();
        assert_eq!(status(&stage).0, "failure", "{version:?}");
    }
}

#[test]
fn incomplete_list_of_jobs_is_not_the_end() {
    let (stage, run) = with_jobs(Version::V1_26, 60);
    stage.gitea.world().unordered_job_pages = 3;
    let done = stage.reconcile().run().failed();
    assert_eq!((status(&stage).0.as_str(), closed(&done)), ("pending", Some("0")));
    assert!(done.log().contains("the list of jobs was incomplete 3 times"), "{}", done.log());

    stage.gitea.world().unordered_job_pages = 3;
    stage.report(run).run().failed();
    assert_eq!(status(&stage), ("error".to_owned(), "Outcome not known: the jobs could not be read".to_owned()));
}

#[test]
fn jobs_beyond_a_thousand_count() {
    let (stage, _) = with_jobs(Version::V1_27, 1100);

    stage.reconcile().run().ok();

    assert_eq!(status(&stage).0, "failure");
}

#[test]
fn pending_status_among_more_than_a_thousand_contexts_is_closed() {
    let stage = stage(Version::V1_26);
    {
        let mut world = stage.gitea.world();
        for number in 0..1100 {
            world.add_status(SOURCE, &stage.sha, Some("mporter"), &format!("ci/{number}"), "success", "");
        }
    }
    stage.dispatch().run().ok();
    stage.gitea.world().cancel_run(30);

    let done = stage.reconcile().run().ok();

    assert_eq!(closed(&done), Some("1"));
    assert_eq!(status(&stage).1, "Has been cancelled");
}

#[test]
fn not_found_page_of_another_program_does_not_mean_a_deleted_run() {
    let pages = [
        ("text/html", "<html><title>404 Not Found</title></html>"),
        ("text/plain; charset=utf-8", "404 page not found\n"),
        ("text/plain", ""),
        ("application/json", r#"{"message": "no Route matched with those values"}"#),
        ("application/json", r#"{"detail": "Not Found"}"#),
    ];
    for (content_type, body) in pages {
        for path in ["/actions/runs/30", "/actions/runs/30/jobs"] {
            let stage = stage(Version::V1_26);
            stage.dispatch().run().ok();
            stage.gitea.world().runs[0].jobs.clear();
            let foreign = Fault::Answer(Answer::new(404, content_type, body));
            stage.gitea.inject("GET", path, usize::MAX, foreign);

            let done = stage.reconcile().run().failed();

            assert_eq!(status(&stage).0, "pending", "{path}: {body}");
            assert_eq!(closed(&done), Some("0"), "{path}: {body}");
        }
    }
}

#[test]
fn run_that_gitea_denies_once_is_still_there() {
    let stage = stage(Version::V1_26);
    stage.dispatch().run().ok();
    let missing =
        Answer::new(404, "application/json", r#"{"errors": ["resource does not exist"], "message": "not found"}"#);
    stage.gitea.inject("GET", "/actions/runs/30/jobs", 1, Fault::Answer(missing));

    let done = stage.reconcile().run().ok();

    assert_eq!((status(&stage).0.as_str(), closed(&done)), ("pending", Some("0")));
}
