//! Builtins: the instructions that the machine itself carries out, out of line.
//!
//! Operands, called a, b, c and d in the table, are in consecutive slots from a base; results, called r and s, replace the first of
//! them. The immediates are x and y.

use crate::shape::ModuleShape;
use crate::table::Proposal;
use crate::types::ValType;

/// A type that a builtin takes or returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuiltinType {
    /// A 32-bit integer.
    I32,
    /// A 64-bit integer.
    I64,
    /// A reference to a function.
    FuncRef,
    /// An address in memory x, or a length of it.
    AddressX,
    /// An address in memory y, or a length of it.
    AddressY,
    /// A length of memory x and of memory y.
    Addresses,
    /// An index of table x, or a number of its elements.
    IndexX,
    /// An index of table y, or a number of its elements.
    IndexY,
    /// A number of elements of table x and of table y.
    Indices,
    /// An element of table x.
    Element,
}

impl BuiltinType {
    /// The type, in a module of this shape, with these immediates; `None` if there is no such memory or table.
    pub fn resolve(self, shape: &ModuleShape, x: u32, y: u32) -> Option<ValType> {
        let memory = |index| shape.memory(index).map(|memory| memory.address);
        let table = |index| shape.table(index).map(|table| table.address);
        let address = match self {
            BuiltinType::I32 => return Some(ValType::I32),
            BuiltinType::I64 => return Some(ValType::I64),
            BuiltinType::FuncRef => return Some(ValType::FuncRef),
            BuiltinType::Element => return shape.table(x).map(|table| table.element),
            BuiltinType::AddressX => memory(x)?,
            BuiltinType::AddressY => memory(y)?,
            BuiltinType::Addresses => memory(x)?.narrower(memory(y)?),
            BuiltinType::IndexX => table(x)?,
            BuiltinType::IndexY => table(y)?,
            BuiltinType::Indices => table(x)?.narrower(table(y)?),
        };
        Some(address.value())
    }
}

/// What an immediate of a builtin names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Immediate {
    /// A memory.
    Memory,
    /// A table.
    Table,
    /// A data segment.
    Data,
    /// An element segment.
    Elements,
    /// A function.
    Function,
}

/// What the decoder's name of an immediate says that it is.
macro_rules! immediate {
    (mem) => {
        Immediate::Memory
    };
    (dst_mem) => {
        Immediate::Memory
    };
    (src_mem) => {
        Immediate::Memory
    };
    (table) => {
        Immediate::Table
    };
    (dst_table) => {
        Immediate::Table
    };
    (src_table) => {
        Immediate::Table
    };
    (data_index) => {
        Immediate::Data
    };
    (elem_index) => {
        Immediate::Elements
    };
    (function_index) => {
        Immediate::Function
    };
}

/// Whether a row ends with `bulk`.
macro_rules! is_bulk {
    () => {
        false
    };
    (bulk) => {
        true
    };
}

macro_rules! define {
    (
        unary $unary:tt test $test:tt value $value:tt load $load:tt store $store:tt
        builtin {
            $(
                $(#[$doc:meta])*
                $name:ident($($immediate:ident),*) $mnemonic:literal $proposal:ident
                { ($($operand:ident),*) $(-> $($result:ident),+)? $(; $bulk:ident)? }
            )*
        }
    ) => {
        /// An instruction that the machine itself carries out.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[repr(u8)]
        pub enum Builtin {
            $($(#[$doc])* $name,)*
        }

        impl Builtin {
            /// Every builtin, in table order.
            pub const ALL: &'static [Builtin] = &[$(Builtin::$name),*];

            /// The instruction's name in the WebAssembly text format.
            pub fn mnemonic(self) -> &'static str {
                match self {
                    $(Builtin::$name => $mnemonic,)*
                }
            }

            /// The proposal that brought the instruction.
            pub fn proposal(self) -> Proposal {
                match self {
                    $(Builtin::$name => Proposal::$proposal,)*
                }
            }

            /// What the immediates are, x first: at most two.
            pub const fn immediates(self) -> &'static [Immediate] {
                match self {
                    $(Builtin::$name => &[$(immediate!($immediate)),*],)*
                }
            }

            /// Types of the operands: at most [`SLOTS`].
            pub const fn operands(self) -> &'static [BuiltinType] {
                match self {
                    $(Builtin::$name => &[$(BuiltinType::$operand),*],)*
                }
            }

            /// Whether its work grows with an operand. In a function that is [metered](crate::code::FunctionBody::metered)
            /// it takes from the run's slice and may stop in the middle, with what is left to do in its operands, so it
            /// stands first in its block.
            pub const fn is_bulk(self) -> bool {
                match self {
                    $(Builtin::$name => is_bulk!($($bulk)?),)*
                }
            }

            /// Types of the results: at most [`SLOTS`].
            pub const fn results(self) -> &'static [BuiltinType] {
                match self {
                    $(Builtin::$name => &[$($(BuiltinType::$result),+)?],)*
                }
            }
        }
    };
}

crate::for_each_instruction!(define);

/// Slots that the machine reads from a builtin's base on, whatever that takes.
pub const SLOTS: usize = 4;

const _: () = {
    let mut index = 0;
    while index < Builtin::ALL.len() {
        let builtin = Builtin::ALL[index];
        assert!(
            builtin.operands().len() <= SLOTS && builtin.results().len() <= SLOTS,
            "a builtin has more operands or results than the machine reads"
        );
        index += 1;
    }
};
