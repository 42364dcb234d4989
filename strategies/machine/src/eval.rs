//! The plain evaluator of expression trees: what a tree means, written for clarity.
//!
//! It finds out *after* a trap which instruction of a statement trapped. Trees have no side effects and a statement
//! writes nothing before its trees are evaluated, so evaluating them again traps at the same node. So strategies track
//! positions by statement only.

use crate::state::{State, Window, vector_at};
use wasm_dispatch_ir::code::vector::VectorNode;
use wasm_dispatch_ir::code::{FunctionBody, Node, NodeId, Statement};
use wasm_dispatch_ir::semantics::vector::bits;
use wasm_dispatch_ir::trap::Trap;
use wasm_dispatch_ir::types::ValType;
use wasm_dispatch_ir::vector::V128;

/// Evaluates a tree whose value takes one slot.
///
/// # Errors
///
/// The trap and the node that trapped.
pub fn evaluate(body: &FunctionBody, node: NodeId, frame: &Window, state: &mut State) -> Result<u64, (Trap, NodeId)> {
    let at = |trap| (trap, node);
    match body.node(node) {
        Node::Vector(VectorNode::Test { op, a }) => Ok(u64::from(op.apply(evaluate_vector(body, a, frame, state)?))),
        Node::Vector(VectorNode::Extract { op, lane, a }) => {
            let a = evaluate_vector(body, a, frame, state)?;
            Ok(op.apply(a, lane))
        }
        Node::Vector(_) => unreachable!("a vector takes two slots"),
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
            op.apply(state.module_memory(u32::from(memory)), address, u64::from(offset))
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

/// Evaluates a tree whose value is a vector.
///
/// # Errors
///
/// The trap and the node that trapped.
pub fn evaluate_vector(
    body: &FunctionBody,
    id: NodeId,
    frame: &Window,
    state: &mut State,
) -> Result<V128, (Trap, NodeId)> {
    let Node::Vector(node) = body.node(id) else {
        unreachable!("a vector is a vector's node");
    };
    let at = |trap| (trap, id);
    let scalar = |id, state: &mut State| evaluate(body, id, frame, state);
    let vector = |id, state: &mut State| evaluate_vector(body, id, frame, state);
    Ok(match node {
        VectorNode::Slot(slot) => vector_at(frame, slot),
        VectorNode::Const(vector) => body.vectors[vector as usize],
        VectorNode::GlobalGet(global) => state.vector_global(global),
        VectorNode::Select { condition, a, b } => {
            let a = vector(a, state)?;
            let b = vector(b, state)?;
            if scalar(condition, state)? as u32 != 0 { a } else { b }
        }
        VectorNode::One { op, a } => op.apply(vector(a, state)?),
        VectorNode::Two { op, a, b } => op.apply(vector(a, state)?, vector(b, state)?),
        VectorNode::Three { op, a, b, c } => op.apply(vector(a, state)?, vector(b, state)?, vector(c, state)?),
        VectorNode::Shift { op, a, b } => op.apply(vector(a, state)?, scalar(b, state)? as u32),
        VectorNode::Splat { op, a } => op.apply(scalar(a, state)?),
        VectorNode::Replace { op, lane, a, b } => op.apply(vector(a, state)?, lane, scalar(b, state)?),
        VectorNode::Shuffle { lanes, a, b } => {
            let lanes = body.vectors[lanes as usize].to_bytes();
            bits::shuffle(vector(a, state)?, vector(b, state)?, lanes)
        }
        VectorNode::Load {
            op,
            memory,
            address,
            offset,
        } => {
            let address = scalar(address, state)?;
            let memory = state.module_memory(u32::from(memory));
            op.apply(memory, address, u64::from(offset)).map_err(at)?
        }
        VectorNode::LoadLane {
            op,
            lane,
            memory,
            address,
            offset,
            a,
        } => {
            let address = scalar(address, state)?;
            let a = vector(a, state)?;
            let memory = state.module_memory(u32::from(memory));
            op.apply(memory, address, u64::from(offset), lane, a).map_err(at)?
        }
        VectorNode::Test { .. } | VectorNode::Extract { .. } => unreachable!("a scalar is no vector"),
    })
}

/// Evaluates a tree for its trap alone.
///
/// # Errors
///
/// The trap and the node that trapped.
pub fn evaluate_any(
    body: &FunctionBody,
    node: NodeId,
    frame: &Window,
    state: &mut State,
) -> Result<(), (Trap, NodeId)> {
    match body.node_types[node as usize] {
        ValType::V128 => evaluate_vector(body, node, frame, state).map(drop),
        _ => evaluate(body, node, frame, state).map(drop),
    }
}

/// The byte offset in the module of the instruction that trapped, given the statement.
pub fn trap_offset(body: &FunctionBody, statement: u32, frame: &Window, state: &mut State) -> u32 {
    let operands = body.statements[statement as usize].operands();
    for operand in operands {
        if let Err((_, node)) = evaluate_any(body, operand, frame, state) {
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
