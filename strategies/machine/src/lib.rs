//! The machine that every strategy drives: its state, the contract between the two, the driver of strategies that run
//! block by block, and the interface through which host functions are called.
//!
//! Nothing here dispatches except the [`mod@reference`], the plain evaluator that strategies are compared with.

#![forbid(unsafe_code)]

pub mod backend;
pub mod bulk;
pub mod cell;
pub mod driver;
pub mod eval;
pub mod host;
pub mod limiter;
pub mod reference;
pub mod state;
pub mod store;
