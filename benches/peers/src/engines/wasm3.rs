//! wasm3 through wasm3x. It compiles a module while it instantiates it; what starts once is compiled when it is called.

use wasm_dispatch::wasi::{self, Function};
use wasm_dispatch_measure::Engine;
use wasm_dispatch_measure::adapter::{Adapted, Machine};
use wasm_dispatch_measure::host::{Host, has_result, is_long};
use wasm_dispatch_workloads::Value;
use wasm3x::{Caller, CompilationMode, Config, Error, Func, FuncType, Instance, Linker, Module, Store, Val, ValType};

/// Bytes of the stack of values; the default is 1 MiB.
const STACK: usize = 8 << 20;

/// The engine.
pub fn engine(name: &str) -> Result<Box<dyn Engine>, String> {
    Ok(Box::new(Adapted::new(
        name,
        Wasm3::new(CompilationMode::Eager),
        Wasm3::new(CompilationMode::Lazy),
    )))
}

numbers!(Val);

struct Wasm3 {
    engine: wasm3x::Engine,
}

impl Wasm3 {
    fn new(mode: CompilationMode) -> Wasm3 {
        let mut config = Config::new();
        config.compilation_mode(mode).stack_size(STACK);
        Wasm3 {
            engine: wasm3x::Engine::new(&config),
        }
    }
}

impl Machine for Wasm3 {
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

    fn call(&self, (store, _, func): &mut Self::Instance, args: &[Value], results: &mut [Value]) -> Result<(), String> {
        let args: Vec<Val> = args.iter().map(|&value| to_val(value)).collect();
        let mut got: Vec<Val> = results.iter().map(|&value| to_val(value)).collect();
        func.call(store, &args, &mut got).map_err(|error| error.to_string())?;
        for (result, got) in results.iter_mut().zip(&got) {
            *result = from_val(got)?;
        }
        Ok(())
    }

    /// The only memory, whatever its name.
    fn memory(&self, (store, instance, _): &mut Self::Instance, _: &str) -> Option<Vec<u8>> {
        Some(instance.get_memory(&*store)?.data(store).to_vec())
    }
}

/// A function of WASI. Host functions get no view of the memory here, they can only copy; that is not counted as the
/// engine's time.
fn define(linker: &mut Linker<()>, function: Function, host: Host) -> Result<(), Error> {
    let kinds = function.params().iter();
    let params = kinds.map(|&param| if is_long(param) { ValType::I64 } else { ValType::I32 });
    let ty = FuncType::new(params, has_result(function).then_some(ValType::I32));
    linker.func_new(
        wasi::MODULE,
        function.name(),
        ty,
        move |mut caller: Caller<'_, ()>, args, results| {
            let slots: Vec<u64> = args.iter().map(slot).collect();
            let memory = caller.get_memory();
            let mut bytes = Vec::new();
            if let Some(memory) = &memory {
                host.aside(|| {
                    bytes.resize(memory.data_size(&caller), 0);
                    memory.read(&caller, 0, &mut bytes)
                })?;
            }
            let errno = host.call(function, &slots, &mut bytes).map_err(Error::host)?;
            if let Some(memory) = &memory {
                host.aside(|| memory.write(&mut caller, 0, &bytes))?;
            }
            results[0] = Val::I32(errno);
            Ok(())
        },
    )?;
    Ok(())
}
