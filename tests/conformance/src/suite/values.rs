//! Arguments and expected results of the suite's assertions.

use wasm_dispatch::{ExternRef, Value};
use wast::core::{AbstractHeapType, HeapType, NanPattern, WastArgCore, WastRetCore};
use wast::{WastArg, WastRet};

/// A result that an assertion allows.
#[derive(Clone, Debug, PartialEq)]
pub enum Expected {
    /// Exactly this value; floats bit for bit.
    Value(Value),
    /// A NaN whose payload is the canonical one.
    CanonicalNan32,
    /// A quiet NaN.
    ArithmeticNan32,
    /// A NaN whose payload is the canonical one.
    CanonicalNan64,
    /// A quiet NaN.
    ArithmeticNan64,
    /// A null reference of any type.
    Null,
    /// Any function.
    Function,
    /// Any reference of the host's.
    Extern,
    /// One of several.
    Either(Vec<Expected>),
}

/// The argument, or the proposal it needs.
///
/// # Errors
///
/// The name of an unsupported proposal.
pub fn argument(argument: &WastArg<'_>) -> Result<Value, &'static str> {
    let WastArg::Core(argument) = argument else {
        return Err("component model");
    };
    Ok(match argument {
        WastArgCore::I32(value) => Value::I32(*value),
        WastArgCore::I64(value) => Value::I64(*value),
        WastArgCore::F32(value) => Value::F32(f32::from_bits(value.bits)),
        WastArgCore::F64(value) => Value::F64(f64::from_bits(value.bits)),
        WastArgCore::RefExtern(value) => Value::ExternRef(Some(ExternRef(*value))),
        WastArgCore::RefNull(HeapType::Abstract { shared: false, ty }) => match ty {
            AbstractHeapType::Func => Value::FuncRef(None),
            AbstractHeapType::Extern => Value::ExternRef(None),
            AbstractHeapType::Exn => return Err("exception handling"),
            _ => return Err("garbage collection"),
        },
        WastArgCore::RefNull(_) => return Err("typed function references"),
        WastArgCore::RefHost(_) => return Err("garbage collection"),
        WastArgCore::V128(_) => return Err("fixed-width SIMD"),
    })
}

/// The expected result, or the proposal it needs.
///
/// # Errors
///
/// The name of an unsupported proposal.
pub fn expected(result: &WastRet<'_>) -> Result<Expected, &'static str> {
    match result {
        WastRet::Core(result) => expected_core(result),
        _ => Err("component model"),
    }
}

fn expected_core(result: &WastRetCore<'_>) -> Result<Expected, &'static str> {
    Ok(match result {
        WastRetCore::I32(value) => Expected::Value(Value::I32(*value)),
        WastRetCore::I64(value) => Expected::Value(Value::I64(*value)),
        WastRetCore::F32(NanPattern::Value(value)) => Expected::Value(Value::F32(f32::from_bits(value.bits))),
        WastRetCore::F64(NanPattern::Value(value)) => Expected::Value(Value::F64(f64::from_bits(value.bits))),
        WastRetCore::F32(NanPattern::CanonicalNan) => Expected::CanonicalNan32,
        WastRetCore::F32(NanPattern::ArithmeticNan) => Expected::ArithmeticNan32,
        WastRetCore::F64(NanPattern::CanonicalNan) => Expected::CanonicalNan64,
        WastRetCore::F64(NanPattern::ArithmeticNan) => Expected::ArithmeticNan64,
        WastRetCore::RefNull(_) => Expected::Null,
        WastRetCore::RefFunc(_) => Expected::Function,
        WastRetCore::RefExtern(None) => Expected::Extern,
        WastRetCore::RefExtern(Some(value)) => Expected::Value(Value::ExternRef(Some(ExternRef(*value)))),
        WastRetCore::Either(cases) => Expected::Either(cases.iter().map(expected_core).collect::<Result<_, _>>()?),
        WastRetCore::V128(_) => return Err("fixed-width SIMD"),
        WastRetCore::RefHost(_)
        | WastRetCore::RefAny
        | WastRetCore::RefEq
        | WastRetCore::RefArray
        | WastRetCore::RefStruct
        | WastRetCore::RefI31
        | WastRetCore::RefI31Shared => return Err("garbage collection"),
    })
}

impl Expected {
    /// Whether a value is what was expected.
    pub fn accepts(&self, value: Value) -> bool {
        const CANONICAL_32: u32 = 0x7FC0_0000;
        const CANONICAL_64: u64 = 0x7FF8_0000_0000_0000;
        match (self, value) {
            (Expected::Value(expected), value) => same_bits(*expected, value),
            (Expected::CanonicalNan32, Value::F32(value)) => value.to_bits() & !(1 << 31) == CANONICAL_32,
            (Expected::ArithmeticNan32, Value::F32(value)) => value.to_bits() & CANONICAL_32 == CANONICAL_32,
            (Expected::CanonicalNan64, Value::F64(value)) => value.to_bits() & !(1 << 63) == CANONICAL_64,
            (Expected::ArithmeticNan64, Value::F64(value)) => value.to_bits() & CANONICAL_64 == CANONICAL_64,
            (Expected::Null, Value::FuncRef(None) | Value::ExternRef(None)) => true,
            (Expected::Function, Value::FuncRef(Some(_))) => true,
            (Expected::Extern, Value::ExternRef(Some(_))) => true,
            (Expected::Either(cases), value) => cases.iter().any(|case| case.accepts(value)),
            _ => false,
        }
    }
}

/// Whether two values are the same, floats bit for bit.
pub fn same_bits(a: Value, b: Value) -> bool {
    match (a, b) {
        (Value::F32(a), Value::F32(b)) => a.to_bits() == b.to_bits(),
        (Value::F64(a), Value::F64(b)) => a.to_bits() == b.to_bits(),
        (a, b) => a == b,
    }
}
