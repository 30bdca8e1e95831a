//! dist/run: the program starts on any runner and replaces the shell, or a line says what is wrong with its file.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Output, Stdio};

use nix::sys::signal::Signal;

use crate::action_yml::{action_folder, released, run_step, step_command, text};
use crate::fake::{Fault, Version};
use crate::signals::{send, until};
use crate::stage;
use crate::stage::{SOURCE, TARGET, TOKEN, WORKFLOW};

/// A shell script that can be executed.
fn script(path: &Path, text: &str) {
    fs::write(path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn lost_execute_bit_in_a_read_only_folder_does_no_harm() {
    let (temp, folder) = action_folder();
    let binary = folder.join(released());
    script(&binary, r#"echo "mode=$INPUT_MODE"; exit 3"#);
    let temporary = temp.path().join("temporary");
    fs::create_dir(&temporary).unwrap();
    for (path, mode) in [(&binary, 0o444), (&folder.join("dist/run"), 0o444), (&folder.join("dist"), 0o555)] {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    let result = run_step(&folder, &[("mode", "report")], &[("TMPDIR", temporary.to_str().unwrap())]);

    fs::set_permissions(folder.join("dist"), fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!((result.status.code(), text(&result).as_str()), (Some(3), "mode=report\n"));
    assert_eq!(fs::read_dir(&temporary).unwrap().count(), 0, "the copy is gone");
    assert_eq!(fs::metadata(&binary).unwrap().permissions().mode() & 0o777, 0o444, "the folder is as it was");
}

/// The output of a failed start, with the folder by name. Its last line is an error, whatever the shell says before.
#[track_caller]
fn failure(result: &Output, folder: &Path) -> String {
    assert_eq!(result.status.code(), Some(1), "{}", text(result));
    let message = String::from_utf8(result.stdout.clone()).unwrap();
    assert!(stage::is_documented(&message.replace('`', "")), "docs/troubleshooting.md has no row for this: {message}");
    message.replace(folder.to_str().unwrap(), "FOLDER").replace(std::env::consts::ARCH, "ARCH")
}

#[test]
fn file_that_is_not_the_program_is_named_and_not_run() {
    let (_temp, folder) = action_folder();
    let binary = folder.join(released());
    let program = fs::read(crate::binary()).unwrap();
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 1894232\n";
    let mut messages = vec![failure(&run_step(&folder, &[], &[]), &folder)];
    for content in [b"".as_slice(), &program[..100], &program[..900_000], b"echo it was run", pointer] {
        fs::write(&binary, content).unwrap();
        let [message, without_bit] = [0o755, 0o644].map(|mode| {
            fs::set_permissions(&binary, fs::Permissions::from_mode(mode)).unwrap();
            failure(&run_step(&folder, &[], &[]), &folder)
        });
        assert_eq!(message, without_bit);
        messages.push(message);
    }
    insta::assert_snapshot!(messages.concat(), @"
    ::error::FOLDER/dist/dispatch-action-linux-ARCH is missing: name a release of dispatch-action in `uses:`, such as @v1
    ::error::FOLDER/dist/dispatch-action-linux-ARCH is empty or cut off: check that the runner's disk is not full, clear its cache of actions, and run the job again
    ::error::FOLDER/dist/dispatch-action-linux-ARCH is empty or cut off: check that the runner's disk is not full, clear its cache of actions, and run the job again
    ::error::FOLDER/dist/dispatch-action-linux-ARCH is empty or cut off: check that the runner's disk is not full, clear its cache of actions, and run the job again
    ::error::FOLDER/dist/dispatch-action-linux-ARCH is empty or cut off: check that the runner's disk is not full, clear its cache of actions, and run the job again
    ::error::FOLDER/dist/dispatch-action-linux-ARCH is a pointer of Git LFS, not the program: keep dist/ out of LFS in your copy of the action
    ");
}

#[test]
fn folder_from_which_no_copy_can_start_is_named() {
    let (_temp, folder) = action_folder();
    fs::copy(crate::binary(), folder.join(released())).unwrap();
    fs::set_permissions(folder.join(released()), fs::Permissions::from_mode(0o644)).unwrap();

    // Nobody can write there, not even root.
    let message = failure(&run_step(&folder, &[], &[("TMPDIR", "/proc")]), &folder);
    insta::assert_snapshot!(message, @"::error::Could not start FOLDER/dist/dispatch-action-linux-ARCH or a copy of it in TMPDIR (/proc): check that programs may run in one of the two folders (it is not mounted noexec), and that the second can be written to");

    let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
    let noexec = mounts.lines().filter_map(|line| {
        let fields: Vec<_> = line.split(' ').collect();
        let is_noexec = fields[3].split(',').any(|option| option == "noexec");
        is_noexec.then(|| tempfile::tempdir_in(fields[1]).ok()).flatten()
    });
    for temporary in noexec {
        let path = temporary.path().to_str().unwrap();
        let message = failure(&run_step(&folder, &[], &[("TMPDIR", path)]), &folder);
        assert!(message.contains(&format!("in TMPDIR ({path})")), "{message}");
        assert_eq!(fs::read_dir(path).unwrap().count(), 0, "the copy is gone");
    }
}

#[test]
fn copy_gets_the_signals_and_nothing_is_left_behind() {
    for (signal, code) in [(Signal::SIGHUP, 129), (Signal::SIGINT, 130), (Signal::SIGTERM, 143), (Signal::SIGKILL, -1)]
    {
        let stage = stage(Version::V1_26);
        let (temp, folder) = action_folder();
        fs::copy(crate::binary(), folder.join(released())).unwrap();
        fs::set_permissions(folder.join(released()), fs::Permissions::from_mode(0o644)).unwrap();
        let temporary = temp.path().join("temporary");
        fs::create_dir(&temporary).unwrap();
        stage.gitea.inject("POST", "/dispatches", 1, Fault::Hang);
        let sha = "b".repeat(40);
        let given = [("mode", "dispatch"), ("token", TOKEN), ("target", TARGET), ("workflow", WORKFLOW)];
        let vars = [
            ("TMPDIR", temporary.to_str().unwrap()),
            ("GITHUB_API_URL", &stage.gitea.api_url()),
            ("GITHUB_SERVER_URL", stage::PAGES),
            ("GITHUB_REPOSITORY", SOURCE),
            ("GITHUB_SHA", &sha),
            ("GITHUB_REF_NAME", "main"),
        ];
        let mut command = step_command(&folder, &given, &vars);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        until("the dispatch has arrived", || stage.gitea.requests().len() == 1);
        assert_eq!(fs::read_dir(&temporary).unwrap().count(), 0, "the copy is gone");

        send(&child, signal);
        // It ends when nobody has the log open any more, not even a child.
        let result = child.wait_with_output().unwrap();

        assert_eq!(result.status.code().unwrap_or(-1), code, "{}", text(&result));
        let says = text(&result).contains(&format!("::error::Stopped by {signal}. "));
        assert_eq!(says, signal != Signal::SIGKILL, "{}", text(&result));
    }
}

#[test]
fn unknown_platform_gets_the_list_of_known_ones() {
    let (temp, folder) = action_folder();
    script(&temp.path().join("uname"), "echo Plan9 mips");
    let path = format!("{}:{}", temp.path().display(), std::env::var("PATH").unwrap());

    let result = run_step(&folder, &[], &[("PATH", &path)]);

    assert!(!result.status.success());
    insta::assert_snapshot!(text(&result), @"::error::dispatch-action has no binary for this runner (Plan9 mips), only for Linux on x86_64, aarch64 and armv7: choose such a runner with `runs-on`");
}
