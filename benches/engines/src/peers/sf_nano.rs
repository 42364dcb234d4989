//! The interpreter of sf-nano-core (Silverfir-nano). Its compiler is not built.

use sf_nano_core::value_type::ValueType;
use sf_nano_core::{Config, Func, FunctionType, Import, Instance, Module, Tier, Value, WasmError};
use wasm_dispatch::wasi::{self, Function};

use crate::Engine;
use crate::api::{Adapted, Api, Failed, NO_EXPORT};
use crate::values::numbers;
use crate::wasi::{Host, signature};

/// The engine.
pub fn engine(name: &str) -> Result<Box<dyn Engine>, String> {
    let new = || {
        let engine = sf_nano_core::Engine::new(Config::new().tier(Tier::Interp));
        engine.map(SfNano).map_err(|error| error.to_string())
    };
    Ok(Box::new(Adapted::new(name, new()?, new()?)))
}

numbers!(Value);

struct SfNano(sf_nano_core::Engine);

impl Api for SfNano {
    type Val = Value;
    /// An instance takes its module with it, so that what can be kept is the bytes.
    type Module = Vec<u8>;
    type Store = Vec<Import>;
    type Instance = (Instance, Func);

    fn module(&self, wasm: &[u8]) -> Result<Vec<u8>, Failed> {
        Ok(wasm.to_vec())
    }

    fn store(&self) -> Self::Store {
        Vec::new()
    }

    fn define(&self, imports: &mut Self::Store, function: Function, host: Host) -> Result<(), Failed> {
        let (params, results) = signature(function, ValueType::I32, ValueType::I64);
        let ty = FunctionType::new(params, Vec::from_iter(results));
        imports.push(Import::func_typed(
            wasi::MODULE,
            function.name(),
            move |caller, args, results| {
                let errno = host.call(function, args, caller.memory_mut());
                results[0] = Value::I32(errno.map_err(|_| WasmError::trap("the program has ended itself"))?);
                Ok(())
            },
            ty,
        ));
        Ok(())
    }

    fn instantiate(&self, imports: Self::Store, wasm: &Vec<u8>, entry: &str) -> Result<Self::Instance, Failed> {
        let instance = Instance::from_module(&self.0, Module::new("workload", wasm)?, &imports)?;
        let func = instance.get_func(entry).ok_or(NO_EXPORT)?;
        Ok((instance, func))
    }

    fn call(&self, (instance, func): &mut Self::Instance, args: &[Value], results: &mut [Value]) -> Result<(), Failed> {
        Ok(instance.call(func, args, results)?)
    }

    /// Memory 0, whatever its name: there is no other way to it.
    fn memory(&self, (instance, _): &mut Self::Instance, _: &str) -> Option<Vec<u8>> {
        Some(instance.memory().ok()?.to_vec())
    }
}
