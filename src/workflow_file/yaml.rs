//! A careful reader of the part of YAML that workflow files are written in, line by line.
//!
//! It reads block mappings, block lists, plain and quoted scalars on one line, and flow collections. Everything else is
//! [`Node::Unclear`]: anchors, tags, tabs, texts of several lines, invalid YAML. A complete YAML parser would understand
//! more, but it would take a fifth of the binary's size limit.

mod flow;

use std::str::CharIndices;

/// Deeper than anybody nests, and far from the end of the stack.
const DEEPEST: usize = 60;

/// The maximum number of lines of a flow collection.
const LONGEST_FLOW: usize = 100;

/// A part of a document.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    /// Nothing is there.
    Empty,
    /// A plain or quoted text on one line.
    Scalar(String),
    Map(Vec<(String, Self)>),
    List(Vec<Self>),
    /// Something that this reader does not understand.
    Unclear,
}

/// The meaning of the file is not clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unclear;

impl Node {
    /// Reads a document.
    pub(crate) fn read(text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
        // Characters that some YAML readers take for line breaks, and characters that YAML does not allow.
        let foreign =
            |c: char| c != '\n' && c != '\t' && (c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}'));
        if text.contains(foreign) {
            return Self::Unclear;
        }
        let mut lines: Vec<Line> = text.lines().filter_map(Line::read).collect();
        if lines.first().is_some_and(|line| line.indent == 0 && line.text == "---") {
            lines.remove(0);
        }
        let mut reader = Reader { lines, at: 0, depth: 0, is_lost: false };
        let root = if reader.lines.is_empty() { Self::Empty } else { reader.block() };
        if reader.is_lost || reader.at < reader.lines.len() { Self::Unclear } else { root }
    }

    /// The value of a key; `None` if the key is not there.
    pub(crate) fn get(&self, key: &str) -> Result<Option<&Self>, Unclear> {
        let entries = match self {
            Self::Map(entries) => entries,
            Self::Empty => return Ok(None),
            Self::Scalar(_) | Self::List(_) | Self::Unclear => return Err(Unclear),
        };
        let mut found = entries.iter().filter(|(name, _)| name == key);
        match (found.next(), found.next()) {
            (Some((_, value)), None) => Ok(Some(value)),
            // A merged mapping may have the key.
            (None, _) if entries.iter().any(|(name, _)| name == "<<") => Err(Unclear),
            (None, _) => Ok(None),
            (Some(_), Some(_)) => Err(Unclear),
        }
    }

    /// The text of a scalar; `None` if it is empty.
    pub(crate) fn text(&self) -> Result<Option<&str>, Unclear> {
        match self {
            Self::Scalar(text) if matches!(text.as_str(), "~" | "null" | "Null" | "NULL") => Ok(None),
            Self::Scalar(text) => Ok(Some(text)),
            Self::Empty => Ok(None),
            Self::Map(_) | Self::List(_) | Self::Unclear => Err(Unclear),
        }
    }
}

/// A line that is neither blank nor a comment.
struct Line {
    indent: usize,
    text: String,
}

impl Line {
    fn read(line: &str) -> Option<Self> {
        let text = line.trim_start_matches(' ');
        let shown = text.trim();
        (!shown.is_empty() && !shown.starts_with('#'))
            .then(|| Self { indent: line.len() - text.len(), text: text.trim_end().to_owned() })
    }

    fn is_item(&self) -> bool {
        self.text == "-" || self.text.starts_with("- ")
    }
}

struct Reader {
    lines: Vec<Line>,
    at: usize,
    depth: usize,
    /// Something has no clear end, so the rest is unclear too.
    is_lost: bool,
}

impl Reader {
    fn line(&self) -> Option<&Line> {
        self.lines.get(self.at)
    }

    /// Skips all lines that are indented at least this far.
    fn skip(&mut self, indent: usize) {
        while self.line().is_some_and(|line| line.indent >= indent) {
            self.at += 1;
        }
    }

    /// Reads the block that begins on this line.
    fn block(&mut self) -> Node {
        let Some(line) = self.line() else { return Node::Empty };
        let indent = line.indent;
        let (is_item, has_key) = (line.is_item(), key_of(&line.text).is_some());
        self.depth += 1;
        let node = if self.depth > DEEPEST {
            None
        } else if is_item {
            self.list(indent)
        } else if has_key {
            self.map(indent)
        } else {
            let text = self.lines[self.at].text.clone();
            self.at += 1;
            Some(self.value(&text, indent))
        };
        self.depth -= 1;
        node.unwrap_or_else(|| {
            self.skip(indent);
            Node::Unclear
        })
    }

    /// A block mapping whose keys are at `indent`.
    fn map(&mut self, indent: usize) -> Option<Node> {
        let mut entries = Vec::new();
        while let Some(line) = self.line().filter(|line| line.indent >= indent) {
            if line.indent > indent || line.is_item() {
                return None;
            }
            let (key, rest) = key_of(&line.text)?;
            let rest = rest.to_owned();
            self.at += 1;
            let value = match self.line() {
                // A list may have the same indentation as its key.
                Some(next) if is_nothing(&rest) && next.indent == indent && next.is_item() => {
                    self.list_under_key(indent)
                }
                Some(next) if is_nothing(&rest) && next.indent > indent => self.block(),
                _ => self.value(&rest, indent + 1),
            };
            entries.push((key, value));
        }
        Some(Node::Map(entries))
    }

    /// A list at the indentation of its key. The mapping continues after it.
    fn list_under_key(&mut self, indent: usize) -> Node {
        self.depth += 1;
        let list = if self.depth > DEEPEST { None } else { self.list(indent) };
        self.depth -= 1;
        list.unwrap_or_else(|| {
            while self.line().is_some_and(|line| line.indent > indent || line.indent == indent && line.is_item()) {
                self.at += 1;
            }
            Node::Unclear
        })
    }

    /// A block list whose dashes are at `indent`.
    fn list(&mut self, indent: usize) -> Option<Node> {
        let mut items = Vec::new();
        while let Some(line) = self.lines.get_mut(self.at).filter(|line| line.indent == indent && line.is_item()) {
            let rest = line.text[1..].trim_start_matches(' ').to_owned();
            let inner = Line { indent: indent + line.text.len() - rest.len(), text: rest };
            let begins_block = inner.is_item() || key_of(&inner.text).is_some();
            let item = if begins_block {
                // The text after the dash is the first line of a block that continues below it.
                *line = inner;
                self.block()
            } else {
                self.at += 1;
                match self.line() {
                    Some(next) if is_nothing(&inner.text) && next.indent > indent => self.block(),
                    _ => self.value(&inner.text, indent + 1),
                }
            };
            items.push(item);
        }
        // Lines that are indented further belong to nothing.
        match self.line() {
            Some(line) if line.indent > indent => None,
            _ => Some(Node::List(items)),
        }
    }

    /// The value that begins on a line. Lines below that are indented at least as far as `inside` belong to it. They
    /// make it unclear, unless they belong to a flow collection.
    fn value(&mut self, text: &str, inside: usize) -> Node {
        let node = if text.starts_with(['[', '{']) { self.flow(text, inside) } else { scalar(text) };
        // The next lines may belong to it, whatever their indentation.
        self.is_lost |= node.is_none() && text.starts_with(['[', '{', '"', '\'']);
        let goes_on = self.line().is_some_and(|line| line.indent >= inside);
        self.skip(inside);
        node.filter(|_| !goes_on).unwrap_or(Node::Unclear)
    }

    /// A flow collection, on one line or several.
    fn flow(&mut self, text: &str, inside: usize) -> Option<Node> {
        let mut text = text.to_owned();
        for _ in 0..LONGEST_FLOW {
            if let Some(node) = flow::read(&text) {
                return Some(node);
            }
            let next = self.line().filter(|line| line.indent >= inside || line.text.starts_with([']', '}']))?;
            text = format!("{text} {}", next.text);
            self.at += 1;
        }
        None
    }
}

/// Whether the text is empty or a comment.
fn is_nothing(text: &str) -> bool {
    text.is_empty() || text.starts_with('#')
}

/// The key that a line begins with, and the text after its colon.
fn key_of(line: &str) -> Option<(String, &str)> {
    let (key, rest) = if line.starts_with(['"', '\'']) {
        let (key, rest) = quoted(line)?;
        (key, rest.trim_start_matches(' ').strip_prefix(':')?)
    } else {
        let end = line
            .match_indices(':')
            .map(|(at, _)| at)
            .find(|at| matches!(line[at + 1..].chars().next(), None | Some(' ')))?;
        let key = line[..end].trim_end();
        if !is_plain(key) {
            return None;
        }
        (key.to_owned(), &line[end + 1..])
    };
    match rest.chars().next() {
        None | Some(' ') => Some((key, rest.trim_start_matches(' '))),
        Some(_) => None,
    }
}

/// A scalar on one line, or an empty node; `None` if it is not clear.
fn scalar(text: &str) -> Option<Node> {
    if is_nothing(text) {
        return Some(Node::Empty);
    }
    if text.starts_with(['"', '\'']) {
        let (value, rest) = quoted(text)?;
        return is_comment(rest).then_some(Node::Scalar(value));
    }
    let text = text.find(" #").map_or(text, |comment| &text[..comment]).trim_end();
    (is_plain(text) && !text.contains(": ") && !text.ends_with(':')).then(|| Node::Scalar(text.to_owned()))
}

/// Whether the rest of a line is empty or a comment.
fn is_comment(rest: &str) -> bool {
    let text = rest.trim_start_matches(' ');
    text.is_empty() || text.starts_with('#') && text.len() < rest.len()
}

/// Whether this may be a plain scalar: it begins with no character that means something else, and has no comment or tab in it.
fn is_plain(text: &str) -> bool {
    let mut characters = text.chars();
    let begins = match (characters.next(), characters.next()) {
        (None, _) => false,
        (Some('-' | '?' | ':'), next) => next.is_some_and(|next| next != ' '),
        (Some(first), _) => !matches!(
            first,
            ',' | '[' | ']' | '{' | '}' | '#' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`'
        ),
    };
    begins && !text.starts_with("---") && !text.starts_with("...") && !text.contains(" #") && !text.contains('\t')
}

/// A quoted text at the beginning, and the rest after its closing quote.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut characters = text.char_indices();
    let (_, quote) = characters.next()?;
    let mut value = String::new();
    while let Some((at, c)) = characters.next() {
        match c {
            '\'' if quote == '\'' && text[at + 1..].starts_with('\'') => {
                characters.next();
                value.push('\'');
            }
            c if c == quote => return Some((value, &text[at + 1..])),
            '\\' if quote == '"' => value.push(escaped(&mut characters)?),
            '\t' => return None,
            c => value.push(c),
        }
    }
    None
}

/// The character that an escape in double quotes stands for. Only simple escapes are known.
fn escaped(characters: &mut CharIndices<'_>) -> Option<char> {
    match characters.next()?.1 {
        c @ ('"' | '\\' | '/' | ' ') => Some(c),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
