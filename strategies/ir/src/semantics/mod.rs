//! What every instruction computes: pure functions of values, written once.
//!
//! A strategy contains no arithmetic of its own. Everything is `#[inline]`, so nothing is lost across crates.

pub mod float;
pub mod integer;
pub mod memory;
pub mod vector;
pub mod wide;
