//! The plain evaluator of expression trees: what a tree means, written for clarity.
//!
//! It finds out *after* a trap which instruction of a statement trapped. Trees have no side effects and a statement
//! writes nothing before its trees are evaluated, so evaluating them again traps at the same node. So strategies track
//! positions by statement only.

use crate::state::{State, Window};
use wasm_dispatch_ir::code::{FunctionBody, Node, NodeId, Statement};
use wasm_dispatch_ir::trap::Trap;

/// Evaluates a tree.
///
/// # Errors
///
/// The trap and the node that trapped.
pub fn evaluate(body: &FunctionBody, node: NodeId, frame: &Window, state: &mut State) -> Result<u64, (Trap, NodeId)> {
    let at = |trap| (trap, node);
    match body.node(node) {
        Node::Slot(slot) => Ok(frame[usize::from(slot)]),
        Node::Const(value) => Ok(value),
        Node::Unary { op, a } => {
            let a = evaluate(body, a, frame, state)?;
            op.apply(a).map_err(at)
        }
        Node::Binary { op, a, b } => {
            let a = evaluate(body, a, frame, state)?;
            let b = evaluate(body, b, frame, state)?;
            op.apply(a, b).map_err(at)
        }
        Node::Load {
            op,
            memory,
            address,
            offset,
        } => {
            let address = evaluate(body, address, frame, state)?;
            op.apply(
                state.module_memory(u32::from(memory)),
                address as u32,
                u64::from(offset),
            )
            .map_err(at)
        }
        Node::Select { condition, a, b } => {
            let a = evaluate(body, a, frame, state)?;
            let b = evaluate(body, b, frame, state)?;
            let condition = evaluate(body, condition, frame, state)?;
            Ok(if condition as u32 != 0 { a } else { b })
        }
        Node::GlobalGet(global) => Ok(state.global(global)),
    }
}

/// The byte offset in the module of the instruction that trapped, given the statement.
pub fn trap_offset(body: &FunctionBody, statement: u32, frame: &Window, state: &mut State) -> u32 {
    let operands = body.statements[statement as usize].operands();
    for operand in operands {
        if let Err((_, node)) = evaluate(body, operand, frame, state) {
            return body.node_offsets[node as usize];
        }
    }
    body.statement_offsets[statement as usize]
}

/// The call statement that a suspended frame waits for: the terminator before the block where it continues.
pub fn call_of(body: &FunctionBody, block: u32) -> Option<(u32, Statement)> {
    let caller = body.blocks.get(block.checked_sub(1)? as usize)?;
    Some((caller.terminator, body.statements[caller.terminator as usize]))
}
