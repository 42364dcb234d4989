//! wasmi as an engine, at its best: lazy translation off, so that a timed call never compiles. What starts once is
//! translated lazily, which is its quickest start.

use wasm_dispatch::wasi::{self, Function};
use wasm_dispatch_workloads::Value as Typed;
use wasmi::{Caller, CompilationMode, Config, Error, Extern, Func, FuncType, Instance, Linker, Module, Store, Val};
use wasmi::{F32, F64, ValType};

use crate::adapter::{Adapted, Machine};
use crate::host::{Host, has_result, is_long};

/// wasmi 2.
pub type Wasmi = Adapted<Mode>;

impl Default for Wasmi {
    fn default() -> Self {
        Adapted::new(
            "wasmi",
            Mode::new(CompilationMode::Eager),
            Mode::new(CompilationMode::LazyTranslation),
        )
    }
}

/// wasmi with a compilation mode.
#[derive(Debug)]
pub struct Mode {
    engine: wasmi::Engine,
}

impl Mode {
    fn new(mode: CompilationMode) -> Mode {
        let mut config = Config::default();
        config.wasm_tail_call(true);
        config.compilation_mode(mode);
        Mode {
            engine: wasmi::Engine::new(&config),
        }
    }
}

impl Machine for Mode {
    type Module = Module;
    type Store = (Store<()>, Linker<()>);
    type Instance = (Store<()>, Instance, Func);

    fn module(&self, wasm: &[u8]) -> Result<Module, String> {
        Module::new(&self.engine, wasm).map_err(|error| error.to_string())
    }

    fn store(&self, host: Option<Host>) -> Result<Self::Store, String> {
        let mut linker = Linker::new(&self.engine);
        if let Some(host) = host {
            for &function in Function::ALL {
                define(&mut linker, function, host.clone()).map_err(|error| error.to_string())?;
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
        let instance = linker
            .instantiate_and_start(&mut store, module)
            .map_err(|error| error.to_string())?;
        let func = instance.get_func(&store, entry).ok_or("no such export")?;
        Ok((store, instance, func))
    }

    fn call(&self, (store, _, func): &mut Self::Instance, args: &[Typed], results: &mut [Typed]) -> Result<(), String> {
        let args: Vec<Val> = args.iter().map(|&value| to_val(value)).collect();
        let mut got: Vec<Val> = results.iter().map(|&value| to_val(value)).collect();
        func.call(&mut *store, &args, &mut got)
            .map_err(|error| error.to_string())?;
        for (result, got) in results.iter_mut().zip(&got) {
            *result = from_val(got)?;
        }
        Ok(())
    }

    fn memory(&self, (store, instance, _): &mut Self::Instance, export: &str) -> Option<Vec<u8>> {
        Some(instance.get_memory(&*store, export)?.data(&*store).to_vec())
    }
}

/// Our WASI for wasmi, so that all engines do the same.
fn define(linker: &mut Linker<()>, function: Function, host: Host) -> Result<(), Error> {
    let kinds = function.params().iter();
    let params = kinds.map(|&param| if is_long(param) { ValType::I64 } else { ValType::I32 });
    let ty = FuncType::new(params, has_result(function).then_some(ValType::I32));
    linker.func_new(
        wasi::MODULE,
        function.name(),
        ty,
        move |mut caller: Caller<'_, ()>, args: &[Val], results: &mut [Val]| {
            let slots: Vec<u64> = args.iter().map(slot).collect();
            let memory = caller.get_export("memory").and_then(Extern::into_memory);
            let mut nothing = [0u8; 0];
            let memory = match memory {
                Some(memory) => memory.data_mut(&mut caller),
                None => &mut nothing[..],
            };
            let errno = host
                .call(function, &slots, memory)
                .map_err(|exit| Error::i32_exit(exit.0 as i32))?;
            results[0] = Val::I32(errno);
            Ok(())
        },
    )?;
    Ok(())
}

/// An argument as our WASI wants it; WASI has integers only.
fn slot(value: &Val) -> u64 {
    match value {
        Val::I32(value) => u64::from(*value as u32),
        Val::I64(value) => *value as u64,
        _ => 0,
    }
}

fn to_val(value: Typed) -> Val {
    match value {
        Typed::I32(value) => Val::I32(value),
        Typed::I64(value) => Val::I64(value),
        Typed::F32(bits) => Val::F32(F32::from_bits(bits)),
        Typed::F64(bits) => Val::F64(F64::from_bits(bits)),
    }
}

fn from_val(value: &Val) -> Result<Typed, String> {
    Ok(match value {
        Val::I32(value) => Typed::I32(*value),
        Val::I64(value) => Typed::I64(*value),
        Val::F32(value) => Typed::F32(value.to_bits()),
        Val::F64(value) => Typed::F64(value.to_bits()),
        other => return Err(format!("an unexpected result: {other:?}")),
    })
}
