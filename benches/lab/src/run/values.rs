//! Arguments and results as text: `i32:30`, as in the manifests of workloads.

use wasm_dispatch::{ExternRef, ValType, Value};
use wasm_dispatch_workloads::Value as Typed;

/// Reads an argument for a parameter of this type: `30`, `i32:30`, `0x1e` (the bit pattern), `null`, and for an
/// `externref` a number of the host's.
pub fn read(text: &str, ty: ValType) -> Result<Value, String> {
    let (named, number) = match text.split_once(':') {
        Some((named, number)) => (Some(named), number),
        None => (None, text),
    };
    if named.is_some_and(|named| named != ty.to_string()) {
        return Err(format!("the argument '{text}' should be of type {ty}"));
    }
    let wrong = |why: &str| format!("the argument '{text}': {why}");
    match (ty, number) {
        (ValType::FuncRef, "null") => return Ok(Value::FuncRef(None)),
        (ValType::ExternRef, "null") => return Ok(Value::ExternRef(None)),
        (ValType::FuncRef, _) => return Err(wrong("of functions only null can be written")),
        (ValType::ExternRef, number) => {
            let number = number
                .parse()
                .map_err(|_| wrong("neither null nor a number that fits 32 bits"))?;
            return Ok(Value::ExternRef(Some(ExternRef(number))));
        }
        // Integers have no sign: all ones may be written as 4294967295.
        (ValType::I32, number) => {
            if let Ok(unsigned) = number.parse::<u32>() {
                return Ok(Value::I32(unsigned as i32));
            }
        }
        (ValType::I64, number) => {
            if let Ok(unsigned) = number.parse::<u64>() {
                return Ok(Value::I64(unsigned as i64));
            }
        }
        _ => {}
    }
    let typed: Typed = format!("{ty}:{number}")
        .parse()
        .map_err(|error| wrong(&format!("{error}")))?;
    Ok(match typed {
        Typed::I32(value) => Value::I32(value),
        Typed::I64(value) => Value::I64(value),
        Typed::F32(bits) => Value::F32(f32::from_bits(bits)),
        Typed::F64(bits) => Value::F64(f64::from_bits(bits)),
    })
}

/// What [`read`] reads back to the same bits, but for references to functions.
pub fn show(value: &Value) -> String {
    let typed = match *value {
        Value::I32(value) => Typed::I32(value),
        Value::I64(value) => Typed::I64(value),
        Value::F32(value) => Typed::F32(value.to_bits()),
        Value::F64(value) => Typed::F64(value.to_bits()),
        Value::ExternRef(Some(ExternRef(number))) => return format!("externref:{number}"),
        Value::FuncRef(Some(_)) => return "funcref:a function".to_owned(),
        ref null => return format!("{}:null", null.ty()),
    };
    typed.to_string()
}

#[cfg(test)]
#[path = "../../tests/unit/values.rs"]
mod tests;
