//! wasmtime twice: as a compiler to machine code (Cranelift) and as an interpreter (Pulley), from the same API.

use wasm_dispatch::wasi::Function;
use wasmtime::{Caller, Config, Error, OptLevel, Val};

use crate::Engine;
use crate::api::{Adapted, like_wasmi};
use crate::values::numbers;
use crate::wasi::Host;

/// Machine code.
pub fn cranelift(name: &str) -> Result<Box<dyn Engine>, String> {
    engine(name, None)
}

/// Pulley's bytecode.
pub fn pulley(name: &str) -> Result<Box<dyn Engine>, String> {
    engine(name, Some("pulley64"))
}

fn engine(name: &str, target: Option<&str>) -> Result<Box<dyn Engine>, String> {
    let new = || {
        let mut config = Config::new();
        config.cranelift_opt_level(OptLevel::Speed);
        config.wasm_tail_call(true);
        if let Some(target) = target {
            config.target(target)?;
        }
        wasmtime::Engine::new(&config).map(|engine| Wasmtime { engine })
    };
    let made = || new().map_err(|error| format!("{error:#}"));
    // It compiles everything at once, always, so that there is no other configuration for starting.
    Ok(Box::new(Adapted::new(name, made()?, made()?)))
}

like_wasmi! {
    /// wasmtime for a target.
    Wasmtime = wasmtime;
    function type (engine, params, results) wasmtime::FuncType::new(engine, params, results);
    instantiate instantiate;
    memory (instance, store, export) instance.get_memory(&mut *store, export);
    host answer;
}

fn answer(mut caller: Caller<'_, ()>, host: &Host, function: Function, args: &[Val]) -> Result<i32, Error> {
    let memory = caller.get_export("memory").and_then(|export| export.into_memory());
    let memory = memory.as_ref().map(|memory| memory.data_mut(&mut caller));
    host.call(function, args, memory).map_err(Error::new)
}
