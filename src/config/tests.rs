use serde_json::{Value, json};

use super::step::{Step, recorded};
use super::*;

/// The base of the links in this step, and whether it is known for sure.
fn pages(step: Step) -> (String, bool) {
    let Config { pages, pages_are_known, .. } = step.config().unwrap();
    (pages.to_string(), pages_are_known)
}

/// A step on a server with this ROOT_URL. The runner reaches the server at another address.
fn on(root: &str, runner: &str) -> Step {
    let payload = json!({"repository": {"url": format!("{root}api/v1/repos/mporter/dispatch-source")}});
    Step::dispatch().event("push", &payload).var("GITHUB_SERVER_URL", runner)
}

fn known(base: &str) -> (String, bool) {
    (base.to_owned(), true)
}

#[test]
fn links_begin_with_the_root_url_of_the_event() {
    let inside = "http://gitea:3000";
    assert_eq!(pages(on("https://example.com/git/", inside)), known("https://example.com/git"));
    assert_eq!(pages(on("http://10.0.0.1:3000/", "http://127.0.0.1:3000")), known("http://10.0.0.1:3000"));
    let step = on("https://example.com/", inside).input("server-url", "https://other.example.com");
    assert_eq!(pages(step), known("https://other.example.com"));
    for event in ["pull_request-opened", "issue_comment-created-1.27.0"] {
        assert_eq!(pages(Step::dispatch().event("push", &recorded(event))), known("https://gitea.example.com"));
    }
    assert_eq!(pages(on("https://example.com/", inside).without("GITHUB_SERVER_URL")), known("https://example.com"));
}

#[test]
fn links_do_not_begin_with_an_address_that_only_the_server_reaches() {
    let roots = ["http://localhost:3000/", "http://127.0.0.1:3000/", "http://[::1]:3000/", "http://a.localhost./"];
    for root in roots {
        assert_eq!(pages(on(root, "http://gitea:3000")), known("http://gitea:3000"), "{root}");
    }
    assert_eq!(pages(on("http://localhost:3000/", "http://127.0.0.1:3000")), known("http://localhost:3000"));
}

#[test]
fn links_begin_with_the_runners_address_until_the_server_says_more() {
    for payload in [
        json!({}),
        json!({"repository": null}),
        json!({"repository": {"full_name": "a/b"}}),
        json!({"repository": {"url": "https://example.com/a/b"}}),
        json!({"repository": {"url": "https://u:p@example.com/api/v1/repos/a/b"}}),
    ] {
        let step = Step::dispatch().event("push", &payload).var("GITHUB_SERVER_URL", "http://gitea:3000/");
        assert_eq!(pages(step), ("http://gitea:3000".to_owned(), false), "{payload}");
    }
}

#[test]
fn empty_token_is_explained_by_the_pull_request() {
    let fork = |change: fn(&mut Value)| {
        let mut payload = recorded("pull_request_target-opened-from-fork");
        change(&mut payload["pull_request"]);
        payload
    };
    let from_fork = fork(|_| {});
    let deleted = fork(|pull| {
        pull["head"]["repo"] = Value::Null;
        pull["head"]["ref"] = "refs/pull/4/head".into();
    });
    let agit = fork(|pull| {
        pull["head"]["repo"] = pull["base"]["repo"].clone();
        pull["head"]["ref"] = "refs/pull/4/head".into();
    });
    let error = |name, payload| Step::dispatch().event(name, payload).input("token", "").error();
    let errors = [&from_fork, &deleted, &agit].map(|payload| error("pull_request", payload));
    insta::assert_snapshot!(errors.join("\n"), @"
    input `token` is empty, since the workflow of a pull request from a fork gets no secrets. Use `on: pull_request_target`: it runs the base branch's workflow, with its secrets, so run nothing from the pull request there
    input `token` is empty, since the workflow of a pull request whose fork was deleted gets no secrets. Use `on: pull_request_target`: it runs the base branch's workflow, with its secrets, so run nothing from the pull request there
    input `token` is empty, since the workflow of a pull request made by AGit (`refs/for/…`) gets no secrets. Use `on: pull_request_target`: it runs the base branch's workflow, with its secrets, so run nothing from the pull request there
    ");
    for (name, payload) in [("pull_request_target", &agit), ("pull_request", &recorded("pull_request-opened"))] {
        assert!(error(name, payload).starts_with("input `token` is required"), "{name}");
    }
}

#[test]
fn check_takes_the_inputs_of_dispatch() {
    let step = Step::new("check").input("target", "mporter/dispatch-target").input("workflow", "build.yml");
    let Task::Check(check) = step.input("inputs", "product=x86").task().unwrap() else { panic!("no check") };
    assert_eq!(check.source.to_string(), "mporter/dispatch-source");
    assert_eq!(check.workflow.git_ref.as_str(), "main");
    assert_eq!(check.own_inputs["product"], "x86");
    assert_eq!(check.timeout.duration().as_secs(), 600);
    assert_eq!(Step::new("check").error(), "input `target` is required");
}

#[test]
fn input_is_one_of_its_words_or_a_number_in_its_range() {
    let reconcile = || Step::new("reconcile").input("target", "mporter/dispatch-target");
    let inputs = [
        ("comment", "tables"),
        ("comment-on", "success"),
        ("log-lines", "201"),
        ("log-lines", "+1"),
        ("log-lines", "256"),
        ("log-lines", "many"),
        ("log-lines-public", "yes"),
    ];
    let errors = inputs.map(|(name, value)| reconcile().input(name, value).error());
    insta::assert_snapshot!(errors.join("\n"), @"
    input `comment` must be `create`, `update`, `table` or `off`, not `tables`
    input `comment-on` must be `always` or `failure`, not `success`
    input `log-lines` must be a number from 0 to 200, not `201`
    input `log-lines` must be a number from 0 to 200, not `+1`
    input `log-lines` must be a number from 0 to 200, not `256`
    input `log-lines` must be a number from 0 to 200, not `many`
    input `log-lines-public` must be `true` or `false`, not `yes`
    ");
    let Task::Reconcile(task) =
        reconcile().input("log-lines", " 200 ").input("log-lines-public", "true").task().unwrap()
    else {
        panic!("no reconcile")
    };
    assert_eq!((task.log_lines.count, task.log_lines.may_be_public), (200, true));
}
