//! The run's inputs name the pull request that gets the report. The step's inputs override them.

use serde_json::json;

use super::{comments, reported, running, status};
use crate::fake::Version;
use crate::stage::SOURCE;

#[test]
fn trial_run_reports_nothing_and_succeeds() {
    for zeros in ["0".repeat(40), "0".repeat(64)] {
        let (stage, run) = running(Version::V1_26);
        let trial = json!({"inputs": {"pr_number": "0", "pr_head_sha": zeros, "pr_head_ref": "", "source_repo": ""}});

        let done = stage.report(run).event("workflow_dispatch", &trial).run().ok();

        assert_eq!(reported(&stage).len(), 0);
        assert!(done.log().starts_with("The run's pr_head_sha is all zeros: a trial run, so nothing is reported"));
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
