//! What it costs to wait and to be able to stop, next to wasmi and wasmtime where they have the same thing.
//!
//! ```text
//! cargo run --release -p wasm-dispatch-suspension
//! ```

#![forbid(unsafe_code)]

mod calls;
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

use std::process::ExitCode;
use std::time::Duration;

use lexopt::prelude::{Long, Short, Value, ValueExt};
use wasm_dispatch_report::record::{Kind, Run};

use events::Failed;
use report::Row;

const HELP: &str = "\
Measures what it costs to wait and to be able to stop. Every result is verified.

Usage: suspension [OPTIONS] [PART...]

Parts (all but metering if none is named):
  calls        nanoseconds of a host call, an asynchronous one, a slice of fuel
  memory       bytes of a paused machine and of its snapshot
  sharing      1,000 machines on one thread
  interrupt    time from an interrupt to the end of the call
  stream       time to the first result of a module that arrives slowly
  metering     what checks for interrupts and fuel cost, on all workloads

--seconds N    time for calls, and for metering (default 30)
--quick        as little as it takes to see that everything works
--json         JSON lines instead of tables
-h, --help     this text
";

const PARTS: [&str; 6] = ["calls", "memory", "sharing", "interrupt", "stream", "metering"];

struct Options {
    parts: Vec<String>,
    seconds: u64,
    quick: bool,
    json: bool,
}

fn options() -> Result<Option<Options>, lexopt::Error> {
    let mut options = Options {
        parts: Vec::new(),
        seconds: 30,
        quick: false,
        json: false,
    };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("help") | Short('h') => return Ok(None),
            Long("seconds") => options.seconds = parser.value()?.parse()?,
            Long("quick") => options.quick = true,
            Long("json") => options.json = true,
            Value(part) if PARTS.iter().any(|known| part == *known) => options.parts.push(part.string()?),
            Value(part) => return Err(format!("no part is called {}", part.to_string_lossy()).into()),
            other => return Err(other.unexpected()),
        }
    }
    if options.parts.is_empty() {
        options.parts = PARTS[..PARTS.len() - 1].iter().map(ToString::to_string).collect();
    }
    Ok(Some(options))
}

/// What this program runs itself for: see [`memory::one`].
fn memory_of(arguments: &[String]) -> Result<String, Failed> {
    let [program, subject, count] = arguments else {
        return Err("--memory-of wants three arguments".into());
    };
    let bytes = memory::one(program.parse()?, subject, count.parse()?)?;
    Ok(serde_json::to_string(&bytes)?)
}

fn main() -> ExitCode {
    // A measurement starts this binary again, once for every block.
    if let Some(code) = metering::serve_if_asked() {
        return code;
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some((first, others)) = arguments.split_first()
        && first == "--memory-of"
    {
        return match memory_of(others) {
            Ok(text) => {
                println!("{text}");
                ExitCode::SUCCESS
            }
            Err(error) => {
                eprintln!("error: {error}");
                ExitCode::FAILURE
            }
        };
    }
    let options = match options() {
        Ok(Some(options)) => options,
        Ok(None) => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("error: {error}\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    match measure(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(options: &Options) -> Result<(), Failed> {
    let seconds = Duration::from_secs(if options.quick { 0 } else { options.seconds });
    let size = |full: usize, quick: usize| if options.quick { quick } else { full };
    let mut rows = Vec::new();
    for part in &options.parts {
        eprintln!("{part} ...");
        rows.extend(match part.as_str() {
            "calls" => calls::run(seconds)?,
            "memory" => memory::run(size(200, 5))?,
            "sharing" => sharing::run(size(1_000, 20), size(50_000, 10_000) as u32)?,
            "interrupt" => interrupt::run(size(200, 3))?,
            "stream" => stream::run(size(10, 1), size(3_000, 100) as u32)?,
            _ => {
                print!("{}", metering::run(seconds.as_secs())?);
                continue;
            }
        });
    }
    if options.json {
        for row in &rows {
            println!("{}", serde_json::to_string(row)?);
        }
    } else {
        print!("{}", report::table(&rows));
    }
    if !rows.is_empty() {
        eprintln!("\nRaw data: {}", keep(&rows)?);
    }
    Ok(())
}

/// Writes the rows, after a line that says when and where they were measured. Returns the file's path.
fn keep(rows: &[Row]) -> Result<String, Failed> {
    let run = Run::start(Kind::Quick);
    let folder = wasm_dispatch_report::runs_folder().join(format!("suspension-{}", run.id));
    std::fs::create_dir_all(&folder)?;
    let path = folder.join("suspension.jsonl");
    let mut lines = serde_json::to_string(&run)? + "\n";
    for row in rows {
        lines += &serde_json::to_string(row)?;
        lines.push('\n');
    }
    std::fs::write(&path, lines)?;
    Ok(path.display().to_string())
}
