//! Statuses that were set through another address of the same server count. Statuses of another server do not.

use crate::fake::{Action, Permission, Status, Version};
use crate::stage;
use crate::stage::{PAGES, SOURCE, Stage, TARGET};

/// The address at which another runner reaches the server.
const INTERNAL: &str = "http://gitea:3000";

fn status(stage: &Stage) -> Status {
    stage.gitea.world().statuses(SOURCE, &stage.sha).remove(0)
}

fn state_and_run(stage: &Stage) -> (String, String) {
    let status = status(stage);
    (status.state, status.target_url.rsplit('/').next().unwrap().to_owned())
}

/// How many requests of the last step were about that run itself.
fn requests_about(stage: &Stage, run: u64, before: usize) -> usize {
    let path = format!("/actions/runs/{run}");
    stage.gitea.requests()[before..].iter().filter(|request| request.path.ends_with(&path)).count()
}

/// Two runs. The newer one was dispatched by a runner that reaches the server at another address.
fn with_a_newer_run_by_another_address() -> (Stage, u64) {
    let stage = stage(Version::V1_26);
    stage.dispatch().run().ok();
    let older = stage.start_last_run();
    stage.dispatch().input("server-url", INTERNAL).run().ok();
    assert_eq!(status(&stage).target_url, format!("{INTERNAL}/{TARGET}/actions/runs/31"));
    (stage, older)
}

#[test]
fn older_run_does_not_overwrite_a_newer_one_that_has_another_address() {
    for link in [
        format!("{INTERNAL}/{TARGET}/actions/runs/31"),
        format!("//gitea.example.com/{TARGET}/actions/runs/31"),
        format!("https://gitea.example.com.:8443/{TARGET}/actions/runs/31"),
        format!("http://gitea.example.com//{TARGET}/actions/runs/31"),
    ] {
        let (stage, older) = with_a_newer_run_by_another_address();
        stage.gitea.world().statuses[1].target_url.clone_from(&link);
        let before = stage.gitea.requests().len();

        let done = stage.report(older).run().ok();

        assert_eq!(state_and_run(&stage), ("pending".to_owned(), "31".to_owned()), "{link}: {}", done.log());
        assert_eq!(requests_about(&stage, 31, before), 1, "{link}");
        assert!(done.log().contains("it shows a newer run"), "{}", done.log());
    }
}

#[test]
fn report_by_event_leaves_a_newer_run_at_another_address_alone() {
    let (stage, older) = with_a_newer_run_by_another_address();
    stage.gitea.world().finish_run(older, "success");

    stage.report_by_event(older, Action::Completed).run().ok();

    assert_eq!(state_and_run(&stage), ("pending".to_owned(), "31".to_owned()));
}

#[test]
fn end_of_the_same_run_at_another_address_counts() {
    let stage = stage(Version::V1_26);
    stage.dispatch().run().ok();
    let run = stage.start_last_run();
    stage.report(run).input("status", "failure").input("server-url", INTERNAL).run().ok();

    stage.report(run).input("status", "success").run().ok();

    let status = status(&stage);
    assert_eq!((status.state.as_str(), status.target_url.starts_with(INTERNAL)), ("failure", true));
}

#[test]
fn older_run_at_another_address_is_overwritten_without_a_request_about_it() {
    let stage = stage(Version::V1_26);
    stage.dispatch().input("server-url", INTERNAL).run().ok();
    stage.dispatch().run().ok();
    let newer = stage.start_last_run();
    stage.gitea.world().statuses.pop();
    let before = stage.gitea.requests().len();

    stage.report(newer).input("context", "dispatch-target/build").run().ok();

    assert_eq!(state_and_run(&stage), ("success".to_owned(), "31".to_owned()));
    assert_eq!(requests_about(&stage, 30, before), 0);
}

#[test]
fn context_is_found_by_a_link_with_another_address() {
    let stage = stage(Version::V1_26);
    stage.dispatch().input("context", "ci/other").input("server-url", INTERNAL).run().ok();
    let run = stage.start_last_run();

    stage.report(run).run().ok();

    let world = stage.gitea.world();
    let statuses = world.statuses(SOURCE, &stage.sha);
    assert_eq!(statuses.len(), 1, "{statuses:?}");
    assert_eq!((statuses[0].state.as_str(), statuses[0].context.as_str()), ("success", "ci/other"));
}

#[test]
fn status_of_another_account_with_another_address_does_not_prevent_a_report() {
    // Somebody has copied the status of a mirror on another server.
    let stage = stage(Version::V1_26);
    stage.dispatch().run().ok();
    let run = stage.start_last_run();
    stage.dispatch().run().ok();
    let link = format!("https://mirror.example.org/{TARGET}/actions/runs/31");
    {
        let mut world = stage.gitea.world();
        world.statuses.clear();
        world.add_status(SOURCE, &stage.sha, Some("mporter"), "dispatch-target/build", "success", &link);
    }

    stage.report(run).input("context", "dispatch-target/build").run().ok();

    assert_eq!(state_and_run(&stage), ("success".to_owned(), "30".to_owned()));
    assert!(status(&stage).target_url.starts_with(PAGES));
}

#[test]
fn reconcile_closes_a_status_with_another_address() {
    let stage = stage(Version::V1_26);
    stage.dispatch().input("server-url", INTERNAL).run().ok();
    stage.gitea.world().cancel_run(30);

    let done = stage.reconcile().run().ok();

    let status = status(&stage);
    assert_eq!(status.description, "Has been cancelled");
    assert_eq!(status.target_url, format!("{PAGES}/{TARGET}/actions/runs/30"));
    assert_eq!(done.output("closed"), Some("1"));
    assert!(!done.log().contains("::warning::"), "{}", done.log());
}

#[test]
fn account_is_known_by_another_status_of_the_same_commit() {
    // The run was started by hand; the report by the bot is pending.
    let stage = stage(Version::V1_26);
    stage.dispatch().input("context", "docs").run().ok();
    stage.dispatch().input("server-url", INTERNAL).run().ok();
    {
        let mut world = stage.gitea.world();
        world.run(31).actor = "mporter".to_owned();
        world.cancel_run(31);
    }
    let before = stage.gitea.requests().len();

    let done = stage.reconcile().run().ok();

    assert_eq!((done.output("checked"), done.output("closed")), (Some("2"), Some("1")));
    assert_eq!(requests_about(&stage, 31, before), 0);
}

#[test]
fn reconcile_leaves_alone_what_another_account_set_with_another_address_and_says_so_once() {
    let stage = stage(Version::V1_26);
    stage.dispatch().run().ok();
    let link = format!("https://mirror.example.org/{TARGET}/actions/runs/30");
    {
        let mut world = stage.gitea.world();
        world.cancel_run(30);
        world.statuses.clear();
        world.add_user("syncer");
        world.repository(SOURCE).add_collaborator("syncer", Permission::Write);
        for context in ["one", "two"] {
            world.add_status(SOURCE, &stage.sha, Some("syncer"), context, "pending", &link);
        }
    }
    let before = stage.gitea.requests().len();

    let done = stage.reconcile().run().ok();

    let states: Vec<_> =
        stage.gitea.world().statuses(SOURCE, &stage.sha).into_iter().map(|status| status.state).collect();
    assert_eq!(states, ["pending", "pending"]);
    assert_eq!(requests_about(&stage, 30, before), 1);
    let warnings: Vec<_> = done.log.lines().filter(|line| line.starts_with("::warning::")).collect();
    insta::assert_snapshot!(warnings.join("\n"), @"::warning::2 pending statuses link to runs of mporter/dispatch-target at another address, such as https://mirror.example.org/mporter/dispatch-target/actions/runs/30 . They were left alone, because the account that set the status did not dispatch such a run on this server, whose pages are at https://gitea.example.com . If both addresses are one server, set `server-url` to the one in the links");
}

#[test]
fn run_that_the_server_does_not_know_or_hides_makes_no_status_ours() {
    for is_hidden in [false, true] {
        let stage = stage(Version::V1_26);
        stage.dispatch().input("server-url", INTERNAL).run().ok();
        if is_hidden {
            stage.gitea.refuse("GET", "/actions/runs/30", 403, "application/json", r#"{"message": "no"}"#);
        } else {
            stage.gitea.world().delete_run(30);
        }

        let done = stage.reconcile().run().ok();

        assert_eq!(status(&stage).state, "pending");
        assert!(done.log().contains(&format!("such as {INTERNAL}/{TARGET}/actions/runs/30")), "{}", done.log());
    }
}
