//! `wasm-dispatch-lab merge`: joins the records of several runs.

use std::path::PathBuf;

use lexopt::Arg::{Long, Short, Value};
use lexopt::Parser;
use wasm_dispatch_report::record::{self, Recording};

use super::{Failed, Outcome};

pub const HELP: &str = "\
Joins the records of several runs, of one machine or of many, into a new run.

Usage: wasm-dispatch-lab merge RUN... -o DIR

Arguments:
  RUN...          Folders of runs, or their samples.jsonl. A run may not be there twice

Options:
  -o, --out DIR   Folder of the new run
      --json      Print what was merged as JSON
      --quiet     Print nothing
  -h, --help      Print this help

Examples:
  wasm-dispatch-lab merge shards/* -o merged && wasm-dispatch-lab report merged

Exit code: 0 if the run was written, 1 if it was not, 2 if the command line is wrong.
";

pub fn run(mut parser: Parser) -> Result<Outcome, Failed> {
    let mut runs: Vec<PathBuf> = Vec::new();
    let mut out: Option<PathBuf> = None;
    let (mut json, mut quiet) = (false, false);
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Outcome::fine(HELP)),
            Short('o') | Long("out") => out = Some(parser.value()?.into()),
            Long("json") => json = true,
            Long("quiet") => quiet = true,
            Value(value) => runs.push(value.into()),
            other => return Err(other.unexpected().into()),
        }
    }
    let Some(out) = out else {
        return Err(Failed::Usage("where to? --out DIR is missing".to_owned()));
    };
    if runs.is_empty() {
        return Err(Failed::Usage("name the runs to merge".to_owned()));
    }
    let merged = record::merge(&runs, &out)?;
    Ok(Outcome::fine(match (json, quiet) {
        (true, _) => json_text(&merged),
        (false, true) => String::new(),
        (false, false) => text(&merged),
    }))
}

fn machines(merged: &Recording) -> usize {
    let mut seen = Vec::new();
    for origin in &merged.origins {
        let machine = (
            &origin.fingerprint.cpu,
            origin.fingerprint.cores,
            &origin.fingerprint.kernel,
        );
        if !seen.contains(&machine) {
            seen.push(machine);
        }
    }
    seen.len()
}

fn text(merged: &Recording) -> String {
    let mut text = format!(
        "{} runs with {} blocks and {} samples, of {} kind of machine\n",
        merged.origins.len(),
        merged.blocks(),
        merged.samples.len(),
        match machines(merged) {
            1 => "one".to_owned(),
            several => several.to_string(),
        }
    );
    for warning in &merged.warnings {
        text.push_str(&format!("Note: {warning}.\n"));
    }
    text.push_str(&format!("Raw data: {}\n", merged.path.display()));
    text
}

fn json_text(merged: &Recording) -> String {
    let value = serde_json::json!({
        "schema": 1,
        "path": merged.path,
        "runs": merged.origins,
        "blocks": merged.blocks(),
        "samples": merged.samples.len(),
        "failures": merged.failures.len(),
        "machines": machines(merged),
        "warnings": merged.warnings,
    });
    format!("{value:#}\n")
}
