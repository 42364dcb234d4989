//! Expression trees: one node for each operation.

use wasm_dispatch_ir::code::{Node, NodeId, Slot};
use wasm_dispatch_ir::ops::BinaryOp;

use super::{Compiler, Operand, To, accumulator};
use crate::handlers::numeric;
use crate::kind::Location;

impl Compiler<'_> {
    /// A leaf as an operand; a slot that is cached in an accumulator is taken from there.
    pub(super) fn leaf(&self, id: NodeId) -> Option<Operand> {
        let class = self.class(id);
        match self.body.node(id) {
            Node::Slot(slot) if self.cached[accumulator(class)] == Some(slot) && self.techniques.accumulators => {
                Some(Operand::Acc)
            }
            Node::Slot(slot) => Some(Operand::Slot(slot)),
            Node::Const(value) => Some(Operand::Const(value, class)),
            Node::Unary { .. }
            | Node::Binary { .. }
            | Node::Load { .. }
            | Node::Select { .. }
            | Node::GlobalGet(_)
            | Node::Vector(_) => None,
        }
    }

    /// A leaf that must not come from the accumulator, because another operand does.
    pub(super) fn plain_leaf(&self, id: NodeId) -> Option<Operand> {
        match self.body.node(id) {
            Node::Slot(slot) => Some(Operand::Slot(slot)),
            Node::Const(value) => Some(Operand::Const(value, self.class(id))),
            Node::Unary { .. }
            | Node::Binary { .. }
            | Node::Load { .. }
            | Node::Select { .. }
            | Node::GlobalGet(_)
            | Node::Vector(_) => None,
        }
    }

    /// One operand.
    pub(super) fn one(&mut self, id: NodeId, scratch: Slot) -> Operand {
        match self.leaf(id) {
            Some(operand) => operand,
            None => {
                self.tree(id, To::Acc, scratch);
                Operand::Acc
            }
        }
    }

    /// One operand that is no constant.
    pub(super) fn one_variable(&mut self, id: NodeId, scratch: Slot) -> Operand {
        match self.one(id, scratch) {
            Operand::Const(value, class) => {
                let entry = numeric::pick_move(class, Location::Const);
                self.node(entry, &[]);
                self.operand(Operand::Const(value, class));
                self.dest(To::Acc, class);
                Operand::Acc
            }
            operand => operand,
        }
    }

    /// Two operands, evaluated in order, at most one of them in the accumulator.
    pub(super) fn two(&mut self, a: NodeId, b: NodeId, scratch: Slot) -> (Operand, Operand) {
        match (self.leaf(a), self.leaf(b)) {
            (Some(Operand::Acc), Some(_)) => (Operand::Acc, self.plain_leaf(b).unwrap_or(Operand::Acc)),
            (Some(x), Some(y)) => (x, y),
            (None, Some(_)) => {
                self.tree(a, To::Acc, scratch);
                (Operand::Acc, self.plain_leaf(b).unwrap_or(Operand::Acc))
            }
            (Some(_), None) => {
                self.tree(b, To::Acc, scratch);
                (self.plain_leaf(a).unwrap_or(Operand::Acc), Operand::Acc)
            }
            (None, None) => {
                self.tree(a, To::Slot(scratch), scratch);
                self.tree(b, To::Acc, scratch + 1);
                (Operand::Slot(scratch), Operand::Acc)
            }
        }
    }

    /// An operand in a slot or a constant; an inner result goes to a scratch slot.
    pub(super) fn kept(&mut self, id: NodeId, scratch: &mut Slot) -> Operand {
        match self.plain_leaf(id) {
            Some(operand) => operand,
            None => {
                let slot = *scratch;
                self.tree(id, To::Slot(slot), slot);
                *scratch += 1;
                Operand::Slot(slot)
            }
        }
    }

    /// An operand in a slot.
    pub(super) fn in_slot(&mut self, id: NodeId, scratch: &mut Slot) -> Slot {
        match self.kept(id, scratch) {
            Operand::Slot(slot) => slot,
            operand => {
                let slot = *scratch;
                *scratch += 1;
                let class = self.class(id);
                self.copy(operand, slot, class);
                slot
            }
        }
    }

    /// Evaluates a tree.
    pub(super) fn tree(&mut self, id: NodeId, to: To, scratch: Slot) {
        let class = self.class(id);
        let to_slot = to.is_slot();
        match self.body.node(id) {
            Node::Slot(_) | Node::Const(_) => {
                let Some(a) = self.leaf(id) else { return };
                match to {
                    To::Acc if a == Operand::Acc => return,
                    To::Slot(slot) if a != Operand::Acc => return self.copy(a, slot, class),
                    _ => {}
                }
                self.node(numeric::pick_move(class, a.location()), &[]);
                self.operand(a);
            }
            Node::Unary { op, a } => {
                let a = self.one_variable(a, scratch);
                self.node(numeric::pick_unary(op, a.location(), to_slot), &[]);
                self.operand(a);
            }
            Node::Binary { op, a, b } => {
                let (op, a, b) = self.binary(op, a, b, scratch);
                self.node(numeric::pick_binary(op, a.location(), b.location(), to_slot), &[]);
                self.operand(a);
                self.operand(b);
            }
            Node::Load {
                op,
                memory,
                address,
                offset,
            } => self.load(op, memory, address, u64::from(offset), to_slot, scratch),
            Node::Select { condition, a, b } => {
                let mut scratch = scratch;
                let a = self.kept(a, &mut scratch);
                let b = self.kept(b, &mut scratch);
                let condition = self.one_variable(condition, scratch);
                self.node(
                    numeric::pick_select(class, a.location(), b.location(), condition.location(), to_slot),
                    &[],
                );
                self.operand(a);
                self.operand(b);
                self.operand(condition);
            }
            Node::Vector(node) => return self.vector_tree(id, node, to, scratch),
            Node::GlobalGet(global) => {
                let own = global.checked_sub(self.body.imported_globals);
                self.node(
                    numeric::pick_global_get(class, own.is_some(), to_slot),
                    &[own.unwrap_or(global)],
                );
            }
        }
        self.dest(to, class);
    }

    /// Operands of a binary operation: a constant goes to the right where it may, two constants never remain.
    pub(super) fn binary(&mut self, op: BinaryOp, a: NodeId, b: NodeId, scratch: Slot) -> (BinaryOp, Operand, Operand) {
        let (x, y) = self.two(a, b, scratch);
        match (x, y) {
            (Operand::Const(value, class), Operand::Const(..)) => {
                self.node(numeric::pick_move(class, Location::Const), &[]);
                self.operand(Operand::Const(value, class));
                self.dest(To::Acc, class);
                (op, Operand::Acc, y)
            }
            (Operand::Const(..), _) => match op.swapped() {
                Some(op) => (op, y, x),
                None => (op, x, y),
            },
            _ => (op, x, y),
        }
    }
}
