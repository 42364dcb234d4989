//! What the instruction table's operations have to do with each other, and how they show.

use wasm_dispatch_ir::builtin::Builtin;
use wasm_dispatch_ir::code::{FunctionBody, Statement};
use wasm_dispatch_ir::flat::Instruction;
use wasm_dispatch_ir::ops::BinaryOp;
use wasm_dispatch_ir::text;
use wasm_dispatch_ir::types::ValType;

/// Slots with values of a type at which operations differ.
fn samples(ty: ValType) -> Vec<u64> {
    let integers = [0, 1, 2, 3, 7, 31, 33, 64, 0x1234_5678, i64::from(i32::MAX), i64::MAX];
    let integers = integers.into_iter().flat_map(|value| [value, -value, !value]);
    let floats = [0.0, 1.0, 1.5, 1e30, f64::INFINITY, f64::NAN];
    let floats = floats.into_iter().flat_map(|value| [value, -value]);
    match ty {
        ValType::I32 => integers.map(|value| u64::from(value as u32)).collect(),
        ValType::F32 => floats.map(|value| u64::from((value as f32).to_bits())).collect(),
        ValType::F64 => floats.map(f64::to_bits).collect(),
        _ => integers.map(|value| value as u64).collect(),
    }
}

/// Whether a relation holds between the results of two operations on all samples: that of the first for operands `a` and
/// `b`, and that of the second for both orders.
fn always(first: BinaryOp, second: BinaryOp, relation: impl Fn(u64, u64, u64) -> bool) -> bool {
    let values = samples(first.types().0);
    values.iter().all(|&a| {
        values
            .iter()
            .all(|&b| match (first.apply(a, b), second.apply(a, b), second.apply(b, a)) {
                (Ok(result), Ok(same), Ok(exchanged)) => relation(result, same, exchanged),
                _ => false,
            })
    })
}

/// The only row of the same types of which a relation holds.
fn found(op: BinaryOp, relation: impl Fn(u64, u64, u64) -> bool) -> Option<BinaryOp> {
    let others = BinaryOp::ALL.iter().copied();
    let mut fitting = others.filter(|&other| other.types() == op.types() && always(op, other, &relation));
    let first = fitting.next();
    assert_eq!(fitting.next(), None, "{op:?} and {first:?}");
    first
}

#[test]
fn a_comparison_whose_opposite_is_in_the_table_has_it_as_its_negation() {
    for &op in BinaryOp::ALL.iter().filter(|op| op.is_test()) {
        let opposite = found(op, |result, same, _| result + same == 1);
        assert_eq!(op.negated(), opposite, "{op:?}");
    }
}

#[test]
fn an_operation_that_the_table_has_with_exchanged_operands_finds_it() {
    for &op in BinaryOp::ALL {
        let exchanged = || found(op, |result, _, exchanged| result == exchanged);
        match op.types().2 {
            // Which NaN a sum of two has may depend on the order.
            ValType::F32 | ValType::F64 => assert_eq!(op.swapped(), None, "{op:?}"),
            _ => assert_eq!(op.swapped(), exchanged(), "{op:?}"),
        }
    }
}

#[test]
fn a_builtin_shows_the_immediates_that_it_has_and_no_others() {
    let line = |op| {
        let (body, base, x, y) = (FunctionBody::default(), 7, 1, 2);
        let line = text::statement(&body, &Statement::Builtin { op, base, x, y }, 0);
        assert_eq!(
            text::instruction(&body, &Instruction::Builtin { op, base, x, y }, 0),
            line
        );
        line
    };
    assert_eq!(line(Builtin::I64Add128), "i64.add128 at s7");
    assert_eq!(line(Builtin::TableGrow), "table.grow 1 at s7");
    assert_eq!(line(Builtin::MemoryCopy), "memory.copy 1 2 at s7");
}

#[test]
fn arithmetic_on_128_bits_carries_borrows_and_keeps_signs() {
    use wasm_dispatch_ir::semantics::wide::*;
    const MAX: u64 = u64::MAX;
    assert_eq!(add128(MAX, 1, 1, 2), (0, 4));
    assert_eq!(add128(MAX, MAX, 1, 0), (0, 0));
    assert_eq!(sub128(0, 4, 1, 2), (MAX, 1));
    assert_eq!(sub128(0, 0, 1, 0), (MAX, MAX));
    assert_eq!(mul_wide_u(MAX, MAX), (1, MAX - 1));
    assert_eq!(mul_wide_s(MAX, MAX), (1, 0));
    assert_eq!(mul_wide_s(MAX, 2), (MAX - 1, MAX));
    assert_eq!(mul_wide_s(1 << 63, 1 << 63), (0, 1 << 62));
}
