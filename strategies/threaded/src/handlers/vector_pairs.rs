//! Superinstructions of vectors.
//!
//! Chosen by how often the pairs stand in the code of three published modules (a codec, a library of kernels for neural
//! networks, a collection of vision tasks; 110,000 nodes on vectors), each counting the same. A quarter of all nodes there move a
//! constant to the accumulator; then come loads, stores, shuffles, and sums of products.

use wasm_dispatch_ir::ops::{F32Store, F64Store, I32Add};
use wasm_dispatch_ir::vector_ops::*;

use super::memory::StoreTo;
use super::numeric::BinaryOf;
use super::vector::{ExtractInPlace, ExtractOf, Three, Two, VectorMove};
use super::vector_memory::{VectorLoadFrom, VectorStoreTo};
use crate::operand::{Acc, Const, Slot, Sum, ToAcc, ToSlot};
use crate::superinstruction::{Rows, row};

/// `d = O(slot, accumulator)` and the like, by where the operands are.
type SS<O, D> = Two<O, Slot, Slot, D>;
type SA<O, D> = Two<O, Slot, Acc, D>;
type AS<O, D> = Two<O, Acc, Slot, D>;
type Select<D> = Three<V128Bitselect, Slot, Slot, Acc, D>;
type Load<A, D> = VectorLoadFrom<V128Load, A, D>;
type Store<A> = VectorStoreTo<V128Store, A, Acc>;
type Constant = VectorMove<Const, ToAcc>;
type Counter = BinaryOf<I32Add, Slot, Const, ToSlot>;

/// Adds the pairs of each first type with each second.
macro_rules! pairs {
    ($rows:ident, [$($first:ty),* $(,)?], $seconds:tt) => {
        $(pairs!(@ $rows, $first, $seconds);)*
    };
    (@ $rows:ident, $first:ty, [$($second:ty),* $(,)?]) => {
        $rows.add::<$first>(const { &[$(row::<$first, $second>()),*] });
    };
}

/// All of them.
pub(super) fn all(rows: &mut Rows) {
    pairs!(rows, [Constant], [
        Store<Slot>, Select<ToAcc>, Select<ToSlot>,
        SA<V128And, ToAcc>, SA<V128And, ToSlot>, SA<V128Or, ToAcc>, SA<V128Or, ToSlot>, SA<V128Xor, ToAcc>,
        SA<V128Xor, ToSlot>, SA<I32x4Add, ToAcc>, SA<I32x4Add, ToSlot>, SA<I32x4LtS, ToAcc>, SA<I32x4GtS, ToAcc>,
        SA<I16x8GtS, ToAcc>, SA<I32x4DotI16x8S, ToAcc>, SA<I32x4DotI16x8S, ToSlot>, SA<F32x4Add, ToAcc>,
        SA<F32x4Add, ToSlot>, SA<F32x4Mul, ToAcc>, SA<F32x4Mul, ToSlot>,
    ]);
    pairs!(rows, [Load<Slot, ToAcc>, Load<Sum<Acc, Slot>, ToAcc>, Load<Sum<Slot, Slot>, ToAcc>], [
        Store<Slot>, Store<Sum<Slot, Slot>>, SA<F32x4Mul, ToAcc>, SA<F32x4Mul, ToSlot>, AS<F32x4Mul, ToAcc>,
        AS<F32x4Mul, ToSlot>, SA<F32x4Add, ToAcc>, SA<F32x4Add, ToSlot>, SA<I32x4Add, ToAcc>, SA<I32x4Add, ToSlot>,
        SA<V128Xor, ToAcc>, SA<V128Xor, ToSlot>,
    ]);
    pairs!(rows, [Load<Slot, ToSlot>], [Load<Slot, ToSlot>, Load<Slot, ToAcc>]);
    pairs!(rows, [SS<F32x4Mul, ToAcc>, SA<F32x4Mul, ToAcc>, AS<F32x4Mul, ToAcc>], [
        SA<F32x4Add, ToAcc>, SA<F32x4Add, ToSlot>, AS<F32x4Add, ToAcc>, AS<F32x4Add, ToSlot>,
    ]);
    pairs!(rows, [SA<F32x4Add, ToAcc>], [SA<F32x4Add, ToAcc>, SA<F32x4Add, ToSlot>]);
    pairs!(rows, [SA<F32x4Add, ToSlot>, AS<F32x4Add, ToSlot>], [
        Load<Slot, ToSlot>, Load<Slot, ToAcc>, SS<F32x4Mul, ToAcc>, Counter,
    ]);
    pairs!(rows, [SA<I32x4Add, ToSlot>], [Counter]);
    pairs!(rows, [Store<Slot>, Store<Sum<Slot, Slot>>], [Counter, Load<Slot, ToAcc>, Constant]);
    pairs!(rows, [SA<I32x4LtS, ToAcc>, SA<I32x4GtS, ToAcc>, SA<I16x8GtS, ToAcc>], [Select<ToAcc>, Select<ToSlot>]);
    pairs!(rows, [SA<F32x4PMin, ToAcc>, AS<F32x4Min, ToAcc>, Select<ToAcc>], [Store<Slot>]);
    pairs!(rows, [SA<F32x4PMax, ToAcc>], [SA<F32x4PMin, ToAcc>]);
    pairs!(rows, [AS<F32x4Max, ToAcc>], [AS<F32x4Min, ToAcc>]);
    pairs!(
        rows,
        [ExtractInPlace<F32x4ExtractLane, ToAcc>],
        [StoreTo<F32Store, Slot, Acc>]
    );
    pairs!(rows, [ExtractInPlace<F64x2ExtractLane, ToAcc>, ExtractOf<F64x2ExtractLane, Acc, ToAcc>], [
        StoreTo<F64Store, Slot, Acc>,
    ]);
}
