//! Hostile events, inputs and answers against the real binary. `PROPTEST_CASES` says how many cases (256 without it), and
//! `PROPTEST_RNG_SEED` makes other ones than `cargo test` does; a failure names the seed and the case.

use std::fs::File;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use serde_json::{Value, json};

use crate::fake::{Answer, FakeGitea, Fault, Version};
use crate::stage::{SOURCE, Stage, Step, TOKEN, add_waiting_run};

/// So many at a time: most of a case is waiting for its pauses.
const WORKERS: usize = 6;

/// No mode but `wait` takes longer than a minute, and this machine may be slow.
const LONGEST: Duration = Duration::from_secs(100);

/// The token is in none of these that an event or an input has: whoever can write it there knows it already.
const HOSTILE: [&str; 24] = [
    "\n::error::x",
    "\r\n::set-output name=run-id::1",
    "##[add-mask]x",
    " ::add-mask::x",
    "%0A::x",
    "\u{1b}[2J",
    "\u{202e}",
    "\u{2028}::x",
    "\u{85}::x",
    "run-id=1\nstate=success",
    "<<EOF\nx\nEOF",
    "-->",
    "<!--",
    "](javascript:x)",
    "${{ secrets.T }}",
    "../../x",
    "%2e%2e/",
    "?x=1#y",
    "\"}],{",
    "\\",
    "\0",
    "🦀",
    "@all",
    "`",
];

/// What the program reads in answers and events.
const KEYS: [&str; 40] = [
    "id",
    "number",
    "message",
    "errors",
    "version",
    "workflow_run_id",
    "run_url",
    "html_url",
    "url",
    "status",
    "state",
    "conclusion",
    "context",
    "target_url",
    "description",
    "creator",
    "statuses",
    "total_count",
    "jobs",
    "workflow_runs",
    "name",
    "run_id",
    "body",
    "user",
    "head",
    "base",
    "sha",
    "ref",
    "repo",
    "full_name",
    "default_branch",
    "permissions",
    "workflows",
    "path",
    "started_at",
    "completed_at",
    "run_attempt",
    "run_number",
    "inputs",
    "pull_request",
];

/// One run of the program.
#[derive(Debug, Clone)]
struct Case {
    mode: &'static str,
    version: Version,
    /// Name and value.
    inputs: Vec<(&'static str, String)>,
    /// What is put into the true event at these keys, or the whole payload where it is no JSON.
    event: Vec<(&'static str, Value)>,
    payload: Option<String>,
    answers: Vec<Hostile>,
}

/// What the server does instead of an ordinary answer.
#[derive(Debug, Clone)]
struct Hostile {
    method: &'static str,
    path_part: &'static str,
    times: usize,
    fault: Fault,
}

fn text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        3 => select(&HOSTILE[..]).prop_map(str::to_owned),
        1 => vec(any::<char>(), 0..4).prop_map(String::from_iter),
        2 => "[a-z0-9/#]{1,9}",
        1 => "x{300,400}",
    ];
    vec(part, 0..4).prop_map(|parts| parts.concat())
}

/// Any JSON, with the keys that the program looks for.
fn value(text: BoxedStrategy<String>) -> BoxedStrategy<Value> {
    let numbers = select(vec![json!(0), json!(-1), json!(1), json!(30), json!(u64::MAX), json!(1e300), json!(0.5)]);
    let words = select(vec![
        "success",
        "failure",
        "pending",
        "completed",
        "running",
        "1.26.4",
        "1.25.0",
        "2026-11-23T09:45:00Z",
    ]);
    let leaf = prop_oneof![
        2 => text.prop_map(Value::from), 2 => words.prop_map(Value::from), 2 => numbers,
        1 => any::<bool>().prop_map(Value::from), 1 => Just(Value::Null),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::from),
            vec((select(&KEYS[..]), inner), 0..8).prop_map(|pairs| Value::Object(
                pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
            )),
        ]
    })
    .boxed()
}

/// The body of an answer: JSON, with or without the token in its escapes, a part of it, or none.
fn body() -> impl Strategy<Value = String> {
    let texts = prop_oneof![3 => text(), 1 => text().prop_map(|text| format!("{text}{TOKEN}{text}"))].boxed();
    let escaped = TOKEN.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect::<String>();
    let json = value(texts).prop_map(|value| value.to_string());
    prop_oneof![
        4 => json.clone(),
        1 => json.clone().prop_map(move |text| text.replace(TOKEN, &escaped)),
        1 => (json, any::<u8>()).prop_map(|(text, end)| text.chars().take(usize::from(end)).collect()),
        1 => text(),
        1 => Just(format!("<html><title>{TOKEN}</title>")),
        1 => Just("[".repeat(5000)),
    ]
}

fn hostile() -> impl Strategy<Value = Hostile> {
    let status = prop_oneof![
        4 => select(vec![200_u16, 201, 204]), 4 => select(vec![400, 401, 403, 404, 405, 409, 413, 422, 423, 500, 301, 307]),
        1 => select(vec![429, 502, 503, 504, 599]),
    ];
    let kind = select(vec!["application/json", "application/json", "text/html", "text/plain", ""]);
    let headers = vec(
        (
            select(vec!["Retry-After", "X-Total-Count", "Location", "Date"]),
            select(vec!["0", "1", "-1", "99999999", "x", TOKEN]),
        ),
        0..3,
    );
    let answer = (status, kind, body(), headers)
        .prop_map(|(status, kind, body, headers)| {
            headers
                .into_iter()
                .fold(Answer::new(status, kind, body), |answer, (name, value)| answer.header(name, value))
        })
        .boxed();
    let fault = prop_oneof![
        6 => answer.clone().prop_map(Fault::Answer),
        3 => answer.prop_map(Fault::WorkThenAnswer),
        1 => select(vec![Fault::HangUp, Fault::WorkThenHangUp, Fault::Reset, Fault::WorkThenReset, Fault::Truncated]),
        1 => select(vec![Fault::ContentType("text/html"), Fault::Delay(Duration::from_millis(50))]),
    ];
    let request = select(vec![
        ("POST", "/dispatches"),
        ("POST", "/statuses/"),
        ("POST", "/comments"),
        ("PATCH", "/comments"),
        ("GET", ""),
        ("GET", "/version"),
        ("GET", "/status"),
        ("GET", "/jobs"),
        ("GET", "/pulls"),
        ("GET", "/comments"),
        ("GET", "/runs/"),
        ("GET", "/workflows"),
    ]);
    // What is tried again until the time is over is the business of other tests.
    (request, 1..4_usize, fault).prop_map(|((method, path_part), times, fault)| Hostile {
        method,
        path_part,
        times,
        fault,
    })
}

fn input() -> impl Strategy<Value = (&'static str, String)> {
    let names = select(vec![
        "mode",
        "target",
        "workflow",
        "ref",
        "inputs",
        "status",
        "comment",
        "body",
        "allowed-sources",
        "source",
        "pr-number",
        "sha",
        "head-ref",
        "context",
        "server-url",
        "wait-timeout",
    ]);
    let good = select(vec![
        "",
        "update",
        "off",
        "failure",
        "auto",
        "a=1\nb=2",
        "{\"a\": 1}",
        "mporter/*",
        "1",
        "main",
        "x/y",
        "https://x.example.com/git/",
    ]);
    // An environment holds no zero byte.
    (names, prop_oneof![text(), good.prop_map(str::to_owned)]).prop_map(|(name, value)| (name, value.replace('\0', "")))
}

fn case() -> impl Strategy<Value = Case> {
    let mode = select(vec!["dispatch", "dispatch", "wait", "report", "report", "reconcile"]);
    let version = select(vec![Version::V1_24, Version::V1_25, Version::V1_26]);
    let event = vec((select(&KEYS[..]), value(text().boxed())), 0..3);
    let payload =
        proptest::option::weighted(0.1, prop_oneof![text(), value(text().boxed()).prop_map(|value| value.to_string())]);
    (mode, version, vec(input(), 0..3), event, payload, vec(hostile(), 0..4)).prop_map(
        |(mode, version, inputs, event, payload, answers)| Case { mode, version, inputs, event, payload, answers },
    )
}

/// Replaces what the event has under the key, wherever it is.
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
    let number = stage.number;
    let mut run = None;
    if case.mode != "dispatch" && case.mode != "wait" {
        let id = add_waiting_run(&mut stage.gitea.world(), number);
        stage.gitea.world().start_run(id);
        run = Some(id);
    }
    let (name, mut event, step) = match (case.mode, run) {
        ("report", Some(run)) => {
            let event = stage.gitea.world().event_payload(run);
            ("workflow_dispatch", event, stage.report(run))
        }
        ("reconcile", _) => ("schedule", json!({}), stage.reconcile()),
        (mode, _) => {
            let event = stage.gitea.world().pull_request_payload(SOURCE, number, "opened");
            let step = stage.dispatch();
            let wait = |step: Step| step.input("wait", "true").input("wait-timeout", "1s");
            ("pull_request", event, if mode == "wait" { wait(step) } else { step })
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
    // Whoever answers 429 or 503 has done nothing.
    let is_dispatch = |request: &&crate::fake::Request| {
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
