//! Loads and stores.
//!
//! The code stream holds `offset + width`, so that one addition gives both the end to check and, less the width, the
//! address: `end = address + (offset + width)`; trap if `end > memory_len`. Addresses and offsets have 32 bits, so the
//! sum cannot wrap.

use std::marker::PhantomData;

use wasm_dispatch_ir::Trap;
use wasm_dispatch_ir::builtin::{Builtin, SLOTS};
use wasm_dispatch_ir::ops::{Load, LoadOp, LoadVisitor, Store, StoreOp, StoreVisitor};
use wasm_dispatch_ir::slot::SlotValue;
use wasm_dispatch_machine::state::State;
use wasm_dispatch_machine::store::PAGE;

use super::numeric::with_class;
use crate::abi::{Handler, Mode, Picked, Regs, Step, picked, picked_step};
use crate::kind::{AddressForm, Class, Kind, Location};
use crate::operand::{Acc, Address, Const, Dest, Slot, Source, Sum, ToAcc, ToSlot, Value};

/// Units of `offset + width`.
pub(super) const END_UNITS: usize = 2;

/// The bytes at an address, or `None` if they are out of bounds.
///
/// # Safety
///
/// As [`Handler::run`]; units `at` and `at + 1` hold the node's `offset + width`, and `width` is the access's.
#[inline(always)]
pub(super) unsafe fn place(r: &Regs, at: usize, address: u32, width: usize) -> Option<*mut u8> {
    #[cfg(stencil)]
    // SAFETY: the contract is the same.
    return unsafe { r.place(address, width) };
    // SAFETY: the units are there, says the contract. `end` is at most the memory's length, and at least the width, which is part
    // of it: so the bytes are within the memory.
    #[cfg(not(stencil))]
    unsafe {
        let end = u64::from(address) + r.target(at) as u64;
        if end > r.memory_len as u64 {
            return None;
        }
        Some(r.memory.add(end as usize - width))
    }
}

/// What a load makes of the bytes at a place.
///
/// # Safety
///
/// As many bytes as it reads are readable there.
#[inline(always)]
pub(super) unsafe fn read<O: Load>(place: *const u8) -> O::R {
    // SAFETY: the contract is the same.
    let bits = unsafe { read_bits(place, O::WIDTH) };
    O::from_bytes(bits.to_le_bytes())
}

/// The bytes of an access of up to 64 bits as a number.
///
/// # Safety
///
/// As many bytes as its width are readable there.
#[inline(always)]
pub(super) unsafe fn read_bits(place: *const u8, width: usize) -> u64 {
    // SAFETY: the bytes are readable, says the contract.
    unsafe {
        match width {
            1 => u64::from(place.read()),
            2 => u64::from(u16::from_le(place.cast::<u16>().read_unaligned())),
            4 => u64::from(u32::from_le(place.cast::<u32>().read_unaligned())),
            _ => u64::from_le(place.cast::<u64>().read_unaligned()),
        }
    }
}

/// Writes the low bits of a number, as many as an access has.
///
/// # Safety
///
/// As many bytes as its width are writable there.
#[inline(always)]
pub(super) unsafe fn write_bits(place: *mut u8, width: usize, bits: u64) {
    // SAFETY: the bytes are writable, says the contract.
    unsafe {
        match width {
            1 => place.write(bits as u8),
            2 => place.cast::<u16>().write_unaligned((bits as u16).to_le()),
            4 => place.cast::<u32>().write_unaligned((bits as u32).to_le()),
            _ => place.cast::<u64>().write_unaligned(bits.to_le()),
        }
    }
}

/// `d = O(a)`
pub(super) struct LoadFrom<O, A, D>(PhantomData<(O, A, D)>);

impl<O: Load, A: Address, D: Dest> Step for LoadFrom<O, A, D> {
    const KIND: Kind = Kind::Load {
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
            D::put(r, END_UNITS + A::UNITS, read::<O>(place));
        }
        Ok(())
    }
}

/// `O(a) = v`
pub(super) struct StoreTo<O, A, V>(PhantomData<(O, A, V)>);

impl<O: Store, A: Address, V: Source<O::V>> Step for StoreTo<O, A, V> {
    const KIND: Kind = Kind::Store {
        op: O::OP,
        address: A::FORM,
        value: V::LOCATION,
    };
    const UNITS: usize = END_UNITS + A::UNITS + <V as Source<O::V>>::UNITS;
    #[inline(always)]
    unsafe fn step(r: &mut Regs) -> Result<(), Trap> {
        // SAFETY: the units are the end, A and V, in this order. `place` has checked the bounds.
        unsafe {
            let address = A::address(r, END_UNITS);
            let value = V::get(r, END_UNITS + A::UNITS).to_slot();
            let place = place(r, 0, address, O::WIDTH).ok_or(Trap::OutOfBoundsMemoryAccess)?;
            write_bits(place, O::WIDTH, value);
        }
        Ok(())
    }
}

/// `d = load(scratch)` from a memory that is not 0: units are operation, memory, offset (2), scratch slot, which holds the
/// address, of the memory's type, and D.
struct LoadAny<T, D>(PhantomData<(T, D)>);

impl<T: Value, D: Dest> Handler for LoadAny<T, D> {
    #[inline(always)]
    unsafe fn run<M: Mode>(mut r: Regs) -> u64 {
        // SAFETY: the units are as said above, the slot is within the frame. No reference to the state is held here.
        unsafe {
            let slot = r.slot(4);
            if !load_any((*r.context).state(), r.unit(0), r.unit(1), r.target(2) as u64, slot) {
                return r.trap(Trap::OutOfBoundsMemoryAccess);
            }
            let value = T::from_slot(slot.read());
            D::put(&mut r, 5, value);
            r.next::<M>(5 + D::UNITS)
        }
    }
}

/// Kept out of the handler, as all ordinary calls: around what would be inlined here, LLVM saves registers.
///
/// # Safety
///
/// `slot` is within a frame, and nothing else refers to it.
#[inline(never)]
unsafe fn load_any(state: &mut State, op: u32, memory: u32, offset: u64, slot: *mut u64) -> bool {
    // SAFETY: the slot is one of a frame that nothing else refers to, which `LoadAny`, the only caller, has from its node.
    let slot = unsafe { &mut *slot };
    match LoadOp::ALL[op as usize].apply(state.module_memory(memory), *slot, offset) {
        Ok(value) => {
            *slot = value;
            true
        }
        Err(_) => false,
    }
}

/// `store(address slot) = value slot` for a memory that is not 0: units are operation, memory, offset (2), two slots.
struct StoreAny;

impl Handler for StoreAny {
    #[inline(always)]
    unsafe fn run<M: Mode>(r: Regs) -> u64 {
        // SAFETY: the units are as said above, both slots within the frame. No reference to the state is held here.
        unsafe {
            let address = r.slot(4).read();
            let value = r.slot(5).read();
            let state = (*r.context).state();
            if !store_any(state, r.unit(0), r.unit(1), r.target(2) as u64, address, value) {
                return r.trap(Trap::OutOfBoundsMemoryAccess);
            }
            r.next::<M>(6)
        }
    }
}

#[inline(never)]
fn store_any(state: &mut State, op: u32, memory: u32, offset: u64, address: u64, value: u64) -> bool {
    StoreOp::ALL[op as usize]
        .apply(state.module_memory(memory), address, offset, value)
        .is_ok()
}

/// A builtin: units are operation, base slot, x, y. `PAID`: it takes from the slice.
struct CallBuiltin<const PAID: bool>;

impl<const PAID: bool> Handler for CallBuiltin<PAID> {
    #[inline(always)]
    unsafe fn run<M: Mode>(mut r: Regs) -> u64 {
        // SAFETY: the units are as said above; lowering keeps `SLOTS` slots from a builtin's base on within the frame, and the
        // verifier checks that. No other reference to the state is held here.
        unsafe {
            let state = (*r.context).state();
            let slots = r.slot(1);
            if PAID {
                state.slice = (*r.context).slice;
            }
            let trapped = builtin(state, r.unit(0), slots, r.unit(2), r.unit(3));
            if PAID {
                (*r.context).slice = state.slice;
            }
            if let Some(trap) = trapped {
                return r.trap(trap);
            }
            // The memory may have grown.
            r.read_memory();
            r.next::<M>(4)
        }
    }
}

/// `memory.fill` of memory 0: the unit is the first of three slots, address, value and length.
struct MemoryFill;

impl Step for MemoryFill {
    const KIND: Kind = Kind::Other;
    const UNITS: usize = 1;
    #[inline(always)]
    unsafe fn step(r: &mut Regs) -> Result<(), Trap> {
        // SAFETY: the slots are within the frame, and the bytes within memory 0: `bytes` has checked that.
        unsafe {
            let slots = r.slot(0);
            let to = bytes(r, slots.read(), slots.add(2).read())?;
            to.write_bytes(slots.add(1).read() as u8, slots.add(2).read() as u32 as usize);
        }
        Ok(())
    }
}

/// `memory.copy` within memory 0: the unit is the first of three slots, where to, where from, and length.
struct MemoryCopy;

impl Step for MemoryCopy {
    const KIND: Kind = Kind::Other;
    const UNITS: usize = 1;
    #[inline(always)]
    unsafe fn step(r: &mut Regs) -> Result<(), Trap> {
        // SAFETY: as for `MemoryFill`; `copy_from` allows overlap.
        unsafe {
            let slots = r.slot(0);
            let length = slots.add(2).read();
            let from = bytes(r, slots.add(1).read(), length)?;
            let to = bytes(r, slots.read(), length)?;
            to.copy_from(from, length as u32 as usize);
        }
        Ok(())
    }
}

/// `memory.size` of memory 0, if its pages have 64 KiB: the unit is the slot for the number of pages.
struct MemorySize;

impl Step for MemorySize {
    const KIND: Kind = Kind::Other;
    const UNITS: usize = 1;
    #[inline(always)]
    unsafe fn step(r: &mut Regs) -> Result<(), Trap> {
        // SAFETY: the slot is within the frame.
        unsafe { r.slot(0).write((r.memory_len / PAGE) as u64) };
        Ok(())
    }
}

/// `table.get` of a table whose indices have 32 bits: units are the slot of the index, where the element goes, too, and the table.
struct TableGet;

impl Step for TableGet {
    const KIND: Kind = Kind::Other;
    const UNITS: usize = 2;
    #[inline(always)]
    unsafe fn step(r: &mut Regs) -> Result<(), Trap> {
        // SAFETY: the slot is within the frame, and the table one of the current instance's. No reference to a table outlives a
        // handler.
        unsafe {
            let slot = r.slot(0);
            let table = (*r.context).view.tables.add(r.unit(1) as usize).read() as usize;
            let elements: &[u64] = &(*(*r.context).all_tables.add(table)).elements;
            match elements.get(slot.read() as u32 as usize) {
                Some(&element) => slot.write(element),
                None => return Err(Trap::OutOfBoundsTableAccess),
            }
        }
        Ok(())
    }
}

/// The bytes of memory 0 at an address, if there are as many as `length`; both are 32-bit values in slots.
///
/// # Safety
///
/// As [`Handler::run`].
#[inline(always)]
unsafe fn bytes(r: &Regs, address: u64, length: u64) -> Result<*mut u8, Trap> {
    let (address, length) = (u64::from(address as u32), u64::from(length as u32));
    if address + length > r.memory_len as u64 {
        return Err(Trap::OutOfBoundsMemoryAccess);
    }
    // SAFETY: the address is at most the memory's length.
    Ok(unsafe { r.memory.add(address as usize) })
}

/// Kept out of the handler: see [`load_any`].
///
/// # Safety
///
/// [`SLOTS`] slots from `slots` on are within a frame, and nothing else refers to them.
#[inline(never)]
unsafe fn builtin(state: &mut State, op: u32, slots: *mut u64, x: u32, y: u32) -> Option<Trap> {
    // SAFETY: the slots are those of a frame that nothing else refers to, which `CallBuiltin`, the only caller, has from its node.
    let slots = unsafe { std::slice::from_raw_parts_mut(slots, SLOTS) };
    state.builtin(Builtin::ALL[op as usize], x, y, slots).err()
}

macro_rules! with_address {
    ($address:expr, $a:ident => $body:expr) => {
        match $address {
            AddressForm::One(Location::Slot) => {
                type $a = Slot;
                $body
            }
            AddressForm::One(Location::Const) => {
                type $a = Const;
                $body
            }
            AddressForm::One(Location::Acc) => {
                type $a = Acc;
                $body
            }
            AddressForm::Sum(Location::Acc, Location::Const) => {
                type $a = Sum<Acc, Const>;
                $body
            }
            AddressForm::Sum(Location::Acc, _) => {
                type $a = Sum<Acc, Slot>;
                $body
            }
            AddressForm::Sum(_, Location::Const) => {
                type $a = Sum<Slot, Const>;
                $body
            }
            AddressForm::Sum(..) => {
                type $a = Sum<Slot, Slot>;
                $body
            }
        }
    };
}

pub(super) use with_address;

/// The handler of a load from memory 0 at an address of 32 bits.
pub(crate) fn pick_load(op: LoadOp, address: AddressForm, to_slot: bool) -> Picked {
    struct Pick(AddressForm, bool);
    impl LoadVisitor for Pick {
        type Output = Picked;
        fn visit<O: Load>(self) -> Picked {
            with_address!(self.0, A => if self.1 {
                picked_step::<LoadFrom<O, A, ToSlot>>()
            } else {
                picked_step::<LoadFrom<O, A, ToAcc>>()
            })
        }
    }
    op.visit(Pick(address, to_slot))
}

/// The handler of a store to memory 0 at an address of 32 bits; address and value are not both in the integer accumulator.
pub(crate) fn pick_store(op: StoreOp, address: AddressForm, value: Location) -> Picked {
    struct Pick(AddressForm, Location);
    impl StoreVisitor for Pick {
        type Output = Picked;
        fn visit<O: Store>(self) -> Picked {
            with_address!(self.0, A => match self.1 {
                Location::Slot => picked_step::<StoreTo<O, A, Slot>>(),
                Location::Const => picked_step::<StoreTo<O, A, Const>>(),
                Location::Acc => picked_step::<StoreTo<O, A, Acc>>(),
            })
        }
    }
    op.visit(Pick(address, value))
}

/// The handler of a load from any memory.
pub(crate) fn pick_load_any(class: Class, to_slot: bool) -> Picked {
    with_class!(class, T => if to_slot {
        picked::<LoadAny<T, ToSlot>>()
    } else {
        picked::<LoadAny<T, ToAcc>>()
    })
}

/// The handler of a store to any memory.
pub(crate) fn store_any_memory() -> Picked {
    picked::<StoreAny>()
}

/// The handler of `memory.size` of memory 0.
pub(crate) fn memory_size() -> Picked {
    picked::<MemorySize>()
}

/// The handler of `table.get`.
pub(crate) fn table_get() -> Picked {
    picked::<TableGet>()
}

/// The handler of `memory.fill` of memory 0.
pub(crate) fn memory_fill() -> Picked {
    picked::<MemoryFill>()
}

/// The handler of `memory.copy` within memory 0.
pub(crate) fn memory_copy() -> Picked {
    picked::<MemoryCopy>()
}

/// The handler of builtins.
pub(crate) fn any_builtin() -> Picked {
    picked::<CallBuiltin<false>>()
}

pub(crate) fn paid_builtin() -> Picked {
    picked::<CallBuiltin<true>>()
}
