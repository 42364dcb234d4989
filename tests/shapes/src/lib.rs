//! Modules of one shape at any size, and what they take. Its tests, and `scripts/sweep`, show that time and memory grow in
//! proportion to a module's bytes, whatever its shape and under every strategy.
//!
//! A crate of its own, because it counts allocations: every program that it is part of has the allocator that does.

#![forbid(unsafe_code)]

pub mod shapes;
pub mod taking;
