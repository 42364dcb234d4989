//! Where runs are kept.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::record::{Run, file_in};

/// Cargo's target folder: the one this binary lies in, else what the environment says, else `./target`.
pub fn target_folder() -> PathBuf {
    // Cargo marks its target folder with this file. The binary is the best witness: it knows about `--target-dir` too.
    let from_binary = env::current_exe().ok().and_then(|binary| {
        let marked = |folder: &&Path| folder.join("CACHEDIR.TAG").is_file();
        binary.ancestors().skip(1).find(marked).map(Path::to_owned)
    });
    from_binary
        .or_else(|| env::var_os("CARGO_TARGET_DIR").map(PathBuf::from))
        .unwrap_or_else(|| PathBuf::from("target"))
}

/// The folder with one folder per run: `target/wasm-dispatch`.
pub fn runs_folder() -> PathBuf {
    target_folder().join("wasm-dispatch")
}

/// Makes a run's folder below [`runs_folder`], named by its id. Where a run of the same second has that name already, the id
/// gets a number.
///
/// # Errors
///
/// If the folder cannot be made.
pub fn take_folder(run: &mut Run) -> Result<PathBuf, Error> {
    let (runs, id) = (runs_folder(), run.id.clone());
    fs::create_dir_all(&runs).map_err(Error::io(&runs))?;
    for number in 2.. {
        let folder = runs.join(&run.id);
        match fs::create_dir(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => run.id = format!("{id}-{number}"),
            Err(error) => return Err(Error::io(&folder)(error)),
        }
    }
    unreachable!("a folder has room for another name")
}

/// Names of runs with metering begin like this: they decide heads of their own.
pub const METERED: &str = "metered-";

/// Names of runs of strategies that make machine code begin like this: they decide a head of their own.
pub const EXECUTABLE: &str = "executable-";

/// When a run of strategies began, as its name has it; none if what has this name is something else.
pub fn time_of(name: &str) -> Option<&str> {
    let name = name.strip_prefix(METERED).unwrap_or(name);
    let name = name.strip_prefix(EXECUTABLE).unwrap_or(name);
    is_main(name).then_some(name)
}

/// The newest run of strategies below `runs`, of whatever kind. Run ids have their time in them, so the last one is the
/// newest. Folders with other names (`peers-...`) hold something else: they are drawn when they are asked for.
///
/// # Errors
///
/// If there is none, or `runs` cannot be read.
pub fn newest_run(runs: &Path) -> Result<PathBuf, Error> {
    let time = |folder: &PathBuf| {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        time_of(&name).map(str::to_owned)
    };
    let newest = all_with(runs, |folder| file_in(folder).is_file(), |name| time_of(name).is_some())?.max_by_key(time);
    newest.ok_or_else(|| Error::NoRun(runs.to_owned()))
}

/// Whether a run, or a folder, of this name is one that strategies are ranked by: those begin with their time.
pub fn is_main(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_digit())
}

/// The folder of a run that was named by its folder or by its file.
pub fn folder_of(run: &Path) -> PathBuf {
    match run.is_dir() {
        true => run.to_owned(),
        false => run.parent().map(PathBuf::from).unwrap_or_default(),
    }
}

/// What lies below `runs` and has a name that is wanted, the last by name first.
///
/// # Errors
///
/// If `runs` cannot be read.
pub fn newest_first(runs: &Path, is_wanted: impl Fn(&str) -> bool) -> Result<Vec<PathBuf>, Error> {
    let entries = fs::read_dir(runs).map_err(Error::io(runs))?;
    let folders = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let is_wanted = |folder: &PathBuf| is_wanted(&folder.file_name().unwrap_or_default().to_string_lossy());
    let mut folders: Vec<PathBuf> = folders.filter(is_wanted).collect();
    folders.sort_by(|a, b| b.cmp(a));
    Ok(folders)
}

/// The last folder below `runs`, by name, that has a file of this name and itself a name that is wanted.
///
/// # Errors
///
/// If there is none, or `runs` cannot be read.
pub fn newest_with(runs: &Path, file: &str, is_wanted: impl Fn(&str) -> bool) -> Result<PathBuf, Error> {
    let newest = all_with(runs, |folder| folder.join(file).is_file(), is_wanted)?.next();
    newest.ok_or_else(|| Error::NoRun(runs.to_owned()))
}

fn all_with(
    runs: &Path,
    has_it: impl Fn(&Path) -> bool,
    is_wanted: impl Fn(&str) -> bool,
) -> Result<impl Iterator<Item = PathBuf>, Error> {
    if !runs.is_dir() {
        return Err(Error::NoRun(runs.to_owned()));
    }
    let folders = newest_first(runs, is_wanted)?.into_iter();
    Ok(folders.filter(move |folder| has_it(folder)))
}
