use proptest::prelude::*;
use yaml_rust2::{Yaml, YamlLoader};

use super::*;

/// A node in one line, for people.
fn shown(node: &Node) -> String {
    match node {
        Node::Empty => "nothing".to_owned(),
        Node::Scalar(text) => format!("'{text}'"),
        Node::Unclear => "?".to_owned(),
        Node::List(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(", ")),
        Node::Map(entries) => {
            let entries = entries.iter().map(|(key, value)| format!("{key}: {}", shown(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
    }
}

fn read(text: &str) -> String {
    shown(&Node::read(text))
}

#[test]
fn blocks_are_read() {
    let text = "\u{feff}# A comment\r\n---\nname: a b # c\nlist:\n- a\n- b: c\n  d: [e, f]\n\n-   g: 'it''s'\n    h:\nmap:\n    'on': \"a \\\"b\\\"\"\n    # d\n    e:\n\n        - - f\n          - https://x/y:z#a\nlast: {a: {b: [c]}, d: , 'e': ${x}";
    insta::assert_snapshot!(read(&text.replace(", 'e': ${x", "")), @"{name: 'a b', list: ['a', {b: 'c', d: ['e', 'f']}, {g: 'it's', h: nothing}], map: {on: 'a \"b\"', e: [['f', 'https://x/y:z#a']]}, last: {a: {b: ['c']}, d: nothing}}");
    assert_eq!(read(text), "?");
}

#[test]
fn what_is_not_clear_is_not_guessed() {
    let texts = [
        "run: |\n  a: b\n\n  # c\n    d\nname: >-\n  x\nlast: y",
        "a: &b\n  c: d\ne: *b\nf: !g h\n",
        "a: b\n  c\nd: e",
        "a: b: c\nd: e",
        "a: - b\nd: e",
        "a:\tb\nd: e",
        "\ta: b",
        "a:\n\t- b\nd: e",
        "a: \"b\nc: d\ne: f\"",
        "a: \"b\\u0041\"",
        "a: [b,\n  c # d\n]\ne: f",
        "a: [b,\n  c\n]\ne: f",
        "a: [b\nc: d",
        "a: [b] c",
        "a: b\n---\nc: d",
        "%YAML 1.2\n---\na: b",
        "a:\n   b: c\n  d: e\nf: g",
        "? a\n: b",
        "a: b\rc: d",
        "a: b\u{2028}c: d",
    ];
    let read: Vec<String> = texts.iter().map(|text| format!("{text:?}: {}", read(text))).collect();
    insta::assert_snapshot!(read.join("\n"), @r#"
    "run: |\n  a: b\n\n  # c\n    d\nname: >-\n  x\nlast: y": {run: ?, name: ?, last: 'y'}
    "a: &b\n  c: d\ne: *b\nf: !g h\n": {a: ?, e: ?, f: ?}
    "a: b\n  c\nd: e": {a: ?, d: 'e'}
    "a: b: c\nd: e": {a: ?, d: 'e'}
    "a: - b\nd: e": {a: ?, d: 'e'}
    "a:\tb\nd: e": ?
    "\ta: b": ?
    "a:\n\t- b\nd: e": ?
    "a: \"b\nc: d\ne: f\"": ?
    "a: \"b\\u0041\"": ?
    "a: [b,\n  c # d\n]\ne: f": ?
    "a: [b,\n  c\n]\ne: f": {a: ['b', 'c'], e: 'f'}
    "a: [b\nc: d": ?
    "a: [b] c": ?
    "a: b\n---\nc: d": ?
    "%YAML 1.2\n---\na: b": ?
    "a:\n   b: c\n  d: e\nf: g": ?
    "? a\n: b": ?
    "a: b\rc: d": ?
    "a: b\u{2028}c: d": ?
    "#);
}

#[test]
fn key_that_may_be_merged_or_occurs_twice_is_unclear() {
    let node = Node::read("a: b\n<<: *c\nd: e\nd: f");
    assert_eq!(node.get("a"), Ok(Some(&Node::Scalar("b".to_owned()))));
    assert_eq!(node.get("x"), Err(Unclear));
    assert_eq!(node.get("d"), Err(Unclear));
    assert_eq!(Node::read("a: b").get("x"), Ok(None));
}

#[test]
fn nothing_is_nested_too_deep_for_the_stack() {
    for text in ["- ".repeat(100_000), "[".repeat(100_000), "{a: ".repeat(100_000)] {
        assert!(read(&text).contains('?'));
    }
    let steps: String = (0..1000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    assert!(read(&steps).contains('?'));
}

/// Reads each text, and compares it with what is expected.
#[track_caller]
fn assert_read(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(read(text), *expected, "{text:?}");
    }
}

#[test]
fn item_below_its_dash_is_read() {
    assert_read(&[
        ("-\n  a: b\n-\n- c", "[{a: 'b'}, nothing, 'c']"),
        ("- # c\n  a: b", "[{a: 'b'}]"),
        ("- a\n  b\n- c", "[?, 'c']"),
    ]);
}

#[test]
fn comment_after_a_value_needs_a_space() {
    assert_read(&[
        ("a: 'b' # c\nd: \"e\"  #", "{a: 'b', d: 'e'}"),
        ("a: [b] # c\nd: {e: f} # g", "{a: ['b'], d: {e: 'f'}}"),
        ("a: b#c", "{a: 'b#c'}"),
        ("a: 'b'#c", "?"),
        ("a: [b]#c", "?"),
    ]);
}

#[test]
fn backslash_escapes_only_in_double_quotes() {
    assert_read(&[
        (r"a: 'b\c'", r"{a: 'b\c'}"),
        (r"a: 'b\'", r"{a: 'b\'}"),
        (r#"a: "b\\c""#, r"{a: 'b\c'}"),
        (r#"a: "b\c""#, "?"),
    ]);
}

#[test]
fn rest_of_a_block_with_wrong_indentation_is_unclear() {
    assert_read(&[
        ("  a: b\nc: d", "?"),
        ("- a\nb: c", "?"),
        ("a:\n-   b: c\n  d: e\n- f\ng: h", "{a: ?, g: 'h'}"),
        ("a:\n  -   b: c\n    d: e\n  - f\ng: h", "{a: ?, g: 'h'}"),
    ]);
}

#[test]
fn number_of_blocks_side_by_side_has_no_limit() {
    let blocks = ["k:\n- a\n", "k:\n  - a: b\n", "k:\n  a: b\n", "k: [[a], {b: c}]\n"];
    for block in blocks {
        let text: String = (0..=DEEPEST).map(|number| format!("{number}{block}")).collect();
        assert!(!read(&text).contains('?'), "{block:?}");
    }
}

#[test]
fn depth_is_limited_alike_for_all_kinds_of_blocks() {
    let under_keys =
        |depth: usize| -> String { (0..depth / 2).map(|level| format!("a:\n{}- ", "  ".repeat(level))).collect() };
    let kinds: [&dyn Fn(usize) -> String; 3] = [
        &|depth| format!("{}a", "- ".repeat(depth)),
        &|depth| format!("{}a{}", "[".repeat(depth), "]".repeat(depth)),
        &|depth| format!("{}b{}", under_keys(depth), if depth % 2 == 0 { "" } else { ": c" }),
    ];
    for kind in kinds {
        assert!(!read(&kind(DEEPEST)).contains('?'), "{}", kind(DEEPEST));
        assert!(read(&kind(DEEPEST + 1)).contains('?'), "{}", kind(DEEPEST + 1));
    }
}

/// Whether a complete YAML parser reads the same, where this reader gives a result.
fn agrees(node: &Node, yaml: &Yaml) -> bool {
    match (node, yaml) {
        (Node::Unclear, _) => true,
        (Node::Empty, Yaml::Null | Yaml::BadValue) => true,
        (Node::Scalar(text), Yaml::String(other) | Yaml::Real(other)) => text == other,
        (Node::Scalar(text), Yaml::Boolean(_) | Yaml::Integer(_) | Yaml::Null) => {
            YamlLoader::load_from_str(text).is_ok_and(|documents| documents.first() == Some(yaml))
        }
        (Node::List(items), Yaml::Array(others)) => {
            items.len() == others.len() && items.iter().zip(others).all(|(item, other)| agrees(item, other))
        }
        (Node::Map(entries), Yaml::Hash(others)) => {
            let same = |(key, value): &(String, Node)| {
                let mut keys = others.iter().filter(|(other, _)| agrees(&Node::Scalar(key.clone()), other));
                keys.next().is_some_and(|(_, other)| agrees(value, other))
            };
            entries.len() == others.len() && entries.iter().all(same)
        }
        _ => false,
    }
}

fn fragments() -> impl Strategy<Value = String> {
    let words = [
        "a", "b: ", "on: ", "c:", "- ", "-", "[", "]", "{", "}", ", ", "'", "\"", " #", "# ", "&x ", "*x", "!t ", "|",
        ">-", "\n", "\n  ", "\n    ", "\n- ", "\n  - ", "\t", ": ", "?", "---", "...", "\\", "~", "1", "true", "<<: ",
        "é", "%", "\r\n", "${{ x }}", "http://x",
    ];
    prop::collection::vec(prop::sample::select(words.to_vec()), 0..24).prop_map(|words| words.concat())
}

/// An example's text with some characters taken out and some put in.
fn changed_examples() -> impl Strategy<Value = String> {
    let examples = [
        include_str!("../../../examples/build-from-pr.yml"),
        include_str!("../../../examples/build-and-report.yml"),
        include_str!("../../../examples/report.yml"),
        include_str!("../../../examples/orca-setup-build-meta-orca.yml"),
    ];
    let change = (
        any::<prop::sample::Index>(),
        0..3_usize,
        prop::sample::select(&["", " ", "\n", "'", "\"", "[", ": ", "- ", "#"][..]),
    );
    (prop::sample::select(examples.to_vec()), prop::collection::vec(change, 0..4)).prop_map(|(text, changes)| {
        let mut text: Vec<char> = text.chars().collect();
        for (at, removed, added) in changes {
            let at = at.index(text.len());
            let end = text.len().min(at + removed);
            text.splice(at..end, added.chars());
        }
        text.into_iter().collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn reader_agrees_with_a_complete_parser(text in prop_oneof![fragments(), changed_examples()]) {
        let node = Node::read(&text);
        if let Ok(documents) = YamlLoader::load_from_str(&text) {
            let yaml = documents.first().unwrap_or(&Yaml::Null);
            prop_assert!(agrees(&node, yaml), "{text:?}\n{}\n{yaml:?}", shown(&node));
        }
    }

    #[test]
    fn no_text_stops_the_reader(text in any::<String>()) {
        let _node = Node::read(&text);
    }
}
