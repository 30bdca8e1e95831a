//! What could not be read or written: a few sentences per kind, however many failures there are.

use super::Reconcile;
use crate::diagnosis;
use crate::forge::{self, Gitea};
use crate::text::one_line;

/// How many failures of one kind are shown. The others most likely have the same cause.
const SHOWN: usize = 3;

/// A failure, by its kind.
pub(super) enum Problem {
    /// A sentence about more than one.
    Summary(String),
    Page(forge::Error),
    Statuses(forge::Error),
    Run(forge::Error),
    /// A status that was not set, in a sentence.
    Status(String),
    /// A comment that was not written, in a sentence.
    Comment(String),
}

impl Problem {
    const KINDS: usize = 6;

    fn kind(&self) -> usize {
        match self {
            Self::Summary(_) => 0,
            Self::Page(_) => 1,
            Self::Statuses(_) => 2,
            Self::Run(_) => 3,
            Self::Status(_) => 4,
            Self::Comment(_) => 5,
        }
    }

    /// How many more failures of this kind there are, as a sentence.
    fn more(&self, count: usize) -> String {
        let (one, many) = match self {
            Self::Summary(_) => ("problem", "problems"),
            Self::Page(_) => ("page of pull requests could not be read", "pages of pull requests could not be read"),
            Self::Statuses(_) => (
                "pull request has statuses that could not be read",
                "pull requests have statuses that could not be read",
            ),
            Self::Run(_) => ("run could not be read", "runs could not be read"),
            Self::Status(_) => ("status was not set", "statuses were not set"),
            Self::Comment(_) => ("comment was not written", "comments were not written"),
        };
        format!("{count} more {}", if count == 1 { one } else { many })
    }

    async fn sentence(&self, gitea: &Gitea, reconcile: &Reconcile) -> String {
        let (diagnosis, error) = match self {
            Self::Summary(text) | Self::Status(text) | Self::Comment(text) => return text.clone(),
            Self::Page(error) => (diagnosis::of_repository(gitea, &reconcile.source, error).await, error),
            Self::Statuses(error) => (diagnosis::of_status(gitea, &reconcile.source, error).await, error),
            Self::Run(error) => (diagnosis::of_repository(gitea, &reconcile.target, error).await, error),
        };
        format!("{diagnosis} ({error})")
    }
}

/// The sentences for the log: the first ones of each kind, and how many more there are.
pub(super) async fn sentences(gitea: &Gitea, reconcile: &Reconcile, problems: &[Problem]) -> Vec<String> {
    let mut sentences = Vec::new();
    for kind in 0..Problem::KINDS {
        let of_kind: Vec<&Problem> = problems.iter().filter(|problem| problem.kind() == kind).collect();
        for problem in of_kind.iter().take(SHOWN) {
            sentences.push(problem.sentence(gitea, reconcile).await);
        }
        if let Some(next) = of_kind.get(SHOWN) {
            sentences.push(next.more(of_kind.len() - SHOWN));
        }
    }
    sentences
}

/// A warning about pending statuses that link to runs of the target at another address, and are not known to belong to
/// this action. `None` if there are none.
pub(super) fn about_foreign_links(links: &[String], reconcile: &Reconcile, pages: &str) -> Option<String> {
    let (count, example) = (links.len(), one_line(links.first()?));
    let (statuses, link, they) = match count {
        1 => ("1 pending status".to_owned(), "links", "It was"),
        count => (format!("{count} pending statuses"), "link", "They were"),
    };
    Some(format!(
        "{statuses} {link} to runs of {} at another address, such as {example} . {they} left alone, because the account that set \
         the status did not dispatch such a run on this server, whose pages are at {pages} . If both addresses are one server, set \
         `server-url` to the one in the links",
        reconcile.target
    ))
}
