//! The official WebAssembly test suite: which files, and how they are run.
//!
//! `files` says what is taken and what is left out; `script` turns a file into directives with modules loaded once for
//! all strategies; `run` carries them out under a strategy; `values` compares; `report` prints the table.

pub mod files;
pub mod report;
pub mod run;
pub mod script;
pub mod values;
