//! The event payloads that the server gives to jobs (`tests/fixtures/events/`).

use serde_json::{Value, json};

use super::access::Access;
use super::{Progress, Run, Version, World, json, json_actions};

/// The state of a run, in an event of type `workflow_run`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Requested,
    /// Not in 1.25.
    InProgress,
    /// Not always the end: a job may be still to come, and the event may be sent again.
    Completed,
}

/// One start of the `workflow_run` workflows.
#[derive(Debug, Clone)]
pub(crate) struct RunEvent {
    pub(crate) action: Action,
    /// The run at that moment, without its jobs. A test may change it: the title, the event that started it.
    pub(crate) run: Run,
}

impl RunEvent {
    /// The run as the event shows it, according to the action. The event may be out of date.
    fn run(&self) -> Run {
        let mut run = self.run.clone();
        let failure = || Progress::Completed("failure".to_owned());
        run.progress = match (self.action, run.progress) {
            (Action::Requested, _) => Progress::Queued,
            (Action::InProgress, _) => Progress::Running,
            (Action::Completed, ended @ Progress::Completed(_)) => ended,
            (Action::Completed, _) => failure(),
        };
        if self.action == Action::Requested {
            run.started_at = 0;
        }
        if self.action != Action::Completed {
            run.completed_at = 0;
        }
        run
    }
}

impl World {
    /// The event that the server would send about this run now. The run's jobs need not agree with it.
    pub(crate) fn run_event(&mut self, run: u64, action: Action) -> RunEvent {
        assert!(self.sends(action), "{} sends no such event", self.version.number());
        RunEvent { action, run: Run { jobs: Vec::new(), ..self.run(run).clone() } }
    }

    /// The payload of a `workflow_run` event.
    pub(crate) fn run_event_payload(&self, event: &RunEvent) -> Value {
        let run = event.run();
        let repository = self.repository_ref(&run.repository);
        let workflow = &repository.workflows[&run.workflow];
        json!({
            "action": match event.action {
                Action::Requested => "requested",
                Action::InProgress => "in_progress",
                Action::Completed => "completed",
            },
            "repository": json::repository(self, repository, Access::Owner),
            "sender": json::user(self, &run.actor),
            "workflow": json_actions::workflow(self, repository, &run.workflow, workflow),
            "workflow_run": json_actions::run(self, &run),
        })
    }

    /// Sends the event, if this server knows it.
    pub(super) fn notify(&mut self, run: u64, action: Action) {
        if self.sends(action) {
            let event = self.run_event(run, action);
            self.run_events.push(event);
        }
    }

    fn sends(&self, action: Action) -> bool {
        self.version >= if action == Action::InProgress { Version::V1_26 } else { Version::V1_25 }
    }

    /// The event payload of a dispatched run's jobs.
    pub(crate) fn event_payload(&self, run_id: u64) -> Value {
        let run = self.runs.iter().find(|run| run.id == run_id).expect("a run that was started");
        json!({
            "inputs": run.inputs,
            "ref": json_actions::short_ref(&run.git_ref),
            "repository": json::repository(self, self.repository_ref(&run.repository), Access::None),
            "sender": json::user(self, &run.actor),
            "workflow": run.workflow,
        })
    }

    /// The payload of an `issue_comment` event: the comment was created, on a pull request or on an issue.
    pub(crate) fn comment_payload(&self, comment_id: u64) -> Value {
        let comment = self.comments.iter().find(|comment| comment.id == comment_id).expect("a comment that was added");
        let repository = self.repository_ref(&comment.repository);
        json!({
            "action": "created",
            "comment": json::comment(self, comment),
            "is_pull": repository.pulls.contains_key(&comment.number),
            "issue": json::issue(self, repository, comment.number),
            "repository": json::repository(self, repository, Access::Owner),
            "sender": json::user(self, &comment.author),
        })
    }

    /// The event payload of a `pull_request` run. Gitea's actions are `opened`, `synchronized`, `reopened`, …
    pub(crate) fn pull_request_payload(&self, repo: &str, number: u64, action: &str) -> Value {
        let repository = self.repository_ref(repo);
        let pull = repository.pulls.get(&number).expect("a pull request that was opened");
        json!({
            "action": action,
            "commit_id": "",
            "number": number,
            "pull_request": json::pull_request(self, repository, pull, Access::Read, true),
            "repository": json::repository(self, repository, Access::Owner),
            "requested_reviewer": null,
            "review": null,
            "sender": json::user(self, &pull.author),
        })
    }
}
