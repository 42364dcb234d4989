//! One process at a time writes into a run's folder.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::Path;

use crate::error::Error;

/// Name of the file that is locked, in the folder of a run.
const NAME: &str = ".lock";

/// The right to write into a folder, as long as it lives. The operating system holds it, so that it ends with the process,
/// however that ends; the file without a lock says nothing, and stays.
#[derive(Debug)]
pub struct Lock {
    _held: File,
}

impl Lock {
    /// Takes a folder, which is created.
    ///
    /// # Errors
    ///
    /// [`Error::InUse`] if another process, or another part of this one, has it; or if the file cannot be made.
    pub fn take(folder: &Path) -> Result<Lock, Error> {
        fs::create_dir_all(folder).map_err(Error::io(folder))?;
        let path = folder.join(NAME);
        let mut options = OpenOptions::new();
        let opened = options.create(true).truncate(false).write(true).open(&path);
        let file = opened.map_err(Error::io(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { _held: file }),
            Err(TryLockError::WouldBlock) => Err(Error::InUse(folder.to_owned())),
            Err(TryLockError::Error(error)) => Err(Error::io(&path)(error)),
        }
    }
}
