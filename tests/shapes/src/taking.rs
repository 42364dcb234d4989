//! What a module takes from its bytes to its last result.

use allocation_counter::{measure, opt_out};
use wasm_dispatch::{Imports, Limits, Module, Strategy, Vm};

/// What a module took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Taken {
    /// The most heap bytes at once, without memories and the value stack.
    pub peak: u64,
    /// All bytes that were ever taken, given back or not: what is copied again and again shows here.
    pub total: u64,
}

/// Loads a module, instantiates it with zeros for what it imports, compiles all functions, calls `run`, and asks for what
/// explanations ask for.
///
/// # Errors
///
/// What went wrong, as a sentence.
pub fn take(bytes: &[u8], strategy: Strategy) -> Result<Taken, String> {
    let mut outcome = Ok(());
    let info = measure(|| outcome = run(bytes, strategy));
    outcome?;
    Ok(Taken {
        peak: info.bytes_max,
        total: info.bytes_total,
    })
}

fn run(bytes: &[u8], strategy: Strategy) -> Result<(), String> {
    let text = |error: wasm_dispatch::Error| error.to_string();
    let module = Module::new(bytes).map_err(text)?;
    let mut vm = None;
    // The value stack is as large for any module.
    opt_out(|| vm = Some(Vm::with(strategy, Limits::default().stack_slots(1 << 16))));
    let Some(mut vm) = vm else { unreachable!() };
    let mut imports = Imports::new();
    imports.make_up(&module, &mut vm).map_err(text)?;
    let instance = vm.instantiate(&module, &imports).map_err(text)?;
    module.compile(strategy);
    for _ in 0..2 {
        vm.call(instance, "run", &[]).map_err(text)?;
    }
    // By name, and once for all.
    let exports = module
        .exports()
        .filter(|export| module.exported_function(&export.name).is_some());
    if exports.count() == 0 {
        return Err("nothing is exported".to_owned());
    }
    vm.snapshot().map_err(text)?;
    Ok(())
}
