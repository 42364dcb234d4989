//! What every strategy must pass: the official WebAssembly test suite, generated modules, hostile bytes, small stacks.
//!
//! Everything is in `tests/`; `README.md` says how to run and replay it.

#![forbid(unsafe_code)]
