//! Files of JSON lines that are written at once, beside the record of a run.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Error;

/// Writes one line a row into the file `name` of `folder`, which is made if it is not there.
pub(crate) fn write<R: Serialize>(folder: &Path, name: &str, rows: impl Iterator<Item = R>) -> Result<PathBuf, Error> {
    let path = folder.join(name);
    let mut text = String::new();
    for row in rows {
        let line = serde_json::to_string(&row).map_err(|source| Error::Json {
            path: path.clone(),
            source,
        })?;
        text.push_str(&line);
        text.push('\n');
    }
    fs::create_dir_all(folder).map_err(Error::io(folder))?;
    fs::write(&path, text).map_err(Error::io(&path))?;
    Ok(path)
}

/// Reads all lines but empty ones; names the line that is something else.
pub(crate) fn read<R: DeserializeOwned>(folder: &Path, name: &str) -> Result<Vec<R>, Error> {
    let path = folder.join(name);
    let text = fs::read_to_string(&path).map_err(Error::io(&path))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(index, line)| serde_json::from_str(line).map_err(|error| Error::line(&path, index + 1, error)))
        .collect()
}
