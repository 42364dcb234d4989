//! Raw data that is kept, compressed: a repository is to hold the records of several machines.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use super::FILE_NAME;
use crate::error::Error;

/// Name of the raw data file in the folder of a run that is kept: [`FILE_NAME`], as gzip compresses it.
pub const PACKED_NAME: &str = "samples.jsonl.gz";

/// No run has as many bytes of raw data.
const MOST: u64 = 1 << 30;

/// The raw data file of a run's folder: [`FILE_NAME`], or [`PACKED_NAME`] if only that is there.
pub fn file_in(folder: &Path) -> PathBuf {
    let (plain, packed) = (folder.join(FILE_NAME), folder.join(PACKED_NAME));
    if !plain.is_file() && packed.is_file() {
        packed
    } else {
        plain
    }
}

/// What stands in a raw data file.
///
/// # Errors
///
/// If it cannot be read, or is compressed and damaged or larger than 1 GiB.
pub fn contents(path: &Path) -> Result<Vec<u8>, Error> {
    let bytes = fs::read(path).map_err(Error::io(path))?;
    if path.extension().is_none_or(|extension| extension != "gz") {
        return Ok(bytes);
    }
    let mut contents = Vec::new();
    let decoder = GzDecoder::new(&*bytes);
    decoder
        .take(MOST + 1)
        .read_to_end(&mut contents)
        .map_err(Error::io(path))?;
    match contents.len() as u64 > MOST {
        true => Err(Error::io(path)(io::Error::other("it holds more than 1 GiB"))),
        false => Ok(contents),
    }
}

/// Keeps raw data in a folder, compressed. The same data give the same file.
///
/// # Errors
///
/// If a file cannot be read or written.
pub fn pack(raw: &Path, folder: &Path) -> Result<(), Error> {
    let contents = contents(raw)?;
    let path = folder.join(PACKED_NAME);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&contents).map_err(Error::io(&path))?;
    let packed = encoder.finish().map_err(Error::io(&path))?;
    fs::write(&path, packed).map_err(Error::io(&path))
}
