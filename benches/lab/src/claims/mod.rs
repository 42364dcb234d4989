//! `wasm-dispatch-lab claims`: every claim of the README and the page, with its number, where it holds, and how to check it.

mod listed;
mod loose;

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use itertools::Itertools;
use serde::{Deserialize, Serialize};
use wasm_dispatch_report::decision::{DECISION_FILE, Decision, RECORDED};
use wasm_dispatch_report::summary::Summary;
use wasm_dispatch_report::{Error, growth, json, ladder};

use super::readme::BIAS;
use super::{Failed, Outcome, Output};

/// List every claim of README and page: its number, where it holds, how to check it
#[derive(Args)]
#[command(after_help = "\
Claims of the recorded decision are checked against its records. Claims in the prose of README.md and BIAS.md
are listed in reports/claims.toml, with the command that measures them again. Whatever else these and the page
claim is listed as having no claim behind it.

Examples:
  wasm-dispatch-lab claims
  wasm-dispatch-lab claims --page target/wasm-dispatch/20261201-090000-full/index.html
  wasm-dispatch-lab claims --json | jq '.claims[] | select(.holds | startswith(\"on\") | not)'

Exit code: 0 if README and page say nothing that no claim covers, and the prose still says each of its claims;
1 if not, or if something cannot be read; 2 if the command line is wrong.")]
pub struct Options {
    /// The folder with decision.json and claims.toml
    #[arg(long, value_name = "DIR", default_value = "reports")]
    reports: PathBuf,
    /// The README
    #[arg(long, value_name = "FILE", default_value = "README.md")]
    readme: PathBuf,
    /// The page of the recorded run, as 'report' writes it [default: the same sentences in its summary.md]
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
    /// Also fail if the measured code has changed since it was recorded
    #[arg(long)]
    fresh: bool,
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

/// A claim of the prose of README or BIAS.md.
#[derive(Deserialize)]
struct Prose {
    /// The file that says it.
    #[serde(default = "readme")]
    file: String,
    /// The words, as they stand there; line breaks do not matter.
    text: String,
    /// The command that checks it.
    check: String,
}

fn readme() -> String {
    "README.md".to_owned()
}

#[derive(Deserialize)]
struct Book {
    #[serde(default)]
    claim: Vec<Prose>,
}

impl Book {
    /// The claims of a file.
    fn of<'b>(&'b self, file: &str) -> impl Iterator<Item = &'b Prose> {
        self.claim.iter().filter(move |prose| prose.file == file)
    }
}

pub fn run(options: Options) -> Result<Outcome, Failed> {
    let decision = Decision::read(&options.reports.join(DECISION_FILE))?;
    let readme = fs::read_to_string(&options.readme).map_err(Error::io(&options.readme))?;
    let book = read(&options.reports.join("claims.toml"))?;
    let recorded = options.reports.join(RECORDED);
    let mut listed = listed::of_decision(&decision);
    listed.extend(listed::of_records(&decision, &recorded)?);
    let bias = options.readme.with_file_name(BIAS);
    // A README may stand alone.
    let bias_text = fs::read_to_string(&bias).unwrap_or_default();
    let files = [("README.md", &options.readme, &readme), (BIAS, &bias, &bias_text)];
    let mut loose = Vec::new();
    for (name, _, text) in files {
        loose.extend(loose::of_prose(text, book.of(name)));
        loose.extend(loose::of_generated(text, &listed));
    }
    let page = match &options.page {
        Some(page) => loose::sentences_of_page(&fs::read_to_string(page).map_err(Error::io(page))?),
        // A run that was recorded elsewhere has no page here.
        None => fs::read_to_string(recorded.join(&decision.run).join("summary.md"))
            .map_or(Vec::new(), |text| loose::sentences_of_summary(&text)),
    };
    loose.extend(loose::without_claim(page, &listed));
    for (name, path, text) in files {
        let text = flat(text);
        listed.extend(book.of(name).map(|prose| Listed {
            says: prose.text.clone(),
            record: path.display().to_string(),
            number: String::new(),
            holds: match text.contains(&flat(&prose.text)) {
                true => "as the command says".to_owned(),
                false => format!("{name} does not say it any more"),
            },
            check: prose.check.clone(),
        }));
    }
    let gone = listed.iter().any(|claim| claim.holds.contains("any more"));
    let older = older(&decision, &recorded);
    let value = serde_json::json!({"schema": 1, "claims": listed, "loose": loose, "older": older});
    let outcome = options.output.tell(&value, || {
        let claims = listed.iter().map(Listed::text);
        let older = older.iter().map(|older| format!("OLDER THAN THE CODE: {older}\n"));
        let loose = loose.iter().map(|sentence| format!("NO CLAIM BEHIND IT: {sentence}\n"));
        claims.chain(older).chain(loose).collect()
    })?;
    Ok(outcome.failing_if(gone || !loose.is_empty() || (options.fresh && !older.is_empty())))
}

impl Listed {
    /// For people: what is said, and below it everything else.
    fn text(&self) -> String {
        let parts = [&self.number, &self.holds, &self.record].into_iter();
        let parts = parts.filter(|part| !part.is_empty()).join("; ");
        format!("{}\n    {parts}\n    check: {}\n", self.says, self.check)
    }
}

/// Which of the records that are shown are older than the code, in words: those of machines and heads, of growth and of other
/// engines.
pub fn older(decision: &Decision, recorded: &Path) -> Vec<String> {
    let machines = decision.machines.iter();
    let machines = machines.map(|machine| (machine.run.clone(), machine.fingerprint.clone()));
    let of_run = |run: &String| {
        let summary: Summary = json::load(&recorded.join(run).join("summary.json")).ok()?;
        Some((run.clone(), summary.run.fingerprint))
    };
    let heads = decision.heads.iter().map(|head| &head.run).unique();
    let heads = heads.filter_map(of_run);
    let growth = growth::newest(recorded).and_then(|folder| growth::read(&folder).ok());
    let beside = growth.map(|growth| growth.run).into_iter();
    let beside = beside.chain(ladder::all(recorded).next().map(|(ladder, _)| ladder.run));
    let beside = beside.map(|run| (run.id, run.fingerprint));
    let all = machines.chain(heads).chain(beside).unique_by(|(run, _)| run.clone());
    let older = all.filter_map(|(run, of)| Some(format!("{run}: {}", of.is_older()?)));
    older.collect()
}

fn read(path: &Path) -> Result<Book, Failed> {
    let text = fs::read_to_string(path).map_err(Error::io(path))?;
    toml::from_str(&text).map_err(|error| Failed::Work(format!("{}: {error}", path.display())))
}

/// Text without line breaks and marks.
fn flat(text: &str) -> String {
    text.replace(['`', '*'], "").split_whitespace().join(" ")
}

#[cfg(test)]
#[path = "../../tests/unit/claims.rs"]
mod tests;
