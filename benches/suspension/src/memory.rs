//! What a paused machine keeps in memory, and how large its snapshot is.

use wasm_dispatch::{ErrorKind, Imports, Limits, Metering, Module, OutOfFuel, Strategy, Value, Vm};

use crate::events::Failed;
use crate::programs;
use crate::report::{Row, Unit};

const PART: &str = "memory";

/// Fuel that suffices to recurse, and no more than a moment of counting.
const FUEL: u64 = 100_000;

/// Programs: what they are, pages of memory, depth of recursion.
const PROGRAMS: [(&str, u32, i32); 4] = [
    ("no memory, one call deep", 0, 0),
    ("no memory, 500 calls deep", 0, 500),
    ("1 page written to, one call deep", 1, 0),
    ("1 of 100 pages written to, one call deep", 100, 0),
];

/// Bytes of this process that are in memory, where the system tells.
fn resident() -> Option<f64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: f64 = statm.split_whitespace().nth(1)?.parse().ok()?;
    // Pages of memory management, not of WebAssembly.
    Some(pages * 4096.0)
}

fn paused(module: &Module, depth: i32) -> Result<Vm, Failed> {
    let mut vm = Vm::with(Strategy::default(), Limits::default());
    let instance = vm.instantiate(module, &Imports::new())?;
    vm.set_out_of_fuel(OutOfFuel::Pause);
    vm.set_fuel(Some(FUEL))?;
    match vm.call(instance, "wait", &[Value::I32(depth)]) {
        Err(error) if matches!(error.kind(), ErrorKind::Paused(_)) => Ok(vm),
        other => Err(format!("it was to run out of fuel, not {other:?}").into()),
    }
}

/// Bytes of each of this many, from what the process grows by while it makes them.
fn each<T>(count: usize, mut make: impl FnMut() -> Result<T, Failed>) -> Result<Option<f64>, Failed> {
    // The first one brings in code and tables that all share.
    let first = make()?;
    let before = resident();
    let all = (0..count).map(|_| make()).collect::<Result<Vec<T>, Failed>>()?;
    let after = resident();
    drop((first, all));
    let both = before.zip(after);
    Ok(both.map(|(before, after)| (after - before).max(0.0) / count as f64))
}

/// The subjects of which the memory is measured.
const OURS: &str = "wasm-dispatch, paused";
const WASMI: &str = "wasmi 2, paused";

/// Bytes of each of `count` paused machines of a subject with a program; for a process that has done nothing before, because
/// an allocator that has freed large blocks hands them out again with all their pages.
fn one(program: usize, subject: &str, count: usize) -> Result<Option<f64>, Failed> {
    let (_, pages, depth) = *PROGRAMS.get(program).ok_or("no such program")?;
    let wasm = programs::wait(pages)?;
    if subject == WASMI {
        return each(count, || crate::peers::paused(&wasm, depth, FUEL));
    }
    let module = Module::options().metering(Metering::Fuel).compile(&wasm)?;
    each(count, || paused(&module, depth))
}

/// Prints [`one`], for the process that asked.
pub fn told(program: &str, subject: &str, count: &str) -> Result<(), Failed> {
    let bytes = one(program.parse()?, subject, count.parse()?)?;
    println!("{}", serde_json::to_string(&bytes)?);
    Ok(())
}

/// [`one`] in a process of its own.
fn elsewhere(program: usize, subject: &str, count: usize) -> Result<Option<f64>, Failed> {
    let output = std::process::Command::new(std::env::current_exe()?)
        .args(["--memory-of", &program.to_string(), subject, &count.to_string()])
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Everything in this part.
pub fn run(count: usize) -> Result<Vec<Row>, Failed> {
    let mut rows = Vec::new();
    let mut row = |what: &str, subject: &str, bytes: Option<f64>| {
        rows.push(match bytes {
            Some(bytes) => {
                let mut row = Row::new(PART, what, subject, Unit::Bytes, vec![bytes]);
                if bytes > 0.0 {
                    row.note = format!("{:.0} in a gigabyte", 1e9 / bytes);
                }
                row
            }
            None => Row::none(PART, what, subject, "this system does not tell"),
        });
    };
    for (number, (what, pages, depth)) in PROGRAMS.into_iter().enumerate() {
        row(what, OURS, elsewhere(number, OURS, count)?);
        let module = Module::options()
            .metering(Metering::Fuel)
            .compile(&programs::wait(pages)?)?;
        let snapshot = paused(&module, depth)?.snapshot()?.to_bytes().len();
        row(what, "wasm-dispatch, snapshot", Some(snapshot as f64));
        row(what, WASMI, elsewhere(number, WASMI, count)?);
    }
    Ok(rows)
}
