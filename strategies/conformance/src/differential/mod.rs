//! Generated modules, run by every strategy and by wasmi, must end the same everywhere.
//!
//! `smith` and `arithmetic` make modules from a seed; `plan` says which exports are called with which arguments and what
//! is observed; `ours` and `peer` carry a plan out; `compare` finds the first difference; `campaign` goes through seeds.

pub mod arithmetic;
mod blocks;
pub mod campaign;
pub mod compare;
mod operators;
pub mod ours;
pub mod peer;
pub mod plan;
pub mod smith;
