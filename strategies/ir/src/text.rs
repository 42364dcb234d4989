//! Lowered code as text: `s3 = i32.add(s0, 4)`. A slot of the frame is `s` and its number, a global `g` and its index.

use crate::code::{BlockId, FunctionBody, Node, NodeId, Statement};
use crate::types::ValType;

/// A block's statements, a line each.
pub fn block(body: &FunctionBody, block: BlockId) -> Vec<String> {
    let statements = body.statements(block).iter();
    statements.map(|line| statement(body, line, block)).collect()
}

/// A statement of a block.
pub fn statement(body: &FunctionBody, statement: &Statement, block: BlockId) -> String {
    let tree = |id| tree(body, id);
    let next = block + 1;
    match *statement {
        Statement::Set { slot, value } => format!("s{slot} = {}", tree(value)),
        Statement::GlobalSet { global, value } => format!("g{global} = {}", tree(value)),
        Statement::Store {
            op,
            memory,
            address,
            offset,
            value,
        } => {
            let place = place(body, op.mnemonic(), memory, address, offset);
            format!("{place} = {}", tree(value))
        }
        Statement::Eval(value) => format!("eval {}", tree(value)),
        Statement::Meter { cost } => format!("meter {cost}"),
        Statement::Builtin { op, base, x, y } => format!("{} {x} {y} at s{base}", op.mnemonic()),
        Statement::Jump(target) => format!("jump to block {target}"),
        Statement::Branch {
            condition,
            when,
            target,
        } => {
            let word = if when { "if" } else { "unless" };
            format!("{word} {}: to block {target}, else {next}", tree(condition))
        }
        Statement::Switch { index, first, count } => {
            let targets = &body.targets[first as usize..(first + count) as usize];
            let numbers: Vec<String> = targets.iter().map(BlockId::to_string).collect();
            format!("switch {}: to blocks {}", tree(index), numbers.join(", "))
        }
        Statement::Call { function, base } => format!("call function {function} at s{base}, then block {next}"),
        Statement::CallIndirect { table, ty, index, base } => format!(
            "call table {table}[{}] of type {ty} at s{base}, then block {next}",
            tree(index)
        ),
        Statement::TailCall { function } => format!("return call function {function}"),
        Statement::TailCallIndirect { table, ty, index } => {
            format!("return call table {table}[{}] of type {ty}", tree(index))
        }
        Statement::Return => "return".to_owned(),
        Statement::Trap(trap) => format!("trap: {trap}"),
    }
}

/// An expression tree.
pub fn tree(body: &FunctionBody, id: NodeId) -> String {
    let inner = |id| tree(body, id);
    match body.node(id) {
        Node::Slot(slot) => format!("s{slot}"),
        Node::Const(bits) => constant(body.node_types[id as usize], bits),
        Node::GlobalGet(global) => format!("g{global}"),
        Node::Unary { op, a } => format!("{}({})", op.mnemonic(), inner(a)),
        Node::Binary { op, a, b } => format!("{}({}, {})", op.mnemonic(), inner(a), inner(b)),
        Node::Load {
            op,
            memory,
            address,
            offset,
        } => place(body, op.mnemonic(), memory, address, offset),
        Node::Select { condition, a, b } => format!("select({}, {}, {})", inner(a), inner(b), inner(condition)),
    }
}

/// A place in a memory; the first memory is not named.
fn place(body: &FunctionBody, mnemonic: &str, memory: u16, address: NodeId, offset: u32) -> String {
    let memory = match memory {
        0 => String::new(),
        other => format!(" memory {other}"),
    };
    let offset = match offset {
        0 => String::new(),
        offset => format!(" + {offset}"),
    };
    format!("{mnemonic}{memory}[{}{offset}]", tree(body, address))
}

fn constant(ty: ValType, bits: u64) -> String {
    match ty {
        ValType::I32 => (bits as u32 as i32).to_string(),
        ValType::I64 => (bits as i64).to_string(),
        ValType::F32 => format!("{:?}", f32::from_bits(bits as u32)),
        ValType::F64 => format!("{:?}", f64::from_bits(bits)),
        _ => format!("{ty} {bits:#x}"),
    }
}
