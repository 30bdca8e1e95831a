//! Three builds of one pull request on one machine: `cargo run --example demo`. The fake Gitea of the tests runs in
//! this process. The real binary dispatches, and reports each event, started as by a runner.
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

use fake::{Action, Version};
use stage::{SOURCE, Stage, Step};

fn main() {
    let mut demo = Demo { stage: Stage::new(&build(), Version::V1_26), reported: 0, with_logs: true };
    println!("1. The pull request is opened, and its build fails.\n");
    demo.dispatch();
    demo.report_events();
    demo.page();
    let run = demo.stage.start_last_run();
    demo.report_events();
    demo.page();
    demo.stage.gitea.world().fail_job(run, "build", "Run make test", 65);
    demo.report_events();
    demo.page();

    demo.with_logs = false;
    println!("2. A push. Somebody cancels the build: nothing in the run itself can report that.\n");
    demo.push();
    demo.dispatch();
    let run = demo.stage.start_last_run();
    demo.stage.gitea.world().cancel_run(run);
    demo.report_events();
    demo.page();

    println!("3. One more push, and the build succeeds after 72 s of the fake's clock.\n");
    demo.push();
    demo.dispatch();
    let run = demo.stage.start_last_run();
    {
        let mut world = demo.stage.gitea.world();
        world.advance(72);
        world.finish_run(run, "success");
    }
    demo.report_events();
    demo.page();
}

struct Demo {
    stage: Stage,
    /// How many of the server's events were reported.
    reported: usize,
    /// Whether the logs of the steps are shown.
    with_logs: bool,
}

impl Demo {
    fn push(&self) {
        let mut world = self.stage.gitea.world();
        let sha = world.new_sha();
        world.push(SOURCE, self.stage.number, &sha);
    }

    fn dispatch(&self) {
        self.step("dispatch-source, on: pull_request, mode: dispatch", self.stage.dispatch());
    }

    /// Starts a report for each event that the server has sent since the last time.
    fn report_events(&mut self) {
        let events = self.stage.gitea.world().run_events.split_off(self.reported);
        self.stage.gitea.world().run_events.extend(events.iter().cloned());
        self.reported += events.len();
        for event in events {
            let action = match event.action {
                Action::Requested => "requested",
                Action::InProgress => "in_progress",
                Action::Completed => "completed",
            };
            let title = format!("dispatch-target, on: workflow_run ({action}), mode: report");
            self.step(&title, self.stage.report_by(&event));
        }
    }

    fn step(&self, title: &str, step: Step) {
        let start = Instant::now();
        let done = step.run().ok();
        println!("{title}: {:.1} ms", start.elapsed().as_secs_f64() * 1000.0);
        for line in done.log().lines().filter(|_| self.with_logs) {
            println!("  {line}");
        }
    }

    /// What the pull request shows now.
    fn page(&self) {
        let page = self.stage.gitea.world().pull_request_page(SOURCE, self.stage.number);
        println!();
        for line in page.trim_end().lines() {
            println!("    | {line}");
        }
        println!();
    }
}

/// Builds the binary, and gives its path: cargo builds none for an example.
///
/// This uses the dependencies that cargo has just built for the example, so nothing is downloaded. Without the example
/// in the command, the binary would get dependencies with fewer features. Cargo's variables about this package would
/// make ring build again.
fn build() -> String {
    let mut cargo = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
    cargo.args(["build", "--frozen", "--bin", "dispatch-action", "--example", "demo"]);
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    for (name, _) in std::env::vars().filter(|(name, _)| is_of_package(name)) {
        cargo.env_remove(name);
    }
    assert!(cargo.status().unwrap().success(), "the binary could not be built");
    let examples = std::env::current_exe().unwrap();
    let folder = examples.parent().and_then(|examples| examples.parent()).unwrap();
    folder.join("dispatch-action").to_str().unwrap().to_owned()
}

fn is_of_package(variable: &str) -> bool {
    ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|prefix| variable.starts_with(prefix))
}
