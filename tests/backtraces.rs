//! Backtraces: every active function, by index and name, and the byte offset it is at.

mod common;

use common::{backtrace, error_of, for_each_strategy, offset_of, offset_where, start_with, wasm};
use wasm_dispatch::{Error, Imports, Instance, Strategy, Value, Vm};
use wasmparser::Operator;

type FrameText = (u32, Option<&'static str>, u32);

#[track_caller]
fn assert_frames(error: &Error, wanted: &[FrameText]) {
    let frames = &backtrace(error).frames;
    let found = frames
        .iter()
        .map(|frame| (frame.function, frame.name.as_deref(), frame.offset));
    assert_eq!(found.collect::<Vec<_>>(), wanted);
    assert_eq!(backtrace(error).omitted, 0);
}

/// The nth call to a function of this index.
fn call_of(bytes: &[u8], function: u32, nth: usize) -> u32 {
    offset_where(
        bytes,
        nth,
        |operator| matches!(operator, Operator::Call { function_index } if *function_index == function),
    )
}

#[test]
fn a_backtrace_names_every_active_function_and_where_it_is() {
    let text = r#"(module
        (import "h" "id" (func $id (param i32) (result i32)))
        (table funcref (elem 3))
        (func (export "outer") (param i32) (result i32)
            (drop (call $middle (i32.const 1)))
            (i32.add (call $middle (local.get 0)) (i32.const 1)))
        (func $middle (param i32) (result i32)
            (drop (call $id (i32.const 5)))
            (i32.mul (call_indirect (param i32) (result i32) (local.get 0) (i32.const 0)) (i32.const 2)))
        (func (param i32) (result i32)
            (i32.add (call $inner (local.get 0)) (call $id (i32.const 3))))
        (func $inner (export "other name") (param i32) (result i32)
            (loop (drop (call $id (i32.const 1))))
            (i32.div_u (i32.const 10) (local.get 0))))"#;
    let bytes = wasm(text);
    let mut imports = Imports::new();
    imports.func("h", "id", |a: i32| a);
    let wanted = [
        // The name section comes first, then exports; a function may have neither.
        (4, Some("inner"), offset_of(&bytes, "I32DivU", 0)),
        (3, None, call_of(&bytes, 4, 0)),
        (2, Some("middle"), offset_of(&bytes, "CallIndirect", 0)),
        (1, Some("outer"), call_of(&bytes, 2, 1)),
    ];
    for_each_strategy(|strategy| {
        let (mut vm, instance) = start_with(strategy, text, &imports);
        let error = error_of(vm.call(instance, "outer", &[Value::I32(0)]));
        assert_frames(&error, &wanted);
        let lines = wanted.map(|(function, name, offset)| match name {
            Some(name) => format!("\n  at function {function} <{name}>, byte {offset:#x}"),
            None => format!("\n  at function {function}, byte {offset:#x}"),
        });
        assert_eq!(
            error.to_string(),
            format!("trap: integer divide by zero{}", lines.concat())
        );
    });
}

#[test]
fn a_function_that_made_a_tail_call_is_not_in_the_backtrace() {
    let text = r#"(module
        (table funcref (elem $last))
        (func (export "f") (result i32) (i32.add (call $first (i32.const 50)) (i32.const 1)))
        (func $first (param i32) (result i32)
            (if (local.get 0) (then (return_call $first (i32.sub (local.get 0) (i32.const 1)))))
            (return_call $second (i64.const 7) (i32.const 8)))
        (func $second (param i64 i32) (result i32)
            (return_call_indirect (param i32) (result i32) (local.get 1) (i32.const 0)))
        (func $last (param i32) (result i32) (local i32) unreachable))"#;
    let bytes = wasm(text);
    let wanted = [
        (3, Some("last"), offset_of(&bytes, "Unreachable", 0)),
        (0, Some("f"), call_of(&bytes, 1, 0)),
    ];
    for_each_strategy(|strategy| {
        let (mut vm, instance) = start_with(strategy, text, &Imports::new());
        assert_frames(&error_of(vm.call(instance, "f", &[])), &wanted);
    });
}

#[test]
fn a_trap_in_the_start_function_has_a_backtrace() {
    let text = "(module (start $start) (func $start (call $go)) (func $go nop unreachable))";
    let bytes = wasm(text);
    let wanted = [
        (1, Some("go"), offset_of(&bytes, "Unreachable", 0)),
        (0, Some("start"), call_of(&bytes, 1, 0)),
    ];
    for_each_strategy(|strategy| {
        let error = error_of(common::vm(strategy).instantiate(&common::module(text), &Imports::new()));
        assert_frames(&error, &wanted);
    });
}

const RECURSION: &str = r#"(module
    (func (export "f") (param i32) (result i32) (call $down (local.get 0)))
    (func $down (param i32) (result i32)
        (if (i32.eqz (local.get 0)) (then (return (call $end))))
        (i32.add (i32.const 1) (call $down (i32.sub (local.get 0) (i32.const 1)))))
    (func $end (result i32) unreachable))"#;

fn dive(strategy: Strategy, depth: i32) -> (Error, Vm, Instance) {
    let (mut vm, instance) = start_with(strategy, RECURSION, &Imports::new());
    let error = error_of(vm.call(instance, "f", &[Value::I32(depth)]));
    (error, vm, instance)
}

#[test]
fn a_long_backtrace_keeps_both_ends_and_counts_the_rest() {
    for_each_strategy(|strategy| {
        for depth in [29, 30, 31, 1000, 20_000] {
            let (error, ..) = dive(strategy, depth);
            let trace = backtrace(&error);
            // The export, depth + 1 times the recursive function, and the one that traps.
            let all = depth as usize + 3;
            assert_eq!(trace.frames.len(), all.min(32), "{depth}");
            assert_eq!(trace.omitted, all - all.min(32), "{depth}");
            let names = trace
                .frames
                .iter()
                .map(|frame| frame.name.as_deref().unwrap_or(""))
                .collect::<Vec<_>>();
            assert_eq!(names.first(), Some(&"end"));
            assert_eq!(names.last(), Some(&"f"));
            assert!(names[1..names.len() - 1].iter().all(|name| *name == "down"));
            let text = error.to_string();
            assert_eq!(text.contains("frames left out"), all > 32);
            if depth == 1000 {
                let lines = text.lines().collect::<Vec<_>>();
                assert_eq!(lines[17], "  ... 971 frames left out");
                assert_eq!(lines.len(), 1 + 16 + 1 + 16);
            }
        }
    });
}

#[test]
fn backtraces_are_the_same_under_all_strategies() {
    for depth in [0, 3, 500] {
        let (reference, ..) = dive(Strategy::default(), depth);
        for_each_strategy(|strategy| assert_eq!(backtrace(&dive(strategy, depth).0), backtrace(&reference)));
    }
}
