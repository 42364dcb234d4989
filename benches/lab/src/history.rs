//! `wasm-dispatch-lab history`: how times went over all recorded runs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use itertools::Itertools;
use serde::Serialize;
use wasm_dispatch_engines::Entrant;
use wasm_dispatch_report::record::timestamp;
use wasm_dispatch_report::statistics::Estimate;
use wasm_dispatch_report::summary::{Cell, SUMMARY_SCHEMA, Summary};
use wasm_dispatch_report::table::{WIDTH, aligned, wrapped};
use wasm_dispatch_report::{METERED, json, units};

use super::shared::{folders_of_runs, percent};
use super::{Failed, Outcome, Output};

/// Show times over all recorded runs, with changes marked
#[derive(Args)]
#[command(
    override_usage = "wasm-dispatch-lab history [OPTIONS] [WORKLOAD]...",
    after_help = "\
Reads the summaries that 'bench' and 'report' leave beside runs; nothing is measured. Runs of one machine and
one size are listed together. With a workload, shows the median time of a run under each strategy, and how much
it changed since the previous run, if by more than the limit. Without one, shows the mean over workloads
relative to the best strategy, marked where its 95 % interval and the previous one do not overlap; that mean
also changes with the choice of workloads. A median has no interval: 'compare' tells a change from noise.

Examples:
  wasm-dispatch-lab history                     the means
  wasm-dispatch-lab history sort json --limit 3
  wasm-dispatch-lab history sort --strategies threaded --json

Exit code: 0; 1 if no summary has such a workload; 2 if the command line is wrong."
)]
pub struct Options {
    /// Workloads by name [default: the mean over all]
    #[arg(value_name = "WORKLOAD")]
    workloads: Vec<String>,
    /// Only these strategies
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    strategies: Vec<String>,
    /// Where runs are; may be repeated [default: reports/recorded and target/wasm-dispatch]
    #[arg(long, value_name = "DIR")]
    runs: Vec<PathBuf>,
    /// Mark changes of a time by more than this
    #[arg(long, value_name = "PERCENT", default_value = "5", value_parser = percent)]
    limit: f64,
    #[command(flatten)]
    output: Output,
}

/// A workload, or the mean over all, on one machine in one size.
#[derive(Serialize)]
struct Series {
    /// Null for the mean over all.
    workload: Option<String>,
    machine: String,
    kind: String,
    /// The oldest first.
    points: Vec<Point>,
}

/// A run in a series.
#[derive(Serialize)]
struct Point {
    run: String,
    started: String,
    revision: String,
    grade: char,
    values: Vec<Value>,
}

/// A strategy in a run.
#[derive(Serialize)]
struct Value {
    strategy: String,
    /// Of a run of the workload; null for the mean.
    median_ns: Option<f64>,
    /// Relative to the best strategy.
    relative: Estimate,
    /// What it became since the run before, by the factor, if that is marked.
    change: Option<f64>,
}

pub fn run(options: Options) -> Result<Outcome, Failed> {
    for name in &options.strategies {
        name.parse::<Entrant>().map_err(Failed::Usage)?;
    }
    let summaries = summaries(&folders_of_runs(&options.runs)?);
    let wanted: Vec<Option<&String>> = match options.workloads.is_empty() {
        true => vec![None],
        false => options.workloads.iter().map(Some).collect(),
    };
    let mut series = Vec::new();
    for workload in wanted {
        let found = of_workload(&summaries, workload, &options);
        if let (Some(name), true) = (workload, found.is_empty()) {
            return Err(Failed::Work(format!(
                "no run with a summary has a workload '{name}'; 'report RUN' makes the summary of a run"
            )));
        }
        series.extend(found);
    }
    let value = serde_json::json!({"schema": 1, "limit_percent": options.limit, "series": series});
    options.output.result().show(&value, || match series.is_empty() {
        true => "no run has a summary yet; 'wasm-dispatch-lab bench' makes one\n".to_owned(),
        false => series.iter().map(Series::text).join("\n"),
    })
}

/// All summaries below these folders, the oldest first; what is of another version of the lab is passed over. A run that lies
/// in two folders counts once.
fn summaries(folders: &[PathBuf]) -> Vec<Summary> {
    let mut found: BTreeMap<(u64, String), Summary> = BTreeMap::new();
    for folder in folders {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let read = |path: &Path| json::load::<Summary>(&path.join("summary.json")).ok();
        let here = entries.filter_map(|entry| read(&entry.path()));
        for summary in here.filter(|summary| summary.schema == SUMMARY_SCHEMA) {
            found.insert((summary.run.started, summary.run.id.clone()), summary);
        }
    }
    found.into_values().collect()
}

/// The series of a workload, or of the mean, one for each machine and size.
fn of_workload(summaries: &[Summary], workload: Option<&String>, options: &Options) -> Vec<Series> {
    let mut series: Vec<Series> = Vec::new();
    for summary in summaries {
        let is_wanted = |value: &Value| options.strategies.is_empty() || options.strategies.contains(&value.strategy);
        let mut values = values(summary, workload);
        values.retain(is_wanted);
        if values.is_empty() {
            continue;
        }
        let of = &summary.run.fingerprint;
        let machine = format!("{}, {} threads", of.machine(), of.cores);
        // Runs with metering are of other modules.
        let metered = match summary.run.id.starts_with(METERED) {
            true => ", metered",
            false => "",
        };
        let kind = format!("{}{metered}", summary.run.kind.name());
        let known = series.iter().position(|one| one.machine == machine && one.kind == kind);
        let index = known.unwrap_or_else(|| {
            series.push(Series {
                workload: workload.cloned(),
                machine,
                kind,
                points: Vec::new(),
            });
            series.len() - 1
        });
        let before = &series[index].points;
        let values = values.into_iter().map(|value| Value {
            change: changed(before, &value, options.limit),
            ..value
        });
        let point = Point {
            run: summary.run.id.clone(),
            started: timestamp(summary.run.started),
            revision: of.short_revision().to_owned(),
            grade: summary.foundation.grade.letter(),
            values: values.collect(),
        };
        series[index].points.push(point);
    }
    series
}

/// What a summary says of each strategy.
fn values(summary: &Summary, workload: Option<&String>) -> Vec<Value> {
    let value = |strategy: &String, median_ns, relative| Value {
        strategy: strategy.clone(),
        median_ns,
        relative,
        change: None,
    };
    let strategies = summary.strategies.iter();
    let Some(workload) = workload else {
        let means = strategies.filter_map(|strategy| Some(value(&strategy.name, None, strategy.relative?)));
        return means.collect();
    };
    let Some(found) = summary.workloads.iter().find(|one| one.name == *workload) else {
        return Vec::new();
    };
    let cells = strategies.zip(&found.cells);
    let measured = cells.filter_map(|(strategy, cell)| match cell {
        Cell::Measured { median_ns, ratio, .. } => Some(value(&strategy.name, Some(*median_ns), *ratio)),
        Cell::Error { .. } | Cell::Missing => None,
    });
    measured.collect()
}

/// By which factor a value differs from the last one before, if that is to be marked.
fn changed(before: &[Point], value: &Value, limit: f64) -> Option<f64> {
    let mut earlier = before.iter().rev().flat_map(|point| &point.values);
    let last = earlier.find(|last| last.strategy == value.strategy)?;
    match last.median_ns.zip(value.median_ns) {
        Some((last, now)) => {
            let factor = now / last;
            let least = 1.0 + limit / 100.0;
            (factor > least || factor < 1.0 / least).then_some(factor)
        }
        None => {
            let (last, now) = (last.relative, value.relative);
            (now.low > last.high || now.high < last.low).then_some(now.value / last.value)
        }
    }
}

impl Series {
    fn text(&self) -> String {
        // In the order of the newest run.
        let values = self.points.iter().rev().flat_map(|point| &point.values);
        let strategies = values.map(|value| value.strategy.as_str()).unique().collect_vec();
        let what = self.workload.as_deref();
        let what = what.unwrap_or("mean over the workloads, relative to the best strategy");
        let head = wrapped(&format!("{what}: {} runs on {}", self.kind, self.machine));
        // As many strategies side by side as fit.
        let fits = |part: usize| {
            let mut tables = strategies.chunks(part).map(|part| self.table(part));
            tables.all(|table| table.lines().all(|line| line.chars().count() <= WIDTH))
        };
        let most = (1..=strategies.len()).rev().find(|&part| fits(part)).unwrap_or(1);
        let mut tables = strategies.chunks(most).map(|part| self.table(part));
        head + &tables.join("\n")
    }

    fn table(&self, strategies: &[&str]) -> String {
        let heads = ["run", "code", ""].into_iter().chain(strategies.iter().copied());
        let mut rows: Vec<Vec<String>> = vec![heads.map(str::to_owned).collect()];
        for point in &self.points {
            let cells = strategies.iter().map(|strategy| {
                let found = point.values.iter().find(|value| value.strategy == **strategy);
                found.map_or("-".to_owned(), Value::text)
            });
            let names = [point.run.clone(), point.revision.clone(), point.grade.to_string()];
            rows.push(names.into_iter().chain(cells).collect());
        }
        aligned(&rows)
    }
}

impl Value {
    fn text(&self) -> String {
        let relative = units::three_digits(self.relative.value);
        let shown = self.median_ns.map_or(relative, units::time);
        match self.change {
            Some(factor) => format!("{shown} {:+.0} %", (factor - 1.0) * 100.0),
            None => shown,
        }
    }
}
