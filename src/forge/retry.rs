//! When a request is retried. The policy is data; each call chooses its policy.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::Error;

/// What a failure says about the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// The server certainly did nothing. A retry may help, after `wait` if it is given.
    NotDone { wait: Option<Duration> },
    /// The server may have done the work; the response was lost.
    Lost,
    /// The response is not Gitea's, and the request may have taken effect. It may be a proxy's temporary page, or
    /// another program.
    Garbled,
    /// The server refused, and would refuse a retry too.
    Final,
}

/// The failures after which a request is retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// After lost responses too: the request reads, or is safe to repeat.
    IfLost,
    /// Only if the server certainly did nothing: a repetition might do something twice, or undo a later change.
    IfNotDone,
    /// As [`Self::IfNotDone`], each time over a new connection. On an idle connection, a request that the server never
    /// read cannot be distinguished from a lost response.
    AtMostOnce,
}

/// The time limits of a request, and the size limit of its response.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// One attempt, from the connection to the last byte of the response.
    pub(super) attempt: Duration,
    /// All attempts and the pauses between them.
    pub(super) total: Duration,
    /// The size limit of one response, in bytes.
    pub(super) answer: usize,
}

/// The limit for what the server itself writes. That is small: a page of 50 statuses has some 50 KB.
const SHORT: usize = 4 << 20;

/// For what must be read before anything can be written.
pub(super) const READ: Limits =
    Limits { attempt: Duration::from_secs(12), total: Duration::from_secs(25), answer: SHORT };
/// The same for texts that people write. Gitea allows a description or a comment of a million characters. One such text
/// must not make the others unreadable.
pub(super) const READ_TEXTS: Limits = Limits { answer: 32 << 20, ..READ };
/// For the statuses of a commit, which are read before a status is set. An outage of half a minute leaves time for
/// both.
pub(super) const READ_STATUSES: Limits = Limits { total: Duration::from_secs(40), ..READ };
/// For the version, which some modes read first. Enough time remains for a dispatch and its status.
pub(super) const VERSION: Limits = Limits { total: READ.attempt, ..READ };
/// For extra reads that find the cause of a failure.
pub(super) const ASIDE: Limits =
    Limits { attempt: Duration::from_secs(4), total: Duration::from_secs(5), answer: SHORT };
/// For a status. People look at it, so it may take all the remaining time.
pub(super) const STATUS: Limits =
    Limits { attempt: Duration::from_secs(12), total: Duration::from_secs(60), answer: SHORT };
/// For a comment.
pub(super) const COMMENT: Limits =
    Limits { attempt: Duration::from_secs(12), total: Duration::from_secs(28), answer: SHORT };
/// For a dispatch. It is never retried once it was sent, so one attempt may take longer.
pub(super) const DISPATCH: Limits =
    Limits { attempt: Duration::from_secs(25), total: Duration::from_secs(28), answer: SHORT };

/// The pause before the second attempt; it doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// The shortest time for another attempt. With less, a busy machine could not distinguish a failed connection from a
/// lost response.
const SHORTEST_ATTEMPT: Duration = Duration::from_secs(3);

/// How often a request is retried after a response that is not Gitea's.
const GARBLED_ATTEMPTS: u32 = 3;

/// Repeats `attempt` until it succeeds, fails for good, or `deadline` is too near for another attempt. The error has the
/// number of attempts.
pub(super) async fn retry<T>(
    again: Again,
    deadline: Instant,
    mut attempt: impl AsyncFnMut() -> Result<T, Error>,
) -> Result<T, Error> {
    let mut pause = FIRST_PAUSE;
    let mut attempts = 1;
    loop {
        let mut error = match attempt().await {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        error.attempts = attempts;
        // `Retry-After` can only make the pause longer: `Retry-After: 0` must not remove it.
        let wait = jittered(pause, fastrand::f64()).max(match (error.failure(), again) {
            (Failure::Final, _) => return Err(error),
            (Failure::Lost | Failure::Garbled, Again::IfNotDone | Again::AtMostOnce) => return Err(error),
            (Failure::Garbled, Again::IfLost) if attempts >= GARBLED_ATTEMPTS => return Err(error),
            (Failure::NotDone { wait }, _) => wait.unwrap_or_default(),
            (Failure::Lost | Failure::Garbled, Again::IfLost) => Duration::ZERO,
        });
        let left = deadline.saturating_duration_since(Instant::now());
        // `Retry-After` can be any number, so nothing is added to it.
        if wait >= left.saturating_sub(SHORTEST_ATTEMPT) {
            return Err(error);
        }
        sleep(wait).await;
        pause = LONGEST_PAUSE.min(pause * 2);
        attempts += 1;
    }
}

/// A pause between three quarters and five quarters of its length, so that many runners do not come back at the same
/// moment. `random` is from 0 to 1.
fn jittered(pause: Duration, random: f64) -> Duration {
    pause.mul_f64(0.75 + random / 2.0)
}

#[cfg(test)]
mod tests {
    use reqwest::{Method, StatusCode};

    use super::super::error::Request;
    use super::super::{Certificate, Kind};
    use super::*;

    fn error(method: Method, kind: Kind) -> Error {
        let request = Request { method, url: "http://x".parse().unwrap(), proxy: None };
        Error { request: Box::new(request), attempts: 1, kind }
    }

    /// How many times a request is sent if all attempts fail at once in this way, and how long that takes at most. Even
    /// with the longest jitter, the last pause ends within the limit.
    async fn attempts(method: Method, again: Again, limits: Limits, kind: &dyn Fn() -> Kind) -> String {
        let start = Instant::now();
        let mut count = 0;
        let failed: Result<(), Error> = retry(again, start + limits.total, async || {
            count += 1;
            Err(error(method.clone(), kind()))
        })
        .await;
        assert_eq!(failed.unwrap_err().attempts, count);
        assert!(start.elapsed() <= limits.total);
        // The jitter may add or remove an attempt. The result shows only whether there is a retry at all.
        match count {
            1 => "once".to_owned(),
            2..=4 => format!("{count} times in {} s", start.elapsed().as_secs()),
            _ => "until the limit".to_owned(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn failures_decide_whether_a_request_is_retried() {
        let refused = |status: u16, retry_after: Option<u64>| {
            move || Kind::Refused {
                status: StatusCode::from_u16(status).unwrap(),
                message: String::new(),
                retry_after: retry_after.map(Duration::from_secs),
            }
        };
        let not_gitea = |status: u16| {
            let status = StatusCode::from_u16(status).unwrap();
            Kind::NotGitea { status, cause: String::new(), retry_after: None }
        };
        let failures: [(&str, &dyn Fn() -> Kind); 21] = [
            ("not sent", &|| Kind::NotSent { cause: String::new() }),
            ("certificate", &|| Kind::Untrusted { cause: String::new(), problem: Certificate::Unknown }),
            ("no answer", &|| Kind::NoAnswer { cause: String::new() }),
            ("not Gitea", &|| not_gitea(200)),
            ("page, 403", &|| not_gitea(403)),
            ("page, 500", &|| not_gitea(500)),
            ("301", &refused(301, None)),
            ("401", &refused(401, None)),
            ("404", &refused(404, None)),
            ("429", &refused(429, None)),
            ("429, in 0 s", &refused(429, Some(0))),
            ("429, in 10 s", &refused(429, Some(10))),
            ("429, in 60 s", &refused(429, Some(60))),
            ("429, never", &refused(429, Some(u64::MAX))),
            ("500", &refused(500, None)),
            ("501", &refused(501, None)),
            ("502", &refused(502, None)),
            ("503", &refused(503, None)),
            ("503, in 10 s", &refused(503, Some(10))),
            ("504", &refused(504, None)),
            ("520", &refused(520, None)),
        ];
        let mut lines = vec![format!("{:<14}{:<18}{:<18}{}", "", "GET", "final status", "dispatch, comment, pending")];
        for (name, kind) in failures {
            let read = attempts(Method::GET, Again::IfLost, READ, kind).await;
            let status = attempts(Method::POST, Again::IfLost, STATUS, kind).await;
            let once = attempts(Method::POST, Again::AtMostOnce, DISPATCH, kind).await;
            lines.push(format!("{name:<14}{read:<18}{status:<18}{once}"));
        }
        insta::assert_snapshot!(lines.join("\n"), @"
                      GET               final status      dispatch, comment, pending
        not sent      until the limit   until the limit   until the limit
        certificate   once              once              once
        no answer     until the limit   until the limit   once
        not Gitea     3 times in 1 s    3 times in 1 s    once
        page, 403     once              once              once
        page, 500     until the limit   until the limit   once
        301           once              once              once
        401           once              once              once
        404           once              once              once
        429           until the limit   until the limit   until the limit
        429, in 0 s   until the limit   until the limit   until the limit
        429, in 10 s  3 times in 20 s   until the limit   3 times in 20 s
        429, in 60 s  once              once              once
        429, never    once              once              once
        500           until the limit   once              once
        501           until the limit   once              once
        502           until the limit   until the limit   once
        503           until the limit   until the limit   once
        503, in 10 s  3 times in 20 s   until the limit   3 times in 20 s
        504           until the limit   until the limit   once
        520           until the limit   until the limit   once
        ");
    }

    #[test]
    fn pauses_grow_to_the_longest_and_are_spread() {
        let mut pause = FIRST_PAUSE;
        let mut pauses = Vec::new();
        for _ in 0..6 {
            pauses.push(format!("{:?}..{:?}", jittered(pause, 0.0), jittered(pause, 1.0)));
            pause = LONGEST_PAUSE.min(pause * 2);
        }
        insta::assert_snapshot!(pauses.join("\n"), @"
        375ms..625ms
        750ms..1.25s
        1.5s..2.5s
        3s..5s
        6s..10s
        6s..10s
        ");
    }
}
