//! Operands as types: leaves, and whole trees over them that the compiler turns into straight code.

use wasm_dispatch_ir::trap::Trap;
use wasm_dispatch_ir::vector::V128;
use wasm_dispatch_machine::state::{State, Window};

use crate::typed::{Constant, InSlot, Source};

/// A tree whose shape is its type, and whose value takes one slot.
///
/// A trap inside is a `Result`, which costs nothing because all of it is one function. Only trees behind a call have to go
/// through [`State::leave_first_trap`].
pub trait Operand: Send + Sync + 'static {
    /// Whether [`Operand::get`] can fail.
    const FAILS: bool;
    /// Whether there are calls of closures inside, which leave their trap in the state.
    const CALLS: bool;
    /// The tree's value.
    ///
    /// # Errors
    ///
    /// The first trap of a node inside.
    fn get(&self, state: &mut State, window: &Window) -> Result<u64, Trap>;
}

/// A tree whose shape is its type, and whose value is a vector.
pub trait VectorOperand: Send + Sync + 'static {
    /// Whether [`VectorOperand::get`] can fail.
    const FAILS: bool;
    /// Whether there are calls of closures inside, which leave their trap in the state.
    const CALLS: bool;
    /// The tree's value.
    ///
    /// # Errors
    ///
    /// The first trap of a node inside.
    fn get(&self, state: &mut State, window: &Window) -> Result<V128, Trap>;
}

/// A statement over trees, whose shape is its type.
pub trait Effect: Send + Sync + 'static {
    /// Whether there are calls of closures inside, which leave their trap in the state.
    const CALLS: bool;
    /// Evaluates the trees, and does it if none of them has trapped.
    ///
    /// # Errors
    ///
    /// The first trap of a node inside, or the effect's own; nothing is done then.
    fn perform(&self, state: &mut State, window: &Window) -> Result<(), Trap>;
}

/// The value of a tree that cannot trap.
#[inline(always)]
pub fn certain<T>(value: Result<T, Trap>) -> T {
    match value {
        Ok(value) => value,
        Err(_) => unreachable!("the operand does not trap"),
    }
}

macro_rules! leaf {
    ($($leaf:ty)*) => {
        $(impl Operand for $leaf {
            const FAILS: bool = false;
            const CALLS: bool = false;
            #[inline(always)]
            fn get(&self, _state: &mut State, window: &Window) -> Result<u64, Trap> {
                Ok(Source::get(*self, window))
            }
        })*
    };
}

leaf! { InSlot Constant }
