//! What all programs share: arguments, input, and a checksum that depends on everything they computed.

use std::process::exit;

/// The number that is the argument at this position; 0 is the program's name.
pub fn number(position: usize) -> u64 {
    match std::env::args().nth(position).map(|text| text.parse()) {
        Some(Ok(number)) => number,
        _ => fail("a number is expected", &position),
    }
}

/// The contents of the file whose name is the argument at this position.
pub fn input(position: usize) -> Vec<u8> {
    let name = std::env::args().nth(position).unwrap_or_default();
    match std::fs::read(&name) {
        Ok(bytes) => bytes,
        Err(error) => fail(&name, &error),
    }
}

/// The text in that file.
pub fn text(position: usize) -> String {
    match String::from_utf8(input(position)) {
        Ok(text) => text,
        Err(error) => fail("not a text", &error),
    }
}

/// Ends the program with a message.
pub fn fail(what: &str, why: &dyn std::fmt::Display) -> ! {
    eprintln!("{what}: {why}");
    exit(1)
}

/// A result, or the end of the program.
pub fn check<T, E: std::fmt::Display>(what: &str, result: Result<T, E>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => fail(what, &error),
    }
}

/// FNV-1a, 64 bits (Fowler, Noll and Vo).
#[derive(Clone, Copy)]
pub struct Checksum(u64);

impl Default for Checksum {
    fn default() -> Self {
        Checksum(0xcbf2_9ce4_8422_2325)
    }
}

impl Checksum {
    /// Takes bytes in.
    pub fn add(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    /// Takes a number in.
    pub fn number(&mut self, number: u64) {
        self.add(&number.to_le_bytes());
    }

    /// Prints it under a name.
    pub fn print(self, name: &str) {
        println!("{name} {:016x}", self.0);
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014).
pub struct Random(pub u64);

impl Random {
    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
