//! The result: every engine's time relative to our reference, from the recorded samples alone.
//!
//! The rules, in one place:
//! - Times are CPU times of the thread.
//! - A cell is an engine on a workload. It has a time only if nothing ever failed there.
//! - The ratio of a cell is the engine's median by the reference's median on the same workload. Its interval is that of a
//!   bootstrap over blocks, the same blocks drawn for both.
//! - An engine's mean is geometric, over the workloads on which both have a time. How many these are stands beside it.
//! - Workloads of the class `startup` are no part of the mean: theirs is the time of everything from bytes to result.
//! - Starting is told apart, by the time from a module's bytes to an instance that can be called.

use std::collections::BTreeMap;

use serde::Serialize;
use wasm_dispatch_report::record::{Phase, Recording, Run};
use wasm_dispatch_report::statistics::{self, Estimate, Random};
use wasm_dispatch_workloads::Class;

/// Version of `ladder.json`.
pub const SCHEMA: u32 = 1;

/// The whole result.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ladder {
    /// Version of this structure, [`SCHEMA`].
    pub schema: u32,
    /// The run it is about.
    pub run: Run,
    /// The engine that all are compared with.
    pub reference: String,
    /// Blocks that were measured.
    pub blocks: u32,
    /// Ranked engines from the fastest to the slowest, then those without a mean.
    pub engines: Vec<Rung>,
    /// The workloads, in the order in which they were measured.
    pub workloads: Vec<Row>,
    /// What a reader should know.
    pub notes: Vec<String>,
}

/// An engine.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rung {
    /// Its name.
    pub engine: String,
    /// Its version.
    pub version: String,
    /// How it was configured.
    pub configuration: String,
    /// Geometric mean of its times by those of the reference.
    pub mean: Option<Estimate>,
    /// Over how many workloads.
    pub workloads: usize,
    /// Where it does best, by the reference.
    pub fastest: Option<Extreme>,
    /// Where it does worst, by the reference.
    pub slowest: Option<Extreme>,
    /// Starting: geometric mean over modules of the nanoseconds it takes per byte from bytes to an instance.
    pub load_ns_per_byte: Option<f64>,
    /// What it did not run.
    pub refused: Vec<Refusal>,
}

/// A ratio and where it was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Extreme {
    /// Name of the workload.
    pub workload: String,
    /// The engine's time by the reference's.
    pub ratio: f64,
}

/// A workload that an engine did not run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// Name of the workload.
    pub workload: String,
    /// Why.
    pub reason: String,
}

/// A workload under all engines.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// Its name.
    pub workload: String,
    /// Its class.
    pub class: String,
    /// Whether it is part of the means.
    pub counts: bool,
    /// Bytes of its module.
    pub wasm_bytes: Option<u64>,
    /// The reference's median time, in nanoseconds.
    pub reference_ns: Option<f64>,
    /// One cell per engine, in the order of [`Ladder::engines`].
    pub cells: Vec<Cell>,
}

/// An engine on a workload.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Cell {
    /// Time by the reference's.
    pub ratio: Option<Estimate>,
    /// Median time from the module's bytes to an instance, in nanoseconds.
    pub load_ns: Option<f64>,
}

/// A cell before it is compared.
struct Measured {
    median: f64,
    /// Logarithms of the medians of blocks drawn again.
    drawn: Vec<f64>,
}

/// Everything recorded, by workload and engine.
struct Grid<'r> {
    recording: &'r Recording,
    /// Names and classes, in the order of their first row.
    workloads: Vec<(&'r str, &'r str)>,
    measured: BTreeMap<(&'r str, &'r str), Measured>,
    loads: BTreeMap<(&'r str, &'r str), f64>,
}

/// Makes the ladder of a recorded run; `reference` is the engine to compare with.
pub fn ladder(recording: &Recording, reference: &str) -> Ladder {
    let grid = Grid::new(recording);
    let mut rungs: Vec<Rung> = recording
        .engines
        .iter()
        .map(|about| Rung {
            version: about.version.clone(),
            configuration: about.configuration.clone(),
            ..grid.rung(&about.name, reference)
        })
        .collect();
    let key = |rung: &Rung| rung.mean.map_or(f64::INFINITY, |mean| mean.value);
    rungs.sort_by(|a, b| key(a).total_cmp(&key(b)));
    let workloads = grid
        .workloads
        .iter()
        .map(|&(workload, class)| grid.row(workload, class, &rungs, reference))
        .collect();
    Ladder {
        schema: SCHEMA,
        run: recording.run.clone(),
        reference: reference.to_string(),
        blocks: recording.blocks(),
        engines: rungs,
        workloads,
        notes: recording.warnings.clone(),
    }
}

impl<'r> Grid<'r> {
    fn new(recording: &'r Recording) -> Grid<'r> {
        let mut workloads: Vec<(&str, &str)> = Vec::new();
        let mut runs: BTreeMap<(&str, &str), BTreeMap<u32, Vec<f64>>> = BTreeMap::new();
        let mut loads: BTreeMap<(&str, &str), Vec<f64>> = BTreeMap::new();
        for sample in &recording.samples {
            if !workloads.iter().any(|&(name, _)| name == sample.workload) {
                workloads.push((&sample.workload, &sample.class));
            }
            let key = (sample.workload.as_str(), sample.strategy.as_str());
            let Some(cpu) = sample.cpu_nanoseconds.filter(|&cpu| cpu > 0 && sample.iterations > 0) else {
                continue;
            };
            let each = cpu as f64 / sample.iterations as f64;
            match (sample.phase, sample.block) {
                (Phase::Execute, Some(block)) if sample.verified => {
                    runs.entry(key).or_default().entry(block).or_default().push(each);
                }
                (Phase::Load, _) => loads.entry(key).or_default().push(each),
                _ => {}
            }
        }
        let failed = |workload: &str, engine: &str| {
            let mut failures = recording.failures.iter();
            failures.any(|failure| failure.workload == workload && failure.strategy == engine)
        };
        let measured = runs
            .into_iter()
            .filter(|((workload, engine), _)| !failed(workload, engine))
            .filter_map(|((workload, engine), blocks)| {
                let values: Vec<f64> = blocks.values().flatten().copied().collect();
                let clusters: Vec<Vec<f64>> = blocks.into_values().collect();
                let measured = Measured {
                    median: statistics::median(&values)?,
                    // Named after the workload alone: both sides of a ratio draw the same blocks.
                    drawn: statistics::log_medians(&clusters, Random::named(&[workload])),
                };
                Some(((workload, engine), measured))
            })
            .collect();
        let loads = loads
            .into_iter()
            .filter_map(|(key, values)| Some((key, statistics::median(&values)?)))
            .collect();
        Grid {
            recording,
            workloads,
            measured,
            loads,
        }
    }

    fn rung(&self, engine: &str, reference: &str) -> Rung {
        let compared: Vec<(&str, &Measured, &Measured)> = self
            .workloads
            .iter()
            .filter(|(_, class)| counts(class))
            .filter_map(|&(workload, _)| {
                let engine = self.measured.get(&(workload, engine))?;
                Some((workload, engine, self.measured.get(&(workload, reference))?))
            })
            .collect();
        let ratio = |of: &(&str, &Measured, &Measured)| of.1.median / of.2.median;
        let extreme = |of: Option<&(&str, &Measured, &Measured)>| {
            of.map(|of| Extreme {
                workload: of.0.to_string(),
                ratio: ratio(of),
            })
        };
        let per_byte: Vec<f64> = self
            .workloads
            .iter()
            .filter_map(|&(workload, _)| Some(self.loads.get(&(workload, engine))? / self.wasm_bytes(workload)? as f64))
            .collect();
        Rung {
            engine: engine.to_string(),
            version: String::new(),
            configuration: String::new(),
            mean: mean(&compared),
            workloads: compared.len(),
            fastest: extreme(compared.iter().min_by(|a, b| ratio(a).total_cmp(&ratio(b)))),
            slowest: extreme(compared.iter().max_by(|a, b| ratio(a).total_cmp(&ratio(b)))),
            load_ns_per_byte: statistics::geometric_mean(&per_byte),
            refused: self
                .recording
                .failures
                .iter()
                .filter(|failure| failure.strategy == engine)
                .map(|failure| Refusal {
                    workload: failure.workload.clone(),
                    reason: failure.error.clone(),
                })
                .collect(),
        }
    }

    fn row(&self, workload: &str, class: &str, rungs: &[Rung], reference: &str) -> Row {
        let reference = self.measured.get(&(workload, reference));
        let cells = rungs.iter().map(|rung| {
            let key = (workload, rung.engine.as_str());
            let pair = self.measured.get(&key).zip(reference);
            Cell {
                ratio: pair.and_then(|(engine, reference)| mean(&[(workload, engine, reference)])),
                load_ns: self.loads.get(&key).copied(),
            }
        });
        Row {
            workload: workload.to_string(),
            class: class.to_string(),
            counts: counts(class),
            wasm_bytes: self.wasm_bytes(workload),
            reference_ns: reference.map(|reference| reference.median),
            cells: cells.collect(),
        }
    }

    fn wasm_bytes(&self, workload: &str) -> Option<u64> {
        let mut sizes = self.recording.sizes.iter();
        sizes.find(|size| size.workload == workload).map(|size| size.wasm_bytes)
    }
}

fn counts(class: &str) -> bool {
    class != Class::Startup.name()
}

/// Geometric mean of ratios, with its interval.
fn mean(compared: &[(&str, &Measured, &Measured)]) -> Option<Estimate> {
    let ratios: Vec<f64> = compared
        .iter()
        .map(|(_, engine, reference)| engine.median / reference.median)
        .collect();
    let value = statistics::geometric_mean(&ratios)?;
    let drawn = compared.iter().map(|(_, engine, _)| engine.drawn.len()).min()?;
    let replicates = (0..drawn).filter_map(|replicate| {
        let logs = compared
            .iter()
            .map(|(_, engine, reference)| Some(engine.drawn.get(replicate)? - reference.drawn.get(replicate)?));
        let sum: Option<f64> = logs.sum();
        Some((sum? / compared.len() as f64).exp())
    });
    let (low, high) = statistics::interval(replicates)?;
    Some(Estimate { value, low, high })
}
