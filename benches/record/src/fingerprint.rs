//! What a run ran on: machine, system, compiler, and the very binary. Two runs with different fingerprints are not to be
//! compared without saying so.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What a run ran on. What cannot be found out is "unknown", never an error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// Model name of the processor.
    pub cpu: String,
    /// How many threads the system lets this process run at a time.
    pub cores: usize,
    /// Operating system and kernel version.
    pub kernel: String,
    /// Version of the compiler that built this crate.
    pub rustc: String,
    /// Build profile of this crate.
    pub profile: String,
    /// Git revision of the working folder, with "+changes" if it is not what was committed.
    pub revision: String,
    /// SHA-256 of the running binary.
    pub binary: String,
    /// Version of this crate.
    pub version: String,
}

impl Fingerprint {
    /// Looks at this machine and at this process.
    pub fn take() -> Fingerprint {
        Fingerprint {
            cpu: cpu_model(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            kernel: kernel(),
            rustc: env!("HARNESS_RUSTC_VERSION").to_owned(),
            profile: env!("HARNESS_PROFILE").to_owned(),
            revision: revision(),
            binary: binary_hash().unwrap_or_else(unknown),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }

    /// Names and values, in the order in which a report shows them.
    pub fn rows(&self) -> Vec<(&'static str, String)> {
        vec![
            ("Processor", self.cpu.clone()),
            ("Threads", self.cores.to_string()),
            ("System", self.kernel.clone()),
            ("Compiler", self.rustc.clone()),
            ("Profile", self.profile.clone()),
            ("Git revision", self.revision.clone()),
            ("Binary (SHA-256)", self.binary.clone()),
            ("Lab version", self.version.clone()),
        ]
    }
}

fn unknown() -> String {
    "unknown".to_owned()
}

fn cpu_model() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    text.lines()
        .find_map(|line| {
            let (key, value) = line.split_once(':')?;
            // x86 calls it "model name"; some ARM kernels have only "Processor" or "Hardware".
            ["model name", "Processor", "Hardware"]
                .contains(&key.trim())
                .then(|| value.trim().to_owned())
        })
        .filter(|model| !model.is_empty())
        .unwrap_or_else(|| format!("unknown {}", std::env::consts::ARCH))
}

fn kernel() -> String {
    let system = std::env::consts::OS;
    match fs::read_to_string("/proc/sys/kernel/osrelease") {
        Ok(release) => format!("{system} {}", release.trim()),
        Err(_) => system.to_owned(),
    }
}

fn revision() -> String {
    let Some(head) = git(&["rev-parse", "HEAD"]) else {
        return unknown();
    };
    match git(&["status", "--porcelain", "--untracked-files=no"]) {
        Some(changes) if changes.is_empty() => head,
        _ => format!("{head}+changes"),
    }
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn binary_hash() -> Option<String> {
    file_hash(&std::env::current_exe().ok()?)
}

/// SHA-256 of a file in lower-case hexadecimal digits; none if it cannot be read.
pub fn file_hash(path: &Path) -> Option<String> {
    let mut file = File::open(path).ok()?;
    let mut hash = Sha256::new();
    std::io::copy(&mut file, &mut hash).ok()?;
    Some(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
#[path = "../tests/unit/fingerprint.rs"]
mod tests;
