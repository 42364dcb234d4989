//! What the numbers of a run rest on: cases, controls, conditions; and the grades that follow.
//!
//! A grade is given to a claim, not to a run: what disturbs the whole run lowers all of them, and what is known of two strategies
//! (their controls, a drift of one by the other, how many workloads) lowers what is said about these two. The grade of the run
//! is that of its first claim.

use std::collections::{BTreeMap, BTreeSet};

use itertools::Itertools;
use serde::{Deserialize, Serialize};

use super::FEWEST_PROGRAMS;
use super::collect::{Grid, Times};
use super::decide::{self, Ranking};
use crate::record::{Kind, Process, Recording};
use crate::statistics::paired::{DRIFT, rank_correlation};
use crate::statistics::{self, Components, Estimate, Level, Paired};
use crate::units;

/// Layouts that a claim of grade A rests on. Over fewer, intervals hold the truth less often than they promise, because layouts
/// are few states with gaps between them.
pub const LAYOUTS: usize = 16;

/// Workloads that a claim of grade A rests on, about programs in general or about a class of them.
pub const WORKLOADS: usize = 10;

/// What the intervals of a run rest on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Foundation {
    /// What intervals are taken over; `None` if the run was not interleaved.
    pub level: Option<Level>,
    /// How many cases of it there are.
    pub cases: usize,
    /// Binaries that were measured.
    pub layouts: usize,
    /// Processes that measured; 0 if the run did not say.
    pub processes: usize,
    /// Where the variance of the margin comes from, over all workloads: of the best and the runner-up.
    pub components: Option<Components>,
    /// What was found between each strategy and itself.
    #[serde(default)]
    pub controls: Vec<ControlResult>,
    /// Conditions, each as its mean over the processes.
    pub conditions: Conditions,
    /// How good all that is.
    pub grade: Grade,
    /// What keeps the grade from being better.
    pub reasons: Vec<String>,
    /// What lowers every claim.
    #[serde(skip)]
    pub(super) marks: Vec<Mark>,
    /// Whether it is a run of a user's own module, which is about that module and no other program.
    #[serde(skip)]
    is_own: bool,
}

/// A strategy against itself: every difference is noise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ControlResult {
    /// The strategy.
    pub of: String,
    /// Its second time divided by its first: geometric mean over the workloads.
    pub ratio: Estimate,
    /// The smallest difference that it could have shown, half its interval: 0.1 is 10 %. `None` if it could have shown nothing.
    #[serde(default)]
    pub shows: Option<f64>,
    /// The noise floor: 95 of 100 workloads differ by less than this factor.
    pub floor: f64,
    /// Workloads that were compared.
    pub workloads: usize,
    /// Workloads on which the two differ clearly: false positives.
    pub told_apart: Vec<String>,
    /// Whether that is more of them than chance makes: then single workloads of it are not to be believed, nor a mean in which
    /// such errors may or may not cancel out.
    #[serde(default)]
    pub too_often: bool,
    /// Whether they differ clearly over all workloads. Then no verdict of the run is believed.
    pub differs: bool,
}

/// What went on beside the measurement; `None` where that was not recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Conditions {
    /// CPU time by wall time of the measuring processes: 1 if nothing else had their processor.
    pub cpu_share: Option<f64>,
    /// Share of all processors' time that the host gave to others.
    pub steal: Option<f64>,
    /// Share of the time in which some task waited for a processor.
    pub pressure: Option<f64>,
    /// Involuntary switches for each second measured.
    pub switches_per_second: Option<f64>,
    /// Share of the processes that were disturbed: by more than 5 % of steal, or without their processor for so long.
    #[serde(default)]
    pub disturbed: Option<f64>,
    /// How many times as long everything took at the end as at the beginning, if that is more than chance.
    #[serde(default)]
    pub slowdown: Option<f64>,
}

/// How well founded a run is. Later is worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Grade {
    /// Enough layouts, processes and workloads, controls that show nothing, undisturbed.
    A,
    /// Undisturbed, with fewer of them.
    B,
    /// A quick run, a somewhat disturbed one, or one that does not know.
    C,
    /// Interrupted, disturbed, or all from one process.
    D,
    /// The control failed, or results were wrong.
    E,
}

impl Grade {
    /// The letter.
    pub fn letter(self) -> char {
        ['A', 'B', 'C', 'D', 'E'][self as usize]
    }

    /// Whether anything is said at this grade: a claim is made, a headline or a title names a winner, a head is decided. This is
    /// the one place that says so; METHODOLOGY.md has the table.
    pub fn speaks(self) -> bool {
        self <= Grade::C
    }
}

impl Foundation {
    /// Names and values, for people.
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        let percent = |share: f64| format!("{} %", units::three_digits(share * 100.0));
        // Of the logarithm of the best's time by the runner-up's.
        let components = self.components.map(|components| {
            let parts = [
                ("layout", components.layout),
                ("process", components.process),
                ("run", components.iteration),
            ];
            let parts = parts.into_iter().filter_map(|(name, variance)| Some((name, variance?)));
            let mut parts = parts.map(|(name, variance)| format!("{name} {}", percent(variance.max(0.0).sqrt())));
            parts.join(", ")
        });
        let mut controls = self.controls.iter().map(|control| {
            let ratio = control.ratio;
            let floor = units::three_digits((control.floor - 1.0) * 100.0);
            let share = match control.workloads {
                // Of a few workloads there is no such share.
                0..FEWEST_PROGRAMS => String::new(),
                _ => format!("; 95 of 100 workloads differ by less than {floor} %"),
            };
            // Of one there is nothing to say that the mean does not.
            let apart = match control.workloads {
                0 | 1 => String::new(),
                all => format!("; clearly on {} of {all}", control.told_apart.len()),
            };
            format!(
                "{} against itself: {:.3} ({:.3} to {:.3}){share}{apart}",
                control.of, ratio.value, ratio.low, ratio.high
            )
        });
        let conditions = &self.conditions;
        let switches = conditions.switches_per_second;
        let facts = [
            ("Grade", Some(self.grade.letter().to_string())),
            ("Why not better", Some(self.reasons.join("; "))),
            (
                "Intervals over",
                self.level.map(|level| format!("{} {}", self.cases, level.plural())),
            ),
            ("Layouts", Some(self.layouts.to_string())),
            ("Processes", (self.processes > 0).then(|| self.processes.to_string())),
            ("Spread of the margin", components),
            ("Control", Some(controls.join("; "))),
            ("CPU time by wall time", conditions.cpu_share.map(percent)),
            ("Steal", conditions.steal.map(percent)),
            ("Processes disturbed", conditions.disturbed.map(percent)),
            ("Pressure", conditions.pressure.map(percent)),
            (
                "Involuntary switches",
                switches.map(|rate| format!("{} a second", units::three_digits(rate))),
            ),
        ];
        let known = facts.into_iter().filter_map(|(name, value)| Some((name, value?)));
        known.filter(|(_, value)| !value.is_empty()).collect()
    }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// A grade and what keeps it from being better.
pub type Mark = (Grade, String);

/// The worst of some marks, and all of their reasons.
pub fn graded(marks: impl IntoIterator<Item = Mark>) -> (Grade, Vec<String>) {
    let marks: Vec<Mark> = marks.into_iter().collect();
    let grade = marks.iter().map(|(grade, _)| *grade).max().unwrap_or(Grade::A);
    (grade, marks.into_iter().map(|(_, why)| why).collect())
}

pub(super) fn foundation(recording: &Recording, ranking: &Ranking<'_>) -> Foundation {
    let first = first_two(ranking);
    let margin = first.and_then(|(best, second)| decide::paired(ranking.grid, second, best, &ranking.counted));
    let interleaved = recording.samples.iter().filter(|sample| sample.block.is_some());
    let layouts = BTreeSet::from_iter(interleaved.map(|sample| sample.layout)).len();
    let margin = margin.filter(|_| layouts > 0);
    let mut foundation = Foundation {
        level: margin.map(|margin| margin.level),
        cases: margin.map_or(0, |margin| margin.cases),
        layouts,
        processes: recording.processes.len(),
        components: margin.map(|margin| margin.components),
        controls: controls(ranking.grid),
        conditions: conditions(&recording.processes, slowdown(ranking)),
        grade: Grade::A,
        reasons: Vec::new(),
        marks: Vec::new(),
        is_own: recording.setup.as_ref().is_some_and(|setup| setup.own),
    };
    foundation.marks = foundation.of_run(recording, ranking);
    let of_first = first.map(|(best, second)| foundation.of_pair(ranking, best, second, &ranking.counted));
    let of_first = of_first.unwrap_or_default();
    (foundation.grade, foundation.reasons) = graded(foundation.marks.iter().cloned().chain(of_first));
    foundation
}

/// The strategies of the first claim: the best, and the next one of the same kind of metering.
fn first_two(ranking: &Ranking<'_>) -> Option<(usize, usize)> {
    let (&best, others) = ranking.ranked.split_first()?;
    let kind = |strategy: usize| ranking.name(strategy).split_once('+').map(|(_, kind)| kind.to_owned());
    let second = others.iter().find(|&&second| kind(second) == kind(best))?;
    Some((best, *second))
}

impl Foundation {
    /// What lowers every claim of the run.
    fn of_run(&self, recording: &Recording, ranking: &Ranking<'_>) -> Vec<Mark> {
        let (layouts, processes, conditions) = (self.layouts, self.processes, &self.conditions);
        let by_share = |share: f64| match share {
            0.10.. => Some(Grade::D),
            0.02.. => Some(Grade::C),
            _ => None,
        };
        let mut marks = Vec::new();
        let mut mark = |grade: Grade, why: &str| marks.push((grade, why.to_owned()));
        let mut cells = ranking.grid.cells.iter().flatten();
        if cells.any(|times| matches!(times, Times::Error(_))) {
            mark(Grade::E, "a result was wrong");
        }
        let differing = self.controls.iter().filter(|control| control.differs);
        let differing = differing.map(|control| &control.of).join(", ");
        if !differing.is_empty() {
            mark(Grade::E, &format!("{differing} differs from itself"));
        }
        if let Some(planned) = recording.cut_short() {
            let blocks = recording.blocks();
            let planned = units::number(planned as usize, "block");
            mark(Grade::D, &format!("interrupted after {blocks} of {planned}"));
        }
        if processes < 2 {
            mark(Grade::D, "all measured by one process");
        }
        if recording.run.kind != Kind::Full {
            mark(Grade::C, "a quick run");
        }
        if conditions.steal.or(conditions.cpu_share).is_none() {
            let why = "no conditions were recorded, so that nobody knows what else ran";
            mark(Grade::C, why);
        }
        if recording.clock_went_backwards() {
            mark(Grade::C, "the clock went backwards during the run");
        }
        if recording.run.fingerprint.sources.ends_with("+changes") {
            let why = "the measured sources had changes that were not committed";
            mark(Grade::B, why);
        }
        if layouts < LAYOUTS {
            let why = format!("{layouts} of the {LAYOUTS} layouts that it should rest on");
            mark(Grade::B, &why);
        }
        if processes < 2 * layouts {
            let why = "one process for some layouts, so that a slow process looks like a slow layout";
            mark(Grade::B, why);
        }
        if let Some(steal) = conditions.steal
            && let Some(grade) = by_share(steal)
        {
            let why = format!("the host took {} of the processors' time", percent(steal));
            mark(grade, &why);
        }
        if let Some(share) = conditions.cpu_share
            && let Some(grade) = by_share(1.0 - share)
        {
            let why = format!("the processes had their processor {} of the time", percent(share));
            mark(grade, &why);
        }
        if let Some(share) = conditions.disturbed.filter(|&share| share > 0.1) {
            let grade = if share > 0.25 { Grade::D } else { Grade::C };
            mark(grade, &format!("{} of the processes were disturbed", percent(share)));
        }
        if let Some(pressure) = conditions.pressure.filter(|&pressure| pressure > 0.25) {
            let why = format!("tasks waited for a processor {} of the time", percent(pressure));
            mark(Grade::C, &why);
        }
        if let Some(factor) = conditions.slowdown.map(percent) {
            let why = format!("everything took {factor} as long at the end as at the beginning");
            mark(Grade::B, &why);
        }
        marks
    }

    /// What lowers a claim about bytes over so many programs. They are counted, the same each time: no control, no condition and
    /// no layout speaks against them, only a wrong result.
    pub(super) fn of_bytes(&self, programs: usize) -> Vec<Mark> {
        let of_run = self.marks.iter().filter(|(grade, _)| *grade == Grade::E);
        of_run.cloned().chain(self.of_number(programs, of_general)).collect()
    }

    /// What lowers a claim about two strategies on programs in general, of which these workloads are a sample.
    pub(super) fn of_pair(&self, ranking: &Ranking<'_>, a: usize, b: usize, workloads: &[usize]) -> Vec<Mark> {
        let mut marks = self.of_two(ranking, a, b, workloads);
        marks.extend(self.of_number(workloads.len(), of_general));
        marks
    }

    /// The same of a claim about a class of programs.
    pub(super) fn of_class(&self, ranking: &Ranking<'_>, a: usize, b: usize, workloads: &[usize]) -> Vec<Mark> {
        let mut marks = self.of_two(ranking, a, b, workloads);
        marks.extend(self.of_number(workloads.len(), |count| match count {
            1 => "the class has one workload, which says nothing about others".to_owned(),
            count => format!("the class has {count} workloads, and it takes {WORKLOADS} to speak of others"),
        }));
        marks
    }

    /// How far so few workloads lower what is said of others. A module of a user's own stands for itself.
    fn of_number(&self, workloads: usize, why: impl Fn(usize) -> String) -> Option<Mark> {
        let grade = match workloads {
            _ if self.is_own => return None,
            0 | 1 => Grade::D,
            2..5 => Grade::C,
            5..WORKLOADS => Grade::B,
            _ => return None,
        };
        Some((grade, why(workloads)))
    }

    /// What lowers whatever is said of two strategies.
    fn of_two(&self, ranking: &Ranking<'_>, a: usize, b: usize, workloads: &[usize]) -> Vec<Mark> {
        let mut marks = Vec::new();
        let mut mark = |grade: Grade, why: String| marks.push((grade, why));
        let names = [a, b].map(|strategy| ranking.name(strategy));
        let control = |name: &String| self.controls.iter().find(|control| control.of == *name);
        let missing = names.iter().filter(|name| control(name).is_none()).join(", ");
        if !missing.is_empty() {
            mark(Grade::C, format!("{missing} not measured against itself"));
        }
        for control in names.iter().filter_map(control).filter(|control| control.too_often) {
            let (of, apart, all) = (&control.of, control.told_apart.len(), control.workloads);
            let why = format!("{of} differs from itself on {apart} of {all} workloads, one way or the other");
            mark(Grade::D, why);
        }
        let paired = decide::paired(ranking.grid, b, a, workloads);
        for (name, control) in ranking.grid.controls.iter().filter(|(of, _)| names.contains(of)) {
            let margin = paired.map_or(0.0, |paired| paired.claimed());
            let control = decide::paired(control, 1, 0, workloads);
            let shows = control.map_or(f64::INFINITY, |control| control.estimate().half_width());
            if margin > 0.0 && shows >= margin {
                let cases = control.map_or("nothing".to_owned(), |control| {
                    format!("{} {}", control.cases, control.level.plural())
                });
                let least = match shows.is_finite() {
                    true => format!("no difference below {}", percent(shows)),
                    false => "nothing".to_owned(),
                };
                let claimed = percent(margin);
                let why =
                    format!("the control of {name}, over {cases}, could have shown {least}, and {claimed} is claimed");
                mark(Grade::D, why);
            }
        }
        if let Some(count) = paired.map(|paired| paired.depends_on()).filter(|&count| count > 0) {
            mark(Grade::B, only_without(count));
        }
        if let Some(paired) = paired.filter(|paired| paired.drift.abs() > DRIFT) {
            let way = if paired.drift > 0.0 { "slower" } else { "faster" };
            let why = format!("{} got {way} by the other in the course of the run", names[1]);
            mark(Grade::C, why);
        }
        marks
    }
}

/// Why a claim about programs in general is worse for so few workloads.
fn of_general(workloads: usize) -> String {
    match workloads {
        1 => "one workload, which says nothing about others".to_owned(),
        count => format!("{count} of the {WORKLOADS} workloads that it should rest on"),
    }
}

/// That a difference is clear only without some processes.
pub fn only_without(left_out: usize) -> String {
    match left_out {
        1 => "clear only without a process that was left out as slow".to_owned(),
        some => format!("clear only without {some} processes that were left out as slow"),
    }
}

/// All controls of a run. With six of them and an interval of 95 %, one differs by chance in every fourth run; so it takes more.
fn controls(grid: &Grid) -> Vec<ControlResult> {
    /// Chance of a control that differs by chance, in all of them together.
    const CHANCE: f64 = 0.01;
    /// A smaller difference is no reason to doubt any other.
    const LEAST: f64 = 0.003;
    let count = grid.controls.len().max(1) as f64;
    let of = |(of, grid): &(String, Grid)| {
        let have_both = |&workload: &usize| (0..2).all(|strategy| grid.verified(workload, strategy).is_some());
        let both: Vec<usize> = (0..grid.workloads.len()).filter(have_both).collect();
        let all = decide::paired(grid, 1, 0, &both)?;
        let apart = |paired: &Paired| paired.estimate().verdict().differs() && paired.mean.abs() > LEAST;
        let one = |&workload: &usize| Some((workload, decide::paired(grid, 1, 0, &[workload])?));
        let each: Vec<(usize, Paired)> = both.iter().filter_map(one).collect();
        let distances = each.iter().map(|(_, paired)| paired.mean.abs());
        let distances = distances.sorted_by(f64::total_cmp).collect_vec();
        let told_apart = each.iter().filter(|(_, paired)| apart(paired));
        let told_apart = told_apart.map(|&(workload, _)| grid.workloads[workload].name.clone());
        let told_apart = told_apart.collect_vec();
        // One in twenty differs by chance, give or take three standard deviations.
        let by_chance = 0.05 * each.len() as f64;
        let at_most = by_chance + 3.0 * (0.95 * by_chance).sqrt();
        let strict = all.estimate_at(1.0 - CHANCE / count);
        Some(ControlResult {
            of: of.clone(),
            shows: Some(all.estimate().half_width()).filter(|shows| shows.is_finite()),
            ratio: all.estimate(),
            floor: statistics::quantile(&distances, 0.95)?.exp(),
            workloads: each.len(),
            too_often: told_apart.len() as f64 > at_most.max(1.0),
            told_apart,
            differs: strict.verdict().differs() && all.mean.abs() > LEAST,
        })
    };
    grid.controls.iter().filter_map(of).collect()
}

fn conditions(processes: &[Process], slowdown: Option<f64>) -> Conditions {
    fn cpu_share(p: &Process) -> Option<f64> {
        Some(p.cpu_nanoseconds? as f64 / p.wall_nanoseconds.max(1) as f64)
    }
    let mean = |value: fn(&Process) -> Option<f64>| {
        let values: Vec<f64> = processes.iter().filter_map(value).collect();
        (!values.is_empty()).then(|| statistics::mean(&values))
    };
    Conditions {
        cpu_share: mean(cpu_share),
        steal: mean(|p| p.steal),
        pressure: mean(|p| p.pressure),
        switches_per_second: mean(|p| Some(p.involuntary_switches? as f64 / (p.wall_nanoseconds.max(1) as f64 / 1e9))),
        disturbed: mean(|p| {
            let (steal, share) = (p.steal, cpu_share(p));
            let is = steal.is_some_and(|steal| steal > 0.05) || share.is_some_and(|share| share < 0.95);
            (steal.is_some() || share.is_some()).then_some(f64::from(u8::from(is)))
        }),
        slowdown,
    }
}

/// Whether times get longer, or shorter, in the course of a run, whatever the strategy; and by what factor.
fn slowdown(ranking: &Ranking<'_>) -> Option<f64> {
    const LEAST: f64 = 0.03;
    let mut by_process: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    for &workload in &ranking.counted {
        for &strategy in &ranking.ranked {
            let Some(cell) = ranking.grid.verified(workload, strategy) else {
                continue;
            };
            let logs: Vec<f64> = cell.placed.values().copied().collect();
            let middle = statistics::median(&logs)?;
            for (place, log) in &cell.placed {
                by_process.entry(place.process).or_default().push(log - middle);
            }
        }
    }
    let mean = |(process, logs): (u32, Vec<f64>)| (process, statistics::mean(&logs));
    let processes = by_process.into_iter().map(mean).collect_vec();
    let third = processes.len() / 3;
    let of = |part: &[(u32, f64)]| statistics::mean_of(part.iter().map(|(_, log)| *log));
    let change = of(&processes[processes.len() - third..]) - of(&processes[..third]);
    (rank_correlation(&processes).abs() > DRIFT && change.abs() > LEAST).then(|| change.exp())
}
