//! Operators by result type, for the generator: those of the instruction table.

use std::sync::LazyLock;

use wasm_dispatch::ValType;
use wasm_dispatch::ir::Proposal;
use wasm_dispatch::ir::ops::{BinaryOp, LoadOp, StoreOp, UnaryOp};

/// Types that the generator uses.
pub const TYPES: [ValType; 4] = [ValType::I32, ValType::I64, ValType::F32, ValType::F64];

/// An operator that computes.
#[derive(Debug)]
pub struct Operator {
    pub mnemonic: &'static str,
    pub operands: Vec<ValType>,
}

/// What gives one type, or takes it.
#[derive(Debug, Default)]
struct Lists {
    total: Vec<Operator>,
    trapping: Vec<Operator>,
    loads: Vec<&'static str>,
    stores: Vec<&'static str>,
}

/// For each of [`TYPES`].
static LISTS: LazyLock<[Lists; 4]> = LazyLock::new(|| {
    let mut lists: [Lists; 4] = Default::default();
    for (operator, result, traps) in unary().chain(binary(false)) {
        let lists = &mut lists[number(result)];
        let list = if traps { &mut lists.trapping } else { &mut lists.total };
        list.push(operator);
    }
    for load in LoadOp::ALL {
        lists[number(load.result())].loads.push(load.mnemonic());
    }
    for store in StoreOp::ALL {
        lists[number(store.operand())].stores.push(store.mnemonic());
    }
    lists
});

static COMPARISONS: LazyLock<Vec<Operator>> = LazyLock::new(|| binary(true).map(|(operator, ..)| operator).collect());

fn number(ty: ValType) -> usize {
    TYPES.iter().position(|&other| other == ty).unwrap_or(0)
}

/// Operators with one operand, the type of their result and whether they can trap.
fn unary() -> impl Iterator<Item = (Operator, ValType, bool)> {
    // NaN payloads are not determined, and there are no references.
    let shows_bits = |op: UnaryOp| matches!(op, UnaryOp::I32ReinterpretF32 | UnaryOp::I64ReinterpretF64);
    let ops = UnaryOp::ALL.iter();
    let ops = ops.filter(move |&&op| !shows_bits(op) && op.proposal() != Proposal::ReferenceTypes);
    ops.map(|op| {
        let (mnemonic, (a, result)) = (op.mnemonic(), op.types());
        (
            Operator {
                mnemonic,
                operands: vec![a],
            },
            result,
            op.traps(),
        )
    })
}

/// Likewise with two operands: comparisons, or all others.
fn binary(comparisons: bool) -> impl Iterator<Item = (Operator, ValType, bool)> {
    let shows_bits = |op: BinaryOp| matches!(op, BinaryOp::F32Copysign | BinaryOp::F64Copysign);
    let compares = |op: BinaryOp| op.is_test() && op != BinaryOp::I32And;
    let ops = BinaryOp::ALL.iter();
    let ops = ops.filter(move |&&op| !shows_bits(op) && compares(op) == comparisons);
    ops.map(|op| {
        let (mnemonic, (a, b, result)) = (op.mnemonic(), op.types());
        (
            Operator {
                mnemonic,
                operands: vec![a, b],
            },
            result,
            op.traps(),
        )
    })
}

/// Operators without traps that give this type, comparisons apart.
pub fn total(ty: ValType) -> &'static [Operator] {
    &LISTS[number(ty)].total
}

/// Operators that may trap and give this type.
pub fn trapping(ty: ValType) -> &'static [Operator] {
    &LISTS[number(ty)].trapping
}

/// Comparisons.
pub fn comparisons() -> &'static [Operator] {
    &COMPARISONS
}

/// Loads that give this type.
pub fn loads(ty: ValType) -> &'static [&'static str] {
    &LISTS[number(ty)].loads
}

/// Stores that take this type.
pub fn stores(ty: ValType) -> &'static [&'static str] {
    &LISTS[number(ty)].stores
}
