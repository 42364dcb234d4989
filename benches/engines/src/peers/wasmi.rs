//! wasmi at its best: lazy translation off, so that a timed call never compiles. What starts once is translated lazily,
//! which is its quickest start.

use wasm_dispatch::wasi::Function;
use wasmi::{Caller, CompilationMode, Config, Error, Extern, Val};

use crate::Engine;
use crate::api::{Adapted, like_wasmi};
use crate::values::{floats, numbers};
use crate::wasi::Host;

/// The engine.
pub fn engine(name: &str) -> Result<Box<dyn Engine>, String> {
    let mode = |mode| {
        let mut config = Config::default();
        config.wasm_tail_call(true).wasm_simd(true);
        config.compilation_mode(mode);
        Wasmi {
            engine: wasmi::Engine::new(&config),
        }
    };
    let (steady, startup) = (CompilationMode::Eager, CompilationMode::LazyTranslation);
    Ok(Box::new(Adapted::new(name, mode(steady), mode(startup))))
}

floats! {
    wasmi::F32 as u32 = wasmi::F32::from_bits, wasmi::F32::to_bits;
    wasmi::F64 as u64 = wasmi::F64::from_bits, wasmi::F64::to_bits;
}

like_wasmi! {
    /// wasmi with a compilation mode.
    Wasmi = wasmi;
    function type (_engine, params, results) wasmi::FuncType::new(params, results);
    instantiate instantiate_and_start;
    memory (instance, store, export) instance.get_memory(&*store, export);
    host answer;
}

fn answer(mut caller: Caller<'_, ()>, host: &Host, function: Function, args: &[Val]) -> Result<i32, Error> {
    let memory = caller.get_export("memory").and_then(Extern::into_memory);
    let memory = memory.as_ref().map(|memory| memory.data_mut(&mut caller));
    host.call(function, args, memory)
        .map_err(|exit| Error::i32_exit(exit.0 as i32))
}
