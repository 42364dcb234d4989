//! From a setup to a record: what all runs have in common.

use std::path::Path;

use wasm_dispatch_record::record::{self, Row, Run, Setup, Writer};
use wasm_dispatch_workloads::Workload;

use crate::bench::Measured;
use crate::error::Error;
use crate::supervisor::{Launcher, Progressed, Supervisor, control_of};

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
        for row in self.heads {
            writer.write(row)?;
        }
        if let Some(control) = &self.setup.control {
            writer.write(&Row::Control(control_of(control)))?;
        }
        writer.write(&Row::Setup(self.setup.clone()))?;
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
