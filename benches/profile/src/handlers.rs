//! What `threaded` makes of a block: handlers, each of which runs one node of the code stream or several.

use serde::Serialize;
use wasm_dispatch_ir::code::FunctionBody;
use wasm_dispatch_threaded::NodeInfo;

/// A handler, dispatched once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Handler {
    /// The nodes that it runs: `s=i32.add(s,c)` adds a slot and a constant into a slot, `a` is the accumulator.
    pub nodes: Vec<String>,
    /// Whether it is not run each time that its block is: within a copy of another block, or where a loop is entered.
    pub aside: bool,
}

impl Handler {
    /// Its nodes as one text: `s=i32.add(s,c) + if i32.lt_s(a,s)`.
    pub fn text(&self) -> String {
        self.nodes.join(" + ")
    }

    /// Whether it is a superinstruction: one dispatch for several nodes.
    pub fn is_super(&self) -> bool {
        self.nodes.len() > 1
    }
}

/// The handlers of a function, by block.
pub fn of_function(body: &FunctionBody) -> Vec<Vec<Handler>> {
    let blocks = wasm_dispatch_threaded::nodes(body);
    blocks.iter().map(|nodes| of_block(nodes)).collect()
}

/// The handlers that run a block's nodes.
pub fn of_block(nodes: &[NodeInfo]) -> Vec<Handler> {
    let mut handlers: Vec<Handler> = Vec::new();
    for node in nodes {
        match handlers.last_mut() {
            Some(last) if node.fused => last.nodes.push(node.kind.clone()),
            _ => handlers.push(Handler {
                nodes: vec![node.kind.clone()],
                aside: node.out_of_line,
            }),
        }
    }
    handlers
}
