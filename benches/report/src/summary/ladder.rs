//! From a run of peers to its ladder: every engine's time relative to a reference, from the recorded samples alone.
//!
//! The rules, in one place:
//! - A cell is an engine on a workload. It has a time only if nothing ever failed there.
//! - The ratio of a cell is that of two times taken by the same process, one after the other: its mean and interval are those of
//!   [`Paired`], by layouts if there are several and by processes otherwise.
//! - Means are geometric, over *common* workloads: those on which every engine has a time that ran at least half of what the
//!   reference did. An engine that ran less has a mean over what it ran, which stands apart and in no order with the others.
//! - An engine whose interval holds 1 ties with the reference ([`Rung::ties`]).
//! - Two engines are compared with each other in the same way, over the workloads that both ran.
//! - Workloads of the class `startup` are no part of the mean: theirs is the time of everything from bytes to result.
//! - Starting stands by itself: the time from a module's bytes to an instance that can be called.

use itertools::Itertools;

use super::Worst;
use super::collect::Grid;
use super::decide::{compare, paired};
use crate::ladder::{Cell, Ladder, Pair, Refusal, Row, Rung, SCHEMA};
use crate::record::{About, EVERY_STRATEGY, Phase, Recording};
use crate::statistics::{Estimate, Paired, geometric_mean};
use crate::times;

/// The class of workloads that are no part of the mean.
const STARTUP: &str = "startup";

/// Engines beside a reference. Engines and workloads are indices into the grid.
struct Compared<'r> {
    recording: &'r Recording,
    grid: Grid,
    reference: Option<usize>,
}

impl Ladder {
    /// The ladder of a recorded run; `reference` is the engine to compare with.
    pub fn of(recording: &Recording, reference: &str) -> Ladder {
        let names: Vec<String> = recording.engines.iter().map(|about| about.name.clone()).collect();
        let compared = Compared {
            recording,
            reference: names.iter().position(|name| name == reference),
            grid: Grid::of(recording, names),
        };
        let common = compared.common();
        let rungs = recording.engines.iter().enumerate();
        let rungs = rungs.map(|(engine, about)| (engine, compared.rung(engine, about, &common)));
        let mean = |rung: &Rung| rung.mean.map_or(f64::INFINITY, |mean| mean.value);
        let rungs = rungs.sorted_by(|(_, a), (_, b)| a.partial.cmp(&b.partial).then(mean(a).total_cmp(&mean(b))));
        let (order, engines): (Vec<usize>, Vec<Rung>) = rungs.unzip();
        let is_there = |&workload: &usize| (0..order.len()).any(|engine| compared.ran(workload, engine));
        let workloads = (0..compared.grid.workloads.len()).filter(is_there);
        let pairs = order.iter().tuple_combinations();
        let pairs = pairs.filter_map(|(&engine, &other)| compared.pair(engine, other));
        Ladder {
            schema: SCHEMA,
            run: recording.run.clone(),
            reference: reference.to_owned(),
            blocks: recording.blocks(),
            workloads: workloads.map(|workload| compared.row(workload, &order)).collect(),
            engines,
            pairs: pairs.collect(),
            notes: recording.warnings.clone(),
        }
    }
}

impl Compared<'_> {
    fn name(&self, workload: usize) -> &str {
        &self.grid.workloads[workload].name
    }

    fn counts(&self, workload: usize) -> bool {
        self.grid.workloads[workload].class != STARTUP
    }

    /// Whether an engine has a time on a workload, and so has the reference.
    fn ran(&self, workload: usize, engine: usize) -> bool {
        let mut failures = self.recording.failures.iter();
        let has_time = |engine| self.grid.verified(workload, engine).is_some();
        has_time(engine)
            && self.reference.is_some_and(has_time)
            && !failures.any(|failed| failed.strategy == EVERY_STRATEGY && failed.workload == self.name(workload))
    }

    /// The workloads that count and that an engine ran.
    fn counted(&self, engine: usize) -> Vec<usize> {
        let all = 0..self.grid.workloads.len();
        all.filter(|&workload| self.counts(workload) && self.ran(workload, engine))
            .collect()
    }

    /// The workloads that every engine ran that ran at least half of them.
    fn common(&self) -> Vec<usize> {
        let mut common = self.reference.map_or(Vec::new(), |reference| self.counted(reference));
        let half = common.len().div_ceil(2);
        let ran = (0..self.grid.strategies.len()).map(|engine| self.counted(engine));
        for ran in ran.filter(|ran| ran.len() >= half) {
            common.retain(|workload| ran.contains(workload));
        }
        common
    }

    /// An engine's time by that of the reference, over workloads that both ran.
    fn mean(&self, engine: usize, workloads: &[usize]) -> Option<Estimate> {
        paired(&self.grid, engine, self.reference?, workloads).and_then(known)
    }

    /// An engine by another, over what both ran.
    fn pair(&self, engine: usize, other: usize) -> Option<Pair> {
        let (own, its) = (self.counted(engine), self.counted(other));
        let both = own.into_iter().filter(|workload| its.contains(workload)).collect_vec();
        Some(Pair {
            engine: self.grid.strategies[engine].clone(),
            other: self.grid.strategies[other].clone(),
            time: paired(&self.grid, engine, other, &both).and_then(known)?,
            workloads: both.len(),
        })
    }

    fn rung(&self, engine: usize, about: &About, common: &[usize]) -> Rung {
        let ran = self.counted(engine);
        let partial = !common.iter().all(|workload| ran.contains(workload));
        let counted = if partial { &ran } else { common };
        let extremes = counted.iter().filter_map(|&workload| {
            Some(Worst {
                workload: self.name(workload).to_owned(),
                ratio: compare(&self.grid, engine, self.reference?, &[workload])?.value,
            })
        });
        let extremes = extremes.sorted_by(|a, b| a.ratio.total_cmp(&b.ratio)).collect_vec();
        let per_byte = (0..self.grid.workloads.len())
            .filter_map(|workload| Some(self.load(workload, engine)? / self.wasm_bytes(workload)? as f64));
        let failures = self.recording.failures.iter();
        let refusals = failures.filter(|failure| failure.strategy == about.name);
        Rung {
            engine: about.name.clone(),
            version: about.version.clone(),
            configuration: about.configuration.clone(),
            mean: self.mean(engine, counted),
            workloads: counted.len(),
            partial,
            fastest: extremes.first().cloned(),
            slowest: extremes.last().cloned(),
            load_ns_per_byte: geometric_mean(&Vec::from_iter(per_byte)),
            refused: refusals
                .map(|failure| Refusal {
                    workload: failure.workload.clone(),
                    reason: failure.error.clone(),
                })
                .collect(),
        }
    }

    fn row(&self, workload: usize, engines: &[usize]) -> Row {
        let cells = engines.iter().map(|&engine| Cell {
            ratio: match self.ran(workload, engine) {
                true => self.mean(engine, &[workload]),
                false => None,
            },
            load_ns: self.load(workload, engine),
        });
        let times = |engine| self.grid.verified(workload, engine);
        let of_reference = self.reference.and_then(times);
        Row {
            workload: self.name(workload).to_owned(),
            class: self.grid.workloads[workload].class.clone(),
            counts: self.counts(workload),
            wasm_bytes: self.wasm_bytes(workload),
            reference_ns: of_reference.map(|times| times.median),
            cells: cells.collect(),
        }
    }

    fn load(&self, workload: usize, engine: usize) -> Option<f64> {
        let (workload, engine) = (self.name(workload), &self.grid.strategies[engine]);
        times::median_of(self.recording, workload, engine, Phase::Load)
    }

    fn wasm_bytes(&self, workload: usize) -> Option<u64> {
        let mut sizes = self.recording.sizes.iter();
        let size = sizes.find(|size| size.workload == self.name(workload))?;
        Some(size.wasm_bytes)
    }
}

/// One process says nothing about the next: then there is no estimate.
fn known(paired: Paired) -> Option<Estimate> {
    Some(paired.estimate()).filter(|estimate| estimate.high.is_finite())
}
