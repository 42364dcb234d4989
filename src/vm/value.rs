//! Values that cross the border between host and program.

use wasm_dispatch_ir::slot::SlotValue;
use wasm_dispatch_ir::types::ValType;

use super::handles::Func;

/// A reference to something of the host's: a number that means something to the host only.
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
    /// Something of the host's, or null.
    ExternRef(Option<ExternRef>),
}

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
        }
    }

    /// The zero, or null, of a type.
    pub fn zero(ty: ValType) -> Value {
        Value::from_slot(ty, 0)
    }

    pub(crate) fn to_slot(self) -> u64 {
        match self {
            Value::I32(value) => SlotValue::to_slot(value),
            Value::I64(value) => SlotValue::to_slot(value),
            Value::F32(value) => SlotValue::to_slot(value),
            Value::F64(value) => SlotValue::to_slot(value),
            Value::FuncRef(value) => WasmType::to_slot(value),
            Value::ExternRef(value) => WasmType::to_slot(value),
        }
    }

    pub(crate) fn from_slot(ty: ValType, slot: u64) -> Value {
        match ty {
            ValType::I32 => Value::I32(SlotValue::from_slot(slot)),
            ValType::I64 => Value::I64(SlotValue::from_slot(slot)),
            ValType::F32 => Value::F32(SlotValue::from_slot(slot)),
            ValType::F64 => Value::F64(SlotValue::from_slot(slot)),
            ValType::FuncRef => Value::FuncRef(WasmType::from_slot(slot)),
            _ => Value::ExternRef(WasmType::from_slot(slot)),
        }
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
}

/// A Rust type that stands for a WebAssembly value type in typed calls and host functions.
///
/// Unsigned integers are views of the same WebAssembly types as signed ones.
pub trait WasmType: Copy + Send + Sync + 'static + sealed::Sealed {
    /// The WebAssembly type.
    const TYPE: ValType;
    #[doc(hidden)]
    fn from_slot(slot: u64) -> Self;
    #[doc(hidden)]
    fn to_slot(self) -> u64;
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
                fn from_slot(slot: u64) -> Self {
                    SlotValue::from_slot(slot)
                }
                fn to_slot(self) -> u64 {
                    SlotValue::to_slot(self)
                }
            }
        )*
    };
}

wasm_type! { i32 u32 i64 u64 f32 f64 }

impl sealed::Sealed for Option<Func> {}
impl WasmType for Option<Func> {
    const TYPE: ValType = ValType::FuncRef;
    fn from_slot(slot: u64) -> Self {
        slot.checked_sub(1).map(|index| Func(index as u32))
    }
    fn to_slot(self) -> u64 {
        self.map_or(0, |func| u64::from(func.0) + 1)
    }
}

impl sealed::Sealed for Option<ExternRef> {}
impl WasmType for Option<ExternRef> {
    const TYPE: ValType = ValType::ExternRef;
    fn from_slot(slot: u64) -> Self {
        slot.checked_sub(1).map(|index| ExternRef(index as u32))
    }
    fn to_slot(self) -> u64 {
        self.map_or(0, |value| u64::from(value.0) + 1)
    }
}

/// Parameters or results of a typed call or host function: nothing, one value, or a tuple of up to eight.
pub trait WasmTuple: Sized + Send + Sync + 'static {
    /// The types, in order.
    fn types() -> Vec<ValType>;
    #[doc(hidden)]
    fn read(slots: &[u64]) -> Self;
    #[doc(hidden)]
    fn write(self, slots: &mut [u64]);
}

impl<T: WasmType> WasmTuple for T {
    fn types() -> Vec<ValType> {
        vec![T::TYPE]
    }
    fn read(slots: &[u64]) -> Self {
        T::from_slot(slots[0])
    }
    fn write(self, slots: &mut [u64]) {
        slots[0] = self.to_slot();
    }
}

macro_rules! tuple {
    ($($t:ident $i:tt)*) => {
        impl<$($t: WasmType),*> WasmTuple for ($($t,)*) {
            fn types() -> Vec<ValType> {
                vec![$($t::TYPE),*]
            }
            // Without elements the result is `()`.
            #[allow(clippy::unused_unit)]
            fn read(_slots: &[u64]) -> Self {
                ($($t::from_slot(_slots[$i]),)*)
            }
            fn write(self, _slots: &mut [u64]) {
                $(_slots[$i] = self.$i.to_slot();)*
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
