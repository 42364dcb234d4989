//! What can go wrong between a measurement and a finished report: one type for the whole lab.

use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// A failure of the lab. Every variant names the file it is about.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder could not be read or written, and what the system said.
    #[error("{0}: {1}")]
    Io(PathBuf, #[source] io::Error),
    /// A line of a JSON lines file, counted from 1, is not what it should be, and what is wrong with it.
    #[error("{0}:{1}: {2}")]
    Line(PathBuf, usize, String),
    /// A file of iai-callgrind's is not what the known version of it writes, or holds nothing.
    #[error("{0}: {1}")]
    Callgrind(PathBuf, String),
    /// There is no recorded run in the folder where one was looked for.
    #[error("no recorded run in {0}; `wasm-dispatch-lab bench` and `cargo bench` make one")]
    NoRun(PathBuf),
    /// A run that should be new has this file already.
    #[error("{0} exists already and is never overwritten")]
    RunExists(PathBuf),
    /// Another process is writing into the folder of a run.
    #[error("{0}: another process is writing this run; wait until it has ended, or stop it")]
    InUse(PathBuf),
    /// A run does not fit the others with which it is to be merged, and why.
    #[error("{0} cannot be merged: {1}")]
    Merge(PathBuf, String),
    /// The folder of reports is not there.
    #[error("no folder {0}: run this at the root of the repository, or name one with --reports")]
    NoReports(PathBuf),
    /// A run, of which this is the raw data, ranks no strategy, so that nothing can be decided from it.
    #[error("{0}: no strategy is ranked, so there is nothing to decide")]
    Undecided(PathBuf),
    /// A decision is not replaced, for these reasons.
    #[error("{0} stays as it is: {reasons}; --force overrules that", reasons = .1.join("; "))]
    Refused(PathBuf, Vec<String>),
    /// A file is not the JSON that it should be, or could not become it.
    #[error("{0}: not the expected JSON: {1}")]
    Json(PathBuf, #[source] serde_json::Error),
}

impl Error {
    /// Wraps an I/O error with the path it happened at.
    pub fn io(path: &Path) -> impl FnOnce(io::Error) -> Error + '_ {
        |source| Error::Io(path.to_owned(), source)
    }

    /// Wraps an error of JSON with the path it is about.
    pub fn json(path: &Path) -> impl FnOnce(serde_json::Error) -> Error + '_ {
        |source| Error::Json(path.to_owned(), source)
    }

    /// A complaint about one line of a file.
    pub fn line(path: &Path, line: usize, what: impl Display) -> Error {
        Error::Line(path.to_owned(), line, what.to_string())
    }
}
