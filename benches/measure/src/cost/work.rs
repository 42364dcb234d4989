//! The work of a block, by kind: what its statements do, whatever dispatches them.

use std::collections::BTreeMap;

use wasm_dispatch::ir::code::vector::VectorNode;
use wasm_dispatch::ir::code::{BlockId, FunctionBody, Node, NodeId, Statement};
use wasm_dispatch_record::cost::Work;

/// What a block does when it runs through once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlockWork {
    /// Statements and inner nodes of their trees.
    pub nodes: u64,
    /// By kind.
    pub work: BTreeMap<Work, u64>,
}

impl BlockWork {
    /// The work of a block.
    pub fn of(body: &FunctionBody, block: BlockId) -> BlockWork {
        let mut work = BlockWork::default();
        for statement in body.statements(block) {
            // Going on with the next block is no work.
            if *statement != Statement::Jump(block + 1) {
                work.statement(body, statement);
            }
        }
        work
    }

    fn add(&mut self, work: Work) {
        *self.work.entry(work).or_default() += 1;
    }

    fn statement(&mut self, body: &FunctionBody, statement: &Statement) {
        self.nodes += 1;
        match statement {
            // Moving a value is what every statement does at last.
            Statement::Set { .. }
            | Statement::VectorSet { .. }
            | Statement::Eval(_)
            | Statement::Meter { .. }
            | Statement::Trap(_) => {}
            Statement::Builtin { .. } => self.add(Work::Rare),
            Statement::GlobalSet { .. }
            | Statement::Store { .. }
            | Statement::VectorGlobalSet { .. }
            | Statement::VectorStore { .. }
            | Statement::StoreLane { .. } => self.add(Work::Memory),
            Statement::Jump(_) | Statement::Branch { .. } => self.add(Work::Branch),
            Statement::Switch { .. } | Statement::CallIndirect { .. } | Statement::TailCallIndirect { .. } => {
                self.add(Work::Indirect);
            }
            Statement::Call { function, .. } | Statement::TailCall { function } => {
                self.add(match *function < body.imported_functions {
                    true => Work::Host,
                    false => Work::Call,
                });
            }
            Statement::Return => self.add(Work::Call),
        }
        for operand in statement.operands() {
            self.tree(body, operand);
        }
    }

    fn tree(&mut self, body: &FunctionBody, root: NodeId) {
        body.for_each(root, |_, node| {
            self.nodes += u64::from(!node.is_leaf());
            match node {
                Node::Slot(_) | Node::Const(_) => {}
                Node::GlobalGet(_) | Node::Load { .. } => self.add(Work::Memory),
                Node::Unary { op, .. } => self.add(of_operation(op.mnemonic())),
                Node::Binary { op, .. } => self.add(of_operation(op.mnemonic())),
                Node::Select { .. } => self.add(Work::Integer),
                Node::Vector(node) => match node {
                    VectorNode::Slot(_) | VectorNode::Const(_) => {}
                    VectorNode::GlobalGet(_) | VectorNode::Load { .. } | VectorNode::LoadLane { .. } => {
                        self.add(Work::Memory);
                    }
                    VectorNode::Select { .. }
                    | VectorNode::One { .. }
                    | VectorNode::Two { .. }
                    | VectorNode::Three { .. }
                    | VectorNode::Test { .. }
                    | VectorNode::Shift { .. }
                    | VectorNode::Splat { .. }
                    | VectorNode::Extract { .. }
                    | VectorNode::Replace { .. }
                    | VectorNode::Shuffle { .. } => self.add(Work::Vector),
                },
            }
        });
    }
}

/// The kind of an operation, by its name in the text format: `i32.div_s`, `f64.add`, `i32.trunc_f64_s`.
fn of_operation(mnemonic: &str) -> Work {
    let (ty, operation) = mnemonic.split_once('.').unwrap_or(("", mnemonic));
    match ty.starts_with('f') || operation.contains("_f") {
        true => Work::Float,
        false => Work::Integer,
    }
}

#[cfg(test)]
#[path = "../../tests/unit/cost_work.rs"]
mod tests;
