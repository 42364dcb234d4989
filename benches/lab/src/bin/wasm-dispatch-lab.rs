//! The lab with the strategies of this repository.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    wasm_dispatch_lab::main_with(&[])
}
