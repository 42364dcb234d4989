//! What the workloads of a growth run are: the file that stands beside its samples.
//!
//! A growth run measures generated programs of which one property grows and the others do not. Its times are samples like
//! those of any other run; this file says, for each workload, which property has which value, and by what its times are to
//! be divided.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::lines;

/// Name of the file in the folder of a growth run.
pub const FILE_NAME: &str = "growth.jsonl";

/// What grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Axis {
    /// Code that runs round robin.
    HotCode,
    /// Code of which a small part runs.
    ColdCode,
    /// Frames below each other.
    CallDepth,
    /// Instances that are called in turn.
    Instances,
    /// Memory that is read and written at random.
    Memory,
}

impl Axis {
    /// Every axis, in the order in which reports show them.
    pub const ALL: [Axis; 5] = [
        Axis::HotCode,
        Axis::ColdCode,
        Axis::CallDepth,
        Axis::Instances,
        Axis::Memory,
    ];

    /// The name on the command line and in files.
    pub fn name(self) -> &'static str {
        match self {
            Axis::HotCode => "hot_code",
            Axis::ColdCode => "cold_code",
            Axis::CallDepth => "call_depth",
            Axis::Instances => "instances",
            Axis::Memory => "memory",
        }
    }

    /// The axis of this name.
    pub fn named(name: &str) -> Option<Axis> {
        Axis::ALL.into_iter().find(|axis| axis.name() == name)
    }

    /// What grows, in a few words, as the title of a plot has it.
    pub fn title(self) -> &'static str {
        match self {
            Axis::HotCode => "code in use",
            Axis::ColdCode => "code around a small part in use",
            Axis::CallDepth => "calls below each other",
            Axis::Instances => "instances called in turn",
            Axis::Memory => "memory in use",
        }
    }

    /// What the values are.
    pub fn unit(self) -> Unit {
        match self {
            Axis::HotCode | Axis::ColdCode | Axis::Memory => Unit::Bytes,
            Axis::CallDepth | Axis::Instances => Unit::Count,
        }
    }
}

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Bytes; of WebAssembly, where it is code.
    Bytes,
    /// Just a number.
    Count,
}

/// One workload of a growth run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// What grows.
    pub axis: Axis,
    /// How large it is, in the axis's [unit](Axis::unit).
    pub value: u64,
    /// Name of the workload, as the samples have it.
    pub workload: String,
    /// Size of its module.
    pub wasm_bytes: u64,
    /// Instructions of WebAssembly that one run executes, as [`Metering::Fuel`] counts them: everything but `block`, `loop`,
    /// `else`, `end` and `nop`.
    ///
    /// [`Metering::Fuel`]: https://docs.rs/wasm-dispatch/latest/wasm_dispatch/enum.Metering.html
    pub instructions: u64,
}

/// A line of the file.
#[derive(Serialize, Deserialize)]
#[serde(tag = "row", rename_all = "snake_case")]
enum Row {
    Point(Point),
}

/// Writes the points of a run into its folder.
///
/// # Errors
///
/// If the file cannot be written.
pub fn write(folder: &Path, points: &[Point]) -> Result<PathBuf, Error> {
    lines::write(folder, FILE_NAME, points.iter().cloned().map(Row::Point))
}

/// Reads the points of the run in `folder`.
///
/// # Errors
///
/// If there is no such file, or if a line is no point.
pub fn read(folder: &Path) -> Result<Vec<Point>, Error> {
    let rows = lines::read(folder, FILE_NAME)?.into_iter();
    Ok(rows.map(|Row::Point(point)| point).collect())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_is_written_can_be_read_and_a_bad_line_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let points: Vec<Point> = (Axis::ALL.into_iter().zip(1..))
            .map(|(axis, value)| Point {
                axis,
                value,
                workload: format!("{}_{value}", axis.name()),
                wasm_bytes: 100 + value,
                instructions: 1000 * value,
            })
            .collect();
        let path = write(folder.path(), &points).unwrap();
        assert_eq!(read(folder.path()).unwrap(), points);
        let bad = fs::read_to_string(&path).unwrap() + "{\"row\":\"point\"}\n";
        fs::write(&path, bad).unwrap();
        let error = read(folder.path()).unwrap_err().to_string();
        assert!(error.contains("line 6") || error.contains(":6"), "{error}");
    }

    #[test]
    fn axes_are_called_the_same_everywhere() {
        for axis in Axis::ALL {
            let json = serde_json::to_string(&axis).unwrap();
            assert_eq!(json, format!("\"{}\"", axis.name()));
            assert_eq!(Axis::named(axis.name()), Some(axis));
        }
        assert_eq!(Axis::named("nonsense"), None);
    }
}
