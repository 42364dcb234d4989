//! Integer arithmetic and comparisons of lanes. A comparison gives lanes of all ones or zero.

/// A comparison's lane.
macro_rules! mask {
    ($holds:expr) => {
        if $holds { U::MAX } else { 0 }
    };
}

/// Operations that not all shapes have.
macro_rules! part {
    (multiply) => {
        #[inline]
        pub fn mul(a: V128, b: V128) -> V128 {
            zip::<U, U, N>(a, b, U::wrapping_mul)
        }
    };
    (unsigned) => {
        #[inline]
        pub fn lt_u(a: V128, b: V128) -> V128 {
            zip::<U, U, N>(a, b, |a, b| mask!(a < b))
        }
        #[inline]
        pub fn gt_u(a: V128, b: V128) -> V128 {
            zip::<U, U, N>(a, b, |a, b| mask!(a > b))
        }
        #[inline]
        pub fn le_u(a: V128, b: V128) -> V128 {
            zip::<U, U, N>(a, b, |a, b| mask!(a <= b))
        }
        #[inline]
        pub fn ge_u(a: V128, b: V128) -> V128 {
            zip::<U, U, N>(a, b, |a, b| mask!(a >= b))
        }
        #[inline]
        pub fn min_s(a: V128, b: V128) -> V128 {
            zip::<S, S, N>(a, b, S::min)
        }
        #[inline]
        pub fn min_u(a: V128, b: V128) -> V128 {
            zip::<U, U, N>(a, b, U::min)
        }
        #[inline]
        pub fn max_s(a: V128, b: V128) -> V128 {
            zip::<S, S, N>(a, b, S::max)
        }
        #[inline]
        pub fn max_u(a: V128, b: V128) -> V128 {
            zip::<U, U, N>(a, b, U::max)
        }
    };
    (saturating) => {
        #[inline]
        pub fn add_sat_s(a: V128, b: V128) -> V128 {
            zip::<S, S, N>(a, b, S::saturating_add)
        }
        #[inline]
        pub fn add_sat_u(a: V128, b: V128) -> V128 {
            zip::<U, U, N>(a, b, U::saturating_add)
        }
        #[inline]
        pub fn sub_sat_s(a: V128, b: V128) -> V128 {
            zip::<S, S, N>(a, b, S::saturating_sub)
        }
        #[inline]
        pub fn sub_sat_u(a: V128, b: V128) -> V128 {
            zip::<U, U, N>(a, b, U::saturating_sub)
        }
        #[inline]
        pub fn avgr_u(a: V128, b: V128) -> V128 {
            zip::<U, U, N>(a, b, |a, b| (u32::from(a) + u32::from(b)).div_ceil(2) as U)
        }
    };
    (popcnt) => {
        #[inline]
        pub fn popcnt(a: V128) -> V128 {
            map::<U, U, N>(a, |a| a.count_ones() as U)
        }
    };
}

macro_rules! integer {
    ($($shape:ident: $signed:ty, $unsigned:ty, $lanes:literal; $($part:ident)*;)*) => {
        $(
            #[doc = concat!("Operations on vectors of ", stringify!($lanes), " lanes `", stringify!($signed),
                "` and their unsigned view.")]
            #[allow(missing_docs)]
            pub mod $shape {
                use crate::semantics::vector::{map, zip};
                use crate::vector::V128;

                type S = $signed;
                type U = $unsigned;
                const N: usize = $lanes;

                #[inline]
                pub fn neg(a: V128) -> V128 {
                    map::<S, S, N>(a, S::wrapping_neg)
                }
                #[inline]
                pub fn abs(a: V128) -> V128 {
                    map::<S, S, N>(a, S::wrapping_abs)
                }
                #[inline]
                pub fn add(a: V128, b: V128) -> V128 {
                    zip::<U, U, N>(a, b, U::wrapping_add)
                }
                #[inline]
                pub fn sub(a: V128, b: V128) -> V128 {
                    zip::<U, U, N>(a, b, U::wrapping_sub)
                }
                #[inline]
                pub fn eq(a: V128, b: V128) -> V128 {
                    zip::<U, U, N>(a, b, |a, b| mask!(a == b))
                }
                #[inline]
                pub fn ne(a: V128, b: V128) -> V128 {
                    zip::<U, U, N>(a, b, |a, b| mask!(a != b))
                }
                #[inline]
                pub fn lt_s(a: V128, b: V128) -> V128 {
                    zip::<S, U, N>(a, b, |a, b| mask!(a < b))
                }
                #[inline]
                pub fn gt_s(a: V128, b: V128) -> V128 {
                    zip::<S, U, N>(a, b, |a, b| mask!(a > b))
                }
                #[inline]
                pub fn le_s(a: V128, b: V128) -> V128 {
                    zip::<S, U, N>(a, b, |a, b| mask!(a <= b))
                }
                #[inline]
                pub fn ge_s(a: V128, b: V128) -> V128 {
                    zip::<S, U, N>(a, b, |a, b| mask!(a >= b))
                }
                #[inline]
                pub fn shl(a: V128, b: u32) -> V128 {
                    map::<U, U, N>(a, |a| a.wrapping_shl(b))
                }
                #[inline]
                pub fn shr_s(a: V128, b: u32) -> V128 {
                    map::<S, S, N>(a, |a| a.wrapping_shr(b))
                }
                #[inline]
                pub fn shr_u(a: V128, b: u32) -> V128 {
                    map::<U, U, N>(a, |a| a.wrapping_shr(b))
                }
                #[inline]
                pub fn rotl(a: V128, b: u32) -> V128 {
                    map::<U, U, N>(a, |a| a.rotate_left(b))
                }
                #[inline]
                pub fn all_true(a: V128) -> u32 {
                    let a: [U; N] = a.to_lanes();
                    u32::from(a.iter().fold(true, |all, &lane| all & (lane != 0)))
                }
                #[inline]
                pub fn bitmask(a: V128) -> u32 {
                    let a: [S; N] = a.to_lanes();
                    (0..N).fold(0, |mask, lane| mask | u32::from(a[lane] < 0) << lane)
                }
                $(part!($part);)*
            }
        )*
    };
}

integer! {
    i8x16: i8, u8, 16; popcnt unsigned saturating;
    i16x8: i16, u16, 8; multiply unsigned saturating;
    i32x4: i32, u32, 4; multiply unsigned;
    i64x2: i64, u64, 2; multiply;
}
