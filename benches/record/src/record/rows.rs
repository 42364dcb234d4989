//! The rows of a run's file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::SCHEMA;
use super::time::run_id;
use crate::count::Count;
use crate::fingerprint::Fingerprint;
use crate::named::named;

named! {
    /// How thorough a run is.
    #[derive(Default)]
    Kind {
        /// What `cargo bench` does without arguments: minutes.
        #[default]
        Quick = "quick",
        /// The long run that a decision is based on.
        Full = "full",
        /// Counted instructions instead of times.
        Counts = "counts",
    }
}

/// Header of a run: when it was, how thorough, and on what.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Version of the file format, [`SCHEMA`] when written by this crate.
    pub schema: u32,
    /// Name of the run and of its folder: UTC date, time and kind.
    pub id: String,
    /// When it started, in seconds since 1970.
    pub started: u64,
    /// How thorough it is.
    pub kind: Kind,
    /// Seed of the order in which things were measured, if that was random.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// What it ran on.
    pub fingerprint: Fingerprint,
}

impl Run {
    /// A run that starts now, on this machine, with this binary.
    pub fn start(kind: Kind) -> Run {
        let started = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        Run {
            schema: SCHEMA,
            id: run_id(started, kind),
            started,
            kind,
            seed: None,
            fingerprint: Fingerprint::take(),
        }
    }
}

/// What was timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Decode, validate, and lower all functions.
    Load,
    /// Turn lowered code into the strategy's own.
    Compile,
    /// Run the workload.
    Execute,
    /// Everything from bytes to the result of the small size, functions compiled when they are first called.
    Cold,
    /// Run the small size once, compiled.
    Warm,
    /// What 99 of 100 calls of a run on threads do not exceed.
    Tail,
}

/// One timed batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Name of the workload.
    pub workload: String,
    /// Class of the workload.
    pub class: String,
    /// Name of the strategy; [`EVERY_STRATEGY`](super::EVERY_STRATEGY) where loading was timed once for all.
    pub strategy: String,
    /// What was timed.
    pub phase: Phase,
    /// How many times it was done within the time below.
    pub iterations: u64,
    /// Wall time of all iterations together.
    pub nanoseconds: u64,
    /// CPU time of the thread over all iterations together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_nanoseconds: Option<u64>,
    /// Round of an interleaved measurement. Samples of two strategies in the same block are compared as a pair.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block: Option<u32>,
    /// Seed with which the linker shuffled the functions of the binary; none if they lie as they were compiled. Samples of
    /// one seed share whatever that layout does to them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layout: Option<u64>,
    /// Number of the process within the run that measured it; none if the run was one process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process: Option<u32>,
    /// Whether every result in the batch was checked and right. Looked at in the execute phase only; one sample that
    /// is not verified makes its cell an error.
    pub verified: bool,
}

/// The verified batches of a process in one phase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cells {
    /// What was timed.
    pub phase: Phase,
    /// As of [`Sample::block`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block: Option<u32>,
    /// As of [`Sample::layout`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layout: Option<u64>,
    /// As of [`Sample::process`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<u32>,
    /// By workload, in the order in which they were measured.
    pub of: Vec<OfWorkload>,
}

/// The batches of a workload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfWorkload {
    /// Name of the workload.
    pub workload: String,
    /// Class of the workload.
    pub class: String,
    /// By strategy, in the order in which they were first timed: for each batch iterations, wall time of all together and, where
    /// there is one, CPU time, in nanoseconds.
    pub times: Vec<(String, Vec<Vec<u64>>)>,
}

/// A strategy did not do what a workload expects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Name of the workload.
    pub workload: String,
    /// Class of the workload.
    #[serde(default)]
    pub class: String,
    /// Name of the strategy.
    pub strategy: String,
    /// What went wrong, for people: "expected 55, got 54".
    pub error: String,
}

/// How much code a strategy made of a module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    /// Name of the workload.
    pub workload: String,
    /// Name of the strategy.
    pub strategy: String,
    /// Size of the module in bytes.
    pub wasm_bytes: u64,
    /// Size of the compiled code in bytes.
    pub code_bytes: u64,
}

/// What an interleaved run means to do; written before its first block, and again if that changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// How many blocks it will measure.
    pub blocks: u32,
}

/// A block that was measured to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockEnd {
    /// Its number, from 0.
    pub block: u32,
}

/// What a strategy asks of its host: what heads of a decision are chosen by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traits {
    /// Name of the strategy, as the samples have it.
    pub strategy: String,
    /// Whether it is free of unsafe code.
    pub safe: bool,
    /// Whether it needs memory that is executable.
    #[serde(default)]
    pub executable: bool,
    /// The strategy of which this is a control experiment: it is there to learn from, and no head of a decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control_of: Option<String>,
}

/// A workload as it was measured: runs of the same name are compared only if these are the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// Name of the workload.
    pub workload: String,
    /// SHA-256 of its module.
    pub sha256: String,
    /// Its size: `quick` or `full`.
    pub size: String,
    /// SHA-256 of the function that is called, of what it is given, and of what must come out; empty in older records.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub run: String,
}

impl Program {
    /// What another program of this name has that this one has not, as far as both records say it.
    pub fn differs(&self, other: &Program) -> Option<&'static str> {
        let differ = |one: &str, other: &str| !(one.is_empty() || other.is_empty() || one == other);
        let fields = [
            (&self.size, &other.size, "another size"),
            (&self.sha256, &other.sha256, "another module"),
            (&self.run, &other.run, "other arguments or results"),
        ];
        let (.., what) = fields.into_iter().find(|(one, other, _)| differ(one, other))?;
        Some(what)
    }

    /// Takes over from another record what this one does not say.
    pub(super) fn learn(&mut self, other: Program) {
        for (own, other) in [(&mut self.sha256, other.sha256), (&mut self.run, other.run)] {
            if own.is_empty() {
                *own = other;
            }
        }
    }
}

/// A binary of the run, and where the linker has put what runs hottest in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    /// Seed of the layout; none for the binary as it was compiled.
    pub layout: Option<u64>,
    /// SHA-256 of the binary.
    pub binary: String,
    /// By strategy: address of the largest function of its crate.
    pub hot: BTreeMap<String, u64>,
}

/// An engine of the run, where engines are compared that are not all built from this project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// Its name, as the samples have it in place of a strategy's.
    pub name: String,
    /// Its version.
    pub version: String,
    /// How it is configured, for people.
    pub configuration: String,
}

/// A strategy that is enrolled a second time under another name: an A/A control. Whatever difference is found between the
/// two is noise. It is never ranked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Control {
    /// The second name, as the samples have it in place of a strategy's: `threaded#2`.
    pub name: String,
    /// The strategy that it is.
    pub of: String,
}

/// A process of the run, and the conditions under which it measured. What could not be read is none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Process {
    /// Its number within the run, as samples have it.
    pub process: u32,
    /// The block that it measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block: Option<u32>,
    /// Seed with which the linker shuffled the functions of its binary; none if they lie as they were compiled.
    pub layout: Option<u64>,
    /// In a merged run: the [`Origin`] that it comes from. Otherwise none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<u32>,
    /// When it started to measure, in seconds since 1970.
    pub started: u64,
    /// Seed of the order in which it measured.
    pub seed: u64,
    /// SHA-256 of its binary.
    pub binary: String,
    /// Wall time from its first measurement to its last, warming up included.
    pub wall_nanoseconds: u64,
    /// CPU time of its thread in that time. Far less than the wall time says that something else ran.
    pub cpu_nanoseconds: Option<u64>,
    /// How often another thread was given its processor.
    pub involuntary_switches: Option<u64>,
    /// How often it waited for something by itself.
    pub voluntary_switches: Option<u64>,
    /// Share, 0 to 1, of all processors' time that the machine's host gave to others.
    pub steal: Option<f64>,
    /// Share, 0 to 1, of the time in which some task of the machine waited for a processor ("some" of Linux's pressure
    /// stall information).
    pub pressure: Option<f64>,
    /// The machine's load average over a minute, at the end.
    pub load: Option<f64>,
    /// Mean frequency of the processors at the end, in MHz.
    pub megahertz: Option<f64>,
    /// Build profile of its binary, as that says itself; empty if it does not.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub profile: String,
}

/// What a run was asked to measure: enough to go on after it was killed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setup {
    /// Binaries by layout, and what each measures. They take turns, in random order.
    pub parts: Vec<Part>,
    /// Names of the strategies.
    pub strategies: Vec<String>,
    /// The strategy that is enrolled twice.
    pub control: Option<String>,
    /// Strategies of which each is enrolled twice in its turn, one or more in a block: instead of one control for all blocks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub controls: Vec<String>,
    /// Whether what it takes from bytes to the first result is timed, too.
    #[serde(default)]
    pub cold: bool,
    /// Size of the workloads: `quick` or `full`.
    pub size: String,
    /// How often each process times each strategy on each workload, after a warm-up.
    pub iterations: u32,
    /// What a timed batch takes at least, in milliseconds: a short run is repeated. 0: each batch is one run.
    #[serde(default)]
    pub batch_ms: u64,
    /// Blocks to measure at least.
    pub min_blocks: u32,
    /// Blocks to measure at most.
    pub max_blocks: u32,
    /// Time to spend, about, in seconds. None: [`Setup::max_blocks`] blocks, whatever they take.
    pub seconds: Option<u64>,
    /// Seconds without a sign of life after which a process is given up.
    pub timeout: u64,
    /// Which part of a larger matrix this is: `2/8`.
    pub shard: Option<String>,
    /// Whether the workload is a module of the user's, kept in the run's folder.
    #[serde(default)]
    pub own: bool,
}

/// A binary and the workloads that it measures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Seed with which the linker shuffled its functions; none for the binary as it is.
    pub layout: Option<u64>,
    /// Names of the workloads.
    pub workloads: Vec<String>,
}

/// A run that a merged run was made from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    /// Its number, as in [`Process::origin`].
    pub origin: u32,
    /// Its name.
    pub id: String,
    /// When it started, in seconds since 1970.
    pub started: u64,
    /// How thorough it is.
    pub kind: Kind,
    /// Seed of its order.
    pub seed: Option<u64>,
    /// What it ran on.
    pub fingerprint: Fingerprint,
}

/// Declares the rows: a variant for each type, of its name.
macro_rules! rows {
    ($($(#[$doc:meta])* $row:ident,)+) => {
        /// One line of the file.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "row", rename_all = "snake_case")]
        pub enum Row {
            $($(#[$doc])* $row($row),)+
        }

        $(impl From<$row> for Row {
            fn from(row: $row) -> Row {
                Row::$row(row)
            }
        })+
    };
}

rows! {
    /// The first line.
    Run,
    /// A timed batch.
    Sample,
    /// Many of them.
    Cells,
    /// Something went wrong.
    Failure,
    /// Size of compiled code.
    Size,
    /// How long the run will be.
    Plan,
    /// A block is complete.
    BlockEnd,
    /// Counted instructions.
    Count,
    /// What an engine is.
    About,
    /// Which strategy is enrolled a second time.
    Control,
    /// The conditions under which a process measured.
    Process,
    /// What was asked for.
    Setup,
    /// What a strategy asks of its host.
    Traits,
    /// What a workload is.
    Program,
    /// What a binary is.
    Layout,
    /// A run that this one was merged from.
    Origin,
}
