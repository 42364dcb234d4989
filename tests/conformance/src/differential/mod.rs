//! Generated modules, run by every strategy and by wasmi, must end the same everywhere.
//!
//! `smith` and `arithmetic` make modules from a seed; `plan` says which exports are called with which arguments and what
//! is observed; `ours`, `peer` and `reference` carry a plan out; `compare` finds the first difference; `campaign` goes through seeds;
//! `reduce` makes a failing module smaller.

pub mod arithmetic;
mod blocks;
pub mod campaign;
pub mod compare;
mod operators;
pub mod ours;
pub mod peer;
pub mod plan;
pub mod reduce;
pub mod reference;
pub mod rows;
pub mod smith;
