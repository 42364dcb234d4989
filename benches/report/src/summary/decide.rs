//! Which strategies are ranked, in which order, and what follows from it.

use itertools::Itertools;

use super::collect::{Grid, Times};
use super::{
    Cell, ClassMean, Costs, Exception, FEWEST_PROGRAMS, FEWEST_SAMPLES, Hinge, Recommendation, Rival, StrategySummary,
    Verdict, WorkloadSummary, Worst,
};
use crate::statistics::paired::one_more_of;
use crate::statistics::{self, Estimate, Level, Observation, Paired};
use crate::units;

/// The order of the strategies. Strategies and workloads are indices into the grid.
pub(super) struct Ranking<'g> {
    pub grid: &'g Grid,
    /// Ranked strategies, the best first.
    pub ranked: Vec<usize>,
    /// The rest, in the order of the grid.
    unranked: Vec<usize>,
    /// Workloads on which every ranked strategy has a time.
    pub counted: Vec<usize>,
    /// The same by class.
    pub classes: Vec<(String, Vec<usize>)>,
    /// For each workload, the strategy that the others are measured by.
    best: Vec<Option<usize>>,
    /// The measurement tells a strategy from itself: then no difference is believed.
    pub doubtful: bool,
}

impl Ranking<'_> {
    pub fn new(grid: &Grid) -> Ranking<'_> {
        let all = Vec::from_iter(0..grid.strategies.len());
        let workloads = 0..grid.workloads.len();
        let has_time = |workload: usize, strategy: &usize| grid.verified(workload, *strategy).is_some();
        let is_ranked = |strategy: &usize| {
            workloads.clone().any(|workload| has_time(workload, strategy)) && !grid.is_wrong(*strategy)
        };
        let mut ranked: Vec<usize> = all.iter().copied().filter(is_ranked).collect();
        let all_have_time = |&workload: &usize| ranked.iter().all(|strategy| has_time(workload, strategy));
        let mut counted: Vec<usize> = workloads.clone().filter(all_have_time).collect();
        if ranked.is_empty() || counted.is_empty() {
            ranked.clear();
            counted.clear();
        }
        ranked = by_mean(grid, &counted, ranked);
        let fastest = |workload, of: &[usize]| by_mean(grid, &[workload], of.to_vec()).first().copied();
        let timed = |workload: usize, of: &[usize]| {
            let of = of.iter().copied();
            of.filter(|strategy| has_time(workload, strategy)).collect_vec()
        };
        let best = workloads.clone().map(|workload| {
            let of_ranked = fastest(workload, &timed(workload, &ranked));
            of_ranked.or_else(|| fastest(workload, &timed(workload, &all)))
        });
        let of_class = |class: &str| -> Vec<usize> {
            let is_member = |workload: &usize| grid.workloads[*workload].class == class;
            counted.iter().copied().filter(is_member).collect()
        };
        let classes = grid.classes().into_iter();
        let classes = classes.map(|class| (class.to_owned(), of_class(class)));
        Ranking {
            best: best.collect(),
            classes: classes.filter(|(_, workloads)| !workloads.is_empty()).collect(),
            unranked: all.into_iter().filter(|strategy| !ranked.contains(strategy)).collect(),
            grid,
            ranked,
            counted,
            doubtful: false,
        }
    }

    /// All strategies: ranked ones from the best to the worst, then the others.
    fn order(&self) -> impl Iterator<Item = usize> + '_ {
        self.ranked.iter().chain(&self.unranked).copied()
    }

    pub fn name(&self, strategy: usize) -> String {
        self.grid.strategies[strategy].clone()
    }

    pub fn strategies(&self, costs: &[Costs]) -> Vec<StrategySummary> {
        let best = self.ranked.first();
        let place = |strategy: usize| self.ranked.iter().position(|&ranked| ranked == strategy);
        let of = |strategy: usize| StrategySummary {
            name: self.name(strategy),
            rank: place(strategy).map(|place| place + 1),
            safe: self.grid.is_safe(strategy),
            errors: self.grid.errors(strategy).count(),
            geometric_mean: self.mean_ratio(strategy, &self.counted),
            relative: best.and_then(|&best| compare(self.grid, strategy, best, &self.counted)),
            classes: self.class_means(strategy),
            worst: self.worst(strategy),
            costs: costs[strategy].clone(),
        };
        self.order().map(of).collect()
    }

    pub fn workloads(&self) -> Vec<WorkloadSummary> {
        let workloads = self.grid.workloads.iter().enumerate();
        let of = |(index, workload): (usize, &super::collect::Workload)| WorkloadSummary {
            name: workload.name.clone(),
            class: workload.class.clone(),
            counts: self.counted.contains(&index),
            best: self.best[index].map(|best| self.name(best)),
            cells: self.order().map(|strategy| self.cell(index, strategy)).collect(),
        };
        workloads.map(of).collect()
    }

    fn cell(&self, workload: usize, strategy: usize) -> Cell {
        match &self.grid.cells[workload][strategy] {
            Times::Error(what) => Cell::Error { what: what.clone() },
            Times::Verified(verified) => Cell::Measured {
                median_ns: verified.median,
                ratio: self.ratio(workload, strategy).unwrap_or(Estimate::exact(1.0)),
                samples: verified.samples,
                left_out: (self.best[workload])
                    .filter(|&best| best != strategy)
                    .and_then(|best| paired(self.grid, strategy, best, &[workload]))
                    .map_or(0, |paired| paired.left_out),
                load_ns: verified.load,
                compile_ns: verified.compile,
            },
            Times::Missing => Cell::Missing,
        }
    }

    /// Time relative to the best on a workload.
    fn ratio(&self, workload: usize, strategy: usize) -> Option<Estimate> {
        compare(self.grid, strategy, self.best[workload]?, &[workload])
    }

    /// Geometric mean of the times relative to the best on each workload.
    pub fn mean_ratio(&self, strategy: usize, workloads: &[usize]) -> Option<f64> {
        let ratio = |&workload: &usize| self.ratio(workload, strategy).map(|ratio| ratio.value);
        let ratios: Option<Vec<f64>> = workloads.iter().map(ratio).collect();
        statistics::geometric_mean(&ratios?)
    }

    fn class_means(&self, strategy: usize) -> Vec<ClassMean> {
        let of = |(class, workloads): &(String, Vec<usize>)| {
            Some(ClassMean {
                class: class.clone(),
                geometric_mean: self.mean_ratio(strategy, workloads)?,
            })
        };
        self.classes.iter().filter_map(of).collect()
    }

    fn worst(&self, strategy: usize) -> Option<Worst> {
        let of = |&workload: &usize| {
            Some(Worst {
                workload: self.grid.workloads[workload].name.clone(),
                ratio: self.ratio(workload, strategy)?.value,
            })
        };
        let all = self.counted.iter().filter_map(of);
        all.max_by(|a, b| a.ratio.total_cmp(&b.ratio))
    }

    pub fn recommendation(&self) -> Option<Recommendation> {
        let (&best, others) = self.ranked.split_first()?;
        let rivals: Vec<Rival> = others.iter().filter_map(|&other| self.rival(other, best)).collect();
        let best = self.name(best);
        let best_safe = match self.grid.is_safe(self.ranked[0]) {
            true => Some(Rival {
                strategy: best.clone(),
                times_as_long: Estimate::exact(1.0),
                one_binary: None,
                new_program: None,
                verdict: Verdict::Equivalent,
            }),
            false => (others.iter().zip(&rivals))
                .find(|(other, _)| self.grid.is_safe(**other))
                .map(|(_, rival)| rival.clone()),
        };
        let close = rivals.iter().filter(|rival| rival.verdict != Verdict::Faster);
        let is_better = |verdict: Verdict| verdict == Verdict::Slower;
        // A class of one workload is a workload, and is spoken of as one.
        let classes = self.classes.iter().filter(|(_, workloads)| workloads.len() > 1);
        let classes = classes.cloned().collect_vec();
        let single = |&workload: &usize| (self.grid.workloads[workload].name.clone(), vec![workload]);
        Some(Recommendation {
            best,
            runner_up: rivals.first().cloned(),
            within_noise: close.map(|rival| rival.strategy.clone()).collect(),
            best_safe,
            classes: self.exceptions(&classes, is_better),
            ties: self.exceptions(&classes, |verdict| !verdict.differs()),
            workloads: self.exceptions(&Vec::from_iter(self.counted.iter().map(single)), is_better),
            hinges_on: self.hinges(),
        })
    }

    /// A strategy against a better one, over all workloads.
    pub fn rival(&self, strategy: usize, best: usize) -> Option<Rival> {
        let times_as_long = compare(self.grid, strategy, best, &self.counted)?;
        let paired = paired(self.grid, strategy, best, &self.counted);
        Some(Rival {
            strategy: self.name(strategy),
            times_as_long,
            one_binary: paired
                .filter(|paired| paired.level == Level::Layout)
                .and_then(|paired| paired.one_more()),
            new_program: self.new_program(strategy, best),
            verdict: self
                .verdict([strategy, best], &self.counted, paired, times_as_long)
                .turned(),
        })
    }

    /// What two strategies on some workloads come to, by pairs or else by their ratio. No difference is believed if the run tells
    /// a strategy from itself, or if there are too few samples.
    fn verdict(&self, two: [usize; 2], workloads: &[usize], paired: Option<Paired>, ratio: Estimate) -> Verdict {
        let is_enough = |workload: usize, strategy: usize| {
            let verified = self.grid.verified(workload, strategy);
            verified.is_some_and(|verified| verified.independent >= FEWEST_SAMPLES)
        };
        let are_enough = |&workload: &usize| two.iter().all(|&strategy| is_enough(workload, strategy));
        match paired {
            _ if self.doubtful || !workloads.iter().all(are_enough) => Verdict::Unsure,
            Some(paired) => paired.verdict(),
            None => ratio.verdict(),
        }
    }

    /// What a program may come to that is like the workloads: they are a sample, too. None with fewer than [`FEWEST_PROGRAMS`].
    pub fn new_program(&self, strategy: usize, best: usize) -> Option<Estimate> {
        let mean = |&workload: &usize| Some(paired(self.grid, strategy, best, &[workload])?.mean);
        let means = self.counted.iter().filter_map(mean).collect_vec();
        (means.len() >= FEWEST_PROGRAMS && strategy != best).then(|| one_more_of(&means))?
    }

    /// For each of some sets of workloads: the fastest strategy there but the best of all, if the verdict on the best
    /// against it is of a kind.
    fn exceptions(&self, sets: &[(String, Vec<usize>)], is_of_kind: fn(Verdict) -> bool) -> Vec<Exception> {
        let of = |(on, workloads): &(String, Vec<usize>)| {
            let (&best, others) = self.ranked.split_first()?;
            let other = *by_mean(self.grid, workloads, others.to_vec()).first()?;
            let times_as_fast = compare(self.grid, best, other, workloads)?;
            let paired = paired(self.grid, best, other, workloads);
            let verdict = self.verdict([best, other], workloads, paired, times_as_fast);
            is_of_kind(verdict).then(|| Exception {
                on: on.clone(),
                strategy: self.name(other),
                times_as_fast,
                left_out: paired.map_or(0, |paired| paired.depends_on()),
            })
        };
        sets.iter().filter_map(of).collect()
    }

    /// Workloads without which another strategy would be the best.
    fn hinges(&self) -> Vec<Hinge> {
        let hinge = |&left_out: &usize| {
            let rest = self.counted.iter().copied().filter(|&workload| workload != left_out);
            let rest: Vec<usize> = rest.collect();
            let best_without = *by_mean(self.grid, &rest, self.ranked.clone()).first()?;
            (!rest.is_empty() && Some(&best_without) != self.ranked.first()).then(|| Hinge {
                workload: self.grid.workloads[left_out].name.clone(),
                best_without: self.name(best_without),
            })
        };
        self.counted.iter().filter_map(hinge).collect()
    }

    /// What a reader should know about the ranking.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let wrong = (0..self.grid.strategies.len()).filter(|&strategy| self.grid.is_wrong(strategy));
        let wrong = wrong.map(|strategy| self.name(strategy)).join(", ");
        if !wrong.is_empty() {
            warnings.push(format!("not ranked because of errors: {wrong}"));
        }
        let (counted, all) = (self.counted.len(), self.grid.workloads.len());
        if counted < all && counted > 0 {
            warnings.push(format!(
                "geometric means go over {counted} of {all} workloads: on the others a ranked strategy has no time"
            ));
        }
        let cells = self.counted.iter().flat_map(|&workload| {
            let ranked = self.ranked.iter();
            ranked.filter_map(move |&strategy| self.grid.verified(workload, strategy))
        });
        let few = cells.filter(|cell| cell.independent < FEWEST_SAMPLES).count();
        if few > 0 {
            warnings.push(format!(
                "fewer than {FEWEST_SAMPLES} samples in {}: intervals mean nothing there",
                units::number(few, "cell")
            ));
        }
        warnings
    }
}

/// Time of `strategy` divided by that of `reference`: geometric mean over `workloads`, with its interval. `None` if one
/// of them has no time on one of the workloads. Without pairs, two single times are all that is known.
pub(super) fn compare(grid: &Grid, strategy: usize, reference: usize, workloads: &[usize]) -> Option<Estimate> {
    let log = |&workload: &usize| {
        let (above, below) = (grid.verified(workload, strategy)?, grid.verified(workload, reference)?);
        Some((above.median / below.median).ln())
    };
    let logs: Vec<f64> = workloads.iter().map(log).collect::<Option<_>>()?;
    match paired(grid, strategy, reference, workloads) {
        _ if workloads.is_empty() => None,
        _ if strategy == reference => Some(Estimate::exact(1.0)),
        Some(paired) => Some(paired.estimate()),
        None => Some(Estimate::exact(statistics::mean(&logs).exp())),
    }
}

/// The same by pairs of runs that were moments apart. A mean over workloads is first taken
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
        let pairs = pairs.collect_vec();
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

/// Strategies in the order of their means over workloads: by pairs of runs that were moments apart, as in every comparison; by
/// medians only where the record knows no pairs.
pub(super) fn by_mean(grid: &Grid, workloads: &[usize], strategies: Vec<usize>) -> Vec<usize> {
    let mean = |strategy: usize| {
        let relative = workloads.iter().map(|&workload| grid.relative(workload, strategy));
        let sum: Option<f64> = relative.sum();
        sum.map_or(f64::INFINITY, |sum| sum / workloads.len().max(1) as f64)
    };
    let means = strategies.into_iter().map(|strategy| (strategy, mean(strategy)));
    let means = means.sorted_by(|(_, a), (_, b)| a.total_cmp(b));
    means.map(|(strategy, _)| strategy).collect()
}

impl Grid {
    /// Logarithm of a strategy's time by that of the first that has one on a workload.
    fn relative(&self, workload: usize, strategy: usize) -> Option<f64> {
        let known = self.relative.borrow().get(&(workload, strategy)).copied();
        known.unwrap_or_else(|| {
            let reference = (0..self.strategies.len()).find(|&other| self.verified(workload, other).is_some())?;
            let (own, other) = (self.verified(workload, strategy)?, self.verified(workload, reference)?);
            let found = match paired(self, strategy, reference, &[workload]) {
                _ if strategy == reference => 0.0,
                Some(paired) => paired.mean,
                None => (own.median / other.median).ln(),
            };
            self.relative.borrow_mut().insert((workload, strategy), Some(found));
            Some(found)
        })
    }
}
