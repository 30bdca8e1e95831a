//! A runner stops a step. The log says what is known, what can still be written is written, and nothing is left behind.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::fake::{Fault, Version};
use crate::stage::{Done, SOURCE, Stage, Step, StepFiles};
use crate::{shown, stage};

/// Much more than the second in which a step ends after a signal, since the machine may be busy, but less than any time
/// limit of a request.
const SOON: Duration = Duration::from_secs(8);

/// Waits until a condition holds.
#[track_caller]
pub(crate) fn until(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(30), "not so within 30 seconds: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

pub(crate) fn send(child: &Child, signal: Signal) {
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), signal).unwrap();
}

/// A step that was started.
struct Started(Child, StepFiles);

impl Started {
    fn new(step: Step) -> Self {
        let (mut command, files) = step.command();
        Self(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap(), files)
    }

    /// Sends the signal, and returns what the step leaves behind.
    #[track_caller]
    fn stop(self, signal: Signal) -> (ExitStatus, Done) {
        let Self(child, files) = self;
        let start = Instant::now();
        send(&child, signal);
        let output = child.wait_with_output().unwrap();
        assert!(start.elapsed() < SOON, "it took {:?}", start.elapsed());
        (output.status, files.done(output))
    }
}

/// A dispatch that has arrived and whose response does not come.
fn dispatch_under_way(stage: &Stage, fault: Fault) -> Started {
    stage.gitea.inject("POST", "/dispatches", 1, fault);
    let started = Started::new(stage.dispatch());
    until("the dispatch has arrived", || stage.gitea.requests().len() == 1);
    started
}

#[test]
fn signal_during_a_dispatch_says_that_it_may_be_done() {
    for (signal, code) in [(Signal::SIGHUP, 129), (Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        let stage = stage(Version::V1_26);

        let (status, done) = dispatch_under_way(&stage, Fault::WorkThenHang).stop(signal);

        assert_eq!(status.code(), Some(code));
        let done = done.failed();
        let log = shown(&done.log(), &stage);
        let error = format!(
            "::error::Stopped by {signal}. Without a response yet, and possibly done: POST http://fake/api/v1/repos/mporter/dispatch-target/actions/workflows/build-from-pr.yml/dispatches?return_run_details=true. Check the server before you re-run the job."
        );
        assert_eq!(log.lines().last(), Some(error.as_str()));
        assert_eq!(stage.gitea.requests().len(), 1, "the dispatch is not sent again");
    }
}

#[test]
fn answer_that_comes_shortly_after_the_signal_still_counts() {
    let stage = stage(Version::V1_26);
    let started = dispatch_under_way(&stage, Fault::Delay(Duration::from_millis(300)));

    let (status, done) = started.stop(Signal::SIGTERM);

    assert_eq!(status.code(), Some(143));
    // On a busy machine, the response may come too late.
    if !done.log.contains("Without a response yet") {
        assert_eq!(done.output("run-id"), Some("30"));
        assert_eq!(stage.gitea.world().statuses(SOURCE, &stage.sha)[0].state, "pending");
        let end = "::error::Stopped by SIGTERM. The step had finished its work.";
        assert_eq!(done.failed().log().lines().last(), Some(end));
    }
}

#[test]
fn signal_while_waiting_for_the_run_leaves_the_outputs() {
    let stage = stage(Version::V1_26);
    let started = Started::new(stage.dispatch().input("wait", "true"));
    until("the run is looked at", || stage.gitea.requests().iter().any(|request| request.path.contains("/jobs")));

    let (status, done) = started.stop(Signal::SIGTERM);

    assert_eq!(status.code(), Some(143));
    let done = done.failed();
    assert_eq!((done.output("run-id"), done.output("state")), (Some("30"), Some("pending")));
    let end = "::error::Stopped by SIGTERM. No write request was in progress. The lines above show what was done.";
    assert_eq!(done.log().lines().last(), Some(end));
}

/// The exit status of a command that crashes in a place where it may leave a core file.
fn crashed(command: &Command, folder: &Path, until_ready: impl Fn()) -> ExitStatus {
    let mut shell = Command::new("sh");
    shell.args(["-c", r#"ulimit -S -c "$(ulimit -H -c)"; exec "$0" "$@""#]).arg(command.get_program());
    shell.args(command.get_args()).envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let mut child = shell.current_dir(folder).stdout(Stdio::null()).spawn().unwrap();
    until_ready();
    send(&child, Signal::SIGABRT);
    child.wait().unwrap()
}

#[test]
fn crash_leaves_no_core_file_with_the_token() {
    let stage = stage(Version::V1_26);
    let folder = tempfile::tempdir().unwrap();
    stage.gitea.inject("POST", "/dispatches", 1, Fault::Hang);
    let (command, _) = stage.dispatch().command();
    let status = crashed(&command, folder.path(), || {
        until("the dispatch has arrived", || stage.gitea.requests().len() == 1);
    });

    assert_eq!(status.signal(), Some(Signal::SIGABRT as i32));
    assert!(!status.core_dumped());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);

    // Any other program leaves a core file here, or this machine keeps none at all.
    let status = crashed(Command::new("sleep").arg("60"), folder.path(), || std::thread::sleep(Duration::from_secs(1)));
    println!("a core file of another program: {}", status.core_dumped());
}
