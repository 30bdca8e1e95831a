//! The text of a report's comment: `body`, or the file of `body-path`.

use std::fs;
use std::path::{Path, PathBuf};

use super::inputs::input_error;
use super::{Error, Given};
use crate::files;
use crate::text::quoted;

/// The size limit of the file, in bytes. A comment has a far lower limit.
const LIMIT: u64 = 1 << 20;

/// Returns the text, or a sentence that says why the file could not be used. In that case the report continues without
/// the text. Setting both inputs is an error.
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
    let bytes = files::read(&path, LIMIT).map_err(|cause| format!("could not be read: {cause}"))?;
    let text = String::from_utf8(bytes).map_err(|_invalid| "is not UTF-8 text")?;
    match given.token.redact(&text) == text {
        true => Ok(text),
        false => Err("contains the token, and the comment would make it public".to_owned()),
    }
}

/// The path of the file, with all symbolic links resolved. The file must be inside the workspace: untrusted code can
/// create links there, and a comment must not publish a file from outside.
fn in_workspace(workspace: &Path, path: &Path) -> Result<PathBuf, String> {
    let resolve = |path: &Path| fs::canonicalize(path).map_err(|cause| format!("could not be read: {cause}"));
    let workspace = resolve(workspace)?;
    // An absolute path replaces the workspace here.
    let file = resolve(&workspace.join(path))?;
    match file.starts_with(&workspace) {
        true => Ok(file),
        false => Err("is outside the workspace: set a path inside it".to_owned()),
    }
}
