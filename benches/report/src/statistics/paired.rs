//! Comparing two strategies that were measured next to each other: where the variance comes from, and how sure the
//! difference is.
//!
//! An observation is a pair: the logarithm of the ratio of two times taken by one process, moments apart. Observations are
//! nested. Those of one process share what that process was dealt (addresses, caches), and processes of one layout share
//! where the linker put the code. A thousand iterations of one binary say nothing about the next one, so an interval must
//! come from the outermost level at which there is more than one case: the level's means are independent of each other, and
//! Student's t says how far their mean may be from the truth.
//!
//! Rare slow processes are left out before anything else, as far as the other processes of their layout show that they are
//! rare and slow (`Tree::without_slow_processes`). Layouts are never left out, since each of them is what some user ships; but a
//! difference that the median layout does not have is not believed ([`Paired::verdict`]), so that one slow layout makes no
//! winner.
//!
//! Literature: Kalibera and Jones, *Rigorous benchmarking in reasonable time*, 2013, for the nested levels; Mytkowicz and
//! others, *Producing wrong data without doing anything obviously wrong*, 2009, for layouts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use statrs::statistics::{Data, OrderStatistics, RankTieBreaker};

use super::{CONFIDENCE, EQUIVALENCE, Estimate, Verdict, mean, mean_of, median, student};

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
    /// The smallest, the median and the largest of the cases' means.
    pub range: [f64; 3],
    /// Processes that were left out, because they were slow where the others of their layout were not.
    pub left_out: usize,
    /// What it would come to with these processes in.
    pub with_all: Verdict,
    /// How far the pairs drift with the number of the process, in standard deviations of no drift at all (Spearman's rank
    /// correlation); 0 where there are too few.
    pub drift: f64,
    /// Where the variance comes from.
    pub components: Components,
}

/// A drift that chance alone makes in one of a thousand comparisons.
pub const DRIFT: f64 = 3.3;

/// With as many layouts, the range of them is a better guess at the next than Student's t, which knows no mixtures.
const ENOUGH_FOR_RANGE: usize = 20;

impl Paired {
    /// Compares by the outermost level with two cases or more. `None` without observations.
    pub fn of(observations: &[Observation]) -> Option<Paired> {
        let mut tree = Tree::of(observations);
        let drift = tree.drift();
        let all = Paired::of_tree(&tree)?;
        let left_out = tree.leave_out_slow_processes();
        Some(Paired {
            left_out,
            with_all: all.verdict(),
            drift,
            ..if left_out > 0 { Paired::of_tree(&tree)? } else { all }
        })
    }

    fn of_tree(tree: &Tree) -> Option<Paired> {
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
        let extreme = |better: fn(f64, f64) -> f64| cases.iter().copied().reduce(better);
        Some(Paired {
            mean: mean(&cases),
            deviation: variance(&cases).sqrt(),
            cases: cases.len(),
            level,
            range: [extreme(f64::min)?, median(&cases)?, extreme(f64::max)?],
            left_out: 0,
            with_all: Verdict::Unsure,
            drift: 0.0,
            components: tree.components(),
        })
    }

    /// Compares by cases of which each is known by one number, such as programs. None of them is left out.
    pub fn of_cases(logs: &[f64]) -> Option<Paired> {
        let observations = logs.iter().zip(0..).map(|(&log_ratio, case)| Observation {
            layout: Some(case),
            process: 0,
            log_ratio,
        });
        Paired::of(&observations.collect::<Vec<_>>())
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
                let of_one = |paired: &Paired| paired.deviation.powi(2) / paired.cases as f64;
                let of_mean = single.iter().map(of_one);
                let of_means = |index: usize| mean_of(single.iter().map(|paired| paired.range[index]));
                return Some(Paired {
                    range: [of_means(0), of_means(1), of_means(2)],
                    left_out: 0,
                    with_all: Verdict::Unsure,
                    drift: 0.0,
                    mean: mean_of(single.iter().map(|paired| paired.mean)),
                    deviation: (of_mean.sum::<f64>() * cases as f64).sqrt() / single.len() as f64,
                    cases,
                    level,
                    components: Components::default(),
                });
            }
        };
        // Where a process has measured all workloads, it shows what processes do; the mean then goes over its layout as well.
        Some(match Paired::of(&by_process) {
            Some(of_processes) if of_processes.level == outermost.level => of_processes,
            Some(of_processes) => Paired {
                components: of_processes.components,
                ..outermost
            },
            None => outermost,
        })
    }

    /// The ratio with its 95 % interval. With one case the interval is everything.
    pub fn estimate(&self) -> Estimate {
        self.estimate_of(self.cases, CONFIDENCE)
    }

    /// The same with another confidence.
    pub fn estimate_at(&self, confidence: f64) -> Estimate {
        self.estimate_of(self.cases, confidence)
    }

    /// What it comes to. A difference is none if the median of the cases lies on the other side: then a few slow ones make it; or if
    /// there is the opposite one with all processes in.
    pub fn verdict(&self) -> Verdict {
        match self.estimate().verdict() {
            found if found.differs() && self.left_out > 0 && self.with_all == found.turned() => Verdict::Unsure,
            Verdict::Slower if self.range[1] <= 0.0 => Verdict::Unsure,
            Verdict::Faster if self.range[1] >= 0.0 => Verdict::Unsure,
            other => other,
        }
    }

    /// How many processes had to be left out to find a difference that is not clear with them in; 0 if it does not depend on that.
    pub fn depends_on(&self) -> usize {
        let found = self.verdict();
        if found.differs() && self.with_all != found {
            self.left_out
        } else {
            0
        }
    }

    /// The difference that is claimed, as a share: 0.1 is 10 %. Of what is called equivalent, the largest there may be; 0 if nothing
    /// is claimed.
    pub fn claimed(&self) -> f64 {
        match self.verdict() {
            Verdict::Faster | Verdict::Slower => self.mean.abs().exp_m1(),
            Verdict::Equivalent => EQUIVALENCE,
            Verdict::Unsure => 0.0,
        }
    }

    /// What one more case may come to, with 95 %: over layouts, what a user has who ships one binary. None with fewer than
    /// two.
    pub fn one_more(&self) -> Option<Estimate> {
        if self.cases >= ENOUGH_FOR_RANGE {
            let [low, _, high] = self.range;
            return Some(Estimate {
                value: self.mean.exp(),
                low: low.exp(),
                high: high.exp(),
            });
        }
        one_more_by_student(self.mean, self.deviation, self.cases)
    }

    /// The ratio with its interval if there were this many cases of the same spread.
    fn estimate_of(&self, cases: usize, confidence: f64) -> Estimate {
        let half = match cases {
            0 | 1 => f64::INFINITY,
            _ => student::two_sided(confidence, (cases - 1) as f64) * self.deviation / (cases as f64).sqrt(),
        };
        Estimate::of_log(self.mean, half)
    }

    /// About how many more cases it would take to be sure, with a band that counts as no difference; none if it is sure, or
    /// if it would take too many. Growing by a quarter finds it to a factor; the spread is not known better than that.
    pub fn more(&self, band: f64) -> Option<usize> {
        let is_unsure = |cases: usize| self.estimate_of(cases, CONFIDENCE).verdict_within(band) == Verdict::Unsure;
        if !is_unsure(self.cases) {
            return None;
        }
        let numbers = std::iter::successors(Some(self.cases.max(2)), |cases| Some(cases + cases.div_ceil(4)));
        let mut numbers = numbers.take_while(|&cases| cases <= MOST_CASES);
        let needed = numbers.find(|&cases| !is_unsure(cases))?;
        Some(needed.saturating_sub(self.cases).max(1))
    }
}

/// What one more may come to that is like these (programs, machines), with 95 %, from their logarithms. They differ too much
/// for the range of them to say it, and none of them is left out, however far it is. None with fewer than two.
pub fn one_more_of(logs: &[f64]) -> Option<Estimate> {
    one_more_by_student(mean(logs), variance(logs).sqrt(), logs.len())
}

fn one_more_by_student(mean: f64, deviation: f64, cases: usize) -> Option<Estimate> {
    let freedom = cases.checked_sub(1).filter(|&freedom| freedom > 0)? as f64;
    let half = student::two_sided(CONFIDENCE, freedom) * deviation * (1.0 + 1.0 / cases as f64).sqrt();
    Some(Estimate::of_log(mean, half))
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
    /// The numbers of the processes, in the same order.
    processes: Vec<Vec<u32>>,
}

impl Tree {
    fn of(observations: &[Observation]) -> Tree {
        type OfLayout = (Vec<Vec<f64>>, Vec<u32>);
        let mut layouts: BTreeMap<Option<u64>, OfLayout> = BTreeMap::new();
        for ((layout, process), values) in by_case(observations, |one| (one.layout, one.process)) {
            let (of_layout, numbers) = layouts.entry(layout).or_default();
            of_layout.push(values);
            numbers.push(process);
        }
        let (layouts, processes) = layouts.into_values().unzip();
        Tree { layouts, processes }
    }

    /// Leaves out processes that are far from the others of their layout, and returns how many. Far is six robust standard
    /// deviations of what processes do in all layouts, and two percent; rare is one in six at most: if there are more, that
    /// is what processes do. Of two that disagree, the one farther from the median layout goes.
    fn leave_out_slow_processes(&mut self) -> usize {
        const FAR: f64 = 6.0;
        const LEAST: f64 = 0.02;
        let layouts = self.layouts.iter();
        let means: Vec<Vec<f64>> = layouts.map(|of| of.iter().map(|one| mean(one)).collect()).collect();
        let medians: Vec<f64> = means.iter().filter_map(|of_layout| median(of_layout)).collect();
        let Some(center) = median(&medians) else { return 0 };
        let distances = (means.iter().zip(&medians)).filter(|(of_layout, _)| of_layout.len() > 1);
        let distances = distances.flat_map(|(of_layout, middle)| of_layout.iter().map(move |one| (one - middle).abs()));
        let distances: Vec<f64> = distances.collect();
        // Less is not known well enough to call one of them far.
        if distances.len() < 8 {
            return 0;
        }
        // The median distance of normal values is 0.67 of their deviation; that of two from their mean, 0.48.
        let of_pairs = means.iter().all(|of_layout| of_layout.len() <= 2);
        let deviation = median(&distances).unwrap_or(0.0) / if of_pairs { 0.48 } else { 0.67 };
        let limit = (FAR * deviation).max(LEAST);
        let mut far: Vec<(usize, usize)> = Vec::new();
        for (layout, of_layout) in means.iter().enumerate().filter(|(_, of_layout)| of_layout.len() > 1) {
            let spread = |one: &f64| (one - medians[layout]).abs() * if of_layout.len() == 2 { 2.0 } else { 1.0 };
            let suspects = (0..of_layout.len()).filter(|&at| spread(&of_layout[at]) > limit);
            let mut suspects: Vec<usize> = suspects.collect();
            suspects.sort_by(|&a, &b| (of_layout[b] - center).abs().total_cmp(&(of_layout[a] - center).abs()));
            suspects.truncate((of_layout.len() - 1) / 2 + usize::from(of_layout.len() == 2));
            far.extend(suspects.into_iter().map(|at| (layout, at)));
        }
        if far.len() * 6 > distances.len() {
            return 0;
        }
        far.sort_unstable();
        for &(layout, at) in far.iter().rev() {
            self.layouts[layout].remove(at);
            self.processes[layout].remove(at);
        }
        far.len()
    }

    /// Spearman's rank correlation of the pairs with the numbers of their processes, by its standard deviation: of the pairs
    /// as they are, or within their layouts, whichever shows more.
    fn drift(&self) -> f64 {
        let all = || self.layouts.iter().zip(&self.processes);
        let mut plain: Vec<(u32, f64)> = Vec::new();
        let mut within: Vec<(u32, f64)> = Vec::new();
        for (of_layout, numbers) in all() {
            let means: Vec<f64> = of_layout.iter().map(|one| mean(one)).collect();
            let middle = mean(&means);
            plain.extend(numbers.iter().copied().zip(means.iter().copied()));
            if means.len() > 1 {
                within.extend(numbers.iter().copied().zip(means.iter().map(|one| one - middle)));
            }
        }
        let [plain, within] = [plain, within].map(|pairs| rank_correlation(&pairs));
        if plain.abs() > within.abs() { plain } else { within }
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

/// Spearman's rank correlation, by its standard deviation under no correlation; 0 for fewer than ten pairs.
pub fn rank_correlation(pairs: &[(u32, f64)]) -> f64 {
    const FEWEST: usize = 10;
    if pairs.len() < FEWEST {
        return 0.0;
    }
    // Equal values share the mean of their ranks.
    let ranks = |values: Vec<f64>| Data::new(values).ranks(RankTieBreaker::Average);
    let x = ranks(pairs.iter().map(|(number, _)| f64::from(*number)).collect());
    let y = ranks(pairs.iter().map(|(_, value)| *value).collect());
    let (mean_x, mean_y) = (mean(&x), mean(&y));
    let product: f64 = x.iter().zip(&y).map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    let scale = (variance(&x) * variance(&y)).sqrt() * (pairs.len() - 1) as f64;
    if scale > 0.0 {
        product / scale * ((pairs.len() - 1) as f64).sqrt()
    } else {
        0.0
    }
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
