//! `wasm-dispatch-lab report`: draws a recorded run again.

use std::path::PathBuf;

use clap::Args;
use wasm_dispatch_report::{folder_of, report};

use super::shared::chosen_run;
use super::{Failed, Outcome, Output};

/// Draw the report of a recorded run again: table, plots, page
#[derive(Args)]
#[command(after_help = "\
Nothing is measured.

Examples:
  wasm-dispatch-lab report                     the newest run
  wasm-dispatch-lab report reports/recorded/20261123-151147-full -o /tmp/report
  wasm-dispatch-lab report --json | jq .recommendation

Exit code: 0 if the report was written, 1 if it was not, 2 if the command line is wrong.")]
pub struct Options {
    /// Folder of a run, or its samples.jsonl [default: the newest run]
    run: Option<PathBuf>,
    /// Where to look for the newest run [default: target/wasm-dispatch]
    #[arg(long, value_name = "DIR")]
    runs: Option<PathBuf>,
    /// Where to write it [default: the folder of the run]
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    output: Output,
}

pub fn run(options: Options) -> Result<Outcome, Failed> {
    let run = chosen_run(options.run, options.runs)?;
    let report = report(&run, &options.out.unwrap_or_else(|| folder_of(&run)))?;
    options.output.show(&report.summary, || report.text())
}
