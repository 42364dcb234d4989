//! The simulated operand stack.

use wasm_dispatch_ir::code::vector::VectorNode;
use wasm_dispatch_ir::code::{Node, NodeId, Slot};
use wasm_dispatch_ir::operands::RunId;
use wasm_dispatch_ir::types::{ValType, slot_types};

use super::builder::{Effects, TRAPS};
use super::{Lowering, ModuleTypes};

/// Entries that may wait unevaluated. Every write asks all of them whether they read what changes, so this bounds the
/// work per operator; compiled programs rarely have more.
const WINDOW: usize = 16;

/// Trees that one operator takes: two values and a condition, or three vectors.
const MAX_TAKEN: usize = 3;

/// One slot of the simulated stack. Those of a vector have the same tree.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) node: NodeId,
    pub(super) ty: ValType,
    /// The run that it is of, if a block was opened with it in its canonical slot: see [`Lowering::covered`].
    pub(super) run: RunId,
}

impl Entry {
    fn new(node: NodeId, ty: ValType) -> Entry {
        let run = RunId::NONE;
        Entry { node, ty, run }
    }
}

/// A parameter or local: where its value begins, and its type.
#[derive(Clone, Copy, Debug)]
pub(super) struct Local {
    slot: Slot,
    ty: ValType,
}

/// Locals that are looked up without a search.
const QUICK: usize = 256;

/// Parameters and locals. They are declared in runs, and tens of thousands in a few bytes.
#[derive(Debug, Default)]
pub(super) struct Locals {
    /// The first ones.
    quick: Vec<Local>,
    /// For each run the local after it, its first local, and that local's place.
    runs: Vec<(u32, u32, Local)>,
}

impl Locals {
    /// Adds locals of one type.
    pub(super) fn push(&mut self, count: u32, ty: ValType) {
        let (next, slot) = self.runs.last().map_or((0, 0), |&(end, first, place)| {
            let slots = (end - first) * u32::from(place.ty.slots());
            (end, u32::from(place.slot) + slots)
        });
        // `Needs` has refused functions with more slots than there are numbers.
        let place = |index: u32| Local {
            slot: (slot + index * u32::from(ty.slots())) as Slot,
            ty,
        };
        let quick = QUICK.saturating_sub(self.quick.len()).min(count as usize);
        self.quick.extend((0..quick as u32).map(place));
        self.runs.push((next + count, next, place(0)));
    }

    /// Removes all.
    pub(super) fn clear(&mut self) {
        self.quick.clear();
        self.runs.clear();
    }

    #[inline(always)]
    fn get(&self, local: u32) -> Local {
        match self.quick.get(local as usize) {
            Some(&local) => local,
            None => self.search(local),
        }
    }

    #[cold]
    #[inline(never)]
    fn search(&self, local: u32) -> Local {
        let run = self.runs.partition_point(|&(end, ..)| end <= local);
        let (_, first, place) = self.runs[run];
        Local {
            slot: place.slot + (local - first) as Slot * place.ty.slots(),
            ..place
        }
    }
}

impl<T: ModuleTypes> Lowering<'_, T> {
    /// The canonical slot of a stack position.
    pub(super) fn canonical_slot(&self, position: usize) -> Slot {
        // `fits` is asked after every operator, and refuses the function before a wrapped number is used.
        (self.body.locals.len() + position) as Slot
    }

    /// Whether the value at a position is in its canonical slots.
    pub(super) fn is_canonical(&self, position: usize) -> bool {
        let Entry { node, ty, .. } = self.stack[position];
        self.is_read_from(node, self.canonical_slot(position - usize::from(ty.siblings().0)))
    }

    /// Pushes a tree whose value takes one slot.
    pub(super) fn push(&mut self, node: NodeId) {
        let ty = self.body.node_types[node as usize];
        self.stack.push(Entry::new(node, ty));
        self.pushed();
    }

    /// Pushes a vector.
    pub(super) fn push_vector(&mut self, node: NodeId) {
        for ty in ValType::V128.slot_types() {
            self.stack.push(Entry::new(node, ty));
        }
        self.pushed();
    }

    /// Pushes a tree of any type.
    pub(super) fn push_value(&mut self, node: NodeId) {
        match self.body.node_types[node as usize] {
            ValType::V128 => self.push_vector(node),
            _ => self.push(node),
        }
    }

    #[inline(always)]
    fn pushed(&mut self) {
        self.max_height = self.max_height.max(self.stack.len());
        while self.stack.len() - self.materialized > WINDOW {
            self.materialize(self.materialized);
            self.materialized += self.width(self.materialized);
        }
    }

    /// The node of a value in its canonical slots. One for all that read it: a call may leave a thousand results that nothing
    /// reads.
    pub(super) fn canonical_node(&mut self, position: usize, ty: ValType) -> NodeId {
        if let Some(&known) = self.canonical.get(position)
            && known != NodeId::MAX
            && self.body.node_types[known as usize] == ty
        {
            return known;
        }
        let node = self.slot_node(self.canonical_slot(position), ty);
        if self.canonical.len() <= position {
            self.canonical.resize(position + 1, NodeId::MAX);
        }
        self.canonical[position] = node;
        node
    }

    /// Pushes values that are in their canonical slots already.
    pub(super) fn push_canonical(&mut self, types: &[ValType]) {
        if types.len() > WINDOW {
            return self.push_many(types);
        }
        for &ty in types {
            let node = self.canonical_node(self.stack.len(), ty);
            self.push_value(node);
        }
    }

    /// Pushes many values on a stack that is materialized. Their types are kept once, however often they are pushed.
    fn push_many(&mut self, types: &[ValType]) {
        self.materialize_all();
        let (below, first) = self.covered();
        for &ty in types {
            let node = self.canonical_node(self.stack.len(), ty);
            self.stack.extend(ty.slot_types().map(|ty| Entry::new(node, ty)));
        }
        self.max_height = self.max_height.max(self.stack.len());
        self.materialized = self.stack.len();
        let list = match self.lists.get(&types.as_ptr()) {
            Some(&list) => list,
            None => {
                let list = self.body.operands.list(slot_types(types));
                self.lists.insert(types.as_ptr(), list);
                list
            }
        };
        self.cover(below, first, list);
    }

    /// Makes sure that this many slots can be pushed without materializing any: a terminator must come last in its block.
    pub(super) fn make_room(&mut self, slots: usize) {
        if self.stack.len() - self.materialized + slots > WINDOW {
            self.materialize_all();
        }
    }

    /// Number of slots of the value that begins at a position.
    #[inline(always)]
    pub(super) fn width(&self, position: usize) -> usize {
        1 + usize::from(self.stack[position].ty.siblings().1)
    }

    /// Pops a tree of any type.
    #[inline(always)]
    pub(super) fn pop_value(&mut self) -> NodeId {
        if let Some(Entry {
            ty: ValType::V128High, ..
        }) = self.stack.last()
        {
            return self.pop_vector();
        }
        self.pop()
    }

    /// Pops a vector.
    pub(super) fn pop_vector(&mut self) -> NodeId {
        self.stack.pop();
        self.pop()
    }

    /// Pops a tree whose value takes one slot.
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

    /// Evaluates the value at a position into its canonical slots.
    pub(super) fn materialize(&mut self, position: usize) {
        if self.is_canonical(position) {
            return;
        }
        let (before, after) = self.stack[position].ty.siblings();
        let first = position - usize::from(before);
        let last = position + usize::from(after);
        let slot = self.canonical_slot(first);
        let slots = before + after + 1;
        let traps = self.effects_at(first) & TRAPS;
        for below in self.materialized.min(first)..first {
            let entry = self.stack[below];
            if self.effects_at(below) & traps != 0 || self.reads_any(entry.node, slot, slots) {
                self.materialize(below);
            }
        }
        let value = self.stack[first].node;
        self.set(slot, value);
        let node = self.canonical_node(first, self.body.node_types[value as usize]);
        for entry in &mut self.stack[first..=last] {
            entry.node = node;
        }
    }

    /// A value that will be read twice goes to its canonical slots, unless it is a constant.
    pub(super) fn prepare_twice(&mut self, position: usize) {
        let node = self.body.node(self.stack[position].node);
        if !matches!(node, Node::Const(_) | Node::Vector(VectorNode::Const(_))) {
            self.materialize(position);
        }
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

    /// Materializes the topmost values, of one slot each, if a node over them would be too big a tree.
    pub(super) fn keep_small(&mut self, count: usize) {
        let first = self.stack.len() - count;
        let nodes: [NodeId; MAX_TAKEN] =
            std::array::from_fn(|i| self.stack.get(first + i).map_or(0, |entry| entry.node));
        if self.too_big(&nodes[..count]) {
            self.materialize_from(first);
        }
    }

    /// [`Lowering::keep_small`] for values of any type.
    pub(super) fn keep_values_small(&mut self, count: usize) {
        let mut first = self.stack.len();
        let mut nodes = [0; MAX_TAKEN];
        for node in &mut nodes[..count] {
            first -= 1;
            *node = self.stack[first].node;
            first -= usize::from(self.stack[first].ty.siblings().0);
        }
        if self.too_big(&nodes[..count]) {
            self.materialize_from(first);
        }
    }

    /// Pushes a local.
    #[inline(always)]
    pub(super) fn get_local(&mut self, local: u32) {
        let Local { slot, ty } = self.locals.get(local);
        let node = self.slot_node(slot, ty);
        self.push_value(node);
    }

    /// `local = top of the stack`.
    pub(super) fn set_local(&mut self, local: u32) {
        // Nothing else reads the second slot of a vector.
        let slot = self.locals.get(local).slot;
        let value = self.pop_value();
        if self.is_read_from(value, slot) {
            return;
        }
        self.materialize_effects(self.facts[value as usize].effects & TRAPS);
        self.materialize_readers(slot);
        self.set(slot, value);
    }
}
