//! The handlers of operations on a vector and a constant, which is in the code stream.
//!
//! Which rows have them was counted in the code of three published modules (a codec, a library of kernels for neural networks, a
//! collection of vision tasks): those whose second operand is most often a constant. Shuffles of one vector, or of one and
//! zeros, are such operations, too: `i8x16.swizzle` by a constant. Rotations of lanes are written as two shifts.

use wasm_dispatch_ir::vector_ops::*;

use super::vector::{Rotate, Rotation, Two};
use crate::abi::{Picked, picked_once};
use crate::kind::Location;
use crate::operand::{Acc, Const, Slot, ToAcc, ToSlot};

/// The handler of `d = O(a, constant)`.
macro_rules! forms {
    ($picked:ident::<$op:ty>($a:ident, $to_slot:ident)) => {
        match ($a, $to_slot) {
            (Location::Acc, false) => $picked::<Two<$op, Acc, Const, ToAcc>>(),
            (Location::Acc, true) => $picked::<Two<$op, Acc, Const, ToSlot>>(),
            (_, false) => $picked::<Two<$op, Slot, Const, ToAcc>>(),
            (_, true) => $picked::<Two<$op, Slot, Const, ToSlot>>(),
        }
    };
}

macro_rules! rows {
    ([$($row:ident)*] and for newer machines [$($fast:ident)*]) => {
        /// The handler of `d = op(a, constant)`, if there is one.
        pub(crate) fn pick_two(op: Vector2Op, a: Location, to_slot: bool) -> Option<Picked> {
            #[cfg(target_arch = "x86_64")]
            if super::vector_pick::v2::is_there() {
                use super::vector_pick::v2::Fast;
                use crate::abi::picked_v2;
                match op {
                    $(Vector2Op::$fast => return Some(forms!(picked_v2::<Fast<$fast>>(a, to_slot))),)*
                    _ => {}
                }
            }
            match op {
                $(Vector2Op::$row => Some(forms!(picked_once::<$row>(a, to_slot))),)*
                $(Vector2Op::$fast => Some(forms!(picked_once::<$fast>(a, to_slot))),)*
                _ => None,
            }
        }
    };
}

rows! {
    [
        I8x16Eq I8x16Add I8x16SubSatU I8x16NarrowI16x8U I16x8Eq I16x8GtS I16x8Add I16x8MinS I32x4Eq I32x4LtS I32x4GtS
        I32x4Add I32x4DotI16x8S V128And V128Or V128Xor F32x4Add F32x4Mul
    ]
    and for newer machines [I8x16Swizzle I32x4Mul I32x4MinS I32x4MaxS]
}

/// Whether `op(a, b)` is `op(b, a)` in every bit. Of floats the NaN that comes out may be another.
pub(crate) fn commutes(op: Vector2Op) -> bool {
    matches!(
        op,
        Vector2Op::I8x16Eq
            | Vector2Op::I8x16Add
            | Vector2Op::I16x8Eq
            | Vector2Op::I16x8Add
            | Vector2Op::I16x8MinS
            | Vector2Op::I32x4Eq
            | Vector2Op::I32x4Add
            | Vector2Op::I32x4Mul
            | Vector2Op::I32x4MinS
            | Vector2Op::I32x4MaxS
            | Vector2Op::I32x4DotI16x8S
            | Vector2Op::V128And
            | Vector2Op::V128Or
            | Vector2Op::V128Xor
    )
}

/// The shift to the right, and the bits of a lane, that make a rotation with this one to the left, if there is a handler.
pub(crate) fn rotation(left: ShiftOp) -> Option<(ShiftOp, u32)> {
    match left {
        ShiftOp::I32x4Shl => Some((ShiftOp::I32x4ShrU, 32)),
        ShiftOp::I64x2Shl => Some((ShiftOp::I64x2ShrU, 64)),
        _ => None,
    }
}

/// The handler of lanes that are rotated to the left, of which this is the shift.
pub(crate) fn pick_rotation(left: ShiftOp, a: Location, to_slot: bool) -> Picked {
    fn pick<O: Rotation>(a: Location, to_slot: bool) -> Picked {
        match (a, to_slot) {
            (Location::Acc, false) => picked_once::<Rotate<O, Acc, ToAcc>>(),
            (Location::Acc, true) => picked_once::<Rotate<O, Acc, ToSlot>>(),
            (_, false) => picked_once::<Rotate<O, Slot, ToAcc>>(),
            (_, true) => picked_once::<Rotate<O, Slot, ToSlot>>(),
        }
    }
    match left {
        ShiftOp::I64x2Shl => pick::<I64x2Shl>(a, to_slot),
        _ => pick::<I32x4Shl>(a, to_slot),
    }
}
