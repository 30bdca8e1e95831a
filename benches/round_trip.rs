//! Measures the whole process of `reconcile` and of a report by event. Compares the processes of `dispatch` and
//! `report` with a script of curl and jq that sends the same requests. All use the fake server in one run: `cargo
//! bench`; with `DISPATCH_ACTION_BIN`, for the binary of a release. First it shows what a step costs by itself: the
//! start of the process, and the clone of the action. Needs git, curl, jq and the system's bundle of certificate
//! authorities.
//!
//! Times on one machine say little, so each is shown as a ratio: to the script, or to the server's response time.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints, and may stop at once when something goes wrong"
)]

#[path = "../tests/fake/mod.rs"]
mod fake;
#[path = "../tests/stage/mod.rs"]
mod stage;

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use fake::{Action, FakeGitea, Version};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use stage::{Stage, Step, add_waiting_run, open_pull_request};

const PROJECT: &str = env!("CARGO_MANIFEST_DIR");
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/script.sh");
const BUNDLE: &str = "/etc/ssl/certs/ca-certificates.crt";
const ROUNDS: usize = 30;
const BY_EVENT: &str = "report by event";

fn main() {
    // Started by itself as a small process. Its children's peak memory then comes only from the command that it waits
    // for.
    let mut args = std::env::args().skip(1);
    if args.next().as_deref() == Some("--peak-memory") {
        let program = args.next().unwrap();
        let status = Command::new(program).args(args).stdout(Stdio::null()).status().unwrap();
        assert!(status.success());
        println!("{}", getrusage(UsageWho::RUSAGE_CHILDREN).unwrap().max_rss());
        return;
    }
    start();
    clone();
    println!("\n{:<28}{:>12}{:>12}{:>10}{:>10}", "answers at once", "action", "script", "wall", "CPU");
    for (scheme, tls) in [("http", false), ("https", true)] {
        for mode in ["dispatch", "report"] {
            let bench = Bench::new(tls, mode);
            let (action, script) = bench.beside_the_script();
            println!(
                "{:<28}{:>9.1} ms{:>9.1} ms{:>9.1}x{:>9.1}x",
                format!("{mode} over {scheme}"),
                millis(action.wall),
                millis(script.wall),
                script.wall.as_secs_f64() / action.wall.as_secs_f64(),
                script.cpu.as_secs_f64() / action.cpu.as_secs_f64(),
            );
        }
    }
    let delay = Duration::from_millis(50);
    println!("\n{:<28}{:>12}{:>22}", "answers after 50 ms", "action", "in answer times");
    for (scheme, tls) in [("http", false), ("https", true)] {
        for mode in ["dispatch", "report", BY_EVENT] {
            let bench = Bench::new(tls, mode);
            bench.stage.gitea.set_delay(delay);
            let action = bench.measure(&binary(), 10);
            let ratio = action.wall.as_secs_f64() / delay.as_secs_f64();
            println!("{:<28}{:>9.1} ms{ratio:>22.2}", format!("{mode} over {scheme}"), millis(action.wall));
        }
    }
    println!("\n{:<28}{:>12}", "peak memory", "action");
    for (scheme, tls) in [("http", false), ("https", true)] {
        for mode in ["dispatch", "report", BY_EVENT] {
            let mib = Bench::new(tls, mode).peak_memory();
            println!("{:<28}{mib:>8.2} MiB", format!("{mode} over {scheme}"));
        }
    }
    reconcile();
}

/// The binary to measure.
fn binary() -> String {
    stage::binary(env!("CARGO_BIN_EXE_dispatch-action"))
}

/// What each step costs before it does anything, compared with the start of curl, and of Node if there is one.
fn start() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(Path::new(PROJECT).join("dist/run"), folder.path().join("run")).unwrap();
    let released = format!("dispatch-action-linux-{}", std::env::consts::ARCH);
    symlink(binary(), folder.path().join(released)).unwrap();
    let run = folder.path().join("run");
    let (binary, run) = (binary(), run.to_str().unwrap());
    let programs = [
        ("action --version", vec![binary.as_str(), "--version"]),
        ("by dist/run", vec!["sh", run, "--version"]),
        ("curl --version", vec!["curl", "--version"]),
        ("node -e 0", vec!["node", "-e", "0"]),
    ];
    let programs: Vec<_> = programs.into_iter().filter(|(_, program)| is_there(program[0])).collect();
    let mut walls = vec![Vec::new(); programs.len()];
    // In turns, so that other load on the machine affects all of them.
    for _ in 0..ROUNDS {
        for ((_, program), walls) in programs.iter().zip(&mut walls) {
            let start = Instant::now();
            assert!(command(program).status().unwrap().success(), "{program:?} failed");
            walls.push(start.elapsed());
        }
    }
    println!("{:<28}{:>12}{:>10}{:>16}", "start", "wall", "ratio", "peak memory");
    let walls: Vec<_> = walls.into_iter().map(median).collect();
    for ((name, program), wall) in programs.iter().zip(&walls) {
        let (wall, ratio) = (millis(*wall), wall.as_secs_f64() / walls[0].as_secs_f64());
        println!("{name:<28}{wall:>9.1} ms{ratio:>9.1}x{:>12.2} MiB", peak_memory(&command(program)));
    }
}

/// What a runner fetches for each job: the whole history (up to runner 2), or the last commit.
fn clone() {
    println!("\n{:<28}{:>12}", "clone of the action", "on disk");
    for (name, depth) in [("whole history", None), ("last commit", Some("--depth=1"))] {
        let folder = tempfile::tempdir().unwrap();
        let mut git = Command::new("git");
        git.args(["clone", "--quiet", "--bare"]).args(depth).arg(format!("file://{PROJECT}")).arg(folder.path());
        assert!(git.status().unwrap().success(), "git clone failed");
        let packs = std::fs::read_dir(folder.path().join("objects/pack")).unwrap();
        let bytes: u64 = packs.map(|file| file.unwrap().metadata().unwrap().len()).sum();
        println!("{name:<28}{:>8.2} MiB", bytes as f64 / f64::from(1 << 20));
    }
}

fn is_there(program: &str) -> bool {
    Command::new("sh").args(["-c", "command -v \"$0\" >/dev/null", program]).status().unwrap().success()
}

fn command(program: &[&str]) -> Command {
    let mut command = Command::new(program[0]);
    command.args(&program[1..]).env_clear().env("PATH", std::env::var("PATH").unwrap()).stdout(Stdio::null());
    command
}

/// Wall time as a ratio to the time of its requests, eight at a time. Memory as a ratio to the memory for few pull
/// requests.
fn reconcile() {
    let delay = Duration::from_millis(20);
    println!("\n{:<28}{:>12}{:>12}{:>22}", "answers after 20 ms", "reconcile", "requests", "ideal times");
    let bench = Bench::reconcile(300, 40);
    bench.stage.gitea.set_delay(delay);
    let before = bench.stage.gitea.requests().len();
    let cost = bench.once(&binary());
    let requests = bench.stage.gitea.requests().len() - before;
    let ideal = delay.as_secs_f64() * requests as f64 / 8.0;
    let ratio = cost.wall.as_secs_f64() / ideal;
    println!("{:<28}{:>9.0} ms{requests:>12}{ratio:>22.2}", "300 open, 40 stuck", millis(cost.wall));

    println!("\n{:<28}{:>12}{:>22}", "peak memory", "reconcile", "of 30 pull requests");
    let few = Bench::reconcile(30, 4).peak_memory();
    for (open, mib) in [(30, few), (3000, Bench::reconcile(3000, 40).peak_memory())] {
        println!("{:<28}{mib:>8.2} MiB{:>22.2}", format!("{open} open"), mib / few);
    }
}

/// What one process took: the median of the wall time, the mean of the CPU time.
struct Cost {
    wall: Duration,
    cpu: Duration,
}

struct Bench {
    stage: Stage,
    mode: &'static str,
    bundle: Option<tempfile::NamedTempFile>,
}

impl Bench {
    fn new(tls: bool, mode: &'static str) -> Self {
        let gitea = if tls { FakeGitea::start_tls(Version::V1_26) } else { FakeGitea::start(Version::V1_26) };
        let bundle = tls.then(|| {
            let file = tempfile::NamedTempFile::new().unwrap();
            let system = std::fs::read_to_string(BUNDLE).expect("the system's bundle of certificate authorities");
            std::fs::write(file.path(), system + gitea.ca_pem()).unwrap();
            file
        });
        let stage = Stage::on(gitea, &binary());
        let bench = Self { stage, mode, bundle };
        // Warms up.
        bench.with_bundle(bench.stage.dispatch()).run().ok();
        bench
    }

    /// A number of open pull requests, some of which wait for a cancelled run.
    fn reconcile(open: usize, stuck: usize) -> Self {
        let stage = Stage::new(&binary(), Version::V1_26);
        {
            let mut world = stage.gitea.world();
            for number in 1..open {
                let pull = open_pull_request(&mut world);
                if number <= stuck {
                    let run = add_waiting_run(&mut world, pull);
                    world.cancel_run(run);
                }
            }
        }
        Self { stage, mode: "reconcile", bundle: None }
    }

    fn with_bundle(&self, step: Step) -> Step {
        match &self.bundle {
            Some(file) => step.var("SSL_CERT_FILE", file.path().to_str().unwrap()),
            None => step,
        }
    }

    /// The step, run by `program` with the same environment.
    fn command(&self, program: &str) -> Command {
        let step = match self.mode {
            "dispatch" => self.stage.dispatch(),
            "reconcile" => self.stage.reconcile(),
            BY_EVENT => self.stage.report_by_event(self.successful_run(), Action::Completed),
            _ => self.stage.report(self.successful_run()),
        };
        let (command, _files) = self.with_bundle(step).var("PATH", &std::env::var("PATH").unwrap()).command();
        let mut same = Command::new(program);
        same.env_clear().stdout(Stdio::null());
        same.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        same
    }

    /// A run of a new pull request. Its end is reported for the first time, so that the number of statuses and comments
    /// stays the same in each round.
    fn successful_run(&self) -> u64 {
        let mut world = self.stage.gitea.world();
        let pull = open_pull_request(&mut world);
        let run = add_waiting_run(&mut world, pull);
        world.start_run(run);
        if self.mode == BY_EVENT {
            world.finish_run(run, "success");
        }
        run
    }

    fn once(&self, program: &str) -> Cost {
        let mut command = self.command(program);
        let cpu = children_cpu();
        let start = Instant::now();
        assert!(command.status().unwrap().success(), "{program} failed");
        Cost { wall: start.elapsed(), cpu: children_cpu() - cpu }
    }

    fn measure(&self, program: &str, rounds: usize) -> Cost {
        summary((0..rounds).map(|_| self.once(program)).collect())
    }

    /// Both in turns, so that other load on the machine affects both.
    fn beside_the_script(&self) -> (Cost, Cost) {
        let binary = binary();
        let (action, script) = (0..ROUNDS).map(|_| (self.once(&binary), self.once(SCRIPT))).unzip();
        (summary(action), summary(script))
    }

    /// In MiB.
    fn peak_memory(&self) -> f64 {
        peak_memory(&self.command(&binary()))
    }
}

/// The peak memory of a command, in MiB.
fn peak_memory(command: &Command) -> f64 {
    let mut small = Command::new(std::env::current_exe().unwrap());
    small.arg("--peak-memory").arg(command.get_program()).args(command.get_args());
    small.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = small.output().unwrap();
    let kib: f64 = String::from_utf8(output.stdout).unwrap().trim().parse().unwrap();
    kib / 1024.0
}

fn summary(costs: Vec<Cost>) -> Cost {
    let cpu = costs.iter().map(|cost| cost.cpu).sum::<Duration>() / costs.len() as u32;
    Cost { wall: median(costs.into_iter().map(|cost| cost.wall).collect()), cpu }
}

fn median(mut walls: Vec<Duration>) -> Duration {
    walls.sort();
    walls[walls.len() / 2]
}

fn children_cpu() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
    Duration::from_micros((usage.user_time() + usage.system_time()).num_microseconds() as u64)
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
