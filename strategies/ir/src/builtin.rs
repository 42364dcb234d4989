//! Builtins: the instructions that the machine itself carries out, out of line.
//!
//! Operands stand in consecutive slots from a base, called a, b and c in the table; a result replaces the first of them.
//! The immediates are x and y.

use crate::table::Proposal;
use crate::types::ValType;

/// A type that a builtin takes or returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuiltinType {
    /// A 32-bit integer.
    I32,
    /// A reference to a function.
    FuncRef,
    /// An element of the table x.
    Element,
}

impl BuiltinType {
    /// The type, for a table of this element type. Only [`Element`](BuiltinType::Element) asks for it.
    pub fn resolve(self, element: impl FnOnce() -> ValType) -> ValType {
        match self {
            BuiltinType::I32 => ValType::I32,
            BuiltinType::FuncRef => ValType::FuncRef,
            BuiltinType::Element => element(),
        }
    }
}

/// What follows `->` in a row, if anything does.
macro_rules! result {
    () => {
        None
    };
    ($result:ident) => {
        Some(BuiltinType::$result)
    };
}

macro_rules! define {
    (
        unary $unary:tt test $test:tt value $value:tt load $load:tt store $store:tt
        builtin {
            $(
                $(#[$doc:meta])*
                $name:ident($($immediate:ident),*) $mnemonic:literal $proposal:ident
                { ($($operand:ident),*) $(-> $result:ident)? }
            )*
        }
    ) => {
        /// An instruction that the machine itself carries out.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
            pub fn immediates(self) -> &'static [&'static str] {
                match self {
                    $(Builtin::$name => &[$(stringify!($immediate)),*],)*
                }
            }

            /// Types of the operands: at most three.
            pub const fn operands(self) -> &'static [BuiltinType] {
                match self {
                    $(Builtin::$name => &[$(BuiltinType::$operand),*],)*
                }
            }

            /// Type of the result, if there is one.
            pub fn result(self) -> Option<BuiltinType> {
                match self {
                    $(Builtin::$name => result!($($result)?),)*
                }
            }
        }
    };
}

crate::for_each_instruction!(define);

// The machine reads three slots, whatever a builtin takes.
const _: () = {
    let mut index = 0;
    while index < Builtin::ALL.len() {
        assert!(
            Builtin::ALL[index].operands().len() <= 3,
            "a builtin has more operands than the machine reads"
        );
        index += 1;
    }
};
