//! Loads and stores.

use wasm_dispatch_ir::code::{Node, NodeId, Slot};
use wasm_dispatch_ir::ops::{BinaryOp, LoadOp, StoreOp};

use super::{Compiler, Operand, To, accumulator};
use crate::code::Unit;
use crate::handlers::{memory, memory64};
use crate::kind::{AddressForm, Class};

impl Compiler<'_> {
    /// An address operand: a sum is fused when its parts are leaves, or one is in the accumulator.
    pub(super) fn address_of(&mut self, id: NodeId, scratch: Slot) -> (AddressForm, Operand, Option<Operand>) {
        if let Node::Binary {
            op: BinaryOp::I32Add,
            a,
            b,
        } = self.body.node(id)
            && self.techniques.sums
        {
            let (_, a, b) = self.binary(BinaryOp::I32Add, a, b, scratch);
            // Addition is commutative: the accumulator stands left.
            let (a, b) = if b == Operand::Acc { (b, a) } else { (a, b) };
            return (AddressForm::Sum(a.location(), b.location()), a, Some(b));
        }
        let operand = self.one(id, scratch);
        (AddressForm::One(operand.location()), operand, None)
    }

    pub(super) fn load(&mut self, op: LoadOp, memory: u16, address: NodeId, offset: u64, to_slot: bool, scratch: Slot) {
        if memory == 0 && !self.body.is_fast(memory) {
            return self.load_wide(op, address, offset, to_slot, scratch);
        }
        if memory != 0 {
            let slot = self.copied(address, scratch);
            let entry = memory::pick_load_any(Class::of(op.result()), to_slot);
            self.node(entry, &[op as u32, u32::from(memory)]);
            self.address(offset);
            self.room.stream.push(Unit::from(slot));
            self.forget(slot);
            return;
        }
        let (address, a, b) = self.address_of(address, scratch);
        self.node(memory::pick_load(op, address, to_slot), &[]);
        self.address(offset + op.width() as u64);
        self.operand(a);
        if let Some(b) = b {
            self.operand(b);
        }
    }

    /// A load from memory 0 at an address of 64 bits.
    fn load_wide(&mut self, op: LoadOp, address: NodeId, offset: u64, to_slot: bool, scratch: Slot) {
        let a = self.one_variable(address, scratch);
        self.node(memory64::pick_load(op, a == Operand::Acc, to_slot), &[]);
        self.address(offset + op.width() as u64);
        self.operand(a);
    }

    /// A store to memory 0 at an address of 64 bits.
    fn store_wide(&mut self, op: StoreOp, address: NodeId, offset: u64, value: NodeId) {
        let mut scratch = self.body.scratch;
        let (a, value) = if self.leaf(value).is_some() {
            let a = self.one_variable(address, scratch);
            let value = match a {
                Operand::Acc if accumulator(self.class(value)) == 0 => self.plain_leaf(value),
                _ => self.leaf(value),
            };
            (a, value.unwrap_or(Operand::Acc))
        } else {
            let a = self.in_slot(address, &mut scratch);
            self.tree(value, To::Acc, scratch);
            (Operand::Slot(a), Operand::Acc)
        };
        self.node(memory64::pick_store(op, a == Operand::Acc, value.location()), &[]);
        self.address(offset + op.width() as u64);
        self.operand(a);
        self.operand(value);
    }

    /// A scratch slot with a copy of the value, which the node may overwrite.
    pub(super) fn copied(&mut self, id: NodeId, scratch: Slot) -> Slot {
        self.tree(id, To::Slot(scratch), scratch);
        scratch
    }

    pub(super) fn store(&mut self, op: StoreOp, memory: u16, address: NodeId, offset: u64, value: NodeId) {
        let mut scratch = self.body.scratch;
        if memory == 0 && !self.body.is_fast(memory) {
            return self.store_wide(op, address, offset, value);
        }
        if memory != 0 {
            let address = self.in_slot(address, &mut scratch);
            let value = self.in_slot(value, &mut scratch);
            self.node(memory::store_any_memory(), &[op as u32, u32::from(memory)]);
            self.address(offset);
            self.room
                .stream
                .extend_from_slice(&[Unit::from(address), Unit::from(value)]);
            return;
        }
        let (address, a, b, value) = if self.leaf(value).is_some() {
            let (address, a, b) = self.address_of(address, scratch);
            let taken = a == Operand::Acc || b == Some(Operand::Acc);
            let value = if taken && accumulator(self.class(value)) == 0 {
                self.plain_leaf(value)
            } else {
                self.leaf(value)
            };
            (address, a, b, value.unwrap_or(Operand::Acc))
        } else {
            // The value comes last, through the accumulator; what the address needs is a leaf, or kept in scratch.
            let (address, a, b) = self.kept_address(address, &mut scratch);
            self.tree(value, To::Acc, scratch);
            (address, a, b, Operand::Acc)
        };
        self.node(memory::pick_store(op, address, value.location()), &[]);
        self.address(offset + op.width() as u64);
        self.operand(a);
        if let Some(b) = b {
            self.operand(b);
        }
        self.operand(value);
    }

    /// An address operand that survives the evaluation of another tree.
    pub(super) fn kept_address(&mut self, id: NodeId, scratch: &mut Slot) -> (AddressForm, Operand, Option<Operand>) {
        if let Node::Binary {
            op: BinaryOp::I32Add,
            a,
            b,
        } = self.body.node(id)
            && self.techniques.sums
            && let (Some(x @ Operand::Slot(_)), Some(y)) = (self.plain_leaf(a), self.plain_leaf(b))
        {
            return (AddressForm::Sum(x.location(), y.location()), x, Some(y));
        }
        let operand = self.kept(id, scratch);
        (AddressForm::One(operand.location()), operand, None)
    }
}
