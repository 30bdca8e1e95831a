//! A cell of the matrix: one request meets one fault.

use std::net::{Ipv4Addr, SocketAddrV4, TcpListener, TcpStream};
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::sys::socket::{AddressFamily, Backlog, SockFlag, SockType, SockaddrIn, bind, getsockname, listen, socket};

use super::faults::faults;
use crate::fake::{FakeGitea, Status, Version};
use crate::slow::requests::{BUDGET, Mode, REQUESTS, inject, set};
use crate::stage::{Done, PAGES, SOURCE, Stage, Step, TARGET, TOKEN};

/// The result of one cell.
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
    /// Whether any request can have reached the server.
    reachable: bool,
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
            reachable: true,
        }
    }

    /// What must never happen, whatever the fault.
    pub(super) fn problems(&self) -> Vec<String> {
        let Done { success, outputs, summary, .. } = &self.done;
        let log = self.done.log();
        let status = |state: &str| self.status.as_ref().is_some_and(|status| status.state == state);
        let linked = self.status.as_ref().is_some_and(|status| status.target_url == self.run_page);
        let unknown = self.status.as_ref().is_some_and(|status| {
            ["outcome unknown", "Outcome not known"].iter().any(|words| status.description.contains(words))
        });
        let (run, comment) = (self.runs > 0, self.comments > 0);
        let (set, there) = match self.mode {
            Mode::Dispatch => (status("pending"), run && status("pending") && linked),
            Mode::Report => (status("success"), comment && status("success") && linked),
        };
        // The warning before it may be about the same request.
        let said = format!("{}\n{summary}", log.lines().last().unwrap_or_default());
        let says = |text: &str| said.contains(text);
        let shown = [&log, outputs, summary].into_iter().any(|text| text.contains(TOKEN));
        let rules = [
            (self.runs > 1, "more than one run"),
            (self.comments > 1, "more than one comment"),
            (self.took >= BUDGET, "too late"),
            (self.followed, "a redirect was followed"),
            (shown, "the token is shown"),
            (
                !self.reachable && (says("is unknown") || says("may have been")),
                "it says that the outcome is unknown, but nothing was sent",
            ),
            (*success && !there, "success without its effect"),
            (!success && !said.starts_with("::error::"), "a failure without an error"),
            (!success && !self.done.is_documented(), "a failure that docs/troubleshooting.md has no row for"),
            (run && says("was not dispatched"), "it says that nothing was dispatched, but there is a run"),
            (
                self.mode == Mode::Dispatch && run && status("error") && !unknown,
                "the pull request says that nothing was dispatched, but there is a run",
            ),
            (self.mode == Mode::Report && *success && status("error"), "the outcome is unknown, and the step is green"),
            (run && says("The run has started") && says("Re-run this job"), "it advises to start a second run"),
            (set && says("status was not set"), "it says that the status was not set, but it is there"),
            (!set && says("The status was set"), "it says that the status was set, but it is not there"),
            (comment && says("comment was not created"), "it says that there is no comment, but there is"),
            (!comment && says("comment was created"), "it says that there is a comment, but there is none"),
            (!status("error") && says("The pull request's status now shows this"), "the pull request does not say so"),
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

/// The kind of message at the end of the log. Of each sentence, it has the text before the first colon, without names,
/// addresses and the request. Of an error, it has the first two sentences (what failed, and why) and those about what
/// else happened.
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
    let what_else = ["The status", "The comment", "The pull request", "It is unknown", "A matching", "Setting the"];
    let told = |sentence: &&str| what_else.iter().any(|start| sentence.starts_with(start));
    let (first, rest): (Vec<_>, Vec<_>) = error.split(". ").enumerate().partition(|(place, _)| *place < 2);
    let rest = rest.iter().map(|(_, sentence)| *sentence).filter(told);
    first.iter().map(|(_, sentence)| *sentence).chain(rest).map(short).collect::<Vec<_>>().join(" | ")
}

/// Removes the brackets about a request: the causes in them vary from time to time.
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
    // This is where a sentence ends before the bracket and the next one begins after it.
    shown.replace("  ", " ")
}

/// The cell of one request and one fault, given by their places in the tables.
pub(super) fn cell(request: usize, fault: usize) -> Cell {
    let (mode, name, ..) = REQUESTS[request];
    let elsewhere = FakeGitea::start(Version::V1_26);
    let (stage, step) = set(mode);
    let (same, other) = (format!("{}/moved", stage.gitea.api_url()), format!("{}/moved", elsewhere.api_url()));
    let (fault, turns) = faults(&same, &other).swap_remove(fault);
    inject(&stage, REQUESTS[request], &turns);
    Cell::new(mode, format!("{name:<28}{fault}"), &stage, step, &elsewhere)
}

/// An address at which no request can be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Unreachable {
    /// Nothing listens there.
    Refused,
    /// The system drops each attempt to connect, since the queue of a listener is full.
    NeverConnected,
    /// The connection is made, and the server never answers the start of TLS.
    SilentTls,
}

/// The server cannot be reached by any request.
pub(super) fn unreachable(mode: Mode, name: &str, how: Unreachable) -> Cell {
    let elsewhere = FakeGitea::start(Version::V1_26);
    let (stage, step) = set(mode);
    let silent;
    let full;
    let (what, url) = match how {
        // The discard port.
        Unreachable::Refused => ("connection refused", "http://127.0.0.1:9/api/v1".to_owned()),
        Unreachable::NeverConnected => {
            full = full_listener();
            ("never connected", format!("http://{}/api/v1", full.1.peer_addr().unwrap()))
        }
        Unreachable::SilentTls => {
            // Nobody accepts, so the system takes the connection and no more.
            silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            ("silent TLS", format!("https://{}/api/v1", silent.local_addr().unwrap()))
        }
    };
    let step = step.input("api-url", &url);
    Cell { reachable: false, ..Cell::new(mode, format!("{name:<28}{what}"), &stage, step, &elsewhere) }
}

/// A listener whose queue has one place, and the connection that is in it.
fn full_listener() -> (OwnedFd, TcpStream) {
    let listener = socket(AddressFamily::Inet, SockType::Stream, SockFlag::SOCK_CLOEXEC, None).unwrap();
    bind(listener.as_raw_fd(), &SockaddrIn::new(127, 0, 0, 1, 0)).unwrap();
    listen(&listener, Backlog::new(0).unwrap()).unwrap();
    let address: SockaddrIn = getsockname(listener.as_raw_fd()).unwrap();
    let first = TcpStream::connect(SocketAddrV4::from(address)).unwrap();
    (listener, first)
}
