//! `wasm-dispatch-lab export`: the times of a run for other programs.

use std::fs;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use itertools::Itertools;
use serde_json::{Map, Value, json};
use wasm_dispatch_report::record::{self, Recording, timestamp};
use wasm_dispatch_report::times::{self, Timed};
use wasm_dispatch_report::units::number;
use wasm_dispatch_report::{Error, METERED};

use super::shared::chosen_run;
use super::{Failed, Outcome, Output};

/// Write the times of a run as CSV, or for continuous benchmarking services
#[derive(Args)]
#[command(after_help = "\
Writes a line or an entry for each workload and strategy: CPU time of one run of the workload in nanoseconds,
with the 95 % interval over layouts of the code, or over processes if there is one layout. What failed is left
out, and the exit code is then 1.

Formats:
  csv       run, start time, revision, machine, workload, class, strategy, times, and what they rest on
  bencher   Bencher Metric Format: 'bencher run --adapter json --file FILE'
  github    github-action-benchmark with 'tool: customSmallerIsBetter'

Examples:
  wasm-dispatch-lab export > times.csv                   the newest run
  wasm-dispatch-lab export after --format bencher -o bencher.json
  wasm-dispatch-lab export --format github | jq '.[].name'

Exit code: 0; 1 if something failed in the run or cannot be read or written; 2 if the command line is wrong.")]
pub struct Options {
    /// Folder of a run, or its samples.jsonl [default: the newest run]
    run: Option<PathBuf>,
    /// Where to look for the newest run [default: target/wasm-dispatch]
    #[arg(long, value_name = "DIR")]
    runs: Option<PathBuf>,
    /// The format
    #[arg(long, value_enum, default_value_t = Format::Csv)]
    format: Format,
    /// Write to a file [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    output: Output,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Csv,
    Bencher,
    Github,
}

/// A strategy on a workload.
struct Row<'r> {
    workload: &'r str,
    class: &'r str,
    strategy: &'r str,
    timed: Timed,
}

impl Row<'_> {
    fn name(&self) -> String {
        format!("{}/{}", self.workload, self.strategy)
    }
}

pub fn run(options: Options) -> Result<Outcome, Failed> {
    let recording = record::read(&chosen_run(options.run, options.runs)?)?;
    let rows = rows(&recording);
    let text = match options.format {
        Format::Csv => csv(&recording, &rows),
        Format::Bencher => serde_json::to_string_pretty(&bencher(&rows))? + "\n",
        Format::Github => serde_json::to_string_pretty(&github(&recording, &rows))? + "\n",
    };
    let failed = !recording.failures.is_empty();
    let Some(out) = &options.out else {
        // What was asked for is shown, whatever else is silent.
        return Ok(Outcome::fine(text).failing_if(failed));
    };
    fs::write(out, &text).map_err(Error::io(out))?;
    let value = json!({"schema": 1, "path": out.to_string_lossy(), "run": recording.run.id, "rows": rows.len()});
    let text = || format!("{} times: {}\n", rows.len(), out.display());
    let outcome = options.output.show(&value, text)?;
    Ok(outcome.failing_if(failed))
}

fn rows(recording: &Recording) -> Vec<Row<'_>> {
    let workloads = recording.samples.iter();
    let workloads = workloads.map(|sample| (sample.workload.as_str(), sample.class.as_str()));
    let strategies = times::strategies(recording).into_iter();
    let strategies = strategies.filter(|name| recording.control_of(name).is_none());
    let cells = workloads.unique().sorted().cartesian_product(strategies);
    let row = |((workload, class), strategy)| {
        Some(Row {
            workload,
            class,
            strategy,
            timed: times::executed(recording, workload, strategy, 1.0)?,
        })
    };
    cells.filter_map(row).collect()
}

/// A field as RFC 4180 has it.
fn field(text: &str) -> String {
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}

fn csv(recording: &Recording, rows: &[Row<'_>]) -> String {
    let run = &recording.run;
    let metered = if run.id.starts_with(METERED) { "+metered" } else { "" };
    let of_run = [
        run.id.clone(),
        timestamp(run.started),
        format!("{}{metered}", run.kind.name()),
        run.fingerprint.revision.clone(),
        run.fingerprint.machine().to_string(),
    ];
    let of_run = of_run.map(|text| field(&text)).join(",");
    let mut text =
        "run,started,kind,revision,machine,workload,class,strategy,nanoseconds,low,high,samples,processes\n".to_owned();
    for row in rows {
        let time = row.timed.nanoseconds;
        let number = |value: Option<f64>| value.map_or(String::new(), |value| format!("{value:.1}"));
        let of_cell = [row.workload, row.class, row.strategy].map(field).join(",");
        let times = [Some(time.value), time.low, time.high].map(number).join(",");
        let (samples, processes) = (row.timed.samples, row.timed.processes);
        text += &format!("{of_run},{of_cell},{times},{samples},{processes}\n");
    }
    text
}

/// `{"sort/threaded": {"latency": {"value": ..}}}`: <https://bencher.dev/docs/reference/bencher-metric-format/>.
fn bencher(rows: &[Row<'_>]) -> Value {
    let entry = |row: &Row<'_>| {
        let time = row.timed.nanoseconds;
        let mut latency = Map::from_iter([("value".to_owned(), json!(time.value))]);
        if let (Some(low), Some(high)) = (time.low, time.high) {
            latency.insert("lower_value".to_owned(), json!(low));
            latency.insert("upper_value".to_owned(), json!(high));
        }
        (row.name(), json!({"latency": latency}))
    };
    rows.iter().map(entry).collect::<Map<String, Value>>().into()
}

/// A list of `name`, `unit`, `value`, `range`, `extra`: what github-action-benchmark calls `customSmallerIsBetter`.
fn github(recording: &Recording, rows: &[Row<'_>]) -> Value {
    let entry = |row: &Row<'_>| {
        let time = row.timed.nanoseconds;
        let mut entry = json!({
            "name": row.name(),
            "unit": "ns",
            "value": time.value,
            "extra": format!(
                "{} by {}, run {}",
                number(row.timed.samples, "run"),
                number(row.timed.processes, "process"),
                recording.run.id
            ),
        });
        if let (Some(low), Some(high)) = (time.low, time.high) {
            entry["range"] = json!(format!("\u{b1} {:.0}", (high - low) / 2.0));
        }
        entry
    };
    rows.iter().map(entry).collect()
}
