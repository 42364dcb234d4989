//! The simulated operand stack.

use wasm_dispatch_ir::code::{Node, NodeId, Slot, Statement};
use wasm_dispatch_ir::types::ValType;

use super::builder::{Effects, TRAPS};
use super::{Lowering, ModuleTypes};

/// Entries that may wait unevaluated. Every write asks all of them whether they read what changes, so this bounds the
/// work per operator; compiled programs rarely have more.
const WINDOW: usize = 16;

/// The trees of a value, one for each slot that it takes.
pub(super) type Trees = [NodeId; ValType::MAX_SLOTS as usize];

/// Trees that one operator takes: two values and a condition.
const MAX_TAKEN: usize = 2 * ValType::MAX_SLOTS as usize + 1;

/// One slot of the simulated stack.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) node: NodeId,
    pub(super) ty: ValType,
}

/// A parameter or local: where its value begins, and its type.
#[derive(Clone, Copy, Debug)]
pub(super) struct Local {
    slot: Slot,
    ty: ValType,
}

impl Local {
    /// Locals of these types, one after another.
    pub(super) fn all(types: &[ValType]) -> Vec<Local> {
        let mut next = 0;
        let place = |&ty: &ValType| {
            let slot = next;
            // `Needs` has refused functions with more slots than there are numbers.
            next += ty.slots();
            Local { slot, ty }
        };
        types.iter().map(place).collect()
    }

    /// Its slots and their types.
    #[inline(always)]
    fn parts(self) -> impl Iterator<Item = (Slot, ValType)> {
        (self.slot..).zip(self.ty.slot_types())
    }
}

impl<T: ModuleTypes> Lowering<'_, T> {
    /// The canonical slot of a stack position.
    pub(super) fn canonical_slot(&self, position: usize) -> Slot {
        // `fits` is asked after every operator, and refuses the function before a wrapped number is used.
        (self.body.locals.len() + position) as Slot
    }

    /// Whether the value at a position is in its canonical slot.
    pub(super) fn is_canonical(&self, position: usize) -> bool {
        self.body.node(self.stack[position].node) == Node::Slot(self.canonical_slot(position))
    }

    /// Pushes a tree.
    pub(super) fn push(&mut self, node: NodeId) {
        let ty = self.body.node_types[node as usize];
        self.stack.push(Entry { node, ty });
        self.max_height = self.max_height.max(self.stack.len());
        if self.stack.len() - self.materialized > WINDOW {
            self.materialize(self.materialized);
            self.materialized += 1;
        }
    }

    /// Pushes a value that is in its canonical slots already.
    pub(super) fn push_canonical(&mut self, ty: ValType) {
        for ty in ty.slot_types() {
            let slot = self.canonical_slot(self.stack.len());
            let node = self.node(Node::Slot(slot), ty);
            self.push(node);
        }
    }

    /// Makes sure that this many slots can be pushed without materializing any: a terminator must come last in its block.
    pub(super) fn make_room(&mut self, slots: usize) {
        if self.stack.len() - self.materialized + slots > WINDOW {
            self.materialize_all();
        }
    }

    /// Number of slots of the value that ends at a position.
    #[inline(always)]
    pub(super) fn slots_of(&self, position: usize) -> usize {
        1 + usize::from(self.stack[position].ty.siblings().0)
    }

    /// Pops the trees of a value of this many slots, first to last.
    #[inline(always)]
    pub(super) fn pop_value(&mut self, slots: usize) -> Trees {
        let mut trees = Trees::default();
        for tree in trees[..slots].iter_mut().rev() {
            *tree = self.pop();
        }
        trees
    }

    /// Pops a tree: the topmost slot.
    pub(super) fn pop(&mut self) -> NodeId {
        let entry = self.stack.pop();
        self.materialized = self.materialized.min(self.stack.len());
        match entry {
            Some(entry) => entry.node,
            None => unreachable!("validation keeps the operand stack balanced"),
        }
    }

    /// Truncates the stack to a height.
    pub(super) fn truncate(&mut self, height: usize) {
        self.stack.truncate(height);
        self.materialized = self.materialized.min(height);
    }

    fn effects_at(&self, position: usize) -> Effects {
        self.facts[self.stack[position].node as usize].effects
    }

    /// Evaluates the value at a position into its canonical slots, all of them: no value is half in the frame.
    pub(super) fn materialize(&mut self, position: usize) {
        let (before, after) = self.stack[position].ty.siblings();
        for position in position - usize::from(before)..position + usize::from(after) + 1 {
            self.materialize_slot(position);
        }
    }

    fn materialize_slot(&mut self, position: usize) {
        if self.is_canonical(position) {
            return;
        }
        let slot = self.canonical_slot(position);
        let traps = self.effects_at(position) & TRAPS;
        for below in self.materialized.min(position)..position {
            let entry = self.stack[below];
            if self.effects_at(below) & traps != 0 || self.reads(entry.node, slot) {
                self.materialize(below);
            }
        }
        let entry = self.stack[position];
        self.emit(Statement::Set {
            slot,
            value: entry.node,
        });
        self.stack[position].node = self.node(Node::Slot(slot), entry.ty);
    }

    /// Materializes everything from a position on.
    pub(super) fn materialize_from(&mut self, position: usize) {
        for position in position.max(self.materialized)..self.stack.len() {
            self.materialize(position);
        }
    }

    /// Materializes everything.
    pub(super) fn materialize_all(&mut self) {
        self.materialize_from(0);
        self.materialized = self.stack.len();
    }

    /// Materializes everything below a height.
    pub(super) fn materialize_below(&mut self, height: usize) {
        for position in self.materialized..height.min(self.stack.len()) {
            self.materialize(position);
        }
    }

    /// Materializes every tree with one of these effects.
    pub(super) fn materialize_effects(&mut self, effects: Effects) {
        if effects == 0 {
            return;
        }
        for position in self.materialized..self.stack.len() {
            if self.effects_at(position) & effects != 0 {
                self.materialize(position);
            }
        }
    }

    /// Materializes every tree that reads a slot about to change. A tree in that slot itself is about to be consumed.
    pub(super) fn materialize_readers(&mut self, slot: Slot) {
        for position in self.materialized..self.stack.len() {
            if self.canonical_slot(position) != slot && self.reads(self.stack[position].node, slot) {
                self.materialize(position);
            }
        }
    }

    /// Materializes every tree that reads a slot from this one on, up to a height.
    pub(super) fn materialize_readers_from(&mut self, slot: Slot, height: usize) {
        for position in self.materialized..height {
            if !self.is_canonical(position) && self.reads_from(self.stack[position].node, slot) {
                self.materialize(position);
            }
        }
    }

    /// Materializes the topmost entries if a node over them would be too big a tree.
    pub(super) fn keep_small(&mut self, count: usize) {
        let first = self.stack.len() - count;
        let nodes: [NodeId; MAX_TAKEN] =
            std::array::from_fn(|i| self.stack.get(first + i).map_or(0, |entry| entry.node));
        if self.too_big(&nodes[..count]) {
            self.materialize_from(first);
        }
    }

    /// Pushes a local.
    #[inline(always)]
    pub(super) fn get_local(&mut self, local: u32) {
        for (slot, ty) in self.locals[local as usize].parts() {
            let node = self.node(Node::Slot(slot), ty);
            self.push(node);
        }
    }

    /// `local = top of the stack`.
    pub(super) fn set_local(&mut self, local: u32) {
        let local = self.locals[local as usize];
        let trees = self.pop_value(usize::from(local.ty.slots()));
        for ((slot, _), &tree) in local.parts().zip(&trees) {
            self.set_slot(slot, tree);
        }
    }

    fn set_slot(&mut self, slot: Slot, value: NodeId) {
        if self.body.node(value) == Node::Slot(slot) {
            return;
        }
        self.materialize_effects(self.facts[value as usize].effects & TRAPS);
        self.materialize_readers(slot);
        self.emit(Statement::Set { slot, value });
    }
}
