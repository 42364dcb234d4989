//! From raw samples to a decision: how fast each strategy is, which one is best, how sure that is, and where it does not hold.
//!
//! The rules, in one place:
//! - A *cell* is one strategy on one workload. It has a time only if every timed batch was verified; a failure or an
//!   unverified batch makes it an error, whatever it took.
//! - A strategy is *ranked* if it has a time somewhere and an error nowhere. (An error on a workload on which no strategy
//!   has a time is the workload's fault and counts against none.)
//! - A workload *counts* if every ranked strategy has a time on it. Geometric means go over those and no others, so
//!   that all strategies are averaged over the same work.
//! - Times are relative to the fastest ranked strategy on the same workload, by medians.
//! - A difference is believed if its 95 % interval excludes 1, and is no difference if the interval lies within 2 %.

mod collect;
mod costs;
mod decide;
pub mod foundation;
mod layouts;
mod run_length;
pub mod words;

use serde::{Deserialize, Serialize};

use crate::record::{Recording, Run};
use crate::statistics::Estimate;
pub use crate::statistics::{EQUIVALENCE, Verdict};
use collect::Grid;
pub use foundation::{ControlResult, Foundation, Grade, OfMachine};
pub use layouts::OfLayout;

/// Version of `summary.json`.
pub const SUMMARY_SCHEMA: u32 = 2;

/// Strategies that contain unsafe code. All others can be recommended where none is wanted.
pub const UNSAFE_STRATEGIES: &[&str] = &["threaded"];

/// A cell with fewer independent samples than this has an interval that means nothing.
pub const FEWEST_SAMPLES: usize = 5;

/// Everything the report says, as data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Version of this structure, [`SUMMARY_SCHEMA`].
    pub schema: u32,
    /// The run it is about.
    pub run: Run,
    /// The raw data it was made from.
    pub raw_data: String,
    /// Ranked strategies from the best to the worst, then those not ranked.
    pub strategies: Vec<StrategySummary>,
    /// Workloads, grouped by class, in the order in which they were run.
    pub workloads: Vec<WorkloadSummary>,
    /// What to use; `None` if nothing is ranked.
    pub recommendation: Option<Recommendation>,
    /// Total time against run length; `None` if load and compile times were not measured.
    pub run_length: Option<RunLength>,
    /// What the intervals rest on.
    pub foundation: Foundation,
    /// Where the ranked strategies stand in each layout of the code, if there were several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub layouts: Vec<OfLayout>,
    /// In a run that was merged from several machines: what each of them would decide.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub machines: Vec<OfMachine>,
    /// What a reader should know before believing the rest.
    pub warnings: Vec<String>,
}

/// One strategy over all workloads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StrategySummary {
    /// Name of the strategy.
    pub name: String,
    /// 1 for the best; `None` if it is not ranked.
    pub rank: Option<usize>,
    /// Whether it is free of unsafe code.
    pub safe: bool,
    /// Cells that are errors.
    pub errors: usize,
    /// Geometric mean, over the workloads that count, of the time relative to the best on each workload.
    pub geometric_mean: Option<f64>,
    /// Geometric mean of the time relative to the best strategy: the same, with an interval.
    pub relative: Option<Estimate>,
    /// The same per class, relative to the best on each workload.
    pub classes: Vec<ClassMean>,
    /// The workload on which it does worst, relative to the best there.
    pub worst: Option<Worst>,
    /// What it costs besides running.
    pub costs: Costs,
}

/// Geometric mean of one class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassMean {
    /// Name of the class.
    pub class: String,
    /// Geometric mean over its workloads of the time relative to the best on each workload.
    pub geometric_mean: f64,
}

/// The worst case of a strategy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Worst {
    /// Name of the workload.
    pub workload: String,
    /// Time relative to the best there.
    pub ratio: f64,
}

/// Costs of a strategy besides running. Totals go over the workloads for which all ranked strategies have the number.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Costs {
    /// Time to decode, validate and lower, in nanoseconds.
    pub load_ns: Option<f64>,
    /// Time to compile, in nanoseconds.
    pub compile_ns: Option<f64>,
    /// Compile time per byte of the modules.
    pub compile_ns_per_wasm_byte: Option<f64>,
    /// Bytes of compiled code.
    pub code_bytes: Option<f64>,
    /// Bytes of compiled code per byte of the modules.
    pub code_bytes_per_wasm_byte: Option<f64>,
}

/// One workload under all strategies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkloadSummary {
    /// Name of the workload.
    pub name: String,
    /// Class of the workload.
    pub class: String,
    /// Whether it counts in the geometric means.
    pub counts: bool,
    /// The strategy that the others are measured by; `None` if there is no time at all.
    pub best: Option<String>,
    /// One cell per strategy, in the order of [`Summary::strategies`].
    pub cells: Vec<Cell>,
}

/// One strategy on one workload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Cell {
    /// It ran and was right.
    Measured {
        /// Median time of one run, in nanoseconds.
        median_ns: f64,
        /// Time relative to the best on this workload.
        ratio: Estimate,
        /// How many samples that rests on.
        samples: usize,
        /// Median time to load, in nanoseconds.
        load_ns: Option<f64>,
        /// Median time to compile, in nanoseconds.
        compile_ns: Option<f64>,
    },
    /// It was wrong, or was not verified.
    Error {
        /// What went wrong.
        what: String,
    },
    /// It was not run.
    Missing,
}

/// A strategy and how much longer it takes than the best.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rival {
    /// Name of the strategy.
    pub strategy: String,
    /// Its time divided by that of the best, as a geometric mean over the workloads that count.
    pub times_as_long: Estimate,
    /// What that says of the best, against this one.
    pub verdict: Verdict,
}

/// A workload or a class on which another strategy beats the best, or is as good.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exception {
    /// Name of the workload or class.
    pub on: String,
    /// The strategy that is better, or as good, there.
    pub strategy: String,
    /// Time of the overall best divided by that of this one.
    pub times_as_fast: Estimate,
}

/// The decision and its conditions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recommendation {
    /// The strategy with the smallest geometric mean.
    pub best: String,
    /// The next one.
    pub runner_up: Option<Rival>,
    /// Others that cannot be told from the best, or are equivalent to it.
    pub within_noise: Vec<String>,
    /// The best one without unsafe code, which may be the best of all.
    pub best_safe: Option<Rival>,
    /// Classes on which another strategy is better, beyond the noise.
    pub classes: Vec<Exception>,
    /// Classes on which another strategy is as good: equivalent to the best, or not to be told from it.
    #[serde(default)]
    pub ties: Vec<Exception>,
    /// Workloads on which another strategy is better, beyond the noise.
    pub workloads: Vec<Exception>,
    /// Workloads without which another strategy would be the best.
    pub hinges_on: Vec<Hinge>,
}

/// A workload that decides who is best.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hinge {
    /// Name of the workload.
    pub workload: String,
    /// The strategy that would be best without it.
    pub best_without: String,
}

/// Total time (load, compile, and a number of runs) of each ranked strategy, and who is fastest when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunLength {
    /// The workloads it is the geometric mean of.
    pub workloads: Vec<String>,
    /// One line per ranked strategy, from the best to the worst.
    pub lines: Vec<CostLine>,
    /// Who is fastest, from the shortest run to the longest.
    pub segments: Vec<Segment>,
    /// Shortest run looked at, in runs of the workload; below 1 means a part of one.
    pub from_runs: f64,
    /// Longest run looked at.
    pub to_runs: f64,
}

/// What one strategy costs on each workload of a [`RunLength`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CostLine {
    /// Name of the strategy.
    pub strategy: String,
    /// Time before the first run and time of each run, per workload, in nanoseconds.
    pub costs: Vec<(f64, f64)>,
}

/// A range of run lengths in which one strategy is the fastest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    /// Name of the strategy.
    pub strategy: String,
    /// Where the range begins, in runs of the workload. The range before ends here: the break-even point.
    pub from_runs: f64,
    /// Total time at that point, in nanoseconds.
    pub from_ns: f64,
}

/// Makes the summary of a run.
pub fn summarise(recording: &Recording) -> Summary {
    let grid = Grid::new(recording);
    let mut ranking = decide::Ranking::new(&grid);
    let foundation = foundation::foundation(recording, &ranking);
    // If the same differs from itself, no difference is to be believed.
    ranking.doubtful = foundation.control.as_ref().is_some_and(|control| control.differs);
    let mut warnings = recording.warnings.clone();
    warnings.extend(grid.warnings.iter().cloned());
    warnings.extend(ranking.warnings());
    Summary {
        schema: SUMMARY_SCHEMA,
        run: recording.run.clone(),
        raw_data: recording.path.display().to_string(),
        strategies: ranking.strategies(&costs::costs(&ranking, &recording.sizes)),
        workloads: ranking.workloads(),
        recommendation: ranking.recommendation(),
        run_length: run_length::run_length(&ranking),
        foundation,
        layouts: layouts::layouts(&ranking),
        machines: foundation::machines(recording),
        warnings,
    }
}

/// Whether a strategy is free of unsafe code, by its name; variants (`threaded_again`) are judged like the original.
pub fn is_safe(strategy: &str) -> bool {
    !UNSAFE_STRATEGIES.iter().any(|name| strategy.starts_with(name))
}
