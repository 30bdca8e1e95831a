//! Faults that a test injects: what real networks and proxies do to a request.

use std::time::Duration;

/// A whole answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: Option<String>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// No such route.
    pub(super) stray: bool,
}

impl Answer {
    /// An answer with a body. An empty content type leaves the header out.
    pub(crate) fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let content_type = Some(content_type.to_owned()).filter(|text| !text.is_empty());
        Self { status, content_type, headers: Vec::new(), body: body.into(), stray: false }
    }

    /// Adds a header, such as `Location` or `Retry-After`.
    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

/// What happens to a request instead of an ordinary answer.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// This answer; the work is not done.
    Answer(Answer),
    /// The work is done, but the client gets this: a proxy that gave up waiting.
    WorkThenAnswer(Answer),
    /// The connection ends before the request is looked at.
    HangUp,
    /// The work is done, and the connection ends without an answer: the outcome is unknown to the client.
    WorkThenHangUp,
    /// As [`Self::HangUp`], with a TCP reset.
    Reset,
    /// As [`Self::WorkThenHangUp`], with a TCP reset.
    WorkThenReset,
    /// The answer never comes, and the work is not done.
    Hang,
    /// The work is done, and the answer never comes.
    WorkThenHang,
    /// The work is done, and the right answer is held back this long.
    Delay(Duration),
    /// The work is done, and the right answer is called something else.
    ContentType(&'static str),
    /// The work is done, and the connection ends in the middle of the right answer.
    Truncated,
    /// The work is done, and the answer never ends: this many spaces at a time, with a pause after each.
    Endless { spaces: usize, pause: Duration },
}

/// The faults that are left.
#[derive(Default)]
pub(super) struct Faults(Vec<Rule>);

struct Rule {
    method: String,
    path_part: String,
    left: usize,
    fault: Fault,
}

impl Faults {
    pub(super) fn add(&mut self, method: &str, path_part: &str, times: usize, fault: Fault) {
        self.0.push(Rule { method: method.to_owned(), path_part: path_part.to_owned(), left: times, fault });
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn take(&mut self, method: &str, path: &str) -> Option<Fault> {
        let matches = |rule: &Rule| rule.method == method && path.contains(&rule.path_part);
        let rule = self.0.iter_mut().find(|rule| rule.left > 0 && matches(rule))?;
        rule.left -= 1;
        Some(rule.fault.clone())
    }
}
