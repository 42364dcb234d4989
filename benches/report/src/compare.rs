//! Two builds of the same strategies, by pairs of times: the record of `bench --against`, whose sides were measured next to each
//! other, or two records of their own.
//!
//! For each strategy and workload the logarithm of new by base, one pair a block, with an interval over layouts as in every
//! other comparison ([`Paired`]); for the mean over workloads, the mean within each layout comes first. The control, which
//! is the base in other layouts, goes through the same arithmetic, and shows what no change at all comes to.
//!
//! Two records share nothing, and are paired layout by layout and block by block in their order: what a pair does not have in
//! common widens the interval, as it should. Without a control, their layouts must speak for themselves.
//!
//! Something is *slower* if its whole interval lies above a bound, and if it is slower than the control, too: a base that
//! was lucky with its layouts is nobody's fault.

use std::collections::{BTreeMap, BTreeSet};

use itertools::Itertools;
use serde::Serialize;
use wasm_dispatch_record::Side;

use crate::record::{EVERY_STRATEGY, Phase, Recording, Sample};
use crate::statistics::{Estimate, Level, Observation, Paired, Verdict, mean};
use crate::times;

/// How much slower something may get, in percent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// The mean over workloads.
    pub mean: f64,
    /// A single workload.
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
    fn of(paired: Paired, limit: f64) -> Ratio {
        let (ratio, bound) = (paired.estimate(), 1.0 + limit / 100.0);
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
    fn of(strategy: &str, workload: Option<&str>, ratios: [Option<Paired>; 3], limit: f64) -> Option<Change> {
        let [new, control, by_control] = ratios;
        let mut new = Ratio::of(new?, limit);
        if let Some(by_control) = by_control.map(|paired| paired.estimate()) {
            new.slower &= by_control.low > 1.0;
            new.faster &= by_control.high < 1.0;
        }
        Some(Change {
            strategy: strategy.to_owned(),
            workload: workload.map(str::to_owned),
            new,
            control: control.map(|control| Ratio::of(control, limit)),
        })
    }
}

/// Two builds, and what changed from one to the other.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Comparison {
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

/// By strategy and workload.
type Cells<T> = BTreeMap<(String, String), T>;

/// By layout and block.
type Blocks<T> = BTreeMap<(Option<u64>, u32), T>;

/// What was measured of one side: times, and what is wrong.
#[derive(Default)]
struct Measured {
    times: Cells<Blocks<f64>>,
    wrong: Cells<String>,
}

impl Measured {
    /// What a name belongs to is told by `name`: a strategy of this side, or none.
    fn of(recording: &Recording, is_wall: bool, name: impl Fn(&str) -> Option<String>) -> Measured {
        let is_control = |name: &str| Side::split(name).is_none() && recording.control_of(name).is_some();
        let name = |full: &str| name(full).filter(|_| !is_control(full));
        let mut logs: Cells<Blocks<Vec<f64>>> = BTreeMap::new();
        let runs = recording.samples.iter().filter(|sample| sample.phase == Phase::Execute);
        let is_usable = |sample: &Sample| sample.iterations > 0 && sample.nanoseconds > 0;
        for (sample, number) in runs.zip(0..).filter(|(sample, _)| is_usable(sample)) {
            let Some(strategy) = name(&sample.strategy) else {
                continue;
            };
            let time = match is_wall {
                true => sample.nanoseconds as f64 / sample.iterations as f64,
                false => times::of_one(sample),
            };
            let of_cell = logs.entry((strategy, sample.workload.clone())).or_default();
            let place = (sample.layout, sample.block.unwrap_or(number));
            of_cell.entry(place).or_default().push(time.ln());
        }
        let means = |blocks: Blocks<Vec<f64>>| blocks.into_iter().map(|(block, logs)| (block, mean(&logs))).collect();
        let wrong = recording.wrong().into_iter();
        let wrong =
            wrong.filter_map(|((full, workload), why)| Some(((name(full)?, workload.to_owned()), why.to_owned())));
        Measured {
            wrong: wrong.collect(),
            times: logs.into_iter().map(|(cell, blocks)| (cell, means(blocks))).collect(),
        }
    }

    /// The same with layouts and blocks numbered from 0, so that those of another record are found beside them. Without as many
    /// layouts there, only blocks are.
    fn numbered(mut self, by_layout: bool) -> Measured {
        for blocks in self.times.values_mut() {
            let layouts = std::mem::take(blocks).into_iter();
            let layouts = layouts.chunk_by(|((layout, _), _)| layout.filter(|_| by_layout));
            for ((_, of_layout), number) in layouts.into_iter().zip(0..) {
                let of_layout = of_layout.zip(0..);
                blocks.extend(of_layout.map(|((_, log), block)| ((by_layout.then_some(number), block), log)));
            }
        }
        self
    }

    fn why(&self, strategy: &str, workload: &str) -> Option<&String> {
        let of = |name: &str| self.wrong.get(&(name.to_owned(), workload.to_owned()));
        of(strategy).or_else(|| of(EVERY_STRATEGY))
    }
}

impl Comparison {
    /// Compares the sides of a record. `None` if it has no sides.
    pub fn of_sides(recording: &Recording, limits: Limits) -> Option<Comparison> {
        recording.engines.iter().find(|about| about.name == Side::Base.name())?;
        let setup = recording.setup.as_ref()?;
        let side = |side: Side| {
            let name = |full: &str| {
                let (name, of) = Side::split(full)?;
                (of == side).then(|| name.to_owned())
            };
            Measured::of(recording, false, name)
        };
        let workloads: BTreeSet<&String> = setup.parts.iter().flat_map(|part| &part.workloads).collect();
        Some(compare(&Side::ALL.map(side), &setup.strategies, &workloads, limits))
    }

    /// Compares what two records both have; with names, only these strategies. By CPU time, if both have it.
    pub fn of_runs(before: &Recording, after: &Recording, only: &[String], limits: Limits) -> Comparison {
        let is_wall = !has_cpu_time(before) || !has_cpu_time(after);
        let wanted = |name: &str| only.is_empty() || only.iter().any(|wanted| wanted == name);
        let layouts = |run: &Recording| run.samples.iter().map(|sample| sample.layout).unique().count();
        let by_layout = layouts(before) == layouts(after) && layouts(before) > 1;
        let programs = (before.known_programs(), after.known_programs());
        let [base, new] = [before, after].map(|run| {
            let name = |full: &str| wanted(full).then(|| full.to_owned());
            Measured::of(run, is_wall, name).numbered(by_layout)
        });
        // Strategies and workloads.
        let names = |of: &Measured| -> (BTreeSet<String>, BTreeSet<String>) {
            of.times.keys().chain(of.wrong.keys()).cloned().unzip()
        };
        let ((before, of_base), (after, of_new)) = (names(&base), names(&new));
        let common: Vec<String> = before.intersection(&after).cloned().collect();
        let mut both: BTreeSet<&String> = of_base.intersection(&of_new).collect();
        let (was, is) = programs;
        let unlike: Vec<(&String, &str)> = (both.iter())
            .filter_map(|&name| Some((name, was.get(name)?.differs(is.get(name)?)?)))
            .collect();
        both.retain(|name| !unlike.iter().any(|(other, _)| other == name));
        let mut comparison = compare(&[base, new, Measured::default()], &common, &both, limits);
        let unlike = unlike.iter();
        (comparison.left_out).extend(unlike.map(|(name, what)| format!("{name}: it has {what} after than before")));
        for (these, those, when) in [(&of_base, &of_new, "before"), (&of_new, &of_base, "after")] {
            let alone: Vec<&str> = these.difference(those).map(String::as_str).collect();
            if !alone.is_empty() {
                comparison.left_out.push(format!("only {when}: {}", alone.join(", ")));
            }
        }
        comparison
    }

    /// Means first.
    pub fn all(&self) -> impl Iterator<Item = &Change> {
        self.strategies.iter().chain(&self.cells)
    }

    /// Whether something got slower, or fails.
    pub fn is_worse(&self) -> bool {
        !self.fails_now.is_empty() || self.all().any(|change| change.new.slower)
    }

    /// Whether anything is said about this strategy.
    pub fn knows(&self, strategy: &str) -> bool {
        let fails = |failure: &String| failure.starts_with(&format!("{strategy} on "));
        self.cells.iter().any(|cell| cell.strategy == strategy) || self.fails_now.iter().any(fails)
    }
}

/// Whether all times of running have CPU time.
pub fn has_cpu_time(recording: &Recording) -> bool {
    let mut runs = recording.samples.iter().filter(|sample| sample.phase == Phase::Execute);
    runs.all(|sample| sample.cpu_nanoseconds.is_some_and(|time| time > 0))
}

/// Compares base, new and control.
fn compare(sides: &[Measured; 3], strategies: &[String], workloads: &BTreeSet<&String>, limits: Limits) -> Comparison {
    let side = |side: Side| &sides[side as usize];
    let mut found = Comparison::default();
    // What the base cannot even read is left out as a whole, with one reason for all that has it.
    let mut unread: BTreeMap<&String, Vec<&str>> = BTreeMap::new();
    for &workload in workloads {
        let every = (EVERY_STRATEGY.to_owned(), workload.clone());
        if let Some(why) = side(Side::Base).wrong.get(&every) {
            unread.entry(why).or_default().push(workload);
        }
    }
    let reasons = unread.iter();
    (found.left_out).extend(reasons.map(|(why, names)| format!("{}: {why} (base)", names.join(", "))));
    let is_read = |workload: &&&String| !unread.values().flatten().any(|name| *name == workload.as_str());
    for strategy in strategies {
        let mut all: [Vec<Vec<Observation>>; 3] = Default::default();
        for workload in workloads.iter().filter(is_read) {
            let why = |of: Side| side(of).why(strategy, workload);
            match (why(Side::Base), why(Side::New)) {
                (None, Some(why)) => found.fails_now.push(format!("{strategy} on {workload}: {why}")),
                (Some(why), _) => found.left_out.push(format!("{strategy} on {workload}: {why} (base)")),
                (None, None) => {}
            }
            if why(Side::Base).or(why(Side::New)).is_some() {
                continue;
            }
            let cell = (strategy.clone(), (*workload).clone());
            let right = |of: Side| side(of).times.get(&cell).filter(|_| why(of).is_none());
            let pairs = PAIRS.map(|(above, below)| pairs(right(above), right(below)));
            let ratios = pairs.each_ref().map(|pairs| Paired::of(pairs));
            (found.cells).extend(Change::of(strategy, Some(workload), ratios, limits.workload));
            for (all, pairs) in all.iter_mut().zip(pairs) {
                all.extend((!pairs.is_empty()).then_some(pairs));
            }
        }
        let ratios = all.map(|workloads| Paired::of_several(&workloads));
        (found.strategies).extend(Change::of(strategy, None, ratios, limits.mean));
    }
    found
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
