//! `mode: dispatch`.

use std::collections::BTreeMap;

use super::event::Event;
use super::inputs::input_error;
use super::{Error, Given, HeadOf};
use crate::types::{Commenting, Head, Invalid, LogLines, RepoName, StatusContext, Timeout, Workflow};

/// `mode: dispatch`.
#[derive(Debug)]
pub(crate) struct Dispatch {
    pub(crate) workflow: Workflow,
    /// The user's own inputs for the target workflow, without the four inputs of the pull request.
    pub(crate) own_inputs: BTreeMap<String, String>,
    pub(crate) head: HeadOf,
    /// `None`: the step uses the pull request's branch from the server. With [`HeadOf::Commit`] it is always `Some`.
    pub(crate) head_ref: Option<String>,
    pub(crate) context: StatusContext,
    /// `None`: the step ends with the dispatch.
    pub(crate) wait: Option<Wait>,
}

/// `wait: true`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wait {
    pub(crate) timeout: Timeout,
    pub(crate) commenting: Commenting,
    pub(crate) log_lines: LogLines,
}

impl Dispatch {
    pub(super) fn read(given: &Given<'_>) -> Result<Self, Error> {
        let Given { inputs, .. } = *given;
        let workflow = inputs.workflow()?;
        let head = head(given, given.source()?)?;
        let context = inputs.context()?;
        let timeout = inputs.wait_timeout()?;
        let wait = match inputs.wait()? {
            true => Some(Wait { timeout, commenting: inputs.commenting()?, log_lines: inputs.log_lines()? }),
            false => None,
        };
        Ok(Self {
            own_inputs: inputs.own_inputs()?,
            head_ref: head_ref(given, &head),
            head,
            context: context.unwrap_or_else(|| StatusContext::default_for(&workflow.target)),
            wait,
            workflow,
        })
    }
}

/// The commit to build: from the inputs, or else from the event. An event gives only the commit that it is about.
fn head(given: &Given<'_>, source: RepoName) -> Result<HeadOf, Error> {
    let Given { inputs, event, variables, .. } = *given;
    let commit = |sha, pull_request| HeadOf::Commit(Head { source: source.clone(), sha, pull_request });
    let head = match (inputs.sha()?, inputs.pr_number()?, event) {
        (Some(sha), number @ Some(_), _) => commit(sha, number),
        (Some(sha), None, Event::PullRequest(of_event)) => commit(sha, Some(of_event.number)),
        (Some(sha), None, Event::Comment(number)) => commit(sha, *number),
        (Some(sha), None, _) => commit(sha, None),
        // Never GITHUB_SHA: for `pull_request_target` that is the base branch.
        (None, number, Event::PullRequest(of_event)) if number.is_none_or(|number| number == of_event.number) => {
            let sha = of_event.head.sha.parse().map_err(|cause: Invalid| Error::Event {
                path: variables.context("EVENT_PATH").unwrap_or_default().to_owned(),
                cause: format!("has a pull request whose head {cause}"),
            })?;
            commit(sha, Some(of_event.number))
        }
        (None, Some(number), _) => HeadOf::PullRequest { source, number },
        (None, None, Event::Comment(Some(number))) => HeadOf::PullRequest { source, number: *number },
        (None, None, Event::Comment(None)) => return Err(Error::CommentOnIssue),
        (None, None, Event::WorkflowRun(_)) => return Err(Error::NotOfPullRequest),
        (None, None, _) if variables.is_pull_request_event() => {
            return Err(input_error("sha", "is required, since the event payload has no pull request".to_owned()));
        }
        (None, None, _) => commit(variables.context_value("SHA")?, None),
    };
    match &head {
        HeadOf::Commit(Head { sha, .. }) if sha.is_zero() => {
            Err(input_error("sha", "must be a commit, not all zeros: was a branch deleted?".to_owned()))
        }
        _ => Ok(head),
    }
}

fn head_ref(given: &Given<'_>, head: &HeadOf) -> Option<String> {
    let Given { inputs, event, variables, .. } = *given;
    match (&inputs.head_ref, head, event) {
        (Some(name), ..) => Some(name.clone()),
        (None, HeadOf::PullRequest { .. }, _) => None,
        (None, HeadOf::Commit(head), Event::PullRequest(of_event)) if head.pull_request == Some(of_event.number) => {
            Some(of_event.head.name.clone())
        }
        // `sha` may be on neither the event's branch nor the default branch (GITHUB_REF_NAME).
        (None, HeadOf::Commit(_), Event::PullRequest(_) | Event::Comment(_) | Event::WorkflowRun(_)) => {
            Some(String::new())
        }
        (None, HeadOf::Commit(_), _) => Some(variables.context("REF_NAME").unwrap_or_default().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::Task;
    use super::super::step::{SHA, Step, recorded};
    use super::*;

    /// What a step would build: the commit or the server's head, the pull request, and the branch.
    fn head(step: Step) -> String {
        let Task::Dispatch(Dispatch { head, head_ref, .. }) = step.task().unwrap() else { panic!("no dispatch") };
        let number = |number: Option<_>| number.map_or("none".to_owned(), |number| format!("{number}"));
        let head = match head {
            HeadOf::Commit(Head { source, sha, pull_request }) => {
                format!("{source}#{} {}", number(pull_request), sha.short())
            }
            HeadOf::PullRequest { source, number } => format!("{source}#{number} of the server"),
        };
        format!("{head}, branch {head_ref:?}")
    }

    fn pushed() -> Step {
        Step::dispatch().event("push", &json!({"ref": "refs/heads/main"}))
    }

    fn comment(on_pull_request: bool) -> Step {
        let mut payload = recorded("issue_comment-created-1.26.4");
        if !on_pull_request {
            payload["is_pull"] = json!(false);
            payload["issue"]["pull_request"] = Value::Null;
        }
        Step::dispatch().event("issue_comment", &payload)
    }

    fn opened() -> Step {
        Step::dispatch().recorded("pull_request-opened")
    }

    #[test]
    fn head_is_what_the_event_is_about() {
        let steps = [
            opened(),
            Step::dispatch().recorded("pull_request-synchronized"),
            Step::dispatch().recorded("pull_request_target-opened-from-fork"),
            Step::dispatch().recorded("issue_comment-created-1.26.4"),
            Step::dispatch().recorded("issue_comment-created-1.27.0"),
            pushed(),
            Step::dispatch().event("schedule", &json!({"schedule": "@daily"})),
        ];
        insta::assert_snapshot!(steps.map(head).join("\n"), @r#"
        mporter/dispatch-source#3 73e15003fb, branch Some("evb")
        mporter/dispatch-source#3 8fe48245f0, branch Some("evb")
        mporter/dispatch-source#4 163555daf9, branch Some("evil")
        mporter/dispatch-source#1 of the server, branch None
        mporter/dispatch-source#2 of the server, branch None
        mporter/dispatch-source#none bbbbbbbbbb, branch Some("main")
        mporter/dispatch-source#none bbbbbbbbbb, branch Some("main")
        "#);
    }

    #[test]
    fn inputs_come_before_the_event() {
        let steps = [
            pushed().input("pr-number", "7"),
            pushed().input("pr-number", "7").input("sha", SHA),
            pushed().input("sha", SHA),
            pushed().input("pr-number", "7").input("head-ref", "topic"),
            opened().input("pr-number", "3"),
            opened().input("pr-number", "7"),
            opened().input("pr-number", "7").input("sha", SHA),
            opened().input("sha", SHA).input("source", "mporter/other"),
            comment(true).input("pr-number", "7"),
            comment(true).input("sha", SHA),
            comment(false).input("pr-number", "7"),
            comment(false).input("sha", SHA),
            Step::dispatch().recorded("workflow_run-completed-success-1.27.0").input("pr-number", "7"),
            Step::dispatch().recorded("workflow_run-completed-success-1.27.0").input("sha", SHA),
        ];
        insta::assert_snapshot!(steps.map(head).join("\n"), @r#"
        mporter/dispatch-source#7 of the server, branch None
        mporter/dispatch-source#7 7f68d9e953, branch Some("main")
        mporter/dispatch-source#none 7f68d9e953, branch Some("main")
        mporter/dispatch-source#7 of the server, branch Some("topic")
        mporter/dispatch-source#3 73e15003fb, branch Some("evb")
        mporter/dispatch-source#7 of the server, branch None
        mporter/dispatch-source#7 7f68d9e953, branch Some("")
        mporter/other#3 7f68d9e953, branch Some("evb")
        mporter/dispatch-source#7 of the server, branch None
        mporter/dispatch-source#1 7f68d9e953, branch Some("")
        mporter/dispatch-source#7 of the server, branch None
        mporter/dispatch-source#none 7f68d9e953, branch Some("")
        mporter/dispatch-source#7 of the server, branch None
        mporter/dispatch-source#none 7f68d9e953, branch Some("")
        "#);
    }

    #[test]
    fn event_of_another_commit_marks_nothing() {
        let steps = [
            comment(false),
            Step::dispatch().recorded("workflow_run-completed-success-1.27.0"),
            Step::dispatch().event("pull_request", &json!({})),
            pushed().var("GITHUB_SHA", &"0".repeat(40)),
        ];
        insta::assert_snapshot!(steps.map(Step::error).join("\n"), @"
        this comment is on an issue, not on a pull request. Add `if: github.event.is_pull` (or `if: github.event.issue.pull_request`) to the job
        a `workflow_run` event does not say which pull request to build, and its commit is the branch's: set the input `pr-number` or `sha`
        input `sha` is required, since the event payload has no pull request
        input `sha` must be a commit, not all zeros: was a branch deleted?
        ");
    }

    #[test]
    fn wait_inputs_count_only_with_wait() {
        let wait = |step: Step| {
            let Task::Dispatch(Dispatch { wait, .. }) = step.task().unwrap() else { panic!("no dispatch") };
            wait.map(|wait| format!("{:?} {:?} {:?}", wait.timeout.duration(), wait.commenting, wait.log_lines))
        };
        assert_eq!(wait(pushed().input("comment", "x").input("log-lines", "x")), None);
        let step = pushed().input("wait", "true").input("wait-timeout", "90s");
        let step = step.input("comment", "table").input("comment-on", "failure").input("log-lines", "20");
        insta::assert_snapshot!(wait(step).unwrap(), @"90s Commenting { mode: Table, only_failures: true } LogLines { count: 20, may_be_public: false }");
    }
}
