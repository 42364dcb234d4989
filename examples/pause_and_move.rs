//! A program is stopped in the middle, saved, and resumed in another machine under another strategy.
//!
//! ```text
//! cargo run --release --example pause_and_move
//! ```

use wasm_dispatch::{ErrorKind, Imports, Limits, Metering, Module, OutOfFuel, Pause, Snapshot, Strategy, Value, Vm};

const PROGRAM: &str = r#"(module
    (func $fib (export "fib") (param i32) (result i32)
        (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))
            (then (local.get 0))
            (else (i32.add
                (call $fib (i32.sub (local.get 0) (i32.const 1)))
                (call $fib (i32.sub (local.get 0) (i32.const 2))))))))"#;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let module = Module::options()
        .metering(Metering::Fuel)
        .compile(&wat::parse_str(PROGRAM)?)?;
    let mut vm = Vm::with(Strategy::ALL[0], Limits::default());
    vm.set_out_of_fuel(OutOfFuel::Pause);
    let instance = vm.instantiate(&module, &Imports::new())?;
    vm.set_fuel(Some(20_000))?;
    let mut result = vm.call(instance, "fib", &[Value::I32(20)]);
    for &next in Strategy::ALL.iter().cycle() {
        match &result {
            Err(error) if matches!(error.kind(), ErrorKind::Paused(Pause::OutOfFuel)) => {}
            _ => break,
        }
        let bytes = vm.snapshot()?.to_bytes();
        println!(
            "paused under {}: {} bytes; on under {next}",
            vm.strategy_name(),
            bytes.len()
        );
        // As another process would.
        vm = Vm::with(next, Limits::default());
        vm.set_out_of_fuel(OutOfFuel::Pause);
        vm.prepare(&module, &Imports::new())?;
        vm.restore(&Snapshot::from_bytes(&bytes)?)?;
        vm.set_fuel(Some(20_000))?;
        result = vm.resume();
    }
    println!("fib(20) = {:?}", result?);
    Ok(())
}
