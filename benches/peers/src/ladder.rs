//! The result: every engine's time relative to our reference, from the recorded samples alone.
//!
//! The rules, in one place:
//! - Times are CPU times of the thread.
//! - A cell is an engine on a workload. It has a time only if nothing ever failed there.
//! - The ratio of a cell is that of two times taken by the same process, one after the other: its mean and interval are
//!   those of [`Paired`], by layouts if there are several and by processes otherwise.
//! - Means are geometric, over *common* workloads: those on which every engine has a time that ran at least half of what the
//!   reference did. An engine that ran less has a mean over what it ran, is said to, and stands in no order with the others.
//! - Workloads of the class `startup` are no part of the mean: theirs is the time of everything from bytes to result.
//! - Starting stands by itself: the time from a module's bytes to an instance that can be called.

use std::collections::BTreeMap;

pub use wasm_dispatch_report::ladder::{Cell, Extreme, Ladder, Refusal, Row, Rung, SCHEMA};
use wasm_dispatch_report::record::{About, EVERY_STRATEGY, Phase, Recording};
use wasm_dispatch_report::statistics::{self, Estimate, Observation, Paired};
use wasm_dispatch_workloads::Class;

/// Where in a run a time was taken: layout, process, number of the run within the process.
type Place = (Option<u64>, u32, u32);

/// Everything recorded, by workload and engine.
struct Grid<'r> {
    recording: &'r Recording,
    /// Names and classes, in the order of their first row.
    workloads: Vec<(&'r str, &'r str)>,
    runs: BTreeMap<(&'r str, &'r str), BTreeMap<Place, f64>>,
    loads: BTreeMap<(&'r str, &'r str), Vec<f64>>,
}

/// Makes the ladder of a recorded run; `reference` is the engine to compare with.
pub fn ladder(recording: &Recording, reference: &str) -> Ladder {
    let grid = Grid::new(recording);
    let common = grid.common(reference);
    let rung = |about: &About| Rung {
        version: about.version.clone(),
        configuration: about.configuration.clone(),
        ..grid.rung(&about.name, reference, &common)
    };
    let mut rungs: Vec<Rung> = recording.engines.iter().map(rung).collect();
    let key = |rung: &Rung| (rung.partial, rung.mean.map_or(f64::INFINITY, |mean| mean.value));
    rungs.sort_by(|a, b| key(a).0.cmp(&key(b).0).then(key(a).1.total_cmp(&key(b).1)));
    let workloads = (grid.workloads.iter()).map(|&(workload, class)| grid.row(workload, class, &rungs, reference));
    Ladder {
        schema: SCHEMA,
        run: recording.run.clone(),
        reference: reference.to_string(),
        blocks: recording.blocks(),
        workloads: workloads.collect(),
        engines: rungs,
        notes: recording.warnings.clone(),
    }
}

impl<'r> Grid<'r> {
    fn new(recording: &'r Recording) -> Grid<'r> {
        let mut grid = Grid {
            recording,
            workloads: Vec::new(),
            runs: BTreeMap::new(),
            loads: BTreeMap::new(),
        };
        for sample in &recording.samples {
            if !grid.workloads.iter().any(|&(name, _)| name == sample.workload) {
                grid.workloads.push((&sample.workload, &sample.class));
            }
            let key = (sample.workload.as_str(), sample.strategy.as_str());
            let Some(cpu) = sample.cpu_nanoseconds.filter(|&cpu| cpu > 0 && sample.iterations > 0) else {
                continue;
            };
            let each = cpu as f64 / sample.iterations as f64;
            match (sample.phase, sample.process.or(sample.block)) {
                (Phase::Execute, Some(process)) if sample.verified => {
                    let runs = grid.runs.entry(key).or_default();
                    let of_process = (sample.layout, process, 0)..=(sample.layout, process, u32::MAX);
                    let number = runs.range(of_process).count() as u32;
                    runs.insert((sample.layout, process, number), each);
                }
                (Phase::Load, _) if sample.strategy != EVERY_STRATEGY => {
                    grid.loads.entry(key).or_default().push(each);
                }
                _ => {}
            }
        }
        for failure in &recording.failures {
            let is_meant = |of: &str| failure.strategy == of || failure.strategy == EVERY_STRATEGY;
            grid.runs
                .retain(|&(workload, engine), _| failure.workload != workload || !is_meant(engine));
        }
        grid
    }

    /// Ratios of an engine's times to the reference's, taken by the same process.
    fn compared(&self, workload: &str, engine: &str, reference: &str) -> Option<Vec<Observation>> {
        let (own, other) = (
            self.runs.get(&(workload, engine))?,
            self.runs.get(&(workload, reference))?,
        );
        let observation = |(place, time): (&Place, &f64)| {
            let &(layout, process, _) = place;
            let log_ratio = (time / other.get(place)?).ln();
            Some(Observation {
                layout,
                process,
                log_ratio,
            })
        };
        Some(own.iter().filter_map(observation).collect())
    }

    /// The workloads that count and that an engine ran beside the reference.
    fn ran(&self, engine: &str, reference: &str) -> Vec<&'r str> {
        let counting = self
            .workloads
            .iter()
            .filter(|(_, class)| counts(class))
            .map(|&(workload, _)| workload);
        counting
            .filter(|workload| self.compared(workload, engine, reference).is_some())
            .collect()
    }

    /// The workloads that every engine ran that ran at least half of them.
    fn common(&self, reference: &str) -> Vec<&'r str> {
        let mut common = self.ran(reference, reference);
        let half = common.len().div_ceil(2);
        for about in &self.recording.engines {
            let ran = self.ran(&about.name, reference);
            if ran.len() >= half {
                common.retain(|workload| ran.contains(workload));
            }
        }
        common
    }

    fn rung(&self, engine: &str, reference: &str, common: &[&str]) -> Rung {
        let ran = self.ran(engine, reference);
        let partial = !common.iter().all(|workload| ran.contains(workload));
        let counted = ran.into_iter().filter(|workload| partial || common.contains(workload));
        let compared: Vec<(&str, Vec<Observation>)> = counted
            .filter_map(|workload| Some((workload, self.compared(workload, engine, reference)?)))
            .collect();
        let extremes = compared.iter().filter_map(|(workload, observations)| {
            Some(Extreme {
                workload: workload.to_string(),
                ratio: Paired::of(observations)?.mean.exp(),
            })
        });
        let mut extremes: Vec<Extreme> = extremes.collect();
        extremes.sort_by(|a, b| a.ratio.total_cmp(&b.ratio));
        let per_byte: Vec<f64> = (self.workloads.iter())
            .filter_map(|&(workload, _)| Some(self.load(workload, engine)? / self.wasm_bytes(workload)? as f64))
            .collect();
        let observations: Vec<Vec<Observation>> = compared.into_iter().map(|(_, all)| all).collect();
        let refused = self
            .recording
            .failures
            .iter()
            .filter(|failure| failure.strategy == engine);
        Rung {
            engine: engine.to_string(),
            version: String::new(),
            configuration: String::new(),
            mean: Paired::of_several(&observations).and_then(known),
            workloads: observations.len(),
            partial,
            fastest: extremes.first().cloned(),
            slowest: extremes.last().cloned(),
            load_ns_per_byte: statistics::geometric_mean(&per_byte),
            refused: refused
                .map(|failure| Refusal {
                    workload: failure.workload.clone(),
                    reason: failure.error.clone(),
                })
                .collect(),
        }
    }

    fn row(&self, workload: &str, class: &str, rungs: &[Rung], reference: &str) -> Row {
        let cells = rungs.iter().map(|rung| Cell {
            ratio: (self.compared(workload, &rung.engine, reference))
                .and_then(|observations| Paired::of(&observations).and_then(known)),
            load_ns: self.load(workload, &rung.engine),
        });
        let times = self.runs.get(&(workload, reference));
        let times: Vec<f64> = times.into_iter().flat_map(BTreeMap::values).copied().collect();
        Row {
            workload: workload.to_string(),
            class: class.to_string(),
            counts: counts(class),
            wasm_bytes: self.wasm_bytes(workload),
            reference_ns: statistics::median(&times),
            cells: cells.collect(),
        }
    }

    fn load(&self, workload: &str, engine: &str) -> Option<f64> {
        statistics::median(self.loads.get(&(workload, engine))?)
    }

    fn wasm_bytes(&self, workload: &str) -> Option<u64> {
        let mut sizes = self.recording.sizes.iter();
        sizes.find(|size| size.workload == workload).map(|size| size.wasm_bytes)
    }
}

fn counts(class: &str) -> bool {
    class != Class::Startup.name()
}

/// One process says nothing about the next: then there is no estimate.
fn known(paired: Paired) -> Option<Estimate> {
    Some(paired.estimate()).filter(|estimate| estimate.high.is_finite())
}
