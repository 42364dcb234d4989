//! Loads and stores at 64-bit addresses of memory 0.
//!
//! As those in [`memory`](super::memory), but the sum of address and offset may wrap. There are few forms: an address is in a slot
//! or in the accumulator, and no node is fused with another.

use std::marker::PhantomData;

use wasm_dispatch_ir::Trap;
use wasm_dispatch_ir::ops::{Load, LoadOp, LoadVisitor, Store, StoreOp, StoreVisitor};
use wasm_dispatch_ir::slot::SlotValue;

use super::memory::{END_UNITS, read, write_bits};
use crate::abi::{Picked, Regs, Step, picked_step};
use crate::kind::{Kind, Location};
use crate::operand::{Acc, Const, Dest, Slot, Source, ToAcc, ToSlot};

/// The bytes at an address, or `None` if they are out of bounds.
///
/// # Safety
///
/// As [`Handler::run`](crate::abi::Handler::run); operand units 0 and 1 hold the node's `offset + width`, and `width` is the
/// access's.
#[inline(always)]
unsafe fn place(r: &Regs, address: u64, width: usize) -> Option<*mut u8> {
    // SAFETY: the units are there, says the contract. `end` is at most the memory's length, and at least the width, as it has not
    // wrapped: so the bytes are within the memory.
    unsafe {
        let (end, wrapped) = address.overflowing_add(r.target(0) as u64);
        if wrapped || end > r.memory_len as u64 {
            return None;
        }
        Some(r.memory.add(end as usize - width))
    }
}

/// `d = O(a)`: units are the end, A, D.
struct LoadWide<O, A, D>(PhantomData<(O, A, D)>);

impl<O: Load, A: Source<u64>, D: Dest> Step for LoadWide<O, A, D> {
    const KIND: Kind = Kind::Other;
    const UNITS: usize = END_UNITS + A::UNITS + D::UNITS;
    #[inline(always)]
    unsafe fn step(r: &mut Regs) -> Result<(), Trap> {
        // SAFETY: the units are as said above. `place` has checked the bounds.
        unsafe {
            let address = A::get(r, END_UNITS);
            let place = place(r, address, O::WIDTH).ok_or(Trap::OutOfBoundsMemoryAccess)?;
            D::put(r, END_UNITS + A::UNITS, read::<O>(place));
        }
        Ok(())
    }
}

/// `O(a) = v`: units are the end, A, V.
struct StoreWide<O, A, V>(PhantomData<(O, A, V)>);

impl<O: Store, A: Source<u64>, V: Source<O::V>> Step for StoreWide<O, A, V> {
    const KIND: Kind = Kind::Other;
    const UNITS: usize = END_UNITS + A::UNITS + <V as Source<O::V>>::UNITS;
    #[inline(always)]
    unsafe fn step(r: &mut Regs) -> Result<(), Trap> {
        // SAFETY: the units are as said above. `place` has checked the bounds.
        unsafe {
            let address = A::get(r, END_UNITS);
            let value = V::get(r, END_UNITS + A::UNITS).to_slot();
            let place = place(r, address, O::WIDTH).ok_or(Trap::OutOfBoundsMemoryAccess)?;
            write_bits(place, O::WIDTH, value);
        }
        Ok(())
    }
}

/// The handler of a load; the address is in a slot or in the accumulator.
pub(crate) fn pick_load(op: LoadOp, from_acc: bool, to_slot: bool) -> Picked {
    struct Pick(bool, bool);
    impl LoadVisitor for Pick {
        type Output = Picked;
        fn visit<O: Load>(self) -> Picked {
            match (self.0, self.1) {
                (true, true) => picked_step::<LoadWide<O, Acc, ToSlot>>(),
                (true, false) => picked_step::<LoadWide<O, Acc, ToAcc>>(),
                (false, true) => picked_step::<LoadWide<O, Slot, ToSlot>>(),
                (false, false) => picked_step::<LoadWide<O, Slot, ToAcc>>(),
            }
        }
    }
    op.visit(Pick(from_acc, to_slot))
}

/// The handler of a store; the address is in a slot or in the accumulator, and not in the same one as the value.
pub(crate) fn pick_store(op: StoreOp, from_acc: bool, value: Location) -> Picked {
    struct Pick(bool, Location);
    impl StoreVisitor for Pick {
        type Output = Picked;
        fn visit<O: Store>(self) -> Picked {
            match (self.0, self.1) {
                (true, Location::Slot) => picked_step::<StoreWide<O, Acc, Slot>>(),
                (true, Location::Const) => picked_step::<StoreWide<O, Acc, Const>>(),
                (true, Location::Acc) => picked_step::<StoreWide<O, Acc, Acc>>(),
                (false, Location::Slot) => picked_step::<StoreWide<O, Slot, Slot>>(),
                (false, Location::Const) => picked_step::<StoreWide<O, Slot, Const>>(),
                (false, Location::Acc) => picked_step::<StoreWide<O, Slot, Acc>>(),
            }
        }
    }
    op.visit(Pick(from_acc, value))
}
