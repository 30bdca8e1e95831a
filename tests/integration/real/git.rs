//! Commits that the git binary pushes. Tokens travel in a header and in the environment, never in a URL.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::server::output;

/// A working tree with one remote repository.
pub(crate) struct Checkout {
    dir: PathBuf,
    remote: String,
    token: String,
}

impl Checkout {
    /// An empty repository in this directory, whose commits go to the remote with this token.
    pub(crate) fn init(dir: PathBuf, remote: String, token: &str) -> Self {
        let checkout = Self { dir, remote, token: token.to_owned() };
        checkout.git(&["init", "--quiet", "--initial-branch=main"]);
        checkout
    }

    /// The directory of the working tree.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Writes the files, commits everything and pushes it to the branch. Returns the commit.
    pub(crate) fn push(&self, branch: &str, files: &[(&str, &str)]) -> String {
        for (name, text) in files {
            let path = self.dir.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
        }
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", "A commit of the tests"]);
        self.git(&["push", "--quiet", &self.remote, &format!("HEAD:refs/heads/{branch}")]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Tags the last commit and pushes the tag.
    pub(crate) fn tag(&self, name: &str) {
        self.git(&["tag", name]);
        self.git(&["push", "--quiet", &self.remote, name]);
    }

    /// Fetches a branch of the remote and continues from it.
    pub(crate) fn fetch(&self, branch: &str) {
        self.git(&["fetch", "--quiet", &self.remote, branch]);
        self.git(&["reset", "--quiet", "--hard", "FETCH_HEAD"]);
    }

    fn git(&self, arguments: &[&str]) -> String {
        output(
            Command::new("git")
                .args(arguments)
                .current_dir(&self.dir)
                .env("GIT_CONFIG_GLOBAL", "/dev/null")
                .env("GIT_CONFIG_NOSYSTEM", "1")
                .env("GIT_TERMINAL_PROMPT", "0")
                .env("GIT_CONFIG_COUNT", "1")
                .env("GIT_CONFIG_KEY_0", "http.extraHeader")
                .env("GIT_CONFIG_VALUE_0", format!("Authorization: token {}", self.token))
                .env("GIT_AUTHOR_NAME", "Tests")
                .env("GIT_AUTHOR_EMAIL", "tests@example.com")
                .env("GIT_COMMITTER_NAME", "Tests")
                .env("GIT_COMMITTER_EMAIL", "tests@example.com")
                .env("no_proxy", "127.0.0.1"),
        )
    }
}
