//! The tests of the whole program, in one binary.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test that goes wrong may stop at once, and may read the environment"
)]

#[path = "../fake/mod.rs"]
mod fake;
#[path = "../stage/mod.rs"]
mod stage;

mod action_yml;
mod addresses;
mod anywhere;
mod causes;
mod check;
mod configuration;
mod contract;
mod dispatch;
mod dist_run;
mod documents;
mod events;
mod failures;
mod fake_gitea;
mod files;
mod forgejo;
mod fuzz;
mod link_base;
mod proxy;
mod real;
mod reconcile;
mod reconcile_lists;
mod report;
mod safety;
mod sequences;
mod signals;
mod slow;
mod table;
mod tls;
mod trial_report;
mod triggers;
mod update;
mod wait;
mod wire;

use fake::{Request, Version};
use stage::Stage;

/// The binary to test.
fn binary() -> String {
    stage::binary(env!("CARGO_BIN_EXE_dispatch-action"))
}

/// The stage on a server of this version, with that binary.
fn stage(version: Version) -> Stage {
    Stage::new(&binary(), version)
}

/// What was sent: one line per request, with its body.
fn sent(stage: &Stage) -> String {
    lines(&stage.gitea.requests(), stage)
}

/// Requests as lines, with the pull request's head by name.
fn lines(requests: &[Request], stage: &Stage) -> String {
    let line = |request: &Request| {
        let body = if request.body.is_null() { String::new() } else { format!(" {}", request.body) };
        format!("{} {}{body}", request.method, request.path).replace(&stage.sha, "SHA")
    };
    requests.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A text in which what differs from run to run (the head, the address of the fake) is replaced by a name.
fn shown(text: &str, stage: &Stage) -> String {
    text.replace(&stage.sha, "SHA").replace(&stage.sha[..10], "SHA10").replace(&stage.gitea.url(), "http://fake")
}
