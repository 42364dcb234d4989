//! A plan carried out by wasmi.

use std::sync::Arc;

use wasm_dispatch::{Trap, ValType};
use wasmi::{
    CompilationMode, Config, Engine, Error, Extern, ExternRef, ExternType, Func, Global, Linker, Memory, Module,
    Nullable, Ref, Store, Table, TrapCode, Val,
};

use super::plan::{self, Argument, End, FUEL, HostLog, Observation, Plan, Remains, Round, Seen};
use crate::random::Random;

/// Whether wasmi is compared: without debug checks, which make a panic of it, wasmi 2.0.0 writes to address 8 when it runs some
/// modules (of wasm-smith's, one in tens of thousands), which would end the process.
pub const IS_COMPARED: bool = cfg!(debug_assertions);

/// wasmi with the proposals that our machine supports.
pub fn engine() -> Engine {
    let mut config = Config::default();
    config
        .wasm_tail_call(true)
        .wasm_multi_memory(true)
        .wasm_extended_const(true)
        .wasm_wide_arithmetic(true)
        .wasm_memory64(true)
        .wasm_simd(true)
        .wasm_relaxed_simd(true)
        .wasm_custom_page_sizes(true)
        .set_max_recursion_depth(20_000)
        .set_max_stack_height(64 << 20)
        .compilation_mode(CompilationMode::Eager);
    Engine::new(&config)
}

fn value(store: &mut Store<()>, argument: Argument) -> Val {
    match argument {
        Argument::I32(value) => Val::I32(value),
        Argument::I64(value) => Val::I64(value),
        Argument::F32(value) => Val::F32(value.into()),
        Argument::F64(value) => Val::F64(value.into()),
        Argument::V128(value) => Val::V128(value.into()),
        Argument::NullFunc => Val::FuncRef(Nullable::Null),
        Argument::Extern(None) => Val::ExternRef(Nullable::Null),
        Argument::Extern(Some(number)) => Val::ExternRef(Nullable::Val(ExternRef::new(store, number))),
    }
}

fn seen(store: impl wasmi::AsContext, value: &Val) -> Seen {
    match value {
        Val::I32(value) => Seen::I32(*value as u32),
        Val::I64(value) => Seen::I64(*value as u64),
        Val::F32(value) => Seen::f32(f32::from(*value)),
        Val::F64(value) => Seen::f64(f64::from(*value)),
        Val::V128(value) => Seen::V128(value.as_u128()),
        Val::FuncRef(Nullable::Val(_)) => Seen::Func,
        Val::ExternRef(Nullable::Val(reference)) => {
            let number = reference.data(&store).downcast_ref::<u32>();
            Seen::Extern(number.copied().unwrap_or(u32::MAX))
        }
        _ => Seen::Null,
    }
}

fn seen_ref(store: &Store<()>, value: Ref) -> Seen {
    match value {
        Ref::Func(Nullable::Val(_)) => Seen::Func,
        Ref::Extern(Nullable::Val(reference)) => {
            let number = reference.data(store).downcast_ref::<u32>();
            Seen::Extern(number.copied().unwrap_or(u32::MAX))
        }
        _ => Seen::Null,
    }
}

/// Our name for a trap. wasmi does not tell an index past the table's end from other accesses past it.
fn trap(code: TrapCode) -> Option<Trap> {
    Some(match code {
        TrapCode::UnreachableCodeReached => Trap::Unreachable,
        TrapCode::MemoryOutOfBounds => Trap::OutOfBoundsMemoryAccess,
        TrapCode::TableOutOfBounds => Trap::OutOfBoundsTableAccess,
        TrapCode::IndirectCallToNull => Trap::UninitializedElement,
        TrapCode::IntegerDivisionByZero => Trap::IntegerDivideByZero,
        TrapCode::IntegerOverflow => Trap::IntegerOverflow,
        TrapCode::BadConversionToInteger => Trap::InvalidConversionToInteger,
        TrapCode::StackOverflow => Trap::CallStackExhausted,
        TrapCode::BadSignature => Trap::IndirectCallTypeMismatch,
        _ => return None,
    })
}

fn failure(error: &Error) -> End {
    match error.as_trap_code().and_then(trap) {
        Some(trap) => End::Trapped(trap),
        None => End::Failed(error.to_string()),
    }
}

/// Carries a plan out.
///
/// # Errors
///
/// wasmi's message when it refuses the module.
pub fn observe(engine: &Engine, wasm: &[u8], plan: &Plan) -> Result<Vec<Observation>, String> {
    let module = Module::new(engine, wasm).map_err(|error| error.to_string())?;
    let rounds = plan.rounds.iter();
    Ok(rounds
        .map(|round| observe_round(engine, &module, plan, round))
        .collect())
}

fn observe_round(engine: &Engine, module: &Module, plan: &Plan, round: &Round) -> Observation {
    let mut store = Store::new(engine, ());
    let log = Arc::new(HostLog::default());
    let mut observation = Observation::default();
    let instance =
        linker(engine, &mut store, module, &log).and_then(|linker| linker.instantiate_and_start(&mut store, module));
    let instance = match instance {
        Ok(instance) => instance,
        Err(error) => {
            let end = match instantiation_trap(&error) {
                Some(trap) => End::Trapped(trap),
                None => failure(&error),
            };
            observation.ends.push((end, None));
            return observation;
        }
    };
    observation.ends.push((End::Returned(Vec::new()), None));
    for call in &round.calls {
        if let (Some(fuel), Some(global)) = (plan.fuel, instance.get_global(&store, FUEL))
            && let Err(error) = global.set(&mut store, Val::I32(fuel))
        {
            observation.ends.push((End::Failed(error.to_string()), None));
        }
        let Some(function) = instance.get_func(&store, &call.function) else {
            observation.ends.push((End::Failed("no such export".into()), None));
            continue;
        };
        let arguments: Vec<Val> = call
            .arguments
            .iter()
            .map(|&argument| value(&mut store, argument))
            .collect();
        let mut results: Vec<Val> = function
            .ty(&store)
            .results()
            .iter()
            .map(|&ty| Val::default_for_ty(ty))
            .collect();
        let end = match function.call(&mut store, &arguments, &mut results) {
            Ok(()) => End::Returned(results.iter().map(|value| seen(&store, value)).collect()),
            Err(error) => failure(&error),
        };
        observation.ends.push((end, None));
    }
    observation.remains = Some(remains(&store, instance, &log));
    observation
}

/// Segments out of bounds are traps by name only.
fn instantiation_trap(error: &Error) -> Option<Trap> {
    let text = error.to_string();
    if error.as_trap_code().is_some() {
        None
    } else if text.contains("out of bounds table access") || text.contains("table") && text.contains("bounds") {
        Some(Trap::OutOfBoundsTableAccess)
    } else if text.contains("out of bounds memory access") || text.contains("memory") && text.contains("bounds") {
        Some(Trap::OutOfBoundsMemoryAccess)
    } else {
        None
    }
}

fn our_type(ty: wasmi::ValType) -> ValType {
    match ty {
        wasmi::ValType::I32 => ValType::I32,
        wasmi::ValType::I64 => ValType::I64,
        wasmi::ValType::F32 => ValType::F32,
        wasmi::ValType::F64 => ValType::F64,
        wasmi::ValType::V128 => ValType::V128,
        wasmi::ValType::FuncRef => ValType::FuncRef,
        _ => ValType::ExternRef,
    }
}

/// Something of the right type for every import.
fn linker(engine: &Engine, store: &mut Store<()>, module: &Module, log: &Arc<HostLog>) -> Result<Linker<()>, Error> {
    let mut linker = Linker::new(engine);
    linker.allow_shadowing(true);
    for import in module.imports() {
        let key = plan::import_key(import.module(), import.name());
        let item: Extern = match import.ty() {
            ExternType::Func(ty) => {
                let types: Vec<ValType> = ty.results().iter().map(|&ty| our_type(ty)).collect();
                let log = log.clone();
                Extern::Func(Func::new(
                    &mut *store,
                    ty.clone(),
                    move |mut caller, arguments, results| {
                        let arguments: Vec<Seen> = arguments.iter().map(|value| seen(&caller, value)).collect();
                        let note = log.note(key, &arguments);
                        for (result, argument) in results.iter_mut().zip(plan::host_results(note, &types)) {
                            *result = match argument {
                                Argument::Extern(Some(value)) => {
                                    Val::ExternRef(Nullable::Val(ExternRef::new(&mut caller, value)))
                                }
                                Argument::I32(value) => Val::I32(value),
                                Argument::I64(value) => Val::I64(value),
                                Argument::F32(value) => Val::F32(value.into()),
                                Argument::F64(value) => Val::F64(value.into()),
                                Argument::V128(value) => Val::V128(value.into()),
                                Argument::NullFunc => Val::FuncRef(Nullable::Null),
                                Argument::Extern(None) => Val::ExternRef(Nullable::Null),
                            };
                        }
                        Ok(())
                    },
                ))
            }
            ExternType::Global(ty) => {
                let argument = plan::argument(&mut Random::new(key), our_type(ty.content()));
                let initial = value(store, argument);
                Extern::Global(Global::new(&mut *store, initial, ty.mutability()))
            }
            ExternType::Memory(ty) => Extern::Memory(Memory::new(&mut *store, *ty)?),
            ExternType::Table(ty) => {
                let null = Ref::default_for_ty(ty.element());
                Extern::Table(Table::new(&mut *store, *ty, null)?)
            }
        };
        linker.define(import.module(), import.name(), item)?;
    }
    Ok(linker)
}

fn remains(store: &Store<()>, instance: wasmi::Instance, log: &HostLog) -> Remains {
    let mut remains = Remains {
        host_calls: log.read(),
        ..Remains::default()
    };
    for export in instance.exports(store) {
        let name = export.name().to_string();
        match export.into_extern() {
            Extern::Memory(memory) => {
                let bytes = memory.data(store);
                remains.memories.push((name, bytes.len(), plan::digest(bytes)));
            }
            Extern::Global(global) => {
                let value = global.get(store);
                remains.globals.push((name, seen(store, &value)));
            }
            Extern::Table(table) => {
                let elements = (0..table.size(store)).filter_map(|index| table.get(store, index));
                remains
                    .tables
                    .push((name, elements.map(|element| seen_ref(store, element)).collect()));
            }
            Extern::Func(_) => {}
        }
    }
    remains.sorted()
}
