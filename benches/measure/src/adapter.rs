//! Makes an [`Engine`] of any WebAssembly engine that can do five things. Timing and verification are here, so that they
//! are the same for all.

use std::rc::Rc;

use wasm_dispatch_workloads::{Class, Run, Value, Workload};

use crate::command::surroundings;
use crate::engine::{Engine, Prepared, Timing, verify};
use crate::host::Host;

/// What an engine must be able to do. Errors are texts for people.
pub trait Machine {
    /// A module that is decoded and validated, and compiled if the engine does that apart from instances.
    type Module;
    /// Whatever an instance is made in, with WASI's functions defined if there is a host.
    type Store;
    /// An instance together with the function to call.
    type Instance;

    /// Decodes, validates and compiles a module.
    ///
    /// # Errors
    ///
    /// When the engine refuses it.
    fn module(&self, wasm: &[u8]) -> Result<Self::Module, String>;

    /// Gets everything ready that does not depend on the module.
    ///
    /// # Errors
    ///
    /// When the functions cannot be defined.
    fn store(&self, host: Option<Host>) -> Result<Self::Store, String>;

    /// Makes an instance, runs its start function, and looks for the entry.
    ///
    /// # Errors
    ///
    /// When it cannot be instantiated or has no such entry.
    fn instantiate(&self, store: Self::Store, module: &Self::Module, entry: &str) -> Result<Self::Instance, String>;

    /// Calls the entry. `results` is as long as there are results, of the right types; their bits are wanted.
    ///
    /// # Errors
    ///
    /// A trap, or what a host function failed with.
    fn call(&self, instance: &mut Self::Instance, args: &[Value], results: &mut [Value]) -> Result<(), String>;

    /// The memory that is exported under this name.
    fn memory(&self, instance: &mut Self::Instance, export: &str) -> Option<Vec<u8>>;
}

/// A [`Machine`] as an [`Engine`].
#[derive(Debug)]
pub struct Adapted<M> {
    name: String,
    steady: Rc<M>,
    startup: Rc<M>,
}

impl<M: Machine + 'static> Adapted<M> {
    /// An engine with two configurations: one for workloads that run, which had better compile everything beforehand, and
    /// one for workloads that start, which had better not. They may be the same.
    pub fn new(name: &str, steady: M, startup: M) -> Adapted<M> {
        Adapted {
            name: name.to_string(),
            steady: Rc::new(steady),
            startup: Rc::new(startup),
        }
    }
}

impl<M: Machine + 'static> Engine for Adapted<M> {
    fn name(&self) -> &str {
        &self.name
    }

    fn prepare(&self, workload: &Workload, wasm: &[u8]) -> Result<Box<dyn Prepared>, String> {
        let starts = workload.class() == Class::Startup;
        let machine = if starts { &self.startup } else { &self.steady };
        Ok(Box::new(PreparedModule {
            machine: machine.clone(),
            module: machine.module(wasm)?,
            entry: workload.entry().to_string(),
            from_bytes: starts.then(|| wasm.to_vec()),
        }))
    }

    fn load(&self, workload: &Workload, wasm: &[u8]) -> Result<Option<Timing>, String> {
        let host = surroundings(workload.quick())?.map(|(wasi, _)| Host::new(wasi.context()));
        let store = self.steady.store(host)?;
        let (instance, timing) = Timing::of(|| {
            let module = self.steady.module(wasm)?;
            let instance = self.steady.instantiate(store, &module, workload.entry())?;
            // Both, so that neither is freed while the clock runs.
            Ok((module, instance))
        });
        instance.map(|_| Some(timing))
    }
}

struct PreparedModule<M: Machine> {
    machine: Rc<M>,
    module: M::Module,
    entry: String,
    /// For startup workloads: the bytes to begin with each time.
    from_bytes: Option<Vec<u8>>,
}

impl<M: Machine> Prepared for PreparedModule<M> {
    fn run(&mut self, run: &Run) -> Result<Timing, String> {
        if !run.is_one_call() {
            return Err("several calls, or instances, are not measured on other engines".to_string());
        }
        let machine = &*self.machine;
        let mut results = run.expect.clone();
        results.iter_mut().for_each(clear);
        let (host, printed) = surroundings(run)?
            .map(|(wasi, printed)| (Host::new(wasi.context()), printed))
            .unzip();
        // A fresh instance for each run: nothing that one leaves behind can help or hurt the next.
        let store = machine.store(host.clone())?;
        let (outcome, timing) = match &self.from_bytes {
            Some(bytes) => Timing::of(|| {
                let module = machine.module(bytes)?;
                let mut instance = machine.instantiate(store, &module, &self.entry)?;
                let called = machine.call(&mut instance, &run.args, &mut results);
                // The module, too, so that it is not freed while the clock runs.
                Ok((Some(module), instance, called))
            }),
            None => {
                let mut instance = machine.instantiate(store, &self.module, &self.entry)?;
                Timing::of(|| {
                    let called = machine.call(&mut instance, &run.args, &mut results);
                    Ok((None, instance, called))
                })
            }
        };
        let (_module, mut instance, called) = outcome.map_err(|error: String| error)?;
        let exit = host.as_ref().and_then(Host::exit);
        if let Err(error) = called
            && exit.is_none()
        {
            return Err(error);
        }
        if let (Some(command), Some(printed)) = (&run.wasi, printed) {
            printed.verify(command, exit.unwrap_or(0))?;
        }
        let bits: Vec<u64> = results.iter().map(|value| value.bits()).collect();
        let memory = run
            .memory
            .as_ref()
            .and_then(|check| machine.memory(&mut instance, &check.export));
        verify(run, &bits, |_| memory.clone())?;
        let aside = host.map(|host| host.time_aside());
        Ok(aside.map_or(timing, |aside| Timing {
            wall: timing.wall.saturating_sub(aside.wall),
            cpu: timing.cpu.saturating_sub(aside.cpu),
        }))
    }
}

/// Another value of the same type, that no engine should return: what it does not write is not taken for a result.
fn clear(value: &mut Value) {
    const UNWRITTEN: u32 = 0x5bad_5bad;
    *value = match value {
        Value::I32(_) => Value::I32(UNWRITTEN as i32),
        Value::I64(_) => Value::I64(UNWRITTEN.into()),
        Value::F32(_) => Value::F32(UNWRITTEN),
        Value::F64(_) => Value::F64(UNWRITTEN.into()),
    };
}
