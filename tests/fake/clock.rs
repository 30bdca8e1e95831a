//! Times as Gitea writes them.

use std::time::{SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Seconds since 1970 by this machine's clock. Gitea stores no fractions.
pub(super) fn machine() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |passed| passed.as_secs() as i64)
}

/// As in a JSON answer. Zero is 1970, which Gitea sends for "not yet".
pub(super) fn rfc3339(seconds: i64) -> String {
    moment(seconds).format(&Rfc3339).expect("a year of four digits")
}

/// As in the `Date` header. The crate `time` has no such format.
pub(super) fn http_date(seconds: i64) -> String {
    let t = moment(seconds);
    let (hour, minute, second) = t.to_hms();
    let (weekday, month) = (t.weekday().to_string(), t.month().to_string());
    format!("{}, {:02} {} {:04} {hour:02}:{minute:02}:{second:02} GMT", &weekday[..3], t.day(), &month[..3], t.year())
}

/// Reads a `since` or `before` parameter.
pub(super) fn parse(text: &str) -> Option<i64> {
    OffsetDateTime::parse(text, &Rfc3339).ok().map(OffsetDateTime::unix_timestamp)
}

fn moment(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}
