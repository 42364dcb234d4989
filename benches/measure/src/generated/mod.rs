//! Programs that are made, not written: each isolates one thing, and knows what it must compute.
//!
//! They are written into a run's folder as any other workload, a manifest with a module beside it, so that workers find
//! them, a killed run can go on, and a later reader of the record can measure them again.

pub mod code;
pub mod depth;
pub mod memory;
pub mod statement;
pub mod straight;

use std::path::Path;

use wasm_dispatch::{Imports, Metering, Module, Vm};
use wasm_dispatch_workloads::manifest::{Manifest, ManifestRun};
use wasm_dispatch_workloads::{Value, Workload};
use wasm_encoder::{CodeSection, ExportKind, ExportSection, FunctionSection, TypeSection, ValType};

use crate::error::Error;
use wasm_dispatch_engines::own::FOLDER;
use wasm_dispatch_engines::values::to_value;

/// The function that every generated program exports.
pub const ENTRY: &str = "run";

/// A generated program, and how to run it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generated {
    /// Name of the workload: lower-case letters, digits and `_`.
    pub name: String,
    /// What it does and what it shows.
    pub description: String,
    /// The module. Exports [`ENTRY`].
    pub wasm: Vec<u8>,
    /// Arguments of the entry.
    pub args: Vec<Value>,
    /// What it must return, computed beside the program, not by it.
    pub expect: Vec<Value>,
    /// How many instances take turns.
    pub instances: u32,
    /// How many calls there are.
    pub calls: u32,
    /// On how many threads, each instance in a machine of its own; 0: all in one machine.
    pub threads: u32,
}

impl Generated {
    /// One call on one instance: its entry returns `result`.
    fn once(name: &str, description: String, wasm: Vec<u8>, args: Vec<Value>, result: u64) -> Generated {
        Generated {
            name: name.to_owned(),
            description,
            wasm,
            args,
            expect: vec![Value::I64(result as i64)],
            instances: 1,
            calls: 1,
            threads: 0,
        }
    }

    /// Writes the workload into `folder`.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn write(&self, folder: &Path) -> Result<Workload, Error> {
        let run = ManifestRun {
            instances: self.instances,
            calls: self.calls,
            threads: self.threads,
            ..ManifestRun::of(&self.args, &self.expect)
        };
        let manifest = Manifest {
            name: self.name.clone(),
            description: self.description.clone(),
            source: "Made by benches/measure/src/generated".to_owned(),
            licence: "MIT OR Apache-2.0".to_owned(),
            entry: ENTRY.to_owned(),
            expected_from: "Computed in Rust along with the program.".to_owned(),
            ..Manifest::own(run)
        };
        Ok(Workload::load(&manifest.write(folder, &self.wasm)?)?)
    }

    /// How many instructions of WebAssembly one run executes, as [`Metering::Fuel`] counts them.
    ///
    /// # Errors
    ///
    /// If the program does not do what it should.
    pub fn instructions(&self) -> Result<u64, Error> {
        let wrong = |what: String| Error::Asked(format!("the generated program {}: {what}", self.name));
        let failed = |error: wasm_dispatch::Error| wrong(error.to_string());
        let module = Module::options()
            .metering(Metering::Fuel)
            .compile(&self.wasm)
            .map_err(failed)?;
        let mut vm = Vm::new();
        vm.set_fuel(Some(u64::MAX)).map_err(failed)?;
        let instance = vm.instantiate(&module, &Imports::new()).map_err(failed)?;
        let args: Vec<_> = self.args.iter().map(|&value| to_value(value)).collect();
        let expect: Vec<_> = self.expect.iter().map(|&value| to_value(value)).collect();
        // Starting the instance has cost something, too.
        vm.set_fuel(Some(u64::MAX)).map_err(failed)?;
        let results = vm.call(instance, ENTRY, &args).map_err(failed)?;
        if results != expect {
            return Err(wrong(format!("expected {expect:?}, got {results:?}")));
        }
        let left = vm.fuel().unwrap_or(u64::MAX);
        Ok((u64::MAX - left).saturating_mul(self.calls.into()))
    }
}

/// Writes generated programs below a run's folder.
pub(crate) fn write_all(programs: &[Generated], run: &Path) -> Result<Vec<Workload>, Error> {
    let folder = run.join(FOLDER);
    programs.iter().map(|program| program.write(&folder)).collect()
}

/// The module of a text.
fn assembled(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| unreachable!("the lab's own text: {error}"))
}

/// A module of functions that grows; the last of them is exported as [`ENTRY`].
struct Builder {
    types: TypeSection,
    functions: FunctionSection,
    code: CodeSection,
}

impl Builder {
    fn new() -> Builder {
        Builder {
            types: TypeSection::new(),
            functions: FunctionSection::new(),
            code: CodeSection::new(),
        }
    }

    /// Adds a type and returns its index.
    fn ty(&mut self, params: &[ValType], results: &[ValType]) -> u32 {
        let index = self.types.len();
        let (params, results) = (params.iter().copied(), results.iter().copied());
        self.types.ty().function(params, results);
        index
    }

    /// Adds a function and returns its index.
    fn function(&mut self, ty: u32, body: &wasm_encoder::Function) -> u32 {
        let index = self.functions.len();
        self.functions.function(ty);
        self.code.function(body);
        index
    }

    /// Bytes of code so far.
    fn code_bytes(&self) -> usize {
        self.code.byte_len()
    }

    /// A program of the module as it is.
    fn program(self, name: &str, description: String, args: Vec<Value>, result: u64) -> Generated {
        let mut exports = ExportSection::new();
        exports.export(ENTRY, ExportKind::Func, self.functions.len().saturating_sub(1));
        let mut module = wasm_encoder::Module::new();
        module.section(&self.types).section(&self.functions);
        module.section(&exports).section(&self.code);
        Generated::once(name, description, module.finish(), args, result)
    }
}
