//! The requests of `dispatch` and of `report`, and how each of them, or all of them together, meets a fault.

use std::time::Duration;

use crate::fake::{Fault, Version};
use crate::stage;
use crate::stage::{Stage, Step};

/// The action's own limit, and what starting a process may take on a machine that runs many of them.
pub(super) const BUDGET: Duration = Duration::from_secs(60 + 3);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Dispatch,
    Report,
}

/// A request that meets a fault: mode, name, method (empty where it is all requests), a part of the path.
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

/// The stage of one cell: for a report, a run that was dispatched and that a runner has taken.
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

/// Has the requests meet the faults in this order. Of all requests, each meets a single fault once: which of them comes first is
/// chance.
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
