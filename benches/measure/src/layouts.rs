//! The lab's binary with its functions in other orders.
//!
//! Where a function lies decides which of its branches share an entry of a predictor and which lines share a set of a
//! cache: relinking the same code moves ratios between strategies by tens of percent. So the lab is compiled once, and
//! linked again for each seed. That takes a fraction of a second, where the linker can shuffle (LLD, which Rust uses on
//! x86-64 Linux).

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use wasm_dispatch_record::{file_hash, target_folder};

use crate::error::Error;
use crate::supervisor::Launcher;

/// The command that links a binary: a line for the shell, as the compiler prints it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkCommand {
    line: String,
    folder: PathBuf,
}

impl LinkCommand {
    /// The command in what a compiler printed for `--print link-args`, to be run in `folder`. What it names must still be
    /// there: `-Csave-temps`.
    pub fn find(printed: &str, folder: &Path) -> Option<LinkCommand> {
        let line = printed.lines().map(str::trim).find(|line| line.contains("\"-o\""))?;
        Some(LinkCommand {
            line: line.to_owned(),
            folder: folder.to_owned(),
        })
    }

    /// Links to `output`, with the functions in the order of `seed`; without one, as they were compiled.
    ///
    /// # Errors
    ///
    /// What the linker complains about.
    pub fn link(&self, seed: Option<u64>, output: &Path) -> Result<(), String> {
        let mut line = self.line.clone();
        if let Some(seed) = seed {
            line.push_str(&format!(" '-Wl,--shuffle-sections=.text*={seed}'"));
        }
        // The last of two outputs counts.
        line.push_str(" -o \"$0\"");
        let outcome = Command::new("sh")
            .arg("-c")
            .arg(line)
            .arg(output)
            .current_dir(&self.folder)
            .output()
            .map_err(|error| error.to_string())?;
        match outcome.status.success() {
            true => Ok(()),
            false => {
                let words = String::from_utf8_lossy(&outcome.stderr);
                let last: Vec<&str> = words.lines().rev().take(3).collect();
                Err(format!("the linker says: {}", last.join(" / ")))
            }
        }
    }

    /// Links once for each seed, into `folder`, and checks that each binary differs from all others: a linker that takes the
    /// option and does nothing is found out.
    ///
    /// # Errors
    ///
    /// Why there are no such binaries.
    pub fn link_all(&self, seeds: &[u64], folder: &Path) -> Result<Vec<PathBuf>, String> {
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let mut hashes = Vec::new();
        let mut binaries = Vec::new();
        for seed in [None].into_iter().chain(seeds.iter().copied().map(Some)) {
            let name = seed.map_or("as-compiled".to_owned(), |seed| format!("layout-{seed}"));
            let binary = folder.join(name);
            // A binary that is running cannot be written to, but it can be replaced; others may link the same at this time.
            let fresh = binary.with_extension(format!("new-{}", std::process::id()));
            self.link(seed, &fresh)?;
            fs::rename(&fresh, &binary).map_err(|error| format!("{}: {error}", binary.display()))?;
            let hash = file_hash(&binary).ok_or_else(|| format!("{} cannot be read", binary.display()))?;
            if hashes.contains(&hash) {
                return Err("the linker does not shuffle: the binaries are the same".to_owned());
            }
            hashes.push(hash);
            if seed.is_some() {
                binaries.push(binary);
            }
        }
        Ok(binaries)
    }
}

/// Where relinked binaries, and what they are linked from, are kept.
pub fn folder() -> PathBuf {
    target_folder().join("layouts")
}

/// Compiles the lab for relinking, in a target folder of its own, so that it does not disturb other builds. Does nothing if
/// that was done before and nothing changed.
///
/// # Errors
///
/// Why it could not be compiled: no cargo, no sources, an error in them.
pub fn compile() -> Result<LinkCommand, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let root = root
        .canonicalize()
        .map_err(|error| format!("the sources are not in {}: {error}", root.display()))?;
    let target = std::path::absolute(folder()).map_err(|error| error.to_string())?;
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let outcome = Command::new(cargo)
        .args(["rustc", "--quiet", "--release", "--package", "wasm-dispatch-lab"])
        .args(["--bin", "wasm-dispatch-lab", "--target-dir"])
        .arg(&target)
        .args(["--", "-Csave-temps", "--print", "link-args"])
        .current_dir(&root)
        .output()
        .map_err(|error| format!("cargo does not start: {error}"))?;
    if !outcome.status.success() {
        let words = String::from_utf8_lossy(&outcome.stderr);
        let first: Vec<&str> = words.lines().take(3).collect();
        return Err(format!("cargo says: {}", first.join(" / ")));
    }
    // Cargo prints nothing if there was nothing to compile: then the command of the last time is still right.
    let kept = target.join("link-command");
    let printed = String::from_utf8_lossy(&outcome.stdout);
    if let Some(command) = LinkCommand::find(&printed, &root) {
        fs::write(&kept, &command.line).map_err(|error| format!("{}: {error}", kept.display()))?;
        remove_intermediate_code(&target.join("release/deps"));
        return Ok(command);
    }
    let line = fs::read_to_string(&kept).map_err(|error| format!("{}: {error}", kept.display()))?;
    LinkCommand::find(&line, &root).ok_or_else(|| format!("{} has no command", kept.display()))
}

/// Intermediate code is large, is kept along with the objects, and is not needed to link. Best effort.
fn remove_intermediate_code(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().extension().is_some_and(|extension| extension == "bc") {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// A worker for each seed.
///
/// # Errors
///
/// Why the lab cannot be relinked here; then one layout is all there is.
pub fn launchers(seeds: &[u64]) -> Result<Vec<Launcher>, String> {
    let binaries = compile()?.link_all(seeds, &folder().join("binaries"))?;
    let launcher = |(&seed, binary)| Launcher::of(Some(seed), binary).map_err(|error: Error| error.to_string());
    seeds.iter().zip(binaries).map(launcher).collect()
}
