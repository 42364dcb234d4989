//! tinywasm, with stacks that are large enough for all workloads and are reserved beforehand.

use tinywasm::engine::{Config, StackConfig};
use tinywasm::types::{FuncType, WasmType, WasmValue};
use tinywasm::{Error, FuncContext, Function as Func, HostFunction, Imports, Module, ModuleInstance, Store};
use wasm_dispatch::wasi::{self, Function};

use crate::Engine;
use crate::api::{Adapted, Api, Failed};
use crate::values::numbers;
use crate::wasi::{Host, signature};

/// Elements of each stack of values. The default ends some workloads with an overflow.
const VALUES: usize = 1 << 20;
/// Calls within calls.
const FRAMES: usize = 1 << 16;

/// The engine.
pub fn engine(name: &str) -> Result<Box<dyn Engine>, String> {
    Ok(Box::new(Adapted::new(name, TinyWasm, TinyWasm)))
}

numbers!(WasmValue);

struct TinyWasm;

impl Api for TinyWasm {
    type Val = WasmValue;
    type Module = Module;
    type Store = (Store, Imports);
    type Instance = (Store, ModuleInstance, Func);

    fn module(&self, wasm: &[u8]) -> Result<Module, Failed> {
        Ok(tinywasm::parse_bytes(wasm)?)
    }

    fn store(&self) -> Self::Store {
        let config = Config::new()
            .with_value_stack_32(StackConfig::fixed(VALUES))
            .with_value_stack_64(StackConfig::fixed(VALUES))
            .with_call_stack(StackConfig::fixed(FRAMES));
        (Store::new(tinywasm::Engine::new(config)), Imports::new())
    }

    /// Hosts get no view of the memory here, they can only copy; that is not counted as the engine's time.
    fn define(&self, (store, imports): &mut Self::Store, function: Function, host: Host) -> Result<(), Failed> {
        let (params, results) = signature(function, WasmType::I32, WasmType::I64);
        let ty = FuncType::new(&params, results.as_slice());
        let answer = move |mut context: FuncContext<'_>, args: &[WasmValue]| {
            let memory = context.memory("memory").ok();
            let mut bytes = Vec::new();
            if let Some(memory) = &memory {
                bytes = host.apart(|| {
                    let len = memory.len(context.store())?;
                    memory.read_vec(context.store(), 0, len)
                })?;
            }
            let errno = host.call(function, args, Some(&mut bytes));
            let errno = errno.map_err(|exit| Error::Other(exit.to_string()))?;
            if let Some(memory) = &memory {
                host.apart(|| memory.copy_from_slice(context.store_mut(), 0, &bytes))?;
            }
            Ok(vec![WasmValue::I32(errno)])
        };
        imports.define(
            wasi::MODULE,
            function.name(),
            HostFunction::from_untyped(store, &ty, answer),
        );
        Ok(())
    }

    fn instantiate(
        &self,
        (mut store, imports): Self::Store,
        module: &Module,
        entry: &str,
    ) -> Result<Self::Instance, Failed> {
        let instance = ModuleInstance::instantiate(&mut store, module, Some(imports))?;
        let func = instance.func_untyped(&store, entry)?;
        Ok((store, instance, func))
    }

    fn call(
        &self,
        (store, _, func): &mut Self::Instance,
        args: &[WasmValue],
        results: &mut [WasmValue],
    ) -> Result<(), Failed> {
        for (result, got) in results.iter_mut().zip(func.call(store, args)?) {
            *result = got;
        }
        Ok(())
    }

    fn memory(&self, (store, instance, _): &mut Self::Instance, export: &str) -> Option<Vec<u8>> {
        let memory = instance.memory(export).ok()?;
        let len = memory.len(store).ok()?;
        memory.read_vec(store, 0, len).ok()
    }
}
