//! Starting apart from running: from a module's bytes to an instance, again and again.

use std::time::{Duration, Instant};

use wasm_dispatch_measure::interleave::{Loaded, nanoseconds};
use wasm_dispatch_measure::{Engine, Timing};
use wasm_dispatch_report::Error;
use wasm_dispatch_report::record::{Failure, Phase, Sample, Size, Writer};

use crate::trial::Tried;

/// Rounds at most.
const ROUNDS: usize = 15;
/// What a sample should take at least, so that its clock readings do not matter.
const SAMPLE: Duration = Duration::from_millis(1);
/// Loads in a sample at most.
const REPEATS: u64 = 50;

/// Measures in rounds, each engine once on each module, at least one round. Failures are recorded and end nothing.
///
/// # Errors
///
/// When the record cannot be written.
pub fn measure(
    engines: &[Tried],
    workloads: &[Loaded<'_>],
    budget: Duration,
    writer: &mut Writer,
) -> Result<(), Error> {
    for (workload, wasm) in workloads {
        writer.size(Size {
            workload: workload.name().into(),
            strategy: wasm_dispatch_report::record::EVERY_STRATEGY.into(),
            wasm_bytes: wasm.len() as u64,
            code_bytes: 0,
        })?;
    }
    let started = Instant::now();
    let mut round = 0;
    while round == 0 || (round < ROUNDS && started.elapsed().mul_f64(1.0 + 1.0 / round as f64) < budget) {
        for (workload, wasm) in workloads {
            for engine in engines
                .iter()
                .filter(|engine| engine.refusal(workload.name()).is_none())
            {
                match sample(|| engine.load(workload, wasm)) {
                    Ok(None) => {}
                    Ok(Some((iterations, timing))) => writer.sample(Sample {
                        workload: workload.name().into(),
                        class: workload.class().name().into(),
                        strategy: engine.name().into(),
                        phase: Phase::Load,
                        iterations,
                        nanoseconds: nanoseconds(timing.wall),
                        cpu_nanoseconds: Some(nanoseconds(timing.cpu)),
                        block: None,
                        layout: None,
                        process: None,
                        verified: false,
                    })?,
                    Err(error) => writer.failure(Failure {
                        workload: workload.name().into(),
                        class: workload.class().name().into(),
                        strategy: engine.name().into(),
                        error,
                    })?,
                }
            }
        }
        round += 1;
    }
    Ok(())
}

/// Loads until it has taken long enough to be timed. `None` if there is nothing to load.
fn sample(mut load: impl FnMut() -> Result<Option<Timing>, String>) -> Result<Option<(u64, Timing)>, String> {
    let Some(mut total) = load()? else { return Ok(None) };
    let mut iterations = 1;
    while total.wall < SAMPLE && iterations < REPEATS {
        let Some(timing) = load()? else { break };
        total.wall += timing.wall;
        total.cpu += timing.cpu;
        iterations += 1;
    }
    Ok(Some((iterations, total)))
}
