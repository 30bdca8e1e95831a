//! The signals with which a runner stops a step. The work gets a moment to end, and the log says what is known.

use std::cell::RefCell;
use std::fmt::Display;
use std::future::{pending, poll_fn};
use std::pin::pin;
use std::process::ExitCode;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;

/// How long the work continues after a signal: a response that is on its way still counts, and its outputs can still be written.
const GRACE: Duration = Duration::from_millis(700);

const SIGNALS: [(&str, SignalKind); 3] =
    [("SIGHUP", SignalKind::hangup()), ("SIGINT", SignalKind::interrupt()), ("SIGTERM", SignalKind::terminate())];

/// The requests that change something on the server and have no response yet.
#[derive(Debug, Clone, Default)]
pub(crate) struct Underway(Rc<RefCell<Requests>>);

#[derive(Debug, Default)]
struct Requests {
    next: usize,
    noted: Vec<(usize, String)>,
}

impl Underway {
    /// Notes a request, such as `POST https://…`, until the guard is dropped.
    pub(crate) fn note(&self, request: String) -> Note {
        let mut requests = self.0.borrow_mut();
        let key = requests.next;
        requests.next += 1;
        requests.noted.push((key, request));
        Note { underway: self.clone(), key }
    }

    fn sentence(&self) -> String {
        let noted: Vec<String> = self.0.borrow().noted.iter().map(|(_, request)| request.clone()).collect();
        if noted.is_empty() {
            "No write request was in progress. The lines above show what was done.".to_owned()
        } else {
            format!(
                "Without a response yet, and possibly done: {}. Check the server before you re-run the job.",
                noted.join(", ")
            )
        }
    }
}

/// A request that is in progress while this value lives.
#[must_use]
pub(crate) struct Note {
    underway: Underway,
    key: usize,
}

impl Drop for Note {
    fn drop(&mut self) {
        self.underway.0.borrow_mut().noted.retain(|(key, _)| *key != self.key);
    }
}

/// A signal has stopped the step.
#[derive(Debug, thiserror::Error)]
#[error("Stopped by {name}. {known}")]
pub(crate) struct Stopped {
    name: &'static str,
    exit_code: u8,
    /// What is known about the work, in a sentence.
    known: String,
}

impl Stopped {
    /// The exit code of a shell for a program that the signal ended: 143 for SIGTERM.
    pub(crate) fn exit_code(&self) -> ExitCode {
        self.exit_code.into()
    }
}

/// Runs the work on one thread, until it ends or until shortly after a signal. The error comes from the work, or is
/// [`Stopped`]. A thread that is still in a name lookup is left behind.
pub(crate) fn run<E: Display + From<Stopped>>(
    work: impl Future<Output = Result<(), E>>,
    underway: &Underway,
) -> std::io::Result<Result<(), E>> {
    // One thread: there is little to do, and most of it is waiting.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let result = runtime.block_on(until_stopped(work, underway));
    // Dropping it would wait for the system's name lookup, which cannot be stopped and may take minutes.
    runtime.shutdown_background();
    Ok(result)
}

async fn until_stopped<E: Display + From<Stopped>>(
    work: impl Future<Output = Result<(), E>>,
    underway: &Underway,
) -> Result<(), E> {
    let mut work = pin!(work);
    let (name, kind) = tokio::select! {
        result = &mut work => return result,
        stop = first_signal() => stop,
    };
    let known = match timeout(GRACE, &mut work).await {
        Ok(Ok(())) => "The step had finished its work.".to_owned(),
        Ok(Err(error)) => error.to_string(),
        Err(_elapsed) => underway.sentence(),
    };
    let exit_code = u8::try_from(128 + kind.as_raw_value()).unwrap_or(u8::MAX);
    Err(Stopped { name, exit_code, known }.into())
}

/// The first of [`SIGNALS`] that arrives. A signal that cannot be caught ends the process as usual.
async fn first_signal() -> (&'static str, SignalKind) {
    let caught = SIGNALS.map(|(name, kind)| Some((name, kind, signal(kind).ok()?)));
    let mut caught: Vec<_> = caught.into_iter().flatten().collect();
    if caught.is_empty() {
        pending::<()>().await;
    }
    poll_fn(|context| {
        let came = caught.iter_mut().find_map(|(name, kind, signal)| match signal.poll_recv(context) {
            Poll::Ready(_) => Some((*name, *kind)),
            Poll::Pending => None,
        });
        came.map_or(Poll::Pending, Poll::Ready)
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error(transparent)]
    struct Error(#[from] Stopped);

    #[test]
    fn name_lookup_that_never_ends_does_not_delay_the_step() {
        let start = Instant::now();
        let work = async {
            // Like a name lookup: on a thread that nothing can stop.
            drop(tokio::task::spawn_blocking(|| std::thread::sleep(Duration::from_secs(60))));
            Ok::<(), Error>(())
        };
        run(work, &Underway::default()).unwrap().unwrap();
        assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
    }

    #[test]
    fn request_is_under_way_until_its_note_is_dropped() {
        let underway = Underway::default();
        let first = underway.note("POST a".to_owned());
        let second = underway.note("PATCH b".to_owned());
        assert!(underway.sentence().contains("POST a, PATCH b"), "{}", underway.sentence());
        drop(first);
        assert!(underway.sentence().contains(": PATCH b."), "{}", underway.sentence());
        drop(second);
        assert!(underway.sentence().starts_with("No write request"), "{}", underway.sentence());
    }
}
