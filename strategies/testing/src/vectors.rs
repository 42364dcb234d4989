//! Random vectors, with the values at which operations differ among them.

use fastrand::Rng;
use wasm_dispatch_ir::vector::{Lanes, V128};

/// Vectors, always the same ones for a seed.
#[derive(Debug)]
pub struct Vectors(Rng);

/// Bits of floats at which operations differ: zeros, limits of integers, halves, numbers without room for a fraction,
/// subnormals, infinities, NaNs.
const FLOATS: [f64; 26] = [
    0.0,
    0.25,
    0.5,
    0.75,
    1.0,
    1.5,
    2.5,
    3.0,
    127.0,
    128.0,
    255.5,
    32767.5,
    65535.5,
    2147483647.0,
    2147483648.0,
    4294967295.0,
    4294967295.5,
    4294967296.0,
    8388607.5,
    4503599627370495.5,
    9007199254740993.0,
    1e-40,
    5e-324,
    1e30,
    f64::MAX,
    f64::INFINITY,
];

impl Vectors {
    /// Vectors for a seed.
    pub fn new(seed: u64) -> Vectors {
        Vectors(Rng::with_seed(seed))
    }

    /// How many a test takes: 10,000, or what `WASM_DISPATCH_VECTORS` says.
    pub fn count() -> usize {
        let count = std::env::var("WASM_DISPATCH_VECTORS");
        count.ok().and_then(|count| count.parse().ok()).unwrap_or(10_000)
    }

    /// The next vector.
    pub fn vector(&mut self) -> V128 {
        match self.0.u8(..8) {
            0 => self.lanes::<u8, 16>(|rng| integer(rng, 8) as u8),
            1 => self.lanes::<u16, 8>(|rng| integer(rng, 16) as u16),
            2 => self.lanes::<u32, 4>(|rng| integer(rng, 32) as u32),
            3 => self.lanes::<u64, 2>(|rng| integer(rng, 64)),
            4 | 5 => self.lanes::<u32, 4>(f32_bits),
            6 => self.lanes::<u64, 2>(f64_bits),
            _ => V128::from(self.0.u128(..)),
        }
    }

    /// The next scalar, as a slot that holds 32 or 64 bits.
    pub fn scalar(&mut self, bits: u32) -> u64 {
        match (self.0.bool(), bits) {
            (true, 32) => u64::from(f32_bits(&mut self.0)),
            (true, _) => f64_bits(&mut self.0),
            (false, _) => integer(&mut self.0, bits),
        }
    }

    /// A number below a bound, which is not zero.
    pub fn below(&mut self, bound: u32) -> u32 {
        self.0.u32(..bound)
    }

    fn lanes<L: Copy + Default, const N: usize>(&mut self, lane: impl Fn(&mut Rng) -> L) -> V128
    where
        [L; N]: Lanes,
    {
        let mut lanes = [L::default(); N];
        lanes.fill_with(|| lane(&mut self.0));
        V128::from_lanes(lanes)
    }
}

/// An integer of this many bits: a limit of this or of half the width, or next to one, or a small or any number.
fn integer(rng: &mut Rng, bits: u32) -> u64 {
    let mask = u64::MAX >> (64 - bits);
    let near = u64::from(rng.u8(..3)).wrapping_sub(1);
    let number = match rng.u8(..6) {
        0 => near,
        1 => near.wrapping_add(1 << (bits - 1)),
        2 => near.wrapping_add(1 << (bits / 2)),
        3 => near.wrapping_sub(1 << (bits / 2 - 1)),
        4 => u64::from(rng.u8(..32)),
        _ => rng.u64(..),
    };
    number & mask
}

fn float(rng: &mut Rng) -> f64 {
    let magnitude = match rng.u8(..4) {
        0 => f64::from(rng.u32(..1 << 12)) / 8.0,
        _ => FLOATS[rng.usize(..FLOATS.len())],
    };
    if rng.bool() { -magnitude } else { magnitude }
}

fn f32_bits(rng: &mut Rng) -> u32 {
    match rng.u8(..8) {
        0 => rng.u32(..),
        // A NaN, signalling or not.
        1 => 0x7f80_0001 | rng.u32(..),
        2 => [0x7fc0_0000, 0xffc0_0000, 0x7f80_0001][rng.usize(..3)],
        _ => (float(rng) as f32).to_bits(),
    }
}

fn f64_bits(rng: &mut Rng) -> u64 {
    match rng.u8(..8) {
        0 => rng.u64(..),
        1 => 0x7ff0_0000_0000_0001 | rng.u64(..),
        2 => [0x7ff8_0000_0000_0000, 0xfff8_0000_0000_0000, 0x7ff0_0000_0000_0001][rng.usize(..3)],
        _ => float(rng).to_bits(),
    }
}

/// Whether two results of an operation of this shape are the same: bit by bit, but which NaN a float is may depend on the
/// form of the operation, if it is quiet.
pub fn same(mnemonic: &str, a: V128, b: V128) -> bool {
    let (shape, operation) = mnemonic.split_once('.').unwrap_or((mnemonic, ""));
    // These give bits, of operands or of comparisons.
    let exact = [
        "abs",
        "neg",
        "pmin",
        "pmax",
        "eq",
        "ne",
        "lt",
        "gt",
        "le",
        "ge",
        "splat",
        "replace_lane",
    ];
    match shape {
        _ if exact.contains(&operation) => a == b,
        "f32x4" => std::iter::zip(a.to_lanes::<[u32; 4]>(), b.to_lanes::<[u32; 4]>()).all(|(a, b)| {
            let quiet = |bits: u32| f32::from_bits(bits).is_nan() && bits & 0x0040_0000 != 0;
            a == b || quiet(a) && quiet(b)
        }),
        "f64x2" => std::iter::zip(a.to_slots(), b.to_slots()).all(|(a, b)| {
            let quiet = |bits: u64| f64::from_bits(bits).is_nan() && bits & 0x0008_0000_0000_0000 != 0;
            a == b || quiet(a) && quiet(b)
        }),
        _ => a == b,
    }
}
