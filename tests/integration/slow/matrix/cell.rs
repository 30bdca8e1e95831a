//! A cell of the matrix: one request meets one fault.

use std::time::{Duration, Instant};

use super::faults::faults;
use crate::fake::{FakeGitea, Status, Version};
use crate::slow::requests::{BUDGET, Mode, REQUESTS, inject, set};
use crate::stage::{Done, PAGES, SOURCE, Stage, Step, TARGET, TOKEN};

/// What one cell came to.
pub(super) struct Cell {
    mode: Mode,
    pub(super) name: String,
    done: Done,
    pub(super) took: Duration,
    runs: usize,
    comments: usize,
    /// The status on the pull request.
    status: Option<Status>,
    run_page: String,
    followed: bool,
}

impl Cell {
    fn new(mode: Mode, name: String, stage: &Stage, step: Step, elsewhere: &FakeGitea) -> Self {
        let start = Instant::now();
        let done = step.run();
        let took = start.elapsed();
        let world = stage.gitea.world();
        let comments = world.comments(SOURCE, stage.number);
        let status = world.statuses(SOURCE, &stage.sha).pop();
        Self {
            mode,
            name,
            done,
            took,
            runs: world.runs.len(),
            comments: comments.iter().filter(|comment| comment.author == "dispatch-bot").count(),
            status,
            run_page: world
                .runs
                .last()
                .map_or_else(String::new, |run| format!("{PAGES}/{TARGET}/actions/runs/{}", run.id)),
            followed: elsewhere.connections() > 0
                || stage.gitea.requests().iter().any(|request| request.path.contains("/moved")),
        }
    }

    /// What must not be, whatever the fault.
    pub(super) fn problems(&self) -> Vec<String> {
        let Done { success, outputs, summary, .. } = &self.done;
        let log = self.done.log();
        let status = |state: &str| self.status.as_ref().is_some_and(|status| status.state == state);
        let linked = self.status.as_ref().is_some_and(|status| status.target_url == self.run_page);
        let unknown = self.status.as_ref().is_some_and(|status| status.description.contains("outcome unknown"));
        let (run, comment) = (self.runs > 0, self.comments > 0);
        let (set, there) = match self.mode {
            Mode::Dispatch => (status("pending"), run && status("pending") && linked),
            Mode::Report => (status("success"), comment && status("success") && linked),
        };
        // The warning in front of it may tell of the same request.
        let said = format!("{}\n{summary}", log.lines().last().unwrap_or_default());
        let says = |text: &str| said.contains(text);
        let shown = [&log, outputs, summary].into_iter().any(|text| text.contains(TOKEN));
        let rules = [
            (self.runs > 1, "more than one run"),
            (self.comments > 1, "more than one comment"),
            (self.took >= BUDGET, "too late"),
            (self.followed, "a redirect was followed"),
            (shown, "the token is shown"),
            (*success && !there, "success without its effect"),
            (!success && !said.starts_with("::error::"), "a failure without an error"),
            (!success && !self.done.is_documented(), "a failure that docs/troubleshooting.md has no row for"),
            (run && says("was not dispatched"), "it says that nothing was dispatched, but there is a run"),
            (
                run && status("error") && !unknown,
                "the pull request says that nothing was dispatched, but there is a run",
            ),
            (run && says("under way") && says("Start this again"), "it advises to start a second run"),
            (set && says("status was not set"), "it says that the status was not set, but it is there"),
            (!set && says("The status was set"), "it says that the status was set, but it is not there"),
            (comment && says("comment was not created"), "it says that there is no comment, but there is"),
            (!comment && says("comment was created"), "it says that there is a comment, but there is none"),
            (!status("error") && says("The pull request says so"), "the pull request does not say so"),
        ];
        let broken = rules.into_iter().filter(|(broken, _)| *broken);
        broken.map(|(_, problem)| format!("PROBLEM {}: {problem} ({:?})\n{log}\n", self.name, self.took)).collect()
    }

    /// A row of the table.
    pub(super) fn row(&self) -> String {
        let log = self.done.log();
        let exit = if self.done.success { "ok" } else { "failed" };
        let state = self.status.as_ref().map_or("-", |status| &status.state);
        let warning = if log.contains("::warning::") { ", with a warning" } else { "" };
        format!("{:<58}{exit:<8}{:<6}{:<10}{state:<9}{}{warning}", self.name, self.runs, self.comments, class(&log))
    }
}

/// The kind of message that the log ends with: of each sentence what comes before the first colon, without names, addresses and
/// the request; of an error the first two sentences (what failed, and why) and those that tell what else became of it.
fn class(log: &str) -> String {
    let last = log.lines().last().unwrap_or_default();
    let short = |sentence: &str| {
        let sentence = sentence.split(": ").next().unwrap_or_default().trim_end_matches(['.', ' ']);
        let words = sentence.split(' ').map(|word| if word.starts_with("http") { "URL" } else { word });
        words.collect::<Vec<_>>().join(" ").replace(TARGET, "B").replace(SOURCE, "A")
    };
    let Some(error) = last.strip_prefix("::error::") else {
        return short(last).split(['@', '#']).next().unwrap_or_default().to_owned();
    };
    let error = without_requests(error);
    let what_else = ["The status", "The comment", "The pull request", "It is not known", "It seems"];
    let told = |sentence: &&str| what_else.iter().any(|start| sentence.starts_with(start));
    let (first, rest): (Vec<_>, Vec<_>) = error.split(". ").enumerate().partition(|(place, _)| *place < 2);
    let rest = rest.iter().map(|(_, sentence)| *sentence).filter(told);
    first.iter().map(|(_, sentence)| *sentence).chain(rest).map(short).collect::<Vec<_>>().join(" | ")
}

/// Without what stands in brackets about a request: the causes in it depend on the moment.
fn without_requests(text: &str) -> String {
    let mut shown = String::new();
    let mut depth = 0;
    for (place, character) in text.char_indices() {
        let rest = &text[place..];
        if depth > 0 || rest.starts_with("(GET ") || rest.starts_with("(POST ") {
            match character {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
        } else {
            shown.push(character);
        }
    }
    // Where a sentence ends before the bracket, and where the next one begins after it.
    shown.replace("  ", " ")
}

/// The cell of one request and one fault, both by their places in the tables.
pub(super) fn cell(request: usize, fault: usize) -> Cell {
    let (mode, name, ..) = REQUESTS[request];
    let elsewhere = FakeGitea::start(Version::V1_26);
    let (stage, step) = set(mode);
    let (same, other) = (format!("{}/moved", stage.gitea.api_url()), format!("{}/moved", elsewhere.api_url()));
    let (fault, turns) = faults(&same, &other).swap_remove(fault);
    inject(&stage, REQUESTS[request], &turns);
    Cell::new(mode, format!("{name:<28}{fault}"), &stage, step, &elsewhere)
}

/// Nothing listens at the server's address.
pub(super) fn refused(mode: Mode, name: &str) -> Cell {
    let elsewhere = FakeGitea::start(Version::V1_26);
    let (stage, step) = set(mode);
    // The discard port.
    let step = step.input("api-url", "http://127.0.0.1:9/api/v1");
    Cell::new(mode, format!("{name:<28}connection refused"), &stage, step, &elsewhere)
}
