//! The comment about a run: one per run, or one per pull request and context that is edited in place.

use std::io::Write;
use std::time::Duration;

use time::OffsetDateTime;
use tokio::time::sleep;

use super::comment_text::CommentText;
use super::{Failures, Marker, StatusDone, Teller};
use crate::forge::{Comment, Error, User};
use crate::runner::Runner;
use crate::types::{CommentId, CommentMode, Commenting, Ending, PullRequestNumber, State};

/// How often a comment is tried after lost responses, and the pause before the comments are read.
const ATTEMPTS: u32 = 3;
const PAUSE: Duration = Duration::from_secs(1);

/// A comment to write on a pull request.
pub(crate) struct Draft<'a> {
    pub(super) number: PullRequestNumber,
    pub(super) mode: CommentMode,
    ending: &'a Ending,
    pub(super) failures: &'a Failures,
    body: Option<&'a str>,
    marker: Marker,
    /// Whether an existing comment about the same run is good enough. The run's own report says more than any other.
    yields: bool,
    /// Whether the status now says what this comment says. An existing comment about the run is then good enough only
    /// if its first line says the same.
    is_confirmed: bool,
    /// Whether only an existing comment is written: `comment-on: failure`, and the run has not failed.
    pub(super) only_edits: bool,
    /// The server's clock before the comment was tried.
    since: Option<OffsetDateTime>,
}

/// The result for a comment.
#[derive(Debug, Clone, Copy)]
pub(crate) enum CommentDone {
    /// No comment was needed, or none was allowed.
    None,
    Created(CommentId),
    Edited(CommentId),
    /// The comment existed already.
    Found(CommentId),
    /// The one comment is about a newer run.
    Newer(CommentId),
}

impl CommentDone {
    /// Writes the log line and the outputs, and returns a line of Markdown for the summary.
    pub(crate) fn announce(self, teller: &Teller<'_>, runner: &mut Runner<impl Write>) -> Option<String> {
        let (id, what) = match self {
            Self::None => return None,
            Self::Created(id) => (id, "Comment"),
            Self::Edited(id) => (id, "Edited the comment"),
            Self::Found(id) => (id, "Existing comment"),
            Self::Newer(id) => (id, "Comment about a newer run, left alone"),
        };
        let source = &teller.place.head.source;
        let number = teller.place.head.pull_request?;
        let link = teller.pages.comment(source, number, id);
        runner.info(&format!("{what} on pull request {source}#{number}: {link}"));
        runner.output("comment-id", &id.to_string());
        runner.output("comment-url", link.as_str());
        Some(format!("[{what}]({link}) on pull request {source}#{number}"))
    }

    /// The sentence about the comment, for the end of an error about the status.
    pub(super) fn sentence(self) -> &'static str {
        match self {
            Self::None => "No comment was written.",
            Self::Created(_) => "The comment was created.",
            Self::Edited(_) => "The comment was edited.",
            Self::Found(_) => "The comment already existed.",
            Self::Newer(_) => "The comment shows a newer run, and was left alone.",
        }
    }
}

/// Which comment exists already.
enum There {
    Nothing,
    /// A comment about the same run and attempt.
    Same(CommentId),
    /// A comment about an older run or the same run, which is ours to edit.
    Ours(CommentId),
    Newer(CommentId),
}

impl<'a> Teller<'a> {
    /// The comment about the end of the run in this attempt, for an observer of the run. `None` if there is no pull
    /// request to comment on, or if no comment is wanted.
    pub(crate) fn draft(
        &self,
        commenting: Commenting,
        ending: &'a Ending,
        failures: &'a Failures,
        attempt: u32,
    ) -> Option<Draft<'a>> {
        let number = self.place.head.pull_request.filter(|_| commenting.mode != CommentMode::Off)?;
        let (target, context) = (self.run.target.clone(), self.place.context.clone());
        let marker = Marker { target, run: self.run.id, attempt, context };
        let only_edits = commenting.only_failures && matches!(ending.outcome.state(), State::Success | State::Skipped);
        let mode = commenting.mode;
        Some(Draft {
            number,
            mode,
            ending,
            failures,
            body: None,
            marker,
            yields: true,
            is_confirmed: false,
            only_edits,
            since: None,
        })
    }

    fn text(&self, draft: &Draft<'_>) -> String {
        let (context, page) = (&self.place.context, &self.page());
        let Draft { ending, failures, body, marker, .. } = draft;
        let details = failures.to_markdown(self);
        CommentText { context, outcome: &ending.outcome, page, details: details.as_deref(), body: *body, marker }
            .to_markdown()
    }

    /// Writes the comment. `there` are the existing comments; if they are not given, they are read. If a response is
    /// lost, the comments are read before anything is sent again. `authors` returns the accounts whose comments are
    /// ours, as soon as they are known: anybody can write the marker.
    pub(super) async fn put(
        &self,
        draft: &Draft<'_>,
        there: Option<Vec<Comment>>,
        authors: impl Fn() -> Vec<User>,
    ) -> Result<CommentDone, Error> {
        let (gitea, repo, text) = (self.gitea, &self.place.head.source, self.text(draft));
        let mut there = match there {
            Some(there) => there,
            None => self.comments(draft).await?,
        };
        let mut attempt = 1;
        // The result if the comment exists although the response was lost.
        let mut done: fn(CommentId) -> CommentDone = CommentDone::Created;
        loop {
            // A comment that is edited may be old.
            let mut since = None;
            let written = match draft.find(&there, &authors(), &text) {
                There::Same(id) if attempt > 1 => return Ok(done(id)),
                There::Same(id) => return Ok(CommentDone::Found(id)),
                There::Newer(id) => return Ok(CommentDone::Newer(id)),
                There::Ours(id) => match gitea.edit_comment(repo, id, &text).await {
                    // The comment was deleted after it was read.
                    Err(error) if error.is_missing_comment() => {
                        there.retain(|comment| comment.id != id);
                        continue;
                    }
                    edited => {
                        done = CommentDone::Edited;
                        edited.map(|()| CommentDone::Edited(id))
                    }
                },
                There::Nothing if draft.only_edits => return Ok(CommentDone::None),
                There::Nothing => {
                    (done, since) = (CommentDone::Created, draft.since);
                    gitea.create_comment(repo, draft.number, &text).await.map(CommentDone::Created)
                }
            };
            match written {
                Err(error) if error.is_unknown() => {
                    sleep(PAUSE * attempt).await;
                    there = match gitea.comments(repo, draft.number, since).await {
                        Ok(there) => there,
                        // If the comments cannot be read, nothing is sent again.
                        Err(_) => return Err(error),
                    };
                    if attempt >= ATTEMPTS {
                        return match draft.find(&there, &authors(), &text) {
                            There::Same(id) => Ok(done(id)),
                            _ => Err(error),
                        };
                    }
                    attempt += 1;
                }
                result => return result,
            }
        }
    }
}

impl<'a> Draft<'a> {
    /// The run's own comment: it replaces other comments about the run, and has the user's Markdown. `since` is the server's clock
    /// before anything was written.
    pub(crate) fn of_the_run_itself(self, body: Option<&'a str>, since: Option<OffsetDateTime>) -> Self {
        Self { body, since, yields: false, ..self }
    }

    /// For a report by a separate workflow: a comment that the run itself wrote is good enough.
    pub(crate) fn by_event(self, body: Option<&'a str>, since: Option<OffsetDateTime>) -> Self {
        Self { body, since, ..self }
    }

    /// The same, given the result for the status.
    pub(super) fn after(self, status: &Result<StatusDone, Error>) -> Self {
        Self { is_confirmed: matches!(status, Ok(StatusDone::Set)), ..self }
    }

    /// Whether to skip the comment, given the result for the status: in `update` and `table` the existing comment is about the newer
    /// run; without the status it is unknown which comment is ours.
    pub(super) fn is_outdated(&self, status: &Result<StatusDone, Error>) -> bool {
        matches!(self.mode, CommentMode::Update | CommentMode::Table)
            && !matches!(status, Ok(StatusDone::Set | StatusDone::Ended(_)))
    }

    /// Whether the status was left alone because it shows a worse end of this run.
    pub(super) fn contradicts(&self, status: &Result<StatusDone, Error>) -> bool {
        matches!(status, Ok(StatusDone::Ended(state)) if *state != self.ending.outcome.state().to_string())
    }

    fn find(&self, there: &[Comment], authors: &[User], text: &str) -> There {
        let is_ours = |comment: &Comment| comment.user.is_some_and(|user| authors.contains(&user));
        let marked = there.iter().filter_map(|comment| {
            let marker = Marker::at_end_of(&comment.body)?;
            marker.has_place_of(&self.marker).then_some((comment, marker))
        });
        let marked: Vec<_> = marked.collect();
        let same = marked.iter().filter(|(_, marker)| marker.age() == self.marker.age()).map(|(comment, _)| *comment);
        // While our account is unknown, a comment with this marker counts as ours, but is not edited.
        let nameless = |comment: &&Comment| authors.is_empty() || comment.user.is_none();
        let known = same.clone().find(|comment| is_ours(comment)).or_else(|| same.clone().find(nameless));
        if let Some(comment) = known {
            let as_it_should_be = match (self.yields, self.is_confirmed) {
                (true, false) => true,
                (true, true) => comment.body.lines().next() == text.lines().next(),
                (false, _) => comment.body.trim_end() == text.trim_end(),
            };
            let ours = !as_it_should_be && is_ours(comment);
            return if ours { There::Ours(comment.id) } else { There::Same(comment.id) };
        }
        if self.mode != CommentMode::Update {
            return There::Nothing;
        }
        let newest = marked.iter().filter(|(comment, _)| is_ours(comment)).max_by_key(|(_, marker)| marker.age());
        match newest {
            Some((comment, marker)) if marker.age() > self.marker.age() => There::Newer(comment.id),
            Some((comment, _)) => There::Ours(comment.id),
            None => There::Nothing,
        }
    }
}
