use std::collections::BTreeMap;
use std::fs;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

use super::event::{Event, Payload, PullRequest};
use super::lists::{given_status, workflow_inputs};
use crate::property_tests::{config, number, text};
use crate::types::{GivenStatus, Outcome, State};

const WORDS: [&str; 9] =
    ["success", "failure", "cancelled", "skipped", "neutral", "timed_out", "startup_failure", "Success", "exploded"];

/// A text that fits on one line of `inputs`, without surrounding spaces.
fn line() -> impl Strategy<Value = String> {
    text().prop_map(|text| text.replace(['\n', '\r'], " ").trim().to_owned())
}

fn key() -> impl Strategy<Value = String> {
    line()
        .prop_map(|text| text.replace('=', " ").trim().to_owned())
        .prop_filter("a key", |key| !key.is_empty() && !key.starts_with('{'))
}

/// A small JSON text of any type.
fn json_text() -> impl Strategy<Value = String> {
    prop_oneof![
        select(vec!["null", "[]", "{}"]).prop_map(str::to_owned),
        number(),
        text().prop_map(|text| json!(text).to_string())
    ]
}

/// Whether these words together count as a success.
fn is_good(words: &[&str]) -> bool {
    words.contains(&"success") && words.iter().all(|word| matches!(*word, "success" | "skipped" | "neutral"))
}

fn worst(outcomes: Vec<Outcome>) -> Option<State> {
    outcomes.into_iter().max().map(|outcome| outcome.state())
}

fn event(payload: &str, name: Option<&str>) -> Option<Event> {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), payload).unwrap();
    Some(Payload::read(file.path().to_str().unwrap(), name).ok()?.event)
}

/// Whether `status` has `auto`, and the outcomes that it gives.
fn ended(text: &str) -> (bool, Vec<Outcome>) {
    match given_status(text).unwrap() {
        GivenStatus::Ended { auto, outcomes } => (auto, outcomes),
        other => panic!("{text}: {other:?}"),
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_text_is_read_or_refused(text in text(), start in "[ \\[{\"]{0,2}(auto ?)?[{\\[]?", bytes in vec(any::<u8>(), 0..40)) {
        let text = start + &text;
        if let Ok(pairs) = workflow_inputs(&text) {
            let is_json = text.trim_start().starts_with('{');
            prop_assert!(is_json || pairs.iter().all(|(key, value)| !key.contains('\n') && !value.contains('\n')));
        }
        if let Ok(GivenStatus::Ended { auto, outcomes }) = given_status(&text) {
            prop_assert!(auto || !outcomes.is_empty());
        }
        let file = tempfile::NamedTempFile::new().unwrap();
        for bytes in [text.as_bytes(), &bytes] {
            fs::write(file.path(), bytes).unwrap();
            for name in [None, Some("workflow_run")] {
                Payload::read(file.path().to_str().unwrap(), name).ok();
            }
        }
    }

    #[test]
    fn pull_request_matches_the_payload(name in text(), sha in text(), number in number(), from in text(), to in text()) {
        let payload = json!({
            "pull_request": {
                "number": number.parse::<u64>().unwrap(),
                "head": {"ref": name, "sha": sha, "repo": {"full_name": from}},
                "base": {"ref": "main", "repo": {"full_name": to}},
            },
        });
        let event = event(&payload.to_string(), None).unwrap();
        let from_fork = Some("from a fork").filter(|_| from != to);
        prop_assert!(name.starts_with("refs/pull/") || event.without_secrets() == from_fork);
        let Event::PullRequest(PullRequest { number: read, head, .. }) = event else { panic!("{event:?}") };
        prop_assert_eq!(read.to_string(), number);
        prop_assert_eq!((head.name, head.sha), (name, sha));
    }

    #[test]
    fn input_of_the_run_matches_the_payload(number in number(), text in text()) {
        let payload = json!({"inputs": {"a": text, "b": number.parse::<u64>().unwrap(), "c": null, "d": [text]}});
        let event = event(&payload.to_string(), None).unwrap();
        let read = ["a", "b", "c", "d", "e"].map(|name| event.input(name));
        prop_assert_eq!(read, [Some(text), Some(number), None, None, None]);
    }

    #[test]
    fn event_of_any_shape_is_read_or_refused(values in vec(json_text(), 10), name in select(vec!["workflow_run", "pull_request", "push"])) {
        let [number, branch, sha, head_repo, base, inputs, run, issue, comment, url] = &values[..] else { unreachable!() };
        let payload = format!(
            r#"{{"pull_request": {{"number": {number}, "head": {{"ref": {branch}, "sha": {sha}, "repo": {head_repo}}}, "base": {base}}},
            "inputs": {inputs}, "workflow_run": {run}, "issue": {issue}, "comment": {comment}, "repository": {{"url": {url}}}}}"#
        );
        if let Some(event) = event(&payload, Some(name)) {
            event.input("a");
            event.without_secrets();
        }
    }

    #[test]
    fn other_events_have_no_run(payload in json_text(), name in select(vec!["pull_request", "push", "workflow_dispatch"])) {
        let run = json!({"id": 1, "run_number": 1, "event": "workflow_dispatch", "display_title": ""});
        let payload = format!(r#"{{"other": {payload}, "workflow_run": {run}}}"#);
        prop_assert!(!matches!(event(&payload, Some(name)), Some(Event::WorkflowRun(_))));
    }

    #[test]
    fn inputs_as_json_come_back(pairs in btree_map(text(), text(), 0..5), spaces in "[ \n\t]{0,2}") {
        let json = format!("{spaces}{}{spaces}", json!(pairs));
        prop_assert_eq!(workflow_inputs(&json).unwrap(), pairs.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn numbers_as_json_keep_their_digits(number in "-?(0|[1-9][0-9]{0,40})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,5})?") {
        let json = format!("{{\"a\": {number} , \"b\":{number}}}");
        let expected = ["a", "b"].map(|key| (key.to_owned(), number.clone()));
        prop_assert_eq!(workflow_inputs(&json).unwrap(), expected);
    }

    #[test]
    fn inputs_as_lines_come_back(pairs in vec((key(), line()), 0..5), end in select(vec!["\n", "\r\n", "\n \n"])) {
        let text: String = pairs.iter().map(|(key, value)| format!("{key} = {value}{end}")).collect();
        prop_assert_eq!(workflow_inputs(&text).unwrap(), pairs);
    }

    #[test]
    fn words_are_not_a_success_if_any_is_worse(words in vec(select(&WORDS[..]), 1..5), separator in select(vec![",", " ", "\n", ", "]), auto: bool) {
        let mut text = words.join(separator);
        if auto {
            text = format!("auto{separator}{text}");
        }
        let (with_auto, outcomes) = ended(&text);
        prop_assert_eq!(with_auto, auto);
        prop_assert_eq!(outcomes.iter().map(Outcome::as_str).collect::<Vec<_>>(), words.clone());
        prop_assert_eq!(worst(outcomes) == Some(State::Success), is_good(&words));
    }

    #[test]
    fn needs_are_not_a_success_if_any_is_worse(needs in btree_map(text(), (select(&WORDS[..]), text()), 1..5), auto: bool) {
        let words: Vec<&str> = needs.values().map(|(word, _)| *word).collect();
        let json: BTreeMap<_, _> =
            needs.iter().map(|(name, (word, output))| (name, json!({"result": word, "outputs": {"a": output}}))).collect();
        let json = json!(json);
        let (with_auto, outcomes) = ended(&if auto { format!("auto {json}") } else { json.to_string() });
        prop_assert_eq!(with_auto, auto);
        prop_assert_eq!(worst(outcomes) == Some(State::Success), is_good(&words));
    }
}
