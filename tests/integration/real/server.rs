//! A real Gitea and a real runner on this machine, for as long as the value lives.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Read as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

use super::api::{Api, Browser};

/// The owner of the repositories, and the administrator of the server.
pub(crate) const OWNER: &str = "mporter";

/// How long a server may take for its first response.
const START: Duration = Duration::from_secs(60);

/// How the server and the runner of a test differ from the usual ones.
#[derive(Default)]
pub(crate) struct Conditions {
    /// The address that people use, with a slash at its end, if it differs from the runner's.
    pub(crate) root_url: Option<&'static str>,
    /// How often the runner polls for jobs, if not five times a second.
    pub(crate) fetch_interval: Option<&'static str>,
}

/// A Gitea with one runner in host mode, both of them children of this process.
pub(crate) struct Server {
    // Fields are dropped in this order: the runner while its server still runs, the files last.
    runner: Process,
    _gitea: Process,
    dir: TempDir,
    url: String,
    pages: String,
    version: String,
    owner: Api,
    password: String,
}

impl Server {
    /// Starts both on a fresh database, and returns when the server answers and the runner is registered.
    pub(crate) async fn start() -> Self {
        Self::start_under(&Conditions::default()).await
    }

    /// The same under these conditions.
    pub(crate) async fn start_under(conditions: &Conditions) -> Self {
        let gitea = binary("GITEA_BIN");
        let act_runner = binary("GITEA_RUNNER_BIN");
        let dir = TempDir::with_prefix("dispatch-action-real-").unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let url = format!("http://127.0.0.1:{port}");

        let root = dir.path();
        fs::create_dir_all(root.join("home")).unwrap();
        let root_url = conditions.root_url.map_or_else(|| format!("{url}/"), str::to_owned);
        fs::write(root.join("app.ini"), app_ini(root, port, &root_url)).unwrap();
        let mut gitea_process = Process::start("gitea", root, gitea_command(&gitea, root).arg("web"));
        let version = first_answer(&url, &mut gitea_process).await;

        let password = random_hex(16);
        output(gitea_command(&gitea, root).args([
            "admin",
            "user",
            "create",
            "--admin",
            "--must-change-password=false",
            "--username",
            OWNER,
            "--email",
            "mporter@example.com",
            "--password",
            &password,
        ]));
        let anonymous = Api::new(&url, "");
        let token = anonymous.create_token(OWNER, &password, &["all"]).await;
        let owner = anonymous.with_token(&token);
        let registration = owner.post("/admin/actions/runners/registration-token", &Value::Null).await;

        fs::write(root.join("runner.yaml"), runner_yaml(root, conditions.fetch_interval.unwrap_or("200ms"))).unwrap();
        output(runner_command(&act_runner, root).args([
            "register",
            "--no-interactive",
            "--instance",
            &url,
            "--token",
            registration["token"].as_str().unwrap(),
            "--name",
            "tests",
        ]));
        let runner = Process::start("runner", root, runner_command(&act_runner, root).arg("daemon"));

        println!("Gitea {version} at {url}");
        let pages = root_url.trim_end_matches('/').to_owned();
        Self { runner, _gitea: gitea_process, owner, dir, url, pages, version, password }
    }

    /// The address at which the runner reaches the server, without a slash at its end.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The address at which people reach the server, without a slash at its end.
    pub(crate) fn pages(&self) -> &str {
        &self.pages
    }

    /// The version that the server says it is.
    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    /// Whether the response to a dispatch names the run, and pages of runs go by id: from 1.26 on.
    pub(crate) fn names_runs(&self) -> bool {
        let mut numbers = self.version.split(['.', '+', '-']).map(|part| part.parse::<u32>().unwrap_or(0));
        (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= (1, 26)
    }

    /// The API with a token of the owner that may do everything.
    pub(crate) fn owner(&self) -> &Api {
        &self.owner
    }

    /// The owner's browser, signed in.
    pub(crate) async fn browser(&self) -> Browser {
        Browser::sign_in(&self.url, OWNER, &self.password).await
    }

    /// The runner's machine loses power: neither the runner nor its jobs can report anything.
    pub(crate) fn kill_runner(&mut self) {
        self.runner.child.kill().unwrap();
        self.runner.child.wait().unwrap();
    }

    /// A new directory for the files of a test.
    pub(crate) fn scratch(&self, name: &str) -> PathBuf {
        let path = self.dir.path().join("scratch").join(name);
        fs::create_dir_all(&path).unwrap();
        path
    }
}

/// This many random bytes as hexadecimal digits.
pub(crate) fn random_hex(bytes: usize) -> String {
    let mut random = vec![0; bytes];
    File::open("/dev/urandom").unwrap().read_exact(&mut random).unwrap();
    random.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// Runs a command to its end and returns what it printed; fails with all of its output if the command failed.
pub(crate) fn output(command: &mut Command) -> String {
    let done = command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = String::from_utf8_lossy(&done.stdout).trim().to_owned();
    assert!(
        done.status.success(),
        "{:?} ended with {}:\n{text}\n{}",
        command.get_program(),
        done.status,
        String::from_utf8_lossy(&done.stderr)
    );
    text
}

/// A child process that is stopped when the value is dropped, even in a test that fails.
struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts the command with its output in `<name>.log` of that directory.
    fn start(name: &str, dir: &Path, command: &mut Command) -> Self {
        let log = dir.join(format!("{name}.log"));
        let file = File::create(&log).unwrap();
        command.stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file);
        let child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        Self { child, log }
    }

    /// Whether the child has ended.
    fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// The end of the child's output.
    fn last_lines(&self) -> String {
        let text = fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if thread::panicking() {
            println!("--- end of {}\n{}", self.log.display(), self.last_lines());
        }
        // Politely first, so that the runner stops its jobs and the server its git processes.
        let pid = Pid::from_raw(self.child.id().cast_signed());
        let asked = Instant::now();
        if !self.has_ended() && kill(pid, Signal::SIGTERM).is_ok() {
            while !self.has_ended() && asked.elapsed() < Duration::from_secs(5) {
                thread::sleep(Duration::from_millis(20));
            }
        }
        if !self.has_ended() {
            self.child.kill().ok();
            self.child.wait().ok();
        }
    }
}

/// The program that an environment variable names.
fn binary(variable: &str) -> PathBuf {
    let path = std::env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from);
    let path = path.unwrap_or_else(|| {
        panic!(
            "This test needs a real server and a real runner: set GITEA_BIN to a Gitea binary (with SQLite) and \
             GITEA_RUNNER_BIN to a Gitea runner binary. {variable} is not set."
        )
    });
    fs::canonicalize(&path).unwrap_or_else(|error| panic!("{variable} is {}: {error}", path.display()))
}

/// Waits for the server's first response, which is its version.
async fn first_answer(url: &str, gitea: &mut Process) -> String {
    let started = Instant::now();
    let anonymous = Api::new(url, "");
    loop {
        if let Some(version) = anonymous.version().await {
            return version;
        }
        let ended = gitea.has_ended();
        assert!(!ended && started.elapsed() < START, "Gitea does not answer:\n{}", gitea.last_lines());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A command of the server's binary, which sees nothing of this process's environment but `PATH`.
fn gitea_command(gitea: &Path, root: &Path) -> Command {
    let mut command = Command::new(gitea);
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", root.join("home"));
    command.arg("--work-path").arg(root).arg("--config").arg(root.join("app.ini")).current_dir(root);
    command
}

/// A command of the runner's binary, whose jobs see this environment too.
fn runner_command(runner: &Path, root: &Path) -> Command {
    let mut command = Command::new(runner);
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", root.join("home"));
    command.arg("--config").arg(root.join("runner.yaml")).current_dir(root);
    command
}

/// A server for one test: no mail, no network beyond this machine, no background tasks.
fn app_ini(root: &Path, port: u16, root_url: &str) -> String {
    format!(
        "APP_NAME = dispatch-action tests
RUN_MODE = prod
WORK_PATH = {root}
I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true

[server]
PROTOCOL = http
HTTP_ADDR = 127.0.0.1
HTTP_PORT = {port}
ROOT_URL = {root_url}
DISABLE_SSH = true
OFFLINE_MODE = true
LFS_START_SERVER = false
GRACEFUL_HAMMER_TIME = 2s

[database]
DB_TYPE = sqlite3
PATH = {root}/gitea.db

[repository]
ROOT = {root}/repositories

[security]
INSTALL_LOCK = true
SECRET_KEY = {secret_key}
PASSWORD_HASH_ALGO = pbkdf2_v1

[service]
DISABLE_REGISTRATION = true

[actions]
ENABLED = true
DEFAULT_ACTIONS_URL = self
ZOMBIE_TASK_TIMEOUT = 5s

[mailer]
ENABLED = false

[indexer]
ISSUE_INDEXER_TYPE = db

[cron]
ENABLED = false

[cron.update_checker]
ENABLED = false

[log]
MODE = console
LEVEL = warn
",
        root = root.display(),
        secret_key = random_hex(32),
    )
}

/// A runner that polls for jobs often and reports them at once.
fn runner_yaml(root: &Path, fetch_interval: &str) -> String {
    format!(
        "runner:
  file: {root}/runner.json
  capacity: 3
  fetch_interval: {fetch_interval}
  fetch_interval_max: {fetch_interval}
  log_report_interval: 500ms
  log_report_max_latency: 200ms
  state_report_interval: 500ms
  labels: [\"ubuntu-latest:host\"]
cache:
  enabled: false
host:
  workdir_parent: {root}/work
",
        root = root.display(),
    )
}
