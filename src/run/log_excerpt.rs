//! The end of a failed job's log, for a comment.

use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use crate::forge::{Error, Gitea, Job, LogEnd, Step};
use crate::text::{plain, quoted};
use crate::types::{LogLines, RepoName};

/// The maximum length of a line, in characters. A whole log may be one line.
const LONGEST_LINE: usize = 1000;

/// How a line about an error begins in the runner's log, and the line at the end of a failed command.
const ERROR: &str = "##[error]";
const EXIT_CODE: &str = "##[error]Process completed with exit code";

/// Lines of plain text, at least one.
#[derive(Debug, PartialEq)]
pub(crate) struct LogExcerpt {
    pub(crate) lines: Vec<String>,
}

impl LogExcerpt {
    /// Reads the end of the job's log and, side by side with it, who may see the two repositories: what only few people
    /// may read in `target` is not shown to everybody in `source`. The error is a sentence that says why nothing is
    /// shown.
    pub(crate) async fn read(
        gitea: &Gitea,
        source: &RepoName,
        target: &RepoName,
        job: &Job,
        wanted: LogLines,
    ) -> Result<Self, String> {
        let left_out = |cause: String| format!("The end of the log is left out of the comment: {cause}");
        let name = quoted(&job.name);
        let Some(id) = job.id else { return Err(left_out(format!("job {name} has no id"))) };
        let log = gitea.log_end(target, id);
        let log = if wanted.may_be_public || source == target {
            log.await
        } else {
            let (log, is_hidden) = tokio::join!(log, is_hidden(gitea, source, target));
            match is_hidden {
                Ok(false) => log,
                Ok(true) => {
                    return Err(left_out(format!(
                        "more people can read {source} than {target}. To show it anyway, set `log-lines-public: true`"
                    )));
                }
                Err(error) => {
                    return Err(left_out(format!("the visibility of {source} and {target} is unknown. ({error})")));
                }
            }
        };
        let log = log.map_err(|error| left_out(format!("the log of job {name} could not be read. ({error})")))?;
        Self::new(&log, job.failed_step(), wanted.count, |line| gitea.redact(line))
            .ok_or_else(|| left_out(format!("the log of job {name} has no line that could be shown")))
    }

    /// The last lines up to the end of the failed step; without a step, up to the last error. `redact` removes the
    /// token.
    fn new(log: &LogEnd, step: Option<&Step>, count: u8, redact: impl Fn(&str) -> String) -> Option<Self> {
        let lines: Vec<_> = log.lines().map(Line::read).collect();
        let lines = &lines[..end(&lines, step)];
        let lines = &lines[lines.len().saturating_sub(count.into())..];
        let lines: Vec<_> = lines.iter().map(|line| cut(&redact(&cleaned(line.text)))).collect();
        (!lines.is_empty()).then_some(Self { lines })
    }
}

/// Whether, by the server's responses, some people can read `source` but not `target`.
async fn is_hidden(gitea: &Gitea, source: &RepoName, target: &RepoName) -> Result<bool, Error> {
    let (source, target) = tokio::join!(gitea.repository(source), gitea.repository(target));
    Ok(target?.is_public() != Some(true) && source?.is_public() != Some(false))
}

/// A line of a log.
struct Line<'a> {
    /// When it was written.
    time: Option<OffsetDateTime>,
    text: &'a str,
}

impl<'a> Line<'a> {
    /// The runner writes the time before each line, and a space.
    fn read(line: &'a str) -> Self {
        let (time, text) = line.split_once(' ').unwrap_or((line, ""));
        match OffsetDateTime::parse(time, &Rfc3339) {
            Ok(time) => Self { time: Some(time), text },
            Err(_) => Self { time: None, text: line },
        }
    }
}

/// How many of the lines come before the runner's own closing lines, and before the steps that run after the failed one.
fn end(lines: &[Line<'_>], step: Option<&Step>) -> usize {
    // The times of a step have no fractions of a second.
    let times = step.and_then(|step| Some(step.started_at()?..step.completed_at()? + Duration::SECOND));
    let is_of_step = |line: &Line<'_>| times.as_ref().zip(line.time).is_some_and(|(times, time)| times.contains(&time));
    let is_exit = |line: &Line<'_>| is_of_step(line) && line.text.starts_with(EXIT_CODE);
    let is_error = |line: &Line<'_>| line.text.starts_with(ERROR);
    let last = if lines.iter().any(is_of_step) {
        let error = |line: &Line<'_>| is_of_step(line) && is_error(line);
        let last = lines.iter().position(is_exit).or_else(|| lines.iter().rposition(error));
        last.or_else(|| lines.iter().rposition(is_of_step))
    } else {
        lines.iter().rposition(is_error)
    };
    last.map_or(lines.len(), |last| last + 1)
}

/// What a terminal shows of a line in the end, without colours and control characters.
fn cleaned(line: &str) -> String {
    let line = line.trim_end_matches('\r');
    let shown = line.rsplit('\r').next().unwrap_or(line).replace('\t', "    ");
    plain(&strip_ansi_escapes::strip_str(shown)).trim_end().to_owned()
}

fn cut(line: &str) -> String {
    match line.char_indices().nth(LONGEST_LINE) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::property_tests::{config, text, token_and_text};

    /// The log of a job whose second step failed at :05. Its last step still ran.
    const LOG: &str = "\
2026-11-26T07:55:01.1000000Z r1(version:v1.0.8) received task 5 of job build
2026-11-26T07:55:02.1000000Z ::group::Run make lint
2026-11-26T07:55:02.3000000Z ##[error]lint is not there, which is allowed
2026-11-26T07:55:03.1000000Z ::group::Run make test
2026-11-26T07:55:03.2000000Z \u{1b}[31mFAILED\u{1b}[0m tests/a.rs
2026-11-26T07:55:04.2000000Z 10%\r50%\r\u{1b}]0;title\u{7}100%\r
2026-11-26T07:55:04.3000000Z 
2026-11-26T07:55:05.8000000Z ##[error]Process completed with exit code 2.
2026-11-26T07:55:05.9000000Z ::group::Run make clean
2026-11-26T07:55:06.1000000Z ##[error]Process completed with exit code 1.
2026-11-26T07:55:06.2000000Z Cleaning up container for job build
2026-11-26T07:55:06.3000000Z Job 'build' failed
";

    fn step(started: &str, completed: &str) -> Step {
        let time = |second: &str| format!("2026-11-26T07:55:{second}Z");
        let step = json!({"name": "Run make test", "conclusion": "failure", "started_at": time(started), "completed_at": time(completed)});
        serde_json::from_value(step).unwrap()
    }

    fn excerpt(log: &str, is_cut: bool, step: Option<&Step>, count: u8) -> String {
        let log = LogEnd { text: log.to_owned(), is_cut };
        LogExcerpt::new(&log, step, count, str::to_owned).map_or(String::new(), |excerpt| excerpt.lines.join("\n"))
    }

    #[test]
    fn excerpt_ends_where_the_failed_step_does() {
        insta::assert_snapshot!(excerpt(LOG, false, Some(&step("03", "05")), 5), @"
        ::group::Run make test
        FAILED tests/a.rs
        100%

        ##[error]Process completed with exit code 2.
        ");
        // A step that is not a command.
        let action = LOG.replace("Process completed with exit code 2.", "Error: no such file");
        assert!(excerpt(&action, false, Some(&step("03", "05")), 5).ends_with("##[error]Error: no such file"));
        // The end of the step is unknown.
        assert!(excerpt(LOG, false, Some(&step("01", "01")), 5).ends_with("received task 5 of job build"));
        // Before 1.26, and with times from another clock.
        assert_eq!(excerpt(LOG, false, Some(&step("33", "35")), 1), "##[error]Process completed with exit code 1.");
        assert_eq!(excerpt(LOG, false, None, 1), "##[error]Process completed with exit code 1.");
        assert_eq!(excerpt("no error\nand no time", false, None, 9), "no error\nand no time");
    }

    #[test]
    fn part_of_a_line_is_not_shown() {
        assert_eq!(excerpt("rt of a line\nwhole", true, None, 9), "whole");
        assert_eq!(excerpt("rt of a line", true, None, 9), "");
        assert_eq!(excerpt(&"x".repeat(5000), false, None, 9).chars().count(), 1001);
    }

    proptest! {
        #![proptest_config(config())]

        #[test]
        fn excerpt_is_lines_of_plain_text(log in text(), count in 1..=200_u8) {
            let log = LogEnd { text: log, is_cut: false };
            let excerpt = LogExcerpt::new(&log, None, count, str::to_owned);
            for line in excerpt.iter().flat_map(|excerpt| &excerpt.lines) {
                prop_assert_eq!(plain(line), line.clone());
                prop_assert!(line.chars().count() <= 1001 && line.find(char::is_control).is_none());
            }
        }

        #[test]
        fn token_is_not_shown_whatever_hides_it((token, text) in token_and_text(), split in 1..15_usize) {
            let hidden = token.reveal().split_at(split);
            let log = LogEnd { text: format!("{text}\u{1b}[0m{}\u{1b}[31m{}", hidden.0, hidden.1), is_cut: false };
            let excerpt = LogExcerpt::new(&log, None, 200, |line| token.redact(line));
            for line in excerpt.iter().flat_map(|excerpt| &excerpt.lines) {
                prop_assert!(!line.contains(token.reveal()));
            }
        }
    }
}
