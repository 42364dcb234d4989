use super::*;

const NASTY: &str = "a\x1b[2Jb\u{9b}c\u{202e}d\x07\re";

#[test]
fn what_a_terminal_would_obey_is_written_out() {
    let shown = r"a\u{1b}[2Jb\u{9b}c\u{202e}d\u{7}\u{d}e";
    assert_eq!(text(NASTY), shown);
    assert_eq!(text("two lines\n\tand größe"), "two lines\n\tand größe");
}

#[test]
fn json_keeps_its_value() {
    let value = serde_json::json!({ "name": NASTY, "lines": ["a\nb"] });
    let shown = serde_json::to_string_pretty(&value).unwrap();
    let visible = json(&shown);
    assert!(!visible.contains(|c: char| acts(c) && c != '\n'), "{visible}");
    assert_eq!(serde_json::from_str::<serde_json::Value>(&visible).unwrap(), value);
}

#[test]
fn a_name_is_one_line_and_not_long() {
    assert_eq!(name("two\nlines"), r"two\nlines");
    let long = "é".repeat(LONGEST_NAME + 1);
    assert_eq!(name(&long), "é".repeat(LONGEST_NAME) + "…");
    assert_eq!(name(&long[..2 * LONGEST_NAME]), &long[..2 * LONGEST_NAME]);
}
