//! Randomness.

use super::abi::Errno;

/// Where a program's random numbers come from.
#[derive(Clone, Debug)]
pub(super) enum Randomness {
    System,
    Seeded(u64),
}

impl Randomness {
    pub fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Errno> {
        match self {
            Randomness::System => system(bytes),
            Randomness::Seeded(state) => {
                for chunk in bytes.chunks_mut(8) {
                    // SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
                    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
                    let mut z = *state;
                    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
                    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
                    z ^= z >> 31;
                    chunk.copy_from_slice(&z.to_le_bytes()[..chunk.len()]);
                }
                Ok(())
            }
        }
    }
}

#[cfg(any(unix, windows))]
fn system(bytes: &mut [u8]) -> Result<(), Errno> {
    getrandom::fill(bytes).map_err(|_| Errno::IO)
}

/// Here a program has only the randomness that its host seeds.
#[cfg(not(any(unix, windows)))]
fn system(_bytes: &mut [u8]) -> Result<(), Errno> {
    Err(Errno::NOSYS)
}
