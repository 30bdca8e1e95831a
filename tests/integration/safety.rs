//! The token goes to one server only and is shown nowhere. Nothing from a pull request breaks out of its place.

use serde_json::json;

use crate::fake::{Answer, FakeGitea, Fault, Version};
use crate::stage::{Done, SOURCE, TARGET, TOKEN, WORKFLOW};
use crate::{shown, stage};

fn assert_no_token(done: &Done) {
    assert_eq!(done.log.lines().next(), Some("::add-mask::token-of-the-bot"), "the runner is told first");
    for text in [&done.log(), &done.outputs, &done.summary] {
        assert!(!text.contains(TOKEN), "{text}");
    }
}

#[test]
fn token_is_masked_first_and_shown_nowhere() {
    let stage = stage(Version::V1_26);
    assert_no_token(&stage.dispatch().run().ok());
    let run = stage.start_last_run();
    assert_no_token(&stage.report(run).run().ok());
}

#[test]
fn server_that_repeats_the_token_does_not_get_it_into_the_log() {
    for status in [200, 403] {
        let stage = stage(Version::V1_26);
        let body = format!(r#"{{"message": "token {TOKEN} is not welcome"}}"#);
        stage.gitea.refuse("POST", "", status, "application/json", &body);

        let done = stage.dispatch().run().failed();

        assert_no_token(&done);
        assert!(done.log.contains("token *** is not welcome"), "{}", done.log);
    }
}

#[test]
fn token_at_the_edge_of_a_long_message_is_not_shown_in_part() {
    for padding in 270..300 {
        let stage = stage(Version::V1_26);
        let message = json!({"message": format!("{}{TOKEN}", "x".repeat(padding))});
        stage.gitea.refuse("POST", "/dispatches", 403, "application/json", &message.to_string());

        let done = stage.dispatch().run().failed();

        assert!(!done.log().contains("token-o"), "{padding}: {}", done.log);
    }
}

#[test]
fn token_in_a_conclusion_or_a_wrong_input_is_not_shown() {
    let stage = stage(Version::V1_26);
    assert_no_token(&stage.dispatch().input("target", TOKEN).run().failed());

    stage.dispatch().run().ok();
    let run = stage.start_last_run();
    stage.gitea.world().finish_job(run, "build", TOKEN);
    assert_no_token(&stage.report(run).run().ok());
    let world = stage.gitea.world();
    let shown = format!("{:?} {:?}", world.statuses(SOURCE, &stage.sha), world.comments(SOURCE, stage.number));
    assert!(!shown.contains(TOKEN), "{shown}");
}

#[test]
fn token_in_the_escapes_of_json_is_not_shown() {
    let stage = stage(Version::V1_26);
    let escaped: String = TOKEN.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
    let body = format!(r#"{{"message": "{escaped}"}}"#);
    stage.gitea.refuse("POST", "/dispatches", 409, "application/json", &body);

    let done = stage.dispatch().run().failed();

    assert_no_token(&done);
    let status = stage.gitea.world().statuses(SOURCE, &stage.sha).remove(0);
    assert_eq!(status.description, "The server refused (409): ***");
}

#[test]
fn token_in_an_event_payload_is_masked_before_the_payload_is_quoted() {
    let stage = stage(Version::V1_26);
    for payload in [json!({"pull_request": TOKEN}), json!({"inputs": TOKEN}), json!(TOKEN)] {
        let done = stage.dispatch().event("pull_request", &payload).run().failed();
        assert_no_token(&done);
        assert!(done.log.contains(r#"invalid type: string "***""#), "{}", done.log);
    }
}

#[test]
fn token_in_the_escapes_of_a_conclusion_is_in_no_output() {
    let stage = stage(Version::V1_26);
    let escaped: String = TOKEN.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
    let jobs = format!(
        r#"{{"total_count": 1, "jobs": [{{"id": 1, "name": "build", "status": "completed", "conclusion": "{escaped}"}}]}}"#
    );
    stage.gitea.refuse("GET", "/jobs", 200, "application/json", &jobs);

    let done = stage.dispatch().input("wait", "true").run().failed();

    assert_no_token(&done);
    assert!(done.output("run-id").is_some() && done.output("conclusion").is_some(), "{}\n{}", done.log, done.outputs);
    assert!(!format!("{:?}", stage.gitea.world().statuses(SOURCE, &stage.sha)).contains(TOKEN));
}

#[test]
fn redirect_is_not_followed_and_the_token_stays() {
    for status in [301, 302, 303, 307, 308] {
        let stage = stage(Version::V1_26);
        let elsewhere = FakeGitea::start(Version::V1_26);
        let answer = Answer::new(status, "text/html", "").header("Location", format!("{}/x", elsewhere.api_url()));
        stage.gitea.inject("POST", "/dispatches", usize::MAX, Fault::Answer(answer));

        let done = stage.dispatch().run().failed();

        assert_eq!(elsewhere.connections(), 0, "{status}");
        assert_eq!(stage.gitea.requests().len(), 2, "the dispatch and the status that tells of it, {status}");
        let message = shown(&done.log(), &stage).replace(&elsewhere.url(), "http://elsewhere");
        if status == 301 {
            insta::assert_snapshot!(message, @"
            Dispatching build-from-pr.yml of mporter/dispatch-target at main for pull request mporter/dispatch-source#1
            Status dispatch-target/build on mporter/dispatch-source@SHA10: error, The server redirects (301)
            ::error::Workflow build-from-pr.yml of mporter/dispatch-target was not dispatched. The server redirects (301). Set `api-url` to the address that the server redirects to. If that is a sign-in page, let requests to `/api/v1/` bypass it. Redirects are not followed, to protect the token. The pull request's status now shows this. (POST http://fake/api/v1/repos/mporter/dispatch-target/actions/workflows/build-from-pr.yml/dispatches?return_run_details=true returned 301 Moved Permanently: it points to http://elsewhere/api/v1/x, which is not followed)
            ");
        }
    }
}

#[test]
fn refusal_with_a_location_is_not_a_redirect() {
    let stage = stage(Version::V1_26);
    let answer = Answer::new(409, "application/json", r#"{"message": "no"}"#).header("Location", "http://elsewhere/");
    stage.gitea.inject("POST", "/dispatches", 1, Fault::Answer(answer));

    let done = stage.dispatch().run().failed();

    assert!(done.log.contains("returned 409 Conflict: no)"), "{}", done.log);
}

#[test]
fn hostile_branch_and_messages_stay_on_their_line() {
    let stage = stage(Version::V1_26);
    let hostile = "x\n::add-mask::y\r\n::set-output name=run-id::1\"}],\n[a](b)`${{ secrets.T }}`\u{202e}";
    let event = {
        let mut event = stage.gitea.world().pull_request_payload(SOURCE, stage.number, "opened");
        event["pull_request"]["head"]["ref"] = json!(hostile);
        event
    };

    let done = stage.dispatch().event("pull_request", &event).run().ok();

    assert_eq!(stage.gitea.requests()[0].body["inputs"]["pr_head_ref"], hostile, "JSON carries it whole");
    assert_eq!(done.log.lines().count(), 4);
    assert_eq!(done.log.lines().filter(|line| line.starts_with("::")).count(), 1, "{}", done.log);
    assert_eq!(done.outputs.lines().count(), 3);

    let message = json!({"message": "a\n::add-mask::b\r\n##[add-mask]c\u{1b}[2J%0A::d"});
    stage.gitea.refuse("POST", "/dispatches", 403, "application/json", &message.to_string());
    let done = stage.dispatch().run().failed();
    insta::assert_snapshot!(shown(&done.log(), &stage), @"
    Dispatching build-from-pr.yml of mporter/dispatch-target at main for pull request mporter/dispatch-source#1
    Status dispatch-target/build on mporter/dispatch-source@SHA10: error, The server refused (403): a ::add-mask::b  ##[add-mask]c [2J%0A::d
    ::error::Workflow build-from-pr.yml of mporter/dispatch-target was not dispatched. The server refused (403): a ::add-mask::b  ##[add-mask]c [2J%250A::d. The server's message gives the reason. The pull request's status now shows this. (POST http://fake/api/v1/repos/mporter/dispatch-target/actions/workflows/build-from-pr.yml/dispatches?return_run_details=true returned 403 Forbidden: a ::add-mask::b  ##[add-mask]c [2J%250A::d)
    ");
}

#[test]
fn hostile_job_name_and_status_stay_on_their_line() {
    let stage = stage(Version::V1_26);
    let name = "build\n::add-mask::x".to_owned();
    stage.gitea.world().repository(TARGET).workflow(WORKFLOW).jobs = vec![name.clone()];
    stage.dispatch().run().ok();
    let run = stage.start_last_run();
    stage.gitea.world().finish_job(run, &name, "success\nrun-id=1");

    let done = stage.report(run).run().ok();

    assert_eq!(done.log.lines().filter(|line| line.starts_with("::")).count(), 1, "{}", done.log);
    assert_eq!(done.output("state"), Some("error"));
    assert_eq!(done.outputs.lines().filter(|line| line.starts_with("run-id=")).count(), 1);
    let comment = stage.gitea.world().comments(SOURCE, stage.number).remove(0).body;
    assert_eq!(comment.lines().count(), 5, "the line, the failed job, the marker, with blank ones between: {comment}");
}

#[test]
fn endless_answer_is_cut_off() {
    let stage = stage(Version::V1_26);
    stage.gitea.refuse("POST", "/dispatches", 200, "application/json", &" ".repeat(5 << 20));

    let done = stage.dispatch().run().failed();

    assert!(done.log.contains("the response has more than 4 MiB"), "{}", done.log);
}
