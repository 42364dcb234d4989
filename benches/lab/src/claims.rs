//! `wasm-dispatch-lab claims`: every claim of the README and the page, with its number, where it holds, and how to check it.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::{Deserialize, Serialize};
use wasm_dispatch_report::Error;
use wasm_dispatch_report::decision::{DECISION_FILE, Decision};
use wasm_dispatch_report::summary::machines::Holds;
use wasm_dispatch_report::summary::words::{range, times};
use wasm_dispatch_report::table::columns;

use super::{Failed, Outcome, Output};

/// Every claim of README and page: its number, where it holds, and how to check it
#[derive(Args)]
#[command(after_help = "\
Claims of the recorded decision are checked against its records; those of the README's prose stand in
reports/claims.toml, with the command that measures them again.

Examples:
  wasm-dispatch-lab claims
  wasm-dispatch-lab claims --json | jq '.claims[] | select(.holds | startswith(\"on\") | not)'

Exit code: 0 if the README says nothing that is not a claim, and each of the prose stands there; 1 if not, or if
something cannot be read; 2 if the command line is wrong.")]
pub struct Options {
    /// The folder with decision.json and claims.toml
    #[arg(long, value_name = "DIR", default_value = "reports")]
    reports: PathBuf,
    /// The README
    #[arg(long, value_name = "FILE", default_value = "README.md")]
    readme: PathBuf,
    #[command(flatten)]
    output: Output,
}

/// A claim as it is listed.
#[derive(Serialize)]
struct Listed {
    /// What is said.
    says: String,
    /// The run that it comes from, or where it stands.
    record: String,
    /// The number with its intervals, as text; empty where it has none.
    number: String,
    /// Where it holds, and its grade.
    holds: String,
    /// The command that checks it again.
    check: String,
}

/// A claim of the README's prose.
#[derive(Deserialize)]
struct Prose {
    /// The words, as they stand there; line breaks do not matter.
    text: String,
    /// The command that checks it.
    check: String,
}

#[derive(Deserialize)]
struct Book {
    #[serde(default)]
    claim: Vec<Prose>,
}

pub fn run(options: Options) -> Result<Outcome, Failed> {
    let decision = Decision::read(&options.reports.join(DECISION_FILE))?;
    let readme = fs::read_to_string(&options.readme).map_err(Error::io(&options.readme))?;
    let book = read(&options.reports.join("claims.toml"))?;
    let mut listed = of_decision(&decision);
    let text = flat(&readme);
    for prose in &book.claim {
        let stands = text.contains(&flat(&prose.text));
        listed.push(Listed {
            says: prose.text.clone(),
            record: options.readme.display().to_string(),
            number: String::new(),
            holds: if stands {
                "as the command says"
            } else {
                "the README does not say it any more"
            }
            .to_owned(),
            check: prose.check.clone(),
        });
    }
    let loose = loose(&readme, &book);
    let gone = listed.iter().any(|claim| claim.holds.contains("any more"));
    let value = serde_json::json!({"schema": 1, "claims": listed, "loose": loose});
    let outcome = options.output.show(&value, || {
        let head = ["claim", "number", "holds", "record", "check"]
            .map(str::to_owned)
            .to_vec();
        let row = |claim: &Listed| {
            let Listed {
                says,
                record,
                number,
                holds,
                check,
            } = claim;
            vec![
                says.clone(),
                number.clone(),
                holds.clone(),
                record.clone(),
                check.clone(),
            ]
        };
        let rows: Vec<Vec<String>> = std::iter::once(head).chain(listed.iter().map(row)).collect();
        let loose = loose.iter().map(|sentence| format!("NO CLAIM BEHIND IT: {sentence}\n"));
        columns(&rows, &[]) + &loose.collect::<String>()
    })?;
    Ok(outcome.failing_if(gone || !loose.is_empty()))
}

fn read(path: &Path) -> Result<Book, Failed> {
    let text = fs::read_to_string(path).map_err(Error::io(path))?;
    toml::from_str(&text).map_err(|error| Failed::Work(format!("{}: {error}", path.display())))
}

/// The claims that the README's summary and the page are made of.
fn of_decision(decision: &Decision) -> Vec<Listed> {
    let mut listed = Vec::new();
    for head in &decision.heads {
        let margin = head.runner_up.as_ref();
        listed.push(Listed {
            says: format!("for {}, use {}", head.head, head.strategy),
            record: head.run.clone(),
            number: margin.map_or(String::new(), |rival| {
                format!(
                    "{} {} ({})",
                    rival.strategy,
                    times(rival.times_as_long.value),
                    range(rival.times_as_long)
                )
            }),
            holds: format!("grade {}", head.grade.letter()),
            check: format!("wasm-dispatch-lab report reports/recorded/{}", head.run),
        });
    }
    for claim in decision.machines.first().map_or(&[][..], |machine| &machine.claims) {
        let holds = Holds::of(&decision.machines, &claim.id).text();
        let more = [("one binary", claim.one_binary), ("new program", claim.new_program)];
        let more = more
            .into_iter()
            .filter_map(|(what, estimate)| Some(format!("; {what} {}", range(estimate?))));
        listed.push(Listed {
            says: claim.says.clone(),
            record: decision.run.clone(),
            number: format!(
                "{} ({}{})",
                times(claim.ratio.value),
                range(claim.ratio),
                more.collect::<String>()
            ),
            holds: format!("{holds}, grade {}", claim.grade.letter()),
            check: "wasm-dispatch-lab bench --full".to_owned(),
        });
    }
    listed
}

/// Text without line breaks and marks.
fn flat(text: &str) -> String {
    text.replace(['`', '*'], "")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

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

/// Sentences of the README that compare or give a measured number, outside of what is generated, of code, and of what is a claim.
fn loose(readme: &str, book: &Book) -> Vec<String> {
    let (mut prose, mut skipped) = (String::new(), None);
    for line in readme.lines() {
        match skipped {
            Some(end) if line.contains(end) => skipped = None,
            Some(_) => {}
            None if line.starts_with("```") => skipped = Some("```"),
            None if line.starts_with("<!--") && line.contains("written by") => skipped = Some("<!-- /"),
            None => prose += &format!("{line}\n"),
        }
    }
    let claims: Vec<String> = book.claim.iter().map(|claim| flat(&claim.text)).collect();
    let paragraphs = prose.split("\n\n").map(flat);
    let sentences = paragraphs.flat_map(|paragraph| {
        paragraph
            .split_inclusive(". ")
            .map(|sentence| sentence.trim().to_owned())
            .collect::<Vec<_>>()
    });
    let is_measured = |sentence: &str| {
        let units = [" %", " ns", " µs", " ms", " times", "x "];
        let digit_before = |at: usize| sentence[..at].ends_with(|c: char| c.is_ascii_digit());
        let measured = units
            .iter()
            .any(|unit| sentence.match_indices(unit).any(|(at, _)| digit_before(at)));
        measured || COMPARING.iter().any(|word| sentence.contains(word))
    };
    let covered = |sentence: &String| {
        claims
            .iter()
            .any(|claim| claim.contains(sentence.trim_end_matches(['.', ':'])) || sentence.contains(claim))
    };
    sentences
        .filter(|sentence| is_measured(sentence) && !covered(sentence))
        .collect()
}

#[cfg(test)]
#[path = "../tests/unit/claims.rs"]
mod tests;
