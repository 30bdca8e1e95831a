//! The token goes to one server only and is shown nowhere; nothing from a pull request breaks out of its place.

use serde_json::json;

use crate::fake::{Answer, FakeGitea, Fault, Version};
use crate::stage::{Done, SOURCE, Stage, TARGET, TOKEN, WORKFLOW};
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
            Status dispatch-target/build on mporter/dispatch-source@SHA10: error, The server redirects (301)
            ::error::Workflow build-from-pr.yml of mporter/dispatch-target was not dispatched. The server redirects (301). Set `api-url` to the address that the server redirects to, unless that is a page to sign in: then let requests to `/api/v1/` pass by it. A redirect is not followed, for the token's sake. The pull request says so. (POST http://fake/api/v1/repos/mporter/dispatch-target/actions/workflows/build-from-pr.yml/dispatches?return_run_details=true was answered 301 Moved Permanently: it points to http://elsewhere/api/v1/x, which is not followed)
            ");
        }
    }
}

#[test]
fn refusal_with_a_location_is_no_redirect() {
    let stage = stage(Version::V1_26);
    let answer = Answer::new(409, "application/json", r#"{"message": "no"}"#).header("Location", "http://elsewhere/");
    stage.gitea.inject("POST", "/dispatches", 1, Fault::Answer(answer));

    let done = stage.dispatch().run().failed();

    assert!(done.log.contains("was answered 409 Conflict: no)"), "{}", done.log);
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
    Status dispatch-target/build on mporter/dispatch-source@SHA10: error, The server refused (403): a ::add-mask::b  ##[add-mask]c [2J%0A::d
    ::error::Workflow build-from-pr.yml of mporter/dispatch-target was not dispatched. The server refused (403): a ::add-mask::b  ##[add-mask]c [2J%250A::d. The server's message says what it did not like. The pull request says so. (POST http://fake/api/v1/repos/mporter/dispatch-target/actions/workflows/build-from-pr.yml/dispatches?return_run_details=true was answered 403 Forbidden: a ::add-mask::b  ##[add-mask]c [2J%250A::d)
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
    assert_eq!(comment.lines().count(), 3, "the line, a blank one, the marker: {comment}");
}

/// A stage over https, whose certificate is of a private authority in a file of its folder.
fn tls_stage() -> (Stage, tempfile::TempDir) {
    tls_stage_with(|_| ())
}

/// As [`tls_stage`], with another certificate.
fn tls_stage_with(change: impl FnOnce(&mut rcgen::CertificateParams)) -> (Stage, tempfile::TempDir) {
    let stage = Stage::on(FakeGitea::start_tls_with(Version::V1_26, change), &crate::binary());
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ca.pem"), stage.gitea.ca_pem()).unwrap();
    (stage, folder)
}

#[test]
fn private_authority_is_trusted_by_ssl_cert_file_or_ssl_cert_dir() {
    let (stage, folder) = tls_stage();
    stage.dispatch().var("SSL_CERT_FILE", folder.path().join("ca.pem").to_str().unwrap()).run().ok();
    let folder = folder.path().to_str().unwrap();
    stage.dispatch().var("SSL_CERT_DIR", folder).run().ok();
    stage.dispatch().var("SSL_CERT_DIR", &format!("/etc:{folder}")).run().ok();
    assert_eq!(stage.gitea.world().runs.len(), 3);
}

#[test]
fn unknown_authority_gets_no_request() {
    let (stage, folder) = tls_stage();
    let missing = folder.path().join("missing.pem");
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "no certificate").unwrap();
    let messages = [
        stage.dispatch(),
        stage.dispatch().var("SSL_CERT_FILE", missing.to_str().unwrap()),
        stage.dispatch().var("SSL_CERT_FILE", empty.to_str().unwrap()),
    ]
    .map(|step| shown(&step.run().failed().log(), &stage).replace(folder.path().to_str().unwrap(), "FOLDER"));
    insta::assert_snapshot!(messages.join("\n"), @"
    ::error::Workflow build-from-pr.yml of mporter/dispatch-target was not dispatched. The server's certificate is not trusted. Give the file of its authority as SSL_CERT_FILE in `env:` of the step. The pull request could not be told either: POST http://fake/api/v1/repos/mporter/dispatch-source/statuses/SHA could not be sent: client error (Connect): invalid peer certificate: UnknownIssuer. (POST http://fake/api/v1/repos/mporter/dispatch-target/actions/workflows/build-from-pr.yml/dispatches?return_run_details=true could not be sent: client error (Connect): invalid peer certificate: UnknownIssuer)
    ::error::Workflow build-from-pr.yml of mporter/dispatch-target was not dispatched. The authorities that are to be trusted could not be read. See that SSL_CERT_FILE or SSL_CERT_DIR names PEM files that are there where the job runs, in its container too. The pull request could not be told either: POST http://fake/api/v1/repos/mporter/dispatch-source/statuses/SHA could not be sent: client error (Connect): unexpected error: SSL_CERT_FILE=FOLDER/missing.pem: No such file or directory (os error 2). (POST http://fake/api/v1/repos/mporter/dispatch-target/actions/workflows/build-from-pr.yml/dispatches?return_run_details=true could not be sent: client error (Connect): unexpected error: SSL_CERT_FILE=FOLDER/missing.pem: No such file or directory (os error 2))
    ::error::Workflow build-from-pr.yml of mporter/dispatch-target was not dispatched. The authorities that are to be trusted could not be read. See that SSL_CERT_FILE or SSL_CERT_DIR names PEM files that are there where the job runs, in its container too. The pull request could not be told either: POST http://fake/api/v1/repos/mporter/dispatch-source/statuses/SHA could not be sent: client error (Connect): unexpected error: SSL_CERT_FILE and SSL_CERT_DIR hold no certificate. (POST http://fake/api/v1/repos/mporter/dispatch-target/actions/workflows/build-from-pr.yml/dispatches?return_run_details=true could not be sent: client error (Connect): unexpected error: SSL_CERT_FILE and SSL_CERT_DIR hold no certificate)
    ");
    assert_eq!(stage.gitea.requests().len(), 0);
}

#[test]
fn certificate_of_another_time_or_name_is_told_apart_from_one_that_is_not_trusted() {
    let messages = [
        tls_stage_with(|certificate| certificate.not_after = rcgen::date_time_ymd(2020, 1, 1)),
        tls_stage_with(|certificate| certificate.not_before = rcgen::date_time_ymd(3000, 1, 1)),
        tls_stage_with(|certificate| {
            let name = "gitea.example.com".try_into().unwrap();
            certificate.subject_alt_names = vec![rcgen::SanType::DnsName(name)];
        }),
        tls_stage_with(|certificate| certificate.subject_alt_names = Vec::new()),
        tls_stage_with(|certificate| certificate.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained)),
    ]
    .map(|(stage, folder)| {
        let done = stage.dispatch().var("SSL_CERT_FILE", folder.path().join("ca.pem").to_str().unwrap()).run().failed();
        assert_eq!(stage.gitea.requests().len(), 0);
        done.log().split(" The pull request could").next().unwrap().to_owned()
    });
    insta::assert_snapshot!(messages.join("\n"), @"
    ::error::Workflow build-from-pr.yml of mporter/dispatch-target was not dispatched. The server's certificate is not valid at this time. Renew it on the server; if it is current, set the runner's clock.
    ::error::Workflow build-from-pr.yml of mporter/dispatch-target was not dispatched. The server's certificate is not valid at this time. Renew it on the server; if it is current, set the runner's clock.
    ::error::Workflow build-from-pr.yml of mporter/dispatch-target was not dispatched. The server's certificate is for another name. Set `api-url` to a name that the certificate has.
    ::error::Workflow build-from-pr.yml of mporter/dispatch-target was not dispatched. The server's certificate cannot be used. Make one that is no authority itself, and that has the server's name as subjectAltName.
    ::error::Workflow build-from-pr.yml of mporter/dispatch-target was not dispatched. The server's certificate cannot be used. Make one that is no authority itself, and that has the server's name as subjectAltName.
    ");
}

#[test]
fn proxy_of_the_environment_is_used() {
    let stage = stage(Version::V1_26);
    stage.dispatch().input("api-url", "http://gitea.invalid/api/v1").var("HTTP_PROXY", &stage.gitea.url()).run().ok();
    assert_eq!(stage.gitea.world().runs.len(), 1);
}

#[test]
fn no_proxy_names_servers_that_are_reached_directly() {
    let stage = stage(Version::V1_26);
    let proxy = FakeGitea::start(Version::V1_26);

    stage.dispatch().var("HTTP_PROXY", &proxy.url()).var("NO_PROXY", "127.0.0.1").run().ok();

    assert_eq!((stage.gitea.requests().len(), proxy.connections()), (2, 0));
}

#[test]
fn endless_answer_is_cut_off() {
    let stage = stage(Version::V1_26);
    stage.gitea.refuse("POST", "/dispatches", 200, "application/json", &" ".repeat(5 << 20));

    let done = stage.dispatch().run().failed();

    assert!(done.log.contains("the answer has more than 4 MiB"), "{}", done.log);
}
