//! By what a handler's stencil is found: its type's name.

/// A number for a handler: its type's name, and whether it is the form for newer machines.
pub fn key(name: &str, v2: bool) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut key = if v2 { 2 } else { 1 };
    let mut chunks = name.as_bytes().chunks_exact(8);
    for chunk in &mut chunks {
        let mut word = [0; 8];
        word.copy_from_slice(chunk);
        key = (key ^ u64::from_le_bytes(word)).wrapping_mul(FACTOR);
        key ^= key >> 29;
    }
    for &byte in chunks.remainder() {
        key = (key ^ u64::from(byte)).wrapping_mul(FACTOR);
        key ^= key >> 29;
    }
    key
}
