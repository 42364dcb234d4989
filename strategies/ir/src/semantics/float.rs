//! Floating point arithmetic and conversions (specification section 4.3.3).
//!
//! A NaN result is any arithmetic NaN; the sign and payload of `abs`, `neg` and `copysign` are exact, because they work
//! on bits.

use crate::trap::Trap;

macro_rules! float {
    ($module:ident, $float:ty, $bits:ty) => {
        #[doc = concat!("Operations on `", stringify!($float), "`.")]
        #[allow(missing_docs, clippy::missing_errors_doc)]
        pub mod $module {
            type F = $float;
            const SIGN: $bits = 1 << (<$bits>::BITS - 1);

            #[inline]
            pub fn abs(a: F) -> F {
                F::from_bits(a.to_bits() & !SIGN)
            }
            #[inline]
            pub fn neg(a: F) -> F {
                F::from_bits(a.to_bits() ^ SIGN)
            }
            #[inline]
            pub fn copysign(a: F, b: F) -> F {
                F::from_bits((a.to_bits() & !SIGN) | (b.to_bits() & SIGN))
            }
            // `+ 0.0` would lose the sign of zero, so NaNs are made quiet by multiplying with one.
            #[inline]
            pub fn ceil(a: F) -> F {
                quiet(a, a.ceil())
            }
            #[inline]
            pub fn floor(a: F) -> F {
                quiet(a, a.floor())
            }
            #[inline]
            pub fn trunc(a: F) -> F {
                quiet(a, a.trunc())
            }
            #[inline]
            pub fn nearest(a: F) -> F {
                quiet(a, a.round_ties_even())
            }
            #[inline]
            pub fn sqrt(a: F) -> F {
                a.sqrt()
            }
            #[inline]
            pub fn add(a: F, b: F) -> F {
                a + b
            }
            #[inline]
            pub fn sub(a: F, b: F) -> F {
                a - b
            }
            #[inline]
            pub fn mul(a: F, b: F) -> F {
                a * b
            }
            #[inline]
            pub fn div(a: F, b: F) -> F {
                a / b
            }
            #[inline]
            pub fn min(a: F, b: F) -> F {
                if a < b {
                    a
                } else if b < a {
                    b
                } else if a == b {
                    // Only zeroes of different sign differ here: the negative one is the minimum.
                    F::from_bits(a.to_bits() | b.to_bits())
                } else {
                    a + b
                }
            }
            #[inline]
            pub fn max(a: F, b: F) -> F {
                if a > b {
                    a
                } else if b > a {
                    b
                } else if a == b {
                    F::from_bits(a.to_bits() & b.to_bits())
                } else {
                    a + b
                }
            }
            #[inline]
            pub fn eq(a: F, b: F) -> u32 {
                u32::from(a == b)
            }
            #[inline]
            pub fn ne(a: F, b: F) -> u32 {
                u32::from(a != b)
            }
            #[inline]
            pub fn lt(a: F, b: F) -> u32 {
                u32::from(a < b)
            }
            #[inline]
            pub fn gt(a: F, b: F) -> u32 {
                u32::from(a > b)
            }
            #[inline]
            pub fn le(a: F, b: F) -> u32 {
                u32::from(a <= b)
            }
            #[inline]
            pub fn ge(a: F, b: F) -> u32 {
                u32::from(a >= b)
            }

            /// Rounding functions may hand a signalling NaN through; the specification wants a quiet one.
            #[inline]
            fn quiet(a: F, rounded: F) -> F {
                if a.is_nan() { a + a } else { rounded }
            }
        }
    };
}

float!(float32, f32, u32);
float!(float64, f64, u64);

macro_rules! truncations {
    ($($trapping:ident $saturating:ident: $float:ty => $int:ty, below $min:expr, above $max:expr;)*) => {
        $(
            #[doc = concat!("Truncates `", stringify!($float), "` to `", stringify!($int), "`.\n\n# Errors\n\n",
                "Traps on NaN and when the integer part does not fit.")]
            #[inline]
            pub fn $trapping(a: $float) -> Result<$int, Trap> {
                if a > $min && a < $max {
                    Ok(a as $int)
                } else if a.is_nan() {
                    Err(Trap::InvalidConversionToInteger)
                } else {
                    Err(Trap::IntegerOverflow)
                }
            }

            #[doc = concat!("Truncates `", stringify!($float), "` to `", stringify!($int),
                "`, saturating; NaN becomes zero.")]
            #[inline]
            pub fn $saturating(a: $float) -> $int {
                a as $int
            }
        )*
    };
}

// The bounds are the nearest floats *outside* the range of the integer.
truncations! {
    i32_trunc_f32_s i32_trunc_sat_f32_s: f32 => i32, below -2147483904.0_f32, above 2147483648.0_f32;
    i32_trunc_f32_u i32_trunc_sat_f32_u: f32 => u32, below -1.0_f32, above 4294967296.0_f32;
    i32_trunc_f64_s i32_trunc_sat_f64_s: f64 => i32, below -2147483649.0_f64, above 2147483648.0_f64;
    i32_trunc_f64_u i32_trunc_sat_f64_u: f64 => u32, below -1.0_f64, above 4294967296.0_f64;
    i64_trunc_f32_s i64_trunc_sat_f32_s: f32 => i64, below -9223373136366403584.0_f32, above 9223372036854775808.0_f32;
    i64_trunc_f32_u i64_trunc_sat_f32_u: f32 => u64, below -1.0_f32, above 18446744073709551616.0_f32;
    i64_trunc_f64_s i64_trunc_sat_f64_s: f64 => i64, below -9223372036854777856.0_f64, above 9223372036854775808.0_f64;
    i64_trunc_f64_u i64_trunc_sat_f64_u: f64 => u64, below -1.0_f64, above 18446744073709551616.0_f64;
}

macro_rules! conversions {
    ($($name:ident: $from:ty => $to:ty;)*) => {
        $(
            #[doc = concat!("Converts `", stringify!($from), "` to `", stringify!($to), "`, rounding to nearest.")]
            #[inline]
            pub fn $name(a: $from) -> $to {
                a as $to
            }
        )*
    };
}

conversions! {
    f32_convert_i32_s: i32 => f32;
    f32_convert_i32_u: u32 => f32;
    f32_convert_i64_s: i64 => f32;
    f32_convert_i64_u: u64 => f32;
    f64_convert_i32_s: i32 => f64;
    f64_convert_i32_u: u32 => f64;
    f64_convert_i64_s: i64 => f64;
    f64_convert_i64_u: u64 => f64;
    f32_demote_f64: f64 => f32;
    f64_promote_f32: f32 => f64;
}

/// `i32.reinterpret_f32`.
#[inline]
pub fn i32_reinterpret_f32(a: f32) -> u32 {
    a.to_bits()
}

/// `f32.reinterpret_i32`.
#[inline]
pub fn f32_reinterpret_i32(a: u32) -> f32 {
    f32::from_bits(a)
}

/// `i64.reinterpret_f64`.
#[inline]
pub fn i64_reinterpret_f64(a: f64) -> u64 {
    a.to_bits()
}

/// `f64.reinterpret_i64`.
#[inline]
pub fn f64_reinterpret_i64(a: u64) -> f64 {
    f64::from_bits(a)
}
