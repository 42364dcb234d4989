//! `wasm-dispatch-lab growth`: how speed changes when something grows.

use std::path::{Path, PathBuf};

use clap::Args;
use itertools::Itertools;
use wasm_dispatch_measure::growth::Request;
use wasm_dispatch_measure::resume;
use wasm_dispatch_report::growth::{self, Axis, AxisCurves, Curve, CurvePoint, Growth};
use wasm_dispatch_report::statistics::Estimate;
use wasm_dispatch_report::summary::words::graded;
use wasm_dispatch_report::table::{columns, wrapped};
use wasm_dispatch_report::{Error, folder_of, json, runs_folder, units};

use super::{Failed, Outcome, Output};

/// Measure how speed changes with the size of code, calls, memory, instances
#[derive(Args)]
#[command(
    override_usage = "wasm-dispatch-lab growth [OPTIONS] [AXIS]...
       wasm-dispatch-lab growth --read [RUN]
       wasm-dispatch-lab growth --resume RUN",
    after_help = "\
Measures how long an instruction takes while one thing grows and nothing else does, on generated programs
that each execute about the same number of instructions. Every value has processes of its own, which take
turns in random order; one strategy runs twice, under two names, to show how much is noise.

What grows:
  hot_code      Bytes of code that runs round robin: 1 KB to 1 MB; 10 MB with --full
  cold_code     Bytes of code of which 1 KB runs: the same sizes
  call_depth    Nested calls: 1 to 32,768; 60,000 with --full
  instances     Instances that are called in turn: 1 to 512; 4,096 with --full
  memory        Bytes that are read and written at random: 4 KB to 16 MB; 256 MB with --full
  machines      Machines of 64 KB each that a thread calls in turn: 1 to 64; with the 99th percentile of calls
  machines_on_two
                The same on two threads: 2 to 64; the time of an instruction is wall time here

Examples:
  wasm-dispatch-lab growth                          everything, about two minutes
  wasm-dispatch-lab growth hot_code --full          up to 10 MB of code
  wasm-dispatch-lab growth call_depth --largest 1000 --strategies threaded,match_loop
  wasm-dispatch-lab growth --read --json

Exit code: 0 if all is well, 1 if a strategy failed or the measurement did, 2 if the command line is
wrong."
)]
pub struct Options {
    /// What grows [default: everything]; with --read, the run [default: the newest one]
    #[arg(value_name = "AXIS")]
    names: Vec<String>,
    #[command(flatten)]
    request: Request,
    /// Continue a run that was killed, as it was planned
    #[arg(long, value_name = "RUN", conflicts_with_all = ["names", "read"])]
    resume: Option<PathBuf>,
    /// Show the curves of a run again
    #[arg(long)]
    read: bool,
    #[command(flatten)]
    output: Output,
}

pub fn run(options: Options) -> Result<Outcome, Failed> {
    let quiet = options.output.quiet;
    let folder = if let Some(folder) = &options.resume {
        // Any other run would be resumed as well, and have no curves in the end.
        growth::points(folder)?;
        resume(folder, quiet)?.folder
    } else if options.read {
        match &options.names[..] {
            [] => {
                let folder = options.request.folder.unwrap_or_else(runs_folder);
                growth::newest(&folder).ok_or(Error::NoRun(folder))?
            }
            [run] => folder_of(Path::new(run)),
            _ => return Err(Failed::Usage("one run can be read at a time".to_owned())),
        }
    } else {
        let mut request = options.request;
        request.axes = axes(&options.names)?;
        request.repeats.quiet = quiet;
        request.run()?.folder
    };
    let growth = growth::read(&folder)?;
    let path = folder.join(growth::FILE_NAME);
    json::save(&path, &growth)?;
    let text = || text(&growth) + &format!("Curves: {}\n", path.display());
    let outcome = options.output.result().tell(&growth, text)?;
    Ok(outcome.failing_if(!growth.warnings.is_empty()))
}

fn axes(names: &[String]) -> Result<Vec<Axis>, Failed> {
    let known = |name: &String| {
        Axis::named(name).ok_or_else(|| {
            let names: Vec<&str> = Axis::ALL.iter().map(|axis| axis.name()).collect();
            Failed::Usage(format!("'{name}' does not grow; these do: {}", names.join(", ")))
        })
    };
    names.iter().map(known).collect()
}

/// Tables for a terminal: nanoseconds of an instruction, by value and strategy.
fn text(growth: &Growth) -> String {
    let mut text = String::new();
    for axis in &growth.axes {
        text.push_str(&format!("Nanoseconds of an instruction, by {}:\n\n", axis.title));
        text.push_str(&nanoseconds(axis));
        let graded = graded(axis.grade, &axis.reasons);
        let sentence = format!("{} Graded {graded}.", axis.control_sentence());
        text.push_str(&format!("\n{}\n", wrapped(&sentence)));
        let mut points = axis.curves.iter().flat_map(|curve| &curve.points);
        if points.any(|point| point.tail_nanoseconds.is_some()) {
            let tail = |point: &CurvePoint| point.tail_nanoseconds.map_or("-".to_owned(), units::time);
            let (title, tails) = (&axis.title, table(axis, &tail, None));
            text.push_str(&format!("What 99 of 100 calls do not exceed, by {title}:\n\n{tails}\n"));
        }
    }
    text.push_str(&format!("{}\n", growth.control_sentence()));
    for warning in &growth.warnings {
        text.push_str(&format!("Note: {warning}.\n"));
    }
    text
}

/// Nanoseconds of an instruction, and how they grew.
fn nanoseconds(axis: &AxisCurves) -> String {
    let within = |estimate: Estimate| {
        let share = match estimate.half_width() {
            share if share.is_finite() => format!("{:.0} %", share * 100.0),
            _ => "?".to_owned(),
        };
        format!("{} ± {share}", units::three_digits(estimate.value))
    };
    let last = |curve: &Curve| curve.growth().map_or("-".to_owned(), within);
    let show = |point: &CurvePoint| within(point.nanoseconds.into());
    table(axis, &show, Some(("last / first", &last)))
}

/// What a last row is called, and what it says of each strategy.
type Last<'l> = (&'l str, &'l dyn Fn(&Curve) -> String);

/// A row for each value, a column for each strategy, and a last row.
fn table(axis: &AxisCurves, show: &dyn Fn(&CurvePoint) -> String, last: Option<Last<'_>>) -> String {
    let curves = axis.strategies().collect_vec();
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut row = |name: String, of: &dyn Fn(&Curve) -> String| {
        let cells = curves.iter().map(|curve| of(curve));
        rows.push([name].into_iter().chain(cells).collect());
    };
    row(String::new(), &|curve| curve.strategy.clone());
    let points = curves.iter().flat_map(|curve| &curve.points);
    for value in points.map(|point| point.value).sorted().dedup() {
        row(axis.value_text(value), &|curve| {
            let point = curve.points.iter().find(|point| point.value == value);
            point.map_or("-".to_owned(), show)
        });
    }
    if let Some((name, of)) = last {
        row(name.to_owned(), of);
    }
    columns(&rows, &Vec::from_iter(0..=curves.len()))
}
