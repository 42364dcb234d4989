//! Everything that this lab knows about iai-callgrind 0.16: where its runner is, and what it leaves behind.
//!
//! Facts on which this rests (checked against its source and its output; its format may change with any version, so pin
//! the version exactly):
//! - The library starts `iai-callgrind-runner` from `PATH` and refuses another version than its own. The runner has no
//!   `--version`, but names its version when it refuses one: "iai-callgrind-runner (0.16.1) is newer than ...".
//! - With `--save-summary=json`, every benchmark has a folder below its home with a `summary.json` (version "6"):
//!   `function_name` and `id` are the names in `#[library_benchmark] fn NAME` and `#[bench::ID(...)]`;
//!   `profiles[].summaries.total.summary.Callgrind.Ir.metrics` is `{"Left":{"Int":42}}`, or `{"Both":[{"Int":42},...]}`
//!   with an older run as the second. `Dr` and `Dw` are reads and writes of data.
//! - A binary without symbols gives 0 instructions and success.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use walkdir::WalkDir;

pub use wasm_dispatch_record::Count;

use crate::Error;

/// Version of `summary.json` that is read here.
const SUMMARY_VERSION: &str = "6";

const RUNNER: &str = "iai-callgrind-runner";

/// Reads the counts of all benchmarks below `home`, ordered by workload and strategy.
///
/// # Errors
///
/// If a file cannot be read or is not of the known version, and if a count is 0: then nothing was counted.
pub fn read(home: &Path) -> Result<Vec<Count>, Error> {
    let mut counts = Vec::new();
    for entry in WalkDir::new(home) {
        let entry = entry.map_err(|error| Error::io(home)(error.into()))?;
        if entry.file_type().is_file() && entry.file_name() == "summary.json" {
            counts.push(read_summary(entry.path())?);
        }
    }
    counts.sort_by(|a, b| (&a.workload, &a.strategy).cmp(&(&b.workload, &b.strategy)));
    Ok(counts)
}

fn read_summary(path: &Path) -> Result<Count, Error> {
    let wrong = |what: String| Error::Callgrind(path.to_owned(), what);
    let text = fs::read_to_string(path).map_err(Error::io(path))?;
    let value: Value = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    let word = |name: &str| {
        let found = value.get(name).and_then(Value::as_str);
        found.map(str::to_owned).ok_or_else(|| wrong(format!("no {name}")))
    };
    let version = word("version")?;
    if version != SUMMARY_VERSION {
        let why = format!("version {version}, but this program reads version {SUMMARY_VERSION}");
        return Err(wrong(why));
    }
    let profiles = value.get("profiles").and_then(Value::as_array);
    let events = profiles
        .into_iter()
        .flatten()
        .find_map(|profile| profile.pointer("/summaries/total/summary/Callgrind"))
        .ok_or_else(|| wrong("no events of Callgrind".to_owned()))?;
    let event = |name: &str| {
        let metrics = events.get(name).and_then(|event| event.get("metrics"));
        let new = metrics.and_then(|metrics| metrics.get("Left").or_else(|| metrics.pointer("/Both/0")));
        let count = new.and_then(|new| new.get("Int")).and_then(Value::as_u64);
        count.ok_or_else(|| wrong(format!("no count of {name}")))
    };
    let count = Count {
        workload: word("id")?,
        strategy: word("function_name")?,
        instructions: event("Ir")?,
        reads: event("Dr")?,
        writes: event("Dw")?,
    };
    if count.instructions == 0 {
        let why = "0 instructions: nothing was counted (are the symbols of the binary stripped?)";
        return Err(wrong(why.to_owned()));
    }
    Ok(count)
}

/// Valgrind, and the runner in the right version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tools {
    runner: PathBuf,
    version: String,
}

/// What is missing to count instructions.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MissingTool {
    /// Valgrind does not run.
    #[error("valgrind is not installed")]
    Valgrind,
    /// There is no runner.
    #[error("{} is not installed", RUNNER)]
    Runner,
    /// There are only runners of other versions: one of them, what it says about itself, and the version that is needed.
    #[error("{0} is version {1}, and {2} is needed")]
    RunnerVersion(PathBuf, String, String),
}

impl Tools {
    /// Looks for valgrind in `PATH`, and for a runner of `version` in the variable `IAI_CALLGRIND_RUNNER` (a file), the
    /// folder `own`, and `PATH`, in this order.
    ///
    /// # Errors
    ///
    /// What is missing.
    pub fn find(version: &str, own: &Path) -> Result<Tools, MissingTool> {
        let valgrind = Command::new("valgrind").arg("--version").output();
        let Some(valgrind) = valgrind.ok().filter(|output| output.status.success()) else {
            return Err(MissingTool::Valgrind);
        };
        let named = std::env::var_os("IAI_CALLGRIND_RUNNER").map(PathBuf::from);
        let search = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(own.to_owned()).chain(std::env::split_paths(&search));
        let runners = named.into_iter().chain(folders.map(|folder| folder.join(RUNNER)));
        let valgrind = String::from_utf8_lossy(&valgrind.stdout);
        Ok(Tools {
            version: format!("{}, iai-callgrind {version}", valgrind.trim()),
            runner: choose(version, runners)?,
        })
    }

    /// What they are, for people.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// A `PATH` in which the runner is found first.
    ///
    /// # Errors
    ///
    /// If a folder has a name that cannot stand in a `PATH`.
    pub fn search_path(&self) -> Result<std::ffi::OsString, std::env::JoinPathsError> {
        let old = std::env::var_os("PATH").unwrap_or_default();
        let folder = self.runner.parent().map(Path::to_owned);
        std::env::join_paths(folder.into_iter().chain(std::env::split_paths(&old)))
    }
}

/// The first runner of the right version.
fn choose(version: &str, runners: impl Iterator<Item = PathBuf>) -> Result<PathBuf, MissingTool> {
    let mut missing = MissingTool::Runner;
    for runner in runners.filter(|runner| runner.is_file()) {
        let found = version_of(&runner);
        if found == version {
            return Ok(runner);
        }
        missing = MissingTool::RunnerVersion(runner, found, version.to_owned());
    }
    Err(missing)
}

/// What a runner says about itself when a library of version 0.0.1 calls it: "... (0.16.1) is newer than ...".
fn version_of(runner: &Path) -> String {
    let unknown = || "unknown".to_owned();
    let Ok(output) = Command::new(runner).arg("0.0.1").output() else {
        return unknown();
    };
    let said = String::from_utf8_lossy(&output.stderr);
    let version = (said.split_once(&format!("{RUNNER} ("))).and_then(|(_, rest)| rest.split_once(')'));
    version.map_or_else(unknown, |(version, _)| version.to_owned())
}
