//! Each strategy without metering, with interrupts, and with fuel.

use std::time::Duration;

use wasm_dispatch::{Metering, Strategy};
use wasm_dispatch_harness::record::{Kind, Run, Writer};
use wasm_dispatch_harness::runs_folder;
use wasm_dispatch_measure::interleave::{Loaded, Plan, measure};
use wasm_dispatch_measure::ours::{self, Ours};
use wasm_dispatch_measure::{Engine, Size};

/// Measures and prints the report.
pub fn run(seconds: u64) -> Result<(), Box<dyn std::error::Error>> {
    let workloads = wasm_dispatch_workloads::all()?;
    let mut loaded: Vec<Loaded<'_>> = Vec::new();
    for workload in &workloads {
        loaded.push((workload, workload.wasm()?));
    }
    let metered = |strategy: &Strategy| {
        [Metering::Off, Metering::Interrupts, Metering::Fuel].map(|metering| ours::metered(*strategy, metering))
    };
    let ours: Vec<Ours> = Strategy::ALL.iter().flat_map(metered).collect();
    let engines: Vec<&dyn Engine> = ours.iter().map(|engine| engine as &dyn Engine).collect();
    let run = Run::start(Kind::Quick);
    let folder = runs_folder().join(format!("metering-{}", run.id));
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
