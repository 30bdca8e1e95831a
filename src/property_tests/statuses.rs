use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{config, number, text};
use crate::forge::{Comment, Job, Repository, Status, Statuses};
use crate::links::PageBase;
use crate::telling::RunStatuses;
use crate::types::{RepoName, RunNumber, StatusContext};

/// A time as a server might say it.
pub(crate) fn moment() -> impl Strategy<Value = String> {
    prop_oneof![
        text(),
        "[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](\\.[0-9]{0,12})?(Z|[+-][0-2][0-9]:[0-5][0-9])",
        Just("0000-01-01T00:00:00+23:59".to_owned()),
        Just("9999-12-31T23:59:59-23:59".to_owned()),
        Just("1970-01-01T00:00:00Z".to_owned()),
    ]
}

/// A JSON value of any shape.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let key = prop_oneof![
            text(),
            "id|name|body|user|context|status|target_url|html_url|conclusion|run_attempt|started_at"
        ];
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((key, inner), 0..6).prop_map(|pairs| Value::Object(pairs.into_iter().collect()))
        ]
    })
}

/// A status of a context `a` or `b`, with a link to a run of `o/n` or to anything else.
fn status() -> impl Strategy<Value = Value> {
    let link = prop_oneof![
        3 => number().prop_map(|number| format!("https://gitea.example.com/o/n/actions/runs/{number}")),
        1 => number().prop_map(|number| format!("https://gitea.example.com/o/other/actions/runs/{number}")),
        1 => text(),
    ];
    let state = prop_oneof![Just("pending".to_owned()), Just("success".to_owned()), text()];
    (prop_oneof![3 => "[ab]", 1 => text()], state, link, moment()).prop_map(|(context, state, link, time)| {
        json!({"context": context, "status": state, "target_url": link, "created_at": time})
    })
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn statuses_are_read_for_the_right_run_and_context_only(statuses in vec(status(), 0..6), run in number(), since in any::<i32>()) {
        let statuses: Vec<Status> = serde_json::from_value(Value::from(statuses)).unwrap();
        let pages: PageBase = "https://gitea.example.com".parse().unwrap();
        let repo: RepoName = "o/n".parse().unwrap();
        let run: RunNumber = run.parse().unwrap();
        let since = OffsetDateTime::from_unix_timestamp(i64::from(since)).unwrap();
        let linked = |status: &&Status, run| status.target_url == pages.run(&repo, run).as_str();
        let runs = RunStatuses::new(&Statuses { statuses: statuses.clone(), answered_at: None }, &pages, &repo);

        if let Some(context) = runs.context_of(run) {
            prop_assert!(statuses.iter().any(|status| linked(&status, run) && status.context == context.as_str()));
        }
        let context: StatusContext = "a".parse().unwrap();
        let told_of = |number| statuses.iter().filter(|status| status.context == "a").find(|status| linked(status, number));
        if let Some(newer) = runs.newer_than(run, &context) {
            prop_assert!(newer > run && told_of(newer).is_some());
            prop_assert_eq!(runs.end_or_newer(run, &context), Some(newer));
        }
        if let Some(end_or_newer) = runs.end_or_newer(run, &context) {
            prop_assert!(end_or_newer > run || end_or_newer == run && told_of(run).is_some_and(|status| status.state != "pending"));
        }
        if let Some(number) = runs.since(since, &context) {
            prop_assert!(told_of(number).and_then(Status::created_at).is_some_and(|time| time >= since));
        }
    }

    #[test]
    fn job_has_a_start_and_an_end_or_none(name in text(), conclusion in text(), start in moment(), link in text(), attempt in any::<u32>()) {
        let job = json!({"name": name, "conclusion": conclusion, "started_at": start, "html_url": link, "run_attempt": attempt});
        let job: Job = serde_json::from_value(job).unwrap();
        prop_assert_eq!(&job.name, &name);
        prop_assert_eq!(job.conclusion(), Some(conclusion.as_str()).filter(|text| !text.is_empty()));
        prop_assert!(job.started_at().is_none_or(|time| time > OffsetDateTime::UNIX_EPOCH));
        job.run_number(&"a/b".parse().unwrap());
    }

    #[test]
    fn any_answer_is_read_or_refused(value in value()) {
        let text = value.to_string();
        if let Ok(job) = serde_json::from_str::<Job>(&text) {
            job.started_at();
        }
        if let Ok(status) = serde_json::from_str::<Status>(&text) {
            status.created_at();
        }
        if let Ok(comment) = serde_json::from_str::<Comment>(&text) {
            prop_assert_ne!(comment.id.to_string(), "0");
        }
        if let Ok(repository) = serde_json::from_str::<Repository>(&text) {
            prop_assert!(!repository.has_actions || text.contains("true"));
        }
    }
}
