//! A plan carried out by an interpreter that is as plain as possible: it walks over WebAssembly's own operators with an
//! operand stack, as the specification does. It shares the meaning of single operators with our machine, where the
//! official suite tests them one by one, and nothing else: no lowering, no blocks, no frames.
//!
//! It decides when wasmi and the strategies disagree, for wasmi 2.0.0 is wrong about some generated modules.

mod bulk;
mod load;
mod rows;
mod run;
mod vectors;

use std::collections::HashMap;

use wasm_dispatch::{Module, Trap};
use wasmparser::{ExternalKind, FuncType, Operator, ValType};

use super::plan::{Argument, End, FUEL, HostLog, Observation, Plan, Remains, Round, Seen, digest};

/// Why something stopped.
#[derive(Debug)]
enum Stop {
    Trap(Trap),
    /// The interpreter does not know something.
    Unknown(String),
}

impl From<Trap> for Stop {
    fn from(trap: Trap) -> Stop {
        Stop::Trap(trap)
    }
}

impl From<wasmparser::BinaryReaderError> for Stop {
    fn from(error: wasmparser::BinaryReaderError) -> Stop {
        Stop::Unknown(error.to_string())
    }
}

fn unknown<T>(what: impl std::fmt::Debug) -> Result<T, Stop> {
    Err(Stop::Unknown(format!("the reference does not know {what:?}")))
}

/// A function's code, or the host's.
enum Body<'w> {
    /// The key of the import.
    Host(u64),
    Wasm {
        locals: Vec<ValType>,
        code: Vec<Operator<'w>>,
        /// For each `block`, `loop` and `if`: where its `else` is, if it has one, and its `end`.
        ends: HashMap<usize, (Option<usize>, usize)>,
    },
}

struct Function<'w> {
    ty: FuncType,
    body: Body<'w>,
}

struct Table {
    ty: ValType,
    /// References plus one; zero is null.
    elements: Vec<u64>,
    max: u64,
    /// Whether its indices have 64 bits.
    wide: bool,
}

#[derive(Clone, Copy)]
struct Memory {
    /// In pages.
    max: u64,
    /// Bytes of a page.
    page: u64,
    /// Whether its addresses have 64 bits.
    wide: bool,
}

/// A module and its state: there is one instance only.
#[derive(Default)]
struct Instance<'w> {
    types: Vec<FuncType>,
    functions: Vec<Function<'w>>,
    /// Types of own functions.
    own: Vec<u32>,
    memories: Vec<Vec<u8>>,
    memory_types: Vec<Memory>,
    globals: Vec<(ValType, u128)>,
    tables: Vec<Table>,
    data: Vec<&'w [u8]>,
    elements: Vec<Vec<u64>>,
    exports: Vec<(String, ExternalKind, u32)>,
    start: Option<u32>,
    log: HostLog,
}

/// Carries a plan out.
///
/// # Errors
///
/// What it does not know.
pub fn observe(module: &Module, wasm: &[u8], plan: &Plan) -> Result<Vec<Observation>, String> {
    let rounds = plan.rounds.iter();
    rounds.map(|round| observe_round(module, wasm, plan, round)).collect()
}

fn observe_round(module: &Module, wasm: &[u8], plan: &Plan, round: &Round) -> Result<Observation, String> {
    let mut instance = Instance::default();
    let mut observation = Observation::default();
    let started = instance.load(module, wasm).and_then(|()| match instance.start {
        Some(start) => instance.call(start, Vec::new()).map(drop),
        None => Ok(()),
    });
    match started {
        Ok(()) => observation.ends.push((End::Returned(Vec::new()), None)),
        Err(Stop::Trap(trap)) => {
            observation.ends.push((End::Trapped(trap), None));
            return Ok(observation);
        }
        Err(Stop::Unknown(what)) => return Err(what),
    }
    for call in &round.calls {
        if let (Some(fuel), Some(global)) = (plan.fuel, instance.export(FUEL)) {
            instance.globals[global as usize].1 = u128::from(fuel as u32);
        }
        let function = instance.export(&call.function).ok_or("no such export")?;
        let arguments = call.arguments.iter().map(|&argument| slot(argument)).collect();
        let types = instance.functions[function as usize].ty.results().to_vec();
        let end = match instance.call(function, arguments) {
            Ok(values) => End::Returned(types.iter().zip(values).map(|(&ty, value)| seen(ty, value)).collect()),
            Err(Stop::Trap(trap)) => End::Trapped(trap),
            Err(Stop::Unknown(what)) => return Err(what),
        };
        observation.ends.push((end, None));
    }
    observation.remains = Some(instance.remains());
    Ok(observation)
}

/// A value of any type: scalars and references in the low half.
fn slot(argument: Argument) -> u128 {
    match argument {
        Argument::I32(value) => u128::from(value as u32),
        Argument::I64(value) => u128::from(value as u64),
        Argument::F32(value) => u128::from(value.to_bits()),
        Argument::F64(value) => u128::from(value.to_bits()),
        Argument::V128(value) => value,
        Argument::NullFunc | Argument::Extern(None) => 0,
        Argument::Extern(Some(number)) => u128::from(number) + 1,
    }
}

fn seen(ty: ValType, value: u128) -> Seen {
    let slot = value as u64;
    match ty {
        ValType::V128 => Seen::V128(value),
        ValType::I32 => Seen::I32(slot as u32),
        ValType::I64 => Seen::I64(slot),
        ValType::F32 => Seen::f32(f32::from_bits(slot as u32)),
        ValType::F64 => Seen::f64(f64::from_bits(slot)),
        _ if slot == 0 => Seen::Null,
        ty if ty == ValType::FUNCREF => Seen::Func,
        _ => Seen::Extern((slot - 1) as u32),
    }
}

impl Instance<'_> {
    fn export(&self, name: &str) -> Option<u32> {
        let export = self.exports.iter().find(|(other, ..)| other == name);
        export.map(|&(_, _, index)| index)
    }

    fn remains(&self) -> Remains {
        let mut remains = Remains {
            host_calls: self.log.read(),
            ..Remains::default()
        };
        for (name, kind, index) in &self.exports {
            let index = *index as usize;
            match kind {
                ExternalKind::Memory => {
                    let bytes = &self.memories[index];
                    remains.memories.push((name.clone(), bytes.len(), digest(bytes)));
                }
                ExternalKind::Global => {
                    let (ty, value) = self.globals[index];
                    remains.globals.push((name.clone(), seen(ty, value)));
                }
                ExternalKind::Table => {
                    let table = &self.tables[index];
                    let elements = table.elements.iter().map(|&element| seen(table.ty, element.into()));
                    remains.tables.push((name.clone(), elements.collect()));
                }
                _ => {}
            }
        }
        remains.sorted()
    }
}
