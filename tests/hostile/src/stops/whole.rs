//! What cannot be split, by its bytes: compiling one function, growing a memory or a table.

use cpu_time::ThreadTime;
use wasm_dispatch::{Limits, Module, SizeLimits, Strategy, TableType, ValType, Value, Vm};
use wasm_dispatch_shapes::shapes::SHAPES;

use super::Failed;

/// Shapes whose code is in one function.
const IN_ONE: &[&str] = &[
    "straight",
    "deep_trees",
    "blocks",
    "ifs",
    "switch",
    "selects",
    "calls",
    "loads_and_stores",
];

/// Prints it.
pub fn run() -> Result<(), Failed> {
    println!("\nwhat cannot be split, nanoseconds of CPU time for each byte\n");
    for &strategy in Strategy::ALL {
        let (mut worst, mut of) = (0.0, "");
        for shape in SHAPES.iter().filter(|shape| IN_ONE.contains(&shape.name)) {
            let wasm = (shape.make)(8 * shape.size);
            let mut least = f64::INFINITY;
            for _ in 0..3 {
                let module = Module::new(&wasm)?;
                let begun = ThreadTime::now();
                module.compile(strategy);
                least = least.min(begun.elapsed().as_nanos() as f64 / wasm.len() as f64);
            }
            if least > worst {
                (worst, of) = (least, shape.name);
            }
        }
        println!(
            "lower and compile a function, {:16} {worst:8.1}   ({of})",
            strategy.name()
        );
    }
    let mut vm = Vm::with(Strategy::default(), Limits::default());
    let of = |min| SizeLimits { min, max: None };
    for (from, by) in [(1, 16), (16, 240), (256, 1), (4096, 1), (4096, 4096), (32768, 1)] {
        let memory = vm.new_memory(of(from))?;
        // As if it had been used.
        for byte in vm.memory_mut(memory)?.iter_mut().step_by(4096) {
            *byte = 1;
        }
        let begun = ThreadTime::now();
        vm.grow_memory(memory, by)?;
        let taken = begun.elapsed();
        let bytes = (from + by) << 16;
        println!(
            "grow a memory of {from} pages by {by}: {taken:.1?}, {:.3} for each byte that it has then",
            taken.as_nanos() as f64 / bytes as f64
        );
    }
    let table = vm.new_table(TableType::new(ValType::FuncRef, of(1_000_000)))?;
    let begun = ThreadTime::now();
    vm.grow_table(table, 8_000_000, Value::FuncRef(None))?;
    let taken = begun.elapsed();
    println!(
        "grow a table of 1,000,000 elements by 8,000,000: {taken:.1?}, {:.3}",
        taken.as_nanos() as f64 / (8.0 * 9e6)
    );
    Ok(())
}
