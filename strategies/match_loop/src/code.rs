//! The form of the code: 16-byte operations, one opcode for each instruction and form of operands.
//!
//! ```text
//! | opcode u16 | a u16 | b u16 | d u16 | immediate u64 |
//! ```
//!
//! The form is part of the opcode (`ss`: both operands in slots, `sc`: the right one is the immediate, `cs`: the left
//! one), so that no operation looks up at run time where its operands are.

use std::fmt;

use pastey::paste;
use wasm_dispatch_ir::code::{BuiltinCall, Slot};
use wasm_dispatch_ir::ops::{BinaryOp, LoadOp, StoreOp, UnaryOp};
use wasm_dispatch_ir::vector::V128;
use wasm_dispatch_machine::state::Frame;

use crate::vector::VectorOp;

/// One operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Op {
    pub code: Opcode,
    pub a: Slot,
    pub b: Slot,
    pub d: Slot,
    pub imm: u64,
}

impl fmt::Display for Op {
    /// `I32AddSc a=3 b=0 d=5 imm=0x1`: all fields, whatever the opcode makes of them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Op { code, a, b, d, imm } = self;
        write!(f, "{code:?} a={a} b={b} d={d} imm={imm:#x}")
    }
}

/// A function from rows of the instruction table to opcodes.
macro_rules! form {
    ($name:ident $enum:ident: $($row:ident => $opcode:ident,)*) => {
        pub fn $name(row: $enum) -> Opcode {
            match row {
                $($enum::$row => Opcode::$opcode,)*
            }
        }
    };
}

/// Declares [`Opcode`] and, for each group of rows and form of operands, the function from row to opcode.
macro_rules! opcodes {
    (unary [$($unary:ident)*] test [$($test:ident)*] value [$($value:ident)*]
     load [$($load:ident)*] store [$($store:ident)*] builtin $builtin:tt) => {
        paste! {
            /// What an operation does, and the form of its operands. The loop's `match` over it has an arm for each
            /// opcode and no other, so that the compiler's jump table needs no range check.
            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            #[repr(u16)]
            pub enum Opcode {
                $([<$unary S>],)*
                $([<$test Ss>],)* $([<$value Ss>],)*
                $([<$test Sc>],)* $([<$value Sc>],)*
                $([<$test Cs>],)* $([<$value Cs>],)*
                $([<If $test Ss>],)*
                $([<If $test Sc>],)*
                $([<Unless $test Ss>],)*
                $([<Unless $test Sc>],)*
                $([<$load S>],)*
                $([<$load C>],)*
                $([<$load Any>],)*
                $([<$store Ss>],)*
                $([<$store Sc>],)*
                $([<$store Cs>],)*
                $([<$store Any>],)*
                /// d = a
                Copy,
                /// d = imm
                Const,
                /// d = imm as slot != 0 ? a : b
                SelectSs,
                /// d = b != 0 ? a : imm
                SelectSc,
                /// d = a != 0 ? imm : b
                SelectCs,
                /// d = own global imm
                OwnGlobalGet,
                /// d = global imm
                GlobalGet,
                /// own global imm = a
                OwnGlobalSet,
                /// global imm = a
                GlobalSet,
                /// operation imm on vectors
                Vector,
                /// builtin imm
                Builtin,
                /// pay imm, or suspend the run at block (a, b)
                Meter,
                /// go to imm
                Jump,
                /// if a != 0 go to imm
                BranchIf,
                /// if a == 0 go to imm
                BranchUnless,
                /// go to target a of table imm
                Switch,
                /// call own function imm, frame at d, go on with block (a, b)
                Call,
                /// call function imm, frame at d, go on with block (a, b)
                CallImport,
                /// indirect call imm, frame at d, element a
                CallIndirect,
                /// call function imm in place of this one
                TailCall,
                /// indirect call imm in place of this function, element a
                TailCallIndirect,
                /// return
                Return,
                /// trap with code a
                Trap,
            }

            form! { unary_s UnaryOp: $($unary => [<$unary S>],)* }
            form! { binary_ss BinaryOp: $($test => [<$test Ss>],)* $($value => [<$value Ss>],)* }
            form! { binary_sc BinaryOp: $($test => [<$test Sc>],)* $($value => [<$value Sc>],)* }
            form! { binary_cs BinaryOp: $($test => [<$test Cs>],)* $($value => [<$value Cs>],)* }
            // Only rows of the test part are fused with branches.
            form! { if_ss BinaryOp: $($test => [<If $test Ss>],)* $($value => Copy,)* }
            form! { if_sc BinaryOp: $($test => [<If $test Sc>],)* $($value => Copy,)* }
            form! { unless_ss BinaryOp: $($test => [<Unless $test Ss>],)* $($value => Copy,)* }
            form! { unless_sc BinaryOp: $($test => [<Unless $test Sc>],)* $($value => Copy,)* }
            form! { load_s LoadOp: $($load => [<$load S>],)* }
            form! { load_c LoadOp: $($load => [<$load C>],)* }
            form! { load_any LoadOp: $($load => [<$load Any>],)* }
            form! { store_ss StoreOp: $($store => [<$store Ss>],)* }
            form! { store_sc StoreOp: $($store => [<$store Sc>],)* }
            form! { store_cs StoreOp: $($store => [<$store Cs>],)* }
            form! { store_any StoreOp: $($store => [<$store Any>],)* }
        }
    };
}

wasm_dispatch_ir::for_each_name!(opcodes);

/// Parameters of [`Opcode::CallIndirect`] and [`Opcode::TailCallIndirect`].
#[derive(Clone, Copy, Debug)]
pub struct Indirect {
    pub table: u32,
    pub ty: u32,
    /// The block to go on with.
    pub block: u32,
}

/// A compiled function.
#[derive(Debug, Default)]
pub struct Code {
    pub(crate) ops: Vec<Op>,
    /// Statement of each operation, for traps.
    pub(crate) statements: Vec<u32>,
    /// First operation of each block.
    pub(crate) blocks: Vec<u32>,
    /// Targets of switches, as operation numbers.
    pub(crate) targets: Vec<u32>,
    pub(crate) vector_ops: Vec<VectorOp>,
    /// Constants of operations on vectors.
    pub(crate) vectors: Vec<V128>,
    pub(crate) builtins: Vec<BuiltinCall>,
    pub(crate) indirect: Vec<Indirect>,
}

impl Code {
    /// Where a frame goes on.
    #[inline(always)]
    pub(crate) fn resume(&self, frame: Frame) -> usize {
        if frame.native != 0 {
            frame.native as usize
        } else {
            self.blocks[frame.block as usize] as usize
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&self.ops[..])
            + size_of_val(&self.statements[..])
            + size_of_val(&self.blocks[..])
            + size_of_val(&self.targets[..])
            + size_of_val(&self.vector_ops[..])
            + size_of_val(&self.vectors[..])
            + size_of_val(&self.builtins[..])
            + size_of_val(&self.indirect[..])
    }
}
