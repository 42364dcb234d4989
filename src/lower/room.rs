//! Vectors that lowering fills for one function after another: growing them anew for each took 7 to 15 % of loading.

use wasm_dispatch_ir::code::{FunctionBody, NodeId};
use wasm_dispatch_ir::types::ValType;

use super::builder::{Facts, Label};
use super::control::Edge;
use super::operands::{Entry, Locals};
use super::{Lowering, ModuleTypes};

/// What [`Lowering`] has in vectors, all of them empty.
#[derive(Debug, Default)]
pub(crate) struct Room {
    pub(super) body: FunctionBody,
    pub(super) locals: Locals,
    pub(super) canonical: Vec<NodeId>,
    pub(super) facts: Vec<Facts>,
    pub(super) stack: Vec<Entry>,
    pub(super) labels: Vec<Option<u32>>,
    pub(super) resolved: Vec<Label>,
    pub(super) edges: Vec<Edge>,
    pub(super) above: Vec<Option<ValType>>,
}

impl Room {
    /// Makes room for a function of this many bytes. Compiled programs have about a node for two bytes and a statement for six.
    pub(super) fn reserve(&mut self, bytes: usize) {
        let (nodes, statements) = (bytes / 2 + 4, bytes / 6 + 4);
        self.facts.reserve(nodes);
        self.body.nodes.reserve(nodes);
        self.body.node_types.reserve(nodes);
        self.body.node_offsets.reserve(nodes);
        self.body.statements.reserve(statements);
        self.body.statement_offsets.reserve(statements);
    }
}

impl<T: ModuleTypes> Lowering<'_, T> {
    /// The function, in vectors of just its size. Those that it was made in are left.
    pub(super) fn leave_room(self, room: &mut Room) -> FunctionBody {
        let body = self.body.clone();
        *room = Room {
            body: self.body,
            locals: self.locals,
            canonical: self.canonical,
            facts: self.facts,
            stack: self.stack,
            labels: self.labels,
            resolved: self.resolved,
            edges: self.edges,
            above: self.above,
        };
        // None of them holds what must be dropped, so this takes no time.
        room.body.clear();
        room.locals.clear();
        room.canonical.clear();
        room.facts.clear();
        room.stack.clear();
        room.labels.clear();
        room.resolved.clear();
        room.edges.clear();
        room.above.clear();
        body
    }
}
