//! `wasm-dispatch-lab decide`: makes a run the recorded decision.

use std::path::PathBuf;

use lexopt::Arg::{Long, Short, Value};
use lexopt::Parser;
use wasm_dispatch_report::{Error, record_decision};

use super::shared::chosen_run;
use super::{Failed, Outcome};

pub const HELP: &str = "\
Makes a run the recorded decision: writes reports/decision.json, which the library's default is checked
against, and keeps the run in reports/recorded. Refused if the decision that is there has a better
foundation.

Usage: wasm-dispatch-lab decide [OPTIONS] [RUN]

Arguments:
  [RUN]              Folder of a run, or its samples.jsonl; the newest run by default

Options:
      --runs DIR     Where to look for the newest run [default: target/wasm-dispatch]
      --reports DIR  The folder with decision.json [default: reports]
      --force        Replace the decision whatever speaks against it
      --json         Print the decision as JSON
      --quiet        Print nothing
  -h, --help         Print this help

Examples:
  wasm-dispatch-lab bench --full && wasm-dispatch-lab decide
  wasm-dispatch-lab decide merged --reports /tmp/reports

Exit code: 0 if the decision was written, 1 if it was not, 2 if the command line is wrong.
";

pub fn run(mut parser: Parser) -> Result<Outcome, Failed> {
    let (mut run, mut runs, mut reports): (Option<PathBuf>, Option<PathBuf>, Option<PathBuf>) = (None, None, None);
    let (mut json, mut quiet, mut force) = (false, false, false);
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Outcome::fine(HELP)),
            Long("runs") => runs = Some(parser.value()?.into()),
            Long("reports") => reports = Some(parser.value()?.into()),
            Long("force") => force = true,
            Long("json") => json = true,
            Long("quiet") => quiet = true,
            Value(value) if run.is_none() => run = Some(value.into()),
            other => return Err(other.unexpected().into()),
        }
    }
    let run = chosen_run(run, runs)?;
    let reports = reports.unwrap_or_else(|| PathBuf::from("reports"));
    if !reports.is_dir() {
        return Err(Error::NoReports { folder: reports }.into());
    }
    let recorded = record_decision(&run, &reports, force)?;
    if json {
        return Ok(Outcome::fine(recorded.decision.text()?));
    }
    if quiet {
        return Ok(Outcome::fine(""));
    }
    let mut text = String::new();
    for reason in recorded.overruled {
        text.push_str(&format!("Overruled: {reason}.\n"));
    }
    let order =
        (recorded.decision.ranking.iter()).map(|place| format!("{} {}", place.strategy, place.times_as_long.value));
    text.push_str(&format!(
        "Default: {}\nOrder:   {}\nRun:     {}\nWritten: {}\n",
        recorded.decision.default,
        Vec::from_iter(order).join(", "),
        recorded.kept.display(),
        recorded.path.display()
    ));
    Ok(Outcome::fine(text))
}
