//! The whole round trip on one machine: `cargo run --example demo`. The fake Gitea of the tests runs in this process, and the
//! real binary to dispatch and to report, as a runner would start it.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a demo prints, and may stop at once when something goes wrong"
)]

#[path = "../tests/fake/mod.rs"]
mod fake;
#[path = "../tests/stage/mod.rs"]
mod stage;

use std::process::Command;
use std::time::Instant;

use fake::Version;
use stage::{SOURCE, Stage, Step};

fn main() {
    let binary = build();
    let stage = Stage::new(&binary, Version::V1_26);
    page("The pull request before", &stage);

    step("In mporter/dispatch-source, on pull_request: mode: dispatch", stage.dispatch());
    page("The pull request while the run is under way", &stage);

    let run = stage.start_last_run();
    println!("The build in mporter/dispatch-target takes its time: the fake's clock moves on by 72 s.\n");
    stage.gitea.world().advance(72);

    step("In mporter/dispatch-target, last step of the run: mode: report", stage.report(run));
    page("The pull request after", &stage);
}

/// Builds the binary, and gives its path: cargo builds none for an example.
fn build() -> String {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let profile: &[&str] = if cfg!(debug_assertions) { &[] } else { &["--release"] };
    let built =
        Command::new(cargo).args(["build", "--quiet", "--bin", "dispatch-action"]).args(profile).status().unwrap();
    assert!(built.success(), "the binary could not be built");
    let examples = std::env::current_exe().unwrap();
    let folder = examples.parent().and_then(|examples| examples.parent()).unwrap();
    folder.join("dispatch-action").to_str().unwrap().to_owned()
}

fn step(title: &str, step: Step) {
    let start = Instant::now();
    let done = step.run().ok();
    println!("{title} ({:.1} ms)", start.elapsed().as_secs_f64() * 1000.0);
    for line in done.log().lines() {
        println!("  {line}");
    }
    println!();
}

fn page(title: &str, stage: &Stage) {
    println!("--- {title} ---");
    println!("{}\n", stage.gitea.world().pull_request_page(SOURCE, stage.number).trim_end());
}
