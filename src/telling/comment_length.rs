//! A comment of bounded length: what is too long is cut at a line's end, and what is open there is closed.

/// The maximum length of a comment, in characters. Gitea accepts more, but people do not read them.
const LONGEST: usize = 65_536;

const CLOSED_FOLD: &str = "</details>";

/// The visible text and the marker under it, cut so that both together are not too long.
pub(super) fn bounded(text: &str, marker: &str) -> String {
    let total = text.chars().count();
    if total + 2 + marker.chars().count() <= LONGEST {
        return format!("{text}\n\n{marker}");
    }
    let ending = |left_out: usize| format!("\n\n*{left_out} more characters were left out.*\n\n{marker}");
    // As many lines as leave room for everything that comes after them.
    let (mut open, mut length, mut end) = (Open::default(), 0, 0);
    let mut kept = (Open::default(), 0, 0);
    for line in text.split_inclusive('\n') {
        open.read(line);
        (length, end) = (length + line.chars().count(), end + line.len());
        if length > LONGEST {
            break;
        }
        if length + open.closing_length() + ending(total - length).chars().count() <= LONGEST {
            kept = (open.clone(), length, end);
        }
    }
    let (open, length, end) = kept;
    format!("{}{}{}", text[..end].trim_end_matches('\n'), open.closed(), ending(total - length))
}

/// What is open at the end of a line of Markdown.
#[derive(Clone, Default)]
struct Open {
    /// The line that closes the fence.
    fence: Option<String>,
    folds: usize,
}

impl Open {
    fn read(&mut self, line: &str) {
        let line = line.trim_end();
        if let Some(fence) = &self.fence {
            let (mark, text) = (fence.trim_start(), line.trim_start());
            if text.starts_with(mark) && text.chars().all(|c| mark.starts_with(c)) {
                self.fence = None;
            }
            return;
        }
        // In a list, a fence comes after the list's mark, or after as many spaces.
        let text = line.trim_start_matches(|c: char| c == ' ' || c.is_ascii_digit() || "-*+.)".contains(c));
        let mark = ['`', '~'].into_iter().find_map(|mark| {
            let length = text.chars().take_while(|c| *c == mark).count();
            let is_fence = length >= 3 && !(mark == '`' && text[length..].contains('`'));
            is_fence.then(|| mark.to_string().repeat(length))
        });
        match mark {
            Some(mark) => self.fence = Some(format!("{}{mark}", " ".repeat(line.len() - text.len()))),
            None => {
                let line = line.to_ascii_lowercase();
                let opened = self.folds + line.matches("<details").count();
                self.folds = opened.saturating_sub(line.matches("</details").count());
            }
        }
    }

    /// How many characters [`Self::closed`] has.
    fn closing_length(&self) -> usize {
        let folds = if self.folds > 0 { 2 + self.folds * CLOSED_FOLD.len() } else { 0 };
        self.fence.as_ref().map_or(0, |fence| 1 + fence.len()) + folds
    }

    /// The text that closes everything, after the end of a line.
    fn closed(&self) -> String {
        let fence = self.fence.as_ref().map(|fence| format!("\n{fence}")).unwrap_or_default();
        let folds = if self.folds > 0 { format!("\n\n{}", CLOSED_FOLD.repeat(self.folds)) } else { String::new() };
        fence + &folds
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::property_tests::config;

    const MARKER: &str = "<!-- dispatch-action:?run=30 -->";

    /// What is left of a text that is too long because of one very long line near its end.
    fn cut(start: &str) -> String {
        let text = format!("{start}\n{}\nend", "x".repeat(LONGEST));
        bounded(&text, MARKER)
    }

    #[test]
    fn long_text_is_cut_at_the_end_of_a_line() {
        insta::assert_snapshot!(cut("first\n\nsecond"), @"
        first

        second

        *65540 more characters were left out.*

        <!-- dispatch-action:?run=30 -->
        ");
        let fits = "ä".repeat(LONGEST - 2 - MARKER.len());
        assert_eq!(bounded(&fits, MARKER), format!("{fits}\n\n{MARKER}"));
        assert!(bounded(&format!("{fits}x"), MARKER).starts_with("\n\n*65503 more"));
    }

    #[test]
    fn folds_and_fences_are_closed_at_the_cut() {
        insta::assert_snapshot!(cut("<details><summary>Log</summary>\n\n````text\n```\nline"), @"
        <details><summary>Log</summary>

        ````text
        ```
        line
        ````

        </details>

        *65540 more characters were left out.*

        <!-- dispatch-action:?run=30 -->
        ");
        insta::assert_snapshot!(cut("- one\n- ~~~\n  ``` </details>"), @"
        - one
        - ~~~
          ``` </details>
          ~~~

        *65540 more characters were left out.*

        <!-- dispatch-action:?run=30 -->
        ");
        insta::assert_snapshot!(cut("<details>\n```x`\n</details>"), @"
        <details>
        ```x`
        </details>

        *65540 more characters were left out.*

        <!-- dispatch-action:?run=30 -->
        ");
    }

    proptest! {
        #![proptest_config(config())]

        #[test]
        fn comment_is_never_too_long_and_ends_with_its_marker(
            parts in vec((select(&["\n", "```\n", "````x\n", "~~~\n", "<details>", "</details>\n", "ä\n", "- ```\n", "text "][..]), 1..9_000_usize), 0..8),
        ) {
            let text: String = parts.iter().map(|(part, times)| part.repeat(*times)).collect();
            let comment = bounded(&text, MARKER);
            prop_assert!(comment.chars().count() <= LONGEST);
            let end = format!("\n\n{}", MARKER);
            prop_assert!(comment.ends_with(&end));
            if comment.strip_suffix(&end) != Some(&text) {
                let (_, rest) = comment.rsplit_once("\n\n*").unwrap();
                prop_assert!(rest.contains(" more characters were left out.*\n"));
                // The text before the note closes everything that it opens.
                let mut open = Open::default();
                comment.lines().for_each(|line| open.read(line));
                prop_assert!(open.fence.is_none() && open.folds == 0);
            }
        }
    }
}
