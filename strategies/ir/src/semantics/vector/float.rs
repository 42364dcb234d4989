//! Floating point arithmetic and comparisons of lanes, as [scalars](crate::semantics::float) have them. A comparison gives
//! lanes of all ones or zero.

macro_rules! float {
    ($($shape:ident: $float:ty, $bits:ty, $lanes:literal, $scalar:ident;)*) => {
        $(
            #[doc = concat!("Operations on vectors of ", stringify!($lanes), " lanes `", stringify!($float), "`.")]
            #[allow(missing_docs)]
            pub mod $shape {
                use crate::semantics::float::$scalar as scalar;
                use crate::semantics::vector::{map, zip};
                use crate::vector::V128;

                type F = $float;
                type U = $bits;
                const N: usize = $lanes;

                #[inline]
                pub fn abs(a: V128) -> V128 {
                    map::<F, F, N>(a, scalar::abs)
                }
                #[inline]
                pub fn neg(a: V128) -> V128 {
                    map::<F, F, N>(a, scalar::neg)
                }
                #[inline]
                pub fn ceil(a: V128) -> V128 {
                    map::<F, F, N>(a, round::ceil)
                }
                #[inline]
                pub fn floor(a: V128) -> V128 {
                    map::<F, F, N>(a, round::floor)
                }
                #[inline]
                pub fn trunc(a: V128) -> V128 {
                    map::<F, F, N>(a, round::trunc)
                }
                #[inline]
                pub fn nearest(a: V128) -> V128 {
                    map::<F, F, N>(a, round::nearest)
                }
                #[inline]
                pub fn sqrt(a: V128) -> V128 {
                    map::<F, F, N>(a, scalar::sqrt)
                }
                #[inline]
                pub fn add(a: V128, b: V128) -> V128 {
                    zip::<F, F, N>(a, b, scalar::add)
                }
                #[inline]
                pub fn sub(a: V128, b: V128) -> V128 {
                    zip::<F, F, N>(a, b, scalar::sub)
                }
                #[inline]
                pub fn mul(a: V128, b: V128) -> V128 {
                    zip::<F, F, N>(a, b, scalar::mul)
                }
                #[inline]
                pub fn div(a: V128, b: V128) -> V128 {
                    zip::<F, F, N>(a, b, scalar::div)
                }
                #[inline]
                pub fn min(a: V128, b: V128) -> V128 {
                    zip::<F, F, N>(a, b, scalar::min)
                }
                #[inline]
                pub fn max(a: V128, b: V128) -> V128 {
                    zip::<F, F, N>(a, b, scalar::max)
                }
                // These two choose between their operands, so a NaN keeps its bits.
                #[inline]
                pub fn pmin(a: V128, b: V128) -> V128 {
                    zip::<F, F, N>(a, b, |a, b| if b < a { b } else { a })
                }
                #[inline]
                pub fn pmax(a: V128, b: V128) -> V128 {
                    zip::<F, F, N>(a, b, |a, b| if a < b { b } else { a })
                }
                #[inline]
                pub fn eq(a: V128, b: V128) -> V128 {
                    zip::<F, U, N>(a, b, |a, b| mask(a == b))
                }
                #[inline]
                pub fn ne(a: V128, b: V128) -> V128 {
                    zip::<F, U, N>(a, b, |a, b| mask(a != b))
                }
                #[inline]
                pub fn lt(a: V128, b: V128) -> V128 {
                    zip::<F, U, N>(a, b, |a, b| mask(a < b))
                }
                #[inline]
                pub fn gt(a: V128, b: V128) -> V128 {
                    zip::<F, U, N>(a, b, |a, b| mask(a > b))
                }
                #[inline]
                pub fn le(a: V128, b: V128) -> V128 {
                    zip::<F, U, N>(a, b, |a, b| mask(a <= b))
                }
                #[inline]
                pub fn ge(a: V128, b: V128) -> V128 {
                    zip::<F, U, N>(a, b, |a, b| mask(a >= b))
                }
                // Not `mul_add`: a machine without fused multiplication would call a library function for each lane, and
                // one with it would give other results.
                #[inline]
                pub fn madd(a: V128, b: V128, c: V128) -> V128 {
                    add(mul(a, b), c)
                }
                #[inline]
                pub fn nmadd(a: V128, b: V128, c: V128) -> V128 {
                    add(neg(mul(a, b)), c)
                }

                /// Rounding without a function of the C library for each lane, as machines without an instruction for it would
                /// call.
                mod round {
                    use super::{F, U};

                    const SIGN: U = 1 << (U::BITS - 1);
                    /// Numbers from here on have no fraction.
                    const WHOLE: F = (1_u64 << (F::MANTISSA_DIGITS - 1)) as F;

                    /// A sum with a number that leaves no bits for a fraction is rounded to the nearest integer. Zeros get their
                    /// sign back, and NaNs become quiet.
                    #[inline(always)]
                    pub fn nearest(a: F) -> F {
                        let sign = a.to_bits() & SIGN;
                        let magnitude = F::from_bits(a.to_bits() ^ sign);
                        let large = if magnitude < WHOLE { WHOLE.to_bits() } else { 0 };
                        let large = F::from_bits(large | sign);
                        F::from_bits((a + large - large).to_bits() | sign)
                    }
                    #[inline(always)]
                    pub fn floor(a: F) -> F {
                        let nearest = nearest(a);
                        nearest - if nearest > a { 1.0 } else { 0.0 }
                    }
                    #[inline(always)]
                    pub fn ceil(a: F) -> F {
                        let nearest = nearest(a);
                        let rounded = nearest + if nearest < a { 1.0 } else { 0.0 };
                        F::from_bits(rounded.to_bits() | a.to_bits() & SIGN)
                    }
                    #[inline(always)]
                    pub fn trunc(a: F) -> F {
                        let sign = a.to_bits() & SIGN;
                        let rounded = floor(F::from_bits(a.to_bits() ^ sign));
                        F::from_bits(rounded.to_bits() | sign)
                    }
                }

                #[inline(always)]
                fn mask(holds: bool) -> U {
                    if holds { U::MAX } else { 0 }
                }
            }
        )*
    };
}

float! {
    f32x4: f32, u32, 4, float32;
    f64x2: f64, u64, 2, float64;
}
