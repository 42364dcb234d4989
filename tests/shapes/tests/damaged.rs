//! Modules of every shape, many of them damaged, through everything: they end in a result, a trap or a typed error, under
//! every strategy the same, within limits of time and memory.
//!
//! `WASM_DISPATCH_SEEDS`, `WASM_DISPATCH_FROM` and `WASM_DISPATCH_MINUTES` set how many; `scripts/fuzz --source shapes` does.

use std::time::{Duration, Instant};

use allocation_counter::measure;
use fastrand::Rng;
use wasm_dispatch::{ErrorKind, ExternType, Imports, Limits, Metering, Module, Strategy, Trap, Value, Vm};
use wasm_dispatch_shapes::shapes::SHAPES;

/// Heap bytes that a module may take at once: for itself, its code under one strategy, its memories and tables.
const MOST_BYTES: u64 = 192 << 20;

/// How long a module may take under all strategies: far more than any does, on a machine that does much else.
const MOST_TIME: Duration = Duration::from_secs(60);

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// A module of some shape and size, mostly damaged.
fn module(seed: u64) -> (String, Vec<u8>) {
    let mut random = Rng::with_seed(seed);
    let shape = &SHAPES[random.usize(..SHAPES.len())];
    let size = 1 + random.usize(..shape.size);
    let mut bytes = (shape.make)(size);
    let changes = random.usize(..4);
    for _ in 0..changes {
        // After the magic number.
        let at = random.usize(8..bytes.len());
        match random.u8(..4) {
            0 => bytes[at] = random.u8(..),
            1 => bytes[at] ^= 1 << random.u8(..8),
            2 => bytes.truncate(at),
            _ => {
                let other = random.usize(8..bytes.len());
                bytes.swap(at, other);
            }
        }
        if bytes.len() < 10 {
            break;
        }
    }
    (
        format!("seed {seed}: {} of size {size} with {changes} changes", shape.name),
        bytes,
    )
}

/// What came of a module under a strategy, without where it was. Out of fuel and out of stack depend on nothing else either.
fn outcome(bytes: &[u8], strategy: Strategy) -> Result<(), String> {
    let limits = Limits::default()
        .memory_pages(64)
        .table_elements(100_000)
        .stack_slots(1 << 17)
        .call_depth(1000);
    let text = |error: wasm_dispatch::Error| match (error.trap(), error.kind()) {
        (Some(trap), _) => trap.to_string(),
        (None, ErrorKind::HostMemory { what }) => panic!("no memory for {what}"),
        (None, _) => error.to_string(),
    };
    let module = Module::options()
        .limits(limits)
        .metering(Metering::Fuel)
        .compile(bytes)
        .map_err(text)?;
    let mut vm = Vm::with(strategy, limits);
    vm.set_fuel(Some(200_000)).map_err(text)?;
    let mut imports = Imports::new();
    for import in module.imports() {
        match &import.ty {
            ExternType::Global(ty) => {
                let value = match ty.value {
                    wasm_dispatch::ValType::I32 => Value::I32(0),
                    _ => return Err("a global of another type".to_owned()),
                };
                let global = vm.new_global(value, ty.mutable).map_err(text)?;
                imports.define(&import.module, &import.name, global);
            }
            ExternType::Func(ty) => {
                imports.func_dynamic(&import.module, &import.name, ty.clone(), |_, _| {
                    Err(Trap::Unreachable.into())
                });
            }
            // They are missing, and the module is refused.
            _ => {}
        }
    }
    let instance = vm.instantiate(&module, &imports).map_err(text)?;
    module.compile(strategy);
    vm.call(instance, "run", &[]).map_err(text)?;
    Ok(())
}

#[test]
fn damaged_modules_of_every_shape_end_in_time_and_in_memory_and_the_same_under_every_strategy() {
    let from = setting("WASM_DISPATCH_FROM").unwrap_or(0);
    let minutes = setting("WASM_DISPATCH_MINUTES").map(|minutes| Duration::from_secs(60 * minutes));
    let seeds = match (setting("WASM_DISPATCH_SEEDS"), minutes) {
        (Some(seeds), _) => seeds,
        (None, Some(_)) => u64::MAX - from,
        (None, None) => 60,
    };
    let begun = Instant::now();
    let (mut count, mut valid, mut most) = (0, 0, 0);
    for seed in from..from + seeds {
        if minutes.is_some_and(|minutes| begun.elapsed() > minutes) {
            break;
        }
        let (name, bytes) = module(seed);
        let started = Instant::now();
        let mut first = None;
        for &strategy in Strategy::ALL {
            let mut ended = Ok(());
            let info = measure(|| ended = outcome(&bytes, strategy));
            most = most.max(info.bytes_max);
            assert!(
                info.bytes_max <= MOST_BYTES,
                "{name}: {} bytes under {strategy}",
                info.bytes_max
            );
            let first = first.get_or_insert_with(|| ended.clone());
            assert_eq!(*first, ended, "{name}: {strategy} differs from {}", Strategy::ALL[0]);
        }
        let taken = started.elapsed();
        assert!(taken <= MOST_TIME, "{name}: {taken:?}");
        count += 1;
        valid += u64::from(first == Some(Ok(())));
    }
    println!("{count} modules, {valid} of them ran to their end; at most {most} heap bytes at once");
    // So that the test is not one of refusals alone.
    assert!(count < 50 || valid * 10 > count, "{valid} of {count} ran to their end");
}
