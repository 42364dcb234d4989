//! Work on ranges is paid for: by its bytes, the same under every strategy, and it stops in the middle.

mod common;

use std::fmt::Write;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use common::{for_each_strategy, wasm};
use wasm_dispatch::{
    ErrorKind, Imports, Instance, Limits, Metering, Module, OutOfFuel, Pause, Strategy, Trap, Value, Vm,
};

/// Operations on ranges, each with its operands as parameters.
const RANGES: &str = r#"(module
    (memory (export "memory") 8) (memory $other (export "other") 8)
    (table $t (export "table") 20000 funcref) (table $u (export "second") 20000 funcref)
    (data $d "DATA") (elem $e funcref (ref.func $f) (ref.null func) (ref.func $f))
    (func $f (export "mark") (param i32)
        (loop $next
            (i32.store8 (local.get 0) (i32.mul (local.get 0) (i32.const 167)))
            (br_if $next (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
    (func (export "fill") (param i32 i32 i32) (memory.fill (local.get 0) (local.get 1) (local.get 2)))
    (func (export "copy") (param i32 i32 i32) (memory.copy (local.get 0) (local.get 1) (local.get 2)))
    (func (export "copy to another") (param i32 i32 i32)
        (memory.copy $other 0 (local.get 0) (local.get 1) (local.get 2)))
    (func (export "init") (param i32 i32 i32) (memory.init $d (local.get 0) (local.get 1) (local.get 2)))
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "fill table") (param i32 i32 i32) (table.fill $t (local.get 0) (ref.func $f) (local.get 2)))
    (func (export "copy table") (param i32 i32 i32) (table.copy $t $t (local.get 0) (local.get 1) (local.get 2)))
    (func (export "copy to another table") (param i32 i32 i32)
        (table.copy $u $t (local.get 0) (local.get 1) (local.get 2)))
    (func (export "init table") (param i32 i32 i32) (table.init $t $e (local.get 0) (local.get 1) (local.get 2)))
    (func (export "grow table") (param i32) (result i32) (table.grow $t (ref.null func) (local.get 0))))"#;

/// Each operation with its operands, in the order in which they are called, and what it costs besides its instructions.
const STEPS: &[(&str, &[i32], u64)] = &[
    ("fill", &[3, 0xAB, 15], 0),
    ("fill", &[100_000, 0xCD, 16], 1),
    ("fill", &[1, 0x11, 300_000], 18_750),
    ("copy", &[70_000, 0, 200_000], 12_500),
    ("copy", &[0, 70_001, 200_000], 12_500),
    ("copy", &[5, 5, 100_000], 6250),
    ("copy to another", &[9, 300, 150_007], 9375),
    ("init", &[65_536, 1, 3], 0),
    ("grow", &[2], 8192),
    ("grow", &[1 << 16], 0),
    ("fill table", &[2, 0, 10_000], 5000),
    ("copy table", &[1000, 3, 15_000], 7500),
    ("copy table", &[4, 1005, 15_000], 7500),
    ("copy to another table", &[7, 0, 19_000], 9500),
    ("init table", &[100, 1, 2], 1),
    ("grow table", &[10_001], 5000),
    ("grow table", &[-1], 0),
];

fn machine(strategy: Strategy, text: &str, metering: Metering) -> (Vm, Instance) {
    let module = Module::options()
        .metering(metering)
        .compile(&wasm(text))
        .expect("a module");
    let mut vm = Vm::with(strategy, Limits::default());
    let instance = vm.instantiate(&module, &Imports::new()).expect("an instance");
    (vm, instance)
}

fn values(operands: &[i32]) -> Vec<Value> {
    operands.iter().map(|&operand| Value::I32(operand)).collect()
}

/// Everything that the operations change.
fn contents(vm: &mut Vm, instance: Instance) -> (Vec<u8>, Vec<u8>, Vec<bool>) {
    let bytes = |name| {
        let memory = vm.exported_memory(instance, name).expect("a memory");
        vm.memory(memory).expect("bytes").to_vec()
    };
    let (first, second) = (bytes("memory"), bytes("other"));
    let mut set = Vec::new();
    for name in ["table", "second"] {
        let table = vm.exported_table(instance, name).expect("a table");
        let is_set = |i| !matches!(vm.table_get(table, i), Ok(Value::FuncRef(None)));
        set.extend((0..vm.table_len(table).expect("a length")).map(is_set));
    }
    (first, second, set)
}

#[test]
fn ranges_cost_by_their_bytes_and_change_the_same_wherever_they_are_suspended() {
    let (mut plain, plain_instance) = machine(Strategy::default(), RANGES, Metering::Off);
    let prepare = |vm: &mut Vm, instance| vm.call(instance, "mark", &values(&[500_000])).expect("marks");
    prepare(&mut plain, plain_instance);
    let results: Vec<_> = STEPS
        .iter()
        .map(|&(name, operands, _)| plain.call(plain_instance, name, &values(operands)).expect("results"))
        .collect();
    let expected = contents(&mut plain, plain_instance);
    for metering in [Metering::Interrupts, Metering::Fuel] {
        for_each_strategy(|strategy| {
            let (mut vm, instance) = machine(strategy, RANGES, metering);
            prepare(&mut vm, instance);
            for (&(name, operands, _), result) in STEPS.iter().zip(&results) {
                // Stopped at every chance, and resumed under another strategy.
                vm.set_slice(0);
                let mut pauses = 0;
                let outcome = loop {
                    vm.set_strategy(Strategy::ALL[pauses % Strategy::ALL.len()]);
                    let (handle, paused) = (vm.interrupt_handle(), vm.is_paused());
                    let ended = {
                        let mut run = pin!(async {
                            match paused {
                                true => vm.resume_async().await,
                                false => vm.call_async(instance, name, &values(operands)).await,
                            }
                        });
                        let mut context = Context::from_waker(Waker::noop());
                        loop {
                            match run.as_mut().poll(&mut context) {
                                Poll::Ready(ended) => break ended,
                                Poll::Pending => handle.interrupt(),
                            }
                        }
                    };
                    match ended {
                        Err(error) if matches!(error.kind(), ErrorKind::Paused(Pause::Interrupted)) => pauses += 1,
                        ended => break ended.expect("results"),
                    }
                };
                assert_eq!(&outcome, result, "{name} {operands:?}");
                if operands.last().is_some_and(|&len| len >= 100_000) {
                    assert!(pauses > 0, "{name} {operands:?} was not stopped");
                }
            }
            assert!(contents(&mut vm, instance) == expected);
        });
    }
}

#[test]
fn what_a_range_costs_does_not_depend_on_slices_and_strategies() {
    for slice in [0, 5000, 1 << 20] {
        for_each_strategy(|strategy| {
            let (mut vm, instance) = machine(strategy, RANGES, Metering::Fuel);
            vm.set_slice(slice);
            for &(name, operands, cost) in STEPS {
                let instructions = match operands.len() {
                    1 if name == "grow table" => 3,
                    1 => 2,
                    _ => 4,
                };
                vm.set_fuel(Some(1 << 40)).expect("fuel");
                vm.call(instance, name, &values(operands)).expect("results");
                let used = (1 << 40) - vm.fuel().expect("a limit");
                assert_eq!(used, cost + instructions, "{name} {operands:?}");
            }
        });
    }
}

#[test]
fn a_range_out_of_bounds_traps_before_it_is_paid_for_or_begun() {
    for_each_strategy(|strategy| {
        let (mut vm, instance) = machine(strategy, RANGES, Metering::Fuel);
        let before = contents(&mut vm, instance);
        for (name, trap) in [
            ("fill", Trap::OutOfBoundsMemoryAccess),
            ("copy", Trap::OutOfBoundsMemoryAccess),
            ("init", Trap::OutOfBoundsMemoryAccess),
            ("fill table", Trap::OutOfBoundsTableAccess),
            ("copy table", Trap::OutOfBoundsTableAccess),
            ("init table", Trap::OutOfBoundsTableAccess),
        ] {
            vm.set_fuel(Some(4)).expect("fuel");
            let error = vm.call(instance, name, &values(&[1, 0, 1 << 20])).expect_err("a trap");
            assert_eq!(error.trap(), Some(trap), "{name}");
        }
        assert!(contents(&mut vm, instance) == before);
    });
}

#[test]
fn a_range_that_fuel_does_not_cover_stops_in_the_middle() {
    for_each_strategy(|strategy| {
        let (mut vm, instance) = machine(strategy, RANGES, Metering::Fuel);
        let filled = |vm: &Vm| {
            let memory = vm.exported_memory(instance, "memory").expect("a memory");
            vm.memory(memory)
                .expect("bytes")
                .iter()
                .filter(|&&byte| byte == 7)
                .count()
        };
        vm.set_fuel(Some(5000)).expect("fuel");
        let error = vm
            .call(instance, "fill", &values(&[0, 7, 300_000]))
            .expect_err("a trap");
        assert_eq!(error.trap(), Some(Trap::OutOfFuel));
        assert!(error.backtrace().is_some_and(|backtrace| !backtrace.frames.is_empty()));
        let done = filled(&vm);
        assert!(0 < done && done <= 5000 * 16, "{done} bytes");
        vm.set_out_of_fuel(OutOfFuel::Pause);
        assert!(vm.call(instance, "fill", &values(&[0, 7, 300_000])).is_err());
        vm.set_fuel(Some(30_000)).expect("fuel");
        vm.resume().expect("the rest");
        assert_eq!(filled(&vm), 300_000);
    });
}

/// The fuel that a call uses, and how often it lets others run when each slice is as small as can be.
fn used(strategy: Strategy, metering: Metering, text: &str) -> (u64, usize) {
    let (mut vm, instance) = machine(strategy, text, metering);
    vm.set_slice(0);
    if metering == Metering::Fuel {
        vm.set_fuel(Some(1 << 40)).expect("fuel");
    }
    let mut turns = 0;
    {
        let mut call = pin!(vm.call_async(instance, "run", &[]));
        let mut context = Context::from_waker(Waker::noop());
        while call.as_mut().poll(&mut context).is_pending() {
            turns += 1;
        }
    }
    ((1 << 40) - vm.fuel().unwrap_or(1 << 40), turns)
}

#[test]
fn clearing_thousands_of_locals_is_paid_for_by_each_call() {
    let program = |locals: usize| {
        format!(
            r#"(module (func $f (local{})) (func (export "run") (call $f) (call $f)))"#,
            " i64".repeat(locals)
        )
    };
    for_each_strategy(|strategy| {
        let cost = |locals| used(strategy, Metering::Fuel, &program(locals)).0;
        assert_eq!((cost(0), cost(16)), (2, 2));
        assert_eq!(cost(50_000), 2 + 2 * 24_992);
    });
}

#[test]
fn moving_a_thousand_values_is_paid_for_by_each_branch() {
    // A branch that leaves one value below those it carries, and is taken or not.
    let program = |taken: bool| {
        let results = " i32".repeat(516);
        format!(
            r#"(module (func (export "run")
                (block $b (result {results})
                    (i32.const 1) {} (br_if $b (i32.const {})) (unreachable))
                {}))"#,
            "(i32.const 2) ".repeat(516),
            i32::from(taken),
            "drop ".repeat(516),
        )
    };
    for_each_strategy(|strategy| {
        let (cost, _) = used(strategy, Metering::Fuel, &program(true));
        assert_eq!(cost, 517 + 2 + 250 + 516);
    });
}

#[test]
fn a_long_stretch_of_straight_code_is_left_every_few_thousand_instructions() {
    // A path past every second half of the code.
    let mut text = String::from(r#"(module (global $g (mut i32) (i32.const 0)) (func (export "run") "#);
    for _ in 0..40 {
        let work = "(global.set $g (i32.add (global.get $g) (i32.const 1))) ";
        let _ = write!(text, "{}", work.repeat(250));
        let _ = write!(text, "(if (i32.const 0) (then {})) ", work.repeat(780));
        let _ = write!(text, "(if (i32.const 1) (then) (else {})) ", work.repeat(780));
    }
    text.push_str("))");
    for_each_strategy(|strategy| {
        // A thousand instructions that run between two skipped halves of three thousand each.
        assert!(used(strategy, Metering::Interrupts, &text).1 >= 40);
        assert_eq!(used(strategy, Metering::Fuel, &text).0, 40 * (1000 + 4));
    });
}
