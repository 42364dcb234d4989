//! Nodes of vectors as types: what [`VectorNode`](wasm_dispatch_ir::code::vector::VectorNode) names, over operands of any
//! kind, and the statements that take a vector.

use std::marker::PhantomData;

use wasm_dispatch_ir::code::Slot;
use wasm_dispatch_ir::semantics::vector::tuned;
use wasm_dispatch_ir::slot::SlotValue;
use wasm_dispatch_ir::trap::Trap;
use wasm_dispatch_ir::vector::V128;
use wasm_dispatch_ir::vector_ops::{
    Extract, LoadLane, Replace, Shift, Splat, StoreLane, Vector1, Vector2, Vector3, VectorLoad, VectorStore, VectorTest,
};
use wasm_dispatch_machine::state::{State, Window, vector_at};

use crate::operand::{Effect, Operand, VectorOperand};
use crate::typed::MemoryOf;

/// A vector in two frame slots, of which this is the first.
#[derive(Clone, Copy, Debug)]
pub struct InSlots(pub Slot);

/// A vector in the code.
#[derive(Clone, Copy, Debug)]
pub struct VectorConstant(pub V128);

/// The value of a global that is a vector, by its index in the module.
#[derive(Clone, Copy, Debug)]
pub struct VectorGlobal(pub u32);

impl VectorOperand for InSlots {
    const FAILS: bool = false;
    const CALLS: bool = false;
    #[inline(always)]
    fn get(&self, _state: &mut State, window: &Window) -> Result<V128, Trap> {
        Ok(vector_at(window, self.0))
    }
}

impl VectorOperand for VectorConstant {
    const FAILS: bool = false;
    const CALLS: bool = false;
    #[inline(always)]
    fn get(&self, _state: &mut State, _window: &Window) -> Result<V128, Trap> {
        Ok(self.0)
    }
}

impl VectorOperand for VectorGlobal {
    const FAILS: bool = false;
    const CALLS: bool = false;
    // Out of line, as it is rare.
    #[inline(never)]
    fn get(&self, state: &mut State, _window: &Window) -> Result<V128, Trap> {
        Ok(state.vector_global(self.0))
    }
}

/// Declares a node: its operands in evaluation order, its other fields, and what it computes of them.
macro_rules! node {
    (
        $(#[$doc:meta])*
        $name:ident<$($g:ident: $bound:path),*> { $($operand:ident: $o:ident),*; $($field:ident: $ty:ty),* },
        $trait:ident gives $result:ty, fails: $own:expr, |$state:ident| $value:expr
    ) => {
        $(#[$doc])*
        #[allow(missing_docs)]
        pub struct $name<$($g: $bound),*> {
            $(pub $operand: $o,)*
            $(pub $field: $ty,)*
        }
        impl<$($g: $bound),*> $trait for $name<$($g),*> {
            const FAILS: bool = $own $(|| $o::FAILS)*;
            const CALLS: bool = false $(|| $o::CALLS)*;
            #[inline(always)]
            #[allow(unused_variables)]
            fn get(&self, $state: &mut State, window: &Window) -> Result<$result, Trap> {
                let $name { $($operand,)* $($field,)* } = self;
                $(let $operand = $operand.get($state, window)?;)*
                $value
            }
        }
    };
}

node! {
    /// `O(a)`
    One<O: Vector1, A: VectorOperand> { a: A; op: PhantomData<O> },
    VectorOperand gives V128, fails: false, |state| Ok(O::apply(a))
}
node! {
    /// `O(a, b)`
    Two<O: Vector2, A: VectorOperand, B: VectorOperand> { a: A, b: B; op: PhantomData<O> },
    VectorOperand gives V128, fails: false, |state| Ok(O::apply(a, b))
}
node! {
    /// `O(a, b, c)`
    Three<O: Vector3, A: VectorOperand, B: VectorOperand, C: VectorOperand> { a: A, b: B, c: C; op: PhantomData<O> },
    VectorOperand gives V128, fails: false, |state| Ok(O::apply(a, b, c))
}
node! {
    /// `O(a)`, an `i32`.
    Test<O: VectorTest, A: VectorOperand> { a: A; op: PhantomData<O> },
    Operand gives u64, fails: false, |state| Ok(u64::from(O::apply(a)))
}
node! {
    /// `O(a, b)` of an `i32` `b`.
    Shifted<O: Shift, A: VectorOperand, B: Operand> { a: A, b: B; op: PhantomData<O> },
    VectorOperand gives V128, fails: false, |state| Ok(O::apply(a, b as u32))
}
node! {
    /// A scalar in every lane.
    Splatted<O: Splat, A: Operand> { a: A; op: PhantomData<O> },
    VectorOperand gives V128, fails: false, |state| Ok(O::apply(O::A::from_slot(a)))
}
node! {
    /// A lane of `a`, a scalar.
    Extracted<O: Extract, A: VectorOperand> { a: A; lane: u8, op: PhantomData<O> },
    Operand gives u64, fails: false, |state| Ok(O::apply(a, *lane).to_slot())
}
node! {
    /// `a` with the scalar `b` in a lane.
    Replaced<O: Replace, A: VectorOperand, B: Operand> { a: A, b: B; lane: u8, op: PhantomData<O> },
    VectorOperand gives V128, fails: false, |state| Ok(O::apply(a, *lane, O::B::from_slot(b)))
}
node! {
    /// Bytes of `a` and `b`, chosen by constants.
    Shuffled<A: VectorOperand, B: VectorOperand> { a: A, b: B; lanes: [u8; 16] },
    VectorOperand gives V128, fails: false, |state| Ok(tuned::i8x16_shuffle(a, b, *lanes))
}
node! {
    /// `a` if `condition` is not zero, else `b`.
    Selected<A: VectorOperand, B: VectorOperand, C: Operand> { a: A, b: B, condition: C; },
    VectorOperand gives V128, fails: false, |state| Ok(if condition as u32 != 0 { a } else { b })
}
node! {
    /// The vector made of what is in a memory at `address + offset`.
    Loaded<O: VectorLoad, M: MemoryOf, A: Operand> { address: A; memory: M, offset: M::Offset, op: PhantomData<O> },
    VectorOperand gives V128, fails: true,
    |state| O::load(memory.bytes(state), M::Address::from_slot(address), (*offset).into())
}
node! {
    /// `a` with what is in a memory at `address + offset` in a lane.
    LaneLoaded<O: LoadLane, M: MemoryOf, A: Operand, V: VectorOperand> {
        address: A, a: V; memory: M, offset: M::Offset, lane: u8, op: PhantomData<O>
    },
    VectorOperand gives V128, fails: true,
    |state| O::load(memory.bytes(state), M::Address::from_slot(address), (*offset).into(), *lane, a)
}

/// Declares a statement likewise.
macro_rules! statement {
    (
        $(#[$doc:meta])*
        $name:ident<$($g:ident: $bound:path),*> { $($operand:ident: $o:ident),*; $($field:ident: $ty:ty),* },
        |$state:ident| $value:expr
    ) => {
        $(#[$doc])*
        #[allow(missing_docs)]
        pub struct $name<$($g: $bound),*> {
            $(pub $operand: $o,)*
            $(pub $field: $ty,)*
        }
        impl<$($g: $bound),*> Effect for $name<$($g),*> {
            const CALLS: bool = false $(|| $o::CALLS)*;
            #[inline(always)]
            #[allow(unused_variables)]
            fn perform(&self, $state: &mut State, window: &Window) -> Result<(), Trap> {
                let $name { $($operand,)* $($field,)* } = self;
                $(let $operand = $operand.get($state, window)?;)*
                if Self::CALLS && $state.has_trapped() {
                    // The first trap stays.
                    return Err(Trap::Unreachable);
                }
                $value
            }
        }
    };
}

statement! {
    /// `global = a`
    GlobalSet<A: VectorOperand> { a: A; global: u32 },
    |state| {
        state.set_vector_global(*global, a);
        Ok(())
    }
}
statement! {
    /// A vector in a memory at `address + offset` = `a`
    Stored<O: VectorStore, M: MemoryOf, A: Operand, V: VectorOperand> {
        address: A, a: V; memory: M, offset: M::Offset, op: PhantomData<O>
    },
    |state| O::store(memory.bytes(state), M::Address::from_slot(address), (*offset).into(), a)
}
statement! {
    /// What is in a memory at `address + offset` = a lane of `a`
    LaneStored<O: StoreLane, M: MemoryOf, A: Operand, V: VectorOperand> {
        address: A, a: V; memory: M, offset: M::Offset, lane: u8, op: PhantomData<O>
    },
    |state| O::store(memory.bytes(state), M::Address::from_slot(address), (*offset).into(), *lane, a)
}
