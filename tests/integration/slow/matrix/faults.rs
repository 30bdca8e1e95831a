//! The faults of real networks, proxies and servers.

use std::time::Duration;

use crate::fake::{Answer, Fault};
use crate::slow::requests::ALWAYS;

const SLOW: Duration = Duration::from_secs(4);

/// The table of faults: the name, and what happens how often, in this order. `same` is an address of the server itself,
/// `other` is an address of another server.
pub(super) fn faults(same: &str, other: &str) -> Vec<(&'static str, Vec<(usize, Fault)>)> {
    let html = |status| Answer::new(status, "text/html", "<html><body>The proxy has a word to say</body></html>");
    let json = |status| Answer::new(status, "application/json", r#"{"message": "the server says no"}"#);
    let redirect = |status, to: &str| Fault::Answer(html(status).header("Location", to));
    let wait = |status, seconds: &str| Fault::Answer(json(status).header("Retry-After", seconds));
    let once = |fault| vec![(1, fault)];
    let always = |fault| vec![(ALWAYS, fault)];
    let every_second = || [(1, Fault::Delay(Duration::ZERO)), (1, Fault::Delay(SLOW))].into_iter().cycle();
    vec![
        // The slowest faults come first, so that they do not delay the end.
        ("no answer, before", always(Fault::Hang)),
        ("no answer, after", always(Fault::WorkThenHang)),
        ("no answer, before, once", once(Fault::Hang)),
        ("no answer, after, once", once(Fault::WorkThenHang)),
        ("reset, before", always(Fault::Reset)),
        ("reset, after", always(Fault::WorkThenReset)),
        ("reset, before, once", once(Fault::Reset)),
        ("reset, after, once", once(Fault::WorkThenReset)),
        ("truncated", always(Fault::Truncated)),
        ("truncated, once", once(Fault::Truncated)),
        ("429", always(Fault::Answer(json(429)))),
        ("429, once", once(Fault::Answer(json(429)))),
        ("429, again in 1 s", always(wait(429, "1"))),
        ("429, again in 1 s, once", once(wait(429, "1"))),
        ("429, again in 90 s", always(wait(429, "90"))),
        ("502, before", always(Fault::Answer(html(502)))),
        ("502, before, once", once(Fault::Answer(html(502)))),
        ("502, after, once", once(Fault::WorkThenAnswer(html(502)))),
        ("503", always(Fault::Answer(json(503)))),
        ("503, once", once(Fault::Answer(json(503)))),
        ("503, again in 1 s", always(wait(503, "1"))),
        ("503, again in 1 s, once", once(wait(503, "1"))),
        ("503, again in 90 s", always(wait(503, "90"))),
        ("504, before", always(Fault::Answer(html(504)))),
        ("504, after", always(Fault::WorkThenAnswer(html(504)))),
        ("504, before, once", once(Fault::Answer(html(504)))),
        ("504, after, once", once(Fault::WorkThenAnswer(html(504)))),
        ("520, after, once", once(Fault::WorkThenAnswer(html(520)))),
        ("slow", always(Fault::Delay(SLOW))),
        ("fast, slow, fast, …", every_second().take(40).collect()),
        ("slow, fast, slow, …", every_second().skip(1).take(40).collect()),
        ("wrong content type", always(Fault::ContentType("text/plain"))),
        ("a proxy's page, before", always(Fault::Answer(html(200)))),
        ("a proxy's page, before, once", once(Fault::Answer(html(200)))),
        ("a proxy's page, after", always(Fault::WorkThenAnswer(html(200)))),
        ("a proxy's page, after, once", once(Fault::WorkThenAnswer(html(200)))),
        ("301, same server", always(redirect(301, same))),
        ("301, other server", always(redirect(301, other))),
        ("302, same server", always(redirect(302, same))),
        ("302, other server", always(redirect(302, other))),
        ("307, same server", always(redirect(307, same))),
        ("307, other server", always(redirect(307, other))),
        ("308, same server", always(redirect(308, same))),
        ("308, other server", always(redirect(308, other))),
        ("401", always(Fault::Answer(json(401)))),
        ("403", always(Fault::Answer(json(403)))),
        ("404", always(Fault::Answer(json(404)))),
        ("409", always(Fault::Answer(json(409)))),
        ("413", always(Fault::Answer(html(413)))),
        ("422", always(Fault::Answer(json(422)))),
        ("500", always(Fault::Answer(json(500)))),
    ]
}
