//! `wasm-dispatch-lab counts`: shows counted instructions again.

use std::path::PathBuf;

use lexopt::Arg::{Long, Short, Value};
use lexopt::Parser;
use wasm_dispatch_harness::{counts, record, runs_folder};

use super::{Failed, Outcome};

pub const HELP: &str = "\
Shows counted instructions (of cargo bench --bench counts) again, and what differs from the counts before.

Usage: wasm-dispatch-lab counts [OPTIONS] [RUN]

Arguments:
  [RUN]           Folder with counts; the newest one by default

Options:
      --runs DIR  Where to look for it [default: target/wasm-dispatch]
      --json      Print the counts as JSON
      --quiet     Print nothing
  -h, --help      Print this help

Examples:
  wasm-dispatch-lab counts
  wasm-dispatch-lab counts --json | jq '.counts[] | select(.workload == \"sort\")'

Exit code: 0 if there are counts, 1 if there are not, 2 if the command line is wrong.
";

pub fn run(mut parser: Parser) -> Result<Outcome, Failed> {
    let (mut run, mut runs): (Option<PathBuf>, Option<PathBuf>) = (None, None);
    let (mut json, mut quiet) = (false, false);
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Outcome::fine(HELP)),
            Long("runs") => runs = Some(parser.value()?.into()),
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
    if json {
        let recording = record::read(&folder.join(counts::FILE_NAME))?;
        return Outcome::json(&serde_json::json!({
            "path": recording.path,
            "run": recording.run,
            "counts": recording.counts,
        }));
    }
    let text = counts::text(&runs, &folder)?;
    Ok(Outcome::fine(if quiet { String::new() } else { text }))
}
