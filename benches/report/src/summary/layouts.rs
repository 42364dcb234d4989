//! Where the strategies stand in each binary that was measured: does their order survive relinking?

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::decide::Ranking;

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
    let places = (ranking.counted.iter()).filter_map(|&workload| ranking.grid.verified(workload, best));
    let seeds: BTreeSet<Option<u64>> = (places.flat_map(|times| times.placed.keys()))
        .map(|place| place.layout)
        .collect();
    let of_layout = |layout| {
        let of = |&strategy: &usize| relative(ranking, layout, strategy, best);
        let relative: Option<Vec<f64>> = ranking.ranked.iter().map(of).collect();
        relative.map(|relative| OfLayout { layout, relative })
    };
    let found: Vec<OfLayout> = seeds.into_iter().filter_map(of_layout).collect();
    if found.len() < 2 { Vec::new() } else { found }
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

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
