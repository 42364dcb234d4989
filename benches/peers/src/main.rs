//! Our strategies next to other engines: `cargo run --release -p wasm-dispatch-peers --features all -- --help`.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    // A measurement starts this binary again, once for every block.
    if let Some(code) = wasm_dispatch_peers::serve_if_asked() {
        return code;
    }
    wasm_dispatch_peers::main()
}
