//! Flow collections, whose lines the caller has joined: `[a, b]`, `{type: string, required: true}`.

use super::{DEEPEST, Node, is_comment, is_plain, quoted};

/// Reads a collection that is followed by nothing or a comment; `None` if it is not clear.
pub(super) fn read(text: &str) -> Option<Node> {
    let (node, rest) = node(text, 0)?;
    is_comment(rest).then_some(node)
}

fn node(text: &str, depth: usize) -> Option<(Node, &str)> {
    if depth > DEEPEST {
        return None;
    }
    match text.chars().next()? {
        '[' => list(&text[1..], depth),
        '{' => map(&text[1..], depth),
        '"' | '\'' => quoted(text).map(|(value, rest)| (Node::Scalar(value), rest)),
        _ => {
            let end = text.find([',', '[', ']', '{', '}'])?;
            let value = text[..end].trim_end_matches(' ');
            let is_clear = is_plain(value) && !value.contains(": ") && !value.ends_with(':');
            is_clear.then(|| (Node::Scalar(value.to_owned()), &text[end..]))
        }
    }
}

fn list(text: &str, depth: usize) -> Option<(Node, &str)> {
    let mut rest = text.trim_start_matches(' ');
    let mut items = Vec::new();
    while !rest.starts_with(']') {
        let (item, after) = node(rest, depth + 1)?;
        items.push(item);
        rest = after_entry(after, ']')?;
    }
    Some((Node::List(items), &rest[1..]))
}

fn map(text: &str, depth: usize) -> Option<(Node, &str)> {
    let mut rest = text.trim_start_matches(' ');
    let mut entries = Vec::new();
    while !rest.starts_with('}') {
        let (key, after) = key(rest)?;
        let after = after.trim_start_matches(' ');
        let (value, after) = if after.starts_with([',', '}']) { (Node::Empty, after) } else { node(after, depth + 1)? };
        entries.push((key, value));
        rest = after_entry(after, '}')?;
    }
    Some((Node::Map(entries), &rest[1..]))
}

/// Reads a key with its colon. Returns the key and the rest after the colon.
fn key(text: &str) -> Option<(String, &str)> {
    if text.starts_with(['"', '\'']) {
        let (key, rest) = quoted(text)?;
        return Some((key, rest.strip_prefix(": ")?));
    }
    let end = text.find([':', ',', '[', ']', '{', '}'])?;
    let key = text[..end].trim_end_matches(' ');
    is_plain(key).then_some(())?;
    Some((key.to_owned(), text[end..].strip_prefix(": ")?))
}

/// What follows an entry: a comma and the next entry, or the end.
fn after_entry(text: &str, end: char) -> Option<&str> {
    let text = text.trim_start_matches(' ');
    match text.strip_prefix(',') {
        Some(next) => Some(next.trim_start_matches(' ')),
        None => text.starts_with(end).then_some(text),
    }
}
