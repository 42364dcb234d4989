//! What lowering makes of each operator on vectors, in the manner of [`operators`](super::operators).

use wasm_dispatch_ir::code::vector::VectorNode;
use wasm_dispatch_ir::code::{Node, NodeId, Statement};
use wasm_dispatch_ir::semantics::vector::bits;
use wasm_dispatch_ir::types::ValType;
use wasm_dispatch_ir::vector::V128;
use wasm_dispatch_ir::vector_ops::*;
use wasmparser::{MemArg, Operator};

use super::builder::{READS_MEMORY, TRAPS};
use super::{Lowering, ModuleTypes};

/// The operators of the instruction table's part for vectors.
macro_rules! rows {
    (vector1 [$($one:ident)*] vector2 [$($two:ident)*] vector3 [$($three:ident)*] vector_test [$($test:ident)*]
     shift [$($shift:ident)*] splat [$($splat:ident)*] extract [$($extract:ident)*] replace [$($replace:ident)*]
     vector_load [$($load:ident)*] vector_store [$($store:ident)*]
     load_lane [$($load_lane:ident)*] store_lane [$($store_lane:ident)*]) => {
        #[allow(non_snake_case)]
        #[rustfmt::skip]
        impl<T: ModuleTypes> Lowering<'_, T> {
            $(pub(super) fn $one(&mut self) { self.vector1(Vector1Op::$one) })*
            $(pub(super) fn $two(&mut self) { self.vector2(Vector2Op::$two) })*
            $(pub(super) fn $three(&mut self) { self.vector3(Vector3Op::$three) })*
            $(pub(super) fn $test(&mut self) { self.vector_test(VectorTestOp::$test) })*
            $(pub(super) fn $shift(&mut self) { self.shift(ShiftOp::$shift) })*
            $(pub(super) fn $splat(&mut self) { self.splat(SplatOp::$splat) })*
            $(pub(super) fn $extract(&mut self, lane: u8) { self.extract(ExtractOp::$extract, lane) })*
            $(pub(super) fn $replace(&mut self, lane: u8) { self.replace(ReplaceOp::$replace, lane) })*
            $(pub(super) fn $load(&mut self, memarg: MemArg) { self.vector_load(VectorLoadOp::$load, &memarg) })*
            $(pub(super) fn $store(&mut self, memarg: MemArg) { self.vector_store(VectorStoreOp::$store, &memarg) })*
            $(pub(super) fn $load_lane(&mut self, memarg: MemArg, lane: u8) {
                self.load_lane(LoadLaneOp::$load_lane, &memarg, lane);
            })*
            $(pub(super) fn $store_lane(&mut self, memarg: MemArg, lane: u8) {
                self.store_lane(StoreLaneOp::$store_lane, &memarg, lane);
            })*
        }

        // Each row's name is an operator of the decoder's, with these immediates.
        const _: fn() = || {
            $(let _ = Operator::$one;)*
            $(let _ = Operator::$two;)*
            $(let _ = Operator::$three;)*
            $(let _ = Operator::$test;)*
            $(let _ = Operator::$shift;)*
            $(let _ = Operator::$splat;)*
            $(let _ = |lane| Operator::$extract { lane };)*
            $(let _ = |lane| Operator::$replace { lane };)*
            $(let _ = |memarg| Operator::$load { memarg };)*
            $(let _ = |memarg| Operator::$store { memarg };)*
            $(let _ = |memarg, lane| Operator::$load_lane { memarg, lane };)*
            $(let _ = |memarg, lane| Operator::$store_lane { memarg, lane };)*
        };
    };
}

wasm_dispatch_ir::for_each_vector_name!(rows);

/// Operators whose immediates have 16 bytes.
#[allow(non_snake_case)]
impl<T: ModuleTypes> Lowering<'_, T> {
    pub(super) fn V128Const(&mut self, value: wasmparser::V128) {
        let node = self.vector_constant(V128::from_bytes(*value.bytes()));
        self.push_vector(node);
    }

    pub(super) fn I8x16Shuffle(&mut self, lanes: [u8; 16]) {
        self.keep_values_small(2);
        let b = self.pop_vector();
        let a = self.pop_vector();
        let folded = self
            .known_vector(a)
            .zip(self.known_vector(b))
            .map(|(a, b)| bits::shuffle(a, b, lanes));
        self.push_folded(folded, |lowering| {
            let lanes = lowering.pooled(V128::from_bytes(lanes));
            VectorNode::Shuffle { lanes, a, b }
        });
    }
}

/// What several operators share. None but loads and stores can trap, so an operation on constants is a constant.
impl<T: ModuleTypes> Lowering<'_, T> {
    pub(super) fn known_vector(&self, id: NodeId) -> Option<V128> {
        match self.body.node(id) {
            Node::Vector(VectorNode::Const(vector)) => Some(self.body.vectors[vector as usize]),
            _ => None,
        }
    }

    /// Pushes a vector: a constant, if it is known.
    fn push_folded(&mut self, known: Option<V128>, node: impl FnOnce(&mut Self) -> VectorNode) {
        let node = match known {
            Some(value) => self.vector_constant(value),
            None => {
                let node = node(self);
                self.vector_node(node, ValType::V128)
            }
        };
        self.push_vector(node);
    }

    /// Pushes a scalar that a vector gives: a constant, if it is known.
    fn push_folded_scalar(&mut self, known: Option<u64>, node: VectorNode, ty: ValType) {
        let node = match known {
            Some(value) => self.node(Node::Const(value), ty),
            None => self.vector_node(node, ty),
        };
        self.push(node);
    }

    fn canonicalize_if(&mut self, lane: Option<ValType>) {
        if self.deterministic
            && let Some(lane) = lane
        {
            self.canonicalize_lanes(lane);
        }
    }

    fn vector1(&mut self, op: Vector1Op) {
        self.keep_values_small(1);
        let a = self.pop_vector();
        let known = self.known_vector(a).map(|a| op.apply(a));
        self.push_folded(known, |_| VectorNode::One { op, a });
        self.canonicalize_if(op.open_nan());
    }

    fn vector2(&mut self, op: Vector2Op) {
        self.keep_values_small(2);
        let b = self.pop_vector();
        let a = self.pop_vector();
        let known = self.known_vector(a).zip(self.known_vector(b));
        self.push_folded(known.map(|(a, b)| op.apply(a, b)), |_| VectorNode::Two { op, a, b });
        self.canonicalize_if(op.open_nan());
    }

    fn vector3(&mut self, op: Vector3Op) {
        self.keep_values_small(3);
        let c = self.pop_vector();
        let b = self.pop_vector();
        let a = self.pop_vector();
        let known = self.known_vector(a).zip(self.known_vector(b)).zip(self.known_vector(c));
        let known = known.map(|((a, b), c)| op.apply(a, b, c));
        self.push_folded(known, |_| VectorNode::Three { op, a, b, c });
        self.canonicalize_if(op.open_nan());
    }

    fn vector_test(&mut self, op: VectorTestOp) {
        self.keep_values_small(1);
        let a = self.pop_vector();
        let known = self.known_vector(a).map(|a| u64::from(op.apply(a)));
        self.push_folded_scalar(known, VectorNode::Test { op, a }, ValType::I32);
    }

    fn shift(&mut self, op: ShiftOp) {
        self.keep_values_small(2);
        let b = self.pop();
        let a = self.pop_vector();
        let known = self.known_vector(a).zip(self.constant(b));
        self.push_folded(known.map(|(a, b)| op.apply(a, b as u32)), |_| VectorNode::Shift {
            op,
            a,
            b,
        });
    }

    fn splat(&mut self, op: SplatOp) {
        self.keep_values_small(1);
        let a = self.pop();
        let known = self.constant(a).map(|a| op.apply(a));
        self.push_folded(known, |_| VectorNode::Splat { op, a });
    }

    fn extract(&mut self, op: ExtractOp, lane: u8) {
        self.keep_values_small(1);
        let a = self.pop_vector();
        let known = self.known_vector(a).map(|a| op.apply(a, lane));
        self.push_folded_scalar(known, VectorNode::Extract { op, lane, a }, op.result());
    }

    fn replace(&mut self, op: ReplaceOp, lane: u8) {
        self.keep_values_small(2);
        let b = self.pop();
        let a = self.pop_vector();
        let known = self.known_vector(a).zip(self.constant(b));
        self.push_folded(known.map(|(a, b)| op.apply(a, lane, b)), |_| VectorNode::Replace {
            op,
            lane,
            a,
            b,
        });
    }

    fn vector_load(&mut self, op: VectorLoadOp, memarg: &MemArg) {
        self.prepare_address(memarg, 0);
        self.keep_values_small(1);
        let address = self.pop();
        let (memory, address, offset) = self.place(memarg, address);
        let memory = memory as u8;
        let load = VectorNode::Load {
            op,
            memory,
            address,
            offset,
        };
        let node = self.vector_node(load, ValType::V128);
        self.push_vector(node);
    }

    fn load_lane(&mut self, op: LoadLaneOp, memarg: &MemArg, lane: u8) {
        self.prepare_address(memarg, usize::from(ValType::V128.slots()));
        self.keep_values_small(2);
        let a = self.pop_vector();
        let address = self.pop();
        let (memory, address, offset) = self.place(memarg, address);
        let memory = memory as u8;
        let load = VectorNode::LoadLane {
            op,
            lane,
            memory,
            address,
            offset,
            a,
        };
        let node = self.vector_node(load, ValType::V128);
        self.push_vector(node);
    }

    fn vector_store(&mut self, op: VectorStoreOp, memarg: &MemArg) {
        self.prepare_address(memarg, usize::from(ValType::V128.slots()));
        let value = self.pop_vector();
        let address = self.pop();
        self.materialize_effects(TRAPS | READS_MEMORY);
        let (memory, address, offset) = self.place(memarg, address);
        let memory = memory as u8;
        self.emit(Statement::VectorStore {
            op,
            memory,
            address,
            offset,
            value,
        });
    }

    fn store_lane(&mut self, op: StoreLaneOp, memarg: &MemArg, lane: u8) {
        self.prepare_address(memarg, usize::from(ValType::V128.slots()));
        let value = self.pop_vector();
        let address = self.pop();
        self.materialize_effects(TRAPS | READS_MEMORY);
        let (memory, address, offset) = self.place(memarg, address);
        let memory = memory as u8;
        self.emit(Statement::StoreLane {
            op,
            lane,
            memory,
            address,
            offset,
            value,
        });
    }
}
