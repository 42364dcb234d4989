//! Forms of operations for AArch64, with NEON. The compiler makes good instructions of most plain loops; these are the others.
//!
//! A caller has to be compiled with this feature too, and all of these machines have it; see
//! [`for_each_neon_form!`](crate::for_each_neon_form).

// Taken for unsafe functions, which they are only for callers without the feature.
#![allow(clippy::missing_safety_doc)]

use std::arch::aarch64::*;

use crate::vector::V128;

/// Calls `$callback! { vector1 [F32x4Ceil f32x4_ceil ..] vector2 [..] vector_test [..] }`: each row that has a form here, and
/// its name. `i8x16_shuffle` has one too.
#[macro_export]
macro_rules! for_each_neon_form {
    ($callback:path) => {
        $callback! {
            vector1 [
                F32x4Ceil f32x4_ceil
                F32x4Floor f32x4_floor
                F32x4Trunc f32x4_trunc
                F32x4Nearest f32x4_nearest
                F64x2Ceil f64x2_ceil
                F64x2Floor f64x2_floor
                F64x2Trunc f64x2_trunc
                F64x2Nearest f64x2_nearest
                I32x4ExtAddPairwiseI16x8S i32x4_extadd_pairwise_i16x8_s
            ]
            vector2 [
                F32x4Min f32x4_min
                F32x4Max f32x4_max
                F64x2Min f64x2_min
                F64x2Max f64x2_max
                F32x4RelaxedMin f32x4_min
                F32x4RelaxedMax f32x4_max
                F64x2RelaxedMin f64x2_min
                F64x2RelaxedMax f64x2_max
                I8x16Swizzle i8x16_swizzle
                I8x16RelaxedSwizzle i8x16_swizzle
                I16x8Q15MulrSatS i16x8_q15mulr_sat_s
                I16x8RelaxedQ15mulrS i16x8_q15mulr_sat_s
                I16x8NarrowI32x4U i16x8_narrow_i32x4_u
                I32x4DotI16x8S i32x4_dot_i16x8_s
            ]
            vector_test [
                I8x16Bitmask i8x16_bitmask
                I16x8Bitmask i16x8_bitmask
                I32x4Bitmask i32x4_bitmask
            ]
        }
    };
}

macro_rules! forms {
    ($($name:ident($($a:ident)*) $ty:ty => $result:expr;)*) => {
        $(
            #[doc = concat!("`", stringify!($name), "`.")]
            #[inline]
            #[target_feature(enable = "neon")]
            pub fn $name($($a: V128),*) -> V128 {
                $(let $a: $ty = bytemuck::must_cast($a.0);)*
                V128(bytemuck::must_cast($result))
            }
        )*
    };
}

forms! {
    f32x4_ceil(a) float32x4_t => vrndpq_f32(a);
    f32x4_floor(a) float32x4_t => vrndmq_f32(a);
    f32x4_trunc(a) float32x4_t => vrndq_f32(a);
    f32x4_nearest(a) float32x4_t => vrndnq_f32(a);
    f64x2_ceil(a) float64x2_t => vrndpq_f64(a);
    f64x2_floor(a) float64x2_t => vrndmq_f64(a);
    f64x2_trunc(a) float64x2_t => vrndq_f64(a);
    f64x2_nearest(a) float64x2_t => vrndnq_f64(a);
    f32x4_min(a b) float32x4_t => vminq_f32(a, b);
    f32x4_max(a b) float32x4_t => vmaxq_f32(a, b);
    f64x2_min(a b) float64x2_t => vminq_f64(a, b);
    f64x2_max(a b) float64x2_t => vmaxq_f64(a, b);
    i8x16_swizzle(a b) uint8x16_t => vqtbl1q_u8(a, b);
    i16x8_q15mulr_sat_s(a b) int16x8_t => vqrdmulhq_s16(a, b);
    i32x4_dot_i16x8_s(a b) int16x8_t => {
        let low = vmull_s16(vget_low_s16(a), vget_low_s16(b));
        vpaddq_s32(low, vmull_high_s16(a, b))
    };
    i16x8_narrow_i32x4_u(a b) int32x4_t => vqmovun_high_s32(vqmovun_s32(a), b);
    i32x4_extadd_pairwise_i16x8_s(a) int16x8_t => vpaddlq_s16(a);
}

/// `i8x16.shuffle`.
#[inline]
#[target_feature(enable = "neon")]
pub fn i8x16_shuffle(a: V128, b: V128, indices: [u8; 16]) -> V128 {
    let both = uint8x16x2_t(bytemuck::must_cast(a.0), bytemuck::must_cast(b.0));
    V128(bytemuck::must_cast(vqtbl2q_u8(both, bytemuck::must_cast(indices))))
}

/// `i8x16.bitmask`: the sign of each lane, as a bit of its own, and their sum.
#[inline]
#[target_feature(enable = "neon")]
pub fn i8x16_bitmask(a: V128) -> u32 {
    let bits = [1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128_u8];
    let signs = vreinterpretq_u8_s8(vshrq_n_s8(bytemuck::must_cast(a.0), 7));
    let signs = vandq_u8(signs, bytemuck::must_cast(bits));
    let (low, high) = (vaddv_u8(vget_low_u8(signs)), vaddv_u8(vget_high_u8(signs)));
    u32::from(low) | u32::from(high) << 8
}

/// `i16x8.bitmask`.
#[inline]
#[target_feature(enable = "neon")]
pub fn i16x8_bitmask(a: V128) -> u32 {
    let signs = vreinterpretq_u16_s16(vshrq_n_s16(bytemuck::must_cast(a.0), 15));
    let bits = [1, 2, 4, 8, 16, 32, 64, 128_u16];
    u32::from(vaddvq_u16(vandq_u16(signs, bytemuck::must_cast(bits))))
}

/// `i32x4.bitmask`.
#[inline]
#[target_feature(enable = "neon")]
pub fn i32x4_bitmask(a: V128) -> u32 {
    let signs = vreinterpretq_u32_s32(vshrq_n_s32(bytemuck::must_cast(a.0), 31));
    let bits = [1, 2, 4, 8_u32];
    vaddvq_u32(vandq_u32(signs, bytemuck::must_cast(bits)))
}
