//! The two repositories, the people and the action on a real server, and what can be seen there.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::api::Api;
use super::git::Checkout;
use super::server::{Conditions, OWNER, Server, output, random_hex};
use crate::stage::{SOURCE, TARGET, WORKFLOW};

/// The account that dispatches and reports.
pub(crate) const BOT: &str = "dispatch-bot";

/// How long runs may take to end.
pub(super) const PATIENCE: Duration = Duration::from_secs(90);

/// How the repositories of a test differ from the usual ones.
pub(crate) struct Setup {
    /// The source's workflow, as in `examples/` unless the test changes it.
    pub(crate) source_workflow: String,
    /// The target's workflow.
    pub(crate) target_workflow: String,
    /// The target's workflow that reports by event, if it has one.
    pub(crate) report_workflow: Option<String>,
    /// Whether people have to sign in to see the source.
    pub(crate) private_source: bool,
    pub(crate) conditions: Conditions,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            source_workflow: example("source.yml"),
            target_workflow: example("build-and-report.yml"),
            report_workflow: None,
            private_source: false,
            conditions: Conditions::default(),
        }
    }
}

impl Setup {
    /// The repositories whose builds are reported by event.
    pub(crate) fn by_event() -> Self {
        let (target_workflow, report_workflow) = (example("build-from-pr.yml"), Some(example("report.yml")));
        Self { target_workflow, report_workflow, ..Self::default() }
    }
}

/// A server with the action and both repositories, as the documentation says to set them up.
pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) source: Checkout,
    pub(crate) target: Checkout,
    bot: Api,
}

/// A run as the owner of its repository sees it.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) id: u64,
    pub(crate) number: u64,
    /// The workflow's file and the ref: `file@refs/heads/…`.
    pub(crate) path: String,
    pub(crate) event: String,
    pub(crate) status: String,
    pub(crate) conclusion: String,
    pub(crate) jobs: Vec<Job>,
}

/// A job of a run.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) status: String,
    pub(crate) conclusion: String,
}

/// A status that the action set on a commit.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Status {
    pub(crate) state: String,
    pub(crate) description: String,
    pub(crate) link: String,
}

/// A comment on a pull request.
#[derive(Debug, PartialEq)]
pub(crate) struct Comment {
    pub(crate) author: String,
    pub(crate) body: String,
}

impl Run {
    pub(super) fn has_ended(&self) -> bool {
        // A run counts as failed before the jobs that need the failed job have started, so the jobs are read too.
        self.status == "completed" && self.jobs.iter().all(|job| job.status == "completed")
    }
}

impl World {
    /// The repositories as the examples have them.
    pub(crate) async fn new() -> Self {
        Self::with(Setup::default()).await
    }

    /// The repositories as the test wants them.
    pub(crate) async fn with(setup: Setup) -> Self {
        let server = Server::start_under(&setup.conditions).await;
        let owner = server.owner();
        publish_action(&server).await;

        // The examples name a server that does not exist; nothing else in them is changed.
        let here = |workflow: &str| workflow.replace("https://gitea.example.com", server.url());
        create_repository(owner, SOURCE, setup.private_source).await;
        create_repository(owner, TARGET, false).await;
        let source = checkout(&server, owner, SOURCE, "source");
        source.push("main", &[("README.md", "A\n"), (".gitea/workflows/source.yml", &here(&setup.source_workflow))]);
        let target = checkout(&server, owner, TARGET, "target");
        let path = format!(".gitea/workflows/{WORKFLOW}");
        target.push("main", &[("README.md", "B\n"), (&path, &here(&setup.target_workflow))]);
        if let Some(report) = &setup.report_workflow {
            target.push("main", &[(".gitea/workflows/report.yml", &here(report))]);
        }
        for repository in [SOURCE, TARGET] {
            wait_for_content(owner, repository).await;
        }

        let bot = create_user(owner, BOT, &["write:repository", "write:issue"]).await;
        let world = Self { server, source, target, bot };
        for repository in [SOURCE, TARGET] {
            world.add_collaborator(repository, BOT, "write").await;
            world.set_secret(repository, "DISPATCH_TOKEN", world.bot.token()).await;
        }
        world
    }

    /// Takes a picture of the first pull request's page for the documents, if `PICTURES` names a folder for it: see
    /// `docs/pictures.md`.
    pub(crate) fn picture(&self, name: &str) {
        let Some(folder) = std::env::var_os("PICTURES") else { return };
        let file = Path::new(&folder).join(name);
        let page = format!("{}/{SOURCE}/pulls/1", self.server.url());
        output(
            Command::new("chromium")
                .args(["--headless", "--no-sandbox", "--hide-scrollbars", "--window-size=1100,1300"])
                .args(["--virtual-time-budget=10000", &format!("--screenshot={}", file.display()), &page]),
        );
    }

    /// The token of the account that dispatches and reports.
    pub(crate) fn bot_token(&self) -> &str {
        self.bot.token()
    }

    fn owner(&self) -> &Api {
        self.server.owner()
    }

    /// A new account, seen through a token with these scopes only.
    pub(crate) async fn create_user(&self, name: &str, scopes: &[&str]) -> Api {
        create_user(self.owner(), name, scopes).await
    }

    /// Lets an account read or write a repository.
    pub(crate) async fn add_collaborator(&self, repository: &str, name: &str, permission: &str) {
        let path = format!("/repos/{repository}/collaborators/{name}");
        self.owner().put(&path, &json!({ "permission": permission })).await;
    }

    /// Stores a secret for the jobs of a repository.
    pub(crate) async fn set_secret(&self, repository: &str, name: &str, value: &str) {
        let path = format!("/repos/{repository}/actions/secrets/{name}");
        self.owner().put(&path, &json!({ "data": value })).await;
    }

    /// Pushes a branch whose build ends with this exit code, and opens a pull request of it. Returns its head.
    pub(crate) async fn open_pull_request(&self, build_exit_code: u8) -> String {
        let sha = self.push_build(build_exit_code);
        let request = json!({ "title": "A change", "head": "feature", "base": "main" });
        self.owner().post(&format!("/repos/{SOURCE}/pulls"), &request).await;
        sha
    }

    /// Pushes a branch with this build, and opens a pull request of it. Returns its head.
    pub(crate) async fn open_pull_request_of(&self, branch: &str, build: &str) -> String {
        let sha = self.source.push(branch, &[("build.sh", build)]);
        let request = json!({ "title": format!("The change {branch}"), "head": branch, "base": "main" });
        self.owner().post(&format!("/repos/{SOURCE}/pulls"), &request).await;
        sha
    }

    /// Replaces the target's workflow.
    pub(crate) fn set_target_workflow(&self, text: &str) {
        let text = text.replace("https://gitea.example.com", self.server.url());
        self.target.push("main", &[(&format!(".gitea/workflows/{WORKFLOW}"), &text)]);
    }

    /// Adds a workflow to the target's default branch.
    pub(crate) fn add_to_target(&self, file: &str, text: &str) {
        let text = text.replace("https://gitea.example.com", self.server.url());
        self.target.push("main", &[(&format!(".gitea/workflows/{file}"), &text)]);
    }

    /// Deletes a secret of a repository.
    pub(crate) async fn delete_secret(&self, repository: &str, name: &str) {
        self.owner().delete(&format!("/repos/{repository}/actions/secrets/{name}")).await;
    }

    /// How many runs a repository has.
    pub(crate) async fn count_of_runs(&self, repository: &str) -> usize {
        runs(self.owner(), repository).await.len()
    }

    /// Waits until the target has this many runs and the last one is in this state. Returns that run.
    pub(crate) async fn run_in_state(&self, count: usize, state: &str) -> Run {
        let asked = Instant::now();
        loop {
            let mut runs = runs(self.owner(), TARGET).await;
            if runs.len() >= count && runs[count - 1].status == state {
                return runs.swap_remove(count - 1);
            }
            assert!(asked.elapsed() < PATIENCE, "{TARGET} has no {state} run {count}: {runs:#?}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Waits until a commit has its pending status: the source's workflow has done its work.
    pub(crate) async fn wait_for_pending(&self, sha: &str) {
        let asked = Instant::now();
        while self.statuses(sha).await.is_empty() {
            assert!(asked.elapsed() < PATIENCE, "{sha} has no pending status");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Presses "Cancel" on the page of a run.
    pub(crate) async fn cancel(&self, run: &Run) {
        self.server.browser().await.press(&format!("/{TARGET}/actions/runs/{}/cancel", run.id)).await;
        self.run_with_id_has_ended(run.id).await;
    }

    /// Waits for the end of a run.
    pub(crate) async fn run_with_id_has_ended(&self, id: u64) {
        let asked = Instant::now();
        while !runs(self.owner(), TARGET).await.iter().any(|run| run.id == id && run.has_ended()) {
            assert!(asked.elapsed() < PATIENCE, "run {id} does not end");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// A step of a job in the source: the binary with these inputs. Returns whether it succeeded, its outputs and its log.
    pub(crate) fn step(&self, inputs: &[(&str, &str)]) -> (bool, String, String) {
        let outputs = tempfile::NamedTempFile::new().unwrap();
        let mut command = Command::new(crate::binary());
        command.env_clear().env("GITHUB_OUTPUT", outputs.path());
        command
            .env("GITHUB_API_URL", format!("{}/api/v1", self.server.url()))
            .env("GITHUB_SERVER_URL", self.server.url());
        command.env("GITHUB_REPOSITORY", SOURCE).env("INPUT_TOKEN", self.bot.token()).env("INPUT_TARGET", TARGET);
        command.envs(
            inputs.iter().map(|(name, value)| (format!("INPUT_{}", name.to_uppercase().replace('-', "_")), value)),
        );
        let done = command.output().unwrap();
        let log = String::from_utf8_lossy(&done.stdout).into_owned();
        println!("{inputs:?}:\n{log}");
        (done.status.success(), fs::read_to_string(outputs.path()).unwrap(), log)
    }

    /// Runs `mode: reconcile`, which must succeed, and gives its numbers: checked, closed, running.
    pub(crate) fn reconcile(&self) -> String {
        let (success, outputs, log) = self.step(&[("mode", "reconcile")]);
        assert!(success, "{log}");
        outputs.replace('\n', " ").trim().to_owned()
    }

    /// Adds a workflow to the source's main branch, runs it by hand, and waits for its end, which must be a success.
    pub(crate) async fn run_in_source(&self, file: &str, workflow: &str) {
        let workflow = workflow.replace("https://gitea.example.com", self.server.url());
        self.source.fetch("main");
        self.source.push("main", &[(&format!(".gitea/workflows/{file}"), &workflow)]);
        let before = runs(self.owner(), SOURCE).await.len();
        let path = format!("/repos/{SOURCE}/actions/workflows/{file}/dispatches");
        self.owner().post(&path, &json!({ "ref": "main" })).await;
        let run = finished_runs(&self.server, SOURCE, before + 1).await.pop().unwrap();
        assert_eq!(run.conclusion, "success", "{file}");
    }

    /// The comments on a pull request of the source: the first line of each.
    pub(crate) async fn comments_on(&self, number: u64) -> Vec<String> {
        let answer = self.owner().get(&format!("/repos/{SOURCE}/issues/{number}/comments")).await;
        let first_line = |comment: &Value| text(&comment["body"]).lines().next().unwrap_or_default().to_owned();
        list(&answer).iter().map(first_line).collect()
    }

    /// Pushes one more commit to the branch of the pull request, and returns it.
    pub(crate) fn push_build(&self, exit_code: u8) -> String {
        self.source.push("feature", &[("build.sh", &build_script(exit_code))])
    }

    /// Waits until the server knows that a pull request has no conflicts. Until then, it refuses to merge it in any
    /// case.
    pub(crate) async fn wait_for_mergeability(&self, number: u64) {
        let asked = Instant::now();
        while self.owner().get(&format!("/repos/{SOURCE}/pulls/{number}")).await["mergeable"] != true {
            assert!(asked.elapsed() < PATIENCE, "pull request {number} does not become mergeable");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Forks the source as that person, and opens a pull request from the fork. Returns its head.
    pub(crate) async fn open_pull_request_from_fork(&self, person: &str, api: &Api) -> String {
        let fork = api.post(&format!("/repos/{SOURCE}/forks"), &json!({})).await;
        let fork = fork["full_name"].as_str().unwrap().to_owned();
        let checkout = checkout(&self.server, api, &fork, "fork");
        checkout.fetch("main");
        let sha = checkout.push("feature", &[("build.sh", &build_script(0))]);
        let request = json!({ "title": "A change", "head": format!("{person}:feature"), "base": "main" });
        api.post(&format!("/repos/{SOURCE}/pulls"), &request).await;
        sha
    }

    /// Waits for the end of the runs of the source, then of the target; returns the target's last one.
    pub(crate) async fn last_run(&self, source_runs: usize, target_runs: usize) -> Run {
        finished_runs(&self.server, SOURCE, source_runs).await;
        finished_runs(&self.server, TARGET, target_runs).await.pop().unwrap()
    }

    /// Every status that a commit of the source ever had from the action, oldest first.
    pub(crate) async fn statuses(&self, sha: &str) -> Vec<Status> {
        let answer = self.owner().get(&format!("/repos/{SOURCE}/commits/{sha}/statuses?limit=50")).await;
        let mut statuses = list(&answer);
        statuses.retain(|status| status["context"] == "dispatch-target/build");
        statuses.sort_by_key(|status| status["id"].as_u64());
        statuses
            .iter()
            .map(|status| Status {
                state: text(&status["status"]),
                description: text(&status["description"]),
                link: text(&status["target_url"]),
            })
            .collect()
    }

    /// All comments on the pull requests of the source, oldest first.
    pub(crate) async fn comments(&self) -> Vec<Comment> {
        let answer = self.owner().get(&format!("/repos/{SOURCE}/issues/comments?limit=50")).await;
        list(&answer)
            .iter()
            .map(|comment| Comment { author: text(&comment["user"]["login"]), body: text(&comment["body"]) })
            .collect()
    }

    /// The logs of a run of the target, one job after the other.
    pub(crate) async fn log(&self, run: &Run) -> String {
        let mut logs = String::new();
        for job in &run.jobs {
            logs.push_str(&log(self.owner(), TARGET, job).await);
        }
        logs
    }

    /// The page for people of a run of the target.
    pub(crate) fn run_page(&self, run: &Run) -> String {
        let number = if self.server.names_runs() { run.id } else { run.number };
        format!("{}/{TARGET}/actions/runs/{number}", self.server.pages())
    }

    /// The link of a status that was set before the run reported.
    pub(crate) fn pending_page(&self, run: &Run) -> String {
        if self.server.names_runs() {
            return self.run_page(run);
        }
        format!("{}/{TARGET}/actions?workflow={WORKFLOW}", self.server.pages())
    }
}

/// Waits until a repository has this many runs and all of them have ended. Returns them, oldest first. Prints the logs
/// of their jobs.
pub(crate) async fn finished_runs(server: &Server, repository: &str, count: usize) -> Vec<Run> {
    let asked = Instant::now();
    loop {
        let runs = runs(server.owner(), repository).await;
        let ended = runs.len() >= count && runs.iter().all(Run::has_ended);
        if ended || asked.elapsed() > PATIENCE {
            for job in runs.iter().flat_map(|run| &run.jobs) {
                println!("--- {repository}, {job:?}\n{}", log(server.owner(), repository, job).await);
            }
            assert!(ended, "{repository} has not {count} ended runs after {PATIENCE:?}: {runs:#?}");
            assert_eq!(runs.len(), count, "number of the runs of {repository}");
            println!("Gitea {}: the runs of {repository} ended after {:.1?}", server.version(), asked.elapsed());
            return runs;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// All runs of a repository, oldest first.
pub(super) async fn runs(owner: &Api, repository: &str) -> Vec<Run> {
    let path = format!("/repos/{repository}/actions/runs");
    let mut runs = Vec::new();
    for run in list(&owner.get(&format!("{path}?limit=50")).await["workflow_runs"]) {
        let jobs = list(&owner.get(&format!("{path}/{}/jobs", run["id"])).await["jobs"]);
        runs.push(Run {
            id: run["id"].as_u64().unwrap(),
            number: run["run_number"].as_u64().unwrap(),
            path: text(&run["path"]),
            event: text(&run["event"]),
            status: text(&run["status"]),
            conclusion: text(&run["conclusion"]),
            jobs: jobs.iter().map(job).collect(),
        });
    }
    runs.sort_by_key(|run| run.id);
    runs
}

/// The log of a job.
pub(super) async fn log(owner: &Api, repository: &str, job: &Job) -> String {
    owner.text(&format!("/repos/{repository}/actions/jobs/{}/logs", job.id)).await
}

/// The text of a file in `examples/`.
pub(crate) fn example(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A build that says which commit it builds, and ends with this exit code.
pub(super) fn build_script(exit_code: u8) -> String {
    format!("echo \"Building $(git rev-parse HEAD)\"\nexit {exit_code}\n")
}

/// Creates an empty repository of the owner.
pub(crate) async fn create_repository(owner: &Api, full_name: &str, private: bool) {
    let name = full_name.rsplit('/').next().unwrap();
    owner.post("/user/repos", &json!({ "name": name, "private": private, "default_branch": "main" })).await;
}

/// Waits until the server knows that a repository is no longer empty. Only then can it have pull requests.
async fn wait_for_content(owner: &Api, repository: &str) {
    let asked = Instant::now();
    while owner.get(&format!("/repos/{repository}")).await["empty"] != false {
        assert!(asked.elapsed() < PATIENCE, "{repository} stays empty after a push");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A working tree that is pushed to a repository with this person's token.
pub(crate) fn checkout(server: &Server, api: &Api, full_name: &str, directory: &str) -> Checkout {
    Checkout::init(server.scratch(directory), format!("{}/{full_name}.git", server.url()), api.token())
}

async fn create_user(owner: &Api, name: &str, scopes: &[&str]) -> Api {
    let password = random_hex(16);
    let user = json!({
        "username": name,
        "email": format!("{name}@example.com"),
        "password": password,
        "must_change_password": false,
    });
    owner.post("/admin/users", &user).await;
    let token = owner.create_token(name, &password, scopes).await;
    owner.with_token(&token)
}

/// The string in a JSON value; empty if there is none.
fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The elements of a JSON array; none if it is not an array.
fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

fn job(answer: &Value) -> Job {
    Job {
        id: answer["id"].as_u64().unwrap(),
        name: text(&answer["name"]),
        status: text(&answer["status"]),
        conclusion: text(&answer["conclusion"]),
    }
}

/// Pushes this checkout to `mporter/dispatch-action` as `v1`, with the binary that these tests use.
async fn publish_action(server: &Server) {
    let name = format!("{OWNER}/dispatch-action");
    create_repository(server.owner(), &name, false).await;
    let action = checkout(server, server.owner(), &name, "action");
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = output(
        Command::new("git").args(["ls-files", "-z", "-co", "--exclude-standard", "--deduplicate"]).current_dir(project),
    );
    for file in files.split('\0').filter(|file| !file.is_empty() && !file.starts_with("tests/fixtures/")) {
        // The list also has files that were deleted without a commit.
        if project.join(file).is_file() {
            let copy = action.dir().join(file);
            fs::create_dir_all(copy.parent().unwrap()).unwrap();
            fs::copy(project.join(file), &copy).unwrap();
        }
    }
    let released = format!("dist/dispatch-action-linux-{}", std::env::consts::ARCH);
    fs::copy(crate::binary(), action.dir().join(released)).unwrap();
    action.push("main", &[]);
    action.tag("v1");
}
