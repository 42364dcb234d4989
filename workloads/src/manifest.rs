//! The TOML schema of a manifest, as it stands in the file. `workload.rs` turns it into a checked
//! [`Workload`](crate::Workload).

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::checksum::sha256_hex;
use crate::error::Error;
use crate::value::Value;

/// What a workload stresses most; the report ranks strategies within each class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
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
    /// Vector instructions.
    Vector,
    /// What those of class `vector` do, compiled from the same sources without vector instructions.
    ScalarTwin,
    /// More code in use than fits the processor's caches.
    HugeCode,
    /// Calls of the host.
    HostCalls,
    /// Calls that go over to another instance.
    BetweenInstances,
    /// A run so short that loading and compiling dominate.
    Startup,
    /// A module of the user's, whatever it does.
    Own,
}

impl Class {
    /// Every class of the project's workloads, in the order in which reports show them.
    pub const ALL: [Class; 15] = [
        Class::Dispatch,
        Class::Calls,
        Class::IndirectCalls,
        Class::TailCalls,
        Class::Memory,
        Class::Floats,
        Class::Branchy,
        Class::BrTable,
        Class::BulkMemory,
        Class::Vector,
        Class::ScalarTwin,
        Class::HugeCode,
        Class::HostCalls,
        Class::BetweenInstances,
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
            Class::Vector => "vector",
            Class::ScalarTwin => "scalar-twin",
            Class::HugeCode => "huge-code",
            Class::HostCalls => "host-calls",
            Class::BetweenInstances => "between-instances",
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

// Unknown fields are refused everywhere: otherwise a misspelt optional field would silently skip a check.

/// A manifest: what a [`Workload`](crate::Workload) is read from.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Its name: lower-case letters, digits and `_`.
    pub name: String,
    /// What it stresses most.
    pub class: Class,
    /// What it does and what it shows.
    pub description: String,
    /// Where its source is and who wrote it.
    pub source: String,
    /// The licence of its source, as an SPDX expression.
    pub licence: String,
    /// The published packages that are linked into it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<ManifestLink>,
    /// The module's file, beside the manifest.
    pub module: String,
    /// The SHA-256 of that file.
    pub sha256: String,
    /// The exported function to call.
    pub entry: String,
    /// How the expected results were obtained.
    pub expected_from: String,
    /// Whether an engine makes up what it imports, except WASI: functions that cannot be called, and memories, tables
    /// and globals of zeros.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stubs: bool,
    /// Other modules that are instantiated before it, in this order, and whose exports it may import.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub beside: Vec<ManifestBeside>,
    /// The small size.
    pub quick: ManifestRun,
    /// The large size.
    pub full: ManifestRun,
    /// The smallest size, for counting instructions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<ManifestRun>,
}

impl Manifest {
    /// A manifest of a program that is not the project's, with the same run in both sizes. The caller fills in name, texts
    /// and entry; [`Manifest::write`] does the rest.
    pub fn own(run: ManifestRun) -> Manifest {
        Manifest {
            name: String::new(),
            class: Class::Own,
            description: String::new(),
            source: String::new(),
            licence: String::new(),
            links: Vec::new(),
            module: String::new(),
            sha256: String::new(),
            entry: String::new(),
            expected_from: String::new(),
            stubs: false,
            beside: Vec::new(),
            quick: run.clone(),
            full: run,
            count: None,
        }
    }

    /// Writes the manifest into `folder`, with its module beside it under the same name; returns the manifest's file, from
    /// which [`Workload::load`](crate::Workload::load) reads the workload.
    ///
    /// # Errors
    ///
    /// If a file cannot be written.
    pub fn write(mut self, folder: &Path, wasm: &[u8]) -> Result<PathBuf, Error> {
        let io = |file: &Path| {
            let file = file.to_owned();
            move |source| Error::Unwritable { file, source }
        };
        self.module = format!("{}.wasm", self.name);
        self.sha256 = sha256_hex(wasm);
        let (module, file) = (folder.join(&self.module), folder.join(format!("{}.toml", self.name)));
        let text = toml::to_string(&self).map_err(|error| Error::BadField {
            file: file.clone(),
            field: "(all)".to_owned(),
            reason: error.to_string(),
        })?;
        fs::create_dir_all(folder).map_err(io(folder))?;
        fs::write(&module, wasm).map_err(io(&module))?;
        fs::write(&file, text).map_err(io(&file))?;
        Ok(file)
    }
}

/// A published package that is linked into a module.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestLink {
    /// The package's name.
    pub name: String,
    /// Its exact version.
    pub version: String,
    /// Its licence.
    pub licence: String,
}

/// A module that a workload is linked with.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestBeside {
    /// What imports call it.
    pub name: String,
    /// Its file, beside the manifest.
    pub module: String,
    /// The SHA-256 of that file.
    pub sha256: String,
}

/// One size of a workload.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestRun {
    /// The arguments of the entry.
    #[serde(default)]
    pub args: Vec<String>,
    /// The results that it must return.
    #[serde(default)]
    pub expect: Vec<String>,
    /// What must stand in memory afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<ManifestMemory>,
    /// For commands: their surroundings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wasi: Option<ManifestWasi>,
    /// How many instances there are.
    #[serde(default = "one")]
    pub instances: u32,
    /// How often the entry is called.
    #[serde(default = "one")]
    pub calls: u32,
    /// On how many threads; then each instance has a machine of its own. 0: all are in one machine.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub threads: u32,
}

impl ManifestRun {
    /// One call.
    pub fn of(args: &[Value], expect: &[Value]) -> ManifestRun {
        let texts = |values: &[Value]| values.iter().map(Value::to_string).collect();
        ManifestRun {
            args: texts(args),
            expect: texts(expect),
            memory: None,
            wasi: None,
            instances: 1,
            calls: 1,
            threads: 0,
        }
    }
}

fn one() -> u32 {
    1
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// The surroundings of a WASI command, and what must come of it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestWasi {
    /// The arguments, the program's name first.
    pub args: Vec<String>,
    /// The environment.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// The file that stands on standard input, beside the manifest or below.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stdin: Option<String>,
    /// Its SHA-256.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stdin_sha256: Option<String>,
    /// The exit code that it must end with.
    #[serde(default)]
    pub exit_code: u32,
    /// The SHA-256 of all that it must write to standard output.
    pub stdout_sha256: String,
    /// The files it may read.
    #[serde(default)]
    pub files: Vec<ManifestFile>,
}

/// A file that a command may read.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestFile {
    /// Its path below the program's working folder.
    pub guest: String,
    /// Where it is, beside the manifest or below.
    pub file: String,
    /// Its SHA-256.
    pub sha256: String,
}

/// A part of memory that is checked after a run.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestMemory {
    /// The name under which the module exports the memory.
    pub export: String,
    /// The first byte.
    pub offset: u64,
    /// The number of bytes.
    pub len: u64,
    /// The SHA-256 of these bytes.
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
