//! The requests of `dispatch` and of `report`, and how each of them, or all of them together, meets a fault.

use std::time::Duration;

use crate::fake::{Fault, Version};
use crate::stage;
use crate::stage::{Stage, Step};

/// The action's own limit, plus the time to start a process on a machine that runs many of them.
pub(super) const BUDGET: Duration = Duration::from_secs(60 + 3);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Dispatch,
    Report,
}

/// A request that meets a fault: mode, name, method (empty for all requests), a part of the path.
pub(super) type Request = (Mode, &'static str, &'static str, &'static str);

pub(super) const REQUESTS: [Request; 8] = [
    (Mode::Dispatch, "dispatch: POST dispatches", "POST", "/dispatches"),
    (Mode::Dispatch, "dispatch: POST statuses", "POST", "/statuses/"),
    (Mode::Dispatch, "dispatch: all", "", ""),
    (Mode::Report, "report: GET status", "GET", "/status?"),
    (Mode::Report, "report: GET jobs", "GET", "/jobs?"),
    (Mode::Report, "report: POST statuses", "POST", "/statuses/"),
    (Mode::Report, "report: POST comments", "POST", "/comments"),
    (Mode::Report, "report: all", "", ""),
];

pub(super) const ALWAYS: usize = usize::MAX;

/// The stage of one cell. For a report, it has a dispatched run that a runner has taken.
pub(super) fn set(mode: Mode) -> (Stage, Step) {
    let stage = stage(Version::V1_26);
    let step = match mode {
        Mode::Dispatch => stage.dispatch(),
        Mode::Report => {
            stage.dispatch().run().ok();
            let run = stage.start_last_run();
            stage.report(run)
        }
    };
    (stage, step)
}

/// Lets the requests meet the faults in this order. With all requests, only one of them meets a single fault, and which
/// one is chance.
pub(super) fn inject(stage: &Stage, (mode, _, method, path): Request, turns: &[(usize, Fault)]) {
    let requests = match turns {
        _ if !method.is_empty() => vec![(method, path)],
        [(1, _)] => {
            let each = REQUESTS.iter().filter(|(of, _, method, _)| *of == mode && !method.is_empty());
            each.map(|(_, _, method, path)| (*method, *path)).collect()
        }
        _ => vec![("GET", ""), ("POST", "")],
    };
    for (method, path) in requests {
        for (times, fault) in turns {
            stage.gitea.inject(method, path, *times, fault.clone());
        }
    }
}
