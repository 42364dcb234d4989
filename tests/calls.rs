//! Calls from the host: arguments, results, errors, and the start function.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use common::{add, error_of, for_each_strategy, module, start, start_with, trap_of, vm};
use wasm_dispatch::{ErrorKind, Extern, ExternRef, Func, FuncType, Imports, Strategy, Trap, ValType, Value, Vm};

const ARITHMETIC: &str = r#"(module
    (memory (export "memory") 1)
    (table (export "table") 1 funcref)
    (global (export "global") i32 (i32.const 1))
    (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
    (func (export "divide") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
    (func (export "nothing"))
    (func (export "swap") (param i32 i64 f32 f64) (result f64 f32 i64 i32)
        (local.get 3) (local.get 2) (local.get 1) (local.get 0)))"#;

#[test]
fn a_dynamic_call_takes_and_gives_values() {
    for_each_strategy(|strategy| {
        let (mut vm, instance) = start(strategy, ARITHMETIC);
        let sum = vm
            .call(instance, "add", &[Value::I32(i32::MAX), Value::I32(1)])
            .unwrap();
        assert_eq!(sum, [Value::I32(i32::MIN)]);
        assert_eq!(vm.call(instance, "nothing", &[]).unwrap(), []);
    });
}

#[test]
fn several_results_come_back_in_order() {
    for_each_strategy(|strategy| {
        let (mut vm, instance) = start(strategy, ARITHMETIC);
        let arguments = [Value::I32(1), Value::I64(2), Value::F32(3.0), Value::F64(4.0)];
        let mut swapped = vm.call(instance, "swap", &arguments).unwrap();
        swapped.reverse();
        assert_eq!(swapped, arguments);
        let swap = vm
            .typed_func::<(i32, i64, f32, f64), (f64, f32, i64, i32)>(instance, "swap")
            .unwrap();
        assert_eq!(vm.call_typed(swap, (-1, -2, -3.0, -4.0)).unwrap(), (-4.0, -3.0, -2, -1));
    });
}

#[test]
fn several_results_and_block_parameters_pass_between_functions() {
    for_each_strategy(|strategy| {
        let (mut vm, instance) = start(
            strategy,
            r#"(module
                (func $three (param i32) (result i32 i32 i32)
                    (local.get 0)
                    (i32.add (local.get 0) (i32.const 1))
                    (i32.add (local.get 0) (i32.const 2)))
                (func (export "mix") (param i32) (result i32 i32)
                    (i32.const 1000)
                    (call $three (local.get 0))
                    (block (param i32 i32 i32) (result i32 i32)
                        i32.mul
                        (br_if 0 (local.get 0))
                        i32.sub
                        i32.const 7)
                    i32.add
                    i32.add
                    local.get 0))"#,
        );
        let mut mix = |n| vm.call(instance, "mix", &[Value::I32(n)]).unwrap();
        assert_eq!(mix(5), [Value::I32(1000 + 5 + 6 * 7), Value::I32(5)]);
        assert_eq!(mix(0), [Value::I32(1000 + (0 - 2) + 7), Value::I32(0)]);
    });
}

#[test]
fn as_many_parameters_and_results_as_validation_allows() {
    let many = 1000;
    let types = "i64 ".repeat(many);
    let push = (0..many).rev().map(|n| format!("local.get {n} ")).collect::<String>();
    let text = format!(r#"(module (func (export "reverse") (param {types}) (result {types}) {push}))"#);
    for_each_strategy(|strategy| {
        let (mut vm, instance) = start(strategy, &text);
        let arguments = (0..many as i64).map(Value::I64).collect::<Vec<_>>();
        let mut results = vm.call(instance, "reverse", &arguments).unwrap();
        results.reverse();
        assert_eq!(results, arguments);
    });
}

#[test]
fn unsigned_integers_are_views_of_the_same_types() {
    for_each_strategy(|strategy| {
        let (mut vm, instance) = start(strategy, ARITHMETIC);
        let add = vm.typed_func::<(u32, u32), u32>(instance, "add").unwrap();
        assert_eq!(vm.call_typed(add, (u32::MAX, 2)).unwrap(), 1);
        assert_eq!(vm.call_typed(add, (1 << 31, 0)).unwrap(), 1 << 31);
    });
}

#[test]
fn wrong_arguments_are_a_signature_error_and_nothing_runs() {
    for_each_strategy(|strategy| {
        let (mut vm, instance) = start(
            strategy,
            r#"(module
                (global $ran (export "ran") (mut i32) (i32.const 0))
                (func (export "f") (param i32 i64) (result i32)
                    (global.set $ran (i32.const 1)) (i32.const 1)))"#,
        );
        let wrong: [&[Value]; 5] = [
            &[],
            &[Value::I32(1)],
            &[Value::I32(1), Value::I32(1)],
            &[Value::I64(1), Value::I32(1)],
            &[Value::I32(1), Value::I64(1), Value::I32(1)],
        ];
        for arguments in wrong {
            let error = error_of(vm.call(instance, "f", arguments));
            assert!(matches!(error.kind(), ErrorKind::Signature { .. }), "{error}");
        }
        let error = error_of(vm.call(instance, "f", &[Value::F32(1.0)]));
        let text = "a function of type (i32, i64) -> (i32) was called as (f32) -> (i32)";
        assert_eq!(error.to_string(), text);
        let ran = vm.exported_global(instance, "ran").unwrap();
        assert_eq!(vm.global(ran).unwrap(), Value::I32(0));
    });
}

#[test]
fn a_typed_function_needs_exactly_the_exports_type() {
    let (vm, instance) = start(Strategy::default(), ARITHMETIC);
    let is_signature = |error: wasm_dispatch::Error| matches!(error.kind(), ErrorKind::Signature { .. });
    assert!(is_signature(error_of(vm.typed_func::<(i32, i32), ()>(instance, "add"))));
    assert!(is_signature(error_of(vm.typed_func::<i32, i32>(instance, "add"))));
    assert!(is_signature(error_of(
        vm.typed_func::<(i32, f32), i32>(instance, "add")
    )));
    assert!(is_signature(error_of(
        vm.typed_func::<(i32, i32), (i32, i32)>(instance, "add")
    )));
    assert!(vm.typed_func::<(i32, i32), i32>(instance, "add").is_ok());
}

#[test]
fn a_missing_export_is_an_error_that_names_it_and_its_kind() {
    let (mut vm, instance) = start(Strategy::default(), ARITHMETIC);
    assert_eq!(
        error_of(vm.call(instance, "sub", &[])).to_string(),
        r#"no function is exported as "sub""#
    );
    let wrong_kinds = [
        (error_of(vm.exported_func(instance, "memory")), "memory", "function"),
        (error_of(vm.exported_memory(instance, "add")), "add", "memory"),
        (error_of(vm.exported_table(instance, "global")), "global", "table"),
        (error_of(vm.exported_global(instance, "table")), "table", "global"),
        (error_of(vm.typed_func::<(), ()>(instance, "x")), "x", "function"),
    ];
    for (error, wanted_name, wanted_kind) in wrong_kinds {
        match error.kind() {
            ErrorKind::NoExport { name, kind } => assert_eq!((name.as_str(), *kind), (wanted_name, wanted_kind)),
            _ => panic!("another error: {error}"),
        }
    }
    assert_eq!(vm.export(instance, "sub").unwrap(), None);
}

#[test]
fn exports_are_listed_in_the_modules_order() {
    let (vm, instance) = start(Strategy::default(), ARITHMETIC);
    let names = vm
        .exports(instance)
        .unwrap()
        .into_iter()
        .map(|(name, _)| name)
        .collect::<Vec<_>>();
    assert_eq!(names, ["memory", "table", "global", "add", "divide", "nothing", "swap"]);
    let Some(Extern::Func(add)) = vm.export(instance, "add").unwrap() else {
        panic!("add is a function");
    };
    let wanted = FuncType::new([ValType::I32, ValType::I32], [ValType::I32]);
    assert_eq!(*vm.func_type(add).unwrap(), wanted);
}

#[test]
fn a_call_after_a_trap_works() {
    for_each_strategy(|strategy| {
        let (mut vm, instance) = start(
            strategy,
            r#"(module
                (memory 1)
                (global $depth (mut i32) (i32.const 0))
                (func $dive (export "dive") (param i32) (result i32)
                    (global.set $depth (local.get 0))
                    (i32.store (i32.const 0) (local.get 0))
                    (if (i32.eqz (local.get 0)) (then unreachable))
                    (i32.add (i32.const 1) (call $dive (i32.sub (local.get 0) (i32.const 1)))))
                (func (export "sum") (param i32) (result i32)
                    (i32.add (i32.add (global.get $depth) (i32.load (i32.const 0))) (local.get 0))))"#,
        );
        for _ in 0..3 {
            assert_eq!(
                trap_of(vm.call(instance, "dive", &[Value::I32(100)])),
                Trap::Unreachable
            );
            assert_eq!(vm.call(instance, "sum", &[Value::I32(5)]).unwrap(), [Value::I32(5)]);
        }
    });
}

#[test]
fn all_strategies_give_the_same_results_and_traps() {
    // A small program with something of everything, run with many arguments; the first strategy's outcome is the
    // reference.
    let module = module(
        r#"(module
            (memory 1)
            (table funcref (elem $even $odd $twice))
            (type $unary (func (param i32) (result i32)))
            (func $even (type $unary) (if (result i32) (i32.eqz (local.get 0))
                (then (i32.const 1)) (else (return_call $odd (i32.sub (local.get 0) (i32.const 1))))))
            (func $odd (type $unary) (if (result i32) (i32.eqz (local.get 0))
                (then (i32.const 0)) (else (return_call $even (i32.sub (local.get 0) (i32.const 1))))))
            (func $twice (type $unary) (i32.shl (local.get 0) (i32.const 1)))
            (func (export "f") (param i32) (result i32 i64 f64)
                (local $i i32) (local $sum i64) (local $float f64)
                (local.set $float (f64.const 0.1))
                (loop $next
                    (i32.store8 (local.get $i) (i32.mul (local.get $i) (i32.const 37)))
                    (local.set $sum (i64.add (i64.rotl (local.get $sum) (i64.const 5))
                        (i64.load8_s (i32.shr_u (local.get $i) (i32.const 1)))))
                    (local.set $float (f64.mul (local.get $float) (f64.convert_i32_u (i32.clz (local.get $i)))))
                    (local.set $i (i32.add (local.get $i) (i32.const 1)))
                    (br_if $next (i32.lt_u (local.get $i) (i32.and (local.get 0) (i32.const 255)))))
                (i32.rem_s (i32.const 1000)
                    (call_indirect (type $unary) (local.get 0) (i32.rem_u (local.get 0) (i32.const 5))))
                (local.get $sum)
                (f64.sqrt (local.get $float))))"#,
    );
    let run = |strategy: Strategy| {
        let mut vm = vm(strategy);
        let instance = vm.instantiate(&module, &Imports::new()).unwrap();
        (0..600)
            .map(|n| match vm.call(instance, "f", &[Value::I32(n)]) {
                Ok(values) => format!("{values:?}"),
                Err(error) => error.to_string(),
            })
            .collect::<Vec<_>>()
    };
    let reference = run(Strategy::default());
    assert!(reference.iter().any(|outcome| outcome.contains("divide by zero")));
    assert!(reference.iter().any(|outcome| outcome.contains("undefined element")));
    assert!(reference.iter().filter(|outcome| outcome.contains("F64")).count() > 200);
    for_each_strategy(|strategy| assert_eq!(run(strategy), reference));
}

#[test]
fn the_start_function_runs_before_any_export() {
    for_each_strategy(|strategy| {
        let (mut vm, instance) = start(
            strategy,
            r#"(module
                (memory (export "memory") 1)
                (data (i32.const 0) "\05")
                (start $start)
                (func $start (i32.store (i32.const 0) (i32.mul (i32.load8_u (i32.const 0)) (i32.const 9))))
                (func (export "get") (result i32) (i32.load (i32.const 0))))"#,
        );
        assert_eq!(common::call_i32(&mut vm, instance, "get"), 45);
    });
}

#[test]
fn the_start_function_runs_once_per_instance() {
    for_each_strategy(|strategy| {
        let count = Arc::new(AtomicU32::new(0));
        let mut imports = Imports::new();
        let counter = count.clone();
        imports.func("host", "count", move || {
            counter.fetch_add(1, Ordering::Relaxed);
        });
        let text = r#"(module
            (import "host" "count" (func $count))
            (start $start)
            (func $start (call $count))
            (func (export "nothing")))"#;
        let (mut vm, first) = start_with(strategy, text, &imports);
        assert_eq!(count.load(Ordering::Relaxed), 1);
        add(&mut vm, text, &imports);
        assert_eq!(count.load(Ordering::Relaxed), 2);
        vm.call(first, "nothing", &[]).unwrap();
        assert_eq!(count.load(Ordering::Relaxed), 2);
    });
}

#[test]
fn a_trapping_start_function_fails_instantiation_and_the_machine_goes_on() {
    for_each_strategy(|strategy| {
        let (mut vm, good) = start(strategy, ARITHMETIC);
        let bad =
            module("(module (start $start) (func $start (local i32) (drop (i32.div_u (local.get 0) (local.get 0)))))");
        let trap = trap_of(vm.instantiate(&bad, &Imports::new()));
        assert_eq!(trap, Trap::IntegerDivideByZero);
        let sum = vm.call(good, "add", &[Value::I32(1), Value::I32(2)]).unwrap();
        assert_eq!(sum, [Value::I32(3)]);
        let later = add(&mut vm, ARITHMETIC, &Imports::new());
        let quotient = vm.call(later, "divide", &[Value::I32(7), Value::I32(2)]).unwrap();
        assert_eq!(quotient, [Value::I32(3)]);
    });
}

#[test]
fn nan_payloads_pass_through_unchanged() {
    for_each_strategy(|strategy| {
        let (mut vm, instance) = start(
            strategy,
            r#"(module
                (memory 1)
                (global $g32 (mut f32) (f32.const 0))
                (global $g64 (mut f64) (f64.const 0))
                (func $id32 (param f32) (result f32) (local.get 0))
                (func $id64 (param f64) (result f64) (local.get 0))
                (func (export "f32") (param f32) (result f32) (local f32)
                    (global.set $g32 (call $id32 (local.get 0)))
                    (f32.store (i32.const 8) (global.get $g32))
                    (local.tee 1 (select (f32.load (i32.const 8)) (f32.const 1) (i32.const 1))))
                (func (export "f64") (param f64) (result f64) (local f64)
                    (global.set $g64 (call $id64 (local.get 0)))
                    (f64.store (i32.const 8) (global.get $g64))
                    (local.tee 1 (select (f64.const 1) (f64.load (i32.const 8)) (i32.const 0))))
                (func (export "negated") (param f64) (result i64)
                    (i64.reinterpret_f64 (f64.neg (f64.copysign (local.get 0) (f64.const 1)))))
                (func (export "constant") (result f32) (f32.const nan:0x2abcde)))"#,
        );
        // Quiet and signalling, both signs, with payloads.
        for bits in [0x7fc0_0000u32, 0xffc0_0001, 0x7f80_0001, 0xffaa_5555, 0x8000_0000] {
            match vm.call(instance, "f32", &[Value::F32(f32::from_bits(bits))]).unwrap()[..] {
                [Value::F32(value)] => assert_eq!(value.to_bits(), bits),
                ref other => panic!("{other:?}"),
            }
        }
        let f64_export = vm.typed_func::<f64, f64>(instance, "f64").unwrap();
        let negated = vm.typed_func::<f64, u64>(instance, "negated").unwrap();
        for bits in [
            0x7ff8_0000_0000_0000u64,
            0xfff8_0000_dead_beef,
            0x7ff0_0000_0000_0001,
            0xfff5_5555_5555_5555,
        ] {
            let value = vm.call_typed(f64_export, f64::from_bits(bits)).unwrap();
            assert_eq!(value.to_bits(), bits);
            let value = vm.call_typed(negated, f64::from_bits(bits)).unwrap();
            assert_eq!(value, bits | 1 << 63);
        }
        let constant = vm.typed_func::<(), f32>(instance, "constant").unwrap();
        assert_eq!(vm.call_typed(constant, ()).unwrap().to_bits(), 0x7faa_bcde);
    });
}

const REFERENCES: &str = r#"(module
    (table $functions 4 funcref)
    (table $things 4 externref)
    (elem declare func $seven)
    (func $seven (export "seven") (result i32) (i32.const 7))
    (func (export "ref_seven") (result funcref) (ref.func $seven))
    (func (export "null") (result funcref) (ref.null func))
    (func (export "is_null") (param funcref) (result i32) (ref.is_null (local.get 0)))
    (func (export "call") (param funcref) (result i32)
        (table.set $functions (i32.const 2) (local.get 0))
        (call_indirect $functions (result i32) (i32.const 2)))
    (func (export "thing") (param externref) (result externref)
        (table.set $things (i32.const 1) (local.get 0))
        (table.get $things (i32.const 1))))"#;

#[test]
fn function_references_go_in_and_out() {
    for_each_strategy(|strategy| {
        let (mut vm, instance) = start(strategy, REFERENCES);
        let seven = vm.exported_func(instance, "seven").unwrap();
        let got = vm.call(instance, "ref_seven", &[]).unwrap();
        assert_eq!(got, [Value::FuncRef(Some(seven))]);
        assert_eq!(vm.call_func(seven, &[]).unwrap(), [Value::I32(7)]);
        assert_eq!(vm.call(instance, "call", &got).unwrap(), [Value::I32(7)]);
        assert_eq!(vm.call(instance, "is_null", &got).unwrap(), [Value::I32(0)]);
        let null = vm.call(instance, "null", &[]).unwrap();
        assert_eq!(null, [Value::FuncRef(None)]);
        assert_eq!(vm.call(instance, "is_null", &null).unwrap(), [Value::I32(1)]);
        assert_eq!(trap_of(vm.call(instance, "call", &null)), Trap::UninitializedElement);
        let is_null = vm.typed_func::<Option<Func>, i32>(instance, "is_null").unwrap();
        assert_eq!(vm.call_typed(is_null, Some(seven)).unwrap(), 0);
        assert_eq!(vm.call_typed(is_null, None).unwrap(), 1);
    });
}

#[test]
fn references_of_the_host_keep_their_number() {
    for_each_strategy(|strategy| {
        let (mut vm, instance) = start(strategy, REFERENCES);
        for thing in [
            None,
            Some(ExternRef(0)),
            Some(ExternRef(12345)),
            Some(ExternRef(u32::MAX)),
        ] {
            let value = Value::ExternRef(thing);
            assert_eq!(vm.call(instance, "thing", &[value]).unwrap(), [value]);
        }
        let error = error_of(vm.call(instance, "thing", &[Value::FuncRef(None)]));
        assert!(matches!(error.kind(), ErrorKind::Signature { .. }), "{error}");
    });
}

#[test]
fn a_function_that_calls_itself_in_tail_position_starts_over_with_locals_of_zero() {
    let text = r#"(module
        (func $count (export "count") (param $n i32) (param $sum i64) (result i64) (local $fresh i64) (local $float f64)
            (if (i32.eqz (local.get $n)) (then (return (local.get $sum))))
            (if (i64.ne (local.get $fresh) (i64.const 0)) (then unreachable))
            (if (f64.ne (local.get $float) (f64.const 0)) (then unreachable))
            (local.set $fresh (i64.const 7))
            (local.set $float (f64.const 1.5))
            (return_call $count
                (i32.sub (local.get $n) (i32.const 1))
                (i64.add (local.get $sum) (i64.extend_i32_u (local.get $n)))))
        (func $swap (export "swap") (param $a i32) (param $b i32) (param $times i32) (result i32 i32)
            (if (i32.eqz (local.get $times)) (then (return (local.get $a) (local.get $b))))
            (return_call $swap (local.get $b) (local.get $a) (i32.sub (local.get $times) (i32.const 1)))))"#;
    for_each_strategy(|strategy| {
        let (mut vm, instance) = common::start_with(strategy, text, &Imports::new());
        let results = vm
            .call(instance, "count", &[Value::I32(100_000), Value::I64(0)])
            .unwrap();
        assert_eq!(results, [Value::I64(100_000 * 100_001 / 2)]);
        let results = vm
            .call(instance, "swap", &[Value::I32(1), Value::I32(2), Value::I32(3)])
            .unwrap();
        assert_eq!(results, [Value::I32(2), Value::I32(1)]);
    });
}

#[test]
fn a_call_puts_its_results_in_the_places_given() {
    let text = r#"(module
        (func (export "all") (param i32 i64 f32 f64 v128 funcref externref)
            (result externref v128 f64 i64 i32 f32 funcref)
            (local.get 6) (local.get 4) (local.get 3) (local.get 1) (local.get 0) (local.get 2) (local.get 5))
        (func (export "none"))
        (func (export "trap") (result i32) unreachable))"#;
    for_each_strategy(|strategy| {
        let (mut vm, instance) = start(strategy, text);
        let func = |name: &str| vm.exported_func(instance, name).unwrap();
        let (all, none, trap) = (func("all"), func("none"), func("trap"));
        let arguments = [
            Value::I32(-1),
            Value::I64(i64::MIN),
            Value::F32(1.5),
            Value::F64(-2.5),
            Value::V128(u128::MAX - 7),
            Value::FuncRef(Some(none)),
            Value::ExternRef(Some(ExternRef(9))),
        ];
        let [a, b, c, d, e, f, g] = arguments;
        // What was in the places does not matter.
        let mut results = [Value::I32(5); 7];
        vm.call_into(all, &arguments, &mut results).unwrap();
        assert_eq!(results, [g, e, d, b, a, c, f]);
        vm.call_into(none, &[], &mut []).unwrap();

        let mut place = [Value::I64(77)];
        assert_eq!(trap_of(vm.call_into(trap, &[], &mut place)), Trap::Unreachable);
        for wrong in [
            error_of(vm.call_into(trap, &[], &mut [])),
            error_of(vm.call_into(none, &[], &mut place)),
            error_of(Vm::new().call_into(none, &[], &mut [])),
        ] {
            assert!(matches!(wrong.kind(), ErrorKind::Usage(_)), "{wrong}");
        }
        let wrong = error_of(vm.call_into(none, &[Value::I32(1)], &mut []));
        assert!(matches!(wrong.kind(), ErrorKind::Signature { .. }), "{wrong}");
        assert_eq!(place, [Value::I64(77)]);
    });
}
