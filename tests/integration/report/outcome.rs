//! The reported outcome: the worst of the given outcomes and the outcomes of the run's other jobs.

use super::{comments, reported, running, status, with_report_job};
use crate::fake::{Progress, Version};
use crate::stage::{TARGET, WORKFLOW};
use crate::{shown, stage};

#[test]
fn each_outcome_has_its_state_and_words() {
    let mut seen = Vec::new();
    for outcome in
        ["success", "failure", "cancelled", "timed_out", "startup_failure", "skipped", "neutral", "exploded", "Success"]
    {
        let (stage, run) = running(Version::V1_26);
        stage.gitea.world().advance(8);
        stage.report(run).input("status", outcome).run().ok();
        let (state, description, _) = status(&stage, "dispatch-target/build");
        let comment = comments(&stage).remove(0);
        let (title, _) = comment.split_once(" — ").unwrap();
        seen.push(format!("{outcome}: {state}, {description}, {title}"));
    }
    insta::assert_snapshot!(seen.join("\n"), @"
    success: success, Successful in 8s, **dispatch-target build success**
    failure: failure, Failing after 8s, **dispatch-target build failure**
    cancelled: failure, Has been cancelled, **dispatch-target build cancelled**
    timed_out: failure, Failing after 8s, **dispatch-target build timed_out**
    startup_failure: failure, Failing after 8s, **dispatch-target build startup_failure**
    skipped: skipped, Has been skipped, **dispatch-target build skipped**
    neutral: skipped, Has been skipped, **dispatch-target build neutral**
    exploded: error, Ended with an unknown outcome: exploded, **dispatch-target build exploded**
    Success: error, Ended with an unknown outcome: Success, **dispatch-target build Success**
    ");
}

#[test]
fn worst_of_several_outcomes_counts() {
    for (given, expected) in [
        ("success, cancelled", "cancelled"),
        ("failure\nsuccess\nskipped", "failure"),
        ("skipped success", "success"),
        ("skipped,neutral", "neutral"),
        ("failure exploded", "exploded"),
        (r#"{"build": {"result": "timed_out", "outputs": {}}, "lint": {"result": "cancelled"}}"#, "timed_out"),
    ] {
        let (stage, run) = running(Version::V1_26);

        stage.report(run).input("status", given).run().ok();

        let comment = comments(&stage).remove(0);
        assert!(comment.starts_with(&format!("**dispatch-target build {expected}**")), "{given}: {comment}");
    }
}

#[test]
fn auto_counts_the_runs_other_finished_jobs() {
    for version in [Version::V1_25, Version::V1_26] {
        for (conclusion, state) in [("failure", "failure"), ("success", "success"), ("cancelled", "failure")] {
            let (stage, run) = with_report_job(version);
            stage.gitea.world().finish_job(run, "build", conclusion);

            let done = stage.report(run).run().ok();

            assert_eq!(done.output("state"), Some(state), "{version:?} {conclusion}");
            assert!(done.log.contains(&format!("status: success, job build: {conclusion}")), "{}", done.log);
        }
    }
}

#[test]
fn given_status_without_auto_stands_alone() {
    let (stage, run) = with_report_job(Version::V1_26);
    stage.gitea.world().finish_job(run, "build", "failure");

    let done = stage.report(run).input("status", "success").run().ok();

    assert_eq!(done.output("state"), Some("success"));
}

#[test]
fn auto_counts_jobs_on_every_page() {
    for version in [Version::V1_25, Version::V1_26] {
        let stage = stage(version);
        let jobs: Vec<String> = (0..120).map(|n| format!("build ({n})")).collect();
        stage.gitea.world().repository(TARGET).workflow(WORKFLOW).jobs = jobs.clone();
        stage.dispatch().run().ok();
        let run = stage.start_last_run();
        for (n, job) in jobs.iter().enumerate().skip(1) {
            stage.gitea.world().finish_job(run, job, if n == 119 { "failure" } else { "success" });
        }

        let done = stage.report(run).run().ok();

        assert_eq!(done.output("state"), Some("failure"), "{version:?}");
        let pages = reported(&stage).iter().filter(|request| request.path.contains("/jobs?")).count();
        assert_eq!(pages, 3, "{version:?}");
    }
}

#[test]
fn re_run_counts_the_jobs_of_its_own_attempt() {
    let (stage, run) = with_report_job(Version::V1_26);
    stage.gitea.world().finish_job(run, "build", "failure");
    stage.report(run).run().ok();
    stage.gitea.world().finish_run(run, "failure");
    stage.gitea.world().rerun(run);
    stage.gitea.world().advance(1);
    stage.gitea.world().start_run(run);
    stage.gitea.world().advance(3600);
    stage.gitea.world().finish_job(run, "build", "success");

    let done = stage.report(run).run().ok();

    let (state, description, _) = status(&stage, "dispatch-target/build");
    assert_eq!((state.as_str(), description.as_str()), ("success", "Successful in 1h0m0s"), "of this attempt alone");
    assert_eq!(done.output("state"), Some("success"));
}

#[test]
fn jobs_with_the_same_name_all_count() {
    let (stage, run) = with_report_job(Version::V1_26);
    {
        let mut world = stage.gitea.world();
        world.finish_job(run, "build", "success");
        // Gitea lists each job once, as its last attempt left it. Only one of the two legs was re-run.
        let run = world.run(run);
        let mut other_leg = run.jobs[0].clone();
        other_leg.id += 1000;
        other_leg.progress = Progress::Completed("failure".to_owned());
        run.jobs[0].attempt = 2;
        run.jobs.insert(0, other_leg);
        run.attempt = 2;
    }

    let done = stage.report(run).run().ok();

    assert_eq!(done.output("state"), Some("failure"));
}

#[test]
fn job_that_was_not_re_run_counts_as_it_ended() {
    let (stage, run) = with_report_job(Version::V1_26);
    {
        let mut world = stage.gitea.world();
        world.finish_job(run, "build", "failure");
        // Only `report` runs again: `build` stays in the list as it ended in its first attempt.
        let run = world.run(run);
        run.attempt = 2;
        run.jobs[1].attempt = 2;
    }

    let done = stage.report(run).run().ok();

    assert_eq!(done.output("state"), Some("failure"));
}

#[test]
fn time_is_left_out_where_no_start_is_known() {
    let (stage, run) = running(Version::V1_26);
    stage.gitea.world().run(run).jobs[0].started_at = 0;

    stage.report(run).run().ok();

    assert_eq!(status(&stage, "dispatch-target/build").1, "Successful");
}

#[test]
fn jobs_that_are_not_a_list_do_not_count_as_no_jobs() {
    for answer in
        ["{}", r#"{"error": "x"}"#, r#"{"jobs": null}"#, r#"{"jobs": [], "total_count": 2}"#, r#"{"jobs": []}"#]
    {
        let (stage, run) = with_report_job(Version::V1_26);
        stage.gitea.world().finish_job(run, "build", "failure");
        stage.gitea.refuse("GET", "/jobs", 200, "application/json", answer);

        let done = stage.report(run).run().failed();

        let (state, description, _) = status(&stage, "dispatch-target/build");
        assert_eq!(
            (state.as_str(), description.as_str()),
            ("error", "Outcome not known: the jobs could not be read"),
            "{answer}"
        );
        assert!(done.log.contains("::error::The jobs of the run could not be read"), "{answer}: {}", done.log);
    }
}

#[test]
fn failure_of_the_own_job_is_set_although_the_jobs_cannot_be_read() {
    for (version, link) in [(Version::V1_24, 1), (Version::V1_25, 1), (Version::V1_26, 30)] {
        let (stage, run) = running(version);
        stage.gitea.refuse("GET", "/jobs", 403, "application/json", r#"{"message": "no"}"#);

        let done = stage.report(run).input("status", "auto failure").run().ok();

        let page = format!("https://gitea.example.com/mporter/dispatch-target/actions/runs/{link}");
        let expected = ("failure".to_owned(), "Failing".to_owned(), page);
        assert_eq!(status(&stage, "dispatch-target/build"), expected, "{version:?}");
        insta::allow_duplicates! {
            insta::assert_snapshot!(shown(done.log().lines().next().unwrap(), &stage), @"::warning::The other jobs of this run could not be read, so they do not count: The server refused (403): no. The server's message gives the reason. (GET http://fake/api/v1/repos/mporter/dispatch-target/actions/runs/30/jobs?page=1&limit=50 returned 403 Forbidden: no)");
        }
    }
}

#[test]
fn success_of_the_own_job_counts_without_the_jobs_only_where_the_server_has_no_list_of_them() {
    for (version, state) in [(Version::V1_24, "success"), (Version::V1_25, "error"), (Version::V1_26, "error")] {
        for (code, answer) in
            [(403, r#"{"message": "no"}"#), (404, "<html><title>Not here</title></html>"), (200, "null")]
        {
            let (stage, run) = running(version);
            stage.gitea.refuse("GET", "/jobs", code, "application/json", answer);

            let done = stage.report(run).run();

            assert_eq!(status(&stage, "dispatch-target/build").0, state, "{version:?}, {code}");
            assert_eq!(done.success, state == "success", "{version:?}, {code}");
            // A given word that is not an outcome of any job counts.
            stage.report(run).input("status", "success").run();
        }
    }
}

#[test]
fn status_that_evaluates_to_nothing_is_an_error() {
    let (stage, run) = running(Version::V1_26);

    let done = stage.report(run).input("status", "").run().failed();

    let (state, description, _) = status(&stage, "dispatch-target/build");
    assert_eq!((state.as_str(), description.as_str()), ("error", "Outcome not given: input status is empty"));
    insta::assert_snapshot!(done.log().lines().last().unwrap(), @"::error::Input `status` is empty: an expression in it evaluates to nothing (a step or a job with that id does not exist, or `needs` is missing). The run's outcome is unknown, so the status is `error`. Correct the input, for example to `status: ${{ needs.build.result }}`");
}

#[test]
fn status_that_says_running_is_pending() {
    for word in ["pending", "queued", "waiting", "in_progress", "running"] {
        let (stage, run) = running(Version::V1_26);

        let done = stage.report(run).input("status", word).run().ok();

        let (state, description, _) = status(&stage, "dispatch-target/build");
        assert_eq!((state.as_str(), description.as_str()), ("pending", "Has started running"), "{word}");
        assert_eq!(done.output("state"), Some("pending"));
        assert!(comments(&stage).is_empty());
    }
}

#[test]
fn auto_without_any_outcome_is_an_error() {
    let (stage, run) = running(Version::V1_26);

    let done = stage.report(run).input("status", "auto").run().failed();

    insta::assert_snapshot!(shown(&done.log(), &stage), @"
    Run https://gitea.example.com/mporter/dispatch-target/actions/runs/30: its outcome was not given
    Status dispatch-target/build on mporter/dispatch-source@SHA10: error, Outcome not given: input status is empty
    ::error::The run's outcome is unknown: neither input `status` nor the run's jobs give one. Set `status`, for example to ${{ needs.build.result }}
    ");
    assert_eq!(status(&stage, "dispatch-target/build").0, "error");
}
