//! 64-bit addresses of memories and indices of tables.
//!
//! Loads and stores have a 32-bit static offset, and indirect calls a 32-bit index: that is what strategies are fast at. Whatever
//! has more bits becomes arithmetic here, so that strategies need not know about it.

use wasm_dispatch_ir::code::{Node, NodeId};
use wasm_dispatch_ir::ops::{BinaryOp, UnaryOp};
use wasm_dispatch_ir::shape::AddressType;
use wasm_dispatch_ir::types::ValType;
use wasmparser::{MemArg, MemArgTarget};

use super::{Lowering, ModuleTypes};

/// The address that no access can be at: with the width of the access it wraps.
const NOWHERE: u64 = u64::MAX;

impl<T: ModuleTypes> Lowering<'_, T> {
    /// Call this before an access takes its operands, with the number of slots on the stack above its address: an address that
    /// [`Lowering::place`] will read twice goes to its canonical slot.
    pub(super) fn prepare_address(&mut self, memarg: &MemArg, above: usize) {
        if memarg.offset > u64::from(u32::MAX) {
            self.prepare_twice(self.stack.len() - 1 - above);
        }
    }

    /// Memory index, address and static offset of an access to this address.
    pub(super) fn place(&mut self, memarg: &MemArg, address: NodeId) -> (u16, NodeId, u32) {
        let (MemArgTarget::Memory(memory) | MemArgTarget::Array(memory)) = memarg.target;
        // Validation lets at most 100 memories through.
        debug_assert!(memory <= u32::from(u16::MAX));
        match u32::try_from(memarg.offset) {
            Ok(offset) => (memory as u16, address, offset),
            Err(_) => (memory as u16, self.far_address(address, memarg.offset), 0),
        }
    }

    /// `address + offset`, or nowhere if that wraps.
    fn far_address(&mut self, address: NodeId, offset: u64) -> NodeId {
        if let Node::Const(address) = self.body.node(address) {
            let sum = address.checked_add(offset).unwrap_or(NOWHERE);
            return self.node(Node::Const(sum), ValType::I64);
        }
        let offset = self.node(Node::Const(offset), ValType::I64);
        let a = self.binary_node(BinaryOp::I64Add, address, offset);
        let condition = self.binary_node(BinaryOp::I64GeU, a, offset);
        let b = self.node(Node::Const(NOWHERE), ValType::I64);
        self.node(Node::Select { condition, a, b }, ValType::I64)
    }

    /// Pops a table's index, as 32 bits.
    pub(super) fn pop_index(&mut self, table: u32) -> NodeId {
        let wide = |shape: wasm_dispatch_ir::shape::TableShape| shape.address == AddressType::I64;
        if !self.body.shape.table(table).is_some_and(wide) {
            return self.pop();
        }
        self.prepare_twice(self.stack.len() - 1);
        let index = self.pop();
        // A table has fewer than 2^32 elements: none is at the last index of 32 bits.
        const NONE: u64 = u32::MAX as u64;
        if let Node::Const(index) = self.body.node(index) {
            return self.node(Node::Const(index.min(NONE)), ValType::I32);
        }
        let b = self.node(Node::Const(NONE), ValType::I32);
        let end = self.node(Node::Const(1 << 32), ValType::I64);
        let condition = self.binary_node(BinaryOp::I64LtU, index, end);
        let a = self.unary_node(UnaryOp::I32WrapI64, index);
        self.node(Node::Select { condition, a, b }, ValType::I32)
    }
}
