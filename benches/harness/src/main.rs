//! `wasm-dispatch-lab`: runs, measures, compares and decides. The commands are in `tool/`, one file each.
#![forbid(unsafe_code)]

mod tool;

use std::process::ExitCode;

fn main() -> ExitCode {
    // A measurement starts this binary again, once for every block.
    if let Some(code) = wasm_dispatch_measure::worker::serve_if_asked() {
        return code;
    }
    tool::main(std::env::args_os().skip(1).collect())
}
