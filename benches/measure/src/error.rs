//! What can keep a measurement from happening. That a strategy fails is not among it: that is a row of the record.

use std::fmt;
use std::io;
use std::path::PathBuf;

use wasm_dispatch_engines::own;

/// Why nothing, or nothing more, can be measured.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The record cannot be read or written.
    Record(wasm_dispatch_record::Error),
    /// A workload cannot be loaded.
    Workload(wasm_dispatch_workloads::Error),
    /// A file cannot be read or written.
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// What was asked for makes no sense: an unknown name, a number out of range.
    Asked(String),
    /// A module cannot be measured.
    Own(own::Error),
    /// The process that measures cannot be started, or ends without a word.
    Worker(String),
    /// The lab cannot be relinked here, so that there is only the binary as it is.
    OneLayout(String),
    /// A run cannot be resumed.
    Resume {
        /// The run.
        path: PathBuf,
        /// Why.
        what: String,
    },
}

impl Error {
    /// Wraps an I/O error with the path it happened at.
    pub fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Error {
        let path = path.into();
        |source| Error::Io { path, source }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Record(error) => write!(f, "{error}"),
            Error::Workload(error) => write!(f, "{error}"),
            Error::Io { path, source } => write!(f, "{}: {source}", path.display()),
            Error::Asked(what) => write!(f, "{what}"),
            Error::Own(error) => write!(f, "{error}"),
            Error::Worker(what) => write!(f, "the measuring process: {what}"),
            Error::OneLayout(why) => write!(f, "the measuring process: no other layouts: {why}"),
            Error::Resume { path, what } => write!(f, "{}: cannot go on: {what}", path.display()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Record(error) => Some(error),
            Error::Workload(error) => Some(error),
            Error::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl From<wasm_dispatch_record::Error> for Error {
    fn from(error: wasm_dispatch_record::Error) -> Error {
        Error::Record(error)
    }
}

impl From<own::Error> for Error {
    fn from(error: own::Error) -> Error {
        Error::Own(error)
    }
}

impl From<wasm_dispatch_workloads::Error> for Error {
    fn from(error: wasm_dispatch_workloads::Error) -> Error {
        Error::Workload(error)
    }
}
