//! The TOML schema of a manifest, as it stands in the file. `workload.rs` turns it into a checked
//! [`Workload`](crate::Workload).

use std::fmt;

use serde::Deserialize;
use std::collections::BTreeMap;

/// What a workload stresses most; the report ranks strategies within each class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Cheap instructions in straight lines and simple loops: the cost is getting from one to the next.
    Dispatch,
    /// Direct calls.
    Calls,
    /// Calls through a table.
    IndirectCalls,
    /// Tail calls.
    TailCalls,
    /// Loads and stores.
    Memory,
    /// Floating-point arithmetic.
    Floats,
    /// Conditional branches that are hard to predict.
    Branchy,
    /// Multi-way branches.
    BrTable,
    /// `memory.copy` and `memory.fill`.
    BulkMemory,
    /// More code in use than fits the processor's caches.
    HugeCode,
    /// A run so short that loading and compiling are what it costs.
    Startup,
    /// Whatever a module of the user's does.
    Own,
}

impl Class {
    /// Every class of the project's workloads, in the order in which reports show them.
    pub const ALL: [Class; 11] = [
        Class::Dispatch,
        Class::Calls,
        Class::IndirectCalls,
        Class::TailCalls,
        Class::Memory,
        Class::Floats,
        Class::Branchy,
        Class::BrTable,
        Class::BulkMemory,
        Class::HugeCode,
        Class::Startup,
    ];

    /// The name as manifests write it.
    pub fn name(self) -> &'static str {
        match self {
            Class::Dispatch => "dispatch",
            Class::Calls => "calls",
            Class::IndirectCalls => "indirect-calls",
            Class::TailCalls => "tail-calls",
            Class::Memory => "memory",
            Class::Floats => "floats",
            Class::Branchy => "branchy",
            Class::BrTable => "br-table",
            Class::BulkMemory => "bulk-memory",
            Class::HugeCode => "huge-code",
            Class::Startup => "startup",
            Class::Own => "own",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

// Unknown fields are refused everywhere: a misspelt optional field would otherwise be a check that silently never runs.

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    pub name: String,
    pub class: Class,
    pub description: String,
    pub source: String,
    pub licence: String,
    #[serde(default)]
    pub links: Vec<ManifestLink>,
    pub module: String,
    pub sha256: String,
    pub entry: String,
    pub expected_from: String,
    pub quick: ManifestRun,
    pub full: ManifestRun,
    pub count: Option<ManifestRun>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ManifestLink {
    pub name: String,
    pub version: String,
    pub licence: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ManifestRun {
    #[serde(default)]
    pub args: Vec<String>,
    #[serde(default)]
    pub expect: Vec<String>,
    pub memory: Option<ManifestMemory>,
    pub wasi: Option<ManifestWasi>,
    #[serde(default = "one")]
    pub instances: u32,
    #[serde(default = "one")]
    pub calls: u32,
}

fn one() -> u32 {
    1
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ManifestWasi {
    pub args: Vec<String>,
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    pub stdin: Option<String>,
    pub stdin_sha256: Option<String>,
    #[serde(default)]
    pub exit_code: u32,
    pub stdout_sha256: String,
    #[serde(default)]
    pub files: Vec<ManifestFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ManifestFile {
    pub guest: String,
    pub file: String,
    pub sha256: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ManifestMemory {
    pub export: String,
    pub offset: u64,
    pub len: u64,
    pub sha256: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct OnlyClass {
        class: Class,
    }

    #[test]
    fn the_name_of_every_class_is_what_a_manifest_writes() {
        for class in Class::ALL.into_iter().chain([Class::Own]) {
            let parsed: OnlyClass = toml::from_str(&format!("class = \"{class}\"")).unwrap();
            assert_eq!(parsed.class, class);
        }
    }
}
