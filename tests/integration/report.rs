//! `mode: report`: what is sent, in which order, and what people read.

use std::time::Duration;

use serde_json::json;

use crate::fake::{Fault, Progress, Request, Version};
use crate::stage::{SOURCE, Stage, TARGET, WORKFLOW};
use crate::{lines, shown, stage};

/// A stage with a run that was dispatched for the pull request, and that a runner has taken. The journal goes on.
fn running(version: Version) -> (Stage, u64) {
    let stage = stage(version);
    stage.dispatch().run().ok();
    let run = stage.start_last_run();
    (stage, run)
}

/// The requests after the dispatch.
fn reported(stage: &Stage) -> Vec<Request> {
    stage.gitea.requests().split_off(2)
}

/// State, description and link of the status of a context.
fn status(stage: &Stage, context: &str) -> (String, String, String) {
    let statuses = stage.gitea.world().statuses(SOURCE, &stage.sha);
    let status = statuses.into_iter().find(|status| status.context == context).expect("a status of that context");
    (status.state, status.description, status.target_url)
}

/// The comments as people see them: without the marker, which each of them ends with.
fn comments(stage: &Stage) -> Vec<String> {
    let visible = |body: &str| {
        let (visible, marker) = body.rsplit_once("\n\n").expect("a marker in a block of its own");
        assert!(marker.starts_with("<!-- dispatch-action:?") && marker.ends_with(" -->"), "{marker}");
        visible.to_owned()
    };
    stage.gitea.world().comments(SOURCE, stage.number).iter().map(|comment| visible(&comment.body)).collect()
}

#[test]
fn report_sets_the_final_status_and_comments() {
    let (stage, run) = running(Version::V1_26);
    stage.gitea.world().advance(72);

    let done = stage.report(run).run().ok();

    let mut requests = reported(&stage);
    // The two of each round are sent side by side, in any order.
    requests[..2].sort_by(|a, b| a.path.cmp(&b.path));
    requests[2..].sort_by(|a, b| a.path.cmp(&b.path));
    insta::assert_snapshot!(lines(&requests, &stage), @r#"
    GET /api/v1/repos/mporter/dispatch-source/commits/SHA/status?page=1&limit=50
    GET /api/v1/repos/mporter/dispatch-target/actions/runs/30/jobs?page=1&limit=50
    POST /api/v1/repos/mporter/dispatch-source/issues/1/comments {"body":"**dispatch-target build success** — [run log](https://gitea.example.com/mporter/dispatch-target/actions/runs/30)\n\n<!-- dispatch-action:?target=mporter%2Fdispatch-target&run=30&attempt=1&context=dispatch-target%2Fbuild -->"}
    POST /api/v1/repos/mporter/dispatch-source/statuses/SHA {"context":"dispatch-target/build","description":"Successful in 1m12s","state":"success","target_url":"https://gitea.example.com/mporter/dispatch-target/actions/runs/30"}
    "#);
    insta::assert_snapshot!(shown(&done.log(), &stage), @"
    Run https://gitea.example.com/mporter/dispatch-target/actions/runs/30: success (status: success)
    Status dispatch-target/build on mporter/dispatch-source@SHA10: success, Successful in 1m12s
    Comment on pull request mporter/dispatch-source#1: https://gitea.example.com/mporter/dispatch-source/pulls/1#issuecomment-1
    ");
    insta::assert_snapshot!(done.outputs, @"
    run-id=30
    run-url=https://gitea.example.com/mporter/dispatch-target/actions/runs/30
    state=success
    comment-id=1
    comment-url=https://gitea.example.com/mporter/dispatch-source/pulls/1#issuecomment-1
    ");
    insta::assert_snapshot!(shown(&done.summary, &stage), @r"
    ### Reported success to mporter/dispatch-source

    - Run: [mporter/dispatch-target](https://gitea.example.com/mporter/dispatch-target/actions/runs/30)
    - Status dispatch-target/build on mporter/dispatch-source\@SHA10: success, Successful in 1m12s
    - [Comment](https://gitea.example.com/mporter/dispatch-source/pulls/1#issuecomment-1) on pull request mporter/dispatch-source#1
    ");
    assert_eq!(stage.gitea.world().statuses(SOURCE, &stage.sha).len(), 1, "the pending status is replaced");
}

#[test]
fn report_reads_side_by_side_and_then_writes_side_by_side() {
    let (stage, run) = running(Version::V1_26);
    let delay = Duration::from_millis(500);
    stage.gitea.set_delay(delay);

    stage.report(run).run().ok();

    let requests = reported(&stage);
    assert_eq!(requests.len(), 4);
    let methods: Vec<&str> = requests.iter().map(|request| request.method.as_str()).collect();
    assert_eq!(methods, ["GET", "GET", "POST", "POST"]);
    // The second of a round arrives while the first is still unanswered, and the next round after both.
    assert!(requests[1].at - requests[0].at < delay);
    assert!(requests[3].at - requests[2].at < delay);
    assert!(requests[2].at - requests[1].at >= delay);
}

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

/// A stage with a run of two jobs, `build` and `report`.
fn with_report_job(version: Version) -> (Stage, u64) {
    let stage = stage(version);
    stage.gitea.world().repository(TARGET).workflow(WORKFLOW).jobs = vec!["build".into(), "report".into()];
    stage.dispatch().run().ok();
    let run = stage.start_last_run();
    (stage, run)
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
    stage.gitea.world().start_run(run);
    stage.gitea.world().advance(3600);
    stage.gitea.world().finish_job(run, "build", "success");

    let done = stage.report(run).run().ok();

    let (state, description, _) = status(&stage, "dispatch-target/build");
    assert_eq!((state.as_str(), description.as_str()), ("success", "Successful in 1h0m0s"), "of this attempt alone");
    assert_eq!(done.output("state"), Some("success"));
}

#[test]
fn job_of_an_earlier_attempt_that_ran_again_does_not_count() {
    let (stage, run) = with_report_job(Version::V1_26);
    {
        let mut world = stage.gitea.world();
        world.finish_job(run, "build", "success");
        let run = world.run(run);
        let mut earlier = run.jobs[0].clone();
        earlier.progress = Progress::Completed("failure".to_owned());
        run.jobs[0].attempt = 2;
        run.jobs.insert(0, earlier);
        run.attempt = 2;
    }

    let done = stage.report(run).run().ok();

    assert_eq!(done.output("state"), Some("success"));
}

#[test]
fn time_is_left_out_where_no_start_is_known() {
    let (stage, run) = running(Version::V1_26);
    stage.gitea.world().run(run).jobs[0].started_at = 0;

    stage.report(run).run().ok();

    assert_eq!(status(&stage, "dispatch-target/build").1, "Successful");
}

#[test]
fn jobs_that_are_no_list_do_not_pass_for_none() {
    for answer in
        ["{}", r#"{"error": "x"}"#, r#"{"jobs": null}"#, r#"{"jobs": [], "total_count": 2}"#, r#"{"jobs": []}"#]
    {
        let (stage, run) = with_report_job(Version::V1_26);
        stage.gitea.world().finish_job(run, "build", "failure");
        stage.gitea.refuse("GET", "/jobs", 200, "application/json", answer);

        let done = stage.report(run).run().ok();

        assert!(done.log.contains("::warning::The other jobs of this run could not be read"), "{answer}: {}", done.log);
    }
}

#[test]
fn statuses_that_are_no_list_do_not_pass_for_none() {
    for answer in ["{}", r#"{"message": "hi"}"#, r#"{"statuses": 1}"#] {
        let (stage, run) = running(Version::V1_26);
        stage.gitea.refuse("GET", "/status?", 200, "application/json", answer);

        stage.report(run).run().failed();

        assert_eq!(status(&stage, "dispatch-target/build").0, "pending", "{answer}");
    }
}

#[test]
fn list_without_a_total_ends_with_its_first_short_page() {
    let (stage, run) = running(Version::V1_26);
    let newer = "https://gitea.example.com/mporter/dispatch-target/actions/runs/99";
    let page = json!({"statuses": [{"context": "dispatch-target/build", "status": "success", "target_url": newer}]});
    stage.gitea.refuse("GET", "/status?", 200, "application/json", &page.to_string());

    stage.report(run).run().ok();

    assert_eq!(status(&stage, "dispatch-target/build").0, "pending", "left alone");
    let pages = reported(&stage).iter().filter(|request| request.path.contains("/status?")).count();
    assert_eq!(pages, 1);
}

#[test]
fn list_that_never_ends_is_no_list() {
    let (stage, run) = running(Version::V1_26);
    let page = json!({"statuses": vec![json!({"context": "x", "target_url": ""}); 50]});
    stage.gitea.refuse("GET", "/status?", 200, "application/json", &page.to_string());

    let done = stage.report(run).run().failed();

    assert!(done.log.contains("the list has more than 20 pages"), "{}", done.log);
    assert_eq!(status(&stage, "dispatch-target/build").0, "pending");
}

#[test]
fn commit_without_any_status_gets_its_first() {
    let (stage, run) = running(Version::V1_26);
    stage.gitea.world().statuses.clear();

    stage.report(run).run().ok();

    assert_eq!(status(&stage, "dispatch-target/build").0, "success");
}

#[test]
fn newer_run_under_another_context_does_not_count() {
    let (stage, run) = running(Version::V1_26);
    let newer = "https://gitea.example.com/mporter/dispatch-target/actions/runs/99";
    stage.gitea.world().add_status(SOURCE, &stage.sha, Some("mporter"), "dispatch-target/lint", "success", newer);

    stage.report(run).run().ok();

    assert_eq!(status(&stage, "dispatch-target/build").0, "success");
}

#[test]
fn job_that_was_not_re_run_counts_as_it_ended() {
    let (stage, run) = with_report_job(Version::V1_26);
    {
        let mut world = stage.gitea.world();
        world.finish_job(run, "build", "failure");
        // Only `report` runs again: `build` stays in the list as its first attempt left it.
        let run = world.run(run);
        run.attempt = 2;
        run.jobs[1].attempt = 2;
    }

    let done = stage.report(run).run().ok();

    assert_eq!(done.output("state"), Some("failure"));
}

#[test]
fn jobs_that_cannot_be_read_leave_the_jobs_own_status() {
    for (version, link) in [(Version::V1_24, 1), (Version::V1_25, 1), (Version::V1_26, 30)] {
        let (stage, run) = running(version);
        stage.gitea.refuse("GET", "/jobs", 403, "application/json", r#"{"message": "no"}"#);

        let done = stage.report(run).input("status", "auto failure").run().ok();

        let page = format!("https://gitea.example.com/mporter/dispatch-target/actions/runs/{link}");
        let expected = ("failure".to_owned(), "Failing".to_owned(), page);
        assert_eq!(status(&stage, "dispatch-target/build"), expected, "{version:?}");
        insta::allow_duplicates! {
            insta::assert_snapshot!(shown(done.log().lines().next().unwrap(), &stage), @"::warning::The other jobs of this run could not be read, so they do not count (in a job of its own, report needs `status: ${{ needs.build.result }}`): GET http://fake/api/v1/repos/mporter/dispatch-target/actions/runs/30/jobs?page=1&limit=50 was answered 403 Forbidden: no");
        }
    }
}

#[test]
fn auto_without_any_outcome_sends_nothing() {
    let (stage, run) = running(Version::V1_26);

    let done = stage.report(run).input("status", "auto").run().failed();

    insta::assert_snapshot!(shown(&done.log(), &stage), @"::error::The outcome of this run is not known: input `status` gives none, and the run's jobs tell none either; set `status`, for example to ${{ needs.build.result }}");
    assert!(reported(&stage).iter().all(|request| request.method == "GET"));
}

#[test]
fn link_is_the_runs_page_in_each_version() {
    for (version, number) in [(Version::V1_24, 1), (Version::V1_25, 1), (Version::V1_26, 30)] {
        let (stage, run) = running(version);

        let done = stage.report(run).input("status", "success").run().ok();

        let page = format!("https://gitea.example.com/mporter/dispatch-target/actions/runs/{number}");
        assert_eq!(status(&stage, "dispatch-target/build").2, page, "{version:?}");
        assert_eq!(done.output("run-url"), Some(page.as_str()));
        assert_eq!(done.output("run-id"), Some("30"));
        assert_eq!(comments(&stage), [format!("**dispatch-target build success** — [run log]({page})")]);
    }
}

#[test]
fn older_run_leaves_a_newer_ones_status_alone() {
    let (stage, old) = running(Version::V1_26);
    stage.dispatch().run().ok();
    let new = stage.start_last_run();
    stage.report(new).run().ok();

    let done = stage.report(old).input("status", "failure").run().ok();

    let (state, _, link) = status(&stage, "dispatch-target/build");
    assert_eq!((state.as_str(), link.ends_with("/runs/31")), ("success", true));
    assert_eq!(done.output("state"), None, "none was set");
    insta::assert_snapshot!(shown(&done.log(), &stage), @"
    Run https://gitea.example.com/mporter/dispatch-target/actions/runs/30: failure (status: failure)
    Status dispatch-target/build on mporter/dispatch-source@SHA10 is left alone: it tells of a newer run, https://gitea.example.com/mporter/dispatch-target/actions/runs/31
    Comment on pull request mporter/dispatch-source#1: https://gitea.example.com/mporter/dispatch-source/pulls/1#issuecomment-2
    ");
    assert_eq!(comments(&stage).len(), 2, "each run has its comment");
}

#[test]
fn newer_run_overwrites_an_older_ones_status() {
    let (stage, old) = running(Version::V1_26);
    stage.dispatch().run().ok();
    let new = stage.start_last_run();
    stage.report(old).input("status", "failure").run().ok();
    assert_eq!(status(&stage, "dispatch-target/build").0, "pending", "the newer run is under way");

    stage.report(new).run().ok();

    assert_eq!(status(&stage, "dispatch-target/build").0, "success");
}

#[test]
fn status_that_is_of_no_run_of_this_target_is_overwritten() {
    for link in [
        "",
        "https://gitea.example.com/mporter/dispatch-target/actions?workflow=build-from-pr.yml",
        "https://gitea.example.com/mporter/another/actions/runs/99",
        "https://elsewhere.example/mporter/dispatch-target/actions/runs/99",
        "javascript:alert(1)",
    ] {
        let (stage, run) = running(Version::V1_26);
        let context = "dispatch-target/build";
        stage.gitea.world().add_status(SOURCE, &stage.sha, Some("mporter"), context, "error", link);

        stage.report(run).run().ok();

        assert_eq!(status(&stage, context).0, "success", "{link}");
    }
}

#[test]
fn newer_status_is_found_on_any_page() {
    let (stage, run) = running(Version::V1_26);
    {
        let mut world = stage.gitea.world();
        for n in 0..60 {
            world.add_status(SOURCE, &stage.sha, Some("mporter"), &format!("other/{n}"), "success", "");
        }
        let newer = "https://gitea.example.com/mporter/dispatch-target/actions/runs/99";
        world.add_status(SOURCE, &stage.sha, Some("mporter"), "dispatch-target/build", "success", newer);
    }

    stage.report(run).input("status", "failure").run().ok();

    assert_eq!(status(&stage, "dispatch-target/build").0, "success");
}

#[test]
fn context_is_that_of_the_status_which_links_to_the_run() {
    let stage = stage(Version::V1_26);
    stage.dispatch().input("context", "ci/[x]_y").run().ok();
    let run = stage.start_last_run();

    stage.report(run).run().ok();

    assert_eq!(status(&stage, "ci/[x]_y").0, "success");
    assert_eq!(stage.gitea.world().statuses(SOURCE, &stage.sha).len(), 1);
    assert!(comments(&stage)[0].starts_with(r"**ci \[x\]\_y success** — "), "{:?}", comments(&stage));
}

#[test]
fn context_that_is_given_counts_before_the_linked_one() {
    let (stage, run) = running(Version::V1_26);

    stage.report(run).input("context", "mine").run().ok();

    assert_eq!(status(&stage, "mine").0, "success");
    assert_eq!(status(&stage, "dispatch-target/build").0, "pending");
}

#[test]
fn trial_run_reports_nothing_and_succeeds() {
    for zeros in ["0".repeat(40), "0".repeat(64)] {
        let (stage, run) = running(Version::V1_26);
        let trial = json!({"inputs": {"pr_number": "0", "pr_head_sha": zeros, "pr_head_ref": "", "source_repo": ""}});

        let done = stage.report(run).event("workflow_dispatch", &trial).run().ok();

        assert_eq!(reported(&stage).len(), 0);
        assert_eq!(done.log(), "The run's pr_head_sha is all zeros: a trial run, so nothing is reported");
    }
}

#[test]
fn undeclared_or_invalid_input_of_the_run_is_named_with_what_to_do() {
    let (stage, run) = running(Version::V1_26);
    let mut messages = Vec::new();
    for missing in ["pr_number", "pr_head_sha", "source_repo"] {
        let mut payload = stage.gitea.world().event_payload(run);
        payload["inputs"].as_object_mut().unwrap().remove(missing);

        let done = stage.report(run).event("workflow_dispatch", &payload).run().failed();

        messages.push(done.log());
    }
    for (name, value) in [("pr_number", "#7"), ("pr_head_sha", ""), ("pr_head_sha", "7f68d9e"), ("source_repo", "")] {
        let mut payload = stage.gitea.world().event_payload(run);
        payload["inputs"][name] = json!(value);

        let done = stage.report(run).event("workflow_dispatch", &payload).run().failed();

        messages.push(done.log());
    }
    assert_eq!(reported(&stage).len(), 0);
    insta::assert_snapshot!(messages.join("\n"), @"
    ::error::Nothing was sent: the run has no input `pr_number`: declare it in the target workflow under `on: workflow_dispatch: inputs:` (Gitea drops an input that is not declared), or set the input `pr-number` of this step
    ::error::Nothing was sent: the run has no input `pr_head_sha`: declare it in the target workflow under `on: workflow_dispatch: inputs:` (Gitea drops an input that is not declared), or set the input `sha` of this step
    ::error::Nothing was sent: the run has no input `source_repo`: declare it in the target workflow under `on: workflow_dispatch: inputs:` (Gitea drops an input that is not declared), or set the input `source` of this step
    ::error::Nothing was sent: the run's input `pr_number` must be the number of a pull request, not `#7`
    ::error::Nothing was sent: the run's input `pr_head_sha` must be a full commit SHA of 40 or 64 hexadecimal digits, and is empty
    ::error::Nothing was sent: the run's input `pr_head_sha` must be a full commit SHA of 40 or 64 hexadecimal digits, not `7f68d9e`
    ::error::Nothing was sent: the run's input `source_repo` must be `owner/name`, and is empty
    ");
}

#[test]
fn overrides_replace_the_runs_inputs() {
    let (stage, run) = running(Version::V1_26);

    stage
        .report(run)
        .event("push", &json!({}))
        .input("source", SOURCE)
        .input("sha", &stage.sha)
        .input("pr-number", &stage.number.to_string())
        .run()
        .ok();

    assert_eq!(status(&stage, "dispatch-target/build").0, "success");
    assert_eq!(comments(&stage).len(), 1);
}

#[test]
fn run_without_a_pull_request_gets_a_status_and_no_comment() {
    let (stage, run) = running(Version::V1_26);
    let mut payload = stage.gitea.world().event_payload(run);
    payload["inputs"]["pr_number"] = json!("");

    let done = stage.report(run).event("workflow_dispatch", &payload).run().ok();

    assert_eq!(status(&stage, "dispatch-target/build").0, "success");
    assert_eq!(comments(&stage).len(), 0);
    assert!(done.log.contains("No comment, since the run was not dispatched by a pull request"), "{}", done.log);
}

#[test]
fn comment_off_makes_none() {
    let (stage, run) = running(Version::V1_26);

    let done = stage.report(run).input("comment", "off").run().ok();

    assert_eq!(comments(&stage).len(), 0);
    assert_eq!(done.output("comment-id"), None);
    assert_eq!(status(&stage, "dispatch-target/build").0, "success");
}

#[test]
fn body_stands_under_the_comments_first_line() {
    let (stage, run) = running(Version::V1_26);

    stage.report(run).input("body", "See the *notes*:\n- one\n").run().ok();

    let comment = comments(&stage).remove(0);
    let (first, rest) = comment.split_once("\n\n").unwrap();
    assert!(first.starts_with("**dispatch-target build success** — [run log]("));
    assert_eq!(rest, "See the *notes*:\n- one\n");
}

#[test]
fn refused_comment_does_not_keep_the_status_from_being_set() {
    let (stage, run) = running(Version::V1_26);
    stage.gitea.world().add_token("dispatch-bot", "repository-only", &[crate::fake::Scope::WriteRepository]);

    let done = stage.report(run).input("token", "repository-only").run().failed();

    assert_eq!(status(&stage, "dispatch-target/build").0, "success");
    insta::assert_snapshot!(shown(&done.log(), &stage), @"
    Run https://gitea.example.com/mporter/dispatch-target/actions/runs/30: success (status: success)
    Status dispatch-target/build on mporter/dispatch-source@SHA10: success, Successful in 0s
    ::error::The comment was not created. The token lacks the scope write:issue. Make a token with the scopes write:repository and write:issue, and store it as the secret. (POST http://fake/api/v1/repos/mporter/dispatch-source/issues/1/comments was answered 403 Forbidden: token does not have at least one of required scope(s), required=[write:issue], token scope=write:repository) The status was set.
    ");
    insta::assert_snapshot!(done.outputs, @"
    run-id=30
    run-url=https://gitea.example.com/mporter/dispatch-target/actions/runs/30
    state=success
    ");
}

#[test]
fn refused_status_does_not_keep_the_comment_from_being_made() {
    let (stage, run) = running(Version::V1_26);
    stage.gitea.refuse("POST", "/statuses/", 403, "application/json", r#"{"message": "no"}"#);

    let done = stage.report(run).run().failed();

    assert_eq!(comments(&stage).len(), 1);
    insta::assert_snapshot!(shown(&done.log(), &stage), @"
    Run https://gitea.example.com/mporter/dispatch-target/actions/runs/30: success (status: success)
    Comment on pull request mporter/dispatch-source#1: https://gitea.example.com/mporter/dispatch-source/pulls/1#issuecomment-1
    ::error::The status was not set. The server refused (403): no. The server's message says what it did not like. (POST http://fake/api/v1/repos/mporter/dispatch-source/statuses/SHA was answered 403 Forbidden: no) The comment was created.
    ");
    insta::assert_snapshot!(done.outputs, @"
    run-id=30
    run-url=https://gitea.example.com/mporter/dispatch-target/actions/runs/30
    comment-id=1
    comment-url=https://gitea.example.com/mporter/dispatch-source/pulls/1#issuecomment-1
    ");
}

#[test]
fn statuses_that_cannot_be_read_are_not_overwritten() {
    let (stage, run) = running(Version::V1_26);
    stage.gitea.refuse("GET", "/status?", 500, "application/json", r#"{"message": "database is locked"}"#);

    let done = stage.report(run).run().failed();

    assert_eq!(status(&stage, "dispatch-target/build").0, "pending", "it might tell of a newer run");
    assert_eq!(comments(&stage).len(), 1);
    assert!(done.log.contains("The status was not set. "), "{}", done.log);
}

#[test]
fn both_refusals_are_named() {
    let (stage, run) = running(Version::V1_26);
    stage.gitea.refuse("POST", "", 401, "application/json", r#"{"message": "invalid username, password or token"}"#);

    let done = stage.report(run).run().failed();

    insta::assert_snapshot!(shown(done.log().lines().last().unwrap(), &stage), @"::error::The status was not set. The access token is not valid. Make a new one (it may have been deleted, or its account disabled), and store it as the secret. (POST http://fake/api/v1/repos/mporter/dispatch-source/statuses/SHA was answered 401 Unauthorized: invalid username, password or token) The comment was not created. The access token is not valid. Make a new one (it may have been deleted, or its account disabled), and store it as the secret. (POST http://fake/api/v1/repos/mporter/dispatch-source/issues/1/comments was answered 401 Unauthorized: invalid username, password or token)");
}

/// The marker that the comment about this run has.
fn marker_of(stage: &Stage, run: u64) -> String {
    stage.report(run).run().ok();
    let mut world = stage.gitea.world();
    let comment = world.comments.pop().unwrap();
    comment.body.rsplit_once("\n\n").unwrap().1.to_owned()
}

#[test]
fn comment_whose_answer_got_lost_is_found_and_not_made_again() {
    let (stage, run) = running(Version::V1_26);
    stage.gitea.inject("POST", "/comments", 1, Fault::WorkThenHangUp);

    let done = stage.report(run).run().ok();

    assert_eq!(comments(&stage).len(), 1);
    assert_eq!(done.output("comment-id"), Some("1"));
    let looked =
        reported(&stage).into_iter().find(|request| request.method == "GET" && request.path.contains("/comments"));
    assert!(looked.unwrap().path.contains("/comments?since="), "only the comments since the report began are read");
}

#[test]
fn comment_that_was_lost_on_its_way_is_made_again() {
    let (stage, run) = running(Version::V1_26);
    stage.gitea.inject("POST", "/comments", 1, Fault::HangUp);

    stage.report(run).run().ok();

    assert_eq!(comments(&stage).len(), 1);
}

#[test]
fn comment_of_somebody_else_with_our_marker_is_not_ours() {
    let (stage, run) = running(Version::V1_26);
    let marker = marker_of(&stage, run);
    stage.gitea.world().add_user("contrib");
    stage.gitea.world().add_comment(SOURCE, stage.number, "contrib", &format!("Success!\n\n{marker}"));
    stage.gitea.inject("POST", "/comments", 1, Fault::HangUp);

    stage.report(run).run().ok();

    let world = stage.gitea.world();
    let authors: Vec<String> = world.comments(SOURCE, stage.number).into_iter().map(|comment| comment.author).collect();
    assert_eq!(authors, ["contrib", "dispatch-bot"]);
}

#[test]
fn comment_about_another_attempt_or_context_is_not_this_one() {
    let (stage, run) = running(Version::V1_26);
    stage.report(run).run().ok();
    stage.gitea.inject("POST", "/comments", 2, Fault::HangUp);
    stage.report(run).input("context", "another/context").run().ok();
    stage.report(run).var("GITHUB_RUN_ATTEMPT", "2").run().ok();
    assert_eq!(comments(&stage).len(), 3);
}

#[test]
fn comments_that_cannot_be_looked_through_are_not_made_again() {
    let (stage, run) = running(Version::V1_26);
    stage.gitea.inject("POST", "/comments", 1, Fault::WorkThenHangUp);
    stage.gitea.refuse("GET", "/comments", 403, "application/json", r#"{"message": "no"}"#);

    let done = stage.report(run).run().failed();

    assert_eq!(comments(&stage).len(), 1);
    assert!(done.log.contains("The comment may be there or not. The server's answer got lost."), "{}", done.log);
}

#[test]
fn final_status_is_set_again_after_a_lost_answer() {
    for fault in [Fault::HangUp, Fault::WorkThenHangUp] {
        let (stage, run) = running(Version::V1_26);
        stage.gitea.inject("POST", "/statuses", 1, fault);

        stage.report(run).input("status", "exploded").run().ok();

        assert_eq!(
            status(&stage, "dispatch-target/build").0,
            "error",
            "also one whose state an unfinished one may have"
        );
        let methods: Vec<String> = reported(&stage).into_iter().map(|request| request.method).collect();
        assert_eq!(methods.iter().filter(|method| *method == "GET").count(), 2, "nothing has to be read for that");
    }
}

#[test]
fn comment_off_needs_no_scope_for_issues() {
    let (stage, run) = running(Version::V1_26);
    stage.gitea.world().add_token("dispatch-bot", "repository-only", &[crate::fake::Scope::WriteRepository]);

    stage.report(run).input("token", "repository-only").input("comment", "off").run().ok();

    assert_eq!(status(&stage, "dispatch-target/build").0, "success");
}

#[test]
fn reading_is_done_again_after_a_lost_answer() {
    let (stage, run) = with_report_job(Version::V1_26);
    stage.gitea.world().finish_job(run, "build", "failure");
    stage.gitea.inject("GET", "/jobs", 1, Fault::HangUp);
    stage.gitea.refuse_once("GET", "/status?", 502, "text/html", "<title>Bad Gateway</title>");

    let done = stage.report(run).run().ok();

    assert_eq!(done.output("state"), Some("failure"));
}
