//! Runs one export of a module under every strategy and prints how long each took.
//!
//! ```text
//! cargo run --release --example compare_strategies -- fib.wat fib 30
//! ```
//!
//! One run each shows orders of magnitude, not percentages: `cargo bench` measures properly. The module must not import
//! anything.

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use wasm_dispatch::{Imports, Limits, Module, Strategy, ValType, Value, Vm};

const USAGE: &str = "usage: compare_strategies MODULE EXPORT [INTEGER]...

MODULE is a file in the WebAssembly binary (.wasm) or text (.wat) format, EXPORT the name of a function it exports, and
INTEGERs are its arguments, which must be of the types i32 or i64.";

fn main() -> ExitCode {
    let arguments = std::env::args().skip(1).collect::<Vec<_>>();
    let [path, export, numbers @ ..] = &arguments[..] else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match compare(Path::new(path), export, numbers) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{path}: {error}\n\n{USAGE}");
            ExitCode::FAILURE
        }
    }
}

fn compare(path: &Path, export: &str, numbers: &[String]) -> Result<(), Box<dyn std::error::Error>> {
    // Binary modules pass through, text is assembled.
    let bytes = std::fs::read(path)?;
    let module = Module::new(&wat::parse_bytes(&bytes)?)?;
    let mut reference: Option<Vec<Value>> = None;
    for &strategy in Strategy::ALL {
        // Compiled before the clock starts, so only the run is timed.
        let code_bytes = module.compile(strategy);
        let mut vm = Vm::with(strategy, Limits::default());
        let instance = vm.instantiate(&module, &Imports::new())?;
        let func = vm.exported_func(instance, export)?;
        let values = arguments(&vm.func_type(func)?.params, numbers)?;
        let start = Instant::now();
        let results = vm.call_func(func, &values)?;
        let time = start.elapsed();
        println!(
            "{:<16} {:>10.3} ms   {code_bytes:>8} bytes of code   {results:?}",
            strategy.name(),
            time.as_secs_f64() * 1e3
        );
        // Printed, not compared as values: a NaN differs from itself.
        match &reference {
            Some(first) if format!("{first:?}") != format!("{results:?}") => {
                return Err(format!("{strategy} gave another result than the strategies before").into());
            }
            Some(_) => {}
            None => reference = Some(results),
        }
    }
    Ok(())
}

/// Reads numbers as values of a function's parameter types. Unsigned numbers stand for the same bits.
fn arguments(types: &[ValType], numbers: &[String]) -> Result<Vec<Value>, String> {
    if types.len() != numbers.len() {
        return Err(format!(
            "the function takes {} arguments, {} were given",
            types.len(),
            numbers.len()
        ));
    }
    let value = |(ty, number): (&ValType, &String)| {
        let signed = number
            .parse::<i128>()
            .map_err(|_| format!("\"{number}\" is not an integer"))?;
        match ty {
            ValType::I32 if (i128::from(i32::MIN)..=i128::from(u32::MAX)).contains(&signed) => {
                Ok(Value::I32(signed as i32))
            }
            ValType::I64 if (i128::from(i64::MIN)..=i128::from(u64::MAX)).contains(&signed) => {
                Ok(Value::I64(signed as i64))
            }
            ValType::I32 | ValType::I64 => Err(format!("{number} does not fit into an {ty}")),
            _ => Err(format!(
                "the function takes an {ty}, for which there is no number on the command line"
            )),
        }
    };
    types.iter().zip(numbers).map(value).collect()
}
