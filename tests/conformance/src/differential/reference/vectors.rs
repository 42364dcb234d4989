//! The operators on vectors. A method for each, named like it.

use wasm_dispatch::ir::V128;
use wasm_dispatch::ir::semantics::vector::bits;
use wasm_dispatch::ir::vector_ops::{
    ExtractOp, LoadLaneOp, ReplaceOp, ShiftOp, SplatOp, StoreLaneOp, Vector1Op, Vector2Op, Vector3Op, VectorLoadOp,
    VectorStoreOp, VectorTestOp,
};
use wasmparser::{MemArg, Operator};

use super::rows::place;
use super::run::Run;
use super::{Stop, unknown};

/// Calls the method of an operator.
macro_rules! step {
    ($(@$proposal:ident $op:ident $({ $($name:ident: $ty:ty),* })? => $visit:ident ($($rest:tt)*))*) => {
        pub(super) fn vector_step(&mut self, operator: Operator<'_>) -> Result<(), Stop> {
            match operator {
                $(Operator::$op $({ $($name),* })? => self.$op($($($name),*)?),)*
                // The enumeration is open; this list and that of the other operators have all there is in this version of
                // the decoder.
                other => unknown(other),
            }
        }
    };
}

macro_rules! rows {
    (vector1 [$($a:ident)*] vector2 [$($b:ident)*] vector3 [$($c:ident)*] vector_test [$($t:ident)*] shift [$($h:ident)*]
     splat [$($p:ident)*] extract [$($e:ident)*] replace [$($r:ident)*] vector_load [$($l:ident)*]
     vector_store [$($s:ident)*] load_lane [$($n:ident)*] store_lane [$($o:ident)*]) => {
        #[allow(non_snake_case)]
        #[rustfmt::skip]
        impl Run<'_, '_> {
            $(fn $a(&mut self) -> Result<(), Stop> {
                let a = self.pop_vector();
                self.give_vector(Vector1Op::$a.apply(a))
            })*
            $(fn $b(&mut self) -> Result<(), Stop> {
                let (b, a) = (self.pop_vector(), self.pop_vector());
                self.give_vector(Vector2Op::$b.apply(a, b))
            })*
            $(fn $c(&mut self) -> Result<(), Stop> {
                let (c, b, a) = (self.pop_vector(), self.pop_vector(), self.pop_vector());
                self.give_vector(Vector3Op::$c.apply(a, b, c))
            })*
            $(fn $t(&mut self) -> Result<(), Stop> {
                let a = self.pop_vector();
                self.give(VectorTestOp::$t.apply(a).into());
                Ok(())
            })*
            $(fn $h(&mut self) -> Result<(), Stop> {
                let (b, a) = (self.pop() as u32, self.pop_vector());
                self.give_vector(ShiftOp::$h.apply(a, b))
            })*
            $(fn $p(&mut self) -> Result<(), Stop> {
                let a = self.pop();
                self.give_vector(SplatOp::$p.apply(a))
            })*
            $(fn $e(&mut self, lane: u8) -> Result<(), Stop> {
                let a = self.pop_vector();
                self.give(ExtractOp::$e.apply(a, lane));
                Ok(())
            })*
            $(fn $r(&mut self, lane: u8) -> Result<(), Stop> {
                let (b, a) = (self.pop(), self.pop_vector());
                self.give_vector(ReplaceOp::$r.apply(a, lane, b))
            })*
            $(fn $l(&mut self, memarg: MemArg) -> Result<(), Stop> {
                let (memory, address, offset) = self.access(&memarg);
                let vector = VectorLoadOp::$l.apply(&self.instance.memories[memory], address, offset)?;
                self.give_vector(vector)
            })*
            $(fn $s(&mut self, memarg: MemArg) -> Result<(), Stop> {
                let value = self.pop_vector();
                let (memory, address, offset) = self.access(&memarg);
                VectorStoreOp::$s.apply(&mut self.instance.memories[memory], address, offset, value)?;
                Ok(())
            })*
            $(fn $n(&mut self, memarg: MemArg, lane: u8) -> Result<(), Stop> {
                let value = self.pop_vector();
                let (memory, address, offset) = self.access(&memarg);
                let vector = LoadLaneOp::$n.apply(&self.instance.memories[memory], address, offset, lane, value)?;
                self.give_vector(vector)
            })*
            $(fn $o(&mut self, memarg: MemArg, lane: u8) -> Result<(), Stop> {
                let value = self.pop_vector();
                let (memory, address, offset) = self.access(&memarg);
                StoreLaneOp::$o.apply(&mut self.instance.memories[memory], address, offset, lane, value)?;
                Ok(())
            })*
        }
    };
}

wasm_dispatch::ir::for_each_vector_name!(rows);

impl Run<'_, '_> {
    wasmparser::for_each_visit_simd_operator!(step);

    fn pop_vector(&mut self) -> V128 {
        V128::from(self.pop_any())
    }

    fn give_vector(&mut self, vector: V128) -> Result<(), Stop> {
        self.stack.push(vector.into());
        Ok(())
    }

    /// Memory, address and static offset of an access.
    fn access(&mut self, memarg: &MemArg) -> (usize, u64, u64) {
        let (memory, offset) = place(memarg);
        let address = self.pop_sized(self.instance.memory_types[memory].wide);
        (memory, address, offset)
    }
}

/// Those without a row in the instruction table.
#[allow(non_snake_case)]
impl Run<'_, '_> {
    fn V128Const(&mut self, value: wasmparser::V128) -> Result<(), Stop> {
        self.give_vector(V128::from_bytes(*value.bytes()))
    }

    fn I8x16Shuffle(&mut self, lanes: [u8; 16]) -> Result<(), Stop> {
        let (b, a) = (self.pop_vector(), self.pop_vector());
        self.give_vector(bits::shuffle(a, b, lanes))
    }
}
