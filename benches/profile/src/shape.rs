//! Trees and statements as text without their particulars: `s` is a slot, `c` a constant, `g` a global.

use wasm_dispatch_ir::code::{FunctionBody, Node, NodeId, Statement};

/// A tree down to a depth; what is below is `*`.
pub fn tree(body: &FunctionBody, id: NodeId, depth: u32) -> String {
    let inner = |id: NodeId| match body.node(id) {
        Node::Slot(_) => "s".to_string(),
        Node::Const(_) => "c".to_string(),
        Node::GlobalGet(_) => "g".to_string(),
        _ if depth <= 1 => "*".to_string(),
        _ => tree(body, id, depth - 1),
    };
    let node = body.node(id);
    let operation = match node {
        Node::Slot(_) | Node::Const(_) | Node::GlobalGet(_) => return inner(id),
        Node::Unary { op, .. } => op.mnemonic(),
        Node::Binary { op, .. } => op.mnemonic(),
        Node::Load { op, .. } => op.mnemonic(),
        Node::Select { .. } => "select",
    };
    let operands: Vec<String> = node.operands().map(inner).collect();
    format!("{operation}({})", operands.join(","))
}

/// A statement, its trees down to a depth.
pub fn statement(body: &FunctionBody, statement: &Statement, depth: u32) -> String {
    let tree = |id| tree(body, id, depth);
    match *statement {
        Statement::Set { value, .. } => format!("set {}", tree(value)),
        Statement::GlobalSet { value, .. } => format!("global.set {}", tree(value)),
        Statement::Store { op, address, value, .. } => format!("{} {}, {}", op.mnemonic(), tree(address), tree(value)),
        Statement::Eval(value) => format!("eval {}", tree(value)),
        Statement::Meter { .. } => "meter".into(),
        Statement::Builtin { op, .. } => op.mnemonic().into(),
        Statement::Jump(_) => "jump".into(),
        Statement::Branch { condition, .. } => format!("branch {}", tree(condition)),
        Statement::Switch { index, .. } => format!("switch {}", tree(index)),
        Statement::Call { .. } => "call".into(),
        Statement::CallIndirect { index, .. } => format!("call_indirect {}", tree(index)),
        Statement::TailCall { .. } => "return_call".into(),
        Statement::TailCallIndirect { index, .. } => format!("return_call_indirect {}", tree(index)),
        Statement::Return => "return".into(),
        Statement::Trap(_) => "trap".into(),
    }
}
