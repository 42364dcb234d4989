//! Fuel, interrupts and pauses: a program stops where it should, and goes on as if it had not.

mod common;

use std::time::Duration;

use common::{for_each_strategy, wasm};
use wasm_dispatch::{
    Error, ErrorKind, Imports, Instance, Limits, Metering, Module, OutOfFuel, Pause, ReentrantCaller, Strategy, Trap,
    Value, Vm,
};

/// Loops, branches, calls, recursion and memory.
const PROGRAM: &str = r#"(module
    (memory (export "memory") 1)
    (func $fib (export "fib") (param i32) (result i32)
        (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))
            (then (local.get 0))
            (else (i32.add
                (call $fib (i32.sub (local.get 0) (i32.const 1)))
                (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
    (func (export "count") (param $n i32) (result i32) (local $sum i32)
        (block $done (loop $next
            (br_if $done (i32.eqz (local.get $n)))
            (local.set $sum (i32.add (local.get $sum) (local.get $n)))
            (i32.store (i32.const 16) (local.get $sum))
            (local.set $n (i32.sub (local.get $n) (i32.const 1)))
            (br $next)))
        (local.get $sum))
    (func (export "straight") (result i32)
        (i32.add (i32.const 1) (i32.const 2)))
    (func (export "switch") (param i32) (result i32)
        (block $b (block $a (br_table $a $b (local.get 0))) (return (i32.const 10))) (i32.const 20))
    (func (export "spin") (loop (br 0))))"#;

fn module(metering: Metering) -> Module {
    Module::options()
        .metering(metering)
        .compile(&wasm(PROGRAM))
        .expect("a module")
}

fn machine(strategy: Strategy, metering: Metering) -> (Vm, Instance) {
    let mut vm = Vm::with(strategy, Limits::default());
    let instance = vm.instantiate(&module(metering), &Imports::new()).expect("an instance");
    (vm, instance)
}

/// The fuel that a call uses.
fn used(vm: &mut Vm, instance: Instance, name: &str, arguments: &[Value]) -> u64 {
    vm.set_fuel(Some(1 << 40)).expect("fuel");
    vm.call(instance, name, arguments).expect("results");
    (1 << 40) - vm.fuel().expect("a limit")
}

fn is_paused(result: Result<Vec<Value>, Error>, why: Pause) {
    match result {
        Err(error) => assert!(
            matches!(error.kind(), ErrorKind::Paused(pause) if *pause == why),
            "{error}"
        ),
        Ok(results) => panic!("{results:?} instead of a pause"),
    }
}

#[test]
fn every_instruction_that_runs_costs_one_whatever_the_strategy() {
    for_each_strategy(|strategy| {
        let (mut vm, instance) = machine(strategy, Metering::Fuel);
        // Two constants and an addition.
        assert_eq!(used(&mut vm, instance, "straight", &[]), 3);
        // local.get, br_table, i32.const, return; or without the return.
        assert_eq!(used(&mut vm, instance, "switch", &[Value::I32(0)]), 4);
        assert_eq!(used(&mut vm, instance, "switch", &[Value::I32(1)]), 3);
        // Each turn: 3 to test, 4 + 3 + 4 to work, 1 to go back; in the end 3 to test and 1 for the result.
        assert_eq!(used(&mut vm, instance, "count", &[Value::I32(0)]), 4);
        assert_eq!(used(&mut vm, instance, "count", &[Value::I32(10)]), 10 * 15 + 4);
        // fib(0) and fib(1): 4 for the test, 1 for the result. Others: 4, two calls of 4 each, 1 for the sum.
        let calls = |n: usize| [1u64, 1, 3, 5, 9, 15, 25][n];
        let leaves = calls(6).div_ceil(2);
        let expected = leaves * 5 + (calls(6) - leaves) * 13;
        assert_eq!(used(&mut vm, instance, "fib", &[Value::I32(6)]), expected);
    });
}

#[test]
fn out_of_fuel_is_a_trap_with_a_backtrace() {
    for_each_strategy(|strategy| {
        let (mut vm, instance) = machine(strategy, Metering::Fuel);
        vm.set_fuel(Some(100_000)).expect("fuel");
        let error = vm.call(instance, "spin", &[]).expect_err("a trap");
        assert_eq!(error.trap(), Some(Trap::OutOfFuel));
        let backtrace = error.backtrace().expect("a backtrace");
        assert_eq!(backtrace.frames[0].name.as_deref(), Some("spin"));
        assert!(!vm.is_paused());
        assert!(vm.resume().is_err());
        // What is left does not suffice for another turn, but more fuel does.
        assert_eq!(vm.fuel(), Some(0));
        vm.set_fuel(Some(1000)).expect("fuel");
        assert_eq!(vm.call(instance, "straight", &[]).expect("a sum"), [Value::I32(3)]);
        assert_eq!(vm.fuel(), Some(997));
    });
}

#[test]
fn out_of_fuel_pauses_if_asked_to_and_goes_on_with_more() {
    for_each_strategy(|strategy| {
        let (mut vm, instance) = machine(strategy, Metering::Fuel);
        vm.set_out_of_fuel(OutOfFuel::Pause);
        let whole = used(&mut vm, instance, "fib", &[Value::I32(12)]);
        vm.set_fuel(Some(0)).expect("fuel");
        is_paused(vm.call(instance, "fib", &[Value::I32(12)]), Pause::OutOfFuel);
        let mut given = 0;
        let results = loop {
            assert!(vm.is_paused());
            let left = vm.fuel().expect("a limit");
            vm.set_fuel(Some(left + 37)).expect("fuel");
            given += 37;
            match vm.resume() {
                Ok(results) => break results,
                error => is_paused(error, Pause::OutOfFuel),
            }
        };
        assert_eq!(results, [Value::I32(144)]);
        assert_eq!(given - vm.fuel().expect("a limit"), whole);
    });
}

#[test]
fn a_paused_call_goes_on_under_any_other_strategy() {
    for_each_strategy(|first| {
        let (mut vm, instance) = machine(first, Metering::Fuel);
        vm.set_out_of_fuel(OutOfFuel::Pause);
        vm.set_fuel(Some(0)).expect("fuel");
        let mut result = vm.call(instance, "fib", &[Value::I32(15)]);
        for &next in Strategy::ALL.iter().cycle() {
            if !vm.is_paused() {
                break;
            }
            vm.set_strategy(next);
            assert_eq!(vm.strategy_name(), next.name());
            vm.set_fuel(Some(100)).expect("fuel");
            result = vm.resume();
        }
        assert_eq!(result.expect("results"), [Value::I32(610)]);
    });
}

#[test]
fn another_call_abandons_a_paused_one() {
    for_each_strategy(|strategy| {
        let (mut vm, instance) = machine(strategy, Metering::Fuel);
        vm.set_out_of_fuel(OutOfFuel::Pause);
        vm.set_fuel(Some(1000)).expect("fuel");
        is_paused(vm.call(instance, "spin", &[]), Pause::OutOfFuel);
        vm.set_fuel(None).expect("no limit");
        assert_eq!(
            vm.call(instance, "count", &[Value::I32(4)]).expect("a sum"),
            [Value::I32(10)]
        );
        assert!(!vm.is_paused());
    });
}

#[test]
fn an_interrupt_pauses_a_program_that_never_ends() {
    for metering in [Metering::Interrupts, Metering::Fuel] {
        for_each_strategy(|strategy| {
            let (mut vm, instance) = machine(strategy, metering);
            let handle = vm.interrupt_handle();
            let other = std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(5));
                handle.interrupt();
            });
            is_paused(vm.call(instance, "spin", &[]), Pause::Interrupted);
            other.join().expect("the other thread");
            // It can go on, and be stopped again.
            vm.next_run_handle().interrupt();
            is_paused(vm.resume(), Pause::Interrupted);
            assert_eq!(
                vm.call(instance, "fib", &[Value::I32(10)]).expect("55"),
                [Value::I32(55)]
            );
        });
    }
}

#[test]
fn an_interrupt_stops_one_run_and_no_other() {
    for_each_strategy(|strategy| {
        let (mut vm, instance) = machine(strategy, Metering::Interrupts);
        // So that a program looks for interrupts at every chance.
        vm.set_slice(0);
        let ten = |vm: &mut Vm| vm.call(instance, "fib", &[Value::I32(10)]);
        let (any, first) = (vm.interrupt_handle(), vm.next_run_handle());
        // Nothing has run yet.
        any.interrupt();
        assert_eq!(ten(&mut vm).expect("55"), [Value::I32(55)]);
        // That run has ended.
        any.interrupt();
        first.interrupt();
        assert_eq!(ten(&mut vm).expect("55"), [Value::I32(55)]);
        // Before it has begun.
        let next = vm.next_run_handle();
        next.interrupt();
        first.interrupt();
        is_paused(ten(&mut vm), Pause::Interrupted);
        // A resumption is a run of its own.
        next.interrupt();
        any.interrupt();
        assert_eq!(vm.resume().expect("55"), [Value::I32(55)]);
    });
}

#[test]
fn an_interrupt_of_the_next_run_hides_none_of_this_one() {
    let text = r#"(module (import "host" "stop" (func $stop)) (func (export "run") (call $stop) (loop (br 0))))"#;
    let module = Module::options().metering(Metering::Fuel).compile(&wasm(text));
    let module = module.expect("a module");
    let mut imports = Imports::new();
    imports.func("host", "stop", |caller: &mut ReentrantCaller<'_>| {
        caller.vm().next_run_handle().interrupt();
        caller.vm().interrupt_handle().interrupt();
    });
    for_each_strategy(|strategy| {
        let mut vm = Vm::with(strategy, Limits::default());
        let instance = vm.instantiate(&module, &imports).expect("an instance");
        vm.set_fuel(Some(1_000_000)).expect("fuel");
        is_paused(vm.call(instance, "run", &[]), Pause::Interrupted);
        is_paused(vm.resume(), Pause::Interrupted);
        assert!(matches!(
            vm.resume().expect_err("no fuel").trap(),
            Some(Trap::OutOfFuel)
        ));
    });
}

#[test]
fn without_metering_nothing_is_counted_and_fuel_is_refused() {
    let (mut vm, _) = machine(Strategy::default(), Metering::Off);
    assert!(matches!(
        vm.set_fuel(Some(1)).expect_err("an error").kind(),
        ErrorKind::Usage(_)
    ));
    assert_eq!(vm.fuel(), None);
    let mut vm = Vm::new();
    vm.set_fuel(Some(1)).expect("no module yet");
    let refused = vm.instantiate(&module(Metering::Interrupts), &Imports::new());
    assert!(matches!(refused.expect_err("an error").kind(), ErrorKind::Usage(_)));
    assert_eq!(module(Metering::Fuel).metering(), Metering::Fuel);
}

#[test]
fn a_start_function_can_run_out_of_fuel() {
    for_each_strategy(|strategy| {
        let bytes = wasm("(module (func $start (loop (br 0))) (start $start))");
        let module = Module::options()
            .metering(Metering::Fuel)
            .compile(&bytes)
            .expect("a module");
        let mut vm = Vm::with(strategy, Limits::default());
        vm.set_fuel(Some(10)).expect("fuel");
        let error = vm.instantiate(&module, &Imports::new()).expect_err("a trap");
        assert_eq!(error.trap(), Some(Trap::OutOfFuel));
    });
}
