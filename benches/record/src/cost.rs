//! What workloads execute: dispatches of each strategy, and work that is the same for all.
//!
//! These are counts, not times: they are the same on every machine. Together with the times of a run and those of the
//! kernels they make a cost model. Everything lies in a folder of its own, [`FOLDER`], within that of the run: the
//! kernels' samples, as in any run, and this file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::lines;

/// Name of the folder, within that of a run.
pub const FOLDER: &str = "cost";

/// Name of the file with the counts, in that folder.
pub const FILE_NAME: &str = "cost.jsonl";

/// A kind of work that a program does, whatever dispatches it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// An operation on integers; `select`.
    Integer,
    /// An operation on floats, or to or from them.
    Float,
    /// A load or a store, of memory or of a global.
    Memory,
    /// A jump to another block, conditional or not.
    Branch,
    /// `br_table` or a call through a table: where it leads depends on data.
    Indirect,
    /// A call whose function is known, or a return.
    Call,
    /// What is left to the machine: `memory.fill`, `table.get`, ...
    Rare,
}

impl Work {
    /// Every kind, in the order in which reports show them.
    pub const ALL: [Work; 7] = [
        Work::Integer,
        Work::Float,
        Work::Memory,
        Work::Branch,
        Work::Indirect,
        Work::Call,
        Work::Rare,
    ];

    /// The name in files and reports.
    pub fn name(self) -> &'static str {
        match self {
            Work::Integer => "integer",
            Work::Float => "float",
            Work::Memory => "memory",
            Work::Branch => "branch",
            Work::Indirect => "indirect",
            Work::Call => "call",
            Work::Rare => "rare",
        }
    }
}

/// A program that is made to show what a dispatch takes, with as little work as there can be, or always the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kernel {
    /// A short loop of moves from one local to another that nothing waits for.
    Tight,
    /// A long loop of the same.
    Null,
    /// Statements of eight kinds, sorted by kind.
    Straight,
    /// The same statements in random order.
    Shuffled,
}

impl Kernel {
    /// Every kernel, in the order in which reports show them.
    pub const ALL: [Kernel; 4] = [Kernel::Tight, Kernel::Null, Kernel::Straight, Kernel::Shuffled];

    /// The name in files, in reports, and of the workload.
    pub fn name(self) -> &'static str {
        match self {
            Kernel::Tight => "tight",
            Kernel::Null => "null",
            Kernel::Straight => "straight",
            Kernel::Shuffled => "shuffled",
        }
    }

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
    /// Work by kind; what does not occur is 0.
    pub work: BTreeMap<Work, u64>,
    /// Dispatches (indirect jumps and calls from one handler or closure to the next) by strategy.
    pub dispatches: BTreeMap<String, u64>,
}

/// A line of the file.
#[derive(Serialize, Deserialize)]
#[serde(tag = "row", rename_all = "snake_case")]
enum Row {
    Executed(Executed),
}

/// Writes the counts of a run into `folder`, its [`FOLDER`].
///
/// # Errors
///
/// If the file cannot be written.
pub fn write(folder: &Path, counts: &[Executed]) -> Result<PathBuf, Error> {
    lines::write(folder, FILE_NAME, counts.iter().cloned().map(Row::Executed))
}

/// Reads the counts in `folder`.
///
/// # Errors
///
/// If there is no such file, or if a line is no count.
pub fn read(folder: &Path) -> Result<Vec<Executed>, Error> {
    let rows = lines::read(folder, FILE_NAME)?.into_iter();
    Ok(rows.map(|Row::Executed(executed)| executed).collect())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_is_written_can_be_read_and_a_bad_line_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let executed = Executed {
            workload: Kernel::Null.workload(),
            class: "own".into(),
            kernel: Some(Kernel::Null),
            size: "quick".into(),
            nodes: 10,
            work: Work::ALL.into_iter().zip(0..).collect(),
            dispatches: BTreeMap::from([("threaded".into(), 7)]),
        };
        let path = write(folder.path(), std::slice::from_ref(&executed)).unwrap();
        assert_eq!(read(folder.path()).unwrap(), [executed]);
        fs::write(&path, "{\"row\":\"executed\"}\n").unwrap();
        let error = read(folder.path()).unwrap_err().to_string();
        assert!(error.contains("cost.jsonl"), "{error}");
    }

    #[test]
    fn names_are_those_of_the_files() {
        for work in Work::ALL {
            assert_eq!(serde_json::to_string(&work).unwrap(), format!("\"{}\"", work.name()));
        }
        for kernel in Kernel::ALL {
            assert_eq!(
                serde_json::to_string(&kernel).unwrap(),
                format!("\"{}\"", kernel.name())
            );
        }
    }
}
