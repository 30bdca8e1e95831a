//! A server that people reach at another address than its runner.

use super::server::Conditions;
use super::world::{Setup, World, example};

const PUBLIC: &str = "http://git.public.test/";

#[tokio::test]
#[ignore = "needs a real server: GITEA_BIN=… GITEA_RUNNER_BIN=… cargo test real:: -- --ignored, as CONTRIBUTING.md says"]
async fn links_have_the_address_that_people_use() {
    let conditions = Conditions { root_url: Some(PUBLIC), ..Conditions::default() };
    let world = World::with(Setup { conditions, ..Setup::by_event() }).await;
    assert_ne!(format!("{}/", world.server.url()), PUBLIC);

    let by_event = world.open_pull_request(0).await;
    world.last_status_that(&by_event, |status| status.state != "pending").await;
    let first = world.settled().await.pop().unwrap();
    // The second build reports in its last step.
    world.set_target_workflow(&example("build-and-report.yml"));
    let by_job = world.push_build(1);
    world.last_status_that(&by_job, |status| status.state != "pending").await;
    let second = world.settled().await.pop().unwrap();

    world.assert_reported(&by_event, &first, "success", "Successful in ").await;
    world.assert_reported(&by_job, &second, "failure", "Failing after ").await;
    for status in [world.statuses(&by_event).await, world.statuses(&by_job).await].concat() {
        assert!(status.link.starts_with(PUBLIC), "{status:?}");
    }
    let expected = [world.comment_line("success", &first), world.comment_line("failure", &second)];
    assert_eq!(world.comments_on(1).await, expected);
    for comment in world.comments().await {
        println!("{comment:#?}");
        assert!(comment.body.contains(PUBLIC) && !comment.body.contains(world.server.url()), "{comment:?}");
    }
}
