//! What checks cost: each strategy without metering, with interrupts, and with fuel, on all workloads.

use std::process::ExitCode;

use wasm_dispatch::Metering;
use wasm_dispatch_engines::{Engine, Entrant, Ours};
use wasm_dispatch_measure::run::{measure, setup};
use wasm_dispatch_measure::shards::matrix;
use wasm_dispatch_measure::supervisor::{Launcher, Supervisor};
use wasm_dispatch_measure::worker::{self, Loads};
use wasm_dispatch_report::record::{Kind, Run, Setup};
use wasm_dispatch_report::take_folder;

use crate::events::Failed;

fn all() -> Vec<Ours> {
    let metered = |entrant: Entrant| {
        [Metering::Off, Metering::Interrupts, Metering::Fuel].map(|metering| entrant.metered(metering))
    };
    Entrant::all().flat_map(metered).collect()
}

/// If this process was started as a worker, measures a block and returns how it went.
pub fn serve_if_asked() -> Option<ExitCode> {
    worker::asked().then(|| {
        let engine = |name: &str| {
            let engine = all().into_iter().find(|engine| engine.name() == name);
            let engine = engine.ok_or_else(|| format!("nothing is called {name}"))?;
            Ok(Box::new(engine) as Box<dyn Engine>)
        };
        worker::serve(&engine, Loads::Shared)
    })
}

/// Measures for about so many seconds and returns the report.
pub fn run(seconds: u64) -> Result<String, Failed> {
    let workloads = wasm_dispatch_workloads::all()?;
    let names: Vec<String> = workloads.iter().map(|workload| workload.name().to_owned()).collect();
    let mut run = Run::start(Kind::Quick);
    run.id.insert_str(0, "metering-");
    let folder = take_folder(&mut run)?;
    let engines = all().iter().map(|engine| engine.name().to_owned()).collect();
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
