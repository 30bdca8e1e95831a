//! A matrix whose legs each report in their last step, on a real server.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::world::{Setup, World, example};
use crate::stage::SOURCE;

/// The build of a pull request with three legs, which begin together.
struct Legs {
    name: &'static str,
    /// The leg that lasts some seconds longer than the others.
    late: Option<u8>,
    failing: Option<u8>,
}

const ROUNDS: [Legs; 7] = [
    Legs { name: "together", late: None, failing: None },
    Legs { name: "together-again", late: None, failing: None },
    Legs { name: "together-one-fails", late: None, failing: Some(2) },
    Legs { name: "together-one-fails-again", late: None, failing: Some(3) },
    Legs { name: "late", late: Some(3), failing: None },
    Legs { name: "late-fails", late: Some(3), failing: Some(3) },
    Legs { name: "early-fails", late: Some(1), failing: Some(2) },
];

#[tokio::test]
#[ignore = "needs a real server: GITEA_BIN=… GITEA_RUNNER_BIN=… cargo test real:: -- --ignored, as CONTRIBUTING.md says"]
async fn matrix_ends_with_its_worst_leg() {
    each_round_ends_with_its_worst_leg("").await;
}

#[tokio::test]
#[ignore = "needs a real server: GITEA_BIN=… GITEA_RUNNER_BIN=… cargo test real:: -- --ignored, as CONTRIBUTING.md says"]
async fn matrix_whose_legs_give_their_own_status_ends_with_its_worst_leg() {
    each_round_ends_with_its_worst_leg("          status: ${{ job.status }}\n").await;
}

async fn each_round_ends_with_its_worst_leg(status: &str) {
    let world = World::with(Setup { target_workflow: matrix(status), ..Setup::default() }).await;
    for (index, legs) in ROUNDS.iter().enumerate() {
        let dir = world.server.scratch(legs.name);
        let sha = world.open_pull_request_of(legs.name, &build(legs, &dir)).await;
        world.build_in_state(index + 1, "completed").await;
        let run = world.settled().await.pop().unwrap();

        println!("{}: {:#?}\n{}", legs.name, world.statuses(&sha).await, world.log(&run).await);
        let (state, description) =
            if legs.failing.is_some() { ("failure", "Failing after ") } else { ("success", "Successful in ") };
        let end = world.statuses(&sha).await.pop().unwrap();
        assert_eq!((end.state.as_str(), &end.link), (state, &world.run_page(&run)), "{}", legs.name);
        assert!(end.description.starts_with(description), "{}: {end:?}", legs.name);
        let last_end = (1..=3).map(|leg| ended_at(&dir, leg)).max().unwrap();
        for set in successes(&world, &sha).await {
            assert!(legs.failing.is_none(), "{}: a success was set", legs.name);
            assert!(set >= last_end, "{}: a success was set before the last leg had ended", legs.name);
        }
        let number = u64::try_from(index + 1).unwrap();
        assert_eq!(world.comments_on(number).await, [world.comment_line(state, &run)], "{}", legs.name);
    }
}

/// `examples/build-and-report.yml` with three legs.
fn matrix(status: &str) -> String {
    let strategy = "    strategy:\n      fail-fast: false\n      matrix:\n        leg: [1, 2, 3]\n";
    let token = "          token: ${{ secrets.DISPATCH_TOKEN }}\n";
    let changes = [
        ("  build:\n", format!("  build:\n{strategy}")),
        (
            "        run: sh build.sh",
            "        env:\n          LEG: ${{ matrix.leg }}\n        run: sh build.sh".to_owned(),
        ),
        (token, format!("{token}{status}")),
    ];
    changes.iter().fold(example("build-and-report.yml"), |text, (old, new)| {
        assert!(text.contains(old), "{old}");
        text.replace(old, new)
    })
}

/// Waits for the other legs, so that all of them end at the same moment, or one of them ends some seconds later.
fn build(legs: &Legs, dir: &Path) -> String {
    let dir = dir.display();
    let number = |leg: Option<u8>| leg.unwrap_or(0);
    format!(
        "touch {dir}/$LEG.begun
while [ \"$(ls {dir} | grep -c begun)\" -lt 3 ]; do sleep 0.1; done
if [ $LEG = {late} ]; then sleep 8; fi
touch {dir}/$LEG.ended
[ $LEG != {failing} ]
",
        late = number(legs.late),
        failing = number(legs.failing),
    )
}

/// When the build of a leg ended, in whole seconds like the server's times.
fn ended_at(dir: &Path, leg: u8) -> i64 {
    let time = std::fs::metadata(dir.join(format!("{leg}.ended"))).unwrap().modified().unwrap();
    let time: Duration = SystemTime::duration_since(&time, UNIX_EPOCH).unwrap();
    time.as_secs().cast_signed()
}

/// When each success was set, in seconds.
async fn successes(world: &World, sha: &str) -> Vec<i64> {
    let statuses = world.server.owner().get(&format!("/repos/{SOURCE}/commits/{sha}/statuses?limit=50")).await;
    let of_the_action =
        statuses.as_array().unwrap().iter().filter(|status| status["context"] == "dispatch-target/build");
    let successes = of_the_action.filter(|status| status["status"] == "success");
    successes
        .map(|status| OffsetDateTime::parse(status["created_at"].as_str().unwrap(), &Rfc3339).unwrap().unix_timestamp())
        .collect()
}
