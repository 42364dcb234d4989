//! What the instruction table's operations have to do with each other, and how they show.

use wasm_dispatch_ir::builtin::Builtin;
use wasm_dispatch_ir::code::{FunctionBody, Statement};
use wasm_dispatch_ir::flat::Instruction;
use wasm_dispatch_ir::ops::{BinaryOp, UnaryOp};
use wasm_dispatch_ir::text;
use wasm_dispatch_ir::types::ValType;
use wasm_dispatch_ir::vector::V128;
use wasm_dispatch_ir::vector_ops::{Vector1Op, Vector2Op, Vector3Op};

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

/// A signalling NaN with a payload, for each width.
const NAN_32: u32 = 0x7fa0_1234;
const NAN_64: u64 = 0x7ff4_0000_0000_1234;

/// What to compute with, as a slot.
fn nan(ty: ValType) -> u64 {
    match ty {
        ValType::F32 => u64::from(NAN_32),
        ValType::F64 => NAN_64,
        _ => 1,
    }
}

/// Whether these are bits of a NaN that no operand has: not even with the other sign.
fn made(ty: ValType, bits: u64) -> bool {
    match ty {
        ValType::F32 => f32::from_bits(bits as u32).is_nan() && bits as u32 & 0x7fff_ffff != NAN_32,
        ValType::F64 => f64::from_bits(bits).is_nan() && bits & (u64::MAX >> 1) != NAN_64,
        _ => false,
    }
}

#[test]
fn an_operation_that_makes_a_nan_says_that_the_specification_leaves_open_which() {
    let mut open = 0;
    let mut check = |name: &str, says: Option<ValType>, ty: ValType, result: u64| {
        open += u32::from(says == Some(ty));
        assert!(says.is_none() || says == Some(ty), "{name}: {says:?}");
        assert!(says.is_some() || !made(ty, result), "{name} gives {result:x}");
    };
    for op in UnaryOp::ALL {
        let (a, ty) = op.types();
        let reinterprets = op.mnemonic().contains("reinterpret");
        if let (Ok(result), false) = (op.apply(nan(a)), reinterprets) {
            check(op.mnemonic(), op.open_nan(), ty, result);
        }
    }
    for op in BinaryOp::ALL {
        let (a, b, ty) = op.types();
        if let Ok(result) = op.apply(nan(a), nan(b)) {
            check(op.mnemonic(), op.open_nan(), ty, result);
        }
    }
    let narrow = V128::from_lanes([NAN_32; 4]);
    let wide = V128::from_lanes([NAN_64; 2]);
    let mut check_lanes = |name: &str, says: Option<ValType>, apply: &dyn Fn(V128) -> V128| {
        // Lanes of the result; conversions take the others.
        let (ty, other) = match name.split_once('.') {
            Some(("f32x4", _)) => (ValType::F32, narrow),
            Some(("f64x2", _)) => (ValType::F64, wide),
            _ => return assert_eq!(says, None, "{name}"),
        };
        let operand = match name {
            "f32x4.demote_f64x2_zero" => wide,
            "f64x2.promote_low_f32x4" => narrow,
            _ => other,
        };
        let low = apply(operand).to_slots()[0];
        // A comparison's lanes are numbers.
        let compares = ["eq", "ne", "lt", "gt", "le", "ge"]
            .iter()
            .any(|test| name.ends_with(&format!(".{test}")));
        if !compares {
            check(name, says, ty, if ty == ValType::F32 { low & 0xffff_ffff } else { low });
        }
    };
    for op in Vector1Op::ALL {
        check_lanes(op.mnemonic(), op.open_nan(), &|a| op.apply(a));
    }
    for op in Vector2Op::ALL {
        check_lanes(op.mnemonic(), op.open_nan(), &|a| op.apply(a, a));
    }
    for op in Vector3Op::ALL {
        check_lanes(op.mnemonic(), op.open_nan(), &|a| op.apply(a, a, a));
    }
    assert_eq!(open, 12 + 12 + 12 + 16 + 4);
}
