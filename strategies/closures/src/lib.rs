//! What the three closure strategies share: chains of closures, and the flat view of code with everything that is known before a
//! run turned into types.

#![forbid(unsafe_code)]

pub mod chain;
pub mod operand;
pub mod typed;
pub mod typed_vector;
pub mod vector;
