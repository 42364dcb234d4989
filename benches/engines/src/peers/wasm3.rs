//! wasm3 through wasm3x. It compiles a module while it instantiates it; what starts once is compiled when it is called.

use wasm_dispatch::wasi::Function;
use wasm3x::{Caller, CompilationMode, Config, Error, Val};

use crate::Engine;
use crate::api::{Adapted, like_wasmi};
use crate::values::numbers;
use crate::wasi::Host;

/// Bytes of the stack of values; the default is 1 MiB.
const STACK: usize = 8 << 20;

/// The engine.
pub fn engine(name: &str) -> Result<Box<dyn Engine>, String> {
    let mode = |mode| {
        let mut config = Config::new();
        config.compilation_mode(mode).stack_size(STACK);
        Wasm3 {
            engine: wasm3x::Engine::new(&config),
        }
    };
    let (steady, startup) = (CompilationMode::Eager, CompilationMode::Lazy);
    Ok(Box::new(Adapted::new(name, mode(steady), mode(startup))))
}

/// How it is configured, which depends on the compiler that built it.
pub fn configuration(common: &str) -> String {
    match wasm3x::has_guaranteed_tail_calls() {
        true => common.to_owned(),
        false => format!("{common}; built by a C compiler without guaranteed tail calls (CC=clang has them)"),
    }
}

like_wasmi! {
    /// wasm3 with a compilation mode. It has one memory, whatever its name.
    Wasm3 = wasm3x;
    function type (_engine, params, results) wasm3x::FuncType::new(params, results);
    instantiate instantiate_and_start;
    memory (instance, store, _export) instance.get_memory(&*store);
    host answer;
}

/// Host functions get no view of the memory here, they can only copy; that is not counted as the engine's time.
fn answer(mut caller: Caller<'_, ()>, host: &Host, function: Function, args: &[Val]) -> Result<i32, Error> {
    let memory = caller.get_memory();
    let mut bytes = Vec::new();
    if let Some(memory) = &memory {
        host.apart(|| {
            bytes.resize(memory.data_size(&caller), 0);
            memory.read(&caller, 0, &mut bytes)
        })?;
    }
    let errno = host.call(function, args, Some(&mut bytes)).map_err(Error::host)?;
    if let Some(memory) = &memory {
        host.apart(|| memory.write(&mut caller, 0, &bytes))?;
    }
    Ok(errno)
}
