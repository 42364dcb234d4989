//! Loops of one block that hand a value on in a register.
//!
//! Through memory, a value that one turn leaves for the next takes about five cycles, and often everything else waits for
//! it. So the loop has a second entrance, which it enters itself with the value in the integer accumulator.

use wasm_dispatch_ir::code::{Node, NodeId, Slot, Statement};
use wasm_dispatch_ir::ops::BinaryOp;

use super::{Compiler, accumulator};

/// What a loop of one block hands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Carried {
    /// The block.
    pub block: u32,
    /// The slot whose value is in the integer accumulator at its end, and read at its beginning.
    pub slot: Slot,
    /// The loop's counter, if it steps at the end and must leave the accumulator alone.
    pub past: Option<Slot>,
}

impl Compiler<'_> {
    /// What a block hands on to itself.
    pub(super) fn carried_by(&self, block: u32) -> Option<Carried> {
        if !self.techniques.loops {
            return None;
        }
        let list = self.body.statements(block);
        let (&last, others) = list.split_last()?;
        let condition = match last {
            Statement::Branch { condition, target, .. } if target == block => condition,
            // Back to a test before it, of which a copy comes here.
            Statement::Jump(test) if test + 1 == block && self.techniques.copies => match *self.body.statements(test) {
                [Statement::Branch { condition, .. }] => condition,
                _ => return None,
            },
            Statement::Branch { .. }
            | Statement::Jump(_)
            | Statement::Switch { .. }
            | Statement::Call { .. }
            | Statement::CallIndirect { .. }
            | Statement::TailCall { .. }
            | Statement::TailCallIndirect { .. }
            | Statement::Return
            | Statement::Trap(_) => return None,
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
            | Statement::Meter { .. } => return None,
        };
        let kept = match self.body.node(condition) {
            Node::Slot(_) => true,
            Node::Binary { a, b, .. } => self.plain_leaf(a).is_some() && self.plain_leaf(b).is_some(),
            Node::Const(_)
            | Node::Unary { .. }
            | Node::Load { .. }
            | Node::Select { .. }
            | Node::GlobalGet(_)
            | Node::Vector(_) => false,
        };
        if !kept {
            return None;
        }
        let first = others
            .iter()
            .find(|statement| !matches!(statement, Statement::Meter { .. }))?;
        // A value that is computed from itself, and then nothing but stores, copies and a counter.
        if let Some((counter, others)) = others.split_last()
            && let Some(counter) = self.counter(counter)
            && let Some(slot) = self.computed_last(others)
            && slot != counter
            && let Some(tree) = first.operands().next()
            && self.reads_first(tree, slot)
        {
            let past = Some(counter);
            return Some(Carried { block, slot, past });
        }
        let slot = self.computed_last(others)?;
        let reads = first.operands().any(|id| self.body.reads(id, slot));
        reads.then_some(Carried {
            block,
            slot,
            past: None,
        })
    }

    /// The slot of `slot = slot + constant`.
    pub(super) fn counter(&self, statement: &Statement) -> Option<Slot> {
        let Statement::Set { slot, value } = *statement else {
            return None;
        };
        let Node::Binary {
            op: BinaryOp::I32Add,
            a,
            b,
        } = self.body.node(value)
        else {
            return None;
        };
        let steps = self.body.node(a) == Node::Slot(slot) && matches!(self.body.node(b), Node::Const(_));
        steps.then_some(slot)
    }

    /// The slot whose value these statements leave in the integer accumulator.
    fn computed_last(&self, statements: &[Statement]) -> Option<Slot> {
        statements.iter().fold(None, |last, statement| match *statement {
            Statement::Set { slot, value } if self.plain_leaf(value).is_none() => {
                (accumulator(self.class(value)) == 0).then_some(slot)
            }
            // A copy of it is written from the accumulator, too.
            Statement::Set { slot, value } if last.is_some_and(|last| self.body.node(value) == Node::Slot(last)) => {
                Some(slot)
            }
            Statement::Set { slot, .. } => last.filter(|&last| last != slot),
            Statement::Store { address, value, .. } => {
                last.filter(|_| self.plain_leaf(value).is_some() && self.is_place(address))
            }
            Statement::VectorSet { .. }
            | Statement::VectorGlobalSet { .. }
            | Statement::VectorStore { .. }
            | Statement::StoreLane { .. }
            | Statement::GlobalSet { .. }
            | Statement::Eval(_)
            | Statement::Builtin { .. }
            | Statement::Meter { .. } => None,
            // Terminators are not among them.
            Statement::Jump(_)
            | Statement::Branch { .. }
            | Statement::Switch { .. }
            | Statement::Call { .. }
            | Statement::CallIndirect { .. }
            | Statement::TailCall { .. }
            | Statement::TailCallIndirect { .. }
            | Statement::Return
            | Statement::Trap(_) => None,
        })
    }

    /// Whether an address is part of an access, so that nothing is computed for it.
    fn is_place(&self, address: NodeId) -> bool {
        let leaf = |id: NodeId| self.plain_leaf(id).is_some();
        match self.body.node(address) {
            Node::Binary {
                op: BinaryOp::I32Add,
                a,
                b,
            } => self.techniques.sums && leaf(a) && leaf(b),
            Node::Slot(_) | Node::Const(_) => true,
            Node::Binary { .. }
            | Node::Unary { .. }
            | Node::Load { .. }
            | Node::Select { .. }
            | Node::GlobalGet(_)
            | Node::Vector(_) => false,
        }
    }

    /// Whether the first operation of a tree that is carried out reads a slot.
    fn reads_first(&self, id: NodeId, slot: Slot) -> bool {
        let leaf = |id: NodeId| self.plain_leaf(id).is_some();
        match self.body.node(id) {
            Node::Unary { a, .. } | Node::Load { address: a, .. } => self.reads_first(a, slot),
            // A leaf beside an operation is read after it.
            Node::Binary { a, b, .. } if leaf(a) && !leaf(b) => self.reads_first(b, slot),
            Node::Binary { a, b, .. } if leaf(a) && leaf(b) => self.body.reads(a, slot) || self.body.reads(b, slot),
            Node::Binary { a, .. } => self.reads_first(a, slot),
            Node::Slot(read) => read == slot,
            Node::Const(_) | Node::GlobalGet(_) | Node::Select { .. } | Node::Vector(_) => false,
        }
    }
}
