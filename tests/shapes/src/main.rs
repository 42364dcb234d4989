//! What modules of each shape take as they grow, under each strategy: a table of exponents of time and of bytes of memory
//! for each byte of module. `scripts/sweep` builds and runs it.

use std::fmt::Write;
use std::process::{Command, ExitCode};

use cpu_time::ThreadTime;
use wasm_dispatch::Strategy;
use wasm_dispatch_shapes::shapes::{SHAPES, Shape};
use wasm_dispatch_shapes::taking::{Way, take};

/// Sizes that are measured, as multiples of the smallest.
const TIMES: [usize; 4] = [1, 4, 8, 16];

/// Runs of each size of which the fastest counts, in turn with those of the other sizes: a machine that is slow for a while is so for all.
const RUNS: usize = 5;

/// Nanoseconds that the largest module of a shape takes at least, if it can: what less takes is mostly the machine itself.
const ENOUGH: f64 = 2e7;

/// The smallest module of a shape is its own size times this at most.
const LARGEST_UNIT: usize = 128;

/// What one module took.
struct Point {
    bytes: f64,
    /// CPU nanoseconds, or instructions.
    time: f64,
    peak: f64,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments[..] {
        ["one", shape, size, way] => one(shape, size, way),
        ["--help" | "-h"] => {
            println!("Usage: sweep [--instructions] [SHAPE...]");
            Ok(())
        }
        ["--instructions", ref shapes @ ..] => table(shapes, true),
        ref shapes => table(shapes, false),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sweep: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Measures one module in this process, and prints what it took.
fn one(shape: &str, size: &str, way: &str) -> Result<(), String> {
    let shape = find(shape)?;
    let size = size.parse().map_err(|_| format!("'{size}' is no size"))?;
    let way: Way = way.parse()?;
    let module = (shape.make)(size);
    let begun = ThreadTime::now();
    let taken = take(&module, way).map_err(|error| format!("{}: {error}", shape.name))?;
    println!("{} {} {}", module.len(), begun.elapsed().as_nanos(), taken.peak);
    Ok(())
}

fn find(name: &str) -> Result<&'static Shape, String> {
    let found = SHAPES.iter().find(|shape| shape.name == name);
    found.ok_or_else(|| format!("no shape is called '{name}'"))
}

/// Measures one module in a process of its own.
fn measure(shape: &Shape, times: usize, way: Way, instructions: bool) -> Result<Point, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = if instructions {
        let mut command = Command::new("valgrind");
        command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
        command.arg(program);
        command
    } else {
        Command::new(program)
    };
    let size = (shape.size * times).to_string();
    let output = command.args(["one", shape.name, &size, &way.to_string()]).output();
    let output = output.map_err(|error| format!("{command:?}: {error}"))?;
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    let numbers: Vec<f64> = out.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let [bytes, mut time, peak] = numbers[..] else {
        return Err(format!("{} x{times} under {way}: {}", shape.name, err.trim()));
    };
    if instructions {
        let collected = err.lines().find_map(|line| line.split_once("Collected : "));
        let count = collected.and_then(|(_, count)| count.trim().parse().ok());
        time = count.ok_or_else(|| format!("valgrind counts nothing: {}", err.trim()))?;
    }
    Ok(Point { bytes, time, peak })
}

/// Prints the table.
fn table(names: &[&str], instructions: bool) -> Result<(), String> {
    let shapes: Vec<&Shape> = match names {
        [] => SHAPES.iter().collect(),
        names => names.iter().map(|name| find(name)).collect::<Result<_, _>>()?,
    };
    let mut head = String::from("| shape | bytes of module |");
    let mut line = String::from("|:--|--:|");
    for way in Way::all() {
        let _ = write!(head, " `{way}` |");
        line.push_str("--:|");
    }
    println!("{head}\n{line}");
    for shape in shapes {
        let mut row = String::new();
        let mut largest = 0.0;
        let unit = unit(shape, instructions);
        for way in Way::all() {
            let points = points(shape, unit, way, instructions)?;
            largest = points.last().map_or(0.0, |point| point.bytes);
            // A shape that a limit holds to one size has neither.
            let _ = match exponent(&points[1..]) {
                exponent if exponent.is_finite() => write!(row, " {exponent:.2}, {:.0} |", per_byte(&points)),
                _ => write!(row, " |"),
            };
        }
        println!("| `{}`: {} | {largest} |{row}", shape.name, shape.about);
    }
    Ok(())
}

/// What modules of each size took, at their fastest.
fn points(shape: &Shape, unit: usize, way: Way, instructions: bool) -> Result<Vec<Point>, String> {
    let round = || -> Result<Vec<Point>, String> {
        let points = TIMES.map(|times| measure(shape, unit * times, way, instructions));
        points.into_iter().collect()
    };
    let mut best = round()?;
    // Instructions are the same each time.
    for _ in 1..if instructions { 1 } else { RUNS } {
        for (best, point) in best.iter_mut().zip(round()?) {
            best.time = best.time.min(point.time);
        }
    }
    Ok(best)
}

/// How many times a shape's own size the smallest module is, so that the largest takes long enough to say something.
fn unit(shape: &Shape, instructions: bool) -> usize {
    // Valgrind takes fifty times as long.
    let most = if instructions { 1 } else { LARGEST_UNIT };
    let largest = |unit: usize| measure(shape, unit * TIMES[TIMES.len() - 1], Strategy::default().into(), false);
    let mut unit = 1;
    while unit < most {
        // What a limit refuses is too large.
        match largest(2 * unit) {
            Ok(point) if point.time < ENOUGH => unit *= 2,
            Ok(_) => return 2 * unit,
            Err(_) => return unit,
        }
    }
    unit
}

/// The slope of time over bytes, both as logarithms.
fn exponent(points: &[Point]) -> f64 {
    let logs: Vec<(f64, f64)> = points.iter().map(|point| (point.bytes.ln(), point.time.ln())).collect();
    let count = logs.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| logs.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|log| log.0), mean(|log| log.1));
    let over = logs.iter().map(|log| (log.0 - x) * (log.1 - y)).sum::<f64>();
    over / logs.iter().map(|log| (log.0 - x).powi(2)).sum::<f64>()
}

/// Bytes of memory for each byte of module, beyond what the smallest module takes.
fn per_byte(points: &[Point]) -> f64 {
    match points {
        [first, .., last] if last.bytes > first.bytes => (last.peak - first.peak) / (last.bytes - first.bytes),
        _ => 0.0,
    }
}
