//! What is called, and what is seen.

use std::sync::{Mutex, PoisonError};

use wasm_dispatch::{Backtrace, ExternType, Module, Trap, ValType};
use xxhash_rust::xxh3::xxh3_64;

use crate::random::Random;

/// A value, whatever engine it comes from. All NaNs are one: their payloads are not determined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Seen {
    /// Bits of an `i32`.
    I32(u32),
    /// Bits of an `i64`.
    I64(u64),
    /// Bits of an `f32`; `None` for a NaN.
    F32(Option<u32>),
    /// Bits of an `f64`; `None` for a NaN.
    F64(Option<u64>),
    /// A vector, the lowest byte first.
    V128(u128),
    /// A null reference.
    Null,
    /// A function.
    Func,
    /// A reference of the host's, by its number.
    Extern(u32),
}

impl Seen {
    /// An `f32`.
    pub fn f32(value: f32) -> Seen {
        Seen::F32((!value.is_nan()).then_some(value.to_bits()))
    }

    /// An `f64`.
    pub fn f64(value: f64) -> Seen {
        Seen::F64((!value.is_nan()).then_some(value.to_bits()))
    }
}

/// An argument. References are null or the host's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Argument {
    /// An `i32`.
    I32(i32),
    /// An `i64`.
    I64(i64),
    /// An `f32`.
    F32(f32),
    /// An `f64`.
    F64(f64),
    /// A vector.
    V128(u128),
    /// A null function.
    NullFunc,
    /// A reference of the host's, or null.
    Extern(Option<u32>),
}

/// `i32` values at which operations behave differently.
pub const EDGES_32: [i32; 24] = [
    0,
    1,
    -1,
    2,
    3,
    7,
    31,
    32,
    33,
    63,
    64,
    127,
    128,
    -128,
    255,
    256,
    0x7FFF,
    0x8000,
    0xFFFF,
    0x1_0000,
    i32::MIN,
    i32::MAX,
    i32::MIN + 1,
    0x5555_5555,
];

/// `i64` values at which operations behave differently.
pub const EDGES_64: [i64; 20] = [
    0,
    1,
    -1,
    2,
    63,
    64,
    65,
    -128,
    0xFFFF,
    0x7FFF_FFFF,
    0x8000_0000,
    0xFFFF_FFFF,
    0x1_0000_0000,
    -0x8000_0000,
    -0x8000_0001,
    i64::MIN,
    i64::MAX,
    i64::MIN + 1,
    0x0123_4567_89AB_CDEF,
    1 << 53,
];

/// Floats at which operations behave differently.
pub const EDGES_FLOAT: [f64; 26] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    -0.5,
    1.5,
    2.5,
    -2.5,
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    2_147_483_647.0,
    2_147_483_648.0,
    -2_147_483_648.0,
    -2_147_483_649.0,
    4_294_967_296.0,
    9_223_372_036_854_775_808.0,
    -9_223_372_036_854_775_808.0,
    18_446_744_073_709_551_616.0,
    1e-45,
    3.4e38,
    1e-308,
    1e300,
    4_194_304.5,
    0.1,
];

/// A value of this type: often one where operations behave differently.
pub fn argument(random: &mut Random, ty: ValType) -> Argument {
    let edge = random.chance(70);
    match ty {
        ValType::I32 if edge => Argument::I32(*random.pick(&EDGES_32)),
        ValType::I32 => Argument::I32(random.number() as i32),
        ValType::I64 if edge => Argument::I64(*random.pick(&EDGES_64)),
        ValType::I64 => Argument::I64(random.number() as i64),
        ValType::F32 if edge => Argument::F32(*random.pick(&EDGES_FLOAT) as f32),
        ValType::F32 => Argument::F32((random.number() as i32) as f32 / 256.0),
        ValType::F64 if edge => Argument::F64(*random.pick(&EDGES_FLOAT)),
        ValType::F64 => Argument::F64((random.number() as i64) as f64 / 65_536.0),
        ValType::V128 => Argument::V128(vector(random)),
        ValType::FuncRef => Argument::NullFunc,
        _ => Argument::Extern(random.chance(70).then(|| random.below(9) as u32)),
    }
}

/// A vector whose lanes are of one shape, mostly with values where operations behave differently. Its NaNs are canonical.
pub fn vector(random: &mut Random) -> u128 {
    let shape = random.below(6);
    let lanes: Vec<u8> = match shape {
        0 => (0..16).map(|_| edge(random) as u8).collect(),
        1 => (0..8).flat_map(|_| (edge(random) as u16).to_le_bytes()).collect(),
        2 => (0..4).flat_map(|_| random.pick(&EDGES_32).to_le_bytes()).collect(),
        3 => (0..2).flat_map(|_| random.pick(&EDGES_64).to_le_bytes()).collect(),
        4 => {
            let float = |random: &mut Random| (*random.pick(&EDGES_FLOAT) as f32).to_bits();
            (0..4).flat_map(|_| float(random).to_le_bytes()).collect()
        }
        _ => (0..2).flat_map(|_| random.pick(&EDGES_FLOAT).to_le_bytes()).collect(),
    };
    lanes.iter().rev().fold(0, |bits, &byte| bits << 8 | u128::from(byte))
}

/// A small number, or one around a limit of 8 or 16 bits.
fn edge(random: &mut Random) -> i32 {
    let number = *random.pick(&EDGES_32);
    if random.chance(50) { number } else { number >> 16 }
}

/// One call.
#[derive(Clone, Debug)]
pub struct Call {
    /// The exported function.
    pub function: String,
    /// Its arguments.
    pub arguments: Vec<Argument>,
}

/// Calls on one instance, in order.
#[derive(Clone, Debug, Default)]
pub struct Round {
    /// The calls.
    pub calls: Vec<Call>,
}

/// Everything that is done with a module.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Each round has a fresh instance.
    pub rounds: Vec<Round>,
    /// An exported `i32` global that is set before each call: what the module may still do.
    pub fuel: Option<i32>,
}

/// Name of the exported global that [`Plan::fuel`] sets.
pub const FUEL: &str = "fuel";

impl Plan {
    /// Rounds that call each exported function in turn, each time beginning with another one.
    pub fn new(module: &Module, random: &mut Random, rounds: usize) -> Plan {
        let functions: Vec<_> = module
            .exports()
            .filter_map(|export| match export.ty {
                ExternType::Func(ty) => Some((export.name, ty)),
                _ => None,
            })
            .collect();
        let mut plan = Plan::default();
        for round in 0..rounds {
            let mut calls = Vec::new();
            for number in 0..functions.len().min(12) {
                let (name, ty) = &functions[(number + round * 5) % functions.len()];
                calls.push(Call {
                    function: name.clone(),
                    arguments: ty.params.iter().map(|&ty| argument(random, ty)).collect(),
                });
            }
            plan.rounds.push(Round { calls });
        }
        plan
    }
}

/// How something ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// With results.
    Returned(Vec<Seen>),
    /// With a trap.
    Trapped(Trap),
    /// With another error.
    Failed(String),
}

/// What is left after a round.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Remains {
    /// Exported memories: name, bytes, digest.
    pub memories: Vec<(String, usize, u64)>,
    /// Exported globals.
    pub globals: Vec<(String, Seen)>,
    /// Exported tables, by kind of each element.
    pub tables: Vec<(String, Vec<Seen>)>,
    /// Calls of host functions, in order: number and digest.
    pub host_calls: (u64, u64),
}

impl Remains {
    /// The same in the order of names: engines list exports in different orders.
    #[must_use]
    pub fn sorted(mut self) -> Remains {
        self.memories.sort_by(|a, b| a.0.cmp(&b.0));
        self.globals.sort_by(|a, b| a.0.cmp(&b.0));
        self.tables.sort_by(|a, b| a.0.cmp(&b.0));
        self
    }
}

/// What an engine did with a round.
#[derive(Clone, Debug, Default)]
pub struct Observation {
    /// Instantiation first, then each call, with the backtrace where the engine has one.
    pub ends: Vec<(End, Option<Backtrace>)>,
    /// The end of the round; nothing when the module could not be instantiated.
    pub remains: Option<Remains>,
}

/// Digest of bytes, the same for all engines.
pub fn digest(bytes: &[u8]) -> u64 {
    xxh3_64(bytes)
}

/// A number for an import: engines list imports in different orders.
pub fn import_key(module: &str, name: &str) -> u64 {
    digest(format!("{module:?} {name:?}").as_bytes())
}

/// What host functions were called with. Their results follow from it, so that engines which call them differently go
/// on differently.
#[derive(Debug, Default)]
pub struct HostLog(Mutex<(u64, u64)>);

impl HostLog {
    /// Notes a call of the import with this key.
    pub fn note(&self, import: u64, arguments: &[Seen]) -> u64 {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = format!("{} {import} {arguments:?}", log.1);
        *log = (log.0 + 1, digest(text.as_bytes()));
        log.1
    }

    /// Number of calls and their digest.
    pub fn read(&self) -> (u64, u64) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Results that a host function gives after [`HostLog::note`] said this.
pub fn host_results(note: u64, types: &[ValType]) -> Vec<Argument> {
    let mut random = Random::new(note);
    types.iter().map(|&ty| argument(&mut random, ty)).collect()
}
