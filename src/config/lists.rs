//! The two inputs that hold several values: `inputs` and `status`.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::text::quoted;
use crate::types::{GivenStatus, Outcome};

/// Reads `inputs`: `key=value` lines, or one JSON object of scalars. The scalars become strings exactly as written.
pub(super) fn workflow_inputs(text: &str) -> Result<Vec<(String, String)>, String> {
    if text.trim_start().starts_with('{') {
        let Pairs(pairs) = serde_json::from_str(text)
            .map_err(|cause| format!("starts like JSON, but is not a JSON object: {cause}"))?;
        return pairs.into_iter().map(|(key, value)| Ok((key.clone(), scalar(&key, &value)?))).collect();
    }
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(|line| match line.split_once('=') {
            Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_owned(), value.trim().to_owned())),
            _ => Err(format!("must have lines `key=value`, or be one JSON object; {} is neither", quoted(line))),
        })
        .collect()
}

/// The entries of a JSON object, in the order of the text. Keys may repeat, so that the caller can refuse a repeated
/// key.
#[derive(Debug)]
pub(super) struct Pairs(Vec<(String, Box<RawValue>)>);

impl Pairs {
    /// The first value of this key as text; `None` if it is a list, an object or null.
    pub(super) fn scalar(&self, key: &str) -> Option<String> {
        let (key, value) = self.0.iter().find(|(name, _)| name == key)?;
        scalar(key, value).ok()
    }
}

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// A JSON scalar as text for the workflow. A number keeps all of its digits.
fn scalar(key: &str, value: &RawValue) -> Result<String, String> {
    let text = value.get();
    match text.as_bytes().first() {
        Some(b'"') => serde_json::from_str(text).map_err(|cause| cause.to_string()),
        Some(b'{' | b'[') => Err(format!("must have plain values only, and {} is a list or an object", quoted(key))),
        Some(b'n') => Err(format!("must have plain values only, and {} is null", quoted(key))),
        _ => Ok(text.to_owned()),
    }
}

/// Words for a run that has started and has not ended.
const RUNNING: [&str; 5] = ["pending", "queued", "waiting", "in_progress", "running"];

/// Reads `status`: outcomes separated by a comma, a space or a line break, or the JSON of `needs`. `auto` may be one of
/// the words, or come before the JSON. Or one word for a run that has not ended.
pub(super) fn given_status(text: &str) -> Result<GivenStatus, String> {
    let (given, text) = (text, text.trim());
    if text.is_empty() {
        return Ok(GivenStatus::Empty);
    }
    if RUNNING.contains(&text) {
        return Ok(GivenStatus::Running);
    }
    let (auto, rest) = match text.strip_prefix("auto") {
        Some(rest) if rest.trim_start().starts_with('{') => (true, rest.trim_start()),
        _ => (false, text),
    };
    if rest.starts_with('[') {
        return Err(
            "must be words or the JSON of `needs`, not a JSON list: join it, as in `join(needs.*.result)`".to_owned()
        );
    }
    let (auto, words) = if rest.starts_with('{') {
        let words = results_of_needs(rest)?;
        if words.is_empty() && !auto {
            return Err(
                "is the JSON of an empty `needs`: add the build job to `needs:` of the reporting job".to_owned()
            );
        }
        (auto, words)
    } else {
        let words = rest.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty());
        let (auto, words): (Vec<&str>, Vec<&str>) = words.partition(|word| *word == "auto");
        // One of several expressions evaluated to nothing. With `auto`, the run's jobs make up for it.
        if auto.is_empty() && has_gap(given) {
            return Ok(GivenStatus::Empty);
        }
        (!auto.is_empty(), words.into_iter().map(str::to_owned).collect())
    };
    match words.iter().find(|word| RUNNING.contains(&word.as_str())) {
        Some(word) => Err(format!(
            "must have the word {} alone or not at all, since a run cannot be both running and ended",
            quoted(word)
        )),
        None => {
            Ok(GivenStatus::Ended { auto, outcomes: words.iter().map(|word| Outcome::new(word.as_str())).collect() })
        }
    }
}

/// Whether a word is missing before, between or after separators, as in `success,` or `success `. A block of lines ends with a
/// line break.
fn has_gap(words: &str) -> bool {
    let words = words.strip_suffix('\n').unwrap_or(words);
    let is_blank = |part: &str| part.trim().is_empty();
    words.split(',').any(is_blank) || words.trim() != words || words.split(char::is_whitespace).any(str::is_empty)
}

/// The results in the JSON of `needs`. If a job occurs twice, both results are returned, and the worse one counts.
fn results_of_needs(text: &str) -> Result<Vec<String>, String> {
    #[derive(Deserialize)]
    struct Need {
        result: String,
    }
    let error = |cause: String| format!("starts like the JSON of `needs`, but is not: {cause}");
    let Pairs(needs) = serde_json::from_str(text).map_err(|cause| error(cause.to_string()))?;
    let result = |(job, need): &(String, Box<RawValue>)| {
        let Need { result } =
            serde_json::from_str(need.get()).map_err(|cause| error(format!("job {}: {cause}", quoted(job))))?;
        Ok(result.trim().to_owned())
    };
    needs.iter().map(result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs(text: &str) -> Result<Vec<(String, String)>, String> {
        workflow_inputs(text)
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn inputs_are_lines_of_key_and_value() {
        let text = "product=x86\r\n  mode = release \n\nflags=-a=b \"c\"\nempty=\n";
        let expected = pairs(&[("product", "x86"), ("mode", "release"), ("flags", "-a=b \"c\""), ("empty", "")]);
        assert_eq!(inputs(text).unwrap(), expected);
        assert_eq!(inputs("").unwrap(), []);
        insta::assert_snapshot!(inputs("a=1\nb").unwrap_err(), @"must have lines `key=value`, or be one JSON object; `b` is neither");
        assert!(inputs("=1").is_err());
    }

    #[test]
    fn inputs_are_a_json_object_of_scalars_as_written() {
        let text = r#" {"a": "x\"\n::y", "n": 12345678901234567890123, "f": 1.0, "t": true}"#;
        let expected = pairs(&[("a", "x\"\n::y"), ("n", "12345678901234567890123"), ("f", "1.0"), ("t", "true")]);
        assert_eq!(inputs(text).unwrap(), expected);
        insta::assert_snapshot!(inputs(r#"{"a": [1]}"#).unwrap_err(), @"must have plain values only, and `a` is a list or an object");
        insta::assert_snapshot!(inputs(r#"{"a": null}"#).unwrap_err(), @"must have plain values only, and `a` is null");
        insta::assert_snapshot!(inputs(r#"{"a": 1"#).unwrap_err(), @"starts like JSON, but is not a JSON object: EOF while parsing an object at line 1 column 7");
        let cause = serde_json::from_str::<Pairs>("3").unwrap_err().to_string();
        assert_eq!(cause, "invalid type: integer `3`, expected a JSON object at line 1 column 1");
        // Both entries are returned, so that the caller can refuse the second one.
        assert_eq!(inputs(r#"{"a": 1, "a": 2}"#).unwrap().len(), 2);
    }

    fn status(text: &str) -> (bool, String) {
        let GivenStatus::Ended { auto, outcomes } = given_status(text).unwrap() else { panic!("{text} has no end") };
        (auto, outcomes.iter().map(Outcome::as_str).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn status_is_one_outcome_or_several() {
        assert_eq!(status("success"), (false, "success".to_owned()));
        assert_eq!(status("success, failure\nskipped"), (false, "success failure skipped".to_owned()));
        assert_eq!(status("auto success"), (true, "success".to_owned()));
        assert_eq!(status("auto "), (true, String::new()));
        assert_eq!(status("auto,"), (true, String::new()));
        assert_eq!(status("automatic"), (false, "automatic".to_owned()));
    }

    #[test]
    fn status_that_evaluated_to_nothing_is_empty() {
        for text in [
            "",
            " \n",
            ",",
            ", ,",
            "success,",
            ", success",
            "success,,failure",
            "success, \n, skipped",
            "success ",
            " success",
            "success  failure",
            "success\n\n",
        ] {
            assert_eq!(given_status(text), Ok(GivenStatus::Empty), "{text:?}");
        }
    }

    #[test]
    fn status_of_a_run_that_has_not_ended_stands_alone() {
        for text in ["pending", " queued\n", "waiting", "in_progress", "running"] {
            assert_eq!(given_status(text), Ok(GivenStatus::Running), "{text:?}");
        }
        insta::assert_snapshot!(given_status("success, pending").unwrap_err(), @"must have the word `pending` alone or not at all, since a run cannot be both running and ended");
        for text in ["auto running", "pending pending", r#"{"build": {"result": "queued"}}"#] {
            assert!(given_status(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn status_is_the_json_of_needs() {
        let needs = r#"{"build": {"result": "failure", "outputs": {}}, "lint": {"result": "success", "outputs": {}}}"#;
        assert_eq!(status(needs), (false, "failure success".to_owned()));
        assert_eq!(status(&format!("auto {needs}")), (true, "failure success".to_owned()));
        let twice = r#"{"build": {"result": "failure"}, "build": {"result": "success"}}"#;
        assert_eq!(status(twice), (false, "failure success".to_owned()));
        assert!(given_status(r#"{"build": {"result": "failure", "result": "success"}}"#).is_err());
        insta::assert_snapshot!(given_status(r#"["success"]"#).unwrap_err(), @"must be words or the JSON of `needs`, not a JSON list: join it, as in `join(needs.*.result)`");
        insta::assert_snapshot!(given_status("{}").unwrap_err(), @"is the JSON of an empty `needs`: add the build job to `needs:` of the reporting job");
        insta::assert_snapshot!(given_status(r#"{"build": "x"}"#).unwrap_err(), @r#"starts like the JSON of `needs`, but is not: job `build`: invalid type: string "x", expected struct Need at line 1 column 3"#);
    }
}
