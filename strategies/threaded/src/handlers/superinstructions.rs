//! The table of superinstructions, as families: the forms that are frequent in many programs, crossed with the forms that
//! frequently follow them.
//!
//! The families stand for what compiled code does all the time, not for what one program does: counting and comparing,
//! moving values to where a branch or a call wants them, address arithmetic before an access, arithmetic on what was loaded.
//! The shares are of all nodes run by 37 workloads, each counting the same.

use wasm_dispatch_ir::ops::*;

use super::call::{Call, TailCall};
use super::control::{BranchIf, BranchTest, Jump, Switch};
use super::memory::{LoadFrom, StoreTo};
use super::numeric::{BinaryOf, GlobalGet, GlobalSet, Move, SelectOf, UnaryOf};
use super::returns::Return;
use super::vector_pairs;
use crate::abi::{Handler, Step};
use crate::operand::{Acc, Const, PastAcc, Slot, Sum, ToAcc, ToSlot};
use crate::superinstruction::{Both, Front, Rows, row};

/// `slot = O(slot, constant)` and the like, by where the operands are.
type SC<O, D> = BinaryOf<O, Slot, Const, D>;
type SS<O, D> = BinaryOf<O, Slot, Slot, D>;
type SA<O, D> = BinaryOf<O, Slot, Acc, D>;
type AC<O, D> = BinaryOf<O, Acc, Const, D>;
type AS<O, D> = BinaryOf<O, Acc, Slot, D>;
/// A branch if the test holds.
type If<O, A, B> = BranchTest<O, A, B, true>;
/// `slot = slot`, `slot = constant`, `slot = accumulator`.
type SlotToSlot<T> = Move<T, Slot, PastAcc>;
type ConstToSlot<T> = Move<T, Const, PastAcc>;
type AccToSlot<T> = Move<T, Acc, ToSlot>;

/// The pairs of each first type with each second.
macro_rules! cross {
    ($rows:ident, [$($first:ty),* $(,)?], $then:ident) => {
        $($then::<$first>($rows);)*
    };
}

/// A family of seconds: a function that adds the pairs of any first with them.
macro_rules! family {
    ($(#[$doc:meta])* $name:ident: $($second:ty),* $(,)?) => {
        $(#[$doc])*
        fn $name<S: Front>(rows: &mut Rows) {
            rows.add::<S>(const { &[$(row::<S, $second>()),*] });
        }
    };
}

/// Seconds that exist for each of a list of operations.
macro_rules! family_of {
    ($(#[$doc:meta])* $name:ident over $o:ident in $ops:tt: $seconds:tt) => {
        $(#[$doc])*
        fn $name<S: Front>(rows: &mut Rows) {
            family_of!(@ rows, S, $o, $ops, $seconds);
        }
    };
    (@ $rows:ident, $s:ident, $o:ident, [$($op:ident)*], $seconds:tt) => {
        $({
            type $o = $op;
            family_of!(# $rows, $s, $seconds);
        })*
    };
    (# $rows:ident, $s:ident, [$($second:ty),*]) => {
        $rows.add::<$s>(const { &[$(row::<$s, $second>()),*] });
    };
}

family_of! {
    /// Branches on what was just computed.
    acc_tests over O in [I32Eq I32Ne I32LtU I32LtS I32GtU I32GtS I32LeU I32LeS I32GeU I32GeS]:
    [If<O, Acc, Slot>, If<O, Acc, Const>]
}
family! {
    /// Branches on a computed truth value.
    acc_branches: BranchIf<Acc, true>, BranchIf<Acc, false>
}
family_of! {
    acc_tests_64 over O in [I64Eq I64Ne I64LtU I64LtS I64GtU I64GtS I64LeU I64LeS I64GeU I64GeS]:
    [If<O, Acc, Slot>, If<O, Acc, Const>]
}
family_of! {
    /// Branches on something else.
    slot_tests over O in [I32Eq I32Ne I32LtU I32LtS I32GtU I32GtS I32LeU I32LeS I32GeU I32GeS]:
    [If<O, Slot, Slot>, If<O, Slot, Const>]
}
family! {
    slot_branches: BranchIf<Slot, true>, BranchIf<Slot, false>
}
family! {
    /// Where control goes when a value is in place.
    transfers: Jump, Return, Call, TailCall
}
family! {
    /// Where a function ends with a value.
    returns: Return
}
family! {
    /// Values that move along.
    copies: SlotToSlot<u64>, AccToSlot<u64>, ConstToSlot<u32>, ConstToSlot<u64>
}
family! {
    /// Pointers and counters that step, also from what was just computed.
    counters: SC<I32Add, ToSlot>, SS<I32Add, ToSlot>, AC<I32Add, ToSlot>
}
family! {
    /// The same beside [`alu`], which has the step from what was just computed.
    slot_counters: SC<I32Add, ToSlot>, SS<I32Add, ToSlot>
}
family_of! {
    /// 32-bit arithmetic on what was just computed.
    alu over D in [ToAcc ToSlot]:
    [
        AC<I32Add, D>, AS<I32Add, D>, SA<I32Add, D>, AS<I32Sub, D>, SA<I32Sub, D>, AC<I32Mul, D>,
        SA<I32Mul, D>, AS<I32Mul, D>, AC<I32And, D>, AS<I32And, D>, SA<I32And, D>, AS<I32Or, D>, SA<I32Or, D>,
        AC<I32Or, D>, AS<I32Xor, D>, SA<I32Xor, D>, AC<I32Xor, D>, AC<I32Shl, D>, AC<I32ShrU, D>, AC<I32ShrS, D>,
        AC<I32Rotl, D>
    ]
}
family_of! {
    /// The same on 64 bits.
    alu_64 over D in [ToAcc ToSlot]:
    [
        AC<I64Add, D>, AS<I64Add, D>, SA<I64Add, D>, AS<I64Sub, D>, SA<I64Sub, D>, AC<I64Mul, D>, SA<I64Mul, D>,
        AS<I64Mul, D>, AC<I64And, D>, AS<I64And, D>, AS<I64Or, D>, SA<I64Or, D>, AS<I64Xor, D>, SA<I64Xor, D>,
        AC<I64Shl, D>, AC<I64ShrU, D>, AC<I64Rotl, D>
    ]
}
family_of! {
    /// Arithmetic on a 64-bit value that was just computed.
    float over D in [ToAcc ToSlot]:
    [
        AS<F64Add, D>, SA<F64Add, D>, AS<F64Sub, D>, SA<F64Sub, D>, AS<F64Mul, D>, SA<F64Mul, D>
    ]
}
family_of! {
    float_32 over D in [ToAcc ToSlot]:
    [
        AS<F32Add, D>, SA<F32Add, D>, AS<F32Sub, D>, SA<F32Sub, D>, AS<F32Mul, D>, SA<F32Mul, D>
    ]
}
family_of! {
    /// Loads from an address that was just computed.
    loads over D in [ToAcc ToSlot]:
    [
        LoadFrom<I32Load, Acc, D>, LoadFrom<I32Load8U, Acc, D>, LoadFrom<I32Load16U, Acc, D>, LoadFrom<I64Load, Acc, D>,
        LoadFrom<F64Load, Acc, D>, LoadFrom<I32Load, Sum<Acc, Slot>, D>, LoadFrom<I32Load8U, Sum<Acc, Slot>, D>,
        LoadFrom<I32Load16U, Sum<Acc, Slot>, D>, LoadFrom<F64Load, Sum<Acc, Slot>, D>,
        LoadFrom<I32Load, Sum<Acc, Const>, D>, LoadFrom<I32Load8U, Sum<Acc, Const>, D>,
        LoadFrom<I32Load16U, Sum<Acc, Const>, D>
    ]
}
family! {
    /// Stores to an address that was just computed.
    stores_to: StoreTo<I32Store, Acc, Slot>, StoreTo<I32Store8, Acc, Slot>, StoreTo<I64Store, Acc, Slot>,
    StoreTo<I32Store, Sum<Acc, Slot>, Slot>, StoreTo<I32Store8, Sum<Acc, Slot>, Slot>
}
family! {
    /// Stores of a value that was just computed.
    stores_of: StoreTo<I32Store, Slot, Acc>, StoreTo<I32Store8, Slot, Acc>, StoreTo<I32Store16, Slot, Acc>,
    StoreTo<I32Store, Sum<Slot, Const>, Acc>, StoreTo<I32Store8, Sum<Slot, Const>, Acc>,
    StoreTo<I32Store, Sum<Slot, Slot>, Acc>, StoreTo<I32Store8, Sum<Slot, Slot>, Acc>
}
family! {
    stores_of_64: StoreTo<I64Store, Slot, Acc>, StoreTo<I64Store, Sum<Slot, Const>, Acc>
}
family! {
    stores_of_float: StoreTo<F64Store, Slot, Acc>, StoreTo<F64Store, Sum<Slot, Const>, Acc>
}
family! {
    /// Loads next to whatever came before.
    more_loads: LoadFrom<I32Load, Slot, ToSlot>, LoadFrom<I32Load8U, Slot, ToSlot>, LoadFrom<I32Load, Slot, ToAcc>,
    LoadFrom<I32Load8U, Slot, ToAcc>, LoadFrom<I64Load, Slot, ToAcc>, LoadFrom<I32Load, Sum<Slot, Const>, ToSlot>,
    LoadFrom<I32Load8U, Sum<Slot, Const>, ToAcc>
}
family! {
    /// Stores next to whatever came before.
    more_stores: StoreTo<I32Store, Slot, Slot>, StoreTo<I64Store, Slot, Slot>, StoreTo<I32Store, Sum<Slot, Const>, Slot>,
    StoreTo<I64Store, Sum<Slot, Const>, Slot>, StoreTo<I32Store8, Slot, Slot>
}
family! {
    /// Counters beside a value that the loop hands on.
    past: SC<I32Add, PastAcc>
}
family! {
    /// Arithmetic that begins with slots.
    beginnings: SC<I32Shl, ToAcc>, SC<I32ShrU, ToAcc>, SC<I32And, ToAcc>, SC<I32Mul, ToAcc>
}
family_of! {
    /// Choices by a comparison.
    selects over T in [u32 u64]:
    [
        SelectOf<T, Slot, Slot, Acc, ToSlot>, SelectOf<T, Slot, Const, Acc, ToSlot>, SelectOf<T, Const, Slot, Acc, ToSlot>
    ]
}
family! {
    /// Dispatch on what was just computed.
    switches: Switch<Acc>
}
family_of! {
    /// Widening of a 32-bit value that was just computed.
    widenings over D in [ToAcc ToSlot]:
    [UnaryOf<I64ExtendI32U, Acc, D>, UnaryOf<I64ExtendI32S, Acc, D>]
}

/// The triples of each first and second type with each third.
macro_rules! cross_three {
    ($rows:ident, $first:ty, [$($second:ty),* $(,)?], $then:ident) => {
        $($then::<Both<$first, $second>>($rows);)*
    };
}

/// One superinstruction.
fn one<S: Front, H: Handler>(rows: &mut Rows) {
    rows.add::<S>(const { &[row::<S, H>()] });
}

/// All superinstructions.
pub(crate) fn all() -> Rows {
    let mut rows = Rows::default();
    threes(&mut rows);
    counting(&mut rows);
    moving(&mut rows);
    computing(&mut rows);
    accessing(&mut rows);
    floating(&mut rows);
    returning(&mut rows);
    vector_pairs::all(&mut rows);
    rows
}

/// Adds the returns of what these operations compute.
macro_rules! results {
    ($rows:ident, [$($op:ident)*]) => {
        $(
            cross!($rows, [SC<$op, ToSlot>, SS<$op, ToSlot>, SA<$op, ToSlot>, AC<$op, ToSlot>, AS<$op, ToSlot>], returns);
        )*
    };
}

/// Short functions are called often: they end with what they compute. What [`transfers`] follow is not here.
fn returning(rows: &mut Rows) {
    cross!(rows, [SC<I32Sub, ToSlot>, SA<I32Sub, ToSlot>, AC<I32Sub, ToSlot>, AS<I32Sub, ToSlot>, AS<I64Add, ToSlot>], returns);
    results!(rows, [I32Mul I32And I32Or I32Xor I32Shl I32ShrU I32ShrS I32Rotl]);
    results!(rows, [I64Sub I64Mul I64And I64Or I64Xor I64Shl I64ShrU I64ShrS I64Rotl]);
    results!(rows, [I32Eq I32Ne I32LtU I32LtS I32GtU I32GtS I32LeU I32LeS I32GeU I32GeS]);
    results!(rows, [F64Add F64Sub F64Mul F64Div F32Add F32Sub F32Mul F32Div]);
    cross!(
        rows,
        [
            UnaryOf<I64ExtendI32U, Slot, ToSlot>, UnaryOf<I64ExtendI32S, Slot, ToSlot>, UnaryOf<I32WrapI64, Slot, ToSlot>,
            UnaryOf<I64ExtendI32U, Acc, ToSlot>, UnaryOf<I64ExtendI32S, Acc, ToSlot>, UnaryOf<I32WrapI64, Acc, ToSlot>,
            LoadFrom<I32Load, Slot, ToSlot>, LoadFrom<I32Load8U, Slot, ToSlot>, LoadFrom<I64Load, Slot, ToSlot>,
            LoadFrom<F64Load, Slot, ToSlot>, LoadFrom<I32Load, Acc, ToSlot>, LoadFrom<I32Load8U, Acc, ToSlot>,
            LoadFrom<I32Load, Sum<Slot, Slot>, ToSlot>, LoadFrom<I32Load8U, Sum<Slot, Slot>, ToSlot>,
            StoreTo<I32Store8, Slot, Slot>, StoreTo<I64Store, Slot, Slot>, StoreTo<I32Store, Slot, Const>
        ],
        returns
    );
}

/// How loops end: something, then a counter steps, then a branch.
fn loop_ends<S: Step>(rows: &mut Rows) {
    acc_tests::<Both<S, SC<I32Add, ToSlot>>>(rows);
    acc_branches::<Both<S, SC<I32Add, ToSlot>>>(rows);
}

/// Three in a row: two pointers and a counter, values for a call or a branch with several parameters.
fn threes(rows: &mut Rows) {
    cross_three!(rows, SC<I32Add, ToSlot>, [SC<I32Add, ToSlot>, AC<I32Add, ToSlot>], acc_tests);
    cross_three!(rows, SC<I32Add, ToSlot>, [SC<I32Add, ToSlot>, AC<I32Add, ToSlot>], acc_branches);
    cross_three!(rows, SC<I32Add, ToSlot>, [SC<I32Add, ToSlot>], counters);
    cross_three!(rows, SC<I32Add, ToSlot>, [SC<I32Add, ToSlot>], copies);
    cross_three!(rows, SlotToSlot<u64>, [SlotToSlot<u64>, ConstToSlot<u32>, SC<I32Add, ToSlot>], copies);
    cross_three!(rows, SlotToSlot<u64>, [SlotToSlot<u64>, ConstToSlot<u32>, SC<I32Add, ToSlot>], transfers);
    cross_three!(rows, ConstToSlot<u32>, [SlotToSlot<u64>, ConstToSlot<u32>], transfers);
    cross_three!(rows, LoadFrom<I32Load8U, Slot, ToSlot>, [LoadFrom<I32Load8U, Slot, ToSlot>], acc_tests);
    loop_ends::<StoreTo<I32Store, Slot, Acc>>(rows);
    loop_ends::<StoreTo<I32Store, Slot, Slot>>(rows);
    loop_ends::<StoreTo<I32Store8, Slot, Acc>>(rows);
    loop_ends::<StoreTo<I32Store8, Slot, Slot>>(rows);
    loop_ends::<StoreTo<I64Store, Slot, Acc>>(rows);
    loop_ends::<StoreTo<F64Store, Slot, Acc>>(rows);
    loop_ends::<SA<I32Add, ToSlot>>(rows);
    loop_ends::<AS<I32Add, ToSlot>>(rows);
    loop_ends::<SA<I64Add, ToSlot>>(rows);
    loop_ends::<AS<I64Add, ToSlot>>(rows);
    loop_ends::<SA<F64Add, ToSlot>>(rows);
    loop_ends::<AS<F64Add, ToSlot>>(rows);
    loop_ends::<SlotToSlot<u64>>(rows);
    cross!(rows, [SC<I32Add, PastAcc>], slot_tests);
    cross!(rows, [SC<I32Add, PastAcc>], slot_branches);
    cross!(
        rows,
        [StoreTo<I32Store, Slot, Acc>, StoreTo<I32Store8, Slot, Acc>, StoreTo<I64Store, Slot, Acc>, AccToSlot<u64>],
        past
    );
    steps_past::<StoreTo<I32Store, Slot, Acc>>(rows);
    steps_past::<StoreTo<I32Store8, Slot, Acc>>(rows);
    steps_past::<StoreTo<I64Store, Slot, Acc>>(rows);
    steps_past::<AccToSlot<u64>>(rows);
    one::<Both<GlobalGet<u32, ToAcc>, AC<I32Add, ToSlot>>, GlobalSet<u32, Acc>>(rows);
    one::<Both<SC<I32Add, ToAcc>, GlobalSet<u32, Acc>>, Return>(rows);
}

/// A counter steps past a value that the loop hands on.
fn steps_past<S: Step>(rows: &mut Rows) {
    slot_tests::<Both<S, SC<I32Add, PastAcc>>>(rows);
    slot_branches::<Both<S, SC<I32Add, PastAcc>>>(rows);
}

/// 17 %: a counter or pointer steps, and then a branch, another step, a move, an access.
fn counting(rows: &mut Rows) {
    cross!(rows, [SC<I32Add, ToSlot>, AC<I32Add, ToSlot>, SS<I32Add, ToSlot>], acc_tests);
    cross!(rows, [SC<I32Add, ToSlot>, AC<I32Add, ToSlot>, SS<I32Add, ToSlot>], acc_branches);
    cross!(rows, [SC<I32Add, ToSlot>, AC<I32Add, ToSlot>], slot_tests);
    cross!(rows, [SC<I32Add, ToSlot>, AC<I32Add, ToSlot>], slot_branches);
    cross!(rows, [SC<I32Add, ToSlot>, AC<I32Add, ToSlot>, SS<I32Add, ToSlot>], transfers);
    cross!(rows, [SC<I32Add, ToSlot>, SS<I32Add, ToSlot>], counters);
    cross!(rows, [AC<I32Add, ToSlot>], slot_counters);
    cross!(rows, [SC<I32Add, ToSlot>, AC<I32Add, ToSlot>, SS<I32Add, ToSlot>], copies);
    cross!(rows, [SC<I32Add, ToSlot>, AC<I32Add, ToSlot>, SS<I32Add, ToSlot>], loads);
    cross!(rows, [SC<I32Add, ToSlot>, AC<I32Add, ToSlot>], more_loads);
    cross!(rows, [SC<I32Add, ToSlot>, AC<I32Add, ToSlot>], more_stores);
    cross!(rows, [SC<I32Add, ToSlot>, AC<I32Add, ToSlot>], stores_of);
    cross!(rows, [SC<I32Add, ToSlot>], beginnings);
    cross!(rows, [SC<I64Add, ToSlot>, SS<I64Add, ToSlot>, SA<I64Add, ToSlot>, AC<I64Add, ToSlot>], transfers);
    cross!(rows, [SC<I64Add, ToSlot>, SS<I64Add, ToSlot>, SA<I64Add, ToSlot>, AC<I64Add, ToSlot>], counters);
    cross!(rows, [SC<I64Add, ToSlot>, SS<I64Add, ToSlot>, SA<I64Add, ToSlot>, AC<I64Add, ToSlot>], copies);
    cross!(rows, [SC<I64Add, ToSlot>, AC<I64Add, ToSlot>], acc_tests_64);
}

/// 10 %: values move to where a branch or a call wants them.
fn moving(rows: &mut Rows) {
    cross!(rows, [SlotToSlot<u64>, ConstToSlot<u32>, ConstToSlot<u64>, AccToSlot<u64>], copies);
    cross!(rows, [SlotToSlot<u64>, ConstToSlot<u32>, ConstToSlot<u64>, AccToSlot<u64>], transfers);
    cross!(rows, [SlotToSlot<u64>, ConstToSlot<u32>, AccToSlot<u64>], counters);
    cross!(rows, [SlotToSlot<u64>, ConstToSlot<u32>], slot_branches);
    cross!(rows, [SlotToSlot<u64>, ConstToSlot<u32>], slot_tests);
    cross!(rows, [SlotToSlot<u64>], acc_tests);
    cross!(rows, [SlotToSlot<u64>], acc_branches);
    cross!(rows, [SlotToSlot<u64>, ConstToSlot<u32>], more_loads);
    one::<UnaryOf<I64ExtendI32S, Slot, ToSlot>, Jump>(rows);
    one::<GlobalGet<u32, ToAcc>, AC<I32Add, ToSlot>>(rows);
    one::<AC<I32Add, ToSlot>, GlobalSet<u32, Acc>>(rows);
    one::<SC<I32Add, ToAcc>, GlobalSet<u32, Acc>>(rows);
    one::<GlobalSet<u32, Acc>, Return>(rows);
    one::<GlobalSet<u32, Slot>, Return>(rows);
    one::<AccToSlot<f64>, Jump>(rows);
}

/// 15 %: arithmetic on what was just computed.
fn computing(rows: &mut Rows) {
    cross!(
        rows,
        [
            SC<I32Shl, ToAcc>, AC<I32Shl, ToAcc>, SC<I32ShrU, ToAcc>, AC<I32ShrU, ToAcc>, SC<I32ShrS, ToAcc>,
            SC<I32Mul, ToAcc>, AC<I32Mul, ToAcc>, SS<I32Mul, ToAcc>, SC<I32And, ToAcc>, AC<I32And, ToAcc>,
            SS<I32And, ToAcc>, SC<I32Add, ToAcc>, AC<I32Add, ToAcc>, SS<I32Add, ToAcc>, AS<I32Add, ToAcc>,
            SA<I32Add, ToAcc>, SS<I32Sub, ToAcc>, AS<I32Sub, ToAcc>, SS<I32Xor, ToAcc>, SA<I32Xor, ToAcc>,
            AS<I32Xor, ToAcc>, SC<I32Xor, ToAcc>, SA<I32Or, ToAcc>, SS<I32Or, ToAcc>, SC<I32Rotl, ToAcc>,
            SA<I32Xor, ToSlot>, AS<I32Xor, ToSlot>, SA<I32Add, ToSlot>, AS<I32Add, ToSlot>, AC<I32Add, ToSlot>,
            AC<I32And, ToSlot>, SC<I32And, ToSlot>, AC<I32ShrU, ToSlot>, SC<I32ShrU, ToSlot>
        ],
        alu
    );
    cross!(
        rows,
        [
            SC<I64Shl, ToAcc>, AC<I64Shl, ToAcc>, SC<I64ShrU, ToAcc>, AC<I64ShrU, ToAcc>, SC<I64Mul, ToAcc>,
            SS<I64Mul, ToAcc>, SC<I64And, ToAcc>, SS<I64And, ToAcc>, SC<I64Add, ToAcc>, SS<I64Add, ToAcc>,
            SA<I64Add, ToAcc>, AS<I64Add, ToAcc>, SS<I64Xor, ToAcc>, SA<I64Xor, ToAcc>, AS<I64Xor, ToAcc>,
            SA<I64Or, ToAcc>, SC<I64Rotl, ToAcc>, SA<I64Add, ToSlot>, AS<I64Add, ToSlot>, SA<I64Xor, ToSlot>,
            AS<I64Xor, ToSlot>, UnaryOf<I64ExtendI32U, Acc, ToAcc>, UnaryOf<I64ExtendI32U, Slot, ToAcc>
        ],
        alu_64
    );
    cross!(
        rows,
        [
            SC<I32And, ToAcc>, AC<I32And, ToAcc>, SS<I32And, ToAcc>, SS<I32Add, ToAcc>, SC<I32Add, ToAcc>,
            AC<I32Add, ToAcc>, SS<I32Sub, ToAcc>, SS<I32Sub, ToSlot>, SC<I32And, ToSlot>, AC<I32And, ToSlot>,
            SA<I32Add, ToSlot>, AS<I32Add, ToSlot>, SC<I32ShrU, ToSlot>, AC<I32ShrU, ToSlot>
        ],
        acc_tests
    );
    cross!(
        rows,
        [SC<I32And, ToAcc>, AC<I32And, ToAcc>, SS<I32And, ToAcc>, SC<I32And, ToSlot>, AC<I32And, ToSlot>],
        acc_branches
    );
    cross!(rows, [SC<I64And, ToAcc>, SS<I64And, ToAcc>], acc_tests_64);
    cross!(
        rows,
        [
            SA<I32Add, ToSlot>, AS<I32Add, ToSlot>, SS<I32Sub, ToSlot>, SC<I32And, ToSlot>, AC<I32And, ToSlot>,
            SC<I32ShrU, ToSlot>, SC<I32Shl, ToSlot>
        ],
        copies
    );
    cross!(
        rows,
        [SA<I32Add, ToSlot>, AS<I32Add, ToSlot>, SA<I32Xor, ToSlot>, SC<I32And, ToSlot>, SC<I32ShrU, ToSlot>],
        slot_counters
    );
    cross!(rows, [SA<I32Add, ToSlot>, AS<I32Add, ToSlot>, SS<I32Sub, ToSlot>], transfers);
    cross!(
        rows,
        [
            SS<I32LtU, ToAcc>, SS<I32LtS, ToAcc>, SS<I32GtU, ToAcc>, SS<I32GtS, ToAcc>, SC<I32LtU, ToAcc>,
            SC<I32LtS, ToAcc>, SC<I32GtU, ToAcc>, SC<I32GtS, ToAcc>, SS<I32Eq, ToAcc>, SC<I32Eq, ToAcc>,
            SS<I32Ne, ToAcc>, SC<I32Ne, ToAcc>, AC<I32Eq, ToAcc>, AC<I32Ne, ToAcc>
        ],
        selects
    );
    cross!(
        rows,
        [AC<I32Add, ToAcc>, SC<I32Add, ToAcc>, SC<I32And, ToAcc>, AC<I32And, ToAcc>, AC<I32ShrU, ToAcc>],
        switches
    );
}

/// 14 %: addresses and what is done with what was loaded.
fn accessing(rows: &mut Rows) {
    cross!(
        rows,
        [
            SC<I32Shl, ToAcc>, AC<I32Shl, ToAcc>, SS<I32Add, ToAcc>, AS<I32Add, ToAcc>, SA<I32Add, ToAcc>,
            SC<I32Add, ToAcc>, AC<I32Add, ToAcc>, SA<I32Add, ToSlot>, AS<I32Add, ToSlot>, SC<I32And, ToAcc>,
            AC<I32And, ToAcc>, SC<I32ShrU, ToAcc>
        ],
        loads
    );
    cross!(rows, [SC<I32Shl, ToAcc>, SS<I32Add, ToAcc>, AS<I32Add, ToAcc>, SC<I32Add, ToAcc>], stores_to);
    cross!(
        rows,
        [
            SC<I32Add, ToAcc>, AC<I32Add, ToAcc>, SS<I32Add, ToAcc>, SA<I32Add, ToAcc>, AS<I32Add, ToAcc>,
            SA<I32Add, ToSlot>, AC<I32And, ToAcc>, SC<I32And, ToAcc>, SC<I32ShrU, ToAcc>, SA<I32Or, ToAcc>,
            SA<I32Xor, ToAcc>, LoadFrom<I32Load, Slot, ToAcc>, LoadFrom<I32Load, Sum<Slot, Const>, ToAcc>,
            LoadFrom<I32Load8U, Slot, ToAcc>, LoadFrom<I32Load8U, Sum<Slot, Const>, ToAcc>, ConstToSlot<u32>
        ],
        stores_of
    );
    cross!(
        rows,
        [LoadFrom<I64Load, Slot, ToAcc>, LoadFrom<I64Load, Sum<Slot, Const>, ToAcc>, SA<I64Add, ToAcc>],
        stores_of_64
    );
    cross!(
        rows,
        [
            LoadFrom<I32Load, Slot, ToAcc>, LoadFrom<I32Load, Sum<Slot, Const>, ToAcc>, LoadFrom<I32Load, Acc, ToAcc>,
            LoadFrom<I32Load, Sum<Acc, Slot>, ToAcc>, LoadFrom<I32Load8U, Slot, ToAcc>,
            LoadFrom<I32Load8U, Sum<Slot, Const>, ToAcc>, LoadFrom<I32Load8U, Sum<Acc, Const>, ToAcc>,
            LoadFrom<I32Load8U, Sum<Slot, Slot>, ToAcc>, LoadFrom<I32Load16U, Slot, ToAcc>
        ],
        alu
    );
    cross!(
        rows,
        [
            LoadFrom<I32Load, Slot, ToAcc>, LoadFrom<I32Load, Slot, ToSlot>, LoadFrom<I32Load, Acc, ToSlot>,
            LoadFrom<I32Load, Sum<Slot, Const>, ToAcc>, LoadFrom<I32Load, Sum<Slot, Const>, ToSlot>,
            LoadFrom<I32Load8U, Slot, ToAcc>, LoadFrom<I32Load8U, Slot, ToSlot>, LoadFrom<I32Load8U, Acc, ToSlot>,
            LoadFrom<I32Load8U, Sum<Slot, Const>, ToAcc>, LoadFrom<I32Load16U, Sum<Acc, Const>, ToAcc>
        ],
        acc_tests
    );
    cross!(
        rows,
        [
            LoadFrom<I32Load, Slot, ToAcc>, LoadFrom<I32Load, Slot, ToSlot>, LoadFrom<I32Load, Acc, ToSlot>,
            LoadFrom<I32Load, Sum<Slot, Const>, ToAcc>, LoadFrom<I32Load8U, Slot, ToAcc>,
            LoadFrom<I32Load8U, Slot, ToSlot>, LoadFrom<I32Load8U, Sum<Slot, Const>, ToAcc>
        ],
        acc_branches
    );
    cross!(
        rows,
        [
            LoadFrom<I32Load, Slot, ToSlot>, LoadFrom<I32Load8U, Slot, ToSlot>, LoadFrom<I32Load, Acc, ToSlot>,
            LoadFrom<I32Load, Sum<Slot, Const>, ToSlot>
        ],
        more_loads
    );
    cross!(
        rows,
        [
            LoadFrom<I32Load, Slot, ToSlot>, LoadFrom<I32Load8U, Slot, ToSlot>, LoadFrom<I32Load, Acc, ToSlot>,
            LoadFrom<I32Load, Sum<Slot, Const>, ToSlot>, LoadFrom<I64Load, Slot, ToSlot>, LoadFrom<F64Load, Slot, ToSlot>
        ],
        counters
    );
    cross!(rows, [LoadFrom<I32Load, Slot, ToSlot>, LoadFrom<I32Load8U, Slot, ToSlot>], beginnings);
    cross!(rows, [LoadFrom<I32Load, Slot, ToSlot>, LoadFrom<I32Load, Sum<Slot, Const>, ToSlot>], loads);
    cross!(rows, [LoadFrom<I32Load16U, Slot, ToAcc>, LoadFrom<I32Load8U, Slot, ToAcc>], switches);
    cross!(rows, [LoadFrom<I32Load, Slot, ToAcc>, LoadFrom<I32Load8U, Slot, ToAcc>], widenings);
    cross!(
        rows,
        [
            LoadFrom<I64Load, Slot, ToAcc>, LoadFrom<I64Load, Sum<Slot, Const>, ToAcc>,
            LoadFrom<I64Load8U, Sum<Slot, Const>, ToAcc>, LoadFrom<I64Load8U, Slot, ToAcc>
        ],
        alu_64
    );
    cross!(
        rows,
        [
            StoreTo<I32Store, Slot, Acc>, StoreTo<I32Store, Slot, Slot>, StoreTo<I32Store, Sum<Slot, Const>, Acc>,
            StoreTo<I32Store8, Slot, Acc>, StoreTo<I32Store8, Sum<Slot, Const>, Acc>, StoreTo<I32Store8, Slot, Slot>,
            StoreTo<I32Store8, Sum<Slot, Const>, Const>, StoreTo<I32Store16, Slot, Acc>, StoreTo<I64Store, Slot, Acc>,
            StoreTo<I64Store, Slot, Slot>, StoreTo<I64Store, Sum<Slot, Const>, Slot>,
            StoreTo<I64Store, Sum<Slot, Const>, Acc>, StoreTo<F64Store, Slot, Acc>
        ],
        counters
    );
    cross!(
        rows,
        [
            StoreTo<I32Store, Slot, Slot>, StoreTo<I32Store, Sum<Slot, Const>, Slot>, StoreTo<I64Store, Slot, Slot>,
            StoreTo<I64Store, Sum<Slot, Const>, Slot>, StoreTo<I32Store, Slot, Acc>, StoreTo<I64Store, Slot, Acc>
        ],
        more_stores
    );
    cross!(rows, [StoreTo<I32Store, Slot, Acc>, StoreTo<I32Store, Slot, Slot>], more_loads);
    cross!(
        rows,
        [StoreTo<I32Store, Slot, Acc>, StoreTo<I32Store, Slot, Slot>, StoreTo<I64Store, Slot, Acc>],
        transfers
    );
    one::<StoreTo<I64Store, Sum<Slot, Const>, Acc>, LoadFrom<I64Load, Sum<Slot, Const>, ToAcc>>(rows);
    one::<StoreTo<I64Store, Slot, Acc>, LoadFrom<I64Load, Sum<Slot, Const>, ToAcc>>(rows);
}

/// 8 %: arithmetic of floats, mostly multiply and add.
fn floating(rows: &mut Rows) {
    cross!(
        rows,
        [
            SS<F64Mul, ToAcc>, SA<F64Mul, ToAcc>, AS<F64Mul, ToAcc>, SS<F64Add, ToAcc>, SA<F64Add, ToAcc>,
            AS<F64Add, ToAcc>, SS<F64Sub, ToAcc>, SA<F64Sub, ToAcc>, AS<F64Sub, ToAcc>, SA<F64Add, ToSlot>,
            AS<F64Add, ToSlot>, AS<F64Mul, ToSlot>, SA<F64Mul, ToSlot>, LoadFrom<F64Load, Slot, ToAcc>,
            LoadFrom<F64Load, Sum<Slot, Const>, ToAcc>, LoadFrom<F64Load, Acc, ToAcc>,
            LoadFrom<F64Load, Sum<Acc, Slot>, ToAcc>
        ],
        float
    );
    cross!(
        rows,
        [
            SS<F32Mul, ToAcc>, SA<F32Mul, ToAcc>, AS<F32Mul, ToAcc>, SS<F32Add, ToAcc>, SA<F32Add, ToAcc>,
            AS<F32Add, ToAcc>, SS<F32Sub, ToAcc>, LoadFrom<F32Load, Slot, ToAcc>,
            LoadFrom<F32Load, Sum<Slot, Const>, ToAcc>
        ],
        float_32
    );
    cross!(
        rows,
        [
            SA<F64Add, ToAcc>, AS<F64Add, ToAcc>, SA<F64Sub, ToAcc>, AS<F64Sub, ToAcc>, SA<F64Mul, ToAcc>,
            AS<F64Mul, ToAcc>, LoadFrom<F64Load, Slot, ToAcc>, LoadFrom<F64Load, Sum<Slot, Const>, ToAcc>
        ],
        stores_of_float
    );
    cross!(rows, [SA<F64Add, ToSlot>, AS<F64Add, ToSlot>], counters);
    cross!(rows, [SA<F64Add, ToSlot>, AS<F64Add, ToSlot>], slot_tests);
    one::<LoadFrom<F64Load, Sum<Slot, Const>, ToSlot>, LoadFrom<F64Load, Sum<Slot, Const>, ToAcc>>(rows);
    one::<LoadFrom<F64Load, Sum<Slot, Const>, ToSlot>, LoadFrom<F64Load, Sum<Slot, Const>, ToSlot>>(rows);
    one::<LoadFrom<F64Load, Slot, ToSlot>, LoadFrom<F64Load, Slot, ToAcc>>(rows);
    one::<LoadFrom<F64Load, Slot, ToSlot>, LoadFrom<F64Load, Slot, ToSlot>>(rows);
    one::<SlotToSlot<u64>, If<F64Le, Slot, Const>>(rows);
    one::<SlotToSlot<u64>, If<F64Lt, Slot, Const>>(rows);
}
