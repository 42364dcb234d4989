//! With SSSE3, SSE4.1 and SSE4.2, which all but the oldest x86-64 machines have ("x86-64-v2").
//!
//! A caller has to be compiled with these features too, so only a strategy that asks the machine for them can use these forms;
//! see [`for_each_v2_form!`](crate::for_each_v2_form).

// Taken for unsafe functions, which they are only for callers without the feature.
#![allow(clippy::missing_safety_doc)]

use std::arch::x86_64::*;

use crate::vector::V128;

/// Calls `$callback! { vector1 [F32x4Ceil f32x4_ceil ..] vector2 [..] }`: each row that has a form here, and its name.
/// `i8x16_shuffle` has one too.
#[macro_export]
macro_rules! for_each_v2_form {
    ($callback:path) => {
        $callback! {
            vector1 [
                I8x16Abs i8x16_abs
                I16x8Abs i16x8_abs
                I32x4Abs i32x4_abs
                I8x16Popcnt i8x16_popcnt
                F32x4Ceil f32x4_ceil
                F32x4Floor f32x4_floor
                F32x4Trunc f32x4_trunc
                F32x4Nearest f32x4_nearest
                F64x2Ceil f64x2_ceil
                F64x2Floor f64x2_floor
                F64x2Trunc f64x2_trunc
                F64x2Nearest f64x2_nearest
                I32x4TruncSatF64x2UZero i32x4_trunc_sat_f64x2_u_zero
                I32x4RelaxedTruncF64x2UZero i32x4_trunc_sat_f64x2_u_zero
                I16x8ExtAddPairwiseI8x16S i16x8_extadd_pairwise_i8x16_s
                I16x8ExtAddPairwiseI8x16U i16x8_extadd_pairwise_i8x16_u
            ]
            vector2 [
                I8x16Swizzle i8x16_swizzle
                I8x16RelaxedSwizzle i8x16_swizzle
                I8x16MinS i8x16_min_s
                I8x16MaxS i8x16_max_s
                I16x8MinU i16x8_min_u
                I16x8MaxU i16x8_max_u
                I32x4MinS i32x4_min_s
                I32x4MinU i32x4_min_u
                I32x4MaxS i32x4_max_s
                I32x4MaxU i32x4_max_u
                I32x4Mul i32x4_mul
                I16x8Q15MulrSatS i16x8_q15mulr_sat_s
                I16x8RelaxedQ15mulrS i16x8_q15mulr_sat_s
                I16x8NarrowI32x4U i16x8_narrow_i32x4_u
                I64x2Eq i64x2_eq
                I64x2Ne i64x2_ne
                I64x2LtS i64x2_lt_s
                I64x2GtS i64x2_gt_s
                I64x2LeS i64x2_le_s
                I64x2GeS i64x2_ge_s
                I64x2ExtMulLowI32x4S i64x2_extmul_low_i32x4_s
                I64x2ExtMulHighI32x4S i64x2_extmul_high_i32x4_s
            ]
        }
    };
}

views! {
    integers from_integers __m128i;
    floats from_floats __m128;
    doubles from_doubles __m128d;
}

/// Forms that are one instruction, or an expression of such.
macro_rules! forms {
    ($($name:ident($($a:ident)*) $of:ident => $to:ident($result:expr);)*) => {
        $(
            #[doc = concat!("`", stringify!($name), "`.")]
            #[inline]
            #[target_feature(enable = "ssse3,sse4.1,sse4.2")]
            pub fn $name($($a: V128),*) -> V128 {
                $(let $a = $of($a);)*
                $to($result)
            }
        )*
    };
}

forms! {
    i8x16_abs(a) integers => from_integers(_mm_abs_epi8(a));
    i16x8_abs(a) integers => from_integers(_mm_abs_epi16(a));
    i32x4_abs(a) integers => from_integers(_mm_abs_epi32(a));
    f32x4_ceil(a) floats => from_floats(_mm_ceil_ps(a));
    f32x4_floor(a) floats => from_floats(_mm_floor_ps(a));
    f32x4_trunc(a) floats => from_floats(_mm_round_ps(a, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC));
    f32x4_nearest(a) floats => from_floats(_mm_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
    f64x2_ceil(a) doubles => from_doubles(_mm_ceil_pd(a));
    f64x2_floor(a) doubles => from_doubles(_mm_floor_pd(a));
    f64x2_trunc(a) doubles => from_doubles(_mm_round_pd(a, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC));
    f64x2_nearest(a) doubles => from_doubles(_mm_round_pd(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
    i8x16_min_s(a b) integers => from_integers(_mm_min_epi8(a, b));
    i8x16_max_s(a b) integers => from_integers(_mm_max_epi8(a, b));
    i16x8_min_u(a b) integers => from_integers(_mm_min_epu16(a, b));
    i16x8_max_u(a b) integers => from_integers(_mm_max_epu16(a, b));
    i32x4_min_s(a b) integers => from_integers(_mm_min_epi32(a, b));
    i32x4_min_u(a b) integers => from_integers(_mm_min_epu32(a, b));
    i32x4_max_s(a b) integers => from_integers(_mm_max_epi32(a, b));
    i32x4_max_u(a b) integers => from_integers(_mm_max_epu32(a, b));
    i32x4_mul(a b) integers => from_integers(_mm_mullo_epi32(a, b));
    i64x2_eq(a b) integers => from_integers(_mm_cmpeq_epi64(a, b));
    i64x2_ne(a b) integers => from_integers(not(_mm_cmpeq_epi64(a, b)));
    i64x2_gt_s(a b) integers => from_integers(_mm_cmpgt_epi64(a, b));
    i64x2_lt_s(a b) integers => from_integers(_mm_cmpgt_epi64(b, a));
    i64x2_le_s(a b) integers => from_integers(not(_mm_cmpgt_epi64(a, b)));
    i64x2_ge_s(a b) integers => from_integers(not(_mm_cmpgt_epi64(b, a)));
    // `pmulhrsw` is this product, but that of -1 and -1 is -1: the only result with these bits.
    i16x8_q15mulr_sat_s(a b) integers => from_integers({
        let product = _mm_mulhrs_epi16(a, b);
        _mm_xor_si128(product, _mm_cmpeq_epi16(product, _mm_set1_epi16(i16::MIN)))
    });
    i16x8_narrow_i32x4_u(a b) integers => from_integers(_mm_packus_epi32(a, b));
    i64x2_extmul_low_i32x4_s(a b) integers => from_integers(
        _mm_mul_epi32(_mm_unpacklo_epi32(a, a), _mm_unpacklo_epi32(b, b))
    );
    i64x2_extmul_high_i32x4_s(a b) integers => from_integers(
        _mm_mul_epi32(_mm_unpackhi_epi32(a, a), _mm_unpackhi_epi32(b, b))
    );
    // `pmaddubsw` multiplies unsigned bytes of its first operand with signed bytes of its second.
    i16x8_extadd_pairwise_i8x16_s(a) integers => from_integers(_mm_maddubs_epi16(_mm_set1_epi8(1), a));
    i16x8_extadd_pairwise_i8x16_u(a) integers => from_integers(_mm_maddubs_epi16(a, _mm_set1_epi8(1)));
    // `pshufb` gives zero for indices with the top bit, which an addition with saturation sets in all from 16 on.
    i8x16_swizzle(a b) integers => from_integers(_mm_shuffle_epi8(a, _mm_adds_epu8(b, _mm_set1_epi8(0x70))));
    // The number of ones in each half of a byte, from a table.
    i8x16_popcnt(a) integers => from_integers({
        let table = _mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
        let low = _mm_set1_epi8(0x0f);
        let high_ones = _mm_shuffle_epi8(table, _mm_and_si128(_mm_srli_epi16(a, 4), low));
        _mm_add_epi8(_mm_shuffle_epi8(table, _mm_and_si128(a, low)), high_ones)
    });
    // Truncated, numbers with 2^52 added have the integer in the low half of their bits.
    i32x4_trunc_sat_f64x2_u_zero(a) doubles => from_integers({
        let zero = _mm_setzero_pd();
        let positive = _mm_min_pd(_mm_max_pd(a, zero), _mm_set1_pd(f64::from(u32::MAX)));
        let truncated = _mm_round_pd(positive, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);
        let integers = _mm_add_pd(truncated, _mm_set1_pd(4503599627370496.0));
        _mm_castps_si128(_mm_shuffle_ps(_mm_castpd_ps(integers), _mm_castpd_ps(zero), 0b11_11_10_00))
    });
}

#[inline]
#[target_feature(enable = "ssse3,sse4.1,sse4.2")]
fn not(a: __m128i) -> __m128i {
    _mm_xor_si128(a, _mm_set1_epi32(-1))
}

/// `i8x16.shuffle`. The indices of a vector's own bytes stay below 16, all others get the top bit.
#[inline]
#[target_feature(enable = "ssse3,sse4.1,sse4.2")]
pub fn i8x16_shuffle(a: V128, b: V128, indices: [u8; 16]) -> V128 {
    let indices = integers(V128(indices));
    let of_a = _mm_shuffle_epi8(integers(a), _mm_adds_epu8(indices, _mm_set1_epi8(0x70)));
    let of_b = _mm_shuffle_epi8(integers(b), _mm_sub_epi8(indices, _mm_set1_epi8(16)));
    from_integers(_mm_or_si128(of_a, of_b))
}
