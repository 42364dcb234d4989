//! With what every x86-64 machine has: SSE2.

use safe_arch::*;

use crate::vector::V128;

views! {
    integers from_integers m128i;
    floats from_floats m128;
    doubles from_doubles m128d;
}

/// `minps` and its siblings give the second operand for NaNs and for zeros of either sign. Taken in both orders, they differ
/// in these cases alone, and those of zeros are one operation on bits. NaNs come from a sum, which makes them quiet.
macro_rules! extremum {
    ($($name:ident: $of:ident $to:ident $least:ident $join:ident $unordered:ident $add:ident $and:ident $andnot:ident $or:ident;)*) => {
        $(
            #[inline]
            pub fn $name(a: V128, b: V128) -> V128 {
                let (a, b) = ($of(a), $of(b));
                let ordered = $join($least(a, b), $least(b, a));
                let nan = $unordered(a, b);
                $to($or($and(nan, $add(a, b)), $andnot(nan, ordered)))
            }
        )*
    };
}

extremum! {
    f32x4_min: floats from_floats min_m128 bitor_m128 cmp_unord_mask_m128 add_m128 bitand_m128 bitandnot_m128 bitor_m128;
    f32x4_max: floats from_floats max_m128 bitand_m128 cmp_unord_mask_m128 add_m128 bitand_m128 bitandnot_m128 bitor_m128;
    f64x2_min: doubles from_doubles min_m128d bitor_m128d cmp_unord_mask_m128d add_m128d bitand_m128d bitandnot_m128d bitor_m128d;
    f64x2_max: doubles from_doubles max_m128d bitand_m128d cmp_unord_mask_m128d add_m128d bitand_m128d bitandnot_m128d bitor_m128d;
}

#[inline]
pub fn i8x16_bitmask(a: V128) -> u32 {
    move_mask_i8_m128i(integers(a)) as u32
}

#[inline]
pub fn i16x8_bitmask(a: V128) -> u32 {
    move_mask_i8_m128i(pack_i16_to_i8_m128i(integers(a), zeroed_m128i())) as u32
}

#[inline]
pub fn i32x4_bitmask(a: V128) -> u32 {
    move_mask_m128(floats(a)) as u32
}

#[inline]
pub fn i64x2_bitmask(a: V128) -> u32 {
    move_mask_m128d(doubles(a)) as u32
}

#[inline]
pub fn i32x4_dot_i16x8_s(a: V128, b: V128) -> V128 {
    from_integers(mul_i16_horizontal_add_m128i(integers(a), integers(b)))
}

#[inline]
pub fn i32x4_extadd_pairwise_i16x8_s(a: V128) -> V128 {
    from_integers(mul_i16_horizontal_add_m128i(integers(a), set_splat_i16_m128i(1)))
}

/// Sums of two products of bytes, which fit 16 bits but for one, which wraps.
#[inline(always)]
fn sums_of_two(a: V128, b: V128) -> m128i {
    let (a, b) = (integers(a), integers(b));
    let odd = mul_i16_keep_low_m128i(shr_imm_i16_m128i::<8>(a), shr_imm_i16_m128i::<8>(b));
    let (a, b) = (shl_imm_u16_m128i::<8>(a), shl_imm_u16_m128i::<8>(b));
    let even = mul_i16_keep_low_m128i(shr_imm_i16_m128i::<8>(a), shr_imm_i16_m128i::<8>(b));
    add_i16_m128i(even, odd)
}

#[inline]
pub fn i16x8_relaxed_dot_i8x16_i7x16_s(a: V128, b: V128) -> V128 {
    from_integers(sums_of_two(a, b))
}

#[inline]
pub fn i32x4_relaxed_dot_i8x16_i7x16_add_s(a: V128, b: V128, c: V128) -> V128 {
    let sums_of_four = mul_i16_horizontal_add_m128i(sums_of_two(a, b), set_splat_i16_m128i(1));
    from_integers(add_i32_m128i(sums_of_four, integers(c)))
}

#[inline]
pub fn i16x8_q15mulr_sat_s(a: V128, b: V128) -> V128 {
    let (a, b) = (integers(a), integers(b));
    let (low, high) = (mul_i16_keep_low_m128i(a, b), mul_i16_keep_high_m128i(a, b));
    let half = set_splat_i32_m128i(1 << 14);
    let rounded = |product| shr_imm_i32_m128i::<15>(add_i32_m128i(product, half));
    let first = rounded(unpack_low_i16_m128i(low, high));
    let second = rounded(unpack_high_i16_m128i(low, high));
    from_integers(pack_i32_to_i16_m128i(first, second))
}

/// There is only the signed one: negative lanes become zero, and all are moved into its range and back.
#[inline]
pub fn i16x8_narrow_i32x4_u(a: V128, b: V128) -> V128 {
    let moved = |a: V128| {
        let a = integers(a);
        let positive = bitandnot_m128i(shr_imm_i32_m128i::<31>(a), a);
        sub_i32_m128i(positive, set_splat_i32_m128i(1 << 15))
    };
    let packed = pack_i32_to_i16_m128i(moved(a), moved(b));
    from_integers(bitxor_m128i(packed, set_splat_i16_m128i(i16::MIN)))
}

/// Each byte twice makes lanes of 16 bits, whose high half is shifted as the byte is.
#[inline]
pub fn i8x16_shr_s(a: V128, b: u32) -> V128 {
    let a = integers(a);
    let count = set_i32_m128i_s((b % 8 + 8) as i32);
    let low = shr_all_i16_m128i(unpack_low_i8_m128i(a, a), count);
    let high = shr_all_i16_m128i(unpack_high_i8_m128i(a, a), count);
    from_integers(pack_i16_to_i8_m128i(low, high))
}

/// Two shifts. The compiler makes a rotation of lanes that it sees as such, and of that, without an instruction for it, something
/// twice as long. It cannot see this one, since a shift by a lane's whole width has a meaning here alone: zero.
macro_rules! rotation {
    ($($name:ident: $bits:literal $shl:ident $shr:ident;)*) => {
        $(
            #[inline]
            pub fn $name(a: V128, b: u32) -> V128 {
                let (a, left) = (integers(a), b % $bits);
                let by = |count: u32| set_i32_m128i_s(count as i32);
                from_integers(bitor_m128i($shl(a, by(left)), $shr(a, by($bits - left))))
            }
        )*
    };
}

rotation! {
    i32x4_rotl: 32 shl_all_u32_m128i shr_all_u32_m128i;
    i64x2_rotl: 64 shl_all_u64_m128i shr_all_u64_m128i;
}

/// The high halves decide, or if they are equal the borrow of a subtraction, which is then all ones or zero.
#[inline(always)]
fn greater(a: m128i, b: m128i) -> m128i {
    let borrow = bitand_m128i(cmp_eq_mask_i32_m128i(a, b), sub_i64_m128i(b, a));
    let decided = bitor_m128i(borrow, cmp_gt_mask_i32_m128i(a, b));
    shuffle_ai_f32_all_m128i::<0b11_11_01_01>(decided)
}

#[inline(always)]
fn not(a: m128i) -> m128i {
    bitxor_m128i(a, set_splat_i32_m128i(-1))
}

#[inline]
pub fn i64x2_gt_s(a: V128, b: V128) -> V128 {
    from_integers(greater(integers(a), integers(b)))
}

#[inline]
pub fn i64x2_lt_s(a: V128, b: V128) -> V128 {
    i64x2_gt_s(b, a)
}

#[inline]
pub fn i64x2_le_s(a: V128, b: V128) -> V128 {
    from_integers(not(greater(integers(a), integers(b))))
}

#[inline]
pub fn i64x2_ge_s(a: V128, b: V128) -> V128 {
    i64x2_le_s(b, a)
}

/// Conversion gives `i32::MIN` for what does not fit: right for what is too small, one off for what is too large.
#[inline]
pub fn i32x4_trunc_sat_f32x4_s(a: V128) -> V128 {
    let a = floats(a);
    let too_large = cast_to_m128i_from_m128(cmp_ge_mask_m128(a, set_splat_m128(2147483648.0)));
    let converted = bitxor_m128i(truncate_m128_to_m128i(a), too_large);
    let number = cast_to_m128i_from_m128(cmp_ordered_mask_m128(a, a));
    from_integers(bitand_m128i(converted, number))
}

/// A sum of two signed conversions: of the number, which is `i32::MIN` from there on, and of what it exceeds that by.
#[inline]
pub fn i32x4_trunc_sat_f32x4_u(a: V128) -> V128 {
    let half = set_splat_m128(2147483648.0);
    // Zero for NaN, as it is the second operand.
    let a = max_m128(floats(a), zeroed_m128());
    let excess = sub_m128(a, half);
    let too_large = cast_to_m128i_from_m128(cmp_ge_mask_m128(excess, half));
    let excess = bitxor_m128i(truncate_m128_to_m128i(excess), too_large);
    let excess = bitand_m128i(excess, cmp_gt_mask_i32_m128i(excess, zeroed_m128i()));
    from_integers(add_i32_m128i(truncate_m128_to_m128i(a), excess))
}

#[inline]
pub fn i32x4_trunc_sat_f64x2_s_zero(a: V128) -> V128 {
    let a = doubles(a);
    // The largest, or zero for NaN, which the minimum takes then, as it is the second operand.
    let most = bitand_m128d(cmp_ordered_mask_m128d(a, a), set_splat_m128d(f64::from(i32::MAX)));
    from_integers(truncate_m128d_to_m128i(min_m128d(a, most)))
}

/// Adding 2^52 rounds to an integer, which then is the low half of the bits; it may be one more than the truncated number.
#[inline]
pub fn i32x4_trunc_sat_f64x2_u_zero(a: V128) -> V128 {
    // Zero for NaN, as it is the second operand.
    let a = max_m128d(doubles(a), zeroed_m128d());
    let a = min_m128d(a, set_splat_m128d(f64::from(u32::MAX)));
    let magic = set_splat_m128d(4503599627370496.0);
    let nearest = add_m128d(a, magic);
    let above = cmp_gt_mask_m128d(sub_m128d(nearest, magic), a);
    let one_too_many = cast_to_m128i_from_m128d(above);
    let truncated = add_i64_m128i(cast_to_m128i_from_m128d(nearest), one_too_many);
    let low_halves = shuffle_ai_f32_all_m128i::<0b11_11_10_00>(truncated);
    from_integers(copy_i64_m128i_s(low_halves))
}

/// Without an instruction for it, bytes are picked from memory: those from 16 on are zero.
#[inline]
pub fn i8x16_swizzle(a: V128, b: V128) -> V128 {
    let mut bytes = [0; 32];
    bytes[..16].copy_from_slice(&a.0);
    let indices = from_integers(min_u8_m128i(integers(b), set_splat_i8_m128i(16)));
    V128(indices.0.map(|index| bytes[usize::from(index % 32)]))
}

#[inline]
pub fn i8x16_shuffle(a: V128, b: V128, indices: [u8; 16]) -> V128 {
    let mut bytes = [0; 32];
    bytes[..16].copy_from_slice(&a.0);
    bytes[16..].copy_from_slice(&b.0);
    V128(indices.map(|index| bytes[usize::from(index % 32)]))
}

/// The compiler sees each byte of these loads.
macro_rules! extending_loads {
    ($($name:ident: $a:ident => $extended:expr;)*) => {
        $(
            #[inline]
            pub fn $name(bytes: [u8; 8]) -> V128 {
                let $a = set_i64_m128i_s(i64::from_le_bytes(bytes));
                from_integers($extended)
            }
        )*
    };
}

extending_loads! {
    load8x8_s: a => shr_imm_i16_m128i::<8>(unpack_low_i8_m128i(a, a));
    load8x8_u: a => unpack_low_i8_m128i(a, zeroed_m128i());
    load16x4_s: a => shr_imm_i32_m128i::<16>(unpack_low_i16_m128i(a, a));
    load16x4_u: a => unpack_low_i16_m128i(a, zeroed_m128i());
}

#[inline]
pub fn i8x16_avgr_u(a: V128, b: V128) -> V128 {
    from_integers(average_u8_m128i(integers(a), integers(b)))
}

#[inline]
pub fn i16x8_avgr_u(a: V128, b: V128) -> V128 {
    from_integers(average_u16_m128i(integers(a), integers(b)))
}
