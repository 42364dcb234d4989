//! One NaN instead of any: for modules whose results must have the same bits everywhere.
//!
//! WebAssembly leaves open which NaN arithmetic gives (specification section 4.3.3, "NaN propagation"), and machines differ.
//! If a module was made [`deterministic`](crate::ModuleOptions::deterministic), whatever arithmetic gives is compared with
//! itself, and replaced by the canonical NaN where it differs.

use wasm_dispatch_ir::code::vector::VectorNode;
use wasm_dispatch_ir::code::{Node, NodeId};
use wasm_dispatch_ir::ops::{BinaryOp, UnaryOp};
use wasm_dispatch_ir::types::ValType;
use wasm_dispatch_ir::vector::V128;
use wasm_dispatch_ir::vector_ops::{Vector1Op, Vector2Op, Vector3Op};

use super::{Lowering, ModuleTypes};

/// The canonical NaNs: positive and quiet, with no other bit of their payload.
const NAN_32: u32 = 0x7fc0_0000;
const NAN_64: u64 = 0x7ff8_0000_0000_0000;

/// How many bits the floats have that an operation computes, if these may be a NaN of its own.
type Width = Option<ValType>;

/// Operations that hand a NaN on as it is (`abs`, `neg`, `copysign`, `pmin` and their like) are not among them: the
/// specification says which NaN those give.
pub(super) fn of_unary(op: UnaryOp) -> Width {
    use UnaryOp::*;
    match op {
        F32Ceil | F32Floor | F32Trunc | F32Nearest | F32Sqrt | F32DemoteF64 => Some(ValType::F32),
        F64Ceil | F64Floor | F64Trunc | F64Nearest | F64Sqrt | F64PromoteF32 => Some(ValType::F64),
        _ => None,
    }
}

pub(super) fn of_binary(op: BinaryOp) -> Width {
    use BinaryOp::*;
    match op {
        F32Add | F32Sub | F32Mul | F32Div | F32Min | F32Max => Some(ValType::F32),
        F64Add | F64Sub | F64Mul | F64Div | F64Min | F64Max => Some(ValType::F64),
        _ => None,
    }
}

pub(super) fn of_vector1(op: Vector1Op) -> Width {
    use Vector1Op::*;
    match op {
        F32x4Ceil | F32x4Floor | F32x4Trunc | F32x4Nearest | F32x4Sqrt | F32x4DemoteF64x2Zero => Some(ValType::F32),
        F64x2Ceil | F64x2Floor | F64x2Trunc | F64x2Nearest | F64x2Sqrt | F64x2PromoteLowF32x4 => Some(ValType::F64),
        _ => None,
    }
}

pub(super) fn of_vector2(op: Vector2Op) -> Width {
    use Vector2Op::*;
    match op {
        F32x4Add | F32x4Sub | F32x4Mul | F32x4Div | F32x4Min | F32x4Max | F32x4RelaxedMin | F32x4RelaxedMax => {
            Some(ValType::F32)
        }
        F64x2Add | F64x2Sub | F64x2Mul | F64x2Div | F64x2Min | F64x2Max | F64x2RelaxedMin | F64x2RelaxedMax => {
            Some(ValType::F64)
        }
        _ => None,
    }
}

pub(super) fn of_vector3(op: Vector3Op) -> Width {
    use Vector3Op::*;
    match op {
        F32x4RelaxedMadd | F32x4RelaxedNmadd => Some(ValType::F32),
        F64x2RelaxedMadd | F64x2RelaxedNmadd => Some(ValType::F64),
        _ => None,
    }
}

impl<T: ModuleTypes> Lowering<'_, T> {
    /// Makes sure that the float on top of the stack, just computed, is no NaN other than the canonical one.
    #[cold]
    #[inline(never)]
    pub(super) fn canonicalize(&mut self, ty: ValType) {
        let (nan, equals) = match ty {
            ValType::F32 => (u64::from(NAN_32), BinaryOp::F32Eq),
            _ => (NAN_64, BinaryOp::F64Eq),
        };
        let value = self.settled();
        let nan = self.node(Node::Const(nan), ty);
        let condition = self.binary_node(equals, value, value);
        let node = match self.body.node(condition) {
            // A constant is a NaN or not.
            Node::Const(0) => nan,
            Node::Const(_) => value,
            _ => self.node(
                Node::Select {
                    condition,
                    a: value,
                    b: nan,
                },
                ty,
            ),
        };
        self.push(node);
    }

    /// Does the same for the lanes of the vector on top of the stack.
    #[cold]
    #[inline(never)]
    pub(super) fn canonicalize_lanes(&mut self, lane: ValType) {
        let (nan, equals) = match lane {
            ValType::F32 => (V128::from_lanes([NAN_32; 4]), Vector2Op::F32x4Eq),
            _ => (V128::from_lanes([NAN_64; 2]), Vector2Op::F64x2Eq),
        };
        let value = self.settled();
        let node = match self.known_vector(value) {
            Some(known) => {
                let number = equals.apply(known, known);
                self.vector_constant(Vector3Op::V128Bitselect.apply(known, nan, number))
            }
            None => {
                let nan = self.vector_constant(nan);
                let number = VectorNode::Two {
                    op: equals,
                    a: value,
                    b: value,
                };
                let c = self.vector_node(number, ValType::V128);
                let chosen = VectorNode::Three {
                    op: Vector3Op::V128Bitselect,
                    a: value,
                    b: nan,
                    c,
                };
                self.vector_node(chosen, ValType::V128)
            }
        };
        self.push_vector(node);
    }

    /// Pops the value on top of the stack, to be read more than once.
    fn settled(&mut self) -> NodeId {
        self.prepare_twice(self.stack.len() - 1);
        self.pop_value()
    }
}
