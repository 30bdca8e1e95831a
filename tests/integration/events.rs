//! `mode: report` by an event: the event says when to look, and the jobs of the run decide what is shown.

use crate::fake::{Action, Fault, RunEvent, Version};
use crate::stage::{SOURCE, Stage, TARGET, WORKFLOW, open_pull_request};
use crate::{shown, stage};

const CONTEXT: &str = "dispatch-target/build";

/// A stage with a run of `build` and `deploy` that was dispatched for the pull request.
fn dispatched(version: Version) -> (Stage, u64) {
    let stage = stage(version);
    stage.gitea.world().repository(TARGET).workflow(WORKFLOW).jobs = vec!["build".into(), "deploy".into()];
    stage.dispatch().run().ok();
    let run = stage.gitea.world().runs.last().unwrap().id;
    (stage, run)
}

/// State and description of the status, and the number in its link.
fn shows(stage: &Stage) -> (String, String, String) {
    let statuses = stage.gitea.world().statuses(SOURCE, &stage.sha);
    let status = statuses.into_iter().find(|status| status.context == CONTEXT).expect("a status");
    let number = status.target_url.rsplit('/').next().unwrap_or_default().to_owned();
    (status.state, status.description, number)
}

fn state(stage: &Stage) -> String {
    shows(stage).0
}

fn comments(stage: &Stage) -> Vec<String> {
    stage.gitea.world().comments(SOURCE, stage.number).into_iter().map(|comment| comment.body).collect()
}

/// The event about this run in its current state.
fn event(stage: &Stage, run: u64, action: Action) -> RunEvent {
    stage.gitea.world().run_event(run, action)
}

#[test]
fn each_event_shows_how_far_the_run_has_come() {
    for version in [Version::V1_26, Version::V1_27] {
        let (stage, run) = dispatched(version);
        let mut seen = Vec::new();
        let mut see = |action| {
            let done = stage.report_by_event(run, action).run().ok();
            let (state, description, _) = shows(&stage);
            seen.push(format!("{state}, {description} ({})", done.output("conclusion").unwrap_or_default()));
        };
        see(Action::Requested);
        // From here on the clock stands still.
        stage.gitea.world().advance(0);
        stage.gitea.world().start_run(run);
        see(Action::InProgress);
        stage.gitea.world().advance(125);
        stage.gitea.world().finish_run(run, "failure");
        see(Action::Completed);

        assert_eq!(
            seen,
            [
                "pending, Waiting for a runner ()",
                "pending, Has started running ()",
                "failure, Failing after 2m5s (failure)"
            ]
        );
        assert_eq!(comments(&stage).len(), 1);
        assert!(comments(&stage)[0].starts_with("**dispatch-target build failure** — [run log]("));
    }
}

#[test]
fn report_by_event_takes_two_rounds_of_requests() {
    let (stage, run) = dispatched(Version::V1_26);
    stage.gitea.world().start_run(run);
    stage.gitea.world().finish_run(run, "success");
    let before = stage.gitea.requests().len();

    let done = stage.report_by_event(run, Action::Completed).run().ok();

    let requests = stage.gitea.requests().split_off(before);
    let mut methods: Vec<&str> = requests.iter().map(|request| request.method.as_str()).collect();
    methods.sort_unstable();
    assert_eq!(methods, ["GET", "GET", "POST", "POST"]);
    insta::assert_snapshot!(shown(&done.log(), &stage), @"
    Run https://gitea.example.com/mporter/dispatch-target/actions/runs/30: Successful in 0s
    Status dispatch-target/build on mporter/dispatch-source@SHA10: success, Successful in 0s
    Comment on pull request mporter/dispatch-source#1: https://gitea.example.com/mporter/dispatch-source/pulls/1#issuecomment-1
    ");
}

#[test]
fn old_server_gets_the_page_of_the_run_by_its_first_event() {
    let (stage, run) = dispatched(Version::V1_25);
    assert_eq!(shows(&stage).2, "actions?workflow=build-from-pr.yml");

    stage.report_by_event(run, Action::Requested).run().ok();

    let index = stage.gitea.world().run(run).number;
    assert_eq!(shows(&stage), ("pending".to_owned(), "Waiting for a runner".to_owned(), index.to_string()));
    stage.gitea.world().start_run(run);
    stage.gitea.world().finish_run(run, "success");
    stage.report_by_event(run, Action::Completed).run().ok();
    assert_eq!(state(&stage), "success");
}

#[test]
fn completed_event_is_not_the_end_while_a_job_is_still_to_come() {
    let (stage, run) = dispatched(Version::V1_26);
    stage.gitea.world().start_run(run);
    stage.gitea.world().finish_job(run, "build", "failure");

    stage.report_by_event(run, Action::Completed).run().ok();

    assert_eq!(state(&stage), "pending");
    assert!(comments(&stage).is_empty());
    stage.gitea.world().finish_job(run, "deploy", "skipped");
    stage.report_by_event(run, Action::Completed).run().ok();
    assert_eq!(state(&stage), "failure");
}

#[test]
fn repeated_and_late_events_change_nothing() {
    let (stage, run) = dispatched(Version::V1_26);
    let requested = event(&stage, run, Action::Requested);
    stage.gitea.world().start_run(run);
    let in_progress = event(&stage, run, Action::InProgress);
    stage.gitea.world().advance(8);
    stage.gitea.world().finish_run(run, "success");
    let completed = event(&stage, run, Action::Completed);
    stage.report_by(&completed).run().ok();
    let (first, written) = (shows(&stage), stage.gitea.world().all_statuses(SOURCE, &stage.sha).len());
    assert_eq!(first.0, "success");

    for late in [&completed, &requested, &in_progress, &completed] {
        stage.gitea.world().advance(5);
        stage.report_by(late).run().ok();
    }

    assert_eq!(shows(&stage), first);
    assert_eq!(stage.gitea.world().all_statuses(SOURCE, &stage.sha).len(), written, "no status was written again");
    assert_eq!(comments(&stage).len(), 1);
}

#[test]
fn event_of_an_older_run_leaves_the_newer_ones_status_alone() {
    let (stage, older) = dispatched(Version::V1_26);
    stage.dispatch().run().ok();
    let newer = shows(&stage).2;
    assert_ne!(newer, older.to_string());
    stage.gitea.world().start_run(older);
    stage.gitea.world().finish_run(older, "success");

    let done = stage.report_by_event(older, Action::Completed).run().ok();

    assert_eq!((state(&stage), shows(&stage).2), ("pending".to_owned(), newer));
    assert_eq!(done.output("state"), None);
}

#[test]
fn re_run_is_pending_again_and_its_end_counts() {
    for (first, second, expected) in
        [("failure", "success", "success"), ("success", "failure", "failure"), ("success", "cancelled", "failure")]
    {
        let (stage, run) = dispatched(Version::V1_26);
        stage.gitea.world().start_run(run);
        stage.gitea.world().advance(5);
        stage.gitea.world().finish_run(run, first);
        stage.report_by_event(run, Action::Completed).run().ok();
        stage.gitea.world().advance(60);
        stage.gitea.world().rerun(run);

        stage.report_by_event(run, Action::Requested).run().ok();
        assert_eq!(shows(&stage).1, "Waiting for a runner", "{first}, {second}");
        stage.gitea.world().advance(1);
        stage.gitea.world().start_run(run);
        stage.report_by_event(run, Action::InProgress).run().ok();
        assert_eq!(shows(&stage).1, "Has started running");
        stage.gitea.world().advance(1);
        stage.gitea.world().finish_run(run, second);
        stage.report_by_event(run, Action::Completed).run().ok();

        assert_eq!(state(&stage), expected, "{first}, {second}");
        if second == "cancelled" {
            assert_eq!(shows(&stage).1, "Has been cancelled");
        }
        assert_eq!(comments(&stage).len(), 2, "one per attempt");
    }
}

#[test]
fn superseded_run_gets_its_status_and_no_comment() {
    for closes in [false, true] {
        let (stage, run) = dispatched(Version::V1_26);
        stage.gitea.world().start_run(run);
        {
            let mut world = stage.gitea.world();
            let sha = world.new_sha();
            let pull = world.repository(SOURCE).pull(stage.number);
            if closes {
                pull.open = false;
            } else {
                pull.head_sha = sha;
            }
            world.cancel_run(run);
        }

        let done = stage.report_by_event(run, Action::Completed).run().ok();

        assert_eq!(shows(&stage).1, "Has been cancelled");
        assert!(comments(&stage).is_empty());
        assert!(done.log.contains("No comment: the run was cancelled"), "{}", done.log);
    }
}

#[test]
fn cancelled_run_of_the_current_head_gets_a_comment() {
    let (stage, run) = dispatched(Version::V1_26);
    stage.gitea.world().start_run(run);
    stage.gitea.world().cancel_run(run);

    stage.report_by_event(run, Action::Completed).run().ok();

    assert_eq!(shows(&stage).1, "Has been cancelled");
    assert_eq!(comments(&stage).len(), 1);
}

#[test]
fn run_that_a_pull_request_started_is_left_alone_whatever_its_title_says() {
    let (stage, _) = dispatched(Version::V1_26);
    let title = format!("{SOURCE}#{} {}", stage.number, stage.sha);
    let forged = {
        let mut world = stage.gitea.world();
        let pull = open_pull_request(&mut world);
        assert_ne!(pull, stage.number);
        let sha = world.new_sha();
        let own = world.open_pull_request(TARGET, TARGET, "mine", &sha);
        world.add_pull_request_run(TARGET, own, WORKFLOW, &title)
    };
    stage.gitea.world().start_run(forged);
    stage.gitea.world().finish_run(forged, "success");
    let before = stage.gitea.requests().len();

    let done = stage.report_by_event(forged, Action::Completed).run().ok();

    assert_eq!(stage.gitea.requests().len(), before, "nothing was sent");
    assert_eq!(state(&stage), "pending");
    assert!(done.log.contains("not by `workflow_dispatch`"), "{}", done.log);
}

#[test]
fn title_of_another_form_is_an_error_that_shows_the_line_to_add() {
    let (stage, run) = dispatched(Version::V1_26);
    stage.gitea.world().start_run(run);
    stage.gitea.world().finish_run(run, "success");
    let mut cut = event(&stage, run, Action::Completed);
    let long = format!("{SOURCE}#{} {}", stage.number, "7".repeat(300));
    cut.run.title = long.chars().take(252).collect::<String>() + "…";
    for title in ["Build from upstream", &cut.run.title.clone()] {
        let mut event = cut.clone();
        event.run.title = title.to_owned();
        let before = stage.gitea.requests().len();

        let done = stage.report_by(&event).run().failed();

        assert_eq!(stage.gitea.requests().len(), before);
        assert!(
            done.log.contains("run-name: ${{ inputs.source_repo }}#${{ inputs.pr_number }} ${{ inputs.pr_head_sha }}")
        );
    }
}

#[test]
fn jobs_that_cannot_be_read_are_not_the_end() {
    let (stage, run) = dispatched(Version::V1_26);
    stage.gitea.world().start_run(run);
    stage.gitea.refuse("GET", "/jobs", 403, "application/json", r#"{"message": "no"}"#);

    let done = stage.report_by_event(run, Action::InProgress).run().failed();
    assert_eq!(shows(&stage).1, "Dispatched to mporter/dispatch-target");
    assert!(done.log.contains("Nothing was written"), "{}", done.log);

    // Nobody may read again.
    stage.gitea.world().finish_run(run, "success");
    stage.report_by_event(run, Action::Completed).run().failed();
    let unread = ("error".to_owned(), "Outcome not known: the jobs could not be read".to_owned(), run.to_string());
    assert_eq!(shows(&stage), unread);

    // A later re-run of the report shows the truth.
    stage.gitea.clear_faults();
    stage.report_by_event(run, Action::Completed).run().ok();
    assert_eq!(state(&stage), "success");
}

#[test]
fn deleted_run_is_reported_as_deleted() {
    // The list of its jobs is empty in 1.26, and missing in 1.27.
    for version in [Version::V1_26, Version::V1_27] {
        let (stage, run) = dispatched(version);
        stage.gitea.world().start_run(run);
        let completed = event(&stage, run, Action::InProgress);
        stage.gitea.world().delete_run(run);

        stage.report_by(&completed).run().ok();

        assert_eq!(shows(&stage).1, "The run was deleted before it told its outcome");
    }
}

#[test]
fn report_in_the_run_and_by_event_make_one_comment() {
    let (stage, run) = dispatched(Version::V1_26);
    stage.gitea.world().start_run(run);
    stage.gitea.world().finish_job(run, "build", "success");
    stage.report(run).run().ok();
    stage.gitea.world().finish_job(run, "deploy", "success");

    stage.report_by_event(run, Action::Completed).run().ok();

    assert_eq!(state(&stage), "success");
    assert_eq!(comments(&stage).len(), 1);
}

#[test]
fn comment_whose_response_was_lost_is_looked_for_among_the_new_ones() {
    let (stage, run) = dispatched(Version::V1_26);
    stage.gitea.world().finish_run(run, "success");
    stage.gitea.inject("POST", "/comments", 1, Fault::WorkThenHangUp);

    stage.report_by_event(run, Action::Completed).run().ok();

    assert_eq!(comments(&stage).len(), 1);
    let reads: Vec<_> = stage.gitea.requests().into_iter().filter(|request| request.method == "GET").collect();
    assert!(reads.last().unwrap().path.contains("/comments?since="), "{reads:#?}");
}

#[test]
fn body_of_a_report_by_event_is_in_the_comment() {
    let (stage, run) = dispatched(Version::V1_26);
    stage.gitea.world().finish_run(run, "success");

    stage.report_by_event(run, Action::Completed).input("body", "Download: **here**").run().ok();

    assert!(comments(&stage)[0].contains("\n\nDownload: **here**\n\n"), "{:?}", comments(&stage));
}
