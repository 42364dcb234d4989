//! By how much a time changed from one run to another.
//!
//! Two runs share nothing, so the comparison is not a paired one: each side has cases of its own (layouts, processes,
//! blocks; see `statistics::paired`), and Welch's t says how far the difference of their means may be from the truth.
//! Everything happens in logarithms.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use wasm_dispatch_report::record::{Phase, Recording, Sample};
use wasm_dispatch_report::statistics::{CONFIDENCE, Estimate, Level, Observation, Paired, Verdict, student};

/// Two runs, compared.
pub struct Comparison {
    /// Which times: those of the thread's CPU clock, if both runs have them.
    pub clock: Clock,
    /// Strategies that are in both.
    pub strategies: Vec<String>,
    /// One for each strategy, over the workloads that both runs have.
    pub means: Vec<Change>,
    /// One for each strategy and workload, by strategy.
    pub cells: Vec<Change>,
    /// Workloads that only one of the runs has.
    pub only_before: Vec<String>,
    /// The same the other way round.
    pub only_after: Vec<String>,
    /// What was right before and is wrong now.
    pub fails_now: Vec<String>,
}

/// Which of the two recorded times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    /// CPU time of the measuring thread.
    Cpu,
    /// Time that passed.
    Wall,
}

impl Clock {
    fn common(runs: [&Recording; 2]) -> Clock {
        let mut samples = runs
            .iter()
            .flat_map(|run| &run.samples)
            .filter(|sample| sample.phase == Phase::Execute);
        match samples.all(|sample| sample.cpu_nanoseconds.is_some_and(|time| time > 0)) {
            true => Clock::Cpu,
            false => Clock::Wall,
        }
    }

    fn nanoseconds(self, sample: &Sample) -> u64 {
        match self {
            Clock::Cpu => sample.cpu_nanoseconds.unwrap_or(sample.nanoseconds),
            Clock::Wall => sample.nanoseconds,
        }
    }
}

/// One strategy, on one workload or over all.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// Name of the strategy.
    pub strategy: String,
    /// Name of the workload; `None` for the geometric mean over all.
    pub workload: Option<String>,
    /// Time after divided by time before.
    pub ratio: Estimate,
    /// What that comes to, by the interval alone.
    pub verdict: Verdict,
    /// What the interval is taken over.
    pub level: Level,
    /// Cases before and after.
    pub cases: [usize; 2],
}

impl Change {
    /// Whether this is clearly slower, and by more than the factor `limit`.
    pub fn is_beyond(&self, limit: f64) -> bool {
        self.ratio.low > 1.0 && self.ratio.value > limit
    }

    /// The strategy and the workload.
    pub fn what(&self) -> String {
        match &self.workload {
            Some(workload) => format!("{} on {workload}", self.strategy),
            None => format!("{} over all workloads", self.strategy),
        }
    }

    fn new(strategy: &str, workload: Option<&str>, before: &Paired, after: &Paired) -> Change {
        let ratio = difference(before, after);
        Change {
            strategy: strategy.to_owned(),
            workload: workload.map(str::to_owned),
            ratio,
            verdict: ratio.verdict(),
            level: before.level.min(after.level),
            cases: [before.cases, after.cases],
        }
    }
}

/// Welch's interval of the difference of two means, as a ratio. Unbounded if a side has one case only.
fn difference(before: &Paired, after: &Paired) -> Estimate {
    let of_mean = |side: &Paired| side.deviation.powi(2) / side.cases as f64;
    let (old, new) = (of_mean(before), of_mean(after));
    let mean = after.mean - before.mean;
    let half = if before.cases < 2 || after.cases < 2 {
        f64::INFINITY
    } else if old + new == 0.0 {
        0.0
    } else {
        let freedom =
            (old + new).powi(2) / (old.powi(2) / (before.cases - 1) as f64 + new.powi(2) / (after.cases - 1) as f64);
        student::two_sided(CONFIDENCE, freedom) * (old + new).sqrt()
    };
    Estimate::of_log(mean, half)
}

/// Logarithms of times, by strategy and workload.
type Times = BTreeMap<String, BTreeMap<String, Vec<Observation>>>;

impl Comparison {
    /// Compares what both runs have; with names, only these strategies.
    pub fn new(before: &Recording, after: &Recording, only: &[String]) -> Comparison {
        let wanted = |name: &str| only.is_empty() || only.iter().any(|wanted| wanted == name);
        let clock = Clock::common([before, after]);
        let (old, new) = (times(before, clock), times(after, clock));
        let (mut means, mut cells) = (Vec::new(), Vec::new());
        let mut strategies = Vec::new();
        for (strategy, old) in old.iter().filter(|(name, _)| wanted(name)) {
            let Some(new) = new.get(strategy) else { continue };
            let common: Vec<&str> = old
                .keys()
                .map(String::as_str)
                .filter(|name| new.contains_key(*name))
                .collect();
            let mut pairs = Vec::new();
            for workload in &common {
                let side = |times: &BTreeMap<String, Vec<Observation>>| Paired::of(times.get(*workload)?);
                if let (Some(before), Some(after)) = (side(old), side(new)) {
                    cells.push(Change::new(strategy, Some(workload), &before, &after));
                    pairs.push((before, after));
                }
            }
            if pairs.is_empty() {
                continue;
            }
            strategies.push(strategy.clone());
            let before = mean(old, &common, pairs.iter().map(|(before, _)| before));
            let after = mean(new, &common, pairs.iter().map(|(_, after)| after));
            means.push(Change::new(strategy, None, &before, &after));
        }
        let (only_before, only_after) = alone(&old, &new);
        Comparison {
            clock,
            strategies,
            means,
            cells,
            only_before,
            only_after,
            fails_now: fails_now(&old, after, wanted),
        }
    }

    /// Whether anything is said about this strategy.
    pub fn knows(&self, strategy: &str) -> bool {
        let fails = |failure: &String| failure.starts_with(&format!("{strategy} on "));
        self.strategies.iter().any(|known| known == strategy) || self.fails_now.iter().any(fails)
    }

    /// All changes, means first.
    pub fn all(&self) -> impl Iterator<Item = &Change> {
        self.means.iter().chain(&self.cells)
    }
}

/// Times of running, of those cells that are right throughout. Controls, which are a strategy under a second name, are left
/// out.
fn times(recording: &Recording, clock: Clock) -> Times {
    let is_control = |name: &str| recording.controls.iter().any(|control| control.name == name);
    let wrong = recording.wrong();
    let mut times = Times::new();
    for sample in &recording.samples {
        let cell = (sample.strategy.as_str(), sample.workload.as_str());
        let time = clock.nanoseconds(sample);
        if sample.phase != Phase::Execute || is_control(&sample.strategy) || wrong.contains_key(&cell) {
            continue;
        }
        if sample.iterations == 0 || time == 0 {
            continue;
        }
        let of_strategy = times.entry(sample.strategy.clone()).or_default();
        let of_cell = of_strategy.entry(sample.workload.clone()).or_default();
        of_cell.push(Observation {
            layout: sample.layout,
            // In older records a block is what comes closest to a process.
            process: sample.process.or(sample.block).unwrap_or(0),
            log_ratio: (time as f64 / sample.iterations as f64).ln(),
        });
    }
    times
}

/// The mean over workloads. Workloads of one process are not independent of each other, processes are: so the mean of each
/// process comes first, if at least two have run all workloads. Otherwise (shards) deviations are added up as if the
/// workloads went up and down together, which makes the interval too wide rather than too narrow.
fn mean<'p>(
    times: &BTreeMap<String, Vec<Observation>>,
    common: &[&str],
    alone: impl Iterator<Item = &'p Paired>,
) -> Paired {
    type Process = (Option<u64>, u32);
    let mut by_process: BTreeMap<Process, BTreeMap<&str, Vec<f64>>> = BTreeMap::new();
    for (workload, observations) in times.iter().filter(|(name, _)| common.contains(&name.as_str())) {
        for observation in observations {
            let process = by_process.entry((observation.layout, observation.process)).or_default();
            process.entry(workload).or_default().push(observation.log_ratio);
        }
    }
    let average = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
    let whole: Vec<Observation> = (by_process.into_iter())
        .filter(|(_, workloads)| workloads.len() == common.len())
        .map(|((layout, process), workloads)| Observation {
            layout,
            process,
            log_ratio: average(&workloads.values().map(|values| average(values)).collect::<Vec<f64>>()),
        })
        .collect();
    let alone: Vec<&Paired> = alone.collect();
    let cases = alone.iter().map(|paired| paired.cases).min().unwrap_or(0);
    match Paired::of(&whole) {
        Some(paired) if whole.len() > 1 => paired,
        _ => Paired {
            mean: average(&alone.iter().map(|paired| paired.mean).collect::<Vec<f64>>()),
            deviation: average(&alone.iter().map(|paired| paired.deviation).collect::<Vec<f64>>()),
            cases,
            level: alone
                .iter()
                .map(|paired| paired.level)
                .min()
                .unwrap_or(Level::Iteration),
            components: Default::default(),
        },
    }
}

/// Workloads of one run that the other does not have.
fn alone(old: &Times, new: &Times) -> (Vec<String>, Vec<String>) {
    let names = |times: &Times| -> BTreeSet<String> { times.values().flat_map(BTreeMap::keys).cloned().collect() };
    let (old, new) = (names(old), names(new));
    let without = |these: &BTreeSet<String>, those: &BTreeSet<String>| these.difference(those).cloned().collect();
    (without(&old, &new), without(&new, &old))
}

/// What is wrong in the second run where the first one has times.
fn fails_now(old: &Times, after: &Recording, wanted: impl Fn(&str) -> bool) -> Vec<String> {
    let wrong = after.wrong().into_iter().filter(|((strategy, workload), _)| {
        let was_right = old.get(*strategy).is_some_and(|times| times.contains_key(*workload));
        was_right && wanted(strategy)
    });
    wrong
        .map(|((strategy, workload), why)| format!("{strategy} on {workload}: {why}"))
        .collect()
}

#[cfg(test)]
#[path = "../../tests/unit/change.rs"]
mod tests;
