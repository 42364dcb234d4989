//! What a change did to speed: the record of `bench --against`, by pairs of times from one block.
//!
//! For each strategy and workload the logarithm of new by base, one pair a block, with an interval over layouts as in every
//! other comparison ([`Paired`]); for the mean over workloads, the mean within each layout comes first. The control, which
//! is the base in other layouts, goes through the same arithmetic, and shows what no change at all comes to.
//!
//! Something is *slower* if its whole interval lies above a bound, and if it is slower than the control, too: a base that
//! was lucky with its layouts is nobody's fault.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use wasm_dispatch_record::Side;

use crate::record::{EVERY_STRATEGY, Phase, Recording};
use crate::statistics::{Estimate, Level, Observation, Paired, Verdict};
use crate::times;

/// The largest ratios that are let pass: 1.01 for 1 %.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// Of the mean over workloads.
    pub mean: f64,
    /// Of a single workload.
    pub workload: f64,
}

/// Times divided by those of the base.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Ratio {
    /// With its 95 % interval.
    pub ratio: Estimate,
    /// What the interval is taken over.
    pub level: Level,
    /// How many of them.
    pub cases: usize,
    /// What that comes to, if the bound counts as no difference.
    pub verdict: Verdict,
    /// If that is unsure: about how many more cases it would take, of the same spread; none if too many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub more: Option<usize>,
    /// Whether the whole interval lies above the bound; of the new side: and the one of new by control above 1.
    pub slower: bool,
    /// Whether it lies as far on the other side of 1.
    pub faster: bool,
}

impl Ratio {
    fn of(paired: Paired, bound: f64) -> Ratio {
        let ratio = paired.estimate();
        Ratio {
            ratio,
            level: paired.level,
            cases: paired.cases,
            verdict: ratio.verdict_within(bound),
            more: paired.more(bound),
            slower: ratio.low > bound,
            faster: ratio.high * bound < 1.0,
        }
    }
}

/// What happened to a strategy, on a workload or over all.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// Name of the strategy.
    pub strategy: String,
    /// Name of the workload; none for the mean over all that both sides have.
    pub workload: Option<String>,
    /// New by base.
    pub new: Ratio,
    /// Base in other layouts by base, if it was measured.
    pub control: Option<Ratio>,
}

impl Change {
    /// From new by base, control by base, and new by control. None if the first is not known.
    fn of(strategy: &str, workload: Option<&str>, ratios: [Option<Paired>; 3], bound: f64) -> Option<Change> {
        let [new, control, by_control] = ratios;
        let mut new = Ratio::of(new?, bound);
        if let Some(by_control) = by_control.map(|paired| paired.estimate()) {
            new.slower &= by_control.low > 1.0;
            new.faster &= by_control.high < 1.0;
        }
        Some(Change {
            strategy: strategy.to_owned(),
            workload: workload.map(str::to_owned),
            new,
            control: control.map(|control| Ratio::of(control, bound)),
        })
    }
}

/// A change to the code, and what it did to speed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Against {
    /// One for each strategy, over workloads.
    pub strategies: Vec<Change>,
    /// One for each strategy and workload.
    pub cells: Vec<Change>,
    /// What the base does right and the new side does not, in words.
    pub fails_now: Vec<String>,
    /// What neither is compared nor fails now, and why.
    pub left_out: Vec<String>,
}

/// What is divided by what.
const PAIRS: [(Side, Side); 3] = [
    (Side::New, Side::Base),
    (Side::Control, Side::Base),
    (Side::New, Side::Control),
];

/// By strategy, with its side, and workload.
type Cells<T> = BTreeMap<(String, String), T>;

/// By layout and block.
type Blocks<T> = BTreeMap<(Option<u64>, u32), T>;

impl Against {
    /// Compares the sides of a record. `None` if it has no sides.
    pub fn new(recording: &Recording, bounds: Bounds) -> Option<Against> {
        recording.engines.iter().find(|about| about.name == Side::Base.name())?;
        let setup = recording.setup.as_ref()?;
        let mut against = Against {
            strategies: Vec::new(),
            cells: Vec::new(),
            fails_now: Vec::new(),
            left_out: Vec::new(),
        };
        let blocks = blocks(recording);
        let wrong = recording.wrong().into_iter();
        let wrong = wrong.map(|((strategy, workload), why)| ((strategy.to_owned(), workload.to_owned()), why));
        let wrong: Cells<&str> = wrong.collect();
        let workloads: BTreeSet<&String> = setup.parts.iter().flat_map(|part| &part.workloads).collect();
        for strategy in &setup.strategies {
            let mut all: [Vec<Vec<Observation>>; 3] = Default::default();
            for workload in &workloads {
                let cell = |side: Side| (side.of(strategy), (*workload).clone());
                let why = |side: Side| {
                    let every = (side.of(EVERY_STRATEGY), (*workload).clone());
                    wrong.get(&cell(side)).or_else(|| wrong.get(&every))
                };
                match (why(Side::Base), why(Side::New)) {
                    (None, Some(why)) => against.fails_now.push(format!("{strategy} on {workload}: {why}")),
                    (Some(why), _) => against.left_out.push(format!("{strategy} on {workload}: {why} (base)")),
                    (None, None) => {}
                }
                if why(Side::Base).or(why(Side::New)).is_some() {
                    continue;
                }
                let right = |side: Side| blocks.get(&cell(side)).filter(|_| why(side).is_none());
                let pairs = PAIRS.map(|(above, below)| pairs(right(above), right(below)));
                let ratios = pairs.each_ref().map(|pairs| Paired::of(pairs));
                (against.cells).extend(Change::of(strategy, Some(workload), ratios, bounds.workload));
                for (all, pairs) in all.iter_mut().zip(pairs) {
                    all.extend((!pairs.is_empty()).then_some(pairs));
                }
            }
            let ratios = all.map(|workloads| Paired::of_several(&workloads));
            (against.strategies).extend(Change::of(strategy, None, ratios, bounds.mean));
        }
        Some(against)
    }

    /// Means first.
    pub fn all(&self) -> impl Iterator<Item = &Change> {
        self.strategies.iter().chain(&self.cells)
    }

    /// Whether something got slower, or fails.
    pub fn is_worse(&self) -> bool {
        !self.fails_now.is_empty() || self.all().any(|change| change.new.slower)
    }
}

/// Means of the logarithms of times of running.
fn blocks(recording: &Recording) -> Cells<Blocks<f64>> {
    let mut logs: Cells<Blocks<Vec<f64>>> = BTreeMap::new();
    let runs = recording.samples.iter().filter(|sample| sample.phase == Phase::Execute);
    for sample in runs.filter(|sample| sample.iterations > 0 && sample.nanoseconds > 0) {
        let Some(block) = sample.block else { continue };
        let cell = (sample.strategy.clone(), sample.workload.clone());
        let of_block = logs.entry(cell).or_default().entry((sample.layout, block)).or_default();
        of_block.push(times::of_one(sample).ln());
    }
    let mean = |logs: Vec<f64>| logs.iter().sum::<f64>() / logs.len() as f64;
    let means = |blocks: Blocks<Vec<f64>>| blocks.into_iter().map(|(block, logs)| (block, mean(logs))).collect();
    logs.into_iter().map(|(cell, blocks)| (cell, means(blocks))).collect()
}

/// One observation for each block that both have.
fn pairs(above: Option<&Blocks<f64>>, below: Option<&Blocks<f64>>) -> Vec<Observation> {
    let (Some(above), Some(below)) = (above, below) else {
        return Vec::new();
    };
    let pair = |(&(layout, block), log): (&(Option<u64>, u32), &f64)| {
        Some(Observation {
            layout,
            process: block,
            log_ratio: log - below.get(&(layout, block))?,
        })
    };
    above.iter().filter_map(pair).collect()
}
