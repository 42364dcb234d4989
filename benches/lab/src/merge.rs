//! `wasm-dispatch-lab merge`: joins the records of several runs.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;
use wasm_dispatch_report::record;
use wasm_dispatch_report::units::number;

use super::{Failed, Outcome, Output};

/// Join the records of several runs, from one machine or many, into a new run
#[derive(Args)]
#[command(after_help = "\
Examples:
  wasm-dispatch-lab merge shards/* -o merged && wasm-dispatch-lab report merged

Exit code: 0 if the run was written, 1 if it was not, 2 if the command line is wrong.")]
pub struct Options {
    /// Folders of runs, or their samples.jsonl; no run may be given twice
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// Folder of the new run
    #[arg(short, long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    output: Output,
}

pub fn run(options: Options) -> Result<Outcome, Failed> {
    let merged = record::merge(&options.runs, &options.out)?;
    let fingerprints = merged.origins.iter().map(|origin| &origin.fingerprint);
    let machines: BTreeSet<_> = fingerprints.map(|of| (&of.cpu, of.cores, &of.kernel)).collect();
    let value = serde_json::json!({
        "schema": 1,
        "path": merged.path.to_string_lossy(),
        "runs": merged.origins,
        "blocks": merged.blocks(),
        "samples": merged.samples.len(),
        "failures": merged.failures.len(),
        "machines": machines.len(),
        "warnings": merged.warnings,
    });
    options.output.tell(&value, || {
        let warnings = merged.warnings.iter().map(|warning| format!("Note: {warning}.\n"));
        format!(
            "{} with {} and {}, of {} of machine\n{}Raw data: {}\n",
            number(merged.origins.len(), "run"),
            number(merged.blocks() as usize, "block"),
            number(merged.samples.len(), "sample"),
            number(machines.len(), "kind"),
            warnings.collect::<String>(),
            merged.path.display()
        )
    })
}
