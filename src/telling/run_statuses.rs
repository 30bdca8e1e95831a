//! What the statuses of a commit say about the runs of one repository.

use std::collections::HashSet;

use time::OffsetDateTime;

use super::Attempt;
use crate::forge::{Status, Statuses, User};
use crate::links::PageBase;
use crate::types::{RepoName, RunNumber, State, StatusContext};

/// The statuses of a commit that link to a run of one repository.
pub(crate) struct RunStatuses {
    pub(super) of_runs: Vec<RunStatus>,
    /// Statuses whose link has the right path, but another address. It is not known yet who set them.
    pub(super) elsewhere: Vec<RunStatus>,
    /// Statuses like these that belong to another account.
    pub(super) foreign: Vec<RunStatus>,
    read_at: Option<OffsetDateTime>,
}

/// A status that links to a run.
pub(super) struct RunStatus {
    id: u64,
    pub(super) context: String,
    pub(super) run: RunNumber,
    pub(super) link: String,
    pub(super) state: String,
    pub(super) description: String,
    pub(super) creator: Option<User>,
    pub(super) created_at: Option<OffsetDateTime>,
}

impl RunStatus {
    fn new(status: &Status, run: RunNumber) -> Self {
        Self {
            id: status.id,
            context: status.context.clone(),
            run,
            link: status.target_url.clone(),
            state: status.state.clone(),
            description: status.description.clone(),
            creator: status.creator,
            created_at: status.created_at(),
        }
    }

    pub(super) fn is_pending(&self) -> bool {
        self.state == "pending"
    }
}

/// What a status says about a run that has failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FailingEnd {
    pub(super) state: State,
    pub(super) description: String,
}

/// A status that waits for the end of a run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pending {
    pub(crate) context: StatusContext,
    pub(crate) run: RunNumber,
    pub(crate) description: String,
    pub(crate) created_at: Option<OffsetDateTime>,
}

impl RunStatuses {
    /// Keeps the statuses that link to the page of a run, and those that the same accounts have set with another
    /// address of the server.
    pub(crate) fn new(statuses: &Statuses, pages: &PageBase, repo: &RepoName) -> Self {
        let (mut of_runs, mut elsewhere) = (Vec::new(), Vec::new());
        for status in &statuses.statuses {
            if let Some(run) = pages.run_number(&status.target_url, repo) {
                of_runs.push(RunStatus::new(status, run));
            } else if let Some(run) = pages.run_number_elsewhere(&status.target_url, repo) {
                elsewhere.push(RunStatus::new(status, run));
            }
        }
        let accounts: HashSet<User> = of_runs.iter().filter_map(|status: &RunStatus| status.creator).collect();
        let is_known = |status: &RunStatus| status.creator.is_some_and(|creator| accounts.contains(&creator));
        let (known, elsewhere): (Vec<_>, Vec<_>) = elsewhere.into_iter().partition(is_known);
        of_runs.extend(known);
        Self { of_runs, elsewhere, foreign: Vec::new(), read_at: statuses.answered_at }
    }

    /// When they were read, by the server's own clock.
    pub(crate) fn read_at(&self) -> Option<OffsetDateTime> {
        self.read_at
    }

    /// The context of the status that links to `run`.
    pub(crate) fn context_of(&self, run: RunNumber) -> Option<StatusContext> {
        self.of_runs.iter().find(|status| status.run == run)?.context.parse().ok()
    }

    /// The newer run that the status of `context` shows.
    pub(crate) fn newer_than(&self, run: RunNumber, context: &StatusContext) -> Option<RunNumber> {
        self.of(context).map(|status| status.run).filter(|number| *number > run)
    }

    /// The run whose end the status of `context` shows, or a run newer than `run`: a run that a pending status of
    /// `run` must not overwrite.
    pub(crate) fn end_or_newer(&self, run: RunNumber, context: &StatusContext) -> Option<RunNumber> {
        self.of(context)
            .filter(|status| status.run > run || status.run == run && !status.is_pending())
            .map(|status| status.run)
    }

    /// The run in the status of `context`, if that status was set after `moment`. If the run of a dispatch is not
    /// known, it is the run that was started then.
    pub(crate) fn since(&self, moment: OffsetDateTime, context: &StatusContext) -> Option<RunNumber> {
        self.of(context).filter(|status| status.created_at.is_some_and(|time| time >= moment)).map(|status| status.run)
    }

    /// Whether no status of `context` came after this one.
    pub(crate) fn is_latest(&self, id: u64, context: &StatusContext) -> bool {
        !self.of_runs.iter().any(|status| status.context == context.as_str() && status.id > id)
    }

    /// The worst failing end of this attempt of the run among all statuses that the commit ever had.
    pub(crate) fn failing_end(&self, run: RunNumber, context: &StatusContext, attempt: Attempt) -> Option<FailingEnd> {
        let of_run = self.of_runs.iter().filter(|status| status.run == run && status.context == context.as_str());
        let of_attempt = of_run.filter(|status| status.created_at.is_none_or(|time| attempt.may_have_ended_at(time)));
        let failing = of_attempt.filter_map(|status| {
            let state = match status.state.as_str() {
                "failure" => State::Failure,
                "error" => State::Error,
                _ => return None,
            };
            Some((state == State::Error, status.id, FailingEnd { state, description: status.description.clone() }))
        });
        failing.max_by_key(|(is_error, id, _)| (*is_error, *id)).map(|(_, _, end)| end)
    }

    /// The status of `context`, if it shows the end of `run`.
    pub(super) fn end_of(&self, run: RunNumber, context: &StatusContext) -> Option<&RunStatus> {
        self.of(context).filter(|status| status.run == run && !status.is_pending())
    }

    /// The state of the status of `context`, if it links to `run` and has this description.
    pub(super) fn says(&self, run: RunNumber, context: &StatusContext, description: &str) -> Option<&str> {
        let status = self.of(context).filter(|status| status.run == run && status.description == description)?;
        Some(status.state.as_str())
    }

    /// The account that set the status of `context`. It may write to the repository, so it is one of the accounts that
    /// dispatch and report, and its comments count as ours.
    pub(crate) fn creator_of(&self, context: &StatusContext) -> Option<User> {
        self.of(context)?.creator
    }

    /// The status of `context`, if it waits for the end of `run`.
    pub(crate) fn pending(&self, run: RunNumber, context: &StatusContext) -> Option<Pending> {
        self.all_pending().find(|status| status.run == run && status.context == *context)
    }

    /// All statuses that wait for the end of a run.
    pub(crate) fn all_pending(&self) -> impl Iterator<Item = Pending> {
        self.of_runs.iter().filter(|status| status.is_pending()).filter_map(|status| {
            let (description, created_at) = (status.description.clone(), status.created_at);
            Some(Pending { context: status.context.parse().ok()?, run: status.run, description, created_at })
        })
    }

    fn of(&self, context: &StatusContext) -> Option<&RunStatus> {
        self.of_runs.iter().find(|status| status.context == context.as_str())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use time::Duration;

    use super::*;

    fn status(run: u32, state: &str, created_at: &str) -> RunStatuses {
        of(&[("c", run, state)], created_at)
    }

    /// Statuses as context, run and state, the newest first.
    fn of(statuses: &[(&str, u32, &str)], created_at: &str) -> RunStatuses {
        let pages = "https://gitea.example.com".parse().unwrap();
        let ids = (1..=statuses.len()).rev();
        let statuses = ids.zip(statuses).map(|(id, (context, run, state))| {
            let link = format!("https://gitea.example.com/mporter/dispatch-target/actions/runs/{run}");
            let status = json!({
                "id": id, "context": context, "status": state, "target_url": link, "created_at": created_at,
                "description": format!("{state} {id}"),
            });
            serde_json::from_value(status).unwrap()
        });
        let statuses = Statuses { statuses: statuses.collect(), answered_at: None };
        RunStatuses::new(&statuses, &pages, &"mporter/dispatch-target".parse().unwrap())
    }

    fn number(run: u32) -> RunNumber {
        run.to_string().parse().unwrap()
    }

    #[test]
    fn pending_status_yields_to_the_end_of_its_run_and_to_a_newer_run() {
        let context = "c".parse().unwrap();
        let end_or_newer = |run, state| status(run, state, "").end_or_newer(number(30), &context);
        assert_eq!(end_or_newer(30, "pending"), None);
        assert_eq!(end_or_newer(30, "success"), Some(number(30)));
        assert_eq!(end_or_newer(31, "pending"), Some(number(31)));
        assert_eq!(end_or_newer(29, "success"), None);
        assert_eq!(status(31, "success", "").end_or_newer(number(30), &"another".parse().unwrap()), None);
    }

    #[test]
    fn failing_end_is_the_latest_error_or_else_the_latest_failure_of_the_run_in_its_context() {
        let failing_end = |statuses: &[(&str, u32, &str)]| {
            let attempt = Attempt { number: 1, began: None };
            let end = of(statuses, "").failing_end(number(30), &"c".parse().unwrap(), attempt)?;
            Some((end.state, end.description))
        };
        let failures = [("c", 30, "pending"), ("c", 30, "failure"), ("c", 30, "failure"), ("c", 30, "success")];
        assert_eq!(failing_end(&failures), Some((State::Failure, "failure 3".to_owned())));
        let errors = [("c", 30, "failure"), ("c", 30, "error"), ("c", 30, "error"), ("c", 30, "failure")];
        assert_eq!(failing_end(&errors), Some((State::Error, "error 3".to_owned())));
        assert_eq!(failing_end(&[("c", 31, "failure"), ("another", 30, "error"), ("c", 30, "success")]), None);
    }

    #[test]
    fn pending_status_is_of_the_run_and_the_context() {
        let pending = |statuses: &[(&str, u32, &str)]| of(statuses, "").pending(number(30), &"c".parse().unwrap());
        let own = pending(&[("c", 31, "pending"), ("another", 30, "pending"), ("c", 30, "pending")]).unwrap();
        assert_eq!((own.run, own.context, own.description.as_str()), (number(30), "c".parse().unwrap(), "pending 1"));
        assert_eq!(pending(&[("c", 31, "pending"), ("another", 30, "pending"), ("c", 30, "success")]), None);
    }

    #[test]
    fn newer_run_is_one_with_a_greater_number() {
        let context = "c".parse().unwrap();
        let newer = |run| status(run, "pending", "").newer_than(number(30), &context);
        assert_eq!([newer(29), newer(30), newer(31)], [None, None, Some(number(31))]);
    }

    #[test]
    fn status_since_a_moment_was_set_then_or_later() {
        let context = "c".parse().unwrap();
        let moment = OffsetDateTime::UNIX_EPOCH + Duration::days(365);
        let since = |time| status(30, "success", time).since(moment, &context);
        assert_eq!(since("1970-12-31T23:59:59Z"), None);
        assert_eq!(since("1971-01-01T00:00:00Z"), Some(number(30)));
        assert_eq!(since("1971-01-01T00:00:00+01:00"), None);
        assert_eq!(since(""), None);
    }
}
