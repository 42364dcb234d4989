//! `wasm-dispatch-lab counts`: shows counted instructions again.

use std::path::PathBuf;

use clap::Args;
use wasm_dispatch_measure::count::missing;
use wasm_dispatch_report::record::Recording;
use wasm_dispatch_report::{Error, Limits, counts, record, runs_folder};

use super::{Failed, Outcome, Output};

/// Show counted instructions again, or compare them with their limits
#[derive(Args)]
#[command(after_help = "\
The counts are those of cargo bench --bench counts. Without --check and --record, prints their table and
what differs from the previous counts.

Examples:
  wasm-dispatch-lab counts
  cargo bench --bench counts && wasm-dispatch-lab counts --check
  wasm-dispatch-lab counts --json | jq '.counts[] | select(.workload == \"sort\")'

Exit code: 0 if there are counts (with --check: and they are within their limits), 1 if not, 2 if the
command line is wrong.")]
pub struct Options {
    /// Folder with counts [default: the newest one]
    run: Option<PathBuf>,
    /// Fail if a count is more than 1 % above the one in reports/counts.json
    #[arg(long)]
    check: bool,
    /// Make the counts the limits: write reports/counts.json
    #[arg(long, conflicts_with = "check")]
    record: bool,
    /// Where to look for counts [default: target/wasm-dispatch]
    #[arg(long, value_name = "DIR")]
    runs: Option<PathBuf>,
    /// The folder with counts.json
    #[arg(long, value_name = "DIR", default_value = "reports")]
    reports: PathBuf,
    #[command(flatten)]
    output: Output,
}

pub fn run(options: Options) -> Result<Outcome, Failed> {
    let Options { reports, output, .. } = options;
    let runs = options.runs.unwrap_or_else(runs_folder);
    let folder = match options.run {
        Some(folder) => folder,
        None => counts::newest(&runs, None)?,
    };
    let counted = record::read(&folder.join(counts::FILE_NAME))?;
    if options.check {
        let checked = Limits::read(&reports)?.check(&counted);
        let printed = Output {
            quiet: output.quiet && checked.is_fine(),
            ..output
        };
        let outcome = printed.tell(&checked, || checked.text())?;
        return Ok(outcome.failing_if(!checked.is_fine()));
    }
    if options.record {
        if !reports.is_dir() {
            return Err(Error::NoReports(reports).into());
        }
        complete(&counted)?;
        let limits = Limits::of(&counted);
        limits.write(&reports)?;
        let written = || format!("{} counts of {} are the limits now.\n", limits.counts.len(), limits.run);
        return output.show(&limits, written);
    }
    let text = counts::text(&runs, &folder)?;
    let value = serde_json::json!({
        "schema": 1,
        "path": counted.path.to_string_lossy(),
        "run": counted.run,
        "counts": counted.counts,
    });
    output.tell(&value, || text)
}

/// Limits are for all kernels: a run that counted only a part would take some away.
fn complete(recording: &Recording) -> Result<(), Failed> {
    let missing = missing(&wasm_dispatch_workloads::all()?, &recording.counts);
    missing.first().map_or(Ok(()), |missing| {
        let path = recording.path.display();
        Err(Failed::Work(format!("{path} counts only a part: {missing} is missing")))
    })
}
