//! makepad-stitch: threaded code that relies on the compiler turning its calls into jumps. It compiles functions when they
//! are first called and cannot be told otherwise.

use std::cell::Cell;

use makepad_stitch::{Error, Func, FuncError, Instance, Linker, Mem, Module, Store, Val};
use wasm_dispatch::ValType;
use wasm_dispatch::wasi::{self, Function};
use wasm_dispatch_workloads::Value;

use crate::Engine;
use crate::api::{Adapted, Api, Failed, NO_EXPORT};
use crate::values::{Number, numbers};
use crate::wasi::{Host, has_result, is_long};

/// The engine.
pub fn engine(name: &str) -> Result<Box<dyn Engine>, String> {
    let stitch = || Stitch(makepad_stitch::Engine::new());
    Ok(Box::new(Adapted::new(name, stitch(), stitch())))
}

thread_local! {
    /// The memory of the instance that runs. Host functions are told their store but not their caller, must be `Send`,
    /// and a `Mem` is not.
    static MEMORY: Cell<Option<Mem>> = const { Cell::new(None) };
}

numbers!(Val);

struct Stitch(makepad_stitch::Engine);

impl Api for Stitch {
    type Val = Val;
    type Module = Module;
    type Store = (Store, Linker);
    type Instance = (Store, Instance, Func);

    fn module(&self, wasm: &[u8]) -> Result<Module, Failed> {
        Ok(Module::new(&self.0, wasm)?)
    }

    fn store(&self) -> Self::Store {
        (Store::new(self.0.clone()), Linker::new())
    }

    fn define(&self, (store, linker): &mut Self::Store, function: Function, host: Host) -> Result<(), Failed> {
        linker.define(wasi::MODULE, function.name(), defined(store, function, host)?);
        Ok(())
    }

    fn instantiate(
        &self,
        (mut store, linker): Self::Store,
        module: &Module,
        entry: &str,
    ) -> Result<Self::Instance, Failed> {
        let instance = linker.instantiate(&mut store, module)?;
        let func = instance.exported_func(entry).ok_or(NO_EXPORT)?;
        Ok((store, instance, func))
    }

    fn call(
        &self,
        (store, instance, func): &mut Self::Instance,
        args: &[Val],
        results: &mut [Val],
    ) -> Result<(), Failed> {
        MEMORY.set(instance.exported_mem("memory"));
        Ok(func.call(store, args, results)?)
    }

    fn memory(&self, (store, instance, _): &mut Self::Instance, export: &str) -> Option<Vec<u8>> {
        Some(instance.exported_mem(export)?.bytes(store).to_vec())
    }
}

/// Host functions have their types from Rust functions only: a closure for each list of parameters that WASI has.
fn defined(store: &mut Store, function: Function, host: Host) -> Result<Func, String> {
    if !has_result(function) {
        return Ok(Func::wrap(store, move |store: &mut Store, code: u32| {
            answer(store, &host, function, &[Slot(code.into())]).map(|_| ())
        }));
    }
    let shape: String = function.params().iter().map(|&param: &ValType| letter(param)).collect();
    macro_rules! shapes {
        ($($shape:literal ($($name:ident: $ty:ty),*))*) => {
            match shape.as_str() {
                $($shape => Func::wrap(store, move |store: &mut Store, $($name: $ty),*| {
                    answer(store, &host, function, &[$(Slot($name.into())),*]).map(|errno| (errno,))
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

/// An argument, handed over as Rust's integer.
struct Slot(u64);

impl Number for Slot {
    fn of(value: Value) -> Slot {
        Slot(value.bits())
    }

    fn get(&self) -> Option<Value> {
        Some(Value::I64(self.0 as i64))
    }
}

fn answer(store: &mut Store, host: &Host, function: Function, args: &[Slot]) -> Result<i32, Error> {
    let memory = MEMORY.get();
    let memory = memory.as_ref().map(|memory| memory.bytes_mut(store));
    // There is no error for hosts; the host remembers that the program has ended itself.
    host.call(function, args, memory)
        .map_err(|_| FuncError::ResultCountMismatch.into())
}
