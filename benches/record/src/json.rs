//! Files of JSON that are written at once, beside the record of a run: one value, or a line for each.

use std::fs;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// A line: what it is, as in the record of a run, and its fields.
#[derive(Serialize, Deserialize)]
struct Line<R> {
    row: String,
    #[serde(flatten)]
    fields: R,
}

/// Writes one line a value into the file `name` of `folder`, which is made if it is not there.
pub(crate) fn write(folder: &Path, name: &str, row: &str, values: &[impl Serialize]) -> Result<PathBuf, Error> {
    let path = folder.join(name);
    let mut text = String::new();
    for fields in values {
        let row = row.to_owned();
        let line = serde_json::to_string(&Line { row, fields }).map_err(Error::json(&path))?;
        text += &(line + "\n");
    }
    fs::create_dir_all(folder).map_err(Error::io(folder))?;
    replace(&path, &text)?;
    Ok(path)
}

/// Writes a file as a whole or not at all: what was there stays if the disk is full, or whoever writes is killed.
fn replace(path: &Path, text: &str) -> Result<(), Error> {
    let mut fresh = path.as_os_str().to_owned();
    fresh.push(format!(".new-{}", std::process::id()));
    let fresh = PathBuf::from(fresh);
    let written = fs::write(&fresh, text).and_then(|()| fs::rename(&fresh, path));
    written.map_err(|error| {
        // Best effort: there may be nothing, and the first error says more.
        let _ = fs::remove_file(&fresh);
        Error::io(path)(error)
    })
}

/// Reads all lines but empty ones; names the line that is something else.
pub(crate) fn read<R: DeserializeOwned>(folder: &Path, name: &str, row: &str) -> Result<Vec<R>, Error> {
    let path = folder.join(name);
    let text = fs::read_to_string(&path).map_err(Error::io(&path))?;
    let lines = text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty());
    let of = |(line, number)| match serde_json::from_str::<Line<R>>(line) {
        Ok(found) if found.row == row => Ok(found.fields),
        Ok(found) => {
            let what = format!("a row '{}', not '{row}'", found.row);
            Err(Error::line(&path, number, what))
        }
        Err(error) => Err(Error::line(&path, number, error)),
    };
    lines.map(of).collect()
}

/// A value as JSON for people and programs, with a line end.
///
/// # Errors
///
/// If it cannot be written as JSON; the error names the file that it is for.
pub fn text(path: &Path, value: &impl Serialize) -> Result<String, Error> {
    let text = serde_json::to_string_pretty(value).map_err(Error::json(path))?;
    Ok(text + "\n")
}

/// Writes a value into a file of its own, as a whole or not at all.
///
/// # Errors
///
/// If it cannot be written.
pub fn save(path: &Path, value: &impl Serialize) -> Result<(), Error> {
    replace(path, &text(path, value)?)
}

/// Reads what [`save`] has written.
///
/// # Errors
///
/// If the file cannot be read, or is something else.
pub fn load<T: DeserializeOwned>(path: &Path) -> Result<T, Error> {
    let text = fs::read_to_string(path).map_err(Error::io(path))?;
    serde_json::from_str(&text).map_err(Error::json(path))
}

/// The same; none if there is no such file.
///
/// # Errors
///
/// If it cannot be read, or is something else.
pub fn load_if_there<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, Error> {
    path.exists().then(|| load(path)).transpose()
}
