//! `mode: reconcile`: runs that nobody reported are closed, and nothing else is touched.

use std::time::Duration;

use crate::fake::{Answer, Fault, Permission, Status, Version};
use crate::stage::{Done, SOURCE, Stage, TARGET, add_waiting_run, open_pull_request};
use crate::{sent, shown, stage};

/// A dispatched run of another new pull request: the pull request's number, its head and the run.
fn another(stage: &Stage) -> (u64, String, u64) {
    let number = open_pull_request(&mut stage.gitea.world());
    let sha = stage.gitea.world().repository(SOURCE).pull(number).head_sha.clone();
    let event = stage.gitea.world().pull_request_payload(SOURCE, number, "opened");
    stage.dispatch().event("pull_request", &event).run().ok();
    let run = stage.gitea.world().runs.last().unwrap().id;
    (number, sha, run)
}

fn status(stage: &Stage, sha: &str) -> (String, String) {
    let Status { state, description, .. } = stage.gitea.world().statuses(SOURCE, sha).remove(0);
    (state, description)
}

fn comments(stage: &Stage, number: u64) -> Vec<String> {
    let comments = stage.gitea.world().comments(SOURCE, number);
    comments.iter().map(|comment| comment.body.lines().next().unwrap().to_owned()).collect()
}

/// `checked`, `closed` and `running`.
fn numbers(done: &Done) -> [u32; 3] {
    ["checked", "closed", "running"].map(|name| done.output(name).unwrap().parse().unwrap())
}

/// The requests of the last step.
fn since(stage: &Stage, before: usize) -> usize {
    stage.gitea.requests().len() - before
}

#[test]
fn cancelled_run_is_closed_with_its_status_and_comment() {
    let stage = stage(Version::V1_26);
    stage.dispatch().run().ok();
    let run = stage.start_last_run();
    stage.gitea.world().cancel_run(run);
    let before = stage.gitea.requests().len();

    let done = stage.reconcile().run().ok();

    assert_eq!(status(&stage, &stage.sha), ("failure".to_owned(), "Has been cancelled".to_owned()));
    let link = "https://gitea.example.com/mporter/dispatch-target/actions/runs/30";
    assert_eq!(comments(&stage, stage.number), [format!("**dispatch-target build cancelled** — [run log]({link})")]);
    assert_eq!(numbers(&done), [1, 1, 0]);
    insta::assert_snapshot!(shown(&done.log(), &stage), @"
    Pull request mporter/dispatch-source#1, status dispatch-target/build: failure, Has been cancelled, comment created: https://gitea.example.com/mporter/dispatch-target/actions/runs/30
    Open pull requests of mporter/dispatch-source: 1; statuses that waited for a run of mporter/dispatch-target: 1, closed: 1, still running: 0
    ");
    insta::assert_snapshot!(shown(&done.summary, &stage), @"
    ### Reconciled mporter/dispatch-source with mporter/dispatch-target: 1 closed, 0 running

    | Pull request | Status | Run | What was done |
    | --- | --- | --- | --- |
    | [mporter/dispatch-source#1](https://gitea.example.com/mporter/dispatch-source/pulls/1) | dispatch-target/build | [30](https://gitea.example.com/mporter/dispatch-target/actions/runs/30) | failure, Has been cancelled, comment created |
    ");
    // Version, pull requests, statuses, jobs; then status, final status, comment.
    assert_eq!(since(&stage, before), 7);
    // A second step finds nothing to do.
    assert_eq!(numbers(&stage.reconcile().run().ok()), [0, 0, 0]);
    assert_eq!(comments(&stage, stage.number).len(), 1);
}

#[test]
fn all_that_ended_in_any_way_is_closed_and_the_rest_left_alone() {
    let stage = stage(Version::V1_26);
    let (failed, broken_off) = (another(&stage), another(&stage));
    let (deleted, queued, running, reported) = (another(&stage), another(&stage), another(&stage), another(&stage));
    {
        let mut world = stage.gitea.world();
        world.advance(0);
        for (_, _, run) in [&failed, &running] {
            world.start_run(*run);
        }
        world.advance(8);
        world.finish_run(failed.2, "failure");
        world.finish_run(broken_off.2, "skipped");
        world.delete_run(deleted.2);
        world.start_run(reported.2);
    }
    stage.report(reported.2).run().ok();
    stage.gitea.world().finish_run(reported.2, "success");
    let foreign = "https://gitea.example.com/mporter/elsewhere/actions/runs/30";
    stage.gitea.world().add_status(SOURCE, &stage.sha, Some("mporter"), "ci", "pending", foreign);

    let done = stage.reconcile().run().ok();

    let told = |pull: &(u64, String, u64)| status(&stage, &pull.1);
    assert_eq!(told(&failed), ("failure".to_owned(), "Failing after 8s".to_owned()));
    assert_eq!(told(&broken_off), ("skipped".to_owned(), "Has been skipped".to_owned()));
    assert_eq!(told(&deleted), ("error".to_owned(), "The run was deleted before it told its outcome".to_owned()));
    for left in [&queued, &running] {
        assert_eq!(told(left), ("pending".to_owned(), "Dispatched to mporter/dispatch-target".to_owned()));
    }
    assert_eq!(told(&reported).0, "success");
    assert_eq!(status(&stage, &stage.sha).0, "pending");
    assert_eq!(numbers(&done), [5, 3, 2]);
    let counts =
        [&failed, &broken_off, &deleted, &queued, &running, &reported].map(|pull| comments(&stage, pull.0).len());
    assert_eq!(counts, [1, 1, 0, 0, 0, 1]);
}

#[test]
fn given_context_is_the_only_one() {
    let stage = stage(Version::V1_26);
    stage.dispatch().input("context", "docs").run().ok();
    stage.dispatch().run().ok();
    for run in [30, 31] {
        stage.gitea.world().cancel_run(run);
    }

    let done = stage.reconcile().input("context", "docs").run().ok();

    assert_eq!(numbers(&done), [1, 1, 0]);
    let states: Vec<_> =
        stage.gitea.world().statuses(SOURCE, &stage.sha).into_iter().map(|s| (s.context, s.state)).collect();
    let expected =
        [("dispatch-target/build", "pending"), ("docs", "failure")].map(|(a, b)| (a.to_owned(), b.to_owned()));
    assert_eq!(states, expected);
}

#[test]
fn hidden_target_does_not_mean_a_deleted_run() {
    // The list of the run's jobs says so in 1.26, and a second request in 1.27, where a deleted run is missing too.
    for version in [Version::V1_26, Version::V1_27] {
        let stage = stage(version);
        stage.dispatch().run().ok();
        {
            let mut world = stage.gitea.world();
            world.repository(TARGET).private = true;
            world.repository(TARGET).collaborators.clear();
        }
        let before = stage.gitea.requests();

        let done = stage.reconcile().run().failed();

        assert!(
            done.log().starts_with(
                "::error::Nothing was written. mporter/dispatch-target is missing, or hidden from the token"
            ),
            "{}",
            done.log()
        );
        assert!(stage.gitea.requests()[before.len()..].iter().all(|request| request.method == "GET"));
        assert_eq!(status(&stage, &stage.sha).0, "pending");
        // With its access back, the same step does its work.
        stage.gitea.world().repository(TARGET).add_collaborator("dispatch-bot", Permission::Write);
        assert_eq!(numbers(&stage.reconcile().run().ok()), [1, 0, 1]);
    }
}

#[test]
fn unreadable_target_does_not_mean_a_deleted_run() {
    let stage = stage(Version::V1_27);
    stage.dispatch().run().ok();
    let run = stage.start_last_run();
    stage.gitea.world().delete_run(run);
    // The jobs are missing. Then the repository should say whether it is visible.
    stage.gitea.inject("GET", TARGET, 1, Fault::Delay(Duration::ZERO));
    stage.gitea.refuse("GET", TARGET, 500, "application/json", r#"{"message": "database is locked"}"#);

    let done = stage.reconcile().run().failed();

    assert!(done.log().contains("returned 500 Internal Server Error: database is locked"), "{}", done.log());
    assert_eq!(status(&stage, &stage.sha).0, "pending");
}

#[test]
fn target_is_not_needed_while_no_status_waits() {
    let stage = stage(Version::V1_26);
    stage.gitea.refuse("GET", TARGET, 500, "application/json", r#"{"message": "database is locked"}"#);

    stage.reconcile().run().ok();
}

#[test]
fn report_that_comes_in_between_is_left_alone() {
    let stage = stage(Version::V1_26);
    stage.dispatch().run().ok();
    let run = stage.start_last_run();
    stage.gitea.world().finish_run(run, "failure");
    // The second read is the one right before the final status.
    let page = format!("https://gitea.example.com/{TARGET}/actions/runs/{run}");
    let report = stage.report(run).input("status", "failure");
    stage.gitea.inject("GET", &format!("/runs/{run}/jobs"), 1, Fault::Delay(Duration::from_millis(1500)));
    let done = std::thread::scope(|scope| {
        let step = stage.reconcile();
        let reconcile = scope.spawn(move || step.run());
        std::thread::sleep(Duration::from_millis(500));
        report.run().ok();
        reconcile.join().unwrap()
    });

    let done = done.ok();
    assert_eq!(numbers(&done), [1, 0, 0]);
    assert!(done.log().contains(&format!("reported by somebody else: {page}")), "{}", done.log());
    assert_eq!(stage.gitea.world().all_statuses(SOURCE, &stage.sha).len(), 2);
    assert_eq!(comments(&stage, stage.number).len(), 1);
}

#[test]
fn late_report_after_a_reconcile_adds_no_second_comment() {
    let stage = stage(Version::V1_26);
    stage.dispatch().run().ok();
    let run = stage.start_last_run();
    let late = stage.report(run).input("status", "failure");
    stage.gitea.world().cancel_run(run);
    stage.reconcile().run().ok();

    late.run().ok();

    assert_eq!(comments(&stage, stage.number).len(), 1);
    assert!(comments(&stage, stage.number)[0].contains("build failure"));
}

#[test]
fn comment_that_the_report_made_without_its_status_is_found() {
    let stage = stage(Version::V1_26);
    stage.dispatch().run().ok();
    let run = stage.start_last_run();
    stage.gitea.refuse("POST", "/statuses/", 403, "application/json", r#"{"message":"no"}"#);
    stage.report(run).run().failed();
    stage.gitea.clear_faults();
    stage.gitea.world().finish_run(run, "success");

    let done = stage.reconcile().run().ok();

    assert_eq!(status(&stage, &stage.sha).0, "success");
    assert_eq!(comments(&stage, stage.number).len(), 1);
    assert!(done.log().contains("comment already exists"), "{}", done.log());
}

#[test]
fn closed_pull_request_is_left_alone() {
    let stage = stage(Version::V1_26);
    stage.dispatch().run().ok();
    stage.gitea.world().cancel_run(30);
    stage.gitea.world().close_pull_request(SOURCE, stage.number);

    let done = stage.reconcile().run().ok();

    assert_eq!(numbers(&done), [0, 0, 0]);
    assert_eq!(status(&stage, &stage.sha).0, "pending");
    assert!(done.log().starts_with("Open pull requests of mporter/dispatch-source: 0"), "{}", done.log());
}

#[test]
fn wait_for_a_runner_is_measured_by_the_servers_clock() {
    for (ahead, said) in
        [(3500, "Dispatched to mporter/dispatch-target"), (3700, "Waiting for a runner, dispatched at ")]
    {
        let stage = stage(Version::V1_26);
        // Years from the runner's clock.
        stage.gitea.world().advance(-100_000_000);
        stage.dispatch().run().ok();
        stage.gitea.world().advance(ahead);

        stage.reconcile().run().ok();

        assert!(status(&stage, &stage.sha).1.starts_with(said), "{ahead}: {}", status(&stage, &stage.sha).1);
    }
}

#[test]
fn run_that_waits_for_a_runner_for_an_hour_says_so_once() {
    let stage = stage(Version::V1_26);
    stage.dispatch().run().ok();
    let asked = stage.gitea.world().now();
    stage.gitea.world().runs[0].jobs[0].created_at = asked - 3601;

    let first = stage.reconcile().run().ok();
    let statuses = stage.gitea.world().all_statuses(SOURCE, &stage.sha).len();
    stage.reconcile().run().ok();

    let (state, description) = status(&stage, &stage.sha);
    assert_eq!(state, "pending");
    assert!(description.starts_with("Waiting for a runner, dispatched at "), "{description}");
    assert_eq!(numbers(&first), [1, 0, 1]);
    assert_eq!((statuses, stage.gitea.world().all_statuses(SOURCE, &stage.sha).len()), (2, 2));
    assert_eq!(comments(&stage, stage.number), [""; 0]);
}

#[test]
fn comments_can_be_switched_off_and_edited_in_place() {
    let stage = stage(Version::V1_26);
    stage.dispatch().run().ok();
    let run = stage.start_last_run();
    stage.report(run).input("comment", "update").run().ok();
    stage.dispatch().run().ok();
    stage.gitea.world().cancel_run(31);
    stage.reconcile().input("comment", "update").run().ok();
    assert_eq!(comments(&stage, stage.number).len(), 1);
    assert!(comments(&stage, stage.number)[0].contains("build cancelled"));
    stage.dispatch().run().ok();
    stage.gitea.world().cancel_run(32);

    stage.reconcile().input("comment", "off").run().ok();

    assert_eq!(status(&stage, &stage.sha).0, "failure");
    assert_eq!(comments(&stage, stage.number).len(), 1);
}

#[test]
fn failure_for_one_does_not_keep_the_others_from_being_closed() {
    let stage = stage(Version::V1_26);
    let (first, second) = (another(&stage), another(&stage));
    for (_, _, run) in [&first, &second] {
        stage.gitea.world().cancel_run(*run);
    }
    let answer = Answer::new(500, "application/json", r#"{"message": ""}"#);
    stage.gitea.inject("POST", &format!("/statuses/{}", first.1), 1, Fault::Answer(answer));

    let done = stage.reconcile().run().failed();

    assert_eq!([status(&stage, &first.1).0, status(&stage, &second.1).0], ["pending", "failure"]);
    assert_eq!(numbers(&done), [2, 1, 0]);
    assert!(done.log().contains("::error::Some statuses or comments could not be written"), "{}", done.log());
    stage.reconcile().run().ok();
    assert_eq!(status(&stage, &first.1).0, "failure");
}

#[test]
fn older_server_is_refused_before_any_other_request() {
    let stage = stage(Version::V1_25);

    let done = stage.reconcile().run().failed();

    assert_eq!(sent(&stage), "GET /api/v1/version");
    assert_eq!(
        done.log(),
        "::error::Nothing was sent: `mode: reconcile` needs Gitea 1.26 or later, and this server has 1.25"
    );
}

#[test]
fn three_hundred_pull_requests_cost_no_more_requests_than_promised() {
    let stage = stage(Version::V1_26);
    let stuck = 40;
    {
        let mut world = stage.gitea.world();
        for number in 1..300 {
            let pull = open_pull_request(&mut world);
            if number <= stuck {
                // Half of them have comments already.
                if number % 2 == 0 {
                    world.add_comment(SOURCE, pull, "mporter", "Looks good");
                }
                let run = add_waiting_run(&mut world, pull);
                if number % 5 == 0 { world.delete_run(run) } else { world.cancel_run(run) }
            }
        }
    }
    // So that requests overlap.
    stage.gitea.set_delay(Duration::from_millis(5));

    let done = stage.reconcile().run().ok();

    assert_eq!(numbers(&done), [40, 40, 0]);
    let (pages, gone) = (6, 8);
    let requests = stage.gitea.requests();
    assert!(requests.len() <= pages + 300 + 40 + 3 * 40 + 2, "{}", requests.len());
    assert_eq!(stage.gitea.world().comments.len(), 20 + 40 - gone);
    // A connection has one request at a time.
    assert!(stage.gitea.connections() <= 8, "{} connections", stage.gitea.connections());
    assert!(stage.gitea.stray_requests().is_empty());
}

#[test]
fn pull_requests_of_one_head_share_its_status_and_none_gets_the_comment() {
    let stage = stage(Version::V1_26);
    stage.dispatch().run().ok();
    stage.gitea.world().cancel_run(30);
    let sha = stage.sha.clone();
    let other = stage.gitea.world().open_pull_request(SOURCE, SOURCE, "same", &sha);

    let done = stage.reconcile().run().ok();

    assert_eq!(status(&stage, &sha).0, "failure");
    assert_eq!([comments(&stage, stage.number), comments(&stage, other)], [[""; 0], [""; 0]]);
    assert!(done.log().contains("no comment, since several pull requests have this head"), "{}", done.log());
}

#[test]
fn status_of_a_started_run_no_longer_says_that_it_waits() {
    let stage = stage(Version::V1_26);
    stage.dispatch().run().ok();
    let asked = stage.gitea.world().now();
    stage.gitea.world().runs[0].jobs[0].created_at = asked - 3601;
    stage.reconcile().run().ok();
    stage.start_last_run();

    stage.reconcile().run().ok();

    assert_eq!(status(&stage, &stage.sha), ("pending".to_owned(), "Dispatched to mporter/dispatch-target".to_owned()));
}

#[test]
fn long_texts_of_strangers_do_not_prevent_closing() {
    let stage = stage(Version::V1_26);
    stage.dispatch().run().ok();
    stage.gitea.world().cancel_run(30);
    let long = "x".repeat(1_000_000);
    for number in 0..5 {
        let mut world = stage.gitea.world();
        let sha = world.new_sha();
        let pull = world.open_pull_request(SOURCE, SOURCE, &format!("long-{number}"), &sha);
        world.repository(SOURCE).pull(pull).description.clone_from(&long);
        world.add_comment(SOURCE, stage.number, "mporter", &long);
    }

    stage.reconcile().input("comment", "update").run().ok();

    assert_eq!(status(&stage, &stage.sha).0, "failure");
    assert_eq!(comments(&stage, stage.number).len(), 6);
}

#[test]
fn each_failure_says_what_to_do() {
    let no = r#"{"message": "no"}"#;
    let scope = r#"{"message": "token does not have at least one of required scope(s), required=[write:issue], token scope=write:repository"}"#;
    let messages = [
        ("GET", "/version", 404, no),
        ("GET", "/pulls?", 401, r#"{"message": "invalid username, password or token"}"#),
        ("GET", "/status?", 400, no),
        ("GET", "/jobs?", 403, no),
        ("POST", "/statuses/", 500, no),
        ("POST", "/comments", 403, scope),
    ]
    .map(|(method, path, status, answer)| {
        let stage = stage(Version::V1_26);
        stage.dispatch().run().ok();
        stage.gitea.world().cancel_run(30);
        stage.gitea.refuse(method, path, status, "application/json", answer);
        let done = stage.reconcile().run().failed();
        shown(done.log().lines().last().unwrap(), &stage).replace("http://fake/api/v1", "…")
    });
    insta::assert_snapshot!(messages.join("\n"), @"
    ::error::Nothing was sent: `mode: reconcile` needs Gitea 1.26 or later, and the server's version could not be read. `api-url` is not the API's address. Set it to the address of the server's pages plus `/api/v1`. (GET …/version returned 404 Not Found: no)
    ::error::Nothing was written, since the open pull requests of mporter/dispatch-source could not be read. The access token is not valid. It may have been deleted, or its account disabled. Make a new token, and store it as the secret. (GET …/repos/mporter/dispatch-source/pulls?state=open&page=1&limit=50 returned 401 Unauthorized: invalid username, password or token)
    ::error::Some statuses or comments could not be written; pending statuses are retried next time. The first of 1: The server refused (400): no. The server's message gives the reason. (GET …/repos/mporter/dispatch-source/commits/SHA/status?page=1&limit=50 returned 400 Bad Request: no)
    ::error::Some statuses or comments could not be written; pending statuses are retried next time. The first of 1: The server refused (403): no. The server's message gives the reason. (GET …/repos/mporter/dispatch-target/actions/runs/30/jobs?page=1&limit=50 returned 403 Forbidden: no)
    ::error::Some statuses or comments could not be written; pending statuses are retried next time. The first of 1: Status dispatch-target/build on mporter/dispatch-source@SHA10 was not set. The server failed (500). (POST …/repos/mporter/dispatch-source/statuses/SHA returned 500 Internal Server Error: no)
    ::error::Some statuses or comments could not be written; pending statuses are retried next time. The first of 1: The comment on mporter/dispatch-source#1 was not created. The token lacks the scope write:issue. Make a token with the scopes write:repository and write:issue, and store it as the secret. (POST …/repos/mporter/dispatch-source/issues/1/comments returned 403 Forbidden: token does not have at least one of required scope(s), required=[write:issue], token scope=write:repository) The comment will not be retried.
    ");
}

#[test]
fn target_that_is_missing_or_renamed_is_an_error() {
    let stage = stage(Version::V1_26);
    let missing = stage.reconcile().input("target", "mporter/dispatch-traget").run().failed();
    stage.gitea.world().rename_repository(TARGET, "new-name");
    let renamed = stage.reconcile().run().failed();

    let last = |done: &Done| {
        shown(done.log().lines().last().unwrap(), &stage)
            .replace("http://fake/api/v1", "…")
            .replace(&stage.gitea.url(), "…")
    };
    insta::assert_snapshot!([last(&missing), last(&renamed)].join("\n"), @"
    ::error::No run can be found, because `target` cannot be read. mporter/dispatch-traget is missing, or hidden from the token. Check the name, and check that the token's account can read mporter/dispatch-traget. Gitea gives the same response for a missing and for a hidden repository. (GET …/repos/mporter/dispatch-traget returned 404 Not Found: not found)
    ::error::No run can be found, because `target` cannot be read. mporter/dispatch-target was renamed or moved. Use the new name, which is in the server's response. Redirects are not followed, to protect the token. (GET …/repos/mporter/dispatch-target returned 301 Moved Permanently: it points to /api/v1/repos/mporter/new-name, which is not followed)
    ");
    assert_eq!([missing.output("checked"), renamed.output("checked")], [None, None]);
}

#[test]
fn target_is_read_only_where_no_run_of_it_was_seen() {
    let stage = stage(Version::V1_26);
    let of_target = |before: usize| {
        let requests = &stage.gitea.requests()[before..];
        requests.iter().filter(|request| request.path == format!("/api/v1/repos/{TARGET}")).count()
    };
    stage.reconcile().run().ok();
    assert_eq!(of_target(0), 1);
    stage.dispatch().run().ok();
    let before = stage.gitea.requests().len();
    stage.reconcile().run().ok();
    assert_eq!(of_target(before), 0);
}

#[test]
fn context_that_no_pull_request_has_is_a_warning() {
    let stage = stage(Version::V1_26);
    stage.dispatch().run().ok();

    let done = stage.reconcile().input("context", "dispatch-target/biuld").run().ok();

    let warning = "::warning::No open pull request of mporter/dispatch-source has a status with the context `dispatch-target/biuld`. \
                   Check that `context` is the one that `mode: dispatch` sets";
    assert!(done.log().contains(warning), "{}", done.log());
    let quiet = stage.reconcile().input("context", "dispatch-target/build").run().ok();
    assert!(!quiet.log().contains("::warning::"), "{}", quiet.log());
}
