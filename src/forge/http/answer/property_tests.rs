use proptest::collection::vec;
use proptest::prelude::*;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{refusal, text as text_of, value, without_escapes};
use crate::forge::Kind;
use crate::property_tests::{config, text, token_and_text};
use crate::text::plain;
use crate::types::Token;

/// Whether a text is one line of bounded length.
fn is_sentence(text: &str) -> bool {
    plain(text) == text && text.chars().count() <= 700
}

/// The text of the error for this response.
fn said(status: u16, body: &str, token: &Token) -> String {
    let status = StatusCode::from_u16(status).unwrap();
    let body = text_of(body.as_bytes(), token);
    let kind = if status.is_success() {
        // Only this number is a valid value.
        value::<u64>(status, &body, token).err()
    } else {
        Some(refusal(status, &body, None, token))
    };
    match kind {
        None => String::new(),
        Some(Kind::Refused { message, .. }) => message,
        Some(Kind::NotGitea { cause, .. } | Kind::NoAnswer { cause }) => cause,
        Some(other) => panic!("{other:?}"),
    }
}

fn no_token() -> Token {
    "no-such-token-anywhere".parse().unwrap()
}

/// The same JSON, with each character of its strings written as `\u0041`.
fn escaped(value: &Value) -> String {
    let mut json = String::new();
    let mut is_string = false;
    for c in value.to_string().chars() {
        match c {
            '"' => {
                is_string = !is_string;
                json.push(c);
            }
            c if is_string && c.is_ascii_alphanumeric() => json.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => json.push(c),
        }
    }
    json
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_body_becomes_one_line(text in text(), count in 1..100_usize, status in prop_oneof![Just(200_u16), Just(403)]) {
        let body = text.repeat(count);
        for body in [&body, &format!("<title>{body}</title>"), &json!(body).to_string()] {
            let said = said(status, body, &no_token());
            prop_assert!(is_sentence(&said), "{}", said);
        }
    }

    #[test]
    fn any_message_becomes_one_line(message in text(), errors in proptest::option::of(vec(text(), 0..3))) {
        let body = json!({"message": message, "errors": errors}).to_string();
        let said = said(403, &body, &no_token());
        prop_assert!(is_sentence(&said), "{}", said);
    }

    #[test]
    fn token_in_a_response_is_never_shown((token, text) in token_and_text(), status in prop_oneof![Just(200_u16), Just(403)]) {
        for body in [text.clone(), json!({"message": text}).to_string(), json!(text).to_string()] {
            prop_assert!(!said(status, &body, &token).contains(token.reveal()));
        }
    }

    #[test]
    fn no_part_of_an_escaped_token_is_shown(token in "[0-9a-f]{40}", padding in 0..310_usize) {
        let token: Token = token.parse().unwrap();
        let message = format!("{}{}", "x".repeat(padding), token.reveal());
        for (status, json) in [(403, json!({"message": message})), (200, json!(message))] {
            let said = said(status, &escaped(&json), &token);
            prop_assert!(!said.contains(&token.reveal()[..8]), "{}", said);
        }
    }

    #[test]
    fn json_without_escapes_means_the_same(text in text()) {
        for json in [json!(text).to_string(), escaped(&json!(text.replace(['"', '\\'], "")))] {
            let value: Value = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(serde_json::from_str::<Value>(&without_escapes(&json)).unwrap(), value);
        }
        // The text may also be something other than JSON.
        without_escapes(&text);
    }
}
