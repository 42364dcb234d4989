//! `wasm-dispatch-lab growth`: how speed changes when something grows.

use std::path::{Path, PathBuf};

use lexopt::Arg::{Long, Short, Value};
use lexopt::{Parser, ValueExt};
use wasm_dispatch_measure::bench::resume;
use wasm_dispatch_measure::growth::Request;
use wasm_dispatch_report::growth::{self, Axis, AxisCurves, Curve, Growth};
use wasm_dispatch_report::{Error, runs_folder, units};

use super::shared::{columns, folder_of};
use super::{Failed, Outcome};

pub const HELP: &str = "\
Measures how long an instruction takes while one thing grows and nothing else: programs are made that
execute about as many instructions each. Every value has processes of its own, which take turns in
random order; one strategy runs twice under two names, to show how much is noise.

Usage: wasm-dispatch-lab growth [OPTIONS] [AXIS]...
       wasm-dispatch-lab growth --read [RUN]
       wasm-dispatch-lab growth --resume RUN

What:
  hot_code               Bytes of code that runs round robin: 1 KB to 1 MB; 10 MB with --full
  cold_code              Bytes of code of which 1 KB runs
  call_depth             Calls below each other: 1 to 32,768; 60,000 with --full
  instances              Instances that are called in turn: 1 to 512; 4,096 with --full
  memory                 Bytes that are read and written at random: 4 KB to 16 MB; 256 MB with --full
      --strategies A,B   Some of the strategies

How:
      --full             The long run: more and larger values, more processes
      --largest N        No values above N
      --instructions N   What a timed run executes, about [default: 4 million; 20 million with --full]
      --processes N      Processes for each value [default: 3; 8 with --full]
      --layouts N        Link the lab in N layouts and measure all [default: 1 as it is]
      --iterations K     Timed runs in each process [default: 2]
      --seed N           Seed of all orders
      --timeout SECONDS  Give a process up after such a silence
      --resume RUN       Go on with a run that was killed
      --read             Show the curves of a run again, the newest one if none is named

Output:
  -o, --out DIR          Folder of the run [default: target/wasm-dispatch/growth-<date>-<time>-<quick|full>]
      --json             Print the curves as JSON, as they also stand in growth.json
      --quiet            No progress
  -h, --help             Print this help

Examples:
  wasm-dispatch-lab growth                          everything, about two minutes
  wasm-dispatch-lab growth hot_code --full          up to 10 MB of code
  wasm-dispatch-lab growth call_depth --largest 1000 --strategies threaded,match_loop
  wasm-dispatch-lab growth --read --json

Exit code: 0 if all is well, 1 if a strategy failed or the measurement did, 2 if the command line is wrong.
";

enum Way {
    Measure,
    Resume(PathBuf),
    Read,
}

pub fn run(mut parser: Parser) -> Result<Outcome, Failed> {
    let mut request = Request::default();
    let mut way = Way::Measure;
    let mut json = false;
    let mut names: Vec<String> = Vec::new();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Outcome::fine(HELP)),
            Long("strategies") => {
                let text = parser.value()?.string()?;
                request.strategies.extend(text.split(',').map(str::to_owned));
            }
            Long("full") => request.full = true,
            Long("largest") => request.largest = Some(parser.value()?.parse()?),
            Long("instructions") => request.instructions = Some(parser.value()?.parse()?),
            Long("layouts") => request.layouts = Some(parser.value()?.parse()?),
            Long("processes") => request.processes = Some(parser.value()?.parse()?),
            Long("iterations") => request.iterations = Some(parser.value()?.parse()?),
            Long("seed") => request.seed = Some(parser.value()?.parse()?),
            Long("timeout") => request.timeout = Some(parser.value()?.parse()?),
            Long("resume") => way = Way::Resume(parser.value()?.into()),
            Long("read") => way = Way::Read,
            Short('o') | Long("out") => request.folder = Some(parser.value()?.into()),
            Long("json") => json = true,
            Long("quiet") => request.quiet = true,
            Value(name) => names.push(name.string()?),
            _ => return Err(argument.unexpected().into()),
        }
    }
    let folder = match &way {
        Way::Measure => {
            request.axes = axes(&names)?;
            request.run()?.folder
        }
        Way::Resume(_) if !names.is_empty() => {
            return Err(Failed::Usage(
                "a run that is gone on with measures what it was asked for".to_owned(),
            ));
        }
        Way::Resume(folder) => {
            // Any other run would be gone on with as well, and have no curves in the end.
            growth::points(folder)?;
            resume(folder, request.quiet)?.folder
        }
        Way::Read => match &names[..] {
            [] => newest(request.folder.take().unwrap_or_else(runs_folder))?,
            [run] => folder_of(Path::new(run)),
            _ => return Err(Failed::Usage("one run can be read at a time".to_owned())),
        },
    };
    let growth = growth::read(&folder)?;
    let path = growth.write(&folder)?;
    let wrong = !growth.warnings.is_empty();
    Ok(match json {
        true => Outcome::json(&growth)?,
        false => Outcome::fine(text(&growth) + &format!("Curves: {}\n", path.display())),
    }
    .failing_if(wrong))
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

fn newest(runs: PathBuf) -> Result<PathBuf, Failed> {
    growth::newest(&runs).ok_or_else(|| Failed::from(Error::NoRun { folder: runs }))
}

/// Tables for a terminal: nanoseconds of an instruction, by value and strategy.
fn text(growth: &Growth) -> String {
    let mut text = String::new();
    for axis in &growth.axes {
        text.push_str(&format!("Nanoseconds of an instruction, by {}:\n\n", axis.title));
        text.push_str(&table(axis));
        text.push('\n');
    }
    for warning in &growth.warnings {
        text.push_str(&format!("Note: {warning}.\n"));
    }
    text
}

fn table(axis: &AxisCurves) -> String {
    let curves: Vec<&Curve> = axis.curves.iter().filter(|curve| curve.control_of.is_none()).collect();
    let mut values: Vec<u64> = (curves.iter())
        .flat_map(|curve| curve.points.iter().map(|point| point.value))
        .collect();
    values.sort_unstable();
    values.dedup();
    let head = |first: &str| vec![first.to_owned()];
    let mut rows = vec![head("")];
    rows[0].extend(curves.iter().map(|curve| curve.strategy.clone()));
    for value in values {
        let mut row = head(&axis.value_text(value));
        row.extend(curves.iter().map(|curve| {
            let point = curve.points.iter().find(|point| point.value == value);
            point.map_or("-".to_owned(), |point| units::three_digits(point.nanoseconds.value))
        }));
        rows.push(row);
    }
    let mut last = head("last / best");
    last.extend((curves.iter()).map(|curve| curve.growth().map_or("-".to_owned(), units::three_digits)));
    rows.push(last);
    let right: Vec<usize> = (0..=curves.len()).collect();
    columns(&rows, &right)
}
