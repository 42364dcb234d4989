//! Pieces that several commands use.

use std::path::PathBuf;

use wasm_dispatch_report::{Error, newest_run, runs_folder};

use super::Failed;

/// Reads a limit in percent.
pub fn percent(text: &str) -> Result<f64, String> {
    let limit: Option<f64> = text.parse().ok();
    limit
        .filter(|limit| limit.is_finite() && *limit >= 0.0)
        .ok_or("a limit is a number, 0 or more".to_owned())
}

/// The run that was asked for: this one, or else the newest below `runs`.
pub fn chosen_run(run: Option<PathBuf>, runs: Option<PathBuf>) -> Result<PathBuf, Error> {
    match run {
        Some(run) => Ok(run),
        None => newest_run(&runs.unwrap_or_else(runs_folder)),
    }
}

/// The folders in which runs lie: those that were asked for, which must be there, or else the usual ones.
pub fn folders_of_runs(asked: &[PathBuf]) -> Result<Vec<PathBuf>, Failed> {
    if let Some(missing) = asked.iter().find(|folder| !folder.is_dir()) {
        return Err(Failed::Work(format!("{}: there is no such folder", missing.display())));
    }
    let mut folders = asked.to_vec();
    if asked.is_empty() {
        folders.extend([PathBuf::from("reports/recorded"), runs_folder()]);
    }
    Ok(folders)
}
