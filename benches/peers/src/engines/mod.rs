//! One file per engine. Each makes an engine, configured at its best; [`crate::catalogue`] says in words how.

/// Conversions between our values and those of an engine whose `enum` has `I32`, `I64`, `F32` and `F64`, too. Floats are
/// kept as floats by most, as bits by some.
#[allow(unused_macros)] // Without features there is no engine here.
macro_rules! numbers {
    ($val:ident) => {
        numbers!(
            $val,
            f32::from_bits,
            |float: &f32| float.to_bits(),
            f64::from_bits,
            |float: &f64| float.to_bits()
        );
    };
    ($val:ident, floats are bits) => {
        numbers!($val, u32::from, u32::clone, u64::from, u64::clone);
    };
    ($val:ident, $to_f32:expr, $from_f32:expr, $to_f64:expr, $from_f64:expr) => {
        /// An argument as our WASI wants it, which has integers only.
        #[allow(dead_code)] // stitch hands arguments over as Rust's integers.
        fn slot(value: &$val) -> u64 {
            match value {
                $val::I32(value) => u64::from(*value as u32),
                $val::I64(value) => *value as u64,
                _ => 0,
            }
        }

        fn to_val(value: wasm_dispatch_workloads::Value) -> $val {
            use wasm_dispatch_workloads::Value;
            match value {
                Value::I32(value) => $val::I32(value),
                Value::I64(value) => $val::I64(value),
                Value::F32(bits) => $val::F32($to_f32(bits)),
                Value::F64(bits) => $val::F64($to_f64(bits)),
            }
        }

        fn from_val(value: &$val) -> Result<wasm_dispatch_workloads::Value, String> {
            use wasm_dispatch_workloads::Value;
            Ok(match value {
                $val::I32(value) => Value::I32(*value),
                $val::I64(value) => Value::I64(*value),
                $val::F32(float) => Value::F32($from_f32(float)),
                $val::F64(float) => Value::F64($from_f64(float)),
                _ => return Err("a result that is no number".to_string()),
            })
        }
    };
}

#[cfg(feature = "ablation")]
pub mod ablation;
#[cfg(feature = "native")]
pub mod native;
#[cfg(feature = "sf-nano")]
pub mod sf_nano;
#[cfg(feature = "stitch")]
pub mod stitch;
#[cfg(feature = "tinywasm")]
pub mod tinywasm;
#[cfg(feature = "wasm3")]
pub mod wasm3;
#[cfg(feature = "wasmtime")]
pub mod wasmtime;
