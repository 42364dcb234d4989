//! Comparing two strategies that were measured next to each other: where the variance comes from, and how sure the
//! difference is.
//!
//! An observation is a pair: the logarithm of the ratio of two times taken by one process, moments apart. Observations are
//! nested. Those of one process share what that process was dealt (addresses, caches), and processes of one layout share
//! where the linker put the code. A thousand iterations of one binary say nothing about the next one, so an interval must
//! come from the outermost level at which there is more than one case: the level's means are independent of each other, and
//! Student's t says how far their mean may be from the truth.
//!
//! Literature: Kalibera and Jones, *Rigorous benchmarking in reasonable time*, 2013, for the nested levels; Mytkowicz and
//! others, *Producing wrong data without doing anything obviously wrong*, 2009, for layouts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{CONFIDENCE, Estimate, Verdict, student};

/// One pair of times.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observation {
    /// The binary, by the seed of its layout; none for the one that was linked as compiled.
    pub layout: Option<u64>,
    /// The process.
    pub process: u32,
    /// Logarithm of the ratio of the two times.
    pub log_ratio: f64,
}

/// What an interval is taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Single runs within one process: says least.
    Iteration,
    /// Processes of one binary.
    Process,
    /// Binaries, linked in different orders.
    Layout,
}

impl Level {
    /// The cases of a level, for people.
    pub fn plural(self) -> &'static str {
        match self {
            Level::Iteration => "runs of one process",
            Level::Process => "processes of one binary",
            Level::Layout => "layouts of the code",
        }
    }
}

/// Variances of the logarithm, by where they come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Components {
    /// Between layouts; none if there was only one.
    pub layout: Option<f64>,
    /// Between processes of a layout; none if no layout had two.
    pub process: Option<f64>,
    /// Between runs within a process; none if no process had two.
    pub iteration: Option<f64>,
    /// Whether a component came out negative, as it does by chance if it is small, and was set to zero.
    pub clipped: bool,
}

/// A comparison in logarithms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Paired {
    /// Mean of the cases' means.
    pub mean: f64,
    /// Standard deviation between the cases.
    pub deviation: f64,
    /// Number of cases.
    pub cases: usize,
    /// What the cases are.
    pub level: Level,
    /// Where the variance comes from.
    pub components: Components,
}

impl Paired {
    /// Compares by the outermost level with two cases or more. `None` without observations.
    pub fn of(observations: &[Observation]) -> Option<Paired> {
        let tree = Tree::of(observations);
        let layouts: Vec<f64> = tree.layouts.iter().map(|processes| mean_of_means(processes)).collect();
        let (level, cases) = if layouts.len() > 1 {
            (Level::Layout, layouts)
        } else {
            let processes = tree.layouts.first()?;
            if processes.len() > 1 {
                (Level::Process, processes.iter().map(|values| mean(values)).collect())
            } else {
                (Level::Iteration, processes.first()?.clone())
            }
        };
        Some(Paired {
            mean: mean(&cases),
            deviation: variance(&cases).sqrt(),
            cases: cases.len(),
            level,
            components: tree.components(),
        })
    }

    /// Compares by the mean over several workloads. Cases are independent of each other, workloads within a case are not; so
    /// the mean over workloads comes first: within each process that has measured all of them, or within each layout, or,
    /// where neither has, over everything, with the widest workload's number of cases.
    pub fn of_several(workloads: &[Vec<Observation>]) -> Option<Paired> {
        let whole = |case: fn(&Observation) -> Case| {
            let mut means: BTreeMap<Case, Vec<f64>> = BTreeMap::new();
            for observations in workloads {
                for (case, values) in by_case(observations, case) {
                    means.entry(case).or_default().push(mean(&values));
                }
            }
            // A case that missed one workload is out.
            means.retain(|_, means| means.len() == workloads.len());
            let observation = |((layout, process), means): (Case, Vec<f64>)| Observation {
                layout,
                process,
                log_ratio: mean(&means),
            };
            means.into_iter().map(observation).collect::<Vec<_>>()
        };
        let single: Vec<Paired> = workloads.iter().filter_map(|all| Paired::of(all)).collect();
        let level = single.iter().map(|paired| paired.level).min()?;
        let by_process = whole(|observation| (observation.layout, observation.process));
        let by_layout = whole(|observation| (observation.layout, 0));
        let outermost = match level {
            Level::Layout if by_layout.len() > 1 => Paired::of(&by_layout)?,
            Level::Process if by_process.len() > 1 => Paired::of(&by_process)?,
            _ => {
                let cases = single.iter().map(|paired| paired.cases).min()?;
                let of_mean = single
                    .iter()
                    .map(|paired| paired.deviation.powi(2) / paired.cases as f64);
                return Some(Paired {
                    mean: mean_of(single.iter().map(|paired| paired.mean)),
                    deviation: (of_mean.sum::<f64>() * cases as f64).sqrt() / single.len() as f64,
                    cases,
                    level,
                    components: Components::default(),
                });
            }
        };
        let of_processes = Paired::of(&by_process);
        Some(Paired {
            components: of_processes.map_or(outermost.components, |paired| paired.components),
            ..outermost
        })
    }

    /// The ratio with its 95 % interval. With one case the interval is everything.
    pub fn estimate(&self) -> Estimate {
        self.estimate_of(self.cases)
    }

    /// The same if there were this many cases of the same spread.
    fn estimate_of(&self, cases: usize) -> Estimate {
        let half = match cases {
            0 | 1 => f64::INFINITY,
            _ => student::two_sided(CONFIDENCE, (cases - 1) as f64) * self.deviation / (cases as f64).sqrt(),
        };
        Estimate::of_log(self.mean, half)
    }

    /// About how many more cases it would take to be sure, with a band that counts as no difference; none if it is sure, or
    /// if it would take too many. Growing by a quarter finds it to a factor; the spread is not known better than that.
    pub fn more(&self, band: f64) -> Option<usize> {
        let is_unsure = |cases: usize| self.estimate_of(cases).verdict_within(band) == Verdict::Unsure;
        if !is_unsure(self.cases) {
            return None;
        }
        let numbers = std::iter::successors(Some(self.cases.max(2)), |cases| Some(cases + cases.div_ceil(4)));
        let needed = numbers
            .take_while(|&cases| cases <= MOST_CASES)
            .find(|&cases| !is_unsure(cases))?;
        Some(needed.saturating_sub(self.cases).max(1))
    }
}

/// More cases than that are not worth asking for.
const MOST_CASES: usize = 10_000;

/// A layout, and a process where that matters.
type Case = (Option<u64>, u32);

fn by_case(observations: &[Observation], case: fn(&Observation) -> Case) -> BTreeMap<Case, Vec<f64>> {
    let mut cases: BTreeMap<Case, Vec<f64>> = BTreeMap::new();
    for observation in observations {
        cases.entry(case(observation)).or_default().push(observation.log_ratio);
    }
    cases
}

/// Observations by layout and process.
struct Tree {
    layouts: Vec<Vec<Vec<f64>>>,
}

impl Tree {
    fn of(observations: &[Observation]) -> Tree {
        let mut layouts: BTreeMap<Option<u64>, Vec<Vec<f64>>> = BTreeMap::new();
        for ((layout, _), values) in by_case(observations, |one| (one.layout, one.process)) {
            layouts.entry(layout).or_default().push(values);
        }
        Tree {
            layouts: layouts.into_values().collect(),
        }
    }

    /// By the method of moments: what the variance of each level's means exceeds what the levels below explain.
    fn components(&self) -> Components {
        let processes: Vec<&Vec<f64>> = self.layouts.iter().flatten().collect();
        let iteration = pooled_variance(processes.iter().map(|values| values.as_slice()));
        // A mean of n runs still varies by an nth of their variance.
        let of_a_process = iteration.unwrap_or(0.0) * mean_of(processes.iter().map(|values| 1.0 / values.len() as f64));
        let means_of = |processes: &Vec<Vec<f64>>| processes.iter().map(|values| mean(values)).collect();
        let means: Vec<Vec<f64>> = self.layouts.iter().map(means_of).collect();
        let between_processes = pooled_variance(means.iter().map(Vec::as_slice));
        let process = between_processes.map(|variance| variance - of_a_process);
        let of_a_layout = between_processes.unwrap_or(of_a_process)
            * mean_of(self.layouts.iter().map(|processes| 1.0 / processes.len() as f64));
        let layouts: Vec<f64> = means.iter().map(|means| mean(means)).collect();
        let layout = (layouts.len() > 1).then(|| variance(&layouts) - of_a_layout);
        let negative = |component: Option<f64>| component.is_some_and(|variance| variance < 0.0);
        Components {
            layout: layout.map(|variance| variance.max(0.0)),
            process: process.map(|variance| variance.max(0.0)),
            iteration,
            clipped: negative(layout) || negative(process),
        }
    }
}

fn mean(values: &[f64]) -> f64 {
    mean_of(values.iter().copied())
}

fn mean_of(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len().max(1) as f64;
    values.sum::<f64>() / count
}

fn mean_of_means(groups: &[Vec<f64>]) -> f64 {
    mean_of(groups.iter().map(|values| mean(values)))
}

/// Unbiased; zero for fewer than two values.
fn variance(values: &[f64]) -> f64 {
    if values.len() < 2 {
        return 0.0;
    }
    let mean = mean(values);
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    squares / (values.len() - 1) as f64
}

/// Variance within groups; none if no group has two values.
fn pooled_variance<'g>(groups: impl Iterator<Item = &'g [f64]>) -> Option<f64> {
    let (mut squares, mut freedom) = (0.0, 0);
    for group in groups.filter(|group| group.len() > 1) {
        squares += variance(group) * (group.len() - 1) as f64;
        freedom += group.len() - 1;
    }
    (freedom > 0).then(|| squares / freedom as f64)
}
