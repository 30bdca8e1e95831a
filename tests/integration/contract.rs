//! The fake server responds as real servers did: each recorded exchange is replayed against it.
//!
//! The comparison covers the status, the content type, the headers of paged lists and the shape of the body; outside
//! 2xx, the whole body. A recording that is added to a directory is replayed without a change here, if it is about the
//! same repositories and tokens.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::fake::{FakeGitea, Scope, Version, World};
use crate::stage::{INPUTS, SOURCE, TARGET, WORKFLOW};

/// Fewer recordings than this mean that the directory was not found or not read.
const AT_LEAST: usize = 65;

/// Texts and counts that a client acts upon: outside lists these must be equal, not only of the same type.
const EQUAL: [&str; 7] = ["conclusion", "event", "run_attempt", "state", "status", "total_count", "version"];

#[tokio::test]
async fn fake_answers_as_gitea_1_24_7_did() {
    replay(Version::V1_24).await;
}

#[tokio::test]
async fn fake_answers_as_gitea_1_25_5_did() {
    replay(Version::V1_25).await;
}

#[tokio::test]
async fn fake_answers_as_gitea_1_26_4_did() {
    replay(Version::V1_26).await;
}

#[tokio::test]
async fn fake_answers_as_gitea_1_27_0_did() {
    replay(Version::V1_27).await;
}

#[tokio::test]
async fn fake_gives_jobs_the_event_payloads_of_gitea() {
    let fake = FakeGitea::start(Version::V1_26);
    let mut world = fake.world();
    world.add_repository(SOURCE);
    let target = world.add_repository(TARGET);
    target.add_workflow(WORKFLOW, &INPUTS);
    let sha = target.branches["main"].clone();
    let number = world.open_pull_request(SOURCE, SOURCE, "feature/x", &sha);
    let inputs = INPUTS.map(|name| (name.to_owned(), "x".to_owned())).into();
    let run = world.add_run(TARGET, WORKFLOW, "refs/heads/main", &sha, "mporter", inputs);

    let mut differences = Vec::new();
    let mut compare = |name: &str, ours: &Value| {
        compare_shape(name, &read(&fixtures().join(format!("events/{name}.json"))), ours, true, &mut differences);
    };
    compare("workflow_dispatch", &world.event_payload(run));
    compare("pull_request-opened", &world.pull_request_payload(SOURCE, number, "opened"));
    compare("pull_request-synchronized", &world.pull_request_payload(SOURCE, number, "synchronized"));
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn fake_gives_jobs_the_workflow_run_events_of_gitea() {
    let mut differences = Vec::new();
    let mut compared = 0;
    for version in [Version::V1_25, Version::V1_26, Version::V1_27] {
        for conclusion in ["success", "failure", "cancelled"] {
            let fake = FakeGitea::start(version);
            let mut world = fake.world();
            let run = recorded_run(&mut world);
            world.start_run(run);
            world.finish_run(run, conclusion);

            for event in world.run_events.clone() {
                let payload = world.run_event_payload(&event);
                let action = payload["action"].as_str().expect("an action");
                let ending = if action == "completed" { format!("-{conclusion}") } else { String::new() };
                let name = format!("workflow_run-{action}{ending}-{}", version.number());
                let recorded = read(&fixtures().join(format!("events/{name}.json")));
                compare_shape(&name, &recorded, &payload, true, &mut differences);
                let title = &payload["workflow_run"]["display_title"];
                if *title != recorded["workflow_run"]["display_title"] {
                    differences.push(format!("{name}: the title is {title}"));
                }
                compared += 1;
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert_eq!(compared, 3 * 2 + 3 * 3 + 3 * 3);
}

/// The run that the recorded events are about.
fn recorded_run(world: &mut World) -> u64 {
    world.add_repository(SOURCE);
    let target = world.add_repository(TARGET);
    let build = target.add_workflow(WORKFLOW, &INPUTS);
    build.content = "name: Build from upstream PR\n\
        run-name: ${{ inputs.source_repo }}#${{ inputs.pr_number }} ${{ inputs.pr_head_sha }}\n"
        .to_owned();
    let sha = target.branches["main"].clone();
    let inputs = [
        ("source_repo", SOURCE),
        ("pr_number", "1"),
        ("pr_head_sha", "7f68d9e953af69e55bb25a20071f79226f30f732"),
        ("pr_head_ref", "feature/x"),
    ];
    let inputs = inputs.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    world.add_run(TARGET, WORKFLOW, "refs/heads/main", &sha, "mporter", inputs)
}

#[test]
fn fake_gives_jobs_the_comment_events_of_gitea() {
    let mut differences = Vec::new();
    for version in [Version::V1_26, Version::V1_27] {
        let fake = FakeGitea::start(version);
        let mut world = fake.world();
        world.add_repository(SOURCE);
        let sha = world.new_sha();
        let number = world.open_pull_request(SOURCE, SOURCE, "feature/x", &sha);
        let comment = world.add_comment(SOURCE, number, "mporter", "/build");

        let name = format!("issue_comment-created-{}", version.number());
        let recorded = read(&fixtures().join(format!("events/{name}.json")));
        compare_shape(&name, &recorded, &world.comment_payload(comment), true, &mut differences);
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

async fn replay(version: Version) {
    let recordings = Recordings::read(version);
    assert!(recordings.0.len() >= AT_LEAST, "only {} recordings of {}", recordings.0.len(), version.number());
    // The process may have a provider already, from another test.
    rustls::crypto::ring::default_provider().install_default().ok();
    let client = reqwest::Client::builder().no_proxy().build().expect("an HTTP client");

    let mut differences = Vec::new();
    for (name, recording) in &recordings.0 {
        // Each exchange has a world of its own, so that their order does not matter.
        let fake = FakeGitea::start(version);
        recordings.build(&mut fake.world());
        let ours = send(&client, &fake.url(), &recording["request"]).await;
        let mut found = Vec::new();
        compare(&recording["response"], &ours, &mut found);
        differences.extend(found.into_iter().map(|difference| format!("{name}: {difference}")));
    }
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
}

/// Sends a recorded request, and returns the response in the form of a recording.
async fn send(client: &reqwest::Client, base: &str, request: &Value) -> Value {
    let text = |key: &str| request[key].as_str().expect("a text in the recording");
    let method = text("method").parse().expect("a method");
    let mut builder = client.request(method, format!("{base}{}", text("path")));
    if let Some(token) = request["token"].as_str() {
        builder = builder.header("Authorization", format!("token {}", token_value(token)));
    }
    if !request["body"].is_null() {
        builder = builder.json(&request["body"]);
    }
    let response = builder.send().await.expect("an answer");
    assert!(response.headers().contains_key("date"), "Go's server sends the date with each answer");
    let status = response.status().as_u16();
    let headers: BTreeMap<&str, String> = ["Content-Type", "Link", "X-Total-Count"]
        .into_iter()
        .filter_map(|name| Some((name, response.headers().get(name)?.to_str().ok()?.to_owned())))
        .collect();
    let is_json = headers.get("Content-Type").is_some_and(|content_type| content_type.contains("json"));
    let headers = serde_json::to_value(headers).expect("headers");
    let body = response.text().await.expect("a body");
    let body = if is_json { serde_json::from_str(&body).expect("JSON") } else { Value::from(body) };
    serde_json::json!({"status": status, "headers": headers, "body": body})
}

fn compare(recorded: &Value, ours: &Value, differences: &mut Vec<String>) {
    let mut equal = |what: &str, recorded: &Value, ours: &Value| {
        if recorded != ours {
            differences.push(format!("{what}: recorded {recorded}, ours {ours}"));
        }
    };
    equal("status", &recorded["status"], &ours["status"]);
    for header in ["Content-Type", "Link", "X-Total-Count"] {
        equal(header, &recorded["headers"][header], &ours["headers"][header]);
    }
    if recorded["status"].as_u64().is_some_and(|status| (200..300).contains(&status)) {
        compare_shape("body", &recorded["body"], &ours["body"], true, differences);
    } else {
        equal("body", &recorded["body"], &ours["body"]);
    }
}

fn compare_shape(path: &str, recorded: &Value, ours: &Value, outside_lists: bool, differences: &mut Vec<String>) {
    match (recorded, ours) {
        (Value::Object(recorded), Value::Object(ours)) => {
            for key in recorded.keys().chain(ours.keys()).collect::<BTreeSet<_>>() {
                let path = format!("{path}.{key}");
                match (recorded.get(key), ours.get(key)) {
                    (Some(recorded), Some(ours))
                        if outside_lists && EQUAL.contains(&key.as_str()) && recorded != ours =>
                    {
                        differences.push(format!("{path}: recorded {recorded}, ours {ours}"));
                    }
                    (Some(recorded), Some(ours)) => compare_shape(&path, recorded, ours, outside_lists, differences),
                    (Some(_), None) => differences.push(format!("{path}: is missing")),
                    (None, _) => differences.push(format!("{path}: was not recorded")),
                }
            }
        }
        (Value::Array(recorded), Value::Array(ours)) => {
            if recorded.len() != ours.len() {
                differences.push(format!("{path}: recorded {} elements, ours {}", recorded.len(), ours.len()));
            }
            // The elements differ from each other, as runs in different states do. Each of ours must be like one of
            // theirs.
            for (index, ours) in ours.iter().enumerate() {
                let attempts = recorded.iter().map(|recorded| {
                    let mut found = Vec::new();
                    compare_shape(&format!("{path}[{index}]"), recorded, ours, false, &mut found);
                    found
                });
                differences.extend(attempts.min_by_key(Vec::len).unwrap_or_default());
            }
        }
        _ if kind(recorded) == kind(ours) => {}
        _ => differences.push(format!("{path}: recorded {}, ours {}", kind(recorded), kind(ours))),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

fn token_value(name: &str) -> String {
    format!("token-{name}")
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).expect("a recording");
    serde_json::from_str(&text).expect("JSON in the recording")
}

/// The recorded responses of one server, by the name of the case.
struct Recordings(BTreeMap<String, Value>);

impl Recordings {
    fn read(version: Version) -> Self {
        let directory = fixtures().join(format!("gitea-{}", version.number()));
        let entries = std::fs::read_dir(directory).expect("the directory of recordings");
        let paths = entries.map(|entry| entry.expect("a directory entry").path());
        let name = |path: &Path| path.file_stem().expect("a file name").to_string_lossy().into_owned();
        Self(paths.map(|path| (name(&path), read(&path))).collect())
    }

    fn body(&self, name: &str) -> &Value {
        &self.0[name]["response"]["body"]
    }

    fn total(&self, name: &str) -> usize {
        let total = self.0[name]["response"]["headers"]["X-Total-Count"].as_str().and_then(|total| total.parse().ok());
        total.expect("a count in the recording")
    }

    /// The world at the time of the recordings, as far as the responses show it.
    fn build(&self, world: &mut World) {
        for name in ["mporter", "reader"] {
            world.add_user(name);
        }
        world.make_admin("mporter");
        world.add_token_for_all("mporter", &token_value("admin"));
        world.add_token("mporter", &token_value("read_repository"), &[Scope::ReadRepository]);
        world.add_token("mporter", &token_value("write_repository"), &[Scope::WriteRepository]);
        let both = [Scope::WriteRepository, Scope::WriteIssue];
        world.add_token("mporter", &token_value("write_repository_issue"), &both);
        world.add_token("reader", &token_value("no_write_permission"), &both);

        world.add_repository(SOURCE);
        world.add_repository(TARGET);
        for name in ["private", "archived", "noactions"] {
            let repository = world.add_repository(&format!("mporter/{name}"));
            repository.private = name == "private";
            repository.archived = name == "archived";
            repository.actions_enabled = name != "noactions";
            repository.add_workflow(WORKFLOW, &INPUTS);
        }
        self.add_workflows(world);
        let sha = self.add_pull_requests(world);
        self.add_statuses(world, &sha);
        self.add_runs(world);

        let comment = self.0["comment-edit"]["request"]["path"].as_str().and_then(|path| path.rsplit('/').next());
        world.next_comment_id = comment.and_then(|id| id.parse().ok()).expect("the id of the recorded comment");
        let number = number(self.body("pull-get"), "number");
        world.add_comment(SOURCE, number, "mporter", "edited");
    }

    fn add_workflows(&self, world: &mut World) {
        let target = world.repository(TARGET);
        for recorded in elements(&self.body("workflows-list")["workflows"]) {
            target.add_workflow(text(recorded, "id"), &[]).disabled = recorded["state"] == "disabled_manually";
        }
        let build = target.add_workflow(WORKFLOW, &INPUTS);
        build.content = self.body("workflow-file-raw").as_str().expect("a workflow's YAML").to_owned();
        target.workflow("broken.yml").broken = Some("yaml: line 1: did not find expected ',' or ']'".to_owned());
        target.workflow("on-push.yml").dispatchable = false;
    }

    /// Returns the head of the pull request that the recordings are about.
    fn add_pull_requests(&self, world: &mut World) -> String {
        // The newest comes first in the recording.
        for recorded in elements(self.body("pulls-open")).iter().rev() {
            let head = &recorded["head"];
            world.open_pull_request(SOURCE, SOURCE, text(head, "ref"), text(head, "sha"));
        }
        text(&self.body("pull-get")["head"], "sha").to_owned()
    }

    fn add_statuses(&self, world: &mut World, sha: &str) {
        let latest = elements(&self.body("status-combined")["statuses"]);
        let replaced = self.total("status-list") - latest.len();
        for status in latest.iter().cycle().take(replaced).chain(latest) {
            let creator = (!status["creator"].is_null()).then_some("mporter");
            world.add_status(SOURCE, sha, creator, text(status, "context"), text(status, "status"), "");
        }
    }

    /// The recorded runs, and enough ordinary ones to reach the recorded totals.
    fn add_runs(&self, world: &mut World) {
        let mut runs = BTreeMap::new();
        let bodies: Vec<&Value> = self.0.values().map(|recording| &recording["response"]["body"]).collect();
        let listed = bodies.iter().flat_map(|body| body["workflow_runs"].as_array().into_iter().flatten());
        for run in listed.chain(bodies.iter().copied()).filter(|run| run["run_attempt"].is_u64()) {
            runs.insert(number(run, "id"), run.clone());
        }
        for run in runs.values() {
            world.next_run_id = number(run, "id");
            world.repository(TARGET).next_run_number = number(run, "run_number");
            let workflow = text(run, "path").split('@').next().expect("a workflow's file name");
            let started = !text(run, "started_at").starts_with("1970-");
            add_run(world, workflow, started, run["conclusion"].as_str());
        }

        let is_queued = |run: &&Value| run["status"] == "queued";
        let count = |name: &str| self.body(name)["total_count"].as_u64().unwrap_or(0);
        let queued = count("runs-list-waiting") - runs.values().filter(is_queued).count() as u64;
        // Where runs are not listed, the tasks show how many there were.
        let total = count("runs-list").max(count("tasks-list")) - runs.len() as u64;
        let free_ids = (1..).filter(|id| !runs.contains_key(id));
        for (index, id) in (0..total).zip(free_ids) {
            world.next_run_id = id;
            add_run(world, "build-from-pr.yml", index >= queued, (index >= queued).then_some("success"));
        }
    }
}

fn add_run(world: &mut World, workflow: &str, started: bool, conclusion: Option<&str>) {
    let sha = world.repository(TARGET).branches["main"].clone();
    let id = world.add_run(TARGET, workflow, "refs/heads/main", &sha, "mporter", BTreeMap::new());
    if started {
        world.start_run(id);
    }
    if let Some(conclusion) = conclusion {
        world.finish_run(id, conclusion);
    }
}

fn elements(value: &Value) -> &[Value] {
    value.as_array().expect("an array in the recording")
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().expect("a text in the recording")
}

fn number(value: &Value, key: &str) -> u64 {
    value[key].as_u64().expect("a number in the recording")
}
