//! Times of one strategy on one workload, to be looked at apart from the others.

use itertools::Itertools;
use serde::{Deserialize, Serialize};

use crate::record::{EVERY_STRATEGY, Failure, Phase, Recording, Sample};
use crate::statistics::{Estimate, Observation, Paired, median};

/// A value and its interval, which may be unknown.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// The value.
    pub value: f64,
    /// Lower end of the 95 % interval.
    pub low: Option<f64>,
    /// Upper end of the 95 % interval.
    pub high: Option<f64>,
}

impl From<Estimate> for Measure {
    fn from(estimate: Estimate) -> Measure {
        // With one case the interval is everything, which JSON cannot say.
        let known = estimate.low > 0.0 && estimate.high.is_finite();
        Measure {
            value: estimate.value,
            low: known.then_some(estimate.low),
            high: known.then_some(estimate.high),
        }
    }
}

impl From<Measure> for Estimate {
    fn from(measure: Measure) -> Estimate {
        Estimate {
            value: measure.value,
            low: measure.low.unwrap_or(0.0),
            high: measure.high.unwrap_or(f64::INFINITY),
        }
    }
}

/// What was measured of a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timed {
    /// Nanoseconds, with their interval over layouts or processes.
    pub nanoseconds: Measure,
    /// How many runs were timed.
    pub samples: usize,
    /// By how many processes.
    pub processes: usize,
}

/// Everything that has times of its own, controls included, in the order of the run.
pub fn strategies(recording: &Recording) -> Vec<&str> {
    let names = recording.samples.iter().map(|sample| sample.strategy.as_str());
    let mut strategies = names.filter(|name| *name != EVERY_STRATEGY).unique().collect_vec();
    // Samples come in random order.
    if let Some(setup) = &recording.setup {
        let place = |name: &str| setup.strategies.iter().position(|known| known == name);
        strategies.sort_by_key(|name| place(name).unwrap_or(usize::MAX));
    }
    strategies
}

/// The samples of a cell that can be divided by.
pub fn samples<'r>(
    recording: &'r Recording,
    workload: &'r str,
    strategy: &'r str,
    phase: Phase,
) -> impl Iterator<Item = &'r Sample> {
    let samples = recording.samples.iter();
    samples
        .filter(move |sample| sample.workload == workload && sample.strategy == strategy && sample.phase == phase)
        .filter(|sample| sample.iterations > 0 && sample.nanoseconds > 0)
}

/// Median time of a phase, in nanoseconds.
pub fn median_of(recording: &Recording, workload: &str, strategy: &str, phase: Phase) -> Option<f64> {
    let times = samples(recording, workload, strategy, phase).map(of_one);
    median(&times.collect::<Vec<f64>>())
}

/// Nanoseconds of one iteration: of CPU time, where there is any, which does not pass while something else runs.
pub fn of_one(sample: &Sample) -> f64 {
    let cpu = sample.cpu_nanoseconds.filter(|&cpu| cpu > 0);
    cpu.unwrap_or(sample.nanoseconds) as f64 / sample.iterations.max(1) as f64
}

/// A failure in words.
pub fn failure(failed: &Failure) -> String {
    format!("{} fails on {}: {}", failed.strategy, failed.workload, failed.error)
}

/// The time of a run, divided by `parts`. `None` if there is none, or if the strategy failed there.
pub fn executed(recording: &Recording, workload: &str, strategy: &str, parts: f64) -> Option<Timed> {
    let failed = recording.failures.iter().any(|failure| {
        failure.workload == workload && (failure.strategy == strategy || failure.strategy == EVERY_STRATEGY)
    });
    let samples: Vec<&Sample> = samples(recording, workload, strategy, Phase::Execute).collect();
    if failed || samples.iter().any(|sample| !sample.verified) {
        return None;
    }
    let observation = |sample: &&Sample| Observation {
        layout: sample.layout,
        // Where one process measured everything, its blocks are the cases.
        process: sample.process.or(sample.block).unwrap_or(0),
        log_ratio: (of_one(sample) / parts.max(f64::MIN_POSITIVE)).ln(),
    };
    let observations: Vec<Observation> = samples.iter().map(observation).collect();
    let processes = observations.iter().map(|one| (one.layout, one.process));
    Some(Timed {
        nanoseconds: Paired::of(&observations)?.estimate().into(),
        samples: samples.len(),
        processes: processes.unique().count(),
    })
}
