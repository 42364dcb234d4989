//! One workload: a checked manifest, and its module on demand.

use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use crate::checksum::{is_sha256_hex, sha256_hex};
use crate::error::Error;
use crate::manifest::{Class, Manifest, ManifestFile, ManifestRun, ManifestWasi};
use crate::value::Value;

/// A program to run: what it is, where it is from, how to call it, and what must come out.
#[derive(Clone, Debug)]
pub struct Workload {
    file: PathBuf,
    module_file: PathBuf,
    name: String,
    class: Class,
    description: String,
    source: String,
    licence: String,
    links: Vec<Link>,
    sha256: String,
    entry: String,
    expected_from: String,
    stubs: bool,
    beside: Vec<Beside>,
    quick: Run,
    full: Run,
    count: Option<Run>,
}

/// Another module, which is instantiated before that of a workload, and whose exports that one imports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beside {
    /// What imports call it.
    pub name: String,
    file: PathBuf,
    sha256: String,
}

impl Beside {
    /// The module in binary form, as of [`Workload::wasm`].
    ///
    /// # Errors
    ///
    /// If it cannot be read, or is not what the manifest says.
    pub fn wasm(&self) -> Result<Vec<u8>, Error> {
        read_module(&self.file, &self.sha256)
    }
}

/// A published package that is linked into a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The package's name.
    pub name: String,
    /// Its exact version.
    pub version: String,
    /// Its licence, as an SPDX expression.
    pub licence: String,
}

/// One size of a workload: the arguments of the entry function and what must come out of it.
///
/// The entry may be called any number of times on one instance and gives the same each time: programs set up all memory
/// that they read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The arguments of the entry function.
    pub args: Vec<Value>,
    /// The results that it must return, to the bit.
    pub expect: Vec<Value>,
    /// What must be in memory afterwards, for programs whose result does not say enough.
    pub memory: Option<MemoryCheck>,
    /// For commands: what they are given through WASI, and what they must print. Their entry takes and returns nothing, and
    /// is called once on an instance.
    pub wasi: Option<WasiRun>,
    /// How many instances of the module the machine has; usually one. Calls go to them in turn.
    pub instances: u32,
    /// How often the entry is called; usually once. Every call must give the same.
    pub calls: u32,
    /// On how many threads calls are made; then each instance has a machine of its own, which stays on its thread. Usually 0: all
    /// instances are in one machine.
    pub threads: u32,
    /// The SHA-256 of the entry, of all of the above, and of whether imports are made up: what of a program besides its module
    /// decides what it does.
    pub sha256: String,
}

impl Run {
    /// Whether the entry is called once, on a machine with one instance: all that other engines support.
    pub fn is_one_call(&self) -> bool {
        self.instances == 1 && self.calls == 1 && self.threads == 0
    }
}

/// The surroundings of a WASI command, and what must come of it. Whatever it writes to standard error is a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WasiRun {
    /// The arguments, the program's name first.
    pub args: Vec<String>,
    /// The environment.
    pub env: Vec<(String, String)>,
    /// What stands on standard input.
    pub stdin: Arc<[u8]>,
    /// The files it may read.
    pub files: Vec<WasiFile>,
    /// The exit code that it must end with; 0 also stands for returning.
    pub exit_code: u32,
    /// The SHA-256 of all that it must write to standard output, in lower-case hexadecimal digits.
    pub stdout_sha256: String,
}

impl WasiRun {
    /// Whether this is what the program must write to standard output.
    pub fn matches(&self, stdout: &[u8]) -> bool {
        sha256_hex(stdout) == self.stdout_sha256
    }
}

/// A file that a command may read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WasiFile {
    /// Its path below the program's working folder.
    pub guest: String,
    /// Its contents.
    pub bytes: Arc<[u8]>,
}

/// A part of memory that is checked after a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryCheck {
    /// The name under which the module exports the memory.
    pub export: String,
    /// The first byte.
    pub offset: u64,
    /// The number of bytes.
    pub len: u64,
    /// The SHA-256 of these bytes, in lower-case hexadecimal digits.
    pub sha256: String,
}

impl MemoryCheck {
    /// Whether `memory`, the whole memory from address 0, has the expected bytes. False also if it is too small.
    pub fn matches(&self, memory: &[u8]) -> bool {
        let part = usize::try_from(self.offset)
            .ok()
            .zip(usize::try_from(self.len).ok())
            .and_then(|(offset, len)| {
                let end = offset.checked_add(len)?;
                memory.get(offset..end)
            });
        part.is_some_and(|part| sha256_hex(part) == self.sha256)
    }
}

impl Workload {
    /// Loads the manifest at `path`. The module that it names is read later, by [`Workload::wasm`].
    pub fn load(path: impl AsRef<Path>) -> Result<Workload, Error> {
        let path = path.as_ref();
        let text = fs::read_to_string(path).map_err(|source| Error::Unreadable {
            file: path.to_owned(),
            source,
        })?;
        let manifest: Manifest = toml::from_str(&text).map_err(|source| {
            let (file, source) = (path.to_owned(), Box::new(source));
            // One pass reads syntax and fields at once and does not say which of them failed.
            if text.parse::<toml::Table>().is_err() {
                Error::NotToml { file, source }
            } else {
                Error::NotManifest { file, source }
            }
        })?;
        Workload::check(path, manifest)
    }

    fn check(path: &Path, manifest: Manifest) -> Result<Workload, Error> {
        let bad = |field: &str, reason: &str| Error::BadField {
            file: path.to_owned(),
            field: field.to_owned(),
            reason: reason.to_owned(),
        };
        for (field, text) in [
            ("name", &manifest.name),
            ("description", &manifest.description),
            ("source", &manifest.source),
            ("licence", &manifest.licence),
            ("entry", &manifest.entry),
            ("expected_from", &manifest.expected_from),
        ] {
            if text.trim().is_empty() {
                return Err(bad(field, "must not be empty"));
            }
        }
        // Names become file names, benchmark ids and plot labels.
        if !manifest
            .name
            .bytes()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_')
        {
            return Err(bad("name", "only lower-case letters, digits and `_` are allowed"));
        }
        let own = ("", &manifest.module, &manifest.sha256);
        let beside = manifest.beside.iter();
        let beside = beside.map(|beside| ("beside.", &beside.module, &beside.sha256));
        for (of, module, sha256) in [own].into_iter().chain(beside) {
            if !is_sha256_hex(sha256) {
                let field = format!("{of}sha256");
                return Err(bad(&field, "64 lower-case hexadecimal digits are expected"));
            }
            if !module.ends_with(".wat") && !module.ends_with(".wasm") {
                let field = format!("{of}module");
                return Err(bad(&field, "a file that ends in `.wat` or `.wasm` is expected"));
            }
        }
        let folder = path.parent().unwrap_or(Path::new(""));
        let linked: String = manifest.beside.iter().map(|beside| beside.sha256.as_str()).collect();
        let of_size = |size: &str, run: ManifestRun| {
            // As it is written, which does not depend on where or how it stands in the file.
            let text = toml::to_string(&run).map_err(|error| bad(size, &error.to_string()))?;
            let sha256 = sha256_hex(format!("{}\n{}\n{linked}{text}", manifest.entry, manifest.stubs).as_bytes());
            check_run(path, size, run, sha256)
        };
        Ok(Workload {
            file: path.to_owned(),
            module_file: folder.join(&manifest.module),
            quick: of_size("quick", manifest.quick)?,
            full: of_size("full", manifest.full)?,
            count: manifest.count.map(|run| of_size("count", run)).transpose()?,
            stubs: manifest.stubs,
            beside: (manifest.beside.into_iter())
                .map(|beside| Beside {
                    name: beside.name,
                    file: folder.join(beside.module),
                    sha256: beside.sha256,
                })
                .collect(),
            name: manifest.name,
            class: manifest.class,
            description: one_line(&manifest.description),
            source: one_line(&manifest.source),
            licence: manifest.licence,
            links: manifest
                .links
                .into_iter()
                .map(|link| Link {
                    name: link.name,
                    version: link.version,
                    licence: link.licence,
                })
                .collect(),
            sha256: manifest.sha256,
            entry: manifest.entry,
            expected_from: one_line(&manifest.expected_from),
        })
    }

    /// The module in binary form: read from the module file, compared with the manifest's checksum, and assembled if it
    /// is `.wat` text.
    pub fn wasm(&self) -> Result<Vec<u8>, Error> {
        read_module(&self.module_file, &self.sha256)
    }

    /// The manifest.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The module file, `.wat` or `.wasm`.
    pub fn module_file(&self) -> &Path {
        &self.module_file
    }

    /// The name, unique in its folder: lower-case letters, digits and `_`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it stresses most.
    pub fn class(&self) -> Class {
        self.class
    }

    /// What it does and what it shows.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// Where its source is and who wrote it.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The licence of its source, as an SPDX expression.
    pub fn licence(&self) -> &str {
        &self.licence
    }

    /// The published packages that are linked into it.
    pub fn links(&self) -> &[Link] {
        &self.links
    }

    /// The SHA-256 of the module file, in lower-case hexadecimal digits.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The exported function to call.
    pub fn entry(&self) -> &str {
        &self.entry
    }

    /// How the expected results were obtained.
    pub fn expected_from(&self) -> &str {
        &self.expected_from
    }

    /// Whether an engine makes up what it imports, except WASI.
    pub fn stubs(&self) -> bool {
        self.stubs
    }

    /// The modules that are instantiated before it, in this order; those that come later may import from earlier ones.
    pub fn beside(&self) -> &[Beside] {
        &self.beside
    }

    /// The small size: a few milliseconds in a fast interpreter.
    pub fn quick(&self) -> &Run {
        &self.quick
    }

    /// The large size: about twenty times the small one.
    pub fn full(&self) -> &Run {
        &self.full
    }

    /// The smallest size, for counting instructions under an emulator a hundred times slower than the processor; `None`
    /// if the workload is not counted.
    pub fn count(&self) -> Option<&Run> {
        self.count.as_ref()
    }
}

/// A module file in binary form, if it has this checksum.
fn read_module(file: &Path, sha256: &str) -> Result<Vec<u8>, Error> {
    let bytes = fs::read(file).map_err(|source| Error::Unreadable {
        file: file.to_owned(),
        source,
    })?;
    let actual = sha256_hex(&bytes);
    if actual != sha256 {
        return Err(Error::Sha256Mismatch {
            file: file.to_owned(),
            expected: sha256.to_owned(),
            actual,
        });
    }
    match wat::parse_bytes(&bytes) {
        Ok(wasm) => Ok(wasm.into_owned()),
        Err(source) => Err(Error::BadWat {
            file: file.to_owned(),
            source,
        }),
    }
}

/// Manifests break long texts over lines; reports break them elsewhere.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn check_run(path: &Path, size: &str, run: ManifestRun, sha256: String) -> Result<Run, Error> {
    let bad = |field: &str, reason: &str| Error::BadField {
        file: path.to_owned(),
        field: format!("{size}.{field}"),
        reason: reason.to_owned(),
    };
    let args = check_values(path, &format!("{size}.args"), run.args)?;
    let expect = check_values(path, &format!("{size}.expect"), run.expect)?;
    let memory = run.memory.map(|memory| MemoryCheck {
        export: memory.export,
        offset: memory.offset,
        len: memory.len,
        sha256: memory.sha256,
    });
    if let Some(memory) = &memory {
        if !is_sha256_hex(&memory.sha256) {
            return Err(bad("memory.sha256", "64 lower-case hexadecimal digits are expected"));
        }
        if memory.len == 0 {
            return Err(bad("memory.len", "must be at least 1"));
        }
    }
    let wasi = run.wasi.map(|wasi| check_wasi(path, size, wasi)).transpose()?;
    if wasi.is_some() && !(args.is_empty() && expect.is_empty()) {
        return Err(bad("wasi", "a command's entry has neither arguments nor results"));
    }
    if expect.is_empty() && memory.is_none() && wasi.is_none() {
        return Err(bad("expect", "a run must check a result or memory"));
    }
    for (field, number) in [("instances", run.instances), ("calls", run.calls)] {
        if number == 0 {
            return Err(bad(field, "must be at least 1"));
        }
    }
    if run.calls < run.instances {
        return Err(bad("calls", "must be at least `instances`, so that each is called"));
    }
    if run.threads > run.instances {
        return Err(bad(
            "threads",
            "must be at most `instances`, so that each has a machine",
        ));
    }
    if wasi.is_some() && (run.calls != 1 || run.threads != 0) {
        return Err(bad("calls", "a command is called once"));
    }
    Ok(Run {
        args,
        expect,
        memory,
        wasi,
        instances: run.instances,
        calls: run.calls,
        threads: run.threads,
        sha256,
    })
}

fn check_wasi(path: &Path, size: &str, wasi: ManifestWasi) -> Result<WasiRun, Error> {
    let bad = |field: &str, reason: &str| Error::BadField {
        file: path.to_owned(),
        field: format!("{size}.wasi.{field}"),
        reason: reason.to_owned(),
    };
    if wasi.args.is_empty() {
        return Err(bad("args", "the first argument is the program's name"));
    }
    if !is_sha256_hex(&wasi.stdout_sha256) {
        return Err(bad("stdout_sha256", "64 lower-case hexadecimal digits are expected"));
    }
    let texts = wasi.env.iter().flat_map(|(name, value)| [name, value]);
    if wasi.args.iter().chain(texts).any(|text| text.contains('\0')) {
        return Err(bad("args", "must not contain the character NUL"));
    }
    let stdin = match (wasi.stdin, wasi.stdin_sha256) {
        (None, None) => [].into(),
        (Some(file), Some(sha256)) => read_input(path, &format!("{size}.wasi.stdin"), &file, &sha256)?,
        _ => return Err(bad("stdin", "`stdin` and `stdin_sha256` need each other")),
    };
    let mut files = Vec::new();
    for ManifestFile { guest, file, sha256 } in wasi.files {
        if guest.is_empty() || !is_inside(Path::new(&guest)) {
            return Err(bad("files.guest", "a path below the program's folder is expected"));
        }
        let bytes = read_input(path, &format!("{size}.wasi.files"), &file, &sha256)?;
        files.push(WasiFile { guest, bytes });
    }
    Ok(WasiRun {
        args: wasi.args,
        env: wasi.env.into_iter().collect(),
        stdin,
        files,
        exit_code: wasi.exit_code,
        stdout_sha256: wasi.stdout_sha256,
    })
}

/// Whether a path leads nowhere but below the folder it starts from.
fn is_inside(path: &Path) -> bool {
    path.components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}

/// Reads a file that stands beside a manifest, or below.
fn read_input(manifest: &Path, field: &str, file: &str, sha256: &str) -> Result<Arc<[u8]>, Error> {
    if !is_inside(Path::new(file)) {
        return Err(Error::BadField {
            file: manifest.to_owned(),
            field: field.to_owned(),
            reason: format!("`{file}` is not beside the manifest"),
        });
    }
    let file = manifest.parent().unwrap_or(Path::new("")).join(file);
    let bytes = fs::read(&file).map_err(|source| Error::Unreadable {
        file: file.clone(),
        source,
    })?;
    let actual = sha256_hex(&bytes);
    if actual != sha256 {
        return Err(Error::Sha256Mismatch {
            file,
            expected: sha256.to_owned(),
            actual,
        });
    }
    Ok(bytes.into())
}

fn check_values(path: &Path, field: &str, texts: Vec<String>) -> Result<Vec<Value>, Error> {
    texts
        .into_iter()
        .enumerate()
        .map(|(index, text)| {
            text.parse().map_err(|source| Error::BadValue {
                file: path.to_owned(),
                field: format!("{field}[{index}]"),
                text,
                source,
            })
        })
        .collect()
}
