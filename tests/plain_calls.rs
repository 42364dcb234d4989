//! Plain host functions are called in the middle of a run: the program must not notice, whatever they do.

mod common;

use common::{backtrace, error_of, for_each_strategy, for_each_strategy_on_a_small_stack, trap_of, wasm};
use futures::executor::block_on;
use wasm_dispatch::{
    AsyncCaller, Caller, ErrorKind, Imports, Instance, Limits, Metering, Module, OutOfFuel, Pause, ReentrantCaller,
    Strategy, Trap, Value, Vm,
};

/// What the host functions of these tests have done, in order.
type Log = Vec<i64>;

/// `add` changes what the program has in memory and in a global; `inner` calls the program again; `later` waits.
fn imports() -> Imports<Log> {
    let mut imports = Imports::new();
    imports.func(
        "host",
        "add",
        |caller: &mut Caller<'_, Log>, value: i64| -> Result<i64, Trap> {
            let mut bytes = [0; 8];
            caller.read(0, &mut bytes)?;
            let sum = i64::from_le_bytes(bytes).wrapping_add(value);
            caller.write(0, &sum.to_le_bytes())?;
            if let Some(global) = caller.exported_global("sum") {
                caller.set_global(global, Value::I64(sum)).expect("a global of 64 bits");
            }
            caller.data_mut().push(value);
            match value {
                -1 => Err(Trap::Unreachable),
                -2 => panic!("on purpose"),
                _ => Ok(sum),
            }
        },
    );
    imports.func(
        "host",
        "inner",
        |caller: &mut ReentrantCaller<'_, Log>, value: i64| -> Result<i64, wasm_dispatch::Error> {
            let result = caller.call("direct", &[Value::I64(value)])?;
            caller.data_mut().push(-value);
            Ok(i64::from(result == [Value::I64(3 * value)]))
        },
    );
    imports.func_async("host", "later", |mut caller: AsyncCaller<'_, Log>, value: i64| {
        Box::pin(async move {
            caller.data_mut().push(1000 + value);
            Ok(value)
        })
    });
    imports
}

/// Every way to call an imported function; what comes back is the sum of what memory and global hold then, and of what the
/// function returned, which must all be the same.
const PROGRAM: &str = r#"(module
    (import "host" "add" (func $add (param i64) (result i64)))
    (import "host" "inner" (func $inner (param i64) (result i64)))
    (import "host" "later" (func $later (param i64) (result i64)))
    (type $t (func (param i64) (result i64)))
    (memory (export "memory") 1)
    (global $sum (export "sum") (mut i64) (i64.const 0))
    (table funcref (elem $add $tail $tail_indirect))
    (func $clear (i64.store (i32.const 0) (i64.const 0)))
    (func $thrice (param i64) (result i64)
        (i64.add (local.get 0) (i64.add (global.get $sum) (i64.load (i32.const 0)))))
    (func $tail (param i64) (result i64) (return_call $add (local.get 0)))
    (func $tail_indirect (param i64) (result i64)
        (return_call_indirect (type $t) (local.get 0) (i32.const 0)))
    (func (export "direct") (param i64) (result i64)
        (call $clear) (call $thrice (call $add (local.get 0))))
    (func (export "indirect") (param i64) (result i64)
        (call $clear) (call $thrice (call_indirect (type $t) (local.get 0) (i32.const 0))))
    (func (export "tail") (param i64) (result i64)
        (call $clear) (call $thrice (call $tail (local.get 0))))
    (func (export "tail_indirect") (param i64) (result i64)
        (call $clear) (call $thrice (call_indirect (type $t) (local.get 0) (i32.const 2))))
    (func (export "only") (param i64) (result i64) (return_call $add (local.get 0)))
    (func (export "mixed") (param i64) (result i64) (local $turn i64) (local $sum i64)
        (loop $again
            (local.set $turn (i64.add (local.get $turn) (i64.const 1)))
            (call $clear)
            (local.set $sum (i64.add (local.get $sum) (call $add (local.get $turn))))
            (local.set $sum (i64.add (local.get $sum) (call $later (local.get $turn))))
            (local.set $sum (i64.add (local.get $sum) (call $inner (local.get $turn))))
            (br_if $again (i64.lt_s (local.get $turn) (local.get 0))))
        (local.get $sum))
    (func $deep (export "deep") (param i64 i32) (result i64)
        (if (result i64) (local.get 1)
            (then (call $deep (local.get 0) (i32.sub (local.get 1) (i32.const 1))))
            (else (call $add (local.get 0))))))"#;

/// A module that calls an export of [`PROGRAM`] from a memory of its own.
const OTHER: &str = r#"(module
    (import "other" "tail" (func $tail (param i64) (result i64)))
    (import "host" "add" (func $add (param i64) (result i64)))
    (memory 1) (data (i32.const 0) "\64")
    (func (export "both") (param i64) (result i64)
        (i64.mul (call $tail (local.get 0)) (call $add (local.get 0))))
    (func (export "own") (result i64) (i64.load (i32.const 0))))"#;

fn machine(strategy: Strategy, limits: Limits) -> (Vm<Log>, Instance) {
    let mut vm = Vm::options().strategy(strategy).limits(limits).build(Log::new());
    let instance = vm
        .instantiate(&Module::new(&wasm(PROGRAM)).unwrap(), &imports())
        .unwrap();
    (vm, instance)
}

#[test]
fn what_a_host_function_changes_is_there_whichever_way_it_was_called() {
    for_each_strategy(|strategy| {
        let (mut vm, instance) = machine(strategy, Limits::default());
        for (name, value) in [("direct", 5), ("indirect", 6), ("tail", 7), ("tail_indirect", 8)] {
            let result = vm.call(instance, name, &[Value::I64(value)]).unwrap();
            assert_eq!(result, [Value::I64(3 * value)], "{name}");
        }
        // In place of the only function there is.
        assert_eq!(vm.call(instance, "only", &[Value::I64(9)]).unwrap(), [Value::I64(17)]);
        assert_eq!(*vm.data(), [5, 6, 7, 8, 9]);
    });
}

#[test]
fn a_host_function_in_place_of_a_function_returns_to_its_caller_however_often_that_calls() {
    let text = r#"(module
        (import "host" "twice" (func $twice (param i64) (result i64)))
        (import "host" "later" (func $later (param i64) (result i64)))
        (type $t (func (param i64) (result i64)))
        (table funcref (elem $twice $later))
        (func $now (param i64) (result i64) (return_call $twice (local.get 0)))
        (func $then (param i64) (result i64) (return_call $later (local.get 0)))
        (func $either (param i64) (result i64)
            (return_call_indirect (type $t) (local.get 0) (i32.and (i32.wrap_i64 (local.get 0)) (i32.const 1))))
        (func $add (param i64 i64) (result i64) (i64.add (local.get 0) (local.get 1)))
        (func (export "run") (param i64) (result i64) (local $sum i64)
            (loop $again
                (local.set $sum (call $add (local.get $sum) (call $now (local.get 0))))
                (local.set $sum (call $add (local.get $sum) (call $then (local.get 0))))
                (local.set $sum (call $add (local.get $sum) (call $either (local.get 0))))
                (br_if $again (i32.eqz (i64.eqz (local.tee 0 (i64.sub (local.get 0) (i64.const 1)))))))
            (local.get $sum)))"#;
    let mut imports = imports();
    imports.func("host", "twice", |_: &mut Caller<'_, Log>, value: i64| 2 * value);
    for_each_strategy(|strategy| {
        let mut vm = Vm::options().strategy(strategy).build(Log::new());
        let instance = vm.instantiate(&Module::new(&wasm(text)).unwrap(), &imports).unwrap();
        // Even numbers are doubled twice.
        for (turns, sum) in [(1, 4), (6, 2 * 21 + 21 + 2 * 12 + 9), (6, 2 * 21 + 21 + 2 * 12 + 9)] {
            let result = block_on(vm.call_async(instance, "run", &[Value::I64(turns)])).unwrap();
            assert_eq!(result, [Value::I64(sum)]);
        }
    });
}

#[test]
fn a_host_function_sees_the_memory_of_the_instance_that_calls_it() {
    for_each_strategy(|strategy| {
        let (mut vm, instance) = machine(strategy, Limits::default());
        let mut imports = imports();
        let tail = vm.exported_func(instance, "tail").unwrap();
        imports.define("other", "tail", tail);
        let other = vm.instantiate(&Module::new(&wasm(OTHER)).unwrap(), &imports).unwrap();
        assert_eq!(
            vm.call(other, "both", &[Value::I64(4)]).unwrap(),
            [Value::I64(12 * 104)]
        );
        assert_eq!(vm.call(other, "own", &[]).unwrap(), [Value::I64(104)]);
    });
}

#[test]
fn plain_reentrant_and_asynchronous_functions_take_turns_in_one_run() {
    for_each_strategy(|strategy| {
        let (mut vm, instance) = machine(strategy, Limits::default());
        let result = block_on(vm.call_async(instance, "mixed", &[Value::I64(3)])).unwrap();
        // Each turn adds its number twice, and one for what the program said when it was called again.
        assert_eq!(result, [Value::I64(2 * 6 + 3)]);
        let turn = |n: i64| [n, 1000 + n, n, -n];
        assert_eq!(*vm.data(), [turn(1), turn(2), turn(3)].concat());
    });
}

#[test]
fn a_failure_names_every_function_that_waits_and_the_machine_goes_on() {
    for_each_strategy_on_a_small_stack(|strategy| {
        let (mut vm, instance) = machine(strategy, Limits::default());
        for (value, name) in [(-1, "deep"), (-2, "deep")] {
            let error = error_of(vm.call(instance, name, &[Value::I64(value), Value::I32(3)]));
            match value {
                -1 => assert!(matches!(error.kind(), ErrorKind::Trap(info) if info.trap == Trap::Unreachable)),
                _ => assert!(error.to_string().contains("on purpose"), "{error}"),
            }
            let names: Vec<_> = backtrace(&error)
                .frames
                .iter()
                .map(|frame| frame.name.as_deref())
                .collect();
            assert_eq!(names, [Some("deep"); 4]);
        }
        // Function and frame are gone after a tail call.
        let error = error_of(vm.call(instance, "tail", &[Value::I64(-1)]));
        assert_eq!(backtrace(&error).frames.len(), 1);
        assert_eq!(vm.call(instance, "direct", &[Value::I64(2)]).unwrap(), [Value::I64(6)]);
    });
}

#[test]
fn a_host_function_takes_a_frame_of_the_call_depth() {
    for_each_strategy(|strategy| {
        let (mut vm, instance) = machine(strategy, Limits::default().call_depth(10));
        let mut deep = |depth| vm.call(instance, "deep", &[Value::I64(1), Value::I32(depth)]);
        assert_eq!(deep(9).unwrap(), [Value::I64(1)]);
        assert_eq!(trap_of(deep(10)), Trap::CallStackExhausted);
    });
}

#[test]
fn fuel_that_a_host_function_takes_is_gone_when_the_program_goes_on() {
    let text = r#"(module
        (import "host" "drain" (func $drain (param i64)))
        (func (export "run") (param i32) (result i32) (local $turns i32)
            (loop $again
                (local.set $turns (i32.add (local.get $turns) (i32.const 1)))
                (if (i32.eq (local.get $turns) (i32.const 5)) (then (call $drain (i64.const 0))))
                (br_if $again (i32.lt_u (local.get $turns) (local.get 0))))
            (local.get $turns)))"#;
    let mut imports = Imports::new();
    imports.func("host", "drain", |caller: &mut Caller<'_>, left: u64| {
        caller.set_fuel(Some(left))
    });
    for_each_strategy(|strategy| {
        let module = Module::options().metering(Metering::Fuel).compile(&wasm(text)).unwrap();
        let mut vm = Vm::with(strategy, Limits::default());
        let instance = vm.instantiate(&module, &imports).unwrap();
        vm.set_out_of_fuel(OutOfFuel::Pause);
        vm.set_fuel(Some(1_000_000)).unwrap();
        let error = error_of(vm.call(instance, "run", &[Value::I32(9)]));
        assert!(matches!(error.kind(), ErrorKind::Paused(Pause::OutOfFuel)), "{error}");
        assert_eq!(vm.fuel(), Some(0));
        vm.set_fuel(Some(1_000)).unwrap();
        assert_eq!(vm.resume().unwrap(), [Value::I32(9)]);
    });
}
