//! The interpreter of sf-nano-core (Silverfir-nano). Its compiler is not built.

use sf_nano_core::value_type::ValueType;
use sf_nano_core::{Config, Func, FunctionType, Import, Instance, Module, Tier, Value as Val, WasmError};
use wasm_dispatch::wasi::{self, Function};
use wasm_dispatch_measure::Engine;
use wasm_dispatch_measure::adapter::{Adapted, Machine};
use wasm_dispatch_measure::host::{Host, has_result, is_long};
use wasm_dispatch_workloads::Value;

/// The engine.
pub fn engine(name: &str) -> Result<Box<dyn Engine>, String> {
    Ok(Box::new(Adapted::new(name, SfNano::new()?, SfNano::new()?)))
}

numbers!(Val);

struct SfNano {
    engine: sf_nano_core::Engine,
}

impl SfNano {
    fn new() -> Result<SfNano, String> {
        let config = Config::new().tier(Tier::Interp);
        let engine = sf_nano_core::Engine::new(config).map_err(|error| error.to_string())?;
        Ok(SfNano { engine })
    }
}

impl Machine for SfNano {
    /// An instance takes its module with it, so that what can be kept is the bytes.
    type Module = Vec<u8>;
    type Store = Vec<Import>;
    type Instance = (Instance, Func);

    fn module(&self, wasm: &[u8]) -> Result<Vec<u8>, String> {
        Ok(wasm.to_vec())
    }

    fn store(&self, host: Option<Host>) -> Result<Self::Store, String> {
        let Some(host) = host else { return Ok(Vec::new()) };
        Ok(Function::ALL
            .iter()
            .map(|&function| define(function, host.clone()))
            .collect())
    }

    fn instantiate(&self, imports: Self::Store, wasm: &Vec<u8>, entry: &str) -> Result<Self::Instance, String> {
        let module = Module::new("workload", wasm).map_err(|error| error.to_string())?;
        let instance = Instance::from_module(&self.engine, module, &imports).map_err(|error| error.to_string())?;
        let func = instance.get_func(entry).ok_or("no such export")?;
        Ok((instance, func))
    }

    fn call(&self, (instance, func): &mut Self::Instance, args: &[Value], results: &mut [Value]) -> Result<(), String> {
        let args: Vec<Val> = args.iter().map(|&value| to_val(value)).collect();
        let mut got: Vec<Val> = results.iter().map(|&value| to_val(value)).collect();
        instance
            .call(func, &args, &mut got)
            .map_err(|error| error.to_string())?;
        for (result, got) in results.iter_mut().zip(&got) {
            *result = from_val(got)?;
        }
        Ok(())
    }

    /// Memory 0, whatever its name: there is no other way to it.
    fn memory(&self, (instance, _): &mut Self::Instance, _: &str) -> Option<Vec<u8>> {
        Some(instance.memory().ok()?.to_vec())
    }
}

fn define(function: Function, host: Host) -> Import {
    let kinds = function.params().iter();
    let params: Vec<ValueType> = kinds
        .map(|&param| if is_long(param) { ValueType::I64 } else { ValueType::I32 })
        .collect();
    let results = Vec::from_iter(has_result(function).then_some(ValueType::I32));
    Import::func_typed(
        wasi::MODULE,
        function.name(),
        move |caller, args, results| {
            let slots: Vec<u64> = args.iter().map(slot).collect();
            let mut nothing = [0u8; 0];
            let memory = caller.memory_mut().unwrap_or(&mut nothing);
            let errno = host
                .call(function, &slots, memory)
                .map_err(|_| WasmError::trap("the program has ended itself"))?;
            results[0] = Val::I32(errno);
            Ok(())
        },
        FunctionType::new(params, results),
    )
}
