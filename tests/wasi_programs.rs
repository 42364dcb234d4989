//! Programs in C, Rust, AssemblyScript and Go get the same answers from WASI as under wasmtime: under every strategy, in one go,
//! paused in between, and through a future.

mod common;

use std::path::Path;

use common::for_each_strategy;
use wasm_dispatch::wasi::{Output, Wasi, exit_code};
use wasm_dispatch::{Error, ErrorKind, Imports, Limits, Metering, Module, OutOfFuel, Strategy, Vm};

const PROGRAMS: [&str; 11] = [
    "as_directories",
    "as_files",
    "as_paths",
    "as_process",
    "directories",
    "files",
    "go_std",
    "paths",
    "process",
    "rights",
    "std",
];

fn read(name: &str, kind: &str) -> Vec<u8> {
    let file = format!("tests/wasi_programs/{name}.{kind}");
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(&file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// A program with what it is given.
struct Run {
    name: &'static str,
    output: Output,
    imports: Imports,
    folder: tempfile::TempDir,
}

impl Run {
    fn new(name: &'static str) -> Run {
        let folder = tempfile::tempdir().expect("a folder");
        let output = Output::default();
        let wasi = Wasi::new().arg(format!("{name}.wasm")).stdout(output.clone());
        let wasi = wasi.folder(folder.path(), "/").expect("a folder");
        let input = |text: &'static [u8]| std::io::Cursor::new(text);
        let wasi = match name {
            "process" | "as_process" => wasi
                .args(["one", "two words"])
                .env("NAME", "value")
                .env("EMPTY", "")
                .stdin(input(b"12345rest of it\n")),
            "std" | "go_std" => wasi
                .args(["one", "two words"])
                .env("NAME", "value")
                .stdin(input(b"typed\nmore\n")),
            _ => wasi,
        };
        let mut imports = Imports::new();
        wasi.define(&mut imports);
        Run {
            name,
            output,
            imports,
            folder,
        }
    }

    /// Compares what a program that has ended has printed with what is expected.
    fn check(&self, ended: Result<(), Error>) {
        let code = match ended {
            Ok(()) => 0,
            Err(error) => exit_code(&error).unwrap_or_else(|| panic!("{}: {error}", self.name)),
        };
        let mut found = self.output.take();
        found.extend_from_slice(format!("exit code {code}\n").as_bytes());
        let (found, expected) = (
            String::from_utf8_lossy(&found).into_owned(),
            read(self.name, "expected"),
        );
        let expected = String::from_utf8_lossy(&expected);
        for (number, (found, expected)) in found.lines().zip(expected.lines()).enumerate() {
            assert_eq!(found, expected, "{}, line {}", self.name, number + 1);
        }
        assert_eq!(found, expected, "{}", self.name);
        let left = std::fs::read_dir(self.folder.path()).expect("the folder").count();
        assert_eq!(left, 0, "{} leaves nothing behind", self.name);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn programs_get_the_answers_that_other_engines_give() {
    for name in PROGRAMS {
        let module = Module::new(&read(name, "wasm")).expect("a module");
        for_each_strategy(|strategy| {
            let run = Run::new(name);
            let mut vm = Vm::with(strategy, Limits::default());
            let instance = vm.instantiate(&module, &run.imports).expect("an instance");
            run.check(vm.call(instance, "_start", &[]).map(|_| ()));
        });
    }
}

#[cfg(target_os = "linux")]
#[test]
fn programs_that_are_paused_and_resumed_get_the_same_answers() {
    for name in PROGRAMS {
        let module = Module::options().metering(Metering::Fuel).compile(&read(name, "wasm"));
        let module = module.expect("a module");
        for_each_strategy(|strategy| {
            let run = Run::new(name);
            let mut vm = Vm::with(strategy, Limits::default());
            let instance = vm.instantiate(&module, &run.imports).expect("an instance");
            vm.set_out_of_fuel(OutOfFuel::Pause);
            vm.set_fuel(Some(1)).expect("metered");
            let mut ended = vm.call(instance, "_start", &[]);
            let mut pauses = 0usize;
            while let Err(error) = &ended
                && matches!(error.kind(), ErrorKind::Paused(_))
            {
                pauses += 1;
                vm.set_strategy(Strategy::ALL[pauses % Strategy::ALL.len()]);
                // More each time, as the one in Go is long; and added to what is left, as a memory's growth is paid for at once.
                let more = 3000 + pauses as u64 % 7 + pauses as u64 * 20;
                let left = vm.fuel().expect("a limit");
                vm.set_fuel(Some(left + more)).expect("metered");
                ended = vm.resume();
            }
            assert!(pauses > 10, "{name}: {pauses} pauses");
            run.check(ended.map(|_| ()));
        });
    }
}

#[cfg(target_os = "linux")]
#[test]
fn programs_get_the_same_answers_through_a_future() {
    for name in PROGRAMS {
        let module = Module::new(&read(name, "wasm")).expect("a module");
        let run = Run::new(name);
        let mut vm = Vm::new();
        let instance = vm.instantiate(&module, &run.imports).expect("an instance");
        let ended = futures::executor::block_on(vm.call_async(instance, "_start", &[]));
        run.check(ended.map(|_| ()));
    }
}
