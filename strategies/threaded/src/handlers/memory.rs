//! Loads and stores.
//!
//! The code stream holds `offset + width`, so that one addition gives both the end to check and, less the width, the
//! address: `end = address + (offset + width)`; trap if `end > memory_len`. Addresses and offsets have 32 bits, so the
//! sum cannot wrap.

use std::marker::PhantomData;

use wasm_dispatch_ir::Trap;
use wasm_dispatch_ir::builtin::Builtin;
use wasm_dispatch_ir::ops::{Load, LoadOp, LoadVisitor, Store, StoreOp, StoreVisitor};
use wasm_dispatch_ir::slot::SlotValue;
use wasm_dispatch_machine::state::State;
use wasm_dispatch_machine::store::PAGE;

use super::numeric::{Class, with_class};
use crate::abi::{Handler, Mode, Picked, Regs, Step, picked};
use crate::kind::Kind;
use crate::operand::{Acc, Address, AddressForm, Const, Dest, Location, Slot, Source, Sum, ToAcc, ToSlot, Value};

/// Units of `offset + width`.
const END_UNITS: usize = 2;

/// The bytes at an address, or `None` if they are out of bounds.
///
/// # Safety
///
/// Operand units `at` and `at + 1` hold the node's `offset + width`, and `width` is the access's; see `Handler::run`.
#[inline(always)]
unsafe fn place(r: &Regs, at: usize, address: u32, width: usize) -> Option<*mut u8> {
    // SAFETY: the caller's; the sum is in bounds of memory 0 where it is used as a pointer.
    unsafe {
        let end = u64::from(address) + r.target(at) as u64;
        if end > r.memory_len as u64 {
            return None;
        }
        Some(r.memory.add(end as usize - width))
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
        // SAFETY: operand units are the end, A and D in this order; see `Handler::run`. `place` has checked the bounds.
        unsafe {
            let address = A::address(r, END_UNITS);
            let place = place(r, 0, address, O::WIDTH).ok_or(Trap::OutOfBoundsMemoryAccess)?;
            let bytes = match O::WIDTH {
                1 => u64::from(place.read()),
                2 => u64::from(u16::from_le(place.cast::<u16>().read_unaligned())),
                4 => u64::from(u32::from_le(place.cast::<u32>().read_unaligned())),
                _ => u64::from_le(place.cast::<u64>().read_unaligned()),
            };
            D::put(r, END_UNITS + A::UNITS, O::from_bytes(bytes.to_le_bytes()));
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
        // SAFETY: operand units are the end, A and V in this order; see `Handler::run`. `place` has checked the bounds.
        unsafe {
            let address = A::address(r, END_UNITS);
            let value = V::get(r, END_UNITS + A::UNITS).to_slot();
            let place = place(r, 0, address, O::WIDTH).ok_or(Trap::OutOfBoundsMemoryAccess)?;
            match O::WIDTH {
                1 => place.write(value as u8),
                2 => place.cast::<u16>().write_unaligned((value as u16).to_le()),
                4 => place.cast::<u32>().write_unaligned((value as u32).to_le()),
                _ => place.cast::<u64>().write_unaligned(value.to_le()),
            }
        }
        Ok(())
    }
}

/// An operand for a memory other than 0: units are operation, memory, offset (2), scratch slot.
///
/// `d = load(scratch)`; the address is in the scratch slot.
struct LoadAny<T, D>(PhantomData<(T, D)>);

impl<T: Value, D: Dest> Handler for LoadAny<T, D> {
    #[inline(always)]
    unsafe fn run<M: Mode>(mut r: Regs) -> u64 {
        // SAFETY: operand units as said above; the state is alive and not borrowed while a handler runs.
        unsafe {
            let slot = r.frame.add(r.unit(4) as usize);
            if !load_any((*r.context).state(), r.unit(0), r.unit(1), r.target(2) as u64, slot) {
                return r.trap(Trap::OutOfBoundsMemoryAccess);
            }
            let value = T::from_slot(slot.read());
            D::put(&mut r, 5, value);
            r.next::<M>(5 + D::UNITS)
        }
    }
}

/// Ordinary calls are kept out of handlers: around one, LLVM saves all registers.
#[inline(never)]
unsafe fn load_any(state: &mut State, op: u32, memory: u32, offset: u64, slot: *mut u64) -> bool {
    // SAFETY: `slot` is within the frame, and nothing else refers to it.
    let slot = unsafe { &mut *slot };
    match LoadOp::ALL[op as usize].apply(state.module_memory(memory), *slot as u32, offset) {
        Ok(value) => {
            *slot = value;
            true
        }
        Err(_) => false,
    }
}

/// `store(address slot) = value slot` for a memory other than 0: units are operation, memory, offset (2), two slots.
struct StoreAny;

impl Handler for StoreAny {
    #[inline(always)]
    unsafe fn run<M: Mode>(r: Regs) -> u64 {
        // SAFETY: operand units as said above; the state is alive and not borrowed while a handler runs.
        unsafe {
            let address = r.frame.add(r.unit(4) as usize).read() as u32;
            let value = r.frame.add(r.unit(5) as usize).read();
            let state = (*r.context).state();
            if !store_any(state, r.unit(0), r.unit(1), r.target(2) as u64, address, value) {
                return r.trap(Trap::OutOfBoundsMemoryAccess);
            }
            r.next::<M>(6)
        }
    }
}

#[inline(never)]
fn store_any(state: &mut State, op: u32, memory: u32, offset: u64, address: u32, value: u64) -> bool {
    StoreOp::ALL[op as usize]
        .apply(state.module_memory(memory), address, offset, value)
        .is_ok()
}

/// A builtin: units are operation, base slot, x, y.
struct CallBuiltin;

impl Handler for CallBuiltin {
    #[inline(always)]
    unsafe fn run<M: Mode>(mut r: Regs) -> u64 {
        // SAFETY: operand units as said above; the state is alive and not borrowed while a handler runs; the verifier
        // of lowered code has checked that the slots are within the frame.
        unsafe {
            let state = (*r.context).state();
            let slots = r.frame.add(r.unit(1) as usize);
            if let Some(trap) = builtin(state, r.unit(0), slots, r.unit(2), r.unit(3)) {
                return r.trap(trap);
            }
            // The memory may have grown.
            r.read_memory();
            r.next::<M>(4)
        }
    }
}

/// `memory.fill` of memory 0: the unit is the first of three slots, address, value and length.
struct Fill;

impl Step for Fill {
    const KIND: Kind = Kind::Other;
    const UNITS: usize = 1;
    #[inline(always)]
    unsafe fn step(r: &mut Regs) -> Result<(), Trap> {
        // SAFETY: the slots are within the frame, and the bytes within memory 0 once that is checked; see `Handler::run`.
        unsafe {
            let slots = r.frame.add(r.unit(0) as usize);
            let to = bytes(r, slots.read(), slots.add(2).read())?;
            to.write_bytes(slots.add(1).read() as u8, slots.add(2).read() as u32 as usize);
        }
        Ok(())
    }
}

/// `memory.copy` within memory 0: the unit is the first of three slots, where to, where from, and length.
struct Copy;

impl Step for Copy {
    const KIND: Kind = Kind::Other;
    const UNITS: usize = 1;
    #[inline(always)]
    unsafe fn step(r: &mut Regs) -> Result<(), Trap> {
        // SAFETY: as for `Fill`; `copy_from` allows overlap.
        unsafe {
            let slots = r.frame.add(r.unit(0) as usize);
            let length = slots.add(2).read();
            let from = bytes(r, slots.add(1).read(), length)?;
            let to = bytes(r, slots.read(), length)?;
            to.copy_from(from, length as u32 as usize);
        }
        Ok(())
    }
}

/// `memory.size` of memory 0: the unit is the slot for the number of pages.
struct Pages;

impl Step for Pages {
    const KIND: Kind = Kind::Other;
    const UNITS: usize = 1;
    #[inline(always)]
    unsafe fn step(r: &mut Regs) -> Result<(), Trap> {
        // SAFETY: the slot is within the frame; see `Handler::run`.
        unsafe { r.frame.add(r.unit(0) as usize).write((r.memory_len / PAGE) as u64) };
        Ok(())
    }
}

/// `table.get`: units are the slot of the index, where the element goes, too, and the table.
struct TableGet;

impl Step for TableGet {
    const KIND: Kind = Kind::Other;
    const UNITS: usize = 2;
    #[inline(always)]
    unsafe fn step(r: &mut Regs) -> Result<(), Trap> {
        // SAFETY: the slot is within the frame, and the table one of the current instance's; tables are not borrowed while
        // a handler runs. See `Handler::run`.
        unsafe {
            let slot = r.frame.add(r.unit(0) as usize);
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

/// So many bytes at an address in memory 0, both 32-bit values in slots, or a trap.
#[inline(always)]
unsafe fn bytes(r: &Regs, address: u64, length: u64) -> Result<*mut u8, Trap> {
    let (address, length) = (u64::from(address as u32), u64::from(length as u32));
    if address + length > r.memory_len as u64 {
        return Err(Trap::OutOfBoundsMemoryAccess);
    }
    // SAFETY: at most the memory's length.
    Ok(unsafe { r.memory.add(address as usize) })
}

#[inline(never)]
unsafe fn builtin(state: &mut State, op: u32, slots: *mut u64, x: u32, y: u32) -> Option<Trap> {
    // SAFETY: three slots from the base on are within the frame, says the caller, and nothing else refers to them.
    let slots = unsafe { std::slice::from_raw_parts_mut(slots, 3) };
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

/// The handler of a load from memory 0.
pub(crate) fn pick_load(op: LoadOp, address: AddressForm, to_slot: bool) -> Picked {
    struct Pick(AddressForm, bool);
    impl LoadVisitor for Pick {
        type Output = Picked;
        fn visit<O: Load>(self) -> Picked {
            with_address!(self.0, A => if self.1 {
                picked::<LoadFrom<O, A, ToSlot>>()
            } else {
                picked::<LoadFrom<O, A, ToAcc>>()
            })
        }
    }
    op.visit(Pick(address, to_slot))
}

/// The handler of a store to memory 0; address and value are not both in the integer accumulator.
pub(crate) fn pick_store(op: StoreOp, address: AddressForm, value: Location) -> Picked {
    struct Pick(AddressForm, Location);
    impl StoreVisitor for Pick {
        type Output = Picked;
        fn visit<O: Store>(self) -> Picked {
            with_address!(self.0, A => match self.1 {
                Location::Slot => picked::<StoreTo<O, A, Slot>>(),
                Location::Const => picked::<StoreTo<O, A, Const>>(),
                Location::Acc => picked::<StoreTo<O, A, Acc>>(),
            })
        }
    }
    op.visit(Pick(address, value))
}

/// The handler of a load from another memory.
pub(crate) fn pick_load_any(class: Class, to_slot: bool) -> Picked {
    with_class!(class, T => if to_slot {
        picked::<LoadAny<T, ToSlot>>()
    } else {
        picked::<LoadAny<T, ToAcc>>()
    })
}

/// The handler of a store to another memory.
pub(crate) fn store_any_entry() -> Picked {
    picked::<StoreAny>()
}

/// The handler of `memory.fill` of memory 0.
pub(crate) fn pages_entry() -> Picked {
    picked::<Pages>()
}

pub(crate) fn table_get_entry() -> Picked {
    picked::<TableGet>()
}

pub(crate) fn fill_entry() -> Picked {
    picked::<Fill>()
}

/// The handler of `memory.copy` within memory 0.
pub(crate) fn copy_entry() -> Picked {
    picked::<Copy>()
}

/// The handler of builtins.
pub(crate) fn builtin_entry() -> Picked {
    picked::<CallBuiltin>()
}
