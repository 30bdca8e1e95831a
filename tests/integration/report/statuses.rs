//! Existing statuses of the commit: which one is overwritten, which one is left alone, which one gives the context.

use serde_json::json;

use super::{comments, reported, running, status};
use crate::fake::Version;
use crate::stage::SOURCE;
use crate::{shown, stage};

#[test]
fn statuses_that_are_not_a_list_do_not_count_as_no_statuses() {
    for answer in ["{}", r#"{"message": "hi"}"#, r#"{"statuses": 1}"#] {
        let (stage, run) = running(Version::V1_26);
        stage.gitea.refuse("GET", "/status?", 200, "application/json", answer);

        stage.report(run).run().failed();

        assert_eq!(status(&stage, "dispatch-target/build").0, "pending", "{answer}");
    }
}

#[test]
fn list_without_a_total_ends_with_its_first_short_page() {
    let (stage, run) = running(Version::V1_26);
    let newer = "https://gitea.example.com/mporter/dispatch-target/actions/runs/99";
    let page = json!({"statuses": [{"context": "dispatch-target/build", "status": "success", "target_url": newer}]});
    stage.gitea.refuse("GET", "/status?", 200, "application/json", &page.to_string());

    stage.report(run).run().ok();

    assert_eq!(status(&stage, "dispatch-target/build").0, "pending", "left alone");
    let pages = reported(&stage).iter().filter(|request| request.path.contains("/status?")).count();
    assert_eq!(pages, 1);
}

#[test]
fn list_that_never_ends_is_an_error() {
    let (stage, run) = running(Version::V1_26);
    let page = json!({"statuses": vec![json!({"context": "x", "target_url": ""}); 50]});
    stage.gitea.refuse("GET", "/status?", 200, "application/json", &page.to_string());

    let done = stage.report(run).run().failed();

    assert!(done.log.contains("the list has more than 20000 entries"), "{}", done.log);
    assert_eq!(status(&stage, "dispatch-target/build").0, "pending");
}

#[test]
fn statuses_that_cannot_be_read_are_not_overwritten() {
    let (stage, run) = running(Version::V1_26);
    stage.gitea.refuse("GET", "/status?", 403, "application/json", r#"{"message": "not now"}"#);

    let done = stage.report(run).run().failed();

    assert_eq!(status(&stage, "dispatch-target/build").0, "pending", "it might tell of a newer run");
    assert_eq!(comments(&stage).len(), 1);
    assert!(done.log.contains("The status was not set. "), "{}", done.log);
}

#[test]
fn commit_without_any_status_gets_its_first() {
    let (stage, run) = running(Version::V1_26);
    stage.gitea.world().statuses.clear();

    stage.report(run).run().ok();

    assert_eq!(status(&stage, "dispatch-target/build").0, "success");
}

#[test]
fn newer_run_under_another_context_does_not_count() {
    let (stage, run) = running(Version::V1_26);
    let newer = "https://gitea.example.com/mporter/dispatch-target/actions/runs/99";
    stage.gitea.world().add_status(SOURCE, &stage.sha, Some("mporter"), "dispatch-target/lint", "success", newer);

    stage.report(run).run().ok();

    assert_eq!(status(&stage, "dispatch-target/build").0, "success");
}

#[test]
fn older_run_leaves_a_newer_ones_status_alone() {
    let (stage, old) = running(Version::V1_26);
    stage.dispatch().run().ok();
    let new = stage.start_last_run();
    stage.report(new).run().ok();

    let done = stage.report(old).input("status", "failure").run().ok();

    let (state, _, link) = status(&stage, "dispatch-target/build");
    assert_eq!((state.as_str(), link.ends_with("/runs/31")), ("success", true));
    assert_eq!(done.output("state"), None, "none was set");
    insta::assert_snapshot!(shown(&done.log(), &stage), @"
    Run https://gitea.example.com/mporter/dispatch-target/actions/runs/30: failure (status: failure)
    Status dispatch-target/build on mporter/dispatch-source@SHA10 is left alone: it shows a newer run, https://gitea.example.com/mporter/dispatch-target/actions/runs/31
    Comment on pull request mporter/dispatch-source#1: https://gitea.example.com/mporter/dispatch-source/pulls/1#issuecomment-2
    ");
    assert_eq!(comments(&stage).len(), 2, "each run has its comment");
}

#[test]
fn newer_run_overwrites_an_older_ones_status() {
    let (stage, old) = running(Version::V1_26);
    stage.dispatch().run().ok();
    let new = stage.start_last_run();
    stage.report(old).input("status", "failure").run().ok();
    assert_eq!(status(&stage, "dispatch-target/build").0, "pending", "the newer run is under way");

    stage.report(new).run().ok();

    assert_eq!(status(&stage, "dispatch-target/build").0, "success");
}

#[test]
fn status_without_a_run_of_this_target_is_overwritten() {
    for link in [
        "",
        "https://gitea.example.com/mporter/dispatch-target/actions?workflow=build-from-pr.yml",
        "https://gitea.example.com/mporter/another/actions/runs/99",
        "https://elsewhere.example/mporter/dispatch-target/actions/runs/99",
        "javascript:alert(1)",
    ] {
        let (stage, run) = running(Version::V1_26);
        let context = "dispatch-target/build";
        stage.gitea.world().add_status(SOURCE, &stage.sha, Some("mporter"), context, "error", link);

        stage.report(run).run().ok();

        assert_eq!(status(&stage, context).0, "success", "{link}");
    }
}

#[test]
fn newer_status_is_found_on_any_page() {
    let (stage, run) = running(Version::V1_26);
    {
        let mut world = stage.gitea.world();
        for n in 0..60 {
            world.add_status(SOURCE, &stage.sha, Some("mporter"), &format!("other/{n}"), "success", "");
        }
        let newer = "https://gitea.example.com/mporter/dispatch-target/actions/runs/99";
        world.add_status(SOURCE, &stage.sha, Some("mporter"), "dispatch-target/build", "success", newer);
    }

    stage.report(run).input("status", "failure").run().ok();

    assert_eq!(status(&stage, "dispatch-target/build").0, "success");
}

#[test]
fn context_comes_from_the_status_that_links_to_the_run() {
    let stage = stage(Version::V1_26);
    stage.dispatch().input("context", "ci/[x]_y").run().ok();
    let run = stage.start_last_run();

    stage.report(run).run().ok();

    assert_eq!(status(&stage, "ci/[x]_y").0, "success");
    assert_eq!(stage.gitea.world().statuses(SOURCE, &stage.sha).len(), 1);
    assert!(comments(&stage)[0].starts_with(r"**ci \[x\]\_y success** — "), "{:?}", comments(&stage));
}

#[test]
fn given_context_takes_precedence_over_the_linked_one() {
    let (stage, run) = running(Version::V1_26);

    stage.report(run).input("context", "mine").run().ok();

    assert_eq!(status(&stage, "mine").0, "success");
    assert_eq!(status(&stage, "dispatch-target/build").0, "pending");
}
