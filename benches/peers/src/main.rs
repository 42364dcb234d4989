//! Our strategies next to wasmi, on the same workloads, verified, interleaved in one process.
//!
//! ```text
//! cargo run --release -p wasm-dispatch-peers [SECONDS]
//! ```

#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::time::Duration;

use wasm_dispatch_harness::record::{Kind, Run, Writer};
use wasm_dispatch_harness::runs_folder;
use wasm_dispatch_measure::interleave::{Loaded, Plan, measure};
use wasm_dispatch_measure::ours;
use wasm_dispatch_measure::wasmi_engine;
use wasm_dispatch_measure::{Engine, Size};

const HELP: &str = "\
Measures every strategy and wasmi on all workloads, interleaved, and reports.

Usage: peers [SECONDS]

SECONDS  time to spend measuring, about (default 60)
";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let seconds = match std::env::args().nth(1).as_deref() {
        Some("--help" | "-h") => {
            print!("{HELP}");
            return Ok(());
        }
        Some(text) => text
            .parse()
            .map_err(|_| format!("not a number of seconds: {text}\n\n{HELP}"))?,
        None => 60,
    };
    let workloads = wasm_dispatch_workloads::all()?;
    let mut loaded: Vec<Loaded<'_>> = Vec::new();
    for workload in &workloads {
        loaded.push((workload, workload.wasm()?));
    }
    let ours = ours::all();
    let wasmi = wasmi_engine::Wasmi::default();
    let mut engines: Vec<&dyn Engine> = ours.iter().map(|engine| engine as &dyn Engine).collect();
    engines.push(&wasmi);
    let run = Run::start(Kind::Quick);
    let folder = runs_folder().join(format!("peers-{}", run.id));
    let mut writer = Writer::create(&folder, &run)?;
    let plan = Plan {
        size: Size::Quick,
        budget: Duration::from_secs(seconds),
        min_blocks: 5,
        max_blocks: 200,
        seed: run.started,
    };
    measure(&engines, &loaded, plan, &mut writer)?;
    print!("{}", wasm_dispatch_harness::report(&folder, &folder)?.text());
    Ok(())
}
