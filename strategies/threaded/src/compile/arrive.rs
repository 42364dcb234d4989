//! What a block begins with.
//!
//! A machine may stop at every block and continue there with nothing in the accumulators, so every block has an entrance for
//! that. A block that is reached from one place only finds the accumulators as they were there: it has a second entrance,
//! and the first, which loads them from their slots, is out of line.

use wasm_dispatch_ir::code::{FunctionBody, Slot, Statement};

use super::{Class, Compiler, Location};
use crate::code::Unit;
use crate::handlers::{control, numeric, vector_pick};

/// The slot that is cached in each accumulator: those of scalars, then that of vectors.
pub(super) type RegisterCache = [Option<Slot>; 4];

/// The place of the accumulator of vectors.
pub(super) const VECTOR: usize = 3;

/// Nothing is cached.
pub(super) const NOTHING: RegisterCache = [None; 4];

/// How control comes to a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Arrival {
    /// From the block before, past its branch or jump.
    Falling,
    /// By one branch or jump.
    Branching,
    /// In several ways, or from a call or the caller.
    Anyhow,
}

/// How control comes to each block of a function, and with what.
#[derive(Default)]
pub(super) struct Edges {
    arrivals: Vec<Arrival>,
    /// How many branches lead to each block, and whether the one before falls into it. In order of the function.
    branches: Vec<u32>,
    falls: Vec<bool>,
    /// What the one branch to a block left in the accumulators.
    brought: Vec<RegisterCache>,
    /// Blocks whose first entrance is out of line, with what it loads.
    out_of_line: Vec<(u32, RegisterCache)>,
}

impl Edges {
    /// Finds them out, where there are none yet.
    pub(super) fn find(&mut self, body: &FunctionBody, used: bool) {
        self.branches.resize(body.blocks.len(), 0);
        self.falls.resize(body.blocks.len() + 1, false);
        let (branches, falls) = (&mut self.branches, &mut self.falls);
        let mut count = |block: u32| branches[block as usize] = branches[block as usize].saturating_add(1);
        for number in 0..body.blocks.len() as u32 {
            match body.statements[body.terminator(number) as usize] {
                Statement::Branch { target, .. } => {
                    count(target);
                    falls[number as usize + 1] = true;
                }
                Statement::Jump(target) if target == number + 1 => falls[target as usize] = true,
                Statement::Jump(target) => {
                    count(target);
                    // Where a jump leads may be copied here, with its edges.
                    match body.statements[body.terminator(target) as usize] {
                        Statement::Branch { target: taken, .. } => {
                            count(taken);
                            count(target + 1);
                        }
                        Statement::Jump(next) => count(next),
                        // Each target gets what the first of the two switches brings; the other brings nothing.
                        Statement::Switch { .. } => {}
                        Statement::Call { .. }
                        | Statement::CallIndirect { .. }
                        | Statement::TailCall { .. }
                        | Statement::TailCallIndirect { .. }
                        | Statement::Return
                        | Statement::Trap(_) => {}
                        // No terminators.
                        Statement::Set { .. }
                        | Statement::GlobalSet { .. }
                        | Statement::Store { .. }
                        | Statement::VectorSet { .. }
                        | Statement::VectorGlobalSet { .. }
                        | Statement::VectorStore { .. }
                        | Statement::StoreLane { .. }
                        | Statement::Eval(_)
                        | Statement::Builtin { .. }
                        | Statement::Meter { .. } => {}
                    }
                }
                // Where a call returns to is the next node, with whatever the callee leaves in the accumulators.
                Statement::Call { .. } | Statement::CallIndirect { .. } => {
                    count(number + 1);
                    falls[number as usize + 1] = true;
                }
                Statement::Switch { first, count: all, .. } => {
                    let targets = &body.targets[first as usize..(first + all) as usize];
                    targets.iter().for_each(|&target| count(target));
                }
                Statement::TailCall { .. }
                | Statement::TailCallIndirect { .. }
                | Statement::Return
                | Statement::Trap(_) => {}
                // No terminators.
                Statement::Set { .. }
                | Statement::GlobalSet { .. }
                | Statement::Store { .. }
                | Statement::VectorSet { .. }
                | Statement::VectorGlobalSet { .. }
                | Statement::VectorStore { .. }
                | Statement::StoreLane { .. }
                | Statement::Eval(_)
                | Statement::Builtin { .. }
                | Statement::Meter { .. } => {}
            }
        }
        let arrival = |(&branches, &falls): (&u32, &bool)| match (branches, falls) {
            _ if !used => Arrival::Anyhow,
            (0, true) => Arrival::Falling,
            (1, false) => Arrival::Branching,
            _ => Arrival::Anyhow,
        };
        self.arrivals.extend(branches.iter().zip(&*falls).map(arrival));
        if let Some(entry) = self.arrivals.first_mut() {
            *entry = Arrival::Anyhow;
        }
        self.brought.resize(body.blocks.len(), NOTHING);
    }

    /// Forgets all and keeps the room.
    pub(super) fn clear(&mut self) {
        self.arrivals.clear();
        self.branches.clear();
        self.falls.clear();
        self.brought.clear();
        self.out_of_line.clear();
    }
}

impl Compiler<'_> {
    /// Begins a block: places its entrances, and finds out what the accumulators hold.
    pub(super) fn begin_block(&mut self, number: u32) {
        let brought = match self.room.edges.arrivals[number as usize] {
            Arrival::Falling => self.cached,
            Arrival::Branching => self.room.edges.brought[number as usize],
            Arrival::Anyhow => NOTHING,
        };
        self.last = None;
        self.carried = None;
        // Placed by `entrances` if it is out of line.
        let start = self.next_node();
        self.room.blocks.push(start);
        self.cached = brought;
        if brought != NOTHING {
            self.room.edges.out_of_line.push((number, brought));
        } else if let Some(carried) = self.carried_by(number) {
            let slot = carried.slot;
            self.carried = Some(carried);
            self.out_of_line = true;
            self.node(numeric::pick_move(Class::I64, Location::Slot), &[Unit::from(slot)]);
            self.out_of_line = false;
            self.cached[0] = Some(slot);
            self.last = None;
        }
        let start = self.next_node();
        self.room.carried_blocks.push(start);
    }

    /// Whether a branch from here to a block may come with what the accumulators hold.
    pub(super) fn brings(&mut self, block: u32) -> bool {
        if let Some(carried) = self.carried
            && carried.block == block
        {
            return self.cached[0] == Some(carried.slot);
        }
        let is_ahead = block as usize >= self.room.blocks.len();
        let brought = &mut self.room.edges.brought[block as usize];
        // A copy of the one branch may have been here before.
        if !is_ahead || self.room.edges.arrivals[block as usize] != Arrival::Branching || *brought != NOTHING {
            return false;
        }
        *brought = self.cached;
        *brought != NOTHING
    }

    /// Writes the entrances that are out of line.
    pub(super) fn entrances(&mut self) {
        let trace = self.trace.take();
        let out_of_line = std::mem::take(&mut self.room.edges.out_of_line);
        for &(block, cached) in &out_of_line {
            self.room.blocks[block as usize] = self.next_node();
            self.last = None;
            for (slot, class) in cached.into_iter().zip([Class::I64, Class::F64, Class::F32]) {
                if let Some(slot) = slot {
                    self.node(numeric::pick_move(class, Location::Slot), &[Unit::from(slot)]);
                }
            }
            if let Some(slot) = cached[VECTOR] {
                self.node(vector_pick::pick_move(Location::Slot), &[Unit::from(slot)]);
            }
            self.node(control::jump(), &[]);
            self.room.targets.push(self.room.stream.len());
            self.room.stream.extend_from_slice(&[block, 1]);
        }
        self.room.edges.out_of_line = out_of_line;
        self.trace = trace;
    }
}
