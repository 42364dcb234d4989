//! Typed argument and result values, and their spelling in manifests.
//!
//! A value is written `type:number`: `i32:30`, `i64:832040`, `f64:0.5`. `0x` begins a bit pattern, for all four
//! types: `i32:0xffffffff` is -1, and a NaN can only be written this way (`f32:0x7fc00000`).

use std::fmt;
use std::str::FromStr;

/// The type of a [`Value`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValueType {
    /// 32-bit integer.
    I32,
    /// 64-bit integer.
    I64,
    /// 32-bit float.
    F32,
    /// 64-bit float.
    F64,
}

impl fmt::Display for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ValueType::I32 => "i32",
            ValueType::I64 => "i64",
            ValueType::F32 => "f32",
            ValueType::F64 => "f64",
        })
    }
}

/// An argument or a result.
///
/// Floats are kept as bits, so that equal means the same bits. (As numbers, a NaN would differ
/// from itself and -0.0 would equal 0.0.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    /// A 32-bit integer.
    I32(i32),
    /// A 64-bit integer.
    I64(i64),
    /// The bits of a 32-bit float.
    F32(u32),
    /// The bits of a 64-bit float.
    F64(u64),
}

impl Value {
    /// The type of this value.
    pub fn ty(self) -> ValueType {
        match self {
            Value::I32(_) => ValueType::I32,
            Value::I64(_) => ValueType::I64,
            Value::F32(_) => ValueType::F32,
            Value::F64(_) => ValueType::F64,
        }
    }

    /// The value as a 64-bit slot: integers and floats as their bits, 32-bit ones zero-extended.
    pub fn bits(self) -> u64 {
        match self {
            Value::I32(value) => u64::from(value as u32),
            Value::I64(value) => value as u64,
            Value::F32(bits) => u64::from(bits),
            Value::F64(bits) => bits,
        }
    }
}

/// Why a text is not a [`Value`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParseValueError {
    /// There is no `:` between type and number.
    NoType,
    /// What stands before the `:` is none of `i32`, `i64`, `f32`, `f64`.
    UnknownType(String),
    /// What stands after the `:` is not a number of that type.
    BadNumber(ValueType),
    /// A NaN in words, which does not say which of the NaNs is meant.
    NanWithoutBits,
}

impl fmt::Display for ParseValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ParseValueError::NoType => f.write_str("write the type before the number, as in `i32:30`"),
            ParseValueError::UnknownType(ty) => write!(f, "`{ty}` is none of i32, i64, f32, f64"),
            ParseValueError::BadNumber(ty) => write!(f, "not a number that fits {ty}"),
            ParseValueError::NanWithoutBits => f.write_str("write a NaN as its bits, as in `f64:0x7ff8000000000000`"),
        }
    }
}

impl std::error::Error for ParseValueError {}

impl FromStr for Value {
    type Err = ParseValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (ty, number) = text.split_once(':').ok_or(ParseValueError::NoType)?;
        let ty = match ty {
            "i32" => ValueType::I32,
            "i64" => ValueType::I64,
            "f32" => ValueType::F32,
            "f64" => ValueType::F64,
            other => return Err(ParseValueError::UnknownType(other.to_owned())),
        };
        match number.strip_prefix("0x") {
            Some(digits) => parse_bits(ty, digits),
            None => parse_number(ty, number),
        }
    }
}

fn parse_bits(ty: ValueType, digits: &str) -> Result<Value, ParseValueError> {
    // `from_str_radix` would take a sign, and `0x-1` is not a bit pattern.
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(ParseValueError::BadNumber(ty));
    }
    let bad = |_| ParseValueError::BadNumber(ty);
    Ok(match ty {
        ValueType::I32 => Value::I32(u32::from_str_radix(digits, 16).map_err(bad)? as i32),
        ValueType::I64 => Value::I64(u64::from_str_radix(digits, 16).map_err(bad)? as i64),
        ValueType::F32 => Value::F32(u32::from_str_radix(digits, 16).map_err(bad)?),
        ValueType::F64 => Value::F64(u64::from_str_radix(digits, 16).map_err(bad)?),
    })
}

fn parse_number(ty: ValueType, number: &str) -> Result<Value, ParseValueError> {
    match ty {
        ValueType::I32 => number
            .parse()
            .map(Value::I32)
            .map_err(|_| ParseValueError::BadNumber(ty)),
        ValueType::I64 => number
            .parse()
            .map(Value::I64)
            .map_err(|_| ParseValueError::BadNumber(ty)),
        ValueType::F32 => {
            let value: f32 = number.parse().map_err(|_| ParseValueError::BadNumber(ty))?;
            if value.is_nan() {
                Err(ParseValueError::NanWithoutBits)
            } else {
                Ok(Value::F32(value.to_bits()))
            }
        }
        ValueType::F64 => {
            let value: f64 = number.parse().map_err(|_| ParseValueError::BadNumber(ty))?;
            if value.is_nan() {
                Err(ParseValueError::NanWithoutBits)
            } else {
                Ok(Value::F64(value.to_bits()))
            }
        }
    }
}

impl fmt::Display for Value {
    /// Writes what [`FromStr`] reads back to the same bits. Rust prints the shortest decimal that does so; only a NaN
    /// has none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Value::I32(value) => write!(f, "i32:{value}"),
            Value::I64(value) => write!(f, "i64:{value}"),
            Value::F32(bits) if f32::from_bits(bits).is_nan() => write!(f, "f32:{bits:#010x}"),
            Value::F32(bits) => write!(f, "f32:{:?}", f32::from_bits(bits)),
            Value::F64(bits) if f64::from_bits(bits).is_nan() => write!(f, "f64:{bits:#018x}"),
            Value::F64(bits) => write!(f, "f64:{:?}", f64::from_bits(bits)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Value, ParseValueError> {
        text.parse()
    }

    #[test]
    fn numbers_parse_as_their_type() {
        assert_eq!(parse("i32:-5"), Ok(Value::I32(-5)));
        assert_eq!(parse("i64:9223372036854775807"), Ok(Value::I64(i64::MAX)));
        assert_eq!(parse("f32:0.5"), Ok(Value::F32(0.5_f32.to_bits())));
        assert_eq!(parse("f64:-0.0"), Ok(Value::F64((-0.0_f64).to_bits())));
        assert_eq!(parse("f64:inf"), Ok(Value::F64(f64::INFINITY.to_bits())));
    }

    #[test]
    fn hexadecimal_is_the_bit_pattern_for_every_type() {
        assert_eq!(parse("i32:0xffffffff"), Ok(Value::I32(-1)));
        assert_eq!(parse("i64:0x8000000000000000"), Ok(Value::I64(i64::MIN)));
        assert_eq!(parse("f32:0x3f800000"), Ok(Value::F32(1.0_f32.to_bits())));
        assert_eq!(parse("f64:0x7ff8000000000000"), Ok(Value::F64(0x7ff8_0000_0000_0000)));
    }

    #[test]
    fn what_is_printed_parses_to_the_same_bits() {
        let values = [
            Value::I32(i32::MIN),
            Value::I64(-1),
            Value::F32(0x7fc0_0001),
            Value::F32(0.1_f32.to_bits()),
            Value::F32(f32::MIN_POSITIVE.to_bits() >> 1),
            Value::F64(0xfff8_0000_0000_0000),
            Value::F64((1.0_f64 / 3.0).to_bits()),
            Value::F64(f64::MAX.to_bits()),
            Value::F64(f64::NEG_INFINITY.to_bits()),
        ];
        for value in values {
            assert_eq!(parse(&value.to_string()), Ok(value), "{value}");
        }
    }

    #[test]
    fn bad_texts_are_refused_with_their_reason() {
        assert_eq!(parse("30"), Err(ParseValueError::NoType));
        assert_eq!(parse("u8:3"), Err(ParseValueError::UnknownType("u8".into())));
        assert_eq!(parse("i32:2147483648"), Err(ParseValueError::BadNumber(ValueType::I32)));
        assert_eq!(
            parse("i32:0x100000000"),
            Err(ParseValueError::BadNumber(ValueType::I32))
        );
        assert_eq!(parse("i64:0x-1"), Err(ParseValueError::BadNumber(ValueType::I64)));
        assert_eq!(parse("i64:0x"), Err(ParseValueError::BadNumber(ValueType::I64)));
        assert_eq!(parse("i64:1.5"), Err(ParseValueError::BadNumber(ValueType::I64)));
        assert_eq!(parse("f64:nan"), Err(ParseValueError::NanWithoutBits));
    }
}
