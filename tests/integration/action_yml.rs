//! action.yml: its inputs and outputs are those of the program and of the README, and its step runs as a runner would run it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output};

use yaml_rust2::{Yaml, YamlLoader};

use crate::fake::Version;
use crate::stage;
use crate::stage::{SOURCE, TARGET, WORKFLOW};

fn file(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

fn action() -> Yaml {
    YamlLoader::load_from_str(&file("action.yml")).unwrap().remove(0)
}

fn keys(yaml: &Yaml) -> BTreeSet<String> {
    yaml.as_hash().unwrap().keys().map(|key| key.as_str().unwrap().to_owned()).collect()
}

/// The first cell of each row of the table under a heading of the README: the names between backticks.
fn readme_table(heading: &str) -> BTreeSet<String> {
    let readme = file("README.md");
    let (_, section) = readme.split_once(&format!("\n## {heading}\n")).expect("the heading");
    let section = section.split("\n## ").next().unwrap();
    let cells = section.lines().filter_map(|line| line.strip_prefix("| `")?.split_once(" |").map(|(cell, _)| cell));
    cells.flat_map(|cell| cell.split(", ").map(|name| name.trim_matches('`').to_owned())).collect()
}

/// The fields of the configuration's `Inputs`, as the user writes them.
fn configured_inputs() -> BTreeSet<String> {
    let source = file("src/config.rs");
    let (_, body) = source.split_once("struct Inputs {").unwrap();
    let body = body.split_once('}').unwrap().0;
    let fields = body.lines().filter_map(|line| line.trim().split_once(": ")).map(|(name, _)| name);
    fields.map(|name| name.replace("git_ref", "ref").replace('_', "-")).collect()
}

#[test]
fn input_in_one_place_is_in_all() {
    let inputs = keys(&action()["inputs"]);

    assert_eq!(inputs, configured_inputs(), "action.yml and src/config.rs");
    assert_eq!(inputs, readme_table("Inputs"), "action.yml and README.md");
    let mapped: BTreeSet<String> = env().into_keys().collect();
    let expected = inputs.iter().map(|name| format!("INPUT_{}", name.to_uppercase().replace('-', "_"))).collect();
    assert_eq!(mapped, expected, "inputs and the step's env");
}

#[test]
fn output_in_one_place_is_in_all() {
    let outputs = &action()["outputs"];

    assert_eq!(keys(outputs), readme_table("Outputs"));
    let written = ["dispatch", "report", "comment", "wait", "reconcile"];
    let written: String = written.iter().map(|module| file(&format!("src/{module}.rs"))).collect();
    for name in keys(outputs) {
        let value = outputs[name.as_str()]["value"].as_str().unwrap();
        assert_eq!(value, format!("${{{{ steps.dispatch-action.outputs.{name} }}}}"));
        let is_written = [format!("runner.output(\"{name}\", "), format!("(\"{name}\", {name})")];
        assert!(is_written.iter().any(|call| written.contains(call)), "{name} is written");
    }
}

#[test]
fn documents_link_to_files_that_are_there() {
    for document in [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "RELEASING.md",
        "SECURITY.md",
        "docs/troubleshooting.md",
        "docs/lost-runs.md",
    ] {
        let text = file(document);
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(document).parent().unwrap().to_owned();
        let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for link in links.filter(|link| !link.contains("://") && !link.starts_with("URL")) {
            let path = link.split('#').next().unwrap();
            assert!(folder.join(path).exists(), "{document} links to {link}");
        }
    }
}

/// The text of all files in a folder and in those below it.
fn sources(folder: &Path) -> String {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.map(|path| if path.is_dir() { sources(&path) } else { fs::read_to_string(path).unwrap() }).collect()
}

#[test]
fn security_page_names_tests_that_are_there() {
    let sources = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/integration"));
    let security = file("SECURITY.md");
    let names = security
        .split('`')
        .filter(|name| name.matches('_').count() > 2 && name.chars().all(|c| c == '_' || c.is_ascii_lowercase()));
    let mut count = 0;
    for name in names {
        assert!(sources.contains(&format!("fn {name}()")), "{name}");
        count += 1;
    }
    assert!(count > 10, "{count} tests are named");
}

/// The step's `env`: variable and input.
fn env() -> BTreeMap<String, String> {
    let action = action();
    let env = action["runs"]["steps"][0]["env"].as_hash().unwrap();
    let input = |value: &Yaml| {
        let expression = value.as_str().unwrap().strip_prefix("${{ inputs.").unwrap();
        expression.strip_suffix(" }}").unwrap().to_owned()
    };
    env.iter().map(|(name, value)| (name.as_str().unwrap().to_owned(), input(value))).collect()
}

/// Runs the action's only step to its end.
pub(crate) fn run_step(folder: &Path, given: &[(&str, &str)], vars: &[(&str, &str)]) -> Output {
    step_command(folder, given, vars).output().unwrap()
}

/// The action's only step as a runner starts it: expressions in `env` are evaluated, `run` is a script for `sh -e`.
pub(crate) fn step_command(folder: &Path, given: &[(&str, &str)], vars: &[(&str, &str)]) -> Command {
    let action = action();
    let steps = action["runs"]["steps"].as_vec().unwrap();
    assert_eq!((steps.len(), steps[0]["shell"].as_str()), (1, Some("sh")));
    let script = steps[0]["run"].as_str().unwrap();
    assert!(!script.contains("${{"), "no expression inside `run:`");
    let value = |input: &str| {
        let given = given.iter().find(|(name, _)| *name == input).map(|(_, value)| (*value).to_owned());
        let default = action["inputs"][input]["default"].as_str().unwrap_or_default();
        given.unwrap_or_else(|| {
            default
                .replace("${{ job.status }}", "success")
                .replace("${{ github.api_url }}", "")
                .replace("${{ github.server_url }}", "")
        })
    };
    let mut command = Command::new("sh");
    command
        .args(["-e", "-c", script])
        .env_clear()
        .env("PATH", std::env::var("PATH").unwrap())
        .env("GITHUB_ACTION_PATH", folder)
        .envs(env().into_iter().map(|(name, input)| (name, value(&input))))
        .envs(vars.iter().copied());
    command
}

/// A copy of the action's folder, whose name has a blank, as a runner's may.
pub(crate) fn action_folder() -> (tempfile::TempDir, std::path::PathBuf) {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("the action");
    fs::create_dir_all(folder.join("dist")).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    fs::copy(root.join("dist/run"), folder.join("dist/run")).unwrap();
    (temp, folder)
}

/// The released binary for this machine, in the action's folder.
pub(crate) fn released() -> String {
    format!("dist/dispatch-action-linux-{}", std::env::consts::ARCH)
}

pub(crate) fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn steps_of_action_yml_make_the_round_trip() {
    let stage = stage(Version::V1_26);
    let (_temp, folder) = action_folder();
    symlink(crate::binary(), folder.join(released())).unwrap();
    let event = folder.join("event.json");
    let output = folder.join("output");
    let run = |given: &[(&str, &str)], name: &str, repository: &str, payload: String| {
        fs::write(&event, payload).unwrap();
        let vars = [
            ("GITHUB_API_URL", stage.gitea.api_url()),
            ("GITHUB_SERVER_URL", "https://gitea.example.com".to_owned()),
            ("GITHUB_EVENT_NAME", name.to_owned()),
            ("GITHUB_EVENT_PATH", event.to_str().unwrap().to_owned()),
            ("GITHUB_REPOSITORY", repository.to_owned()),
            ("GITHUB_RUN_ID", "30".to_owned()),
            ("GITHUB_RUN_NUMBER", "1".to_owned()),
            ("GITHUB_OUTPUT", output.to_str().unwrap().to_owned()),
        ];
        let result = run_step(&folder, given, &vars.each_ref().map(|(name, value)| (*name, value.as_str())));
        assert!(result.status.success(), "{}", text(&result));
    };

    let token = ("token", stage::TOKEN);
    let payload = stage.gitea.world().pull_request_payload(SOURCE, stage.number, "opened").to_string();
    run(&[("mode", "dispatch"), token, ("target", TARGET), ("workflow", WORKFLOW)], "pull_request", SOURCE, payload);
    let id = stage.start_last_run();
    let payload = stage.gitea.world().event_payload(id).to_string();
    run(&[("mode", "report"), token], "workflow_dispatch", TARGET, payload);

    let world = stage.gitea.world();
    assert_eq!(world.statuses(SOURCE, &stage.sha)[0].state, "success");
    assert_eq!(world.comments(SOURCE, stage.number).len(), 1);
    assert!(fs::read_to_string(&output).unwrap().contains("comment-id="));
}
