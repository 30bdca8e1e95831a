use proptest::prelude::*;

use super::{config, number, text, token_and_text};
use crate::text::plain;
use crate::types::{
    CommitSha, GitRef, Outcome, PullRequestNumber, RepoName, RunId, SourcePattern, State, StatusContext, Token,
    WorkflowFile,
};

proptest! {
    #![proptest_config(config())]

    #[test]
    fn repository_is_two_plain_parts_that_print_back(text in prop_oneof![text(), "[aB.%_ -]{0,3}/[aB.%_ -]{0,3}"]) {
        match text.parse::<RepoName>() {
            Ok(repo) => {
                prop_assert_eq!(repo.to_string(), text.as_str());
                for part in [&repo.owner, &repo.name] {
                    prop_assert!(!matches!(part.as_str(), "" | "." | ".."));
                    prop_assert!(part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)));
                }
            }
            Err(error) => prop_assert!(is_one_line(&error.to_string())),
        }
    }

    #[test]
    fn source_pattern_matches_no_other_owner(
        owner in "[aAb.]{1,2}", name in "[aAb.]{1,2}|\\*", pattern in prop_oneof![text(), "[aAb.]{1,2}/([aAb.]{1,2}|\\*)"],
    ) {
        let (Ok(repo), Ok(allowed)) = (format!("{owner}/{name}").parse(), pattern.parse::<SourcePattern>()) else {
            return Ok(());
        };
        let same = pattern.eq_ignore_ascii_case(&format!("{owner}/{name}"));
        let all = pattern.eq_ignore_ascii_case(&format!("{owner}/*"));
        prop_assert_eq!(allowed.matches(&repo), same || all);
    }

    #[test]
    fn number_prints_back(good in number(), text in prop_oneof![text(), "[+-]?[0-9]{0,21}[ x]?"]) {
        prop_assert_eq!(good.parse::<RunId>().unwrap().to_string(), good.as_str());
        if let Ok(number) = text.parse::<PullRequestNumber>() {
            prop_assert_eq!(number.to_string(), text.as_str());
            prop_assert!(text != "0" && text.bytes().all(|b| b.is_ascii_digit()));
        }
    }

    #[test]
    fn commit_is_hexadecimal(text in prop_oneof![text(), "[0-9a-fA-F]{40}", "[0-9a-gA-F]{39,65}", "0{40}"]) {
        if let Ok(sha) = text.parse::<CommitSha>() {
            prop_assert_eq!(sha.as_str(), text.to_lowercase());
            prop_assert!(matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit()));
            prop_assert!(sha.as_str().starts_with(sha.short()));
            prop_assert_eq!(sha.is_zero(), text.trim_matches('0').is_empty());
        }
    }

    #[test]
    fn workflow_is_one_segment_of_a_path(text in text(), end in "(\\.ya?ml)?") {
        let text = text + &end;
        match text.parse::<WorkflowFile>() {
            Ok(file) => {
                prop_assert_eq!(file.as_str(), text.as_str());
                prop_assert!(!text.contains(|c: char| "/\\".contains(c) || c.is_control()));
                prop_assert!(text.len() > 4 && (text.ends_with(".yml") || text.ends_with(".yaml")) && text != ".yaml");
            }
            Err(error) => prop_assert!(is_one_line(&error.to_string())),
        }
    }

    #[test]
    fn git_ref_is_a_branch_or_a_tag(start in "(refs/(heads/|tags/|pull/)?)?", text in text()) {
        let text = start + &text;
        match text.parse::<GitRef>() {
            Ok(git_ref) => {
                prop_assert_eq!(git_ref.as_str(), text.as_str());
                prop_assert!(!text.is_empty() && !text.contains(|c: char| c.is_control() || c == ' '));
                prop_assert!(["refs/heads/", "refs/tags/"].iter().any(|start| text.starts_with(start)) || !text.starts_with("refs/"));
            }
            Err(error) => prop_assert!(is_one_line(&error.to_string())),
        }
    }

    #[test]
    fn context_is_one_line(text in prop_oneof![text(), "[aä]{250,260}"]) {
        match text.parse::<StatusContext>() {
            Ok(context) => {
                prop_assert_eq!(context.as_str(), text.as_str());
                prop_assert!((1..=255).contains(&text.chars().count()) && !text.contains(char::is_control));
            }
            Err(error) => prop_assert!(is_one_line(&error.to_string())),
        }
    }

    #[test]
    fn outcome_is_a_success_by_one_word_only(word in text()) {
        let outcome = Outcome::new(word.as_str());
        prop_assert_eq!(outcome.as_str(), word.as_str());
        prop_assert_eq!(outcome.state() == State::Success, word == "success");
    }

    #[test]
    fn token_is_safe_in_a_header(text in prop_oneof![text(), "[ -~]{0,30}"]) {
        if let Ok(token) = text.parse::<Token>() {
            prop_assert_eq!(token.reveal(), text.trim());
            prop_assert!(token.reveal().len() >= 16 && token.reveal().bytes().all(|b| b.is_ascii_graphic()));
            prop_assert_eq!(format!("{token:?}"), "Token(***)");
        }
    }

    #[test]
    fn redacted_text_never_holds_the_token((token, text) in token_and_text()) {
        prop_assert!(!token.redact(&text).contains(token.reveal()));
        prop_assert_eq!(token.redact(&text) == text, !text.contains(token.reveal()));
    }

    #[test]
    fn token_that_overlaps_itself_is_redacted(part in "[a*]{1,3}", before in "[a*]{0,6}", after in "[a*]{0,20}") {
        let token: Token = part.repeat(16).parse().unwrap();
        let text = format!("{before}{}{after}", token.reveal());
        prop_assert!(!token.redact(&text).contains(token.reveal()));
    }
}

/// An error repeats a foreign text only as one line of bounded length.
fn is_one_line(error: &str) -> bool {
    plain(error) == error && error.chars().count() < 500
}
