//! What servers and proxies do on the wire: connections that end early, and responses in odd forms.

mod forms;
mod relay;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::fake::{Answer, Fault, Version};
use crate::stage;
use crate::stage::SOURCE;
use forms::FORMS;
use relay::Relay;

#[test]
fn dispatch_is_not_sent_over_a_connection_that_has_been_idle() {
    for step in ["version before it", "first attempt refused"] {
        let stage = stage(Version::V1_26);
        if step == "first attempt refused" {
            stage.gitea.refuse_once("POST", "/dispatches", 429, "application/json", r#"{"message": "later"}"#);
        }
        // The server closes its first connection just when a second request arrives on it, as after its idle time.
        let closed = AtomicBool::new(false);
        let relay = Relay::start(&stage, move |exchange| {
            (exchange.number == 1 || closed.swap(true, Ordering::Relaxed)) && exchange.relay()
        });
        let dispatch = stage.dispatch().input("api-url", &relay.api_url());

        let done = match step {
            "version before it" => dispatch.input("wait", "true").input("wait-timeout", "1s").run().failed(),
            _ => dispatch.run().ok(),
        };

        assert_eq!(stage.gitea.world().runs.len(), 1, "{step}: {}", done.log());
        assert_eq!(stage.gitea.world().statuses(SOURCE, &stage.sha)[0].state, "pending", "{step}: {}", done.log());
        assert!(!done.log().contains("is unknown whether"), "{step}: {}", done.log());
    }
}

#[test]
fn retry_after_does_not_shorten_the_pauses() {
    for wish in ["0", "Thu, 01 Jan 1970 00:00:00 GMT", "a moment", "-1"] {
        let stage = stage(Version::V1_26);
        let busy = Answer::new(429, "application/json", r#"{"message": "later"}"#).header("Retry-After", wish);
        stage.gitea.inject("POST", "/dispatches", 3, Fault::Answer(busy));
        let start = Instant::now();

        stage.dispatch().run().ok();

        let requests = stage.gitea.requests();
        let dispatches = requests.iter().filter(|request| request.path.contains("/dispatches")).count();
        assert_eq!(dispatches, 4, "{wish}");
        // At least three quarters of 0.5, 1 and 2 s.
        assert!(start.elapsed() > Duration::from_millis(2600), "{wish}: {:?}", start.elapsed());
    }
}

#[test]
fn read_is_retried_after_any_failure_of_the_server() {
    for status in [500, 501, 502, 503, 504, 520] {
        let stage = stage(Version::V1_26);
        stage.dispatch().run().ok();
        let run = stage.start_last_run();
        stage.gitea.refuse_once("GET", "/jobs?", status, "application/json", r#"{"message": ""}"#);
        stage.gitea.refuse_once("GET", "/status?", status, "text/html", "<title>Oops</title>");

        let done = stage.report(run).run().ok();

        assert_eq!(done.output("state"), Some("success"), "{status}");
        assert!(!done.log().contains("::warning::"), "{status}: {}", done.log());
    }
}

#[test]
fn response_of_another_shape_is_not_taken_for_a_list() {
    for body in ["null", "[]", "{}", "7", r#"{"statuses": {}}"#, r#"{"statuses": [null]}"#, r#"{"statuses": [[]]}"#] {
        let stage = stage(Version::V1_26);
        stage.dispatch().run().ok();
        let run = stage.start_last_run();
        stage.gitea.refuse("GET", "/status?", 200, "application/json", body);

        let done = stage.report(run).run().failed();

        assert_eq!(stage.gitea.world().statuses(SOURCE, &stage.sha)[0].state, "pending", "{body}: {}", done.log());
        assert!(done.log().contains("The response is not from Gitea"), "{body}: {}", done.log());
    }
}

#[test]
fn dispatch_whose_response_has_an_odd_form_is_reported_truthfully() {
    let rows = FORMS.map(|(name, form)| {
        let stage = stage(Version::V1_26);
        let relay = Relay::start(&stage, move |exchange| {
            if !exchange.request.line.contains("/dispatches") {
                return exchange.relay();
            }
            let answer = String::from_utf8(exchange.answer()).unwrap();
            let (_, json) = answer.split_once("\r\n\r\n").unwrap();
            // The client may have gone.
            form(exchange.client, json).ok();
            false
        });

        let done = stage.dispatch().input("api-url", &relay.api_url()).run();

        let world = stage.gitea.world();
        assert_eq!(world.runs.len(), 1, "{name}: {}", done.log());
        let status = world.statuses(SOURCE, &stage.sha).remove(0);
        let exit = if done.success { "ok" } else { "failed" };
        assert!(done.success || done.is_documented(), "{name}: {}", done.log());
        // The run exists, so nothing may say that it does not.
        assert!(!done.log().contains("was not dispatched"), "{name}: {}", done.log());
        let link = if status.target_url.contains("/runs/") { "the run" } else { "the workflow" };
        format!("{name:<40}{exit:<8}{:<9}{:<50}{link}", status.state, status.description)
    });
    insta::assert_snapshot!(rows.join("\n"), @"
    HTTP/1.0, up to the end                 ok      pending  Dispatched to mporter/dispatch-target             the run
    up to the end                           ok      pending  Dispatched to mporter/dispatch-target             the run
    no reason                               ok      pending  Dispatched to mporter/dispatch-target             the run
    a chunk a byte                          ok      pending  Dispatched to mporter/dispatch-target             the run
    chunks with extensions and a trailer    ok      pending  Dispatched to mporter/dispatch-target             the run
    100 and 103 before it                   ok      pending  Dispatched to mporter/dispatch-target             the run
    a byte every 2 ms                       ok      pending  Dispatched to mporter/dispatch-target             the run
    lines that end in LF                    ok      pending  Dispatched to mporter/dispatch-target             the run
    204 with a body                         ok      pending  Dispatched to mporter/dispatch-target             the workflow
    a second answer behind it               ok      pending  Dispatched to mporter/dispatch-target             the run
    null                                    ok      pending  Dispatched to mporter/dispatch-target             the workflow
    nothing at all                          failed  error    Dispatch outcome unknown, see the target's runs   the workflow
    a head alone                            failed  error    Dispatch outcome unknown, see the target's runs   the workflow
    no body                                 failed  error    Dispatch outcome unknown, see the target's runs   the workflow
    a length that is too long               failed  error    Dispatch outcome unknown, see the target's runs   the workflow
    a length that is too short              failed  error    Dispatch outcome unknown, see the target's runs   the workflow
    two lengths                             failed  error    Dispatch outcome unknown, see the target's runs   the workflow
    no last chunk                           failed  error    Dispatch outcome unknown, see the target's runs   the workflow
    a chunk with a length that is none      failed  error    Dispatch outcome unknown, see the target's runs   the workflow
    compressed                              failed  error    Dispatch outcome unknown, see the target's runs   the workflow
    text behind the JSON                    failed  error    Dispatch outcome unknown, see the target's runs   the workflow
    reset in the middle                     failed  error    Dispatch outcome unknown, see the target's runs   the workflow
    101                                     failed  error    Dispatch outcome unknown, see the target's runs   the workflow
    a head of 1 MiB                         failed  error    Dispatch outcome unknown, see the target's runs   the workflow
    no HTTP                                 failed  error    Dispatch outcome unknown, see the target's runs   the workflow
    HTTP/2                                  failed  error    Dispatch outcome unknown, see the target's runs   the workflow
    an alert of TLS                         failed  error    Dispatch outcome unknown, see the target's runs   the workflow
    ");
}

#[test]
fn long_value_in_an_answer_makes_no_long_line() {
    let stage = stage(Version::V1_26);
    stage.dispatch().run().ok();
    let run = stage.start_last_run();
    let body = serde_json::json!({"statuses": "x".repeat(3 << 20)});
    stage.gitea.refuse("GET", "/status?", 200, "application/json", &body.to_string());

    let done = stage.report(run).run().failed();

    assert!(done.log().contains("invalid type: string \"xxx"), "{}", done.log());
    assert!(done.log().len() < 5_000 && done.summary.len() < 5_000, "{} {}", done.log().len(), done.summary.len());
}
