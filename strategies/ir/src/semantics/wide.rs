//! Integers of 128 bits as two halves of 64, the low one first (proposal "wide arithmetic").

/// The number with these halves.
#[inline(always)]
fn whole(low: u64, high: u64) -> u128 {
    u128::from(high) << 64 | u128::from(low)
}

/// The halves of a number.
#[inline(always)]
fn halves(number: u128) -> (u64, u64) {
    (number as u64, (number >> 64) as u64)
}

/// (r, s) = (a, b) + (c, d)
#[inline]
pub fn add128(a: u64, b: u64, c: u64, d: u64) -> (u64, u64) {
    halves(whole(a, b).wrapping_add(whole(c, d)))
}

/// (r, s) = (a, b) - (c, d)
#[inline]
pub fn sub128(a: u64, b: u64, c: u64, d: u64) -> (u64, u64) {
    halves(whole(a, b).wrapping_sub(whole(c, d)))
}

/// (r, s) = a * b, signed
#[inline]
pub fn mul_wide_s(a: u64, b: u64) -> (u64, u64) {
    // The product of two 64-bit numbers fits 128 bits.
    halves((i128::from(a as i64) * i128::from(b as i64)) as u128)
}

/// (r, s) = a * b, unsigned
#[inline]
pub fn mul_wide_u(a: u64, b: u64) -> (u64, u64) {
    halves(u128::from(a) * u128::from(b))
}
