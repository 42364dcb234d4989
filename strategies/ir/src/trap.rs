//! Why execution stopped abnormally.

use std::fmt;

/// The reason a WebAssembly program trapped.
///
/// The wording of [`Display`](fmt::Display) follows the reference interpreter, on which the official test suite relies
/// (WebAssembly core specification 2.0, section 4.4, "Instructions").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
#[repr(u8)]
pub enum Trap {
    /// The `unreachable` instruction was executed.
    Unreachable = 1,
    /// An integer was divided by zero.
    IntegerDivideByZero,
    /// An integer result does not fit its type.
    IntegerOverflow,
    /// A NaN was converted to an integer.
    InvalidConversionToInteger,
    /// A load, store or bulk operation went past the end of a memory.
    OutOfBoundsMemoryAccess,
    /// A table access or bulk operation went past the end of a table.
    OutOfBoundsTableAccess,
    /// `call_indirect` used an index past the end of the table.
    UndefinedElement,
    /// `call_indirect` found a null reference.
    UninitializedElement,
    /// `call_indirect` found a function of another type.
    IndirectCallTypeMismatch,
    /// The call depth or the value stack reached its limit.
    CallStackExhausted,
    /// The fuel is used up.
    OutOfFuel,
}

impl Trap {
    /// Every trap, in the order of their codes.
    pub const ALL: [Trap; 11] = [
        Trap::Unreachable,
        Trap::IntegerDivideByZero,
        Trap::IntegerOverflow,
        Trap::InvalidConversionToInteger,
        Trap::OutOfBoundsMemoryAccess,
        Trap::OutOfBoundsTableAccess,
        Trap::UndefinedElement,
        Trap::UninitializedElement,
        Trap::IndirectCallTypeMismatch,
        Trap::CallStackExhausted,
        Trap::OutOfFuel,
    ];

    /// The trap with this code (see [`Trap::code`]).
    pub fn from_code(code: u8) -> Option<Trap> {
        Self::ALL.get(usize::from(code).checked_sub(1)?).copied()
    }

    /// A number from 1 that stands for this trap, for strategies that return one scalar.
    pub fn code(self) -> u8 {
        self as u8
    }
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Trap::Unreachable => "unreachable",
            Trap::IntegerDivideByZero => "integer divide by zero",
            Trap::IntegerOverflow => "integer overflow",
            Trap::InvalidConversionToInteger => "invalid conversion to integer",
            Trap::OutOfBoundsMemoryAccess => "out of bounds memory access",
            Trap::OutOfBoundsTableAccess => "out of bounds table access",
            Trap::UndefinedElement => "undefined element",
            Trap::UninitializedElement => "uninitialized element",
            Trap::IndirectCallTypeMismatch => "indirect call type mismatch",
            Trap::CallStackExhausted => "call stack exhausted",
            Trap::OutOfFuel => "all fuel consumed",
        })
    }
}

impl std::error::Error for Trap {}
