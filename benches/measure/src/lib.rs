//! What the benches share: engines that run workloads with every result verified, and interleaved measurement.
//!
//! Two ways to measure. [`mod@bench`] is the one that decides: a [`supervisor`] starts a fresh [`worker`] process for every
//! block, of binaries with different [`layouts`]. [`interleave`] stays within one process, for engines from elsewhere.
//!
//! An engine that gives a wrong result gets an error row and no time.

#![forbid(unsafe_code)]

pub mod adapter;
pub mod bench;
pub mod choice;
pub mod command;
pub mod conditions;
pub mod cost;
pub mod count;
pub mod engine;
mod error;
pub mod generated;
pub mod growth;
pub mod host;
pub mod interleave;
pub mod layouts;
pub mod ours;
pub mod own;
pub mod shards;
pub mod side_by_side;
pub mod supervisor;
pub mod tally;
#[cfg(feature = "wasmi")]
pub mod wasmi_engine;
pub mod worker;

pub use engine::{Engine, Prepared, Size, Timing};
pub use error::Error;
