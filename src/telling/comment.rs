//! The comment about a run: one a run, or one a pull request and context.

use std::fmt;
use std::io::Write;
use std::time::Duration;

use time::OffsetDateTime;
use tokio::time::sleep;

use super::Marker;
use crate::forge::{Comment, Error, Gitea, User};
use crate::links::PageBase;
use crate::runner::Runner;
use crate::types::CommentMode;
use crate::types::{CommentId, PullRequestNumber, RepoName};

/// How often a comment is tried whose answer gets lost, and the pause before it is looked for.
const ATTEMPTS: u32 = 3;
const PAUSE: Duration = Duration::from_secs(1);

/// A comment that is to be on a pull request.
pub(crate) struct RunComment<'a> {
    pub(crate) repo: &'a RepoName,
    pub(crate) number: PullRequestNumber,
    pub(crate) mode: CommentMode,
    /// With the marker at its end.
    pub(crate) text: &'a str,
    pub(crate) marker: &'a Marker,
    /// Whether another comment about the very same run is as good: the run's own report says more than anybody else could.
    pub(crate) yields: bool,
    /// The server's clock before the comment was tried.
    pub(crate) since: Option<OffsetDateTime>,
}

/// What became of a comment.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Done {
    Created(CommentId),
    Edited(CommentId),
    /// Somebody has made it before.
    Found(CommentId),
    /// A newer run has the one comment.
    Newer(CommentId),
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Created(_) => "The comment was created.",
            Self::Edited(_) => "The comment was edited.",
            Self::Found(_) => "The comment was there already.",
            Self::Newer(_) => "The comment is a newer run's, and was left alone.",
        })
    }
}

impl Done {
    /// Tells it in the log and the outputs, and gives a line of Markdown for the summary.
    pub(crate) fn tell(
        self,
        pages: &PageBase,
        repo: &RepoName,
        number: PullRequestNumber,
        runner: &mut Runner<impl Write>,
    ) -> String {
        let (id, what) = match self {
            Self::Created(id) => (id, "Comment"),
            Self::Edited(id) => (id, "Edited the comment"),
            Self::Found(id) => (id, "Comment that is there already"),
            Self::Newer(id) => (id, "Comment of a newer run, left alone"),
        };
        let link = pages.comment(repo, number, id);
        runner.info(&format!("{what} on pull request {repo}#{number}: {link}"));
        runner.output("comment-id", &id.to_string());
        runner.output("comment-url", link.as_str());
        format!("[{what}]({link}) on pull request {repo}#{number}")
    }
}

/// What is true of a comment that could not be written.
pub(crate) fn undone(error: &Error) -> &'static str {
    error.not_done(if error.is_edit() { "was not edited" } else { "was not created" })
}

/// What is there of it.
enum Place {
    Nothing,
    /// A comment about the same run and attempt.
    Same(CommentId),
    /// One of an older or the same run, which is ours to edit.
    Ours(CommentId),
    Newer(CommentId),
}

impl RunComment<'_> {
    /// Puts it beside the comments that are `there` (none where they need not be looked at). Where an answer gets lost, the
    /// comments are read before anything is sent again. `authors` gives the accounts whose comments are one's own, as soon as
    /// they are known: everybody may write the marker.
    pub(crate) async fn put(
        &self,
        gitea: &Gitea,
        mut there: Vec<Comment>,
        authors: impl Fn() -> Vec<User>,
    ) -> Result<Done, Error> {
        let mut attempt = 1;
        // What is said of one that is there after its answer got lost.
        let mut done: fn(CommentId) -> Done = Done::Created;
        loop {
            // One that is edited may be old.
            let mut since = None;
            let written = match self.place(&there, &authors()) {
                Place::Same(id) if attempt > 1 => return Ok(done(id)),
                Place::Same(id) => return Ok(Done::Found(id)),
                Place::Newer(id) => return Ok(Done::Newer(id)),
                Place::Ours(id) => match gitea.edit_comment(self.repo, id, self.text).await {
                    // It was deleted since it was read.
                    Err(error) if error.is_missing_comment() => {
                        there.retain(|comment| comment.id != id);
                        continue;
                    }
                    edited => {
                        done = Done::Edited;
                        edited.map(|()| Done::Edited(id))
                    }
                },
                Place::Nothing => {
                    (done, since) = (Done::Created, self.since);
                    gitea.create_comment(self.repo, self.number, self.text).await.map(Done::Created)
                }
            };
            match written {
                Err(error) if error.is_unknown() => {
                    sleep(PAUSE * attempt).await;
                    there = match gitea.comments(self.repo, self.number, since).await {
                        Ok(there) => there,
                        // What cannot be looked for is not sent again.
                        Err(_) => return Err(error),
                    };
                    if attempt >= ATTEMPTS {
                        return match self.place(&there, &authors()) {
                            Place::Same(id) => Ok(done(id)),
                            _ => Err(error),
                        };
                    }
                    attempt += 1;
                }
                result => return result,
            }
        }
    }

    fn place(&self, there: &[Comment], authors: &[User]) -> Place {
        let is_ours = |comment: &Comment| comment.user.is_some_and(|user| authors.contains(&user));
        let marked = there.iter().filter_map(|comment| {
            let marker = Marker::at_end_of(&comment.body)?;
            marker.has_place_of(self.marker).then_some((comment, marker))
        });
        let marked: Vec<_> = marked.collect();
        let same = marked.iter().filter(|(_, marker)| marker.age() == self.marker.age()).map(|(comment, _)| *comment);
        // As long as nobody knows who one is, a comment with this marker is taken for one's own; but it is not edited.
        let nameless = |comment: &&Comment| authors.is_empty() || comment.user.is_none();
        let known = same.clone().find(|comment| is_ours(comment)).or_else(|| same.clone().find(nameless));
        if let Some(comment) = known {
            let as_it_should_be = self.yields || comment.body.trim_end() == self.text.trim_end();
            let ours = !as_it_should_be && is_ours(comment);
            return if ours { Place::Ours(comment.id) } else { Place::Same(comment.id) };
        }
        if self.mode != CommentMode::Update {
            return Place::Nothing;
        }
        let newest = marked.iter().filter(|(comment, _)| is_ours(comment)).max_by_key(|(_, marker)| marker.age());
        match newest {
            Some((comment, marker)) if marker.age() > self.marker.age() => Place::Newer(comment.id),
            Some((comment, _)) => Place::Ours(comment.id),
            None => Place::Nothing,
        }
    }
}
