//! What the fake server does beyond the recorded exchanges, according to the facts about real servers.

use serde_json::Value;

use crate::fake::{Action, FakeGitea, Permission, Progress, Scope, Version};
use crate::stage;
use crate::stage::{SOURCE, Stage, TARGET, TOKEN, WORKFLOW, add_waiting_run};

/// Status, headers and body of a GET with a token, relative to the API.
struct Got {
    status: u16,
    content_range: Option<String>,
    body: String,
}

impl Got {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

async fn get(fake: &FakeGitea, path: &str, token: &str, range: Option<&str>) -> Got {
    rustls::crypto::ring::default_provider().install_default().ok();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut request =
        client.get(format!("{}/{path}", fake.api_url())).header("Authorization", format!("token {token}"));
    if let Some(range) = range {
        request = request.header("Range", range);
    }
    let response = request.send().await.unwrap();
    let content_range = response.headers().get("content-range").map(|value| value.to_str().unwrap().to_owned());
    Got { status: response.status().as_u16(), content_range, body: response.text().await.unwrap() }
}

/// The stage with a run of its pull request.
fn with_run(version: Version) -> (Stage, u64) {
    let stage = stage(version);
    let run = add_waiting_run(&mut stage.gitea.world(), stage.number);
    (stage, run)
}

fn actions(stage: &Stage) -> Vec<Action> {
    stage.gitea.world().run_events.iter().map(|event| event.action).collect()
}

#[tokio::test]
async fn links_to_pages_have_the_address_of_the_request_and_the_api_has_root_url() {
    for (version, pages_are_asked) in [(Version::V1_25, false), (Version::V1_26, true), (Version::V1_27, true)] {
        let (stage, run) = with_run(version);
        stage.gitea.set_root_url("https://git.example.org/forge/");
        let pages = if pages_are_asked {
            format!("{}/forge", stage.gitea.url())
        } else {
            "https://git.example.org/forge".into()
        };
        let api = "https://git.example.org/forge/api/v1/repos";

        let pull = get(&stage.gitea, &format!("repos/{SOURCE}/pulls/{}", stage.number), TOKEN, None).await.json();
        assert_eq!(pull["html_url"], format!("{pages}/{SOURCE}/pulls/{}", stage.number));
        assert_eq!(pull["base"]["repo"]["url"], format!("{api}/{SOURCE}"));

        let mut world = stage.gitea.world();
        let event = world.run_event(run, Action::Requested);
        let payload = world.run_event_payload(&event);
        assert_eq!(payload["repository"]["url"], format!("{api}/{TARGET}"));
        let page = payload["workflow_run"]["html_url"].as_str().unwrap();
        assert!(page.starts_with(&format!("{pages}/{TARGET}/actions/runs/")), "{page}");
    }
}

#[tokio::test]
async fn end_of_a_log_is_one_small_request() {
    let (stage, run) = with_run(Version::V1_26);
    let job = stage.gitea.world().job(run, "build").id;
    let path = format!("repos/{TARGET}/actions/jobs/{job}/logs");
    assert_eq!(get(&stage.gitea, &path, TOKEN, None).await.status, 404, "not started");
    stage.gitea.world().fail_job(run, "build", "Run make test", 125);
    assert_eq!(get(&stage.gitea, &path, TOKEN, None).await.status, 404, "no log");
    stage.gitea.world().set_log(run, "build", &["first", "##[error]exit status 2"]);

    let whole = get(&stage.gitea, &path, TOKEN, None).await;
    assert_eq!((whole.status, whole.body.lines().count()), (200, 2));
    let end = get(&stage.gitea, &path, TOKEN, Some("bytes=-7")).await;
    assert_eq!((end.status, end.body.as_str()), (206, "atus 2\n"));
    assert_eq!(
        end.content_range.unwrap(),
        format!("bytes {}-{}/{}", whole.body.len() - 7, whole.body.len() - 1, whole.body.len())
    );
    let more = get(&stage.gitea, &path, TOKEN, Some("bytes=-65536")).await;
    assert_eq!((more.status, more.body), (206, whole.body));

    let other = format!("repos/{SOURCE}/actions/jobs/{job}/logs");
    assert_eq!(get(&stage.gitea, &other, TOKEN, None).await.status, 404, "another repository's");
}

#[tokio::test]
async fn job_says_in_which_step_it_failed_after_how_long() {
    for version in [Version::V1_25, Version::V1_26] {
        let (stage, run) = with_run(version);
        stage.gitea.world().fail_job(run, "build", "Run make test", 125);

        let jobs = get(&stage.gitea, &format!("repos/{TARGET}/actions/runs/{run}/jobs"), TOKEN, None).await.json();

        let steps = jobs["jobs"][0]["steps"].as_array().cloned().unwrap_or_default();
        let conclusions: Vec<_> = steps.iter().map(|step| step["conclusion"].as_str().unwrap()).collect();
        assert_eq!(jobs["jobs"][0]["conclusion"], "failure");
        if version == Version::V1_25 {
            assert!(steps.is_empty(), "{steps:?}");
        } else {
            assert_eq!(conclusions, ["success", "failure", "skipped"]);
            assert_eq!(steps[1]["name"], "Run make test");
        }
    }
}

#[tokio::test]
async fn page_without_order_repeats_a_job_and_leaves_another_out() {
    for (version, expected) in [(Version::V1_25, 59), (Version::V1_26, 59), (Version::V1_27, 60)] {
        let (stage, run) = with_run(version);
        for n in 1..60 {
            stage.gitea.world().add_job(run, &format!("leg {n}"));
        }
        stage.gitea.world().unordered_job_pages = 1;
        let mut counts = Vec::new();
        for _ in 0..2 {
            let mut names = std::collections::BTreeSet::new();
            for page in [1, 2] {
                let path = format!("repos/{TARGET}/actions/runs/{run}/jobs?limit=50&page={page}");
                let jobs = get(&stage.gitea, &path, TOKEN, None).await.json();
                assert_eq!(jobs["total_count"], 60);
                names.extend(jobs["jobs"].as_array().unwrap().iter().map(|job| job["name"].to_string()));
            }
            counts.push(names.len());
        }
        assert_eq!(counts, [expected, 60], "{version:?}");
    }
}

#[test]
fn long_title_is_cut() {
    let (stage, _) = with_run(Version::V1_26);
    let mut world = stage.gitea.world();
    let sha = world.new_sha();
    let number = world.open_pull_request(TARGET, TARGET, "mine", &sha);
    let run = world.add_pull_request_run(TARGET, number, WORKFLOW, &"x".repeat(256));
    assert_eq!(world.run(run).title, "x".repeat(252) + "…");
    assert_eq!(world.run(run).event, "pull_request");
}

#[test]
fn completed_is_sent_while_a_job_is_still_to_come() {
    let (stage, _) = with_run(Version::V1_26);
    let mut world = stage.gitea.world();
    let workflow = world.repository(TARGET).workflow(WORKFLOW);
    workflow.jobs.push("cleanup".to_owned());
    workflow.jobs_with_needs.insert("cleanup".to_owned());
    world.run_events.clear();
    let run = add_waiting_run(&mut world, stage.number);
    world.start_run(run);
    world.finish_job(run, "build", "failure");
    assert_eq!(world.run(run).progress, Progress::Completed("failure".to_owned()));
    world.start_job(run, "cleanup");
    assert_eq!(world.run(run).progress, Progress::Running);
    world.finish_job(run, "cleanup", "success");
    drop(world);

    use Action::{Completed, InProgress, Requested};
    assert_eq!(actions(&stage), [Requested, InProgress, Completed, InProgress, Completed]);
}

#[test]
fn cancelling_by_hand_is_silent_on_1_25_while_a_job_runs() {
    for (version, expected) in [(Version::V1_24, 0), (Version::V1_25, 1), (Version::V1_26, 3)] {
        let (stage, run) = with_run(version);
        stage.gitea.world().start_run(run);
        stage.gitea.world().cancel_run(run);
        assert_eq!(actions(&stage).len(), expected, "{version:?}");
    }
}

#[tokio::test]
async fn workflow_on_one_branch_is_nowhere_else() {
    let stage = stage(Version::V1_26);
    {
        let mut world = stage.gitea.world();
        let sha = world.new_sha();
        let target = world.repository(TARGET);
        target.add_branch("dev", &sha);
        target.workflow(WORKFLOW).only_on = Some("dev".to_owned());
    }
    for (git_ref, expected) in [("main", 404), ("dev", 200), ("absent", 404)] {
        let path = format!("repos/{TARGET}/raw/.gitea/workflows/{WORKFLOW}?ref={git_ref}");
        assert_eq!(get(&stage.gitea, &path, TOKEN, None).await.status, expected, "{git_ref}");
    }
    let listed = get(&stage.gitea, &format!("repos/{TARGET}/actions/workflows"), TOKEN, None).await.json();
    assert_eq!(listed["total_count"], 0);
}

#[test]
fn workflow_file_declares_inputs_and_jobs() {
    let stage = stage(Version::V1_26);
    let mut world = stage.gitea.world();
    let yaml = "\
on:
  push:
  workflow_dispatch:
    inputs:
      pr_number: {required: true}
      level: {type: number, default: 3}
jobs:
  build: {name: Build all, runs-on: x}
  report: {needs: build, runs-on: x}
";
    let workflow = world.repository(TARGET).add_workflow_file("x.yml", yaml);
    assert!(workflow.dispatchable && workflow.broken.is_none());
    assert_eq!(workflow.inputs, [("level", "3"), ("pr_number", "")].map(|(k, v)| (k.into(), v.into())).into());
    assert_eq!(workflow.jobs, ["Build all", "report"]);
    assert!(workflow.jobs_with_needs.contains("report") && workflow.jobs_with_needs.len() == 1);
    assert!(!world.repository(TARGET).add_workflow_file("y.yml", "on: [push]").dispatchable);
    assert!(world.repository(TARGET).add_workflow_file("z.yml", "on: [push").broken.is_some());
}

#[tokio::test]
async fn forgejo_has_no_runs() {
    let (stage, run) = with_run(Version::Forgejo);
    let version = get(&stage.gitea, "version", TOKEN, None).await.json();
    assert_eq!(version["version"], "9.0.0-dev+gitea-1.22.0");
    for path in [format!("actions/runs/{run}"), format!("actions/runs/{run}/jobs"), "actions/jobs/1/logs".to_owned()] {
        let got = get(&stage.gitea, &format!("repos/{TARGET}/{path}"), TOKEN, None).await;
        assert_eq!((got.status, got.body.trim()), (404, "404 page not found"), "{path}");
    }
}

#[tokio::test]
async fn rights_of_two_bots_differ() {
    let stage = stage(Version::V1_26);
    stage.gitea.world().add_bot(
        "reader",
        "token-of-the-reader",
        &[Scope::WriteRepository],
        &[(SOURCE, Permission::Read)],
    );
    for (token, push) in [(TOKEN, true), ("token-of-the-reader", false)] {
        let repository = get(&stage.gitea, &format!("repos/{SOURCE}"), token, None).await.json();
        assert_eq!(repository["permissions"]["push"], push);
        assert_eq!(repository["permissions"]["pull"], true);
    }
}
