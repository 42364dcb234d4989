//! What can keep a measurement from happening. A strategy that fails is no such error: it is a row of the record.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;
use wasm_dispatch_engines::own;

/// Why nothing, or nothing more, can be measured.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The record, or another file, cannot be read or written.
    #[error(transparent)]
    Record(#[from] wasm_dispatch_record::Error),
    /// A workload cannot be loaded.
    #[error(transparent)]
    Workload(#[from] wasm_dispatch_workloads::Error),
    /// What was asked for makes no sense: an unknown name, a number out of range.
    #[error("{0}")]
    Asked(String),
    /// A module cannot be measured.
    #[error(transparent)]
    Own(#[from] own::Error),
    /// The process that measures cannot be started, or ends without a word.
    #[error("the measuring process: {0}")]
    Worker(String),
    /// The lab cannot be relinked here, so that there is only the binary as it is.
    #[error("the measuring process: no other layouts: {0}")]
    OneLayout(String),
    /// A run cannot be resumed, and why.
    #[error("{0}: cannot be continued: {1}")]
    Resume(PathBuf, String),
}

impl Error {
    /// Wraps an I/O error with the path it happened at.
    pub fn io(path: &Path) -> impl FnOnce(io::Error) -> Error + '_ {
        |source| wasm_dispatch_record::Error::Io(path.to_owned(), source).into()
    }
}
