//! Where a handler's operands come from and where its result goes, as types.
//!
//! A source or destination knows how many units of the code stream it takes. Handlers lay them out one after the other,
//! so a handler is a type: `BinaryOf<I32Add, Slot, Const, ToSlot>` is `slot = slot + constant`.

use std::marker::PhantomData;

use wasm_dispatch_ir::V128;
use wasm_dispatch_ir::ops::{Binary, I32Add};
use wasm_dispatch_ir::slot::SlotValue;
use wasm_dispatch_ir::types::ValType;

use crate::abi::{HANDLER_UNITS, Regs, from_register, to_register};
use crate::kind::{AddressForm, Destination, Location};

/// Slot values as accumulators hold them: integers in `acc`, floats in `acc64` and `acc32`. The conversions through
/// bits cost nothing: LLVM sees that they cancel.
pub(crate) trait Value: SlotValue {
    /// Units of a constant of this type.
    const UNITS: usize = match Self::TYPE {
        ValType::I32 | ValType::F32 => 1,
        _ => 2,
    };

    /// Reads the accumulator of this type.
    #[inline(always)]
    fn from_acc(r: &Regs) -> Self {
        Self::from_slot(match Self::TYPE {
            ValType::F32 => r.acc32.to_slot(),
            ValType::F64 => r.acc64.to_slot(),
            _ => r.acc,
        })
    }

    /// Writes the accumulator of this type.
    #[inline(always)]
    fn to_acc(self, r: &mut Regs) {
        match Self::TYPE {
            ValType::F32 => r.acc32 = f32::from_slot(self.to_slot()),
            ValType::F64 => r.acc64 = f64::from_slot(self.to_slot()),
            _ => r.acc = self.to_slot(),
        }
    }
}

impl<T: SlotValue> Value for T {}

/// Where an operand of type `T` comes from.
pub(crate) trait Source<T: Value>: 'static {
    /// Units it takes in the code stream.
    const UNITS: usize;
    /// Where that is.
    const LOCATION: Location;
    /// Reads it; its units begin with operand unit `at`.
    ///
    /// # Safety
    ///
    /// As [`Handler::run`](crate::abi::Handler::run); the node's operand units from `at` on were written for this source.
    unsafe fn get(r: &Regs, at: usize) -> T;
}

/// In a frame slot.
pub(crate) struct Slot;
/// In the code stream.
pub(crate) struct Const;
/// In the accumulator.
pub(crate) struct Acc;
/// The sum of two: `base + index` addresses.
pub(crate) struct Sum<A, B>(PhantomData<(A, B)>);

impl<T: Value> Source<T> for Slot {
    const UNITS: usize = 1;
    const LOCATION: Location = Location::Slot;
    #[inline(always)]
    unsafe fn get(r: &Regs, at: usize) -> T {
        // SAFETY: the unit is a slot's number, and the slot within the frame, says the contract.
        unsafe { T::from_slot(r.slot(at).read()) }
    }
}

impl<T: Value> Source<T> for Const {
    const UNITS: usize = T::UNITS;
    const LOCATION: Location = Location::Const;
    #[inline(always)]
    unsafe fn get(r: &Regs, at: usize) -> T {
        // SAFETY: the units are there, says the contract; a 64-bit constant is aligned to units only.
        unsafe {
            T::from_slot(match T::UNITS {
                1 => u64::from(r.unit(at)),
                _ => r.ip.add(HANDLER_UNITS + at).cast::<u64>().read_unaligned(),
            })
        }
    }
}

impl<T: Value> Source<T> for Acc {
    const UNITS: usize = 0;
    const LOCATION: Location = Location::Acc;
    #[inline(always)]
    unsafe fn get(r: &Regs, _at: usize) -> T {
        T::from_acc(r)
    }
}

/// Where an address comes from: a source, or the sum of two.
pub(crate) trait Address: 'static {
    /// Units it takes in the code stream.
    const UNITS: usize;
    /// Where that is.
    const FORM: AddressForm;
    /// Reads it.
    ///
    /// # Safety
    ///
    /// As for [`Source::get`], of this address.
    unsafe fn address(r: &Regs, at: usize) -> u32;
}

macro_rules! plain_address {
    ($($source:ty)*) => {$(
        impl Address for $source {
            const UNITS: usize = <$source as Source<u32>>::UNITS;
            const FORM: AddressForm = AddressForm::One(<$source as Source<u32>>::LOCATION);
            #[inline(always)]
            unsafe fn address(r: &Regs, at: usize) -> u32 {
                // SAFETY: `get` has the same contract.
                unsafe { <$source as Source<u32>>::get(r, at) }
            }
        }
    )*};
}

plain_address!(Slot Const Acc);

impl<A: Source<u32>, B: Source<u32>> Address for Sum<A, B> {
    const UNITS: usize = A::UNITS + B::UNITS;
    const FORM: AddressForm = AddressForm::Sum(A::LOCATION, B::LOCATION);
    #[inline(always)]
    unsafe fn address(r: &Regs, at: usize) -> u32 {
        // SAFETY: the units were written for this sum: those of B follow those of A.
        let (a, b) = unsafe { (A::get(r, at), B::get(r, at + A::UNITS)) };
        I32Add::apply(a, b).unwrap_or(0)
    }
}

/// Where a result goes. The accumulator always gets it; a slot may, too.
pub(crate) trait Dest: 'static {
    /// Units it takes in the code stream.
    const UNITS: usize;
    /// Where that is.
    const DESTINATION: Destination;
    /// Writes it; its units begin with operand unit `at`.
    ///
    /// # Safety
    ///
    /// As for [`Source::get`], of this destination.
    unsafe fn put<T: Value>(r: &mut Regs, at: usize, value: T);
}

/// Where a vector comes from.
pub(crate) trait VectorSource: 'static {
    /// Units it takes in the code stream.
    const UNITS: usize;
    /// Where that is.
    const LOCATION: Location;
    /// Reads it; its units begin with operand unit `at`.
    ///
    /// # Safety
    ///
    /// As for [`Source::get`], of this source.
    unsafe fn get_vector(r: &Regs, at: usize) -> V128;
}

impl VectorSource for Slot {
    const UNITS: usize = 1;
    const LOCATION: Location = Location::Slot;
    #[inline(always)]
    unsafe fn get_vector(r: &Regs, at: usize) -> V128 {
        // SAFETY: the unit is a slot's number, and this slot and the next are within the frame, says the contract.
        unsafe { read_vector(r.slot(at)) }
    }
}

impl VectorSource for Const {
    const UNITS: usize = 4;
    const LOCATION: Location = Location::Const;
    #[inline(always)]
    unsafe fn get_vector(r: &Regs, at: usize) -> V128 {
        #[cfg(stencil)]
        if let Some(vector) = crate::holes::vector(at) {
            return vector;
        }
        // SAFETY: the units are there, says the contract; a constant is aligned to units only.
        V128(unsafe { r.ip.add(HANDLER_UNITS + at).cast::<[u8; 16]>().read_unaligned() })
    }
}

impl VectorSource for Acc {
    const UNITS: usize = 0;
    const LOCATION: Location = Location::Acc;
    #[inline(always)]
    unsafe fn get_vector(r: &Regs, _at: usize) -> V128 {
        from_register(r.acc128)
    }
}

/// The vector in two slots. They are read at once: they were written so.
///
/// # Safety
///
/// Both are readable.
#[inline(always)]
pub(crate) unsafe fn read_vector(slot: *const u64) -> V128 {
    // SAFETY: both are readable, says the contract; they are aligned to slots only.
    unsafe {
        if cfg!(target_endian = "little") {
            slot.cast::<V128>().read_unaligned()
        } else {
            V128::from_slots([slot.read(), slot.add(1).read()])
        }
    }
}

/// Writes a vector into two slots at once.
///
/// # Safety
///
/// Both are writable.
#[inline(always)]
pub(crate) unsafe fn write_vector(slot: *mut u64, vector: V128) {
    // SAFETY: both are writable, says the contract; they are aligned to slots only.
    unsafe {
        if cfg!(target_endian = "little") {
            slot.cast::<V128>().write_unaligned(vector);
        } else {
            slot.cast::<[u64; 2]>().write(vector.to_slots());
        }
    }
}

/// Where a vector goes, in the same places as other results.
pub(crate) trait VectorDest: Dest {
    /// Writes it; its units begin with operand unit `at`.
    ///
    /// # Safety
    ///
    /// As for [`Source::get`], of this destination.
    unsafe fn put_vector(r: &mut Regs, at: usize, vector: V128);
}

impl VectorDest for ToAcc {
    #[inline(always)]
    unsafe fn put_vector(r: &mut Regs, _at: usize, vector: V128) {
        r.acc128 = to_register(vector);
    }
}

impl VectorDest for ToSlot {
    #[inline(always)]
    unsafe fn put_vector(r: &mut Regs, at: usize, vector: V128) {
        // SAFETY: the unit is a slot's number, and this slot and the next are within the frame, says the contract.
        unsafe { write_vector(r.slot(at), vector) };
        r.acc128 = to_register(vector);
    }
}

impl VectorDest for PastAcc {
    #[inline(always)]
    unsafe fn put_vector(r: &mut Regs, at: usize, vector: V128) {
        // SAFETY: the unit is a slot's number, and this slot and the next are within the frame, says the contract.
        unsafe { write_vector(r.slot(at), vector) };
    }
}

/// The accumulator alone.
pub(crate) struct ToAcc;
/// A slot, and the accumulator on the way.
pub(crate) struct ToSlot;
/// A slot, and the accumulator stays what it was: for values that only move, so that the one computed last is at hand.
pub(crate) struct PastAcc;

impl Dest for ToAcc {
    const UNITS: usize = 0;
    const DESTINATION: Destination = Destination::Acc;
    #[inline(always)]
    unsafe fn put<T: Value>(r: &mut Regs, _at: usize, value: T) {
        value.to_acc(r);
    }
}

impl Dest for ToSlot {
    const UNITS: usize = 1;
    const DESTINATION: Destination = Destination::Slot;
    #[inline(always)]
    unsafe fn put<T: Value>(r: &mut Regs, at: usize, value: T) {
        #[cfg(stencil)]
        let value = crate::holes::settled(value);
        // SAFETY: the unit is a slot's number, and the slot within the frame, says the contract.
        unsafe { r.slot(at).write(value.to_slot()) };
        value.to_acc(r);
    }
}

impl Dest for PastAcc {
    const UNITS: usize = 1;
    const DESTINATION: Destination = Destination::PastAcc;
    #[inline(always)]
    unsafe fn put<T: Value>(r: &mut Regs, at: usize, value: T) {
        // SAFETY: the unit is a slot's number, and the slot within the frame, says the contract.
        unsafe { r.slot(at).write(value.to_slot()) };
    }
}
