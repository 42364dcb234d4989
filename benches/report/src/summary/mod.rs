//! From raw samples to a decision: how fast each strategy is, which one is best, how sure that is, and where it does not hold.
//!
//! The rules, in one place:
//! - A *cell* is one strategy on one workload. It has a time only if every timed batch was verified; a failure or an
//!   unverified batch makes it an error, whatever it took.
//! - A strategy is *ranked* if it has a time somewhere and an error nowhere. (An error on a workload on which no strategy
//!   has a time is the workload's fault and counts against none.)
//! - A workload *counts* if every ranked strategy has a time on it. Geometric means go over those and no others, so
//!   that all strategies are averaged over the same work.
//! - Times are relative to the fastest ranked strategy on the same workload, by pairs of runs that were moments apart.
//! - A difference is believed if its 95 % interval excludes 1 and the median layout has it, too, and is no difference if the
//!   interval lies within 2 %.
//! - What is said are [`claims`], each with a grade of its own. They are about one machine; what another one says stands beside
//!   them, and nothing is averaged over machines.

pub mod claims;
mod collect;
mod costs;
mod decide;
pub mod foundation;
pub mod heads;
mod ladder;
mod layouts;
pub mod machines;
pub mod mix;
pub mod run_length;
pub mod words;

use std::path::Path;

use itertools::Itertools;
use serde::{Deserialize, Serialize};

use crate::record::{Recording, Run};
use crate::statistics::Estimate;
pub use crate::statistics::{EQUIVALENCE, Verdict};
pub use claims::Claim;
use collect::Grid;
pub use foundation::{ControlResult, Foundation, Grade};
pub use heads::Head;
pub use layouts::{Explained, OfLayout};
pub use machines::OfMachine;
use machines::Source;
pub use mix::Mix;
pub use run_length::RunLength;

/// Version of `summary.json`.
pub const SUMMARY_SCHEMA: u32 = 3;

/// Strategies that contain unsafe code, for records that do not say so themselves. All others can be recommended where none is
/// wanted.
const UNSAFE_STRATEGIES: &[&str] = &["threaded"];

/// A cell with fewer independent samples than this has an interval that means nothing.
pub const FEWEST_SAMPLES: usize = 5;

/// With fewer workloads nothing is said about a program that is not among them.
pub const FEWEST_PROGRAMS: usize = 10;

/// Everything the report says, as data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Version of this structure, [`SUMMARY_SCHEMA`].
    pub schema: u32,
    /// The run it is about.
    pub run: Run,
    /// The raw data it was made from.
    pub raw_data: String,
    /// The size of the workloads' inputs: "quick" or "full"; empty if the record does not say.
    #[serde(default)]
    pub size: String,
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
    /// How much of what layouts do is where functions begin, by strategy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub explained: Vec<Explained>,
    /// What the workloads are like as a sample, and other weights of them.
    #[serde(default)]
    pub mix: Option<Mix>,
    /// What the run says, claim by claim.
    #[serde(default)]
    pub claims: Vec<Claim>,
    /// What to use, by what is asked for.
    #[serde(default)]
    pub heads: Vec<Head>,
    /// What was found on this machine and on others, side by side, this one first.
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

/// The worst case of a strategy; of other engines, also the best one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Worst {
    /// Name of the workload.
    pub workload: String,
    /// Time relative to the best there, or to the reference.
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
    /// The same of each program; empty if that is not known of all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub code_by_program: Vec<f64>,
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
        /// Processes that were left out of the comparison with the best, because they were slow where others of their layout were
        /// not.
        #[serde(default, skip_serializing_if = "is_zero")]
        left_out: usize,
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
    /// Its time divided by that of the best, as a geometric mean over the workloads that count: the mean over layouts, with its
    /// 95 % interval.
    pub times_as_long: Estimate,
    /// What the same may come to in one binary, which is what a user ships; none if one layout was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_binary: Option<Estimate>,
    /// What it may come to for a program that is like the workloads; none with fewer than [`FEWEST_PROGRAMS`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_program: Option<Estimate>,
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
    /// How many processes had to be left out to find the difference, which is not clear with them in.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_out: usize,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
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

impl Summary {
    /// The ranked strategies, the best first.
    pub fn ranked(&self) -> impl Iterator<Item = &StrategySummary> {
        self.strategies.iter().filter(|strategy| strategy.rank.is_some())
    }

    /// The workloads that count in the geometric means.
    pub fn counted(&self) -> impl Iterator<Item = &WorkloadSummary> {
        self.workloads.iter().filter(|workload| workload.counts)
    }
}

/// Makes the summary of a run. One of several machines is summarised for the first that has the best grade; the others stand
/// beside it.
pub fn summarise(recording: &Recording) -> Summary {
    summarise_beside(recording, None)
}

/// The same, with the newest full runs of other machines beside it: of those in a folder of runs that were summarised.
pub(crate) fn summarise_beside(recording: &Recording, runs: Option<&Path>) -> Summary {
    let parts = recording.by_machine().into_iter();
    // Each is a run of its own, as far as it goes.
    let mut all: Vec<Source> = parts.map(|part| (of_one_machine(&part), Some(part))).collect();
    // The first of those that are graded alike.
    let first = all.iter().position_min_by_key(|(summary, _)| summary.foundation.grade);
    all[..=first.unwrap_or(0)].rotate_right(1);
    let mut summary = all[0].0.clone();
    // Other machines say something of the default, and nothing of metering.
    let runs = runs.filter(|_| summary.heads.iter().any(|head| head.head == "default"));
    let others = runs.into_iter().flat_map(|runs| machines::others(runs, &recording.run));
    summary.machines = machines::side_by_side(all.into_iter().chain(others));
    summary.run = recording.run.clone();
    summary
}

/// Time of a strategy by that of another: the geometric mean over these workloads, as far as both ran them, and each of them.
pub(crate) fn ratios(
    recording: &Recording,
    strategy: &str,
    reference: &str,
    workloads: &[&str],
) -> Option<(Estimate, Vec<(String, Estimate)>)> {
    let grid = Grid::of(recording, vec![strategy.to_owned(), reference.to_owned()]);
    let ran = |&workload: &usize| {
        workloads.contains(&&*grid.workloads[workload].name)
            && grid.verified(workload, 0).is_some()
            && grid.verified(workload, 1).is_some()
    };
    let ran: Vec<usize> = (0..grid.workloads.len()).filter(ran).collect();
    let each = ran.iter().filter_map(|&workload| {
        let ratio = decide::compare(&grid, 0, 1, &[workload])?;
        Some((grid.workloads[workload].name.clone(), ratio))
    });
    Some((decide::compare(&grid, 0, 1, &ran)?, each.collect()))
}

/// The grade that a run deserves by itself, whatever it is about and its controls show, and what keeps it from being better.
pub(crate) fn graded_by_run(recording: &Recording) -> (Grade, Vec<String>) {
    let mut grid = Grid::new(recording);
    grid.controls.clear();
    foundation::graded(foundation::foundation(recording, &decide::Ranking::new(&grid)).marks)
}

fn of_one_machine(recording: &Recording) -> Summary {
    let grid = Grid::new(recording);
    let mut ranking = decide::Ranking::new(&grid);
    let foundation = foundation::foundation(recording, &ranking);
    // If the same differs from itself, no difference is to be believed.
    ranking.doubtful = foundation.controls.iter().any(|control| control.differs);
    let mut warnings = recording.warnings.clone();
    warnings.extend(grid.warnings.iter().cloned());
    warnings.extend(ranking.warnings());
    let costs = costs::costs(&ranking, &recording.sizes);
    Summary {
        schema: SUMMARY_SCHEMA,
        run: recording.run.clone(),
        raw_data: recording.path.display().to_string(),
        size: recording.size(),
        strategies: ranking.strategies(&costs),
        workloads: ranking.workloads(),
        recommendation: ranking.recommendation(),
        run_length: run_length::run_length(&ranking, &recording.sizes),
        layouts: layouts::layouts(&ranking),
        explained: layouts::explained(recording, &ranking),
        mix: mix::mix(&ranking),
        claims: claims::claims(&ranking, &foundation, &costs),
        heads: heads::heads(recording, &ranking, &foundation, &costs),
        foundation,
        machines: Vec::new(),
        warnings,
    }
}
