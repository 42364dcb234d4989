//! What README and page say without a claim behind it.

use wasm_dispatch_engines::Entrant;

use super::{Listed, Prose, flat};

/// Words that compare, of which each needs a claim.
const COMPARING: [&str; 10] = [
    "faster",
    "slower",
    "fastest",
    "slowest",
    " ahead",
    "as fast",
    "times as long",
    "cheaper",
    "smallest",
    " better",
];

/// What makes a measurement of a number.
const UNITS: [&str; 6] = ["%", "ns", "µs", "ms", "s", "times"];

/// Numbers that are the method's: the level of all intervals, and what is called equivalent.
const OF_THE_METHOD: [&str; 2] = ["95 %", "2 %"];

/// Where the parts begin that the lab has written.
const GENERATED: &str = "<!--";

/// Lines of the README outside of code; those that are generated, or the others.
fn lines(readme: &str, generated: bool) -> String {
    let (mut kept, mut is_code, mut is_generated) = (String::new(), false, false);
    for line in readme.lines() {
        if line.starts_with("```") {
            is_code = !is_code;
        } else if line.starts_with(GENERATED) {
            is_generated = line.contains("written by");
        } else if !is_code && is_generated == generated {
            kept += &format!("{line}\n");
        }
    }
    kept
}

fn sentences(text: &str) -> Vec<String> {
    let mut sentences = Vec::new();
    for paragraph in text.split("\n\n").map(flat) {
        let parts = paragraph.split_inclusive(". ");
        sentences.extend(parts.map(|sentence| sentence.trim().to_owned()));
    }
    sentences
}

/// Sentences of the README's prose that compare or give a measured number, and stand in no claim of the book.
pub(super) fn of_prose<'b>(readme: &str, book: impl Iterator<Item = &'b Prose>) -> Vec<String> {
    let claims: Vec<String> = book.map(|claim| flat(&claim.text)).collect();
    let covered = |sentence: &String| {
        claims
            .iter()
            .any(|claim| claim.contains(sentence.trim_end_matches(['.', ':'])) || sentence.contains(claim))
    };
    let all = sentences(&lines(readme, false)).into_iter();
    all.filter(|sentence| (compares(sentence) || !measured(sentence).is_empty()) && !covered(sentence))
        .collect()
}

/// Sentences of the README's generated parts that no record carries.
pub(super) fn of_generated(readme: &str, listed: &[Listed]) -> Vec<String> {
    without_claim(sentences_of_markdown(&lines(readme, true)), listed)
}

/// The sentences of Markdown: no tables, whose cells are the records' own, and of pictures what they say.
fn sentences_of_markdown(text: &str) -> Vec<String> {
    let mut kept = String::new();
    for line in text.lines().filter(|line| !line.starts_with('|')) {
        match line.strip_prefix("![").and_then(|rest| rest.split_once("](")) {
            Some((title, _)) => kept += &format!("{title}\n\n"),
            // Each item of a list is a paragraph, and a link is its words.
            None if line.starts_with("- ") => kept += &format!("\n{}\n", without_links(line)),
            None => kept += &format!("{}\n", without_links(line)),
        }
    }
    sentences(&kept)
}

fn without_links(line: &str) -> String {
    let mut parts = line.split("](");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text += part.split_once(')').map_or("", |(_, rest)| rest);
    }
    text.replace('[', "")
}

/// What a page says, from the same in Markdown: its title, its lists, and what its pictures say.
pub(super) fn sentences_of_summary(text: &str) -> Vec<String> {
    let is_said = |line: &&str| ["# ", "- ", "!["].iter().any(|begin| line.starts_with(begin));
    let said = text.lines().filter(is_said);
    let said = said.map(|line| format!("{}\n\n", line.trim_start_matches("# ")));
    sentences_of_markdown(&said.collect::<String>())
}

/// The sentences of a page: its title, its lists, and what its pictures say.
pub(super) fn sentences_of_page(html: &str) -> Vec<String> {
    let between = |begin: &'static str, end: &'static str| {
        let parts = html.split(begin).skip(1);
        parts.filter_map(move |part| Some(part.split_once(end)?.0))
    };
    let said = between("<h1>", "</h1>")
        .chain(between("<li>", "</li>"))
        .chain(between("aria-label=\"", "\""));
    let marks = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ];
    let plain = said.map(|text| {
        let text = marks
            .iter()
            .fold(text.to_owned(), |text, (mark, character)| text.replace(mark, character));
        text + "\n\n"
    });
    sentences(&plain.collect::<String>())
}

/// Those of these sentences that compare or give a measured number which no claim has.
pub(super) fn without_claim(sentences: Vec<String>, listed: &[Listed]) -> Vec<String> {
    let numbers: Vec<String> = listed.iter().flat_map(|claim| measured(&claim.number)).collect();
    let is_carried = |sentence: &String| {
        let found = measured(sentence);
        let is_known = |number: &String| numbers.contains(number) || OF_THE_METHOD.contains(&number.as_str());
        found.iter().all(is_known) && (!compares(sentence) || !found.is_empty() || is_about_a_claim(sentence, listed))
    };
    sentences.into_iter().filter(|sentence| !is_carried(sentence)).collect()
}

/// Whether a claim says the same, or is about whatever the sentence names.
fn is_about_a_claim(sentence: &str, listed: &[Listed]) -> bool {
    let names = |text: &str| -> Vec<String> {
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'));
        words
            .filter(|word| word.starts_with(|c: char| c.is_ascii_alphabetic()))
            .filter(|word| word.contains(['_', '-']) || Entrant::named(word).is_some())
            .filter(|word| !is_run(word))
            .map(str::to_owned)
            .collect()
    };
    let known: Vec<String> = listed.iter().flat_map(|claim| names(&claim.says)).collect();
    let named = names(sentence);
    let is_said = listed.iter().any(|claim| sentence.contains(flat(&claim.says).as_str()));
    is_said || (!named.is_empty() && named.iter().all(|name| known.contains(name)))
}

/// Whether a word names a run, by its date: `peers-20260102-030405-quick`.
fn is_run(word: &str) -> bool {
    word.split('-')
        .any(|part| part.len() == 8 && part.bytes().all(|byte| byte.is_ascii_digit()))
}

fn compares(sentence: &str) -> bool {
    COMPARING.iter().any(|word| sentence.contains(word))
}

/// The measured numbers of a text: `2.15x`, `12.6 ns`, `60 %`, `1.21 to 3.83`.
fn measured(text: &str) -> Vec<String> {
    let bare = |word: &str| {
        let word = word.trim_matches(|c: char| "()[];,:".contains(c));
        word.trim_end_matches('.').to_owned()
    };
    let words: Vec<String> = text.split_whitespace().map(bare).collect();
    let is_number = |word: &str| word.parse::<f64>().is_ok() && word.starts_with(|c: char| c.is_ascii_digit());
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let next = |by: usize| words.get(at + by).map_or("", String::as_str);
        if word.strip_suffix('x').is_some_and(is_number) {
            found.push(word.clone());
        } else if is_number(word) && UNITS.contains(&next(1)) {
            found.push(format!("{word} {}", next(1)));
        } else if is_number(word) && next(1) == "to" && is_number(next(2)) {
            found.push(format!("{word} to {}", next(2)));
        }
    }
    found
}
