//! The documents and the examples: their links lead somewhere, their lines fit on a screen, and they agree with
//! action.yml.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use yaml_rust2::{Yaml, YamlLoader};

use crate::action_yml::{action, file, keys, sources};

/// Longer lines are hard to read in a terminal and in a diff.
const COLUMNS: usize = 120;

/// As much as a newcomer can read in five minutes.
const README_WORDS: usize = 1000;

/// The tests look up each error in its rows, line by line, so the rows may be long.
const TROUBLESHOOTING: &str = "docs/troubleshooting.md";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The project's files in this folder with this ending, from the project's root.
fn files(folder: &str, ending: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.filter(|path| path.extension().is_some_and(|extension| extension == ending));
    let mut names: Vec<_> = files.map(|path| path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned()).collect();
    names.sort();
    assert!(!names.is_empty(), "{folder} has files that end in {ending}");
    names
}

fn documents() -> Vec<String> {
    [files("", "md"), files("docs", "md")].concat()
}

/// The lines outside of fenced code.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    text.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    })
}

/// The fenced code of a language, block by block.
fn code<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let start = format!("\n```{language}\n");
    text.split(&start).skip(1).map(|rest| &rest[..rest.find("```").expect("the end of the code")]).collect()
}

/// The anchors of a document's headings: lower case, a hyphen for each space, without punctuation.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = prose(text).filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let is_kept = |c: &char| c.is_alphanumeric() || *c == ' ' || *c == '-' || *c == '_';
    headings
        .map(|heading| heading.chars().filter(is_kept).collect::<String>().to_lowercase().replace(' ', "-"))
        .collect()
}

/// The rows of the first table under a heading, as cells.
fn table(text: &str, heading: &str) -> Vec<Vec<String>> {
    let (_, section) = text.split_once(&format!("\n## {heading}\n")).expect("the heading");
    let rows = section.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let cells = |row: &str| row.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect();
    rows.skip(2).map(cells).collect()
}

/// The names between backticks.
fn names(cell: &str) -> impl Iterator<Item = String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned)
}

#[test]
fn links_lead_to_files_and_headings_that_are_there() {
    let mut count = 0;
    for document in documents() {
        let text = file(&document);
        let folder = root().join(&document).parent().unwrap().to_owned();
        let lines: Vec<_> = prose(&text).collect();
        let lines = lines.join("\n");
        let links = lines.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for link in links.filter(|link| !link.contains("://") && *link != "URL") {
            count += 1;
            let (path, anchor) = link.split_once('#').map_or((link, None), |(path, anchor)| (path, Some(anchor)));
            let target = if path.is_empty() { root().join(&document) } else { folder.join(path) };
            assert!(target.exists(), "{document} links to {link}");
            if let Some(anchor) = anchor {
                assert!(anchors(&fs::read_to_string(target).unwrap()).contains(anchor), "{document} links to {link}");
            }
        }
    }
    assert!(count > 50, "{count} links were found");
}

#[test]
fn lines_fit_on_a_screen() {
    let mut long = Vec::new();
    for document in documents() {
        let text = file(&document);
        let lines = text.lines().enumerate();
        let lines = lines.filter(|(_, line)| document != TROUBLESHOOTING || !line.starts_with('|'));
        let lines = lines.filter(|(_, line)| line.chars().count() > COLUMNS);
        long.extend(lines.map(|(number, _)| format!("{document}:{}", number + 1)));
    }

    assert_eq!(long, [""; 0], "these lines have more than {COLUMNS} columns");
}

#[test]
fn readme_is_read_in_five_minutes() {
    let words = file("README.md").split_whitespace().count();

    assert!(words <= README_WORDS, "README.md has {words} words");
}

#[test]
fn readme_has_the_examples_word_for_word() {
    let readme = file("README.md");
    let examples = ["source.yml", "build-from-pr.yml", "report.yml"];

    assert_eq!(code(&readme, "yaml"), examples.map(|name| file(&format!("examples/{name}"))));
}

#[test]
fn reference_has_the_inputs_and_outputs_of_the_action() {
    let action = action();
    let reference = file("docs/reference.md");

    let rows = table(&reference, "Inputs");
    let listed: Vec<_> = rows.iter().flat_map(|row| names(&row[0])).collect();
    assert_eq!(listed.iter().cloned().collect::<BTreeSet<_>>(), keys(&action["inputs"]));
    assert_eq!(listed.len(), keys(&action["inputs"]).len(), "an input is listed twice");
    for row in &rows {
        let input = &action["inputs"][names(&row[0]).next().unwrap().as_str()];
        match (input["required"].as_bool(), input["default"].as_str()) {
            (Some(true), _) => assert_eq!(row[2], "required", "{row:?}"),
            (_, Some(default)) => assert_eq!(row[2], format!("`{default}`"), "{row:?}"),
            (_, None) => assert!(!row[2].contains('`') && row[2] != "required", "{row:?} has no default"),
        }
    }

    let outputs = table(&reference, "Outputs").iter().flat_map(|row| names(&row[0])).collect::<BTreeSet<_>>();
    assert_eq!(outputs, keys(&action["outputs"]));
}

#[test]
fn examples_set_only_inputs_that_the_action_has() {
    let inputs = keys(&action()["inputs"]);
    for example in files("examples", "yml") {
        let workflow = YamlLoader::load_from_str(&file(&example)).unwrap().remove(0);
        for step in steps(&workflow).filter(|step| uses(step).contains("/dispatch-action@")) {
            let given = keys(&step["with"]);
            assert!(given.is_subset(&inputs), "{example}: {given:?}");
            assert!(given.contains("mode") && given.contains("token"), "{example}: {given:?}");
        }
    }
}

/// A build that reports by event runs the code of a pull request, so it must hold nothing that could write.
#[test]
fn builds_that_report_by_event_hold_no_token_that_can_write() {
    let reports = [
        ("build-from-pr.yml", "report.yml"),
        ("build-from-pr.yml", "report-table.yml"),
        ("orca-setup-build-meta-orca.yml", "orca-setup-report.yml"),
    ];
    for (build, report) in reports {
        let text = file(&format!("examples/{build}"));
        assert!(!text.contains("DISPATCH_TOKEN"), "{build}");
        let build = YamlLoader::load_from_str(&text).unwrap().remove(0);
        let report = YamlLoader::load_from_str(&file(&format!("examples/{report}"))).unwrap().remove(0);
        assert_eq!(report["on"]["workflow_run"]["workflows"][0], build["name"]);
        let title = "${{ inputs.source_repo }}#${{ inputs.pr_number }} ${{ inputs.pr_head_sha }}";
        assert_eq!(build["run-name"].as_str(), Some(title));
    }
}

/// The checked-out code is not trusted: its git attributes could have a filter use the token that fetched it.
#[test]
fn token_that_reads_the_source_is_in_no_step_that_checks_out() {
    let mut fetches = 0;
    for example in files("examples", "yml") {
        let workflow = YamlLoader::load_from_str(&file(&example)).unwrap().remove(0);
        for key in ["env", "defaults"] {
            assert!(workflow[key].is_badvalue(), "{example}: `{key}` reaches all steps");
        }
        let scripts = steps(&workflow).filter_map(|step| Some((step["run"].as_str()?, env(step))));
        for (script, env) in scripts.filter(|(_, env)| env.values().any(|value| value.contains("secrets."))) {
            assert!(script.contains("fetch") && !script.contains("checkout"), "{example}: {script}");
            assert!(env.contains_key("GIT_CONFIG_VALUE_0"), "{example}: {env:?}");
            fetches += 1;
        }
    }
    assert_eq!(fetches, 4, "each example that builds fetches once");
}

#[test]
fn security_page_names_tests_that_are_there() {
    let sources = sources("tests/integration");
    let security = file("SECURITY.md");
    let is_test =
        |name: &&str| name.matches('_').count() > 2 && name.chars().all(|c| c == '_' || c.is_ascii_lowercase());
    let names: Vec<_> = security.split('`').filter(is_test).collect();

    for name in &names {
        assert!(sources.contains(&format!("fn {name}()")), "{name}");
    }
    assert!(names.len() > 10, "{} tests are named", names.len());
}

/// The steps of all jobs of a workflow.
fn steps(workflow: &Yaml) -> impl Iterator<Item = &Yaml> {
    let jobs = workflow["jobs"].as_hash().expect("jobs").values();
    jobs.inspect(|job| assert!(job["env"].is_badvalue(), "`env` of a job reaches all of its steps"))
        .flat_map(|job| job["steps"].as_vec().expect("steps"))
}

fn uses(step: &Yaml) -> &str {
    step["uses"].as_str().unwrap_or_default()
}

fn env(step: &Yaml) -> BTreeMap<&str, &str> {
    let env = step["env"].as_hash().into_iter().flatten();
    env.map(|(name, value)| (name.as_str().unwrap(), value.as_str().unwrap_or_default())).collect()
}
