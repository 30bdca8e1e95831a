//! `mode: reconcile` with too many pull requests, or too slow a server, for its minute.

use std::time::{Duration, Instant};

use crate::fake::{Answer, Fault, Version};
use crate::stage;
use crate::stage::{Done, Stage, add_waiting_run, open_pull_request};

/// This many open pull requests besides the stage's own. Each has a status that waits for a cancelled run.
fn with_stuck(count: usize) -> Stage {
    let stage = stage(Version::V1_26);
    let mut world = stage.gitea.world();
    for _ in 0..count {
        let pull = open_pull_request(&mut world);
        let run = add_waiting_run(&mut world, pull);
        world.cancel_run(run);
    }
    drop(world);
    stage
}

fn number(done: &Done, name: &str) -> usize {
    done.output(name).unwrap().parse().unwrap()
}

fn closed(stage: &Stage) -> usize {
    stage.gitea.world().statuses.iter().filter(|status| status.state == "failure").count()
}

#[test]
fn pull_requests_are_looked_at_and_closed_though_their_list_is_slow() {
    let stage = with_stuck(1000);
    stage.gitea.inject("GET", "/pulls?", usize::MAX, Fault::Delay(Duration::from_secs(2)));
    let start = Instant::now();

    let done = stage.reconcile().run();

    println!("{} of 1000 closed in {:.1?}", closed(&stage), start.elapsed());
    assert!(closed(&stage) > 20, "{}", done.log());
    assert_eq!(closed(&stage), number(&done, "closed"));
}

#[test]
fn slow_server_does_not_prevent_closing_and_the_rest_is_reported_once() {
    let stage = with_stuck(1000);
    stage.gitea.set_delay(Duration::from_secs(2));

    let done = stage.reconcile().run().failed();

    println!("{} of 1000 closed", closed(&stage));
    assert!(closed(&stage) > 0, "{}", done.log());
    assert_eq!(closed(&stage), number(&done, "closed"));
    let log = done.log();
    assert_eq!(log.matches("::warning::There was no time to look at ").count(), 1, "{log}");
    assert!(log.lines().count() < 120 && log.len() < 64 << 10, "{log}");
}

#[test]
fn failures_of_one_kind_are_shown_three_times_and_counted() {
    let stage = with_stuck(150);
    stage.gitea.refuse("POST", "/statuses/", 403, "application/json", r#"{"message": "no"}"#);

    let done = stage.reconcile().run().failed();

    let log = done.log();
    assert_eq!(log.matches("::warning::Status dispatch-target/build").count(), 3, "{log}");
    assert!(log.contains("::warning::147 more statuses were not set"), "{log}");
    assert!(log.contains("And 50 more statuses\n"), "{log}");
    assert!(log.contains("The first of 150: Status dispatch-target/build"), "{log}");
}

#[test]
fn failures_of_two_kinds_are_counted_separately() {
    let stage = with_stuck(15);
    stage.gitea.refuse("POST", "/statuses/", 403, "application/json", r#"{"message": "no"}"#);
    let unread = Answer::new(403, "application/json", r#"{"message": "no jobs"}"#);
    stage.gitea.inject("GET", "/jobs", 5, Fault::Answer(unread));

    let done = stage.reconcile().run().failed();

    let log = done.log();
    assert_eq!(log.matches("returned 403 Forbidden: no jobs)\n").count(), 3, "{log}");
    assert!(log.contains("::warning::2 more runs could not be read"), "{log}");
    assert_eq!(log.matches("::warning::Status dispatch-target/build").count(), 3, "{log}");
    assert!(log.contains("::warning::7 more statuses were not set"), "{log}");
    assert!(log.contains("The first of 15: The server refused (403): no jobs."), "{log}");
}

/// Prints how much each run closes. In a release build on an idle machine, the server's delay decides; otherwise the
/// fake itself is slow.
#[test]
#[ignore = "takes minutes: cargo test slow::many -- --ignored --nocapture"]
fn three_thousand_are_closed_by_a_few_runs() {
    for milliseconds in [0, 20, 50] {
        let stage = with_stuck(3000);
        stage.gitea.set_delay(Duration::from_millis(milliseconds));
        for run in 1..=4 {
            let (start, before) = (Instant::now(), closed(&stage));
            stage.reconcile().run();
            let all = closed(&stage);
            println!("{milliseconds} ms, run {run}: {} closed in {:.1?}, {all} in all", all - before, start.elapsed());
            if all == 3000 {
                break;
            }
            assert!(all > before);
        }
    }
}
