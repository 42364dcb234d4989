//! A plan carried out by one of our strategies.

use std::sync::Arc;

use wasm_dispatch::{Backtrace, Error, Extern, ExternRef, ExternType, Imports, Instance, Module, Strategy, Value, Vm};

use super::plan::{self, Argument, End, FUEL, HostLog, Observation, Plan, Remains, Round, Seen};
use crate::mode::{Mode, Runner};
use crate::random::Random;

/// A value as our machine knows it.
pub fn value(argument: Argument) -> Value {
    match argument {
        Argument::I32(value) => Value::I32(value),
        Argument::I64(value) => Value::I64(value),
        Argument::F32(value) => Value::F32(value),
        Argument::F64(value) => Value::F64(value),
        Argument::V128(value) => Value::V128(value),
        Argument::NullFunc => Value::FuncRef(None),
        Argument::Extern(value) => Value::ExternRef(value.map(ExternRef)),
    }
}

/// A value of our machine as all engines have it.
pub fn seen(value: &Value) -> Seen {
    match *value {
        Value::I32(value) => Seen::I32(value as u32),
        Value::I64(value) => Seen::I64(value as u64),
        Value::F32(value) => Seen::f32(value),
        Value::F64(value) => Seen::f64(value),
        Value::V128(value) => Seen::V128(value),
        Value::FuncRef(Some(_)) => Seen::Func,
        Value::ExternRef(Some(ExternRef(number))) => Seen::Extern(number),
        _ => Seen::Null,
    }
}

fn end(result: Result<Vec<Value>, Error>) -> (End, Option<Backtrace>) {
    match result {
        Ok(values) => (End::Returned(values.iter().map(seen).collect()), None),
        Err(error) => match error.trap() {
            Some(trap) => (End::Trapped(trap), error.backtrace().cloned()),
            None => (End::Failed(error.to_string()), None),
        },
    }
}

/// What a plan took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Effort {
    /// Instructions that were paid for.
    pub fuel: u64,
    /// Times that a call was paused and went on.
    pub hops: u64,
    /// Times that it went on in another machine.
    pub moves: u64,
}

/// Carries a plan out. Also returns what that took.
pub fn observe(module: &Module, strategy: Strategy, plan: &Plan, mode: Mode) -> (Vec<Observation>, Effort) {
    let mut effort = Effort::default();
    let rounds = plan.rounds.iter();
    let rounds = rounds.map(|round| {
        let mut runner = Runner::new(strategy, mode);
        let observation = observe_round(module, &mut runner, plan, round);
        effort.fuel += runner.fuel;
        effort.hops += runner.hops;
        effort.moves += runner.moves;
        observation
    });
    (rounds.collect(), effort)
}

fn observe_round<'a>(module: &'a Module, runner: &mut Runner<'a>, plan: &Plan, round: &Round) -> Observation {
    let log = Arc::new(HostLog::default());
    let mut observation = Observation::default();
    let imports = match imports(&mut runner.vm, module, &log) {
        Ok(imports) => imports,
        Err(error) => {
            observation.ends.push((End::Failed(error.to_string()), None));
            return observation;
        }
    };
    let instance = match runner.instantiate(module, &imports) {
        Ok(instance) => instance,
        Err(error) => {
            observation.ends.push(end(Err(error)));
            return observation;
        }
    };
    observation.ends.push((End::Returned(Vec::new()), None));
    runner.set_rebuild({
        let log = log.clone();
        move |vm| {
            let imports = self::imports(vm, module, &log)?;
            vm.prepare(module, &imports)
        }
    });
    for call in &round.calls {
        if let (Some(fuel), Ok(Some(Extern::Global(global)))) =
            (plan.fuel, runner.vm.export(runner.present(instance), FUEL))
            && let Err(error) = runner.vm.set_global(global, Value::I32(fuel))
        {
            observation.ends.push((End::Failed(error.to_string()), None));
        }
        let arguments: Vec<Value> = call.arguments.iter().map(|&argument| value(argument)).collect();
        observation
            .ends
            .push(end(runner.call(instance, &call.function, &arguments)));
    }
    observation.remains = remains(&runner.vm, runner.present(instance), &log).ok();
    observation
}

/// Something of the right type for every import.
///
/// # Errors
///
/// When a limit of the machine does not allow it.
pub fn imports(vm: &mut Vm, module: &Module, log: &Arc<HostLog>) -> Result<Imports, Error> {
    let mut imports = Imports::new();
    for import in module.imports() {
        let key = plan::import_key(&import.module, &import.name);
        let (from, name) = (import.module.clone(), import.name.clone());
        match &import.ty {
            ExternType::Func(ty) => {
                let (log, results) = (log.clone(), ty.results.clone());
                imports.func_dynamic(from, name, ty.clone(), move |_, arguments| {
                    let arguments: Vec<Seen> = arguments.iter().map(seen).collect();
                    let note = log.note(key, &arguments);
                    Ok(plan::host_results(note, &results).into_iter().map(value).collect())
                });
            }
            ExternType::Global(ty) => {
                let initial = value(plan::argument(&mut Random::new(key), ty.value));
                imports.define(from, name, vm.new_global(initial, ty.mutable)?);
            }
            ExternType::Memory(size) => {
                imports.define(from, name, vm.new_memory(*size)?);
            }
            ExternType::Table(ty) => {
                imports.define(from, name, vm.new_table(*ty)?);
            }
            _ => {}
        }
    }
    Ok(imports)
}

/// What is in an instance's exports, and what its host was called with.
///
/// # Errors
///
/// As [`Vm::exports`] for an instance of another machine.
pub fn remains(vm: &Vm, instance: Instance, log: &HostLog) -> Result<Remains, Error> {
    let mut remains = Remains {
        host_calls: log.read(),
        ..Remains::default()
    };
    for (name, export) in vm.exports(instance)? {
        match export {
            Extern::Memory(memory) => {
                let bytes = vm.memory(memory)?;
                remains.memories.push((name, bytes.len(), plan::digest(bytes)));
            }
            Extern::Global(global) => remains.globals.push((name, seen(&vm.global(global)?))),
            Extern::Table(table) => {
                let elements = (0..vm.table_len(table)?).map(|index| vm.table_get(table, index));
                let elements = elements.map(|element| element.map(|element| seen(&element)));
                remains.tables.push((name, elements.collect::<Result<_, _>>()?));
            }
            _ => {}
        }
    }
    Ok(remains.sorted())
}
