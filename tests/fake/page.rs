//! What the server shows to people.

use std::fmt::Write;

use super::World;

impl World {
    /// The pull request's page as text, as a reviewer sees it: the title, the checks of the head commit, the comments.
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

/// The icon as a word. A state that Gitea does not know is stored, and shown without an icon.
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
