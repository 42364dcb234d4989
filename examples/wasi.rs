//! Runs a command-line program compiled to WebAssembly (WASI preview 1).
//!
//! ```text
//! cargo run --release --example wasi -- [--folder FOLDER] [--strategy NAME] PROGRAM.wasm [ARGUMENT...]
//! ```
//!
//! The program reads standard input, writes standard output and error, and may read the FOLDER as its working folder.

use std::process::ExitCode;

use wasm_dispatch::wasi::Wasi;
use wasm_dispatch::{Limits, Module, Strategy, Vm};

const USAGE: &str = "usage: wasi [--folder FOLDER] [--strategy NAME] PROGRAM.wasm [ARGUMENT...]";

fn main() -> ExitCode {
    match run() {
        // The operating system keeps eight bits of it.
        Ok(code) => ExitCode::from(u8::try_from(code).unwrap_or(1)),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<u32, Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1).peekable();
    let mut wasi = Wasi::new().inherit_stdio();
    let mut strategy = Strategy::default();
    while let Some(option) = arguments.next_if(|argument| argument.starts_with("--")) {
        let value = arguments.next().ok_or(USAGE)?;
        match option.as_str() {
            "--folder" => wasi = wasi.folder(&value, ".").map_err(|error| format!("{value}: {error}"))?,
            "--strategy" => strategy = value.parse()?,
            _ => return Err(USAGE.into()),
        }
    }
    let program = arguments.next().ok_or(USAGE)?;
    let bytes = std::fs::read(&program).map_err(|error| format!("{program}: {error}"))?;
    let module = Module::new(&bytes)?;
    let mut vm = Vm::with(strategy, Limits::default());
    Ok(wasi.arg(program).args(arguments).run(&mut vm, &module)?)
}
