//! Operations between lanes of one width and lanes of twice that width.

use crate::vector::{Lanes, V128};

/// A function of each pair of neighbours in two vectors of `2 * N` lanes.
#[inline(always)]
fn neighbours<A: Copy, R: Copy + Default, const N: usize, const M: usize>(
    a: V128,
    b: V128,
    f: impl Fn([A; 2], [A; 2]) -> R,
) -> V128
where
    [A; M]: Lanes,
    [R; N]: Lanes,
{
    let (a, b): ([A; M], [A; M]) = (a.to_lanes(), b.to_lanes());
    let mut result = [R::default(); N];
    for lane in 0..N {
        result[lane] = f([a[2 * lane], a[2 * lane + 1]], [b[2 * lane], b[2 * lane + 1]]);
    }
    V128::from_lanes(result)
}

/// A function of the lanes of two vectors of `2 * N` lanes that begin at `FIRST`.
#[inline(always)]
fn half<A: Copy, R: Copy + Default, const N: usize, const M: usize, const FIRST: usize>(
    a: V128,
    b: V128,
    f: impl Fn(A, A) -> R,
) -> V128
where
    [A; M]: Lanes,
    [R; N]: Lanes,
{
    let (a, b): ([A; M], [A; M]) = (a.to_lanes(), b.to_lanes());
    let mut result = [R::default(); N];
    for lane in 0..N {
        result[lane] = f(a[FIRST + lane], b[FIRST + lane]);
    }
    V128::from_lanes(result)
}

/// Extension and multiplication of halves, for lanes that are signed or not.
macro_rules! halves {
    ($($narrow:ty => $wide:ty: $extend_low:ident $extend_high:ident $extmul_low:ident $extmul_high:ident;)*) => {
        $(
            #[inline]
            pub fn $extend_low(a: V128) -> V128 {
                half::<$narrow, $wide, N, M, 0>(a, a, |a, _| <$wide>::from(a))
            }
            #[inline]
            pub fn $extend_high(a: V128) -> V128 {
                half::<$narrow, $wide, N, M, N>(a, a, |a, _| <$wide>::from(a))
            }
            #[inline]
            pub fn $extmul_low(a: V128, b: V128) -> V128 {
                half::<$narrow, $wide, N, M, 0>(a, b, |a, b| <$wide>::from(a) * <$wide>::from(b))
            }
            #[inline]
            pub fn $extmul_high(a: V128, b: V128) -> V128 {
                half::<$narrow, $wide, N, M, N>(a, b, |a, b| <$wide>::from(a) * <$wide>::from(b))
            }
        )*
    };
}

/// Sums of neighbours, for lanes that are signed or not.
macro_rules! pairwise {
    ($($narrow:ty => $wide:ty: $extadd_pairwise:ident;)*) => {
        $(
            #[inline]
            pub fn $extadd_pairwise(a: V128) -> V128 {
                neighbours::<$narrow, $wide, N, M>(a, a, |[a, b], _| <$wide>::from(a) + <$wide>::from(b))
            }
        )*
    };
}

/// Lanes of twice the width to lanes: those of `a`, then those of `b`, signed, each the nearest value that fits.
macro_rules! narrow {
    ($($wide:ty => $narrow:ty: $name:ident;)*) => {
        $(
            #[inline]
            pub fn $name(a: V128, b: V128) -> V128 {
                let (a, b): ([$wide; N / 2], [$wide; N / 2]) = (a.to_lanes(), b.to_lanes());
                let nearest = |lane: $wide| lane.clamp(<$narrow>::MIN.into(), <$narrow>::MAX.into()) as $narrow;
                let mut result = [0; N];
                for lane in 0..N / 2 {
                    result[lane] = nearest(a[lane]);
                    result[N / 2 + lane] = nearest(b[lane]);
                }
                V128::from_lanes(result)
            }
        )*
    };
}

/// Operations that give vectors of 16 lanes `i8`.
#[allow(missing_docs)]
pub mod i8x16 {
    use crate::vector::V128;

    const N: usize = 16;

    narrow! {
        i16 => i8: narrow_i16x8_s;
        i16 => u8: narrow_i16x8_u;
    }
}

/// Operations that give vectors of 8 lanes `i16`.
#[allow(missing_docs)]
pub mod i16x8 {
    use super::{half, neighbours};
    use crate::vector::V128;

    const N: usize = 8;
    const M: usize = 2 * N;

    halves! {
        i8 => i16: extend_low_i8x16_s extend_high_i8x16_s extmul_low_i8x16_s extmul_high_i8x16_s;
        u8 => u16: extend_low_i8x16_u extend_high_i8x16_u extmul_low_i8x16_u extmul_high_i8x16_u;
    }
    pairwise! {
        i8 => i16: extadd_pairwise_i8x16_s;
        u8 => u16: extadd_pairwise_i8x16_u;
    }
    narrow! {
        i32 => i16: narrow_i32x4_s;
        i32 => u16: narrow_i32x4_u;
    }

    /// Products of numbers with 15 fractional bits, rounded; only that of -1 and -1 does not fit.
    #[inline]
    pub fn q15mulr_sat_s(a: V128, b: V128) -> V128 {
        crate::semantics::vector::zip::<i16, i16, N>(a, b, |a, b| {
            let product = (i32::from(a) * i32::from(b) + (1 << 14)) >> 15;
            product.min(i16::MAX.into()) as i16
        })
    }

    #[inline]
    pub fn relaxed_dot_i8x16_i7x16_s(a: V128, b: V128) -> V128 {
        let product = |a: i8, b: i8| i16::from(a) * i16::from(b);
        neighbours::<i8, i16, N, M>(a, b, |a, b| product(a[0], b[0]).wrapping_add(product(a[1], b[1])))
    }
}

/// Operations that give vectors of 4 lanes `i32`.
#[allow(missing_docs)]
pub mod i32x4 {
    use super::{half, neighbours};
    use crate::semantics::vector::integer;
    use crate::vector::V128;

    const N: usize = 4;
    const M: usize = 2 * N;

    halves! {
        i16 => i32: extend_low_i16x8_s extend_high_i16x8_s extmul_low_i16x8_s extmul_high_i16x8_s;
        u16 => u32: extend_low_i16x8_u extend_high_i16x8_u extmul_low_i16x8_u extmul_high_i16x8_u;
    }
    pairwise! {
        i16 => i32: extadd_pairwise_i16x8_s;
        u16 => u32: extadd_pairwise_i16x8_u;
    }

    #[inline]
    pub fn dot_i16x8_s(a: V128, b: V128) -> V128 {
        let product = |a: i16, b: i16| i32::from(a) * i32::from(b);
        neighbours::<i16, i32, N, M>(a, b, |a, b| product(a[0], b[0]).wrapping_add(product(a[1], b[1])))
    }

    #[inline]
    pub fn relaxed_dot_i8x16_i7x16_add_s(a: V128, b: V128, c: V128) -> V128 {
        let sums_of_two = super::i16x8::relaxed_dot_i8x16_i7x16_s(a, b);
        integer::i32x4::add(extadd_pairwise_i16x8_s(sums_of_two), c)
    }
}

/// Operations that give vectors of 2 lanes `i64`.
#[allow(missing_docs)]
pub mod i64x2 {
    use super::half;
    use crate::vector::V128;

    const N: usize = 2;
    const M: usize = 2 * N;

    halves! {
        i32 => i64: extend_low_i32x4_s extend_high_i32x4_s extmul_low_i32x4_s extmul_high_i32x4_s;
        u32 => u64: extend_low_i32x4_u extend_high_i32x4_u extmul_low_i32x4_u extmul_high_i32x4_u;
    }
}
