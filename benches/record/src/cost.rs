//! What workloads execute: dispatches of each strategy, and work that is the same for all.
//!
//! These are counts, not times: they are the same on every machine. Together with the times of a run and those of the
//! kernels they make a cost model. Everything lies in a folder of its own, [`FOLDER`], within that of the run: the
//! kernels' samples, as in any run, and this file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::json;
use crate::named::named;

/// Name of the folder, within that of a run.
pub const FOLDER: &str = "cost";

/// Name of the file with the counts, in that folder.
pub const FILE_NAME: &str = "cost.jsonl";

named! {
    /// A kind of work that a program does, whatever dispatches it.
    Work {
        /// An operation on integers; `select`.
        Integer = "integer",
        /// An operation on floats, or to or from them.
        Float = "float",
        /// An operation on vectors.
        Vector = "vector",
        /// A load or a store, of memory or of a global.
        Memory = "memory",
        /// A jump to another block, conditional or not.
        Branch = "branch",
        /// `br_table` or a call through a table: where it leads depends on data.
        Indirect = "indirect",
        /// A call whose function is known, or a return.
        Call = "call",
        /// A call of the host: of a function that the module imports, and no other instance exports.
        Host = "host",
        /// What is left to the machine: `memory.fill`, `table.get`, ...
        Rare = "rare",
    }
}

named! {
    /// A program that is made to show what a dispatch takes, with as little work as there can be, or always the same.
    Kernel {
        /// A short loop of moves from one local to another that nothing waits for.
        Tight = "tight",
        /// A long loop of the same.
        Null = "null",
        /// Statements of eight kinds, sorted by kind.
        Straight = "straight",
        /// The same statements in random order.
        Shuffled = "shuffled",
    }
}

impl Kernel {
    /// Name of its workload: not one that a program of the project has.
    pub fn workload(self) -> String {
        format!("kernel_{}", self.name())
    }
}

/// What one run of a workload executes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Executed {
    /// Name of the workload.
    pub workload: String,
    /// Its class.
    pub class: String,
    /// The kernel that it is, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel: Option<Kernel>,
    /// Its size: `quick` or `full`.
    pub size: String,
    /// Statements and inner nodes of their trees: what lowering left to do, the same for all strategies.
    pub nodes: u64,
    /// Work by kind; what does not occur is 0. Records from before 2026-11-29 have no vectors, which are integers and floats
    /// there, and no calls of the host, which are calls.
    pub work: BTreeMap<Work, u64>,
    /// Dispatches (indirect jumps and calls from one handler or closure to the next) by strategy.
    pub dispatches: BTreeMap<String, u64>,
}

/// Writes the counts of a run into `folder`, its [`FOLDER`].
///
/// # Errors
///
/// If the file cannot be written.
pub fn write(folder: &Path, counts: &[Executed]) -> Result<PathBuf, Error> {
    json::write(folder, FILE_NAME, "executed", counts)
}

/// Reads the counts in `folder`.
///
/// # Errors
///
/// If there is no such file, or if a line is no count.
pub fn read(folder: &Path) -> Result<Vec<Executed>, Error> {
    json::read(folder, FILE_NAME, "executed")
}

#[cfg(test)]
#[path = "../tests/unit/cost.rs"]
mod tests;
