//! One NaN instead of any: for modules whose results must have the same bits everywhere.
//!
//! WebAssembly leaves open which NaN arithmetic gives (specification section 4.3.3, "NaN propagation"), and machines differ.
//! If a module was made [`deterministic`](crate::ModuleOptions::deterministic), whatever arithmetic gives is compared with
//! itself, and replaced by the canonical NaN where it differs. Which operations those are, the
//! [instruction table](wasm_dispatch_ir::table) says.

use wasm_dispatch_ir::code::vector::VectorNode;
use wasm_dispatch_ir::code::{Node, NodeId};
use wasm_dispatch_ir::ops::BinaryOp;
use wasm_dispatch_ir::types::ValType;
use wasm_dispatch_ir::vector::V128;
use wasm_dispatch_ir::vector_ops::{Vector2Op, Vector3Op};

use super::{Lowering, ModuleTypes};

/// The canonical NaNs: positive and quiet, with no other bit of their payload.
const NAN_32: u32 = 0x7fc0_0000;
const NAN_64: u64 = 0x7ff8_0000_0000_0000;

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
