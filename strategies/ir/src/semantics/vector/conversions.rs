//! Conversions between lanes of integers and of floats, as [scalars](crate::semantics::float) have them.

/// Operations that give vectors of 4 lanes `i32`. Truncation saturates, and NaN becomes zero.
#[allow(missing_docs)]
pub mod i32x4 {
    use crate::semantics::vector::map;
    use crate::vector::V128;

    #[inline]
    pub fn trunc_sat_f32x4_s(a: V128) -> V128 {
        map::<f32, i32, 4>(a, |a| a as i32)
    }
    #[inline]
    pub fn trunc_sat_f32x4_u(a: V128) -> V128 {
        map::<f32, u32, 4>(a, |a| a as u32)
    }
    #[inline]
    pub fn trunc_sat_f64x2_s_zero(a: V128) -> V128 {
        let [low, high]: [f64; 2] = a.to_lanes();
        V128::from_lanes([low as i32, high as i32, 0, 0])
    }
    #[inline]
    pub fn trunc_sat_f64x2_u_zero(a: V128) -> V128 {
        let [low, high]: [f64; 2] = a.to_lanes();
        V128::from_lanes([low as u32, high as u32, 0, 0])
    }
}

/// Operations that give vectors of 4 lanes `f32`.
#[allow(missing_docs)]
pub mod f32x4 {
    use crate::semantics::vector::map;
    use crate::vector::V128;

    #[inline]
    pub fn convert_i32x4_s(a: V128) -> V128 {
        map::<i32, f32, 4>(a, |a| a as f32)
    }
    #[inline]
    pub fn convert_i32x4_u(a: V128) -> V128 {
        map::<u32, f32, 4>(a, |a| a as f32)
    }
    #[inline]
    pub fn demote_f64x2_zero(a: V128) -> V128 {
        let [low, high]: [f64; 2] = a.to_lanes();
        V128::from_lanes([low as f32, high as f32, 0.0, 0.0])
    }
}

/// Operations that give vectors of 2 lanes `f64`.
#[allow(missing_docs)]
pub mod f64x2 {
    use crate::vector::V128;

    #[inline]
    pub fn convert_low_i32x4_s(a: V128) -> V128 {
        let [low, high, _, _]: [i32; 4] = a.to_lanes();
        V128::from_lanes([f64::from(low), f64::from(high)])
    }
    #[inline]
    pub fn convert_low_i32x4_u(a: V128) -> V128 {
        let [low, high, _, _]: [u32; 4] = a.to_lanes();
        V128::from_lanes([f64::from(low), f64::from(high)])
    }
    #[inline]
    pub fn promote_low_f32x4(a: V128) -> V128 {
        let [low, high, _, _]: [f32; 4] = a.to_lanes();
        V128::from_lanes([f64::from(low), f64::from(high)])
    }
}
