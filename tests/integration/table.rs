//! `comment: table`: one comment for all builds of a pull request.

use std::thread;
use std::time::Duration;

use crate::fake::{Action, Comment, Fault, Permission, Version, World};
use crate::stage;
use crate::stage::{PAGES, SOURCE, Stage, Step, TARGET, WORKFLOW, WORKFLOW_YAML, open_pull_request};

/// Adds another target, with its workflow.
fn add_target(world: &mut World, name: &str) {
    let target = world.add_repository(name);
    target.add_collaborator("dispatch-bot", Permission::Write);
    target.add_workflow_file(WORKFLOW, WORKFLOW_YAML);
}

/// A run of that target that a runner has taken.
fn dispatched(stage: &Stage, target: &str) -> u64 {
    stage.dispatch().input("target", target).run().ok();
    stage.start_last_run()
}

/// A report of that run, in its target.
fn report(stage: &Stage, target: &str, run: u64, outcome: &str) -> Step {
    let step = stage.report(run).var("GITHUB_REPOSITORY", target);
    step.input("comment", "table").input("status", outcome)
}

fn comments(stage: &Stage) -> Vec<Comment> {
    stage.gitea.world().comments(SOURCE, stage.number)
}

/// The one comment, with the head replaced by a name.
fn table(stage: &Stage) -> String {
    let comments = comments(stage);
    assert_eq!(comments.len(), 1, "{comments:#?}");
    comments[0].body.replace(&stage.sha, "SHA").replace(&stage.sha[..10], "SHA10")
}

const PRODUCTS: [&str; 3] = ["mporter/product-a", "mporter/product-b", "mporter/product-c"];

fn three_targets(version: Version) -> (Stage, [u64; 3]) {
    let stage = stage(version);
    for product in PRODUCTS {
        add_target(&mut stage.gitea.world(), product);
    }
    let runs = PRODUCTS.map(|product| dispatched(&stage, product));
    (stage, runs)
}

#[test]
fn three_targets_have_one_comment_with_a_row_each() {
    let (stage, runs) = three_targets(Version::V1_26);
    stage.gitea.world().advance(72);
    report(&stage, PRODUCTS[0], runs[0], "success").run().ok();
    stage.gitea.world().fail_job(runs[1], "build", "Run make test", 125);

    let done = report(&stage, PRODUCTS[1], runs[1], "failure").run().ok();

    insta::assert_snapshot!(table(&stage), @r#"
    **Builds of [SHA10](https://gitea.example.com/mporter/dispatch-source/commit/SHA)**

    | Build | Outcome | Description | Run |
    | --- | --- | --- | --- |
    | product-a/build | ✅ success | Successful in 1m12s | [run log](https://gitea.example.com/mporter/product-a/actions/runs/30) |
    | product-b/build | ❌ failure | Failing after 3m17s | [run log](https://gitea.example.com/mporter/product-b/actions/runs/31) |
    | product-c/build | ⏳ pending | Dispatched to mporter/product-c | [run log](https://gitea.example.com/mporter/product-c/actions/runs/32) |

    <details><summary>Failed jobs</summary>

    product-b/build

    - **build** failed in step "Run make test" after 3m17s ([log](https://gitea.example.com/mporter/product-b/actions/runs/31/jobs/502))

    </details>

    <!-- dispatch-action:?table=1 -->
    "#);
    assert_eq!(done.output("comment-id"), Some("1"));
    assert!(done.log().contains("Edited the comment on pull request mporter/dispatch-source#1"), "{}", done.log());

    report(&stage, PRODUCTS[2], runs[2], "success").run().ok();
    let table = table(&stage);
    assert!(table.contains("| product-c/build | ✅ success |"), "{table}");
    assert_eq!(table.matches("- **build** failed in step").count(), 1, "{table}");
}

#[test]
fn table_costs_these_requests() {
    let (stage, runs) = three_targets(Version::V1_27);
    let before = stage.gitea.requests().len();

    report(&stage, PRODUCTS[0], runs[0], "success").run().ok();

    let mut requests: Vec<String> = stage.gitea.requests()[before..]
        .iter()
        .map(|request| {
            format!("{} {}", request.method, request.path.split('?').next().unwrap()).replace(&stage.sha, "SHA")
        })
        .collect();
    requests.sort();
    insta::assert_snapshot!(requests.join("\n").replace("/api/v1/repos/mporter/", ""), @"
    GET dispatch-source/commits/SHA/status
    GET dispatch-source/commits/SHA/status
    GET dispatch-source/commits/SHA/status
    GET dispatch-source/issues/1/comments
    GET dispatch-source/issues/1/comments
    GET dispatch-source/pulls/1
    GET product-a/actions/runs/30/jobs
    POST dispatch-source/issues/1/comments
    POST dispatch-source/statuses/SHA
    ");
}

/// Both reports end with one table that shows both, in whatever order their requests meet.
#[test]
fn reports_at_the_same_moment_end_with_one_table_that_shows_all() {
    for delay in [0, 3, 11, 40] {
        let (stage, runs) = three_targets(Version::V1_26);
        stage.gitea.set_delay(Duration::from_millis(delay));
        let steps: Vec<_> =
            PRODUCTS.iter().zip(runs).map(|(target, run)| report(&stage, target, run, "success")).collect();

        let threads: Vec<_> = steps.into_iter().map(|step| thread::spawn(|| step.run())).collect();
        for thread in threads {
            thread.join().unwrap().ok();
        }

        let table = table(&stage);
        assert_eq!(table.matches("| ✅ success |").count(), 3, "{table}");
        assert_eq!(table.matches("/build |").count(), 3, "{table}");
    }
}

#[test]
fn second_table_by_a_simultaneous_report_is_deleted() {
    let (stage, runs) = three_targets(Version::V1_26);
    let table_of_another =
        |world: &mut World| world.add_comment(SOURCE, 1, "dispatch-bot", "x\n\n<!-- dispatch-action:?table=1 -->");
    table_of_another(&mut stage.gitea.world());
    table_of_another(&mut stage.gitea.world());

    report(&stage, PRODUCTS[0], runs[0], "success").run().ok();

    assert_eq!(comments(&stage)[0].id, 1, "the older one stays");
    assert!(table(&stage).contains("| product-a/build | ✅ success |"));
}

#[test]
fn comments_of_update_become_the_table_and_the_history_of_create_stays() {
    let (stage, runs) = three_targets(Version::V1_26);
    for (product, run) in PRODUCTS.iter().zip(runs).take(2) {
        report(&stage, product, run, "failure").input("comment", "update").run().ok();
    }
    let forged = comments(&stage)[0].body.clone();
    stage.gitea.world().add_user("mallory");
    stage.gitea.world().add_comment(SOURCE, stage.number, "mallory", &forged);
    for _ in 0..2 {
        let run = dispatched(&stage, TARGET);
        stage.report(run).input("status", "failure").run().ok();
    }
    assert_eq!(comments(&stage).len(), 5);

    report(&stage, PRODUCTS[2], runs[2], "success").run().ok();

    let comments = comments(&stage);
    let tables: Vec<_> = comments.iter().filter(|comment| comment.body.contains("?table=1 -->")).collect();
    assert_eq!(tables.len(), 1, "{comments:#?}");
    assert_eq!(tables[0].body.matches("[run log]").count(), 4, "{}", tables[0].body);
    assert!(comments.iter().any(|comment| comment.author == "mallory" && comment.body == forged));
    let is_of = |comment: &Comment, product: &str| comment.body.starts_with(&format!("**{product} build"));
    assert!(
        !comments.iter().any(|comment| comment.author != "mallory" && is_of(comment, "product-a")),
        "{comments:#?}"
    );
    assert_eq!(comments.iter().filter(|comment| is_of(comment, "dispatch-target")).count(), 2);
}

#[test]
fn statuses_of_others_and_links_to_other_pages_get_no_rows() {
    let (stage, runs) = three_targets(Version::V1_26);
    {
        let mut world = stage.gitea.world();
        world.add_user("mallory");
        world.repository(SOURCE).add_collaborator("mallory", Permission::Write);
        let page = format!("{PAGES}/{TARGET}/actions/runs/30");
        world.add_status(SOURCE, &stage.sha, Some("mallory"), "forged/build", "success", &page);
        world.add_status(SOURCE, &stage.sha, Some("dispatch-bot"), "docs", "success", PAGES);
    }

    report(&stage, PRODUCTS[0], runs[0], "success").run().ok();

    let table = table(&stage);
    assert!(!table.contains("forged") && !table.contains("docs"), "{table}");
    assert_eq!(table.matches("[run log]").count(), 3);
}

#[test]
fn table_of_the_newer_head_is_left_alone_by_a_run_of_the_older_one() {
    let (stage, runs) = three_targets(Version::V1_26);
    let sha = stage.gitea.world().new_sha();
    let late = report(&stage, PRODUCTS[0], runs[0], "failure");
    stage.gitea.world().push(SOURCE, stage.number, &sha);
    let newer = dispatched(&stage, PRODUCTS[1]);
    report(&stage, PRODUCTS[1], newer, "success").run().ok();
    let before = comments(&stage)[0].body.clone();

    let done = late.run().ok();

    assert_eq!(comments(&stage)[0].body, before);
    assert!(done.log().contains("No comment: the table shows the pull request's newer head"), "{}", done.log());
}

#[test]
fn older_run_leaves_the_table_to_the_newer_one() {
    let (stage, runs) = three_targets(Version::V1_26);
    let newer = dispatched(&stage, PRODUCTS[0]);
    report(&stage, PRODUCTS[0], newer, "success").run().ok();

    let done = report(&stage, PRODUCTS[0], runs[0], "failure").run().ok();

    assert!(table(&stage).contains("| product-a/build | ✅ success |"));
    assert!(done.log().contains("No comment: the existing comment shows a newer run"), "{}", done.log());
}

#[test]
fn table_that_is_deleted_before_its_edit_is_written_anew() {
    let (stage, runs) = three_targets(Version::V1_26);
    report(&stage, PRODUCTS[0], runs[0], "success").run().ok();
    let gone = r#"{"errors":["comment does not exist [id: 1, issue_id: 0]"],"message":"not found"}"#;
    stage.gitea.refuse_once("PATCH", "/comments/1", 404, "application/json", gone);

    report(&stage, PRODUCTS[1], runs[1], "success").run().ok();

    assert_eq!(table(&stage).matches("| ✅ success |").count(), 2);
}

#[test]
fn lost_response_leaves_one_table() {
    for fault in [Fault::WorkThenHangUp, Fault::HangUp] {
        let (stage, runs) = three_targets(Version::V1_26);
        stage.gitea.inject("POST", "/issues/1/comments", 1, fault);

        report(&stage, PRODUCTS[0], runs[0], "success").run().ok();

        assert!(table(&stage).contains("| product-a/build | ✅ success |"));
    }
}

#[test]
fn comment_on_failure_keeps_the_table_true() {
    let (stage, runs) = three_targets(Version::V1_26);
    let report = |index: usize, outcome| {
        report(&stage, PRODUCTS[index], runs[index], outcome).input("comment-on", "failure").run().ok()
    };
    report(0, "success");
    assert!(comments(&stage).is_empty());
    report(1, "failure");
    assert!(table(&stage).contains("| product-c/build | ⏳ pending |"));

    report(2, "success");

    assert!(table(&stage).contains("| product-c/build | ✅ success |"));
}

#[test]
fn failed_rows_of_other_runs_list_their_jobs_if_the_server_lists_steps() {
    for (version, lists) in [(Version::V1_25, 0), (Version::V1_27, 2)] {
        let (stage, runs) = three_targets(version);
        for index in [0, 1] {
            stage.gitea.world().fail_job(runs[index], "build", "Run make test", 5);
            report(&stage, PRODUCTS[index], runs[index], "failure").run().ok();
        }
        stage.gitea.world().finish_run(runs[2], "success");

        report(&stage, PRODUCTS[2], runs[2], "success").run().ok();

        assert_eq!(
            table(&stage).matches("- **build** failed in step \"Run make test\" after ").count(),
            lists,
            "{}",
            table(&stage)
        );
    }
}

#[test]
fn each_way_to_report_writes_the_table_and_a_dispatch_none() {
    let stage = stage(Version::V1_26);
    stage.dispatch().input("comment", "table").run().ok();
    assert!(comments(&stage).is_empty());
    let run = stage.start_last_run();
    stage.gitea.world().finish_run(run, "failure");
    let row = "| dispatch-target/build | ❌ failure |";
    stage.report_by_event(run, Action::Completed).input("comment", "table").run().ok();
    assert!(table(&stage).contains(row));

    let stage = crate::stage(Version::V1_26);
    stage.dispatch().run().ok();
    let run = stage.start_last_run();
    stage.gitea.world().finish_run(run, "failure");
    stage.reconcile().input("comment", "table").run().ok();
    assert!(table(&stage).contains(row));
}

#[test]
fn reconcile_writes_one_table_for_several_contexts_of_a_pull_request() {
    let stage = stage(Version::V1_26);
    {
        let mut world = stage.gitea.world();
        let other = open_pull_request(&mut world);
        assert_eq!(other, 2);
    }
    for context in ["one", "two", "three"] {
        stage.dispatch().input("context", context).run().ok();
        let run = stage.start_last_run();
        stage.gitea.world().finish_run(run, "success");
    }

    stage.reconcile().input("comment", "table").run().ok();

    assert_eq!(table(&stage).matches("| ✅ success |").count(), 3, "{}", table(&stage));
}
