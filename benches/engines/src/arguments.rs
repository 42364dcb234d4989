//! What a user asks to be called, and with what: entries, and arguments and results as text, `i32:30`, as in the manifests of
//! workloads.

use std::fmt::Write as _;

use wasm_dispatch::ir::types::FuncType;
use wasm_dispatch::{ExternRef, ExternType, Module, ValType, Value};
use wasm_dispatch_record::visible;
use wasm_dispatch_workloads::Value as Typed;

use crate::values::{Number, to_value};

/// The entry of a WASI command.
pub const COMMAND_ENTRY: &str = "_start";

/// Functions that are listed if none that is exported was named.
const MOST_SHOWN: usize = 40;

/// The function of a module that is to be called: the one that is asked for, or else the entry of a command.
///
/// # Errors
///
/// That there is no such function, and which ones there are.
pub fn entry(module: &Module, asked: Option<&str>) -> Result<(String, FuncType), String> {
    let functions = module.exports().filter_map(|export| match export.ty {
        ExternType::Func(ty) => Some((export.name, ty)),
        _ => None,
    });
    let functions: Vec<(String, FuncType)> = functions.collect();
    let wanted = asked.unwrap_or(COMMAND_ENTRY);
    if let Some(found) = functions.iter().find(|(name, _)| name == wanted) {
        return Ok(found.clone());
    }
    let mut text = match asked {
        Some(name) => format!("it exports no function '{}'", visible::name(name)),
        None => "it is no command: name the function to call with --invoke".to_owned(),
    };
    text += match functions.is_empty() {
        true => "; it exports no function",
        false => "; it exports these:",
    };
    for (name, ty) in functions.iter().take(MOST_SHOWN) {
        let _ = write!(text, "\n  {} {ty}", visible::name(name));
    }
    if let Some(more @ 1..) = functions.len().checked_sub(MOST_SHOWN) {
        let _ = write!(text, "\n  and {more} more");
    }
    Err(text)
}

/// The arguments of an entry of this type.
///
/// # Errors
///
/// That there are too few or too many of them, or what is wrong with one.
pub fn arguments(entry: &str, ty: &FuncType, texts: &[String]) -> Result<Vec<Value>, String> {
    if texts.len() != ty.params.len() {
        let given = match texts.len() {
            1 => "1 argument is".to_owned(),
            count => format!("{count} arguments are"),
        };
        return Err(format!("'{}' is of type {ty}, and {given} given", visible::name(entry)));
    }
    let arguments = texts.iter().zip(ty.params.iter());
    arguments.map(|(text, &ty)| read(text, ty)).collect()
}

/// Reads an argument for a parameter of this type: `30`, `i32:30`, `0x1e` (the bit pattern; of a vector, with lane 0 in the lowest
/// bits), `null`, and for an `externref` a number of the host's.
fn read(text: &str, ty: ValType) -> Result<Value, String> {
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
        (ValType::V128, number) => {
            let bits = match number.strip_prefix("0x") {
                Some(digits) => u128::from_str_radix(digits, 16),
                None => number.parse(),
            };
            return bits.map(Value::V128).map_err(|_| {
                wrong("no number of 128 bits, lane 0 in the lowest, such as 0x4000000030000000200000001")
            });
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
    Ok(to_value(typed))
}

/// What is read back to the same bits, but for references to functions.
pub fn show(value: &Value) -> String {
    match (value, value.get()) {
        (_, Some(number)) => number.to_string(),
        (Value::ExternRef(Some(ExternRef(number))), None) => format!("externref:{number}"),
        (Value::V128(bits), None) => format!("v128:{bits:#034x}"),
        (Value::FuncRef(Some(_)), None) => "funcref:a function".to_owned(),
        (null, None) => format!("{}:null", null.ty()),
    }
}

#[cfg(test)]
#[path = "../tests/unit/arguments.rs"]
mod tests;
