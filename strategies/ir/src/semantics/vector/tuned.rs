//! Operations whose plain loop is far from what a machine can do, in the best form that all machines of the architecture
//! have; the plain one where there is no other.

/// The plain function of each form.
macro_rules! tuned {
    ($($name:ident: $plain:ident $(:: $rest:ident)*;)*) => {
        $(
            #[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
            pub use super::x86::baseline::$name;
            #[cfg(not(all(target_arch = "x86_64", target_feature = "sse2")))]
            pub use super::$plain $(:: $rest)* as $name;
        )*
    };
}

tuned! {
    f32x4_min: float::f32x4::min;
    f32x4_max: float::f32x4::max;
    f64x2_min: float::f64x2::min;
    f64x2_max: float::f64x2::max;
    i8x16_swizzle: bits::swizzle;
    i8x16_shuffle: bits::shuffle;
    i8x16_bitmask: integer::i8x16::bitmask;
    i16x8_bitmask: integer::i16x8::bitmask;
    i32x4_bitmask: integer::i32x4::bitmask;
    i16x8_q15mulr_sat_s: widths::i16x8::q15mulr_sat_s;
    i32x4_dot_i16x8_s: widths::i32x4::dot_i16x8_s;
    i16x8_narrow_i32x4_u: widths::i16x8::narrow_i32x4_u;
    i32x4_extadd_pairwise_i16x8_s: widths::i32x4::extadd_pairwise_i16x8_s;
    i64x2_bitmask: integer::i64x2::bitmask;
    i16x8_relaxed_dot_i8x16_i7x16_s: widths::i16x8::relaxed_dot_i8x16_i7x16_s;
    i32x4_relaxed_dot_i8x16_i7x16_add_s: widths::i32x4::relaxed_dot_i8x16_i7x16_add_s;
    i8x16_shr_s: integer::i8x16::shr_s;
    i32x4_rotl: integer::i32x4::rotl;
    i64x2_rotl: integer::i64x2::rotl;
    i64x2_lt_s: integer::i64x2::lt_s;
    i64x2_gt_s: integer::i64x2::gt_s;
    i64x2_le_s: integer::i64x2::le_s;
    i64x2_ge_s: integer::i64x2::ge_s;
    i32x4_trunc_sat_f32x4_s: conversions::i32x4::trunc_sat_f32x4_s;
    i32x4_trunc_sat_f32x4_u: conversions::i32x4::trunc_sat_f32x4_u;
    i32x4_trunc_sat_f64x2_s_zero: conversions::i32x4::trunc_sat_f64x2_s_zero;
    i32x4_trunc_sat_f64x2_u_zero: conversions::i32x4::trunc_sat_f64x2_u_zero;
    load8x8_s: memory::load8x8_s;
    load8x8_u: memory::load8x8_u;
    load16x4_s: memory::load16x4_s;
    load16x4_u: memory::load16x4_u;
    i8x16_avgr_u: integer::i8x16::avgr_u;
    i16x8_avgr_u: integer::i16x8::avgr_u;
}
