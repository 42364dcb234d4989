//! Our strategies next to other engines: `cargo run --release -p wasm-dispatch-peers --features all -- --help`.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    wasm_dispatch_peers::main("peers")
}
