//! wasm-dispatch
#![forbid(unsafe_code)]
pub mod error;
mod limits;
mod lower;
pub mod module;
pub use error::{Error, ErrorKind};
pub use limits::Limits;
pub use module::Module;
