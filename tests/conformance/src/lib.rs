//! Whether all strategies do what WebAssembly says, and all the same: the official test suite, generated modules compared
//! with each other and with wasmi, damaged modules, and a small native stack.
//!
//! The tests are in `tests/`; what they share is here. README.md says how to replay a failure.

#![forbid(unsafe_code)]

pub mod differential;
pub mod forgery;
pub mod mode;
pub mod random;
pub mod suite;
pub mod watchdog;
