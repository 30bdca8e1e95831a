use serde_json::{Value, json};

use super::super::step::{SHA, Step, recorded};
use super::*;

/// What a step does, on one line.
fn shown(step: Step) -> String {
    match step.task() {
        Ok(Task::Report(Report { head: HeadOf::Commit(Head { source, sha, pull_request }), .. })) => {
            format!("{source}#{} {}", pull_request.map(|number| number.to_string()).unwrap_or_default(), sha.short())
        }
        Ok(Task::Report(Report { head: HeadOf::PullRequest { source, number }, .. })) => {
            format!("{source}#{number} of the server")
        }
        Ok(Task::TrialReport(TrialReport { source, comments, .. })) => {
            format!("trial for {source}, comments: {comments}")
        }
        Ok(Task::Nothing(why)) => format!("nothing: {why}"),
        Ok(other) => panic!("{other:?}"),
        Err(error) => format!("error: {error}"),
    }
}

/// A report in the run itself. The run has these inputs.
fn own_job(inputs: &Value) -> Step {
    Step::new("report").event("workflow_dispatch", &json!({"inputs": inputs}))
}

fn inputs(number: &str, sha: &str) -> Value {
    json!({"pr_number": number, "pr_head_sha": sha, "pr_head_ref": "x", "source_repo": "mporter/dispatch-source"})
}

/// A report by event about a run with this title, started as action.yml starts it.
fn by_event(title: &str) -> Step {
    by_event_of(title, "workflow_dispatch")
}

fn by_event_of(title: &str, event: &str) -> Step {
    let mut payload = recorded("workflow_run-completed-failure-1.27.0");
    payload["workflow_run"]["display_title"] = title.replace("SHA", SHA).into();
    payload["workflow_run"]["event"] = event.into();
    Step::new("report").event("workflow_run", &payload).input("status", "auto success").input("allowed-sources", "*")
}

#[test]
fn own_job_reports_to_the_pull_request_in_the_runs_inputs() {
    let undeclared = json!({"product": "x86"});
    let steps = [
        Step::new("report").recorded("workflow_dispatch"),
        own_job(&inputs("", SHA)),
        own_job(&inputs("7", SHA)).input("pr-number", "7"),
        own_job(&inputs("", SHA)).input("pr-number", "7"),
        own_job(&inputs("7", SHA)).input("sha", &"a".repeat(40)),
        own_job(&inputs("8", SHA)).input("pr-number", "7"),
        own_job(&inputs("7", "")).input("pr-number", "7"),
        own_job(&undeclared).input("pr-number", "7").input("source", "mporter/other"),
    ];
    insta::assert_snapshot!(steps.map(shown).join("\n"), @"
    mporter/dispatch-source#7 7f68d9e953
    mporter/dispatch-source# 7f68d9e953
    mporter/dispatch-source#7 7f68d9e953
    mporter/dispatch-source#7 7f68d9e953
    mporter/dispatch-source#7 aaaaaaaaaa
    mporter/dispatch-source#7 7f68d9e953
    mporter/dispatch-source#7 of the server
    mporter/other#7 of the server
    ");
}

#[test]
fn own_job_without_a_pull_request_is_refused() {
    let undeclared = json!({"product": "x86"});
    let steps = [
        own_job(&undeclared),
        own_job(&undeclared).input("pr-number", "7"),
        own_job(&undeclared).input("source", "mporter/other").input("sha", SHA),
        own_job(&inputs("7", "")),
        own_job(&inputs("7", "HEAD")).input("pr-number", "7"),
        own_job(&inputs("x", SHA)),
    ];
    insta::assert_snapshot!(steps.map(shown).join("\n"), @"
    error: the run has no input `pr_head_sha`: declare it in the target workflow under `on: workflow_dispatch: inputs:` (Gitea drops an input that is not declared), or set the input `sha` of this step
    error: the run has no input `source_repo`: declare it in the target workflow under `on: workflow_dispatch: inputs:` (Gitea drops an input that is not declared), or set the input `source` of this step
    error: the run has no input `pr_number`: declare it in the target workflow under `on: workflow_dispatch: inputs:` (Gitea drops an input that is not declared), or set the input `pr-number` of this step
    error: the run's input `pr_head_sha` must be a full commit SHA of 40 or 64 hexadecimal digits, and is empty
    error: the run's input `pr_head_sha` must be a full commit SHA of 40 or 64 hexadecimal digits, not `HEAD`
    error: the run's input `pr_number` must be the number of a pull request, not `x`
    ");
}

#[test]
fn report_by_event_goes_to_the_pull_request_in_the_title() {
    let steps = [
        Step::new("report").recorded("workflow_run-completed-failure-1.25.5"),
        by_event("mporter/dispatch-source#7 SHA x86"),
        by_event("mporter/dispatch-source# SHA"),
        by_event("mporter/dispatch-source#7 SHA").input("sha", &"a".repeat(40)),
        by_event("mporter/dispatch-source#7 SHA").input("source", "mporter/other"),
        by_event("mporter/dispatch-source#7 SHA").input("pr-number", "8"),
        by_event("mporter/dispatch-source# SHA").input("pr-number", "8"),
        by_event("Build").input("source", "mporter/other").input("pr-number", "8"),
        by_event("Build").input("source", "mporter/other").input("pr-number", "8").input("sha", SHA),
        by_event("Build").input("source", "mporter/other").input("sha", SHA),
    ];
    insta::assert_snapshot!(steps.map(shown).join("\n"), @"
    mporter/dispatch-source#1 7f68d9e953
    mporter/dispatch-source#7 7f68d9e953
    mporter/dispatch-source# 7f68d9e953
    mporter/dispatch-source#7 aaaaaaaaaa
    mporter/other#7 7f68d9e953
    mporter/dispatch-source#8 7f68d9e953
    mporter/dispatch-source#8 7f68d9e953
    mporter/other#8 of the server
    mporter/other#8 7f68d9e953
    mporter/other# 7f68d9e953
    ");
}

#[test]
fn title_of_another_form_is_refused_with_the_line_to_add() {
    let error = shown(by_event("Build from upstream PR"));
    insta::assert_snapshot!(error, @"error: the run's title `Build from upstream PR` does not name its pull request. Add this line to that run's workflow, below `name:`; it applies to the next run: `run-name: ${{ inputs.source_repo }}#${{ inputs.pr_number }} ${{ inputs.pr_head_sha }}`");
    for step in [
        by_event("Build").input("source", "mporter/other"),
        by_event("Build").input("pr-number", "8"),
        by_event("Build").input("sha", SHA),
    ] {
        assert!(shown(step).starts_with("error: the run's title `Build` does not name its pull request"));
    }
}

#[test]
fn run_that_nobody_dispatched_is_left_alone_whatever_its_title() {
    let steps = ["pull_request", "push", "workflow_dispatch\n::x", ""].map(|event| {
        shown(by_event_of("mporter/dispatch-source#7 SHA", event).input("source", "a/b").input("status", "failure"))
    });
    insta::assert_snapshot!(steps.join("\n"), @"
    nothing: Run 29 was started by `pull_request`, not by `workflow_dispatch`: nothing to report. Only a dispatched run is trusted to name its pull request
    nothing: Run 29 was started by `push`, not by `workflow_dispatch`: nothing to report. Only a dispatched run is trusted to name its pull request
    nothing: Run 29 was started by `workflow_dispatch ::x`, not by `workflow_dispatch`: nothing to report. Only a dispatched run is trusted to name its pull request
    nothing: Run 29 was started by ``, not by `workflow_dispatch`: nothing to report. Only a dispatched run is trusted to name its pull request
    ");
}

#[test]
fn zeros_are_a_trial() {
    let zeros = "0".repeat(40);
    let steps = [
        own_job(&inputs("7", &zeros)),
        own_job(&inputs("", &"0".repeat(64))).input("comment", "off"),
        by_event(&format!("mporter/dispatch-source#7 {zeros}")),
        own_job(&json!({"pr_number": "", "pr_head_sha": zeros, "pr_head_ref": "", "source_repo": ""})),
        own_job(&json!({"pr_head_sha": zeros})),
        own_job(&inputs("7", &zeros)).input("allowed-sources", "another/*"),
    ];
    insta::assert_snapshot!(steps.map(shown).join("\n"), @"
    trial for mporter/dispatch-source, comments: true
    trial for mporter/dispatch-source, comments: false
    trial for mporter/dispatch-source, comments: true
    nothing: The run's pr_head_sha is all zeros: a trial run, so nothing is reported. It names no source repository, so nothing is checked either
    error: the run has no input `source_repo`: declare it in the target workflow under `on: workflow_dispatch: inputs:` (Gitea drops an input that is not declared), or set the input `source` of this step
    error: `allowed-sources` does not allow a report to mporter/dispatch-source
    ");
}

#[test]
fn allowed_sources_refuse_all_other_repositories() {
    let allowed = ["*", "mporter/*\n", "another/x\n *", "another/*", "", " \n ", "mporter"];
    let steps = allowed.map(|allowed| shown(own_job(&inputs("7", SHA)).input("allowed-sources", allowed)));
    insta::assert_snapshot!(steps.join("\n"), @"
    mporter/dispatch-source#7 7f68d9e953
    mporter/dispatch-source#7 7f68d9e953
    mporter/dispatch-source#7 7f68d9e953
    error: `allowed-sources` does not allow a report to mporter/dispatch-source
    error: input `allowed-sources` is set, but empty: an expression in it evaluates to nothing. Correct it; to allow any repository, set `*` or leave the input out
    error: input `allowed-sources` is set, but empty: an expression in it evaluates to nothing. Correct it; to allow any repository, set `*` or leave the input out
    error: input `allowed-sources` must be lines of `owner/name` or `owner/*`, not `mporter`
    ");
    for step in
        [by_event("mporter/dispatch-source#7 SHA"), by_event("mporter/dispatch-source#7 SHA").input("pr-number", "8")]
    {
        let error = shown(step.input("allowed-sources", "another/*"));
        assert_eq!(error, "error: `allowed-sources` does not allow a report to mporter/dispatch-source");
    }
}

#[test]
fn reported_run_is_the_steps_own_or_the_events() {
    let run = |step: Step| {
        let Ok(Task::Report(Report { run, .. })) = step.task() else { panic!("no report") };
        format!("{} {} {} {:?}", run.repo, run.id, run.index, run.attempt)
    };
    let steps = [
        own_job(&inputs("7", SHA)),
        own_job(&inputs("7", SHA)).var("GITHUB_RUN_ATTEMPT", "3"),
        Step::new("report").recorded("workflow_run-completed-failure-1.25.5"),
        Step::new("report").recorded("workflow_run-completed-failure-1.26.4"),
        Step::new("report").recorded("workflow_run-completed-failure-1.27.0"),
    ];
    insta::assert_snapshot!(steps.map(run).join("\n"), @"
    mporter/dispatch-source 46 12 Some(1)
    mporter/dispatch-source 46 12 Some(3)
    mporter/dispatch-target 17 17 None
    mporter/dispatch-target 31 31 None
    mporter/dispatch-target 29 29 Some(1)
    ");
}

#[test]
fn status_is_only_for_a_job_of_the_run() {
    let voice = |step: Step| match step.task() {
        Ok(Task::Report(Report { voice, .. })) => format!("{voice:?}"),
        Ok(other) => panic!("{other:?}"),
        Err(error) => error.to_string(),
    };
    let own = ["auto success", "", "running", "success,"];
    let own = own.map(|status| voice(own_job(&inputs("7", SHA)).input("status", status)));
    insta::assert_snapshot!(own.join("\n"), @"
    OwnJob(Ended { auto: true, outcomes: [Success] })
    OwnJob(Empty)
    OwnJob(Running)
    OwnJob(Empty)
    ");
    let title = "mporter/dispatch-source#7 SHA";
    assert_eq!(voice(by_event(title).without("INPUT_STATUS")), "Event { has_ended: true }");
    for status in ["auto", "auto success", "auto failure", "auto cancelled"] {
        assert_eq!(voice(by_event(title).input("status", status)), "Event { has_ended: true }", "{status}");
    }
    let other = ["", "success", "auto pending", "auto success failure", "auto {}"];
    let other = other.map(|status| voice(by_event(title).input("status", status)));
    assert!(other.iter().all(|error| error == &other[0]), "{other:?}");
    insta::assert_snapshot!(other[0], @"input `status` must be left out in a `workflow_run` workflow, where the jobs of the run show how it ended");
}
