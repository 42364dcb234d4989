//! An independent check of lowered code: everything that strategies rely on, derived from the code alone.
//!
//! It shares nothing with the lowering but the data structures. Debug builds run it on every function before it is
//! compiled; tests and fuzzing run it everywhere.

use std::fmt;

use crate::builtin::{self, BuiltinType};
use crate::code::vector::VectorNode;
use crate::code::{FunctionBody, Node, NodeId, Slot, Statement};
use crate::types::ValType;

/// What is wrong with a lowered function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyError(String);

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for VerifyError {}

/// The function costs too much to verify.
const WORK: &str = "more to verify than its size allows";

impl VerifyError {
    /// Whether the function may be sound, but would take more time to verify than is linear in its size.
    pub fn is_work(&self) -> bool {
        self.0 == WORK
    }
}

macro_rules! ensure {
    ($condition:expr, $($message:tt)*) => {
        if !$condition {
            return Err(VerifyError(format!($($message)*)));
        }
    };
}

mod meters;
mod module;

pub use self::module::{ModuleFacts, STEPS, verify_in};

/// Deepest expression tree that lowering may build; strategies recurse over trees when they compile.
pub const MAX_TREE_DEPTH: u32 = 16;

/// Scratch slots a frame reserves: two per level of the deepest tree and two for constants on the way, which the flat
/// view uses from the first one up, and [`SPARE_SLOTS`] for strategies at the end.
pub const SCRATCH_SLOTS: u16 = MAX_TREE_DEPTH as u16 * 2 + 2 + SPARE_SLOTS;

/// Scratch slots of a function with vectors, each of which takes two: two vectors per level and three constants.
pub const VECTOR_SCRATCH_SLOTS: u16 = MAX_TREE_DEPTH as u16 * 4 + 6 + SPARE_SLOTS;

/// Scratch slots that a frame reserves.
pub const fn scratch_slots(has_vectors: bool) -> u16 {
    if has_vectors {
        VECTOR_SCRATCH_SLOTS
    } else {
        SCRATCH_SLOTS
    }
}

/// The last slots of a frame: free for a strategy within one instruction, for operands it has no form for.
pub const SPARE_SLOTS: u16 = 2;

/// Checks a function.
///
/// # Errors
///
/// The first broken rule: slot bounds, tree order and depth, operand types, block layout, branch targets, and types of
/// canonical slots at block entry.
pub fn verify(body: &FunctionBody) -> Result<(), VerifyError> {
    let nodes = body.nodes.len();
    ensure!(
        body.node_types.len() == nodes && body.node_offsets.len() == nodes,
        "node tables of different length"
    );
    ensure!(
        body.statement_offsets.len() == body.statements.len(),
        "statement tables of different length"
    );
    ensure!(body.frame_size <= 1 << 16, "frame of {} slots", body.frame_size);
    let has_vectors = body.nodes.iter().any(|node| matches!(node, Node::Vector(_)));
    ensure!(
        u32::from(body.scratch) + u32::from(scratch_slots(has_vectors)) <= body.frame_size,
        "scratch slots beyond the frame"
    );
    ensure!(body.locals.len() <= usize::from(body.scratch), "locals in scratch");
    ensure!(
        usize::from(body.params) <= body.locals.len(),
        "more parameters than locals"
    );
    let locals: Vec<_> = body.locals.iter().map(Some).collect();
    ensure!(
        are_whole(&locals[..usize::from(body.params)]) && are_whole(&locals),
        "a part of a local"
    );
    ensure!(!body.blocks.is_empty(), "no blocks");
    ensure!(body.entry(0).is_empty(), "operands at function entry");
    let mut depths = Vec::with_capacity(nodes);
    for id in 0..nodes as u32 {
        let depth = node_depth(body, id, &depths)?;
        ensure!(depth <= MAX_TREE_DEPTH, "tree of depth {depth}");
        depths.push(depth);
    }
    let mut expected_first = 0;
    for (number, block) in body.blocks.iter().enumerate() {
        ensure!(
            block.first == expected_first,
            "block {number} does not follow the one before"
        );
        ensure!(block.terminator >= block.first, "block {number} is empty");
        ensure!(
            (block.terminator as usize) < body.statements.len(),
            "block {number} ends outside"
        );
        expected_first = block.terminator + 1;
        BlockChecker::new(body, number as u32)?.check()?;
    }
    ensure!(
        expected_first as usize == body.statements.len(),
        "statements outside blocks"
    );
    Ok(())
}

/// References of both types are one kind of slot: validation has kept them apart.
fn kind(ty: ValType) -> ValType {
    match ty {
        ValType::ExternRef => ValType::FuncRef,
        other => other,
    }
}

/// Whether slots of these types hold whole values: each part of one stands beside its siblings.
fn are_whole(types: &[Option<ValType>]) -> bool {
    let siblings = |slot: usize| types.get(slot).copied().flatten().map(ValType::siblings);
    (0..types.len()).all(|slot| {
        let (before, after) = siblings(slot).unwrap_or((0, 0));
        (before == 0 || slot > 0 && siblings(slot - 1) == Some((before - 1, after + 1)))
            && (after == 0 || siblings(slot + 1) == Some((before + 1, after - 1)))
    })
}

/// The type of a memory's addresses.
fn address_type(body: &FunctionBody, memory: u16) -> Result<ValType, VerifyError> {
    match body.shape.memory(u32::from(memory)) {
        Some(shape) => Ok(shape.address.value()),
        None => Err(VerifyError(format!("there is no memory {memory}"))),
    }
}

fn node_depth(body: &FunctionBody, id: NodeId, depths: &[u32]) -> Result<u32, VerifyError> {
    let child = |child: NodeId| {
        depths
            .get(child as usize)
            .copied()
            .ok_or_else(|| VerifyError(format!("node {id} uses node {child} before it is made")))
    };
    let typed = |child: NodeId, ty: ValType| {
        let found = body.node_types[child as usize];
        ensure!(kind(found) == kind(ty), "node {id} wants {ty} and gets {found}");
        Ok(())
    };
    let result = |ty: ValType| {
        let found = body.node_types[id as usize];
        ensure!(kind(found) == kind(ty), "node {id} gives {ty} but says {found}");
        Ok(())
    };
    let scalar = || {
        let ty = body.node_types[id as usize];
        ensure!(
            ty.slots() == 1 && ty.siblings() == (0, 0),
            "node {id} gives {ty} in one slot"
        );
        Ok(())
    };
    Ok(match body.node(id) {
        Node::Slot(slot) => {
            ensure!(slot < body.scratch, "node {id} reads slot {slot}");
            scalar()?;
            0
        }
        Node::Const(_) | Node::GlobalGet(_) => {
            scalar()?;
            0
        }
        Node::Unary { op, a } => {
            let depth = child(a)?;
            let (a_type, r_type) = op.types();
            // A reference is tested whatever it refers to.
            if op != crate::ops::UnaryOp::RefIsNull {
                typed(a, a_type)?;
            }
            result(r_type)?;
            depth + 1
        }
        Node::Binary { op, a, b } => {
            let depth = child(a)?.max(child(b)?);
            let (a_type, b_type, r_type) = op.types();
            typed(a, a_type)?;
            typed(b, b_type)?;
            result(r_type)?;
            depth + 1
        }
        Node::Load {
            op, memory, address, ..
        } => {
            let depth = child(address)?;
            typed(address, address_type(body, memory)?)?;
            result(op.result())?;
            depth + 1
        }
        Node::Select { condition, a, b } => {
            let depth = child(condition)?.max(child(a)?).max(child(b)?);
            typed(condition, ValType::I32)?;
            scalar()?;
            result(body.node_types[a as usize])?;
            result(body.node_types[b as usize])?;
            depth + 1
        }
        Node::Vector(node) => {
            match node {
                VectorNode::Slot(slot) => {
                    // Its second slot, too.
                    let last = u32::from(slot) + 1;
                    ensure!(last < u32::from(body.scratch), "node {id} reads slot {slot}");
                }
                VectorNode::Const(vector) => {
                    ensure!((vector as usize) < body.vectors.len(), "node {id} has no constant");
                }
                VectorNode::Shuffle { lanes, .. } => {
                    let lanes = body.vectors.get(lanes as usize).map(|lanes| lanes.to_bytes());
                    let known = |lanes: [u8; 16]| lanes.iter().all(|&lane| lane < 32);
                    ensure!(lanes.is_some_and(known), "node {id} takes bytes of no vector");
                }
                VectorNode::Extract { op, lane, .. } => ensure!(lane < op.lanes(), "node {id} has no lane {lane}"),
                VectorNode::Replace { op, lane, .. } => ensure!(lane < op.lanes(), "node {id} has no lane {lane}"),
                VectorNode::LoadLane { op, lane, .. } => ensure!(lane < op.lanes(), "node {id} has no lane {lane}"),
                VectorNode::GlobalGet(_)
                | VectorNode::Select { .. }
                | VectorNode::One { .. }
                | VectorNode::Two { .. }
                | VectorNode::Three { .. }
                | VectorNode::Test { .. }
                | VectorNode::Shift { .. }
                | VectorNode::Splat { .. }
                | VectorNode::Load { .. } => {}
            }
            let (mut operands, value) = node.types();
            if let VectorNode::Load { memory, .. } | VectorNode::LoadLane { memory, .. } = node {
                operands[0] = address_type(body, memory.into())?;
            }
            let mut depth = 0;
            for (operand, ty) in body.node(id).operands().zip(operands) {
                depth = depth.max(child(operand)? + 1);
                typed(operand, ty)?;
            }
            result(value)?;
            depth
        }
    })
}

/// Follows the types of canonical slots through one block.
struct BlockChecker<'a> {
    body: &'a FunctionBody,
    block: u32,
    /// Type in each canonical slot, from the first one on; `None` where nothing is known.
    canonical: Vec<Option<ValType>>,
}

impl<'a> BlockChecker<'a> {
    fn new(body: &'a FunctionBody, block: u32) -> Result<Self, VerifyError> {
        let slots = usize::from(body.scratch) - body.locals.len();
        let entry = body.entry(block);
        ensure!(
            entry.len() <= slots,
            "block {block} enters with more operands than slots for them"
        );
        ensure!(are_whole(&entry), "block {block} enters with a part of a value");
        let mut types = entry;
        types.resize(slots, None);
        Ok(BlockChecker {
            body,
            block,
            canonical: types,
        })
    }

    fn check(mut self) -> Result<(), VerifyError> {
        let block = &self.body.blocks[self.block as usize];
        for index in block.first..=block.terminator {
            let statement = self.body.statements[index as usize];
            ensure!(
                statement.is_terminator() == (index == block.terminator),
                "block {} has a terminator in the middle, or none",
                self.block
            );
            for operand in statement.operands() {
                ensure!(
                    (operand as usize) < self.body.nodes.len(),
                    "statement {index} uses no node"
                );
                self.reads(operand)?;
            }
            self.statement(index, statement)?;
        }
        Ok(())
    }

    /// Every canonical slot that a tree reads holds a value of the type the tree takes it for.
    fn reads(&self, id: NodeId) -> Result<(), VerifyError> {
        self.body.walk(id, |id, node| {
            let Some((first, _)) = node.slots() else { return Ok(()) };
            for (slot, ty) in (first..).zip(self.body.node_types[id as usize].slot_types()) {
                let found = self.slot_type(slot);
                ensure!(
                    found.map(kind) == Some(kind(ty)),
                    "block {} reads slot {slot} as {ty}, which holds {found:?}",
                    self.block
                );
            }
            Ok(())
        })
    }

    fn slot_type(&self, slot: Slot) -> Option<ValType> {
        let slot = usize::from(slot);
        match self.body.locals.get(slot) {
            Some(ty) => Some(ty),
            None => self.canonical.get(slot - self.body.locals.len()).copied().flatten(),
        }
    }

    fn statement(&mut self, index: u32, statement: Statement) -> Result<(), VerifyError> {
        let end = self.canonical.len() + self.body.locals.len();
        let block = self.block;
        match statement {
            Statement::Set { slot, value } => {
                let ty = self.body.node_types[value as usize];
                ensure!(ty.slots() == 1, "statement {index} writes {ty} to one slot");
                self.write(index, slot, ty)?;
            }
            Statement::VectorSet { slot, value } => {
                self.takes(index, value, ValType::V128)?;
                self.write(index, slot, ValType::V128)?;
            }
            Statement::VectorGlobalSet { value, .. } => self.takes(index, value, ValType::V128)?,
            Statement::VectorStore {
                memory, address, value, ..
            } => {
                self.takes(index, address, address_type(self.body, memory.into())?)?;
                self.takes(index, value, ValType::V128)?;
            }
            Statement::StoreLane {
                op,
                lane,
                memory,
                address,
                value,
                ..
            } => {
                self.takes(index, address, address_type(self.body, memory.into())?)?;
                self.takes(index, value, ValType::V128)?;
                ensure!(lane < op.lanes(), "statement {index} has no lane {lane}");
            }
            Statement::Builtin { op, base, x, y } => {
                ensure!(
                    !(self.body.metered && op.is_bulk()) || index == self.body.blocks[block as usize].first,
                    "statement {index} may stop in the middle of a block"
                );
                ensure!(
                    usize::from(base) >= self.body.locals.len() && usize::from(base) + op.results().len() <= end,
                    "statement {index} writes no operand"
                );
                // The machine reads these slots, wherever they are and whatever it takes.
                ensure!(
                    u32::from(base) + builtin::SLOTS as u32 <= self.body.frame_size,
                    "statement {index} reaches beyond the frame"
                );
                let ty = |ty: BuiltinType| match ty.resolve(&self.body.shape, x, y) {
                    Some(ty) => Ok(kind(ty)),
                    None => Err(VerifyError(format!("statement {index} is of no memory or table"))),
                };
                for (slot, &operand) in (base..).zip(op.operands()) {
                    let (expected, found) = (ty(operand)?, self.slot_type(slot));
                    ensure!(
                        found.map(kind) == Some(expected),
                        "statement {index} wants {expected} in slot {slot}, which holds {found:?}"
                    );
                }
                self.forget_from(base);
                let position = usize::from(base) - self.body.locals.len();
                for (canonical, &result) in self.canonical[position..].iter_mut().zip(op.results()) {
                    *canonical = Some(ty(result)?);
                }
            }
            Statement::Jump(target) => self.edge(target)?,
            Statement::Branch { target, .. } => {
                self.edge(target)?;
                self.edge(block + 1)?;
            }
            Statement::Switch { first, count, .. } => {
                ensure!(count > 0, "statement {index} switches nowhere");
                let targets = self.body.targets.get(first as usize..first as usize + count as usize);
                ensure!(targets.is_some(), "statement {index} has no targets");
                for &target in targets.unwrap_or_default() {
                    self.edge(target)?;
                }
            }
            Statement::Call { base, .. } | Statement::CallIndirect { base, .. } => {
                if let Statement::CallIndirect { index: element, .. } = statement {
                    self.takes(index, element, ValType::I32)?;
                }
                ensure!(
                    usize::from(base) >= self.body.locals.len() && usize::from(base) <= end,
                    "statement {index} calls over locals"
                );
                self.forget_from(base);
                // What the callee leaves is declared by the next block's entry; what is below must agree.
                let next = block as usize + 1;
                ensure!(next < self.body.blocks.len(), "statement {index} returns to no block");
                let keep = usize::from(base) - self.body.locals.len();
                let entry = self.body.entry(next as u32);
                self.agree(&entry[..keep.min(entry.len())], next as u32)?;
            }
            Statement::Meter { .. } => {
                let first = self.body.blocks[block as usize].first;
                ensure!(index == first, "statement {index} meters in the middle of a block");
            }
            Statement::Store {
                op,
                memory,
                address,
                value,
                ..
            } => {
                self.takes(index, address, address_type(self.body, memory)?)?;
                self.takes(index, value, op.operand())?;
            }
            Statement::TailCallIndirect { index: element, .. } => self.takes(index, element, ValType::I32)?,
            Statement::GlobalSet { .. }
            | Statement::Eval(_)
            | Statement::TailCall { .. }
            | Statement::Return
            | Statement::Trap(_) => {}
        }
        Ok(())
    }

    /// A statement's operand has this type.
    fn takes(&self, index: u32, operand: NodeId, ty: ValType) -> Result<(), VerifyError> {
        let found = self.body.node_types[operand as usize];
        ensure!(kind(found) == kind(ty), "statement {index} wants {ty} and gets {found}");
        Ok(())
    }

    /// Slots from this one on get a value of this type.
    fn write(&mut self, index: u32, slot: Slot, ty: ValType) -> Result<(), VerifyError> {
        let locals = self.body.locals.len();
        let first = usize::from(slot);
        let end = first + usize::from(ty.slots());
        ensure!(
            end <= self.canonical.len() + locals,
            "statement {index} writes slot {slot}"
        );
        // Results and tail call arguments are left over the locals; nothing reads those any more.
        let leaving = matches!(
            self.body.statements[self.body.blocks[self.block as usize].terminator as usize],
            Statement::Return | Statement::TailCall { .. } | Statement::TailCallIndirect { .. }
        );
        for (slot, ty) in (first..end).zip(ty.slot_types()) {
            match slot.checked_sub(locals) {
                Some(position) => self.forget(position),
                None => {
                    let local = self.body.locals.get(slot);
                    ensure!(
                        leaving || local.map(kind) == Some(kind(ty)),
                        "statement {index} sets a local of type {local:?} to {ty}"
                    );
                }
            }
        }
        for (slot, ty) in (first..end).zip(ty.slot_types()) {
            if let Some(position) = slot.checked_sub(locals) {
                self.canonical[position] = Some(ty);
            }
        }
        Ok(())
    }

    /// The value of which this slot is a part no longer exists.
    fn forget(&mut self, position: usize) {
        let (before, after) = self.canonical[position].map_or((0, 0), ValType::siblings);
        let first = position.saturating_sub(usize::from(before));
        let end = (position + usize::from(after) + 1).min(self.canonical.len());
        self.canonical[first..end].fill(None);
    }

    /// Slots from `base` on belong to a callee or were consumed.
    fn forget_from(&mut self, base: Slot) {
        let from = usize::from(base).saturating_sub(self.body.locals.len());
        if from < self.canonical.len() {
            self.forget(from);
        }
        self.canonical[from..].fill(None);
    }

    fn edge(&self, target: u32) -> Result<(), VerifyError> {
        ensure!(
            (target as usize) < self.body.blocks.len(),
            "block {} branches to no block",
            self.block
        );
        self.agree(&self.body.entry(target), target)
    }

    fn agree(&self, entry: &[Option<ValType>], target: u32) -> Result<(), VerifyError> {
        for (position, (expected, found)) in entry.iter().zip(&self.canonical).enumerate() {
            ensure!(
                expected.is_none() || expected.map(kind) == found.map(kind),
                "block {} goes to block {target}, which wants {expected:?} as operand {position}, with {found:?}",
                self.block
            );
        }
        Ok(())
    }
}
