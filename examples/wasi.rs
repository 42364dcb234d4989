//! Runs a command-line program compiled to WebAssembly (WASI preview 1), with the options of other runners.
//!
//! ```text
//! cargo run --release --example wasi -- [OPTION...] PROGRAM.wasm [ARGUMENT...]
//!
//! --dir HOST[::GUEST]            a folder that the program may change, under its own name or another; may be repeated
//! --read-only-dir HOST[::GUEST]  a folder that it may only read
//! --env NAME[=VALUE]             an environment variable; without a value, this process's; may be repeated
//! --tcplisten ADDRESS            a socket that accepts connections here, as the first descriptor after the folders
//! --strategy NAME                the dispatch strategy
//! ```
//!
//! An option's value may also follow `=`. The program has this process's standard input and outputs, and this process ends with
//! the program's exit code: 134 if it traps, 2 if it cannot be run.

use std::net::TcpListener;
use std::process::ExitCode;

use wasm_dispatch::wasi::Wasi;
use wasm_dispatch::{ErrorKind, Limits, Module, Strategy, Vm};

const USAGE: &str = "usage: wasi [--dir HOST[::GUEST]] [--read-only-dir HOST[::GUEST]] [--env NAME[=VALUE]]
            [--tcplisten ADDRESS] [--strategy NAME] PROGRAM.wasm [ARGUMENT...]";

fn main() -> ExitCode {
    match run() {
        // The operating system keeps eight bits of it.
        Ok(code) => ExitCode::from(u8::try_from(code).unwrap_or(1)),
        Err(error) => {
            eprintln!("error: {error}");
            match error.downcast_ref::<wasm_dispatch::Error>().map(|error| error.kind()) {
                Some(ErrorKind::Trap(_)) => ExitCode::from(134),
                _ => ExitCode::from(2),
            }
        }
    }
}

fn run() -> Result<u32, Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1).peekable();
    // As for other runners.
    arguments.next_if(|first| first == "run");
    let mut wasi = Wasi::new().inherit_stdio();
    let mut strategy = Strategy::default();
    while let Some(option) = arguments.next_if(|argument| argument.starts_with("--")) {
        let (option, value) = match option.split_once('=') {
            Some((option, value)) => (option.to_owned(), value.to_owned()),
            None if option == "--" => break,
            None => (option, arguments.next().ok_or(USAGE)?),
        };
        let (host, guest) = value.split_once("::").unwrap_or((&value, &value));
        wasi = match option.as_str() {
            "--dir" => wasi.folder(host, guest).map_err(|error| format!("{host}: {error}"))?,
            "--read-only-dir" => {
                let opened = wasi.read_only_folder(host, guest);
                opened.map_err(|error| format!("{host}: {error}"))?
            }
            "--env" => match value.split_once('=') {
                Some((name, value)) => wasi.env(name, value),
                None => match std::env::var(&value) {
                    Ok(known) => wasi.env(&value, known),
                    Err(_) => wasi,
                },
            },
            "--tcplisten" => {
                let listener = TcpListener::bind(&value).map_err(|error| format!("{value}: {error}"))?;
                wasi.tcp_listener(listener)?
            }
            "--strategy" => {
                strategy = value.parse()?;
                wasi
            }
            _ => return Err(USAGE.into()),
        };
    }
    let program = arguments.next().ok_or(USAGE)?;
    let bytes = std::fs::read(&program).map_err(|error| format!("{program}: {error}"))?;
    let module = Module::new(&bytes)?;
    let mut vm = Vm::with(strategy, Limits::default());
    let name = program.rsplit(['/', '\\']).next().unwrap_or(&program);
    Ok(wasi.arg(name).args(arguments).run(&mut vm, &module)?)
}
