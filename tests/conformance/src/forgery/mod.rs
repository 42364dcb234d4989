//! Forged snapshots: real ones that were altered and given a checksum that fits, so that nothing but the checks of
//! [`Vm::restore`](wasm_dispatch::Vm::restore) stands between them and a strategy.
//!
//! `format` knows how a snapshot lies in bytes; `alter` changes anything at random; `plausible` makes up whole call stacks
//! that could be real ones, which the checks often let pass.

mod alter;
mod format;
mod plausible;

pub use alter::alter;
pub use format::Data;
pub use plausible::invent_frames;
