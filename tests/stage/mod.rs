//! The stage of most tests, of the demo and of the benchmark: two repositories, a pull request and a bot account on the fake
//! server, and the real binary, started as a runner starts a step.
#![allow(dead_code, reason = "three programs share this, and each uses a part of it")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::fake::{Action, FakeGitea, Permission, RunEvent, Scope, Version, World};

pub(crate) const SOURCE: &str = "mporter/dispatch-source";
pub(crate) const TARGET: &str = "mporter/dispatch-target";
pub(crate) const WORKFLOW: &str = "build-from-pr.yml";
pub(crate) const INPUTS: [&str; 4] = ["pr_number", "pr_head_sha", "pr_head_ref", "source_repo"];
pub(crate) const TOKEN: &str = "token-of-the-bot";
/// The file of [`WORKFLOW`]: its `run-name:` carries the pull request to the events.
pub(crate) const WORKFLOW_YAML: &str = "\
name: Build from upstream PR
run-name: ${{ inputs.source_repo }}#${{ inputs.pr_number }} ${{ inputs.pr_head_sha }}
on:
  workflow_dispatch:
    inputs:
      pr_number: {type: string}
      pr_head_sha: {type: string}
      pr_head_ref: {type: string}
      source_repo: {type: string}
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - run: make test
";
/// `ROOT_URL`: the address that people use, as opposed to the address of the fake.
pub(crate) const PAGES: &str = "https://gitea.example.com";

/// The binary to start: the one that cargo has built, unless `DISPATCH_ACTION_BIN` names another, such as one for a
/// release.
pub(crate) fn binary(built: &str) -> String {
    std::env::var("DISPATCH_ACTION_BIN").unwrap_or_else(|_| built.to_owned())
}

/// The fake server with its repositories, and a folder for what a step leaves behind.
pub(crate) struct Stage {
    pub(crate) gitea: FakeGitea,
    /// The pull request in [`SOURCE`], and its head.
    pub(crate) number: u64,
    pub(crate) sha: String,
    /// The address that the runner was registered with: `GITHUB_SERVER_URL` of each step. People use another address.
    pub(crate) server_url: String,
    binary: PathBuf,
    /// Holds one folder per step.
    pub(crate) directory: TempDir,
}

impl Stage {
    /// With http.
    pub(crate) fn new(binary: &str, version: Version) -> Self {
        Self::on(FakeGitea::start(version), binary)
    }

    /// With a server that was started in another way.
    pub(crate) fn on(gitea: FakeGitea, binary: &str) -> Self {
        gitea.set_root_url(PAGES);
        let (number, sha) = {
            let mut world = gitea.world();
            world.add_user("dispatch-bot");
            world.add_token("dispatch-bot", TOKEN, &[Scope::WriteRepository, Scope::WriteIssue]);
            world.add_repository(SOURCE).add_collaborator("dispatch-bot", Permission::Write);
            let target = world.add_repository(TARGET);
            target.add_collaborator("dispatch-bot", Permission::Write);
            target.add_workflow_file(WORKFLOW, WORKFLOW_YAML);
            // So that a run's id is not its number.
            world.next_run_id = 30;
            let sha = world.new_sha();
            (world.open_pull_request(SOURCE, SOURCE, "feature/x", &sha), sha)
        };
        // Not the address that people use: a link that is built from it shows up.
        let server_url = gitea.url();
        Self { gitea, number, sha, server_url, binary: binary.into(), directory: TempDir::new().unwrap() }
    }

    /// A step `mode: dispatch` of a `pull_request` workflow in [`SOURCE`], as the README has it.
    pub(crate) fn dispatch(&self) -> Step {
        let event = self.gitea.world().pull_request_payload(SOURCE, self.number, "opened");
        self.step("dispatch")
            .event("pull_request", &event)
            .var("GITHUB_REPOSITORY", SOURCE)
            .var("GITHUB_RUN_ID", "7")
            .var("GITHUB_RUN_NUMBER", "5")
            .var("GITHUB_SHA", &"b".repeat(40))
            .var("GITHUB_REF_NAME", "1")
            .input("target", TARGET)
            .input("workflow", WORKFLOW)
            .input("ref", "main")
    }

    /// A step `mode: dispatch` of an `issue_comment` workflow in [`SOURCE`]: the owner writes this comment on the pull
    /// request or issue of that number. The event has no head, and the environment is that of the default branch.
    pub(crate) fn dispatch_by_comment(&self, number: u64, body: &str) -> Step {
        let mut world = self.gitea.world();
        let comment = world.add_comment(SOURCE, number, "mporter", body);
        let event = world.comment_payload(comment);
        let sha = world.repository(SOURCE).branches["main"].clone();
        drop(world);
        self.dispatch()
            .event("issue_comment", &event)
            .var("GITHUB_SHA", &sha)
            .var("GITHUB_REF", "refs/heads/main")
            .var("GITHUB_REF_NAME", "main")
    }

    /// A step `mode: report` of a `workflow_run` workflow in [`TARGET`] that starts now, for that run. The world
    /// decides what the run's jobs do meanwhile: the event need not agree.
    pub(crate) fn report_by_event(&self, run: u64, action: Action) -> Step {
        let event = self.gitea.world().run_event(run, action);
        self.report_by(&event)
    }

    /// As [`Self::report_by_event`], for an event of `world.run_events`, or for one that a test has kept or changed:
    /// late, repeated, out of order, with a forged title.
    pub(crate) fn report_by(&self, event: &RunEvent) -> Step {
        let mut world = self.gitea.world();
        let payload = world.run_event_payload(event);
        let sha = world.repository(TARGET).branches["main"].clone();
        drop(world);
        self.step("report")
            .event("workflow_run", &payload)
            .var("GITHUB_REPOSITORY", TARGET)
            .var("GITHUB_REPOSITORY_OWNER", "mporter")
            .var("GITHUB_JOB", "report")
            // These belong to the reporting run. The fake has no run with that id: a read gets a 404.
            .var("GITHUB_RUN_ID", "9001")
            .var("GITHUB_RUN_NUMBER", "8001")
            .var("GITHUB_RUN_ATTEMPT", "1")
            .var("GITHUB_SHA", &sha)
            .var("GITHUB_REF", "refs/heads/main")
            .var("GITHUB_REF_NAME", "main")
            .input("status", "auto success")
            .input("comment", "create")
    }

    /// A step `mode: report` of that run, as in the README, in a job that has succeeded so far.
    pub(crate) fn report(&self, run: u64) -> Step {
        let mut world = self.gitea.world();
        let event = world.event_payload(run);
        let run = world.run(run).clone();
        drop(world);
        self.step("report")
            .event("workflow_dispatch", &event)
            .var("GITHUB_REPOSITORY", TARGET)
            .var("GITHUB_RUN_ID", &run.id.to_string())
            .var("GITHUB_RUN_NUMBER", &run.number.to_string())
            .var("GITHUB_RUN_ATTEMPT", &run.attempt.to_string())
            .input("status", "auto success")
            .input("comment", "create")
    }

    /// A step `mode: reconcile` of a scheduled workflow in [`SOURCE`], as in the README.
    pub(crate) fn reconcile(&self) -> Step {
        self.step("reconcile").var("GITHUB_REPOSITORY", SOURCE).input("target", TARGET).input("comment", "create")
    }

    /// A step `mode: check` of a workflow in [`SOURCE`] that was started by hand, as in `examples/check.yml`.
    pub(crate) fn check(&self) -> Step {
        self.step("check")
            .event("workflow_dispatch", &serde_json::json!({"inputs": null, "ref": "refs/heads/main"}))
            .var("GITHUB_REPOSITORY", SOURCE)
            .input("target", TARGET)
            .input("workflow", WORKFLOW)
            .input("ref", "main")
            .input("comment", "create")
            .input("check-timeout", "5m")
    }

    /// Lets a runner take the run that was dispatched last, and returns its id.
    pub(crate) fn start_last_run(&self) -> u64 {
        let mut world = self.gitea.world();
        let id = world.runs.last().unwrap().id;
        world.start_run(id);
        id
    }

    /// A step with the environment that every step has (`tests/fixtures/events/`).
    pub(crate) fn step(&self, mode: &str) -> Step {
        let steps = std::fs::read_dir(self.directory.path()).unwrap().count();
        let directory = self.directory.path().join(format!("step-{}", steps + 1));
        std::fs::create_dir(&directory).unwrap();
        Step { binary: self.binary.clone(), vars: BTreeMap::new(), directory }
            .var("CI", "true")
            .var("GITEA_ACTIONS", "true")
            .var("GITHUB_ACTIONS", "true")
            .var("GITHUB_API_URL", &self.gitea.api_url())
            .var("GITHUB_SERVER_URL", &self.server_url)
            .input("mode", mode)
            .input("token", TOKEN)
    }
}

/// Opens another pull request, and returns its number.
pub(crate) fn open_pull_request(world: &mut World) -> u64 {
    let sha = world.new_sha();
    world.open_pull_request(SOURCE, SOURCE, &format!("branch-{sha}"), &sha)
}

/// A run as if it had been dispatched for the pull request. The pull request's status waits for it.
pub(crate) fn add_waiting_run(world: &mut World, number: u64) -> u64 {
    let sha = world.repository(SOURCE).pull(number).head_sha.clone();
    let inputs = [("source_repo", SOURCE), ("pr_number", &number.to_string()), ("pr_head_sha", &sha)];
    let inputs = inputs.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let run = world.add_run(TARGET, WORKFLOW, "refs/heads/main", &sha, "dispatch-bot", inputs);
    let page = format!("{PAGES}/{TARGET}/actions/runs/{run}");
    world.add_status(SOURCE, &sha, Some("dispatch-bot"), "dispatch-target/build", "pending", &page);
    run
}

/// A step that is about to run, with its environment and nothing else.
pub(crate) struct Step {
    binary: PathBuf,
    vars: BTreeMap<String, String>,
    directory: PathBuf,
}

impl Step {
    /// Sets an input, as action.yml passes it: empty if it is not given.
    pub(crate) fn input(self, name: &str, value: &str) -> Self {
        self.var(&format!("INPUT_{}", name.to_uppercase().replace('-', "_")), value)
    }

    pub(crate) fn var(mut self, name: &str, value: &str) -> Self {
        self.vars.insert(name.to_owned(), value.to_owned());
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.vars.remove(name);
        self
    }

    pub(crate) fn rename(mut self, from: &str, to: &str) -> Self {
        let value = self.vars.remove(from).unwrap();
        self.var(to, &value)
    }

    pub(crate) fn event(self, name: &str, payload: &Value) -> Self {
        let path = self.directory.join("event.json");
        std::fs::write(&path, payload.to_string()).unwrap();
        self.var("GITHUB_EVENT_NAME", name).var("GITHUB_EVENT_PATH", path.to_str().unwrap())
    }

    /// The command, with the files that a runner gives a step.
    pub(crate) fn command(self) -> (Command, StepFiles) {
        let files = StepFiles { output: self.directory.join("output"), summary: self.directory.join("summary") };
        let mut command = Command::new(&self.binary);
        command
            .env_clear()
            .env("GITHUB_OUTPUT", &files.output)
            .env("GITHUB_STEP_SUMMARY", &files.summary)
            .envs(self.vars);
        (command, files)
    }

    /// Runs it to its end.
    pub(crate) fn run(self) -> Done {
        let (command, files) = self.command();
        files.after(command)
    }
}

/// The files that a runner reads after a step.
pub(crate) struct StepFiles {
    output: PathBuf,
    summary: PathBuf,
}

impl StepFiles {
    /// Runs the step's command to its end, and reads the files.
    pub(crate) fn after(self, mut command: Command) -> Done {
        self.done(command.output().unwrap())
    }

    /// The outputs and the summary; empty if nothing was written.
    pub(crate) fn read(&self) -> [String; 2] {
        [&self.output, &self.summary].map(|path| std::fs::read_to_string(path).unwrap_or_default())
    }

    /// What the step's command has left behind.
    pub(crate) fn done(self, result: Output) -> Done {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let [outputs, summary] = self.read();
        Done { success: result.status.success(), log: text(result.stdout) + &text(result.stderr), outputs, summary }
    }
}

/// What a step left behind.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) success: bool,
    pub(crate) log: String,
    pub(crate) outputs: String,
    pub(crate) summary: String,
}

impl Done {
    /// Asserts that the step succeeded, and shows its log if not.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert!(self.success, "the step failed:\n{}", self.log);
        self
    }

    /// Asserts that the step failed in a way that has a row in docs/troubleshooting.md. Shows its log if not.
    #[track_caller]
    pub(crate) fn failed(self) -> Self {
        assert!(!self.success, "the step succeeded:\n{}", self.log);
        assert!(self.is_documented(), "docs/troubleshooting.md has no row for this:\n{}", self.log);
        self
    }

    /// Whether docs/troubleshooting.md has a row for the last line of the log.
    pub(crate) fn is_documented(&self) -> bool {
        let error = self.log.lines().last().unwrap_or_default().replace('`', "");
        is_documented(&error)
    }

    /// The log as people see it: without the command that masks the token.
    pub(crate) fn log(&self) -> String {
        let shown = self.log.lines().filter(|line| !line.starts_with("::add-mask::"));
        shown.collect::<Vec<_>>().join("\n")
    }

    /// An output, as the runner would read it.
    pub(crate) fn output(&self, name: &str) -> Option<&str> {
        self.outputs.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
    }
}

/// Whether the first column of a row has this log line, or parts of it with `…` between them.
pub(crate) fn is_documented(error: &str) -> bool {
    let rows = include_str!("../../docs/troubleshooting.md").lines().filter_map(|line| line.strip_prefix("| `"));
    let texts = rows.filter_map(|row| row.split(" | ").next()).flat_map(|cell| cell.split('`').step_by(2));
    let is_in = |text: &str| {
        let mut rest = error;
        text.split('…').map(str::trim).all(|part| match rest.split_once(part) {
            Some((_, after)) => {
                rest = after;
                true
            }
            None => false,
        })
    };
    texts.into_iter().any(is_in)
}
