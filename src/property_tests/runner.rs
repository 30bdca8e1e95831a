use std::fs;

use proptest::collection::vec;
use proptest::prelude::*;

use super::{config, text, token_and_text};
use crate::runner::{Files, Runner};
use crate::text::{list, markdown, plain};
use crate::types::Token;

/// What `write` leaves in the log after the line that masks the token.
fn log<T>(token: &Token, write: impl FnOnce(Runner<&mut Vec<u8>>) -> T) -> String {
    let mut log = Vec::new();
    let mut runner = Runner::new(&mut log);
    runner.configure(Files::default(), token);
    write(runner);
    let log = String::from_utf8(log).unwrap();
    let (mask, rest) = log.split_once('\n').unwrap();
    assert_eq!(mask.replace("%25", "%"), format!("::add-mask::{}", token.reveal()).replace("%25", "%"));
    rest.to_owned()
}

/// The line that `text` consists of; `None` if it is not exactly one line.
fn only_line(text: &str) -> Option<&str> {
    text.strip_suffix('\n')
        .filter(|line| plain(line) == **line && !line.contains(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']))
}

/// Whether a runner would take the line for a command.
fn is_command(line: &str) -> bool {
    ["::", "##["].iter().any(|start| line.trim_start().starts_with(start))
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn information_is_one_line_and_not_a_command((token, text) in token_and_text()) {
        for text in [text.clone(), format!("::{text}"), format!(" ##[{text}")] {
            let log = log(&token, |mut runner| runner.info(&text));
            let line = only_line(&log);
            prop_assert!(line.is_some_and(|line| !is_command(line) && !line.contains(token.reveal())), "{:?}", log);
        }
    }

    #[test]
    fn warning_and_error_are_the_one_command_on_their_line((token, text) in token_and_text()) {
        let warning = log(&token, |mut runner| runner.warning(&text));
        let error = log(&token, |runner| runner.end(Some(&text)));
        for (log, command) in [(&warning, "::warning::"), (&error, "::error::")] {
            let told = only_line(log).and_then(|line| line.strip_prefix(command));
            // A runner decodes what comes after the command.
            prop_assert!(told.is_some_and(|told| told.matches('%').count() == told.matches("%25").count()), "{:?}", log);
            prop_assert!(told.is_some_and(|told| !told.replace("%25", "%").contains(token.reveal())), "{:?}", log);
        }
    }

    #[test]
    fn text_is_one_line_even_without_a_token(text in text()) {
        let mut log = Vec::new();
        Runner::new(&mut log).end(Some(&text));
        let log = String::from_utf8(log).unwrap();
        prop_assert!(only_line(&log).is_some_and(|line| line.starts_with("::error::")), "{:?}", log);
    }

    #[test]
    fn output_is_one_unchanged_line_or_empty((token, text) in token_and_text(), more in vec(text(), 0..3)) {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut runner = Runner::new(Vec::new());
        runner.configure(Files { output: Some(file.path().to_owned()), summary: None }, &token);
        let mut expected = String::new();
        for value in [&[text][..], &more].concat() {
            runner.output("run-url", &value);
            let holds_token = value.contains(token.reveal());
            expected += &format!("run-url={}\n", if holds_token { String::new() } else { plain(&value) });
        }
        let written = fs::read_to_string(file.path()).unwrap();
        prop_assert_eq!(&written, &expected);
        for line in written.split_inclusive('\n') {
            let value = only_line(line).and_then(|line| line.strip_prefix("run-url="));
            prop_assert!(value.is_some_and(|value| !value.contains(token.reveal())), "{:?}", line);
        }
    }

    #[test]
    fn summary_has_its_lines_without_the_token((token, text) in token_and_text()) {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut runner = Runner::new(Vec::new());
        runner.configure(Files { output: None, summary: Some(file.path().to_owned()) }, &token);
        let escaped = markdown(&text);
        runner.summary(&escaped, &list(&[escaped.clone(), escaped.clone()]));
        let written = fs::read_to_string(file.path()).unwrap();
        prop_assert_eq!(written.split('\n').count(), 6, "{:?}", &written);
        prop_assert!(!written.contains(token.reveal()) && !written.contains(&markdown(token.reveal())), "{:?}", written);
    }
}
