//! Integer arithmetic, comparisons and conversions between integers (specification section 4.3.2).

use crate::trap::Trap;

macro_rules! integer {
    ($module:ident, $signed:ty, $unsigned:ty) => {
        #[doc = concat!("Operations on `", stringify!($signed), "` and its unsigned view.")]
        #[allow(missing_docs, clippy::missing_errors_doc)]
        pub mod $module {
            use super::Trap;
            type S = $signed;
            type U = $unsigned;

            #[inline]
            pub fn clz(a: U) -> U {
                a.leading_zeros() as U
            }
            #[inline]
            pub fn ctz(a: U) -> U {
                a.trailing_zeros() as U
            }
            #[inline]
            pub fn popcnt(a: U) -> U {
                a.count_ones() as U
            }
            #[inline]
            pub fn eqz(a: U) -> u32 {
                u32::from(a == 0)
            }
            #[inline]
            pub fn extend8_s(a: U) -> U {
                a as i8 as S as U
            }
            #[inline]
            pub fn extend16_s(a: U) -> U {
                a as i16 as S as U
            }
            #[inline]
            pub fn extend32_s(a: U) -> U {
                a as i32 as S as U
            }
            #[inline]
            pub fn add(a: U, b: U) -> U {
                a.wrapping_add(b)
            }
            #[inline]
            pub fn sub(a: U, b: U) -> U {
                a.wrapping_sub(b)
            }
            #[inline]
            pub fn mul(a: U, b: U) -> U {
                a.wrapping_mul(b)
            }
            #[inline]
            pub fn div_s(a: S, b: S) -> Result<S, Trap> {
                if b == 0 {
                    return Err(Trap::IntegerDivideByZero);
                }
                a.checked_div(b).ok_or(Trap::IntegerOverflow)
            }
            #[inline]
            pub fn div_u(a: U, b: U) -> Result<U, Trap> {
                a.checked_div(b).ok_or(Trap::IntegerDivideByZero)
            }
            #[inline]
            pub fn rem_s(a: S, b: S) -> Result<S, Trap> {
                if b == 0 {
                    return Err(Trap::IntegerDivideByZero);
                }
                Ok(a.wrapping_rem(b))
            }
            #[inline]
            pub fn rem_u(a: U, b: U) -> Result<U, Trap> {
                a.checked_rem(b).ok_or(Trap::IntegerDivideByZero)
            }
            #[inline]
            pub fn and(a: U, b: U) -> U {
                a & b
            }
            #[inline]
            pub fn or(a: U, b: U) -> U {
                a | b
            }
            #[inline]
            pub fn xor(a: U, b: U) -> U {
                a ^ b
            }
            #[inline]
            pub fn shl(a: U, b: U) -> U {
                a.wrapping_shl(b as u32)
            }
            #[inline]
            pub fn shr_s(a: S, b: U) -> S {
                a.wrapping_shr(b as u32)
            }
            #[inline]
            pub fn shr_u(a: U, b: U) -> U {
                a.wrapping_shr(b as u32)
            }
            #[inline]
            pub fn rotl(a: U, b: U) -> U {
                a.rotate_left(b as u32 % U::BITS)
            }
            #[inline]
            pub fn rotr(a: U, b: U) -> U {
                a.rotate_right(b as u32 % U::BITS)
            }
            #[inline]
            pub fn eq(a: U, b: U) -> u32 {
                u32::from(a == b)
            }
            #[inline]
            pub fn ne(a: U, b: U) -> u32 {
                u32::from(a != b)
            }
            #[inline]
            pub fn lt_s(a: S, b: S) -> u32 {
                u32::from(a < b)
            }
            #[inline]
            pub fn lt_u(a: U, b: U) -> u32 {
                u32::from(a < b)
            }
            #[inline]
            pub fn gt_s(a: S, b: S) -> u32 {
                u32::from(a > b)
            }
            #[inline]
            pub fn gt_u(a: U, b: U) -> u32 {
                u32::from(a > b)
            }
            #[inline]
            pub fn le_s(a: S, b: S) -> u32 {
                u32::from(a <= b)
            }
            #[inline]
            pub fn le_u(a: U, b: U) -> u32 {
                u32::from(a <= b)
            }
            #[inline]
            pub fn ge_s(a: S, b: S) -> u32 {
                u32::from(a >= b)
            }
            #[inline]
            pub fn ge_u(a: U, b: U) -> u32 {
                u32::from(a >= b)
            }
        }
    };
}

integer!(int32, i32, u32);
integer!(int64, i64, u64);

/// `i32.wrap_i64`: the low half.
#[inline]
pub fn wrap(a: u64) -> u32 {
    a as u32
}

/// `i64.extend_i32_s`.
#[inline]
pub fn extend_s(a: i32) -> i64 {
    i64::from(a)
}

/// `i64.extend_i32_u`.
#[inline]
pub fn extend_u(a: u32) -> u64 {
    u64::from(a)
}

/// `ref.is_null`: references are stored plus one, zero is null.
#[inline]
pub fn ref_is_null(a: u64) -> u32 {
    u32::from(a == 0)
}
