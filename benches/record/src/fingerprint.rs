//! What a run ran on: machine, system, compiler, and the very binary. Two runs with different fingerprints are not to be
//! compared without saying so.
//!
//! A [`Machine`] is what of it stays the same from boot to boot: times of two machines are never pooled. Everything else (kernel,
//! microcode, governor, load) is a condition of the run.

use std::fmt;
use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What a run ran on. What cannot be found out is "unknown", never an error.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// Model name of the processor.
    pub cpu: String,
    /// How many threads the system lets this process run at a time.
    pub cores: usize,
    /// Operating system and kernel version.
    pub kernel: String,
    /// Version of the compiler that built this crate.
    pub rustc: String,
    /// Build profile: in the file that of the driver; once read, that of the processes that measured, where they say it.
    pub profile: String,
    /// Git revision of the working folder, with "+changes" if it is not what was committed.
    pub revision: String,
    /// SHA-256 of the running binary.
    pub binary: String,
    /// Version of this crate.
    pub version: String,
    /// What the processor is, beyond its name; empty in records from before that was asked.
    #[serde(default)]
    pub hardware: Hardware,
    /// What of the machine may differ from day to day: microcode, governor.
    #[serde(default)]
    pub settings: String,
    /// Hash of the committed sources that are measured, with "+changes" as in the revision; empty if unknown.
    #[serde(default)]
    pub sources: String,
}

/// What a processor is. Empty where the system does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Hardware {
    /// "Intel", "AMD", or as the system has it.
    pub vendor: String,
    /// Family, model and stepping: `25/17/1`.
    pub model: String,
    /// Sizes of the first processor's caches: `L1d 32K, L1i 32K, L2 1024K, L3 32768K`.
    pub caches: String,
    /// Whether a hypervisor is below the system.
    pub is_virtual: Option<bool>,
}

/// A machine, whatever runs on it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Machine {
    /// Model name of the processor.
    pub cpu: String,
    /// How many threads it runs at a time.
    pub threads: usize,
    /// What the processor is.
    #[serde(default)]
    pub hardware: Hardware,
}

impl Machine {
    /// Whether two records may be of the same machine: all that both know is the same.
    pub fn is(&self, other: &Machine) -> bool {
        let (own, its) = (&self.hardware, &other.hardware);
        let agree = |a: &str, b: &str| a.is_empty() || b.is_empty() || a == b;
        self.cpu == other.cpu
            && self.threads == other.threads
            && agree(&own.vendor, &its.vendor)
            && agree(&own.model, &its.model)
            && agree(&own.caches, &its.caches)
            && (own.is_virtual.zip(its.is_virtual)).is_none_or(|(own, its)| own == its)
    }

    /// Who made the processor.
    pub fn vendor(&self) -> &str {
        match self.hardware.vendor.as_str() {
            "" => vendor_named(&self.cpu),
            known => known,
        }
    }

    /// What tells it from others: its vendor, with family, model and stepping where another one is of the same vendor.
    pub fn name_among(&self, others: impl IntoIterator<Item = Machine>) -> String {
        let is_like = |other: Machine| other.vendor() == self.vendor() && !other.is(self);
        match others.into_iter().any(is_like) && !self.hardware.model.is_empty() {
            true => format!("{} {}", self.vendor(), self.hardware.model),
            false => self.vendor().to_owned(),
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.cpu)?;
        if !self.hardware.model.is_empty() {
            write!(f, " (family/model/stepping {})", self.hardware.model)?;
        }
        Ok(())
    }
}

impl Fingerprint {
    /// Looks at this machine and at this process.
    pub fn take() -> Fingerprint {
        let binary = std::env::current_exe().ok().and_then(|program| file_hash(&program));
        Fingerprint {
            cpu: cpu_model(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            kernel: kernel(),
            rustc: env!("HARNESS_RUSTC_VERSION").to_owned(),
            profile: Fingerprint::own_profile().to_owned(),
            revision: revision(),
            binary: binary.unwrap_or_else(unknown),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            hardware: Hardware::take(),
            settings: settings(),
            sources: sources(),
        }
    }

    /// The machine alone.
    pub fn machine(&self) -> Machine {
        Machine {
            cpu: self.cpu.clone(),
            threads: self.cores,
            hardware: self.hardware.clone(),
        }
    }

    /// How this crate was built, and with it the binary that asks.
    pub fn own_profile() -> &'static str {
        env!("HARNESS_PROFILE")
    }

    /// Whether two records measured the same sources, as far as both say.
    pub fn same_sources(&self, other: &Fingerprint) -> bool {
        match self.sources.is_empty() || other.sources.is_empty() {
            true => self.revision == other.revision,
            false => self.sources == other.sources,
        }
    }

    /// Whether the measured code has changed since, in words; none if it has not, or if that cannot be found out.
    pub fn is_older(&self) -> Option<String> {
        let now = sources();
        let has_changed = match now.is_empty() || self.sources.is_empty() {
            // Records from before sources were hashed: git knows, if it knows the revision.
            true => {
                let revision = self.revision.trim_end_matches("+changes");
                let changes = git(&[&["diff", "--name-only", revision, "--"][..], &MEASURED].concat())?;
                !changes.is_empty()
            }
            false => now != self.sources,
        };
        let commits = match commits_since(&self.revision) {
            Some(1) => ", 1 commit ago".to_owned(),
            Some(commits) if commits > 1 => format!(", {commits} commits ago"),
            _ => String::new(),
        };
        has_changed.then(|| {
            format!(
                "the measured code has changed since this was recorded (revision {}{commits})",
                self.short_revision()
            )
        })
    }

    /// The revision as people write it.
    pub fn short_revision(&self) -> &str {
        self.revision.get(..7).unwrap_or(&self.revision)
    }

    /// Names and values, in the order in which a report shows them.
    pub fn rows(&self) -> Vec<(&'static str, String)> {
        let hardware = &self.hardware;
        let is_virtual = hardware.is_virtual.map_or("", |is| if is { "yes" } else { "no" });
        let rows = vec![
            ("Processor", self.cpu.clone()),
            ("Vendor", self.machine().vendor().to_owned()),
            ("Family, model, stepping", hardware.model.clone()),
            ("Caches", hardware.caches.clone()),
            ("Virtual", is_virtual.to_owned()),
            ("Threads", self.cores.to_string()),
            ("Settings", self.settings.clone()),
            ("System", self.kernel.clone()),
            ("Compiler", self.rustc.clone()),
            ("Profile", self.profile.clone()),
            ("Git revision", self.revision.clone()),
            ("Binary (SHA-256)", self.binary.clone()),
            ("Sources measured", self.sources.clone()),
            ("Lab version", self.version.clone()),
        ];
        rows.into_iter().filter(|(_, value)| !value.is_empty()).collect()
    }
}

fn unknown() -> String {
    "unknown".to_owned()
}

/// The value of the first of these names in /proc/cpuinfo.
fn cpuinfo(names: &[&str]) -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let mut lines = text.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = lines.find(|(name, _)| names.contains(&name.trim()))?;
    Some(value.trim().to_owned()).filter(|value| !value.is_empty())
}

fn cpu_model() -> String {
    // x86 calls it "model name"; some ARM kernels have only "Processor" or "Hardware".
    cpuinfo(&["model name", "Processor", "Hardware"]).unwrap_or_else(|| format!("unknown {}", std::env::consts::ARCH))
}

/// The vendor's usual name, from what the processor calls it or from the model's name.
fn vendor_named(text: &str) -> &str {
    let known = [("Intel", "Intel"), ("AMD", "AMD"), ("0x41", "ARM"), ("0x61", "Apple")];
    let found = known.into_iter().find(|(part, _)| text.contains(part));
    found.map_or(text.split_whitespace().next().unwrap_or("unknown"), |(_, name)| name)
}

impl Hardware {
    fn take() -> Hardware {
        let numbers = [
            &["cpu family", "CPU architecture"][..],
            &["model", "CPU part"],
            &["stepping", "CPU revision"],
        ];
        let numbers = numbers.map(|names| cpuinfo(names).unwrap_or_default());
        let flags = cpuinfo(&["flags"]);
        Hardware {
            vendor: cpuinfo(&["vendor_id", "CPU implementer"]).map_or(String::new(), |id| vendor_named(&id).to_owned()),
            model: match numbers.concat().as_str() {
                "" => String::new(),
                _ => numbers.join("/"),
            },
            caches: caches(),
            is_virtual: flags.map(|flags| flags.split_whitespace().any(|flag| flag == "hypervisor")),
        }
    }
}

fn caches() -> String {
    let cache = |index: u32| {
        let folder = format!("/sys/devices/system/cpu/cpu0/cache/index{index}");
        let read = |name: &str| fs::read_to_string(format!("{folder}/{name}")).ok();
        let kind = match read("type")?.trim() {
            "Data" => "d",
            "Instruction" => "i",
            _ => "",
        };
        Some(format!("L{}{kind} {}", read("level")?.trim(), read("size")?.trim()))
    };
    (0..).map_while(cache).collect::<Vec<_>>().join(", ")
}

fn settings() -> String {
    let microcode = cpuinfo(&["microcode"]).map(|version| format!("microcode {version}"));
    let governor = fs::read_to_string("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor").ok();
    let governor = governor.map(|name| format!("governor {}", name.trim()));
    microcode.into_iter().chain(governor).collect::<Vec<_>>().join(", ")
}

fn kernel() -> String {
    let system = std::env::consts::OS;
    match fs::read_to_string("/proc/sys/kernel/osrelease") {
        Ok(release) => format!("{system} {}", release.trim()),
        Err(_) => system.to_owned(),
    }
}

/// What of the repository decides what is measured.
const MEASURED: [&str; 4] = ["src", "strategies", "workloads", "Cargo.toml"];

fn changed(paths: &[&str]) -> &'static str {
    let status = ["status", "--porcelain", "--untracked-files=no", "--"];
    match git(&[&status[..], paths].concat()) {
        Some(changes) if changes.is_empty() => "",
        _ => "+changes",
    }
}

fn revision() -> String {
    git(&["rev-parse", "HEAD"]).map_or_else(unknown, |head| head + changed(&["."]))
}

fn sources() -> String {
    let of_each = MEASURED.map(|path| git(&["rev-parse", &format!("HEAD:{path}")]));
    let Some(hashes) = of_each.into_iter().collect::<Option<Vec<String>>>() else {
        return String::new();
    };
    let hash = hex(Sha256::digest(hashes.concat()).as_slice());
    hash[..16].to_owned() + changed(&MEASURED)
}

/// How many commits lie between a revision and the one that is checked out; none if git does not know it.
pub fn commits_since(revision: &str) -> Option<u32> {
    let revision = revision.trim_end_matches("+changes");
    let count = git(&["rev-list", "--count", &format!("{revision}..HEAD")])?;
    count.parse().ok()
}

/// In the sources that this crate was built from, wherever the program is started.
fn git(arguments: &[&str]) -> Option<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let output = Command::new("git").arg("-C").arg(root).args(arguments).output().ok()?;
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    output.status.success().then_some(said)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// SHA-256 of a file in lower-case hexadecimal digits; none if it cannot be read.
pub fn file_hash(path: &Path) -> Option<String> {
    let mut file = File::open(path).ok()?;
    let mut hash = Sha256::new();
    std::io::copy(&mut file, &mut hash).ok()?;
    Some(hex(&hash.finalize()))
}

#[cfg(test)]
#[path = "../tests/unit/fingerprint.rs"]
mod tests;
