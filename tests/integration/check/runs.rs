//! The trial run, its end, and what its report found; and the warnings.

use super::*;
use crate::fake::{Answer, Fault, Scope, World};

/// Runs a check with its trial, after a change of the set-up.
fn checked(version: Version, runner: Runner<'_>, change: impl FnOnce(&mut World)) -> (Done, String) {
    let stage = set_up(version);
    change(&mut stage.gitea.world());
    let done = run_with(&stage, runner, stage.check());
    let found = [lines_with(&done, "warning"), lines_with(&done, "failed")].join("\n");
    (done, found.replace(&stage.gitea.url(), "http://fake").trim().to_owned())
}

/// Runs a check that must fail, and returns what failed.
#[track_caller]
fn failed(runner: Runner<'_>, change: impl FnOnce(&mut World)) -> String {
    let (done, found) = checked(Version::V1_26, runner, change);
    done.failed();
    for line in found.lines() {
        assert!(
            crate::stage::is_documented(&line.replace('`', "")),
            "docs/troubleshooting.md has no row for this:\n{line}"
        );
    }
    found
}

/// Runs a check that must succeed, and returns its warnings.
#[track_caller]
fn warned(change: impl FnOnce(&mut World)) -> String {
    let (done, found) = checked(Version::V1_26, RUNNER, change);
    done.ok();
    found
}

#[test]
fn report_without_rights_fails_in_the_same_words() {
    let bot = |name: &'static str, scopes: &'static [Scope], rights: bool| {
        let change = move |world: &mut World| {
            let repositories = [(SOURCE, crate::fake::Permission::Write)];
            world.add_bot(name, "token-in-the-target", scopes, if rights { &repositories } else { &[] });
        };
        failed(Runner { secret: "token-in-the-target", ..RUNNER }, change)
    };
    insta::assert_snapshot!(bot("reporter", &[Scope::WriteRepository, Scope::WriteIssue], false), @"failed: Report of the trial run: with the target's secret, it cannot write to mporter/dispatch-source: `Source: The token's account may not write to mporter/dispatch-source. Make the account a collaborator of mporter/dispatch-source with write access.` (see http://fake/mporter/dispatch-target/actions/runs/31)");
    insta::assert_snapshot!(bot("reporter", &[Scope::WriteRepository], true), @"failed: Report of the trial run: with the target's secret, it cannot write to mporter/dispatch-source: `Scope write:issue: The token lacks the scope write:issue. Make a token with the scopes write:repository and write:issue, and store it as the secret.` (see http://fake/mporter/dispatch-target/actions/runs/31)");
    insta::assert_snapshot!(bot("reporter", &[Scope::WriteIssue], true), @"failed: Report of the trial run: with the target's secret, it cannot write to mporter/dispatch-source: `Scope write:repository: The token lacks the scope write:repository. Make a token with the scopes write:repository and write:issue, and store it as the secret.`, `Source: The token lacks the scope write:repository. Make a token with the scopes write:repository and write:issue, and store it as the secret.` (see http://fake/mporter/dispatch-target/actions/runs/31)");
}

#[test]
fn missing_secret_in_the_target_is_found() {
    insta::assert_snapshot!(failed(Runner { secret: "", ..RUNNER }, |_| ()), @"failed: Report of the trial run: it failed: http://fake/mporter/dispatch-target/actions/runs/31 . Its log says `Nothing was sent: input `token` is required. If it comes from a secret, that secret is empty: check that the secret is stored in this repository or for its owner, under exactly that name`. Correct that in mporter/dispatch-target");
    let by_step = |world: &mut World| {
        world.repository(TARGET).add_workflow_file(WORKFLOW, BUILD_AND_REPORT);
        world.repository(TARGET).workflows.remove("report.yml");
    };
    insta::assert_snapshot!(failed(Runner { secret: "", by_event: false, ..RUNNER }, by_step), @"failed: Trial run: it ended with failure after 12s: http://fake/mporter/dispatch-target/actions/runs/30 . See its log (`Nothing was sent: input `token` is required. If it comes from a secret, that secret is empty: check that the secret is stored in this repository or for its owner, under exactly that name`). Skip the steps that need a real commit where `pr_head_sha` is all zeros");
}

#[test]
fn report_workflow_that_never_runs_is_found() {
    let stage = set_up(Version::V1_26);

    // Its `completed` event starts nothing.
    let done = thread::scope(|scope| {
        let check = scope.spawn(|| stage.check().run());
        while stage.gitea.world().runs.is_empty() {
            assert!(!check.is_finished(), "no trial run");
            thread::sleep(Duration::from_millis(20));
        }
        let run = stage.start_last_run();
        stage.gitea.world().finish_run(run, "success");
        check.join().unwrap()
    });

    let failed = lines_with(&done.failed(), "failed");
    assert!(crate::stage::is_documented(&failed.replace('`', "")));
    insta::assert_snapshot!(failed, @"failed: Report of the trial run: no run of report.yml has started. Check that it is valid, on the default branch, and that its `workflows:` has the `name:` of the build");
}

#[test]
fn trial_run_must_succeed() {
    insta::assert_snapshot!(failed(Runner { conclusion: "failure", ..RUNNER }, |_| ()), @"failed: Trial run: it ended with failure after 12s: http://fake/mporter/dispatch-target/actions/runs/30 . See its log. Skip the steps that need a real commit where `pr_head_sha` is all zeros");
}

#[test]
fn trial_run_that_no_runner_takes_is_given_up() {
    let stage = set_up(Version::V1_26);

    let done = stage.check().input("check-timeout", "3s").run().failed();

    insta::assert_snapshot!(shown(&lines_with(&done, "failed"), &stage), @"failed: Trial run: the trial run has not ended within `check-timeout` (3s), and continues: http://fake/mporter/dispatch-target/actions/runs/30 . If this job occupies the only runner, the trial run waits for it: give the runner more capacity, or start another one. If no runner has the label of the run's job, register one");
    assert_eq!(stage.gitea.world().runs.len(), 1);
}

#[test]
fn dispatch_that_is_refused_or_lost_fails() {
    let stage = set_up(Version::V1_26);
    stage.gitea.world().repository(TARGET).workflow(WORKFLOW).broken = Some("yaml: line 3".to_owned());

    let done = stage.check().run().failed();

    let failed = lines_with(&done, "failed");
    assert!(crate::stage::is_documented(&failed.replace('`', "")));
    insta::assert_snapshot!(failed.replace(&stage.gitea.url(), "http://fake"), @"failed: Trial run: the trial run was not started. The server failed (500). Most often build-from-pr.yml is not valid YAML at main; Gitea shows that reason only to administrators. Otherwise see the server's log. Check the runs of mporter/dispatch-target before you re-run this job. (POST http://fake/api/v1/repos/mporter/dispatch-target/actions/workflows/build-from-pr.yml/dispatches?return_run_details=true returned 500 Internal Server Error: no message)");
}

#[test]
fn gitea_1_25_does_not_name_the_trial_run() {
    let stage = set_up(Version::V1_25);

    let done = stage.check().run().ok();

    insta::assert_snapshot!(shown(&lines_with(&done, "warning"), &stage), @"
    warning: Server: Gitea 1.25 does not name the run of a dispatch, so `wait` and `mode: reconcile` need 1.26 or later. A dispatch cancels the runs in progress of the same workflow and branch, including those of other pull requests
    warning: Trial run: the trial run was started, but Gitea 1.25 does not name it. See how it ends, and what its report finds: http://fake/mporter/dispatch-target/actions?workflow=build-from-pr.yml
    ");
    assert_eq!(done.log().lines().last(), Some("10 of 12 checks are ok. Read the warnings: Server, Trial run"));
    assert_eq!(stage.gitea.world().runs.len(), 1);
}

#[test]
fn run_that_nobody_reports_is_a_warning() {
    insta::assert_snapshot!(warned(|world| { world.repository(TARGET).workflows.remove("report.yml"); }), @"warning: Report: nothing in mporter/dispatch-target reports the runs of build-from-pr.yml: each status stays pending unless its step has `wait: true` or `mode: reconcile` runs. Add report.yml from the README to the default branch, and check that its `workflows:` has the `name:` of build-from-pr.yml");
    insta::assert_snapshot!(warned(|world| {
        let report = REPORT.replace("[build-from-pr]", "[build]");
        world.repository(TARGET).add_workflow_file("report.yml", &report);
    }), @"warning: Report: nothing in mporter/dispatch-target reports the runs of build-from-pr.yml: each status stays pending unless its step has `wait: true` or `mode: reconcile` runs. Add report.yml from the README to the default branch, and check that its `workflows:` has the `name:` of build-from-pr.yml");
}

#[test]
fn report_that_does_not_run_at_the_end_is_a_warning() {
    insta::assert_snapshot!(warned(|world| world.repository(TARGET).workflow("report.yml").disabled = true), @"warning: Report: report.yml would report the runs of build-from-pr.yml, but it is disabled: their statuses stay pending. Enable it");
    insta::assert_snapshot!(warned(|world| {
        let report = REPORT.replace(", completed]", "]");
        world.repository(TARGET).add_workflow_file("report.yml", &report);
    }), @"warning: Report: report.yml does not run when a run of build-from-pr.yml has ended: the status stays pending. Add `completed` to its `types:`");
}

#[test]
fn what_is_unclear_is_not_called_ok() {
    let build = |from: &'static str, to: &'static str| {
        warned(move |world| {
            world.repository(TARGET).add_workflow_file(WORKFLOW, &BUILD.replace(from, to));
        })
    };
    insta::assert_snapshot!(build("    inputs:\n", "    inputs: &inputs\n"), @"warning: Inputs: could not tell what build-from-pr.yml declares: this check reads plain YAML only, without anchors, tabs, or texts of several lines. Check that it has `workflow_dispatch` with the inputs `source_repo`, `pr_number`, `pr_head_sha`, `pr_head_ref`");
    insta::assert_snapshot!(build("${{ inputs.pr_number }} ", "${{ inputs.pr_number || 0 }} "), @"warning: Run name: could not tell whether the titles of the runs of build-from-pr.yml name their pull request. They do with this line: `run-name: ${{ inputs.source_repo }}#${{ inputs.pr_number }} ${{ inputs.pr_head_sha }}`");
    insta::assert_snapshot!(build("      pr_head_ref: {type: string}\n", ""), @"warning: Inputs: build-from-pr.yml does not declare `pr_head_ref`, so its jobs do not see the branch. Declare it if they need it");
    insta::assert_snapshot!(warned(|world| {
        let report = REPORT.replace("[build-from-pr]", "['build-*']");
        world.repository(TARGET).add_workflow_file("report.yml", &report);
    }), @"warning: Report: could not tell whether anything reports the runs of build-from-pr.yml: not every workflow of mporter/dispatch-target could be read. Check that there is a workflow with `on: workflow_run` for it, or a step with `mode: report` in it");
}

#[test]
fn trial_run_that_a_proxy_made_nameless_is_a_warning() {
    let stage = set_up(Version::V1_26);
    // First comes the probe.
    stage.gitea.inject("POST", "/dispatches", 1, Fault::Delay(Duration::ZERO));
    stage.gitea.inject("POST", "/dispatches", 1, Fault::WorkThenAnswer(Answer::new(204, "", "")));

    let done = stage.check().run().ok();

    insta::assert_snapshot!(shown(&lines_with(&done, "warning"), &stage), @"warning: Trial run: the trial run was started, but the response does not name it: a proxy removed `?return_run_details=true` from the request. Let it forward the whole path and query, and see how the run ends: http://fake/mporter/dispatch-target/actions?workflow=build-from-pr.yml");
    assert_eq!(stage.gitea.world().runs.len(), 1);
}

#[test]
fn fifty_workflows_are_read_and_no_more() {
    let warned = |count: usize| {
        warned(|world| {
            let target = world.repository(TARGET);
            target.workflows.remove("report.yml");
            for number in 1..count {
                let push = "on: push\njobs:\n  a:\n    steps:\n      - run: make\n";
                target.add_workflow_file(&format!("push-{number}.yml"), push);
            }
        })
    };
    assert!(warned(50).starts_with("warning: Report: nothing in mporter/dispatch-target reports the runs of"));
    assert!(warned(51).starts_with("warning: Report: could not tell whether anything reports the runs of"));
}

/// Waits until the check has sent this many GET requests with this in their path.
fn wait_for(stage: &Stage, check: &thread::ScopedJoinHandle<'_, Done>, path: &str, times: usize) {
    let sent = || {
        let requests = stage.gitea.requests();
        requests.iter().filter(|request| request.method == "GET" && request.path.contains(path)).count()
    };
    while !check.is_finished() && sent() < times {
        thread::sleep(Duration::from_millis(20));
    }
}

/// A run of the report workflow that a runner has taken.
fn start_reporting(world: &mut World) -> u64 {
    let sha = world.repository(TARGET).branches["main"].clone();
    let run = world.add_run(TARGET, "report.yml", "refs/heads/main", &sha, "mporter", [].into());
    world.run(run).event = "workflow_run".to_owned();
    world.start_run(run);
    run
}

#[test]
fn report_of_another_run_that_failed_does_not_decide() {
    let stage = set_up(Version::V1_26);
    // Before the check, a report failed as well.
    let mut world = stage.gitea.world();
    let earlier = start_reporting(&mut world);
    world.set_log(earlier, "report", &["##[error]a status could not be set"]);
    world.finish_run(earlier, "failure");
    drop(world);

    let done = thread::scope(|scope| {
        let check = scope.spawn(|| stage.check().run());
        wait_for(&stage, &check, "/jobs", 1);
        let trial = stage.start_last_run();
        let report = stage.report_by_event(trial, Action::Completed).run().ok().log();
        let report: Vec<&str> = report.lines().collect();
        stage.gitea.world().finish_run(trial, "success");
        // The runs of the report start after the check has looked for them.
        wait_for(&stage, &check, "event=workflow_run", 2);
        let reporting = {
            let mut world = stage.gitea.world();
            let other = start_reporting(&mut world);
            world.set_log(other, "report", &["##[error]a status could not be set"]);
            world.finish_run(other, "failure");
            start_reporting(&mut world)
        };
        wait_for(&stage, &check, &format!("/actions/runs/{reporting}/jobs"), 3);
        let mut world = stage.gitea.world();
        // A job that no runner takes has no log.
        world.add_job(reporting, "skipped");
        world.run(reporting).jobs.rotate_right(1);
        world.set_log(reporting, "report", &report);
        world.finish_run(reporting, "success");
        drop(world);
        check.join().unwrap()
    });

    let done = done.ok();
    let found = format!("ok: Report of the trial run: with the target's secret, it can write to {SOURCE}");
    assert!(done.log.contains(&found), "{}", done.log);
}

#[test]
fn log_that_the_server_does_not_return_is_not_called_silent() {
    let stage = set_up(Version::V1_26);
    stage.gitea.refuse("GET", "/logs", 403, "application/json", r#"{"message": "no"}"#);

    let done = run_with(&stage, RUNNER, stage.check()).ok();

    insta::assert_snapshot!(shown(&lines_with(&done, "warning"), &stage), @"warning: Report of the trial run: could not tell: its log could not be read (GET http://fake/api/v1/repos/mporter/dispatch-target/actions/jobs/502/logs returned 403 Forbidden: no). See it on the server's pages");
}
