//! How speed changes with size: from the record of a growth run to curves.
//!
//! A time is divided by the instructions of WebAssembly that the run executed, so that programs of any size compare. A curve
//! is flat where a strategy does not mind.
//!
//! What is said of a curve is its last point by its first, with an interval. Growth is believed if the interval lies above 1, and if
//! it is more than what a strategy that was measured twice may differ from itself by.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use itertools::Itertools;
use serde::{Deserialize, Serialize};

use crate::record::{self, EVERY_STRATEGY, Phase, Recording, Run};
use crate::statistics::{self, Estimate};
use crate::summary::words::{range, times as factor};
use crate::summary::{self, Grade};
use crate::times::{self, Measure};
use crate::{Error, units};
pub use wasm_dispatch_record::growth::{Axis, PREFIX, Point, Unit, read as points};
use wasm_dispatch_record::newest_first;

/// Version of `growth.json`.
pub const GROWTH_SCHEMA: u32 = 2;

/// Name of the file, in the folder of a growth run, that everything below is written to.
pub const FILE_NAME: &str = "growth.json";

/// Curves of a growth run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Growth {
    /// Version of this structure, [`GROWTH_SCHEMA`].
    pub schema: u32,
    /// The run.
    pub run: Run,
    /// What grew, in the order of [`Axis::ALL`].
    pub axes: Vec<AxisCurves>,
    /// What a reader should know before believing the rest.
    pub warnings: Vec<String>,
}

/// One thing that grew, under all strategies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AxisCurves {
    /// What grew.
    pub axis: Axis,
    /// The same in a few words.
    pub title: String,
    /// What the values are.
    pub unit: Unit,
    /// One curve a strategy, in the order of the run.
    pub curves: Vec<Curve>,
    /// What a strategy that was measured twice differs from itself by; `None` if none was.
    pub control: Option<SecondTime>,
    /// How well founded they are.
    pub grade: Grade,
    /// What keeps the grade from being better.
    pub reasons: Vec<String>,
}

/// A strategy that was measured twice by the same processes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SecondTime {
    /// Which.
    pub of: String,
    /// How many times as much it grew the second time, with its 95 % interval.
    pub ratio: Estimate,
}

/// A strategy along an axis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// Name of the strategy, as the run has it.
    pub strategy: String,
    /// If this is a strategy that is enrolled a second time: which.
    pub control_of: Option<String>,
    /// By value, smallest first. A value at which the strategy failed is not there.
    pub points: Vec<CurvePoint>,
}

/// A strategy at one value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// How large what grows is.
    pub value: u64,
    /// Nanoseconds of an executed instruction of WebAssembly, with the 95 % interval over processes. Both ends are null with
    /// a single run.
    pub nanoseconds: Measure,
    /// Where machines are called on threads: what 99 of 100 calls do not exceed, in nanoseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tail_nanoseconds: Option<f64>,
    /// How many runs were timed.
    pub samples: usize,
    /// By how many processes.
    pub processes: usize,
    /// Nanoseconds to decode, validate and lower a byte of WebAssembly.
    pub load_nanoseconds: Option<f64>,
    /// Nanoseconds to compile a byte of WebAssembly.
    pub compile_nanoseconds: Option<f64>,
    /// Bytes of compiled code.
    pub code_bytes: Option<u64>,
}

impl Curve {
    /// How many times as long an instruction takes at the largest value as at the smallest: 1 for a curve that is flat. `None`
    /// without points.
    pub fn growth(&self) -> Option<Estimate> {
        let of = |point: &CurvePoint| Estimate::from(point.nanoseconds);
        Some(of(self.points.last()?).by(of(self.points.first()?)))
    }
}

/// Reads a growth run: its samples, and what its workloads are.
///
/// # Errors
///
/// If `folder` holds no growth run.
pub fn read(folder: &Path) -> Result<Growth, Error> {
    let recording = record::read(folder)?;
    let points = points(folder)?;
    Ok(of(&recording, &points))
}

/// The newest growth run below `runs`; none if there is none.
pub fn newest(runs: &Path) -> Option<PathBuf> {
    all(runs).next()
}

/// All growth runs below `runs`, the newest first.
pub fn all(runs: &Path) -> impl Iterator<Item = PathBuf> {
    let folders = newest_first(runs, |name| name.starts_with(PREFIX)).unwrap_or_default();
    let is_one = |folder: &PathBuf| folder.join(wasm_dispatch_record::growth::FILE_NAME).is_file();
    folders.into_iter().filter(is_one)
}

/// Curves from a recording and its points.
pub fn of(recording: &Recording, points: &[Point]) -> Growth {
    let strategies = times::strategies(recording);
    let curve = |axis: Axis, strategy: &str| {
        let of_axis = points.iter().filter(|point| point.axis == axis);
        let of_axis = of_axis.sorted_by_key(|point| point.value);
        Curve {
            strategy: strategy.to_owned(),
            control_of: recording.control_of(strategy).map(str::to_owned),
            points: of_axis
                .filter_map(|point| curve_point(recording, point, strategy))
                .collect(),
        }
    };
    let is_there = |axis: &Axis| points.iter().any(|point| point.axis == *axis);
    let curves = |axis: Axis| {
        let curves = strategies.iter().map(|strategy| curve(axis, strategy)).collect();
        let (grade, reasons) = summary::graded_by_run(&of_axis(recording, points, axis));
        let mut curves = AxisCurves {
            axis,
            title: axis.title().to_owned(),
            unit: axis.unit(),
            curves,
            control: second_time(recording, points, axis),
            grade,
            reasons,
        };
        if let Some((grade, why)) = curves.doubt() {
            curves.grade = curves.grade.max(grade);
            curves.reasons.push(why);
        }
        curves
    };
    let failures = recording.failures.iter().map(times::failure);
    Growth {
        schema: GROWTH_SCHEMA,
        run: recording.run.clone(),
        axes: Axis::ALL.into_iter().filter(is_there).map(curves).collect(),
        warnings: recording.warnings.iter().cloned().chain(failures).collect(),
    }
}

/// The part of a recording in which one thing grew, which has processes of its own. Machines on threads are measured by wall time,
/// while the process waits.
fn of_axis(recording: &Recording, points: &[Point], axis: Axis) -> Recording {
    let mut part = recording.clone();
    let names: BTreeSet<&str> = (points.iter().filter(|point| point.axis == axis))
        .map(|point| point.workload.as_str())
        .collect();
    part.samples.retain(|sample| names.contains(sample.workload.as_str()));
    let measured: BTreeSet<Option<u32>> = part.samples.iter().map(|sample| sample.process).collect();
    part.processes
        .retain(|process| measured.contains(&Some(process.process)));
    if part.samples.iter().any(|sample| sample.phase == Phase::Tail) {
        for process in &mut part.processes {
            process.cpu_nanoseconds = None;
        }
    }
    part
}

fn second_time(recording: &Recording, points: &[Point], axis: Axis) -> Option<SecondTime> {
    let control = recording.controls.first()?;
    let of_axis = points.iter().filter(|point| point.axis == axis);
    let at = |point: &Point| Some(summary::ratios(recording, &control.name, &control.of, &[&point.workload])?.0);
    let (first, last) = of_axis.minmax_by_key(|point| point.value).into_option()?;
    Some(SecondTime {
        of: control.of.clone(),
        ratio: at(last)?.by(at(first)?),
    })
}

fn curve_point(recording: &Recording, point: &Point, strategy: &str) -> Option<CurvePoint> {
    let timed = times::executed(recording, &point.workload, strategy, point.instructions as f64)?;
    let median = |strategy: &str, phase| times::median_of(recording, &point.workload, strategy, phase);
    let per_byte = |strategy, phase| Some(median(strategy, phase)? / point.wasm_bytes.max(1) as f64);
    // The control compiles what its strategy does.
    let sized = recording.control_of(strategy).unwrap_or(strategy);
    let size = (recording.sizes.iter()).find(|size| size.workload == point.workload && size.strategy == sized);
    Some(CurvePoint {
        value: point.value,
        nanoseconds: timed.nanoseconds,
        tail_nanoseconds: median(strategy, Phase::Tail),
        samples: timed.samples,
        processes: timed.processes,
        load_nanoseconds: per_byte(EVERY_STRATEGY, Phase::Load),
        compile_nanoseconds: per_byte(strategy, Phase::Compile),
        code_bytes: size.map(|size| size.code_bytes),
    })
}

impl Growth {
    /// What a strategy differs from itself by: the noise of a point.
    pub fn control_sentence(&self) -> String {
        let curves = self.axes.iter().map(|axis| axis.curves.iter());
        let pairs = curves.flat_map(|curves| curves.clone().cartesian_product(curves));
        let pairs = pairs.filter(|(control, of)| control.control_of.as_ref() == Some(&of.strategy));
        let points = pairs.flat_map(|(control, of)| control.points.iter().zip(&of.points));
        let distances = points.map(|(a, b)| (a.nanoseconds.value / b.nanoseconds.value).ln().abs());
        let distances = distances.sorted_by(f64::total_cmp).collect_vec();
        match statistics::quantile(&distances, 0.95) {
            Some(distance) => format!(
                "A strategy measured twice differs from itself by less than {:.1} % at 95 of 100 points.",
                distance.exp_m1() * 100.0
            ),
            None => "No strategy was measured twice.".to_owned(),
        }
    }
}

impl AxisCurves {
    /// The curves without controls.
    pub fn strategies(&self) -> impl Iterator<Item = &Curve> {
        let curves = self.curves.iter();
        curves.filter(|curve| curve.control_of.is_none() && !curve.points.is_empty())
    }

    /// What grows with it beyond doubt, what grows least first.
    pub fn grown(&self) -> Vec<(&Curve, Estimate)> {
        let noise = |control: &SecondTime| control.ratio.high.max(1.0 / control.ratio.low);
        let noise = self.control.as_ref().map_or(1.0, noise);
        let grown = self.strategies().filter_map(|curve| Some((curve, curve.growth()?)));
        let is_clear = |growth: Estimate| growth.low > 1.0 && growth.high.is_finite() && growth.value > noise;
        let grown = grown.filter(|(_, growth)| is_clear(*growth));
        grown.sorted_by(|(_, a), (_, b)| a.value.total_cmp(&b.value)).collect()
    }

    /// What was measured twice, in words.
    pub fn control_sentence(&self) -> String {
        match &self.control {
            Some(SecondTime { of, ratio }) => {
                let (factor, range) = (factor(ratio.value), range(*ratio));
                format!("Measured a second time, {of} grew {factor} as much ({range}).")
            }
            None => "No strategy was measured twice.".to_owned(),
        }
    }

    /// What speaks against its numbers.
    fn doubt(&self) -> Option<(Grade, String)> {
        match &self.control {
            None => Some((Grade::D, "no strategy measured against itself".to_owned())),
            Some(control) if control.ratio.verdict().differs() => {
                Some((Grade::C, format!("{} differs from itself", control.of)))
            }
            Some(_) => None,
        }
    }

    /// A value as people read it.
    pub fn value_text(&self, value: u64) -> String {
        match self.unit {
            Unit::Bytes => match (value.trailing_zeros(), value) {
                // What is a round number to a machine should look like one.
                (20.., 1..) => format!("{} MiB", value >> 20),
                (10.., 1..) => format!("{} KiB", value >> 10),
                _ => units::bytes(value as f64),
            },
            Unit::Count => value.to_string(),
        }
    }
}
