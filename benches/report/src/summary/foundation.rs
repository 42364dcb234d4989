//! What the numbers of a run rest on: cases, controls, conditions; and the grade that follows.

use serde::{Deserialize, Serialize};

use super::collect::{Grid, Times};
use super::decide::{self, Ranking};
use super::{EQUIVALENCE, Recommendation};
use crate::Fingerprint;
use crate::record::{Kind, Process, Recording};
use crate::statistics::paired::Verdict;
use crate::statistics::{self, Components, Estimate, Level, Paired};
use crate::units;

/// Layouts that a decision should rest on.
pub const LAYOUTS: usize = 8;

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
    /// What was found between a strategy and itself.
    pub control: Option<ControlResult>,
    /// Conditions, each as its median over the processes.
    pub conditions: Conditions,
    /// How good all that is.
    pub grade: Grade,
    /// What keeps the grade from being better.
    pub reasons: Vec<String>,
}

/// A strategy against itself: every difference is noise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ControlResult {
    /// The strategy.
    pub of: String,
    /// Its second time divided by its first: geometric mean over the workloads.
    pub ratio: Estimate,
    /// The noise floor: 95 of 100 workloads differ by less than this factor.
    pub floor: f64,
    /// Workloads that were compared.
    pub workloads: usize,
    /// Workloads on which the two are told apart: false positives.
    pub told_apart: Vec<String>,
    /// Whether they are told apart over all workloads. Then no verdict of the run is believed.
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
}

/// How well founded a run is. Later is worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Grade {
    /// Eight layouts or more, several processes each, undisturbed.
    A,
    /// Undisturbed, with fewer layouts or processes.
    B,
    /// A quick run, or a somewhat disturbed one.
    C,
    /// Interrupted, disturbed, or all from one process.
    D,
    /// The control failed, or results were wrong.
    E,
}

impl Grade {
    /// The letter.
    pub fn letter(self) -> char {
        match self {
            Grade::A => 'A',
            Grade::B => 'B',
            Grade::C => 'C',
            Grade::D => 'D',
            Grade::E => 'E',
        }
    }
}

/// What one machine of a merged run would decide.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OfMachine {
    /// The machine.
    pub fingerprint: Fingerprint,
    /// Its decision; `None` if it ranks nobody.
    pub recommendation: Option<Recommendation>,
}

impl Foundation {
    /// Names and values, for people.
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        let percent = |share: f64| format!("{} %", units::three_digits(share * 100.0));
        let mut facts = vec![("Grade", self.grade.letter().to_string())];
        let mut add = |name: &'static str, value: Option<String>| {
            if let Some(value) = value {
                facts.push((name, value));
            }
        };
        add(
            "Why not better",
            (!self.reasons.is_empty()).then(|| self.reasons.join("; ")),
        );
        add(
            "Intervals over",
            self.level.map(|level| format!("{} {}", self.cases, level.plural())),
        );
        add("Layouts", Some(self.layouts.to_string()));
        add("Processes", (self.processes > 0).then(|| self.processes.to_string()));
        // Of the logarithm of the best's time by the runner-up's.
        let components = self.components.map(|components| {
            let parts = [
                ("layout", components.layout),
                ("process", components.process),
                ("run", components.iteration),
            ];
            let parts = parts.iter().filter_map(|(name, variance)| {
                let deviation = variance.map(|variance| percent(variance.max(0.0).sqrt()));
                deviation.map(|deviation| format!("{name} {deviation}"))
            });
            parts.collect::<Vec<_>>().join(", ")
        });
        add("Spread of the margin", components.filter(|parts| !parts.is_empty()));
        add(
            "Control",
            self.control.as_ref().map(|control| {
                format!(
                    "{} against itself: {:.3} ({:.3} to {:.3}); 95 of 100 workloads differ by less than {} %; told apart on {} of {}",
                    control.of,
                    control.ratio.value,
                    control.ratio.low,
                    control.ratio.high,
                    units::three_digits((control.floor - 1.0) * 100.0),
                    control.told_apart.len(),
                    control.workloads
                )
            }),
        );
        let conditions = &self.conditions;
        add("CPU time by wall time", conditions.cpu_share.map(percent));
        add("Steal", conditions.steal.map(percent));
        add("Pressure", conditions.pressure.map(percent));
        add(
            "Involuntary switches",
            conditions
                .switches_per_second
                .map(|rate| format!("{} a second", units::three_digits(rate))),
        );
        facts
    }
}

pub(super) fn foundation(recording: &Recording, grid: &Grid, ranking: &Ranking) -> Foundation {
    let margin = match ranking.ranked.as_slice() {
        [best, second, ..] => decide::paired(grid, *second, *best, &ranking.counted),
        _ => None,
    };
    let layouts = distinct(recording.samples.iter().filter(|s| s.block.is_some()).map(|s| s.layout));
    let processes = recording.processes.len();
    let conditions = conditions(&recording.processes);
    let control = control(recording);
    let wrong = grid
        .cells
        .iter()
        .flatten()
        .any(|times| matches!(times, Times::Error(_)));
    let mut marks = Vec::new();
    let mut mark = |grade: Grade, holds: bool, why: String| {
        if holds {
            marks.push((grade, why));
        }
    };
    let level = margin.map(|margin: Paired| margin.level);
    mark(Grade::E, wrong, "a result was wrong".to_owned());
    if let Some(control) = &control {
        let found = format!("{} is told apart from itself", control.of);
        mark(Grade::E, control.differs, found);
    }
    if let Some(planned) = recording.cut_short() {
        let blocks = recording.blocks();
        mark(
            Grade::D,
            true,
            format!("interrupted after {blocks} of {planned} blocks"),
        );
    }
    mark(Grade::D, processes < 2, "all measured by one process".to_owned());
    mark(Grade::C, recording.run.kind != Kind::Full, "a quick run".to_owned());
    mark(
        Grade::C,
        control.is_none(),
        "no strategy was measured against itself".to_owned(),
    );
    mark(
        Grade::B,
        layouts < LAYOUTS,
        format!("{layouts} of the {LAYOUTS} layouts that a decision should rest on"),
    );
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    for (grade, limit) in [(Grade::C, 0.02), (Grade::D, 0.10)] {
        if let Some(steal) = conditions.steal.filter(|&steal| steal > limit) {
            mark(
                grade,
                true,
                format!("the host took {} of the processors' time", percent(steal)),
            );
        }
        if let Some(share) = conditions.cpu_share.filter(|&share| share < 1.0 - limit) {
            mark(
                grade,
                true,
                format!("the processes had their processor {} of the time", percent(share)),
            );
        }
    }
    if let Some(pressure) = conditions.pressure.filter(|&pressure| pressure > 0.25) {
        mark(
            Grade::C,
            true,
            format!("tasks waited for a processor {} of the time", percent(pressure)),
        );
    }
    let grade = marks.iter().map(|(grade, _)| *grade).max().unwrap_or(Grade::A);
    // What disturbed enough for the worse grade did so for the better one, in the same words.
    let mut reasons: Vec<String> = Vec::new();
    for (_, why) in marks {
        if !reasons.contains(&why) {
            reasons.push(why);
        }
    }
    Foundation {
        level,
        cases: margin.map_or(0, |margin| margin.cases),
        layouts,
        processes,
        components: margin.map(|margin| margin.components),
        control,
        conditions,
        grade,
        reasons,
    }
}

fn control(recording: &Recording) -> Option<ControlResult> {
    let control = recording.controls.first()?;
    let grid = Grid::of(recording, vec![control.of.clone(), control.name.clone()]);
    let both: Vec<usize> = (0..grid.workloads.len())
        .filter(|&workload| (0..2).all(|strategy| grid.verified(workload, strategy).is_some()))
        .collect();
    let all = decide::paired(&grid, 1, 0, &both)?;
    let band = 1.0 + EQUIVALENCE;
    let apart = |paired: &Paired| matches!(paired.verdict(band), Verdict::Faster | Verdict::Slower);
    let each: Vec<(usize, Paired)> = both
        .iter()
        .filter_map(|&workload| Some((workload, decide::paired(&grid, 1, 0, &[workload])?)))
        .collect();
    let mut distances: Vec<f64> = each.iter().map(|(_, paired)| paired.mean.abs()).collect();
    distances.sort_by(f64::total_cmp);
    Some(ControlResult {
        of: control.of.clone(),
        ratio: all.estimate(),
        floor: statistics::quantile(&distances, 0.95)?.exp(),
        workloads: each.len(),
        told_apart: (each.iter().filter(|(_, paired)| apart(paired)))
            .map(|&(workload, _)| grid.workloads[workload].name.clone())
            .collect(),
        differs: apart(&all),
    })
}

fn conditions(processes: &[Process]) -> Conditions {
    let median = |value: fn(&Process) -> Option<f64>| {
        let values: Vec<f64> = processes.iter().filter_map(value).collect();
        statistics::median(&values)
    };
    Conditions {
        cpu_share: median(|p| Some(p.cpu_nanoseconds? as f64 / p.wall_nanoseconds.max(1) as f64)),
        steal: median(|p| p.steal),
        pressure: median(|p| p.pressure),
        switches_per_second: median(|p| {
            Some(p.involuntary_switches? as f64 / (p.wall_nanoseconds.max(1) as f64 / 1e9))
        }),
    }
}

/// What each machine of a merged run would decide; empty if all was measured on one.
pub(super) fn machines(recording: &Recording) -> Vec<OfMachine> {
    let of = |process: &Process| match process.origin {
        Some(number) => recording
            .origins
            .iter()
            .find(|origin| origin.origin == number)
            .map(|o| &o.fingerprint),
        None => Some(&recording.run.fingerprint),
    };
    let same = |a: &Fingerprint, b: &Fingerprint| (&a.cpu, a.cores, &a.kernel) == (&b.cpu, b.cores, &b.kernel);
    let mut found: Vec<&Fingerprint> = Vec::new();
    for fingerprint in recording.processes.iter().filter_map(of) {
        if !found.iter().any(|known| same(known, fingerprint)) {
            found.push(fingerprint);
        }
    }
    if found.len() < 2 {
        return Vec::new();
    }
    let recommendation = |fingerprint: &Fingerprint| {
        let here: Vec<u32> = recording
            .processes
            .iter()
            .filter(|process| of(process).is_some_and(|other| same(other, fingerprint)))
            .map(|process| process.process)
            .collect();
        let mut part = recording.clone();
        let is_here = |process: Option<u32>| process.is_some_and(|process| here.contains(&process));
        part.samples.retain(|sample| is_here(sample.process));
        let grid = Grid::new(&part);
        Ranking::new(&grid).recommendation(&grid)
    };
    found
        .into_iter()
        .map(|fingerprint| OfMachine {
            fingerprint: fingerprint.clone(),
            recommendation: recommendation(fingerprint),
        })
        .collect()
}

fn distinct(layouts: impl Iterator<Item = Option<u64>>) -> usize {
    let all: std::collections::BTreeSet<Option<u64>> = layouts.collect();
    all.len()
}
