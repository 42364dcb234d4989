//! Our own strategies as engines.

use std::sync::Arc;

use wasm_dispatch::machine::backend::Backend;
use wasm_dispatch::wasi::exit_code;
use wasm_dispatch::{Imports, Instance, Limits, Metering, Module, Strategy, Value, Vm};
use wasm_dispatch_workloads::{Class, Run, Value as Typed, Workload};

use crate::command::surroundings;
use crate::engine::{Engine, Prepared, Timing, verify};

/// A strategy, by the machines it makes.
pub struct Ours {
    name: String,
    metering: Metering,
    make: Arc<dyn Fn() -> Vm>,
    compile: Box<dyn Fn(&Module) -> usize>,
}

/// A strategy of this build as an engine.
pub fn strategy(strategy: Strategy) -> Ours {
    metered(strategy, Metering::Off)
}

/// A strategy of this build with modules that can be stopped, as an engine.
pub fn metered(strategy: Strategy, metering: Metering) -> Ours {
    let name = match metering {
        Metering::Off => strategy.name().to_string(),
        metering => format!("{strategy}+{metering:?}"),
    };
    Ours {
        name,
        metering,
        make: Arc::new(move || Vm::with(strategy, Limits::default())),
        compile: Box::new(move |module| module.compile(strategy)),
    }
}

/// All strategies as engines.
pub fn all() -> Vec<Ours> {
    Strategy::ALL.iter().map(|&known| strategy(known)).collect()
}

/// A backend of any kind as an engine, under another name: for tests and experiments.
pub fn backend<B: Backend>(name: &str) -> Ours {
    Ours {
        name: name.to_string(),
        metering: Metering::Off,
        make: Arc::new(|| Vm::with_backend::<B>(Limits::default())),
        compile: Box::new(|_| 0),
    }
}

impl Ours {
    /// Compiles all functions of a module and returns the bytes of code.
    pub fn compile(&self, module: &Module) -> usize {
        (self.compile)(module)
    }
}

impl Engine for Ours {
    fn name(&self) -> &str {
        &self.name
    }

    fn prepare(&self, workload: &Workload, wasm: &[u8]) -> Result<Box<dyn Prepared>, String> {
        let module = Module::options()
            .metering(self.metering)
            .compile(wasm)
            .map_err(|error| error.to_string())?;
        let code_bytes = self.compile(&module);
        Ok(Box::new(PreparedModule {
            make: self.make.clone(),
            entry: workload.entry().to_string(),
            metering: self.metering,
            module,
            code_bytes,
            from_bytes: (workload.class() == Class::Startup).then(|| wasm.to_vec()),
        }))
    }

    fn prepare_module(
        &self,
        workload: &Workload,
        wasm: &[u8],
        module: &Module,
    ) -> Result<(Box<dyn Prepared>, Timing), String> {
        if module.metering() != self.metering {
            let (prepared, timing) = Timing::of(|| self.prepare(workload, wasm));
            return Ok((prepared?, timing));
        }
        let (code_bytes, timing) = Timing::of(|| self.compile(module));
        let prepared = PreparedModule {
            make: self.make.clone(),
            entry: workload.entry().to_string(),
            metering: self.metering,
            module: module.clone(),
            code_bytes,
            from_bytes: (workload.class() == Class::Startup).then(|| wasm.to_vec()),
        };
        Ok((Box::new(prepared), timing))
    }

    fn load(&self, workload: &Workload, wasm: &[u8]) -> Result<Option<Timing>, String> {
        let mut vm = (self.make)();
        let mut imports = Imports::new();
        if let Some((wasi, _)) = surroundings(workload.quick())? {
            wasi.define(&mut imports);
        }
        let (loaded, timing) = Timing::of(|| {
            let module = Module::options().metering(self.metering).compile(wasm)?;
            self.compile(&module);
            vm.instantiate(&module, &imports)?;
            Ok(module)
        });
        loaded
            .map(|_| Some(timing))
            .map_err(|error: wasm_dispatch::Error| error.to_string())
    }
}

struct PreparedModule {
    make: Arc<dyn Fn() -> Vm>,
    entry: String,
    metering: Metering,
    module: Module,
    code_bytes: usize,
    /// For startup workloads: the bytes to begin with each time.
    from_bytes: Option<Vec<u8>>,
}

impl Prepared for PreparedModule {
    fn run(&mut self, run: &Run) -> Result<Timing, String> {
        let arguments: Vec<Value> = run.args.iter().map(|&value| to_value(value)).collect();
        // A fresh machine for each run: nothing that one leaves behind can help or hurt the next.
        let mut vm = (self.make)();
        let mut imports = Imports::new();
        let printed = surroundings(run)?.map(|(wasi, printed)| {
            wasi.define(&mut imports);
            printed
        });
        if !run.is_one_call() {
            return self.run_in_turn(run, &arguments);
        }
        let (outcome, timing) = match &self.from_bytes {
            Some(bytes) => Timing::of(|| {
                let module = Module::options().metering(self.metering).compile(bytes)?;
                let instance = vm.instantiate(&module, &imports)?;
                Ok((instance, vm.call(instance, &self.entry, &arguments)))
            }),
            None => {
                let instance = vm
                    .instantiate(&self.module, &imports)
                    .map_err(|error| error.to_string())?;
                Timing::of(|| Ok((instance, vm.call(instance, &self.entry, &arguments))))
            }
        };
        let (instance, results) = outcome.map_err(|error: wasm_dispatch::Error| error.to_string())?;
        let (results, code) = match results {
            Ok(results) => (results, 0),
            Err(error) => (Vec::new(), exit_code(&error).ok_or_else(|| error.to_string())?),
        };
        if let (Some(command), Some(printed)) = (&run.wasi, printed) {
            printed.verify(command, code)?;
        }
        let bits: Vec<u64> = results.into_iter().map(from_value).collect::<Result<_, _>>()?;
        verify(run, &bits, |export| {
            let memory = vm.exported_memory(instance, export).ok()?;
            vm.memory(memory).ok().map(<[u8]>::to_vec)
        })?;
        Ok(timing)
    }

    fn code_bytes(&self) -> Option<usize> {
        Some(self.code_bytes)
    }
}

impl PreparedModule {
    /// Several calls, of several instances in turn.
    fn run_in_turn(&self, run: &Run, arguments: &[Value]) -> Result<Timing, String> {
        let text = |error: wasm_dispatch::Error| error.to_string();
        let mut vm = (self.make)();
        let mut functions = Vec::new();
        let mut instances = Vec::new();
        for _ in 0..run.instances {
            let instance = vm.instantiate(&self.module, &Imports::new()).map_err(text)?;
            instances.push(instance);
            functions.push(vm.exported_func(instance, &self.entry).map_err(text)?);
        }
        let expected: Vec<Value> = run.expect.iter().map(|&value| to_value(value)).collect();
        // As numbers, a NaN would not be equal to itself: whatever is not equal is looked at again, by its bits.
        let mut others = Vec::new();
        let (outcome, timing) = Timing::of(|| {
            for &function in functions.iter().cycle().take(run.calls as usize) {
                let results = vm.call_func(function, arguments)?;
                if results != expected {
                    others.push(results);
                }
            }
            Ok(())
        });
        outcome.map_err(text)?;
        let bits = |results: Vec<Value>| results.into_iter().map(from_value).collect::<Result<Vec<u64>, _>>();
        let memory = |instance: Instance, export: &str| {
            let memory = vm.exported_memory(instance, export).ok()?;
            vm.memory(memory).ok().map(<[u8]>::to_vec)
        };
        for (results, &instance) in others.into_iter().zip(instances.iter().cycle()) {
            verify(run, &bits(results)?, |export| memory(instance, export))?;
        }
        let expected = bits(expected)?;
        for &instance in &instances {
            verify(run, &expected, |export| memory(instance, export))?;
        }
        Ok(timing)
    }
}

/// A value of a manifest as our machine knows it.
pub fn to_value(value: Typed) -> Value {
    match value {
        Typed::I32(value) => Value::I32(value),
        Typed::I64(value) => Value::I64(value),
        Typed::F32(bits) => Value::F32(f32::from_bits(bits)),
        Typed::F64(bits) => Value::F64(f64::from_bits(bits)),
    }
}

/// The bits of a result.
///
/// # Errors
///
/// For references, which no manifest expects.
pub fn from_value(value: Value) -> Result<u64, String> {
    Ok(match value {
        Value::I32(value) => u64::from(value as u32),
        Value::I64(value) => value as u64,
        Value::F32(value) => u64::from(value.to_bits()),
        Value::F64(value) => value.to_bits(),
        other => return Err(format!("an unexpected reference as result: {other:?}")),
    })
}
