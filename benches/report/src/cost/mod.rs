//! Where the time goes: a model that adds up what a strategy's dispatches and a program's work take.
//!
//! ```text
//! time = dispatches * nanoseconds of a dispatch + work of each kind * nanoseconds of that kind
//! ```
//!
//! The rules, in one place:
//! - Dispatches and work are counted ([`Executed`]), the same on every machine.
//! - What a dispatch takes is not fitted but measured: the time of kernels that do little else, divided by their dispatches.
//!   They differ in what a dispatch meets: a tight loop, long straight code, an order that is hard to predict. The model takes
//!   the smallest, the least that a dispatch takes; what it takes more elsewhere is found in the work that it belongs to.
//! - What work takes is fitted to the run's times, for each strategy apart, by least squares without negative
//!   coefficients, on the error relative to the measured time, so that a short program counts as much as a long one.
//! - What takes long by the byte, not by the instruction, is left out: [`NOT_MODELLED`].
//! - How good the model is: the share of the variance of the *logarithm of the time per node* over the workloads that it
//!   explains. A model that knows nothing but how long programs are explains none of it. Since a fit flatters itself, the
//!   share is also given with each workload predicted by a fit to the others.
//! - As a check, the same fit with the time of a dispatch left free.
//!
//! - Shares are shares of the measured time, and what is left of it, or what is predicted beyond it, is shown as such. A model
//!   that explains little of workloads that it was not fitted to is said not to predict.
//!
//! A model like this knows nothing of latencies, caches and mispredicted branches but what they are on average: where it is
//! far off, one of these is why.

mod control;
mod fit;

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::record::{self, Recording};
use crate::statistics::{mean_of, median};
use crate::times::{self, Measure};
use crate::{Error, units};
pub use control::{Controlled, ControlledWorkload};
use fit::{explained, non_negative};
pub use wasm_dispatch_record::cost::{Executed, FILE_NAME as COUNTS, FOLDER, Kernel, Work};

/// Version of `cost.json`.
pub const COST_SCHEMA: u32 = 1;

/// Name of the file, in the folder of the measured run, that the model is written to.
pub const FILE_NAME: &str = "cost.json";

/// Fewer workloads than this cannot be explained by nine numbers.
pub const FEWEST_WORKLOADS: usize = 12;

/// The kinds of work whose time is fitted. What the machine carries out itself is not among them: an instruction that fills
/// memory takes time by the byte, so that no time of one such instruction is true.
pub const FITTED: [Work; 8] = [
    Work::Integer,
    Work::Float,
    Work::Vector,
    Work::Memory,
    Work::Branch,
    Work::Indirect,
    Work::Call,
    Work::Host,
];

/// Classes that a model of executed instructions says nothing about: what they take depends on bytes, of modules that are
/// loaded, or of memory that one instruction fills or copies.
pub const NOT_MODELLED: [&str; 2] = ["startup", "bulk-memory"];

/// The model of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CostModel {
    /// Version of this structure, [`COST_SCHEMA`].
    pub schema: u32,
    /// Name of the measured run.
    pub run: String,
    /// Size of its workloads: `quick` or `full`.
    pub size: String,
    /// One model a strategy, in the order of the run.
    pub strategies: Vec<StrategyCost>,
    /// What dispatching takes, measured by control experiments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub controlled: Vec<Controlled>,
    /// What a reader should know before believing the rest.
    pub warnings: Vec<String>,
}

/// The model of a strategy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StrategyCost {
    /// Name of the strategy.
    pub strategy: String,
    /// What was measured of each kernel.
    pub kernels: Vec<KernelTime>,
    /// Nanoseconds of a dispatch: those of the kernel where it takes least.
    pub dispatch_nanoseconds: f64,
    /// Nanoseconds of work, by kind.
    pub work: Vec<WorkTime>,
    /// Share of the variance that the model explains; none with fewer than [`FEWEST_WORKLOADS`] workloads.
    pub explained: Option<f64>,
    /// The same with each workload predicted by a fit to the others.
    pub explained_left_out: Option<f64>,
    /// Median factor between measured and predicted times, less 1: 0.1 is 10 %.
    pub typical_error: Option<f64>,
    /// What a fit that is free to choose it would say of a dispatch.
    pub free: Free,
    /// Every workload that was fitted.
    pub workloads: Vec<WorkloadCost>,
}

/// A kernel under a strategy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KernelTime {
    /// Which.
    pub kernel: Kernel,
    /// Its time divided by its dispatches, with the 95 % interval over processes.
    pub nanoseconds_per_dispatch: Measure,
    /// Dispatches of a statement.
    pub dispatches_per_node: f64,
}

/// What a kind of work takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkTime {
    /// Which.
    pub kind: Work,
    /// Nanoseconds each time, besides being dispatched.
    pub nanoseconds: f64,
}

/// The fit with the time of a dispatch left free.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Free {
    /// Nanoseconds of a dispatch.
    pub dispatch_nanoseconds: f64,
    /// Share of the variance that it explains.
    pub explained: Option<f64>,
    /// The same with each workload predicted by a fit to the others.
    pub explained_left_out: Option<f64>,
}

/// A workload under a strategy. All nanoseconds are of one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkloadCost {
    /// Name of the workload.
    pub workload: String,
    /// Class of the workload.
    pub class: String,
    /// How often the strategy dispatches.
    pub dispatches: u64,
    /// Statements and inner nodes of their trees, the same for all strategies.
    pub nodes: u64,
    /// What was measured, with its 95 % interval.
    pub measured: Measure,
    /// What dispatching takes by the model.
    pub dispatch_nanoseconds: f64,
    /// What work takes by the model.
    pub work_nanoseconds: BTreeMap<Work, f64>,
    /// The two together.
    pub predicted: f64,
    /// Logarithm of measured over predicted: 0.1 is about 10 % more than the model knows of.
    pub residual: f64,
}

/// Makes the model of the run in `folder`, from its samples, and the counts and kernels in its folder [`FOLDER`].
///
/// # Errors
///
/// If one of them is not there, or not what it should be.
pub fn read(folder: &Path) -> Result<CostModel, Error> {
    let aside = folder.join(FOLDER);
    let counts = wasm_dispatch_record::cost::read(&aside)?;
    Ok(of(&record::read(folder)?, &record::read(&aside)?, &counts))
}

/// The model from the times of a run, those of kernels, and the counts of both.
pub fn of(recording: &Recording, kernels: &Recording, counts: &[Executed]) -> CostModel {
    let mut warnings: Vec<String> = recording.warnings.iter().chain(&kernels.warnings).cloned().collect();
    let (of_run, of_kernels) = (&recording.run.fingerprint, &kernels.run.fingerprint);
    for (what, of_run, of_kernels) in [
        ("processor", &of_run.cpu, &of_kernels.cpu),
        ("compiler", &of_run.rustc, &of_kernels.rustc),
        ("build profile", &of_run.profile, &of_kernels.profile),
        ("revision", &of_run.revision, &of_kernels.revision),
    ] {
        if of_run != of_kernels {
            warnings.push(format!(
                "the kernels were measured with another {what} than the workloads ({of_kernels}, not {of_run})"
            ));
        }
    }
    let failures = recording.failures.iter().chain(&kernels.failures);
    warnings.extend(failures.map(times::failure));
    let strategies = times::strategies(recording).into_iter();
    let strategies = strategies.filter(|name| recording.control_of(name).is_none());
    let mut models = Vec::new();
    for strategy in strategies {
        if hardly_dispatches(counts, strategy) {
            warnings.push(format!(
                "{strategy} hardly dispatches, not even in the kernels: they do not say what that takes"
            ));
            continue;
        }
        match of_strategy(recording, kernels, counts, strategy) {
            Ok(model) => models.push(model),
            Err(why) => warnings.push(format!("{strategy} has no model: {why}")),
        }
    }
    let fewest = models.iter().map(|model| model.workloads.len()).min().unwrap_or(0);
    if fewest < FEWEST_WORKLOADS {
        warnings.push(format!(
            "with {} nothing is said about how much the model explains: it takes {FEWEST_WORKLOADS}",
            units::number(fewest, "workload")
        ));
    }
    let first = counts.iter().find(|counted| counted.kernel.is_none());
    CostModel {
        schema: COST_SCHEMA,
        run: recording.run.id.clone(),
        size: first.map_or(String::new(), |counted| counted.size.clone()),
        strategies: models,
        controlled: control::controlled(recording, &counts.iter().filter(is_modelled).collect::<Vec<_>>()),
        warnings,
    }
}

/// Fewer dispatches for each statement of a kernel are none.
const FEWEST_DISPATCHES: f64 = 0.1;

/// Whether a strategy has no dispatches that the kernels, which are made of them, could show.
fn hardly_dispatches(counts: &[Executed], strategy: &str) -> bool {
    let kernels = counts.iter().filter(|counted| counted.kernel.is_some());
    let each =
        kernels.filter_map(|counted| Some(dispatches_per_node(*counted.dispatches.get(strategy)?, counted.nodes)));
    let most = each.reduce(f64::max);
    most.is_some_and(|most| most < FEWEST_DISPATCHES)
}

/// Dispatches of a statement.
fn dispatches_per_node(dispatches: u64, nodes: u64) -> f64 {
    dispatches as f64 / nodes.max(1) as f64
}

/// A workload as the fit sees it.
struct Case<'c> {
    counted: &'c Executed,
    measured: Measure,
    dispatches: f64,
}

impl Case<'_> {
    fn times(&self, kind: Work) -> f64 {
        self.counted.work.get(&kind).copied().unwrap_or(0) as f64
    }

    /// Logarithm of the time per node.
    fn per_node(&self, nanoseconds: f64) -> f64 {
        (nanoseconds / self.counted.nodes.max(1) as f64).ln()
    }
}

/// Coefficients of a model: what a dispatch takes, and what work does.
struct Coefficients {
    dispatch: f64,
    work: Vec<f64>,
}

impl Coefficients {
    /// Fits them; `dispatch`, if it is known.
    fn fit(cases: &[&Case<'_>], dispatch: Option<f64>) -> Coefficients {
        // Each case divided by its time: what is minimised is the relative error.
        let row = |case: &&Case<'_>| {
            let free = dispatch.is_none().then_some(case.dispatches);
            let times = free.into_iter().chain(FITTED.map(|kind| case.times(kind)));
            times.map(|times| times / case.measured.value).collect::<Vec<f64>>()
        };
        let rows: Vec<Vec<f64>> = cases.iter().map(row).collect();
        let left = |case: &&Case<'_>| 1.0 - dispatch.unwrap_or(0.0) * case.dispatches / case.measured.value;
        let mut found = non_negative(&rows, &cases.iter().map(left).collect::<Vec<f64>>());
        let dispatch = match dispatch {
            Some(known) => known,
            None if found.is_empty() => 0.0,
            None => found.remove(0),
        };
        Coefficients { dispatch, work: found }
    }

    fn predict(&self, case: &Case<'_>) -> f64 {
        let work = FITTED.into_iter().zip(&self.work);
        let work = work.map(|(kind, of_one)| case.times(kind) * of_one);
        self.dispatch * case.dispatches + work.sum::<f64>()
    }
}

/// How much of the variance a model explains, fitted to all cases and to all others.
fn goodness(cases: &[Case<'_>], dispatch: Option<f64>) -> (Option<f64>, Option<f64>) {
    if cases.len() < FEWEST_WORKLOADS {
        return (None, None);
    }
    let measured: Vec<f64> = cases.iter().map(|case| case.per_node(case.measured.value)).collect();
    let all: Vec<&Case<'_>> = cases.iter().collect();
    let model = Coefficients::fit(&all, dispatch);
    let with: Vec<f64> = cases.iter().map(|case| case.per_node(model.predict(case))).collect();
    let by_others = |(index, case): (usize, &Case<'_>)| {
        let others = [&all[..index], &all[index + 1..]].concat();
        case.per_node(Coefficients::fit(&others, dispatch).predict(case))
    };
    let without: Vec<f64> = cases.iter().enumerate().map(by_others).collect();
    // A program that consists of nothing the others have is predicted to take no time, whose logarithm is no number.
    let finite = |share: Option<f64>| share.filter(|share| share.is_finite());
    let of = |predicted: &[f64]| finite(explained(&measured, predicted));
    (of(&with), of(&without))
}

fn is_modelled(counted: &&Executed) -> bool {
    counted.kernel.is_none() && !NOT_MODELLED.contains(&counted.class.as_str())
}

fn of_strategy(
    recording: &Recording,
    kernels: &Recording,
    counts: &[Executed],
    strategy: &str,
) -> Result<StrategyCost, String> {
    let kernel_time = |counted: &Executed| {
        let dispatches = *counted.dispatches.get(strategy)?;
        let kernel = counted.kernel?;
        Some(KernelTime {
            kernel,
            nanoseconds_per_dispatch: times::executed(kernels, &counted.workload, strategy, dispatches as f64)?
                .nanoseconds,
            dispatches_per_node: dispatches_per_node(dispatches, counted.nodes),
        })
    };
    let kernel_times: Vec<KernelTime> = counts.iter().filter_map(kernel_time).collect();
    let of_kernels = kernel_times.iter().map(|time| time.nanoseconds_per_dispatch.value);
    let dispatch = of_kernels.reduce(f64::min).ok_or("no kernel was measured")?;
    let case = |counted| {
        Some(Case {
            counted,
            measured: times::executed(recording, &counted.workload, strategy, 1.0)?.nanoseconds,
            dispatches: *counted.dispatches.get(strategy)? as f64,
        })
    };
    let cases: Vec<Case<'_>> = counts.iter().filter(is_modelled).filter_map(case).collect();
    if cases.is_empty() {
        return Err("no workload was both counted and measured".to_owned());
    }
    let all: Vec<&Case<'_>> = cases.iter().collect();
    let model = Coefficients::fit(&all, Some(dispatch));
    let (explained, explained_left_out) = goodness(&cases, Some(dispatch));
    let (free_explained, free_left_out) = goodness(&cases, None);
    let workloads: Vec<WorkloadCost> = cases.iter().map(|case| workload_cost(case, &model)).collect();
    let errors = workloads.iter().map(|workload| workload.residual.abs().exp_m1());
    let work = FITTED.into_iter().zip(&model.work);
    Ok(StrategyCost {
        strategy: strategy.to_owned(),
        kernels: kernel_times,
        dispatch_nanoseconds: dispatch,
        work: work
            .map(|(kind, &nanoseconds)| WorkTime { kind, nanoseconds })
            .collect(),
        explained,
        explained_left_out,
        typical_error: median(&Vec::from_iter(errors)),
        free: Free {
            dispatch_nanoseconds: Coefficients::fit(&all, None).dispatch,
            explained: free_explained,
            explained_left_out: free_left_out,
        },
        workloads,
    })
}

fn workload_cost(case: &Case<'_>, model: &Coefficients) -> WorkloadCost {
    let predicted = model.predict(case);
    let work = FITTED.into_iter().zip(&model.work);
    WorkloadCost {
        workload: case.counted.workload.clone(),
        class: case.counted.class.clone(),
        dispatches: case.dispatches as u64,
        nodes: case.counted.nodes,
        measured: case.measured,
        dispatch_nanoseconds: model.dispatch * case.dispatches,
        work_nanoseconds: work.map(|(kind, of_one)| (kind, case.times(kind) * of_one)).collect(),
        predicted,
        residual: (case.measured.value / predicted.max(f64::MIN_POSITIVE)).ln(),
    }
}

/// A model that explains less of workloads that it was not fitted to does not predict: then nothing but counts is shown of it.
pub const PREDICTS: f64 = 0.5;

impl StrategyCost {
    /// Whether the model says something about a workload that it has not seen.
    pub fn predicts(&self) -> bool {
        self.explained_left_out.is_some_and(|share| share >= PREDICTS)
    }

    /// How many dispatches a statement or operation takes, as a mean over the workloads.
    pub fn dispatches_of_a_node(&self) -> f64 {
        let of = |workload: &WorkloadCost| dispatches_per_node(workload.dispatches, workload.nodes);
        mean_of(self.workloads.iter().map(of))
    }

    /// Share of the *measured* time that dispatching takes, as a mean over the workloads; none without any, or if the model does
    /// not predict.
    pub fn dispatching(&self) -> Option<f64> {
        self.share(|workload| workload.dispatch_nanoseconds)
    }

    /// The same of the work.
    pub fn working(&self) -> Option<f64> {
        self.share(|workload| workload.predicted - workload.dispatch_nanoseconds)
    }

    fn share(&self, of: impl Fn(&WorkloadCost) -> f64) -> Option<f64> {
        let shares = (self.workloads.iter()).map(|workload| of(workload) / workload.measured.value);
        let mean = mean_of(shares);
        (mean.is_finite() && self.predicts()).then_some(mean)
    }
}
