//! The form of the code: 16-byte operations of a stack machine.

use std::fmt;

use wasm_dispatch_ir::Trap;
use wasm_dispatch_ir::code::{BlockId, BuiltinCall, Slot};
use wasm_dispatch_ir::ops::{BinaryOp, LoadOp, StoreOp, UnaryOp};
use wasm_dispatch_ir::vector::V128;
use wasm_dispatch_machine::state::Frame;

use crate::vector::VectorOp;

/// Declares the opcodes: one for each row of the instruction table, and those for everything else.
macro_rules! opcodes {
    (unary [$($unary:ident)*] test [$($test:ident)*] value [$($value:ident)*]
     load [$($load:ident)*] store [$($store:ident)*] builtin $builtin:tt) => {
        /// One operation of the stack machine. The names are those of WebAssembly; rows of the instruction table pop
        /// their operands and push their result, loads and stores hold their static offset.
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub enum Op {
            /// Push a frame slot.
            LocalGet(Slot),
            /// Pop into a frame slot.
            LocalSet(Slot),
            /// Push a constant, as slot bits.
            Const(u64),
            /// Push a global that the module defines.
            OwnGlobalGet(u32),
            /// Pop into a global that the module defines.
            OwnGlobalSet(u32),
            /// Push a global that the module imports.
            ImportedGlobalGet(u32),
            /// Pop into a global that the module imports.
            ImportedGlobalSet(u32),
            /// Pop a condition and two values, push the first if the condition is not zero, else the second.
            Select,
            /// Pop.
            Drop,
            $($unary,)* $($test,)* $($value,)*
            $($load(u64),)*
            $($store(u64),)*
            /// A load from a memory that is not the first, or has addresses of 64 bits: an entry of [`Code::others`].
            OtherLoad(LoadOp, u32),
            /// A store to a memory that is not the first, or has addresses of 64 bits: an entry of [`Code::others`].
            OtherStore(StoreOp, u32),
            /// One on vectors.
            Vector(VectorOp),
            /// A builtin: an entry of [`Code::builtins`].
            Builtin(u32),
            /// Pay for a block, or suspend the run at it.
            Meter { cost: u32, block: BlockId },
            /// Go on at an operation.
            Br(u32),
            /// Pop, and go on there if it is not zero.
            BrIf(u32),
            /// Pop, and go on there if it is zero.
            BrUnless(u32),
            /// Pop an index into `count` entries of [`Code::targets`] from `first` on; the last is the default.
            BrTable { first: u32, count: u32 },
            /// Call a function that the module defines, with its frame at `base`; then go on with the block.
            Call { function: u32, base: Slot, next: BlockId },
            /// Call any function, by its index in the module, with its frame at `base`; then go on with the block.
            CallImport { function: u32, base: Slot, next: BlockId },
            /// Pop an element index, and call: an entry of [`Code::indirect`].
            CallIndirect(u32),
            /// Call a function in place of this one, by its index in the module.
            TailCall(u32),
            /// Pop an element index, and call in place of this function: an entry of [`Code::indirect`].
            TailCallIndirect(u32),
            Return,
            Trap(Trap),
        }

        impl fmt::Display for Op {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match *self {
                    Op::LocalGet(slot) => write!(f, "local.get {slot}"),
                    Op::LocalSet(slot) => write!(f, "local.set {slot}"),
                    Op::Const(value) => write!(f, "const {value:#x}"),
                    Op::OwnGlobalGet(global) => write!(f, "own_global.get {global}"),
                    Op::OwnGlobalSet(global) => write!(f, "own_global.set {global}"),
                    Op::ImportedGlobalGet(global) => write!(f, "imported_global.get {global}"),
                    Op::ImportedGlobalSet(global) => write!(f, "imported_global.set {global}"),
                    Op::Select => f.write_str("select"),
                    Op::Drop => f.write_str("drop"),
                    $(Op::$unary => f.write_str(UnaryOp::$unary.mnemonic()),)*
                    $(Op::$test => f.write_str(BinaryOp::$test.mnemonic()),)*
                    $(Op::$value => f.write_str(BinaryOp::$value.mnemonic()),)*
                    $(Op::$load(offset) => write!(f, "{} offset={offset}", LoadOp::$load.mnemonic()),)*
                    $(Op::$store(offset) => write!(f, "{} offset={offset}", StoreOp::$store.mnemonic()),)*
                    Op::OtherLoad(op, other) => write!(f, "{} other {other}", op.mnemonic()),
                    Op::OtherStore(op, other) => write!(f, "{} other {other}", op.mnemonic()),
                    Op::Vector(op) => write!(f, "{op}"),
                    Op::Builtin(index) => write!(f, "builtin {index}"),
                    Op::Meter { cost, block } => write!(f, "meter {cost} or suspend at block {block}"),
                    Op::Br(target) => write!(f, "br {target}"),
                    Op::BrIf(target) => write!(f, "br_if {target}"),
                    Op::BrUnless(target) => write!(f, "br_unless {target}"),
                    Op::BrTable { first, count } => write!(f, "br_table {first} {count}"),
                    Op::Call { function, base, next } => write!(f, "call {function} at {base}, then block {next}"),
                    Op::CallImport { function, base, next } => {
                        write!(f, "call_import {function} at {base}, then block {next}")
                    }
                    Op::CallIndirect(index) => write!(f, "call_indirect {index}"),
                    Op::TailCall(function) => write!(f, "return_call {function}"),
                    Op::TailCallIndirect(index) => write!(f, "return_call_indirect {index}"),
                    Op::Return => f.write_str("return"),
                    Op::Trap(trap) => write!(f, "trap: {trap}"),
                }
            }
        }

        impl Op {
            pub fn unary(op: UnaryOp) -> Op {
                match op {
                    $(UnaryOp::$unary => Op::$unary,)*
                }
            }

            pub fn binary(op: BinaryOp) -> Op {
                match op {
                    $(BinaryOp::$test => Op::$test,)*
                    $(BinaryOp::$value => Op::$value,)*
                }
            }

            pub fn load(op: LoadOp, offset: u64) -> Op {
                match op {
                    $(LoadOp::$load => Op::$load(offset),)*
                }
            }

            pub fn store(op: StoreOp, offset: u64) -> Op {
                match op {
                    $(StoreOp::$store => Op::$store(offset),)*
                }
            }
        }
    };
}

wasm_dispatch_ir::for_each_name!(opcodes);

/// An indirect call's parameters, which do not fit an operation.
#[derive(Clone, Copy, Debug)]
pub struct Indirect {
    pub table: u32,
    pub ty: u32,
    /// Where the callee's frame begins, and the block to go on with: nothing for a call in place of the caller.
    pub base: Slot,
    pub next: BlockId,
}

/// An access's memory and offset, which do not fit an operation together.
#[derive(Clone, Copy, Debug)]
pub struct Other {
    pub memory: u16,
    pub offset: u32,
}

/// A function as stack code.
#[derive(Debug, Default)]
pub struct Code {
    /// The operations, block after block; a block that does not end with a branch goes on with the next.
    pub ops: Vec<Op>,
    /// Statement of each operation, for traps.
    pub statements: Vec<u32>,
    /// Index of each block's first operation.
    pub block_starts: Vec<u32>,
    /// First slot of the operand stack.
    pub stack: Slot,
    /// Operation numbers that `br_table` leads to.
    pub targets: Vec<u32>,
    /// Constants of operations on vectors.
    pub vectors: Vec<V128>,
    /// Parameters of builtins.
    pub builtins: Vec<BuiltinCall>,
    /// Parameters of indirect calls.
    pub indirect: Vec<Indirect>,
    /// Parameters of [`Op::OtherLoad`] and [`Op::OtherStore`].
    pub others: Vec<Other>,
}

impl Code {
    /// Where a frame goes on.
    #[inline(always)]
    pub fn resume(&self, frame: Frame) -> usize {
        if frame.native != 0 {
            frame.native as usize
        } else {
            self.block_starts[frame.block as usize] as usize
        }
    }

    /// Heap bytes.
    pub fn bytes(&self) -> usize {
        size_of_val(&self.ops[..])
            + size_of_val(&self.statements[..])
            + size_of_val(&self.block_starts[..])
            + size_of_val(&self.targets[..])
            + size_of_val(&self.vectors[..])
            + size_of_val(&self.builtins[..])
            + size_of_val(&self.indirect[..])
            + size_of_val(&self.others[..])
    }
}
