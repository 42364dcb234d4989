//! Values as manifests, our machine and other engines have them.

use wasm_dispatch_workloads::Value;

/// A value as an engine has it.
pub trait Number: Sized {
    /// An engine's value.
    fn of(value: Value) -> Self;

    /// The value; `None` if it is no number.
    fn get(&self) -> Option<Value>;
}

/// Another value of the same type, that no engine should return: what it does not write is not taken for a result.
pub fn unlike(value: Value) -> Value {
    const UNWRITTEN: u32 = 0x5bad_5bad;
    match value {
        Value::I32(_) => Value::I32(UNWRITTEN as i32),
        Value::I64(_) => Value::I64(UNWRITTEN.into()),
        Value::F32(_) => Value::F32(UNWRITTEN),
        Value::F64(_) => Value::F64(UNWRITTEN.into()),
    }
}

/// A float as an engine keeps it: as a number, or as its bits.
pub trait Float<Bits> {
    /// The float of these bits.
    fn of_bits(bits: Bits) -> Self;

    /// Its bits.
    fn bits(&self) -> Bits;
}

/// [`Number`] for an engine's `enum` that has `I32`, `I64`, `F32` and `F64`.
macro_rules! numbers {
    ($val:ty) => {
        impl crate::values::Number for $val {
            fn of(value: wasm_dispatch_workloads::Value) -> Self {
                use wasm_dispatch_workloads::Value;
                match value {
                    Value::I32(value) => Self::I32(value),
                    Value::I64(value) => Self::I64(value),
                    Value::F32(bits) => Self::F32(crate::values::Float::of_bits(bits)),
                    Value::F64(bits) => Self::F64(crate::values::Float::of_bits(bits)),
                }
            }

            fn get(&self) -> Option<wasm_dispatch_workloads::Value> {
                use wasm_dispatch_workloads::Value;
                Some(match self {
                    Self::I32(value) => Value::I32(*value),
                    Self::I64(value) => Value::I64(*value),
                    Self::F32(float) => Value::F32(crate::values::Float::bits(float)),
                    Self::F64(float) => Value::F64(crate::values::Float::bits(float)),
                    _ => return None,
                })
            }
        }
    };
}

/// [`Float`] by two functions each.
macro_rules! floats {
    ($($float:ty as $bits:ty = $of:expr, $get:expr;)*) => {$(
        impl crate::values::Float<$bits> for $float {
            fn of_bits(bits: $bits) -> $float {
                $of(bits)
            }

            fn bits(&self) -> $bits {
                $get(*self)
            }
        }
    )*};
}

floats! {
    f32 as u32 = f32::from_bits, f32::to_bits;
    f64 as u64 = f64::from_bits, f64::to_bits;
    u32 as u32 = u32::from, u32::from;
    u64 as u64 = u64::from, u64::from;
}

numbers!(wasm_dispatch::Value);

/// A value of a manifest as our machine knows it.
pub fn to_value(value: Value) -> wasm_dispatch::Value {
    Number::of(value)
}

/// A value of our machine as a manifest has it.
///
/// # Errors
///
/// For references and vectors, which no manifest expects.
pub fn to_typed(value: wasm_dispatch::Value) -> Result<Value, String> {
    value.get().ok_or_else(|| match value {
        wasm_dispatch::Value::V128(_) => "vectors are not among the values that can be expected".to_owned(),
        _ => format!("an unexpected reference: {value:?}"),
    })
}

#[allow(unused_imports)] // Without features there is no other engine.
pub(crate) use {floats, numbers};
