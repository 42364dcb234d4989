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
        // Integers have no sign; whoever means all ones may write 4294967295.
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
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_read_back_to_the_same_bits() {
        let values = [
            Value::I32(-1),
            Value::I64(i64::MIN),
            Value::F32(0.1),
            Value::F64(-0.0),
            Value::F64(f64::INFINITY),
            Value::ExternRef(None),
            Value::ExternRef(Some(ExternRef(7))),
            Value::FuncRef(None),
        ];
        for value in values {
            assert_eq!(show(&read(&show(&value), value.ty()).unwrap()), show(&value));
        }
        assert_eq!(show(&read("0x7fc00001", ValType::F32).unwrap()), "f32:0x7fc00001");
    }

    #[test]
    fn a_type_may_be_left_out_but_not_be_another_one() {
        assert_eq!(read("30", ValType::I64), Ok(Value::I64(30)));
        assert_eq!(read("4294967295", ValType::I32), Ok(Value::I32(-1)));
        assert!(read("-0x1", ValType::I32).is_err());
        for (text, ty) in [
            ("i64:30", ValType::I32),
            ("4294967296", ValType::I32),
            ("1.5", ValType::I64),
            ("nan", ValType::F32),
            ("3", ValType::FuncRef),
            ("", ValType::I32),
        ] {
            let error = read(text, ty).unwrap_err();
            assert!(error.contains(&format!("'{text}'")), "{error}");
        }
    }
}
