//! Expression trees as types: an operand of a closure may be a whole tree that the compiler turns into straight code.
//!
//! ```text
//! Op2<I32Add, Op2<I32Shl, InSlot, Constant>, InSlot>      (window[a] << constant) + window[b], no call inside
//! Op2<I32Add, Nested, InSlot>                             anything + window[b], the left side through a closure
//! ```

use std::marker::PhantomData;

use wasm_dispatch_closures::operand::Operand;
use wasm_dispatch_closures::typed::{GlobalOf, MemoryOf};
use wasm_dispatch_ir::Trap;
use wasm_dispatch_ir::ops::{Binary, Load, Unary};
use wasm_dispatch_ir::slot::SlotValue;
use wasm_dispatch_machine::state::{State, Window};

/// The closure of a subtree.
///
/// This is `Fn(&mut State, &Window) -> u64` under another name; see [`Link`](wasm_dispatch_closures::chain::Link) for why.
/// When it traps, the trap is in the state and the result means nothing.
pub trait Value: Send + Sync {
    /// Evaluates the subtree.
    fn eval(&self, state: &mut State, window: &Window) -> u64;
}

impl<F: Fn(&mut State, &Window) -> u64 + Send + Sync> Value for F {
    #[inline(always)]
    fn eval(&self, state: &mut State, window: &Window) -> u64 {
        self(state, window)
    }
}

/// Remembers the first trap of a tree; what a subtree's closure returns then.
#[cold]
#[inline(never)]
fn note(state: &mut State, trap: Trap) -> u64 {
    state.leave_first_trap(trap);
    0
}

/// Boxes the closure of a subtree.
pub fn value<A: Operand>(a: A) -> Box<dyn Value> {
    Box::new(Closure(a))
}

struct Closure<A>(A);

impl<A: Operand> Value for Closure<A> {
    #[inline(always)]
    fn eval(&self, state: &mut State, window: &Window) -> u64 {
        match self.0.get(state, window) {
            Ok(value) => value,
            Err(trap) => note(state, trap),
        }
    }
}

/// A tree of any shape, behind a call.
pub struct Nested(pub Box<dyn Value>);

impl Operand for Nested {
    const FAILS: bool = false;
    const CALLS: bool = true;
    #[inline(always)]
    fn get(&self, state: &mut State, window: &Window) -> Result<u64, Trap> {
        Ok(self.0.eval(state, window))
    }
}

/// A global.
pub struct Global<G>(pub G);

impl<G: GlobalOf> Operand for Global<G> {
    const FAILS: bool = false;
    const CALLS: bool = false;
    #[inline(always)]
    fn get(&self, state: &mut State, _window: &Window) -> Result<u64, Trap> {
        Ok(self.0.get(state))
    }
}

/// `O(a)`
pub struct Op1<O, A>(pub A, pub PhantomData<O>);

impl<O: Unary, A: Operand> Operand for Op1<O, A> {
    const FAILS: bool = O::TRAPS || A::FAILS;
    const CALLS: bool = A::CALLS;
    #[inline(always)]
    fn get(&self, state: &mut State, window: &Window) -> Result<u64, Trap> {
        let a = self.0.get(state, window)?;
        Ok(O::apply(O::A::from_slot(a))?.to_slot())
    }
}

/// `O(a, b)`
pub struct Op2<O, A, B>(pub A, pub B, pub PhantomData<O>);

impl<O: Binary, A: Operand, B: Operand> Operand for Op2<O, A, B> {
    const FAILS: bool = O::TRAPS || A::FAILS || B::FAILS;
    const CALLS: bool = A::CALLS || B::CALLS;
    #[inline(always)]
    fn get(&self, state: &mut State, window: &Window) -> Result<u64, Trap> {
        let a = self.0.get(state, window)?;
        let b = self.1.get(state, window)?;
        Ok(O::apply(O::A::from_slot(a), O::B::from_slot(b))?.to_slot())
    }
}

/// The value in a memory at `address + offset`.
pub struct At<L, M: MemoryOf, A> {
    /// Which memory.
    pub memory: M,
    /// The address operand.
    pub address: A,
    /// The static offset.
    pub offset: M::Offset,
    /// Type and width.
    pub load: PhantomData<L>,
}

impl<L: Load, M: MemoryOf, A: Operand> Operand for At<L, M, A> {
    const FAILS: bool = true;
    const CALLS: bool = A::CALLS;
    #[inline(always)]
    fn get(&self, state: &mut State, window: &Window) -> Result<u64, Trap> {
        let address = M::Address::from_slot(self.address.get(state, window)?);
        Ok(L::load(self.memory.bytes(state), address, self.offset.into())?.to_slot())
    }
}

/// `a` if `condition` is not zero, else `b`.
pub struct Select<A, B, C> {
    /// Chosen when the condition is not zero.
    pub a: A,
    /// Chosen otherwise.
    pub b: B,
    /// An `i32`.
    pub condition: C,
}

impl<A: Operand, B: Operand, C: Operand> Operand for Select<A, B, C> {
    const FAILS: bool = A::FAILS || B::FAILS || C::FAILS;
    const CALLS: bool = A::CALLS || B::CALLS || C::CALLS;
    #[inline(always)]
    fn get(&self, state: &mut State, window: &Window) -> Result<u64, Trap> {
        let a = self.a.get(state, window)?;
        let b = self.b.get(state, window)?;
        let condition = self.condition.get(state, window)?;
        Ok(if condition as u32 != 0 { a } else { b })
    }
}
