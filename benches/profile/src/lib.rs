//! What programs execute, and what the strategies make of it.
//!
//! - [`mod@explain`] shows how each strategy compiled one function, block by block, side by side;
//! - [`mod@profile`] counts what programs run: operations, statements, trees and pairs, the hottest functions and blocks, and
//!   how often each strategy dispatches. Superinstructions are chosen from it.
//!
//! ```text
//! cargo run --release -p wasm-dispatch-lab -- explain sort --function 0
//! cargo run --release -p wasm-dispatch-lab -- profile --extra
//! ```

#![forbid(unsafe_code)]

pub mod explain;
pub mod histogram;
mod machine_code;
pub mod profile;
pub mod program;
mod shape;
pub mod tables;

pub use explain::{Explained, explain};
pub use profile::Profile;
pub use program::Program;
