//! What dispatching takes, measured: a strategy beside copies of its handlers that do not dispatch.

use serde::{Deserialize, Serialize};

use super::Executed;
use crate::record::Recording;
use crate::statistics::{Estimate, median};
use crate::summary::ratios;
use crate::times;

/// A strategy beside its control experiment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Controlled {
    /// Name of the strategy.
    pub strategy: String,
    /// Name of the control: the same handlers, without a dispatch.
    pub control: String,
    /// The control's time by the strategy's: geometric mean over the workloads.
    pub ratio: Estimate,
    /// Every workload that both ran.
    pub workloads: Vec<ControlledWorkload>,
}

/// A workload under both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ControlledWorkload {
    /// Name of the workload.
    pub workload: String,
    /// The control's time by the strategy's.
    pub ratio: Estimate,
    /// How often the strategy dispatches in a run.
    pub dispatches: u64,
    /// What the strategy takes more than the control, for each of these. Negative, if the control takes longer.
    pub nanoseconds_of_each: f64,
}

impl Controlled {
    /// Nanoseconds of a dispatch: the median over workloads.
    pub fn typical_nanoseconds(&self) -> Option<f64> {
        let each = self.workloads.iter().map(|workload| workload.nanoseconds_of_each);
        median(&each.collect::<Vec<f64>>())
    }
}

/// The controls of a run, on the workloads that were counted.
pub(super) fn controlled(recording: &Recording, counts: &[&Executed]) -> Vec<Controlled> {
    let names: Vec<&str> = counts.iter().map(|counted| &*counted.workload).collect();
    let of_traits = |traits: &crate::record::Traits| {
        let (control, strategy) = (&traits.strategy, traits.control_of.as_ref()?);
        let (ratio, each) = ratios(recording, control, strategy, &names)?;
        let workload = |(workload, ratio): (String, Estimate)| {
            let counted = counts.iter().find(|counted| counted.workload == workload)?;
            let dispatches = *counted.dispatches.get(strategy).filter(|&&dispatches| dispatches > 0)?;
            let of_each = times::executed(recording, &workload, strategy, dispatches as f64)?;
            Some(ControlledWorkload {
                workload,
                ratio,
                dispatches,
                nanoseconds_of_each: of_each.nanoseconds.value * (1.0 - ratio.value),
            })
        };
        Some(Controlled {
            strategy: strategy.clone(),
            control: control.clone(),
            ratio,
            workloads: each.into_iter().filter_map(workload).collect(),
        })
    };
    recording.traits.iter().filter_map(of_traits).collect()
}
