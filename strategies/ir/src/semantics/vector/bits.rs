//! Operations that see a vector as bits or bytes.

use crate::vector::V128;

/// `v128.not`.
#[inline]
pub fn not(a: V128) -> V128 {
    super::map::<u64, u64, 2>(a, |a| !a)
}

/// `v128.and`.
#[inline]
pub fn and(a: V128, b: V128) -> V128 {
    super::zip::<u64, u64, 2>(a, b, |a, b| a & b)
}

/// `v128.andnot`.
#[inline]
pub fn andnot(a: V128, b: V128) -> V128 {
    super::zip::<u64, u64, 2>(a, b, |a, b| a & !b)
}

/// `v128.or`.
#[inline]
pub fn or(a: V128, b: V128) -> V128 {
    super::zip::<u64, u64, 2>(a, b, |a, b| a | b)
}

/// `v128.xor`.
#[inline]
pub fn xor(a: V128, b: V128) -> V128 {
    super::zip::<u64, u64, 2>(a, b, |a, b| a ^ b)
}

/// `v128.bitselect`: bits of `a` where those of `c` are one, else of `b`.
#[inline]
pub fn bitselect(a: V128, b: V128, c: V128) -> V128 {
    or(and(a, c), andnot(b, c))
}

/// `v128.any_true`.
#[inline]
pub fn any_true(a: V128) -> u32 {
    let [low, high]: [u64; 2] = a.to_lanes();
    u32::from(low | high != 0)
}

/// `i8x16.swizzle`: the bytes of `a` at the indices `b`, zero for those past the end.
#[inline]
pub fn swizzle(a: V128, b: V128) -> V128 {
    super::map::<u8, u8, 16>(b, |index| match a.0.get(usize::from(index)) {
        Some(&byte) => byte,
        None => 0,
    })
}

/// `i8x16.shuffle`: the bytes at these indices, modulo 32, of `a` and `b` one after the other. Validation has refused
/// larger indices.
#[inline]
pub fn shuffle(a: V128, b: V128, indices: [u8; 16]) -> V128 {
    V128(indices.map(|index| {
        let source = if index & 16 == 0 { a } else { b };
        source.0[usize::from(index % 16)]
    }))
}
