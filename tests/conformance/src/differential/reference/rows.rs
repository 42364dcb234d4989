//! The operators that compute, load and store: those of the instruction table. A method for each, named like it.

use wasm_dispatch::Trap;
use wasm_dispatch::ir::ops::{BinaryOp, LoadOp, StoreOp, UnaryOp};
use wasmparser::{MemArg, MemArgTarget};

use super::Stop;
use super::run::Run;

macro_rules! rows {
    (unary [$($u:ident)*] test [$($t:ident)*] value [$($v:ident)*] load [$($l:ident)*] store [$($s:ident)*]
     builtin $builtin:tt) => {
        #[allow(non_snake_case)]
        #[rustfmt::skip]
        impl Run<'_, '_> {
            $(pub(super) fn $u(&mut self) -> Result<(), Stop> { self.unary(UnaryOp::$u) })*
            $(pub(super) fn $t(&mut self) -> Result<(), Stop> { self.binary(BinaryOp::$t) })*
            $(pub(super) fn $v(&mut self) -> Result<(), Stop> { self.binary(BinaryOp::$v) })*
            $(pub(super) fn $l(&mut self, memarg: MemArg) -> Result<(), Stop> { self.load(LoadOp::$l, &memarg) })*
            $(pub(super) fn $s(&mut self, memarg: MemArg) -> Result<(), Stop> { self.store(StoreOp::$s, &memarg) })*
        }
    };
}

wasm_dispatch::ir::for_each_name!(rows);

impl Run<'_, '_> {
    fn unary(&mut self, op: UnaryOp) -> Result<(), Stop> {
        let a = self.pop();
        self.push(op.apply(a))
    }

    fn binary(&mut self, op: BinaryOp) -> Result<(), Stop> {
        let (b, a) = (self.pop(), self.pop());
        self.push(op.apply(a, b))
    }

    fn load(&mut self, op: LoadOp, memarg: &MemArg) -> Result<(), Stop> {
        let (memory, offset) = place(memarg);
        let address = self.pop_sized(self.instance.memory_types[memory].wide);
        self.push(op.apply(&self.instance.memories[memory], address, offset))
    }

    fn store(&mut self, op: StoreOp, memarg: &MemArg) -> Result<(), Stop> {
        let (memory, offset) = place(memarg);
        let value = self.pop();
        let address = self.pop_sized(self.instance.memory_types[memory].wide);
        op.apply(&mut self.instance.memories[memory], address, offset, value)?;
        Ok(())
    }

    fn push(&mut self, result: Result<u64, Trap>) -> Result<(), Stop> {
        self.give(result?);
        Ok(())
    }
}

/// Memory index and static offset.
pub(super) fn place(memarg: &MemArg) -> (usize, u64) {
    let (MemArgTarget::Memory(memory) | MemArgTarget::Array(memory)) = memarg.target;
    (memory as usize, memarg.offset)
}
