//! wasmtime twice: as a compiler to machine code (Cranelift) and as an interpreter (Pulley), from the same API.

use wasm_dispatch::wasi::{self, Function};
use wasm_dispatch_measure::adapter::{Adapted, Machine};
use wasm_dispatch_measure::host::{Host, has_result, is_long};
use wasm_dispatch_measure::{Engine, adapter};
use wasm_dispatch_workloads::Value;
use wasmtime::{Caller, Config, Func, FuncType, Instance, Linker, Module, OptLevel, Store, Val, ValType};

/// Machine code.
pub fn cranelift(name: &str) -> Result<Box<dyn Engine>, String> {
    engine(name, None)
}

/// Pulley's bytecode.
pub fn pulley(name: &str) -> Result<Box<dyn Engine>, String> {
    engine(name, Some("pulley64"))
}

fn engine(name: &str, target: Option<&str>) -> Result<Box<dyn Engine>, String> {
    // It compiles everything at once, always, so that there is no other configuration for starting.
    Ok(Box::new(adapter::Adapted::new(
        name,
        Wasmtime::new(target)?,
        Wasmtime::new(target)?,
    )) as Box<Adapted<Wasmtime>>)
}

numbers!(Val, floats are bits);

struct Wasmtime {
    engine: wasmtime::Engine,
}

impl Wasmtime {
    fn new(target: Option<&str>) -> Result<Wasmtime, String> {
        let mut config = Config::new();
        config.cranelift_opt_level(OptLevel::Speed);
        config.wasm_tail_call(true);
        if let Some(target) = target {
            config.target(target).map_err(text)?;
        }
        let engine = wasmtime::Engine::new(&config).map_err(text)?;
        Ok(Wasmtime { engine })
    }
}

impl Machine for Wasmtime {
    type Module = Module;
    type Store = (Store<()>, Linker<()>);
    type Instance = (Store<()>, Instance, Func);

    fn module(&self, wasm: &[u8]) -> Result<Module, String> {
        Module::new(&self.engine, wasm).map_err(text)
    }

    fn store(&self, host: Option<Host>) -> Result<Self::Store, String> {
        let mut linker = Linker::new(&self.engine);
        if let Some(host) = host {
            for &function in Function::ALL {
                define(&mut linker, &self.engine, function, host.clone()).map_err(text)?;
            }
        }
        Ok((Store::new(&self.engine, ()), linker))
    }

    fn instantiate(
        &self,
        (mut store, linker): Self::Store,
        module: &Module,
        entry: &str,
    ) -> Result<Self::Instance, String> {
        let instance = linker.instantiate(&mut store, module).map_err(text)?;
        let func = instance.get_func(&mut store, entry).ok_or("no such export")?;
        Ok((store, instance, func))
    }

    fn call(&self, (store, _, func): &mut Self::Instance, args: &[Value], results: &mut [Value]) -> Result<(), String> {
        let args: Vec<Val> = args.iter().map(|&value| to_val(value)).collect();
        let mut got: Vec<Val> = results.iter().map(|&value| to_val(value)).collect();
        func.call(&mut *store, &args, &mut got).map_err(text)?;
        for (result, got) in results.iter_mut().zip(&got) {
            *result = from_val(got)?;
        }
        Ok(())
    }

    fn memory(&self, (store, instance, _): &mut Self::Instance, export: &str) -> Option<Vec<u8>> {
        let memory = instance.get_memory(&mut *store, export)?;
        Some(memory.data(&*store).to_vec())
    }
}

fn define(
    linker: &mut Linker<()>,
    engine: &wasmtime::Engine,
    function: Function,
    host: Host,
) -> Result<(), wasmtime::Error> {
    let kinds = function.params().iter();
    let params = kinds.map(|&param| if is_long(param) { ValType::I64 } else { ValType::I32 });
    let ty = FuncType::new(engine, params, has_result(function).then_some(ValType::I32));
    linker.func_new(
        wasi::MODULE,
        function.name(),
        ty,
        move |mut caller: Caller<'_, ()>, args, results| {
            let slots: Vec<u64> = args.iter().map(slot).collect();
            let memory = caller.get_export("memory").and_then(|export| export.into_memory());
            let mut nothing = [0u8; 0];
            let memory = match &memory {
                Some(memory) => memory.data_mut(&mut caller),
                None => &mut nothing[..],
            };
            let errno = host.call(function, &slots, memory).map_err(wasmtime::Error::new)?;
            results[0] = Val::I32(errno);
            Ok(())
        },
    )?;
    Ok(())
}

fn text(error: wasmtime::Error) -> String {
    format!("{error:#}")
}
