//! The types of WebAssembly: of values, functions and globals.

use std::fmt;

/// A WebAssembly value type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum ValType {
    /// 32-bit integer.
    I32,
    /// 64-bit integer.
    I64,
    /// 32-bit float.
    F32,
    /// 64-bit float.
    F64,
    /// Reference to a function, or null.
    FuncRef,
    /// Reference to something of the host's, or null.
    ExternRef,
    /// Vector of 128 bits, which takes two slots.
    V128,
    /// The first slot of a vector, with its low 64 bits: the type of no value.
    #[doc(hidden)]
    V128Low,
    /// The second slot of a vector, with its high 64 bits: the type of no value.
    #[doc(hidden)]
    V128High,
}

/// What frames know of a type. A value takes one slot or several that follow each other, each of which has a type of its
/// own; the type of a value of one slot is that of its slot.
impl ValType {
    /// The most slots that a value takes.
    pub const MAX_SLOTS: u16 = 2;

    /// Number of slots that a value of this type takes.
    #[inline]
    pub const fn slots(self) -> u16 {
        match self {
            ValType::I32 | ValType::I64 | ValType::F32 | ValType::F64 | ValType::FuncRef | ValType::ExternRef => 1,
            ValType::V128 => 2,
            ValType::V128Low | ValType::V128High => 1,
        }
    }

    /// Types of the slots that a value of this type takes, first to last.
    #[inline]
    pub fn slot_types(self) -> impl Iterator<Item = ValType> + use<> {
        let (first, second) = match self {
            ValType::V128 => (ValType::V128Low, Some(ValType::V128High)),
            narrow => (narrow, None),
        };
        std::iter::once(first).chain(second)
    }

    /// A list of this type alone.
    pub fn alone(self) -> &'static [ValType] {
        match self {
            ValType::I32 => &[ValType::I32],
            ValType::I64 => &[ValType::I64],
            ValType::F32 => &[ValType::F32],
            ValType::F64 => &[ValType::F64],
            ValType::FuncRef => &[ValType::FuncRef],
            ValType::ExternRef => &[ValType::ExternRef],
            ValType::V128 => &[ValType::V128],
            ValType::V128Low => &[ValType::V128Low],
            ValType::V128High => &[ValType::V128High],
        }
    }

    /// Of a slot's type: how many slots of the same value are before this one, and how many after it.
    #[inline]
    pub const fn siblings(self) -> (u16, u16) {
        match self {
            ValType::I32 | ValType::I64 | ValType::F32 | ValType::F64 | ValType::FuncRef | ValType::ExternRef => (0, 0),
            // The type of no slot.
            ValType::V128 => (0, 0),
            ValType::V128Low => (0, 1),
            ValType::V128High => (1, 0),
        }
    }
}

/// Number of slots that values of these types take, one after another.
#[inline]
pub fn slots(types: &[ValType]) -> usize {
    types.iter().map(|ty| usize::from(ty.slots())).sum()
}

/// Types of the values whose slots have these types.
pub fn value_types(slots: &[ValType]) -> impl Iterator<Item = ValType> {
    slots.iter().filter_map(|&ty| match ty {
        ValType::V128Low => Some(ValType::V128),
        ValType::V128High => None,
        whole => Some(whole),
    })
}

/// Types of the slots that values of these types take, one after another.
pub fn slot_types(types: &[ValType]) -> impl Iterator<Item = ValType> {
    types.iter().flat_map(|ty| ty.slot_types())
}

impl fmt::Display for ValType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ValType::I32 => "i32",
            ValType::I64 => "i64",
            ValType::F32 => "f32",
            ValType::F64 => "f64",
            ValType::FuncRef => "funcref",
            ValType::ExternRef => "externref",
            ValType::V128 => "v128",
            ValType::V128Low => "the low half of a v128",
            ValType::V128High => "the high half of a v128",
        })
    }
}

/// The type of a function.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct FuncType {
    /// Types of the parameters.
    pub params: Box<[ValType]>,
    /// Types of the results.
    pub results: Box<[ValType]>,
}

impl FuncType {
    /// A function type with these parameters and results.
    pub fn new(params: impl Into<Box<[ValType]>>, results: impl Into<Box<[ValType]>>) -> Self {
        FuncType {
            params: params.into(),
            results: results.into(),
        }
    }
}

impl fmt::Display for FuncType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |types: &[ValType]| types.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        write!(f, "({}) -> ({})", list(&self.params), list(&self.results))
    }
}

/// Type of a global.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GlobalType {
    /// Type of the value.
    pub value: ValType,
    /// Whether it can be set.
    pub mutable: bool,
}
