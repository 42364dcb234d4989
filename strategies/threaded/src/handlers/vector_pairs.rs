//! Superinstructions of vectors.
//!
//! Chosen by how often the pairs stand in the code of three published modules (a codec, a library of kernels for neural
//! networks, a collection of vision tasks), each counting the same: constants, loads, stores, shuffles, and sums of products.
//! Pairs that stand in none of them are not here.

use wasm_dispatch_ir::ops::{F32Store, F64Store, I32Add};
use wasm_dispatch_ir::vector_ops::*;

use super::memory::StoreTo;
use super::numeric::BinaryOf;
use super::vector::{ExtractInPlace, ExtractOf, Three, Two, VectorMove};
use super::vector_memory::{VectorLoadFrom, VectorStoreTo};
use crate::operand::{Acc, Const, PastAcc, Slot, Sum, ToAcc, ToSlot};
use crate::superinstruction::{Rows, row};

/// `d = O(slot, accumulator)` and the like, by where the operands are.
type SS<O, D> = Two<O, Slot, Slot, D>;
type SA<O, D> = Two<O, Slot, Acc, D>;
type AS<O, D> = Two<O, Acc, Slot, D>;
type SC<O, D> = Two<O, Slot, Const, D>;
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
    pairs!(rows, [Constant], [Store<Slot>, Select<ToAcc>, Select<ToSlot>]);
    pairs!(rows, [Load<Slot, ToAcc>], [
        Store<Slot>, SA<F32x4Mul, ToAcc>, SA<F32x4Mul, ToSlot>, AS<F32x4Mul, ToAcc>, SA<F32x4Add, ToAcc>,
        SA<F32x4Add, ToSlot>, SA<I32x4Add, ToSlot>,
    ]);
    pairs!(rows, [Load<Sum<Acc, Slot>, ToAcc>], [
        Store<Slot>, Store<Sum<Slot, Slot>>, AS<F32x4Mul, ToAcc>, SA<I32x4Add, ToAcc>, SA<I32x4Add, ToSlot>,
    ]);
    pairs!(rows, [Load<Sum<Slot, Slot>, ToAcc>], [SA<I32x4Add, ToAcc>]);
    pairs!(rows, [Load<Slot, ToSlot>], [Load<Slot, ToSlot>, Load<Slot, ToAcc>]);
    pairs!(rows, [VectorMove<Slot, PastAcc>], [VectorMove<Slot, PastAcc>]);
    pairs!(rows, [VectorMove<Const, PastAcc>], [VectorMove<Const, PastAcc>]);
    pairs!(
        rows,
        [VectorStoreTo<V128Store, Slot, Slot>],
        [VectorStoreTo<V128Store, Slot, Slot>]
    );
    pairs!(rows, [SS<F32x4Mul, ToAcc>, SA<F32x4Mul, ToAcc>, AS<F32x4Mul, ToAcc>], [
        SA<F32x4Add, ToAcc>, SA<F32x4Add, ToSlot>, AS<F32x4Add, ToAcc>, AS<F32x4Add, ToSlot>,
    ]);
    pairs!(rows, [SA<F32x4Add, ToAcc>], [SA<F32x4Add, ToAcc>, SA<F32x4Add, ToSlot>]);
    pairs!(rows, [SA<F32x4Add, ToSlot>], [Load<Slot, ToSlot>, Load<Slot, ToAcc>, Counter]);
    pairs!(rows, [AS<F32x4Add, ToSlot>], [Counter]);
    pairs!(rows, [SA<I32x4Add, ToSlot>], [Counter]);
    pairs!(rows, [Store<Slot>], [Counter, Load<Slot, ToAcc>, Constant]);
    pairs!(rows, [Store<Sum<Slot, Slot>>], [Counter]);
    pairs!(rows, [SC<I32x4LtS, ToAcc>, SC<I32x4GtS, ToAcc>, SC<I16x8GtS, ToAcc>], [Select<ToAcc>, Select<ToSlot>]);
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
