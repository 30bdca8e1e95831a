//! A comment about a failed run says what failed: the jobs, their steps, and the end of a log.

use crate::fake::{Action, Fault, Version};
use crate::stage;
use crate::stage::{SOURCE, Stage, TARGET, WORKFLOW};

/// A stage with a run of two jobs, `build` and `report`, which a runner has taken.
fn with_report_job(version: Version) -> (Stage, u64) {
    let stage = stage(version);
    stage.gitea.world().repository(TARGET).workflow(WORKFLOW).jobs = vec!["build".into(), "report".into()];
    stage.dispatch().run().ok();
    let run = stage.start_last_run();
    (stage, run)
}

/// The one comment, without its marker.
fn comment(stage: &Stage) -> String {
    let comments = stage.gitea.world().comments(SOURCE, stage.number);
    assert_eq!(comments.len(), 1, "{comments:?}");
    comments[0].body.rsplit_once("\n\n<!-- dispatch-action:?").expect("a marker").0.to_owned()
}

#[test]
fn comment_and_summary_name_the_failed_job_its_step_and_its_time() {
    for version in [Version::V1_26, Version::V1_27] {
        let (stage, run) = with_report_job(version);
        stage.gitea.world().fail_job(run, "build", "Run make test", 125);
        let before = stage.gitea.requests().len();

        let done = stage.report(run).input("status", "auto failure").run().ok();

        insta::allow_duplicates! {
            insta::assert_snapshot!(comment(&stage), @r#"
            **dispatch-target build failure** — [run log](https://gitea.example.com/mporter/dispatch-target/actions/runs/30)

            - **build** failed in step "Run make test" after 2m5s ([log](https://gitea.example.com/mporter/dispatch-target/actions/runs/30/jobs/501))
            "#);
        }
        assert!(
            done.summary.contains("- **build** failed in step \"Run make test\" after 2m5s ([log]("),
            "{}",
            done.summary
        );
        assert_eq!(stage.gitea.requests().len() - before, 4, "no request more");
    }
}

#[test]
fn job_has_its_name_alone_and_its_page_before_1_26() {
    let (stage, run) = with_report_job(Version::V1_25);
    stage.gitea.world().fail_job(run, "build", "Run make test", 125);

    stage.report(run).input("status", "auto failure").run().ok();

    insta::assert_snapshot!(comment(&stage), @"
    **dispatch-target build failure** — [run log](https://gitea.example.com/mporter/dispatch-target/actions/runs/1)

    - **build** failed after 2m5s ([log](https://gitea.example.com/mporter/dispatch-target/actions/runs/1/jobs/0))
    ");
}

#[test]
fn each_way_to_report_names_the_failed_job_and_its_step() {
    let list = "\n\n- **build** failed in step \"Run make test\" after 2m5s ([log](https://gitea.example.com/mporter/dispatch-target/actions/runs/30/jobs/501))";
    let ended = || {
        let stage = stage(Version::V1_26);
        stage.dispatch().run().ok();
        let run = stage.start_last_run();
        stage.gitea.world().fail_job(run, "build", "Run make test", 125);
        (stage, run)
    };
    let (stage, run) = ended();
    let done = stage.report_by_event(run, Action::Completed).run().ok();
    assert!(comment(&stage).ends_with(list) && done.summary.contains(list.trim()), "{}", done.summary);

    let (stage, _) = ended();
    let done = stage.reconcile().run().ok();
    assert!(comment(&stage).ends_with(list) && done.summary.contains(list.trim()), "{}", done.summary);
}

#[test]
fn waiting_dispatch_names_the_failed_job_and_its_step() {
    let stage = stage(Version::V1_26);
    let (command, files) = stage.dispatch().input("wait", "true").input("wait-timeout", "60s").command();
    let done = std::thread::scope(|scope| {
        let step = scope.spawn(|| files.after(command));
        while stage.gitea.world().runs.is_empty() {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        let run = stage.start_last_run();
        stage.gitea.world().fail_job(run, "build", "Run make test", 125);
        step.join().unwrap()
    });
    let done = done.failed();

    let list = "- **build** failed in step \"Run make test\" after 2m5s ([log](";
    assert!(comment(&stage).contains(list) && done.summary.contains(list), "{}", done.summary);
}

#[test]
fn cancelled_jobs_and_the_reporting_job_are_not_listed_as_failed() {
    let (stage, run) = with_report_job(Version::V1_26);
    stage.gitea.world().add_job(run, "test (1)");
    stage.gitea.world().start_job(run, "test (1)");
    stage.gitea.world().finish_job(run, "test (1)", "cancelled");
    stage.gitea.world().finish_job(run, "build", "success");

    stage.report(run).input("status", "auto failure").run().ok();

    insta::assert_snapshot!(comment(&stage), @"**dispatch-target build failure** — [run log](https://gitea.example.com/mporter/dispatch-target/actions/runs/30)");
}

#[test]
fn hostile_names_of_jobs_and_steps_are_text() {
    let (stage, run) = with_report_job(Version::V1_26);
    let name = "@all [x](http://evil.example)\n- **y**";
    stage.gitea.world().add_job(run, name);
    stage.gitea.world().fail_job(run, name, "Run `x`</details>\n\n# @team #1 $x$", 5);

    let done = stage.report(run).input("status", "auto failure").run().ok();

    insta::assert_snapshot!(comment(&stage), @r#"
    **dispatch-target build failure** — [run log](https://gitea.example.com/mporter/dispatch-target/actions/runs/30)

    - **\@all \[x\]\(http://evil.example\) - \*\*y\*\*** failed in step "Run \`x\`\</details\>  \# \@team \#1 \$x\$" after 5s ([log](https://gitea.example.com/mporter/dispatch-target/actions/runs/30/jobs/503))
    "#);
    assert!(!done.summary.replace("\\@all", "").contains("@all"), "{}", done.summary);
}

#[test]
fn long_body_is_cut_at_a_lines_end_whether_given_or_read() {
    let line = "ä line of the build's own report\n";
    let body = format!("<details>\n\n```\n{}", line.repeat(3000));
    let (stage, run) = with_report_job(Version::V1_26);
    stage.gitea.world().finish_job(run, "build", "success");
    let workspace = tempfile::TempDir::new().unwrap();
    std::fs::write(workspace.path().join("report.md"), &body).unwrap();

    stage.report(run).input("body", &body).run().ok();
    let step = stage.report(run).input("context", "docs").input("body-path", "report.md");
    step.var("GITHUB_WORKSPACE", workspace.path().to_str().unwrap()).run().ok();

    let comments = stage.gitea.world().comments(SOURCE, stage.number);
    assert_eq!(comments.len(), 2);
    for comment in comments {
        let count = comment.body.chars().count();
        assert!((65_400..=65_536).contains(&count), "{count}");
        let (_, end) = comment.body.rsplit_once(line).unwrap();
        let left_out = end.split(['*', ' ']).find_map(|word| word.parse::<usize>().ok()).unwrap();
        assert_eq!(left_out % line.chars().count(), 0, "whole lines");
        let end = end.rsplit_once("\n\n").unwrap();
        assert_eq!(end.0, format!("```\n\n</details>\n\n*{left_out} more characters were left out.*"));
        assert!(end.1.starts_with("<!-- dispatch-action:?"));
    }
}

/// A run whose build failed in a step, with that log and the runner's closing lines after it.
fn with_log(version: Version, lines: &[&str]) -> (Stage, u64) {
    let (stage, run) = with_report_job(version);
    {
        let mut world = stage.gitea.world();
        world.fail_job(run, "build", "Run make test", 125);
        world.set_log(run, "build", lines);
    }
    (stage, run)
}

const LOG: [&str; 6] = [
    "::group::Run make test",
    "\u{1b}[31mFAILED\u{1b}[0m token-of-the-bot ````",
    "make: *** [Makefile:4: test] Error 1",
    "##[error]Process completed with exit code 2.",
    "Cleaning up container for job build",
    "Job 'build' failed",
];

/// Method and path of the requests after the first `before`, sorted. A request for a log also has its range.
fn requests_since(stage: &Stage, before: usize) -> Vec<String> {
    let requests = stage.gitea.requests().split_off(before);
    let line = |request: &crate::fake::Request| {
        let range = request.range.as_ref().map(|range| format!(" {range}")).unwrap_or_default();
        let path = request.path.split(['?', '#']).next().unwrap().replace(&stage.sha, "SHA");
        format!("{} {}{range}", request.method, path.replace("/api/v1/repos/mporter/", ""))
    };
    let mut lines: Vec<_> = requests.iter().map(line).collect();
    lines.sort();
    lines
}

#[test]
fn last_lines_of_the_failed_jobs_log_are_folded_under_the_list() {
    let (stage, run) = with_log(Version::V1_26, &LOG);
    let before = stage.gitea.requests().len();

    stage.report(run).input("status", "auto failure").input("log-lines", "3").input("body", "See *there*.").run().ok();

    insta::assert_snapshot!(comment(&stage), @r#"
    **dispatch-target build failure** — [run log](https://gitea.example.com/mporter/dispatch-target/actions/runs/30)

    - **build** failed in step "Run make test" after 2m5s ([log](https://gitea.example.com/mporter/dispatch-target/actions/runs/30/jobs/501))

    <details><summary>The last 3 lines of the first job's log</summary>

    `````text
    FAILED *** ````
    make: *** [Makefile:4: test] Error 1
    ##[error]Process completed with exit code 2.
    `````

    </details>

    See *there*.
    "#);
    insta::assert_snapshot!(requests_since(&stage, before).join("\n"), @"
    GET dispatch-source
    GET dispatch-source/commits/SHA/status
    GET dispatch-target
    GET dispatch-target/actions/jobs/501/logs bytes=-65536
    GET dispatch-target/actions/runs/30/jobs
    POST dispatch-source/issues/1/comments
    POST dispatch-source/statuses/SHA
    ");
}

#[test]
fn run_that_succeeds_costs_no_request_for_a_log() {
    let (stage, run) = with_report_job(Version::V1_26);
    stage.gitea.world().finish_job(run, "build", "success");
    let before = stage.gitea.requests().len();

    stage.report(run).input("log-lines", "200").run().ok();

    assert_eq!(stage.gitea.requests().len() - before, 4);
}

#[test]
fn long_log_is_read_from_its_end_only() {
    let line = "x".repeat(99);
    let lines: Vec<&str> = std::iter::repeat_n(line.as_str(), 2000).chain(LOG).collect();
    let (stage, run) = with_log(Version::V1_27, &lines);

    stage.report(run).input("status", "auto failure").input("log-lines", "200").run().ok();

    let comment = comment(&stage);
    assert_eq!(comment.matches(&line).count(), 196);
    assert!(comment.contains("The last 200 lines"), "{comment}");
}

#[test]
fn log_of_a_private_target_is_not_shown_in_a_public_source() {
    let (stage, run) = with_log(Version::V1_26, &LOG);
    let report = |context: &str| {
        let step = stage.report(run).input("status", "auto failure").input("log-lines", "3");
        step.input("context", context)
    };
    let last = || stage.gitea.world().comments(SOURCE, stage.number).pop().unwrap().body;
    stage.gitea.world().repository(TARGET).private = true;

    let done = report("private").run().ok();

    assert!(!last().contains("details") && last().contains("- **build** failed"), "{}", last());
    insta::assert_snapshot!(done.log().lines().find(|line| line.contains("::warning::")).unwrap(), @"::warning::The end of the log is left out of the comment: more people can read mporter/dispatch-source than mporter/dispatch-target. To show it anyway, set `log-lines-public: true`");

    report("allowed").input("log-lines-public", "true").run().ok();
    assert!(last().contains("make: *** [Makefile:4: test] Error 1"), "{}", last());

    stage.gitea.world().repository(SOURCE).private = true;
    report("both").run().ok();
    assert!(last().contains("make: *** [Makefile:4: test] Error 1"), "{}", last());
}

#[test]
fn log_whose_readers_are_not_known_is_not_shown() {
    let (stage, run) = with_log(Version::V1_26, &LOG);
    stage.gitea.world().repository(TARGET).private = true;
    // The first is the list of statuses.
    stage.gitea.inject("GET", SOURCE, 1, Fault::Delay(std::time::Duration::ZERO));
    stage.gitea.refuse_once("GET", SOURCE, 404, "application/json", "{\"message\":\"not found\"}");

    let done = stage.report(run).input("status", "auto failure").input("log-lines", "3").run().ok();

    assert!(comment(&stage).ends_with("/jobs/501))"), "{}", comment(&stage));
    let cause = "::warning::The end of the log is left out of the comment: the visibility of mporter/dispatch-source and mporter/dispatch-target is unknown. (GET ";
    assert!(done.log.contains(cause), "{}", done.log);
}

#[test]
fn log_that_cannot_be_read_only_costs_a_log_line() {
    for (status, body) in
        [(404, "{\"message\":\"logs have been cleaned up\"}"), (500, ""), (403, "{\"message\":\"no\"}")]
    {
        let (stage, run) = with_log(Version::V1_26, &LOG);
        stage.gitea.refuse("GET", "/logs", status, "application/json", body);
        let before = stage.gitea.requests().len();

        let done = stage.report(run).input("status", "auto failure").input("log-lines", "3").run().ok();

        assert!(comment(&stage).ends_with("/jobs/501))"), "{}", comment(&stage));
        let warnings: Vec<_> = done.log.lines().filter(|line| line.starts_with("::warning::")).collect();
        assert_eq!(warnings.len(), 1, "{}", done.log);
        assert!(warnings[0].contains("the log of job `build` could not be read"), "{}", done.log);
        assert_eq!(stage.gitea.requests().len() - before, 7, "statuses, jobs, log, two repositories, status, comment");
    }
}

#[test]
fn each_way_to_report_shows_the_end_of_the_log() {
    let shown = |stage: &Stage| assert!(comment(stage).contains("make: *** [Makefile:4: test] Error 1"));
    let (stage, run) = with_log(Version::V1_26, &LOG);
    stage.gitea.world().finish_job(run, "report", "success");
    stage.report_by_event(run, Action::Completed).input("log-lines", "3").run().ok();
    shown(&stage);

    let (stage, run) = with_log(Version::V1_26, &LOG);
    stage.gitea.world().finish_job(run, "report", "success");
    stage.reconcile().input("log-lines", "3").run().ok();
    shown(&stage);

    let (stage, run) = with_log(Version::V1_26, &LOG);
    stage.gitea.refuse("GET", "/logs", 404, "application/json", "{\"message\":\"gone\"}");
    stage.gitea.world().finish_job(run, "report", "success");
    let done = stage.reconcile().input("log-lines", "3").run().ok();
    assert!(done.log().contains("The end of the log is left out"), "{}", done.log());
}
