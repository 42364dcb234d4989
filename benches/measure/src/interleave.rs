//! Blocked random interleaving: in every block each engine runs each workload once, in random order.
//!
//! Two engines of one block ran within milliseconds of each other, so that a machine that speeds up or slows down does
//! it to both. Measuring one engine after the other claimed a change in 12 of 48 runs of the same code.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use wasm_dispatch_record::Progress;
use wasm_dispatch_record::record::{self, Failure, Phase, Sample, Writer};
use wasm_dispatch_workloads::Workload;

use crate::engine::{Engine, Prepared, Size};

/// What to measure, and how long.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Which size of the workloads.
    pub size: Size,
    /// Time to spend, about.
    pub budget: Duration,
    /// Blocks to measure at least, whatever they take.
    pub min_blocks: u32,
    /// Blocks to measure at most.
    pub max_blocks: u32,
    /// Seed of the order.
    pub seed: u64,
}

impl Plan {
    /// How many blocks there will be, after `done`, if one takes `block_time` and there is `left` to spend.
    fn blocks(&self, block_time: Duration, left: Duration, done: u32) -> u32 {
        let more = left.as_secs_f64() / block_time.max(Duration::from_micros(1)).as_secs_f64();
        // A conversion to integer is clamped.
        done.saturating_add(more.round() as u32)
            .clamp(self.min_blocks, self.max_blocks)
    }
}

/// A workload with its module's bytes.
pub type Loaded<'w> = (&'w Workload, Vec<u8>);

/// Measures, writing samples and failures as they come. Returns the number of blocks after the warm-up.
///
/// # Errors
///
/// When the record cannot be written.
pub fn measure(
    engines: &[&dyn Engine],
    workloads: &[Loaded<'_>],
    plan: Plan,
    writer: &mut Writer,
) -> Result<u32, wasm_dispatch_record::Error> {
    let mut cells = Vec::new();
    for (w, (workload, wasm)) in workloads.iter().enumerate() {
        for (e, engine) in engines.iter().enumerate() {
            match engine.prepare(workload, wasm) {
                Ok(prepared) => cells.push(Cell {
                    workload: w,
                    engine: e,
                    prepared,
                }),
                Err(error) => writer.failure(failure(workload, *engine, error))?,
            }
        }
    }
    let mut random = fastrand::Rng::with_seed(plan.seed);
    let mut failed: HashSet<(usize, usize)> = HashSet::new();
    // The warm-up block tells how long a block takes.
    let started = Instant::now();
    for cell in &mut cells {
        let (workload, engine) = (workloads[cell.workload].0, engines[cell.engine]);
        if let Err(error) = cell.prepared.run(plan.size.of(workload)) {
            writer.failure(failure(workload, engine, error))?;
            failed.insert((cell.workload, cell.engine));
        }
    }
    let mut blocks = plan.blocks(started.elapsed(), plan.budget, 0);
    writer.plan(record::Plan { blocks })?;
    let mut progress = Progress::new(blocks as usize);
    let started = Instant::now();
    let mut block = 0;
    while block < blocks {
        progress.begin(&format!("interleaved block {} of {blocks}", block + 1));
        for w in shuffled(&mut random, workloads.len()) {
            let mut of_workload: Vec<usize> = (0..cells.len()).filter(|&c| cells[c].workload == w).collect();
            random.shuffle(&mut of_workload);
            for c in of_workload {
                let cell = &mut cells[c];
                let key = (cell.workload, cell.engine);
                let (workload, engine) = (workloads[w].0, engines[cell.engine]);
                if failed.contains(&key) {
                    continue;
                }
                match cell.prepared.run(plan.size.of(workload)) {
                    Ok(timing) => writer.sample(Sample {
                        workload: workload.name().into(),
                        class: workload.class().name().into(),
                        strategy: engine.name().into(),
                        phase: Phase::Execute,
                        iterations: 1,
                        nanoseconds: nanoseconds(timing.wall),
                        cpu_nanoseconds: Some(nanoseconds(timing.cpu)),
                        block: Some(block),
                        layout: None,
                        process: None,
                        verified: true,
                    })?,
                    Err(error) => {
                        writer.failure(failure(workload, engine, error))?;
                        failed.insert(key);
                    }
                }
            }
        }
        writer.block_end(block)?;
        progress.finish_step();
        block += 1;
        // The blocks so far tell better than the warm-up how long one takes, on a machine with other things to do, too.
        let elapsed = started.elapsed();
        let better = plan.blocks(elapsed / block, plan.budget.saturating_sub(elapsed), block);
        if better != blocks {
            blocks = better;
            writer.plan(record::Plan { blocks })?;
            progress.set_total(blocks as usize);
        }
    }
    progress.finish();
    Ok(blocks)
}

struct Cell {
    workload: usize,
    engine: usize,
    prepared: Box<dyn Prepared>,
}

fn shuffled(random: &mut fastrand::Rng, len: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..len).collect();
    random.shuffle(&mut order);
    order
}

fn failure(workload: &Workload, engine: &dyn Engine, error: String) -> Failure {
    Failure {
        workload: workload.name().into(),
        class: workload.class().name().into(),
        strategy: engine.name().into(),
        error,
    }
}

/// A duration as the record has it.
pub fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
