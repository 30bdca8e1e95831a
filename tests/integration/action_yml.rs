//! action.yml: its inputs and outputs match the program, and its step runs as a runner would run it. `documents` checks
//! that the documents have the same inputs and outputs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output};

use yaml_rust2::{Yaml, YamlLoader};

use crate::fake::Version;
use crate::stage;
use crate::stage::{SOURCE, TARGET, WORKFLOW};

pub(crate) fn file(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

pub(crate) fn action() -> Yaml {
    YamlLoader::load_from_str(&file("action.yml")).unwrap().remove(0)
}

pub(crate) fn keys(yaml: &Yaml) -> BTreeSet<String> {
    yaml.as_hash().unwrap().keys().map(|key| key.as_str().unwrap().to_owned()).collect()
}

/// The fields of the configuration's `Inputs`, as the user writes them.
fn configured_inputs() -> BTreeSet<String> {
    let source = sources("src");
    let (_, body) = source.split_once("struct Inputs {").expect("the struct of the inputs");
    let body = body.split_once('}').unwrap().0;
    let lines = body.lines().map(str::trim).filter(|line| !line.starts_with("//") && !line.starts_with('#'));
    let fields = lines.filter_map(|line| line.split_once(": ")?.0.split(' ').next_back());
    fields.map(|name| name.replace("git_ref", "ref").replace('_', "-")).collect()
}

#[test]
fn input_in_one_place_is_in_all() {
    let inputs = keys(&action()["inputs"]);

    assert_eq!(inputs, configured_inputs(), "action.yml and the configuration");
    let mapped: BTreeSet<String> = env().into_keys().collect();
    let expected = inputs.iter().map(|name| format!("INPUT_{}", name.to_uppercase().replace('-', "_"))).collect();
    assert_eq!(mapped, expected, "inputs and the step's env");
}

#[test]
fn output_in_one_place_is_in_all() {
    let outputs = &action()["outputs"];

    let program = sources("src");
    for name in keys(outputs) {
        let value = outputs[name.as_str()]["value"].as_str().unwrap();
        assert_eq!(value, format!("${{{{ steps.dispatch-action.outputs.{name} }}}}"));
        assert!(program.contains(&format!("(\"{name}\", ")), "{name} is written");
    }
}

/// The text of all files in a folder of the project and in those below it.
pub(crate) fn sources(folder: &str) -> String {
    fn read(folder: &Path) -> String {
        let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        paths.map(|path| if path.is_dir() { read(&path) } else { fs::read_to_string(path).unwrap() }).collect()
    }
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder))
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
        given.unwrap_or_else(|| default.replace("${{ job.status }}", "success").replace("${{ github.api_url }}", ""))
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

/// A copy of the action's folder. Its name has a space, as a runner's folder may.
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

#[test]
fn selftest_deletes_only_branches_that_it_makes() {
    for (number, branch) in [("", "../releases/5"), ("", "main"), ("", "selftest-1\n../releases/5"), ("../tags/v1", "")]
    {
        let result = Command::new("bash")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/selftest"))
            .arg("close")
            .env_clear()
            .env("PATH", std::env::var("PATH").unwrap())
            .envs([("NUMBER", number), ("BRANCH", branch)])
            // Nothing listens there: a request would fail with another message.
            .envs([("GITHUB_SERVER_URL", "http://127.0.0.1:1"), ("GITHUB_API_URL", "http://127.0.0.1:1/api/v1")])
            .envs([("GITHUB_REPOSITORY", "mporter/dispatch-action"), ("TOKEN", "none")])
            .output()
            .unwrap();

        assert!(!result.status.success());
        let log = text(&result);
        assert!(log.contains("nothing was deleted") || log.contains("nothing was closed"), "{number} {branch}: {log}");
    }
}
