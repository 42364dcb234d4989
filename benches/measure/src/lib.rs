//! What the benches share: engines that run workloads with every result verified, and interleaved measurement.
//!
//! An engine that gives a wrong result gets an error row and no time.

#![forbid(unsafe_code)]

pub mod adapter;
pub mod command;
pub mod count;
pub mod engine;
pub mod host;
pub mod interleave;
pub mod ours;
pub mod side_by_side;
#[cfg(feature = "wasmi")]
pub mod wasmi_engine;

pub use engine::{Engine, Prepared, Size, Timing};
