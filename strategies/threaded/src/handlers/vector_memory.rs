//! Loads and stores of vectors and of their lanes.
//!
//! As in [`memory`](super::memory), the code stream holds `offset + width`.

use std::marker::PhantomData;

use wasm_dispatch_ir::vector_ops::{
    LoadLane, LoadLaneOp, StoreLane, StoreLaneOp, VectorLoad, VectorLoadOp, VectorStore, VectorStoreOp,
};
use wasm_dispatch_ir::{Trap, V128};
use wasm_dispatch_machine::state::State;

use super::memory::{END_UNITS, place, read_bits, write_bits};
use crate::abi::{Handler, Mode, Regs, Step};
use crate::kind::Kind;
use crate::operand::{Address, VectorDest, VectorSource, read_vector, write_vector};

/// `d = O(a)`
pub(super) struct VectorLoadFrom<O, A, D>(PhantomData<(O, A, D)>);

impl<O: VectorLoad, A: Address, D: VectorDest> Step for VectorLoadFrom<O, A, D> {
    const KIND: Kind = Kind::VectorLoad {
        op: O::OP,
        address: A::FORM,
        d: D::DESTINATION,
    };
    const UNITS: usize = END_UNITS + A::UNITS + D::UNITS;
    #[inline(always)]
    unsafe fn step(r: &mut Regs) -> Result<(), Trap> {
        // SAFETY: the units are the end, A and D, in this order. `place` has checked the bounds.
        unsafe {
            let address = A::address(r, END_UNITS);
            let place = place(r, 0, address, O::WIDTH).ok_or(Trap::OutOfBoundsMemoryAccess)?;
            let bytes = match O::WIDTH {
                16 => place.cast::<[u8; 16]>().read_unaligned(),
                width => V128::from_slots([read_bits(place, width), 0]).to_bytes(),
            };
            D::put_vector(r, END_UNITS + A::UNITS, O::from_bytes(bytes));
        }
        Ok(())
    }
}

/// `O(a) = v`
pub(super) struct VectorStoreTo<O, A, V>(PhantomData<(O, A, V)>);

impl<O: VectorStore, A: Address, V: VectorSource> Step for VectorStoreTo<O, A, V> {
    const KIND: Kind = Kind::VectorStore {
        op: O::OP,
        address: A::FORM,
        value: V::LOCATION,
    };
    const UNITS: usize = END_UNITS + A::UNITS + V::UNITS;
    #[inline(always)]
    unsafe fn step(r: &mut Regs) -> Result<(), Trap> {
        // SAFETY: the units are the end, A and V, in this order. `place` has checked the bounds.
        unsafe {
            let address = A::address(r, END_UNITS);
            let value = V::get_vector(r, END_UNITS + A::UNITS);
            let place = place(r, 0, address, O::WIDTH).ok_or(Trap::OutOfBoundsMemoryAccess)?;
            place.cast::<[u8; 16]>().write_unaligned(O::to_bytes(value));
        }
        Ok(())
    }
}

/// `d` = the vector in slots with what is at an address in a lane: units are the end, the lane, the slot of the address, the
/// vector's first slot, and D.
pub(super) struct LoadLaneFrom<O, D>(PhantomData<(O, D)>);

impl<O: LoadLane, D: VectorDest> Step for LoadLaneFrom<O, D> {
    const KIND: Kind = Kind::Other;
    const UNITS: usize = END_UNITS + 3 + D::UNITS;
    #[inline(always)]
    unsafe fn step(r: &mut Regs) -> Result<(), Trap> {
        // SAFETY: the units are as said above. `place` has checked the bounds.
        unsafe {
            let lane = r.unit(END_UNITS) as u8;
            let address = r.slot(END_UNITS + 1).read() as u32;
            let vector = read_vector(r.slot(END_UNITS + 2));
            let place = place(r, 0, address, O::WIDTH).ok_or(Trap::OutOfBoundsMemoryAccess)?;
            let bytes = read_bits(place, O::WIDTH).to_le_bytes();
            D::put_vector(r, END_UNITS + 3, O::insert(vector, lane, bytes));
        }
        Ok(())
    }
}

/// A lane of a vector to an address: units are the end, the lane, the slot of the address, and V.
pub(super) struct StoreLaneTo<O, V>(PhantomData<(O, V)>);

impl<O: StoreLane, V: VectorSource> Step for StoreLaneTo<O, V> {
    const KIND: Kind = Kind::Other;
    const UNITS: usize = END_UNITS + 2 + V::UNITS;
    #[inline(always)]
    unsafe fn step(r: &mut Regs) -> Result<(), Trap> {
        // SAFETY: the units are as said above. `place` has checked the bounds.
        unsafe {
            let lane = r.unit(END_UNITS) as u8;
            let address = r.slot(END_UNITS + 1).read() as u32;
            let bits = u64::from_le_bytes(O::extract(V::get_vector(r, END_UNITS + 2), lane));
            let place = place(r, 0, address, O::WIDTH).ok_or(Trap::OutOfBoundsMemoryAccess)?;
            write_bits(place, O::WIDTH, bits);
        }
        Ok(())
    }
}

/// What an access does that is not of the first memory at an address of 32 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Access {
    Load,
    Store,
    LoadLane,
    StoreLane,
}

impl Access {
    const ALL: [Access; 4] = [Access::Load, Access::Store, Access::LoadLane, Access::StoreLane];
}

/// An access of another memory than the first, or of one with 64-bit addresses: units are access, operation, memory, lane,
/// offset (2), the slot of the address and the first slot of the vector, which is read, written, or both.
pub(super) struct VectorAccessAny;

impl Handler for VectorAccessAny {
    #[inline(always)]
    unsafe fn run<M: Mode>(r: Regs) -> u64 {
        // SAFETY: the units are as said above, all slots within the frame. No reference to the state is held here.
        unsafe {
            let address = r.slot(6).read();
            let what = [r.unit(0), r.unit(1), r.unit(2), r.unit(3)];
            if !access((*r.context).state(), what, address, r.target(4) as u64, r.slot(7)) {
                return r.trap(Trap::OutOfBoundsMemoryAccess);
            }
            r.next::<M>(8)
        }
    }
}

/// Kept out of the handler, as all ordinary calls: around what would be inlined there, LLVM saves registers.
///
/// # Safety
///
/// Two slots from `slot` on are within a frame, and nothing else refers to them.
#[inline(never)]
unsafe fn access(state: &mut State, what: [u32; 4], address: u64, offset: u64, slot: *mut u64) -> bool {
    let [access, op, memory, lane] = what;
    let (op, lane) = (op as usize, lane as u8);
    let memory = state.module_memory(memory);
    // SAFETY: both slots are readable, says the contract.
    let vector = unsafe { read_vector(slot) };
    let done = match Access::ALL[access as usize] {
        Access::Load => VectorLoadOp::ALL[op].apply(memory, address, offset),
        Access::Store => VectorStoreOp::ALL[op]
            .apply(memory, address, offset, vector)
            .map(|()| vector),
        Access::LoadLane => LoadLaneOp::ALL[op].apply(memory, address, offset, lane, vector),
        Access::StoreLane => StoreLaneOp::ALL[op]
            .apply(memory, address, offset, lane, vector)
            .map(|()| vector),
    };
    match done {
        Ok(vector) => {
            // SAFETY: both slots are writable, says the contract.
            unsafe { write_vector(slot, vector) };
            true
        }
        Err(_) => false,
    }
}
