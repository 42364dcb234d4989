//! What comes of a module.

use wasm_dispatch::{Error, ErrorKind, ExternType, Imports, Limits, Metering, Module, Strategy, Value, Vm};

/// What a module may take here.
fn limits() -> Limits {
    Limits::default()
        .memory_pages(64)
        .table_elements(100_000)
        .stack_slots(1 << 15)
        .call_depth(1000)
}

/// Instructions that each call of a function may run.
const FUEL: u64 = 50_000;

/// Functions that are called, of those that are exported.
const CALLED: usize = 6;

/// What came of it, without where it was: out of fuel and out of stack depend on nothing else either. The host must not
/// run out of memory within the limits.
fn text(error: &Error) -> String {
    match (error.trap(), error.kind()) {
        (Some(trap), _) => trap.to_string(),
        (None, ErrorKind::HostMemory { what }) => panic!("no memory for {what}"),
        (None, _) => error.to_string(),
    }
}

/// Loads a module.
///
/// # Errors
///
/// Why it is refused.
pub fn load(bytes: &[u8]) -> Result<Module, String> {
    let options = Module::options().limits(limits()).metering(Metering::Fuel);
    // What arithmetic makes of NaNs is a choice otherwise.
    options.deterministic(true).compile(bytes).map_err(|error| text(&error))
}

/// What a module's functions gave under a strategy, each result and error as text.
pub fn outcome(module: &Module, strategy: Strategy) -> Vec<String> {
    let mut vm = Vm::with(strategy, limits());
    match run(module, strategy, &mut vm) {
        Ok(results) => results,
        Err(error) => vec![text(&error)],
    }
}

fn run(module: &Module, strategy: Strategy, vm: &mut Vm) -> Result<Vec<String>, Error> {
    vm.set_fuel(Some(FUEL))?;
    let mut imports = Imports::new();
    imports.make_up(module, vm)?;
    let instance = vm.instantiate(module, &imports)?;
    module.compile(strategy);
    let functions = module.exports().filter_map(|export| match export.ty {
        ExternType::Func(ty) => Some((export.name, ty)),
        _ => None,
    });
    let mut results = Vec::new();
    for (name, ty) in functions.take(CALLED) {
        vm.set_fuel(Some(FUEL))?;
        let arguments: Vec<Value> = ty.params.iter().map(|&ty| Value::zero(ty)).collect();
        let result = vm.call(instance, &name, &arguments);
        let left = vm.fuel();
        results.push(match result {
            Ok(values) => {
                let values: Vec<String> = values.iter().map(shown).collect();
                format!("{values:?}, {left:?} left")
            }
            Err(error) => format!("{}, {left:?} left", text(&error)),
        });
    }
    let snapshot = vm.snapshot()?.to_bytes();
    results.push(format!("a snapshot of {} bytes", snapshot.len()));
    Ok(results)
}

/// A value, whatever machine it is of.
fn shown(value: &Value) -> String {
    match value {
        Value::FuncRef(Some(_)) => "a function".to_owned(),
        other => format!("{other:?}"),
    }
}
