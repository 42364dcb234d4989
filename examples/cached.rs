//! A module that is lowered once, and read from a file afterwards.
//!
//! ```sh
//! cargo run --release --example cached -- my.wasm my.cache           # the first time: lowers, and writes my.cache
//! cargo run --release --example cached -- my.wasm my.cache           # from then on: reads it
//! cargo run --release --example cached -- my.wasm my.cache --check   # and checks all functions at once
//! ```
//!
//! It prints how long that took. docs/embedding.md says what it gains.

use std::error::Error;
use std::time::Instant;
use std::{env, fs, process};

use wasm_dispatch::{ErrorKind, Module};

// Separate functions, so that a profiler can tell them apart.

/// Decodes and validates.
#[inline(never)]
fn load(wasm: &[u8]) -> Result<Module, wasm_dispatch::Error> {
    Module::new(wasm)
}

/// Lowers all functions.
#[inline(never)]
fn lower(module: &Module) {
    module.lower();
}

/// Reads, and checks each function when it is first called.
#[inline(never)]
fn read(cached: &[u8]) -> Result<Module, wasm_dispatch::Error> {
    Module::options().deserialize_lazily(cached)
}

/// Reads, and checks all functions.
#[inline(never)]
fn read_all(cached: &[u8]) -> Result<Module, wasm_dispatch::Error> {
    Module::deserialize(cached)
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (wasm, cache, read): (_, _, fn(&[u8]) -> _) = match &arguments[..] {
        [wasm, cache] => (wasm, cache, read),
        [wasm, cache, check] if check == "--check" => (wasm, cache, read_all),
        _ => {
            eprintln!("usage: cached MODULE CACHE [--check]");
            process::exit(2);
        }
    };
    if let Ok(cached) = fs::read(cache) {
        let start = Instant::now();
        match read(&cached) {
            Ok(module) => {
                let (functions, time) = (module.meta().functions, start.elapsed());
                println!("read {functions} functions from {} bytes in {time:?}", cached.len());
                return Ok(());
            }
            // Made by another version, or damaged: made again.
            Err(error) if matches!(error.kind(), ErrorKind::Cache(_)) => eprintln!("{cache}: {error}"),
            Err(error) => return Err(error.into()),
        }
    }
    let bytes = fs::read(wasm)?;
    let start = Instant::now();
    let module = load(&bytes)?;
    let loaded = start.elapsed();
    lower(&module);
    let functions = module.meta().functions;
    println!(
        "loaded {functions} functions from {} bytes in {loaded:?}, lowered by {:?}",
        bytes.len(),
        start.elapsed()
    );
    // Written under another name and then renamed, so that nobody reads half of it.
    let half = format!("{cache}.new");
    fs::write(&half, Module::options().precompile(&bytes)?)?;
    fs::rename(&half, cache)?;
    Ok(())
}
