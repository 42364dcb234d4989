//! Operators by result type, for the generator: those of the instruction table.

use std::sync::LazyLock;

use wasm_dispatch::ValType;
use wasm_dispatch::ir::Proposal;
use wasm_dispatch::ir::ops::{BinaryOp, LoadOp, StoreOp, UnaryOp};
use wasm_dispatch::ir::vector_ops::{
    ExtractOp, LoadLaneOp, ReplaceOp, ShiftOp, SplatOp, StoreLaneOp, Vector1Op, Vector2Op, Vector3Op, VectorLoadOp,
    VectorStoreOp, VectorTestOp,
};

/// Types that the generator uses.
pub const TYPES: [ValType; 5] = [ValType::I32, ValType::I64, ValType::F32, ValType::F64, ValType::V128];

/// An operator that computes.
#[derive(Debug)]
pub struct Operator {
    pub mnemonic: &'static str,
    pub operands: Vec<ValType>,
    /// Lanes that the immediate chooses one of; 0 if there is none.
    pub lanes: u8,
    /// Of a vector: the shape of its lanes, if they are floats whose NaNs are not determined.
    pub floats: Option<&'static str>,
}

impl Operator {
    fn new(mnemonic: &'static str, operands: &[ValType]) -> Operator {
        Operator {
            mnemonic,
            operands: operands.to_vec(),
            lanes: 0,
            floats: None,
        }
    }
}

/// What gives one type, or takes it.
#[derive(Debug, Default)]
struct Lists {
    total: Vec<Operator>,
    trapping: Vec<Operator>,
    loads: Vec<&'static str>,
    stores: Vec<&'static str>,
}

/// Loads and stores of lanes: names, and lanes of the shape.
type LaneAccesses = Vec<(&'static str, u8)>;

/// For each of [`TYPES`].
static LISTS: LazyLock<[Lists; 5]> = LazyLock::new(|| {
    let mut lists: [Lists; 5] = Default::default();
    for (operator, result, traps) in unary().chain(binary(false)) {
        let lists = &mut lists[number(result)];
        let list = if traps { &mut lists.trapping } else { &mut lists.total };
        list.push(operator);
    }
    for (operator, result) in vector() {
        lists[number(result)].total.push(operator);
    }
    for load in VectorLoadOp::ALL {
        lists[number(ValType::V128)].loads.push(load.mnemonic());
    }
    for store in VectorStoreOp::ALL {
        lists[number(ValType::V128)].stores.push(store.mnemonic());
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
        (Operator::new(mnemonic, &[a]), result, op.traps())
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
        (Operator::new(mnemonic, &[a, b]), result, op.traps())
    })
}

/// Operators on vectors and the types of their results. Those of relaxed SIMD are not among them: an engine may choose what
/// some of them give.
fn vector() -> Vec<(Operator, ValType)> {
    use ValType::{I32, V128};
    let mut list = Vec::new();
    let mut add = |proposal, lanes, operator: Operator, result| {
        if proposal != Proposal::RelaxedSimd {
            let floats = floats(operator.mnemonic).filter(|_| result == V128);
            list.push((
                Operator {
                    lanes,
                    floats,
                    ..operator
                },
                result,
            ));
        }
    };
    for op in Vector1Op::ALL {
        add(op.proposal(), 0, Operator::new(op.mnemonic(), &[V128]), V128);
    }
    for op in Vector2Op::ALL {
        add(op.proposal(), 0, Operator::new(op.mnemonic(), &[V128, V128]), V128);
    }
    for op in Vector3Op::ALL {
        add(op.proposal(), 0, Operator::new(op.mnemonic(), &[V128; 3]), V128);
    }
    for op in VectorTestOp::ALL {
        add(op.proposal(), 0, Operator::new(op.mnemonic(), &[V128]), I32);
    }
    for op in ShiftOp::ALL {
        add(op.proposal(), 0, Operator::new(op.mnemonic(), &[V128, I32]), V128);
    }
    for op in SplatOp::ALL {
        add(op.proposal(), 0, Operator::new(op.mnemonic(), &[op.operand()]), V128);
    }
    for op in ExtractOp::ALL {
        let operator = Operator::new(op.mnemonic(), &[V128]);
        add(op.proposal(), op.lanes(), operator, op.result());
    }
    for op in ReplaceOp::ALL {
        let operator = Operator::new(op.mnemonic(), &[V128, op.operand()]);
        add(op.proposal(), op.lanes(), operator, V128);
    }
    list
}

/// The shape of what an operator gives, if it is floats whose NaNs are not determined.
fn floats(mnemonic: &'static str) -> Option<&'static str> {
    // These give bits of their operands, or of comparisons.
    let exact = ["abs", "neg", "pmin", "pmax", "eq", "ne", "lt", "gt", "le", "ge"];
    let (shape, operation) = mnemonic.split_once('.')?;
    (shape.starts_with('f') && !exact.contains(&operation)).then_some(shape)
}

/// Loads of lanes.
pub fn lane_loads() -> &'static LaneAccesses {
    static LOADS: LazyLock<LaneAccesses> =
        LazyLock::new(|| LoadLaneOp::ALL.iter().map(|op| (op.mnemonic(), op.lanes())).collect());
    &LOADS
}

/// Stores of lanes.
pub fn lane_stores() -> &'static LaneAccesses {
    static STORES: LazyLock<LaneAccesses> =
        LazyLock::new(|| StoreLaneOp::ALL.iter().map(|op| (op.mnemonic(), op.lanes())).collect());
    &STORES
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
