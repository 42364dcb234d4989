//! A run that was killed is resumed.

use std::path::Path;

use wasm_dispatch_engines::own;
use wasm_dispatch_record::Lock;
use wasm_dispatch_record::record::{self, Writer};

use crate::against;
use crate::error::Error;
use crate::run::{Measured, launchers};
use crate::supervisor::{Progressed, Supervisor};

/// Goes on with a run that was killed, by the same plan. Does nothing if it is complete.
///
/// # Errors
///
/// If it is no such run, or if the binaries are not those that it began with.
pub fn resume(folder: &Path, quiet: bool) -> Result<Measured, Error> {
    // Read first: a folder without a run stays as it is.
    record::read(folder)?;
    let _lock = match folder.is_dir() {
        true => Some(Lock::take(folder)?),
        false => None,
    };
    let recording = record::read(folder)?;
    let wrong = |what: &str| Error::Resume(recording.path.clone(), what.to_owned());
    let setup = (recording.setup.clone()).ok_or_else(|| wrong("it does not say what was asked for"))?;
    let seed = recording.run.seed.ok_or_else(|| wrong("it has no seed"))?;
    if !folder.is_dir() {
        return Err(wrong("name its folder"));
    }
    let workloads = match setup.own {
        true => wasm_dispatch_workloads::load_dir(&folder.join(own::FOLDER))?,
        false => wasm_dispatch_workloads::all_and_extra()?,
    };
    let launchers = match against::launchers(&recording, &setup, quiet) {
        Some(launchers) => launchers?,
        None => launchers(&setup, quiet).map_err(|error| match error {
            Error::OneLayout(why) => wrong(&why),
            error => error,
        })?,
    };
    for process in &recording.processes {
        let mut known = launchers.iter();
        if !known.any(|launcher| process.layout == launcher.layout && process.binary == launcher.binary) {
            return Err(wrong(
                "this binary is not the one that it began with (the lab has been rebuilt, or it was cargo bench), and times \
                 of different binaries are not to be mixed; start a new run",
            ));
        }
    }
    let supervisor = Supervisor {
        setup: &setup,
        seed,
        workloads: &workloads,
        launchers: &launchers,
        quiet,
    };
    supervisor.measure(&mut Writer::resume(folder)?, Progressed::of(&recording))?;
    Measured::read(folder)
}
