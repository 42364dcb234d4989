//! From a setup to a record: what all runs have in common.

use std::path::{Path, PathBuf};

use wasm_dispatch_engines::Size;
use wasm_dispatch_record::record::{self, Part, Row, Run, Setup, Writer};
use wasm_dispatch_record::runs_folder;
use wasm_dispatch_workloads::Workload;

use crate::bench::Measured;
use crate::error::Error;
use crate::supervisor::{Launcher, Progressed, Supervisor, control_of};

/// A setup of as many blocks of each part as there are to be processes, of workloads that are in the run's folder.
pub fn setup(parts: Vec<Part>, strategies: Vec<String>, processes: u32, iterations: u32) -> Setup {
    let blocks = processes.saturating_mul(u32::try_from(parts.len()).unwrap_or(u32::MAX));
    Setup {
        parts,
        strategies,
        control: None,
        size: Size::Quick.name().to_owned(),
        iterations,
        min_blocks: blocks,
        max_blocks: blocks,
        seconds: None,
        timeout: 120,
        shard: None,
        own: true,
    }
}

/// Nothing can be measured zero times.
///
/// # Errors
///
/// Which of the numbers is zero.
pub(crate) fn all_positive(numbers: &[(Option<u64>, &str)]) -> Result<(), Error> {
    match numbers.iter().find(|(number, _)| *number == Some(0)) {
        Some((_, what)) => Err(Error::Asked(format!("--{what} must be at least 1"))),
        None => Ok(()),
    }
}

/// The folder of a new run.
///
/// # Errors
///
/// If there is a run in it.
pub(crate) fn fresh_folder(asked: Option<&PathBuf>, run: &Run) -> Result<PathBuf, Error> {
    let folder = asked.cloned().unwrap_or_else(|| runs_folder().join(&run.id));
    let path = folder.join(record::FILE_NAME);
    match path.exists() {
        true => Err(wasm_dispatch_record::Error::RunExists(path).into()),
        false => Ok(folder),
    }
}

/// A run that is about to begin.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// Its header, with a seed.
    pub run: &'a Run,
    /// Its folder.
    pub folder: &'a Path,
    /// What else the record begins with.
    pub heads: &'a [Row],
    /// What to measure.
    pub setup: &'a Setup,
    /// The workloads that the setup names.
    pub workloads: &'a [Workload],
    /// A binary for each layout that the setup names.
    pub launchers: &'a [Launcher],
    /// Whether to keep progress to oneself.
    pub quiet: bool,
}

impl Order<'_> {
    /// Begins the record, and measures into it until it is complete.
    ///
    /// # Errors
    ///
    /// When the record cannot be written, or when workers cannot be started, or end without saying what they did.
    pub fn measure(&self) -> Result<Measured, Error> {
        let seed = (self.run.seed).ok_or_else(|| Error::Asked("a run needs a seed".to_owned()))?;
        let mut writer = Writer::create(self.folder, self.run)?;
        writer.write_all(self.heads)?;
        if let Some(control) = &self.setup.control {
            writer.write(control_of(control))?;
        }
        writer.write(self.setup.clone())?;
        if !self.quiet {
            eprintln!("Raw data: {}", writer.path().display());
        }
        let supervisor = Supervisor {
            setup: self.setup,
            seed,
            workloads: self.workloads,
            launchers: self.launchers,
            quiet: self.quiet,
        };
        supervisor.measure(&mut writer, Progressed::default())?;
        Ok(Measured {
            folder: self.folder.to_owned(),
            recording: record::read(self.folder)?,
            note: None,
        })
    }
}
