//! Slow tests: failures that are retried until the limit, responses that never end, and large repositories. `cargo test
//! -- --skip slow::` leaves them out.

mod endless;
mod many;
mod matrix;
mod requests;

use std::thread;
use std::time::Duration;

use crate::fake::{Answer, Fault, Version};
use crate::stage::{SOURCE, Stage, add_waiting_run, open_pull_request};
use crate::{shown, stage};

#[test]
fn proxy_for_https_gets_a_request_for_a_tunnel() {
    let stage = stage(Version::V1_26);
    let step = stage.dispatch().input("api-url", "https://gitea.invalid/api/v1");

    step.var("HTTPS_PROXY", &stage.gitea.url()).run().failed();

    // The fake is not a proxy and refuses. What matters is that it got the request, and did not get the token.
    let request = stage.gitea.requests().remove(0);
    assert_eq!((request.method.as_str(), request.authorization), ("CONNECT", None));
}

#[test]
fn unreachable_server_is_retried_and_named_with_the_cause() {
    let stage = stage(Version::V1_26);

    // The discard port: nothing listens there.
    let done = stage.dispatch().input("api-url", "http://127.0.0.1:9/api/v1").run().failed();

    let log = shown(&done.log(), &stage);
    assert!(log.contains("could not be sent: client error (Connect): tcp connect error: Connection refused"), "{log}");
    assert!(log.contains("(tried "), "{log}");
    assert!(log.contains("Check that the runner can reach `api-url`"), "{log}");
}

#[test]
fn reconcile_of_too_many_pull_requests_closes_what_it_has_seen_and_says_so() {
    let stage = stage(Version::V1_26);
    {
        let mut world = stage.gitea.world();
        for number in 0..110 {
            let pull = open_pull_request(&mut world);
            let run = add_waiting_run(&mut world, pull);
            if number % 2 == 0 { world.cancel_run(run) } else { world.start_run(run) }
        }
    }
    // Each read of a status is slow, so reading and closing take 45 s, and the rest is left to the next run.
    stage.gitea.inject("GET", "/status?", 1000, Fault::Delay(Duration::from_secs(3)));

    let done = stage.reconcile().run().failed();

    let number = |name: &str| done.output(name).unwrap().parse::<usize>().unwrap();
    // In half a minute, eight at a time, some 80 are read. Then those found are closed.
    let checked = number("checked");
    assert!((40..=88).contains(&checked), "{}", done.log());
    let closed = stage.gitea.world().statuses.iter().filter(|status| status.state == "failure").count();
    assert!(closed > 10 && closed == number("closed"), "{closed}: {}", done.log());
    assert!(done.log().contains("::warning::There was no time to look at "), "{}", done.log());
}

#[test]
fn report_has_time_for_its_status_though_jobs_and_version_never_answer() {
    let stage = stage(Version::V1_26);
    stage.dispatch().run().ok();
    let run = stage.start_last_run();
    stage.gitea.inject("GET", "/jobs", 10, Fault::Hang);
    stage.gitea.inject("GET", "/version", 10, Fault::Hang);
    stage.gitea.inject("POST", "/statuses/", 10, Fault::Delay(Duration::from_secs(10)));

    stage.report(run).run().failed();

    let status = stage.gitea.world().statuses(SOURCE, &stage.sha).remove(0);
    assert_eq!(
        (status.state.as_str(), status.description.as_str()),
        ("error", "Outcome not known: the jobs could not be read")
    );
}

#[test]
fn dispatch_that_is_lost_after_a_slow_version_is_shown_on_the_pull_request() {
    let stage = stage(Version::V1_26);
    stage.gitea.inject("GET", "/version", 1, Fault::Delay(Duration::from_secs(10)));
    stage.gitea.inject("POST", "/dispatches", 10, Fault::WorkThenHang);
    stage.gitea.inject("GET", "/status?", 10, Fault::Delay(Duration::from_secs(4)));
    stage.gitea.inject("POST", "/statuses/", 10, Fault::Delay(Duration::from_secs(6)));

    stage.dispatch().input("wait", "true").run().failed();

    let status = stage.gitea.world().statuses(SOURCE, &stage.sha).remove(0);
    assert_eq!(status.description, "Dispatch outcome unknown, see the target's runs");
}

/// The server fails as during a restart: it fails this many first requests of this kind.
fn fail_first(stage: &Stage, method: &str, path: &str, times: usize) {
    let answer = Answer::new(503, "text/html", "<title>503 Service Temporarily Unavailable</title>");
    stage.gitea.inject(method, path, times, Fault::Answer(answer));
}

#[test]
fn final_status_outlasts_half_a_minute_in_which_it_is_refused() {
    let stage = stage(Version::V1_26);
    stage.dispatch().run().ok();
    let run = stage.start_last_run();
    // Seven pauses take 24 to 40 s.
    fail_first(&stage, "POST", "/statuses/", 7);

    stage.report(run).run().ok();

    assert_eq!(stage.gitea.world().statuses(SOURCE, &stage.sha)[0].state, "success");
    assert_eq!(stage.gitea.world().comments(SOURCE, stage.number).len(), 1);
}

#[test]
fn report_outlasts_half_a_minute_in_which_everything_is_refused() {
    let stage = stage(Version::V1_26);
    stage.dispatch().run().ok();
    let run = stage.start_last_run();
    // Five pauses take 12 to 20 s, six 18 to 30 s.
    fail_first(&stage, "GET", "/jobs?", 5);
    fail_first(&stage, "GET", "/status?", 6);
    fail_first(&stage, "POST", "/statuses/", 3);

    stage.report(run).run().ok();

    assert_eq!(stage.gitea.world().statuses(SOURCE, &stage.sha)[0].state, "success");
}

#[test]
fn wait_for_a_run_in_the_queue_goes_on_after_a_minute_and_names_the_queue_once() {
    let stage = stage(Version::V1_26);
    let step = stage.dispatch().input("wait", "true");

    let done = thread::scope(|scope| {
        let waiting = scope.spawn(|| step.run());
        // Longer than a minute, with time for the pauses between the reads.
        thread::sleep(Duration::from_secs(80));
        let run = stage.start_last_run();
        stage.gitea.world().finish_run(run, "success");
        waiting.join().unwrap()
    });

    let log = done.ok().log();
    assert_eq!(log.matches("::warning::The run has waited for a runner for a minute.").count(), 1, "{log}");
    assert_eq!(stage.gitea.world().statuses(SOURCE, &stage.sha)[0].state, "success");
}
