//! Everything that runs workloads, behind one trait.
//!
//! ```text
//! engine.rs   Engine and Prepared: what all do; both clocks; verification of results and memory
//! ours.rs     our strategies, and strategies from outside this repository: entrants
//! control.rs  control experiments
//! values.rs   values as manifests, our machine and other engines have them
//! api.rs      engines with an interface in the manner of wasmi's: one adapter, one macro
//! peers/      other engines, one file each, and the list of all
//! wasi.rs     commands: the same surroundings for every engine
//! own.rs      a module of the user's as a workload
//! arguments.rs  what is called, and with what
//! ```
//!
//! An engine that gives a wrong result gets an error and no time.

#![forbid(unsafe_code)]

#[allow(unused)] // Without features there is no engine like that.
mod api;
pub mod arguments;
pub mod control;
pub mod engine;
pub mod linking;
pub mod ours;
pub mod own;
pub mod peers;
mod threads;
pub mod values;
pub mod wasi;

pub use engine::{Engine, Prepared, Size, Timing};
pub use ours::{Entrant, Ours};
