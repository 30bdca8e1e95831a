//! `mode: check`: its findings for a set-up that works, and for each thing that may be wrong.

mod runs;
mod wrong;

use std::thread;
use std::time::Duration;

use crate::fake::{Action, Request, Version};
use crate::stage::{Done, SOURCE, Stage, Step, TARGET, WORKFLOW};
use crate::{lines, shown};

const BUILD: &str = include_str!("../../examples/build-from-pr.yml");
const BUILD_AND_REPORT: &str = include_str!("../../examples/build-and-report.yml");
const REPORT: &str = include_str!("../../examples/report.yml");

/// The stage with the two workflows of the README in the target.
fn set_up(version: Version) -> Stage {
    let stage = crate::stage(version);
    let mut world = stage.gitea.world();
    let target = world.repository(TARGET);
    target.add_workflow_file(WORKFLOW, BUILD);
    target.add_workflow_file("report.yml", REPORT);
    drop(world);
    stage
}

/// How the target's runner lets the trial run end, and who reports it.
#[derive(Clone, Copy)]
struct Runner<'a> {
    conclusion: &'a str,
    /// The token in the target's secret.
    secret: &'a str,
    by_event: bool,
}

const RUNNER: Runner<'_> = Runner { conclusion: "success", secret: crate::stage::TOKEN, by_event: true };

/// Runs the step, while a runner takes the trial run that it starts.
fn run_with(stage: &Stage, runner: Runner<'_>, step: Step) -> Done {
    thread::scope(|scope| {
        let check = scope.spawn(|| step.run());
        while !check.is_finished() && stage.gitea.world().runs.is_empty() {
            thread::sleep(Duration::from_millis(20));
        }
        if !check.is_finished() {
            work(stage, runner);
        }
        check.join().unwrap()
    })
}

/// Works on the trial run and on its report.
fn work(stage: &Stage, runner: Runner<'_>) {
    let run = stage.start_last_run();
    stage.gitea.world().advance(12);
    let report = if runner.by_event { stage.report_by_event(run, Action::Completed) } else { stage.report(run) };
    let report = report.input("token", runner.secret).run();
    let log: Vec<String> = report.log().lines().map(|line| line.replace("::error::", "##[error]")).collect();
    let log: Vec<&str> = log.iter().map(String::as_str).collect();
    let of_report = if report.success { "success" } else { "failure" };
    let mut world = stage.gitea.world();
    if !runner.by_event {
        world.set_log(run, "build", &log);
        world.finish_run(run, if runner.conclusion == "success" { of_report } else { runner.conclusion });
        return;
    }
    world.finish_run(run, runner.conclusion);
    if !world.repository(TARGET).workflows.contains_key("report.yml") {
        return;
    }
    let sha = world.repository(TARGET).branches["main"].clone();
    let reporting = world.add_run(TARGET, "report.yml", "refs/heads/main", &sha, "mporter", [].into());
    world.run(reporting).event = "workflow_run".to_owned();
    world.start_run(reporting);
    world.set_log(reporting, "report", &log);
    world.finish_run(reporting, of_report);
}

/// The lines of the log that begin with these words, without the mark of a command.
fn lines_with(done: &Done, word: &str) -> String {
    let lines = done.log.lines().filter_map(|line| {
        let line = line.strip_prefix("::error::").or_else(|| line.strip_prefix("::warning::")).unwrap_or(line);
        line.starts_with(&format!("{word}: ")).then(|| line.to_owned())
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The requests that might change something.
fn writes(requests: &[Request]) -> Vec<Request> {
    requests.iter().filter(|request| request.method != "GET").cloned().collect()
}

#[test]
fn working_set_up_passes_each_check() {
    let stage = set_up(Version::V1_26);

    let done = run_with(&stage, RUNNER, stage.check()).ok();

    // The run is read about once a second.
    let log = done.log();
    let log: Vec<&str> = log.lines().filter(|line| !line.starts_with("Run 30: ")).collect();
    insta::assert_snapshot!(shown(&log.join("\n"), &stage), @"
    ok: Server: Gitea 1.26
    ok: Scope write:repository: the token has it
    ok: Scope write:issue: the token has it
    ok: Source: the token's account may write to mporter/dispatch-source
    ok: Target: mporter/dispatch-target can be read, and has Actions
    ok: Right to dispatch: the token's account may start workflows of mporter/dispatch-target
    ok: Workflow: build-from-pr.yml exists at main
    ok: Trigger: build-from-pr.yml has workflow_dispatch
    ok: Inputs: build-from-pr.yml declares the four inputs of the pull request
    ok: Report: report.yml reports the runs of build-from-pr.yml
    ok: Run name: the runs of build-from-pr.yml have titles that name their pull request
    Trial run: http://fake/mporter/dispatch-target/actions/runs/30
    ok: Trial run: it ended with success after 12s: http://fake/mporter/dispatch-target/actions/runs/30
    Waiting for report.yml, which reports the trial run
    ok: Report of the trial run: with the target's secret, it can write to mporter/dispatch-source: http://fake/mporter/dispatch-target/actions/runs/31
    13 of 13 checks are ok
    ");
    insta::assert_snapshot!(done.outputs, @"
    checked=13
    passed=13
    failed=0
    ");
    insta::assert_snapshot!(shown(&done.summary, &stage), @r"
    ### Checked mporter/dispatch-target

    | check | result | what was found |
    | --- | --- | --- |
    | Server | ok | Gitea 1.26 |
    | Scope write:repository | ok | the token has it |
    | Scope write:issue | ok | the token has it |
    | Source | ok | the token's account may write to mporter/dispatch-source |
    | Target | ok | mporter/dispatch-target can be read, and has Actions |
    | Right to dispatch | ok | the token's account may start workflows of mporter/dispatch-target |
    | Workflow | ok | build-from-pr.yml exists at main |
    | Trigger | ok | build-from-pr.yml has workflow\_dispatch |
    | Inputs | ok | build-from-pr.yml declares the four inputs of the pull request |
    | Report | ok | report.yml reports the runs of build-from-pr.yml |
    | Run name | ok | the runs of build-from-pr.yml have titles that name their pull request |
    | Trial run | ok | it ended with success after 12s: http://fake/mporter/dispatch-target/actions/runs/30 |
    | Report of the trial run | ok | with the target's secret, it can write to mporter/dispatch-source: http://fake/mporter/dispatch-target/actions/runs/31 |
    ");
}

#[test]
fn probes_change_nothing_and_the_trial_is_one_run() {
    let stage = set_up(Version::V1_26);

    run_with(&stage, RUNNER, stage.check()).ok();

    // The requests of the trial's report are among them.
    insta::assert_snapshot!(lines(&writes(&stage.gitea.requests()), &stage), @r#"
    POST /api/v1/repos/mporter/dispatch-target/actions/workflows/build-from-pr.yml/dispatches?return_run_details=true {"inputs":{},"ref":"refs/heads/dispatch-action..check"}
    PATCH /api/v1/repos/mporter/dispatch-source/issues/comments/0 {"body":"A check of dispatch-action"}
    POST /api/v1/repos/mporter/dispatch-target/actions/workflows/build-from-pr.yml/dispatches?return_run_details=true {"inputs":{"pr_head_ref":"","pr_head_sha":"0000000000000000000000000000000000000000","pr_number":"","source_repo":"mporter/dispatch-source"},"ref":"main"}
    POST /api/v1/repos/mporter/dispatch-source/actions/workflows/none.yml/dispatches?return_run_details=true {"inputs":{},"ref":"refs/heads/dispatch-action..check"}
    PATCH /api/v1/repos/mporter/dispatch-source/issues/comments/0 {"body":"A check of dispatch-action"}
    "#);
    let world = stage.gitea.world();
    assert_eq!(world.statuses.len() + world.comments.len(), 0);
    let dispatched = world.runs.iter().filter(|run| run.event == "workflow_dispatch");
    assert_eq!(dispatched.count(), 1);
}

#[test]
fn build_that_reports_itself_passes_too() {
    let stage = set_up(Version::V1_27);
    let mut world = stage.gitea.world();
    world.repository(TARGET).add_workflow_file(WORKFLOW, BUILD_AND_REPORT);
    world.repository(TARGET).workflows.remove("report.yml");
    drop(world);

    let done = run_with(&stage, Runner { by_event: false, ..RUNNER }, stage.check()).ok();

    insta::assert_snapshot!(shown(&lines_with(&done, "ok"), &stage), @"
    ok: Server: Gitea 1.27
    ok: Scope write:repository: the token has it
    ok: Scope write:issue: the token has it
    ok: Source: the token's account may write to mporter/dispatch-source
    ok: Target: mporter/dispatch-target can be read, and has Actions
    ok: Right to dispatch: the token's account may start workflows of mporter/dispatch-target
    ok: Workflow: build-from-pr.yml exists at main
    ok: Trigger: build-from-pr.yml has workflow_dispatch
    ok: Inputs: build-from-pr.yml declares the four inputs of the pull request
    ok: Report: a step of build-from-pr.yml reports. A cancelled run does not reach that step: the status stays pending until `mode: reconcile` runs
    ok: Trial run: it ended with success after 12s: http://fake/mporter/dispatch-target/actions/runs/30
    ok: Report of the trial run: with the target's secret, it can write to mporter/dispatch-source: http://fake/mporter/dispatch-target/actions/runs/30
    ");
}

#[test]
fn source_that_is_not_public_needs_a_token_to_fetch_it() {
    let stage = set_up(Version::V1_26);
    stage.gitea.world().repository(SOURCE).private = true;

    let done = run_with(&stage, RUNNER, stage.check()).ok();

    let expected = "ok: Source: the token's account may write to mporter/dispatch-source. It is not public, so a build needs \
                    `SOURCE_TOKEN` to fetch it";
    assert!(done.log().contains(expected), "{}", done.log());
}

#[test]
fn own_inputs_are_given_to_the_trial() {
    let stage = set_up(Version::V1_26);
    let build = BUILD.replace("inputs:\n", "inputs:\n      machine: {required: true}\n");
    stage.gitea.world().repository(TARGET).add_workflow_file(WORKFLOW, &build);

    let done = run_with(&stage, RUNNER, stage.check().input("inputs", "machine=qemu")).ok();

    assert!(lines_with(&done, "ok").contains("Own inputs: build-from-pr.yml declares all that `inputs` sets"));
    let world = stage.gitea.world();
    let given: Vec<String> = world.runs[0].inputs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let zeros = "0".repeat(40);
    assert_eq!(
        given,
        [
            "machine=qemu",
            "pr_head_ref=",
            &format!("pr_head_sha={zeros}"),
            "pr_number=",
            &format!("source_repo={SOURCE}")
        ]
    );
}
