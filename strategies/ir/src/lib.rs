//! The ground floor: the instruction set, its semantics, and the code blocks that lowering produces and every strategy
//! compiles.
//!
//! Nothing here knows WebAssembly's binary format, and nothing here has state or runs: a front end needs only this crate.

#![forbid(unsafe_code)]

pub mod builtin;
pub mod code;
pub mod flat;
pub mod index;
pub mod operands;
pub mod ops;
pub mod semantics;
pub mod shape;
pub mod slot;
mod table;
pub mod text;
pub mod trap;
pub mod types;
pub mod vector;
pub mod vector_ops;
mod vector_table;
pub mod verify;

pub use table::Proposal;
pub use trap::Trap;
pub use vector::V128;
