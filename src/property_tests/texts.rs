use std::time::Duration;

use proptest::prelude::*;
use reqwest::Url;

use super::{base, config, number, repo, text};
use crate::telling::{Answer, CommentText, Marker};
use crate::text::{markdown, one_line, plain, quoted};
use crate::types::{Ending, Outcome, RunId, StatusContext};

/// What begins something in Markdown, at any place of a line.
const ACTIVE: &str = "\\`*_[]()<>&!#|~@$";

/// What a page shows for an escaped text; `None` if that is anything but text.
fn shown(escaped: &str) -> Option<String> {
    let mut shown = String::new();
    let mut chars = escaped.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => shown.push(chars.next().filter(char::is_ascii_punctuation)?),
            c if ACTIVE.contains(c) => return None,
            c => shown.push(c),
        }
    }
    Some(shown)
}

fn is_one_line(text: &str) -> bool {
    plain(text) == text && !text.contains(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202e}'))
}

fn context() -> impl Strategy<Value = StatusContext> {
    text().prop_filter_map("no context", |text| text.replace(char::is_control, "_").parse().ok())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn markdown_shows_the_text_and_begins_nothing(text in text()) {
        let escaped = markdown(&text);
        prop_assert!(is_one_line(&escaped));
        prop_assert_eq!(shown(&escaped), Some(plain(&text)), "{}", escaped);
    }

    #[test]
    fn one_line_is_one_line_of_bounded_length(text in text(), count in 0..400_usize) {
        let text = text.repeat(count);
        prop_assert!(is_one_line(&one_line(&text)) && one_line(&text).chars().count() <= 301);
        prop_assert!(is_one_line(&quoted(&text)) && quoted(&text).chars().count() <= 303);
        prop_assert_eq!(plain(&text).chars().count(), text.chars().count());
    }

    #[test]
    fn description_is_one_line(word in text(), seconds in any::<Option<u64>>()) {
        let ending = Ending { outcome: Outcome::new(&word), elapsed: seconds.map(Duration::from_secs) };
        let description = Answer::Ended(ending).description(&"a/b".parse().unwrap());
        prop_assert!(is_one_line(&description) && description.chars().count() <= 340, "{}", description);
    }

    #[test]
    fn marker_ends_at_its_end(target in repo(), run in number(), attempt in any::<u32>(), context in context()) {
        let run: RunId = run.parse().unwrap();
        let typed = Marker { target, run, attempt, context };
        let marker = typed.to_string();
        prop_assert_eq!(Marker::at_end_of(&marker), Some(typed.clone()));
        let Marker { target, context, .. } = typed;
        prop_assert!(is_one_line(&marker) && marker.is_ascii());
        prop_assert!(marker.starts_with("<!-- ") && marker.matches("<!--").count() == 1);
        prop_assert!(marker.ends_with(" -->") && marker.matches("-->").count() == 1);
        prop_assert!(!marker.contains("--!>"));
        let fields = Url::parse(marker.trim_start_matches("<!-- ").trim_end_matches(" -->")).unwrap();
        let fields: Vec<String> = fields.query_pairs().map(|(_, value)| value.into_owned()).collect();
        prop_assert_eq!(fields, [target.to_string(), run.to_string(), attempt.to_string(), context.as_str().to_owned()]);
    }

    #[test]
    fn different_runs_have_different_markers(
        target in repo(), runs in ("[1-3]1?", "[1-3]1?"), attempts in (1..3_u32, 1..3_u32), contexts in ("[a&=1%+ ]{1,2}", "[a&=1%+ ]{1,2}"),
    ) {
        let of = |run: &str, attempt, context: &str| {
            Marker { target: target.clone(), run: run.parse().unwrap(), attempt, context: context.parse().unwrap() }.to_string()
        };
        let same = runs.0 == runs.1 && attempts.0 == attempts.1 && contexts.0 == contexts.1;
        let (one, other) = (of(&runs.0, attempts.0, &contexts.0), of(&runs.1, attempts.1, &contexts.1));
        prop_assert_eq!(one == other, same);
        prop_assert_eq!(one.contains(&other), same);
    }

    #[test]
    fn comment_begins_with_one_line_and_the_link_to_the_run(
        base in base(), repo in repo(), run in number(), context in context(), word in text(), body in proptest::option::of(text()),
    ) {
        let page = base.run(&repo, run.parse().unwrap());
        let marker = Marker { target: repo, run: run.parse().unwrap(), attempt: 1, context: context.clone() };
        let outcome = &Outcome::new(&word);
        let text = CommentText { context: &context, outcome, page: &page, details: None, body: body.as_deref(), marker: &marker }.to_markdown();
        let (line, rest) = text.split_once("\n\n").unwrap();
        prop_assert!(is_one_line(line));
        let title = line.strip_prefix("**").and_then(|line| line.strip_suffix(&format!("** — [run log]({page})")));
        let expected = format!("{} {}", plain(&context.as_str().replace('/', " ")), one_line(&word));
        if word == "startup_failure" || word == "timed_out" {
            prop_assert!(title.is_some_and(|title| title.ends_with(&word)));
        } else {
            prop_assert_eq!(title.and_then(shown), Some(expected), "{}", line);
        }
        prop_assert_eq!(rest, body.map_or_else(|| marker.to_string(), |body| format!("{body}\n\n{marker}")));
    }
}
