//! What a module costs before it runs: the time to load it, and the time and memory of an instance of it.
//!
//! ```sh
//! cargo run --release --example costs -- my.wasm
//! ```
//!
//! Each instance has a machine of its own. Host functions that the module imports fail if they are called, so its
//! start function must not call any. Memory is what the process grew by, without page tables, with all instances alive (Linux only).

use std::error::Error;
use std::time::{Duration, Instant};
use std::{env, fs, process};

use wasm_dispatch::{Imports, Module, Vm};

/// Instances that are alive at the same time.
const INSTANCES: u32 = 500;

/// Rounds of loading.
const ROUNDS: usize = 21;

/// The middle one.
fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// Bytes of this process that are in memory.
fn resident() -> Option<u64> {
    let pages = fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = pages.split(' ').nth(1)?.parse().ok()?;
    Some(pages * 4096)
}

fn main() -> Result<(), Box<dyn Error>> {
    let Some(path) = env::args().nth(1) else {
        eprintln!("usage: costs MODULE");
        process::exit(2);
    };
    let wasm = fs::read(path)?;

    let mut loads = Vec::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        Module::new(&wasm)?;
        loads.push(start.elapsed());
    }
    println!("{} bytes are loaded in {:?}", wasm.len(), median(loads));

    let module = Module::new(&wasm)?;
    let mut imports: Imports = Imports::new();
    // What is made only once is made now.
    let mut first = Vm::new();
    imports.make_up(&module, &mut first)?;
    first.instantiate(&module, &imports)?;

    let before = resident();
    let (mut machines, mut times) = (Vec::new(), Vec::new());
    for _ in 0..INSTANCES {
        let start = Instant::now();
        let mut vm = Vm::new();
        vm.instantiate(&module, &imports)?;
        times.push(start.elapsed());
        machines.push(vm);
    }
    println!("an instance, with its machine, is made in {:?}", median(times));
    if let (Some(before), Some(after)) = (before, resident()) {
        let each = after.saturating_sub(before) / u64::from(INSTANCES);
        println!("{INSTANCES} of them take {:.1} KiB each", each as f64 / 1024.0);
    }
    Ok(())
}
