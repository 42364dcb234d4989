//! Where the strategies stand in each binary that was measured: does their order survive relinking?

use std::collections::{BTreeMap, BTreeSet};

use itertools::Itertools;
use serde::{Deserialize, Serialize};

use super::decide::Ranking;
use crate::record::Recording;
use crate::statistics::mean;

/// The ranked strategies in one layout of the code.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OfLayout {
    /// Seed of the layout; none for the binary as it was linked.
    pub layout: Option<u64>,
    /// Time by that of the best of all, as a geometric mean over the workloads that count, in the order of the ranking.
    pub relative: Vec<f64>,
}

/// Each layout in which all ranked strategies have a time on every workload that counts; empty if there are not two.
pub(super) fn layouts(ranking: &Ranking<'_>) -> Vec<OfLayout> {
    let Some(&best) = ranking.ranked.first() else {
        return Vec::new();
    };
    let times = (ranking.counted.iter()).filter_map(|&workload| ranking.grid.verified(workload, best));
    let places = times.flat_map(|times| times.placed.keys());
    let seeds: BTreeSet<Option<u64>> = places.map(|place| place.layout).collect();
    let of_layout = |layout| {
        let of = |&strategy: &usize| relative(ranking, layout, strategy, best);
        let relative: Option<Vec<f64>> = ranking.ranked.iter().map(of).collect();
        relative.map(|relative| OfLayout { layout, relative })
    };
    let found: Vec<OfLayout> = seeds.into_iter().filter_map(of_layout).collect();
    if found.len() < 2 { Vec::new() } else { found }
}

/// How much of what relinking does to a strategy is told by where its largest function begins in a line of 64 bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Explained {
    /// Name of the strategy.
    pub strategy: String,
    /// How many layouts that rests on.
    pub layouts: usize,
    /// Share of the variance between layouts that the state explains, adjusted for the number of states.
    pub r_squared: f64,
    /// Where in the line, in how many layouts, and the time there by the mean over layouts.
    pub states: Vec<(u64, usize, f64)>,
}

/// Over fewer layouts there are too few of each state.
pub const FEWEST_TO_EXPLAIN: usize = 24;

/// Of each strategy whose function is known in enough layouts. Times are relative to the best strategy, those of the best to
/// the second, which cancels what a process does to both.
pub(super) fn explained(recording: &Recording, ranking: &Ranking<'_>) -> Vec<Explained> {
    let of = |&strategy: &usize| {
        let name = ranking.name(strategy);
        let reference = *ranking.ranked.iter().find(|other| **other != strategy)?;
        let time = |layout: &crate::record::Layout| {
            let offset = layout.hot.get(&name)? % 64;
            Some((offset, relative(ranking, layout.layout, strategy, reference)?.ln()))
        };
        let times: Vec<(u64, f64)> = recording.layouts.iter().filter_map(time).collect();
        if times.len() < FEWEST_TO_EXPLAIN {
            return None;
        }
        let mut states: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
        for &(offset, time) in &times {
            states.entry(offset).or_default().push(time);
        }
        let all: Vec<f64> = times.iter().map(|&(_, time)| time).collect();
        let squares = |values: &[f64], middle: f64| values.iter().map(|value| (value - middle).powi(2)).sum::<f64>();
        let within: f64 = states.values().map(|values| squares(values, mean(values))).sum();
        // One state explains nothing.
        let freedom = all.len().checked_sub(states.len());
        let freedom = freedom.filter(|&freedom| freedom > 0 && states.len() > 1)?;
        let total = squares(&all, mean(&all)) / (all.len() - 1) as f64;
        Some(Explained {
            strategy: name,
            layouts: all.len(),
            r_squared: 1.0 - within / freedom as f64 / total.max(f64::MIN_POSITIVE),
            states: (states.iter())
                .map(|(&offset, values)| (offset, values.len(), (mean(values) - mean(&all)).exp()))
                .collect(),
        })
    };
    ranking.ranked.iter().filter_map(of).collect()
}

impl Explained {
    /// In words.
    pub fn sentence(&self) -> String {
        let states = self.states.iter();
        let mut states = states.map(|(offset, count, time)| format!("{offset}: {time:.2}x in {count}"));
        let share = match self.r_squared {
            share if share < 0.005 => "nothing".to_owned(),
            share => format!("{:.0} %", share * 100.0),
        };
        format!(
            "Where {}'s largest function begins in a line of 64 bytes explains {share} of how {} layouts differ ({})",
            self.strategy,
            self.layouts,
            states.join(", ")
        )
    }
}

fn relative(ranking: &Ranking<'_>, layout: Option<u64>, strategy: usize, best: usize) -> Option<f64> {
    let of_workload = |&workload: &usize| {
        let above = &ranking.grid.verified(workload, strategy)?.placed;
        let below = &ranking.grid.verified(workload, best)?.placed;
        let ratios: Vec<f64> = (above.iter())
            .filter(|(place, _)| place.layout == layout)
            .filter_map(|(place, log)| Some(log - below.get(place)?))
            .collect();
        (!ratios.is_empty()).then(|| mean(&ratios))
    };
    let logs: Option<Vec<f64>> = ranking.counted.iter().map(of_workload).collect();
    logs.filter(|logs| !logs.is_empty()).map(|logs| mean(&logs).exp())
}

#[cfg(test)]
#[path = "../../tests/unit/layouts.rs"]
mod tests;
