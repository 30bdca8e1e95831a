//! Three targets with one comment, with the examples unchanged, on a real server.

use std::time::{Duration, Instant};

use super::world::{BOT, PATIENCE, Setup, World, checkout, create_repository, example};
use crate::stage::WORKFLOW;

const PRODUCTS: [&str; 3] = ["mporter/product-a", "mporter/product-b", "mporter/product-c"];

/// A build of the same commit that fails in one of the targets.
const BUILD: &str = "echo building\ncase $GITHUB_REPOSITORY in */product-b) exit 1 ;; esac\n";

/// Adds the three targets that `examples/three-targets.yml` names.
async fn add_products(world: &World) {
    let owner = world.server.owner();
    for product in PRODUCTS {
        let name = product.rsplit('/').next().unwrap();
        create_repository(owner, product, false).await;
        let files = [(WORKFLOW, "build-from-pr.yml"), ("report.yml", "report-table.yml")].map(|(file, example_)| {
            let text = example(example_).replace("https://gitea.example.com", world.server.url());
            (format!(".gitea/workflows/{file}"), text)
        });
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        checkout(&world.server, owner, product, name).push("main", &files);
        world.add_collaborator(product, BOT, "write").await;
        world.set_secret(product, "DISPATCH_TOKEN", world.bot_token()).await;
    }
}

#[tokio::test]
#[ignore = "needs a real server: GITEA_BIN=… GITEA_RUNNER_BIN=… cargo test real:: -- --ignored, as CONTRIBUTING.md says"]
async fn three_targets_have_one_table() {
    let world = World::with(Setup { source_workflow: example("three-targets.yml"), ..Setup::default() }).await;
    add_products(&world).await;

    world.open_pull_request_of("feature", BUILD).await;

    let asked = Instant::now();
    let is_complete = |body: &str| body.matches("✅ success |").count() == 2 && body.contains("❌ failure |");
    loop {
        let comments = world.comments().await;
        if comments.len() == 1 && is_complete(&comments[0].body) {
            break;
        }
        assert!(asked.elapsed() < PATIENCE, "{comments:#?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    // The last reports may still be in progress, and must change nothing.
    tokio::time::sleep(Duration::from_secs(5)).await;

    let comments = world.comments().await;
    assert_eq!(comments.len(), 1, "{comments:#?}");
    let body = &comments[0].body;
    println!("{body}");
    world.picture("table.png");
    assert!(is_complete(body), "{body}");
    for product in ["product-a", "product-b", "product-c"] {
        assert_eq!(body.matches(&format!("\n| {product}/build | ")).count(), 1, "{body}");
        let link = format!("[run log]({}/mporter/{product}/actions/runs/", world.server.url());
        assert_eq!(body.matches(&link).count(), 1, "{body}");
    }
    let step = if world.server.names_runs() { " in step \"Build\"" } else { "" };
    assert!(body.contains(&format!("\n\nproduct-b/build\n\n- **build** failed{step} after ")), "{body}");
}
