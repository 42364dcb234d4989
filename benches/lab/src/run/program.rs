//! Loads a module and runs it, phase by phase.

use std::fmt::Write as _;
use std::fs;
use std::time::{Duration, Instant};

use serde_json::json;
use wasm_dispatch::ir::types::FuncType;
use wasm_dispatch::wasi::{self, Output, Wasi, exit_code};
use wasm_dispatch::{Error, ErrorKind, Imports, Metering, Module, Value, Vm};
use wasm_dispatch_engines::Entrant;
use wasm_dispatch_engines::arguments::{COMMAND_ENTRY, arguments, entry, show};
use wasm_dispatch_engines::own::binary;
use wasm_dispatch_report::units;

use super::{Failed, Request};

/// The function that a WASI library wants called before anything else.
const LIBRARY_ENTRY: &str = "_initialize";

/// How a program ended.
pub enum Ended {
    /// It returned results.
    Returned(Vec<Value>),
    /// It ended itself, with an exit code.
    Exited(u32),
    /// It trapped, or the machine did not allow something.
    Stopped(Error),
}

/// What became of a run.
pub struct Ran {
    pub ended: Ended,
    phases: Vec<(&'static str, Duration)>,
    code_bytes: Option<usize>,
    fuel_left: Option<u64>,
    /// What a command wrote on standard output and error, if that was not passed on.
    written: Option<(Vec<u8>, Vec<u8>)>,
}

impl Request<'_> {
    /// Runs in a fresh machine, and keeps what the program prints, or passes it on. With a strategy, all is compiled for it
    /// first. That a program traps is no failure here.
    pub fn run(&self, mut vm: Vm, metering: Metering, compiled: Option<Entrant>, keep: bool) -> Result<Ran, Failed> {
        let mut clock = Clock {
            since: Instant::now(),
            phases: Vec::new(),
        };
        let wasm = binary(self.file)?;
        clock.ends("read");
        let module = Module::options()
            .limits(self.how.limits())
            .metering(metering)
            .compile(&wasm)
            .map_err(|error| self.failed(error))?;
        clock.ends("decode, validate");
        let found = entry(&module, self.how.given.invoke.as_deref());
        let (entry, ty) = found.map_err(|why| self.failed(why))?;
        let is_command = module.imports().any(|import| import.module == wasi::MODULE);
        let is_main = entry == COMMAND_ENTRY && ty.params.is_empty();
        let arguments = self.arguments(&entry, &ty, is_command, is_main)?;
        let mut code_bytes = None;
        if let Some(strategy) = compiled {
            // Otherwise both happen function by function, when they are first called.
            clock.restart();
            module.lower();
            clock.ends("lower");
            code_bytes = Some(strategy.compile(&module));
            clock.ends("compile");
        }

        let mut imports = Imports::new();
        let mut written = None;
        if is_command {
            let (surroundings, outputs) = self.surroundings(is_main, keep)?;
            surroundings.define(&mut imports);
            written = outputs;
        }
        if self.how.given.stubs {
            imports.make_up(&module, &mut vm).map_err(|error| self.failed(error))?;
        }
        vm.set_fuel(self.how.fuel).map_err(|error| self.failed(error))?;
        clock.restart();
        let instance = vm.instantiate(&module, &imports);
        clock.ends("instantiate");
        let results = match instance {
            Ok(instance) => {
                let first = module.exports().any(|export| export.name == LIBRARY_ENTRY) && entry != LIBRARY_ENTRY;
                let ready = match first && !is_main {
                    true => vm.call(instance, LIBRARY_ENTRY, &[]).map(drop),
                    false => Ok(()),
                };
                ready.and_then(|()| vm.call(instance, &entry, &arguments))
            }
            Err(error) => Err(error),
        };
        clock.ends("run");
        let ended = match results {
            Ok(_) if is_main => Ended::Exited(0),
            Ok(results) => Ended::Returned(results),
            Err(error) => match (exit_code(&error), error.kind()) {
                (Some(code), _) => Ended::Exited(code),
                // It never started.
                (
                    None,
                    ErrorKind::MissingImport { .. } | ErrorKind::ImportMismatch { .. } | ErrorKind::Limit { .. },
                ) => {
                    return Err(self.failed(error));
                }
                (None, _) => Ended::Stopped(error),
            },
        };
        Ok(Ran {
            ended,
            phases: clock.phases,
            code_bytes,
            fuel_left: vm.fuel(),
            written: written.map(|(out, err)| (out.take(), err.take())),
        })
    }

    fn failed(&self, why: impl std::fmt::Display) -> Failed {
        Failed::Work(format!("{}: {why}", self.file.display()))
    }

    /// The arguments of a function. Those of a command are given to it by WASI.
    fn arguments(&self, entry: &str, ty: &FuncType, is_command: bool, is_main: bool) -> Result<Vec<Value>, Failed> {
        if let (false, Some(option)) = (is_command, self.how.given.to_a_command()) {
            return Err(Failed::Usage(format!(
                "{option} is for WASI commands, and this module imports no WASI"
            )));
        }
        match is_command && is_main {
            true => Ok(Vec::new()),
            false => arguments(entry, ty, self.args).map_err(Failed::Usage),
        }
    }

    /// What a command sees of the world, and what it writes if that is to be kept.
    fn surroundings(&self, is_main: bool, keep: bool) -> Result<(Wasi, Option<(Output, Output)>), Failed> {
        let name = self.file.file_name().unwrap_or_default().to_string_lossy();
        let mut wasi = Wasi::new().inherit_stdio().arg(name);
        if is_main {
            wasi = wasi.args(self.args.iter().map(String::as_str));
        }
        for (name, value) in &self.how.given.env {
            wasi = wasi.env(name, value);
        }
        for (name, folder) in &self.how.given.dir {
            let opened = wasi.read_only_folder(folder, name);
            wasi = opened.map_err(|error| Failed::Work(format!("{}: {error}", folder.display())))?;
        }
        for (name, file) in &self.how.given.files {
            let bytes = fs::read(file).map_err(|error| Failed::Work(format!("{}: {error}", file.display())))?;
            wasi = wasi
                .file(name, bytes)
                .map_err(|error| Failed::Usage(error.to_string()))?;
        }
        if let Some(file) = &self.how.given.stdin {
            let input = fs::File::open(file);
            let input = input.map_err(|error| Failed::Work(format!("{}: {error}", file.display())))?;
            wasi = wasi.stdin(std::io::BufReader::new(input));
        }
        if !keep {
            return Ok((wasi, None));
        }
        let (out, err) = (Output::default(), Output::default());
        let wasi = wasi.stdout(out.clone()).stderr(err.clone());
        Ok((wasi, Some((out, err))))
    }
}

impl Ran {
    /// What each phase took, for people.
    pub fn phases(&self) -> String {
        let mut text = String::new();
        for (name, time) in &self.phases {
            let _ = writeln!(text, "{name:16}  {:>9}", units::time(time.as_nanos() as f64));
        }
        if let Some(bytes) = self.code_bytes {
            let _ = writeln!(text, "{:16}  {:>9}", "compiled code", units::bytes(bytes as f64));
        }
        text
    }

    /// Everything, for programs.
    pub fn json(&self, request: &Request, strategy: Entrant) -> serde_json::Value {
        let phases: serde_json::Map<String, serde_json::Value> = (self.phases.iter())
            .map(|(name, time)| (name.replace(", ", "_"), json!(time.as_nanos() as u64)))
            .collect();
        let (results, exit_code, error) = match &self.ended {
            Ended::Returned(results) => (Some(results.iter().map(show).collect::<Vec<String>>()), None, None),
            Ended::Exited(code) => (None, Some(*code), None),
            Ended::Stopped(error) => (None, None, Some(stopped(error))),
        };
        let text = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).into_owned();
        json!({
            "schema": 1,
            "file": request.file.to_string_lossy(),
            "strategy": strategy.name,
            "results": results,
            "exit_code": exit_code,
            "error": error,
            "stdout": self.written.as_ref().map(|(out, _)| text(out)),
            "stderr": self.written.as_ref().map(|(_, err)| text(err)),
            "fuel_used": request.how.fuel.zip(self.fuel_left).map(|(fuel, left)| fuel.saturating_sub(left)),
            "code_bytes": self.code_bytes,
            "phases_ns": phases,
        })
    }
}

fn stopped(error: &Error) -> serde_json::Value {
    let backtrace = error.backtrace().map(|backtrace| {
        let frames = backtrace.frames.iter();
        frames
            .map(|frame| json!({"function": frame.function, "name": frame.name, "offset": frame.offset}))
            .collect::<Vec<_>>()
    });
    json!({
        "trap": error.trap().map(|trap| trap.to_string()),
        "message": error.to_string(),
        "backtrace": backtrace,
        "omitted": error.backtrace().map(|backtrace| backtrace.omitted),
    })
}

/// Times phases that follow each other.
struct Clock {
    since: Instant,
    phases: Vec<(&'static str, Duration)>,
}

impl Clock {
    fn restart(&mut self) {
        self.since = Instant::now();
    }

    fn ends(&mut self, phase: &'static str) {
        self.phases.push((phase, self.since.elapsed()));
        self.restart();
    }
}
