//! Each request of `dispatch` and of `report`, and all of them together, meets each fault of real networks, proxies and servers.
//!
//! The table of faults is [`faults`]. Each cell is a server, a step and an end of its own; what must hold in all of them is in
//! [`Cell::problems`], and what differs is the snapshot.

use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::fake::{Answer, FakeGitea, Fault, Status, Version};
use crate::stage;
use crate::stage::{Done, PAGES, SOURCE, Stage, Step, TARGET, TOKEN};

/// The action's own limit, and what starting a process may take on a machine that runs many of them.
const BUDGET: Duration = Duration::from_secs(60 + 3);

/// Cells that run side by side: they mostly wait.
const THREADS: usize = 96;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Dispatch,
    Report,
}

/// A request that meets a fault: mode, name, method (empty where it is all requests), a part of the path.
type Request = (Mode, &'static str, &'static str, &'static str);

const REQUESTS: [Request; 8] = [
    (Mode::Dispatch, "dispatch: POST dispatches", "POST", "/dispatches"),
    (Mode::Dispatch, "dispatch: POST statuses", "POST", "/statuses/"),
    (Mode::Dispatch, "dispatch: all", "", ""),
    (Mode::Report, "report: GET status", "GET", "/status?"),
    (Mode::Report, "report: GET jobs", "GET", "/jobs?"),
    (Mode::Report, "report: POST statuses", "POST", "/statuses/"),
    (Mode::Report, "report: POST comments", "POST", "/comments"),
    (Mode::Report, "report: all", "", ""),
];

const ALWAYS: usize = usize::MAX;
const SLOW: Duration = Duration::from_secs(4);

/// The table of faults: the name, and what happens how often, in this order. `same` and `other` are addresses of the server
/// itself and of another one.
fn faults(same: &str, other: &str) -> Vec<(&'static str, Vec<(usize, Fault)>)> {
    let html = |status| Answer::new(status, "text/html", "<html><body>The proxy has a word to say</body></html>");
    let json = |status| Answer::new(status, "application/json", r#"{"message": "the server says no"}"#);
    let redirect = |status, to: &str| Fault::Answer(html(status).header("Location", to));
    let wait = |status, seconds: &str| Fault::Answer(json(status).header("Retry-After", seconds));
    let once = |fault| vec![(1, fault)];
    let always = |fault| vec![(ALWAYS, fault)];
    let every_second = || [(1, Fault::Delay(Duration::ZERO)), (1, Fault::Delay(SLOW))].into_iter().cycle();
    vec![
        // What takes longest comes first, so that it does not come last.
        ("no answer, before", always(Fault::Hang)),
        ("no answer, after", always(Fault::WorkThenHang)),
        ("no answer, before, once", once(Fault::Hang)),
        ("no answer, after, once", once(Fault::WorkThenHang)),
        ("reset, before", always(Fault::Reset)),
        ("reset, after", always(Fault::WorkThenReset)),
        ("reset, before, once", once(Fault::Reset)),
        ("reset, after, once", once(Fault::WorkThenReset)),
        ("truncated", always(Fault::Truncated)),
        ("truncated, once", once(Fault::Truncated)),
        ("429", always(Fault::Answer(json(429)))),
        ("429, once", once(Fault::Answer(json(429)))),
        ("429, again in 1 s", always(wait(429, "1"))),
        ("429, again in 1 s, once", once(wait(429, "1"))),
        ("429, again in 90 s", always(wait(429, "90"))),
        ("502, before", always(Fault::Answer(html(502)))),
        ("502, before, once", once(Fault::Answer(html(502)))),
        ("502, after, once", once(Fault::WorkThenAnswer(html(502)))),
        ("503", always(Fault::Answer(json(503)))),
        ("503, once", once(Fault::Answer(json(503)))),
        ("503, again in 1 s", always(wait(503, "1"))),
        ("503, again in 1 s, once", once(wait(503, "1"))),
        ("503, again in 90 s", always(wait(503, "90"))),
        ("504, before", always(Fault::Answer(html(504)))),
        ("504, after", always(Fault::WorkThenAnswer(html(504)))),
        ("504, before, once", once(Fault::Answer(html(504)))),
        ("504, after, once", once(Fault::WorkThenAnswer(html(504)))),
        ("slow", always(Fault::Delay(SLOW))),
        ("every second slow", every_second().take(40).collect()),
        ("every other second slow", every_second().skip(1).take(40).collect()),
        ("wrong content type", always(Fault::ContentType("text/plain"))),
        ("a proxy's page, before", always(Fault::Answer(html(200)))),
        ("a proxy's page, before, once", once(Fault::Answer(html(200)))),
        ("a proxy's page, after", always(Fault::WorkThenAnswer(html(200)))),
        ("a proxy's page, after, once", once(Fault::WorkThenAnswer(html(200)))),
        ("301, same server", always(redirect(301, same))),
        ("301, other server", always(redirect(301, other))),
        ("302, same server", always(redirect(302, same))),
        ("302, other server", always(redirect(302, other))),
        ("307, same server", always(redirect(307, same))),
        ("307, other server", always(redirect(307, other))),
        ("308, same server", always(redirect(308, same))),
        ("308, other server", always(redirect(308, other))),
        ("401", always(Fault::Answer(json(401)))),
        ("403", always(Fault::Answer(json(403)))),
        ("404", always(Fault::Answer(json(404)))),
        ("409", always(Fault::Answer(json(409)))),
        ("413", always(Fault::Answer(html(413)))),
        ("422", always(Fault::Answer(json(422)))),
        ("500", always(Fault::Answer(json(500)))),
    ]
}

/// The stage of one cell: for a report, a run that was dispatched and that a runner has taken.
fn set(mode: Mode) -> (Stage, Step) {
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
fn inject(stage: &Stage, (mode, _, method, path): Request, turns: &[(usize, Fault)]) {
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

/// What one cell came to.
struct Cell {
    mode: Mode,
    name: String,
    done: Done,
    took: Duration,
    runs: usize,
    comments: usize,
    /// The status on the pull request.
    status: Option<Status>,
    run_page: String,
    followed: bool,
}

impl Cell {
    fn new(mode: Mode, name: String, stage: &Stage, step: Step, elsewhere: &FakeGitea) -> Self {
        let start = Instant::now();
        let done = step.run();
        let took = start.elapsed();
        let world = stage.gitea.world();
        let comments = world.comments(SOURCE, stage.number);
        let status = world.statuses(SOURCE, &stage.sha).pop();
        Self {
            mode,
            name,
            done,
            took,
            runs: world.runs.len(),
            comments: comments.iter().filter(|comment| comment.author == "dispatch-bot").count(),
            status,
            run_page: world
                .runs
                .last()
                .map_or_else(String::new, |run| format!("{PAGES}/{TARGET}/actions/runs/{}", run.id)),
            followed: elsewhere.connections() > 0
                || stage.gitea.requests().iter().any(|request| request.path.contains("/moved")),
        }
    }

    /// What must not be, whatever the fault.
    fn problems(&self) -> Vec<String> {
        let Done { success, outputs, summary, .. } = &self.done;
        let log = self.done.log();
        let status = |state: &str| self.status.as_ref().is_some_and(|status| status.state == state);
        let linked = self.status.as_ref().is_some_and(|status| status.target_url == self.run_page);
        let unknown = self.status.as_ref().is_some_and(|status| status.description.contains("outcome unknown"));
        let (run, comment) = (self.runs > 0, self.comments > 0);
        let (set, there) = match self.mode {
            Mode::Dispatch => (status("pending"), run && status("pending") && linked),
            Mode::Report => (status("success"), comment && status("success") && linked),
        };
        // The warning in front of it may tell of the same request.
        let said = format!("{}\n{summary}", log.lines().last().unwrap_or_default());
        let says = |text: &str| said.contains(text);
        let shown = [&log, outputs, summary].into_iter().any(|text| text.contains(TOKEN));
        let rules = [
            (self.runs > 1, "more than one run"),
            (self.comments > 1, "more than one comment"),
            (self.took >= BUDGET, "too late"),
            (self.followed, "a redirect was followed"),
            (shown, "the token is shown"),
            (*success && !there, "success without its effect"),
            (!success && !said.starts_with("::error::"), "a failure without an error"),
            (run && says("was not dispatched"), "it says that nothing was dispatched, but there is a run"),
            (
                run && status("error") && !unknown,
                "the pull request says that nothing was dispatched, but there is a run",
            ),
            (run && says("under way") && says("Start this again"), "it advises to start a second run"),
            (set && says("status was not set"), "it says that the status was not set, but it is there"),
            (!set && says("The status was set"), "it says that the status was set, but it is not there"),
            (comment && says("comment was not created"), "it says that there is no comment, but there is"),
            (!comment && says("comment was created"), "it says that there is a comment, but there is none"),
            (!status("error") && says("The pull request says so"), "the pull request does not say so"),
        ];
        let broken = rules.into_iter().filter(|(broken, _)| *broken);
        broken.map(|(_, problem)| format!("PROBLEM {}: {problem} ({:?})\n{log}\n", self.name, self.took)).collect()
    }

    /// A row of the table.
    fn row(&self) -> String {
        let log = self.done.log();
        let exit = if self.done.success { "ok" } else { "failed" };
        let state = self.status.as_ref().map_or("-", |status| &status.state);
        let warning = if log.contains("::warning::") { ", with a warning" } else { "" };
        format!("{:<58}{exit:<8}{:<6}{:<10}{state:<9}{}{warning}", self.name, self.runs, self.comments, class(&log))
    }
}

/// The kind of message that the log ends with: of each sentence what comes before the first colon, without names, addresses and
/// the request; of an error the first two sentences (what failed, and why) and those that tell what else became of it.
fn class(log: &str) -> String {
    let last = log.lines().last().unwrap_or_default();
    let short = |sentence: &str| {
        let sentence = sentence.split(": ").next().unwrap_or_default().trim_end_matches(['.', ' ']);
        let words = sentence.split(' ').map(|word| if word.starts_with("http") { "URL" } else { word });
        words.collect::<Vec<_>>().join(" ").replace(TARGET, "B").replace(SOURCE, "A")
    };
    let Some(error) = last.strip_prefix("::error::") else {
        return short(last).split(['@', '#']).next().unwrap_or_default().to_owned();
    };
    let error = without_requests(error);
    let what_else = ["The status", "The comment", "The pull request", "It is not known", "It seems"];
    let told = |sentence: &&str| what_else.iter().any(|start| sentence.starts_with(start));
    let (first, rest): (Vec<_>, Vec<_>) = error.split(". ").enumerate().partition(|(place, _)| *place < 2);
    let rest = rest.iter().map(|(_, sentence)| *sentence).filter(told);
    first.iter().map(|(_, sentence)| *sentence).chain(rest).map(short).collect::<Vec<_>>().join(" | ")
}

/// Without what stands in brackets about a request: the causes in it depend on the moment.
fn without_requests(text: &str) -> String {
    let mut shown = String::new();
    let mut depth = 0;
    for (place, character) in text.char_indices() {
        let rest = &text[place..];
        if depth > 0 || rest.starts_with("(GET ") || rest.starts_with("(POST ") {
            match character {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
        } else {
            shown.push(character);
        }
    }
    // Where a sentence ends before the bracket, and where the next one begins after it.
    shown.replace("  ", " ")
}

/// The cell of one request and one fault, both by their places in the tables.
fn cell(request: usize, fault: usize) -> Cell {
    let (mode, name, ..) = REQUESTS[request];
    let elsewhere = FakeGitea::start(Version::V1_26);
    let (stage, step) = set(mode);
    let (same, other) = (format!("{}/moved", stage.gitea.api_url()), format!("{}/moved", elsewhere.api_url()));
    let (fault, turns) = faults(&same, &other).swap_remove(fault);
    inject(&stage, REQUESTS[request], &turns);
    Cell::new(mode, format!("{name:<28}{fault}"), &stage, step, &elsewhere)
}

/// Nothing listens at the server's address.
fn refused(mode: Mode, name: &str) -> Cell {
    let elsewhere = FakeGitea::start(Version::V1_26);
    let (stage, step) = set(mode);
    // The discard port.
    let step = step.input("api-url", "http://127.0.0.1:9/api/v1");
    Cell::new(mode, format!("{name:<28}connection refused"), &stage, step, &elsewhere)
}

#[test]
fn every_request_meets_every_fault() {
    // Connections to a server are refused for all its requests alike.
    let all = (0..REQUESTS.len()).filter(|request| REQUESTS[*request].2.is_empty());
    let mut places: Vec<(usize, Option<usize>)> = all.map(|request| (request, None)).collect();
    // Fault by fault, so that the slow ones come first.
    for fault in 0..faults("", "").len() {
        places.extend((0..REQUESTS.len()).map(|request| (request, Some(fault))));
    }
    let next = AtomicUsize::new(0);
    let work = || {
        let mut cells = Vec::new();
        while let Some(&(request, fault)) = places.get(next.fetch_add(1, Ordering::Relaxed)) {
            let cell = match fault {
                Some(fault) => cell(request, fault),
                None => refused(REQUESTS[request].0, REQUESTS[request].1),
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
    dispatch: POST dispatches   no answer, before             failed  0     0         error    It is not known whether workflow build-from-pr.yml of B was dispatched, and it is not sent again | Before you start it again, look for the run | The pull request says so
    dispatch: POST dispatches   no answer, after              failed  1     0         error    It is not known whether workflow build-from-pr.yml of B was dispatched, and it is not sent again | Before you start it again, look for the run | The pull request says so
    dispatch: POST dispatches   no answer, before, once       failed  0     0         error    It is not known whether workflow build-from-pr.yml of B was dispatched, and it is not sent again | Before you start it again, look for the run | The pull request says so
    dispatch: POST dispatches   no answer, after, once        failed  1     0         error    It is not known whether workflow build-from-pr.yml of B was dispatched, and it is not sent again | Before you start it again, look for the run | The pull request says so
    dispatch: POST dispatches   reset, before                 failed  0     0         error    It is not known whether workflow build-from-pr.yml of B was dispatched, and it is not sent again | Before you start it again, look for the run | The pull request says so
    dispatch: POST dispatches   reset, after                  failed  1     0         error    It is not known whether workflow build-from-pr.yml of B was dispatched, and it is not sent again | Before you start it again, look for the run | The pull request says so
    dispatch: POST dispatches   reset, before, once           failed  0     0         error    It is not known whether workflow build-from-pr.yml of B was dispatched, and it is not sent again | Before you start it again, look for the run | The pull request says so
    dispatch: POST dispatches   reset, after, once            failed  1     0         error    It is not known whether workflow build-from-pr.yml of B was dispatched, and it is not sent again | Before you start it again, look for the run | The pull request says so
    dispatch: POST dispatches   truncated                     failed  1     0         error    It is not known whether workflow build-from-pr.yml of B was dispatched, and it is not sent again | Before you start it again, look for the run | The pull request says so
    dispatch: POST dispatches   truncated, once               failed  1     0         error    It is not known whether workflow build-from-pr.yml of B was dispatched, and it is not sent again | Before you start it again, look for the run | The pull request says so
    dispatch: POST dispatches   429                           failed  0     0         error    Workflow build-from-pr.yml of B was not dispatched | The server is busy (429) | The pull request says so
    dispatch: POST dispatches   429, once                     ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST dispatches   429, again in 1 s             failed  0     0         error    Workflow build-from-pr.yml of B was not dispatched | The server is busy (429) | The pull request says so
    dispatch: POST dispatches   429, again in 1 s, once       ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST dispatches   429, again in 90 s            failed  0     0         error    Workflow build-from-pr.yml of B was not dispatched | The server is busy (429) | The pull request says so
    dispatch: POST dispatches   502, before                   failed  0     0         error    It is not known whether workflow build-from-pr.yml of B was dispatched, and it is not sent again | Before you start it again, look for the run | The pull request says so
    dispatch: POST dispatches   502, before, once             failed  0     0         error    It is not known whether workflow build-from-pr.yml of B was dispatched, and it is not sent again | Before you start it again, look for the run | The pull request says so
    dispatch: POST dispatches   502, after, once              failed  1     0         error    It is not known whether workflow build-from-pr.yml of B was dispatched, and it is not sent again | Before you start it again, look for the run | The pull request says so
    dispatch: POST dispatches   503                           failed  0     0         error    It is not known whether workflow build-from-pr.yml of B was dispatched, and it is not sent again | Before you start it again, look for the run | The pull request says so
    dispatch: POST dispatches   503, once                     failed  0     0         error    It is not known whether workflow build-from-pr.yml of B was dispatched, and it is not sent again | Before you start it again, look for the run | The pull request says so
    dispatch: POST dispatches   503, again in 1 s             failed  0     0         error    Workflow build-from-pr.yml of B was not dispatched | The server failed (503) | The pull request says so
    dispatch: POST dispatches   503, again in 1 s, once       ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST dispatches   503, again in 90 s            failed  0     0         error    Workflow build-from-pr.yml of B was not dispatched | The server failed (503) | The pull request says so
    dispatch: POST dispatches   504, before                   failed  0     0         error    It is not known whether workflow build-from-pr.yml of B was dispatched, and it is not sent again | Before you start it again, look for the run | The pull request says so
    dispatch: POST dispatches   504, after                    failed  1     0         error    It is not known whether workflow build-from-pr.yml of B was dispatched, and it is not sent again | Before you start it again, look for the run | The pull request says so
    dispatch: POST dispatches   504, before, once             failed  0     0         error    It is not known whether workflow build-from-pr.yml of B was dispatched, and it is not sent again | Before you start it again, look for the run | The pull request says so
    dispatch: POST dispatches   504, after, once              failed  1     0         error    It is not known whether workflow build-from-pr.yml of B was dispatched, and it is not sent again | Before you start it again, look for the run | The pull request says so
    dispatch: POST dispatches   slow                          ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST dispatches   every second slow             ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST dispatches   every other second slow       ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST dispatches   wrong content type            ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST dispatches   a proxy's page, before        failed  0     0         error    It is not known whether workflow build-from-pr.yml of B was dispatched, and it is not sent again | Before you start it again, look for the run | The pull request says so
    dispatch: POST dispatches   a proxy's page, before, once  failed  0     0         error    It is not known whether workflow build-from-pr.yml of B was dispatched, and it is not sent again | Before you start it again, look for the run | The pull request says so
    dispatch: POST dispatches   a proxy's page, after         failed  1     0         error    It is not known whether workflow build-from-pr.yml of B was dispatched, and it is not sent again | Before you start it again, look for the run | The pull request says so
    dispatch: POST dispatches   a proxy's page, after, once   failed  1     0         error    It is not known whether workflow build-from-pr.yml of B was dispatched, and it is not sent again | Before you start it again, look for the run | The pull request says so
    dispatch: POST dispatches   301, same server              failed  0     0         error    Workflow build-from-pr.yml of B was not dispatched | The server redirects (301) | The pull request says so
    dispatch: POST dispatches   301, other server             failed  0     0         error    Workflow build-from-pr.yml of B was not dispatched | The server redirects (301) | The pull request says so
    dispatch: POST dispatches   302, same server              failed  0     0         error    Workflow build-from-pr.yml of B was not dispatched | The server redirects (302) | The pull request says so
    dispatch: POST dispatches   302, other server             failed  0     0         error    Workflow build-from-pr.yml of B was not dispatched | The server redirects (302) | The pull request says so
    dispatch: POST dispatches   307, same server              failed  0     0         error    Workflow build-from-pr.yml of B was not dispatched | The server redirects (307) | The pull request says so
    dispatch: POST dispatches   307, other server             failed  0     0         error    Workflow build-from-pr.yml of B was not dispatched | The server redirects (307) | The pull request says so
    dispatch: POST dispatches   308, same server              failed  0     0         error    Workflow build-from-pr.yml of B was not dispatched | The server redirects (308) | The pull request says so
    dispatch: POST dispatches   308, other server             failed  0     0         error    Workflow build-from-pr.yml of B was not dispatched | The server redirects (308) | The pull request says so
    dispatch: POST dispatches   401                           failed  0     0         error    Workflow build-from-pr.yml of B was not dispatched | The access token is not valid | The pull request says so
    dispatch: POST dispatches   403                           failed  0     0         error    Workflow build-from-pr.yml of B was not dispatched | The server refused (403) | The pull request says so
    dispatch: POST dispatches   404                           failed  0     0         error    Workflow build-from-pr.yml of B was not dispatched | The server does not know this request | The pull request says so
    dispatch: POST dispatches   409                           failed  0     0         error    Workflow build-from-pr.yml of B was not dispatched | The server refused (409) | The pull request says so
    dispatch: POST dispatches   413                           failed  0     0         error    Workflow build-from-pr.yml of B was not dispatched | The server refused (413) | The pull request says so
    dispatch: POST dispatches   422                           failed  0     0         error    Workflow build-from-pr.yml of B was not dispatched | The server refused (422) | The pull request says so
    dispatch: POST dispatches   500                           failed  0     0         error    Workflow build-from-pr.yml of B was not dispatched | The server failed (500) | The pull request says so
    dispatch: POST statuses     no answer, before             failed  1     0         -        The run is under way, URL , and tells its end itself | It is not known whether the pending status was set
    dispatch: POST statuses     no answer, after              failed  1     0         pending  The run is under way, URL , and tells its end itself | It is not known whether the pending status was set
    dispatch: POST statuses     no answer, before, once       ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST statuses     no answer, after, once        ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST statuses     reset, before                 failed  1     0         -        The run is under way, URL , and tells its end itself | It is not known whether the pending status was set
    dispatch: POST statuses     reset, after                  failed  1     0         pending  The run is under way, URL , and tells its end itself | It is not known whether the pending status was set
    dispatch: POST statuses     reset, before, once           ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST statuses     reset, after, once            ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST statuses     truncated                     failed  1     0         pending  The run is under way, URL , and tells its end itself | It is not known whether the pending status was set
    dispatch: POST statuses     truncated, once               ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST statuses     429                           failed  1     0         -        The run is under way, URL , and tells its end itself | The pending status was not set
    dispatch: POST statuses     429, once                     ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST statuses     429, again in 1 s             failed  1     0         -        The run is under way, URL , and tells its end itself | The pending status was not set
    dispatch: POST statuses     429, again in 1 s, once       ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST statuses     429, again in 90 s            failed  1     0         -        The run is under way, URL , and tells its end itself | The pending status was not set
    dispatch: POST statuses     502, before                   failed  1     0         -        The run is under way, URL , and tells its end itself | It is not known whether the pending status was set
    dispatch: POST statuses     502, before, once             ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST statuses     502, after, once              ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST statuses     503                           failed  1     0         -        The run is under way, URL , and tells its end itself | It is not known whether the pending status was set
    dispatch: POST statuses     503, once                     ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST statuses     503, again in 1 s             failed  1     0         -        The run is under way, URL , and tells its end itself | The pending status was not set
    dispatch: POST statuses     503, again in 1 s, once       ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST statuses     503, again in 90 s            failed  1     0         -        The run is under way, URL , and tells its end itself | The pending status was not set
    dispatch: POST statuses     504, before                   failed  1     0         -        The run is under way, URL , and tells its end itself | It is not known whether the pending status was set
    dispatch: POST statuses     504, after                    failed  1     0         pending  The run is under way, URL , and tells its end itself | It is not known whether the pending status was set
    dispatch: POST statuses     504, before, once             ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST statuses     504, after, once              ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST statuses     slow                          ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST statuses     every second slow             ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST statuses     every other second slow       ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST statuses     wrong content type            ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST statuses     a proxy's page, before        failed  1     0         -        The run is under way, URL , and tells its end itself | It is not known whether the pending status was set
    dispatch: POST statuses     a proxy's page, before, once  ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST statuses     a proxy's page, after         failed  1     0         pending  The run is under way, URL , and tells its end itself | It is not known whether the pending status was set
    dispatch: POST statuses     a proxy's page, after, once   ok      1     0         pending  Status dispatch-target/build on A
    dispatch: POST statuses     301, same server              failed  1     0         -        The run is under way, URL , and tells its end itself | The pending status was not set
    dispatch: POST statuses     301, other server             failed  1     0         -        The run is under way, URL , and tells its end itself | The pending status was not set
    dispatch: POST statuses     302, same server              failed  1     0         -        The run is under way, URL , and tells its end itself | The pending status was not set
    dispatch: POST statuses     302, other server             failed  1     0         -        The run is under way, URL , and tells its end itself | The pending status was not set
    dispatch: POST statuses     307, same server              failed  1     0         -        The run is under way, URL , and tells its end itself | The pending status was not set
    dispatch: POST statuses     307, other server             failed  1     0         -        The run is under way, URL , and tells its end itself | The pending status was not set
    dispatch: POST statuses     308, same server              failed  1     0         -        The run is under way, URL , and tells its end itself | The pending status was not set
    dispatch: POST statuses     308, other server             failed  1     0         -        The run is under way, URL , and tells its end itself | The pending status was not set
    dispatch: POST statuses     401                           failed  1     0         -        The run is under way, URL , and tells its end itself | The pending status was not set
    dispatch: POST statuses     403                           failed  1     0         -        The run is under way, URL , and tells its end itself | The pending status was not set
    dispatch: POST statuses     404                           failed  1     0         -        The run is under way, URL , and tells its end itself | The pending status was not set
    dispatch: POST statuses     409                           failed  1     0         -        The run is under way, URL , and tells its end itself | The pending status was not set
    dispatch: POST statuses     413                           failed  1     0         -        The run is under way, URL , and tells its end itself | The pending status was not set
    dispatch: POST statuses     422                           failed  1     0         -        The run is under way, URL , and tells its end itself | The pending status was not set
    dispatch: POST statuses     500                           failed  1     0         -        The run is under way, URL , and tells its end itself | The pending status was not set
    dispatch: all               connection refused            failed  0     0         -        Workflow build-from-pr.yml of B was not dispatched | The server could not be reached | The pull request could not be told either
    dispatch: all               no answer, before             failed  0     0         -        It is not known whether workflow build-from-pr.yml of B was dispatched, and it is not sent again | Before you start it again, look for the run | The pull request could not be told either
    dispatch: all               no answer, after              failed  1     0         -        It is not known whether workflow build-from-pr.yml of B was dispatched, and it is not sent again | Before you start it again, look for the run | The pull request could not be told either
    dispatch: all               no answer, before, once       failed  0     0         error    It is not known whether workflow build-from-pr.yml of B was dispatched, and it is not sent again | Before you start it again, look for the run | The pull request says so
    dispatch: all               no answer, after, once        failed  1     0         error    It is not known whether workflow build-from-pr.yml of B was dispatched, and it is not sent again | Before you start it again, look for the run | The pull request says so
    dispatch: all               reset, before                 failed  0     0         -        It is not known whether workflow build-from-pr.yml of B was dispatched, and it is not sent again | Before you start it again, look for the run | The pull request could not be told either
    dispatch: all               reset, after                  failed  1     0         -        It is not known whether workflow build-from-pr.yml of B was dispatched, and it is not sent again | Before you start it again, look for the run | The pull request could not be told either
    dispatch: all               reset, before, once           failed  0     0         error    It is not known whether workflow build-from-pr.yml of B was dispatched, and it is not sent again | Before you start it again, look for the run | The pull request says so
    dispatch: all               reset, after, once            failed  1     0         error    It is not known whether workflow build-from-pr.yml of B was dispatched, and it is not sent again | Before you start it again, look for the run | The pull request says so
    dispatch: all               truncated                     failed  1     0         -        It is not known whether workflow build-from-pr.yml of B was dispatched, and it is not sent again | Before you start it again, look for the run | The pull request could not be told either
    dispatch: all               truncated, once               failed  1     0         error    It is not known whether workflow build-from-pr.yml of B was dispatched, and it is not sent again | Before you start it again, look for the run | The pull request says so
    dispatch: all               429                           failed  0     0         -        Workflow build-from-pr.yml of B was not dispatched | The server is busy (429) | The pull request could not be told either
    dispatch: all               429, once                     ok      1     0         pending  Status dispatch-target/build on A
    dispatch: all               429, again in 1 s             failed  0     0         -        Workflow build-from-pr.yml of B was not dispatched | The server is busy (429) | The pull request could not be told either
    dispatch: all               429, again in 1 s, once       ok      1     0         pending  Status dispatch-target/build on A
    dispatch: all               429, again in 90 s            failed  0     0         -        Workflow build-from-pr.yml of B was not dispatched | The server is busy (429) | The pull request could not be told either
    dispatch: all               502, before                   failed  0     0         -        It is not known whether workflow build-from-pr.yml of B was dispatched, and it is not sent again | Before you start it again, look for the run | The pull request could not be told either
    dispatch: all               502, before, once             failed  0     0         error    It is not known whether workflow build-from-pr.yml of B was dispatched, and it is not sent again | Before you start it again, look for the run | The pull request says so
    dispatch: all               502, after, once              failed  1     0         error    It is not known whether workflow build-from-pr.yml of B was dispatched, and it is not sent again | Before you start it again, look for the run | The pull request says so
    dispatch: all               503                           failed  0     0         -        It is not known whether workflow build-from-pr.yml of B was dispatched, and it is not sent again | Before you start it again, look for the run | The pull request could not be told either
    dispatch: all               503, once                     failed  0     0         error    It is not known whether workflow build-from-pr.yml of B was dispatched, and it is not sent again | Before you start it again, look for the run | The pull request says so
    dispatch: all               503, again in 1 s             failed  0     0         -        Workflow build-from-pr.yml of B was not dispatched | The server failed (503) | The pull request could not be told either
    dispatch: all               503, again in 1 s, once       ok      1     0         pending  Status dispatch-target/build on A
    dispatch: all               503, again in 90 s            failed  0     0         -        Workflow build-from-pr.yml of B was not dispatched | The server failed (503) | The pull request could not be told either
    dispatch: all               504, before                   failed  0     0         -        It is not known whether workflow build-from-pr.yml of B was dispatched, and it is not sent again | Before you start it again, look for the run | The pull request could not be told either
    dispatch: all               504, after                    failed  1     0         -        It is not known whether workflow build-from-pr.yml of B was dispatched, and it is not sent again | Before you start it again, look for the run | The pull request could not be told either
    dispatch: all               504, before, once             failed  0     0         error    It is not known whether workflow build-from-pr.yml of B was dispatched, and it is not sent again | Before you start it again, look for the run | The pull request says so
    dispatch: all               504, after, once              failed  1     0         error    It is not known whether workflow build-from-pr.yml of B was dispatched, and it is not sent again | Before you start it again, look for the run | The pull request says so
    dispatch: all               slow                          ok      1     0         pending  Status dispatch-target/build on A
    dispatch: all               every second slow             ok      1     0         pending  Status dispatch-target/build on A
    dispatch: all               every other second slow       ok      1     0         pending  Status dispatch-target/build on A
    dispatch: all               wrong content type            ok      1     0         pending  Status dispatch-target/build on A
    dispatch: all               a proxy's page, before        failed  0     0         -        It is not known whether workflow build-from-pr.yml of B was dispatched, and it is not sent again | Before you start it again, look for the run | The pull request could not be told either
    dispatch: all               a proxy's page, before, once  failed  0     0         error    It is not known whether workflow build-from-pr.yml of B was dispatched, and it is not sent again | Before you start it again, look for the run | The pull request says so
    dispatch: all               a proxy's page, after         failed  1     0         -        It is not known whether workflow build-from-pr.yml of B was dispatched, and it is not sent again | Before you start it again, look for the run | The pull request could not be told either
    dispatch: all               a proxy's page, after, once   failed  1     0         error    It is not known whether workflow build-from-pr.yml of B was dispatched, and it is not sent again | Before you start it again, look for the run | The pull request says so
    dispatch: all               301, same server              failed  0     0         -        Workflow build-from-pr.yml of B was not dispatched | The server redirects (301) | The pull request could not be told either
    dispatch: all               301, other server             failed  0     0         -        Workflow build-from-pr.yml of B was not dispatched | The server redirects (301) | The pull request could not be told either
    dispatch: all               302, same server              failed  0     0         -        Workflow build-from-pr.yml of B was not dispatched | The server redirects (302) | The pull request could not be told either
    dispatch: all               302, other server             failed  0     0         -        Workflow build-from-pr.yml of B was not dispatched | The server redirects (302) | The pull request could not be told either
    dispatch: all               307, same server              failed  0     0         -        Workflow build-from-pr.yml of B was not dispatched | The server redirects (307) | The pull request could not be told either
    dispatch: all               307, other server             failed  0     0         -        Workflow build-from-pr.yml of B was not dispatched | The server redirects (307) | The pull request could not be told either
    dispatch: all               308, same server              failed  0     0         -        Workflow build-from-pr.yml of B was not dispatched | The server redirects (308) | The pull request could not be told either
    dispatch: all               308, other server             failed  0     0         -        Workflow build-from-pr.yml of B was not dispatched | The server redirects (308) | The pull request could not be told either
    dispatch: all               401                           failed  0     0         -        Workflow build-from-pr.yml of B was not dispatched | The access token is not valid | The pull request could not be told either
    dispatch: all               403                           failed  0     0         -        Workflow build-from-pr.yml of B was not dispatched | The server refused (403) | The pull request could not be told either
    dispatch: all               404                           failed  0     0         -        Workflow build-from-pr.yml of B was not dispatched | B is missing, or hidden from the token | The pull request could not be told either
    dispatch: all               409                           failed  0     0         -        Workflow build-from-pr.yml of B was not dispatched | The server refused (409) | The pull request could not be told either
    dispatch: all               413                           failed  0     0         -        Workflow build-from-pr.yml of B was not dispatched | The server refused (413) | The pull request could not be told either
    dispatch: all               422                           failed  0     0         -        Workflow build-from-pr.yml of B was not dispatched | The server refused (422) | The pull request could not be told either
    dispatch: all               500                           failed  0     0         -        Workflow build-from-pr.yml of B was not dispatched | The server failed (500) | The pull request could not be told either
    report: GET status          no answer, before             failed  1     1         pending  The status was not set | The server's answer got lost | The comment was created
    report: GET status          no answer, after              failed  1     1         pending  The status was not set | The server's answer got lost | The comment was created
    report: GET status          no answer, before, once       ok      1     1         success  Comment on pull request A
    report: GET status          no answer, after, once        ok      1     1         success  Comment on pull request A
    report: GET status          reset, before                 failed  1     1         pending  The status was not set | The server's answer got lost | The comment was created
    report: GET status          reset, after                  failed  1     1         pending  The status was not set | The server's answer got lost | The comment was created
    report: GET status          reset, before, once           ok      1     1         success  Comment on pull request A
    report: GET status          reset, after, once            ok      1     1         success  Comment on pull request A
    report: GET status          truncated                     failed  1     1         pending  The status was not set | The server's answer got lost | The comment was created
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
    report: GET status          slow                          ok      1     1         success  Comment on pull request A
    report: GET status          every second slow             ok      1     1         success  Comment on pull request A
    report: GET status          every other second slow       ok      1     1         success  Comment on pull request A
    report: GET status          wrong content type            ok      1     1         success  Comment on pull request A
    report: GET status          a proxy's page, before        failed  1     1         pending  The status was not set | The server's answer got lost | The comment was created
    report: GET status          a proxy's page, before, once  ok      1     1         success  Comment on pull request A
    report: GET status          a proxy's page, after         failed  1     1         pending  The status was not set | The server's answer got lost | The comment was created
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
    report: GET status          413                           failed  1     1         pending  The status was not set | The server refused (413) | The comment was created
    report: GET status          422                           failed  1     1         pending  The status was not set | The server refused (422) | The comment was created
    report: GET status          500                           failed  1     1         pending  The status was not set | The server failed (500) | The comment was created
    report: GET jobs            no answer, before             ok      1     1         success  Comment on pull request A, with a warning
    report: GET jobs            no answer, after              ok      1     1         success  Comment on pull request A, with a warning
    report: GET jobs            no answer, before, once       ok      1     1         success  Comment on pull request A
    report: GET jobs            no answer, after, once        ok      1     1         success  Comment on pull request A
    report: GET jobs            reset, before                 ok      1     1         success  Comment on pull request A, with a warning
    report: GET jobs            reset, after                  ok      1     1         success  Comment on pull request A, with a warning
    report: GET jobs            reset, before, once           ok      1     1         success  Comment on pull request A
    report: GET jobs            reset, after, once            ok      1     1         success  Comment on pull request A
    report: GET jobs            truncated                     ok      1     1         success  Comment on pull request A, with a warning
    report: GET jobs            truncated, once               ok      1     1         success  Comment on pull request A
    report: GET jobs            429                           ok      1     1         success  Comment on pull request A, with a warning
    report: GET jobs            429, once                     ok      1     1         success  Comment on pull request A
    report: GET jobs            429, again in 1 s             ok      1     1         success  Comment on pull request A, with a warning
    report: GET jobs            429, again in 1 s, once       ok      1     1         success  Comment on pull request A
    report: GET jobs            429, again in 90 s            ok      1     1         success  Comment on pull request A, with a warning
    report: GET jobs            502, before                   ok      1     1         success  Comment on pull request A, with a warning
    report: GET jobs            502, before, once             ok      1     1         success  Comment on pull request A
    report: GET jobs            502, after, once              ok      1     1         success  Comment on pull request A
    report: GET jobs            503                           ok      1     1         success  Comment on pull request A, with a warning
    report: GET jobs            503, once                     ok      1     1         success  Comment on pull request A
    report: GET jobs            503, again in 1 s             ok      1     1         success  Comment on pull request A, with a warning
    report: GET jobs            503, again in 1 s, once       ok      1     1         success  Comment on pull request A
    report: GET jobs            503, again in 90 s            ok      1     1         success  Comment on pull request A, with a warning
    report: GET jobs            504, before                   ok      1     1         success  Comment on pull request A, with a warning
    report: GET jobs            504, after                    ok      1     1         success  Comment on pull request A, with a warning
    report: GET jobs            504, before, once             ok      1     1         success  Comment on pull request A
    report: GET jobs            504, after, once              ok      1     1         success  Comment on pull request A
    report: GET jobs            slow                          ok      1     1         success  Comment on pull request A
    report: GET jobs            every second slow             ok      1     1         success  Comment on pull request A
    report: GET jobs            every other second slow       ok      1     1         success  Comment on pull request A
    report: GET jobs            wrong content type            ok      1     1         success  Comment on pull request A
    report: GET jobs            a proxy's page, before        ok      1     1         success  Comment on pull request A, with a warning
    report: GET jobs            a proxy's page, before, once  ok      1     1         success  Comment on pull request A
    report: GET jobs            a proxy's page, after         ok      1     1         success  Comment on pull request A, with a warning
    report: GET jobs            a proxy's page, after, once   ok      1     1         success  Comment on pull request A
    report: GET jobs            301, same server              ok      1     1         success  Comment on pull request A, with a warning
    report: GET jobs            301, other server             ok      1     1         success  Comment on pull request A, with a warning
    report: GET jobs            302, same server              ok      1     1         success  Comment on pull request A, with a warning
    report: GET jobs            302, other server             ok      1     1         success  Comment on pull request A, with a warning
    report: GET jobs            307, same server              ok      1     1         success  Comment on pull request A, with a warning
    report: GET jobs            307, other server             ok      1     1         success  Comment on pull request A, with a warning
    report: GET jobs            308, same server              ok      1     1         success  Comment on pull request A, with a warning
    report: GET jobs            308, other server             ok      1     1         success  Comment on pull request A, with a warning
    report: GET jobs            401                           ok      1     1         success  Comment on pull request A, with a warning
    report: GET jobs            403                           ok      1     1         success  Comment on pull request A, with a warning
    report: GET jobs            404                           ok      1     1         success  Comment on pull request A, with a warning
    report: GET jobs            409                           ok      1     1         success  Comment on pull request A, with a warning
    report: GET jobs            413                           ok      1     1         success  Comment on pull request A, with a warning
    report: GET jobs            422                           ok      1     1         success  Comment on pull request A, with a warning
    report: GET jobs            500                           ok      1     1         success  Comment on pull request A, with a warning
    report: POST statuses       no answer, before             failed  1     1         pending  The status may be there or not | The server's answer got lost | The comment was created
    report: POST statuses       no answer, after              failed  1     1         success  The status may be there or not | The server's answer got lost | The comment was created
    report: POST statuses       no answer, before, once       ok      1     1         success  Comment on pull request A
    report: POST statuses       no answer, after, once        ok      1     1         success  Comment on pull request A
    report: POST statuses       reset, before                 failed  1     1         pending  The status may be there or not | The server's answer got lost | The comment was created
    report: POST statuses       reset, after                  failed  1     1         success  The status may be there or not | The server's answer got lost | The comment was created
    report: POST statuses       reset, before, once           ok      1     1         success  Comment on pull request A
    report: POST statuses       reset, after, once            ok      1     1         success  Comment on pull request A
    report: POST statuses       truncated                     failed  1     1         success  The status may be there or not | The server's answer got lost | The comment was created
    report: POST statuses       truncated, once               ok      1     1         success  Comment on pull request A
    report: POST statuses       429                           failed  1     1         pending  The status was not set | The server is busy (429) | The comment was created
    report: POST statuses       429, once                     ok      1     1         success  Comment on pull request A
    report: POST statuses       429, again in 1 s             failed  1     1         pending  The status was not set | The server is busy (429) | The comment was created
    report: POST statuses       429, again in 1 s, once       ok      1     1         success  Comment on pull request A
    report: POST statuses       429, again in 90 s            failed  1     1         pending  The status was not set | The server is busy (429) | The comment was created
    report: POST statuses       502, before                   failed  1     1         pending  The status may be there or not | The server failed (502) | The comment was created
    report: POST statuses       502, before, once             ok      1     1         success  Comment on pull request A
    report: POST statuses       502, after, once              ok      1     1         success  Comment on pull request A
    report: POST statuses       503                           failed  1     1         pending  The status may be there or not | The server failed (503) | The comment was created
    report: POST statuses       503, once                     ok      1     1         success  Comment on pull request A
    report: POST statuses       503, again in 1 s             failed  1     1         pending  The status was not set | The server failed (503) | The comment was created
    report: POST statuses       503, again in 1 s, once       ok      1     1         success  Comment on pull request A
    report: POST statuses       503, again in 90 s            failed  1     1         pending  The status was not set | The server failed (503) | The comment was created
    report: POST statuses       504, before                   failed  1     1         pending  The status may be there or not | The server failed (504) | The comment was created
    report: POST statuses       504, after                    failed  1     1         success  The status may be there or not | The server failed (504) | The comment was created
    report: POST statuses       504, before, once             ok      1     1         success  Comment on pull request A
    report: POST statuses       504, after, once              ok      1     1         success  Comment on pull request A
    report: POST statuses       slow                          ok      1     1         success  Comment on pull request A
    report: POST statuses       every second slow             ok      1     1         success  Comment on pull request A
    report: POST statuses       every other second slow       ok      1     1         success  Comment on pull request A
    report: POST statuses       wrong content type            ok      1     1         success  Comment on pull request A
    report: POST statuses       a proxy's page, before        failed  1     1         pending  The status may be there or not | The server's answer got lost | The comment was created
    report: POST statuses       a proxy's page, before, once  ok      1     1         success  Comment on pull request A
    report: POST statuses       a proxy's page, after         failed  1     1         success  The status may be there or not | The server's answer got lost | The comment was created
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
    report: POST statuses       413                           failed  1     1         pending  The status was not set | The server refused (413) | The comment was created
    report: POST statuses       422                           failed  1     1         pending  The status was not set | The server refused (422) | The comment was created
    report: POST statuses       500                           failed  1     1         pending  The status was not set | The commit is not in the repository | The comment was created
    report: POST comments       no answer, before             failed  1     0         success  The comment may be there or not | The server's answer got lost | The status was set
    report: POST comments       no answer, after              ok      1     1         success  Comment on pull request A
    report: POST comments       no answer, before, once       ok      1     1         success  Comment on pull request A
    report: POST comments       no answer, after, once        ok      1     1         success  Comment on pull request A
    report: POST comments       reset, before                 failed  1     0         success  The comment may be there or not | The server's answer got lost | The status was set
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
    report: POST comments       502, before                   failed  1     0         success  The comment may be there or not | The server failed (502) | The status was set
    report: POST comments       502, before, once             ok      1     1         success  Comment on pull request A
    report: POST comments       502, after, once              ok      1     1         success  Comment on pull request A
    report: POST comments       503                           failed  1     0         success  The comment may be there or not | The server failed (503) | The status was set
    report: POST comments       503, once                     ok      1     1         success  Comment on pull request A
    report: POST comments       503, again in 1 s             failed  1     0         success  The comment was not created | The server failed (503) | The status was set
    report: POST comments       503, again in 1 s, once       ok      1     1         success  Comment on pull request A
    report: POST comments       503, again in 90 s            failed  1     0         success  The comment was not created | The server failed (503) | The status was set
    report: POST comments       504, before                   failed  1     0         success  The comment may be there or not | The server failed (504) | The status was set
    report: POST comments       504, after                    ok      1     1         success  Comment on pull request A
    report: POST comments       504, before, once             ok      1     1         success  Comment on pull request A
    report: POST comments       504, after, once              ok      1     1         success  Comment on pull request A
    report: POST comments       slow                          ok      1     1         success  Comment on pull request A
    report: POST comments       every second slow             ok      1     1         success  Comment on pull request A
    report: POST comments       every other second slow       ok      1     1         success  Comment on pull request A
    report: POST comments       wrong content type            ok      1     1         success  Comment on pull request A
    report: POST comments       a proxy's page, before        failed  1     0         success  The comment may be there or not | The server's answer got lost | The status was set
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
    report: POST comments       413                           failed  1     0         success  The comment was not created | The server refused (413) | The status was set
    report: POST comments       422                           failed  1     0         success  The comment was not created | The server refused (422) | The status was set
    report: POST comments       500                           failed  1     0         success  The comment was not created | The pull request does not exist | The status was set
    report: all                 connection refused            failed  1     0         pending  The status was not set | The server could not be reached | The comment was not created, with a warning
    report: all                 no answer, before             failed  1     0         pending  The status was not set | The server's answer got lost | The comment may be there or not, with a warning
    report: all                 no answer, after              failed  1     1         pending  The status was not set | The server's answer got lost | The comment may be there or not, with a warning
    report: all                 no answer, before, once       ok      1     1         success  Comment on pull request A
    report: all                 no answer, after, once        ok      1     1         success  Comment on pull request A
    report: all                 reset, before                 failed  1     0         pending  The status was not set | The server's answer got lost | The comment may be there or not, with a warning
    report: all                 reset, after                  failed  1     1         pending  The status was not set | The server's answer got lost | The comment may be there or not, with a warning
    report: all                 reset, before, once           ok      1     1         success  Comment on pull request A
    report: all                 reset, after, once            ok      1     1         success  Comment on pull request A
    report: all                 truncated                     failed  1     1         pending  The status was not set | The server's answer got lost | The comment may be there or not, with a warning
    report: all                 truncated, once               ok      1     1         success  Comment on pull request A
    report: all                 429                           failed  1     0         pending  The status was not set | The server is busy (429) | The comment was not created, with a warning
    report: all                 429, once                     ok      1     1         success  Comment on pull request A
    report: all                 429, again in 1 s             failed  1     0         pending  The status was not set | The server is busy (429) | The comment was not created, with a warning
    report: all                 429, again in 1 s, once       ok      1     1         success  Comment on pull request A
    report: all                 429, again in 90 s            failed  1     0         pending  The status was not set | The server is busy (429) | The comment was not created, with a warning
    report: all                 502, before                   failed  1     0         pending  The status was not set | The server failed (502) | The comment may be there or not, with a warning
    report: all                 502, before, once             ok      1     1         success  Comment on pull request A
    report: all                 502, after, once              ok      1     1         success  Comment on pull request A
    report: all                 503                           failed  1     0         pending  The status was not set | The server failed (503) | The comment may be there or not, with a warning
    report: all                 503, once                     ok      1     1         success  Comment on pull request A
    report: all                 503, again in 1 s             failed  1     0         pending  The status was not set | The server failed (503) | The comment was not created, with a warning
    report: all                 503, again in 1 s, once       ok      1     1         success  Comment on pull request A
    report: all                 503, again in 90 s            failed  1     0         pending  The status was not set | The server failed (503) | The comment was not created, with a warning
    report: all                 504, before                   failed  1     0         pending  The status was not set | The server failed (504) | The comment may be there or not, with a warning
    report: all                 504, after                    failed  1     1         pending  The status was not set | The server failed (504) | The comment may be there or not, with a warning
    report: all                 504, before, once             ok      1     1         success  Comment on pull request A
    report: all                 504, after, once              ok      1     1         success  Comment on pull request A
    report: all                 slow                          ok      1     1         success  Comment on pull request A
    report: all                 every second slow             ok      1     1         success  Comment on pull request A
    report: all                 every other second slow       ok      1     1         success  Comment on pull request A
    report: all                 wrong content type            ok      1     1         success  Comment on pull request A
    report: all                 a proxy's page, before        failed  1     0         pending  The status was not set | The server's answer got lost | The comment may be there or not, with a warning
    report: all                 a proxy's page, before, once  ok      1     1         success  Comment on pull request A
    report: all                 a proxy's page, after         failed  1     1         pending  The status was not set | The server's answer got lost | The comment may be there or not, with a warning
    report: all                 a proxy's page, after, once   ok      1     1         success  Comment on pull request A
    report: all                 301, same server              failed  1     0         pending  The status was not set | The server redirects (301) | The comment was not created, with a warning
    report: all                 301, other server             failed  1     0         pending  The status was not set | The server redirects (301) | The comment was not created, with a warning
    report: all                 302, same server              failed  1     0         pending  The status was not set | The server redirects (302) | The comment was not created, with a warning
    report: all                 302, other server             failed  1     0         pending  The status was not set | The server redirects (302) | The comment was not created, with a warning
    report: all                 307, same server              failed  1     0         pending  The status was not set | The server redirects (307) | The comment was not created, with a warning
    report: all                 307, other server             failed  1     0         pending  The status was not set | The server redirects (307) | The comment was not created, with a warning
    report: all                 308, same server              failed  1     0         pending  The status was not set | The server redirects (308) | The comment was not created, with a warning
    report: all                 308, other server             failed  1     0         pending  The status was not set | The server redirects (308) | The comment was not created, with a warning
    report: all                 401                           failed  1     0         pending  The status was not set | The access token is not valid | The comment was not created, with a warning
    report: all                 403                           failed  1     0         pending  The status was not set | The server refused (403) | The comment was not created, with a warning
    report: all                 404                           failed  1     0         pending  The status was not set | A is missing, or hidden from the token | The comment was not created, with a warning
    report: all                 409                           failed  1     0         pending  The status was not set | The server refused (409) | The comment was not created, with a warning
    report: all                 413                           failed  1     0         pending  The status was not set | The server refused (413) | The comment was not created, with a warning
    report: all                 422                           failed  1     0         pending  The status was not set | The server refused (422) | The comment was not created, with a warning
    report: all                 500                           failed  1     0         pending  The status was not set | The server failed (500) | The comment was not created | The pull request does not exist, with a warning
    ");
}

/// The most memory that the step may have had, in KiB. Optimized it needs a tenth of that.
const MEMORY_LIMIT: u64 = 64 << 10;

/// Runs the step, and gives its peak memory in KiB, as the system last told it.
fn peak_memory(step: Step) -> u64 {
    let (mut command, _files) = step.command();
    let mut child = command.stdout(Stdio::null()).spawn().unwrap();
    let path = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let status = std::fs::read_to_string(&path).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(peak);
        thread::sleep(Duration::from_millis(5));
    }
    peak
}

/// Each request gets an answer that never ends: `spaces` at a time, and then a pause.
fn endless_answers_end(spaces: usize, pause: Duration) {
    thread::scope(|scope| {
        for request in REQUESTS {
            scope.spawn(move || {
                let (mode, name, ..) = request;
                let (stage, step) = set(mode);
                inject(&stage, request, &[(ALWAYS, Fault::Endless { spaces, pause })]);
                let start = Instant::now();
                let peak = peak_memory(step);
                let took = start.elapsed();
                println!("{name:<28}{took:>8.1?}{:>8} KiB", peak);
                assert!(took < BUDGET, "{name}: {took:?}");
                assert!((1..MEMORY_LIMIT).contains(&peak), "{name}: {peak} KiB");
            });
        }
    });
}

#[test]
fn answer_without_an_end_fills_no_memory() {
    endless_answers_end(1 << 20, Duration::ZERO);
}

#[test]
fn answer_of_one_byte_a_minute_ends_in_time() {
    endless_answers_end(1, Duration::from_secs(60));
}
