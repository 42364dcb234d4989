//! What the tests of this folder share.

// Every test file is a program of its own and uses its own part of this module.
#![allow(dead_code)]

use std::panic::{AssertUnwindSafe, catch_unwind};

use wasm_dispatch::{Backtrace, Error, ErrorKind, Imports, Instance, Limits, Module, Strategy, Trap, Vm};
use wasmparser::{Operator, Parser, Payload};

/// Runs a test once under every strategy of this build; a failure says under which.
pub fn for_each_strategy(test: impl Fn(Strategy)) {
    assert!(!Strategy::ALL.is_empty());
    for &strategy in Strategy::ALL {
        named(strategy, || test(strategy));
    }
}

/// Runs a test once under every strategy, each time in a thread with a native stack of 256 KiB.
pub fn for_each_strategy_on_a_small_stack(test: impl Fn(Strategy) + Sync) {
    for &strategy in Strategy::ALL {
        named(strategy, || {
            std::thread::scope(|scope| {
                // The name is in the message if the stack overflows, which no test survives.
                let thread = std::thread::Builder::new().name(strategy.to_string());
                let thread = thread.stack_size(256 << 10);
                let running = thread.spawn_scoped(scope, || test(strategy)).expect("a thread");
                if let Err(panic) = running.join() {
                    std::panic::resume_unwind(panic);
                }
            });
        });
    }
}

fn named(strategy: Strategy, test: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(test)) {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("a panic");
        panic!("under the strategy {strategy}: {text}");
    }
}

/// Text to bytes.
pub fn wasm(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("the test's text is wrong: {error}"))
}

/// Text to module.
pub fn module(text: &str) -> Module {
    Module::new(&wasm(text)).unwrap_or_else(|error| panic!("the module is refused: {error}"))
}

/// A machine with default limits.
pub fn vm(strategy: Strategy) -> Vm {
    Vm::with(strategy, Limits::default())
}

/// Instantiates a module given as text into a machine.
pub fn add(vm: &mut Vm, text: &str, imports: &Imports) -> Instance {
    vm.instantiate(&module(text), imports)
        .unwrap_or_else(|error| panic!("instantiation failed: {error}"))
}

/// A new machine with one instance of a module that imports nothing.
pub fn start(strategy: Strategy, text: &str) -> (Vm, Instance) {
    start_with(strategy, text, &Imports::new())
}

/// A new machine with one instance of a module.
pub fn start_with(strategy: Strategy, text: &str, imports: &Imports) -> (Vm, Instance) {
    let mut vm = vm(strategy);
    let instance = add(&mut vm, text, imports);
    (vm, instance)
}

/// The trap that a call ended with.
#[track_caller]
pub fn trap_of<T: std::fmt::Debug>(result: Result<T, Error>) -> Trap {
    match result {
        Ok(value) => panic!("expected a trap, got {value:?}"),
        Err(error) => match error.kind() {
            ErrorKind::Trap(info) => info.trap,
            _ => panic!("expected a trap, got the error: {error}"),
        },
    }
}

/// The error that something ended with.
#[track_caller]
pub fn error_of<T>(result: Result<T, Error>) -> Error {
    match result {
        Ok(_) => panic!("expected an error"),
        Err(error) => error,
    }
}

/// Calls an export without parameters that returns one `i32`.
#[track_caller]
pub fn call_i32(vm: &mut Vm, instance: Instance, name: &str) -> i32 {
    let func = vm.typed_func::<(), i32>(instance, name).expect("an exported function");
    vm.call_typed(func, ())
        .unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Where the program was when an error ended it.
#[track_caller]
pub fn backtrace(error: &Error) -> &Backtrace {
    error.backtrace().unwrap_or_else(|| panic!("no backtrace: {error}"))
}

/// Byte offset of the nth (from 0) instruction in a module's code that satisfies a condition.
pub fn offset_where(bytes: &[u8], nth: usize, wanted: impl Fn(&Operator<'_>) -> bool) -> u32 {
    let mut found = Vec::new();
    for payload in Parser::new(0).parse_all(bytes) {
        if let Payload::CodeSectionEntry(body) = payload.expect("a module") {
            let mut operators = body.get_operators_reader().expect("a body");
            while !operators.eof() {
                let (operator, offset) = operators.read_with_offset().expect("an instruction");
                if wanted(&operator) {
                    found.push(offset as u32);
                }
            }
        }
    }
    found[nth]
}

/// Byte offset of the nth instruction with this name, as wasmparser spells it.
pub fn offset_of(bytes: &[u8], name: &str, nth: usize) -> u32 {
    offset_where(bytes, nth, |operator| {
        let text = format!("{operator:?}");
        text.split(|c: char| !c.is_alphanumeric()).next() == Some(name)
    })
}
