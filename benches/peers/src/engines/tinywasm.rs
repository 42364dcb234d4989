//! tinywasm, with stacks that are large enough for all workloads and are reserved beforehand.

use tinywasm::engine::{Config, StackConfig};
use tinywasm::types::{FuncType, WasmType, WasmValue};
use tinywasm::{Error, FuncContext, Function as Func, HostFunction, Imports, Module, ModuleInstance, Store};
use wasm_dispatch::wasi::{self, Function};
use wasm_dispatch_measure::Engine;
use wasm_dispatch_measure::adapter::{Adapted, Machine};
use wasm_dispatch_measure::host::{Host, has_result, is_long};
use wasm_dispatch_workloads::Value;

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

impl Machine for TinyWasm {
    type Module = Module;
    type Store = (Store, Imports);
    type Instance = (Store, ModuleInstance, Func);

    fn module(&self, wasm: &[u8]) -> Result<Module, String> {
        tinywasm::parse_bytes(wasm).map_err(|error| error.to_string())
    }

    fn store(&self, host: Option<Host>) -> Result<Self::Store, String> {
        let config = Config::new()
            .with_value_stack_32(StackConfig::fixed(VALUES))
            .with_value_stack_64(StackConfig::fixed(VALUES))
            .with_call_stack(StackConfig::fixed(FRAMES));
        let mut store = Store::new(tinywasm::Engine::new(config));
        let mut imports = Imports::new();
        if let Some(host) = host {
            for &function in Function::ALL {
                let defined = define(&mut store, function, host.clone());
                imports.define(wasi::MODULE, function.name(), defined);
            }
        }
        Ok((store, imports))
    }

    fn instantiate(
        &self,
        (mut store, imports): Self::Store,
        module: &Module,
        entry: &str,
    ) -> Result<Self::Instance, String> {
        let instance =
            ModuleInstance::instantiate(&mut store, module, Some(imports)).map_err(|error| error.to_string())?;
        let func = instance
            .func_untyped(&store, entry)
            .map_err(|error| error.to_string())?;
        Ok((store, instance, func))
    }

    fn call(&self, (store, _, func): &mut Self::Instance, args: &[Value], results: &mut [Value]) -> Result<(), String> {
        let args: Vec<WasmValue> = args.iter().map(|&value| to_val(value)).collect();
        let got = func.call(store, &args).map_err(|error| error.to_string())?;
        for (result, got) in results.iter_mut().zip(&got) {
            *result = from_val(got)?;
        }
        Ok(())
    }

    fn memory(&self, (store, instance, _): &mut Self::Instance, export: &str) -> Option<Vec<u8>> {
        let memory = instance.memory(export).ok()?;
        let len = memory.len(store).ok()?;
        memory.read_vec(store, 0, len).ok()
    }
}

/// A function of WASI. Hosts get no view of the memory here, they can only copy; that is not counted as the engine's time.
fn define(store: &mut Store, function: Function, host: Host) -> Func {
    let kinds = function.params().iter();
    let params: Vec<WasmType> = kinds
        .map(|&param| if is_long(param) { WasmType::I64 } else { WasmType::I32 })
        .collect();
    let results: &[WasmType] = if has_result(function) { &[WasmType::I32] } else { &[] };
    let ty = FuncType::new(&params, results);
    HostFunction::from_untyped(store, &ty, move |mut context: FuncContext<'_>, args| {
        let slots: Vec<u64> = args.iter().map(slot).collect();
        let memory = context.memory("memory").ok();
        let mut bytes = match &memory {
            Some(memory) => host.aside(|| {
                let len = memory.len(context.store())?;
                memory.read_vec(context.store(), 0, len)
            })?,
            None => Vec::new(),
        };
        let errno = host
            .call(function, &slots, &mut bytes)
            .map_err(|exit| Error::Other(exit.to_string()))?;
        if let Some(memory) = &memory {
            host.aside(|| memory.copy_from_slice(context.store_mut(), 0, &bytes))?;
        }
        Ok(vec![WasmValue::I32(errno)])
    })
}
