//! What it costs to be able to stop a program: each strategy without metering, with interrupts, and with fuel.
//!
//! ```text
//! cargo run --release -p wasm-dispatch-suspension [SECONDS]
//! ```

#![forbid(unsafe_code)]

use std::process::ExitCode;

use wasm_dispatch::{Metering, Strategy};
use wasm_dispatch_measure::ours::{self, Ours};
use wasm_dispatch_measure::{Engine, side_by_side};

const HELP: &str = "\
Measures what metering costs each strategy, on all workloads, interleaved, every result verified.

Usage: suspension [SECONDS]

SECONDS  time to spend measuring, about (default 60)
";

fn main() -> ExitCode {
    let metered = |strategy: &Strategy| {
        [Metering::Off, Metering::Interrupts, Metering::Fuel].map(|metering| ours::metered(*strategy, metering))
    };
    let ours: Vec<Ours> = Strategy::ALL.iter().flat_map(metered).collect();
    let engines: Vec<&dyn Engine> = ours.iter().map(|engine| engine as &dyn Engine).collect();
    side_by_side::program("metering", HELP, &engines)
}
