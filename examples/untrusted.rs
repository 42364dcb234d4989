//! Untrusted code under every limit: how large its module may be, how long it may run, how much it may use, and what the
//! host sees of each attempt to take more.
//!
//! ```text
//! cargo run --example untrusted
//! ```

use std::time::Duration;

use wasm_dispatch::{Demand, Error, Imports, Limits, Metering, Module, OutOfFuel, Value, Vm};

/// Programs that want too much, each in its own way.
const PROGRAMS: &[(&str, &str)] = &[
    (
        "behaves",
        r#"(module (func (export "run") (result i32) (i32.const 42)))"#,
    ),
    (
        "never ends",
        r#"(module (func (export "run") (result i32) (loop (br 0)) unreachable))"#,
    ),
    (
        "recurses",
        r#"(module (func $run (export "run") (result i32) (call $run)))"#,
    ),
    (
        "fills memory",
        r#"(module (memory 1) (func (export "run") (result i32)
            (loop (br_if 0 (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) (memory.size)))"#,
    ),
    (
        "fills tables",
        r#"(module (table 0 externref) (func (export "run") (result i32)
            (loop (br_if 0 (i32.ne (table.grow (ref.null extern) (i32.const 100)) (i32.const -1)))) (table.size)))"#,
    ),
    (
        "starts large",
        r#"(module (memory 1000) (func (export "run") (result i32) (i32.const 0)))"#,
    ),
    (
        "reads past the end",
        r#"(module (memory 1) (func (export "run") (result i32) (i32.load (i32.const 65536))))"#,
    ),
    (
        "divides by zero",
        r#"(module (func (export "run") (result i32) (i32.div_u (i32.const 1) (i32.const 0))))"#,
    ),
];

fn limits() -> Limits {
    Limits::default()
        .module_size(100_000)
        .functions(1_000)
        .call_depth(1_000)
        .stack_slots(10_000)
        .memory_pages(100)
        .table_elements(10_000)
}

/// What a program may use in total, besides the limits on each thing: 2 MiB of memory.
fn limiter() -> impl FnMut(Demand) -> bool + Send + Sync {
    let mut left = 2 << 20;
    move |demand| match demand {
        Demand::Memory { from, to } => {
            let fits = to - from <= left;
            if fits {
                left -= to - from;
            }
            fits
        }
        Demand::Instance { existing } => existing == 0,
        _ => true,
    }
}

fn run(wasm: &[u8]) -> Result<Vec<Value>, Error> {
    let module = Module::options()
        .limits(limits())
        .metering(Metering::Fuel)
        .compile(wasm)?;
    let mut vm = Vm::options().limits(limits()).limiter(limiter()).build(());
    // A million instructions, of any program, on any machine.
    vm.set_fuel(Some(1_000_000))?;
    vm.set_out_of_fuel(OutOfFuel::Trap);
    // The start function is the program's as well.
    let instance = vm.instantiate(&module, &Imports::new())?;
    vm.call(instance, "run", &[])
}

/// The same by the clock: another thread stops the program.
fn run_until(deadline: Duration, wasm: &[u8]) -> Result<Vec<Value>, Error> {
    let module = Module::options().metering(Metering::Interrupts).compile(wasm)?;
    let mut vm = Vm::options().limits(limits()).build(());
    let instance = vm.instantiate(&module, &Imports::new())?;
    // It applies to the next call and to no other, so it may come too late without harm.
    let handle = vm.next_run_handle();
    std::thread::spawn(move || {
        std::thread::sleep(deadline);
        handle.interrupt();
    });
    vm.call(instance, "run", &[])
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for (name, text) in PROGRAMS {
        match run(&wat::parse_str(text)?) {
            Ok(values) => println!("{name}: {values:?}"),
            Err(error) => println!("{name}: {}", error.to_string().lines().next().unwrap_or_default()),
        }
    }
    let endless = wat::parse_str(PROGRAMS[1].1)?;
    match run_until(Duration::from_millis(20), &endless) {
        Ok(values) => println!("by the clock: {values:?}"),
        Err(error) => println!("by the clock: {error}"),
    }
    match run(b"not a module") {
        Ok(values) => println!("nonsense: {values:?}"),
        Err(error) => println!("nonsense: {error}"),
    }
    Ok(())
}
