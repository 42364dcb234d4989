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
use std::time::SystemTime;

use wasm_dispatch_engines::control;
use wasm_dispatch_record::{file_hash, target_folder};

/// The command that links a binary: a line for the shell, as the compiler prints it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkCommand {
    line: String,
    folder: PathBuf,
    /// When there was something new to link, if that is known.
    compiled: Option<SystemTime>,
}

impl LinkCommand {
    /// The command in what a compiler printed for `--print link-args`, to be run in `folder`. What it names must still be
    /// there: `-Csave-temps`.
    pub fn find(printed: &str, folder: &Path) -> Option<LinkCommand> {
        let line = printed.lines().map(str::trim).find(|line| line.contains("\"-o\""))?;
        Some(LinkCommand {
            line: line.to_owned(),
            folder: folder.to_owned(),
            compiled: None,
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
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(line).arg(output).current_dir(&self.folder);
        said(&mut shell).map(|_| ()).map_err(|words| {
            let last: Vec<&str> = words.lines().rev().take(3).collect();
            format!("the linker says: {}", last.join(" / "))
        })
    }

    /// Links once for each seed, into `folder`, and checks that each binary differs from all others: a linker that takes the
    /// option and does nothing is found out. What has been linked since the compilation is not linked again.
    ///
    /// # Errors
    ///
    /// Why there are no such binaries.
    pub fn link_all(&self, seeds: &[u64], folder: &Path) -> Result<Vec<PathBuf>, String> {
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let mut hashes = Vec::new();
        let mut binaries = Vec::new();
        for seed in [None].into_iter().chain(seeds.iter().copied().map(Some)) {
            let name = seed.map_or(AS_COMPILED.to_owned(), |seed| format!("layout-{seed}"));
            let binary = folder.join(name);
            let times = changed(&binary).zip(self.compiled);
            let is_there = times.is_some_and(|(linked, compiled)| linked > compiled);
            if !is_there {
                // A binary that is running cannot be written to, but it can be replaced; others may link the same now.
                let fresh = binary.with_extension(format!("new-{}", std::process::id()));
                self.link(seed, &fresh)?;
                fs::rename(&fresh, &binary).map_err(|error| format!("{}: {error}", binary.display()))?;
            }
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

/// Sources of the lab, of this revision or of another, and where they are compiled for relinking.
pub struct Sources {
    /// The workspace.
    pub root: PathBuf,
    /// A target folder of its own, so that it does not disturb other builds.
    pub target: PathBuf,
    /// The binary that measures.
    pub binary: &'static str,
    /// Features of its package that it is built with, with commas between them.
    pub features: String,
}

impl Sources {
    /// Those that this binary was compiled from.
    ///
    /// # Errors
    ///
    /// If they are not where they were.
    pub fn own() -> Result<Sources, String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let found = root.canonicalize();
        Ok(Sources {
            root: found.map_err(|error| format!("the sources are not in {}: {error}", root.display()))?,
            target: std::path::absolute(target_folder().join("layouts")).map_err(|error| error.to_string())?,
            binary: LAB,
            features: control::FEATURE.to_owned(),
        })
    }

    /// Compiles the lab. Does nothing if that was done before and nothing changed.
    ///
    /// # Errors
    ///
    /// Why it could not be compiled: no cargo, no lab in these sources, an error in them.
    pub fn compile(&self) -> Result<LinkCommand, String> {
        let package = self.package()?;
        let what = [
            "rustc",
            "--quiet",
            "--release",
            "--package",
            &package,
            "--bin",
            self.binary,
        ];
        let features: &[&str] = match self.features.as_str() {
            "" => &[],
            features => &["--features", features],
        };
        let how = ["--", "-Csave-temps", "--print", "link-args"];
        let printed = self.cargo(&[&what[..], features, &how].concat())?;
        // Cargo prints nothing if there was nothing to compile: then the command of the last time is still right.
        let kept = self.target.join(format!("link-command-{}", self.binary));
        let command = match LinkCommand::find(&printed, &self.root) {
            Some(command) => {
                fs::write(&kept, &command.line).map_err(|error| format!("{}: {error}", kept.display()))?;
                remove_intermediate_code(&self.target.join("release/deps"));
                Some(command)
            }
            None => {
                let line = fs::read_to_string(&kept).map_err(|error| format!("{}: {error}", kept.display()))?;
                LinkCommand::find(&line, &self.root)
            }
        };
        let mut command = command.ok_or_else(|| format!("{} has no command", kept.display()))?;
        command.compiled = changed(&self.target.join("release").join(self.binary));
        Ok(command)
    }

    /// The package that has the lab, whatever this revision calls it.
    fn package(&self) -> Result<String, String> {
        let printed = self.cargo(&["metadata", "--no-deps", "--format-version=1"])?;
        let metadata: serde_json::Value = serde_json::from_str(&printed).map_err(|error| error.to_string())?;
        let list = |value: &serde_json::Value, name: &str| value[name].as_array().cloned().unwrap_or_default();
        let has_lab = |package: &serde_json::Value| {
            let mut targets = list(package, "targets").into_iter();
            targets.any(|target| target["name"] == self.binary && list(&target, "kind").contains(&"bin".into()))
        };
        let package = list(&metadata, "packages").into_iter().find(has_lab);
        let name = package.and_then(|package| Some(package["name"].as_str()?.to_owned()));
        name.ok_or_else(|| format!("no package in {} has a binary {}", self.root.display(), self.binary))
    }

    /// What cargo prints.
    fn cargo(&self, arguments: &[&str]) -> Result<String, String> {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo
            .args(arguments)
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", &self.target);
        said(&mut cargo).map_err(|words| {
            let first: Vec<&str> = words.lines().take(3).collect();
            format!("cargo says: {}", first.join(" / "))
        })
    }

    /// Compiles, and links once for each seed.
    ///
    /// # Errors
    ///
    /// Why there are no such binaries.
    pub fn link_all(&self, seeds: &[u64]) -> Result<Vec<PathBuf>, String> {
        self.compile()?.link_all(seeds, &self.binaries())
    }

    /// The binary as it was compiled, after [`link_all`](Sources::link_all).
    pub fn as_compiled(&self) -> PathBuf {
        self.binaries().join(AS_COMPILED)
    }

    fn binaries(&self) -> PathBuf {
        self.target.join(format!("binaries-{}", self.binary))
    }
}

/// The name of a binary that was not shuffled.
const AS_COMPILED: &str = "as-compiled";

/// The binary that measures our strategies.
pub const LAB: &str = "wasm-dispatch-lab";

fn changed(file: &Path) -> Option<SystemTime> {
    fs::metadata(file).and_then(|file| file.modified()).ok()
}

/// Intermediate code is large, is kept along with the objects, and is not needed to link. Best effort.
fn remove_intermediate_code(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().extension().is_some_and(|extension| extension == "bc") {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// What a command prints, or what it complains about.
pub(crate) fn said(command: &mut Command) -> Result<String, String> {
    let program = command.get_program().display().to_string();
    let outcome = (command.output()).map_err(|error| format!("{program} does not start: {error}"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    match outcome.status.success() {
        true => Ok(text(&outcome.stdout)),
        false => Err(text(&outcome.stderr)),
    }
}
