//! `wasm-dispatch-lab decide`: makes a run the recorded decision.

use std::path::PathBuf;

use clap::Args;
use wasm_dispatch_report::{Error, record_decision};

use super::shared::chosen_run;
use super::{Failed, Outcome, Output};

/// Make a run the recorded decision
#[derive(Args)]
#[command(after_help = "\
Writes reports/decision.json, which the library's default is checked against, and keeps the run in
reports/recorded. Refused if the decision that is there has a better foundation.

Examples:
  wasm-dispatch-lab bench --full && wasm-dispatch-lab decide
  wasm-dispatch-lab decide merged --reports /tmp/reports

Exit code: 0 if the decision was written, 1 if it was not, 2 if the command line is wrong.")]
pub struct Options {
    /// Folder of a run, or its samples.jsonl [default: the newest run]
    run: Option<PathBuf>,
    /// Where to look for the newest run [default: target/wasm-dispatch]
    #[arg(long, value_name = "DIR")]
    runs: Option<PathBuf>,
    /// The folder with decision.json
    #[arg(long, value_name = "DIR", default_value = "reports")]
    reports: PathBuf,
    /// Replace the decision whatever speaks against it
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    output: Output,
}

pub fn run(options: Options) -> Result<Outcome, Failed> {
    let run = chosen_run(options.run, options.runs)?;
    if !options.reports.is_dir() {
        return Err(Error::NoReports(options.reports).into());
    }
    let recorded = record_decision(&run, &options.reports, options.force)?;
    options.output.show(&recorded.decision, || {
        let overruled = recorded
            .overruled
            .iter()
            .map(|reason| format!("Overruled: {reason}.\n"));
        let order = recorded.decision.ranking.iter();
        let order = order.map(|place| format!("{} {}", place.strategy, place.times_as_long.value));
        format!(
            "{}Default: {}\nOrder:   {}\nRun:     {}\nWritten: {}\n",
            overruled.collect::<String>(),
            recorded.decision.default,
            Vec::from_iter(order).join(", "),
            recorded.kept.display(),
            recorded.path.display()
        )
    })
}
