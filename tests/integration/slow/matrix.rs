//! Each request of `dispatch` and of `report`, and all of them together, meets each fault of real networks, proxies and servers.
//!
//! The table of faults is [`faults`]. Each cell has its own server, step and result. What must hold in all of them is
//! in [`cell::Cell::problems`]; what differs is in the snapshot.

mod cell;
mod faults;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::requests::REQUESTS;
use cell::{Unreachable, cell, unreachable};
use faults::faults;

/// How many cells run side by side. They mostly wait.
const THREADS: usize = 96;

/// What a request meets: a row of the table of faults, or a server that cannot be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Unreachable(Unreachable),
    Fault(usize),
}

#[test]
fn every_request_meets_every_fault() {
    let mut places = Vec::new();
    // If a server cannot be reached, this is so for all requests.
    for how in [Unreachable::Refused, Unreachable::NeverConnected, Unreachable::SilentTls] {
        let all = (0..REQUESTS.len()).filter(|request| REQUESTS[*request].2.is_empty());
        places.extend(all.map(|request| (request, Place::Unreachable(how))));
    }
    // Fault by fault, so that the slow ones come first.
    for fault in 0..faults("", "").len() {
        places.extend((0..REQUESTS.len()).map(|request| (request, Place::Fault(fault))));
    }
    let next = AtomicUsize::new(0);
    let work = || {
        let mut cells = Vec::new();
        while let Some(&(request, fault)) = places.get(next.fetch_add(1, Ordering::Relaxed)) {
            let cell = match fault {
                Place::Fault(fault) => cell(request, fault),
                Place::Unreachable(how) => unreachable(REQUESTS[request].0, REQUESTS[request].1, how),
            };
            cells.push(((request, fault), cell));
        }
        cells
    };
    let mut cells: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    cells.sort_by_key(|(place, _)| *place);

    let head =
        format!("{:<58}{:<8}{:<6}{:<10}{:<9}{}", "request and fault", "exit", "runs", "comments", "status", "message");
    let rows = cells.iter().map(|(_, cell)| cell.row());
    let table = [head].into_iter().chain(rows).collect::<Vec<_>>().join("\n");
    println!("{table}");
    let longest = cells.iter().max_by_key(|(_, cell)| cell.took);
    println!("longest: {:?}", longest.map(|(_, cell)| (&cell.name, cell.took)));
    let problems: Vec<String> = cells.iter().flat_map(|(_, cell)| cell.problems()).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    insta::assert_snapshot!(table, @"
    request and fault                                         exit    runs  comments  status   message
    dispatch: POST dispatches   no answer, before             failed  0     0         error    It is unknown whether workflow build-from-pr.yml of B was dispatched, so the dispatch is not retried | First look for the run | The pull request's status now shows this
    dispatch: POST dispatches   no answer, after              failed  1     0         error    It is unknown whether workflow build-from-pr.yml of B was dispatched, so the dispatch is not retried | First look for the run | The pull request's status now shows this
    dispatch: POST dispatches   no answer, before, once       failed  0     0         error    It is unknown whether workflow build-from-pr.yml of B was dispatched, so the dispatch is not retried | First look for the run | The pull request's status now shows this
    dispatch: POST dispatches   no answer, after, once        failed  1     0         error    It is unknown whether workflow build-from-pr.yml of B was dispatched, so the dispatch is not retried | First look for the run | The pull request's status now shows this
    dispatch: POST dispatches   reset, before                 failed  0     0         error    It is unknown whether workflow build-from-pr.yml of B was dispatched, so the dispatch is not retried | First look for the run | The pull request's status now shows this
    dispatch: POST dispatches   reset, after                  failed  1     0         error    It is unknown whether workflow build-from-pr.yml of B was dispatched, so the dispatch is not retried | First look for the run | The pull request's status now shows this
    dispatch: POST dispatches   reset, before, once           failed  0     0         error    It is unknown whether workflow build-from-pr.yml of B was dispatched, so the dispatch is not retried | First look for the run | The pull request's status now shows this
    dispatch: POST dispatches   reset, after, once            failed  1     0         error    It is unknown whether workflow build-from-pr.yml of B was dispatched, so the dispatch is not retried | First look for the run | The pull request's status now shows this
    dispatch: POST dispatches   truncated                     failed  1     0         error    It is unknown whether workflow build-from-pr.yml of B was dispatched, so the dispatch is not retried | First look for the run | The pull request's status now shows this
    dispatch: POST dispatches   truncated, once               failed  1     0         error    It is unknown whether workflow build-from-pr.yml of B was dispatched, so the dispatch is not retried | First look for the run | The pull request's status now shows this
    dispatch: POST dispatches   429                           failed  0     0         error    Workflow build-from-pr.yml of B was not dispatched | The server is busy (429) | The pull request's status now shows this
    dispatch: POST dispatches   429, once                     ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST dispatches   429, again in 1 s             failed  0     0         error    Workflow build-from-pr.yml of B was not dispatched | The server is busy (429) | The pull request's status now shows this
    dispatch: POST dispatches   429, again in 1 s, once       ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST dispatches   429, again in 90 s            failed  0     0         error    Workflow build-from-pr.yml of B was not dispatched | The server is busy (429) | The pull request's status now shows this
    dispatch: POST dispatches   502, before                   failed  0     0         error    It is unknown whether workflow build-from-pr.yml of B was dispatched, so the dispatch is not retried | First look for the run | The pull request's status now shows this
    dispatch: POST dispatches   502, before, once             failed  0     0         error    It is unknown whether workflow build-from-pr.yml of B was dispatched, so the dispatch is not retried | First look for the run | The pull request's status now shows this
    dispatch: POST dispatches   502, after, once              failed  1     0         error    It is unknown whether workflow build-from-pr.yml of B was dispatched, so the dispatch is not retried | First look for the run | The pull request's status now shows this
    dispatch: POST dispatches   503                           failed  0     0         error    It is unknown whether workflow build-from-pr.yml of B was dispatched, so the dispatch is not retried | First look for the run | The pull request's status now shows this
    dispatch: POST dispatches   503, once                     failed  0     0         error    It is unknown whether workflow build-from-pr.yml of B was dispatched, so the dispatch is not retried | First look for the run | The pull request's status now shows this
    dispatch: POST dispatches   503, again in 1 s             failed  0     0         error    Workflow build-from-pr.yml of B was not dispatched | The server failed (503) | The pull request's status now shows this
    dispatch: POST dispatches   503, again in 1 s, once       ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST dispatches   503, again in 90 s            failed  0     0         error    Workflow build-from-pr.yml of B was not dispatched | The server failed (503) | The pull request's status now shows this
    dispatch: POST dispatches   504, before                   failed  0     0         error    It is unknown whether workflow build-from-pr.yml of B was dispatched, so the dispatch is not retried | First look for the run | The pull request's status now shows this
    dispatch: POST dispatches   504, after                    failed  1     0         error    It is unknown whether workflow build-from-pr.yml of B was dispatched, so the dispatch is not retried | First look for the run | The pull request's status now shows this
    dispatch: POST dispatches   504, before, once             failed  0     0         error    It is unknown whether workflow build-from-pr.yml of B was dispatched, so the dispatch is not retried | First look for the run | The pull request's status now shows this
    dispatch: POST dispatches   504, after, once              failed  1     0         error    It is unknown whether workflow build-from-pr.yml of B was dispatched, so the dispatch is not retried | First look for the run | The pull request's status now shows this
    dispatch: POST dispatches   520, after, once              failed  1     0         error    It is unknown whether workflow build-from-pr.yml of B was dispatched, so the dispatch is not retried | First look for the run | The pull request's status now shows this
    dispatch: POST dispatches   slow                          ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST dispatches   fast, slow, fast, …           ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST dispatches   slow, fast, slow, …           ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST dispatches   wrong content type            ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST dispatches   a proxy's page, before        failed  0     0         error    It is unknown whether workflow build-from-pr.yml of B was dispatched, so the dispatch is not retried | First look for the run | The pull request's status now shows this
    dispatch: POST dispatches   a proxy's page, before, once  failed  0     0         error    It is unknown whether workflow build-from-pr.yml of B was dispatched, so the dispatch is not retried | First look for the run | The pull request's status now shows this
    dispatch: POST dispatches   a proxy's page, after         failed  1     0         error    It is unknown whether workflow build-from-pr.yml of B was dispatched, so the dispatch is not retried | First look for the run | The pull request's status now shows this
    dispatch: POST dispatches   a proxy's page, after, once   failed  1     0         error    It is unknown whether workflow build-from-pr.yml of B was dispatched, so the dispatch is not retried | First look for the run | The pull request's status now shows this
    dispatch: POST dispatches   301, same server              failed  0     0         error    Workflow build-from-pr.yml of B was not dispatched | The server redirects (301) | The pull request's status now shows this
    dispatch: POST dispatches   301, other server             failed  0     0         error    Workflow build-from-pr.yml of B was not dispatched | The server redirects (301) | The pull request's status now shows this
    dispatch: POST dispatches   302, same server              failed  0     0         error    Workflow build-from-pr.yml of B was not dispatched | The server redirects (302) | The pull request's status now shows this
    dispatch: POST dispatches   302, other server             failed  0     0         error    Workflow build-from-pr.yml of B was not dispatched | The server redirects (302) | The pull request's status now shows this
    dispatch: POST dispatches   307, same server              failed  0     0         error    Workflow build-from-pr.yml of B was not dispatched | The server redirects (307) | The pull request's status now shows this
    dispatch: POST dispatches   307, other server             failed  0     0         error    Workflow build-from-pr.yml of B was not dispatched | The server redirects (307) | The pull request's status now shows this
    dispatch: POST dispatches   308, same server              failed  0     0         error    Workflow build-from-pr.yml of B was not dispatched | The server redirects (308) | The pull request's status now shows this
    dispatch: POST dispatches   308, other server             failed  0     0         error    Workflow build-from-pr.yml of B was not dispatched | The server redirects (308) | The pull request's status now shows this
    dispatch: POST dispatches   401                           failed  0     0         error    Workflow build-from-pr.yml of B was not dispatched | The access token is not valid | The pull request's status now shows this
    dispatch: POST dispatches   403                           failed  0     0         error    Workflow build-from-pr.yml of B was not dispatched | The server refused (403) | The pull request's status now shows this
    dispatch: POST dispatches   404                           failed  0     0         error    Workflow build-from-pr.yml of B was not dispatched | The server does not know this request | The pull request's status now shows this
    dispatch: POST dispatches   409                           failed  0     0         error    Workflow build-from-pr.yml of B was not dispatched | The server refused (409) | The pull request's status now shows this
    dispatch: POST dispatches   413                           failed  0     0         error    Workflow build-from-pr.yml of B was not dispatched | The response is not from Gitea (413) | The pull request's status now shows this
    dispatch: POST dispatches   422                           failed  0     0         error    Workflow build-from-pr.yml of B was not dispatched | The server refused (422) | The pull request's status now shows this
    dispatch: POST dispatches   500                           failed  0     0         error    Workflow build-from-pr.yml of B was not dispatched | The server failed (500) | The pull request's status now shows this
    dispatch: POST statuses     no answer, before             failed  1     0         -        The run has started, URL , and reports its own outcome | The pending status may have been set
    dispatch: POST statuses     no answer, after              failed  1     0         pending  The run has started, URL , and reports its own outcome | The pending status may have been set
    dispatch: POST statuses     no answer, before, once       ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST statuses     no answer, after, once        ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST statuses     reset, before                 failed  1     0         -        The run has started, URL , and reports its own outcome | The pending status may have been set
    dispatch: POST statuses     reset, after                  failed  1     0         pending  The run has started, URL , and reports its own outcome | The pending status may have been set
    dispatch: POST statuses     reset, before, once           ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST statuses     reset, after, once            ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST statuses     truncated                     failed  1     0         pending  The run has started, URL , and reports its own outcome | The pending status may have been set
    dispatch: POST statuses     truncated, once               ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST statuses     429                           failed  1     0         -        The run has started, URL , and reports its own outcome | The pending status was not set
    dispatch: POST statuses     429, once                     ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST statuses     429, again in 1 s             failed  1     0         -        The run has started, URL , and reports its own outcome | The pending status was not set
    dispatch: POST statuses     429, again in 1 s, once       ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST statuses     429, again in 90 s            failed  1     0         -        The run has started, URL , and reports its own outcome | The pending status was not set
    dispatch: POST statuses     502, before                   failed  1     0         -        The run has started, URL , and reports its own outcome | The pending status may have been set
    dispatch: POST statuses     502, before, once             ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST statuses     502, after, once              ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST statuses     503                           failed  1     0         -        The run has started, URL , and reports its own outcome | The pending status may have been set
    dispatch: POST statuses     503, once                     ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST statuses     503, again in 1 s             failed  1     0         -        The run has started, URL , and reports its own outcome | The pending status was not set
    dispatch: POST statuses     503, again in 1 s, once       ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST statuses     503, again in 90 s            failed  1     0         -        The run has started, URL , and reports its own outcome | The pending status was not set
    dispatch: POST statuses     504, before                   failed  1     0         -        The run has started, URL , and reports its own outcome | The pending status may have been set
    dispatch: POST statuses     504, after                    failed  1     0         pending  The run has started, URL , and reports its own outcome | The pending status may have been set
    dispatch: POST statuses     504, before, once             ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST statuses     504, after, once              ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST statuses     520, after, once              ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST statuses     slow                          ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST statuses     fast, slow, fast, …           ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST statuses     slow, fast, slow, …           ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST statuses     wrong content type            ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST statuses     a proxy's page, before        failed  1     0         -        The run has started, URL , and reports its own outcome | The pending status may have been set
    dispatch: POST statuses     a proxy's page, before, once  ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST statuses     a proxy's page, after         failed  1     0         pending  The run has started, URL , and reports its own outcome | The pending status may have been set
    dispatch: POST statuses     a proxy's page, after, once   ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST statuses     301, same server              failed  1     0         -        The run has started, URL , and reports its own outcome | The pending status was not set
    dispatch: POST statuses     301, other server             failed  1     0         -        The run has started, URL , and reports its own outcome | The pending status was not set
    dispatch: POST statuses     302, same server              failed  1     0         -        The run has started, URL , and reports its own outcome | The pending status was not set
    dispatch: POST statuses     302, other server             failed  1     0         -        The run has started, URL , and reports its own outcome | The pending status was not set
    dispatch: POST statuses     307, same server              failed  1     0         -        The run has started, URL , and reports its own outcome | The pending status was not set
    dispatch: POST statuses     307, other server             failed  1     0         -        The run has started, URL , and reports its own outcome | The pending status was not set
    dispatch: POST statuses     308, same server              failed  1     0         -        The run has started, URL , and reports its own outcome | The pending status was not set
    dispatch: POST statuses     308, other server             failed  1     0         -        The run has started, URL , and reports its own outcome | The pending status was not set
    dispatch: POST statuses     401                           failed  1     0         -        The run has started, URL , and reports its own outcome | The pending status was not set
    dispatch: POST statuses     403                           failed  1     0         -        The run has started, URL , and reports its own outcome | The pending status was not set
    dispatch: POST statuses     404                           failed  1     0         -        The run has started, URL , and reports its own outcome | The pending status was not set
    dispatch: POST statuses     409                           failed  1     0         -        The run has started, URL , and reports its own outcome | The pending status was not set
    dispatch: POST statuses     413                           failed  1     0         -        The run has started, URL , and reports its own outcome | The pending status was not set
    dispatch: POST statuses     422                           failed  1     0         -        The run has started, URL , and reports its own outcome | The pending status was not set
    dispatch: POST statuses     500                           failed  1     0         -        The run has started, URL , and reports its own outcome | The pending status was not set
    dispatch: all               connection refused            failed  0     0         -        Workflow build-from-pr.yml of B was not dispatched | The server could not be reached | Setting the pull request's status failed too
    dispatch: all               never connected               failed  0     0         -        Workflow build-from-pr.yml of B was not dispatched | The server could not be reached | Setting the pull request's status failed too
    dispatch: all               silent TLS                    failed  0     0         -        Workflow build-from-pr.yml of B was not dispatched | The server could not be reached | Setting the pull request's status failed too
    dispatch: all               no answer, before             failed  0     0         -        It is unknown whether workflow build-from-pr.yml of B was dispatched, so the dispatch is not retried | First look for the run | Setting the pull request's status failed too
    dispatch: all               no answer, after              failed  1     0         -        It is unknown whether workflow build-from-pr.yml of B was dispatched, so the dispatch is not retried | First look for the run | Setting the pull request's status failed too
    dispatch: all               no answer, before, once       failed  0     0         error    It is unknown whether workflow build-from-pr.yml of B was dispatched, so the dispatch is not retried | First look for the run | The pull request's status now shows this
    dispatch: all               no answer, after, once        failed  1     0         error    It is unknown whether workflow build-from-pr.yml of B was dispatched, so the dispatch is not retried | First look for the run | The pull request's status now shows this
    dispatch: all               reset, before                 failed  0     0         -        It is unknown whether workflow build-from-pr.yml of B was dispatched, so the dispatch is not retried | First look for the run | Setting the pull request's status failed too
    dispatch: all               reset, after                  failed  1     0         -        It is unknown whether workflow build-from-pr.yml of B was dispatched, so the dispatch is not retried | First look for the run | Setting the pull request's status failed too
    dispatch: all               reset, before, once           failed  0     0         error    It is unknown whether workflow build-from-pr.yml of B was dispatched, so the dispatch is not retried | First look for the run | The pull request's status now shows this
    dispatch: all               reset, after, once            failed  1     0         error    It is unknown whether workflow build-from-pr.yml of B was dispatched, so the dispatch is not retried | First look for the run | The pull request's status now shows this
    dispatch: all               truncated                     failed  1     0         -        It is unknown whether workflow build-from-pr.yml of B was dispatched, so the dispatch is not retried | First look for the run | Setting the pull request's status failed too
    dispatch: all               truncated, once               failed  1     0         error    It is unknown whether workflow build-from-pr.yml of B was dispatched, so the dispatch is not retried | First look for the run | The pull request's status now shows this
    dispatch: all               429                           failed  0     0         -        Workflow build-from-pr.yml of B was not dispatched | The server is busy (429) | Setting the pull request's status failed too
    dispatch: all               429, once                     ok      1     0         pending  Status dispatch-target/build on A
    dispatch: all               429, again in 1 s             failed  0     0         -        Workflow build-from-pr.yml of B was not dispatched | The server is busy (429) | Setting the pull request's status failed too
    dispatch: all               429, again in 1 s, once       ok      1     0         pending  Status dispatch-target/build on A
    dispatch: all               429, again in 90 s            failed  0     0         -        Workflow build-from-pr.yml of B was not dispatched | The server is busy (429) | Setting the pull request's status failed too
    dispatch: all               502, before                   failed  0     0         -        It is unknown whether workflow build-from-pr.yml of B was dispatched, so the dispatch is not retried | First look for the run | Setting the pull request's status failed too
    dispatch: all               502, before, once             failed  0     0         error    It is unknown whether workflow build-from-pr.yml of B was dispatched, so the dispatch is not retried | First look for the run | The pull request's status now shows this
    dispatch: all               502, after, once              failed  1     0         error    It is unknown whether workflow build-from-pr.yml of B was dispatched, so the dispatch is not retried | First look for the run | The pull request's status now shows this
    dispatch: all               503                           failed  0     0         -        It is unknown whether workflow build-from-pr.yml of B was dispatched, so the dispatch is not retried | First look for the run | Setting the pull request's status failed too
    dispatch: all               503, once                     failed  0     0         error    It is unknown whether workflow build-from-pr.yml of B was dispatched, so the dispatch is not retried | First look for the run | The pull request's status now shows this
    dispatch: all               503, again in 1 s             failed  0     0         -        Workflow build-from-pr.yml of B was not dispatched | The server failed (503) | Setting the pull request's status failed too
    dispatch: all               503, again in 1 s, once       ok      1     0         pending  Status dispatch-target/build on A
    dispatch: all               503, again in 90 s            failed  0     0         -        Workflow build-from-pr.yml of B was not dispatched | The server failed (503) | Setting the pull request's status failed too
    dispatch: all               504, before                   failed  0     0         -        It is unknown whether workflow build-from-pr.yml of B was dispatched, so the dispatch is not retried | First look for the run | Setting the pull request's status failed too
    dispatch: all               504, after                    failed  1     0         -        It is unknown whether workflow build-from-pr.yml of B was dispatched, so the dispatch is not retried | First look for the run | Setting the pull request's status failed too
    dispatch: all               504, before, once             failed  0     0         error    It is unknown whether workflow build-from-pr.yml of B was dispatched, so the dispatch is not retried | First look for the run | The pull request's status now shows this
    dispatch: all               504, after, once              failed  1     0         error    It is unknown whether workflow build-from-pr.yml of B was dispatched, so the dispatch is not retried | First look for the run | The pull request's status now shows this
    dispatch: all               520, after, once              failed  1     0         error    It is unknown whether workflow build-from-pr.yml of B was dispatched, so the dispatch is not retried | First look for the run | The pull request's status now shows this
    dispatch: all               slow                          ok      1     0         pending  Status dispatch-target/build on A
    dispatch: all               fast, slow, fast, …           ok      1     0         pending  Status dispatch-target/build on A
    dispatch: all               slow, fast, slow, …           ok      1     0         pending  Status dispatch-target/build on A
    dispatch: all               wrong content type            ok      1     0         pending  Status dispatch-target/build on A
    dispatch: all               a proxy's page, before        failed  0     0         -        It is unknown whether workflow build-from-pr.yml of B was dispatched, so the dispatch is not retried | First look for the run | Setting the pull request's status failed too
    dispatch: all               a proxy's page, before, once  failed  0     0         error    It is unknown whether workflow build-from-pr.yml of B was dispatched, so the dispatch is not retried | First look for the run | The pull request's status now shows this
    dispatch: all               a proxy's page, after         failed  1     0         -        It is unknown whether workflow build-from-pr.yml of B was dispatched, so the dispatch is not retried | First look for the run | Setting the pull request's status failed too
    dispatch: all               a proxy's page, after, once   failed  1     0         error    It is unknown whether workflow build-from-pr.yml of B was dispatched, so the dispatch is not retried | First look for the run | The pull request's status now shows this
    dispatch: all               301, same server              failed  0     0         -        Workflow build-from-pr.yml of B was not dispatched | The server redirects (301) | Setting the pull request's status failed too
    dispatch: all               301, other server             failed  0     0         -        Workflow build-from-pr.yml of B was not dispatched | The server redirects (301) | Setting the pull request's status failed too
    dispatch: all               302, same server              failed  0     0         -        Workflow build-from-pr.yml of B was not dispatched | The server redirects (302) | Setting the pull request's status failed too
    dispatch: all               302, other server             failed  0     0         -        Workflow build-from-pr.yml of B was not dispatched | The server redirects (302) | Setting the pull request's status failed too
    dispatch: all               307, same server              failed  0     0         -        Workflow build-from-pr.yml of B was not dispatched | The server redirects (307) | Setting the pull request's status failed too
    dispatch: all               307, other server             failed  0     0         -        Workflow build-from-pr.yml of B was not dispatched | The server redirects (307) | Setting the pull request's status failed too
    dispatch: all               308, same server              failed  0     0         -        Workflow build-from-pr.yml of B was not dispatched | The server redirects (308) | Setting the pull request's status failed too
    dispatch: all               308, other server             failed  0     0         -        Workflow build-from-pr.yml of B was not dispatched | The server redirects (308) | Setting the pull request's status failed too
    dispatch: all               401                           failed  0     0         -        Workflow build-from-pr.yml of B was not dispatched | The access token is not valid | Setting the pull request's status failed too
    dispatch: all               403                           failed  0     0         -        Workflow build-from-pr.yml of B was not dispatched | The server refused (403) | Setting the pull request's status failed too
    dispatch: all               404                           failed  0     0         -        Workflow build-from-pr.yml of B was not dispatched | B is missing, or hidden from the token | Setting the pull request's status failed too
    dispatch: all               409                           failed  0     0         -        Workflow build-from-pr.yml of B was not dispatched | The server refused (409) | Setting the pull request's status failed too
    dispatch: all               413                           failed  0     0         -        Workflow build-from-pr.yml of B was not dispatched | The response is not from Gitea (413) | Setting the pull request's status failed too
    dispatch: all               422                           failed  0     0         -        Workflow build-from-pr.yml of B was not dispatched | The server refused (422) | Setting the pull request's status failed too
    dispatch: all               500                           failed  0     0         -        Workflow build-from-pr.yml of B was not dispatched | The server failed (500) | Setting the pull request's status failed too
    report: GET status          no answer, before             failed  1     1         pending  The status was not set | The server's response was lost | The comment was created
    report: GET status          no answer, after              failed  1     1         pending  The status was not set | The server's response was lost | The comment was created
    report: GET status          no answer, before, once       ok      1     1         success  Comment on pull request A
    report: GET status          no answer, after, once        ok      1     1         success  Comment on pull request A
    report: GET status          reset, before                 failed  1     1         pending  The status was not set | The server's response was lost | The comment was created
    report: GET status          reset, after                  failed  1     1         pending  The status was not set | The server's response was lost | The comment was created
    report: GET status          reset, before, once           ok      1     1         success  Comment on pull request A
    report: GET status          reset, after, once            ok      1     1         success  Comment on pull request A
    report: GET status          truncated                     failed  1     1         pending  The status was not set | The server's response was lost | The comment was created
    report: GET status          truncated, once               ok      1     1         success  Comment on pull request A
    report: GET status          429                           failed  1     1         pending  The status was not set | The server is busy (429) | The comment was created
    report: GET status          429, once                     ok      1     1         success  Comment on pull request A
    report: GET status          429, again in 1 s             failed  1     1         pending  The status was not set | The server is busy (429) | The comment was created
    report: GET status          429, again in 1 s, once       ok      1     1         success  Comment on pull request A
    report: GET status          429, again in 90 s            failed  1     1         pending  The status was not set | The server is busy (429) | The comment was created
    report: GET status          502, before                   failed  1     1         pending  The status was not set | The server failed (502) | The comment was created
    report: GET status          502, before, once             ok      1     1         success  Comment on pull request A
    report: GET status          502, after, once              ok      1     1         success  Comment on pull request A
    report: GET status          503                           failed  1     1         pending  The status was not set | The server failed (503) | The comment was created
    report: GET status          503, once                     ok      1     1         success  Comment on pull request A
    report: GET status          503, again in 1 s             failed  1     1         pending  The status was not set | The server failed (503) | The comment was created
    report: GET status          503, again in 1 s, once       ok      1     1         success  Comment on pull request A
    report: GET status          503, again in 90 s            failed  1     1         pending  The status was not set | The server failed (503) | The comment was created
    report: GET status          504, before                   failed  1     1         pending  The status was not set | The server failed (504) | The comment was created
    report: GET status          504, after                    failed  1     1         pending  The status was not set | The server failed (504) | The comment was created
    report: GET status          504, before, once             ok      1     1         success  Comment on pull request A
    report: GET status          504, after, once              ok      1     1         success  Comment on pull request A
    report: GET status          520, after, once              ok      1     1         success  Comment on pull request A
    report: GET status          slow                          ok      1     1         success  Comment on pull request A
    report: GET status          fast, slow, fast, …           ok      1     1         success  Comment on pull request A
    report: GET status          slow, fast, slow, …           ok      1     1         success  Comment on pull request A
    report: GET status          wrong content type            ok      1     1         success  Comment on pull request A
    report: GET status          a proxy's page, before        failed  1     1         pending  The status was not set | The response is not from Gitea | The comment was created
    report: GET status          a proxy's page, before, once  ok      1     1         success  Comment on pull request A
    report: GET status          a proxy's page, after         failed  1     1         pending  The status was not set | The response is not from Gitea | The comment was created
    report: GET status          a proxy's page, after, once   ok      1     1         success  Comment on pull request A
    report: GET status          301, same server              failed  1     1         pending  The status was not set | The server redirects (301) | The comment was created
    report: GET status          301, other server             failed  1     1         pending  The status was not set | The server redirects (301) | The comment was created
    report: GET status          302, same server              failed  1     1         pending  The status was not set | The server redirects (302) | The comment was created
    report: GET status          302, other server             failed  1     1         pending  The status was not set | The server redirects (302) | The comment was created
    report: GET status          307, same server              failed  1     1         pending  The status was not set | The server redirects (307) | The comment was created
    report: GET status          307, other server             failed  1     1         pending  The status was not set | The server redirects (307) | The comment was created
    report: GET status          308, same server              failed  1     1         pending  The status was not set | The server redirects (308) | The comment was created
    report: GET status          308, other server             failed  1     1         pending  The status was not set | The server redirects (308) | The comment was created
    report: GET status          401                           failed  1     1         pending  The status was not set | The access token is not valid | The comment was created
    report: GET status          403                           failed  1     1         pending  The status was not set | The server refused (403) | The comment was created
    report: GET status          404                           failed  1     1         pending  The status was not set | The server does not know this request | The comment was created
    report: GET status          409                           failed  1     1         pending  The status was not set | The server refused (409) | The comment was created
    report: GET status          413                           failed  1     1         pending  The status was not set | The response is not from Gitea (413) | The comment was created
    report: GET status          422                           failed  1     1         pending  The status was not set | The server refused (422) | The comment was created
    report: GET status          500                           failed  1     1         pending  The status was not set | The server failed (500) | The comment was created
    report: GET jobs            no answer, before             failed  1     0         error    The jobs of the run could not be read, so its outcome is unknown | The server's response was lost
    report: GET jobs            no answer, after              failed  1     0         error    The jobs of the run could not be read, so its outcome is unknown | The server's response was lost
    report: GET jobs            no answer, before, once       ok      1     1         success  Comment on pull request A
    report: GET jobs            no answer, after, once        ok      1     1         success  Comment on pull request A
    report: GET jobs            reset, before                 failed  1     0         error    The jobs of the run could not be read, so its outcome is unknown | The server's response was lost
    report: GET jobs            reset, after                  failed  1     0         error    The jobs of the run could not be read, so its outcome is unknown | The server's response was lost
    report: GET jobs            reset, before, once           ok      1     1         success  Comment on pull request A
    report: GET jobs            reset, after, once            ok      1     1         success  Comment on pull request A
    report: GET jobs            truncated                     failed  1     0         error    The jobs of the run could not be read, so its outcome is unknown | The server's response was lost
    report: GET jobs            truncated, once               ok      1     1         success  Comment on pull request A
    report: GET jobs            429                           failed  1     0         error    The jobs of the run could not be read, so its outcome is unknown | The server is busy (429)
    report: GET jobs            429, once                     ok      1     1         success  Comment on pull request A
    report: GET jobs            429, again in 1 s             failed  1     0         error    The jobs of the run could not be read, so its outcome is unknown | The server is busy (429)
    report: GET jobs            429, again in 1 s, once       ok      1     1         success  Comment on pull request A
    report: GET jobs            429, again in 90 s            failed  1     0         error    The jobs of the run could not be read, so its outcome is unknown | The server is busy (429)
    report: GET jobs            502, before                   failed  1     0         error    The jobs of the run could not be read, so its outcome is unknown | The server failed (502)
    report: GET jobs            502, before, once             ok      1     1         success  Comment on pull request A
    report: GET jobs            502, after, once              ok      1     1         success  Comment on pull request A
    report: GET jobs            503                           failed  1     0         error    The jobs of the run could not be read, so its outcome is unknown | The server failed (503)
    report: GET jobs            503, once                     ok      1     1         success  Comment on pull request A
    report: GET jobs            503, again in 1 s             failed  1     0         error    The jobs of the run could not be read, so its outcome is unknown | The server failed (503)
    report: GET jobs            503, again in 1 s, once       ok      1     1         success  Comment on pull request A
    report: GET jobs            503, again in 90 s            failed  1     0         error    The jobs of the run could not be read, so its outcome is unknown | The server failed (503)
    report: GET jobs            504, before                   failed  1     0         error    The jobs of the run could not be read, so its outcome is unknown | The server failed (504)
    report: GET jobs            504, after                    failed  1     0         error    The jobs of the run could not be read, so its outcome is unknown | The server failed (504)
    report: GET jobs            504, before, once             ok      1     1         success  Comment on pull request A
    report: GET jobs            504, after, once              ok      1     1         success  Comment on pull request A
    report: GET jobs            520, after, once              ok      1     1         success  Comment on pull request A
    report: GET jobs            slow                          ok      1     1         success  Comment on pull request A
    report: GET jobs            fast, slow, fast, …           ok      1     1         success  Comment on pull request A
    report: GET jobs            slow, fast, slow, …           ok      1     1         success  Comment on pull request A
    report: GET jobs            wrong content type            ok      1     1         success  Comment on pull request A
    report: GET jobs            a proxy's page, before        failed  1     0         error    The jobs of the run could not be read, so its outcome is unknown | The response is not from Gitea
    report: GET jobs            a proxy's page, before, once  ok      1     1         success  Comment on pull request A
    report: GET jobs            a proxy's page, after         failed  1     0         error    The jobs of the run could not be read, so its outcome is unknown | The response is not from Gitea
    report: GET jobs            a proxy's page, after, once   ok      1     1         success  Comment on pull request A
    report: GET jobs            301, same server              failed  1     0         error    The jobs of the run could not be read, so its outcome is unknown | The server redirects (301)
    report: GET jobs            301, other server             failed  1     0         error    The jobs of the run could not be read, so its outcome is unknown | The server redirects (301)
    report: GET jobs            302, same server              failed  1     0         error    The jobs of the run could not be read, so its outcome is unknown | The server redirects (302)
    report: GET jobs            302, other server             failed  1     0         error    The jobs of the run could not be read, so its outcome is unknown | The server redirects (302)
    report: GET jobs            307, same server              failed  1     0         error    The jobs of the run could not be read, so its outcome is unknown | The server redirects (307)
    report: GET jobs            307, other server             failed  1     0         error    The jobs of the run could not be read, so its outcome is unknown | The server redirects (307)
    report: GET jobs            308, same server              failed  1     0         error    The jobs of the run could not be read, so its outcome is unknown | The server redirects (308)
    report: GET jobs            308, other server             failed  1     0         error    The jobs of the run could not be read, so its outcome is unknown | The server redirects (308)
    report: GET jobs            401                           failed  1     0         error    The jobs of the run could not be read, so its outcome is unknown | The access token is not valid
    report: GET jobs            403                           failed  1     0         error    The jobs of the run could not be read, so its outcome is unknown | The server refused (403)
    report: GET jobs            404                           failed  1     0         error    The jobs of the run could not be read, so its outcome is unknown | The server does not know this request
    report: GET jobs            409                           failed  1     0         error    The jobs of the run could not be read, so its outcome is unknown | The server refused (409)
    report: GET jobs            413                           failed  1     0         error    The jobs of the run could not be read, so its outcome is unknown | The response is not from Gitea (413)
    report: GET jobs            422                           failed  1     0         error    The jobs of the run could not be read, so its outcome is unknown | The server refused (422)
    report: GET jobs            500                           failed  1     0         error    The jobs of the run could not be read, so its outcome is unknown | The server failed (500)
    report: POST statuses       no answer, before             failed  1     1         pending  The status may have been set | The server's response was lost | The comment was created
    report: POST statuses       no answer, after              failed  1     1         success  The status may have been set | The server's response was lost | The comment was created
    report: POST statuses       no answer, before, once       ok      1     1         success  Comment on pull request A
    report: POST statuses       no answer, after, once        ok      1     1         success  Comment on pull request A
    report: POST statuses       reset, before                 failed  1     1         pending  The status may have been set | The server's response was lost | The comment was created
    report: POST statuses       reset, after                  failed  1     1         success  The status may have been set | The server's response was lost | The comment was created
    report: POST statuses       reset, before, once           ok      1     1         success  Comment on pull request A
    report: POST statuses       reset, after, once            ok      1     1         success  Comment on pull request A
    report: POST statuses       truncated                     failed  1     1         success  The status may have been set | The server's response was lost | The comment was created
    report: POST statuses       truncated, once               ok      1     1         success  Comment on pull request A
    report: POST statuses       429                           failed  1     1         pending  The status was not set | The server is busy (429) | The comment was created
    report: POST statuses       429, once                     ok      1     1         success  Comment on pull request A
    report: POST statuses       429, again in 1 s             failed  1     1         pending  The status was not set | The server is busy (429) | The comment was created
    report: POST statuses       429, again in 1 s, once       ok      1     1         success  Comment on pull request A
    report: POST statuses       429, again in 90 s            failed  1     1         pending  The status was not set | The server is busy (429) | The comment was created
    report: POST statuses       502, before                   failed  1     1         pending  The status may have been set | The server failed (502) | The comment was created
    report: POST statuses       502, before, once             ok      1     1         success  Comment on pull request A
    report: POST statuses       502, after, once              ok      1     1         success  Comment on pull request A
    report: POST statuses       503                           failed  1     1         pending  The status may have been set | The server failed (503) | The comment was created
    report: POST statuses       503, once                     ok      1     1         success  Comment on pull request A
    report: POST statuses       503, again in 1 s             failed  1     1         pending  The status was not set | The server failed (503) | The comment was created
    report: POST statuses       503, again in 1 s, once       ok      1     1         success  Comment on pull request A
    report: POST statuses       503, again in 90 s            failed  1     1         pending  The status was not set | The server failed (503) | The comment was created
    report: POST statuses       504, before                   failed  1     1         pending  The status may have been set | The server failed (504) | The comment was created
    report: POST statuses       504, after                    failed  1     1         success  The status may have been set | The server failed (504) | The comment was created
    report: POST statuses       504, before, once             ok      1     1         success  Comment on pull request A
    report: POST statuses       504, after, once              ok      1     1         success  Comment on pull request A
    report: POST statuses       520, after, once              ok      1     1         success  Comment on pull request A
    report: POST statuses       slow                          ok      1     1         success  Comment on pull request A
    report: POST statuses       fast, slow, fast, …           ok      1     1         success  Comment on pull request A
    report: POST statuses       slow, fast, slow, …           ok      1     1         success  Comment on pull request A
    report: POST statuses       wrong content type            ok      1     1         success  Comment on pull request A
    report: POST statuses       a proxy's page, before        failed  1     1         pending  The status may have been set | The server's response was lost | The comment was created
    report: POST statuses       a proxy's page, before, once  ok      1     1         success  Comment on pull request A
    report: POST statuses       a proxy's page, after         failed  1     1         success  The status may have been set | The server's response was lost | The comment was created
    report: POST statuses       a proxy's page, after, once   ok      1     1         success  Comment on pull request A
    report: POST statuses       301, same server              failed  1     1         pending  The status was not set | The server redirects (301) | The comment was created
    report: POST statuses       301, other server             failed  1     1         pending  The status was not set | The server redirects (301) | The comment was created
    report: POST statuses       302, same server              failed  1     1         pending  The status was not set | The server redirects (302) | The comment was created
    report: POST statuses       302, other server             failed  1     1         pending  The status was not set | The server redirects (302) | The comment was created
    report: POST statuses       307, same server              failed  1     1         pending  The status was not set | The server redirects (307) | The comment was created
    report: POST statuses       307, other server             failed  1     1         pending  The status was not set | The server redirects (307) | The comment was created
    report: POST statuses       308, same server              failed  1     1         pending  The status was not set | The server redirects (308) | The comment was created
    report: POST statuses       308, other server             failed  1     1         pending  The status was not set | The server redirects (308) | The comment was created
    report: POST statuses       401                           failed  1     1         pending  The status was not set | The access token is not valid | The comment was created
    report: POST statuses       403                           failed  1     1         pending  The status was not set | The server refused (403) | The comment was created
    report: POST statuses       404                           failed  1     1         pending  The status was not set | The server does not know this request | The comment was created
    report: POST statuses       409                           failed  1     1         pending  The status was not set | The server refused (409) | The comment was created
    report: POST statuses       413                           failed  1     1         pending  The status was not set | The response is not from Gitea (413) | The comment was created
    report: POST statuses       422                           failed  1     1         pending  The status was not set | The server refused (422) | The comment was created
    report: POST statuses       500                           failed  1     1         pending  The status was not set | The commit is not in the repository | The comment was created
    report: POST comments       no answer, before             failed  1     0         success  The comment may have been created | The server's response was lost | The status was set
    report: POST comments       no answer, after              ok      1     1         success  Comment on pull request A
    report: POST comments       no answer, before, once       ok      1     1         success  Comment on pull request A
    report: POST comments       no answer, after, once        ok      1     1         success  Comment on pull request A
    report: POST comments       reset, before                 failed  1     0         success  The comment may have been created | The server's response was lost | The status was set
    report: POST comments       reset, after                  ok      1     1         success  Comment on pull request A
    report: POST comments       reset, before, once           ok      1     1         success  Comment on pull request A
    report: POST comments       reset, after, once            ok      1     1         success  Comment on pull request A
    report: POST comments       truncated                     ok      1     1         success  Comment on pull request A
    report: POST comments       truncated, once               ok      1     1         success  Comment on pull request A
    report: POST comments       429                           failed  1     0         success  The comment was not created | The server is busy (429) | The status was set
    report: POST comments       429, once                     ok      1     1         success  Comment on pull request A
    report: POST comments       429, again in 1 s             failed  1     0         success  The comment was not created | The server is busy (429) | The status was set
    report: POST comments       429, again in 1 s, once       ok      1     1         success  Comment on pull request A
    report: POST comments       429, again in 90 s            failed  1     0         success  The comment was not created | The server is busy (429) | The status was set
    report: POST comments       502, before                   failed  1     0         success  The comment may have been created | The server failed (502) | The status was set
    report: POST comments       502, before, once             ok      1     1         success  Comment on pull request A
    report: POST comments       502, after, once              ok      1     1         success  Comment on pull request A
    report: POST comments       503                           failed  1     0         success  The comment may have been created | The server failed (503) | The status was set
    report: POST comments       503, once                     ok      1     1         success  Comment on pull request A
    report: POST comments       503, again in 1 s             failed  1     0         success  The comment was not created | The server failed (503) | The status was set
    report: POST comments       503, again in 1 s, once       ok      1     1         success  Comment on pull request A
    report: POST comments       503, again in 90 s            failed  1     0         success  The comment was not created | The server failed (503) | The status was set
    report: POST comments       504, before                   failed  1     0         success  The comment may have been created | The server failed (504) | The status was set
    report: POST comments       504, after                    ok      1     1         success  Comment on pull request A
    report: POST comments       504, before, once             ok      1     1         success  Comment on pull request A
    report: POST comments       504, after, once              ok      1     1         success  Comment on pull request A
    report: POST comments       520, after, once              ok      1     1         success  Comment on pull request A
    report: POST comments       slow                          ok      1     1         success  Comment on pull request A
    report: POST comments       fast, slow, fast, …           ok      1     1         success  Comment on pull request A
    report: POST comments       slow, fast, slow, …           ok      1     1         success  Comment on pull request A
    report: POST comments       wrong content type            ok      1     1         success  Comment on pull request A
    report: POST comments       a proxy's page, before        failed  1     0         success  The comment may have been created | The server's response was lost | The status was set
    report: POST comments       a proxy's page, before, once  ok      1     1         success  Comment on pull request A
    report: POST comments       a proxy's page, after         ok      1     1         success  Comment on pull request A
    report: POST comments       a proxy's page, after, once   ok      1     1         success  Comment on pull request A
    report: POST comments       301, same server              failed  1     0         success  The comment was not created | The server redirects (301) | The status was set
    report: POST comments       301, other server             failed  1     0         success  The comment was not created | The server redirects (301) | The status was set
    report: POST comments       302, same server              failed  1     0         success  The comment was not created | The server redirects (302) | The status was set
    report: POST comments       302, other server             failed  1     0         success  The comment was not created | The server redirects (302) | The status was set
    report: POST comments       307, same server              failed  1     0         success  The comment was not created | The server redirects (307) | The status was set
    report: POST comments       307, other server             failed  1     0         success  The comment was not created | The server redirects (307) | The status was set
    report: POST comments       308, same server              failed  1     0         success  The comment was not created | The server redirects (308) | The status was set
    report: POST comments       308, other server             failed  1     0         success  The comment was not created | The server redirects (308) | The status was set
    report: POST comments       401                           failed  1     0         success  The comment was not created | The access token is not valid | The status was set
    report: POST comments       403                           failed  1     0         success  The comment was not created | The server refused (403) | The status was set
    report: POST comments       404                           failed  1     0         success  The comment was not created | The server does not know this request | The status was set
    report: POST comments       409                           failed  1     0         success  The comment was not created | The server refused (409) | The status was set
    report: POST comments       413                           failed  1     0         success  The comment was not created | The response is not from Gitea (413) | The status was set
    report: POST comments       422                           failed  1     0         success  The comment was not created | The server refused (422) | The status was set
    report: POST comments       500                           failed  1     0         success  The comment was not created | The pull request does not exist | The status was set
    report: all                 connection refused            failed  1     0         pending  The status was not set | The server could not be reached
    report: all                 never connected               failed  1     0         pending  The status was not set | The server could not be reached
    report: all                 silent TLS                    failed  1     0         pending  The status was not set | The server could not be reached
    report: all                 no answer, before             failed  1     0         pending  The status was not set | The server's response was lost
    report: all                 no answer, after              failed  1     0         pending  The status was not set | The server's response was lost
    report: all                 no answer, before, once       ok      1     1         success  Comment on pull request A
    report: all                 no answer, after, once        ok      1     1         success  Comment on pull request A
    report: all                 reset, before                 failed  1     0         pending  The status was not set | The server's response was lost
    report: all                 reset, after                  failed  1     0         pending  The status was not set | The server's response was lost
    report: all                 reset, before, once           ok      1     1         success  Comment on pull request A
    report: all                 reset, after, once            ok      1     1         success  Comment on pull request A
    report: all                 truncated                     failed  1     0         pending  The status was not set | The server's response was lost
    report: all                 truncated, once               ok      1     1         success  Comment on pull request A
    report: all                 429                           failed  1     0         pending  The status was not set | The server is busy (429)
    report: all                 429, once                     ok      1     1         success  Comment on pull request A
    report: all                 429, again in 1 s             failed  1     0         pending  The status was not set | The server is busy (429)
    report: all                 429, again in 1 s, once       ok      1     1         success  Comment on pull request A
    report: all                 429, again in 90 s            failed  1     0         pending  The status was not set | The server is busy (429)
    report: all                 502, before                   failed  1     0         pending  The status was not set | The server failed (502)
    report: all                 502, before, once             ok      1     1         success  Comment on pull request A
    report: all                 502, after, once              ok      1     1         success  Comment on pull request A
    report: all                 503                           failed  1     0         pending  The status was not set | The server failed (503)
    report: all                 503, once                     ok      1     1         success  Comment on pull request A
    report: all                 503, again in 1 s             failed  1     0         pending  The status was not set | The server failed (503)
    report: all                 503, again in 1 s, once       ok      1     1         success  Comment on pull request A
    report: all                 503, again in 90 s            failed  1     0         pending  The status was not set | The server failed (503)
    report: all                 504, before                   failed  1     0         pending  The status was not set | The server failed (504)
    report: all                 504, after                    failed  1     0         pending  The status was not set | The server failed (504)
    report: all                 504, before, once             ok      1     1         success  Comment on pull request A
    report: all                 504, after, once              ok      1     1         success  Comment on pull request A
    report: all                 520, after, once              ok      1     1         success  Comment on pull request A
    report: all                 slow                          ok      1     1         success  Comment on pull request A
    report: all                 fast, slow, fast, …           ok      1     1         success  Comment on pull request A
    report: all                 slow, fast, slow, …           ok      1     1         success  Comment on pull request A
    report: all                 wrong content type            ok      1     1         success  Comment on pull request A
    report: all                 a proxy's page, before        failed  1     0         pending  The status was not set | The response is not from Gitea
    report: all                 a proxy's page, before, once  ok      1     1         success  Comment on pull request A
    report: all                 a proxy's page, after         failed  1     0         pending  The status was not set | The response is not from Gitea
    report: all                 a proxy's page, after, once   ok      1     1         success  Comment on pull request A
    report: all                 301, same server              failed  1     0         pending  The status was not set | The server redirects (301)
    report: all                 301, other server             failed  1     0         pending  The status was not set | The server redirects (301)
    report: all                 302, same server              failed  1     0         pending  The status was not set | The server redirects (302)
    report: all                 302, other server             failed  1     0         pending  The status was not set | The server redirects (302)
    report: all                 307, same server              failed  1     0         pending  The status was not set | The server redirects (307)
    report: all                 307, other server             failed  1     0         pending  The status was not set | The server redirects (307)
    report: all                 308, same server              failed  1     0         pending  The status was not set | The server redirects (308)
    report: all                 308, other server             failed  1     0         pending  The status was not set | The server redirects (308)
    report: all                 401                           failed  1     0         pending  The status was not set | The access token is not valid
    report: all                 403                           failed  1     0         pending  The status was not set | The server refused (403)
    report: all                 404                           failed  1     0         pending  The status was not set | A is missing, or hidden from the token
    report: all                 409                           failed  1     0         pending  The status was not set | The server refused (409)
    report: all                 413                           failed  1     0         pending  The status was not set | The response is not from Gitea (413)
    report: all                 422                           failed  1     0         pending  The status was not set | The server refused (422)
    report: all                 500                           failed  1     0         pending  The status was not set | The server failed (500)
    ");
}
