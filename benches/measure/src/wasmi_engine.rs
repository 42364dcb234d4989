//! wasmi as an engine, at its best: lazy translation off, so that a timed call never compiles.

use wasm_dispatch::wasi::{self, Context, Function};
use wasm_dispatch_workloads::{Class, Run, Value as Typed, Workload};
use wasmi::{Caller, CompilationMode, Config, Extern, FuncType, Linker, Module, Store, Val, ValType};

use crate::command::surroundings;
use crate::engine::{Engine, Prepared, Timing, verify};

/// wasmi 2.
pub struct Wasmi {
    engine: wasmi::Engine,
}

impl Default for Wasmi {
    fn default() -> Self {
        let mut config = Config::default();
        config.wasm_tail_call(true);
        config.compilation_mode(CompilationMode::Eager);
        Wasmi {
            engine: wasmi::Engine::new(&config),
        }
    }
}

impl Engine for Wasmi {
    fn name(&self) -> &str {
        "wasmi 2"
    }

    fn prepare(&self, workload: &Workload, wasm: &[u8]) -> Result<Box<dyn Prepared>, String> {
        let module = Module::new(&self.engine, wasm).map_err(|error| error.to_string())?;
        Ok(Box::new(PreparedModule {
            engine: self.engine.clone(),
            module,
            entry: workload.entry().to_string(),
            from_bytes: (workload.class() == Class::Startup).then(|| wasm.to_vec()),
        }))
    }
}

struct PreparedModule {
    engine: wasmi::Engine,
    module: Module,
    entry: String,
    from_bytes: Option<Vec<u8>>,
}

impl PreparedModule {
    /// Our WASI for wasmi, so that both do the same.
    fn linker(&self) -> Result<Linker<Option<Context>>, wasmi::Error> {
        let mut linker = Linker::new(&self.engine);
        let kind = |ty: &wasm_dispatch::ValType| match ty {
            wasm_dispatch::ValType::I64 => ValType::I64,
            _ => ValType::I32,
        };
        for &function in Function::ALL {
            let results: &[ValType] = if function == Function::ProcExit {
                &[]
            } else {
                &[ValType::I32]
            };
            let ty = FuncType::new(function.params().iter().map(kind), results.iter().copied());
            linker.func_new(
                wasi::MODULE,
                function.name(),
                ty,
                move |mut caller: Caller<'_, Option<Context>>, args: &[Val], results: &mut [Val]| {
                    let slots: Vec<u64> = args.iter().map(slot).collect();
                    let memory = caller.get_export("memory").and_then(Extern::into_memory);
                    let (mut nothing, mut none) = ([0u8; 0], None);
                    let (memory, context) = match memory {
                        Some(memory) => memory.data_and_store_mut(&mut caller),
                        None => (&mut nothing[..], &mut none),
                    };
                    let context = context.as_mut().ok_or_else(|| wasmi::Error::new("no surroundings"))?;
                    match context.call(function, &slots, memory) {
                        Ok(errno) => results[0] = Val::I32(errno.0.into()),
                        Err(exit) => return Err(wasmi::Error::i32_exit(exit.0 as i32)),
                    }
                    Ok(())
                },
            )?;
        }
        Ok(linker)
    }
}

/// An argument as our WASI wants it; WASI has integers only.
fn slot(value: &Val) -> u64 {
    match value {
        Val::I32(value) => u64::from(*value as u32),
        Val::I64(value) => *value as u64,
        _ => 0,
    }
}

impl Prepared for PreparedModule {
    fn run(&mut self, run: &Run) -> Result<Timing, String> {
        let arguments: Vec<Val> = run.args.iter().map(|&value| to_val(value)).collect();
        let mut results: Vec<Val> = run.expect.iter().map(|&value| to_val(value)).collect();
        results.fill(Val::I32(0));
        let (context, printed) = surroundings(run)?
            .map(|(wasi, printed)| (wasi.context(), printed))
            .unzip();
        let mut store = Store::new(&self.engine, context);
        let linker = self.linker().map_err(|error| error.to_string())?;
        let fresh = |store: &mut Store<Option<Context>>, module: &Module| {
            let instance = linker.instantiate_and_start(&mut *store, module)?;
            let func = instance.get_func(&*store, &self.entry);
            func.map(|func| (instance, func))
                .ok_or_else(|| wasmi::Error::new("no such export"))
        };
        let (outcome, timing) = match &self.from_bytes {
            Some(bytes) => Timing::of(|| {
                // Loading under its default, which compiles lazily: that is wasmi's best start.
                let module = Module::new(&self.engine, bytes)?;
                let (instance, func) = fresh(&mut store, &module)?;
                Ok((instance, func.call(&mut store, &arguments, &mut results)))
            }),
            None => {
                let (instance, func) = fresh(&mut store, &self.module).map_err(|error| error.to_string())?;
                Timing::of(|| Ok((instance, func.call(&mut store, &arguments, &mut results))))
            }
        };
        let (instance, called) = outcome.map_err(|error: wasmi::Error| error.to_string())?;
        let code = match called {
            Ok(()) => 0,
            Err(error) => error.i32_exit_status().ok_or_else(|| error.to_string())? as u32,
        };
        if let (Some(command), Some(printed)) = (&run.wasi, printed) {
            printed.verify(command, code)?;
        }
        let bits: Vec<u64> = results.iter().map(from_val).collect::<Result<_, _>>()?;
        verify(run, &bits, |export| {
            let memory = instance.get_memory(&store, export)?;
            Some(memory.data(&store).to_vec())
        })?;
        Ok(timing)
    }
}

fn to_val(value: Typed) -> Val {
    match value {
        Typed::I32(value) => Val::I32(value),
        Typed::I64(value) => Val::I64(value),
        Typed::F32(bits) => Val::F32(f32::from_bits(bits).into()),
        Typed::F64(bits) => Val::F64(f64::from_bits(bits).into()),
    }
}

fn from_val(value: &Val) -> Result<u64, String> {
    Ok(match value {
        Val::I32(value) => u64::from(*value as u32),
        Val::I64(value) => *value as u64,
        Val::F32(value) => u64::from(f32::from(*value).to_bits()),
        Val::F64(value) => f64::from(*value).to_bits(),
        other => return Err(format!("an unexpected result: {other:?}")),
    })
}
