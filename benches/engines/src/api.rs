//! Engines with an interface in the manner of wasmi's: a module, a store with functions of the host, an instance, a call,
//! a memory. One adapter makes an [`Engine`] of any of them, so that timing and verification are the same for all.

use std::error::Error;
use std::rc::Rc;

use wasm_dispatch::wasi::Function;
use wasm_dispatch_workloads::{Class, Run, Value, Workload};

use crate::engine::{Engine, Prepared, Timing, verify};
use crate::wasi::{Host, surroundings};

/// What an engine complains about.
pub type Failed = Box<dyn Error>;

/// Said where an instance has no function to call.
pub const NO_EXPORT: &str = "no such export";

/// A value as an engine has it.
pub trait Number: Sized {
    /// An engine's value.
    fn of(value: Value) -> Self;

    /// The value; `None` if it is no number.
    fn get(&self) -> Option<Value>;
}

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
    ///
    /// # Errors
    ///
    /// When the engine refuses it.
    fn module(&self, wasm: &[u8]) -> Result<Self::Module, Failed>;

    /// Gets everything ready that does not depend on the module.
    fn store(&self) -> Self::Store;

    /// Defines a function of WASI, which the host carries out.
    ///
    /// # Errors
    ///
    /// When the engine does not take it.
    fn define(&self, store: &mut Self::Store, function: Function, host: Host) -> Result<(), Failed>;

    /// Makes an instance, runs its start function, and looks for the entry.
    ///
    /// # Errors
    ///
    /// When it cannot be instantiated or has no such entry.
    fn instantiate(&self, store: Self::Store, module: &Self::Module, entry: &str) -> Result<Self::Instance, Failed>;

    /// Calls the entry. `results` is as long as there are results, of the right types.
    ///
    /// # Errors
    ///
    /// A trap, or what a host function failed with.
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
        let bits = results.iter().map(|value| value.get().map(Value::bits));
        let bits: Option<Vec<u64>> = bits.collect();
        let bits = bits.ok_or("a result that is no number")?;
        verify(run, &bits, |export| api.memory(&mut instance, export))?;
        let apart = host.map_or(Timing::ZERO, |host| host.time_apart());
        Ok(Timing {
            wall: timing.wall.saturating_sub(apart.wall),
            cpu: timing.cpu.saturating_sub(apart.cpu),
        })
    }
}

/// Another value of the same type, that no engine should return: what it does not write is not taken for a result.
fn unlike(value: Value) -> Value {
    const UNWRITTEN: u32 = 0x5bad_5bad;
    match value {
        Value::I32(_) => Value::I32(UNWRITTEN as i32),
        Value::I64(_) => Value::I64(UNWRITTEN.into()),
        Value::F32(_) => Value::F32(UNWRITTEN),
        Value::F64(_) => Value::F64(UNWRITTEN.into()),
    }
}

/// A float as an engine keeps it: as a number, or as its bits.
pub trait Float<Bits> {
    /// The float of these bits.
    fn of_bits(bits: Bits) -> Self;

    /// Its bits.
    fn bits(&self) -> Bits;
}

/// [`Number`] for an engine's `enum` that has `I32`, `I64`, `F32` and `F64`.
#[allow(unused_macros)] // Without features there is no engine here.
macro_rules! numbers {
    ($val:ty) => {
        impl crate::api::Number for $val {
            fn of(value: wasm_dispatch_workloads::Value) -> Self {
                use wasm_dispatch_workloads::Value;
                match value {
                    Value::I32(value) => Self::I32(value),
                    Value::I64(value) => Self::I64(value),
                    Value::F32(bits) => Self::F32(crate::api::Float::of_bits(bits)),
                    Value::F64(bits) => Self::F64(crate::api::Float::of_bits(bits)),
                }
            }

            fn get(&self) -> Option<wasm_dispatch_workloads::Value> {
                use wasm_dispatch_workloads::Value;
                Some(match self {
                    Self::I32(value) => Value::I32(*value),
                    Self::I64(value) => Value::I64(*value),
                    Self::F32(float) => Value::F32(crate::api::Float::bits(float)),
                    Self::F64(float) => Value::F64(crate::api::Float::bits(float)),
                    _ => return None,
                })
            }
        }
    };
}

/// [`Float`] by two functions each.
macro_rules! floats {
    ($($float:ty as $bits:ty = $of:expr, $get:expr;)*) => {$(
        impl crate::api::Float<$bits> for $float {
            fn of_bits(bits: $bits) -> $float {
                $of(bits)
            }

            fn bits(&self) -> $bits {
                $get(*self)
            }
        }
    )*};
}

floats! {
    f32 as u32 = f32::from_bits, f32::to_bits;
    f64 as u64 = f64::from_bits, f64::to_bits;
    u32 as u32 = u32::from, u32::from;
    u64 as u64 = u64::from, u64::from;
}

/// An [`Api`] for a crate that has wasmi's very names. What differs stands in the invocation: the type of a function, how an
/// instance is made, where its memory is, and how a function of WASI gets at the memory.
#[allow(unused_macros)] // As above.
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

#[allow(unused_imports)]
pub(crate) use {floats, like_wasmi, numbers};
