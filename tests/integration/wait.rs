//! `wait: true`: the dispatch follows its run, and reports the end if nobody else has.

use std::thread;
use std::time::{Duration, Instant};

use crate::fake::{Answer, Fault, Version, World};
use crate::stage::{Done, SOURCE, Stage, Step};
use crate::{sent, shown, stage};

/// The dispatch with `wait`, while this happens to its run.
fn wait_while(stage: &Stage, act: impl FnOnce(&Stage, u64) + Send) -> Done {
    let step = stage.dispatch().input("wait", "true").input("comment", "create");
    run_while(stage, step, act)
}

fn run_while(stage: &Stage, step: Step, act: impl FnOnce(&Stage, u64) + Send) -> Done {
    thread::scope(|scope| {
        let waiting = scope.spawn(move || step.run());
        let start = Instant::now();
        // The step waits once it has read the run's jobs.
        while !stage.gitea.requests().iter().any(|request| request.path.contains("/jobs")) {
            assert!(start.elapsed() < Duration::from_secs(20), "nobody asks for the run:\n{}", sent(stage));
            thread::sleep(Duration::from_millis(10));
        }
        let run = stage.gitea.world().runs.last().unwrap().id;
        act(stage, run);
        waiting.join().unwrap()
    })
}

fn world(stage: &Stage, change: impl FnOnce(&mut World)) {
    change(&mut stage.gitea.world());
}

/// State and description of the one status.
fn status(stage: &Stage) -> (String, String) {
    let status = stage.gitea.world().statuses(SOURCE, &stage.sha).remove(0);
    (status.state, status.description)
}

fn comments(stage: &Stage) -> Vec<String> {
    let comments = stage.gitea.world().comments(SOURCE, stage.number);
    comments.iter().map(|comment| comment.body.lines().next().unwrap().to_owned()).collect()
}

const RUN: &str = "[run log](https://gitea.example.com/mporter/dispatch-target/actions/runs/30)";

#[test]
fn cancelled_run_is_reported_by_wait() {
    let stage = stage(Version::V1_26);

    let done = wait_while(&stage, |stage, run| {
        world(stage, |world| world.start_run(run));
        thread::sleep(Duration::from_millis(1500));
        world(stage, |world| world.cancel_run(run));
    });

    let done = done.failed();
    assert_eq!(status(&stage), ("failure".to_owned(), "Has been cancelled".to_owned()));
    assert_eq!(comments(&stage), [format!("**dispatch-target build cancelled** — {RUN}")]);
    assert_eq!(done.output("conclusion"), Some("cancelled"));
    assert_eq!(done.outputs.lines().rfind(|line| line.starts_with("state=")), Some("state=failure"));
    assert_eq!(done.output("comment-id"), Some("1"));
    let log = shown(&done.log(), &stage);
    for line in ["Run 30: queued, after 0 s", "Run 30: in progress, after 1 s", "Run 30: completed, after "] {
        assert_eq!(log.matches(line).count(), 1, "{line}: {log}");
    }
    assert!(
        log.ends_with(
            "::error::The run ended with cancelled: https://gitea.example.com/mporter/dispatch-target/actions/runs/30"
        ),
        "{log}"
    );
    assert_eq!(stage.gitea.connections(), 2, "the dispatch has a new one");
}

#[test]
fn run_that_reports_itself_keeps_its_status_and_its_comment() {
    let stage = stage(Version::V1_26);

    let done = wait_while(&stage, |stage, run| {
        world(stage, |world| world.start_run(run));
        stage.report(run).input("body", "See the artifact.").run().ok();
        world(stage, |world| world.finish_run(run, "success"));
    });

    let done = done.ok();
    assert_eq!(done.output("conclusion"), Some("success"));
    assert_eq!(stage.gitea.world().all_statuses(SOURCE, &stage.sha).len(), 2);
    let bodies: Vec<String> =
        stage.gitea.world().comments(SOURCE, stage.number).into_iter().map(|comment| comment.body).collect();
    assert_eq!(bodies.len(), 1);
    assert!(bodies[0].contains("See the artifact."), "{bodies:?}");
    assert_eq!(done.output("comment-id"), Some("1"));
    assert!(done.log().contains("success, already set"), "{}", done.log());
}

#[test]
fn end_that_the_run_could_not_comment_on_is_commented_by_wait() {
    let stage = stage(Version::V1_26);

    wait_while(&stage, |stage, run| {
        world(stage, |world| world.start_run(run));
        stage.report(run).input("comment", "off").run().ok();
        world(stage, |world| world.finish_run(run, "success"));
    })
    .ok();

    assert_eq!(comments(&stage), [format!("**dispatch-target build success** — {RUN}")]);
}

#[test]
fn comment_by_wait_does_not_contradict_the_runs_own_status() {
    let stage = stage(Version::V1_26);

    wait_while(&stage, |stage, run| {
        world(stage, |world| world.start_run(run));
        stage.report(run).input("comment", "off").input("status", "failure").run().ok();
        world(stage, |world| world.finish_run(run, "success"));
    });

    assert_eq!(status(&stage).0, "failure");
    assert!(comments(&stage).is_empty(), "{:?}", comments(&stage));
}

#[test]
fn run_that_no_step_reported_succeeds_with_its_time() {
    let stage = stage(Version::V1_26);

    let done = wait_while(&stage, |stage, run| {
        world(stage, |world| {
            world.advance(0);
            world.start_run(run);
            world.advance(72);
            world.finish_run(run, "success");
        });
    });

    done.ok();
    assert_eq!(status(&stage), ("success".to_owned(), "Successful in 1m12s".to_owned()));
}

#[test]
fn run_that_was_deleted_is_an_error_without_a_comment() {
    let stage = stage(Version::V1_26);

    let done = wait_while(&stage, |stage, run| world(stage, |world| world.delete_run(run))).failed();

    assert_eq!(status(&stage), ("error".to_owned(), "The run was deleted before it told its outcome".to_owned()));
    assert_eq!(comments(&stage), [""; 0]);
    assert!(done.log().contains("::error::The run was deleted"), "{}", done.log());
}

#[test]
fn run_whose_jobs_are_not_there_yet_is_not_called_deleted() {
    let stage = stage(Version::V1_26);
    let empty = Answer::new(200, "application/json", r#"{"jobs": [], "total_count": 0}"#);
    stage.gitea.inject("GET", "/jobs", 1, Fault::Answer(empty));

    let done = wait_while(&stage, |stage, run| world(stage, |world| world.finish_run(run, "success")));

    let log = done.ok().log();
    assert!(!log.contains("deleted"), "{log}");
    assert_eq!(status(&stage).0, "success");
}

#[test]
fn failed_read_of_the_run_is_retried() {
    let stage = stage(Version::V1_26);
    stage.gitea.inject("GET", "/jobs", 2, Fault::Answer(Answer::new(500, "application/json", "{}")));
    stage.gitea.inject("GET", "/jobs", 2, Fault::Answer(Answer::new(401, "application/json", "{}")));

    let done = wait_while(&stage, |stage, run| {
        world(stage, |world| world.finish_run(run, "success"));
    });

    let log = done.ok().log();
    let warnings: Vec<_> = log.lines().filter(|line| line.contains("Could not read the run; retrying.")).collect();
    assert!(
        matches!(warnings[..], [line] if line.contains("retrying. The response is not from Gitea (401).")),
        "{log}"
    );
    assert_eq!(status(&stage).0, "success");
}

#[test]
fn step_whose_run_is_under_way_is_not_advised_to_re_run() {
    for status in [429, 500, 502] {
        let stage = stage(Version::V1_26);
        let step = stage.dispatch().input("wait", "true").input("wait-timeout", "3s");
        stage.gitea.refuse("GET", "/jobs", status, "application/json", r#"{"message": "no"}"#);
        stage.gitea.refuse("POST", "/statuses/", 501, "application/json", r#"{"message": "no"}"#);

        let done = step.run().failed();

        let log = done.log();
        assert!(log.contains("Could not read the run when `wait-timeout` was over"), "{log}");
        assert!(log.contains("The pending status was not set. The server failed (501). ("), "{log}");
        assert!(!log.contains("e-run this job"), "{log}");
    }
}

#[test]
fn timeout_leaves_the_status_pending_and_says_since_when() {
    let stage = stage(Version::V1_26);
    let step = stage.dispatch().input("wait", "true").input("wait-timeout", "2s");

    let done = run_while(&stage, step, |_, _| ()).failed();

    let (state, description) = status(&stage);
    assert_eq!(state, "pending");
    assert!(
        description.starts_with("Waiting for a runner, dispatched at 20") && description.ends_with(" UTC"),
        "{description}"
    );
    assert!(
        done.log().contains("::error::The run has not ended within `wait-timeout`, and continues"),
        "{}",
        done.log()
    );
    assert_eq!(done.output("conclusion"), None);
    assert_eq!(comments(&stage), [""; 0]);
}

#[test]
fn timeout_of_a_run_under_way_says_that_it_has_not_ended() {
    let stage = stage(Version::V1_26);
    let step = stage.dispatch().input("wait", "true").input("wait-timeout", "3s");

    run_while(&stage, step, |stage, run| world(stage, |world| world.start_run(run))).failed();

    let (state, description) = status(&stage);
    assert_eq!(state, "pending");
    assert!(
        description.starts_with("Dispatched at 20") && description.ends_with(" UTC, has not ended yet"),
        "{description}"
    );
}

#[test]
fn older_server_is_refused_before_anything_is_sent() {
    for version in [Version::V1_24, Version::V1_25] {
        let stage = stage(version);

        let done = stage.dispatch().input("wait", "true").run().failed();

        assert_eq!(sent(&stage), "GET /api/v1/version");
        let expected = format!(
            "::error::Nothing was sent: `wait: true` needs Gitea 1.26 or later, and this server has {}",
            &version.number()[..4]
        );
        assert_eq!(done.log(), expected);
    }
}

#[test]
fn newer_run_keeps_its_status_and_the_older_one_gets_its_comment() {
    let stage = stage(Version::V1_26);

    wait_while(&stage, |stage, run| {
        stage.dispatch().run().ok();
        world(stage, |world| world.cancel_run(run));
    })
    .failed();

    let status = stage.gitea.world().statuses(SOURCE, &stage.sha).remove(0);
    assert_eq!((status.state.as_str(), status.target_url.ends_with("/31")), ("pending", true));
    assert_eq!(comments(&stage), [format!("**dispatch-target build cancelled** — {RUN}")]);
}

#[test]
fn failed_closing_names_the_outcome_and_the_cause() {
    let stage = stage(Version::V1_26);

    let done = wait_while(&stage, |stage, run| {
        stage.gitea.refuse("POST", "/statuses/", 403, "application/json", r#"{"message":"no"}"#);
        world(stage, |world| world.finish_run(run, "success"));
    })
    .failed();

    insta::assert_snapshot!(shown(done.log().lines().last().unwrap(), &stage), @"::error::The run ended with success: https://gitea.example.com/mporter/dispatch-target/actions/runs/30 . The report is incomplete: The status was not set. The server refused (403): no. The server's message gives the reason. (POST http://fake/api/v1/repos/mporter/dispatch-source/statuses/SHA returned 403 Forbidden: no) The comment was created.");
    assert_eq!(done.output("conclusion"), Some("success"));
}

#[test]
fn one_comment_is_left_alone_if_the_status_was_not_set() {
    let stage = stage(Version::V1_26);
    let step = stage.dispatch().input("wait", "true").input("comment", "update");

    let done = run_while(&stage, step, |stage, run| {
        stage.gitea.refuse("POST", "/statuses/", 403, "application/json", r#"{"message":"no"}"#);
        world(stage, |world| world.finish_run(run, "failure"));
    });

    assert!(done.failed().log().contains("The status was not set."));
    assert!(stage.gitea.world().comments.is_empty());
}

#[test]
fn invalid_wait_sends_nothing() {
    let stage = stage(Version::V1_26);

    let wait = stage.dispatch().input("wait", "yes").run().failed();
    let timeout = stage.dispatch().input("wait", "true").input("wait-timeout", "1d").run().failed();

    assert_eq!(wait.log(), "::error::Nothing was sent: input `wait` must be `true` or `false`, not `yes`");
    assert!(
        timeout.log().starts_with("::error::Nothing was sent: input `wait-timeout` must be a time"),
        "{}",
        timeout.log()
    );
    assert_eq!(sent(&stage), "");
}

#[test]
fn run_that_ends_between_two_reads_is_not_a_timeout() {
    let stage = stage(Version::V1_26);
    // It is read after 0, 1 and 2.5 s, and once more at the end.
    let step = stage.dispatch().input("wait", "true").input("wait-timeout", "4s");

    let done = run_while(&stage, step, |stage, run| {
        thread::sleep(Duration::from_millis(3000));
        world(stage, |world| world.finish_run(run, "success"));
    });

    assert_eq!(done.ok().output("conclusion"), Some("success"));
    assert_eq!(status(&stage).0, "success");
}

#[test]
fn run_is_waited_for_though_its_pending_status_failed() {
    let stage = stage(Version::V1_26);
    stage.gitea.refuse_once("POST", "/statuses/", 500, "application/json", r#"{"message": ""}"#);

    let done = wait_while(&stage, |stage, run| world(stage, |world| world.cancel_run(run)));

    let log = done.failed().log();
    assert!(log.contains("::warning::The run has started"), "{log}");
    assert_eq!(status(&stage), ("failure".to_owned(), "Has been cancelled".to_owned()));
    assert_eq!(comments(&stage).len(), 1);
}

#[test]
fn forged_comment_does_not_take_the_place_of_the_true_one() {
    let stage = stage(Version::V1_26);
    let forged = "**dispatch-target build success**\n\n<!-- dispatch-action:?target=mporter%2Fdispatch-target&run=30&attempt=1&context=dispatch-target%2Fbuild -->";
    world(&stage, |world| {
        world.add_user("mallory");
        world.add_comment(SOURCE, stage.number, "mallory", forged);
    });

    wait_while(&stage, |stage, run| {
        stage.dispatch().run().ok();
        world(stage, |world| world.cancel_run(run));
    })
    .failed();

    assert_eq!(comments(&stage)[1..], [format!("**dispatch-target build cancelled** — {RUN}")]);
}
