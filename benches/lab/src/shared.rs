//! Pieces that several commands use.

use std::path::{Path, PathBuf};

use wasm_dispatch_engines::Entrant;
use wasm_dispatch_report::{Error, newest_run, runs_folder};

use super::Failed;

/// Reads `NAME=VALUE`.
pub fn pair(text: &str) -> Result<(String, String), Failed> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(Failed::Usage(format!("NAME=VALUE is expected, not '{text}'"))),
    }
}

/// A limit in percent.
pub fn percent(limit: f64) -> Result<f64, Failed> {
    match limit.is_finite() && limit >= 0.0 {
        true => Ok(limit),
        false => Err(Failed::Usage(format!("a limit of {limit} % makes no sense"))),
    }
}

/// The run that was asked for: this one, or else the newest below `runs`.
pub fn chosen_run(run: Option<PathBuf>, runs: Option<PathBuf>) -> Result<PathBuf, Error> {
    match run {
        Some(run) => Ok(run),
        None => newest_run(&runs.unwrap_or_else(runs_folder)),
    }
}

/// The folder of a run that was named by its folder or by its file.
pub fn folder_of(run: &Path) -> PathBuf {
    match run.is_dir() {
        true => run.to_owned(),
        false => run.parent().map(PathBuf::from).unwrap_or_default(),
    }
}

/// Columns of text, the last one as it is. Columns named in `right` are set to the right.
pub fn columns(rows: &[Vec<String>], right: &[usize]) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..count).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, (cell, &width)) in row.iter().zip(&widths).enumerate() {
            if column > 0 {
                line.push_str("  ");
            }
            match right.contains(&column) {
                true => line.push_str(&format!("{cell:>width$}")),
                false => line.push_str(&format!("{cell:width$}")),
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The strategy of a name.
pub fn strategy(name: &str) -> Result<Entrant, Failed> {
    name.parse().map_err(Failed::Usage)
}
