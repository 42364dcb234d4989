//! A module of the user's as a workload: what it must give is what the best strategy without unsafe code makes of it.
//!
//! It is written into the run's folder as any other workload, a manifest with a module beside it, so that workers find it,
//! a killed run can go on, and a later reader of the record can measure it again.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use clap::Args;
use wasm_dispatch::ir::types::FuncType;
use wasm_dispatch::wasi::{self, Function, exit_code};
use wasm_dispatch::{ErrorKind, ExternType, Imports, InterruptHandle, Limits, Metering, Module, Pause, Strategy, Vm};
use wasm_dispatch_record::visible::name;
use wasm_dispatch_workloads::manifest::{Manifest, ManifestFile, ManifestMemory, ManifestRun, ManifestWasi};
use wasm_dispatch_workloads::{Value, WasiFile, WasiRun, Workload, sha256_hex};

use crate::arguments::{arguments, entry};
use crate::values::to_typed;
use crate::wasi::of_command;

/// Name of the folder, below a run's, with the workload.
pub const FOLDER: &str = "workload";

/// Characters of a file's name that become a workload's.
const LONGEST_NAME: usize = 60;

/// Whether the lab has what is imported by this module and name: a function of WASI.
fn is_known(module: &str, name: &str) -> bool {
    module == wasi::MODULE && Function::ALL.iter().any(|function| function.name() == name)
}

/// A module of the user's and how to run it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnModule {
    /// The module, `.wasm` or `.wat`.
    pub file: PathBuf,
    /// The function's arguments (`30`, or `i32:30`), or the command's, without its own name.
    pub args: Vec<String>,
    /// What else it is given.
    pub given: Given,
}

/// What is called of a program of the user's, and what it sees.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// The exported function to call [default: _start, the entry of a WASI command]
    #[arg(long, value_name = "NAME")]
    pub invoke: Option<String>,
    /// WASI commands: a folder that it may read, under its own name or another; may be repeated. 'bench' keeps copies of the
    /// folder's files
    #[arg(long, value_name = "[NAME=]FOLDER", value_parser = folder)]
    pub dir: Vec<(String, PathBuf)>,
    /// WASI commands: a file that it may read; may be repeated
    #[arg(long = "file", value_name = "NAME=FILE", value_parser = pair::<PathBuf>)]
    pub files: Vec<(String, PathBuf)>,
    /// WASI commands: an environment variable; may be repeated [default: an empty environment]
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair::<String>)]
    pub env: Vec<(String, String)>,
    /// WASI commands: a file for standard input [default: the lab's own; for 'bench' nothing]
    #[arg(long, value_name = "FILE")]
    pub stdin: Option<PathBuf>,
    /// Make up what the module imports besides WASI: functions that end the program when they are called, and memories, tables and
    /// globals of zeros
    #[arg(long)]
    pub stubs: bool,
}

impl Given {
    /// One of the options for WASI commands that was given.
    pub fn to_a_command(&self) -> Option<&'static str> {
        let given = [
            ("--dir", !self.dir.is_empty()),
            ("--file", !self.files.is_empty()),
            ("--env", !self.env.is_empty()),
            ("--stdin", self.stdin.is_some()),
        ];
        given.into_iter().find_map(|(option, given)| given.then_some(option))
    }

    /// One of the options that was given.
    pub fn any(&self) -> Option<&'static str> {
        let invoke = self.invoke.as_ref().map(|_| "--invoke");
        invoke.or(self.stubs.then_some("--stubs")).or(self.to_a_command())
    }
}

/// `NAME=VALUE`.
fn pair<T: for<'t> From<&'t str>>(text: &str) -> Result<(String, T), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.into())),
        _ => Err("NAME=VALUE is expected".to_owned()),
    }
}

/// `FOLDER`, or `NAME=FOLDER`.
fn folder(text: &str) -> Result<(String, PathBuf), String> {
    Ok(pair(text).unwrap_or_else(|_| (text.to_owned(), text.into())))
}

/// What the files of a command's folders may take together: a copy of each is kept beside the run.
const LARGEST: u64 = 64 << 20;

/// Why a module cannot be a workload.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {what}")]
pub struct Error {
    /// The module, or another file that it needs.
    pub path: PathBuf,
    /// Why.
    pub what: String,
}

/// Does something, and stops what runs on the handle's machine once that has taken too long.
fn within<T>(patience: Duration, handle: &InterruptHandle, work: impl FnOnce() -> T) -> T {
    /// How often it is stopped from then on: whatever begins after one interrupt needs another.
    const AGAIN: Duration = Duration::from_millis(10);
    let (done, ended) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            let mut wait = patience;
            while ended.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                handle.interrupt();
                wait = AGAIN;
            }
        });
        // Also if it panics, so that nobody waits.
        let _done = done;
        work()
    })
}

/// The error of something that went wrong with a file.
fn at<E: fmt::Display>(path: &Path) -> impl Fn(E) -> Error {
    move |what| Error {
        path: path.to_owned(),
        what: what.to_string(),
    }
}

/// A file's module in binary form. One that is called `.wasm` must be that already; any other may be text.
///
/// # Errors
///
/// If the file cannot be read or has neither.
pub fn binary(file: &Path) -> Result<Vec<u8>, Error> {
    const MAGIC: &[u8] = b"\0asm";
    let bytes = fs::read(file).map_err(at(file))?;
    if bytes.starts_with(MAGIC) {
        return Ok(bytes);
    }
    if file.extension().is_some_and(|end| end == "wasm") {
        let what = if bytes.is_empty() {
            "it is empty"
        } else {
            "it does not begin with \\0asm"
        };
        return Err(at(file)(format!("not a WebAssembly module: {what}")));
    }
    Ok(wat::parse_bytes(&bytes).map_err(at(file))?.into_owned())
}

impl OwnModule {
    /// Runs the module twice, for no longer than `patience` each time, and writes the workload below `run`, the folder of a run.
    ///
    /// # Errors
    ///
    /// If the module cannot be read, loaded or run, if it does not end in time or not do the same twice, or if it leaves
    /// nothing that could be compared.
    pub fn write(&self, run: &Path, patience: Duration) -> Result<Workload, Error> {
        let wasm = binary(&self.file)?;
        // So that one that never ends can be stopped.
        let options = Module::options().metering(Metering::Interrupts);
        let module = options.compile(&wasm).map_err(at(&self.file))?;
        self.check_imports(&module)?;
        let is_command = module.imports().any(|import| import.module == wasi::MODULE);
        let (entry, ty) = entry(&module, self.given.invoke.as_deref()).map_err(at(&self.file))?;
        let folder = run.join(FOLDER);
        let once = match is_command {
            true => self.command(&module, &entry, &ty, &folder, patience)?,
            false => self.function(&module, &entry, &ty, patience)?,
        };
        let manifest = Manifest {
            name: self.name(),
            description: "A module of the user's.".to_owned(),
            source: self.file.display().to_string(),
            licence: "the user's".to_owned(),
            entry,
            expected_from: format!("Two runs under {}.", Strategy::best_safe()),
            stubs: self.given.stubs,
            ..Manifest::own(once)
        };
        let written = manifest.write(&folder, &wasm);
        written.and_then(|file| Workload::load(&file)).map_err(at(&folder))
    }

    fn wrong(&self, what: impl fmt::Display) -> Error {
        at(&self.file)(what)
    }

    /// The file's name, as far as a workload may be called like that.
    fn name(&self) -> String {
        let stem = self.file.file_stem().unwrap_or_default().to_string_lossy();
        let letter = |c: char| match c.is_ascii_alphanumeric() {
            true => c.to_ascii_lowercase(),
            false => '_',
        };
        // Long enough to know it by, and for a file to be called so.
        let of_file: String = stem.chars().take(LONGEST_NAME).map(letter).collect();
        match of_file.is_empty() {
            true => "module".to_owned(),
            false => of_file,
        }
    }

    /// What it imports must be WASI's, if nothing may be made up.
    fn check_imports(&self, module: &Module) -> Result<(), Error> {
        let mut imports = module.imports();
        match imports.find(|import| !is_known(&import.module, &import.name)) {
            Some(import) if !self.given.stubs => Err(self.wrong(format!(
                "it imports '{}' from '{}', which the lab does not know; with --stubs it gets functions that trap, and memories, \
                 tables and globals that are empty",
                name(&import.name),
                name(&import.module)
            ))),
            _ => Ok(()),
        }
    }

    /// Why a run did not come to its end.
    fn stopped(&self, error: &wasm_dispatch::Error, patience: Duration) -> Error {
        match error.kind() {
            ErrorKind::Paused(Pause::Interrupted) => self.wrong(format!(
                "it did not end within {} s; --timeout allows more",
                patience.as_secs_f64()
            )),
            _ => self.wrong(error),
        }
    }

    /// What is done twice must do the same.
    fn twice<T: PartialEq>(&self, once: impl Fn() -> Result<T, Error>) -> Result<T, Error> {
        let (first, again) = (once()?, once()?);
        match first == again {
            true => Ok(first),
            false => Err(self.wrong("it does not do the same twice")),
        }
    }

    /// What a function gives: results and memory.
    fn function(&self, module: &Module, entry: &str, ty: &FuncType, patience: Duration) -> Result<ManifestRun, Error> {
        if let Some(option) = self.given.to_a_command() {
            let why = format!("{option} is for WASI commands; this module does not import WASI");
            return Err(self.wrong(why));
        }
        let own = arguments(entry, ty, &self.args).map_err(at(&self.file))?;
        let typed = |values: Vec<wasm_dispatch::Value>| -> Result<Vec<Value>, Error> {
            let typed: Result<_, String> = values.into_iter().map(to_typed).collect();
            typed.map_err(at(&self.file))
        };
        let args = typed(own.clone())?;
        let once = || {
            let mut vm = Vm::with(Strategy::best_safe(), Limits::default());
            let mut imports = Imports::new();
            if self.given.stubs {
                imports.make_up(module, &mut vm)?;
            }
            let handle = vm.interrupt_handle();
            let (instance, results) = within(patience, &handle, || {
                let instance = vm.instantiate(module, &imports)?;
                Ok::<_, wasm_dispatch::Error>((instance, vm.call(instance, entry, &own)?))
            })?;
            let memory = module.exports().find_map(|export| match export.ty {
                ExternType::Memory(_) => Some(export.name),
                _ => None,
            });
            let memory = memory.and_then(|export| {
                let bytes = vm.memory(vm.exported_memory(instance, &export).ok()?).ok()?;
                (!bytes.is_empty()).then(|| ManifestMemory {
                    export,
                    offset: 0,
                    len: bytes.len() as u64,
                    sha256: sha256_hex(bytes),
                })
            });
            Ok((results, memory))
        };
        let (expect, memory) = self.twice(|| {
            let (results, memory) = once().map_err(|error: wasm_dispatch::Error| self.stopped(&error, patience))?;
            Ok((typed(results)?, memory))
        })?;
        if expect.is_empty() && memory.is_none() {
            return Err(self.wrong(format!(
                "'{entry}' returns nothing and no memory is exported, so that nothing shows whether it was run correctly"
            )));
        }
        Ok(ManifestRun {
            memory,
            ..ManifestRun::of(&args, &expect)
        })
    }

    /// The files in the command's folders, by name.
    fn files_in_folders(&self) -> Result<Vec<(String, PathBuf)>, Error> {
        let (mut files, mut size) = (Vec::new(), 0);
        let mut open = self.given.dir.clone();
        while let Some((guest, folder)) = open.pop() {
            for entry in fs::read_dir(&folder).map_err(at(&folder))? {
                let entry = entry.map_err(at(&folder))?;
                let (path, kind) = (entry.path(), entry.file_type().map_err(at(&folder))?);
                let name = entry.file_name().into_string();
                let name = name.map_err(|name| at(&folder)(format!("{name:?} is no text")))?;
                let guest = match guest.trim_start_matches("./") {
                    "." | "" => name,
                    above => format!("{}/{name}", above.trim_end_matches('/')),
                };
                // What a link leads to may lie outside, or lead back.
                if kind.is_dir() {
                    open.push((guest, path));
                } else if kind.is_file() {
                    size += entry.metadata().map_err(at(&path))?.len();
                    files.push((guest, path));
                }
                if size > LARGEST {
                    return Err(at(&folder)(
                        "more than 64 MiB of files; name those that it needs with --file",
                    ));
                }
            }
        }
        files.sort();
        Ok(files)
    }

    /// What a command gives: exit code and output.
    fn command(
        &self,
        module: &Module,
        entry: &str,
        ty: &FuncType,
        folder: &Path,
        patience: Duration,
    ) -> Result<ManifestRun, Error> {
        if !(ty.params.is_empty() && ty.results.is_empty()) {
            return Err(self.wrong(format!(
                "a module that imports WASI is run as a command, but '{entry}' takes or returns something"
            )));
        }
        let inputs = folder.join("inputs");
        fs::create_dir_all(&inputs).map_err(at(&inputs))?;
        // Keeps a copy of a file for the processes that measure, and returns its place below the folder.
        let keep = |name: String, path: &Path| {
            let bytes: Arc<[u8]> = fs::read(path).map_err(at(path))?.into();
            let copy = inputs.join(&name);
            fs::write(&copy, &bytes).map_err(at(&copy))?;
            Ok((format!("inputs/{name}"), sha256_hex(&bytes), bytes))
        };
        let stdin = self.given.stdin.as_ref().map(|path| keep("stdin".to_owned(), path));
        let stdin = stdin.transpose()?;
        let (mut files, mut manifest_files) = (Vec::new(), Vec::new());
        let below = self.files_in_folders()?;
        for (number, (guest, path)) in self.given.files.iter().chain(&below).enumerate() {
            let (file, sha256, bytes) = keep(number.to_string(), path)?;
            let guest = guest.clone();
            files.push(WasiFile {
                guest: guest.clone(),
                bytes,
            });
            manifest_files.push(ManifestFile { guest, file, sha256 });
        }
        let own_name = self.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let command = WasiRun {
            args: [own_name].into_iter().chain(self.args.iter().cloned()).collect(),
            env: self.given.env.clone(),
            stdin: stdin.as_ref().map_or([].into(), |(.., bytes)| bytes.clone()),
            files,
            exit_code: 0,
            stdout_sha256: String::new(),
        };
        let (exit_code, stdout_sha256) = self.twice(|| {
            let (wasi, printed) = of_command(&command).map_err(|error| self.wrong(error))?;
            let mut imports = Imports::new();
            wasi.define(&mut imports);
            let mut vm = Vm::with(Strategy::best_safe(), Limits::default());
            if self.given.stubs {
                imports.make_up(module, &mut vm).map_err(|error| self.wrong(error))?;
            }
            let ended = within(patience, &vm.interrupt_handle(), || {
                let instance = vm.instantiate(module, &imports)?;
                vm.call(instance, entry, &[])
            });
            let code = match ended {
                Ok(_) => 0,
                Err(error) => exit_code(&error).ok_or_else(|| self.stopped(&error, patience))?,
            };
            let stdout = printed.stdout().map_err(|error| self.wrong(error))?;
            Ok((code, sha256_hex(&stdout)))
        })?;
        let (stdin, stdin_sha256) = stdin.map(|(file, sha256, _)| (file, sha256)).unzip();
        Ok(ManifestRun {
            wasi: Some(ManifestWasi {
                args: command.args,
                env: command.env.into_iter().collect(),
                stdin,
                stdin_sha256,
                exit_code,
                stdout_sha256,
                files: manifest_files,
            }),
            ..ManifestRun::of(&[], &[])
        })
    }
}
