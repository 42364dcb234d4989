//! A module of the user's as a workload: what it must give is what the reference strategy makes of it.
//!
//! It is written into the run's folder as any other workload, a manifest with a module beside it, so that workers find it,
//! a killed run can go on, and whoever reads the record later can measure it again.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use wasm_dispatch::ir::types::FuncType;
use wasm_dispatch::wasi::{self, Output, Wasi, exit_code};
use wasm_dispatch::{ExternType, Imports, Limits, Module, Strategy, ValType, Value as Own, Vm};
use wasm_dispatch_workloads::{Value, Workload, sha256_hex};

use crate::error::Error;
use crate::ours::{from_value, to_value};

/// Name of the folder, below a run's, with the workload.
pub const FOLDER: &str = "workload";

/// A module of the user's and how to run it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnModule {
    /// The module, `.wasm` or `.wat`.
    pub file: PathBuf,
    /// The exported function to call; for a WASI command it may be left out.
    pub invoke: Option<String>,
    /// The function's arguments (`30`, or `i32:30`), or the command's, without its own name.
    pub args: Vec<String>,
    /// The command's environment.
    pub env: Vec<(String, String)>,
    /// A file that the command reads as standard input.
    pub stdin: Option<PathBuf>,
    /// Files that the command may read: its name for each, and where it is.
    pub files: Vec<(String, PathBuf)>,
}

impl OwnModule {
    /// Runs the module under the reference strategy, twice, and writes the workload below `run`, the folder of a run.
    ///
    /// # Errors
    ///
    /// If the module cannot be read, loaded or run, if it does not do the same twice, or if it leaves nothing that could be
    /// compared.
    pub fn write(&self, run: &Path) -> Result<Workload, Error> {
        let bytes = fs::read(&self.file).map_err(Error::io(&self.file))?;
        let wasm = wat::parse_bytes(&bytes)
            .map_err(|error| self.wrong(error))?
            .into_owned();
        let module = Module::new(&wasm).map_err(|error| self.wrong(error))?;
        let is_command = module.imports().any(|import| import.module == wasi::MODULE);
        let (entry, ty) = self.entry(&module, is_command)?;
        let manifest_run = match is_command {
            true => self.command(&module, &entry, &ty, run)?,
            false => self.function(&module, &entry, &ty)?,
        };
        let folder = run.join(FOLDER);
        let name = self.name();
        let module_name = format!("{name}.wasm");
        write(&folder.join(&module_name), &wasm)?;
        let text = |text: &str| toml::Value::String(text.to_owned());
        let manifest = toml::Table::from_iter([
            ("name".to_owned(), text(&name)),
            ("class".to_owned(), text("own")),
            ("description".to_owned(), text("A module of the user's.")),
            ("source".to_owned(), text(&self.file.display().to_string())),
            ("licence".to_owned(), text("the user's")),
            ("module".to_owned(), text(&module_name)),
            ("sha256".to_owned(), text(&sha256_hex(&wasm))),
            ("entry".to_owned(), text(&entry)),
            (
                "expected_from".to_owned(),
                text("Two runs under stack_loop, the reference strategy."),
            ),
            ("quick".to_owned(), toml::Value::Table(manifest_run.clone())),
            ("full".to_owned(), toml::Value::Table(manifest_run)),
        ]);
        let file = folder.join(format!("{name}.toml"));
        write(&file, manifest.to_string().as_bytes())?;
        Ok(Workload::load(&file)?)
    }

    fn wrong(&self, what: impl std::fmt::Display) -> Error {
        Error::Own {
            path: self.file.clone(),
            what: what.to_string(),
        }
    }

    /// The file's name, as far as a workload may be called like that.
    fn name(&self) -> String {
        let stem = self.file.file_stem().unwrap_or_default().to_string_lossy();
        let name: String = stem
            .chars()
            .map(|c| c.to_ascii_lowercase())
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
            .collect();
        if name.is_empty() { "module".to_owned() } else { name }
    }

    fn entry(&self, module: &Module, is_command: bool) -> Result<(String, FuncType), Error> {
        let functions: BTreeMap<String, FuncType> = module
            .exports()
            .filter_map(|export| match export.ty {
                ExternType::Func(ty) => Some((export.name, ty)),
                _ => None,
            })
            .collect();
        let names = || functions.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        let entry = match &self.invoke {
            Some(name) => name.clone(),
            None if is_command => "_start".to_owned(),
            None => {
                return Err(self.wrong(format!(
                    "name the function to call with --invoke; it exports {}",
                    names()
                )));
            }
        };
        match functions.get(&entry) {
            Some(ty) => Ok((entry, ty.clone())),
            None => Err(self.wrong(format!("no function is exported as '{entry}'; it exports {}", names()))),
        }
    }

    /// What a function gives: results and memory.
    fn function(&self, module: &Module, entry: &str, ty: &FuncType) -> Result<toml::Table, Error> {
        for (given, option) in [
            (!self.env.is_empty(), "--env"),
            (self.stdin.is_some(), "--stdin"),
            (!self.files.is_empty(), "--file"),
        ] {
            if given {
                return Err(self.wrong(format!(
                    "{option} is for WASI commands; this module does not import WASI"
                )));
            }
        }
        if ty.params.len() != self.args.len() {
            return Err(self.wrong(format!(
                "'{entry}' takes {} arguments, but there are {}",
                ty.params.len(),
                self.args.len()
            )));
        }
        let args: Vec<Value> = (self.args.iter().zip(ty.params.iter()))
            .map(|(text, &ty)| self.argument(text, ty))
            .collect::<Result<_, _>>()?;
        let once = || {
            let mut vm = Vm::with(Strategy::StackLoop, Limits::default());
            let instance = vm.instantiate(module, &Imports::new())?;
            let own: Vec<Own> = args.iter().map(|&value| to_value(value)).collect();
            let results = vm.call(instance, entry, &own)?;
            let memory = module.exports().find_map(|export| match export.ty {
                ExternType::Memory(_) => Some(export.name),
                _ => None,
            });
            let memory = memory.and_then(|name| {
                let bytes = vm.memory(vm.exported_memory(instance, &name).ok()?).ok()?;
                (!bytes.is_empty()).then(|| (name, bytes.len(), sha256_hex(bytes)))
            });
            Ok((results, memory))
        };
        let run = || once().map_err(|error: wasm_dispatch::Error| self.wrong(error));
        let ((results, memory), (again, memory_again)) = (run()?, run()?);
        let bits = |results: Vec<Own>| -> Result<Vec<u64>, Error> {
            let bits = results.into_iter().map(from_value);
            bits.collect::<Result<_, _>>().map_err(|error| self.wrong(error))
        };
        let (bits, again) = (bits(results)?, bits(again)?);
        if bits != again || memory != memory_again {
            return Err(self.wrong("it does not do the same twice"));
        }
        if bits.is_empty() && memory.is_none() {
            return Err(self.wrong(format!(
                "'{entry}' returns nothing and no memory is exported, so that nothing shows whether it was run correctly"
            )));
        }
        let expect = (bits.iter().zip(ty.results.iter()))
            .map(|(&bits, &ty)| value_of(ty, bits).map(|value| value.to_string()))
            .collect::<Option<Vec<String>>>()
            .ok_or_else(|| self.wrong(format!("'{entry}' returns a reference, which cannot be compared")))?;
        let mut table = toml::Table::new();
        let texts = |texts: Vec<String>| toml::Value::Array(texts.into_iter().map(toml::Value::String).collect());
        table.insert("args".to_owned(), texts(args.iter().map(Value::to_string).collect()));
        table.insert("expect".to_owned(), texts(expect));
        if let Some((export, len, sha256)) = memory {
            table.insert(
                "memory".to_owned(),
                toml::Value::Table(toml::Table::from_iter([
                    ("export".to_owned(), toml::Value::String(export)),
                    ("offset".to_owned(), toml::Value::Integer(0)),
                    (
                        "len".to_owned(),
                        toml::Value::Integer(i64::try_from(len).unwrap_or(i64::MAX)),
                    ),
                    ("sha256".to_owned(), toml::Value::String(sha256)),
                ])),
            );
        }
        Ok(table)
    }

    fn argument(&self, text: &str, ty: ValType) -> Result<Value, Error> {
        let name = match ty {
            ValType::I32 => "i32",
            ValType::I64 => "i64",
            ValType::F32 => "f32",
            ValType::F64 => "f64",
            other => return Err(self.wrong(format!("arguments of type {other:?} cannot be written"))),
        };
        let typed = match text.contains(':') {
            true => text.to_owned(),
            false => format!("{name}:{text}"),
        };
        let value: Value = typed
            .parse()
            .map_err(|error| self.wrong(format!("the argument '{text}': {error}")))?;
        match value.ty().to_string() == name {
            true => Ok(value),
            false => Err(self.wrong(format!("the argument '{text}' should be of type {name}"))),
        }
    }

    /// What a command gives: exit code and output.
    fn command(&self, module: &Module, entry: &str, ty: &FuncType, run: &Path) -> Result<toml::Table, Error> {
        if !(ty.params.is_empty() && ty.results.is_empty()) {
            return Err(self.wrong(format!(
                "a module that imports WASI is run as a command, but '{entry}' takes or returns something"
            )));
        }
        let mut args = vec![self.file.file_name().unwrap_or_default().to_string_lossy().into_owned()];
        args.extend(self.args.iter().cloned());
        let folder = run.join(FOLDER).join("inputs");
        let mut table = toml::Table::new();
        let text = |text: &str| toml::Value::String(text.to_owned());
        table.insert(
            "args".to_owned(),
            toml::Value::Array(args.iter().map(|arg| text(arg)).collect()),
        );
        let env = self.env.iter().map(|(name, value)| (name.clone(), text(value)));
        table.insert("env".to_owned(), toml::Value::Table(env.collect()));
        let mut stdin = Vec::new();
        if let Some(path) = &self.stdin {
            stdin = fs::read(path).map_err(Error::io(path))?;
            write(&folder.join("stdin"), &stdin)?;
            table.insert("stdin".to_owned(), text("inputs/stdin"));
            table.insert("stdin_sha256".to_owned(), text(&sha256_hex(&stdin)));
        }
        let mut files = Vec::new();
        let mut contents = Vec::new();
        for (number, (guest, path)) in self.files.iter().enumerate() {
            let bytes = fs::read(path).map_err(Error::io(path))?;
            write(&folder.join(number.to_string()), &bytes)?;
            files.push(toml::Value::Table(toml::Table::from_iter([
                ("guest".to_owned(), text(guest)),
                ("file".to_owned(), text(&format!("inputs/{number}"))),
                ("sha256".to_owned(), text(&sha256_hex(&bytes))),
            ])));
            contents.push((guest, bytes));
        }
        table.insert("files".to_owned(), toml::Value::Array(files));

        let once = || {
            let (stdout, stderr) = (Output::default(), Output::default());
            // The same surroundings as when it is measured.
            let mut wasi = Wasi::new()
                .args(&args)
                .stdin(std::io::Cursor::new(stdin.clone()))
                .stdout(stdout.clone())
                .stderr(stderr.clone())
                .steady_clock(0, 1_000_000)
                .random_seed(1);
            for (name, value) in &self.env {
                wasi = wasi.env(name, value);
            }
            for (guest, bytes) in &contents {
                wasi = wasi.file(guest, bytes.clone()).map_err(|error| self.wrong(error))?;
            }
            let mut imports = Imports::new();
            wasi.define(&mut imports);
            let mut vm = Vm::with(Strategy::StackLoop, Limits::default());
            let instance = vm.instantiate(module, &imports).map_err(|error| self.wrong(error))?;
            let code = match vm.call(instance, entry, &[]) {
                Ok(_) => 0,
                Err(error) => exit_code(&error).ok_or_else(|| self.wrong(error))?,
            };
            let complaints = stderr.take();
            if !complaints.is_empty() {
                let words: String = String::from_utf8_lossy(&complaints).chars().take(500).collect();
                return Err(self.wrong(format!("it writes to standard error: {}", words.trim())));
            }
            Ok((code, sha256_hex(&stdout.take())))
        };
        let (first, again) = (once()?, once()?);
        if first != again {
            return Err(self.wrong("it does not do the same twice"));
        }
        table.insert("exit_code".to_owned(), toml::Value::Integer(first.0.into()));
        table.insert("stdout_sha256".to_owned(), text(&first.1));
        Ok(toml::Table::from_iter([("wasi".to_owned(), toml::Value::Table(table))]))
    }
}

fn value_of(ty: ValType, bits: u64) -> Option<Value> {
    Some(match ty {
        ValType::I32 => Value::I32(bits as u32 as i32),
        ValType::I64 => Value::I64(bits as i64),
        ValType::F32 => Value::F32(bits as u32),
        ValType::F64 => Value::F64(bits),
        _ => return None,
    })
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(Error::io(folder))?;
    }
    fs::write(path, bytes).map_err(Error::io(path))
}
