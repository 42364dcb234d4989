//! Values passed between host and program.

use wasm_dispatch_ir::slot::SlotValue;
use wasm_dispatch_ir::types::ValType;

use super::handles::{Func, VmId, foreign};
use crate::error::Error;

/// A reference to something of the host's: a number that means something only to the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ExternRef(pub u32);

/// A WebAssembly value.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// A 32-bit integer.
    I32(i32),
    /// A 64-bit integer.
    I64(i64),
    /// A 32-bit float.
    F32(f32),
    /// A 64-bit float.
    F64(f64),
    /// A function, or null.
    FuncRef(Option<Func>),
    /// A reference of the host's, or null.
    ExternRef(Option<ExternRef>),
    /// A vector of 128 bits; lane 0 is in the lowest bits, as in memory.
    V128(u128),
}

/// The slots of a value; it takes the first of them, as many as its type says.
pub(super) type ValueSlots = [u64; ValType::MAX_SLOTS as usize];

impl Value {
    /// The value's type.
    pub fn ty(&self) -> ValType {
        match self {
            Value::I32(_) => ValType::I32,
            Value::I64(_) => ValType::I64,
            Value::F32(_) => ValType::F32,
            Value::F64(_) => ValType::F64,
            Value::FuncRef(_) => ValType::FuncRef,
            Value::ExternRef(_) => ValType::ExternRef,
            Value::V128(_) => ValType::V128,
        }
    }

    /// The zero, or null, of a type.
    pub fn zero(ty: ValType) -> Value {
        match ty {
            ValType::I32 => Value::I32(0),
            ValType::I64 => Value::I64(0),
            ValType::F32 => Value::F32(0.0),
            ValType::F64 => Value::F64(0.0),
            ValType::FuncRef => Value::FuncRef(None),
            ValType::V128 => Value::V128(0),
            _ => Value::ExternRef(None),
        }
    }

    /// The value as slots of a machine.
    ///
    /// # Errors
    ///
    /// [`Usage`](crate::ErrorKind::Usage) for a function of another machine.
    pub(super) fn to_slots(self, vm: VmId) -> Result<ValueSlots, Error> {
        if !self.is_of(vm) {
            return Err(foreign("function"));
        }
        let mut slots = ValueSlots::default();
        self.put(&mut slots);
        Ok(slots)
    }

    /// Whether the value means something in a machine: all but functions of another one do.
    #[inline]
    pub(super) fn is_of(&self, vm: VmId) -> bool {
        match self {
            Value::FuncRef(value) => WasmType::is_of(value, vm),
            _ => true,
        }
    }

    /// Writes the value, which [is of](Value::is_of) the slots' machine, into the first of them.
    #[inline]
    pub(super) fn put(self, slots: &mut [u64]) {
        match self {
            Value::I32(value) => value.to_slots(slots),
            Value::I64(value) => value.to_slots(slots),
            Value::F32(value) => value.to_slots(slots),
            Value::F64(value) => value.to_slots(slots),
            Value::FuncRef(value) => value.to_slots(slots),
            Value::ExternRef(value) => value.to_slots(slots),
            Value::V128(value) => value.to_slots(slots),
        }
    }

    /// The value that slots of a machine stand for.
    pub(super) fn from_slots(ty: ValType, slots: &[u64], vm: VmId) -> Value {
        match ty {
            ValType::I32 => Value::I32(WasmType::from_slots(slots, vm)),
            ValType::I64 => Value::I64(WasmType::from_slots(slots, vm)),
            ValType::F32 => Value::F32(WasmType::from_slots(slots, vm)),
            ValType::F64 => Value::F64(WasmType::from_slots(slots, vm)),
            ValType::FuncRef => Value::FuncRef(WasmType::from_slots(slots, vm)),
            ValType::V128 => Value::V128(WasmType::from_slots(slots, vm)),
            _ => Value::ExternRef(WasmType::from_slots(slots, vm)),
        }
    }

    /// The values of these types that stand one after another in slots of a machine.
    pub(super) fn list(types: &[ValType], mut slots: &[u64], vm: VmId) -> Vec<Value> {
        let next = |&ty: &ValType| {
            let (own, after) = slots.split_at(usize::from(ty.slots()));
            slots = after;
            Value::from_slots(ty, own, vm)
        };
        types.iter().map(next).collect()
    }
}

macro_rules! from {
    ($($variant:ident($ty:ty);)*) => {
        $(impl From<$ty> for Value {
            fn from(value: $ty) -> Value {
                Value::$variant(value)
            }
        })*
    };
}

from! {
    I32(i32);
    I64(i64);
    F32(f32);
    F64(f64);
    FuncRef(Option<Func>);
    ExternRef(Option<ExternRef>);
    V128(u128);
}

impl From<[u8; 16]> for Value {
    /// A vector, as its bytes are in memory.
    fn from(bytes: [u8; 16]) -> Value {
        Value::V128(u128::from_le_bytes(bytes))
    }
}

/// A Rust type that stands for a WebAssembly value type in typed calls and host functions.
///
/// Unsigned integers are views of the same WebAssembly types as signed ones.
pub trait WasmType: Copy + Send + Sync + 'static + sealed::Sealed {
    /// The WebAssembly type.
    const TYPE: ValType;
    /// Reads the first of these slots of a machine, as many as the type takes.
    #[doc(hidden)]
    fn from_slots(slots: &[u64], vm: VmId) -> Self;
    /// Writes them, for the machine that the value [is of](WasmType::is_of).
    #[doc(hidden)]
    fn to_slots(self, slots: &mut [u64]);
    /// Whether the value means something in a machine: all but functions of another one do.
    #[doc(hidden)]
    #[inline(always)]
    fn is_of(&self, _vm: VmId) -> bool {
        true
    }
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! wasm_type {
    ($($ty:ty)*) => {
        $(
            impl sealed::Sealed for $ty {}
            impl WasmType for $ty {
                const TYPE: ValType = <$ty as SlotValue>::TYPE;
                #[inline(always)]
                fn from_slots(slots: &[u64], _vm: VmId) -> Self {
                    SlotValue::from_slot(slots[0])
                }
                #[inline(always)]
                fn to_slots(self, slots: &mut [u64]) {
                    slots[0] = SlotValue::to_slot(self);
                }
            }
        )*
    };
}

wasm_type! { i32 u32 i64 u64 f32 f64 }

impl sealed::Sealed for Option<Func> {}
impl WasmType for Option<Func> {
    const TYPE: ValType = ValType::FuncRef;
    fn from_slots(slots: &[u64], vm: VmId) -> Self {
        slots[0].checked_sub(1).map(|index| Func::new(vm, index as u32))
    }
    fn to_slots(self, slots: &mut [u64]) {
        slots[0] = self.map_or(0, Func::to_slot);
    }
    fn is_of(&self, vm: VmId) -> bool {
        self.is_none_or(|func| func.is_of(vm))
    }
}

impl sealed::Sealed for Option<ExternRef> {}
impl WasmType for Option<ExternRef> {
    const TYPE: ValType = ValType::ExternRef;
    fn from_slots(slots: &[u64], _vm: VmId) -> Self {
        slots[0].checked_sub(1).map(|index| ExternRef(index as u32))
    }
    fn to_slots(self, slots: &mut [u64]) {
        slots[0] = self.map_or(0, |value| u64::from(value.0) + 1);
    }
}

impl sealed::Sealed for u128 {}
impl WasmType for u128 {
    const TYPE: ValType = ValType::V128;
    fn from_slots(slots: &[u64], _vm: VmId) -> Self {
        u128::from(slots[1]) << 64 | u128::from(slots[0])
    }
    fn to_slots(self, slots: &mut [u64]) {
        slots[..2].copy_from_slice(&[self as u64, (self >> 64) as u64]);
    }
}

/// A vector, as its bytes are in memory.
impl sealed::Sealed for [u8; 16] {}
impl WasmType for [u8; 16] {
    const TYPE: ValType = ValType::V128;
    fn from_slots(slots: &[u64], vm: VmId) -> Self {
        u128::from_slots(slots, vm).to_le_bytes()
    }
    fn to_slots(self, slots: &mut [u64]) {
        u128::from_le_bytes(self).to_slots(slots);
    }
}

/// Parameters or results of a typed call or host function: nothing, one value, or a tuple of up to 16.
pub trait WasmTuple: Sized + Send + Sync + 'static {
    /// The types, in order.
    fn types() -> Vec<ValType>;
    /// Reads slots of a machine.
    #[doc(hidden)]
    fn read(slots: &[u64], vm: VmId) -> Self;
    /// Writes slots of the machine that the values [are of](WasmTuple::is_of).
    #[doc(hidden)]
    fn write(self, slots: &mut [u64]);
    /// Whether all values mean something in a machine.
    #[doc(hidden)]
    fn is_of(&self, vm: VmId) -> bool;
}

impl<T: WasmType> WasmTuple for T {
    fn types() -> Vec<ValType> {
        vec![T::TYPE]
    }
    #[inline(always)]
    fn read(slots: &[u64], vm: VmId) -> Self {
        T::from_slots(slots, vm)
    }
    #[inline(always)]
    fn write(self, slots: &mut [u64]) {
        self.to_slots(slots);
    }
    #[inline(always)]
    fn is_of(&self, vm: VmId) -> bool {
        WasmType::is_of(self, vm)
    }
}

/// Takes the first value off slots with values one after another.
#[inline(always)]
fn take<T: WasmType>(slots: &mut &[u64], vm: VmId) -> T {
    let (own, after) = slots.split_at(usize::from(T::TYPE.slots()));
    *slots = after;
    T::from_slots(own, vm)
}

/// Writes a value into the first of these slots, and advances past it.
#[inline(always)]
fn put<T: WasmType>(slots: &mut &mut [u64], value: T) {
    let (own, after) = std::mem::take(slots).split_at_mut(usize::from(T::TYPE.slots()));
    value.to_slots(own);
    *slots = after;
}

macro_rules! tuple {
    ($($t:ident $i:tt)*) => {
        impl<$($t: WasmType),*> WasmTuple for ($($t,)*) {
            fn types() -> Vec<ValType> {
                vec![$($t::TYPE),*]
            }
            // Without elements the result is `()`.
            #[allow(clippy::unused_unit, unused_mut)]
            #[inline(always)]
            fn read(mut _slots: &[u64], _vm: VmId) -> Self {
                ($(take::<$t>(&mut _slots, _vm),)*)
            }
            #[allow(unused_mut)]
            #[inline(always)]
            fn write(self, mut _slots: &mut [u64]) {
                $(put(&mut _slots, self.$i);)*
            }
            #[inline(always)]
            fn is_of(&self, _vm: VmId) -> bool {
                true $(&& WasmType::is_of(&self.$i, _vm))*
            }
        }
    };
}

tuple!();
tuple!(A 0);
tuple!(A 0 B 1);
tuple!(A 0 B 1 C 2);
tuple!(A 0 B 1 C 2 D 3);
tuple!(A 0 B 1 C 2 D 3 E 4);
tuple!(A 0 B 1 C 2 D 3 E 4 F 5);
tuple!(A 0 B 1 C 2 D 3 E 4 F 5 G 6);
tuple!(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7);
tuple!(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8);
tuple!(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9);
tuple!(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10);
tuple!(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11);
tuple!(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12);
tuple!(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12 N 13);
tuple!(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12 N 13 O 14);
tuple!(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12 N 13 O 14 P 15);
