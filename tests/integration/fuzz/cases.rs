//! The cases of the fuzz test. Each has a mode, inputs, an event and a server's responses.

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::fake::{Answer, Fault, Version};
use crate::stage::TOKEN;

/// None of these contains the token: whoever can write it into an event or an input knows it already.
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

/// The keys that the program reads in responses and events.
const KEYS: [&str; 43] = [
    "display_title",
    "event",
    "workflow_run",
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
pub(super) struct Case {
    pub(super) mode: &'static str,
    pub(super) version: Version,
    /// Name and value.
    pub(super) inputs: Vec<(&'static str, String)>,
    /// The values that replace those of the real event at these keys, or the whole payload if it is not JSON.
    pub(super) event: Vec<(&'static str, Value)>,
    pub(super) payload: Option<String>,
    pub(super) answers: Vec<Hostile>,
}

/// What the server does instead of an ordinary response.
#[derive(Debug, Clone)]
pub(super) struct Hostile {
    pub(super) method: &'static str,
    pub(super) path_part: &'static str,
    pub(super) times: usize,
    pub(super) fault: Fault,
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

/// The body of a response: JSON, with or without the token in its escapes, a part of it, or nothing.
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
    // Other tests cover what is retried until the time is over.
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
    // An environment variable cannot contain a zero byte.
    (names, prop_oneof![text(), good.prop_map(str::to_owned)]).prop_map(|(name, value)| (name, value.replace('\0', "")))
}

pub(super) fn case() -> impl Strategy<Value = Case> {
    let mode = select(vec!["dispatch", "dispatch", "wait", "report", "report by event", "reconcile"]);
    let version = select(vec![Version::V1_25, Version::V1_26, Version::V1_27]);
    let event = vec((select(&KEYS[..]), value(text().boxed())), 0..3);
    let payload =
        proptest::option::weighted(0.1, prop_oneof![text(), value(text().boxed()).prop_map(|value| value.to_string())]);
    (mode, version, vec(input(), 0..3), event, payload, vec(hostile(), 0..4)).prop_map(
        |(mode, version, inputs, event, payload, answers)| Case { mode, version, inputs, event, payload, answers },
    )
}
