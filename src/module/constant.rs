//! Constant expressions: initial values of globals and tables, offsets and items of segments.

use wasm_dispatch_ir::ops::BinaryOp;
use wasm_dispatch_ir::vector::V128;
use wasm_dispatch_machine::store::VectorSlots;
use wasmparser::Operator;

/// One step of a constant expression.
#[derive(Clone, Copy, Debug, PartialEq)]
enum ConstOp {
    /// Slot bits.
    Value(u64),
    /// A vector.
    Vector(VectorSlots),
    /// A global, by its index in the module.
    Global(u32),
    /// A reference to a function, by its index in the module.
    Function(u32),
    /// Addition, subtraction, multiplication (extended constant expressions).
    Binary(BinaryOp),
}

/// A constant expression, in postfix order.
#[derive(Clone, Debug, Default)]
pub(crate) struct ConstExpr(Box<[ConstOp]>);

impl ConstExpr {
    /// Reads a validated expression; `None` if it uses something unsupported.
    pub(crate) fn read(expr: &wasmparser::ConstExpr<'_>) -> wasmparser::Result<Option<ConstExpr>> {
        let mut ops = Vec::new();
        for operator in expr.get_operators_reader() {
            ops.push(match operator? {
                Operator::I32Const { value } => ConstOp::Value(u64::from(value as u32)),
                Operator::I64Const { value } => ConstOp::Value(value as u64),
                Operator::F32Const { value } => ConstOp::Value(u64::from(value.bits())),
                Operator::F64Const { value } => ConstOp::Value(value.bits()),
                Operator::V128Const { value } => ConstOp::Vector(V128::from_bytes(*value.bytes()).to_slots()),
                Operator::RefNull { .. } => ConstOp::Value(0),
                Operator::RefFunc { function_index } => ConstOp::Function(function_index),
                Operator::GlobalGet { global_index } => ConstOp::Global(global_index),
                Operator::I32Add => ConstOp::Binary(BinaryOp::I32Add),
                Operator::I32Sub => ConstOp::Binary(BinaryOp::I32Sub),
                Operator::I32Mul => ConstOp::Binary(BinaryOp::I32Mul),
                Operator::I64Add => ConstOp::Binary(BinaryOp::I64Add),
                Operator::I64Sub => ConstOp::Binary(BinaryOp::I64Sub),
                Operator::I64Mul => ConstOp::Binary(BinaryOp::I64Mul),
                Operator::End => break,
                _ => return Ok(None),
            });
        }
        Ok(Some(ConstExpr(ops.into())))
    }

    /// The slots of the value, given those of globals and the references of functions: the first alone, but for a vector.
    pub(crate) fn evaluate(&self, global: impl Fn(u32) -> VectorSlots, function: impl Fn(u32) -> u64) -> VectorSlots {
        let mut stack: Vec<VectorSlots> = Vec::new();
        for op in &self.0 {
            let value = match *op {
                ConstOp::Value(value) => [value, 0],
                ConstOp::Vector(value) => value,
                ConstOp::Global(index) => global(index),
                ConstOp::Function(index) => [function(index), 0],
                ConstOp::Binary(op) => {
                    let [b, _] = stack.pop().unwrap_or_default();
                    let [a, _] = stack.pop().unwrap_or_default();
                    // None of the three operations traps.
                    [op.apply(a, b).unwrap_or(0), 0]
                }
            };
            stack.push(value);
        }
        stack.pop().unwrap_or_default()
    }
}
