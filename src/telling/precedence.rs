//! Which of two answers about a commit counts: the existing one or the new one. Pure functions.

use time::OffsetDateTime;

use super::run_statuses::RunStatus;
use super::{Answer, RunStatuses, StatusDone};
use crate::text::one_line;
use crate::types::{RunRef, StatusContext};

/// Who sets the status of a run. This decides which statuses are left alone. The status of a newer run always is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Voice {
    /// A job of the run itself. It replaces all other reports of the run.
    Run(Attempt),
    /// A workflow that an event about the run has started. It replaces all other reports of the run, too.
    Event(Attempt),
    /// An observer of the run. An existing end stays.
    Observer,
    /// An observer that sets the status only while it waits for this run.
    WhilePending {
        /// When the pending status was set, if it was read before: a later one can be of another attempt.
        since: Option<OffsetDateTime>,
    },
}

impl Voice {
    /// Whether an event is about an attempt that no runner has taken.
    pub(super) fn has_not_begun(self) -> bool {
        matches!(self, Self::Event(Attempt { began: None, .. }))
    }
}

/// An attempt of a run. A re-run is another attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Attempt {
    /// Counts from 1.
    pub(crate) number: u32,
    /// When the first of its jobs began, by the server's clock. `None` if none has begun, or if the jobs could not be
    /// read.
    pub(crate) began: Option<OffsetDateTime>,
}

impl Attempt {
    /// Whether an end that was reported at this time can be one of this attempt.
    pub(super) fn may_have_ended_at(self, time: OffsetDateTime) -> bool {
        // Without a start to compare with, the first attempt cannot have an end of an earlier one.
        self.began.map_or(self.number == 1, |began| time >= began)
    }
}

/// Why the answer is not written; `None` if it is written.
pub(super) fn left_alone(
    runs: &RunStatuses,
    run: &RunRef,
    context: &StatusContext,
    answer: &Answer,
    voice: Voice,
) -> Option<StatusDone> {
    if let Some(newer) = runs.newer_than(run.number, context) {
        return Some(StatusDone::Newer(newer));
    }
    let end = runs.end_of(run.number, context);
    let ended = |state: &str| StatusDone::Ended(one_line(state));
    match voice {
        Voice::Observer => end.map(|end| ended(&end.state)),
        Voice::WhilePending { since } => match (end, runs.pending(run.number, context)) {
            (Some(end), _) => Some(ended(&end.state)),
            (None, Some(pending)) if since.is_none() || pending.created_at == since => None,
            _ => Some(StatusDone::Other),
        },
        Voice::Run(attempt) => {
            let is_of = |time| attempt.may_have_ended_at(time);
            end.filter(|end| end.created_at.is_none_or(is_of) && is_better(answer, &end.state))
                .map(|end| ended(&end.state))
        }
        Voice::Event(attempt) => {
            let description = answer.description(&run.target);
            if let Some(state) = runs.says(run.number, context, &description) {
                return Some(ended(state));
            }
            // An end that was reported before a job began belongs to an earlier attempt.
            let is_of = |time| attempt.began.is_some_and(|began| time >= began);
            // The jobs were read just now, so they count more.
            let is_known = |description: &str| description != Answer::Unread.description(&run.target);
            // A deleted run shows nothing new.
            let counts_more = |end: &RunStatus| {
                *answer == Answer::Gone || end.created_at.is_none_or(is_of) && is_better(answer, &end.state)
            };
            end.filter(|end| is_known(&end.description) && counts_more(end)).map(|end| ended(&end.state))
        }
    }
}

/// Whether the answer is better than an end in this state. Within one attempt, a better end or a pending status never
/// replaces an end.
fn is_better(answer: &Answer, state: &str) -> bool {
    let rank = |state: &str| match state {
        "pending" => 0,
        "skipped" => 1,
        "success" => 2,
        "failure" => 3,
        _ => 4,
    };
    rank(&answer.state().to_string()) < rank(state)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use time::format_description::well_known::Rfc3339;

    use super::*;
    use crate::forge::Statuses;
    use crate::types::{Ending, Outcome};

    const BEGAN: &str = "2026-11-26T08:00:00Z";

    /// Why this answer about run 30 is not written, if the status says that.
    fn left(
        voice: fn(Attempt) -> Voice,
        began: Option<&str>,
        said: (u32, &str, &str),
        answer: &Answer,
    ) -> Option<StatusDone> {
        let (number, state, created_at) = said;
        let link = format!("https://gitea.example.com/a/b/actions/runs/{number}");
        let status = json!({
            "context": "c", "status": state, "target_url": link, "created_at": created_at, "description": "Has been cancelled",
        });
        let statuses = Statuses { statuses: vec![serde_json::from_value(status).unwrap()], answered_at: None };
        let run = RunRef { target: "a/b".parse().unwrap(), id: "30".parse().unwrap(), number: "30".parse().unwrap() };
        let runs = RunStatuses::new(&statuses, &"https://gitea.example.com".parse().unwrap(), &run.target);
        let began = began.map(|text| OffsetDateTime::parse(text, &Rfc3339).unwrap());
        left_alone(&runs, &run, &"c".parse().unwrap(), answer, voice(Attempt { number: 1, began }))
    }

    fn ended(word: &str) -> Answer {
        Answer::Ended(Ending { outcome: Outcome::new(word), elapsed: None })
    }

    #[test]
    fn better_end_never_replaces_a_worse_one_of_the_same_attempt() {
        let (before, after) = ("2026-11-26T07:59:59Z", "2026-11-26T08:00:01Z");
        for voice in [Voice::Run as fn(Attempt) -> Voice, Voice::Event] {
            let left = |said, answer: &Answer| left(voice, Some(BEGAN), said, answer).is_some();
            assert!(left((30, "failure", after), &ended("success")));
            assert!(left((30, "error", after), &ended("failure")));
            assert!(left((30, "failure", after), &Answer::WaitingForJobs(1)));
            assert!(left((30, "success", after), &Answer::Started));
            assert!(!left((30, "success", after), &ended("failure")));
            assert!(!left((30, "pending", after), &ended("success")));
            assert!(left((30, "success", after), &ended("skipped")));
            assert!(!left((30, "skipped", after), &ended("failure")));
            // Another failure is as bad, and may have another description.
            assert!(!left((30, "failure", after), &ended("failure")));
            // The report of an earlier attempt.
            assert!(!left((30, "failure", before), &ended("success")));
            assert!(!left((30, "success", before), &Answer::Started));
            // An older and a newer run.
            assert!(!left((29, "failure", after), &ended("success")));
            assert!(left((31, "pending", after), &ended("failure")));
        }
    }

    #[test]
    fn re_run_that_no_runner_has_taken_is_pending_again_by_event_only() {
        let said = (30, "success", "2026-11-26T07:00:00Z");
        assert_eq!(left(Voice::Event, None, said, &Answer::Queued), None);
        assert!(left(Voice::Run, None, said, &Answer::WaitingForJobs(1)).is_some());
    }

    #[test]
    fn event_leaves_a_status_that_says_the_same_alone() {
        let said = (30, "failure", "2026-11-26T07:00:00Z");
        assert_eq!(left(Voice::Event, None, said, &ended("cancelled")), Some(StatusDone::Ended("failure".to_owned())));
        assert_eq!(left(Voice::Run, Some(BEGAN), said, &ended("cancelled")), None);
    }

    #[test]
    fn observer_leaves_each_end_alone() {
        let said = |state| (30, state, "2026-11-26T07:00:00Z");
        for voice in [(|_| Voice::Observer) as fn(Attempt) -> Voice, |_| Voice::WhilePending { since: None }] {
            assert!(left(voice, None, said("success"), &ended("failure")).is_some());
            assert_eq!(left(voice, None, said("pending"), &ended("failure")), None);
        }
        let other = (29, "success", "2026-11-26T07:00:00Z");
        assert_eq!(
            left(|_| Voice::WhilePending { since: None }, None, other, &ended("failure")),
            Some(StatusDone::Other)
        );
        assert_eq!(left(|_| Voice::Observer, None, other, &ended("failure")), None);
    }

    #[test]
    fn pending_status_that_was_set_after_the_read_is_left_alone() {
        let found = |_| Voice::WhilePending { since: OffsetDateTime::parse(BEGAN, &Rfc3339).ok() };
        assert_eq!(left(found, None, (30, "pending", BEGAN), &ended("success")), None);
        let later = (30, "pending", "2026-11-26T08:00:05Z");
        assert_eq!(left(found, None, later, &ended("success")), Some(StatusDone::Other));
    }
}
