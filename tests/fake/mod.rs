//! A stateful fake Gitea: repositories, pull requests, statuses, comments, runs, and tokens with scopes.
//!
//! It must not be kinder than the real server, or else it hides bugs: it answers 500 for an unknown SHA, drops
//! undeclared inputs, accepts any state, and pages lists where Gitea does. `tests/integration/contract.rs` compares it
//! with recorded exchanges of real servers; nothing here reads those recordings.
//!
//! It runs on a thread of its own, so that a test without a runtime, the demo and a benchmark can use it alike.
#![allow(dead_code, unused_imports, reason = "three programs share this, and each uses a part of it")]

mod access;
mod actions;
mod api;
mod clock;
mod events;
mod faults;
mod issues;
mod jobs;
mod json;
mod json_actions;
mod logs;
mod page;
mod pulls;
mod refs;
mod runs;
mod server;
mod statuses;
mod workflow;
mod world;

use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub(crate) use events::{Action, RunEvent};
pub(crate) use faults::{Answer, Fault};
pub(crate) use jobs::{Job, JobStep, Progress};
pub(crate) use pulls::PullRequest;
pub(crate) use runs::Run;
pub(crate) use workflow::Workflow;
pub(crate) use world::{Comment, Permission, Repository, Scope, Status, World};

/// The release that the fake imitates. Dispatch, runs and links differ between releases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Version {
    /// A Forgejo from long after 1.22, whose version contains that number: no runs, jobs or workflows in the API.
    Forgejo,
    /// 1.24.7: no runs or jobs at all in the API.
    V1_24,
    /// 1.25.5: runs and jobs, but the response to a dispatch does not name its run.
    V1_25,
    /// 1.26.4: the response to a dispatch names its run if the query requests it.
    V1_26,
    /// 1.27.0: a run's attempts are counted in the API.
    V1_27,
}

impl Version {
    /// The version as `GET /version` returns it.
    pub(crate) fn number(self) -> &'static str {
        match self {
            Self::Forgejo => "9.0.0-dev+gitea-1.22.0",
            Self::V1_24 => "1.24.7",
            Self::V1_25 => "1.25.5",
            Self::V1_26 => "1.26.4",
            Self::V1_27 => "1.27.0",
        }
    }
}

/// One request as it arrived, for tests about what was sent and where to.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// `GET`, `POST`, …
    pub(crate) method: String,
    /// Path and query, percent-encoding untouched: an escaping bug must stay visible.
    pub(crate) path: String,
    /// The `Host` header.
    pub(crate) host: Option<String>,
    /// The `Range` header.
    pub(crate) range: Option<String>,
    /// The `Authorization` header.
    pub(crate) authorization: Option<String>,
    /// The `Content-Type` header.
    pub(crate) content_type: Option<String>,
    /// The `User-Agent` header.
    pub(crate) user_agent: Option<String>,
    /// The JSON body; `Null` if there was none, a string if it was not JSON.
    pub(crate) body: serde_json::Value,
    /// When its last byte had been read.
    pub(crate) at: Instant,
    /// The status of the answer; `None` while it is held back, and for ever if the answer was lost on purpose.
    pub(crate) answered: Option<u16>,
    /// No such route: a correct client never sends this. A 404 without a token has its own meaning, hence the flag.
    pub(crate) stray: bool,
}

/// A running fake server. It stops when dropped.
pub(crate) struct FakeGitea {
    shared: Arc<server::Shared>,
    url: String,
    ca_pem: String,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl FakeGitea {
    /// Serves HTTP on a free port of 127.0.0.1.
    pub(crate) fn start(version: Version) -> Self {
        server::start(version, None)
    }

    /// Serves HTTPS for `localhost` and 127.0.0.1, with a certificate that only [`Self::ca_pem`] vouches for.
    pub(crate) fn start_tls(version: Version) -> Self {
        Self::start_tls_with(version, |_| ())
    }

    /// As [`Self::start_tls`], with another certificate.
    pub(crate) fn start_tls_with(version: Version, change: impl FnOnce(&mut rcgen::CertificateParams)) -> Self {
        server::start(version, Some(server::Tls::generate(change)))
    }

    /// As [`Self::start_tls_with`], with a certificate that is its own authority: [`Self::ca_pem`] is the certificate itself.
    pub(crate) fn start_tls_self_signed(version: Version, change: impl FnOnce(&mut rcgen::CertificateParams)) -> Self {
        server::start(version, Some(server::Tls::self_signed(change)))
    }

    /// The base URL for a client, without a slash at its end.
    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }

    /// The base of the API.
    pub(crate) fn api_url(&self) -> String {
        format!("{}/api/v1", self.url)
    }

    /// The private CA, in PEM. Empty without TLS.
    pub(crate) fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// Holds every answer back that long; the work is done at once.
    pub(crate) fn set_delay(&self, delay: Duration) {
        self.shared.delay_micros.store(delay.as_micros() as u64, Ordering::Relaxed);
    }

    /// Sets `ROOT_URL`, which may have a sub-path. It is in `repository.url`, `run_url` and every other URL of the API.
    /// Up to 1.25 it is also in the links to pages (`html_url`); from 1.26 on, these have the address that the request
    /// was sent to.
    pub(crate) fn set_root_url(&self, root_url: &str) {
        self.world().root_url = root_url.trim_end_matches('/').to_owned();
    }

    /// Every request so far, in the order of arrival, those to unknown routes included.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.shared.journal().clone()
    }

    /// The requests that match no route.
    pub(crate) fn stray_requests(&self) -> Vec<Request> {
        self.requests().into_iter().filter(|request| request.stray).collect()
    }

    /// How many TCP connections were opened.
    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::Relaxed)
    }

    /// The state. The server answers nothing while the guard is held.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.shared.world()
    }

    /// Answers each request of that method whose path contains `path_part` with this response, instead of doing the
    /// work.
    pub(crate) fn refuse(&self, method: &str, path_part: &str, status: u16, content_type: &str, body: &str) {
        self.inject(method, path_part, usize::MAX, Fault::Answer(Answer::new(status, content_type, body)));
    }

    /// As [`Self::refuse`], for the next such request only.
    pub(crate) fn refuse_once(&self, method: &str, path_part: &str, status: u16, content_type: &str, body: &str) {
        self.inject(method, path_part, 1, Fault::Answer(Answer::new(status, content_type, body)));
    }

    /// Makes the next `times` requests of that method, whose path contains `path_part`, fail in the way of `fault`.
    /// Faults for the same requests take turns in the order in which they were injected.
    pub(crate) fn inject(&self, method: &str, path_part: &str, times: usize, fault: Fault) {
        self.shared.faults().add(method, path_part, times, fault);
    }

    /// Forgets every injected fault.
    pub(crate) fn clear_faults(&self) {
        self.shared.faults().clear();
    }
}

impl Drop for FakeGitea {
    fn drop(&mut self) {
        // The thread waits for this end of the channel to go away.
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // Its panic, if any, was printed by the thread itself; panicking in `drop` would abort the test program.
            thread.join().ok();
        }
    }
}
