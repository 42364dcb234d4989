//! Sorts the rows of a run into a grid of workloads and strategies.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use itertools::Itertools;

use crate::record::{Control, EVERY_STRATEGY, Phase, Recording, Sample};
use crate::statistics;
use crate::times::of_one;
use crate::units;

/// One strategy on one workload, before any two are compared.
#[derive(Debug)]
pub(super) enum Times {
    /// Never run.
    Missing,
    /// Wrong or not verified.
    Error(String),
    /// Verified times.
    Verified(Verified),
}

/// Where in a measurement a run took place. Runs of two strategies in one place were moments apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub layout: Option<u64>,
    pub process: u32,
    pub block: u32,
    /// Number within the block.
    pub turn: u32,
}

/// Verified times of one cell.
#[derive(Debug)]
pub(super) struct Verified {
    /// Median time of one run, in nanoseconds.
    pub median: f64,
    /// How many samples there are.
    pub samples: usize,
    /// How many independent ones: blocks where there are blocks, samples otherwise.
    pub independent: usize,
    /// Logarithms of the times. Their partners are runs of other strategies in the same place of the same block.
    pub placed: BTreeMap<Place, f64>,
    /// By layout, or process if there are no two layouts, medians in nanoseconds: what comes before a program runs, and a run.
    pub lengths: BTreeMap<u64, (f64, f64)>,
    /// Whether what comes before was timed with functions compiled when they are first called.
    pub lazily: bool,
    /// Median time to load, in nanoseconds.
    pub load: Option<f64>,
    /// Median time to compile, in nanoseconds.
    pub compile: Option<f64>,
}

/// A workload of the run.
#[derive(Debug)]
pub(super) struct Workload {
    pub name: String,
    pub class: String,
}

/// All cells of a run.
#[derive(Debug)]
pub(super) struct Grid {
    /// Grouped by class, otherwise in the order in which they were run.
    pub workloads: Vec<Workload>,
    /// In the order in which they were run.
    pub strategies: Vec<String>,
    /// `cells[workload][strategy]`.
    pub cells: Vec<Vec<Times>>,
    /// Strategies that were run a second time, each with the grid of the two.
    pub controls: Vec<(String, Grid)>,
    /// Strategies that contain unsafe code.
    not_safe: Vec<String>,
    /// Times by that of a reference, as far as they were asked for.
    pub relative: RefCell<BTreeMap<(usize, usize), Option<f64>>>,
    /// What had to be left out.
    pub warnings: Vec<String>,
}

impl Grid {
    pub fn new(recording: &Recording) -> Grid {
        let control = |control: &Control| {
            let both = vec![control.of.clone(), control.name.clone()];
            (control.of.clone(), Grid::of(recording, both))
        };
        Grid {
            controls: recording.controls.iter().map(control).collect(),
            ..Grid::of(recording, strategies(recording))
        }
    }

    /// The grid of these strategies.
    pub fn of(recording: &Recording, strategies: Vec<String>) -> Grid {
        let workloads = workloads(recording);
        let mut by_cell: BTreeMap<(&str, &str), Vec<&Sample>> = BTreeMap::new();
        let mut warnings = Vec::new();
        // Samples that can be divided by.
        let (usable, others): (Vec<&Sample>, Vec<&Sample>) =
            (recording.samples.iter()).partition(|sample| sample.iterations > 0 && sample.nanoseconds > 0);
        if !others.is_empty() {
            warnings.push(format!(
                "left out: {} without iterations or without time",
                units::number(others.len(), "sample")
            ));
        }
        for sample in usable {
            let cell = by_cell.entry((&sample.workload, &sample.strategy)).or_default();
            cell.push(sample);
        }
        let cell = |workload: &Workload, strategy: &str| {
            let mut failures = recording.failures.iter();
            let failed = failures.find(|failed| failed.workload == workload.name && failed.strategy == strategy);
            if let Some(failed) = failed {
                return Times::Error(failed.error.clone());
            }
            let samples = |strategy| by_cell.get(&(&*workload.name, strategy)).map_or(&[][..], Vec::as_slice);
            times(samples(strategy), samples(EVERY_STRATEGY))
        };
        let row = |workload: &Workload| strategies.iter().map(|strategy| cell(workload, strategy)).collect();
        Grid {
            cells: workloads.iter().map(row).collect(),
            controls: Vec::new(),
            not_safe: (strategies.iter().filter(|name| !is_safe(recording, name)).cloned()).collect(),
            relative: RefCell::default(),
            workloads,
            strategies,
            warnings,
        }
    }

    /// The verified times of a cell.
    pub fn verified(&self, workload: usize, strategy: usize) -> Option<&Verified> {
        match &self.cells[workload][strategy] {
            Times::Verified(verified) => Some(verified),
            _ => None,
        }
    }

    /// Whether a strategy is free of unsafe code.
    pub fn is_safe(&self, strategy: usize) -> bool {
        !self.not_safe.contains(&self.strategies[strategy])
    }

    /// The workloads on which a strategy was wrong.
    pub fn errors(&self, strategy: usize) -> impl Iterator<Item = usize> {
        let is_error = move |workload: &usize| matches!(self.cells[*workload][strategy], Times::Error(_));
        (0..self.workloads.len()).filter(is_error)
    }

    /// Whether an error counts against a strategy: one on a workload on which some strategy has a time.
    pub fn is_wrong(&self, strategy: usize) -> bool {
        let has_time = |times: &Times| matches!(times, Times::Verified(_));
        self.errors(strategy)
            .any(|workload| self.cells[workload].iter().any(has_time))
    }

    /// Names of the classes, in order.
    pub fn classes(&self) -> Vec<&str> {
        let classes = self.workloads.iter().map(|workload| workload.class.as_str());
        classes.unique().collect()
    }
}

/// As the record says; older ones are judged by the strategy's name.
fn is_safe(recording: &Recording, strategy: &str) -> bool {
    let unsafe_name = || super::UNSAFE_STRATEGIES.iter().any(|name| strategy.starts_with(name));
    let said = recording.traits_of(strategy).next();
    said.map_or_else(|| !unsafe_name(), |traits| traits.safe)
}

fn workloads(recording: &Recording) -> Vec<Workload> {
    let mut found: Vec<Workload> = Vec::new();
    let samples = recording.samples.iter().map(|sample| (&sample.workload, &sample.class));
    let failures = recording.failures.iter();
    let failures = failures.map(|failure| (&failure.workload, &failure.class));
    for (name, class) in samples.chain(failures) {
        match found.iter_mut().find(|workload| &workload.name == name) {
            // A failure may come without a class; a sample says it.
            Some(workload) if workload.class.is_empty() => workload.class.clone_from(class),
            Some(_) => {}
            None => found.push(Workload {
                name: name.clone(),
                class: class.clone(),
            }),
        }
    }
    let order: Vec<String> = found.iter().map(|workload| workload.class.clone()).collect();
    found.sort_by_key(|workload| order.iter().position(|class| class == &workload.class));
    found
}

fn strategies(recording: &Recording) -> Vec<String> {
    let samples = recording.samples.iter().map(|sample| &sample.strategy);
    let failures = recording.failures.iter().map(|failure| &failure.strategy);
    // A control shows what noise is, and is no strategy.
    let is_one = |name: &&String| *name != EVERY_STRATEGY && recording.control_of(name).is_none();
    let found = samples.chain(failures).filter(is_one);
    found.unique().cloned().collect()
}

fn times(samples: &[&Sample], shared: &[&Sample]) -> Times {
    let runs = samples.iter().copied().filter(|sample| sample.phase == Phase::Execute);
    let runs: Vec<&Sample> = runs.collect();
    let unverified = runs.iter().filter(|sample| !sample.verified).count();
    if unverified > 0 {
        return Times::Error(format!(
            "not verified: {unverified} of {}",
            units::number(runs.len(), "sample")
        ));
    }
    let values: Vec<f64> = runs.iter().map(|sample| of_one(sample)).collect();
    let Some(median) = statistics::median(&values) else {
        return Times::Missing;
    };
    let blocks: Option<BTreeSet<u32>> = runs.iter().map(|sample| sample.block).collect();
    let lazily = samples.iter().any(|sample| sample.phase == Phase::Cold);
    Times::Verified(Verified {
        lengths: lengths(samples, shared, lazily),
        lazily,
        median,
        samples: values.len(),
        independent: blocks.map_or(runs.len(), |blocks| blocks.len()),
        placed: placed(&runs),
        load: phase_median(samples, Phase::Load).or(phase_median(shared, Phase::Load)),
        compile: phase_median(samples, Phase::Compile),
    })
}

/// What comes before a run, and a run, by case. With functions compiled when they are first called that is what everything
/// takes from the module's bytes to the first result, less what the same takes once it is compiled; in older records, it is
/// to load, and to compile all functions.
fn lengths(samples: &[&Sample], shared: &[&Sample], lazily: bool) -> BTreeMap<u64, (f64, f64)> {
    let layouts: BTreeSet<Option<u64>> = samples.iter().map(|sample| sample.layout).collect();
    let case = |sample: &Sample| match layouts.len() {
        // Where one process measured everything, its blocks are the cases.
        0 | 1 => u64::from(sample.process.or(sample.block).unwrap_or(0)),
        _ => sample.layout.map_or(0, |layout| layout + 1),
    };
    let mut times: BTreeMap<(u64, Phase), Vec<f64>> = BTreeMap::new();
    let mut of_all: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    for sample in samples {
        let of = times.entry((case(sample), sample.phase)).or_default();
        of.push(of_one(sample));
    }
    for sample in shared.iter().filter(|sample| sample.phase == Phase::Load) {
        of_all.entry(case(sample)).or_default().push(of_one(sample));
    }
    let of = |case: u64| {
        let here = |phase| statistics::median(times.get(&(case, phase))?);
        let loading = || statistics::median(of_all.get(&case)?);
        let before = match lazily {
            // Of a short program the difference may be lost in the noise; loading is a part of it in any case.
            true => (here(Phase::Cold)? - here(Phase::Warm)?).max(loading().unwrap_or(0.0) / 10.0),
            false => here(Phase::Load).or_else(loading).unwrap_or(0.0) + here(Phase::Compile)?,
        };
        Some((case, (before.max(1.0), here(Phase::Execute)?)))
    };
    let cases: BTreeSet<u64> = times.keys().map(|(case, _)| *case).collect();
    cases.into_iter().filter_map(of).collect()
}

/// The runs by their places. Where one has no block, the record is not interleaved: then each is its own block, so that
/// strategies are compared in the order of their runs.
fn placed(runs: &[&Sample]) -> BTreeMap<Place, f64> {
    let interleaved = runs.iter().all(|sample| sample.block.is_some());
    let mut turns: BTreeMap<(Option<u64>, u32, u32), u32> = BTreeMap::new();
    let place = |(sample, number): (&&Sample, u32)| {
        let block = sample.block.filter(|_| interleaved).unwrap_or(number);
        let process = sample.process.unwrap_or(0);
        let turn = turns.entry((sample.layout, process, block)).or_default();
        *turn += 1;
        let place = Place {
            layout: sample.layout,
            process,
            block,
            turn: *turn,
        };
        (place, of_one(sample).ln())
    };
    runs.iter().zip(0..).map(place).collect()
}

fn phase_median(samples: &[&Sample], phase: Phase) -> Option<f64> {
    let of_phase = samples.iter().filter(|sample| sample.phase == phase);
    statistics::median(&Vec::from_iter(of_phase.map(|sample| of_one(sample))))
}
