//! Trees and statements as text without their particulars: `s` is a slot, `c` a constant, `g` a global.

use wasm_dispatch_ir::code::vector::VectorNode;
use wasm_dispatch_ir::code::{FunctionBody, Node, NodeId, Statement};

/// A node as one letter, if it is one.
fn letter(node: Node) -> Option<&'static str> {
    match node {
        Node::Slot(_) => Some("s"),
        Node::Const(_) => Some("c"),
        Node::GlobalGet(_) => Some("g"),
        Node::Vector(VectorNode::Slot(_)) => Some("s"),
        Node::Vector(VectorNode::Const(_)) => Some("c"),
        Node::Vector(VectorNode::GlobalGet(_)) => Some("g"),
        Node::Unary { .. } | Node::Binary { .. } | Node::Load { .. } | Node::Select { .. } | Node::Vector(_) => None,
    }
}

/// The operation that a node is; reading a slot or a constant is none.
pub fn operation(node: Node) -> Option<&'static str> {
    match node {
        Node::Slot(_) | Node::Const(_) => None,
        Node::GlobalGet(_) => Some("global.get"),
        Node::Unary { op, .. } => Some(op.mnemonic()),
        Node::Binary { op, .. } => Some(op.mnemonic()),
        Node::Load { op, .. } => Some(op.mnemonic()),
        Node::Select { .. } => Some("select"),
        Node::Vector(node) => node.mnemonic(),
    }
}

/// A tree down to a depth; what is below is `*`.
pub fn tree(body: &FunctionBody, id: NodeId, depth: u32) -> String {
    let node = body.node(id);
    match (letter(node), operation(node)) {
        (Some(letter), _) => letter.to_owned(),
        (None, Some(operation)) if depth > 0 => {
            let operands: Vec<String> = node.operands().map(|id| tree(body, id, depth - 1)).collect();
            format!("{operation}({})", operands.join(","))
        }
        _ => "*".to_owned(),
    }
}

/// A statement, its trees down to a depth.
pub fn statement(body: &FunctionBody, statement: &Statement, depth: u32) -> String {
    // Its own trees are shown by their operation at least.
    let tree = |id| tree(body, id, depth.max(1));
    match *statement {
        Statement::Set { value, .. } | Statement::VectorSet { value, .. } => format!("set {}", tree(value)),
        Statement::GlobalSet { value, .. } | Statement::VectorGlobalSet { value, .. } => {
            format!("global.set {}", tree(value))
        }
        Statement::VectorStore { op, address, value, .. } => {
            format!("{} {}, {}", op.mnemonic(), tree(address), tree(value))
        }
        Statement::StoreLane { op, address, value, .. } => {
            format!("{} {}, {}", op.mnemonic(), tree(address), tree(value))
        }
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
