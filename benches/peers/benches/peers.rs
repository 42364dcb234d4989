//! The same as the program `peers`, for `cargo bench -p wasm-dispatch-peers --features all`.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(code) = wasm_dispatch_peers::serve_if_asked() {
        return code;
    }
    // `cargo test --benches` runs this, too, but without cargo's `--bench`: nobody wants to measure then.
    if std::env::args().len() == 1 {
        println!("not measured: run it with cargo bench");
        return ExitCode::SUCCESS;
    }
    wasm_dispatch_peers::main()
}
