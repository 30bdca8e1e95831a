use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

use super::*;
use crate::forge::Job;
use crate::property_tests::{config, text};
use crate::text::plain;
use crate::types::State;

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => Just("success".to_owned()),
        4 => select(vec!["skipped", "neutral", "failure", "cancelled", "timed_out", ""]).prop_map(str::to_owned),
        1 => text(),
    ]
}

fn time_of_start() -> impl Strategy<Value = String> {
    prop_oneof![
        text(),
        "[0-9]{4}-[01][0-9]-[0-2][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](Z|[+-][0-2][0-9]:[0-5][0-9])",
        Just("9999-12-31T23:59:59-23:59".to_owned()),
    ]
}

fn job() -> impl Strategy<Value = Job> {
    (prop_oneof![3 => "[ab]", 1 => text()], 0..4_u32, word(), time_of_start()).prop_map(
        |(name, attempt, end, start)| {
            let job = json!({"name": name, "run_attempt": attempt, "conclusion": end, "started_at": start});
            serde_json::from_value(job).unwrap()
        },
    )
}

fn is_good(word: &str) -> bool {
    matches!(word, "success" | "skipped" | "neutral")
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn verdict_is_no_success_if_anything_is_worse(
        given in vec(word(), 0..3), auto: bool, attempt in 0..4_u32, jobs in proptest::option::of(vec(job(), 0..5)), now in any::<Option<i32>>(),
    ) {
        let counts = |job: &Job, all: &[Job]| auto && !all.iter().any(|other| other.name == job.name && other.run_attempt > job.run_attempt);
        let all = jobs.clone().unwrap_or_default();
        let ends = all.iter().filter(|job| counts(job, &all)).filter_map(Job::conclusion);
        let words: Vec<&str> = given.iter().map(String::as_str).chain(ends).collect();
        let answered_at = now.map(|now| OffsetDateTime::from_unix_timestamp(i64::from(now)).unwrap());
        let jobs = jobs.map(|jobs| RunJobs { jobs, answered_at });
        let outcomes: Vec<Outcome> = given.iter().map(|word| Outcome::new(word.as_str())).collect();
        match Verdict::new(auto, &outcomes, attempt, jobs) {
            Ok(verdict) => {
                let good = words.contains(&"success") && words.iter().all(|word| is_good(word));
                prop_assert_eq!(verdict.ending.outcome.state() == State::Success, good, "{:?}", words);
                prop_assert!(words.contains(&verdict.ending.outcome.as_str()));
                prop_assert_eq!(plain(&verdict.because), verdict.because);
            }
            Err(_) => prop_assert!(words.is_empty()),
        }
    }
}
