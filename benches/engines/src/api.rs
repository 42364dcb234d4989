//! Engines with an interface in the manner of wasmi's: a module, a store with functions of the host, an instance, a call,
//! a memory. One adapter makes an [`Engine`] of any of them, so that timing and verification are the same for all.

use std::error::Error;
use std::rc::Rc;

use wasm_dispatch::wasi::Function;
use wasm_dispatch_workloads::{Class, Run, Workload};

use crate::engine::{Engine, Prepared, Timing, of_one_module, verify};
use crate::values::{Number, unlike};
use crate::wasi::{Host, surroundings};

/// What an engine complains about.
pub type Failed = Box<dyn Error>;

/// Said where an instance has no function to call.
pub const NO_EXPORT: &str = "no such export";

/// What an engine must be able to do.
pub trait Api {
    /// Its values.
    type Val: Number;
    /// A module that is decoded and validated, and compiled if the engine does that apart from instances.
    type Module;
    /// Whatever an instance is made in, with the functions of the host.
    type Store;
    /// An instance together with the function to call.
    type Instance;

    /// Decodes, validates and compiles a module.
    fn module(&self, wasm: &[u8]) -> Result<Self::Module, Failed>;

    /// Gets everything ready that does not depend on the module.
    fn store(&self) -> Self::Store;

    /// Defines a function of WASI, which the host carries out.
    fn define(&self, store: &mut Self::Store, function: Function, host: Host) -> Result<(), Failed>;

    /// Makes an instance, runs its start function, and looks for the entry.
    fn instantiate(&self, store: Self::Store, module: &Self::Module, entry: &str) -> Result<Self::Instance, Failed>;

    /// Calls the entry. `results` is as long as there are results, of the right types.
    fn call(&self, instance: &mut Self::Instance, args: &[Self::Val], results: &mut [Self::Val]) -> Result<(), Failed>;

    /// The memory that is exported under this name.
    fn memory(&self, instance: &mut Self::Instance, export: &str) -> Option<Vec<u8>>;
}

/// An [`Api`] as an [`Engine`].
#[derive(Debug)]
pub struct Adapted<A> {
    name: String,
    steady: Rc<A>,
    startup: Rc<A>,
}

impl<A: Api + 'static> Adapted<A> {
    /// An engine with two configurations: one for workloads that run, which had better compile everything beforehand, and
    /// one for workloads that start, which had better not. They may be the same.
    pub fn new(name: &str, steady: A, startup: A) -> Adapted<A> {
        Adapted {
            name: name.to_string(),
            steady: Rc::new(steady),
            startup: Rc::new(startup),
        }
    }
}

fn store<A: Api>(api: &A, host: Option<&Host>) -> Result<A::Store, Failed> {
    let mut store = api.store();
    for (host, &function) in host
        .iter()
        .flat_map(|host| Function::ALL.iter().map(move |f| (host, f)))
    {
        api.define(&mut store, function, Host::clone(host))?;
    }
    Ok(store)
}

/// An error and what it comes from.
fn text(error: Failed) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let why = error.to_string();
        if !text.contains(&why) {
            text = format!("{text}: {why}");
        }
        cause = error.source();
    }
    text
}

impl<A: Api + 'static> Engine for Adapted<A> {
    fn name(&self) -> &str {
        &self.name
    }

    fn prepare(&self, workload: &Workload, wasm: &[u8]) -> Result<Box<dyn Prepared>, String> {
        of_one_module(workload)?;
        let starts = workload.class() == Class::Startup;
        let api = if starts { &self.startup } else { &self.steady };
        Ok(Box::new(PreparedModule {
            api: api.clone(),
            module: api.module(wasm).map_err(text)?,
            entry: workload.entry().to_string(),
            from_bytes: starts.then(|| wasm.to_vec()),
        }))
    }

    fn load(&self, workload: &Workload, wasm: &[u8]) -> Result<Option<Timing>, String> {
        let host = surroundings(workload.quick())?.map(|(wasi, _)| Host::new(wasi.context()));
        let store = store(&*self.steady, host.as_ref()).map_err(text)?;
        let (instance, timing) = Timing::of(|| {
            let module = self.steady.module(wasm)?;
            let instance = self.steady.instantiate(store, &module, workload.entry())?;
            // Both, so that neither is freed while the clock runs.
            Ok((module, instance))
        });
        instance.map(|_| Some(timing)).map_err(text)
    }
}

struct PreparedModule<A: Api> {
    api: Rc<A>,
    module: A::Module,
    entry: String,
    /// For startup workloads: the bytes to begin with each time.
    from_bytes: Option<Vec<u8>>,
}

impl<A: Api> Prepared for PreparedModule<A> {
    fn run(&mut self, run: &Run) -> Result<Timing, String> {
        if !run.is_one_call() {
            return Err("several calls, or instances, are not measured on other engines".to_string());
        }
        let api = &*self.api;
        let args: Vec<A::Val> = run.args.iter().map(|&value| A::Val::of(value)).collect();
        let mut results: Vec<A::Val> = run.expect.iter().map(|&value| A::Val::of(unlike(value))).collect();
        let (host, printed) = surroundings(run)?
            .map(|(wasi, printed)| (Host::new(wasi.context()), printed))
            .unzip();
        // A fresh instance for each run: nothing that one leaves behind can help or hurt the next.
        let store = store(api, host.as_ref()).map_err(text)?;
        let (outcome, timing) = match &self.from_bytes {
            Some(bytes) => Timing::of(|| {
                let module = api.module(bytes)?;
                let mut instance = api.instantiate(store, &module, &self.entry)?;
                let called = api.call(&mut instance, &args, &mut results);
                // The module, too, so that it is not freed while the clock runs.
                Ok((Some(module), instance, called))
            }),
            None => {
                let mut instance = api.instantiate(store, &self.module, &self.entry).map_err(text)?;
                Timing::of(|| {
                    let called = api.call(&mut instance, &args, &mut results);
                    Ok((None, instance, called))
                })
            }
        };
        let (_module, mut instance, called) = outcome.map_err(text)?;
        let exit = host.as_ref().and_then(Host::exit);
        if let (Err(error), None) = (called, exit) {
            return Err(text(error));
        }
        if let (Some(command), Some(printed)) = (&run.wasi, printed) {
            printed.verify(command, exit.unwrap_or(0))?;
        }
        let bits = results.iter().map(|value| value.get().map(|value| value.bits()));
        let bits: Option<Vec<u64>> = bits.collect();
        let bits = bits.ok_or("a result that is no number")?;
        verify(run, &bits, |export| api.memory(&mut instance, export))?;
        let apart = host.map_or(Timing::default(), |host| host.time_apart());
        Ok(Timing {
            wall: timing.wall.saturating_sub(apart.wall),
            cpu: timing.cpu.saturating_sub(apart.cpu),
        })
    }
}

/// An [`Api`] for a crate that has wasmi's very names. What differs stands in the invocation: the type of a function, how an
/// instance is made, where its memory is, and how a function of WASI gets at the memory.
macro_rules! like_wasmi {
    (
        $(#[$doc:meta])*
        $name:ident = $api:ident;
        function type ($engine:ident, $params:ident, $results:ident) $ty:expr;
        instantiate $instantiate:ident;
        memory ($instance:ident, $store:ident, $export:ident) $memory:expr;
        host $answer:ident;
    ) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name {
            engine: $api::Engine,
        }

        numbers!($api::Val);

        impl crate::api::Api for $name {
            type Val = $api::Val;
            type Module = $api::Module;
            type Store = ($api::Store<()>, $api::Linker<()>);
            type Instance = ($api::Store<()>, $api::Instance, $api::Func);

            fn module(&self, wasm: &[u8]) -> Result<$api::Module, crate::api::Failed> {
                Ok($api::Module::new(&self.engine, wasm)?)
            }

            fn store(&self) -> Self::Store {
                ($api::Store::new(&self.engine, ()), $api::Linker::new(&self.engine))
            }

            fn define(
                &self,
                (_, linker): &mut Self::Store,
                function: wasm_dispatch::wasi::Function,
                host: crate::wasi::Host,
            ) -> Result<(), crate::api::Failed> {
                let $engine = &self.engine;
                let ($params, $results) =
                    crate::wasi::signature(function, $api::ValType::I32, $api::ValType::I64);
                let answer = move |caller: $api::Caller<'_, ()>, args: &[$api::Val], results: &mut [$api::Val]| {
                    let errno = $answer(caller, &host, function, args)?;
                    if let Some(result) = results.first_mut() {
                        *result = $api::Val::I32(errno);
                    }
                    Ok(())
                };
                linker.func_new(wasm_dispatch::wasi::MODULE, function.name(), $ty, answer)?;
                Ok(())
            }

            fn instantiate(
                &self,
                (mut store, linker): Self::Store,
                module: &$api::Module,
                entry: &str,
            ) -> Result<Self::Instance, crate::api::Failed> {
                let instance = linker.$instantiate(&mut store, module)?;
                let func = instance.get_func(&mut store, entry).ok_or(crate::api::NO_EXPORT)?;
                Ok((store, instance, func))
            }

            fn call(
                &self,
                (store, _, func): &mut Self::Instance,
                args: &[$api::Val],
                results: &mut [$api::Val],
            ) -> Result<(), crate::api::Failed> {
                Ok(func.call(&mut *store, args, results)?)
            }

            fn memory(&self, ($store, $instance, _): &mut Self::Instance, $export: &str) -> Option<Vec<u8>> {
                Some($memory?.data(&*$store).to_vec())
            }
        }
    };
}

pub(crate) use like_wasmi;
