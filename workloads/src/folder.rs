//! Finding the workloads of a folder.

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
    Ok(workloads)
}

fn find_manifests(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), Error> {
    let unreadable = |source| Error::Unreadable {
        file: folder.to_owned(),
        source,
    };
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // A link to a folder is followed: a user may collect workloads of his own that way.
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
