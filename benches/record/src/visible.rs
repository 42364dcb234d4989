//! Texts of others on a terminal and on a page: names in modules, in records and of files may hold anything.

use std::borrow::Cow;

/// What a name shows of itself at most, in characters.
pub const LONGEST_NAME: usize = 120;

/// Whether a character does something other than be seen: it moves the cursor, begins a sequence that a terminal obeys, or
/// turns round the order of what follows.
fn acts(character: char) -> bool {
    let orders = matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    character.is_control() || orders || matches!(character, '\u{61c}' | '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// A text of lines as it may be shown: whatever a terminal would obey, but for ends of lines and tabs, is written as in Rust, `\u{1b}`.
pub fn text(text: &str) -> Cow<'_, str> {
    let is_bad = |character| acts(character) && !matches!(character, '\n' | '\t');
    escaped(text, is_bad, |character| character.escape_unicode().to_string())
}

/// A text as it may be shown within a line.
pub fn line(text: &str) -> Cow<'_, str> {
    escaped(text, acts, |character| character.escape_default().to_string())
}

/// JSON as it may be shown: the same value, in which nothing within strings acts that JSON would let pass.
pub fn json(json: &str) -> Cow<'_, str> {
    // JSON's own white space is no part of strings, in which it stands escaped.
    let is_bad = |character| acts(character) && !matches!(character, '\n' | '\t' | '\r');
    escaped(json, is_bad, |character| format!("\\u{:04x}", u32::from(character)))
}

/// A name as it may be shown within a line: without ends of lines, and no longer than [`LONGEST_NAME`].
pub fn name(name: &str) -> Cow<'_, str> {
    let cut = name.char_indices().nth(LONGEST_NAME).map(|(at, _)| &name[..at]);
    let shown = line(cut.unwrap_or(name));
    match cut {
        Some(_) => Cow::Owned(format!("{shown}…")),
        None => shown,
    }
}

fn escaped(text: &str, is_bad: impl Fn(char) -> bool, escape: impl Fn(char) -> String) -> Cow<'_, str> {
    if !text.contains(&is_bad) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match is_bad(character) {
            true => out += &escape(character),
            false => out.push(character),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
#[path = "../tests/unit/visible.rs"]
mod tests;
