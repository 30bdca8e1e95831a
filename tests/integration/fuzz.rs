//! Hostile events, inputs and responses against the real binary. `PROPTEST_CASES` sets the number of cases (default
//! 256). `PROPTEST_RNG_SEED` makes other cases than `cargo test` does. A failure names the seed and the case.

mod cases;

use std::fs::File;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use serde_json::{Value, json};

use crate::fake::{Action, FakeGitea, Request};
use crate::stage::{SOURCE, Stage, Step, TOKEN, add_waiting_run};
use cases::{Case, Hostile, case};

/// How many run at a time. Most of a case is waiting for its pauses.
const WORKERS: usize = 6;

/// Only `wait` takes longer than a minute, and this machine may be slow.
const LONGEST: Duration = Duration::from_secs(100);

/// Replaces the values under this key in the event, wherever they are.
fn replace(event: &mut Value, key: &str, new: &Value) {
    match event {
        Value::Object(fields) => {
            for (name, value) in fields {
                if name == key { *value = new.clone() } else { replace(value, key, new) }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| replace(value, key, new)),
        _ => {}
    }
}

fn step(case: &Case, stage: &Stage) -> Step {
    let waiting_run = || {
        let mut world = stage.gitea.world();
        let run = add_waiting_run(&mut world, stage.number);
        world.start_run(run);
        run
    };
    let world = || stage.gitea.world();
    let of_pull_request = || world().pull_request_payload(SOURCE, stage.number, "opened");
    let (name, mut event, step) = match case.mode {
        "dispatch" => ("pull_request", of_pull_request(), stage.dispatch()),
        "wait" => {
            let step = stage.dispatch().input("wait", "true").input("wait-timeout", "1s");
            ("pull_request", of_pull_request(), step)
        }
        "report" => {
            let run = waiting_run();
            let event = world().event_payload(run);
            ("workflow_dispatch", event, stage.report(run))
        }
        "report by event" => {
            let run = waiting_run();
            let event = world().run_event(run, Action::Completed);
            let payload = world().run_event_payload(&event);
            ("workflow_run", payload, stage.report_by(&event))
        }
        _ => {
            waiting_run();
            ("schedule", json!({}), stage.reconcile())
        }
    };
    for (key, value) in &case.event {
        replace(&mut event, key, value);
    }
    let mut step = step.event(name, &event);
    if let Some(payload) = &case.payload {
        let path = stage.directory.path().join("payload.json");
        std::fs::write(&path, payload).unwrap();
        step = step.var("GITHUB_EVENT_PATH", path.to_str().unwrap());
    }
    case.inputs.iter().fold(step, |step, (name, value)| step.input(name, value))
}

/// Runs the command to its end, with what it prints in a file: exit code and log.
fn log_of(mut command: Command, stage: &Stage) -> Result<(Option<i32>, String), String> {
    let path = stage.directory.path().join("log");
    let log = File::create(&path).unwrap();
    command.stdout(Stdio::from(log.try_clone().unwrap())).stderr(Stdio::from(log));
    let mut child = command.spawn().unwrap();
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return Ok((
                status.code(),
                String::from_utf8(std::fs::read(&path).unwrap()).map_err(|error| error.to_string())?,
            ));
        }
        if start.elapsed() > LONGEST {
            child.kill().unwrap();
            child.wait().unwrap();
            return Err(format!("it has not ended within {LONGEST:?}"));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// What is wrong with a line of the log, other than the mask's.
fn wrong_line(line: &str) -> Option<&'static str> {
    if line.contains(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202e}')) {
        return Some("a control character");
    }
    if !line.trim_start().starts_with("::") {
        return line.trim_start().starts_with("##[").then_some("a command of the old form");
    }
    match ["::error::", "::warning::"].iter().find_map(|command| line.strip_prefix(command)) {
        Some(text) => (text.matches('%').count() != text.matches("%25").count()).then_some("an escape in a command"),
        None => Some("a command"),
    }
}

/// What is wrong with a case, if anything is.
fn run(case: &Case) -> Result<(), String> {
    let stage = Stage::on(FakeGitea::start(case.version), &crate::binary());
    let step = step(case, &stage);
    let before = stage.gitea.world().runs.len();
    for Hostile { method, path_part, times, fault } in &case.answers {
        stage.gitea.inject(method, path_part, *times, fault.clone());
    }
    let (command, files) = step.command();
    let (code, log) = log_of(command, &stage)?;
    let [outputs, summary] = files.read();

    let (mask, rest) = match log.strip_prefix(&format!("::add-mask::{TOKEN}\n")) {
        Some(rest) => (true, rest),
        None => (false, log.as_str()),
    };
    let check =
        |is_good: bool, what: &str| if is_good { Ok(()) } else { Err(format!("{what}\n{log}\n{outputs}\n{summary}")) };
    check(matches!(code, Some(0 | 1)) && !log.contains("panicked"), &format!("exit code {code:?}"))?;
    for line in rest.split('\n') {
        if let Some(wrong) = wrong_line(line) {
            check(false, &format!("{wrong} in the log: {line}"))?;
        }
    }
    check(rest.matches("::error::").count() > 0 || code == Some(0), "a failure without an error")?;
    let names =
        ["run-id", "run-url", "state", "conclusion", "comment-id", "comment-url", "checked", "closed", "running"];
    let is_output = |line: &str| line.split_once('=').is_some_and(|(name, _)| names.contains(&name));
    check(outputs.lines().all(is_output), "another output")?;

    let requests = stage.gitea.requests();
    check(requests.is_empty() || mask, "a request before the token was masked")?;
    for shown in [rest, &outputs, &summary] {
        check(!shown.contains(TOKEN), "the token is shown")?;
    }
    for request in &requests {
        let sent = format!("{} {} {:?} {:?}", request.path, request.body, request.user_agent, request.content_type);
        check(!sent.contains(TOKEN), &format!("the token is sent: {sent}"))?;
    }
    // A server that responds 429 or 503 has done nothing.
    let is_dispatch = |request: &&Request| {
        request.method == "POST" && request.path.contains("/dispatches") && !matches!(request.answered, Some(429 | 503))
    };
    let sent = requests.iter().filter(is_dispatch).count();
    let started = stage.gitea.world().runs.len() - before;
    check(sent <= 1 && started <= 1, &format!("{sent} dispatches, {started} runs"))
}

#[test]
fn nothing_hostile_gets_out_of_its_place() {
    let config = Config::default();
    let seed = match config.rng_seed {
        RngSeed::Fixed(seed) => seed,
        RngSeed::Random => 1,
    };
    println!("{} cases, PROPTEST_RNG_SEED={seed}", config.cases);
    let mut runner = TestRunner::new(Config { rng_seed: RngSeed::Fixed(seed), ..config.clone() });
    let cases: Vec<Case> = (0..config.cases).map(|_| case().new_tree(&mut runner).unwrap().current()).collect();

    let next = Mutex::new(cases.iter().enumerate());
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some((number, case)) = { next.lock().unwrap().next() } {
                    if let Err(wrong) = run(case) {
                        failures.lock().unwrap().push(format!("case {number}: {wrong}\n{case:#?}"));
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "PROPTEST_RNG_SEED={seed}: {} failures\n{}", failures.len(), failures.join("\n\n"));
}
