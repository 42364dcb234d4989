//! What it costs to be able to stop a program.
//!
//! ```text
//! cargo run --release -p wasm-dispatch-suspension [SECONDS]
//! ```

#![forbid(unsafe_code)]

mod metering;

use std::process::ExitCode;

const HELP: &str = "\
Measures what metering costs each strategy, on all workloads, interleaved, every result verified.

Usage: suspension [SECONDS]

SECONDS  time to spend measuring, about (default 60)
";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let seconds = match std::env::args().nth(1).as_deref() {
        Some("--help" | "-h") => {
            print!("{HELP}");
            return Ok(());
        }
        Some(text) => text
            .parse()
            .map_err(|_| format!("not a number of seconds: {text}\n\n{HELP}"))?,
        None => 60,
    };
    metering::run(seconds)
}
