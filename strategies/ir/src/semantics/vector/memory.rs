//! What loads make of the bytes they read, and the bytes that stores write.

use crate::vector::{Lane, V128};

/// `v128.load`.
#[inline(always)]
pub fn load(bytes: [u8; 16]) -> V128 {
    V128(bytes)
}

/// `v128.store`.
#[inline(always)]
pub fn store(vector: V128) -> [u8; 16] {
    vector.0
}

/// Bytes in the low half of a vector.
#[inline(always)]
fn low(bytes: [u8; 8]) -> V128 {
    V128::from_lanes([u64::from_le_bytes(bytes), 0])
}

macro_rules! extending {
    ($($mnemonic:literal $name:ident: $shape:ident $extend:ident;)*) => {
        $(
            #[doc = concat!("`", $mnemonic, "`.")]
            #[inline(always)]
            pub fn $name(bytes: [u8; 8]) -> V128 {
                super::widths::$shape::$extend(low(bytes))
            }
        )*
    };
}

extending! {
    "v128.load8x8_s" load8x8_s: i16x8 extend_low_i8x16_s;
    "v128.load8x8_u" load8x8_u: i16x8 extend_low_i8x16_u;
    "v128.load16x4_s" load16x4_s: i32x4 extend_low_i16x8_s;
    "v128.load16x4_u" load16x4_u: i32x4 extend_low_i16x8_u;
    "v128.load32x2_s" load32x2_s: i64x2 extend_low_i32x4_s;
    "v128.load32x2_u" load32x2_u: i64x2 extend_low_i32x4_u;
}

macro_rules! splats {
    ($($mnemonic:literal $name:ident: $lane:ty, $bytes:literal;)*) => {
        $(
            #[doc = concat!("`", $mnemonic, "`.")]
            #[inline(always)]
            pub fn $name(bytes: [u8; $bytes]) -> V128 {
                <$lane>::from_le_bytes(bytes).splat()
            }
        )*
    };
}

splats! {
    "v128.load8_splat" load8_splat: u8, 1;
    "v128.load16_splat" load16_splat: u16, 2;
    "v128.load32_splat" load32_splat: u32, 4;
    "v128.load64_splat" load64_splat: u64, 8;
}

/// `v128.load32_zero`.
#[inline(always)]
pub fn load32_zero(bytes: [u8; 4]) -> V128 {
    V128::from_lanes([u32::from_le_bytes(bytes), 0, 0, 0])
}

/// `v128.load64_zero`.
#[inline(always)]
pub fn load64_zero(bytes: [u8; 8]) -> V128 {
    low(bytes)
}
