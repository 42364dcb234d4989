//! The workloads as the sample that they are: which are much the same, how many things they differ in, and whether the order
//! of the strategies depends on how they are weighed.
//!
//! A workload is a point: the logarithms of the strategies' times by their mean. Two that lie close together tell the same
//! story twice; a *cluster* is what is connected by such closeness. The axes are those along which the points differ most
//! (principal components).

use itertools::Itertools;
use serde::{Deserialize, Serialize};

use super::FEWEST_PROGRAMS;
use super::decide::{self, Ranking};
use crate::statistics::mean_of;

/// Two workloads are much the same if their times by strategy differ by less than this factor, typically.
const SAME: f64 = 1.08;

/// Random weightings that are tried.
const DRAWS: usize = 10_000;

/// What the sample is like, and what other weights make of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mix {
    /// Workloads that are much the same, in groups of two or more.
    pub clusters: Vec<Vec<String>>,
    /// Share of the differences between workloads along each axis, the largest first.
    pub axes: Vec<f64>,
    /// Where workloads lie on the first two axes.
    pub places: Vec<(String, f64, f64)>,
    /// Classes with one workload only.
    pub alone: Vec<String>,
    /// Times relative to the first of the ranking, in its order, under several weightings.
    pub weightings: Vec<Weighting>,
    /// Share of random weightings (each as likely as any other) under which the same strategy is first.
    pub random: f64,
}

/// A way to weigh workloads, and what comes of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Weighting {
    /// What counts the same.
    pub name: String,
    /// How many of them there are.
    pub count: usize,
    /// Times relative to the first of the ranking.
    pub relative: Vec<f64>,
}

/// Of the workloads that count; none with fewer than two of them or of strategies.
pub(super) fn mix(ranking: &Ranking<'_>) -> Option<Mix> {
    let (&best, _) = ranking.ranked.split_first()?;
    let log = |workload: usize, strategy: usize| match strategy == best {
        true => Some(0.0),
        false => decide::paired(ranking.grid, strategy, best, &[workload]).map(|paired| paired.mean),
    };
    let of_workload = |&workload: &usize| -> Option<Vec<f64>> {
        ranking.ranked.iter().map(|&strategy| log(workload, strategy)).collect()
    };
    let logs: Vec<Vec<f64>> = ranking.counted.iter().map(of_workload).collect::<Option<_>>()?;
    if logs.len() < 2 || ranking.ranked.len() < 2 {
        return None;
    }
    let name = |index: usize| ranking.grid.workloads[ranking.counted[index]].name.clone();
    let class = |index: usize| ranking.grid.workloads[ranking.counted[index]].class.as_str();
    let clusters = clusters(&logs);
    let groups = |key: &dyn Fn(usize) -> String| {
        let mut groups: std::collections::BTreeMap<String, Vec<usize>> = Default::default();
        (0..logs.len()).for_each(|index| groups.entry(key(index)).or_default().push(index));
        groups.into_values().collect::<Vec<_>>()
    };
    let classes = groups(&|index| class(index).to_owned());
    let everything = groups(&|index| index.to_string());
    let not_kernels: Vec<Vec<usize>> = clusters.iter().filter(|cluster| cluster.len() == 1).cloned().collect();
    let weighted = |name: &str, groups: &[Vec<usize>]| Weighting {
        name: name.to_owned(),
        count: groups.len(),
        relative: (0..ranking.ranked.len())
            .map(|at| {
                let of_group = |group: &Vec<usize>| mean_of(group.iter().map(|&index| logs[index][at]));
                mean_of(groups.iter().map(of_group)).exp()
            })
            .collect(),
    };
    let total = |at: usize| -> f64 {
        let cell = |&workload: &usize| ranking.grid.verified(workload, ranking.ranked[at]);
        ranking.counted.iter().filter_map(cell).map(|cell| cell.median).sum()
    };
    // Where each class, or each cluster, is one workload, it is the same weighting again.
    let mut weightings = vec![weighted("every workload the same", &everything)];
    for (name, groups) in [
        ("every class the same", &classes),
        ("what is much the same once", &clusters),
        ("only what is like no other", &not_kernels),
    ] {
        if !groups.is_empty() && groups.len() < logs.len() {
            weightings.push(weighted(name, groups));
        }
    }
    weightings.push(Weighting {
        name: "total time".to_owned(),
        count: logs.len(),
        relative: (0..ranking.ranked.len()).map(|at| total(at) / total(0)).collect(),
    });
    let (axes, places) = principal(&logs);
    let places = places.into_iter().enumerate();
    let alone = classes.iter().filter(|class| class.len() == 1);
    Some(Mix {
        random: random(&logs),
        axes,
        places: places.map(|(index, (x, y))| (name(index), x, y)).collect(),
        alone: alone.map(|group| class(group[0]).to_owned()).collect(),
        clusters: (clusters.iter().filter(|cluster| cluster.len() > 1))
            .map(|cluster| cluster.iter().map(|&index| name(index)).collect())
            .collect(),
        weightings,
    })
}

/// Indices of points that are connected by closeness.
fn clusters(logs: &[Vec<f64>]) -> Vec<Vec<usize>> {
    let distance = |a: &[f64], b: &[f64]| {
        let square = a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
        (square / (a.len().max(2) - 1) as f64).sqrt()
    };
    let mut clusters: Vec<Vec<usize>> = Vec::new();
    for index in 0..logs.len() {
        let is_near = |&other: &usize| distance(&logs[index], &logs[other]) < SAME.ln();
        let (joined, apart): (Vec<_>, Vec<_>) = (clusters.into_iter()).partition(|cluster| cluster.iter().any(is_near));
        clusters = apart;
        clusters.push(joined.into_iter().flatten().chain([index]).sorted().collect());
    }
    clusters.sort();
    clusters
}

/// Shares of the variance along the principal axes, and the points on the first two, by power iteration.
fn principal(logs: &[Vec<f64>]) -> (Vec<f64>, Vec<(f64, f64)>) {
    const PASSES: usize = 200;
    let width = logs[0].len();
    let middle = (0..width).map(|at| mean_of(logs.iter().map(|point| point[at])));
    let middle = middle.collect_vec();
    let from_middle = |point: &Vec<f64>| point.iter().zip(&middle).map(|(a, b)| a - b).collect();
    let mut left: Vec<Vec<f64>> = logs.iter().map(from_middle).collect();
    let variance = |points: &[Vec<f64>]| points.iter().flatten().map(|value| value * value).sum::<f64>();
    let whole = variance(&left).max(f64::MIN_POSITIVE);
    let (mut shares, mut coordinates) = (Vec::new(), Vec::new());
    for axis in 0..width.min(4) {
        let mut direction: Vec<f64> = (0..width).map(|at| if at == axis { 1.0 } else { 0.3 }).collect();
        let along = |point: &Vec<f64>, direction: &[f64]| point.iter().zip(direction).map(|(a, b)| a * b).sum::<f64>();
        for _ in 0..PASSES {
            let weights: Vec<f64> = left.iter().map(|point| along(point, &direction)).collect();
            let weighted = || left.iter().zip(&weights);
            let sum = |at: usize| weighted().map(|(point, weight)| point[at] * weight).sum::<f64>();
            let next = (0..width).map(sum).collect_vec();
            let length = next.iter().map(|value| value * value).sum::<f64>().sqrt();
            if length <= 1e-12 {
                break;
            }
            direction = next.into_iter().map(|value| value / length).collect();
        }
        let weights: Vec<f64> = left.iter().map(|point| along(point, &direction)).collect();
        for (point, weight) in left.iter_mut().zip(&weights) {
            for (value, part) in point.iter_mut().zip(&direction) {
                *value -= weight * part;
            }
        }
        shares.push(weights.iter().map(|weight| weight * weight).sum::<f64>() / whole);
        coordinates.push(weights);
    }
    let at = |axis: usize, index: usize| coordinates.get(axis).map_or(0.0, |weights| weights[index]);
    (
        shares,
        (0..logs.len()).map(|index| (at(0, index), at(1, index))).collect(),
    )
}

/// Share of random weights of the workloads, uniform over all that there are, that leave the first strategy first.
fn random(logs: &[Vec<f64>]) -> f64 {
    let mut random = fastrand::Rng::with_seed(1);
    let first = (0..DRAWS).filter(|_| {
        let weights: Vec<f64> = logs.iter().map(|_| -(1.0 - random.f64()).ln()).collect();
        let weighted = || logs.iter().zip(&weights);
        let of = |at: usize| weighted().map(|(point, weight)| point[at] * weight).sum::<f64>();
        (1..logs[0].len()).all(|at| of(at) > 0.0)
    });
    first.count() as f64 / DRAWS as f64
}

impl Mix {
    /// The share of random weightings that leave the first one first; what is not all of them is not said to be 100 %.
    pub fn random_share(&self) -> String {
        match self.random {
            1.0.. => "100 %".to_owned(),
            share => format!("{:.1} %", (share * 100.0).clamp(0.1, 99.9)),
        }
    }

    /// What it comes to, in sentences.
    pub fn sentences(&self) -> Vec<String> {
        let percent = |share: f64| format!("{:.0} %", share * 100.0);
        // An axis that carries nothing is none, and a few points have few axes whatever they are.
        let axes = self.axes.iter().take(3).filter(|share| **share >= 0.005);
        let axes = axes.copied().map(percent).collect_vec();
        let same = self.clusters.iter().map(|cluster| cluster.join(" = ")).join("; ");
        let first = |weighting: &&Weighting| weighting.relative.iter().skip(1).all(|&time| time > 1.0);
        let all = self.weightings.len();
        let mut sentences = Vec::new();
        if self.places.len() >= FEWEST_PROGRAMS && axes.len() > 1 {
            sentences.push(format!(
                "Of the differences between workloads the first axes hold {}.",
                axes.join(", ")
            ));
        }
        sentences.push(format!(
            "The same strategy is first under {} of {all} weightings, and under {} of random ones.",
            self.weightings.iter().filter(first).count(),
            self.random_share()
        ));
        if !self.clusters.is_empty() {
            sentences.push(format!("Much the same: {same}."));
        }
        if !self.alone.is_empty() {
            sentences.push(format!("Classes of one workload: {}.", self.alone.join(", ")));
        }
        sentences
    }
}

#[cfg(test)]
#[path = "../../tests/unit/mix.rs"]
mod tests;
