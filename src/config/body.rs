//! The text of a report's comment: `body`, or the file of `body-path`.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use super::inputs::input_error;
use super::{Error, Given};
use crate::text::quoted;

/// The longest file, in bytes. A comment is cut long before.
const LIMIT: u64 = 1 << 20;

/// The text, or a sentence that says why the file could not be used: the report does without it then. The error is that
/// both inputs are set.
pub(super) fn read(given: &Given<'_>) -> Result<(Option<String>, Option<String>), Error> {
    let (body, path) = match (&given.inputs.body, &given.inputs.body_path) {
        (Some(_), Some(_)) => {
            return Err(input_error("body-path", "must not be set together with `body`".to_owned()));
        }
        (body, None) => return Ok((body.clone(), None)),
        (None, Some(path)) => (of_file(given, path.trim()), path),
    };
    Ok(match body {
        Ok(text) => (Some(text).filter(|text| !text.trim().is_empty()), None),
        Err(cause) => (None, Some(format!("The file {} of `body-path` {cause}.", quoted(path)))),
    })
}

/// The text of a file in the workspace.
fn of_file(given: &Given<'_>, path: &str) -> Result<String, String> {
    let workspace = given.variables.path("GITHUB_WORKSPACE");
    let workspace = workspace.ok_or("was not read, since the variable GITHUB_WORKSPACE is not set")?;
    let path = in_workspace(&workspace, Path::new(path))?;
    let text = String::from_utf8(bytes(&path)?).map_err(|_invalid| "is not UTF-8 text")?;
    match given.token.redact(&text) == text {
        true => Ok(text),
        false => Err("holds the token, which the comment would make public".to_owned()),
    }
}

/// The file that the path leads to. It lies in the workspace, whatever links are on the way: others write there too, and
/// what lies outside is not for everybody to read.
fn in_workspace(workspace: &Path, path: &Path) -> Result<PathBuf, String> {
    let resolve = |path: &Path| fs::canonicalize(path).map_err(|cause| format!("could not be read: {cause}"));
    let workspace = resolve(workspace)?;
    // An absolute path replaces the workspace here.
    let file = resolve(&workspace.join(path))?;
    match file.starts_with(&workspace) {
        true => Ok(file),
        false => Err("lies outside of the workspace: set a path below the workspace".to_owned()),
    }
}

fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    let unread = |cause: std::io::Error| format!("could not be read: {cause}");
    // Before it is opened: a named pipe opens when somebody opens its other end, which may be never.
    if !fs::metadata(path).map_err(unread)?.is_file() {
        return Err("is not a regular file".to_owned());
    }
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(LIMIT + 1).read_to_end(&mut bytes)).map_err(unread)?;
    if bytes.len() as u64 > LIMIT { Err("has more than 1 MiB".to_owned()) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::process::Command;

    use serde_json::json;

    use super::super::step::{SHA, Step};
    use super::super::{Report, Task};
    use super::*;

    /// A report whose workspace is filled so.
    fn report(path: &str, fill: impl FnOnce(&Path)) -> Step {
        let inputs = json!({"pr_number": "7", "pr_head_sha": SHA, "source_repo": "mporter/dispatch-source"});
        let step = Step::new("report").event("workflow_dispatch", &json!({"inputs": inputs})).input("body-path", path);
        fill(&step.folder.path().join("workspace"));
        step
    }

    /// The body, or what is wrong with it.
    fn body(step: Step) -> Result<Option<String>, String> {
        let Ok(Task::Report(Report { body, body_problem, .. })) = step.task() else { panic!("no report") };
        match body_problem {
            Some(problem) => Err(problem),
            None => Ok(body),
        }
    }

    fn written(bytes: &[u8]) -> Result<Option<String>, String> {
        body(report("a.md", |workspace| fs::write(workspace.join("a.md"), bytes).unwrap()))
    }

    #[test]
    fn body_is_the_text_of_a_file_in_the_workspace() {
        assert_eq!(written("# Päge\n".as_bytes()), Ok(Some("# Päge\n".to_owned())));
        assert_eq!(written(b" \n"), Ok(None));
        assert_eq!(written(&vec![b'a'; 1 << 20]).unwrap().unwrap().len(), 1 << 20);
        let step = report("out/../out/a.md", |workspace| {
            fs::create_dir(workspace.join("build")).unwrap();
            fs::write(workspace.join("build/a.md"), "text").unwrap();
            symlink("build", workspace.join("out")).unwrap();
        });
        assert_eq!(body(step), Ok(Some("text".to_owned())));
    }

    #[test]
    fn file_that_cannot_be_used_is_a_sentence_beside_the_report() {
        let outside = |workspace: &Path| fs::write(workspace.parent().unwrap().join("secret"), "text").unwrap();
        let problems = [
            body(report("a.md", |_| {})),
            body(report(".", |_| {})),
            body(report("../secret", outside)),
            body(report("/etc/passwd", |_| {})),
            body(report("a.md", |workspace| {
                outside(workspace);
                symlink("../secret", workspace.join("a.md")).unwrap();
            })),
            body(report("a.md", |workspace| {
                assert!(Command::new("mkfifo").arg(workspace.join("a.md")).status().unwrap().success());
            })),
            body(report("a.md/b.md", |workspace| fs::write(workspace.join("a.md"), "text").unwrap())),
            body(report("a.md", |_| {}).without("GITHUB_WORKSPACE")),
            written(b"\xff"),
            written(&vec![b'a'; (1 << 20) + 1]),
            written(b"My token is token-of-the-bot"),
        ];
        let problems: Vec<_> = problems.into_iter().map(|problem| problem.unwrap_err()).collect();
        insta::assert_snapshot!(problems.join("\n"), @"
        The file `a.md` of `body-path` could not be read: No such file or directory (os error 2).
        The file `.` of `body-path` is not a regular file.
        The file `../secret` of `body-path` lies outside of the workspace: set a path below the workspace.
        The file `/etc/passwd` of `body-path` lies outside of the workspace: set a path below the workspace.
        The file `a.md` of `body-path` lies outside of the workspace: set a path below the workspace.
        The file `a.md` of `body-path` is not a regular file.
        The file `a.md/b.md` of `body-path` could not be read: Not a directory (os error 20).
        The file `a.md` of `body-path` was not read, since the variable GITHUB_WORKSPACE is not set.
        The file `a.md` of `body-path` is not UTF-8 text.
        The file `a.md` of `body-path` has more than 1 MiB.
        The file `a.md` of `body-path` holds the token, which the comment would make public.
        ");
    }

    #[test]
    fn body_and_file_together_are_refused() {
        let step = report("a.md", |_| {}).input("body", "text");
        assert_eq!(step.error(), "input `body-path` must not be set together with `body`");
    }
}
