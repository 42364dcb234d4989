//! What it costs to wait and to be able to stop, next to wasmi and wasmtime where they have the same thing.
//!
//! ```text
//! cargo run --release -p wasm-dispatch-suspension
//! ```

#![forbid(unsafe_code)]

mod calls;
mod counts;
mod events;
mod interrupt;
mod memory;
mod metering;
mod peers;
#[cfg(feature = "wasmtime")]
mod peers_wasmtime;
mod programs;
mod report;
mod sharing;
mod stream;
mod tiers;

use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use wasm_dispatch_report::record::{Kind, Run};

use events::Failed;

/// Measures what it costs to wait and to be able to stop. Every result is verified.
#[derive(Parser)]
#[command(name = "suspension")]
struct Options {
    /// What to measure [default: all but counts, tiers and metering]
    #[arg(value_name = "PART")]
    parts: Vec<Part>,
    /// Time for the parts calls and metering
    #[arg(long, value_name = "N", default_value_t = 30)]
    seconds: u64,
    /// Measure only as much as it takes to see that everything works
    #[arg(long)]
    quick: bool,
    /// Print JSON lines, not tables
    #[arg(long)]
    json: bool,
    /// What this program runs itself for: program, subject, count
    #[arg(long, hide = true, num_args = 3)]
    memory_of: Vec<String>,
    /// Likewise: subject, what, with or without, turns
    #[arg(long, hide = true, num_args = 4)]
    turns_of: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Nanoseconds of a host call, an asynchronous one, a slice of fuel
    Calls,
    /// Instructions of the same calls (needs valgrind)
    Counts,
    /// Bytes of a paused machine and of its snapshot
    Memory,
    /// 1,000 machines on one thread
    Sharing,
    /// Time from an interrupt to the end of the call
    Interrupt,
    /// Time to the first result of a module that arrives slowly
    Stream,
    /// Machines with two tiers by those with one, for runs of 1 ms to 1 s
    Tiers,
    /// What checks for interrupts and fuel cost, on all workloads
    Metering,
}

fn main() -> ExitCode {
    // A measurement starts this binary again, once for every block.
    if let Some(code) = wasm_dispatch_measure::worker::serve_if_asked() {
        return code;
    }
    let options = Options::parse();
    let outcome = match (&options.memory_of[..], &options.turns_of[..]) {
        ([program, subject, count], _) => memory::told(program, subject, count),
        (_, [name, what, events, turns]) => counts::turn(name, what, events, turns),
        _ => measure(&options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(options: &Options) -> Result<(), Failed> {
    let seconds = if options.quick { 0 } else { options.seconds };
    let size = |full: usize, quick: usize| if options.quick { quick } else { full };
    let is_usual = |part: &Part| !matches!(part, Part::Counts | Part::Tiers | Part::Metering);
    let parts: Vec<Part> = match options.parts.is_empty() {
        true => Part::value_variants().iter().copied().filter(is_usual).collect(),
        false => options.parts.clone(),
    };
    let mut rows = Vec::new();
    for part in parts {
        eprintln!("{part:?} ...");
        rows.extend(match part {
            Part::Calls => calls::run(Duration::from_secs(seconds))?,
            Part::Counts => counts::run()?,
            Part::Memory => memory::run(size(200, 5))?,
            Part::Sharing => sharing::run(size(1_000, 20), size(50_000, 10_000) as u32)?,
            Part::Interrupt => interrupt::run(size(200, 3))?,
            Part::Stream => stream::run(size(10, 1), size(3_000, 100) as u32)?,
            Part::Tiers => tiers::run(size(12, 2), size(usize::MAX, 3))?,
            Part::Metering => {
                print!("{}", metering::run(seconds)?);
                continue;
            }
        });
    }
    let lines: Result<Vec<String>, _> = rows.iter().map(serde_json::to_string).collect();
    let lines = lines?;
    match options.json {
        true => lines.iter().for_each(|line| println!("{line}")),
        false => print!("{}", report::table(&rows)),
    }
    if !rows.is_empty() {
        eprintln!("\nRaw data: {}", keep(&lines)?);
    }
    Ok(())
}

/// Writes the rows, after a line that says when and where they were measured. Returns the file's path.
fn keep(lines: &[String]) -> Result<String, Failed> {
    let mut run = Run::start(Kind::Quick);
    run.id.insert_str(0, "suspension-");
    let folder = wasm_dispatch_report::take_folder(&mut run)?;
    let path = folder.join("suspension.jsonl");
    std::fs::write(&path, serde_json::to_string(&run)? + "\n" + &lines.join("\n") + "\n")?;
    Ok(path.display().to_string())
}
