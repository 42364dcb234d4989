//! A vector of 128 bits, and its lanes.

use std::fmt;

/// A WebAssembly `v128`: 16 bytes, the lowest lane first, each lane little-endian whatever the machine is (specification
/// section 4.2.1).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[repr(C, align(16))]
pub struct V128(pub [u8; 16]);

impl V128 {
    /// All bits zero.
    pub const ZERO: V128 = V128([0; 16]);

    /// The vector with these bytes, the lowest first.
    #[inline(always)]
    pub const fn from_bytes(bytes: [u8; 16]) -> V128 {
        V128(bytes)
    }

    /// The bytes, the lowest first.
    #[inline(always)]
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0
    }

    /// The vector with these lanes, the lowest first.
    #[inline(always)]
    pub fn from_lanes<L: Lanes>(lanes: L) -> V128 {
        lanes.to_vector()
    }

    /// The lanes, the lowest first.
    #[inline(always)]
    pub fn to_lanes<L: Lanes>(self) -> L {
        L::from_vector(self)
    }

    /// The vector that two slots of a frame hold, the low half in the first.
    #[inline(always)]
    pub fn from_slots(slots: [u64; 2]) -> V128 {
        V128::from_lanes(slots)
    }

    /// The two slots that hold the vector, the low half in the first.
    #[inline(always)]
    pub fn to_slots(self) -> [u64; 2] {
        self.to_lanes()
    }
}

impl From<[u8; 16]> for V128 {
    fn from(bytes: [u8; 16]) -> V128 {
        V128(bytes)
    }
}

impl From<V128> for [u8; 16] {
    fn from(vector: V128) -> [u8; 16] {
        vector.0
    }
}

impl From<u128> for V128 {
    fn from(bits: u128) -> V128 {
        V128(bits.to_le_bytes())
    }
}

impl From<V128> for u128 {
    fn from(vector: V128) -> u128 {
        u128::from_le_bytes(vector.0)
    }
}

impl fmt::Debug for V128 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "V128({self})")
    }
}

/// As in the text format: `i32x4 0x00000000 0x00000001 0x00000002 0x00000003`.
impl fmt::Display for V128 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lanes: [u32; 4] = self.to_lanes();
        f.write_str("i32x4")?;
        lanes.iter().try_for_each(|lane| write!(f, " {lane:#010x}"))
    }
}

/// The lanes of a vector: an array of integers or floats that has 16 bytes.
pub trait Lanes: Copy + Send + Sync + 'static {
    /// The lanes of a vector, the lowest first.
    fn from_vector(vector: V128) -> Self;
    /// The vector with these lanes.
    fn to_vector(self) -> V128;
}

/// A type that a lane of a vector can have.
pub trait Lane: Copy + Send + Sync + 'static {
    /// Lanes that a vector has: a power of two.
    const COUNT: u8;
    /// The vector that has the value in every lane.
    fn splat(self) -> V128;
    /// A lane of the vector, by its number modulo [`Lane::COUNT`]: validation has refused any other.
    fn extract(vector: V128, lane: u8) -> Self;
    /// The vector with the value in a lane, by its number modulo [`Lane::COUNT`].
    fn replace(self, vector: V128, lane: u8) -> V128;
}

macro_rules! lanes {
    ($($lane:ty, $count:literal, $bits:ty;)*) => {
        $(
            impl Lanes for [$lane; $count] {
                #[inline(always)]
                fn from_vector(vector: V128) -> Self {
                    let lanes: [$bits; $count] = bytemuck::must_cast(vector.0);
                    bytemuck::must_cast(lanes.map(<$bits>::from_le))
                }
                #[inline(always)]
                fn to_vector(self) -> V128 {
                    let lanes: [$bits; $count] = bytemuck::must_cast(self);
                    V128(bytemuck::must_cast(lanes.map(<$bits>::to_le)))
                }
            }

            impl Lane for $lane {
                const COUNT: u8 = $count;
                #[inline(always)]
                fn splat(self) -> V128 {
                    V128::from_lanes([self; $count])
                }
                #[inline(always)]
                fn extract(vector: V128, lane: u8) -> Self {
                    // In registers: a lane by its number would be read from memory.
                    let place = u32::from(lane % $count) * <$bits>::BITS;
                    let lane: $bits = (u128::from_le_bytes(vector.0) >> place) as $bits;
                    bytemuck::must_cast(lane)
                }
                #[inline(always)]
                fn replace(self, vector: V128, lane: u8) -> V128 {
                    // Compared with their numbers, the lanes stay in a register.
                    let lanes: [$bits; $count] = vector.to_lanes();
                    let (lane, value): ($bits, $bits) = ((lane % $count).into(), bytemuck::must_cast(self));
                    let chosen: [$bits; $count] = std::array::from_fn(|number| {
                        let mask = if number as $bits == lane { <$bits>::MAX } else { 0 };
                        lanes[number] & !mask | value & mask
                    });
                    V128::from_lanes(chosen)
                }
            }
        )*
    };
}

lanes! {
    i8, 16, u8;
    u8, 16, u8;
    i16, 8, u16;
    u16, 8, u16;
    i32, 4, u32;
    u32, 4, u32;
    i64, 2, u64;
    u64, 2, u64;
    f32, 4, u32;
    f64, 2, u64;
}
