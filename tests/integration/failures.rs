//! A comment about a failed run says what failed: the jobs, their steps, and the end of a log.

use crate::fake::{Action, Version};
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
fn cancelled_jobs_and_the_job_that_reports_are_no_failed_jobs() {
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
