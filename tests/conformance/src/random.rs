//! Seeded random numbers: the same seed gives the same test everywhere.

use std::sync::LazyLock;

use wasm_dispatch::Strategy;

/// SplitMix64.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Numbers for a seed.
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5851_F42D_4C95_7F2D)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which is not zero.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.number() % bound as u64) as usize
    }

    /// Whether something happens that does so `percent` times in 100.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.number() % 100 < percent
    }

    /// One of these.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// This many random bytes.
    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        let words = (0..count.div_ceil(8)).flat_map(|_| self.number().to_le_bytes());
        words.take(count).collect()
    }
}

/// The setting of an environment variable that holds a number, if it is set.
///
/// # Panics
///
/// When it is set to something else.
pub fn setting(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    match text.parse() {
        Ok(number) => Some(number),
        Err(_) => panic!("{name} should be a number and is {text:?}"),
    }
}

/// The strategies that generated modules run on: all, or those that `WASM_DISPATCH_ONLY=a,b` names.
///
/// # Panics
///
/// When a name is not one of this build's strategies.
pub fn strategies() -> &'static [Strategy] {
    static NAMED: LazyLock<Vec<Strategy>> = LazyLock::new(|| {
        let Ok(names) = std::env::var("WASM_DISPATCH_ONLY") else {
            return Strategy::ALL.to_vec();
        };
        let named: Result<_, _> = names.split(',').map(str::parse).collect();
        named.unwrap_or_else(|error| panic!("WASM_DISPATCH_ONLY: {error}"))
    });
    &NAMED
}

/// Whether everything is to run, as in CI, and not only what a newcomer waits for: `WASM_DISPATCH_THOROUGH=1`.
pub fn thorough() -> bool {
    setting("WASM_DISPATCH_THOROUGH").is_some_and(|set| set > 0)
}
