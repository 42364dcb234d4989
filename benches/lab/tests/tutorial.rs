//! The tutorial says what the lab does: its commands exist, have these options, run, and print what stands below them.

#[path = "common/lab.rs"]
mod lab;

use std::collections::BTreeMap;

use lab::{Said, lab, shell};

const TUTORIAL: &str = include_str!("../../../docs/tutorial.md");

/// What stands before a block whose commands take long, or need files that the reader has.
const ONLY_PARSED: &str = "<!-- only parsed by the test -->";

/// What stands before output that depends on who was how fast.
const MEASURED: &str = "<!-- measured: other numbers elsewhere -->";

/// Smaller sizes for a test that runs without optimisation, and a limit above the noise of a busy machine.
const SMALLER: [(&str, &str); 3] = [
    ("10000", "500"),
    ("--blocks 10 ", "--blocks 2 "),
    ("--limit 5", "--limit 500"),
];

/// A fenced block.
#[derive(Debug)]
struct Block {
    language: &'static str,
    text: &'static str,
    only_parsed: bool,
    measured: bool,
}

fn blocks() -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut rest = TUTORIAL;
    while let Some((before, from)) = rest.split_once("```") {
        let (language, text) = from.split_once('\n').expect("a line after the fence");
        let (text, after) = text.split_once("```").expect("a fence at the end");
        blocks.push(Block {
            language,
            text,
            only_parsed: before.trim_end().ends_with(ONLY_PARSED),
            measured: before.trim_end().ends_with(MEASURED),
        });
        rest = after;
    }
    blocks
}

/// Commands of the lab in a block, without comments and what follows in a pipe.
fn commands(text: &str) -> Vec<Vec<String>> {
    let text = text.replace("\\\n", " ");
    let lines = text.lines().map(|line| line.split(" #").next().unwrap_or_default());
    let commands = lines.flat_map(|line| line.split(['|', ';', '<', '>']).map(str::trim));
    commands
        .filter_map(|command| command.strip_prefix("wasm-dispatch-lab "))
        .map(|command| {
            command
                .split_whitespace()
                .map(|word| word.trim_matches('\'').to_owned())
                .collect()
        })
        .collect()
}

#[test]
fn every_command_and_option_of_the_tutorial_exists() {
    let folder = tempfile::tempdir().unwrap();
    let mut helps: BTreeMap<String, String> = BTreeMap::new();
    let mut help = |command: &str| -> String {
        let known = helps.entry(command.to_owned());
        let said = known.or_insert_with(|| lab(folder.path(), &["help", command]).out);
        said.clone()
    };
    let mut seen = 0;
    for block in blocks().iter().filter(|block| block.language == "sh") {
        for words in commands(block.text) {
            let (command, words) = words.split_first().expect("a command");
            // `plan` takes the options of `bench`.
            let text = match command.as_str() {
                "plan" => help("plan") + &help("bench"),
                command => help(command),
            };
            assert!(text.contains("Usage:"), "there is no command '{command}'");
            for option in words
                .iter()
                .take_while(|word| *word != "--")
                .filter(|word| word.starts_with('-'))
            {
                let is_there = text
                    .split(|c: char| c.is_whitespace() || ",[]|".contains(c))
                    .any(|word| word == option);
                assert!(is_there, "'{command}' has no option '{option}'");
            }
            seen += 1;
        }
    }
    assert!(seen >= 15, "only {seen} commands were found");
}

#[test]
fn the_commands_of_the_tutorial_run_and_print_what_stands_below_them() {
    let folder = tempfile::tempdir().unwrap();
    let mut last: Option<Said> = None;
    let (mut ran, mut compared) = (0, 0);
    for block in blocks() {
        match block.language {
            "sh" if block.only_parsed => last = None,
            "sh" => {
                let mut script = format!("set -eu\n{}", block.text);
                for (large, small) in SMALLER {
                    script = script.replace(large, small);
                }
                let said = shell(folder.path(), &script);
                assert_eq!(said.code, Some(0), "{script}\n{}\n{}", said.out, said.err);
                last = Some(said);
                ran += 1;
            }
            // Numbers are another machine's. What has none is literal, up to dots.
            "text" if !block.measured => {
                let Some(said) = &last else { continue };
                for line in block.text.lines() {
                    let line = line.split("...").next().unwrap_or_default();
                    if line.trim().is_empty() || line.contains(|c: char| c.is_ascii_digit()) {
                        continue;
                    }
                    let printed = said.out.contains(line) || said.err.contains(line);
                    assert!(printed, "'{line}' was not printed, but\n{}\n{}", said.out, said.err);
                    compared += 1;
                }
            }
            _ => {}
        }
    }
    assert!(ran >= 6 && compared >= 8, "{ran} blocks, {compared} lines");
    assert!(folder.path().join("before/decision.json").is_file());
    assert!(folder.path().join("drawn-again/index.html").is_file());
}
