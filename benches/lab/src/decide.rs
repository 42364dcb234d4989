//! `wasm-dispatch-lab decide`: makes a run the recorded decision.

use std::path::PathBuf;

use clap::Args;
use wasm_dispatch_report::record_decision;
use wasm_dispatch_report::summary::words::either;

use super::shared::chosen_run;
use super::{Failed, Outcome, Output};

/// Make a run the recorded decision
#[derive(Args)]
#[command(after_help = "\
Writes reports/decision.json, against which tests check the library's default, and keeps the run in
reports/recorded. A head of the decision (the default, without unsafe code, smallest code; each also with
metering) stays if it rests on a better run; if all stay, the run is refused. A run of your own module is
decided beside itself.

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
    /// Replace the decision, whatever speaks against it
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    output: Output,
}

pub fn run(options: Options) -> Result<Outcome, Failed> {
    let run = chosen_run(options.run, options.runs)?;
    let recorded = record_decision(&run, &options.reports, options.force)?;
    options.output.tell(&recorded.decision, || {
        let list = |word: &str, reasons: &[String]| -> String {
            reasons.iter().map(|reason| format!("{word}: {reason}.\n")).collect()
        };
        let decision = &recorded.decision;
        let heads = decision.heads.iter();
        let heads = heads.map(|head| {
            let choices = either(head.choices());
            format!("{:20} {choices} (grade {})\n", head.head, head.grade.letter())
        });
        format!(
            "{}{}{}Run:     {}\nWritten: {}\n",
            list("Overruled", &recorded.overruled),
            list("Stays", &recorded.stays),
            heads.collect::<String>(),
            recorded.kept.display(),
            recorded.path.display()
        )
    })
}
