//! What every dispatch strategy is given: the instruction set, its semantics, code blocks, the machine's state, traps,
//! the strategy contract, and the verifier of lowered code.
//!
//! Nothing here knows WebAssembly's binary format, and nothing here dispatches.

#![forbid(unsafe_code)]

pub mod backend;
pub mod chain;
pub mod code;
pub mod driver;
pub mod eval;
pub mod instruction;
pub mod ops;
pub mod sample;
pub mod semantics;
pub mod slot;
pub mod state;
pub mod store;
mod table;
pub mod trap;
pub mod typed;
pub mod verify;

pub use trap::Trap;
