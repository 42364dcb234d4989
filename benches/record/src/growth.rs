//! What the workloads of a growth run are: the file that stands beside its samples.
//!
//! A growth run measures generated programs of which one property grows and the others do not. Its times are samples like
//! those of any other run; this file says, for each workload, which property has which value, and by what its times are to
//! be divided.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::json;
use crate::named::named;

/// Names of growth runs begin like this, so that they are not taken for runs that decide.
pub const PREFIX: &str = "growth-";

/// Name of the file in the folder of a growth run.
pub const FILE_NAME: &str = "growth.jsonl";

named! {
    /// What grows.
    Axis {
        /// Code that runs round robin.
        HotCode = "hot_code",
        /// Code of which a small part runs.
        ColdCode = "cold_code",
        /// Frames below each other.
        CallDepth = "call_depth",
        /// Instances that are called in turn.
        Instances = "instances",
        /// Memory that is read and written at random.
        Memory = "memory",
        /// Machines that a thread calls in turn.
        Machines = "machines",
        /// The same on two threads.
        MachinesOnTwo = "machines_on_two",
    }
}

impl Axis {
    /// What grows, in a few words, as the title of a plot has it.
    pub fn title(self) -> &'static str {
        match self {
            Axis::HotCode => "code in use",
            Axis::ColdCode => "code around a small part in use",
            Axis::CallDepth => "calls below each other",
            Axis::Instances => "instances called in turn",
            Axis::Memory => "memory in use",
            Axis::Machines => "machines on a thread",
            Axis::MachinesOnTwo => "machines on two threads",
        }
    }

    /// What the values are.
    pub fn unit(self) -> Unit {
        match self {
            Axis::HotCode | Axis::ColdCode | Axis::Memory => Unit::Bytes,
            Axis::CallDepth | Axis::Instances | Axis::Machines | Axis::MachinesOnTwo => Unit::Count,
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

/// Writes the points of a run into its folder.
///
/// # Errors
///
/// If the file cannot be written.
pub fn write(folder: &Path, points: &[Point]) -> Result<PathBuf, Error> {
    json::write(folder, FILE_NAME, "point", points)
}

/// Reads the points of the run in `folder`.
///
/// # Errors
///
/// If there is no such file, or if a line is no point.
pub fn read(folder: &Path) -> Result<Vec<Point>, Error> {
    json::read(folder, FILE_NAME, "point")
}

#[cfg(test)]
#[path = "../tests/unit/growth.rs"]
mod tests;
