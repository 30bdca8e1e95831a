use proptest::prelude::*;

use super::*;

const BUILD: &str = include_str!("../../examples/build-from-pr.yml");
const BUILD_AND_REPORT: &str = include_str!("../../examples/build-and-report.yml");
const REPORT: &str = include_str!("../../examples/report.yml");

/// The declared inputs. `!` marks those that must be set, `?` those for which this is unclear.
fn inputs(text: &str) -> String {
    match Definition::read(text).inputs() {
        Ok(None) => "no trigger".to_owned(),
        Err(Unclear) => "unclear".to_owned(),
        Ok(Some(inputs)) => {
            let mark = |needed| match needed {
                Ok(true) => "!",
                Ok(false) => "",
                Err(Unclear) => "?",
            };
            inputs.iter().map(|input| format!("{}{}", input.name, mark(input.is_needed))).collect::<Vec<_>>().join(" ")
        }
    }
}

#[test]
fn inputs_are_those_of_the_dispatch() {
    assert_eq!(inputs(BUILD), "pr_number pr_head_sha! pr_head_ref source_repo!");
    for text in [
        "on: workflow_dispatch",
        "on: [push, workflow_dispatch]",
        "on:\n- workflow_dispatch",
        "\"on\": {workflow_dispatch: }",
    ] {
        assert_eq!(inputs(text), "", "{text}");
    }
    for text in
        ["on: push", "on: [push]", "on:\n  workflow_call:\n    inputs:\n      a:", "on: # workflow_dispatch\n  push:"]
    {
        assert_eq!(inputs(text), "no trigger", "{text}");
    }
    for text in [
        "name: a",
        "on:",
        "on: &a\n  workflow_dispatch:",
        "on: [push, *a]",
        "jobs: [\non: workflow_dispatch",
        "on: push\non: push",
    ] {
        assert_eq!(inputs(text), "unclear", "{text}");
    }
}

#[test]
fn input_is_needed_where_it_is_required_and_has_no_default() {
    let text = "\
on:
  workflow_dispatch:
    inputs:
      plain:
      needed: {required: true, type: string}
      with_default: {required: true, default: ''}
      without: {required: true, default: ~}
      text:
        required: true
        description: |
          default: a
      tagged: &a
        required: true
      odd: {required: yes}
";
    assert_eq!(inputs(text), "plain needed! with_default without! text! tagged? odd?");
    assert_eq!(inputs(&text.replace("plain:", "<<: *a")), "unclear");
}

#[test]
fn report_is_found_by_its_step() {
    let reports = |text: &str| Definition::read(text).reports();
    assert_eq!([reports(BUILD), reports(BUILD_AND_REPORT), reports(REPORT)], [Ok(false), Ok(true), Ok(true)]);
    let job =
        |step: &str| format!("on: push\njobs:\n  a:\n    steps:\n      - run: |\n          x: y\n      - {step}\n");
    assert_eq!(reports(&job("uses: a/b@v1\n        with: {mode: 'report'}")), Ok(true));
    assert_eq!(reports(&job("uses: a/b@v1\n        with: {mode: dispatch}")), Ok(false));
    assert_eq!(reports(&job("run: make report # mode: report")), Ok(false));
    assert_eq!(
        reports(&job("uses: a/b@v1\n        with: {mode: \"${{ inputs.mode }}\"}")),
        Ok(false).and(Err(Unclear))
    );
    assert_eq!(reports(&job("*step")), Err(Unclear));
    assert_eq!(reports("on: push\njobs:\n  a:\n    uses: ./.gitea/workflows/b.yml\n"), Err(Unclear));
}

#[test]
fn run_trigger_names_workflows() {
    let trigger = |text: &str| {
        let trigger = Definition::read(text).run_trigger().unwrap()?;
        Some((trigger.is_for("Build"), trigger.at_the_end))
    };
    let on = |lines: &str| trigger(&format!("on:\n  workflow_run:\n    {}\n", lines.replace('\n', "\n    ")));
    assert_eq!(on("workflows: [Test, Build]\ntypes: [requested, completed]"), Some((Ok(true), true)));
    assert_eq!(on("workflows: Build\ntypes: requested"), Some((Ok(true), false)));
    assert_eq!(on("workflows:\n  - build"), Some((Ok(false), true)));
    assert_eq!(on("workflows: ['Build*']"), Some((Err(Unclear), true)));
    assert_eq!(on("workflows: [Build, '!Build']"), Some((Err(Unclear), true)));
    assert_eq!(trigger("on: workflow_run"), Some((Ok(true), true)));
    assert_eq!(trigger("on: [push, workflow_run]"), Some((Ok(true), true)));
    assert_eq!(trigger("on: workflow_dispatch"), None);
    assert_eq!(Definition::read("on:\n  workflow_run:\n    workflows: *names\n").run_trigger(), Err(Unclear));
}

#[test]
fn run_name_is_readable_if_its_titles_are() {
    let source = "mporter/dispatch-source".parse().unwrap();
    let run_name = |value: &str| Definition::read(&format!("run-name: {value}\n")).run_name(&source);
    let usual = "${{ inputs.source_repo }}#${{ inputs.pr_number }} ${{ inputs.pr_head_sha }}";
    assert_eq!(Definition::read(BUILD).run_name(&source), Ok(RunName::Readable));
    let readable = [
        usual.to_owned(),
        format!("{usual} on ${{{{ inputs.machine }}}}, ${{{{ github.actor }}}}"),
        format!("'{usual}'"),
        usual.replace("inputs.", "github.event.inputs.").replace("{{ ", "{{"),
        usual.replace("${{ inputs.source_repo }}", "mporter/dispatch-source"),
    ];
    for value in readable {
        assert_eq!(run_name(&value), Ok(RunName::Readable), "{value}");
    }
    let others = [
        "Build of ${{ inputs.pr_number }}".to_owned(),
        "${{ inputs.pr_number }} ${{ inputs.pr_head_sha }}".to_owned(),
        usual.replace('#', " #"),
        usual.replace("${{ inputs.source_repo }}", "mporter/other"),
        usual.replace("${{ inputs.pr_number }}", "7"),
        format!("{usual}x"),
        String::new(),
    ];
    for value in others {
        assert_eq!(run_name(&value), Ok(RunName::Other), "{value}");
    }
    assert_eq!(Definition::read("on: push\n").run_name(&source), Ok(RunName::Other));
    for value in [
        usual.replace("inputs.pr_number", "inputs.pr_number || 0"),
        format!("{usual}${{{{ github.actor }}}}"),
        format!("Build ${{{{ github.actor }}}} {usual}"),
        format!(">-\n  {usual}"),
        "*name".to_owned(),
    ] {
        assert_eq!(run_name(&value), Err(Unclear), "{value}");
    }
}

#[test]
fn name_is_the_file_name_if_the_file_has_none() {
    let name = |text: &str| Definition::read(text).name("build.yml").map(str::to_owned);
    assert_eq!(name("name: Build it # now\n"), Ok("Build it".to_owned()));
    assert_eq!([name("name:\n"), name("on: push\n")], [Ok("build.yml".to_owned()), Ok("build.yml".to_owned())]);
    assert_eq!(name("name: |\n  a\n"), Err(Unclear));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn declared_inputs_are_in_the_text(
        words in prop::collection::vec(prop::sample::select(vec![
            "on:", "workflow_dispatch:", "inputs:", "pr_number", ":", " ", "\n", "\n  ", "\n    ", "\n      ", "{", "}", ",", "- ", "required: true", "#", "x",
        ]), 0..40),
    ) {
        let text = words.concat();
        for input in Definition::read(&text).inputs().into_iter().flatten().flatten() {
            prop_assert!(text.contains(&input.name), "{text:?} {input:?}");
        }
        let _others = (Definition::read(&text).reports(), Definition::read(&text).run_trigger());
    }
}
