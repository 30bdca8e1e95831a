//! The result for a status and a comment: in the log, the outputs and the summary.

use std::io::Write;

use super::{Answer, CommentDone, StatusDone, Teller};
use crate::diagnosis::{self, Failure};
use crate::forge::Error;
use crate::runner::Runner;
use crate::text::markdown;

/// The results for both.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) status: Result<StatusDone, Error>,
    /// The status, if it was set.
    pub(crate) status_id: Option<u64>,
    pub(crate) comment: Result<CommentDone, Error>,
}

/// What could not be written, and the result for the other one: the last line of the log.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unwritten(String);

impl Told {
    pub(crate) fn is_without_comment(&self) -> bool {
        matches!(self.comment, Ok(CommentDone::None))
    }

    /// Writes log and outputs, adds lines of Markdown to `summary`, and returns what failed.
    pub(crate) async fn announce(
        self,
        teller: &Teller<'_>,
        answer: &Answer,
        summary: &mut Vec<String>,
        runner: &mut Runner<impl Write>,
    ) -> Result<StatusDone, Unwritten> {
        let Self { status, comment, .. } = self;
        let status = match status {
            Ok(done) => {
                summary.push(done.announce(teller, answer, runner));
                Ok(done)
            }
            Err(error) => {
                let failure = diagnosis::status_failure(teller.gitea, "The status", teller.place, error).await;
                summary.push(format!("Status {}: {}", markdown(&teller.place.status()), failure.effect()));
                Err(failure)
            }
        };
        let comment = match comment {
            Ok(done) => {
                summary.extend(done.announce(teller, runner));
                Ok(done)
            }
            Err(error) => {
                let failure =
                    diagnosis::comment_failure(teller.gitea, "The comment", &teller.place.head.source, error).await;
                summary.push(format!("Comment: {}", failure.effect()));
                Err(failure)
            }
        };
        match (status, comment) {
            (Ok(done), Ok(_)) => Ok(done),
            (Err(status), comment) => Err(Unwritten(format!("{status} {}", said(comment)))),
            (Ok(status), Err(comment)) => Err(Unwritten(format!("{comment} {}", status.sentence()))),
        }
    }
}

fn said(comment: Result<CommentDone, Failure>) -> String {
    match comment {
        Ok(done) => done.sentence().to_owned(),
        Err(failure) => failure.to_string(),
    }
}

impl StatusDone {
    /// Writes the log line and the output `state`, and returns a line of Markdown for the summary.
    pub(crate) fn announce(&self, teller: &Teller<'_>, answer: &Answer, runner: &mut Runner<impl Write>) -> String {
        let place = teller.place.status();
        let line = match self {
            Self::Set => {
                let state = answer.state();
                runner.output("state", &state.to_string());
                format!("Status {place}: {state}, {}", answer.description(&teller.run.target))
            }
            Self::Ended(state) => {
                runner.output("state", state);
                format!("Status {place}: {state}, already set")
            }
            Self::Newer(run) => {
                let newer = teller.pages.run(&teller.run.target, *run);
                runner.info(&format!("Status {place} is left alone: it shows a newer run, {newer}"));
                return format!("Status {} is left alone: it shows a [newer run]({newer})", markdown(&place));
            }
            Self::Other => format!("Status {place} is left alone: it no longer waits for this run"),
        };
        runner.info(&line);
        markdown(&line)
    }

    fn sentence(&self) -> &'static str {
        match self {
            Self::Set => "The status was set.",
            _ => "The status was left alone.",
        }
    }
}
