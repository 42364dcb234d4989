//! Nodes on vectors. They have an accumulator of their own, which is a register cache of the frame as the others are.

use wasm_dispatch_ir::V128;
use wasm_dispatch_ir::code::vector::VectorNode;
use wasm_dispatch_ir::code::{Node, NodeId, Slot};
use wasm_dispatch_ir::vector_ops::{ShiftOp, StoreLaneOp, Vector2Op, VectorLoadOp, VectorStoreOp};

use super::arrive::VECTOR;
use super::{Compiler, Operand, To};
use crate::code::Unit;
use crate::handlers::vector_constants as constants;
use crate::handlers::vector_memory::Access;
use crate::handlers::vector_pick as pick;
use crate::kind::{AddressForm, Location};

/// What an access of a vector needs besides operands.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub memory: u8,
    pub address: NodeId,
    pub offset: u32,
}

impl Compiler<'_> {
    /// A vector in slots; one that is cached in the accumulator is taken from there.
    fn vector_leaf(&self, id: NodeId) -> Option<Operand> {
        match self.plain_vector(id) {
            Some(Operand::Slot(slot)) if self.cached[VECTOR] == Some(slot) && self.techniques.vectors => {
                Some(Operand::Acc)
            }
            leaf => leaf,
        }
    }

    /// A vector in slots that must not come from the accumulator, because another operand does.
    fn plain_vector(&self, id: NodeId) -> Option<Operand> {
        match self.body.node(id) {
            Node::Vector(VectorNode::Slot(slot)) => Some(Operand::Slot(slot)),
            _ => None,
        }
    }

    /// One vector, in slots or in the accumulator.
    fn one_vector(&mut self, id: NodeId, scratch: Slot) -> Operand {
        match self.vector_leaf(id) {
            Some(operand) => operand,
            None if self.techniques.vectors => {
                self.tree(id, To::Acc, scratch);
                Operand::Acc
            }
            None => Operand::Slot(self.vector_in_slots(id, &mut { scratch })),
        }
    }

    /// A vector in slots; an inner result goes to scratch slots.
    fn vector_in_slots(&mut self, id: NodeId, scratch: &mut Slot) -> Slot {
        if let Some(Operand::Slot(slot)) = self.plain_vector(id) {
            return slot;
        }
        let slot = *scratch;
        self.tree(id, To::Slot(slot), slot);
        *scratch += 2;
        slot
    }

    /// Two vectors, evaluated in order, at most one of them in the accumulator.
    fn two_vectors(&mut self, a: NodeId, b: NodeId, scratch: Slot) -> (Operand, Operand) {
        if !self.techniques.vectors {
            let mut scratch = scratch;
            let a = self.vector_in_slots(a, &mut scratch);
            return (Operand::Slot(a), Operand::Slot(self.vector_in_slots(b, &mut scratch)));
        }
        match (self.plain_vector(a), self.plain_vector(b)) {
            (Some(plain), Some(other)) => match self.vector_leaf(a) {
                Some(Operand::Acc) => (Operand::Acc, other),
                _ => (plain, self.vector_leaf(b).unwrap_or(other)),
            },
            (None, Some(other)) => {
                self.tree(a, To::Acc, scratch);
                (Operand::Acc, other)
            }
            (Some(plain), None) => {
                self.tree(b, To::Acc, scratch);
                (plain, Operand::Acc)
            }
            (None, None) => {
                self.tree(a, To::Slot(scratch), scratch);
                self.tree(b, To::Acc, scratch + 2);
                (Operand::Slot(scratch), Operand::Acc)
            }
        }
    }

    /// A vector and a scalar, evaluated in order; the scalar is no constant.
    fn vector_and_scalar(&mut self, a: NodeId, b: NodeId, scratch: Slot) -> (Operand, Operand) {
        if self.plain_vector(a).is_some() {
            let b = self.one_variable(b, scratch);
            return (self.one_vector(a, scratch), b);
        }
        if self.plain_leaf(b).is_some() {
            let a = self.one_vector(a, scratch);
            // What a leaf needs leaves the accumulator of vectors alone; one that holds a scratch slot is left alone, too.
            let above = if a == Operand::Acc { scratch } else { scratch + 2 };
            return (a, self.one_variable(b, above));
        }
        let mut scratch = scratch;
        let a = self.vector_in_slots(a, &mut scratch);
        (Operand::Slot(a), self.one_variable(b, scratch))
    }

    /// Where the result of a row goes that has no form for the accumulator alone: to scratch slots, and from there on it is
    /// cached as any other result.
    fn to_slots(to: To, scratch: Slot) -> To {
        match to {
            To::Acc => To::Slot(scratch),
            to => to,
        }
    }

    /// The destination of a vector: its units, and from here on it is cached in the accumulator.
    fn vector_dest(&mut self, to: To) {
        self.cached[VECTOR] = None;
        if let To::Slot(slot) = to {
            self.past_acc(slot);
            self.cached[VECTOR] = Some(slot);
        }
    }

    /// Evaluates a tree of a vector or of what it gives.
    pub(super) fn vector_tree(&mut self, id: NodeId, node: VectorNode, to: To, scratch: Slot) {
        let to_slot = to.is_slot();
        match node {
            VectorNode::Slot(slot) => return self.move_vector(slot, to),
            VectorNode::Const(vector) => {
                match to {
                    To::Acc => self.node(pick::pick_move(Location::Const), &[]),
                    To::Slot(_) => self.node(pick::pick_copy(Location::Const), &[]),
                }
                self.bytes(vector);
                if let To::Slot(slot) = to {
                    return self.past_acc(slot);
                }
            }
            VectorNode::GlobalGet(global) => {
                let to = Self::to_slots(to, scratch);
                self.node(pick::global_get(), &[global]);
                if let To::Slot(slot) = to {
                    self.past_acc(slot);
                    self.reload(slot, to_slot);
                }
                return;
            }
            VectorNode::Select { condition, a, b } => {
                let mut scratch = scratch;
                let a = self.vector_in_slots(a, &mut scratch);
                let b = self.vector_in_slots(b, &mut scratch);
                let condition = self.one_variable(condition, scratch);
                self.node(pick::pick_select(condition.location(), to_slot), &[]);
                self.room.stream.extend_from_slice(&[Unit::from(a), Unit::from(b)]);
                self.operand(condition);
            }
            VectorNode::One { op, a } if op.is_hot() => {
                let a = self.one_vector(a, scratch);
                self.node(pick::pick_one(op, a.location(), to_slot), &[]);
                self.operand(a);
            }
            VectorNode::One { op, a } => {
                let a = self.vector_in_slots(a, &mut { scratch });
                self.node(pick::pick_one(op, Location::Slot, true), &[Unit::from(a)]);
                return self.vector_dest(Self::to_slots(to, scratch));
            }
            VectorNode::Two { op, a, b } if self.with_constant(op, a, b, to_slot, scratch) => {}
            VectorNode::Two { op, a, b } if op.is_hot() => {
                let (a, b) = self.two_vectors(a, b, scratch);
                self.node(pick::pick_two(op, a.location(), b.location(), to_slot), &[]);
                self.operand(a);
                self.operand(b);
            }
            VectorNode::Two { op, a, b } => {
                let mut above = scratch;
                let a = self.vector_in_slots(a, &mut above);
                let b = self.vector_in_slots(b, &mut above);
                let picked = pick::pick_two(op, Location::Slot, Location::Slot, true);
                self.node(picked, &[Unit::from(a), Unit::from(b)]);
                return self.vector_dest(Self::to_slots(to, scratch));
            }
            VectorNode::Three { op, a, b, c } if op.is_hot() => {
                let (a, b, c) = self.three_vectors(a, b, c, scratch);
                self.node(pick::pick_three(op, a.location(), c.location(), to_slot), &[]);
                self.operand(a);
                self.operand(b);
                self.operand(c);
            }
            VectorNode::Three { op, a, b, c } => {
                let mut above = scratch;
                let a = self.vector_in_slots(a, &mut above);
                let b = self.vector_in_slots(b, &mut above);
                let c = self.vector_in_slots(c, &mut above);
                let picked = pick::pick_three(op, Location::Slot, Location::Slot, true);
                self.node(picked, &[Unit::from(a), Unit::from(b), Unit::from(c)]);
                return self.vector_dest(Self::to_slots(to, scratch));
            }
            VectorNode::Test { op, a } if op.is_hot() => {
                let a = self.one_vector(a, scratch);
                self.node(pick::pick_test(op, a.location(), to_slot), &[]);
                self.operand(a);
                return self.dest(to, self.class(id));
            }
            VectorNode::Test { op, a } => {
                let a = self.vector_in_slots(a, &mut { scratch });
                self.node(pick::pick_test(op, Location::Slot, true), &[Unit::from(a)]);
                return self.dest(Self::to_slots(to, scratch), self.class(id));
            }
            VectorNode::Shift { op, a, b } => {
                if let (Some(by @ Operand::Const(..)), true) = (self.plain_leaf(b), op.is_hot()) {
                    let a = self.one_vector(a, scratch);
                    self.node(pick::pick_shift(op, a.location(), Location::Const, to_slot), &[]);
                    self.operand(a);
                    self.operand(by);
                } else {
                    let mut above = scratch;
                    let a = self.vector_in_slots(a, &mut above);
                    let b = self.in_slot(b, &mut above);
                    self.node(pick::pick_shift(op, Location::Slot, Location::Slot, true), &[]);
                    self.room.stream.extend_from_slice(&[Unit::from(a), Unit::from(b)]);
                    return self.vector_dest(Self::to_slots(to, scratch));
                }
            }
            VectorNode::Splat { op, a } => {
                let a = self.one_variable(a, scratch);
                self.node(pick::pick_splat(op, a.location(), to_slot), &[]);
                self.operand(a);
            }
            VectorNode::Extract { op, lane, a } => {
                let a = self.one_vector(a, scratch);
                self.node(pick::pick_extract(op, a.location(), to_slot), &[Unit::from(lane)]);
                self.operand(a);
                return self.dest(to, self.class(id));
            }
            VectorNode::Replace { op, lane, a, b } => {
                let (a, b) = self.vector_and_scalar(a, b, scratch);
                let picked = pick::pick_replace(op, a.location(), b.location(), to_slot);
                self.node(picked, &[Unit::from(lane)]);
                self.operand(a);
                self.operand(b);
            }
            VectorNode::Shuffle { lanes, a, b } if self.with_one_shuffled(lanes, a, b, to_slot, scratch) => {}
            VectorNode::Shuffle { lanes, a, b } => {
                let (a, b) = self.two_vectors(a, b, scratch);
                self.node(pick::pick_shuffle(a.location(), b.location(), to_slot), &[]);
                self.bytes(lanes);
                self.operand(a);
                self.operand(b);
            }
            VectorNode::Load {
                op,
                memory,
                address,
                offset,
            } => {
                let place = Place {
                    memory,
                    address,
                    offset,
                };
                return self.vector_load(op, place, to, scratch);
            }
            VectorNode::LoadLane {
                op,
                lane,
                memory,
                address,
                offset,
                a,
            } => {
                let to = Self::to_slots(to, scratch);
                let mut above = scratch + 2;
                let address = self.in_slot(address, &mut above);
                let a = self.vector_in_slots(a, &mut above);
                if self.body.is_fast(u16::from(memory)) {
                    self.node(pick::pick_load_lane(op), &[]);
                    self.address(u64::from(offset) + op.width() as u64);
                    self.room
                        .stream
                        .extend_from_slice(&[Unit::from(lane), Unit::from(address), Unit::from(a)]);
                    return self.vector_dest(to);
                }
                // The access changes the vector where it is.
                let changed = scratch;
                self.move_vector(a, To::Slot(changed));
                self.access_any(Access::LoadLane, op as u32, [memory, lane], offset, address, changed);
                self.forget_vector(changed);
                return match to {
                    To::Slot(slot) if slot != changed => self.move_vector(changed, To::Slot(slot)),
                    _ => self.reload(changed, to_slot),
                };
            }
        }
        self.vector_dest(to);
    }

    /// Three vectors: the first or the last from the accumulator.
    fn three_vectors(&mut self, a: NodeId, b: NodeId, c: NodeId, scratch: Slot) -> (Operand, Operand, Operand) {
        let mut scratch = scratch;
        let cached = self.vector_leaf(a) == Some(Operand::Acc);
        if let (true, Some(b), Some(c)) = (cached, self.plain_vector(b), self.plain_vector(c)) {
            return (Operand::Acc, b, c);
        }
        let a = self.vector_in_slots(a, &mut scratch);
        let b = self.vector_in_slots(b, &mut scratch);
        let c = self.one_vector(c, scratch);
        (Operand::Slot(a), Operand::Slot(b), c)
    }

    /// An operation on a vector and a constant, or a rotation, if it has a handler; all but its destination.
    fn with_constant(&mut self, op: Vector2Op, a: NodeId, b: NodeId, to_slot: bool, scratch: Slot) -> bool {
        if let (Vector2Op::V128Or, Some((left, x, by))) = (op, self.rotation(a, b)) {
            let x = self.one_vector(x, scratch);
            self.node(constants::pick_rotation(left, x.location(), to_slot), &[]);
            self.operand(x);
            self.room.stream.push(by);
            return true;
        }
        let (a, constant) = match (self.known_vector(a), self.known_vector(b)) {
            (_, Some(b)) => (a, b),
            (Some(a), None) if constants::commutes(op) => (b, a),
            _ => return false,
        };
        self.two_with_constant(op, a, constant, to_slot, scratch)
    }

    /// `op(a, constant)`, all but its destination, if it has a handler.
    fn two_with_constant(&mut self, op: Vector2Op, a: NodeId, constant: V128, to_slot: bool, scratch: Slot) -> bool {
        if constants::pick_two(op, Location::Slot, to_slot).is_none() {
            return false;
        }
        let a = self.one_vector(a, scratch);
        let Some(picked) = constants::pick_two(op, a.location(), to_slot) else {
            return false;
        };
        self.node(picked, &[]);
        self.operand(a);
        self.constant(constant);
        true
    }

    /// Two shifts of a vector in slots that are a rotation together: the shift to the left, the vector, the number of bits.
    fn rotation(&self, a: NodeId, b: NodeId) -> Option<(ShiftOp, NodeId, u32)> {
        let shift = |id| match self.body.node(id) {
            Node::Vector(VectorNode::Shift { op, a, b }) => match self.body.node(b) {
                Node::Const(by) => Some((op, a, by as u32)),
                _ => None,
            },
            _ => None,
        };
        let (a, b) = (shift(a)?, shift(b)?);
        let ((left, x, by), (right, y, rest)) = if constants::rotation(a.0).is_some() {
            (a, b)
        } else {
            (b, a)
        };
        let (opposite, bits) = constants::rotation(left)?;
        let same = self.plain_vector(x)? == self.plain_vector(y)?;
        (same && right == opposite && by.wrapping_add(rest) % bits == 0).then_some((left, x, by))
    }

    /// A shuffle that takes bytes of one vector alone, or else zeros, all but its destination: a swizzle by a constant.
    fn with_one_shuffled(&mut self, lanes: u32, a: NodeId, b: NodeId, to_slot: bool, scratch: Slot) -> bool {
        let lanes = self.body.vectors[lanes as usize].to_bytes();
        // What is not taken may be left out where it cannot trap.
        let is_leaf = |id| self.plain_vector(id).is_some() || self.known_vector(id).is_some();
        let is_zero = |id| self.known_vector(id) == Some(V128::ZERO);
        let same = self.plain_vector(a).is_some() && self.plain_vector(a) == self.plain_vector(b);
        let swapped = lanes.map(|lane| lane ^ 16);
        let (x, lanes) = if same {
            (a, lanes.map(|lane| lane & 15))
        } else if is_zero(b) || is_leaf(b) && lanes.iter().all(|&lane| lane < 16) {
            (a, lanes)
        } else if is_zero(a) || is_leaf(a) && lanes.iter().all(|&lane| lane >= 16) {
            (b, swapped)
        } else {
            return false;
        };
        self.two_with_constant(Vector2Op::I8x16Swizzle, x, V128::from_bytes(lanes), to_slot, scratch)
    }

    /// A vector that is known when it is compiled.
    fn known_vector(&self, id: NodeId) -> Option<V128> {
        match self.body.node(id) {
            Node::Vector(VectorNode::Const(vector)) => Some(self.body.vectors[vector as usize]),
            _ => None,
        }
    }

    /// The bytes of a constant of the function's.
    fn bytes(&mut self, vector: u32) {
        self.constant(self.body.vectors[vector as usize]);
    }

    /// The bytes of a constant.
    fn constant(&mut self, vector: V128) {
        for bytes in vector.to_bytes().chunks_exact(4) {
            self.room
                .stream
                .push(Unit::from_ne_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
        }
    }

    /// A destination that leaves the accumulator alone.
    fn past_acc(&mut self, slot: Slot) {
        self.room.stream.push(Unit::from(slot));
        self.forget_vector(slot);
    }

    /// What was in two slots is cached no longer.
    fn forget_vector(&mut self, slot: Slot) {
        self.forget(slot);
        self.forget(slot.wrapping_add(1));
    }

    /// A vector that was left in slots is in the accumulator, too, if that is where it is wanted.
    fn reload(&mut self, slot: Slot, only_slots: bool) {
        if !only_slots {
            self.node(pick::pick_move(Location::Slot), &[Unit::from(slot)]);
            self.vector_dest(To::Acc);
        }
    }

    /// A vector in slots, to elsewhere.
    pub(super) fn move_vector(&mut self, from: Slot, to: To) {
        let cached = self.cached[VECTOR] == Some(from) && self.techniques.vectors;
        match to {
            To::Acc if cached => {}
            To::Acc => {
                self.node(pick::pick_move(Location::Slot), &[Unit::from(from)]);
                self.vector_dest(to);
            }
            To::Slot(_) if cached => {
                self.node(pick::pick_move(Location::Acc), &[]);
                self.vector_dest(to);
            }
            To::Slot(slot) => {
                self.node(pick::pick_copy(Location::Slot), &[Unit::from(from)]);
                self.past_acc(slot);
            }
        }
    }

    /// An access of a memory other than the first, of the vector that is in slots.
    fn access_any(
        &mut self,
        access: Access,
        op: u32,
        [memory, lane]: [u8; 2],
        offset: u32,
        address: Slot,
        vector: Slot,
    ) {
        let units = [access as u32, op, Unit::from(memory), Unit::from(lane)];
        self.node(pick::access_any(), &units);
        self.address(u64::from(offset));
        self.room
            .stream
            .extend_from_slice(&[Unit::from(address), Unit::from(vector)]);
    }

    fn vector_load(&mut self, op: VectorLoadOp, place: Place, to: To, scratch: Slot) {
        let Place {
            memory,
            address,
            offset,
        } = place;
        if !self.body.is_fast(u16::from(memory)) {
            let to_slot = to.is_slot();
            let To::Slot(slot) = Self::to_slots(to, scratch) else {
                return;
            };
            let address = self.in_slot(address, &mut { scratch + 2 });
            self.access_any(Access::Load, op as u32, [memory, 0], offset, address, slot);
            self.forget_vector(slot);
            return self.reload(slot, to_slot);
        }
        let (form, a, b) = if pick::has_all_addresses(op) {
            self.address_of(address, scratch)
        } else {
            let a = self.one_variable(address, scratch);
            (AddressForm::One(a.location()), a, None)
        };
        self.node(pick::pick_load(op, form, to.is_slot()), &[]);
        self.address(u64::from(offset) + op.width() as u64);
        self.operand(a);
        if let Some(b) = b {
            self.operand(b);
        }
        self.vector_dest(to);
    }

    pub(super) fn vector_store(&mut self, op: VectorStoreOp, place: Place, value: NodeId) {
        let mut scratch = self.body.scratch;
        let Place {
            memory,
            address,
            offset,
        } = place;
        if !self.body.is_fast(u16::from(memory)) {
            let address = self.in_slot(address, &mut scratch);
            let value = self.vector_in_slots(value, &mut scratch);
            return self.access_any(Access::Store, op as u32, [memory, 0], offset, address, value);
        }
        let (form, a, b, value) = if self.plain_vector(value).is_some() {
            let (form, a, b) = self.address_of(address, scratch);
            (form, a, b, self.one_vector(value, scratch))
        } else {
            // The value comes last, through the accumulator; what the address needs is a leaf, or kept in scratch.
            let (form, a, b) = self.kept_address(address, &mut scratch);
            (form, a, b, self.one_vector(value, scratch))
        };
        self.node(pick::pick_store(op, form, value.location()), &[]);
        self.address(u64::from(offset) + op.width() as u64);
        self.operand(a);
        if let Some(b) = b {
            self.operand(b);
        }
        self.operand(value);
    }

    pub(super) fn store_lane(&mut self, op: StoreLaneOp, lane: u8, place: Place, value: NodeId) {
        let mut scratch = self.body.scratch;
        let Place {
            memory,
            address,
            offset,
        } = place;
        let address = self.in_slot(address, &mut scratch);
        if !self.body.is_fast(u16::from(memory)) {
            let value = self.vector_in_slots(value, &mut scratch);
            return self.access_any(Access::StoreLane, op as u32, [memory, lane], offset, address, value);
        }
        let value = self.one_vector(value, scratch);
        self.node(pick::pick_store_lane(op, value.location()), &[]);
        self.address(u64::from(offset) + op.width() as u64);
        self.room
            .stream
            .extend_from_slice(&[Unit::from(lane), Unit::from(address)]);
        self.operand(value);
    }

    pub(super) fn vector_global_set(&mut self, global: u32, value: NodeId) {
        let value = self.vector_in_slots(value, &mut { self.body.scratch });
        self.node(pick::global_set(), &[global, Unit::from(value)]);
    }
}
