//! Our strategies next to wasmi, on the same workloads, verified, interleaved in one process.
//!
//! ```text
//! cargo run --release -p wasm-dispatch-peers [SECONDS]
//! ```

#![forbid(unsafe_code)]

use std::process::ExitCode;

use wasm_dispatch_measure::wasmi_engine::Wasmi;
use wasm_dispatch_measure::{Engine, ours, side_by_side};

const HELP: &str = "\
Measures every strategy and wasmi on all workloads, interleaved, and reports.

Usage: peers [SECONDS]

SECONDS  time to spend measuring, about (default 60)
";

fn main() -> ExitCode {
    let (ours, wasmi) = (ours::all(), Wasmi::default());
    let mut engines: Vec<&dyn Engine> = ours.iter().map(|engine| engine as &dyn Engine).collect();
    engines.push(&wasmi);
    side_by_side::program("peers", HELP, &engines)
}
