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
    let state = select(vec!["queued", "in_progress", "waiting", "completed", "requested"]);
    (prop_oneof![3 => "[ab]", 1 => text()], 0..4_u32, word(), time_of_start(), state).prop_map(
        |(name, attempt, end, start, state)| {
            let job =
                json!({"name": name, "run_attempt": attempt, "conclusion": end, "started_at": start, "status": state});
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
    fn verdict_is_not_a_success_if_anything_is_worse_or_unfinished(
        given in vec(word(), 0..3), auto: bool, attempt in 0..4_u32, jobs in vec(job(), 0..5), read: bool, now in any::<Option<i32>>(),
    ) {
        let seen: &[Job] = if read { &jobs } else { &[] };
        let ends = seen.iter().filter(|_| auto).filter_map(Job::conclusion);
        let words: Vec<&str> = given.iter().map(String::as_str).chain(ends).collect();
        let under_way = seen.iter().filter(|job| job.is_under_way()).count();
        let answered_at = now.map(|now| OffsetDateTime::from_unix_timestamp(i64::from(now)).unwrap());
        let jobs_read = if read { JobsRead::Read(RunJobs { jobs: jobs.clone(), answered_at }) } else { JobsRead::Unread };
        let outcomes = given.iter().map(|word| Outcome::new(word)).collect();
        let bad = words.iter().any(|word| !is_good(word));

        match Verdict::new(&GivenStatus::Ended { auto, outcomes }, attempt, &jobs_read) {
            Verdict::Ended { ending, because } => {
                let good = words.contains(&"success") && !bad;
                prop_assert_eq!(ending.outcome.state() == State::Success, good, "{:?}", words);
                prop_assert!(words.contains(&ending.outcome.as_str()));
                prop_assert!(bad || under_way <= 1 && (read || !auto));
                prop_assert_eq!(plain(&because), because);
            }
            Verdict::WaitingForJobs(count) => prop_assert!(!bad && read && count + 1 == under_way),
            Verdict::Unread => prop_assert!(!bad && !read && auto),
            Verdict::NotGiven => prop_assert!(words.is_empty()),
            Verdict::Running => prop_assert!(false, "nobody said so"),
        }
    }
}
