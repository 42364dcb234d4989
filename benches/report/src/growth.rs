//! How speed changes with size: from the record of a growth run to curves.
//!
//! A time is divided by the instructions of WebAssembly that the run executed, so that programs of any size compare. A curve
//! is flat where a strategy does not mind.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::record::{self, EVERY_STRATEGY, Phase, Recording, Run};
use crate::statistics;
use crate::times::{self, Measure};
use crate::{Error, json, units};
pub use wasm_dispatch_record::growth::{Axis, Point, Unit, read as points};
use wasm_dispatch_record::newest_first;

/// Version of `growth.json`.
pub const GROWTH_SCHEMA: u32 = 1;

/// Name of the file, in the folder of a growth run, that everything below is written to.
pub const FILE_NAME: &str = "growth.json";

/// Names of growth runs begin like this.
pub const PREFIX: &str = "growth-";

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
    /// How many times as long an instruction takes at the largest value as at the best one before it: 1 for a curve that is
    /// flat or falls. `None` without points.
    pub fn growth(&self) -> Option<f64> {
        let values = self.points.iter().map(|point| point.nanoseconds.value);
        Some(self.points.last()?.nanoseconds.value / values.reduce(f64::min)?)
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
        let mut of_axis: Vec<&Point> = points.iter().filter(|point| point.axis == axis).collect();
        of_axis.sort_by_key(|point| point.value);
        Curve {
            strategy: strategy.to_owned(),
            control_of: recording.control_of(strategy).map(str::to_owned),
            points: (of_axis.into_iter())
                .filter_map(|point| curve_point(recording, point, strategy))
                .collect(),
        }
    };
    let axes = Axis::ALL
        .into_iter()
        .filter(|axis| points.iter().any(|point| point.axis == *axis))
        .map(|axis| AxisCurves {
            axis,
            title: axis.title().to_owned(),
            unit: axis.unit(),
            curves: strategies.iter().map(|strategy| curve(axis, strategy)).collect(),
        });
    let failures = recording.failures.iter().map(times::failure);
    Growth {
        schema: GROWTH_SCHEMA,
        run: recording.run.clone(),
        axes: axes.collect(),
        warnings: recording.warnings.iter().cloned().chain(failures).collect(),
    }
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
        let curves = self
            .axes
            .iter()
            .flat_map(|axis| axis.curves.iter().map(move |curve| (axis, curve)));
        let mut distances: Vec<f64> = Vec::new();
        for (axis, control) in curves.filter(|(_, curve)| curve.control_of.is_some()) {
            let of = axis
                .curves
                .iter()
                .find(|curve| Some(&curve.strategy) == control.control_of.as_ref());
            for (a, b) in control.points.iter().zip(of.map_or(&[][..], |of| &of.points)) {
                distances.push((a.nanoseconds.value / b.nanoseconds.value).ln().abs());
            }
        }
        distances.sort_by(f64::total_cmp);
        match statistics::quantile(&distances, 0.95) {
            Some(distance) => format!(
                "A strategy measured twice differs from itself by less than {:.1} % at 95 of 100 points.",
                distance.exp_m1() * 100.0
            ),
            None => "No strategy was measured twice.".to_owned(),
        }
    }

    /// Writes [`FILE_NAME`] into `folder`.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn write(&self, folder: &Path) -> Result<PathBuf, Error> {
        let path = folder.join(FILE_NAME);
        json::save(&path, self)?;
        Ok(path)
    }
}

impl AxisCurves {
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
