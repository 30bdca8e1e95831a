//! As `json`, for workflows, runs and jobs.

use serde_json::{Value, json};

use super::access::Access;
use super::clock::rfc3339;
use super::json::{NEVER, extend, repository, user};
use super::{Job, JobStep, Progress, Repository, Run, Version, Workflow, World};

pub(super) fn workflow(world: &World, repository: &Repository, file: &str, workflow: &Workflow) -> Value {
    let (root, pages) = (&world.root_url, world.pages());
    let full_name = repository.full_name();
    let branch = &repository.default_branch;
    let time = rfc3339(repository.created_at);
    let name = workflow.top_level("name").filter(|_| world.version >= Version::V1_26).unwrap_or(file);
    json!({
        "id": file,
        "name": name,
        "path": format!(".gitea/workflows/{file}"),
        "state": if workflow.disabled { "disabled_manually" } else { "active" },
        "created_at": time,
        "updated_at": time,
        "url": format!("{root}/api/v1/repos/{full_name}/actions/workflows/{file}"),
        "html_url": format!("{pages}/{full_name}/src/branch/{branch}/.gitea/workflows/{file}"),
        "badge_url": format!("{pages}/{full_name}/actions/workflows/{file}/badge.svg?branch={branch}"),
        "deleted_at": NEVER,
    })
}

pub(super) fn run(world: &World, run: &Run) -> Value {
    let repo = world.repository_ref(&run.repository);
    let actor = user(world, &run.actor);
    let mut value = json!({
        "id": run.id,
        "url": api_url(world, run),
        "html_url": world.run_url(run),
        "display_title": run.title,
        "path": format!("{}@{}", run.workflow, run.git_ref),
        "event": run.event,
        "run_attempt": if world.version < Version::V1_27 { 0 } else { run.attempt },
        "run_number": run.number,
        "head_sha": run.sha,
        "head_branch": run.git_ref.strip_prefix("refs/heads/").unwrap_or_default(),
        "actor": actor,
        "trigger_actor": actor,
        "repository": repository(world, repo, Access::None),
        "started_at": rfc3339(run.started_at),
        "completed_at": rfc3339(run.completed_at),
    });
    if world.version >= Version::V1_27 {
        let earlier = run.attempt - 1;
        let previous = (earlier > 0).then(|| format!("{}/attempts/{earlier}", api_url(world, run)));
        extend(&mut value, json!({"previous_attempt_url": previous, "pull_requests": []}));
    }
    add_progress(&mut value, &run.progress, run.is_blocked());
    value
}

pub(super) fn job(world: &World, run: &Run, index: usize, job: &Job) -> Value {
    let in_url = if world.version < Version::V1_26 { index as u64 } else { job.id };
    let mut value = json!({
        "id": job.id,
        "url": format!("{}/api/v1/repos/{}/actions/jobs/{}", world.root_url, run.repository, job.id),
        "html_url": format!("{}/jobs/{in_url}", world.run_url(run)),
        "run_id": run.id,
        "run_url": api_url(world, run),
        "name": job.name,
        "labels": ["ubuntu-latest"],
        "run_attempt": job.attempt,
        "head_sha": run.sha,
        "head_branch": run.git_ref.strip_prefix("refs/heads/").unwrap_or_default(),
        "steps": if world.version < Version::V1_26 { Value::Null } else { steps(job) },
        "created_at": rfc3339(job.created_at),
        "started_at": rfc3339(job.started_at),
        "completed_at": rfc3339(job.completed_at),
    });
    add_progress(&mut value, &job.progress, job.blocked);
    if job.task.is_some() {
        extend(&mut value, json!({"runner_id": 1, "runner_name": "r1"}));
    }
    value
}

fn steps(job: &Job) -> Value {
    let step = |(number, step): (usize, &JobStep)| {
        let mut value = json!({
            "name": step.name,
            "number": number,
            "started_at": rfc3339(step.started_at),
            "completed_at": rfc3339(step.completed_at),
        });
        add_progress(&mut value, &step.progress, false);
        value
    };
    job.steps.iter().enumerate().map(step).collect()
}

pub(super) fn task(world: &World, id: u64, run: &Run, job: &Job) -> Value {
    let status = match &job.progress {
        Progress::Queued if job.blocked => "blocked",
        Progress::Queued => "waiting",
        Progress::Running => "running",
        Progress::Completed(conclusion) => conclusion,
    };
    let started = rfc3339(job.started_at);
    json!({
        "id": id,
        "name": job.name,
        "head_branch": run.git_ref.strip_prefix("refs/heads/").unwrap_or_default(),
        "head_sha": run.sha,
        "run_number": run.number,
        "event": run.event,
        "display_title": run.title,
        "status": status,
        "workflow_id": run.workflow,
        "url": world.run_url(run),
        "created_at": started,
        "updated_at": rfc3339(job.completed_at.max(job.started_at)),
        "run_started_at": started,
    })
}

/// `conclusion` is left out, not null, before the end.
fn add_progress(value: &mut Value, progress: &Progress, blocked: bool) {
    extend(
        value,
        match progress {
            Progress::Queued if blocked => json!({"status": "waiting"}),
            Progress::Queued => json!({"status": "queued"}),
            Progress::Running => json!({"status": "in_progress"}),
            Progress::Completed(conclusion) => json!({"status": "completed", "conclusion": conclusion}),
        },
    );
}

fn api_url(world: &World, run: &Run) -> String {
    format!("{}/api/v1/repos/{}/actions/runs/{}", world.root_url, run.repository, run.id)
}

pub(super) fn short_ref(git_ref: &str) -> &str {
    git_ref.strip_prefix("refs/heads/").or_else(|| git_ref.strip_prefix("refs/tags/")).unwrap_or(git_ref)
}
