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

/// An operation on vectors.
pub struct VectorRow {
    pub mnemonic: &'static str,
    proposal: Proposal,
    /// Lanes that the immediate chooses one of; 0 if there is none.
    pub lanes: u8,
    pub operands: Vec<ValType>,
    /// `None` for what stores.
    pub result: Option<ValType>,
    /// Whether it reads or writes memory: its first operand is an address then.
    pub accesses: bool,
}

/// All operations on vectors that have a row in the instruction table.
pub fn vector_rows() -> Vec<VectorRow> {
    use ValType::{I32, V128};
    let mut rows = Vec::new();
    macro_rules! rows {
        ($($ops:ident($op:ident): $lanes:expr, $operands:expr => $result:expr, $accesses:literal;)*) => {
            $(rows.extend($ops::ALL.iter().map(|$op| VectorRow {
                mnemonic: $op.mnemonic(),
                proposal: $op.proposal(),
                lanes: $lanes,
                operands: $operands.to_vec(),
                result: $result,
                accesses: $accesses,
            }));)*
        };
    }
    rows! {
        Vector1Op(op): 0, [V128] => Some(V128), false;
        Vector2Op(op): 0, [V128; 2] => Some(V128), false;
        Vector3Op(op): 0, [V128; 3] => Some(V128), false;
        VectorTestOp(op): 0, [V128] => Some(I32), false;
        ShiftOp(op): 0, [V128, I32] => Some(V128), false;
        SplatOp(op): 0, [op.operand()] => Some(V128), false;
        ExtractOp(op): op.lanes(), [V128] => Some(op.result()), false;
        ReplaceOp(op): op.lanes(), [V128, op.operand()] => Some(V128), false;
        VectorLoadOp(op): 0, [I32] => Some(V128), true;
        VectorStoreOp(op): 0, [I32, V128] => None, true;
        LoadLaneOp(op): op.lanes(), [I32, V128] => Some(V128), true;
        StoreLaneOp(op): op.lanes(), [I32, V128] => None, true;
    }
    rows
}

/// Operators on vectors and the types of their results. Those of relaxed SIMD are not among them: an engine may choose what
/// some of them give.
fn vector() -> impl Iterator<Item = (Operator, ValType)> {
    let rows = vector_rows().into_iter();
    let rows = rows.filter(|row| !row.accesses && row.proposal != Proposal::RelaxedSimd);
    rows.filter_map(|row| {
        let result = row.result?;
        let operator = Operator {
            lanes: row.lanes,
            floats: floats(row.mnemonic).filter(|_| result == ValType::V128),
            ..Operator::new(row.mnemonic, &row.operands)
        };
        Some((operator, result))
    })
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
