//! The files that a runner names. A file that is not regular is named in an error and does not block the step. A file
//! that is too long is not read.

use std::path::Path;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use crate::fake::Version;
use crate::stage;

/// A named pipe, which blocks every program that opens it.
fn pipe(folder: &Path) -> String {
    let path = folder.join("pipe");
    mkfifo(&path, Mode::S_IRWXU).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn event_payload_that_is_not_a_regular_file_or_too_long_is_named() {
    let stage = stage(Version::V1_26);
    let folder = stage.directory.path();
    let long = folder.join("long.json");
    std::fs::File::create(&long).unwrap().set_len((16 << 20) + 1).unwrap();
    let paths = [pipe(folder), "/dev/zero".to_owned(), long.to_str().unwrap().to_owned()];

    let logs = paths.map(|path| stage.dispatch().var("GITHUB_EVENT_PATH", &path).run().failed().log());

    insta::assert_snapshot!(logs.join("\n").replace(folder.to_str().unwrap(), "FOLDER"), @"
    ::error::Nothing was sent: the event payload FOLDER/pipe could not be read: it is not a regular file
    ::error::Nothing was sent: the event payload /dev/zero could not be read: it is not a regular file
    ::error::Nothing was sent: the event payload FOLDER/long.json could not be read: it is larger than 16 MiB
    ");
    assert_eq!(stage.gitea.connections(), 0, "nothing is sent");
}

#[test]
fn output_or_summary_that_is_a_pipe_fails_the_step_after_its_work() {
    for variable in ["GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"] {
        let stage = stage(Version::V1_26);
        let pipe = pipe(stage.directory.path());

        let done = stage.dispatch().var(variable, &pipe).run().failed();

        let error = format!("Could not write {variable} ({pipe}): it is not a regular file.");
        assert!(done.log.contains(&error), "{}", done.log);
        assert_eq!(stage.gitea.requests().len(), 2, "the dispatch and its status");
    }
}
