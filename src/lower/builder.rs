//! Nodes, statements and blocks of the function being lowered.

use wasm_dispatch_ir::code::vector::VectorNode;
use wasm_dispatch_ir::code::{CodeBlock, Node, NodeId, Slot, Statement};
use wasm_dispatch_ir::operands::{EntryTypes, RunId};
use wasm_dispatch_ir::ops::{BinaryOp, UnaryOp};
use wasm_dispatch_ir::types::ValType;
use wasm_dispatch_ir::vector::V128;
use wasm_dispatch_ir::verify::MAX_TREE_DEPTH;

use super::{Lowering, ModuleTypes};
use crate::metering::Metering;
use wasm_dispatch_machine::bulk::BYTES_PAID;

/// Nodes a tree may have: bounds the work of asking what a tree reads.
const MAX_TREE_SIZE: u16 = 48;

/// Instructions after which a stretch of straight code is divided in metered functions: a few microseconds.
const MAX_STRETCH: u32 = 4096;

/// Slots that an instruction clears or moves without paying for them: what most functions have.
const FREE_SLOTS: usize = 16;

/// What a tree depends on besides frame slots.
pub(super) type Effects = u8;
/// The tree may trap.
pub(super) const TRAPS: Effects = 1;
/// The tree reads memory.
pub(super) const READS_MEMORY: Effects = 2;
/// The tree reads a global.
pub(super) const READS_GLOBAL: Effects = 4;
/// Anything.
pub(super) const ANY: Effects = 7;

/// What lowering remembers of a tree.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    depth: u8,
    size: u16,
    pub(super) effects: Effects,
}

/// A label that branches may name before its block exists.
pub(super) type Label = u32;

/// The block being built.
#[derive(Debug, Default)]
pub(super) struct OpenBlock {
    first: u32,
    entry: EntryTypes,
}

impl<T: ModuleTypes> Lowering<'_, T> {
    fn facts_of(&self, node: Node) -> Facts {
        let over = |effects: Effects, operands: &[NodeId]| {
            let mut all = Facts {
                depth: 0,
                size: 1,
                effects,
            };
            for &operand in operands {
                let operand = self.facts[operand as usize];
                all.depth = all.depth.max(operand.depth + 1);
                all.size += operand.size;
                all.effects |= operand.effects;
            }
            all
        };
        let traps = |traps: bool| if traps { TRAPS } else { 0 };
        // Kind by kind, although `Node::operands` and `Node::traps` know them all: this is a tenth of loading, and takes
        // 18 % more instructions with a list whose length is known only when it runs.
        match node {
            Node::Slot(_) | Node::Const(_) => over(0, &[]),
            Node::GlobalGet(_) => over(READS_GLOBAL, &[]),
            Node::Unary { op, a } => over(traps(op.traps()), &[a]),
            Node::Binary { op, a, b } => over(traps(op.traps()), &[a, b]),
            Node::Load { address, .. } => over(TRAPS | READS_MEMORY, &[address]),
            Node::Select { condition, a, b } => over(0, &[a, b, condition]),
            Node::Vector(node) => match node {
                VectorNode::Slot(_) | VectorNode::Const(_) => over(0, &[]),
                VectorNode::GlobalGet(_) => over(READS_GLOBAL, &[]),
                VectorNode::Select { condition, a, b } => over(0, &[a, b, condition]),
                VectorNode::One { a, .. }
                | VectorNode::Test { a, .. }
                | VectorNode::Splat { a, .. }
                | VectorNode::Extract { a, .. } => over(0, &[a]),
                VectorNode::Two { a, b, .. }
                | VectorNode::Shift { a, b, .. }
                | VectorNode::Replace { a, b, .. }
                | VectorNode::Shuffle { a, b, .. } => over(0, &[a, b]),
                VectorNode::Three { a, b, c, .. } => over(0, &[a, b, c]),
                VectorNode::Load { address, .. } => over(TRAPS | READS_MEMORY, &[address]),
                VectorNode::LoadLane { address, a, .. } => over(TRAPS | READS_MEMORY, &[address, a]),
            },
        }
    }

    /// Adds a node.
    pub(super) fn node(&mut self, node: Node, ty: ValType) -> NodeId {
        self.facts.push(self.facts_of(node));
        self.body.nodes.push(node);
        self.body.node_types.push(ty);
        self.body.node_offsets.push(self.offset);
        (self.body.nodes.len() - 1) as NodeId
    }

    /// Adds a node that takes or gives a vector.
    pub(super) fn vector_node(&mut self, node: VectorNode, ty: ValType) -> NodeId {
        self.has_vectors = true;
        self.node(Node::Vector(node), ty)
    }

    /// Adds a constant vector.
    pub(super) fn vector_constant(&mut self, value: V128) -> NodeId {
        let index = self.pooled(value);
        self.vector_node(VectorNode::Const(index), ValType::V128)
    }

    /// Puts a vector among the function's constants; returns its index.
    pub(super) fn pooled(&mut self, value: V128) -> u32 {
        self.body.vectors.push(value);
        self.body.vectors.len() as u32 - 1
    }

    /// Adds a node that reads the value of this type in a slot, or in those from it on.
    pub(super) fn slot_node(&mut self, slot: Slot, ty: ValType) -> NodeId {
        match ty {
            ValType::V128 => self.vector_node(VectorNode::Slot(slot), ty),
            _ => self.node(Node::Slot(slot), ty),
        }
    }

    /// Writes a tree's value into a slot, or into those from it on.
    pub(super) fn set(&mut self, slot: Slot, value: NodeId) {
        self.emit(match self.body.node_types[value as usize] {
            ValType::V128 => Statement::VectorSet { slot, value },
            _ => Statement::Set { slot, value },
        });
    }

    /// Whether a node over these operands would be deeper or larger than a tree may be.
    pub(super) fn too_big(&self, operands: &[NodeId]) -> bool {
        let size: u16 = operands.iter().map(|&id| self.facts[id as usize].size).sum();
        let depth = operands.iter().map(|&id| self.facts[id as usize].depth).max();
        size >= MAX_TREE_SIZE || u32::from(depth.unwrap_or(0)) + 1 > MAX_TREE_DEPTH
    }

    /// Whether a tree reads a slot.
    pub(super) fn reads(&self, id: NodeId, slot: Slot) -> bool {
        self.body.reads(id, slot)
    }

    /// Whether a tree is the value in a slot, or in those from it on.
    pub(super) fn is_read_from(&self, id: NodeId, slot: Slot) -> bool {
        self.body.node(id).slots().is_some_and(|(first, _)| first == slot)
    }

    /// Whether a tree reads one of a number of slots, of which the first is given.
    pub(super) fn reads_any(&self, id: NodeId, first: Slot, count: Slot) -> bool {
        self.body.any(id, |node| {
            let overlaps =
                |(slot, slots): (Slot, Slot)| slot.wrapping_sub(first) < count || first.wrapping_sub(slot) < slots;
            node.slots().is_some_and(overlaps)
        })
    }

    /// Whether a tree reads a slot at or above this one.
    pub(super) fn reads_from(&self, id: NodeId, first: Slot) -> bool {
        self.body.any(id, |node| {
            node.slots()
                .is_some_and(|(slot, count)| slot.saturating_add(count - 1) >= first)
        })
    }

    /// Whether a tree reads a slot below this one.
    pub(super) fn reads_below(&self, id: NodeId, end: usize) -> bool {
        self.body
            .any(id, |node| node.slots().is_some_and(|(slot, _)| usize::from(slot) < end))
    }

    /// The slot bits of a constant that is no vector.
    pub(super) fn constant(&self, id: NodeId) -> Option<u64> {
        let Node::Const(value) = self.body.node(id) else {
            return None;
        };
        Some(value)
    }

    /// `op(a)`, folded and simplified.
    pub(super) fn unary_node(&mut self, op: UnaryOp, a: NodeId) -> NodeId {
        let (_, ty) = op.types();
        if let Some(value) = self.constant(a)
            && let Ok(value) = op.apply(value)
        {
            return self.node(Node::Const(value), ty);
        }
        if op == UnaryOp::I32Eqz
            && let Node::Binary { op, a, b } = self.body.node(a)
            && let Some(op) = op.negated()
        {
            return self.node(Node::Binary { op, a, b }, ty);
        }
        self.node(Node::Unary { op, a }, ty)
    }

    /// `op(a, b)`, folded; a constant goes to the right where that does not matter, and is added rather than subtracted.
    pub(super) fn binary_node(&mut self, op: BinaryOp, a: NodeId, b: NodeId) -> NodeId {
        let (_, _, ty) = op.types();
        match (self.constant(a), self.constant(b)) {
            (Some(x), Some(y)) => {
                if let Ok(value) = op.apply(x, y) {
                    return self.node(Node::Const(value), ty);
                }
            }
            (Some(_), None) => {
                if let Some(op) = op.swapped() {
                    return self.node(Node::Binary { op, a: b, b: a }, ty);
                }
            }
            (None, Some(y)) => {
                let sum = match op {
                    BinaryOp::I32Sub => Some((BinaryOp::I32Add, u64::from((y as u32).wrapping_neg()))),
                    BinaryOp::I64Sub => Some((BinaryOp::I64Add, y.wrapping_neg())),
                    _ => None,
                };
                if let Some((op, negative)) = sum {
                    let b = self.node(Node::Const(negative), ty);
                    return self.node(Node::Binary { op, a, b }, ty);
                }
            }
            (None, None) => {}
        }
        self.node(Node::Binary { op, a, b }, ty)
    }

    /// A branch condition without negations and comparisons with zero: the tree, and which outcome branches.
    pub(super) fn condition(&mut self, mut id: NodeId, mut when: bool) -> (NodeId, bool) {
        loop {
            match self.body.node(id) {
                Node::Unary { op: UnaryOp::I32Eqz, a } => {
                    id = a;
                    when = !when;
                }
                Node::Unary { op: UnaryOp::I64Eqz, a } => {
                    let zero = self.node(Node::Const(0), ValType::I64);
                    id = self.node(
                        Node::Binary {
                            op: BinaryOp::I64Eq,
                            a,
                            b: zero,
                        },
                        ValType::I32,
                    );
                }
                Node::Binary {
                    op: BinaryOp::I32Ne,
                    a,
                    b,
                } if self.constant(b) == Some(0) => id = a,
                Node::Binary {
                    op: BinaryOp::I32Eq,
                    a,
                    b,
                } if self.constant(b) == Some(0) => {
                    id = a;
                    when = !when;
                }
                Node::Binary { op, a, b } if !when => {
                    let Some(op) = op.negated() else { return (id, when) };
                    id = self.node(Node::Binary { op, a, b }, ValType::I32);
                    when = true;
                }
                Node::Slot(_)
                | Node::Const(_)
                | Node::Unary { .. }
                | Node::Binary { .. }
                | Node::Load { .. }
                | Node::Select { .. }
                | Node::GlobalGet(_)
                | Node::Vector(_) => return (id, when),
            }
        }
    }

    /// Adds a statement to the open block.
    pub(super) fn emit(&mut self, statement: Statement) {
        self.body.statements.push(statement);
        self.body.statement_offsets.push(self.offset);
    }

    /// A label without a block yet.
    pub(super) fn new_label(&mut self) -> Label {
        self.labels.push(None);
        (self.labels.len() - 1) as Label
    }

    /// Lets a label stand for the next block to be started.
    pub(super) fn bind(&mut self, label: Label) {
        self.labels[label as usize] = Some(self.body.blocks.len() as u32);
    }

    /// Ends the open block where nothing else does: the next one follows.
    pub(super) fn next_block(&mut self) {
        let label = self.new_label();
        self.terminate(Statement::Jump(label));
        self.bind(label);
    }

    /// Opens a block that a branch leads to, with these operands, for moving some of them.
    pub(super) fn start_edge(&mut self, entry: EntryTypes) {
        self.open_with(entry);
        // Few moves are no instructions: nothing to pay for.
        if self.body.metered {
            self.start_meter();
        }
    }

    /// Opens a block that control reaches in one way only, after a call: the code before it pays for it.
    pub(super) fn continue_block(&mut self) {
        self.open_block();
    }

    /// Opens a block that some paths reach and others do not.
    pub(super) fn start_block(&mut self) {
        self.open_block();
        if self.metering == Metering::Fuel {
            self.start_meter();
        }
    }

    /// Opens a block where a machine must be able to stop, because it might never stop elsewhere: the first of a function or loop.
    pub(super) fn start_polled_block(&mut self) {
        self.open_block();
        if self.metering != Metering::Off {
            self.start_meter();
        }
    }

    fn start_meter(&mut self) {
        self.close_meter();
        self.meter = Some((self.body.statements.len(), 0));
        self.emit(Statement::Meter { cost: 0 });
    }

    /// Counts an operator that comes next.
    #[inline(always)]
    pub(super) fn count(&mut self) {
        if let Some((_, cost)) = &mut self.meter {
            *cost += 1;
            if *cost > MAX_STRETCH {
                self.divide_stretch();
            }
        }
    }

    /// Lets the machine stop in the middle of a long stretch of code.
    #[cold]
    #[inline(never)]
    fn divide_stretch(&mut self) {
        // What was read before a stop is not read after it.
        self.materialize_effects(ANY);
        self.next_block();
        self.start_polled_block();
        self.pay(1);
        self.divided = self.divided.max(self.controls.len());
    }

    /// Counts work that an operator does for each of these slots, if they are many: clearing or moving them.
    pub(super) fn pay_slots(&mut self, slots: usize) {
        self.pay((slots.saturating_sub(FREE_SLOTS) * 8) as u64 / BYTES_PAID);
    }

    fn pay(&mut self, more: u64) {
        if let Some((_, cost)) = &mut self.meter {
            *cost = cost.saturating_add(more as u32);
        }
    }

    /// Opens the block where paths meet, or the second of two begins, which came from blocks deeper than this. Where one of them
    /// was divided, the meters before it pay for that one only.
    pub(super) fn start_merge(&mut self, depth: usize) {
        if self.divided > depth {
            self.divided = self.divided.min(self.controls.len());
            self.start_polled_block();
        } else {
            self.start_block();
        }
    }

    /// Writes the cost into the last meter.
    pub(super) fn close_meter(&mut self) {
        if let Some((statement, cost)) = self.meter.take() {
            self.body.statements[statement] = Statement::Meter { cost };
        }
    }

    /// Removes meters that cost nothing: those of blocks that only lead on to others. A loop cannot consist of such blocks
    /// alone, because the branch back costs.
    pub(super) fn drop_free_meters(&mut self) {
        let free = |statement: &Statement| matches!(statement, Statement::Meter { cost: 0 });
        if !self.body.statements.iter().any(free) {
            return;
        }
        let body = &mut self.body;
        let mut kept = 0;
        for block in &mut body.blocks {
            let all = block.first as usize..=block.terminator as usize;
            block.first = kept as u32;
            for index in all {
                let statement = body.statements[index];
                if !free(&statement) {
                    body.statements[kept] = statement;
                    body.statement_offsets[kept] = body.statement_offsets[index];
                    kept += 1;
                }
            }
            block.terminator = kept as u32 - 1;
        }
        body.statements.truncate(kept);
        body.statement_offsets.truncate(kept);
    }

    /// Opens a block with the operand stack as it is.
    fn open_block(&mut self) {
        let (top, covered) = self.covered();
        let mut above = std::mem::take(&mut self.above);
        above.extend((covered..self.stack.len()).map(|position| {
            let canonical = self.is_canonical(position);
            canonical.then_some(self.stack[position].ty)
        }));
        // A tree that waits may read the canonical slots of operands it has consumed: their values live on, too.
        let body = &self.body;
        let bottom = body.locals.len() + covered;
        for waiting in &self.stack[covered..] {
            body.for_each(waiting.node, |id, node| {
                let Some((first, _)) = node.slots() else { return };
                let Some(first) = usize::from(first).checked_sub(bottom) else {
                    return;
                };
                for (index, ty) in (first..).zip(body.node_types[id as usize].slot_types()) {
                    if above.len() <= index {
                        above.resize(index + 1, None);
                    }
                    above[index] = Some(ty);
                }
            });
        }
        let entry = self.body.operands.entry(top, covered, above.drain(..));
        self.above = above;
        self.open_with(entry);
    }

    /// Opens a block with these operands, all canonical.
    fn open_with(&mut self, entry: EntryTypes) {
        self.open = OpenBlock {
            entry,
            first: self.body.statements.len() as u32,
        };
    }

    /// The operands that are in their canonical slots for good, as a run, and their number in slots.
    pub(super) fn covered(&mut self) -> (RunId, usize) {
        let end = self.materialized;
        let mut first = end;
        while first > 0 && self.stack[first - 1].run == RunId::NONE {
            first -= 1;
        }
        let below = first.checked_sub(1).map_or(RunId::NONE, |below| self.stack[below].run);
        if first == end {
            return (below, end);
        }
        let types = self.stack[first..end].iter().map(|entry| entry.ty);
        let list = self.body.operands.list(types);
        (self.cover(below, first, list), end)
    }

    /// Makes a run of the materialized operands from `first` on, whose types are in this list.
    pub(super) fn cover(&mut self, below: RunId, first: usize, list: u32) -> RunId {
        let run = self.body.operands.run(below, first, list);
        for entry in &mut self.stack[first..self.materialized] {
            entry.run = run;
        }
        run
    }

    /// Ends the open block. Branch targets in the terminator are labels until [`Lowering::resolve_labels`].
    pub(super) fn terminate(&mut self, terminator: Statement) {
        self.emit(terminator);
        let open = std::mem::take(&mut self.open);
        self.body.blocks.push(CodeBlock {
            first: open.first,
            terminator: (self.body.statements.len() - 1) as u32,
            entry: open.entry,
        });
    }

    /// Lets a block return by itself if it jumps to a block that only moves its result to slot 0 and returns.
    pub(super) fn return_directly(&mut self) {
        let body = &mut self.body;
        for number in 0..body.blocks.len() {
            let block = &body.blocks[number];
            let (first, end) = (block.first as usize, block.terminator as usize);
            let Statement::Jump(target) = body.statements[end] else {
                continue;
            };
            match *body.statements(target) {
                [Statement::Return] => body.statements[end] = Statement::Return,
                [Statement::Set { slot, value: result }, Statement::Return] if first < end => {
                    let Statement::Set { slot: written, value } = body.statements[end - 1] else {
                        continue;
                    };
                    // What the block has just computed is all that is left of it.
                    if body.node(result) == Node::Slot(written) {
                        body.statements[end - 1] = Statement::Set { slot, value };
                        body.statements[end] = Statement::Return;
                    }
                }
                [Statement::VectorSet { slot, value: result }, Statement::Return] if first < end => {
                    let Statement::VectorSet { slot: written, value } = body.statements[end - 1] else {
                        continue;
                    };
                    if body.node(result) == Node::Vector(VectorNode::Slot(written)) {
                        body.statements[end - 1] = Statement::VectorSet { slot, value };
                        body.statements[end] = Statement::Return;
                    }
                }
                _ => {}
            }
        }
    }

    /// Replaces labels by blocks, following jumps that lead to jumps.
    pub(super) fn resolve_labels(&mut self) {
        let (labels, body) = (&self.labels, &mut self.body);
        let resolve = |label: u32| {
            // Every label that a branch names was bound: by its `end`, or by the block of its edge.
            let mut block = labels[label as usize].unwrap_or(0);
            for _ in 0..8 {
                let target = &body.blocks[block as usize];
                let Statement::Jump(next) = body.statements[target.terminator as usize] else {
                    break;
                };
                if target.first != target.terminator {
                    break;
                }
                block = labels[next as usize].unwrap_or(block);
            }
            block
        };
        self.resolved.extend((0..labels.len() as u32).map(resolve));
        let blocks = &self.resolved;
        for block in &body.blocks {
            if let Statement::Jump(target) | Statement::Branch { target, .. } =
                &mut body.statements[block.terminator as usize]
            {
                *target = blocks[*target as usize];
            }
        }
        for target in &mut body.targets {
            *target = blocks[*target as usize];
        }
    }
}
