//! What starts a step: which commit and pull request it is for, and which events it refuses.

use serde_json::{Value, json};

use crate::fake::{Action, Version};
use crate::stage::{SOURCE, Stage, Step, TARGET};
use crate::{sent, shown, stage};

/// A run that was dispatched for the pull request, and has failed since.
fn ended_run(stage: &Stage) -> u64 {
    stage.dispatch().run().ok();
    let run = stage.start_last_run();
    stage.gitea.world().finish_run(run, "failure");
    run
}

/// The log of a step that sends no further request, and sets nothing.
#[track_caller]
fn log_of_nothing_sent(stage: &Stage, step: Step, succeeds: bool) -> String {
    let before = stage.gitea.requests().len();
    let done = step.run();
    let done = if succeeds { done.ok() } else { done.failed() };
    assert_eq!(stage.gitea.requests().len(), before, "nothing is sent");
    assert_eq!(done.outputs, "");
    shown(&done.log(), stage)
}

#[test]
fn comment_on_an_issue_does_not_mark_the_default_branch() {
    let stage = stage(Version::V1_26);
    let issue = stage.gitea.world().open_issue(SOURCE, "It does not build");

    let log = log_of_nothing_sent(&stage, stage.dispatch_by_comment(issue, "/build"), false);

    insta::assert_snapshot!(log, @"::error::Nothing was sent: this comment is on an issue, not on a pull request. Add `if: github.event.is_pull` (or `if: github.event.issue.pull_request`) to the job");
}

#[test]
fn comment_builds_the_head_of_its_pull_request() {
    let stage = stage(Version::V1_26);

    stage.dispatch_by_comment(stage.number, "/build").run().ok();

    let requests = stage.gitea.requests();
    let requests: Vec<&str> = requests.iter().map(|request| request.method.as_str()).collect();
    assert_eq!(requests, ["GET", "POST", "POST"], "{}", sent(&stage));
    let run = stage.gitea.world().runs[0].clone();
    assert_eq!((&run.inputs["pr_head_sha"], run.inputs["pr_head_ref"].as_str()), (&stage.sha, "feature/x"));
    assert_eq!(stage.gitea.world().statuses(SOURCE, &stage.sha)[0].state, "pending");
}

#[test]
fn number_alone_builds_an_old_pull_request_by_hand() {
    let stage = stage(Version::V1_26);
    let payload = json!({"inputs": {}});

    let step = stage.dispatch().event("workflow_dispatch", &payload).var("GITHUB_REF_NAME", "main");
    step.input("pr-number", &stage.number.to_string()).run().ok();

    let world = stage.gitea.world();
    let run = &world.runs[0];
    assert_eq!(run.inputs["pr_head_sha"], stage.sha);
    assert_eq!(run.inputs["pr_head_ref"], "feature/x");
    assert_eq!(run.inputs["pr_number"], stage.number.to_string());
    assert_eq!(world.statuses(SOURCE, &stage.sha).len(), 1);
}

#[test]
fn end_of_another_run_does_not_mark_the_branch_it_ran_on() {
    let stage = stage(Version::V1_26);
    let run = ended_run(&stage);
    let payload = {
        let mut world = stage.gitea.world();
        let event = world.run_event(run, Action::Completed);
        world.run_event_payload(&event)
    };

    let log = log_of_nothing_sent(&stage, stage.dispatch().event("workflow_run", &payload), false);

    insta::assert_snapshot!(log, @"::error::Nothing was sent: a `workflow_run` event does not say which pull request to build, and its commit is the branch's: set the input `pr-number` or `sha`");
}

#[test]
fn run_that_nobody_dispatched_is_not_reported_whatever_its_title() {
    let stage = stage(Version::V1_26);
    let run = ended_run(&stage);
    // Whoever opened a pull request chose the title of its own run.
    let mut event = stage.gitea.world().run_event(run, Action::Completed);
    event.run.event = "pull_request".to_owned();

    let log = log_of_nothing_sent(&stage, stage.report_by(&event), true);

    insta::assert_snapshot!(log, @"Run 30 was started by `pull_request`, not by `workflow_dispatch`: nothing to report. Only a dispatched run is trusted to name its pull request");
}

#[test]
fn run_whose_title_names_no_pull_request_is_refused_with_the_line_to_add() {
    let stage = stage(Version::V1_26);
    let run = ended_run(&stage);
    let mut event = stage.gitea.world().run_event(run, Action::Completed);
    let titles = [
        "Build from upstream PR".to_owned(),
        // A title as Gitea cuts it.
        format!("{SOURCE}#1 7f68d9e953af69e55bb25a20071f…"),
        format!("{SOURCE}#1 {}\n::error::x", "a".repeat(39)),
    ];

    let logs = titles.map(|title| {
        event.run.title = title;
        log_of_nothing_sent(&stage, stage.report_by(&event), false)
    });

    insta::assert_snapshot!(logs.join("\n"), @"
    ::error::Nothing was sent: the run's title `Build from upstream PR` does not name its pull request. Add this line to that run's workflow, below `name:`; it applies to the next run: `run-name: ${{ inputs.source_repo }}#${{ inputs.pr_number }} ${{ inputs.pr_head_sha }}`
    ::error::Nothing was sent: the run's title `mporter/dispatch-source#1 7f68d9e953af69e55bb25a20071f…` does not name its pull request. Add this line to that run's workflow, below `name:`; it applies to the next run: `run-name: ${{ inputs.source_repo }}#${{ inputs.pr_number }} ${{ inputs.pr_head_sha }}`
    ::error::Nothing was sent: the run's title `mporter/dispatch-source#1 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa ::error::x` does not name its pull request. Add this line to that run's workflow, below `name:`; it applies to the next run: `run-name: ${{ inputs.source_repo }}#${{ inputs.pr_number }} ${{ inputs.pr_head_sha }}`
    ");
}

#[test]
fn report_by_event_takes_no_status_and_only_allowed_sources() {
    let stage = stage(Version::V1_26);
    let run = ended_run(&stage);
    let steps = [
        stage.report_by_event(run, Action::Completed).input("status", "success"),
        stage.report_by_event(run, Action::Completed).input("status", ""),
        stage.report_by_event(run, Action::Completed).input("allowed-sources", "another/*"),
        stage.report_by_event(run, Action::Completed).input("allowed-sources", ""),
    ];

    let logs = steps.map(|step| log_of_nothing_sent(&stage, step, false));

    insta::assert_snapshot!(logs.join("\n"), @"
    ::error::Nothing was sent: input `status` must be left out in a `workflow_run` workflow, where the jobs of the run show how it ended
    ::error::Nothing was sent: input `status` must be left out in a `workflow_run` workflow, where the jobs of the run show how it ended
    ::error::Nothing was sent: `allowed-sources` does not allow a report to mporter/dispatch-source
    ::error::Nothing was sent: input `allowed-sources` is set, but empty: an expression in it evaluates to nothing. Correct it; to allow any repository, set `*` or leave the input out
    ");
}

#[test]
fn workflow_run_event_without_a_run_is_refused() {
    let stage = stage(Version::V1_26);
    let step = stage.step("report").event("workflow_run", &json!({"inputs": {"pr_number": "1"}}));

    let log = log_of_nothing_sent(&stage, step.var("GITHUB_REPOSITORY", TARGET), false);

    let folder = stage.directory.path().to_str().unwrap();
    insta::assert_snapshot!(log.replace(folder, "FOLDER"), @"::error::Nothing was sent: the event payload FOLDER/step-1/event.json has no `workflow_run`");
}

#[test]
fn pull_request_without_secrets_gets_the_reason() {
    let stage = stage(Version::V1_26);
    let payload = |change: fn(&mut Value)| {
        let mut payload = stage.gitea.world().pull_request_payload(SOURCE, stage.number, "opened");
        change(&mut payload["pull_request"]["head"]);
        payload
    };
    let payloads = [
        payload(|head| head["ref"] = "refs/pull/1/head".into()),
        payload(|head| {
            head["ref"] = "refs/pull/1/head".into();
            head["repo"] = Value::Null;
        }),
        payload(|_| {}),
    ];

    let logs = payloads.map(|payload| {
        let step = stage.dispatch().event("pull_request", &payload).input("token", "");
        log_of_nothing_sent(&stage, step, false)
    });

    insta::assert_snapshot!(logs.join("\n"), @"
    ::error::Nothing was sent: input `token` is empty, since the workflow of a pull request made by AGit (`refs/for/…`) gets no secrets. Use `on: pull_request_target`: it runs the base branch's workflow, with its secrets, so run nothing from the pull request there
    ::error::Nothing was sent: input `token` is empty, since the workflow of a pull request whose fork was deleted gets no secrets. Use `on: pull_request_target`: it runs the base branch's workflow, with its secrets, so run nothing from the pull request there
    ::error::Nothing was sent: input `token` is required. If it comes from a secret, that secret is empty: check that the secret is stored in this repository or for its owner, under exactly that name
    ");
}
