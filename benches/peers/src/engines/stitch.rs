//! makepad-stitch: threaded code that relies on the compiler turning its calls into jumps. It compiles functions when they
//! are first called and cannot be told otherwise.

use std::cell::Cell;

use makepad_stitch::{Error, Func, FuncError, Instance, Linker, Mem, Module, Store, Val};
use wasm_dispatch::ValType;
use wasm_dispatch::wasi::{self, Function};
use wasm_dispatch_measure::Engine;
use wasm_dispatch_measure::adapter::{Adapted, Machine};
use wasm_dispatch_measure::host::{Host, has_result, is_long};
use wasm_dispatch_workloads::Value;

/// The engine.
pub fn engine(name: &str) -> Result<Box<dyn Engine>, String> {
    let stitch = || Stitch {
        engine: makepad_stitch::Engine::new(),
    };
    Ok(Box::new(Adapted::new(name, stitch(), stitch())))
}

thread_local! {
    /// The memory of the instance that runs. Host functions are told their store but not their caller, must be `Send`,
    /// and a `Mem` is not.
    static MEMORY: Cell<Option<Mem>> = const { Cell::new(None) };
}

numbers!(Val);

struct Stitch {
    engine: makepad_stitch::Engine,
}

impl Machine for Stitch {
    type Module = Module;
    type Store = (Store, Linker);
    type Instance = (Store, Instance, Func);

    fn module(&self, wasm: &[u8]) -> Result<Module, String> {
        Module::new(&self.engine, wasm).map_err(|error| error.to_string())
    }

    fn store(&self, host: Option<Host>) -> Result<Self::Store, String> {
        let mut store = Store::new(self.engine.clone());
        let mut linker = Linker::new();
        if let Some(host) = host {
            for &function in Function::ALL {
                let defined = define(&mut store, function, host.clone())?;
                linker.define(wasi::MODULE, function.name(), defined);
            }
        }
        Ok((store, linker))
    }

    fn instantiate(
        &self,
        (mut store, linker): Self::Store,
        module: &Module,
        entry: &str,
    ) -> Result<Self::Instance, String> {
        let instance = linker
            .instantiate(&mut store, module)
            .map_err(|error| error.to_string())?;
        let func = instance.exported_func(entry).ok_or("no such export")?;
        Ok((store, instance, func))
    }

    fn call(
        &self,
        (store, instance, func): &mut Self::Instance,
        args: &[Value],
        results: &mut [Value],
    ) -> Result<(), String> {
        let args: Vec<Val> = args.iter().map(|&value| to_val(value)).collect();
        let mut got: Vec<Val> = results.iter().map(|&value| to_val(value)).collect();
        MEMORY.set(instance.exported_mem("memory"));
        func.call(store, &args, &mut got).map_err(|error| error.to_string())?;
        for (result, got) in results.iter_mut().zip(&got) {
            *result = from_val(got)?;
        }
        Ok(())
    }

    fn memory(&self, (store, instance, _): &mut Self::Instance, export: &str) -> Option<Vec<u8>> {
        Some(instance.exported_mem(export)?.bytes(store).to_vec())
    }
}

/// Host functions have their types from Rust functions only: a closure for each list of parameters that WASI has.
fn define(store: &mut Store, function: Function, host: Host) -> Result<Func, String> {
    if !has_result(function) {
        return Ok(Func::wrap(store, move |store: &mut Store, code: u32| {
            answer(store, &host, function, &[code.into()]).map(|_| ())
        }));
    }
    let shape: String = function.params().iter().map(|&param: &ValType| letter(param)).collect();
    macro_rules! shapes {
        ($($shape:literal ($($name:ident: $ty:ty),*))*) => {
            match shape.as_str() {
                $($shape => Func::wrap(store, move |store: &mut Store, $($name: $ty),*| {
                    answer(store, &host, function, &[$(u64::from($name)),*]).map(|errno| (errno,))
                }),)*
                other => return Err(format!("no closure for a function of WASI with parameters {other}")),
            }
        };
    }
    Ok(shapes! {
        "" ()
        "i" (a: u32)
        "ii" (a: u32, b: u32)
        "iii" (a: u32, b: u32, c: u32)
        "iiii" (a: u32, b: u32, c: u32, d: u32)
        "iiiii" (a: u32, b: u32, c: u32, d: u32, e: u32)
        "iiiiii" (a: u32, b: u32, c: u32, d: u32, e: u32, f: u32)
        "iiiiiii" (a: u32, b: u32, c: u32, d: u32, e: u32, f: u32, g: u32)
        "iiiiillii" (a: u32, b: u32, c: u32, d: u32, e: u32, f: u64, g: u64, h: u32, i: u32)
        "iiiilli" (a: u32, b: u32, c: u32, d: u32, e: u64, f: u64, g: u32)
        "iiili" (a: u32, b: u32, c: u32, d: u64, e: u32)
        "il" (a: u32, b: u64)
        "ili" (a: u32, b: u64, c: u32)
        "ilii" (a: u32, b: u64, c: u32, d: u32)
        "ill" (a: u32, b: u64, c: u64)
        "illi" (a: u32, b: u64, c: u64, d: u32)
    })
}

fn letter(param: ValType) -> char {
    if is_long(param) { 'l' } else { 'i' }
}

fn answer(store: &mut Store, host: &Host, function: Function, slots: &[u64]) -> Result<i32, Error> {
    let mut nothing = [0u8; 0];
    let memory = match MEMORY.get() {
        Some(memory) => memory.bytes_mut(store),
        None => &mut nothing[..],
    };
    // There is no error for hosts; the host remembers that the program has ended itself.
    host.call(function, slots, memory)
        .map_err(|_| FuncError::ResultCountMismatch.into())
}
