//! `wasm-dispatch-lab report`: draws a recorded run again.

use std::path::PathBuf;

use lexopt::Arg::{Long, Short, Value};
use lexopt::Parser;
use wasm_dispatch_report::{Error, report};

use super::shared::{chosen_run, folder_of};
use super::{Failed, Outcome};

pub const HELP: &str = "\
Draws the report of a recorded run again: the table, the plots, and a page. Measures nothing.

Usage: wasm-dispatch-lab report [OPTIONS] [RUN]

Arguments:
  [RUN]           Folder of a run, or its samples.jsonl; the newest run by default

Options:
      --runs DIR  Where to look for the newest run [default: target/wasm-dispatch]
  -o, --out DIR   Where to write it [default: the folder of the run]
      --json      Print the summary as JSON
      --quiet     Print nothing
  -h, --help      Print this help

Examples:
  wasm-dispatch-lab report                     the newest run
  wasm-dispatch-lab report reports/recorded/20261123-151147-full -o /tmp/report
  wasm-dispatch-lab report --json | jq .recommendation

Exit code: 0 if the report was written, 1 if it was not, 2 if the command line is wrong.
";

pub fn run(mut parser: Parser) -> Result<Outcome, Failed> {
    let (mut run, mut runs, mut out): (Option<PathBuf>, Option<PathBuf>, Option<PathBuf>) = (None, None, None);
    let (mut json, mut quiet) = (false, false);
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Outcome::fine(HELP)),
            Long("runs") => runs = Some(parser.value()?.into()),
            Short('o') | Long("out") => out = Some(parser.value()?.into()),
            Long("json") => json = true,
            Long("quiet") => quiet = true,
            Value(value) if run.is_none() => run = Some(value.into()),
            other => return Err(other.unexpected().into()),
        }
    }
    let run = chosen_run(run, runs)?;
    let report = report(&run, &out.unwrap_or_else(|| folder_of(&run)))?;
    Ok(Outcome::fine(match (json, quiet) {
        (true, _) => std::fs::read_to_string(&report.json).map_err(Error::io(&report.json))?,
        (false, true) => String::new(),
        (false, false) => report.text(),
    }))
}
