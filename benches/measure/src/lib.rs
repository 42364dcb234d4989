//! Measures [engines](wasm_dispatch_engines) on workloads, every result verified, into a record.
//!
//! A [`supervisor`] starts a fresh [`worker`] process for every block, of binaries with different [`layouts`]. [`mod@bench`]
//! makes the measurement that decides, [`resume()`] continues it; [`against`] compares two builds, [`growth`] and [`cost`] measure
//! [generated programs](generated).
//!
//! An engine that gives a wrong result gets an error row and no time.

#![forbid(unsafe_code)]

pub mod about;
pub mod against;
pub mod bench;
pub mod choice;
mod conditions;
pub mod cost;
pub mod count;
mod error;
pub mod generated;
pub mod growth;
pub mod layouts;
mod resume;
pub mod run;
pub mod shards;
pub mod supervisor;
pub mod tally;
pub mod worker;

pub use error::Error;
pub use resume::resume;
