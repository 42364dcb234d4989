//! Limits on counted instructions: what was recorded, give or take a percent.
//!
//! Counts are the same from run to run, so a count above its limit is a change of the code, not of the machine's mood.
//! Another compiler makes other code: limits hold for the one that they were recorded with.

use std::env::consts::ARCH;
use std::fmt::Write as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::callgrind::Count;
use crate::record::Recording;
use crate::{Error, json};

/// Name of the file in the folder of reports.
pub const FILE_NAME: &str = "counts.json";

/// Version of [`Limits`].
pub const SCHEMA: u32 = 1;

/// By how much a count may exceed the recorded one, in percent.
pub const TOLERANCE: f64 = 1.0;

/// Recorded counts, as limits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// Version of this structure, [`SCHEMA`].
    pub schema: u32,
    /// The run that counted.
    pub run: String,
    /// The compiler.
    pub rustc: String,
    /// The processor architecture, as Rust calls it.
    pub arch: String,
    /// By how much a count may exceed the recorded one, in percent.
    pub tolerance_percent: f64,
    /// The counts.
    pub counts: Vec<Count>,
}

/// A count beside its limit.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// Name of the workload.
    pub workload: String,
    /// Name of the strategy.
    pub strategy: String,
    /// "instructions", "reads" or "writes".
    pub what: &'static str,
    /// What was recorded.
    pub recorded: u64,
    /// What was counted now.
    pub counted: u64,
}

/// What a comparison with the limits found.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Checked {
    /// Counts that were compared.
    pub compared: usize,
    /// More than allowed.
    pub worse: Vec<Change>,
    /// Less by as much: the limits can be lowered.
    pub better: Vec<Change>,
    /// Counted without a limit, as workload and strategy.
    pub unlimited: Vec<(String, String)>,
    /// Why nothing was compared.
    pub not_compared: Option<String>,
}

impl Limits {
    /// The counts of a run as limits.
    pub fn of(recording: &Recording) -> Limits {
        Limits {
            schema: SCHEMA,
            run: recording.run.id.clone(),
            rustc: recording.run.fingerprint.rustc.clone(),
            arch: ARCH.to_owned(),
            tolerance_percent: TOLERANCE,
            counts: recording.counts.clone(),
        }
    }

    /// Reads the limits in a folder of reports.
    ///
    /// # Errors
    ///
    /// If there are none, or they cannot be read, or are of another version.
    pub fn read(reports: &Path) -> Result<Limits, Error> {
        let path = reports.join(FILE_NAME);
        let limits: Limits = json::load(&path)?;
        match limits.schema {
            SCHEMA => Ok(limits),
            other => Err(Error::Callgrind(
                path,
                format!("limits of version {other}; this program knows {SCHEMA}"),
            )),
        }
    }

    /// Writes the limits into a folder of reports.
    ///
    /// # Errors
    ///
    /// If that fails.
    pub fn write(&self, reports: &Path) -> Result<(), Error> {
        json::save(&reports.join(FILE_NAME), self)
    }

    /// Compares counts with the limits.
    pub fn check(&self, recording: &Recording) -> Checked {
        let mut checked = Checked::default();
        let rustc = &recording.run.fingerprint.rustc;
        if *rustc != self.rustc || self.arch != ARCH {
            let (of, on, here) = (&self.rustc, &self.arch, ARCH);
            let why = format!("the limits are of {of} on {on}, the counts of {rustc} on {here}");
            checked.not_compared = Some(why);
            return checked;
        }
        for count in &recording.counts {
            let is_it = |limit: &&Count| limit.workload == count.workload && limit.strategy == count.strategy;
            let Some(limit) = self.counts.iter().find(is_it) else {
                let cell = (count.workload.clone(), count.strategy.clone());
                checked.unlimited.push(cell);
                continue;
            };
            for (what, recorded, counted) in [
                ("instructions", limit.instructions, count.instructions),
                ("reads", limit.reads, count.reads),
                ("writes", limit.writes, count.writes),
            ] {
                checked.compared += 1;
                let change = Change {
                    workload: count.workload.clone(),
                    strategy: count.strategy.clone(),
                    what,
                    recorded,
                    counted,
                };
                match change.percent() {
                    percent if percent > self.tolerance_percent => checked.worse.push(change),
                    percent if percent < -self.tolerance_percent => checked.better.push(change),
                    _ => {}
                }
            }
        }
        checked
    }
}

impl Change {
    /// How much more was counted than recorded, in percent.
    pub fn percent(&self) -> f64 {
        (self.counted as f64 / self.recorded.max(1) as f64 - 1.0) * 100.0
    }
}

impl Checked {
    /// Whether nothing is worse, and nothing without a limit.
    pub fn is_fine(&self) -> bool {
        self.worse.is_empty() && self.unlimited.is_empty()
    }

    /// What was found, for people.
    pub fn text(&self) -> String {
        if let Some(why) = &self.not_compared {
            return format!("Not compared with the limits: {why}.\n");
        }
        let mut text = String::new();
        for (title, changes) in [("ABOVE ITS LIMIT", &self.worse), ("less than recorded", &self.better)] {
            for change in changes {
                let (workload, strategy, what) = (&change.workload, &change.strategy, change.what);
                let (counted, recorded, percent) = (change.counted, change.recorded, change.percent());
                let _ = writeln!(
                    text,
                    "{title}: {workload} / {strategy}, {what}: {counted} instead of {recorded} ({percent:+.1} %)"
                );
            }
        }
        for (workload, strategy) in &self.unlimited {
            let _ = writeln!(text, "WITHOUT A LIMIT: {workload} / {strategy}");
        }
        text += &match self.is_fine() {
            true => format!("{} counts are within their limits.\n", self.compared),
            false => "Is that wanted? Then: wasm-dispatch-lab counts --record\n".to_owned(),
        };
        text
    }
}
