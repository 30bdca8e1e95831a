//! Workflows, dispatches and runs.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::access::{Category, Need};
use super::api::{Call, Outcome, Paged, error, no_content, not_found, ok, total_count};
use super::faults::Answer;
use super::{Progress, Repository, Run, Version, Workflow, json, json_actions};

impl Call<'_> {
    /// The checks are in Gitea's order: which of two errors comes first matters to a client.
    pub(super) fn dispatch(&mut self, owner: &str, name: &str, file: &str) -> Outcome {
        let repo = self.enter(Category::Repository, owner, name, Need::SignedIn)?;
        self.check_actions(&repo)?;
        self.enter(Category::Repository, owner, name, Need::Writer)?;
        let repository = self.world.repository_ref(&repo);
        let body = self.body()?;
        let given = self.inputs(&body)?;
        let git_ref = self.text(&body, "CreateActionWorkflowDispatch", "ref")?;
        if git_ref.is_empty() {
            return Err(error(self.world, 422, "[Ref]: Required"));
        }
        if repository.workflows.get(file).is_some_and(|workflow| workflow.disabled) {
            return Err(error(self.world, 403, "workflow is disabled"));
        }
        let Some((full_ref, sha)) = find_ref(repository, &git_ref) else {
            return Err(error(self.world, 404, &format!("ref \"{git_ref}\" doesn't exist")));
        };
        let there = |workflow: &&Workflow| repository.actions_enabled && workflow.is_at(&full_ref);
        let Some(workflow) = repository.workflows.get(file).filter(there) else {
            return Err(error(self.world, 404, &format!("workflow \"{file}\" doesn't exist")));
        };
        if let Some(reason) = &workflow.broken {
            let what = match self.world.version {
                Version::Forgejo | Version::V1_24 => "model.ReadWorkflow",
                Version::V1_25 | Version::V1_26 | Version::V1_27 => "failed to unmarshal workflow content",
            };
            return Err(self.internal_error(&format!("{what}: {reason}")));
        }
        if !workflow.dispatchable && self.world.version >= Version::V1_26 {
            return Err(error(self.world, 422, &format!("workflow \"{file}\" has no workflow_dispatch event trigger")));
        }
        // Only declared inputs count: Gitea drops all others, and fills in those that are missing.
        let inputs = workflow
            .inputs
            .iter()
            .map(|(name, default)| (name.clone(), given.get(name).unwrap_or(default).clone()))
            .collect();

        if self.world.version < Version::V1_26 {
            self.world.cancel_earlier_runs(&repo, file, &full_ref);
        }
        let user = self.user();
        let id = self.world.add_run(&repo, file, &full_ref, &sha, &user, inputs);
        let details = self.query.get("return_run_details").is_some_and(|text| ["true", "1"].contains(&text.as_str()));
        if self.world.version < Version::V1_26 || !details {
            return Ok(no_content());
        }
        let (root, pages) = (&self.world.root_url, self.world.pages());
        Ok(ok(&json!({
            "workflow_run_id": id,
            "run_url": format!("{root}/api/v1/repos/{repo}/actions/runs/{id}"),
            "html_url": format!("{pages}/{repo}/actions/runs/{id}"),
        })))
    }

    fn inputs(&self, body: &Value) -> Result<BTreeMap<String, String>, Answer> {
        let field = match self.world.version {
            Version::Forgejo | Version::V1_24 | Version::V1_25 => "CreateActionWorkflowDispatch.Inputs",
            Version::V1_26 | Version::V1_27 => "CreateActionWorkflowDispatch.inputs",
        };
        let given = match &body["inputs"] {
            Value::Null => return Ok(BTreeMap::new()),
            Value::Object(given) => given,
            other => return Err(self.unmarshal_error(other, field, "map[string]string")),
        };
        let text = |value: &Value| match value {
            Value::Null => Ok(String::new()),
            Value::String(text) => Ok(text.clone()),
            other => Err(self.unmarshal_error(other, field, "string")),
        };
        given.iter().map(|(name, value)| Ok((name.clone(), text(value)?))).collect()
    }

    pub(super) fn list_workflows(&self, owner: &str, name: &str) -> Outcome {
        let repo = self.enter(Category::Repository, owner, name, Need::SignedIn)?;
        self.check_actions(&repo)?;
        let repository = self.world.repository_ref(&repo);
        let workflows: Vec<Value> = repository
            .workflows
            .iter()
            .filter(|(_, it)| it.is_at(&repository.default_branch))
            .map(|(file, it)| json_actions::workflow(self.world, repository, file, it))
            .collect();
        let total = workflows.len();
        Ok(ok(&json!({"workflows": workflows, "total_count": total})))
    }

    pub(super) fn get_workflow(&self, owner: &str, name: &str, file: &str) -> Outcome {
        let repo = self.enter(Category::Repository, owner, name, Need::SignedIn)?;
        self.check_actions(&repo)?;
        let repository = self.world.repository_ref(&repo);
        let workflow = repository
            .workflows
            .get(file)
            .filter(|workflow| workflow.is_at(&repository.default_branch))
            .ok_or_else(|| error(self.world, 404, &format!("workflow \"{file}\" doesn't exist")))?;
        Ok(ok(&json_actions::workflow(self.world, repository, file, workflow)))
    }

    pub(super) fn list_tasks(&self, owner: &str, name: &str) -> Outcome {
        let repo = self.enter(Category::Repository, owner, name, Need::Reader)?;
        let runs = self.world.runs.iter().filter(|run| run.repository == repo);
        let mut tasks: Vec<_> =
            runs.flat_map(|run| run.jobs.iter().filter_map(move |job| Some((job.task?, run, job)))).collect();
        tasks.sort_by_key(|(id, ..)| std::cmp::Reverse(*id));
        let page = self.paged_if_requested(tasks);
        let entries =
            page.items.iter().map(|(id, run, job)| json_actions::task(self.world, *id, run, job)).collect::<Vec<_>>();
        Ok(self.counted_list("workflow_runs", &entries, &page))
    }

    pub(super) fn list_runs(&self, owner: &str, name: &str) -> Outcome {
        let need = if self.world.version < Version::V1_26 { Need::Owner } else { Need::SignedIn };
        let repo = self.enter(Category::Repository, owner, name, need)?;
        let wanted = |name: &str, value: &str| self.query.get(name).is_none_or(|text| text.is_empty() || text == value);
        let status = self.query.get("status").map_or("", String::as_str);
        if !KNOWN_STATUSES.contains(&status) {
            return Err(error(self.world, 400, &format!("Invalid workflow status: {status}")));
        }
        let mut runs: Vec<&Run> = self.world.runs.iter().filter(|run| run.repository == repo).collect();
        runs.retain(|run| wanted("event", &run.event) && wanted("head_sha", &run.sha) && wanted("actor", &run.actor));
        runs.retain(|run| has_status(&run.progress, status));
        runs.sort_by_key(|run| std::cmp::Reverse(run.id));
        let page = self.paged_if_requested(runs);
        let entries = page.items.iter().map(|run| json_actions::run(self.world, run)).collect::<Vec<_>>();
        Ok(self.counted_list("workflow_runs", &entries, &page))
    }

    pub(super) fn get_run(&self, owner: &str, name: &str, id: &str) -> Outcome {
        let repo = self.enter(Category::Repository, owner, name, Need::Reader)?;
        Ok(ok(&json_actions::run(self.world, self.find_run(&repo, id)?)))
    }

    pub(super) fn list_jobs(&mut self, owner: &str, name: &str, id: &str) -> Outcome {
        let repo = self.enter(Category::Repository, owner, name, Need::Reader)?;
        let page = self.paged(Vec::<()>::new());
        let start = (page.page - 1) * page.limit;
        let in_order = start == 0 || self.world.version >= Version::V1_27 || self.world.unordered_job_pages == 0;
        self.world.unordered_job_pages -= usize::from(!in_order);
        let run = match self.find_run(&repo, id) {
            Ok(run) => run,
            Err(missing) if self.world.version >= Version::V1_27 => return Err(missing),
            // Before 1.27 this list does not check whether the run exists. A deleted run has no jobs.
            Err(_) => return Ok(self.counted_list("jobs", &[], &self.paged_if_requested(Vec::<()>::new()))),
        };
        let mut jobs: Vec<_> = run.jobs.iter().enumerate().collect();
        if !in_order && start < jobs.len() {
            // The last entry of the previous page comes once more, and the last entry of all is missing.
            jobs.insert(start, jobs[start - 1]);
            jobs.pop();
        }
        let page = self.paged_if_requested(jobs);
        let entries =
            page.items.iter().map(|(index, job)| json_actions::job(self.world, run, *index, job)).collect::<Vec<_>>();
        Ok(self.counted_list("jobs", &entries, &page))
    }

    pub(super) fn delete_run(&mut self, owner: &str, name: &str, id: &str) -> Outcome {
        let repo = self.enter(Category::Repository, owner, name, Need::Writer)?;
        let run = self.find_run(&repo, id)?;
        if !matches!(run.progress, Progress::Completed(_)) {
            return Err(error(self.world, 400, "this workflow run is not done"));
        }
        let id = run.id;
        self.world.delete_run(id);
        Ok(no_content())
    }

    pub(super) fn get_contents(&self, owner: &str, name: &str, path: &str) -> Outcome {
        if path == ".gitea/workflows" {
            return self.list_workflow_files(owner, name, path);
        }
        let (repo, file) = self.workflow_file(owner, name, path)?;
        let repository = self.world.repository_ref(&repo);
        Ok(ok(&json::contents(self.world, repository, path, &repository.workflows[&file].content)))
    }

    /// A folder is a list of its files, without their contents.
    fn list_workflow_files(&self, owner: &str, name: &str, path: &str) -> Outcome {
        let repo = self.enter(Category::Repository, owner, name, Need::Reader)?;
        let repository = self.world.repository_ref(&repo);
        if self.query.get("ref").is_some_and(|git_ref| repository.resolve(git_ref).is_none()) {
            return Err(not_found(self.world, None));
        }
        let entry = |(file, workflow): (&String, &Workflow)| {
            let mut entry = json::contents(self.world, repository, &format!("{path}/{file}"), &workflow.content);
            entry["content"] = Value::Null;
            entry["encoding"] = Value::Null;
            entry
        };
        let git_ref = self.query.get("ref").unwrap_or(&repository.default_branch);
        let there = |(_, workflow): &(&String, &Workflow)| is_there(repository, workflow, git_ref);
        Ok(ok(&repository.workflows.iter().filter(there).map(entry).collect()))
    }

    pub(super) fn get_raw(&self, owner: &str, name: &str, path: &str) -> Outcome {
        let (repo, file) = self.workflow_file(owner, name, path)?;
        let content = &self.world.repository_ref(&repo).workflows[&file].content;
        Ok(Answer::new(200, "text/plain; charset=utf-8", content.clone()))
    }

    /// The only files that the fake's repositories have are workflows.
    fn workflow_file(&self, owner: &str, name: &str, path: &str) -> Result<(String, String), Answer> {
        let repo = self.enter(Category::Repository, owner, name, Need::Reader)?;
        let repository = self.world.repository_ref(&repo);
        let git_ref = self.query.get("ref").unwrap_or(&repository.default_branch);
        let there = |file: &&str| {
            repository.workflows.get(*file).is_some_and(|workflow| is_there(repository, workflow, git_ref))
        };
        let file = path.strip_prefix(".gitea/workflows/").filter(there);
        let file = file
            .filter(|_| repository.resolve(git_ref).is_some())
            .ok_or_else(|| not_found(self.world, None))?
            .to_owned();
        Ok((repo, file))
    }

    fn find_run(&self, repo: &str, id: &str) -> Result<&Run, Answer> {
        let id: u64 = id.parse().unwrap_or(0);
        self.world.runs.iter().find(|run| run.id == id && run.repository == repo).ok_or_else(|| {
            let detail = match self.world.version {
                Version::Forgejo | Version::V1_24 | Version::V1_25 => "resource does not exist".to_owned(),
                Version::V1_26 | Version::V1_27 => format!("run with id {id}: resource does not exist"),
            };
            not_found(self.world, Some(&detail))
        })
    }

    /// A list inside an object, with its total. Only 1.26 repeats the total in the headers.
    fn counted_list<T>(&self, key: &str, entries: &[Value], page: &Paged<T>) -> Answer {
        let answer = ok(&json!({key: entries, "total_count": page.total}));
        if self.world.version < Version::V1_26 {
            return answer;
        }
        self.with_links(total_count(answer, page.total), page.total, page.page, page.limit)
    }
}

/// Whether a workflow is there at a branch's name, or at the commit of a branch.
fn is_there(repository: &Repository, workflow: &Workflow, git_ref: &str) -> bool {
    let mut branches = repository.branches.iter().filter(|(_, sha)| *sha == git_ref);
    workflow.is_at(git_ref) || branches.any(|(branch, _)| workflow.is_at(branch))
}

/// What the `status` of a list may be.
const KNOWN_STATUSES: [&str; 14] = [
    "",
    "pending",
    "waiting",
    "requested",
    "action_required",
    "queued",
    "in_progress",
    "completed",
    "success",
    "failure",
    "skipped",
    "neutral",
    "cancelled",
    "timed_out",
];

fn has_status(progress: &Progress, wanted: &str) -> bool {
    match (wanted, progress) {
        ("", _) | ("queued", Progress::Queued) | ("in_progress", Progress::Running) => true,
        ("completed", Progress::Completed(_)) => true,
        (wanted, Progress::Completed(conclusion)) => wanted == conclusion,
        _ => false,
    }
}

/// A branch by its name, or a branch or tag in full. A SHA is no ref, and neither is a tag's bare name.
fn find_ref(repository: &Repository, git_ref: &str) -> Option<(String, String)> {
    let sha = if let Some(tag) = git_ref.strip_prefix("refs/tags/") {
        repository.tags.get(tag)
    } else {
        let branch = git_ref.strip_prefix("refs/heads/").unwrap_or(git_ref);
        repository.branches.get(branch)
    };
    let full = if git_ref.starts_with("refs/") { git_ref.to_owned() } else { format!("refs/heads/{git_ref}") };
    Some((full, sha?.clone()))
}
