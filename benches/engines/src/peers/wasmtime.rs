//! wasmtime three times: as a compiler to machine code that optimises (Cranelift), as one that does it in a pass (Winch), and as
//! an interpreter (Pulley), from the same API.

use wasm_dispatch::wasi::Function;
use wasmtime::{Caller, Config, Error, OptLevel, Strategy, Val};

use crate::Engine;
use crate::api::{Adapted, like_wasmi};
use crate::values::numbers;
use crate::wasi::Host;

/// Machine code.
pub fn cranelift(name: &str) -> Result<Box<dyn Engine>, String> {
    engine(name, |config| {
        config.wasm_tail_call(true);
        Ok(())
    })
}

/// Machine code, made in a pass. It has no tail calls.
pub fn winch(name: &str) -> Result<Box<dyn Engine>, String> {
    engine(name, |config| {
        config.strategy(Strategy::Winch);
        Ok(())
    })
}

/// Pulley's bytecode.
pub fn pulley(name: &str) -> Result<Box<dyn Engine>, String> {
    engine(name, |config| {
        config.wasm_tail_call(true);
        config.target("pulley64").map(drop)
    })
}

fn engine(name: &str, configure: fn(&mut Config) -> Result<(), Error>) -> Result<Box<dyn Engine>, String> {
    let new = || {
        let mut config = Config::new();
        config.cranelift_opt_level(OptLevel::Speed);
        configure(&mut config)?;
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
