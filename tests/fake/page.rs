//! What the server gives to others than its API's clients: event payloads to a job, pages to people.

use std::fmt::Write;

use serde_json::{Value, json};

use super::access::Access;
use super::{World, json};

impl World {
    /// The event payload that a dispatched run's jobs are given.
    pub(crate) fn event_payload(&self, run_id: u64) -> Value {
        let run = self.runs.iter().find(|run| run.id == run_id).expect("a run that was started");
        json!({
            "inputs": run.inputs,
            "ref": json::short_ref(&run.git_ref),
            "repository": json::repository(self, self.repository_ref(&run.repository), Access::None),
            "sender": json::user(self, &run.actor),
            "workflow": run.workflow,
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

    /// The pull request's page as a reviewer sees it, as text: the title, the checks of the head commit, the comments.
    pub(crate) fn pull_request_page(&self, repo: &str, number: u64) -> String {
        let repository = self.repository_ref(repo);
        let pull = repository.pulls.get(&number).expect("a pull request that was opened");
        let mut page = format!("{} #{number}\n", pull.title);
        let mut line = |text: &str| writeln!(page, "{text}").expect("a string takes any text");
        line(&format!("  {} wants to merge {} into {}", pull.author, pull.head_ref, pull.base_ref));
        for status in self.statuses(repo, &pull.head_sha) {
            line(&format!("  {:<7} {} — {}", icon(&status.state), status.context, status.description));
            if !status.target_url.is_empty() {
                line(&format!("          Details: {}", status.target_url));
            }
        }
        for comment in self.comments(repo, number) {
            line(&format!("  {} commented:", comment.author));
            for text in visible(&comment.body).lines() {
                line(&format!("    {text}"));
            }
        }
        page
    }
}

/// The icon as a word. A state that Gitea does not know is stored, and shown with no icon at all.
fn icon(state: &str) -> &'static str {
    match state {
        "pending" => "waiting",
        "success" => "success",
        "error" => "error",
        "failure" => "failed",
        "warning" => "warning",
        "skipped" => "skipped",
        _ => "",
    }
}

/// A comment without the HTML comments in it, which a browser does not show.
fn visible(body: &str) -> String {
    let mut text = String::new();
    let mut rest = body;
    while let Some((before, hidden)) = rest.split_once("<!--") {
        text.push_str(before);
        rest = hidden.split_once("-->").map_or("", |(_, after)| after);
    }
    text.push_str(rest);
    text.trim().to_owned()
}
