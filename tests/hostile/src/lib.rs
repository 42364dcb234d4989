//! Modules that strangers could send: of every shape, wild ones from wasm-smith, most of them damaged. Whatever is done with
//! one ends in a result, a trap or a typed error, the same under every strategy, within limits of time and memory.

#![forbid(unsafe_code)]

pub mod campaign;
pub mod modules;
pub mod outcome;
