//! No engine: the C source of a workload, compiled to machine code by gcc. What a program costs without WebAssembly.
//!
//! Each run is a process of its own that calls the entry once, as every other engine calls it once on a fresh instance, and
//! times that call alone, by the same two clocks.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use wasm_dispatch_workloads::{Run, Value, Workload};

use crate::engine::verify;
use crate::{Engine, Prepared, Timing};

/// As C's programs are commonly shipped. No link to the mathematics library: the programs need none.
const FLAGS: &[&str] = &["-std=c11", "-O2", "-ffp-contract=off", "-fno-math-errno"];

/// The engine.
pub fn engine(name: &str) -> Result<Box<dyn Engine>, String> {
    Ok(Box::new(Native { name: name.to_string() }))
}

struct Native {
    name: String,
}

impl Engine for Native {
    fn name(&self) -> &str {
        &self.name
    }

    fn prepare(&self, workload: &Workload, _: &[u8]) -> Result<Box<dyn Prepared>, String> {
        let run = workload.quick();
        if run.wasi.is_some() || run.memory.is_some() {
            return Err("no native build: it is no function of numbers".to_string());
        }
        let source = source(workload).ok_or("no native build: it is not written in C")?;
        // Another process may build the same at this time.
        let name = format!("wasm-dispatch-native-{}-{}", workload.name(), std::process::id());
        let path = std::env::temp_dir().join(name);
        compile(&source, &driver(workload, run)?, &path)?;
        Ok(Box::new(Program { path }))
    }
}

/// A compiled program. The file is removed with it.
struct Program {
    path: PathBuf,
}

impl Drop for Program {
    fn drop(&mut self) {
        // One that stays behind in a folder of temporary files is no harm.
        let _ = fs::remove_file(&self.path);
    }
}

impl Prepared for Program {
    fn run(&mut self, run: &Run) -> Result<Timing, String> {
        let args = run.args.iter().map(|value| value.bits().to_string());
        let output = Command::new(&self.path)
            .args(args)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("cannot start the native program: {error}"))?;
        if !output.status.success() {
            return Err(format!("the native program fails ({})", output.status));
        }
        let text = String::from_utf8_lossy(&output.stdout);
        let numbers: Vec<u64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        let &[result, wall, cpu] = &numbers[..] else {
            return Err(format!("the native program prints {text:?}"));
        };
        verify(run, &[result], |_| None)?;
        Ok(Timing {
            wall: Duration::from_nanos(wall),
            cpu: Duration::from_nanos(cpu),
        })
    }
}

/// The C source beside a module that was made of C.
fn source(workload: &Workload) -> Option<PathBuf> {
    let module = workload.module_file();
    let name = module.file_stem()?;
    let source = module.parent()?.join("src").join(name).with_extension("c");
    source.is_file().then_some(source)
}

/// A `main` that takes the arguments' bits, calls the entry, and prints the result's bits and the times of the call.
fn driver(workload: &Workload, run: &Run) -> Result<String, String> {
    let [result] = &run.expect[..] else {
        return Err("no native build: it has not one result".to_string());
    };
    let params: Vec<&str> = run.args.iter().map(|value| in_c(value).0).collect();
    let params = match params.is_empty() {
        true => "void".to_string(),
        false => params.join(", "),
    };
    let args = run.args.iter().zip(1..);
    let args = args.map(|(value, index)| format!("arg(argv[{index}]).{}", in_c(value).1));
    let args: Vec<String> = args.collect();
    let (result_type, result_member) = in_c(result);
    Ok(format!(
        "#define _POSIX_C_SOURCE 199309L\n\
         #include <stdio.h>\n#include <stdlib.h>\n#include <time.h>\n\
         union slot {{ unsigned long long bits; int i; long long l; float f; double d; }};\n\
         static union slot arg(const char *text) {{ union slot s; s.bits = strtoull(text, 0, 10); return s; }}\n\
         static unsigned long long now(clockid_t clock) {{ struct timespec t; clock_gettime(clock, &t);\n\
         return t.tv_sec * 1000000000ull + t.tv_nsec; }}\n\
         extern {result_type} {entry}({params});\n\
         int main(int argc, char **argv) {{ (void)argc; (void)argv; union slot result = {{0}};\n\
         unsigned long long cpu = now(CLOCK_THREAD_CPUTIME_ID), wall = now(CLOCK_MONOTONIC);\n\
         result.{result_member} = {entry}({args});\n\
         wall = now(CLOCK_MONOTONIC) - wall; cpu = now(CLOCK_THREAD_CPUTIME_ID) - cpu;\n\
         printf(\"%llu %llu %llu\\n\", result.bits, wall, cpu); return 0; }}\n",
        entry = workload.entry(),
        args = args.join(", "),
    ))
}

/// The type of a value in C, and the member of the driver's union that holds it.
fn in_c(value: &Value) -> (&'static str, char) {
    match value {
        Value::I32(_) => ("int", 'i'),
        Value::I64(_) => ("long long", 'l'),
        Value::F32(_) => ("float", 'f'),
        Value::F64(_) => ("double", 'd'),
    }
}

/// Compiles source and driver as two units, so that the compiler cannot work out the call beforehand.
fn compile(source: &Path, driver: &str, program: &Path) -> Result<(), String> {
    let main = program.with_extension("c");
    fs::write(&main, driver).map_err(|error| format!("{}: {error}", main.display()))?;
    let output = Command::new("gcc")
        .args(FLAGS)
        .arg("-o")
        .arg(program)
        .args([&main, source])
        .output();
    let removed = fs::remove_file(&main);
    let output = output.map_err(|error| format!("gcc cannot be started: {error}"))?;
    removed.map_err(|error| format!("{}: {error}", main.display()))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("gcc: {}", String::from_utf8_lossy(&output.stderr)))
}

/// The version of gcc, asked of itself.
pub fn version() -> String {
    let output = Command::new("gcc").arg("-dumpfullversion").output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_string());
    text.ok()
        .filter(|text| !text.is_empty())
        .unwrap_or_else(|| "0 (gcc is not installed)".to_string())
}
