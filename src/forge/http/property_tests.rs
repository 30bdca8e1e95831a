use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;

use super::{message_of, shown};
use crate::property_tests::{config, text, token_and_text};
use crate::text::plain;

/// What is said of an answer: one line of bounded length.
fn is_sentence(text: &str) -> bool {
    plain(text) == text && text.chars().count() <= 301
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_body_becomes_one_line(text in text(), count in 1..100_usize) {
        let body = text.repeat(count);
        prop_assert!(is_sentence(&message_of(&body)), "{}", message_of(&body));
        prop_assert!(is_sentence(&shown(&body)), "{}", shown(&body));
    }

    #[test]
    fn any_message_becomes_one_line(message in text(), errors in proptest::option::of(vec(text(), 0..3))) {
        let body = json!({"message": message, "errors": errors}).to_string();
        prop_assert!(is_sentence(&message_of(&body)), "{}", message_of(&body));
    }

    #[test]
    fn message_of_a_redacted_body_holds_no_token((token, text) in token_and_text()) {
        prop_assert!(!message_of(&token.redact(&text)).contains(token.reveal()));
    }
}
