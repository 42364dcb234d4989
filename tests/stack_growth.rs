//! No strategy grows the native stack, however long a program runs: everything here runs in threads of 256 KiB.

mod common;

use common::{for_each_strategy_on_a_small_stack, module};
use wasm_dispatch::{Imports, Value, Vm};

/// Runs export "f" with one argument under every strategy on a small stack.
fn runs(text: &str, argument: i32, wanted: i32) {
    let module = module(text);
    for_each_strategy_on_a_small_stack(|strategy| {
        let mut imports = Imports::new();
        imports.func("h", "id", |a: i32| a);
        let mut vm: Vm = common::vm(strategy);
        let instance = vm.instantiate(&module, &imports).unwrap();
        let result = vm.call(instance, "f", &[Value::I32(argument)]).unwrap();
        assert_eq!(result, [Value::I32(wanted)]);
    });
}

#[test]
fn ten_million_dispatches_around_a_loop() {
    // Seven statements and a branch per round, none of which can be folded away: eight dispatches at the least.
    runs(
        r#"(module (memory 1) (func (export "f") (param $n i32) (result i32) (local $sum i32)
            (loop $next
                (i32.store (i32.const 0) (local.get $sum))
                (local.set $sum (i32.add (i32.load (i32.const 0)) (local.get $n)))
                (i32.store (i32.const 4) (local.get $sum))
                (local.set $sum (i32.xor (i32.load (i32.const 4)) (i32.const 21)))
                (i32.store (i32.const 8) (local.get $sum))
                (local.set $sum (i32.xor (i32.load (i32.const 8)) (i32.const 21)))
                (local.set $n (i32.sub (local.get $n) (i32.const 1)))
                (br_if $next (local.get $n)))
            (local.get $sum)))"#,
        1_500_000,
        1_125_000_750_000i64 as i32,
    );
}

#[test]
fn loops_within_loops_and_switches() {
    runs(
        r#"(module (func (export "f") (param $n i32) (result i32) (local $i i32) (local $sum i32)
            (loop $outer
                (local.set $i (i32.const 100))
                (loop $inner
                    (block $done (block $two (block $one (block $zero
                        (br_table $zero $one $two (i32.rem_u (local.get $i) (i32.const 3))))
                        (local.set $sum (i32.add (local.get $sum) (i32.const 1))) (br $done))
                        (local.set $sum (i32.add (local.get $sum) (i32.const 2))) (br $done))
                        (local.set $sum (i32.add (local.get $sum) (i32.const 3))))
                    (local.set $i (i32.sub (local.get $i) (i32.const 1)))
                    (br_if $inner (local.get $i)))
                (local.set $n (i32.sub (local.get $n) (i32.const 1)))
                (br_if $outer (local.get $n)))
            (local.get $sum)))"#,
        2000,
        // Of 1 to 100, 33 are divisible by three, 34 leave one, 33 leave two.
        2000 * (33 + 34 * 2 + 33 * 3),
    );
}

#[test]
fn a_million_calls_returns_and_tail_calls() {
    runs(
        r#"(module
            (table funcref (elem $inc))
            (func $inc (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
            (func $tail (param i32 i32) (result i32)
                (if (i32.eqz (local.get 0)) (then (return (local.get 1))))
                (return_call $tail (i32.sub (local.get 0) (i32.const 1)) (call $inc (local.get 1))))
            (func (export "f") (param $n i32) (result i32) (local $i i32) (local $sum i32)
                (local.set $i (local.get $n))
                (loop $next
                    (local.set $sum (call $inc (local.get $sum)))
                    (local.set $sum (call_indirect (param i32) (result i32) (local.get $sum) (i32.const 0)))
                    (local.set $i (i32.sub (local.get $i) (i32.const 1)))
                    (br_if $next (local.get $i)))
                (return_call $tail (local.get $n) (local.get $sum))))"#,
        300_000,
        900_000,
    );
}

#[test]
fn a_hundred_thousand_host_calls() {
    runs(
        r#"(module
            (import "h" "id" (func $id (param i32) (result i32)))
            (func (export "f") (param $n i32) (result i32) (local $sum i32)
                (loop $next
                    (local.set $sum (i32.add (local.get $sum) (call $id (i32.const 3))))
                    (local.set $n (i32.sub (local.get $n) (i32.const 1)))
                    (br_if $next (local.get $n)))
                (local.get $sum)))"#,
        100_000,
        300_000,
    );
}

#[test]
fn a_very_long_straight_line() {
    let step = "(local.set 1 (i32.add (i32.mul (local.get 1) (local.get 0)) (i32.const 1)))
        (i32.store (i32.const 0) (local.get 1))";
    runs(
        &format!(
            r#"(module (memory 1) (func (export "f") (param i32) (result i32) (local i32) {} (local.get 1)))"#,
            step.repeat(30_000),
        ),
        1,
        30_000,
    );
}

#[test]
fn a_very_long_chain_of_blocks() {
    let step = "(block (br_if 0 (local.get 1)) (local.set 2 (i32.add (local.get 2) (i32.const 1))))
        (if (local.get 0) (then (local.set 2 (i32.add (local.get 2) (i32.const 1)))) (else (nop)))";
    runs(
        &format!(
            r#"(module (func (export "f") (param i32) (result i32) (local i32 i32) {} (local.get 2)))"#,
            step.repeat(10_000),
        ),
        1,
        20_000,
    );
}
