//! `wasm-dispatch-lab counts`: shows counted instructions again.

use std::path::PathBuf;

use lexopt::Arg::{Long, Short, Value};
use lexopt::Parser;
use wasm_dispatch::Strategy;
use wasm_dispatch_report::record::Recording;
use wasm_dispatch_report::{Error, Limits, counts, record, runs_folder};

use super::{Failed, Outcome};

pub const HELP: &str = "\
Shows counted instructions (of cargo bench --bench counts) again, and what differs from the counts before;
or compares them with the recorded ones, which are limits.

Usage: wasm-dispatch-lab counts [OPTIONS] [RUN]

Arguments:
  [RUN]           Folder with counts; the newest one by default

Options:
      --check        Fail if a count is more than 1 % above the one in reports/counts.json
      --record       Make them the limits: write reports/counts.json
      --runs DIR     Where to look for counts [default: target/wasm-dispatch]
      --reports DIR  The folder with counts.json [default: reports]
      --json         Print the counts as JSON; with --check what it found
      --quiet        Print nothing but what is wrong
  -h, --help         Print this help

Examples:
  wasm-dispatch-lab counts
  cargo bench --bench counts && wasm-dispatch-lab counts --check
  wasm-dispatch-lab counts --json | jq '.counts[] | select(.workload == \"sort\")'

Exit code: 0 if there are counts, within their limits with --check; 1 if not; 2 if the command line is wrong.
";

pub fn run(mut parser: Parser) -> Result<Outcome, Failed> {
    let (mut run, mut runs): (Option<PathBuf>, Option<PathBuf>) = (None, None);
    let (mut json, mut quiet, mut check, mut write) = (false, false, false, false);
    let mut reports = PathBuf::from("reports");
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Outcome::fine(HELP)),
            Long("runs") => runs = Some(parser.value()?.into()),
            Long("check") => check = true,
            Long("record") => write = true,
            Long("reports") => reports = parser.value()?.into(),
            Long("json") => json = true,
            Long("quiet") => quiet = true,
            Value(value) if run.is_none() => run = Some(value.into()),
            other => return Err(other.unexpected().into()),
        }
    }
    let runs = runs.unwrap_or_else(runs_folder);
    let folder = match run {
        Some(folder) => folder,
        None => counts::newest(&runs, None)?,
    };
    if check && write {
        return Err(Failed::Usage("--check and --record exclude each other".to_owned()));
    }
    if check {
        let counted = record::read(&folder.join(counts::FILE_NAME))?;
        let checked = Limits::read(&reports)?.check(&counted);
        let outcome = match (json, quiet && checked.is_fine()) {
            (true, _) => Outcome::json(&checked)?,
            (false, true) => Outcome::fine(""),
            (false, false) => Outcome::fine(checked.text()),
        };
        return Ok(outcome.failing_if(!checked.is_fine()));
    }
    if write {
        if !reports.is_dir() {
            return Err(Error::NoReports { folder: reports }.into());
        }
        let counted = record::read(&folder.join(counts::FILE_NAME))?;
        complete(&counted)?;
        let limits = Limits::of(&counted);
        limits.write(&reports)?;
        let written = format!("{} counts of {} are the limits now.\n", limits.counts.len(), limits.run);
        return match (json, quiet) {
            (true, _) => Outcome::json(&limits),
            (false, true) => Ok(Outcome::fine("")),
            (false, false) => Ok(Outcome::fine(written)),
        };
    }
    if json {
        let recording = record::read(&folder.join(counts::FILE_NAME))?;
        return Outcome::json(&serde_json::json!({
            "schema": 1,
            "path": recording.path,
            "run": recording.run,
            "counts": recording.counts,
        }));
    }
    let text = counts::text(&runs, &folder)?;
    Ok(Outcome::fine(if quiet { String::new() } else { text }))
}

/// Limits are for all kernels: a run that counted only a part would take some away.
fn complete(recording: &Recording) -> Result<(), Failed> {
    let counted = |workload: &str, strategy: Strategy| {
        let mut counts = recording.counts.iter();
        counts.any(|count| count.workload == workload && count.strategy == strategy.name())
    };
    let kernels = wasm_dispatch_workloads::all()?;
    for kernel in kernels.iter().filter(|workload| workload.count().is_some()) {
        if let Some(missing) = (Strategy::ALL.iter()).find(|&&strategy| !counted(kernel.name(), strategy)) {
            return Err(Failed::Work(format!(
                "{} counts only a part: {} / {missing} is missing",
                recording.path.display(),
                kernel.name()
            )));
        }
    }
    Ok(())
}
