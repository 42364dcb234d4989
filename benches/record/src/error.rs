//! What can go wrong between a measurement and a finished report: one type for the whole lab.

use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// A failure of the lab. Every variant names the file it is about.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A line of a JSON lines file is not what it should be.
    #[error("{path}:{line}: {what}")]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        what: String,
    },
    /// A file of iai-callgrind's is not what the known version of it writes, or holds nothing.
    #[error("{path}: {what}")]
    Callgrind {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// There is no recorded run where one was looked for.
    #[error("no recorded run in {folder}; `cargo bench` makes one")]
    NoRun {
        /// The folder that was searched.
        folder: PathBuf,
    },
    /// A run folder that should be new has samples already.
    #[error("{path} exists already and is never overwritten")]
    RunExists {
        /// The file that is there already.
        path: PathBuf,
    },
    /// Runs cannot be merged.
    #[error("{path} cannot be merged: {what}")]
    Merge {
        /// The run that does not fit.
        path: PathBuf,
        /// Why.
        what: String,
    },
    /// The folder of reports is not there.
    #[error("no folder {folder}: run this at the root of the repository, or name one with --reports")]
    NoReports {
        /// The folder that was looked for.
        folder: PathBuf,
    },
    /// A run ranks no strategy, so that nothing can be decided from it.
    #[error("{path}: no strategy is ranked, so there is nothing to decide")]
    Undecided {
        /// The raw data of the run.
        path: PathBuf,
    },
    /// A decision is not replaced.
    #[error("{path} stays as it is: {}; --force overrules that", reasons.join("; "))]
    Refused {
        /// The decision that stays as it is.
        path: PathBuf,
        /// Why.
        reasons: Vec<String>,
    },
    /// A file is not the JSON that it should be, or could not become it.
    #[error("{path} is not the JSON that it should be: {source}")]
    Json {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

impl Error {
    /// Wraps an I/O error with the path it happened at.
    pub fn io(path: &Path) -> impl FnOnce(io::Error) -> Error + '_ {
        move |source| Error::Io {
            path: path.to_owned(),
            source,
        }
    }

    /// A complaint about one line of a file.
    pub fn line(path: &Path, line: usize, what: impl Display) -> Error {
        Error::Line {
            path: path.to_owned(),
            line,
            what: what.to_string(),
        }
    }
}
