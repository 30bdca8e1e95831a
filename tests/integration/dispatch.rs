//! `mode: dispatch`: what is sent, and what people read.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::fake::{Answer, Fault, Version};
use crate::stage::{Done, SOURCE, Stage, TARGET, WORKFLOW};
use crate::{sent, shown, stage};

#[test]
fn dispatch_starts_the_run_and_links_the_pending_status_to_it() {
    let stage = stage(Version::V1_26);

    let done = stage.dispatch().run().ok();

    insta::assert_snapshot!(sent(&stage), @r#"
    POST /api/v1/repos/mporter/dispatch-target/actions/workflows/build-from-pr.yml/dispatches?return_run_details=true {"inputs":{"pr_head_ref":"feature/x","pr_head_sha":"SHA","pr_number":"1","source_repo":"mporter/dispatch-source"},"ref":"main"}
    POST /api/v1/repos/mporter/dispatch-source/statuses/SHA {"context":"dispatch-target/build","description":"Dispatched to mporter/dispatch-target","state":"pending","target_url":"https://gitea.example.com/mporter/dispatch-target/actions/runs/30"}
    "#);
    assert_eq!(stage.gitea.connections(), 1, "both requests share a connection");
    insta::assert_snapshot!(shown(&done.log(), &stage), @"
    Dispatching build-from-pr.yml of mporter/dispatch-target at main for pull request mporter/dispatch-source#1
    Run: https://gitea.example.com/mporter/dispatch-target/actions/runs/30
    Status dispatch-target/build on mporter/dispatch-source@SHA10: pending, Dispatched to mporter/dispatch-target
    ");
    insta::assert_snapshot!(done.outputs, @"
    run-id=30
    run-url=https://gitea.example.com/mporter/dispatch-target/actions/runs/30
    state=pending
    ");
    insta::assert_snapshot!(shown(&done.summary, &stage), @"
    ### Dispatched to mporter/dispatch-target

    - Run: [build-from-pr.yml at main](https://gitea.example.com/mporter/dispatch-target/actions/runs/30)
    - Pull request [mporter/dispatch-source#1](https://gitea.example.com/mporter/dispatch-source/pulls/1), commit [SHA10](https://gitea.example.com/mporter/dispatch-source/commit/SHA)
    - Status dispatch-target/build: pending
    ");
    let statuses = stage.gitea.world().statuses(SOURCE, &stage.sha);
    assert_eq!(statuses.len(), 1);
    assert_eq!(stage.gitea.world().runs.len(), 1);
    assert_eq!(stage.gitea.world().comments(SOURCE, stage.number).len(), 0);
}

#[test]
fn request_carries_the_token_in_its_header_only() {
    let stage = stage(Version::V1_26);

    stage.dispatch().run().ok();

    for request in stage.gitea.requests() {
        assert_eq!(request.authorization.as_deref(), Some("token token-of-the-bot"));
        assert_eq!(request.content_type.as_deref(), Some("application/json"));
        assert!(request.user_agent.unwrap().starts_with("dispatch-action/"));
        assert!(!request.path.contains("token-of") && !request.body.to_string().contains("token-of"));
    }
}

#[test]
fn without_the_runs_id_the_link_leads_to_the_workflows_page() {
    for version in [Version::V1_24, Version::V1_25] {
        let stage = stage(version);

        let done = stage.dispatch().run().ok();

        let page = "https://gitea.example.com/mporter/dispatch-target/actions?workflow=build-from-pr.yml";
        assert_eq!(stage.gitea.world().statuses(SOURCE, &stage.sha)[0].target_url, page);
        assert_eq!(done.outputs, format!("run-url={page}\nstate=pending\n"));
        insta::allow_duplicates! {
            insta::assert_snapshot!(shown(&done.log(), &stage), @"
            Dispatching build-from-pr.yml of mporter/dispatch-target at main for pull request mporter/dispatch-source#1
            The server does not name the run that it started (Gitea does since 1.26), so the link is the workflow's page: https://gitea.example.com/mporter/dispatch-target/actions?workflow=build-from-pr.yml
            Status dispatch-target/build on mporter/dispatch-source@SHA10: pending, Dispatched to mporter/dispatch-target
            ");
        }
        // The version shows that the server is not Forgejo.
        assert_eq!(stage.gitea.requests().len(), 3);
    }
}

#[test]
fn pull_request_target_reports_to_the_forks_head_and_not_to_the_base() {
    let stage = stage(Version::V1_26);
    let (number, head) = {
        let mut world = stage.gitea.world();
        world.add_repository("contrib/dispatch-source");
        let head = world.new_sha();
        (world.open_pull_request(SOURCE, "contrib/dispatch-source", "evil", &head), head)
    };
    let event = stage.gitea.world().pull_request_payload(SOURCE, number, "opened");

    stage.dispatch().event("pull_request_target", &event).run().ok();

    let world = stage.gitea.world();
    assert_eq!(world.statuses(SOURCE, &head).len(), 1);
    let expected = [("pr_head_ref", "evil"), ("pr_head_sha", &head), ("pr_number", "2"), ("source_repo", SOURCE)];
    for (name, value) in expected {
        assert_eq!(world.runs[0].inputs[name], value);
    }
}

#[test]
fn recorded_payloads_give_their_pull_request() {
    let event = |name: &str| -> (Value, Vec<(String, String)>) {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/events/");
        let json = std::fs::read_to_string(format!("{folder}{name}.json")).unwrap();
        let env = std::fs::read_to_string(format!("{folder}{name}.env")).unwrap();
        let pair = |line: &str| line.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
        (serde_json::from_str(&json).unwrap(), env.lines().filter_map(pair).collect())
    };
    for (name, number, head_ref) in [
        ("pull_request-opened", 3, "evb"),
        ("pull_request-synchronized", 3, "evb"),
        ("pull_request_target-opened-from-fork", 4, "evil"),
    ] {
        let stage = stage(Version::V1_26);
        let (payload, env) = event(name);
        let head = payload["pull_request"]["head"]["sha"].as_str().unwrap();
        stage.gitea.world().repository(SOURCE).commits.insert(head.to_owned());
        let recorded = env.iter().fold(stage.dispatch(), |step, (name, value)| step.var(name, value));
        let event_name = &env.iter().find(|(name, _)| name == "GITHUB_EVENT_NAME").unwrap().1;

        recorded.var("GITHUB_API_URL", &stage.gitea.api_url()).event(event_name, &payload).run().ok();

        let inputs = &stage.gitea.requests()[0].body["inputs"];
        let expected = json!({
            "pr_number": number.to_string(), "pr_head_sha": head, "pr_head_ref": head_ref, "source_repo": SOURCE,
        });
        assert_eq!(*inputs, expected, "{name}");
        assert!(stage.gitea.requests()[1].path.ends_with(head), "{name}");
    }
}

#[test]
fn users_inputs_are_sent_as_strings_beside_the_four() {
    for inputs in ["product=x86\nparallel=4", r#"{"product": "x86", "parallel": 4}"#] {
        let stage = stage(Version::V1_26);
        stage.gitea.world().repository(TARGET).add_workflow(WORKFLOW, &["product", "parallel"]);

        stage.dispatch().input("inputs", inputs).run().ok();

        let sent = &stage.gitea.requests()[0].body["inputs"];
        assert_eq!((&sent["product"], &sent["parallel"]), (&json!("x86"), &json!("4")));
        assert_eq!(sent["source_repo"], SOURCE);
    }
}

#[test]
fn event_without_a_pull_request_dispatches_its_commit() {
    let stage = stage(Version::V1_26);
    let head = stage.gitea.world().repository(SOURCE).branches["main"].clone();
    let push = json!({"ref": "refs/heads/main", "after": head});

    let done = stage.dispatch().event("push", &push).var("GITHUB_SHA", &head).var("GITHUB_REF_NAME", "main").run().ok();

    let requests = stage.gitea.requests();
    let expected = json!({"pr_number": "", "pr_head_sha": head, "pr_head_ref": "main", "source_repo": SOURCE});
    assert_eq!(requests[0].body["inputs"], expected);
    assert!(requests[1].path.ends_with(&format!("/statuses/{head}")));
    assert!(done.log.contains(&format!("for commit {} of {SOURCE}", &head[..10])), "{}", done.log);
}

#[test]
fn overrides_replace_what_the_event_says() {
    let stage = stage(Version::V1_26);
    let other = {
        let mut world = stage.gitea.world();
        let sha = world.new_sha();
        let source = world.add_repository("mporter/other");
        source.commits.insert(sha.clone());
        source.add_collaborator("dispatch-bot", crate::fake::Permission::Write);
        world.repository(TARGET).add_tag("v1", &sha);
        sha
    };

    stage
        .dispatch()
        .input("source", "mporter/other")
        .input("pr-number", "99")
        .input("sha", &other.to_uppercase())
        .input("head-ref", "topic")
        .input("ref", "refs/tags/v1")
        .input("context", "ci/other")
        .run()
        .ok();

    let requests = stage.gitea.requests();
    let inputs =
        json!({"pr_number": "99", "pr_head_sha": other, "pr_head_ref": "topic", "source_repo": "mporter/other"});
    assert_eq!(requests[0].body, json!({"ref": "refs/tags/v1", "inputs": inputs}));
    assert_eq!(requests[1].path, format!("/api/v1/repos/mporter/other/statuses/{other}"));
    assert_eq!(requests[1].body["context"], "ci/other");
}

#[test]
fn context_is_read_from_github_variables_before_gitea_ones() {
    let stage = stage(Version::V1_26);
    stage.dispatch().var("GITEA_REPOSITORY", "mporter/another").var("GITEA_API_URL", "http://127.0.0.1:9").run().ok();
}

#[test]
fn context_is_read_from_gitea_variables_where_github_ones_are_missing() {
    let stage = stage(Version::V1_26);
    let step = stage.dispatch();
    let names = ["API_URL", "SERVER_URL", "REPOSITORY", "EVENT_NAME", "EVENT_PATH"];
    let renamed =
        names.iter().fold(step, |step, name| step.rename(&format!("GITHUB_{name}"), &format!("GITEA_{name}")));

    renamed.run().ok();

    assert_eq!(stage.gitea.world().statuses(SOURCE, &stage.sha).len(), 1);
}

#[test]
fn link_takes_no_number_from_the_page_of_another_repository() {
    let stage = stage(Version::V1_26);
    let answer = r#"{"workflow_run_id": 30, "html_url": "https://evil.example/mporter/other/actions/runs/999"}"#;
    stage.gitea.refuse("POST", "/dispatches", 200, "application/json", answer);

    let done = stage.dispatch().run().ok();

    assert_eq!(done.output("run-url"), Some("https://gitea.example.com/mporter/dispatch-target/actions/runs/30"));
}

#[test]
fn links_keep_the_sub_path_of_the_server_url() {
    let stage = stage(Version::V1_26);

    let done = stage.dispatch().input("server-url", "https://example.com/git/").run().ok();

    let page = "https://example.com/git/mporter/dispatch-target/actions/runs/30";
    assert_eq!(done.output("run-url"), Some(page));
    assert_eq!(stage.gitea.world().statuses(SOURCE, &stage.sha)[0].target_url, page);
}

#[test]
fn refused_dispatch_fails_with_what_was_tried_and_the_servers_own_words() {
    let stage = stage(Version::V1_26);

    let done = stage.dispatch().input("workflow", "no-such.yml").run().failed();

    insta::assert_snapshot!(shown(&done.log(), &stage), @r#"
    Dispatching no-such.yml of mporter/dispatch-target at main for pull request mporter/dispatch-source#1
    Status dispatch-target/build on mporter/dispatch-source@SHA10: error, Workflow no-such.yml does not exist at main
    ::error::Workflow no-such.yml of mporter/dispatch-target was not dispatched. Workflow no-such.yml does not exist at main. Set `workflow` to an existing file: `build-from-pr.yml`. The pull request's status now shows this. (POST http://fake/api/v1/repos/mporter/dispatch-target/actions/workflows/no-such.yml/dispatches?return_run_details=true returned 404 Not Found: workflow "no-such.yml" doesn't exist)
    "#);
    assert_eq!(done.outputs, "state=error\n");
    assert_eq!(stage.gitea.world().runs.len(), 0);
    let status = stage.gitea.world().statuses(SOURCE, &stage.sha).remove(0);
    assert_eq!(
        (status.state.as_str(), status.description.as_str()),
        ("error", "Workflow no-such.yml does not exist at main")
    );
    assert_eq!(status.target_url, "https://gitea.example.com/mporter/dispatch-target/actions?workflow=no-such.yml");
}

#[test]
fn dispatch_whose_outcome_is_unknown_is_sent_once_and_not_called_refused() {
    let page = Answer::new(504, "text/html", "<title>Gateway Time-out</title>");
    for fault in [Fault::WorkThenHangUp, Fault::WorkThenAnswer(page), Fault::HangUp] {
        let stage = stage(Version::V1_26);
        stage.gitea.inject("POST", "/dispatches", usize::MAX, fault.clone());

        let done = stage.dispatch().run().failed();

        let dispatches = stage.gitea.requests().iter().filter(|request| request.path.contains("/dispatches")).count();
        assert_eq!(dispatches, 1, "{fault:?}");
        assert!(done.log.contains("It is unknown whether workflow build-from-pr.yml"), "{}", done.log);
        let status = stage.gitea.world().statuses(SOURCE, &stage.sha).remove(0);
        let expected = ("error", "Dispatch outcome unknown, see the target's runs");
        assert_eq!((status.state.as_str(), status.description.as_str()), expected);
        let page = "https://gitea.example.com/mporter/dispatch-target/actions?workflow=build-from-pr.yml";
        assert_eq!(status.target_url, page);
        assert!(done.log.contains(page), "{}", done.log);
    }
}

#[test]
fn refused_pending_status_fails_the_step_but_names_the_run() {
    let stage = stage(Version::V1_26);
    let unknown = "ab".repeat(20);

    let done = stage.dispatch().input("sha", &unknown).run().failed();

    insta::assert_snapshot!(shown(&done.log(), &stage), @"
    Dispatching build-from-pr.yml of mporter/dispatch-target at main for pull request mporter/dispatch-source#1
    Run: https://gitea.example.com/mporter/dispatch-target/actions/runs/30
    ::error::The run has started, https://gitea.example.com/mporter/dispatch-target/actions/runs/30 , and reports its own outcome: do not start another one. The pending status was not set. The commit is not in the repository. A status needs a commit of mporter/dispatch-source: check that `sha` and `source` belong together (otherwise see the server's log). (POST http://fake/api/v1/repos/mporter/dispatch-source/statuses/abababababababababababababababababababab returned 500 Internal Server Error: no message)
    ");
    insta::assert_snapshot!(done.outputs, @"
    run-id=30
    run-url=https://gitea.example.com/mporter/dispatch-target/actions/runs/30
    ");
    assert_eq!(stage.gitea.world().runs.len(), 1);
    assert_eq!(stage.gitea.requests().len(), 2, "what is refused for good is not sent again");
}

#[test]
fn answer_that_is_not_giteas_fails_the_step() {
    let stage = stage(Version::V1_26);
    stage.gitea.refuse("POST", "/dispatches", 200, "text/html", "<html>\n<title>Sign in</title>");

    let done = stage.dispatch().run().failed();

    insta::assert_snapshot!(shown(&done.log(), &stage), @"
    Dispatching build-from-pr.yml of mporter/dispatch-target at main for pull request mporter/dispatch-source#1
    Status dispatch-target/build on mporter/dispatch-source@SHA10: error, Dispatch outcome unknown, see the target's runs
    ::error::It is unknown whether workflow build-from-pr.yml of mporter/dispatch-target was dispatched, so the dispatch is not retried. First look for the run: https://gitea.example.com/mporter/dispatch-target/actions?workflow=build-from-pr.yml . The pull request's status now shows this. (POST http://fake/api/v1/repos/mporter/dispatch-target/actions/workflows/build-from-pr.yml/dispatches?return_run_details=true returned 200 OK, but not in Gitea's format: a page with the title `Sign in`)
    ");
}

#[test]
fn lost_pending_status_is_set_again_unless_its_run_has_reported_more() {
    let stage = stage(Version::V1_26);
    stage.gitea.inject("POST", "/statuses", 1, Fault::HangUp);

    stage.dispatch().run().ok();

    let requests = stage.gitea.requests();
    let paths: Vec<&str> = requests.iter().map(|request| request.method.as_str()).collect();
    assert_eq!(paths, ["POST", "POST", "GET", "POST"], "the statuses are read before it is sent again");
    assert_eq!(stage.gitea.world().statuses(SOURCE, &stage.sha)[0].state, "pending");
}

#[test]
fn busy_server_gets_a_retry_at_the_time_that_it_names() {
    let stage = stage(Version::V1_26);
    let busy = Answer::new(503, "text/plain", "restarting").header("Retry-After", "1");
    stage.gitea.inject("POST", "/dispatches", 1, Fault::Answer(busy));
    stage.gitea.refuse_once("POST", "/statuses", 429, "text/plain", "slow down");

    stage.dispatch().run().ok();

    assert_eq!(stage.gitea.world().runs.len(), 1);
    assert_eq!(stage.gitea.world().statuses(SOURCE, &stage.sha).len(), 1);
}

#[test]
fn server_that_needs_more_time_than_is_left_gets_no_second_request() {
    let stage = stage(Version::V1_26);
    let busy = Answer::new(429, "text/plain", "slow down").header("Retry-After", "Wed, 31 Dec 2099 23:59:59 GMT");
    stage.gitea.inject("POST", "", usize::MAX, Fault::Answer(busy));

    let done = stage.dispatch().run().failed();

    assert_eq!(stage.gitea.requests().len(), 2, "the dispatch and the status");
    assert!(done.log.contains("The server is busy (429). Re-run this job later."), "{}", done.log);
}

#[test]
fn outputs_that_cannot_be_written_do_not_affect_the_pull_request() {
    let stage = stage(Version::V1_26);
    let step =
        || stage.dispatch().var("GITHUB_OUTPUT", "/no/such/folder/output").var("GITHUB_STEP_SUMMARY", "/no/such");

    let done = step().run().failed();

    assert_eq!(stage.gitea.world().statuses(SOURCE, &stage.sha)[0].state, "pending");
    let error = "::error::Could not write GITHUB_OUTPUT (/no/such/folder/output): No such file or directory (os error 2). \
                 Later steps will miss these values; everything else is in the log above. Check that the runner's disk is not full, and that the step's user may write there";
    assert_eq!(done.log().lines().last(), Some(error));
    // The last line says why the step itself fails.
    let done = step().input("ref", "no-such").run().failed();
    assert_eq!(done.log().matches(error).count(), 1);
    assert!(done.log().lines().last().unwrap().contains("Ref no-such does not exist"), "{}", done.log());
}

/// Dispatches. Once the server has this request of the dispatch, the run starts, reports a success and ends.
fn dispatch_whose_run_reports_after(stage: &Stage, request: &str) -> Done {
    thread::scope(|scope| {
        let dispatch = scope.spawn(|| stage.dispatch().run().ok());
        while !stage.gitea.requests().iter().any(|sent| sent.path.contains(request)) {
            thread::sleep(Duration::from_millis(50));
        }
        let run = stage.start_last_run();
        stage.report(run).run().ok();
        stage.gitea.world().finish_run(run, "success");
        dispatch.join().unwrap()
    })
}

#[test]
fn late_pending_status_gives_way_to_an_end_that_was_set_after_the_read() {
    let stage = stage(Version::V1_26);
    stage.gitea.inject("POST", "/dispatches", 1, Fault::Delay(Duration::from_millis(2500)));
    // The response to the read of the statuses, which dates from before the report.
    stage.gitea.inject("GET", "/status?", 1, Fault::Delay(Duration::from_secs(6)));

    let done = dispatch_whose_run_reports_after(&stage, "/status?");

    let statuses = stage.gitea.world().all_statuses(SOURCE, &stage.sha);
    let states: Vec<&str> = statuses.iter().map(|status| status.state.as_str()).collect();
    assert_eq!(states, ["success", "pending", "success"], "{}", done.log);
}

#[test]
fn pending_status_that_was_refused_first_gives_way_to_the_end() {
    let stage = stage(Version::V1_26);
    let busy = Answer::new(429, "text/plain", "slow down").header("Retry-After", "5");
    stage.gitea.inject("POST", "/statuses/", 1, Fault::Answer(busy));

    let done = dispatch_whose_run_reports_after(&stage, "/statuses/");

    let statuses = stage.gitea.world().all_statuses(SOURCE, &stage.sha);
    let states: Vec<&str> = statuses.iter().map(|status| status.state.as_str()).collect();
    assert_eq!(states, ["success", "pending", "success"], "{}", done.log);
}

#[test]
fn late_pending_status_gives_way_to_the_end_of_a_run_that_the_server_does_not_name() {
    let stage = stage(Version::V1_25);
    stage.gitea.inject("POST", "/dispatches", 1, Fault::Delay(Duration::from_secs(6)));

    let done = dispatch_whose_run_reports_after(&stage, "/dispatches");

    let end = stage.gitea.world().all_statuses(SOURCE, &stage.sha).pop().unwrap();
    assert_eq!(end.state, "success", "{}", done.log);
}
