//! Operations on vectors: moves, operations, lanes, select, globals.
//!
//! Vectors come from slots or from their accumulator and go there; a constant is moved to the accumulator first, but where
//! [`vector_constants`](super::vector_constants) has a form that holds it. Rows that programs run often (the table's `hot`) have a
//! form for each of these, all others take slots and leave a slot.

use std::marker::PhantomData;

use wasm_dispatch_ir::semantics::vector::tuned;
use wasm_dispatch_ir::vector_ops::{
    Extract, I32x4Shl, I64x2Shl, Replace, Shift, Splat, Vector1, Vector2, Vector3, VectorTest,
};
use wasm_dispatch_ir::{Trap, V128};
use wasm_dispatch_machine::state::State;

use crate::abi::{HANDLER_UNITS, Handler, Mode, Regs, Step};
use crate::kind::Kind;
#[cfg(stencil)]
use crate::kind::Location;
use crate::operand::{Dest, Slot, Source, VectorDest, VectorSource, read_vector, write_vector};

/// `d = a`
pub(super) struct VectorMove<A, D>(PhantomData<(A, D)>);

impl<A: VectorSource, D: VectorDest> Step for VectorMove<A, D> {
    const KIND: Kind = Kind::VectorMove {
        a: A::LOCATION,
        d: D::DESTINATION,
    };
    const UNITS: usize = A::UNITS + D::UNITS;
    #[inline(always)]
    unsafe fn step(r: &mut Regs) -> Result<(), Trap> {
        // SAFETY: the units are those of A and D, in this order.
        unsafe {
            let value = A::get_vector(r, 0);
            D::put_vector(r, A::UNITS, value);
        }
        Ok(())
    }
}

/// `d = O(a)`
pub(super) struct One<O, A, D>(PhantomData<(O, A, D)>);

impl<O: Vector1, A: VectorSource, D: VectorDest> Step for One<O, A, D> {
    const KIND: Kind = Kind::Vector1 {
        op: O::OP,
        a: A::LOCATION,
        d: D::DESTINATION,
    };
    const UNITS: usize = A::UNITS + D::UNITS;
    #[inline(always)]
    unsafe fn step(r: &mut Regs) -> Result<(), Trap> {
        // SAFETY: the units are those of A and D, in this order.
        unsafe {
            let value = O::apply(A::get_vector(r, 0));
            D::put_vector(r, A::UNITS, value);
        }
        Ok(())
    }
}

/// `d = O(a, b)`
pub(super) struct Two<O, A, B, D>(PhantomData<(O, A, B, D)>);

impl<O: Vector2, A: VectorSource, B: VectorSource, D: VectorDest> Step for Two<O, A, B, D> {
    const KIND: Kind = Kind::Vector2 {
        op: O::OP,
        a: A::LOCATION,
        b: B::LOCATION,
        d: D::DESTINATION,
    };
    const UNITS: usize = A::UNITS + B::UNITS + D::UNITS;
    #[inline(always)]
    unsafe fn step(r: &mut Regs) -> Result<(), Trap> {
        // SAFETY: the units are those of A, B and D, in this order.
        unsafe {
            let a = A::get_vector(r, 0);
            let b = B::get_vector(r, A::UNITS);
            D::put_vector(r, A::UNITS + B::UNITS, O::apply(a, b));
        }
        Ok(())
    }
}

/// `d = O(a, b, c)`
pub(super) struct Three<O, A, B, C, D>(PhantomData<(O, A, B, C, D)>);

impl<O: Vector3, A: VectorSource, B: VectorSource, C: VectorSource, D: VectorDest> Step for Three<O, A, B, C, D> {
    const KIND: Kind = Kind::Vector3 {
        op: O::OP,
        a: A::LOCATION,
        b: B::LOCATION,
        c: C::LOCATION,
        d: D::DESTINATION,
    };
    const UNITS: usize = A::UNITS + B::UNITS + C::UNITS + D::UNITS;
    #[inline(always)]
    unsafe fn step(r: &mut Regs) -> Result<(), Trap> {
        // SAFETY: the units are those of A, B, C and D, in this order.
        unsafe {
            let a = A::get_vector(r, 0);
            let b = B::get_vector(r, A::UNITS);
            let c = C::get_vector(r, A::UNITS + B::UNITS);
            D::put_vector(r, A::UNITS + B::UNITS + C::UNITS, O::apply(a, b, c));
        }
        Ok(())
    }
}

/// `d = O(a)`, an integer
pub(super) struct Test<O, A, D>(PhantomData<(O, A, D)>);

impl<O: VectorTest, A: VectorSource, D: Dest> Step for Test<O, A, D> {
    const KIND: Kind = Kind::VectorTest {
        op: O::OP,
        a: A::LOCATION,
        d: D::DESTINATION,
    };
    const UNITS: usize = A::UNITS + D::UNITS;
    #[inline(always)]
    unsafe fn step(r: &mut Regs) -> Result<(), Trap> {
        // SAFETY: the units are those of A and D, in this order.
        unsafe {
            let value = O::apply(A::get_vector(r, 0));
            D::put(r, A::UNITS, value);
        }
        Ok(())
    }
}

/// `d = O(a, b)`, of an integer `b`
pub(super) struct ShiftBy<O, A, B, D>(PhantomData<(O, A, B, D)>);

impl<O: Shift, A: VectorSource, B: Source<u32>, D: VectorDest> Step for ShiftBy<O, A, B, D> {
    const KIND: Kind = Kind::Shift {
        op: O::OP,
        a: A::LOCATION,
        b: B::LOCATION,
        d: D::DESTINATION,
    };
    const UNITS: usize = A::UNITS + B::UNITS + D::UNITS;
    #[inline(always)]
    unsafe fn step(r: &mut Regs) -> Result<(), Trap> {
        // SAFETY: the units are those of A, B and D, in this order.
        unsafe {
            let a = A::get_vector(r, 0);
            #[cfg(stencil)]
            if matches!(B::LOCATION, Location::Const)
                && let Some(shifted) = crate::holes::lanes_shifted::<O>(a, A::UNITS)
            {
                D::put_vector(r, A::UNITS + B::UNITS, shifted);
                return Ok(());
            }
            let b = B::get(r, A::UNITS);
            D::put_vector(r, A::UNITS + B::UNITS, O::apply(a, b));
        }
        Ok(())
    }
}

/// A shift to the left of which lanes are rotated.
pub(super) trait Rotation: Shift {
    fn rotate(a: V128, by: u32) -> V128;
}

impl Rotation for I32x4Shl {
    #[inline(always)]
    fn rotate(a: V128, by: u32) -> V128 {
        tuned::i32x4_rotl(a, by)
    }
}

impl Rotation for I64x2Shl {
    #[inline(always)]
    fn rotate(a: V128, by: u32) -> V128 {
        tuned::i64x2_rotl(a, by)
    }
}

/// `d = O(a, c)`, but rotated; the last unit but those of D is `c`, a constant.
pub(super) struct Rotate<O, A, D>(PhantomData<(O, A, D)>);

impl<O: Rotation, A: VectorSource, D: VectorDest> Step for Rotate<O, A, D> {
    const KIND: Kind = Kind::Rotate {
        op: O::OP,
        a: A::LOCATION,
        d: D::DESTINATION,
    };
    const UNITS: usize = A::UNITS + 1 + D::UNITS;
    #[inline(always)]
    unsafe fn step(r: &mut Regs) -> Result<(), Trap> {
        // SAFETY: the units are those of A, the constant, and those of D, in this order.
        unsafe {
            let a = A::get_vector(r, 0);
            #[cfg(stencil)]
            if let Some(rotated) = crate::holes::lanes_rotated::<O>(a, A::UNITS) {
                D::put_vector(r, A::UNITS + 1, rotated);
                return Ok(());
            }
            let by = r.unit(A::UNITS);
            D::put_vector(r, A::UNITS + 1, O::rotate(a, by));
        }
        Ok(())
    }
}

/// `d = O(a)` of a scalar
pub(super) struct SplatOf<O, A, D>(PhantomData<(O, A, D)>);

impl<O: Splat, A: Source<O::A>, D: VectorDest> Step for SplatOf<O, A, D> {
    const KIND: Kind = Kind::Splat {
        op: O::OP,
        a: A::LOCATION,
        d: D::DESTINATION,
    };
    const UNITS: usize = A::UNITS + D::UNITS;
    #[inline(always)]
    unsafe fn step(r: &mut Regs) -> Result<(), Trap> {
        // SAFETY: the units are those of A and D, in this order.
        unsafe {
            let value = O::apply(A::get(r, 0));
            D::put_vector(r, A::UNITS, value);
        }
        Ok(())
    }
}

/// `d` = a lane of the vector in the accumulator: the first unit is the lane.
pub(super) struct ExtractOf<O, A, D>(PhantomData<(O, A, D)>);

impl<O: Extract, A: VectorSource, D: Dest> Step for ExtractOf<O, A, D> {
    const KIND: Kind = Kind::Extract {
        op: O::OP,
        a: A::LOCATION,
        d: D::DESTINATION,
    };
    const UNITS: usize = 1 + A::UNITS + D::UNITS;
    #[inline(always)]
    unsafe fn step(r: &mut Regs) -> Result<(), Trap> {
        // SAFETY: the units are the lane and those of A and D, in this order.
        unsafe {
            let lane = r.unit(0) as u8;
            let value = O::apply(A::get_vector(r, 1), lane);
            D::put(r, 1 + A::UNITS, value);
        }
        Ok(())
    }
}

/// `d` = a lane of the vector in two slots, read as the scalar that it is there: units are the lane and the first slot.
pub(super) struct ExtractInPlace<O, D>(PhantomData<(O, D)>);

impl<O: Extract, D: Dest> Step for ExtractInPlace<O, D> {
    const KIND: Kind = Kind::Extract {
        op: O::OP,
        a: <Slot as VectorSource>::LOCATION,
        d: D::DESTINATION,
    };
    const UNITS: usize = 2 + D::UNITS;
    #[inline(always)]
    unsafe fn step(r: &mut Regs) -> Result<(), Trap> {
        // SAFETY: the units are the lane, which the operation's vectors have, a slot's number, and those of D. This slot and the
        // next are within the frame, and lanes lie in them as in memory on a little-endian machine.
        unsafe {
            let lane = r.unit(0);
            let slot = r.slot(1);
            let value = if cfg!(target_endian = "little") {
                let width = 16 / O::LANES as usize;
                let place = slot.cast::<u8>().add((lane as usize % O::LANES as usize) * width);
                let bits = match width {
                    1 => u64::from(place.read()),
                    2 => u64::from(place.cast::<u16>().read_unaligned()),
                    4 => u64::from(place.cast::<u32>().read_unaligned()),
                    _ => place.cast::<u64>().read_unaligned(),
                };
                O::apply(V128::from_slots([bits, 0]), 0)
            } else {
                O::apply(read_vector(slot), lane as u8)
            };
            D::put(r, 2, value);
        }
        Ok(())
    }
}

/// `d` = `a` with the scalar `b` in a lane: the first unit is the lane.
pub(super) struct ReplaceIn<O, A, B, D>(PhantomData<(O, A, B, D)>);

impl<O: Replace, A: VectorSource, B: Source<O::B>, D: VectorDest> Step for ReplaceIn<O, A, B, D> {
    const KIND: Kind = Kind::Replace {
        op: O::OP,
        a: A::LOCATION,
        b: B::LOCATION,
        d: D::DESTINATION,
    };
    const UNITS: usize = 1 + A::UNITS + B::UNITS + D::UNITS;
    #[inline(always)]
    unsafe fn step(r: &mut Regs) -> Result<(), Trap> {
        // SAFETY: the units are the lane and those of A, B and D, in this order.
        unsafe {
            let lane = r.unit(0) as u8;
            let a = A::get_vector(r, 1);
            let b = B::get(r, 1 + A::UNITS);
            D::put_vector(r, 1 + A::UNITS + B::UNITS, O::apply(a, lane, b));
        }
        Ok(())
    }
}

/// How bytes of two vectors are chosen.
pub(super) trait Shuffler: 'static {
    /// The vector of the bytes with these numbers, those of `b` from 16 on.
    fn shuffle(a: V128, b: V128, lanes: [u8; 16]) -> V128;
}

/// In the way that every machine of the architecture can.
pub(super) struct AnyShuffle;

impl Shuffler for AnyShuffle {
    #[inline(always)]
    fn shuffle(a: V128, b: V128, lanes: [u8; 16]) -> V128 {
        tuned::i8x16_shuffle(a, b, lanes)
    }
}

/// `d` = bytes of `a` and `b`: the first four units are their numbers.
pub(super) struct ShuffleOf<S, A, B, D>(PhantomData<(S, A, B, D)>);

impl<S: Shuffler, A: VectorSource, B: VectorSource, D: VectorDest> Step for ShuffleOf<S, A, B, D> {
    const KIND: Kind = Kind::Shuffle {
        a: A::LOCATION,
        b: B::LOCATION,
        d: D::DESTINATION,
    };
    const UNITS: usize = 4 + A::UNITS + B::UNITS + D::UNITS;
    #[inline(always)]
    unsafe fn step(r: &mut Regs) -> Result<(), Trap> {
        // SAFETY: the units are 16 bytes and those of A, B and D, in this order.
        unsafe {
            let lanes = r.ip.add(HANDLER_UNITS).cast::<[u8; 16]>().read_unaligned();
            let a = A::get_vector(r, 4);
            let b = B::get_vector(r, 4 + A::UNITS);
            D::put_vector(r, 4 + A::UNITS + B::UNITS, S::shuffle(a, b, lanes));
        }
        Ok(())
    }
}

/// `d = condition != 0 ? a : b`, of two vectors in slots
pub(super) struct VectorSelect<C, D>(PhantomData<(C, D)>);

impl<C: Source<u32>, D: VectorDest> Step for VectorSelect<C, D> {
    const KIND: Kind = Kind::Other;
    const UNITS: usize = 2 + C::UNITS + D::UNITS;
    #[inline(always)]
    unsafe fn step(r: &mut Regs) -> Result<(), Trap> {
        // SAFETY: the units are two slots and those of C and D, in this order.
        unsafe {
            let (a, b) = (r.slot(0), r.slot(1));
            let chosen = if C::get(r, 2) != 0 { a } else { b };
            let value = read_vector(chosen);
            D::put_vector(r, 2 + C::UNITS, value);
        }
        Ok(())
    }
}

/// `slots = global`: units are the global's index in the module and the first slot.
pub(super) struct VectorGlobalGet;

impl Handler for VectorGlobalGet {
    #[inline(always)]
    unsafe fn run<M: Mode>(r: Regs) -> u64 {
        // SAFETY: the units are as said above, both slots within the frame. No reference to the state is held here.
        unsafe {
            get_global((*r.context).state(), r.unit(0), r.slot(1));
            r.next::<M>(2)
        }
    }
}

/// `global = slots`: units are the global's index in the module and the first slot.
pub(super) struct VectorGlobalSet;

impl Handler for VectorGlobalSet {
    #[inline(always)]
    unsafe fn run<M: Mode>(r: Regs) -> u64 {
        // SAFETY: as above.
        unsafe {
            set_global((*r.context).state(), r.unit(0), r.slot(1));
            r.next::<M>(2)
        }
    }
}

/// Kept out of the handler, as all ordinary calls: around what would be inlined there, LLVM saves registers.
///
/// # Safety
///
/// Two slots from `slot` on are within a frame, and nothing else refers to them.
#[inline(never)]
unsafe fn get_global(state: &mut State, global: u32, slot: *mut u64) {
    let vector = state.vector_global(global);
    // SAFETY: both slots are writable, says the contract.
    unsafe { write_vector(slot, vector) };
}

/// Likewise.
///
/// # Safety
///
/// Two slots from `slot` on are within a frame.
#[inline(never)]
unsafe fn set_global(state: &mut State, global: u32, slot: *const u64) {
    // SAFETY: both slots are readable, says the contract.
    let vector = unsafe { read_vector(slot) };
    state.set_vector_global(global, vector);
}
