//! The links that people click are right on each runner, at whatever address it reaches the server.

use serde_json::json;

use crate::fake::Version;
use crate::stage;
use crate::stage::{PAGES, SOURCE, Stage, TARGET};

/// The stage with a runner beside the server. It uses an address that nobody else can reach.
fn with_runner_at(server_url: &str) -> Stage {
    let mut stage = stage(Version::V1_26);
    server_url.clone_into(&mut stage.server_url);
    stage
}

/// The link of the pull request's status.
fn link(stage: &Stage) -> String {
    stage.gitea.world().statuses(SOURCE, &stage.sha).remove(0).target_url
}

#[test]
fn links_have_the_address_that_people_use_and_not_the_runners() {
    let stage = with_runner_at("http://gitea:3000");

    let done = stage.dispatch().run().ok();
    let page = format!("{PAGES}/{TARGET}/actions/runs/30");
    assert_eq!(done.output("run-url"), Some(page.as_str()));
    assert_eq!(link(&stage), page);

    let run = stage.start_last_run();
    let done = stage.report(run).run().ok();
    assert_eq!(link(&stage), page);
    let world = stage.gitea.world();
    let comment = &world.comments(SOURCE, stage.number)[0].body;
    assert!(comment.contains(&page), "{comment}");
    let texts = [&done.log, &done.outputs, &done.summary, comment];
    assert!(texts.iter().all(|text| !text.contains("gitea:3000")), "{done:?}");
}

#[test]
fn runners_at_two_addresses_set_the_same_link() {
    let mut stage = with_runner_at("http://gitea:3000");
    stage.dispatch().run().ok();
    let run = stage.start_last_run();
    "http://10.0.0.1:3000".clone_into(&mut stage.server_url);

    // The context is the one of the status that links to the run.
    stage.gitea.world().statuses[0].context = "ci/other".to_owned();
    stage.report(run).run().ok();

    let world = stage.gitea.world();
    let statuses = world.statuses(SOURCE, &stage.sha);
    assert!(statuses.iter().all(|status| status.context == "ci/other"), "{statuses:?}");
}

#[test]
fn server_url_takes_precedence_over_the_event() {
    let stage = with_runner_at("http://gitea:3000");

    stage.dispatch().input("server-url", "https://example.com/git/").run().ok();

    assert_eq!(link(&stage), format!("https://example.com/git/{TARGET}/actions/runs/30"));
}

#[test]
fn sub_path_of_the_root_url_is_in_the_links() {
    let stage = with_runner_at("http://gitea:3000");
    stage.gitea.set_root_url("https://example.com/git/");

    stage.dispatch().run().ok();

    assert_eq!(link(&stage), format!("https://example.com/git/{TARGET}/actions/runs/30"));
}

#[test]
fn root_url_that_was_never_set_is_not_used_for_links() {
    let stage = with_runner_at("http://gitea:3000");
    stage.gitea.set_root_url("http://localhost:3000/");

    stage.dispatch().run().ok();

    assert_eq!(link(&stage), format!("http://gitea:3000/{TARGET}/actions/runs/30"));
}

#[test]
fn hostile_address_in_an_event_is_not_used_for_links() {
    for url in ["javascript:alert(1)//api/v1/repos/a/b", "https://a)b/api/v1/repos/a/b", "//x/api/v1/repos/a/b", ""] {
        let stage = with_runner_at(PAGES);
        let mut payload = stage.gitea.world().pull_request_payload(SOURCE, stage.number, "opened");
        payload["repository"]["url"] = json!(url);

        stage.dispatch().event("pull_request", &payload).run().ok();

        assert_eq!(link(&stage), format!("{PAGES}/{TARGET}/actions/runs/30"), "{url}");
    }
}

#[test]
fn reconcile_knows_the_links_without_an_event() {
    // A schedule's event may have no repository. The list of pull requests has its address.
    let stage = with_runner_at("http://gitea:3000");
    stage.dispatch().run().ok();
    stage.gitea.world().cancel_run(30);

    let done = stage.reconcile().run().ok();

    assert_eq!(link(&stage), format!("{PAGES}/{TARGET}/actions/runs/30"));
    assert_eq!(stage.gitea.world().statuses(SOURCE, &stage.sha)[0].state, "failure");
    assert!(!done.log().contains("gitea:3000"), "{}", done.log());
}

#[test]
fn reconcile_takes_the_runners_address_where_the_root_url_was_never_set() {
    let stage = with_runner_at("http://gitea:3000");
    stage.gitea.set_root_url("http://localhost:3000/");
    stage.dispatch().run().ok();
    stage.gitea.world().cancel_run(30);

    stage.reconcile().run().ok();

    assert_eq!(link(&stage), format!("http://gitea:3000/{TARGET}/actions/runs/30"));
    assert_eq!(stage.gitea.world().statuses(SOURCE, &stage.sha)[0].state, "failure");
}

#[test]
fn server_url_takes_precedence_over_the_list_of_pull_requests() {
    let stage = with_runner_at("http://gitea:3000");
    stage.dispatch().input("server-url", "https://example.com/git/").run().ok();
    stage.gitea.world().cancel_run(30);

    stage.reconcile().input("server-url", "https://example.com/git/").run().ok();

    assert_eq!(link(&stage), format!("https://example.com/git/{TARGET}/actions/runs/30"));
    assert_eq!(stage.gitea.world().statuses(SOURCE, &stage.sha)[0].state, "failure");
}
