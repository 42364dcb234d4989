//! Which strategies are ranked, in which order, and what follows from it.

use std::cmp::Ordering;

use super::collect::{Grid, Times};
use super::{
    Cell, ClassMean, Costs, Exception, FEWEST_SAMPLES, Hinge, Recommendation, Rival, StrategySummary, Verdict,
    WorkloadSummary, Worst, is_safe,
};
use crate::statistics::{self, Estimate, Observation, Paired};

/// The order of the strategies. Strategies and workloads are indices into the grid.
pub(super) struct Ranking {
    /// Ranked strategies, the best first.
    pub ranked: Vec<usize>,
    /// The rest, in the order of the grid.
    unranked: Vec<usize>,
    /// Workloads on which every ranked strategy has a time.
    pub counted: Vec<usize>,
    /// For each workload, the strategy that the others are measured by.
    best: Vec<Option<usize>>,
    /// The measurement tells a strategy from itself: then no difference is believed.
    pub doubtful: bool,
}

impl Ranking {
    pub fn new(grid: &Grid) -> Ranking {
        let all = 0..grid.strategies.len();
        let mut ranked: Vec<usize> = all
            .clone()
            .filter(|&strategy| errors(grid, strategy) == 0)
            .filter(|&strategy| (0..grid.workloads.len()).any(|workload| grid.verified(workload, strategy).is_some()))
            .collect();
        let counted: Vec<usize> = (0..grid.workloads.len())
            .filter(|&workload| {
                let has_time = |&strategy: &usize| grid.verified(workload, strategy).is_some();
                !ranked.is_empty() && ranked.iter().all(has_time)
            })
            .collect();
        if counted.is_empty() {
            ranked.clear();
        }
        ranked.sort_by(|a, b| by_mean(grid, &counted)(&a, &b));
        // By pairs of runs that were moments apart, where the record knows them: as everything else.
        if let Some(&first) = ranked.first() {
            let mean = |strategy: usize| paired(grid, strategy, first, &counted).map(|paired| paired.mean);
            let by_pairs: Option<Vec<(f64, usize)>> = ranked.iter().map(|&s| Some((mean(s)?, s))).collect();
            if let Some(mut by_pairs) = by_pairs {
                by_pairs.sort_by(|(a, _), (b, _)| a.total_cmp(b));
                ranked = by_pairs.into_iter().map(|(_, strategy)| strategy).collect();
            }
        }
        let unranked = all.filter(|strategy| !ranked.contains(strategy)).collect();
        let best = (0..grid.workloads.len())
            .map(|workload| {
                let ranked_there = fastest(grid, workload, &ranked);
                ranked_there.or_else(|| fastest(grid, workload, &Vec::from_iter(0..grid.strategies.len())))
            })
            .collect();
        Ranking {
            ranked,
            unranked,
            counted,
            best,
            doubtful: false,
        }
    }

    /// All strategies: ranked ones from the best to the worst, then the others.
    fn order(&self) -> impl Iterator<Item = usize> + '_ {
        self.ranked.iter().chain(&self.unranked).copied()
    }

    pub fn strategies(&self, grid: &Grid, costs: &[Costs]) -> Vec<StrategySummary> {
        self.order()
            .map(|strategy| {
                let rank = self.ranked.iter().position(|&ranked| ranked == strategy);
                let relative = self
                    .ranked
                    .first()
                    .and_then(|&best| compare(grid, strategy, best, &self.counted));
                StrategySummary {
                    name: name(grid, strategy),
                    rank: rank.map(|position| position + 1),
                    safe: is_safe(&name(grid, strategy)),
                    errors: (0..grid.workloads.len())
                        .filter(|&workload| is_error(grid, workload, strategy))
                        .count(),
                    geometric_mean: self.mean_ratio(grid, strategy, &self.counted),
                    relative,
                    classes: self.class_means(grid, strategy),
                    worst: self.worst(grid, strategy),
                    costs: costs.get(strategy).cloned().unwrap_or_default(),
                }
            })
            .collect()
    }

    pub fn workloads(&self, grid: &Grid) -> Vec<WorkloadSummary> {
        grid.workloads
            .iter()
            .enumerate()
            .map(|(index, workload)| WorkloadSummary {
                name: workload.name.clone(),
                class: workload.class.clone(),
                counts: self.counted.contains(&index),
                best: self.best_on(index).map(|best| name(grid, best)),
                cells: self.order().map(|strategy| self.cell(grid, index, strategy)).collect(),
            })
            .collect()
    }

    fn cell(&self, grid: &Grid, workload: usize, strategy: usize) -> Cell {
        let times = grid.cells.get(workload).and_then(|row| row.get(strategy));
        match times {
            Some(Times::Error(what)) => Cell::Error { what: what.clone() },
            Some(Times::Verified(verified)) => Cell::Measured {
                median_ns: verified.median,
                ratio: self
                    .best_on(workload)
                    .and_then(|best| compare(grid, strategy, best, &[workload]))
                    .unwrap_or(Estimate::exact(1.0)),
                samples: verified.samples,
                load_ns: verified.load,
                compile_ns: verified.compile,
            },
            Some(Times::Missing) | None => Cell::Missing,
        }
    }

    fn best_on(&self, workload: usize) -> Option<usize> {
        self.best.get(workload).copied().flatten()
    }

    /// Geometric mean of the times relative to the best on each workload.
    fn mean_ratio(&self, grid: &Grid, strategy: usize, workloads: &[usize]) -> Option<f64> {
        let ratios: Option<Vec<f64>> = workloads
            .iter()
            .map(|&workload| self.ratio(grid, workload, strategy))
            .collect();
        statistics::geometric_mean(&ratios?)
    }

    fn ratio(&self, grid: &Grid, workload: usize, strategy: usize) -> Option<f64> {
        compare(grid, strategy, self.best_on(workload)?, &[workload]).map(|ratio| ratio.value)
    }

    fn class_means(&self, grid: &Grid, strategy: usize) -> Vec<ClassMean> {
        let classes = self.counted_by_class(grid).into_iter();
        classes
            .filter_map(|(class, workloads)| {
                Some(ClassMean {
                    class,
                    geometric_mean: self.mean_ratio(grid, strategy, &workloads)?,
                })
            })
            .collect()
    }

    /// The workloads that count, by class.
    fn counted_by_class(&self, grid: &Grid) -> Vec<(String, Vec<usize>)> {
        let members = |class: &str| -> Vec<usize> {
            let is_member = |workload: &&usize| grid.workloads.get(**workload).is_some_and(|w| w.class == class);
            self.counted.iter().filter(is_member).copied().collect()
        };
        grid.classes()
            .into_iter()
            .map(|class| (class.to_owned(), members(class)))
            .filter(|(_, workloads)| !workloads.is_empty())
            .collect()
    }

    fn worst(&self, grid: &Grid, strategy: usize) -> Option<Worst> {
        self.counted
            .iter()
            .filter_map(|&workload| Some((workload, self.ratio(grid, workload, strategy)?)))
            .max_by(|(_, a), (_, b)| a.total_cmp(b))
            .map(|(workload, ratio)| Worst {
                workload: workload_name(grid, workload),
                ratio,
            })
    }

    pub fn recommendation(&self, grid: &Grid) -> Option<Recommendation> {
        let (&best, others) = self.ranked.split_first()?;
        let rivals: Vec<Rival> = others
            .iter()
            .filter_map(|&other| self.rival(grid, other, best))
            .collect();
        let best_name = name(grid, best);
        let best_safe = if is_safe(&best_name) {
            Some(Rival {
                strategy: best_name.clone(),
                times_as_long: Estimate::exact(1.0),
                verdict: Verdict::Equivalent,
            })
        } else {
            rivals.iter().find(|rival| is_safe(&rival.strategy)).cloned()
        };
        Some(Recommendation {
            best: best_name,
            runner_up: rivals.first().cloned(),
            within_noise: rivals
                .iter()
                .filter(|rival| rival.verdict != Verdict::Faster)
                .map(|rival| rival.strategy.clone())
                .collect(),
            best_safe,
            classes: self
                .counted_by_class(grid)
                .into_iter()
                .filter_map(|(class, workloads)| self.exception(grid, class, &workloads))
                .collect(),
            ties: self
                .counted_by_class(grid)
                .into_iter()
                .filter_map(|(class, workloads)| self.tie(grid, class, &workloads))
                .collect(),
            workloads: (self.counted.iter())
                .filter_map(|&workload| self.exception(grid, workload_name(grid, workload), &[workload]))
                .collect(),
            hinges_on: self.hinges(grid),
        })
    }

    fn rival(&self, grid: &Grid, strategy: usize, best: usize) -> Option<Rival> {
        let times_as_long = compare(grid, strategy, best, &self.counted)?;
        let enough = self.counted.iter().all(|&workload| {
            [strategy, best].iter().all(|&strategy| {
                grid.verified(workload, strategy)
                    .is_some_and(|verified| verified.independent >= FEWEST_SAMPLES)
            })
        });
        Some(Rival {
            strategy: name(grid, strategy),
            times_as_long,
            verdict: match enough && !self.doubtful {
                true => times_as_long.verdict().turned(),
                false => Verdict::Unsure,
            },
        })
    }

    /// The strategy that beats the best on some workloads beyond the noise, if there is one.
    fn exception(&self, grid: &Grid, on: String, workloads: &[usize]) -> Option<Exception> {
        let rival = self.best_other(grid, on, workloads)?;
        (rival.times_as_fast.verdict() == Verdict::Slower).then_some(rival)
    }

    /// The strategy that is neither clearly better nor clearly worse than the best on some workloads, if there is one.
    fn tie(&self, grid: &Grid, on: String, workloads: &[usize]) -> Option<Exception> {
        let rival = self.best_other(grid, on, workloads)?;
        let as_good = match rival.times_as_fast.verdict() {
            Verdict::Slower | Verdict::Faster => false,
            Verdict::Equivalent | Verdict::Unsure => true,
        };
        as_good.then_some(rival)
    }

    /// Of all strategies but the best, the fastest on some workloads.
    fn best_other(&self, grid: &Grid, on: String, workloads: &[usize]) -> Option<Exception> {
        let (&best, others) = self.ranked.split_first()?;
        let &other = others.iter().min_by(by_mean(grid, workloads))?;
        Some(Exception {
            on,
            strategy: name(grid, other),
            times_as_fast: compare(grid, best, other, workloads)?,
        })
    }

    /// Workloads without which another strategy would be the best.
    fn hinges(&self, grid: &Grid) -> Vec<Hinge> {
        let hinge = |&left_out: &usize| {
            let rest: Vec<usize> = self
                .counted
                .iter()
                .copied()
                .filter(|&workload| workload != left_out)
                .collect();
            let &best_without = self.ranked.iter().min_by(by_mean(grid, &rest))?;
            (!rest.is_empty() && Some(&best_without) != self.ranked.first()).then(|| Hinge {
                workload: workload_name(grid, left_out),
                best_without: name(grid, best_without),
            })
        };
        self.counted.iter().filter_map(hinge).collect()
    }

    /// What a reader should know about the ranking.
    pub fn warnings(&self, grid: &Grid) -> Vec<String> {
        let mut warnings = Vec::new();
        let with_errors: Vec<String> = (0..grid.strategies.len())
            .filter(|&strategy| errors(grid, strategy) > 0)
            .map(|strategy| name(grid, strategy))
            .collect();
        if !with_errors.is_empty() {
            warnings.push(format!("not ranked because of errors: {}", with_errors.join(", ")));
        }
        let (counted, all) = (self.counted.len(), grid.workloads.len());
        if counted < all && counted > 0 {
            warnings.push(format!(
                "geometric means go over {counted} of {all} workloads: on the others a ranked strategy has no time"
            ));
        }
        let cells = self.counted.iter().flat_map(|&workload| {
            let ranked = self.ranked.iter();
            ranked.filter_map(move |&strategy| grid.verified(workload, strategy))
        });
        let few = cells.filter(|cell| cell.independent < FEWEST_SAMPLES).count();
        if few > 0 {
            warnings.push(format!(
                "{few} cells have fewer than {FEWEST_SAMPLES} samples: their intervals mean nothing"
            ));
        }
        warnings
    }
}

/// Time of `strategy` divided by that of `reference`: geometric mean over `workloads`, with its interval. `None` if one
/// of them has no time on one of the workloads.
fn compare(grid: &Grid, strategy: usize, reference: usize, workloads: &[usize]) -> Option<Estimate> {
    if workloads.is_empty() {
        return None;
    }
    let mut sum = 0.0;
    let mut replicates = vec![0.0; statistics::REPLICATES];
    for &workload in workloads {
        let above = grid.verified(workload, strategy)?;
        let below = grid.verified(workload, reference)?;
        sum += (above.median / below.median).ln();
        let differences = above.log_medians.iter().zip(&below.log_medians);
        for (replicate, (above, below)) in replicates.iter_mut().zip(differences) {
            *replicate += above - below;
        }
    }
    if strategy == reference {
        return Some(Estimate::exact(1.0));
    }
    if let Some(paired) = paired(grid, strategy, reference, workloads) {
        return Some(paired.estimate());
    }
    let count = workloads.len() as f64;
    let (low, high) = statistics::interval(replicates)?;
    Some(Estimate {
        value: (sum / count).exp(),
        low: (low / count).exp(),
        high: (high / count).exp(),
    })
}

/// The same by pairs of runs that were moments apart, where the record knows them. A mean over workloads is first taken
/// within each process (or, where a process has not measured all of them, within each layout): what disturbs one process,
/// or suits one layout, does so on all workloads.
pub(super) fn paired(grid: &Grid, strategy: usize, reference: usize, workloads: &[usize]) -> Option<Paired> {
    let mut by_workload = Vec::new();
    for &workload in workloads {
        let above = &grid.verified(workload, strategy)?.placed;
        let below = &grid.verified(workload, reference)?.placed;
        let pairs = above.iter().filter_map(|(place, log)| {
            Some(Observation {
                layout: place.layout,
                process: place.process,
                log_ratio: log - below.get(place)?,
            })
        });
        let pairs: Vec<Observation> = pairs.collect();
        if pairs.len() < 2 {
            return None;
        }
        by_workload.push(pairs);
    }
    match by_workload.as_slice() {
        [] => None,
        [only] => Paired::of(only),
        all => Paired::of_several(all),
    }
}

/// Mean of the logarithms of the medians; infinite without a time on each workload, which sorts last.
fn mean_log(grid: &Grid, strategy: usize, workloads: &[usize]) -> f64 {
    let logs: Option<Vec<f64>> = workloads
        .iter()
        .map(|&workload| Some(grid.verified(workload, strategy)?.median.ln()))
        .collect();
    logs.map_or(f64::INFINITY, |logs| {
        logs.iter().sum::<f64>() / logs.len().max(1) as f64
    })
}

/// The order of strategies by [`mean_log`].
fn by_mean(grid: &Grid, workloads: &[usize]) -> impl Fn(&&usize, &&usize) -> Ordering {
    |&&a, &&b| mean_log(grid, a, workloads).total_cmp(&mean_log(grid, b, workloads))
}

/// The fastest on a workload: by pairs of runs that were moments apart where the record knows them, as in every comparison.
fn fastest(grid: &Grid, workload: usize, strategies: &[usize]) -> Option<usize> {
    let (by_median, _) = strategies
        .iter()
        .filter_map(|&strategy| Some((strategy, grid.verified(workload, strategy)?.median)))
        .min_by(|(_, a), (_, b)| a.total_cmp(b))?;
    let mean = |strategy: usize| paired(grid, strategy, by_median, &[workload]).map(|paired| paired.mean);
    let by_pairs = (strategies.iter())
        .filter_map(|&strategy| Some((strategy, mean(strategy)?)))
        .min_by(|(_, a), (_, b)| a.total_cmp(b));
    Some(by_pairs.map_or(by_median, |(strategy, _)| strategy))
}

/// Errors that count against a strategy: those on workloads on which one of them has a time.
fn errors(grid: &Grid, strategy: usize) -> usize {
    (0..grid.workloads.len())
        .filter(|&workload| is_error(grid, workload, strategy))
        .filter(|&workload| (0..grid.strategies.len()).any(|other| grid.verified(workload, other).is_some()))
        .count()
}

fn is_error(grid: &Grid, workload: usize, strategy: usize) -> bool {
    let cell = grid.cells.get(workload).and_then(|row| row.get(strategy));
    matches!(cell, Some(Times::Error(_)))
}

fn name(grid: &Grid, strategy: usize) -> String {
    grid.strategies.get(strategy).cloned().unwrap_or_default()
}

fn workload_name(grid: &Grid, workload: usize) -> String {
    let workload = grid.workloads.get(workload);
    workload.map(|workload| workload.name.clone()).unwrap_or_default()
}
