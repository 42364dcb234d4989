//! Finding the workloads of a folder.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::workload::Workload;

/// The folder of this crate, where the project's own workloads are.
pub fn default_folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The project's own workloads, sorted by name.
pub fn all() -> Result<Vec<Workload>, Error> {
    load_dir(default_folder())
}

/// The folder of extra workloads: programs around other people's C, which `scripts/build-workloads --extra` builds there
/// and which are not committed. The environment variable `WASM_DISPATCH_EXTRA` names another one; otherwise it is
/// `workloads-extra` in cargo's target folder (`CARGO_TARGET_DIR`, or `target` beside the workspace's manifest).
pub fn extra_folder() -> PathBuf {
    extra_folder_in(|variable| env::var_os(variable).filter(|value| !value.is_empty()))
}

fn extra_folder_in(environment: impl Fn(&str) -> Option<OsString>) -> PathBuf {
    // Relative paths are relative to the workspace, as in the script: tests and benches run in the folders of their packages.
    let workspace = default_folder().parent().unwrap_or(default_folder());
    if let Some(folder) = environment("WASM_DISPATCH_EXTRA") {
        return workspace.join(folder);
    }
    let target = environment("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    workspace.join(target).join("workloads-extra")
}

/// The extra workloads that have been built, sorted by name; none if there is no [`extra_folder`].
pub fn extra() -> Result<Vec<Workload>, Error> {
    extra_in(&extra_folder())
}

/// The workloads of `folder` as [`load_dir`] finds them, or none if it does not exist.
pub fn extra_in(folder: &Path) -> Result<Vec<Workload>, Error> {
    if folder.exists() {
        load_dir(folder)
    } else {
        Ok(Vec::new())
    }
}

/// The project's own workloads and the extra ones that have been built, sorted by name.
pub fn all_and_extra() -> Result<Vec<Workload>, Error> {
    let mut workloads = all()?;
    workloads.extend(extra()?);
    sort_by_unique_name(&mut workloads)?;
    Ok(workloads)
}

/// All workloads in `folder` and the folders below it, sorted by name.
///
/// Every `.toml` file is a manifest, except `Cargo.toml`; folders named `src` (sources of modules and of this crate) or
/// `target` and hidden ones are not entered. One bad manifest fails the whole folder: a comparison that silently lacks
/// a workload would still look complete.
pub fn load_dir(folder: &Path) -> Result<Vec<Workload>, Error> {
    let mut manifests = Vec::new();
    find_manifests(folder, &mut manifests)?;
    // Sorted by path first, so that the same error is reported everywhere.
    manifests.sort();
    let mut workloads = manifests.iter().map(Workload::load).collect::<Result<Vec<_>, _>>()?;
    sort_by_unique_name(&mut workloads)?;
    Ok(workloads)
}

fn sort_by_unique_name(workloads: &mut [Workload]) -> Result<(), Error> {
    workloads.sort_by(|a, b| a.name().cmp(b.name()));
    for pair in workloads.windows(2) {
        if pair[0].name() == pair[1].name() {
            return Err(Error::DuplicateName {
                name: pair[0].name().to_owned(),
                first: pair[0].file().to_owned(),
                second: pair[1].file().to_owned(),
            });
        }
    }
    Ok(())
}

fn find_manifests(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), Error> {
    let unreadable = |source| Error::Unreadable {
        file: folder.to_owned(),
        source,
    };
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // A link to a folder is followed, so users can collect workloads of their own.
        if path.is_dir() {
            if name != "src" && name != "target" && !name.starts_with('.') {
                find_manifests(&path, found)?;
            }
        } else if name.ends_with(".toml") && name != "Cargo.toml" {
            found.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_with(variables: &[(&str, &str)]) -> PathBuf {
        extra_folder_in(|wanted| {
            let found = variables.iter().find(|(variable, _)| *variable == wanted);
            found.map(|(_, value)| value.into())
        })
    }

    #[test]
    fn the_extra_folder_is_in_the_target_folder_unless_the_environment_names_it() {
        let workspace = default_folder().parent().unwrap();
        assert_eq!(folder_with(&[]), workspace.join("target/workloads-extra"));
        let target = ("CARGO_TARGET_DIR", "/elsewhere");
        assert_eq!(folder_with(&[target]), Path::new("/elsewhere/workloads-extra"));
        assert_eq!(
            folder_with(&[("CARGO_TARGET_DIR", "other")]),
            workspace.join("other/workloads-extra")
        );
        assert_eq!(
            folder_with(&[target, ("WASM_DISPATCH_EXTRA", "/mine")]),
            Path::new("/mine")
        );
    }
}
