//! What the numbers of a run rest on: cases, controls, conditions; and the grade that follows.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Recommendation;
use super::collect::{Grid, Times};
use super::decide::{self, Ranking};
use crate::Fingerprint;
use crate::record::{Kind, Process, Recording};
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
    /// Workloads on which the two differ clearly: false positives.
    pub told_apart: Vec<String>,
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
        ['A', 'B', 'C', 'D', 'E'][self as usize]
    }
}

/// What one machine of a merged run would decide.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OfMachine {
    /// The machine.
    pub fingerprint: Fingerprint,
    /// Its decision; `None` if it ranks no strategy.
    pub recommendation: Option<Recommendation>,
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
            let parts = parts.map(|(name, variance)| format!("{name} {}", percent(variance.max(0.0).sqrt())));
            parts.collect::<Vec<_>>().join(", ")
        });
        let control = self.control.as_ref().map(|control| {
            format!(
                "{} against itself: {:.3} ({:.3} to {:.3}); 95 of 100 workloads differ by less than {} %; clearly on {} of {}",
                control.of,
                control.ratio.value,
                control.ratio.low,
                control.ratio.high,
                units::three_digits((control.floor - 1.0) * 100.0),
                control.told_apart.len(),
                control.workloads
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
            ("Control", control),
            ("CPU time by wall time", conditions.cpu_share.map(percent)),
            ("Steal", conditions.steal.map(percent)),
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

pub(super) fn foundation(recording: &Recording, ranking: &Ranking<'_>) -> Foundation {
    let margin = match ranking.ranked.as_slice() {
        [best, second, ..] => decide::paired(ranking.grid, *second, *best, &ranking.counted),
        _ => None,
    };
    let interleaved = recording.samples.iter().filter(|sample| sample.block.is_some());
    let layouts = BTreeSet::from_iter(interleaved.map(|sample| sample.layout)).len();
    let margin = margin.filter(|_| layouts > 0);
    let processes = recording.processes.len();
    let conditions = conditions(&recording.processes);
    let control = control(recording);
    let mut cells = ranking.grid.cells.iter().flatten();
    let wrong = cells.any(|times| matches!(times, Times::Error(_)));
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    let by_share = |share: f64| match share {
        0.10.. => Some(Grade::D),
        0.02.. => Some(Grade::C),
        _ => None,
    };
    let found = [
        wrong.then(|| (Grade::E, "a result was wrong".to_owned())),
        (control.as_ref().filter(|control| control.differs))
            .map(|control| (Grade::E, format!("{} differs from itself", control.of))),
        recording.cut_short().map(|planned| {
            let blocks = recording.blocks();
            (Grade::D, format!("interrupted after {blocks} of {planned} blocks"))
        }),
        (processes < 2).then(|| (Grade::D, "all measured by one process".to_owned())),
        (recording.run.kind != Kind::Full).then(|| (Grade::C, "a quick run".to_owned())),
        (control.is_none()).then(|| (Grade::C, "no strategy was measured against itself".to_owned())),
        (layouts < LAYOUTS).then(|| {
            let why = format!("{layouts} of the {LAYOUTS} layouts that a decision should rest on");
            (Grade::B, why)
        }),
        conditions.steal.and_then(|steal| {
            let why = format!("the host took {} of the processors' time", percent(steal));
            Some((by_share(steal)?, why))
        }),
        conditions.cpu_share.and_then(|share| {
            let why = format!("the processes had their processor {} of the time", percent(share));
            Some((by_share(1.0 - share)?, why))
        }),
        (conditions.pressure.filter(|&pressure| pressure > 0.25)).map(|pressure| {
            (
                Grade::C,
                format!("tasks waited for a processor {} of the time", percent(pressure)),
            )
        }),
    ];
    let marks: Vec<(Grade, String)> = found.into_iter().flatten().collect();
    let grade = marks.iter().map(|(grade, _)| *grade).max().unwrap_or(Grade::A);
    Foundation {
        level: margin.map(|margin| margin.level),
        cases: margin.map_or(0, |margin| margin.cases),
        layouts,
        processes,
        components: margin.map(|margin| margin.components),
        control,
        conditions,
        grade,
        reasons: marks.into_iter().map(|(_, why)| why).collect(),
    }
}

fn control(recording: &Recording) -> Option<ControlResult> {
    let control = recording.controls.first()?;
    let grid = Grid::of(recording, vec![control.of.clone(), control.name.clone()]);
    let have_both = |&workload: &usize| (0..2).all(|strategy| grid.verified(workload, strategy).is_some());
    let both: Vec<usize> = (0..grid.workloads.len()).filter(have_both).collect();
    let all = decide::paired(&grid, 1, 0, &both)?;
    let apart = |paired: &Paired| paired.estimate().verdict().differs();
    let one = |&workload: &usize| Some((workload, decide::paired(&grid, 1, 0, &[workload])?));
    let each: Vec<(usize, Paired)> = both.iter().filter_map(one).collect();
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
        Some(number) => {
            let mut origins = recording.origins.iter();
            let origin = origins.find(|origin| origin.origin == number);
            origin.map(|origin| &origin.fingerprint)
        }
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
        let here = |process: &&Process| of(process).is_some_and(|other| same(other, fingerprint));
        let here = recording.processes.iter().filter(here);
        let here: Vec<u32> = here.map(|process| process.process).collect();
        let mut part = recording.clone();
        let is_here = |process: Option<u32>| process.is_some_and(|process| here.contains(&process));
        part.samples.retain(|sample| is_here(sample.process));
        let grid = Grid::new(&part);
        Ranking::new(&grid).recommendation()
    };
    let of = |fingerprint: &Fingerprint| OfMachine {
        fingerprint: fingerprint.clone(),
        recommendation: recommendation(fingerprint),
    };
    found.into_iter().map(of).collect()
}
