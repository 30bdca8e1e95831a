//! What the comment about a failed build says, on a real server.

use super::world::{Setup, World, example};

/// A build that fails, and whose output tries to end the fence and to colour the comment.
const BUILD: &str = "echo first\nprintf '\\033[31mred\\033[0m ```` </details> @mporter\\n'\necho last\nexit 3\n";

/// The repositories whose builds are reported by event, with the end of the log.
fn with_log() -> Setup {
    let usual = example("report.yml");
    Setup { report_workflow: Some(format!("{}\n          log-lines: 4\n", usual.trim_end())), ..Setup::by_event() }
}

#[tokio::test]
#[ignore = "needs a real server: GITEA_BIN=… GITEA_RUNNER_BIN=… cargo test real:: -- --ignored, as CONTRIBUTING.md says"]
async fn failing_step_is_named_with_its_page_and_the_end_of_its_log() {
    let world = World::with(with_log()).await;

    let sha = world.open_pull_request_of("feature", BUILD).await;
    world.last_status_that(&sha, |status| status.state == "failure").await;
    let run = world.settled().await.pop().unwrap();

    world.picture("failing.png");
    let comments = world.comments().await;
    let [comment] = &comments[..] else { panic!("one comment was expected: {comments:#?}") };
    println!("{}", comment.body);
    let blocks: Vec<&str> = comment.body.split("\n\n").collect();
    let [line, list, summary, fence, details, marker] = &blocks[..] else { panic!("{blocks:#?}") };
    assert_eq!(*line, world.comment_line("failure", &run));
    let step = if world.server.names_runs() { " in step \"Build\"" } else { "" };
    assert!(list.starts_with(&format!("- **build** failed{step} after ")), "{list}");
    let page = list.split_once("([log](").and_then(|(_, rest)| rest.strip_suffix("))")).expect("a link");
    assert!(page.starts_with(&format!("{}/jobs/", world.run_page(&run))), "{page}");
    assert_eq!(world.server.owner().with_token("").page(page).await, 200);
    assert_eq!(*summary, "<details><summary>The last 4 lines of the first job's log</summary>");
    let shown = "first\nred ```` </details> @mporter\nlast\n##[error]Process completed with exit code 3.";
    assert_eq!(*fence, format!("`````text\n{shown}\n`````"));
    assert_eq!(*details, "</details>");
    assert!(marker.starts_with("<!-- dispatch-action:?"));
}
