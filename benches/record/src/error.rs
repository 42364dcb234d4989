//! What can go wrong between a measurement and a finished report: one type for the whole lab.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// A failure of the lab. Every variant names the file it is about.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder could not be read or written.
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A line of a JSON lines file is not what it should be.
    Line {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        what: String,
    },
    /// A file of criterion's is not what this version of criterion writes.
    Criterion {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A file of iai-callgrind's is not what the known version of it writes, or holds nothing.
    Callgrind {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// There is no recorded run where one was looked for.
    NoRun {
        /// The folder that was searched.
        folder: PathBuf,
    },
    /// A run folder that should be new has samples already.
    RunExists {
        /// The file that is there already.
        path: PathBuf,
    },
    /// Runs cannot be merged.
    Merge {
        /// The run that does not fit.
        path: PathBuf,
        /// Why.
        what: String,
    },
    /// The folder of reports is not there.
    NoReports {
        /// The folder that was looked for.
        folder: PathBuf,
    },
    /// A run ranks nobody, so that nothing can be decided from it.
    Undecided {
        /// The raw data of the run.
        path: PathBuf,
    },
    /// A decision is not replaced.
    Refused {
        /// The decision that stays as it is.
        path: PathBuf,
        /// Why.
        reasons: Vec<String>,
    },
    /// A plot could not be drawn.
    Plot {
        /// The picture.
        path: PathBuf,
        /// What the drawing library said.
        what: String,
    },
    /// A value could not be written as JSON.
    Json {
        /// The file it was meant for.
        path: PathBuf,
        /// What the serializer said.
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
    pub fn line(path: &Path, line: usize, what: impl fmt::Display) -> Error {
        Error::Line {
            path: path.to_owned(),
            line,
            what: what.to_string(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Io { path, source } => write!(f, "{}: {source}", path.display()),
            Error::Line { path, line, what } => write!(f, "{}:{line}: {what}", path.display()),
            Error::Criterion { path, what } | Error::Callgrind { path, what } => {
                write!(f, "{}: {what}", path.display())
            }
            Error::NoRun { folder } => {
                write!(f, "no recorded run in {}; `cargo bench` makes one", folder.display())
            }
            Error::RunExists { path } => {
                write!(f, "{} exists already and is never overwritten", path.display())
            }
            Error::Merge { path, what } => write!(f, "{} cannot be merged: {what}", path.display()),
            Error::NoReports { folder } => write!(
                f,
                "no folder {}: run this at the root of the repository, or name one with --reports",
                folder.display()
            ),
            Error::Undecided { path } => {
                write!(
                    f,
                    "{}: no strategy is ranked, so there is nothing to decide",
                    path.display()
                )
            }
            Error::Refused { path, reasons } => {
                write!(
                    f,
                    "{} stays as it is: {}; --force overrules that",
                    path.display(),
                    reasons.join("; ")
                )
            }
            Error::Plot { path, what } => write!(f, "cannot draw {}: {what}", path.display()),
            Error::Json { path, source } => write!(f, "cannot write {}: {source}", path.display()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Io { source, .. } => Some(source),
            Error::Json { source, .. } => Some(source),
            _ => None,
        }
    }
}
