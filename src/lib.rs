//! wasm-dispatch
#![forbid(unsafe_code)]
pub mod error;
mod limits;
mod lower;
pub mod module;
mod strategy;
mod vm;
pub use error::{Error, ErrorKind};
pub use limits::Limits;
pub use module::Module;
pub use strategy::Strategy;
pub use vm::*;
pub use wasm_dispatch_machine as machine;
pub use wasm_dispatch_machine::Trap;
pub use wasm_dispatch_machine::code::{FuncType, ValType};
pub use wasm_dispatch_machine::store::GlobalType;
