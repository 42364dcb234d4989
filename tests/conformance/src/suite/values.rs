//! Arguments and expected results of the suite's assertions.

use wasm_dispatch::{ExternRef, Value};
use wast::core::{AbstractHeapType, HeapType, NanPattern, V128Const, V128Pattern, WastArgCore, WastRetCore};
use wast::token::{F32, F64};
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
    /// A vector of 4 lanes of 32 bits, each of which is this.
    Lanes32(Box<[Expected; 4]>),
    /// A vector of 2 lanes of 64 bits, each of which is this.
    Lanes64(Box<[Expected; 2]>),
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
        WastArgCore::V128(value) => vector(value),
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
        WastRetCore::F32(pattern) => single(pattern),
        WastRetCore::F64(pattern) => double(pattern),
        WastRetCore::RefNull(_) => Expected::Null,
        WastRetCore::RefFunc(_) => Expected::Function,
        WastRetCore::RefExtern(None) => Expected::Extern,
        WastRetCore::RefExtern(Some(value)) => Expected::Value(Value::ExternRef(Some(ExternRef(*value)))),
        WastRetCore::Either(cases) => Expected::Either(cases.iter().map(expected_core).collect::<Result<_, _>>()?),
        WastRetCore::V128(pattern) => match *pattern {
            V128Pattern::I8x16(lanes) => Expected::Value(vector(&V128Const::I8x16(lanes))),
            V128Pattern::I16x8(lanes) => Expected::Value(vector(&V128Const::I16x8(lanes))),
            V128Pattern::I32x4(lanes) => Expected::Value(vector(&V128Const::I32x4(lanes))),
            V128Pattern::I64x2(lanes) => Expected::Value(vector(&V128Const::I64x2(lanes))),
            V128Pattern::F32x4(ref lanes) => Expected::Lanes32(Box::new(lanes.each_ref().map(single))),
            V128Pattern::F64x2(ref lanes) => Expected::Lanes64(Box::new(lanes.each_ref().map(double))),
        },
        WastRetCore::RefHost(_)
        | WastRetCore::RefAny
        | WastRetCore::RefEq
        | WastRetCore::RefArray
        | WastRetCore::RefStruct
        | WastRetCore::RefI31
        | WastRetCore::RefI31Shared => return Err("garbage collection"),
    })
}

fn vector(value: &V128Const) -> Value {
    Value::V128(u128::from_le_bytes(value.to_le_bytes()))
}

fn single(pattern: &NanPattern<F32>) -> Expected {
    match pattern {
        NanPattern::Value(value) => Expected::Value(Value::F32(f32::from_bits(value.bits))),
        NanPattern::CanonicalNan => Expected::CanonicalNan32,
        NanPattern::ArithmeticNan => Expected::ArithmeticNan32,
    }
}

fn double(pattern: &NanPattern<F64>) -> Expected {
    match pattern {
        NanPattern::Value(value) => Expected::Value(Value::F64(f64::from_bits(value.bits))),
        NanPattern::CanonicalNan => Expected::CanonicalNan64,
        NanPattern::ArithmeticNan => Expected::ArithmeticNan64,
    }
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
            (Expected::Lanes32(lanes), Value::V128(value)) => std::iter::zip(0.., &**lanes)
                .all(|(lane, expected)| expected.accepts(Value::F32(f32::from_bits((value >> (32 * lane)) as u32)))),
            (Expected::Lanes64(lanes), Value::V128(value)) => std::iter::zip(0.., &**lanes)
                .all(|(lane, expected)| expected.accepts(Value::F64(f64::from_bits((value >> (64 * lane)) as u64)))),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_is_accepted_lane_by_lane_the_lowest_first() {
        let one = f32::to_bits(1.0);
        let lanes = [
            NanPattern::Value(F32 { bits: one }),
            NanPattern::CanonicalNan,
            NanPattern::ArithmeticNan,
            NanPattern::Value(F32 { bits: 0 }),
        ];
        let expected = Expected::Lanes32(Box::new(lanes.each_ref().map(single)));
        let value = |lanes: [u32; 4]| {
            let lanes = lanes.map(u32::to_le_bytes);
            Value::V128(u128::from_le_bytes(lanes.concat().try_into().expect("16 bytes")))
        };
        assert!(expected.accepts(value([one, 0xffc0_0000, 0x7fc0_0001, 0])));
        for wrong in [
            [one, 0xffc0_0000, 0x7fc0_0001, 0x8000_0000],
            [one, 0x7fc0_0001, 0x7fc0_0001, 0],
            [one, 0x7fc0_0000, 0x7f80_0001, 0],
            [0, 0x7fc0_0001, 0x7fc0_0000, one],
        ] {
            assert!(!expected.accepts(value(wrong)), "{wrong:x?}");
        }
    }
}
