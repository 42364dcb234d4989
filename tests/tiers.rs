//! Machines that begin under one strategy and go on under another.

mod common;

use common::{error_of, trap_of, wasm};
use wasm_dispatch::{ErrorKind, Imports, Instance, Metering, Module, OutOfFuel, Strategy, Tiers, Trap, Value, Vm};

/// A loop, a recursion with frames that wait, and one with a trap at its end.
const PROGRAMS: &str = r#"(module
    (memory 1)
    (func (export "count") (param $n i32) (result i32) (local $sum i32)
        (loop $next
            (i32.store (i32.and (local.get $n) (i32.const 0xfffc)) (local.get $sum))
            (local.set $sum (i32.add (local.get $sum) (local.get $n)))
            (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $sum))
    (func $fib (export "fib") (param i32) (result i32)
        (if (result i32) (i32.lt_s (local.get 0) (i32.const 2))
            (then (local.get 0))
            (else (i32.add
                (call $fib (i32.sub (local.get 0) (i32.const 1)))
                (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
    (func $down (export "down") (param i32) (result i32)
        (if (i32.eqz (local.get 0)) (then unreachable))
        (i32.add (i32.const 1) (call $down (i32.sub (local.get 0) (i32.const 1))))))"#;

fn metered(metering: Metering) -> Module {
    Module::options().metering(metering).compile(&wasm(PROGRAMS)).unwrap()
}

fn tiered(tiers: Tiers, module: &Module) -> (Vm, Instance) {
    let mut vm = Vm::options().tiers(tiers).build(());
    let instance = vm.instantiate(module, &Imports::new()).unwrap();
    (vm, instance)
}

/// Pairs of different strategies: each is first and second.
fn pairs() -> impl Iterator<Item = (Strategy, Strategy)> {
    let all = Strategy::ALL;
    (0..all.len()).map(move |index| (all[index], all[(index + 1) % all.len()]))
}

#[test]
fn a_program_changes_where_it_is_and_ends_as_under_one_strategy() {
    let module = metered(Metering::Fuel);
    for (start, then) in pairs() {
        for (function, argument, result) in [("count", 5_000, 12_502_500), ("fib", 16, 987)] {
            let mut fuels = Vec::new();
            for after in [0, 1, 777, 10_000, u64::MAX] {
                let (mut vm, instance) = tiered(Tiers::new(start, then, after), &module);
                vm.set_fuel(Some(10_000_000)).unwrap();
                assert_eq!(vm.strategy_name(), start.name());
                let results = vm.call(instance, function, &[Value::I32(argument)]).unwrap();
                assert_eq!(results, [Value::I32(result)], "{start}, {then}, {after}");
                let now = if after == u64::MAX { start } else { then };
                assert_eq!(vm.strategy_name(), now.name(), "{after}");
                fuels.push(vm.fuel());
            }
            assert!(
                fuels.windows(2).all(|two| two[0] == two[1]),
                "{start}, {then}: {fuels:?}"
            );
        }
    }
}

#[test]
fn a_machine_that_runs_little_keeps_its_first_strategy_until_its_calls_add_up() {
    let module = metered(Metering::Interrupts);
    for (start, then) in pairs() {
        let (mut vm, instance) = tiered(Tiers::new(start, then, 100_000), &module);
        vm.call(instance, "count", &[Value::I32(10)]).unwrap();
        assert_eq!(vm.strategy_name(), start.name());
        for _ in 0..2_000 {
            vm.call(instance, "count", &[Value::I32(10)]).unwrap();
        }
        assert_eq!(vm.strategy_name(), then.name());
    }
}

#[test]
fn a_machine_stays_until_the_next_strategys_code_is_worth_making() {
    let count = |vm: &mut Vm, instance| {
        let results = vm.call(instance, "count", &[Value::I32(5_000)]).unwrap();
        assert_eq!(results, [Value::I32(12_502_500)]);
    };
    for (start, then) in pairs() {
        let tiers = Tiers::new(start, then, 100);
        let module = metered(Metering::Interrupts);
        // The function has some ten statements, and runs for a hundred thousand instructions or less.
        let (mut vm, instance) = tiered(tiers.with_reuse(100_000), &module);
        count(&mut vm, instance);
        assert_eq!(vm.strategy_name(), start.name());
        for _ in 0..100 {
            count(&mut vm, instance);
        }
        assert_eq!(vm.strategy_name(), then.name());
        // Now its code is made: another machine need not wait for it.
        let (mut vm, instance) = tiered(tiers.with_reuse(u64::MAX), &module);
        count(&mut vm, instance);
        assert_eq!(vm.strategy_name(), then.name());

        let module = metered(Metering::Interrupts);
        let (mut vm, instance) = tiered(tiers.with_reuse(u64::MAX), &module);
        count(&mut vm, instance);
        assert_eq!(vm.strategy_name(), start.name());
        // Another module's code is no help.
        let other = metered(Metering::Interrupts);
        other.compile(then);
        vm.instantiate(&other, &Imports::new()).unwrap();
        count(&mut vm, instance);
        assert_eq!(vm.strategy_name(), start.name());
        // It need not wait where all of it was made beforehand.
        module.compile(then);
        let (mut vm, instance) = tiered(tiers.with_reuse(u64::MAX), &module);
        count(&mut vm, instance);
        assert_eq!(vm.strategy_name(), then.name());
    }
}

#[test]
fn traps_and_pauses_are_those_of_one_strategy() {
    let module = metered(Metering::Fuel);
    for (start, then) in pairs() {
        let (mut vm, instance) = tiered(Tiers::new(start, then, 500).with_reuse(0), &module);
        let error = error_of(vm.call(instance, "down", &[Value::I32(100)]));
        assert_eq!(error.trap(), Some(Trap::Unreachable));
        let frames = error.backtrace().map(|trace| trace.frames.len() + trace.omitted);
        assert_eq!(frames, Some(101));
        assert_eq!(vm.strategy_name(), then.name());

        let (mut vm, instance) = tiered(Tiers::new(start, then, 500).with_reuse(0), &module);
        vm.set_out_of_fuel(OutOfFuel::Pause);
        vm.set_fuel(Some(400)).unwrap();
        let error = error_of(vm.call(instance, "count", &[Value::I32(1_000)]));
        assert!(matches!(error.kind(), ErrorKind::Paused(_)), "{error}");
        assert_eq!(vm.strategy_name(), start.name());
        vm.set_fuel(Some(1_000_000)).unwrap();
        assert_eq!(vm.resume().unwrap(), [Value::I32(500_500)]);
        assert_eq!(vm.strategy_name(), then.name());
        assert_eq!(trap_of(vm.call(instance, "down", &[Value::I32(3)])), Trap::Unreachable);
    }
}

#[test]
fn a_program_that_cannot_be_stopped_cannot_change_and_is_refused() {
    let (start, then) = pairs().next().unwrap();
    let mut vm = Vm::options().tiers(Tiers::new(start, then, 1)).build(());
    let error = error_of(vm.instantiate(&metered(Metering::Off), &Imports::new()));
    assert!(matches!(error.kind(), ErrorKind::Usage(_)), "{error}");
    assert!(error.to_string().contains("metering"), "{error}");
}

#[test]
fn a_strategy_that_is_set_stays() {
    let module = metered(Metering::Interrupts);
    for (start, then) in pairs() {
        let (mut vm, instance) = tiered(Tiers::new(start, then, 1_000), &module);
        vm.set_strategy(start);
        vm.call(instance, "count", &[Value::I32(10_000)]).unwrap();
        assert_eq!(vm.strategy_name(), start.name());
        let mut vm = Vm::options()
            .tiers(Tiers::new(then, start, 0))
            .strategy(start)
            .build(());
        assert!(vm.instantiate(&metered(Metering::Off), &Imports::new()).is_ok());
    }
}
