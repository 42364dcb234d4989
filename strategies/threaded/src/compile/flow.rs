//! Statements, branches and calls.

use wasm_dispatch_ir::builtin::Builtin;
use wasm_dispatch_ir::code::vector::VectorNode;
use wasm_dispatch_ir::code::{Node, NodeId, Slot, Statement};
use wasm_dispatch_ir::shape::AddressType;

use super::arrive::NOTHING;
use super::vectors::Place;
use super::{Compiler, Operand, To};
use crate::code::Unit;
use crate::handlers::call::{self, CallKind};
use crate::handlers::numeric;
use crate::handlers::returns;
use crate::handlers::{control, memory, wide};

/// Blocks that may be copied after each other in place of a jump.
const REPLICAS: u32 = 2;

/// Statements of a block that is copied.
const REPLICA_STATEMENTS: usize = 3;

/// Targets of a switch that is copied.
const REPLICA_TARGETS: u32 = 8;

impl Compiler<'_> {
    pub(super) fn statement(&mut self, block: u32, statement: Statement) {
        let scratch = self.body.scratch;
        match statement {
            Statement::Set { slot, value }
                if self
                    .carried
                    .is_some_and(|carried| carried.past.is_some() && carried.past == self.counter(&statement)) =>
            {
                let Node::Binary { b, .. } = self.body.node(value) else {
                    return;
                };
                self.node(numeric::step_past(), &[Unit::from(slot)]);
                if let Some(step) = self.plain_leaf(b) {
                    self.operand(step);
                }
                self.room.stream.push(Unit::from(slot));
                self.forget(slot);
            }
            Statement::Set { slot, value } => self.tree(value, To::Slot(slot), scratch),
            Statement::GlobalSet { global, value } => {
                let class = self.class(value);
                let own = global.checked_sub(self.body.imported_globals);
                let a = self.one(value, scratch);
                self.node(
                    numeric::pick_global_set(class, own.is_some(), a.location()),
                    &[own.unwrap_or(global)],
                );
                self.operand(a);
            }
            Statement::Store {
                op,
                memory,
                address,
                offset,
                value,
            } => self.store(op, memory, address, u64::from(offset), value),
            Statement::VectorSet { slot, value } => self.tree(value, To::Slot(slot), scratch),
            Statement::VectorGlobalSet { global, value } => self.vector_global_set(global, value),
            Statement::VectorStore {
                op,
                memory,
                address,
                offset,
                value,
            } => {
                let place = Place {
                    memory,
                    address,
                    offset,
                };
                self.vector_store(op, place, value);
            }
            Statement::StoreLane {
                op,
                lane,
                memory,
                address,
                offset,
                value,
            } => {
                let place = Place {
                    memory,
                    address,
                    offset,
                };
                self.store_lane(op, lane, place, value);
            }
            Statement::Eval(value) => self.tree(value, To::Acc, scratch),
            Statement::Builtin { op, base, x, y } => {
                let (shape, fast) = (&self.body.shape, self.body.is_fast(0));
                let plain = shape.memory(0).is_some_and(|memory| memory.page_size_log2 == 16);
                let narrow = shape.table(x).is_some_and(|table| table.address == AddressType::I32);
                match (op, x, y) {
                    _ if self.body.metered && op.is_bulk() => {
                        self.node(memory::paid_builtin(), &[op as u32, Unit::from(base), x, y]);
                    }
                    (Builtin::MemorySize, 0, _) if plain => self.node(memory::memory_size(), &[Unit::from(base)]),
                    (Builtin::TableGet, ..) if narrow => self.node(memory::table_get(), &[Unit::from(base), x]),
                    (Builtin::MemoryFill, 0, _) if fast => self.node(memory::memory_fill(), &[Unit::from(base)]),
                    (Builtin::MemoryCopy, 0, 0) if fast => self.node(memory::memory_copy(), &[Unit::from(base)]),
                    (Builtin::I64Add128, ..) => self.node(wide::add128(), &[Unit::from(base)]),
                    (Builtin::I64Sub128, ..) => self.node(wide::sub128(), &[Unit::from(base)]),
                    (Builtin::I64MulWideS, ..) => self.node(wide::mul_wide_s(), &[Unit::from(base)]),
                    (Builtin::I64MulWideU, ..) => self.node(wide::mul_wide_u(), &[Unit::from(base)]),
                    // The machine carries out the others.
                    _ => self.node(memory::any_builtin(), &[op as u32, Unit::from(base), x, y]),
                }
                self.cached = NOTHING;
            }
            Statement::Meter { cost } => self.node(call::meter(), &[cost, block]),
            Statement::Jump(target) if target == block + 1 => {}
            Statement::Jump(target) => self.jump(block, target, if self.techniques.copies { REPLICAS } else { 0 }),
            Statement::Branch {
                condition,
                when,
                target,
            } => self.branch(condition, when, target),
            Statement::Switch { index, first, count } => {
                let index = self.one_variable(index, scratch);
                self.node(control::pick_switch(index.location()), &[]);
                match index {
                    Operand::Acc => self.room.stream.push(0),
                    index => self.operand(index),
                }
                self.room.stream.push(count - 1);
                for at in first..first + count {
                    self.target(self.body.targets[at as usize]);
                }
            }
            Statement::Call { function, base } => match function.checked_sub(self.body.imported_functions) {
                Some(own) => self.node(call::call(), &[own, Unit::from(base), block + 1]),
                None => self.call_anywhere(CallKind::Import, function, base, block + 1, 0, 0),
            },
            Statement::CallIndirect { table, ty, index, base } => {
                let index = self.in_slot(index, &mut { scratch });
                self.call_anywhere(CallKind::Indirect, table, base, block + 1, ty, index);
            }
            Statement::TailCall { function } => match function.checked_sub(self.body.imported_functions) {
                Some(own) => self.node(call::tail_call(), &[own]),
                None => self.call_anywhere(CallKind::Tail, function, 0, 0, 0, 0),
            },
            Statement::TailCallIndirect { table, ty, index } => {
                let index = self.in_slot(index, &mut { scratch });
                self.call_anywhere(CallKind::TailIndirect, table, 0, 0, ty, index);
            }
            Statement::Return => self.node(returns::return_(), &[]),
            Statement::Trap(trap) => self.node(control::raise(), &[u32::from(trap.code())]),
        }
    }

    /// Goes on at a block: with a copy of it where it is short, else by a jump. A jump costs a dispatch, and what comes
    /// after it loses the accumulators.
    pub(super) fn jump(&mut self, from: u32, target: u32, replicas: u32) {
        let body = self.body;
        let list = body.statements(target);
        let Some((&last, others)) = list.split_last() else {
            return;
        };
        let short = others.len() < REPLICA_STATEMENTS && others.iter().all(|statement| self.is_small(statement));
        let copied = match last {
            Statement::Return | Statement::Trap(_) | Statement::Jump(_) => true,
            Statement::Branch { condition, .. } => self.is_small_tree(condition),
            Statement::Switch { index, count, .. } => count <= REPLICA_TARGETS && self.is_small_tree(index),
            // The block after a call is where the call returns to. Copies of calls in place of the function were not measured.
            Statement::Call { .. }
            | Statement::CallIndirect { .. }
            | Statement::TailCall { .. }
            | Statement::TailCallIndirect { .. } => false,
            // No terminators.
            Statement::Set { .. }
            | Statement::GlobalSet { .. }
            | Statement::Store { .. }
            | Statement::VectorSet { .. }
            | Statement::VectorGlobalSet { .. }
            | Statement::VectorStore { .. }
            | Statement::StoreLane { .. }
            | Statement::Eval(_)
            | Statement::Builtin { .. }
            | Statement::Meter { .. } => false,
        };
        if replicas == 0 || !short || !copied {
            self.node(control::jump(), &[]);
            self.target(target);
            return;
        }
        // A copy runs when the block that it is a copy of does.
        let before = std::mem::replace(&mut self.out_of_line, true);
        let first = body.blocks[target as usize].first;
        for (&statement, index) in others.iter().zip(first..) {
            self.begin_statement(index);
            self.statement(target, statement);
        }
        self.begin_statement(body.terminator(target));
        match last {
            Statement::Jump(next) => self.jump(from, next, replicas - 1),
            Statement::Branch {
                condition,
                when,
                target: taken,
            } => {
                // Back to a loop that ends when a condition holds: go on with its body where it does not.
                let (when, taken, other) = if target <= from {
                    (!when, target + 1, taken)
                } else {
                    (when, taken, target + 1)
                };
                self.branch(condition, when, taken);
                self.node(control::jump(), &[]);
                self.target(other);
            }
            other => self.statement(target, other),
        }
        self.out_of_line = before;
    }

    /// Whether a statement is worth copying.
    pub(super) fn is_small(&self, statement: &Statement) -> bool {
        match *statement {
            Statement::Set { value, .. }
            | Statement::GlobalSet { value, .. }
            | Statement::VectorSet { value, .. }
            | Statement::VectorGlobalSet { value, .. } => self.is_small_tree(value),
            Statement::Store { address, value, .. }
            | Statement::VectorStore { address, value, .. }
            | Statement::StoreLane { address, value, .. } => self.is_small_tree(address) && self.is_small_tree(value),
            Statement::Meter { .. } => true,
            Statement::Eval(_) | Statement::Builtin { .. } => false,
            // Never terminators.
            Statement::Jump(_)
            | Statement::Branch { .. }
            | Statement::Switch { .. }
            | Statement::Call { .. }
            | Statement::CallIndirect { .. }
            | Statement::TailCall { .. }
            | Statement::TailCallIndirect { .. }
            | Statement::Return
            | Statement::Trap(_) => false,
        }
    }

    /// Whether a tree is a leaf or an operation on leaves.
    pub(super) fn is_small_tree(&self, id: NodeId) -> bool {
        let leaf = |id: NodeId| self.plain_leaf(id).is_some();
        match self.body.node(id) {
            Node::Slot(_) | Node::Const(_) | Node::GlobalGet(_) => true,
            Node::Unary { a, .. } | Node::Load { address: a, .. } => leaf(a),
            Node::Binary { a, b, .. } => leaf(a) && leaf(b),
            Node::Select { .. } => false,
            Node::Vector(node) => {
                !matches!(node, VectorNode::Select { .. })
                    && self.body.node(id).operands().all(|id| self.body.node(id).is_leaf())
            }
        }
    }

    pub(super) fn call_anywhere(&mut self, kind: CallKind, function: u32, base: Slot, next: u32, ty: u32, index: Slot) {
        let units = [function, Unit::from(base), Unit::from(index), ty, next];
        let acc = self.cached[0] == Some(index);
        self.node(call::pick_call(kind, acc, function == 0), &units);
        if matches!(kind, CallKind::Import | CallKind::Indirect) {
            let before = std::mem::replace(&mut self.out_of_line, true);
            self.node(call::switch_back(), &[]);
            self.out_of_line = before;
        }
    }

    pub(super) fn branch(&mut self, condition: NodeId, when: bool, target: u32) {
        let scratch = self.body.scratch;
        if let Node::Binary { op, a, b } = self.body.node(condition)
            && op.is_test()
            && self.techniques.tests
        {
            let (op, when) = match op.negated() {
                Some(negated) if !when => (negated, true),
                _ => (op, when),
            };
            let (mut op, mut a, mut b) = self.binary(op, a, b, scratch);
            // Handlers exist for an accumulator on the left, where exchanging the operands is possible: it always is.
            if b == Operand::Acc
                && let Some(swapped) = op.swapped()
            {
                (op, a, b) = (swapped, b, a);
            }
            self.node(control::pick_test(op, a.location(), b.location(), when), &[]);
            self.target(target);
            self.operand(a);
            self.operand(b);
            return;
        }
        let a = self.one_variable(condition, scratch);
        self.node(control::pick_branch(a.location(), when), &[]);
        self.target(target);
        self.operand(a);
    }
}
