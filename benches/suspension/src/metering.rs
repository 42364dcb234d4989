//! What checks cost: each strategy without metering, with interrupts, and with fuel, on all workloads.

use wasm_dispatch_engines::Entrant;
use wasm_dispatch_measure::run::{measure, setup};
use wasm_dispatch_measure::shards::matrix;
use wasm_dispatch_measure::supervisor::{Launcher, Supervisor};
use wasm_dispatch_report::record::{Kind, Run, Setup};
use wasm_dispatch_report::take_folder;

use crate::events::Failed;

/// Measures for about this many seconds and returns the report.
pub fn run(seconds: u64) -> Result<String, Failed> {
    let workloads = wasm_dispatch_workloads::all()?;
    let names: Vec<String> = workloads.iter().map(|workload| workload.name().to_owned()).collect();
    let mut run = Run::start(Kind::Quick);
    run.id.insert_str(0, "metering-");
    let folder = take_folder(&mut run)?;
    let metered = |entrant: Entrant| ["", "+Interrupts", "+Fuel"].map(|metering| format!("{entrant}{metering}"));
    let engines = Entrant::all().flat_map(metered).collect();
    let rounds = setup(matrix(&[None], &names), engines, 3, 1);
    let setup = Setup {
        max_blocks: 200,
        seconds: Some(seconds),
        own: false,
        ..rounds
    };
    let supervisor = Supervisor {
        setup: &setup,
        seed: run.started,
        workloads: &workloads,
        launchers: &[Launcher::this()?],
        quiet: false,
    };
    measure(&supervisor, &run, &folder, &[])?;
    Ok(wasm_dispatch_report::report(&folder, &folder)?.text())
}
