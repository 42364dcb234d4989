//! Operands that are vectors: slots, constants and subtrees behind a call.

use wasm_dispatch_closures::operand::{Operand, VectorOperand};
use wasm_dispatch_closures::typed::{Constant, InSlot};
use wasm_dispatch_closures::vector::{InSlots, VectorConstant};
use wasm_dispatch_ir::Trap;
use wasm_dispatch_ir::vector::V128;
use wasm_dispatch_machine::state::{State, Window};

use crate::code::Nested;

/// The closure of a subtree whose value is a vector. When it traps, the trap is in the state and the result means nothing.
pub trait Vector: Send + Sync {
    /// Evaluates the subtree.
    fn eval(&self, state: &mut State, window: &Window) -> V128;
}

/// Boxes the closure of a subtree.
pub fn vector<A: VectorOperand>(a: A) -> Box<dyn Vector> {
    Box::new(Closure(a))
}

struct Closure<A>(A);

impl<A: VectorOperand> Vector for Closure<A> {
    #[inline(always)]
    fn eval(&self, state: &mut State, window: &Window) -> V128 {
        match self.0.get(state, window) {
            Ok(value) => value,
            Err(trap) => note(state, trap),
        }
    }
}

/// Remembers the first trap of a tree; what a subtree's closure returns then.
#[cold]
#[inline(never)]
fn note(state: &mut State, trap: Trap) -> V128 {
    state.leave_first_trap(trap);
    V128::ZERO
}

/// A vector from anywhere. Which place it is costs a branch that is always the same, and saves a closure of each operation
/// for each place of each operand.
pub enum AnyVector {
    /// In slots.
    Slots(InSlots),
    /// In the code.
    Constant(VectorConstant),
    /// Behind a call.
    Nested(Box<dyn Vector>),
}

impl VectorOperand for AnyVector {
    const FAILS: bool = false;
    const CALLS: bool = true;
    #[inline(always)]
    fn get(&self, state: &mut State, window: &Window) -> Result<V128, Trap> {
        match self {
            AnyVector::Slots(a) => a.get(state, window),
            AnyVector::Constant(a) => a.get(state, window),
            AnyVector::Nested(a) => Ok(a.eval(state, window)),
        }
    }
}

/// A scalar beside a vector, from anywhere.
pub enum AnyScalar {
    /// In a slot.
    Slot(InSlot),
    /// In the code.
    Constant(Constant),
    /// Behind a call.
    Nested(Nested),
}

impl Operand for AnyScalar {
    const FAILS: bool = false;
    const CALLS: bool = true;
    #[inline(always)]
    fn get(&self, state: &mut State, window: &Window) -> Result<u64, Trap> {
        match self {
            AnyScalar::Slot(a) => Operand::get(a, state, window),
            AnyScalar::Constant(a) => Operand::get(a, state, window),
            AnyScalar::Nested(a) => a.get(state, window),
        }
    }
}
