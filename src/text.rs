//! Plain text and Markdown: escaping what comes from outside, lists, tables, durations and times. It depends on no
//! other module.

use std::time::Duration;

use time::{OffsetDateTime, UtcOffset};

/// How many characters of a foreign text are shown.
const SHOWN: usize = 300;

/// A time as Gitea writes it: `8s`, `1m12s`, `1h0m5s`.
pub(crate) fn duration(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds}s"),
        (0, _) => format!("{minutes}m{seconds}s"),
        _ => format!("{hours}h{minutes}m{seconds}s"),
    }
}

/// A text on one line, without characters that move the cursor or change the direction of the text.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|c| if is_plain(c) { c } else { ' ' }).collect()
}

/// A foreign text on one line of bounded length.
pub(crate) fn one_line(text: &str) -> String {
    let text = text.trim();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", plain(&text[..end])),
        None => plain(text),
    }
}

/// A foreign value inside a sentence.
pub(crate) fn quoted(text: &str) -> String {
    format!("`{}`", one_line(text))
}

/// A foreign text for Markdown: it is shown literally, and has no effect.
pub(crate) fn markdown(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in plain(text).chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '(' | ')' | '<' | '>' | '&' | '!' | '#' | '|' | '~' | '@' | '$' => {
                escaped.extend(['\\', c]);
            }
            c => escaped.push(c),
        }
    }
    escaped
}

/// Lines of Markdown as a list.
pub(crate) fn list(lines: &[String]) -> String {
    lines.iter().map(|line| format!("- {line}\n")).collect()
}

/// Rows of Markdown cells as a table.
pub(crate) fn table<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> String {
    let rule = ["---"; N].join(" | ");
    let rows = rows.iter().map(|row| format!("| {} |\n", row.join(" | ")));
    format!("| {} |\n| {rule} |\n{}", head.join(" | "), rows.collect::<String>())
}

/// Whether a character has no effect but to be shown: no control, no line separator, no mark that changes the text's
/// direction.
fn is_plain(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// A time for people: `2026-11-23 09:45 UTC`.
pub(crate) fn minute(moment: OffsetDateTime) -> String {
    let utc = moment.checked_to_offset(UtcOffset::UTC).unwrap_or(moment);
    let (date, hour, minute) = (utc.date(), utc.hour(), utc.minute());
    format!("{:04}-{:02}-{:02} {hour:02}:{minute:02} UTC", date.year(), u8::from(date.month()), date.day())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duration_reads_as_in_gitea() {
        let of = |seconds| duration(Duration::from_secs(seconds));
        assert_eq!([of(0), of(8), of(60), of(72), of(3605)], ["0s", "8s", "1m0s", "1m12s", "1h0m5s"]);
    }

    #[test]
    fn one_line_has_one_line_of_bounded_length() {
        assert_eq!(one_line(" a\r\n::add-mask::b\u{1b}[31m\u{202e}c\u{2028} "), "a  ::add-mask::b [31m c");
        assert_eq!(one_line(&"x".repeat(1000)).chars().count(), SHOWN + 1);
    }
}
