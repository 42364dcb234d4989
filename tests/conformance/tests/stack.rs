//! No strategy uses the native stack for what a program does: all of this runs in 256 KiB, in every profile.

#![forbid(unsafe_code)]

use std::fmt::Write;
use std::thread;

use wasm_dispatch::{Error, ErrorKind, Imports, Limits, Module, Strategy, Trap, Value, Vm};

const SMALL_STACK: usize = 256 << 10;

/// Calls the export `run` in a thread with a small stack, on every strategy.
fn on_a_small_stack(module: &Module, arguments: &[Value], check: impl Fn(Strategy, Result<Vec<Value>, Error>)) {
    for &strategy in Strategy::ALL {
        let (module, arguments) = (module.clone(), arguments.to_vec());
        let run = move || {
            let mut vm = Vm::with(strategy, Limits::default());
            let instance = vm.instantiate(&module, &Imports::new())?;
            vm.call(instance, "run", &arguments)
        };
        let thread = thread::Builder::new().stack_size(SMALL_STACK).spawn(run);
        let result = thread.expect("a thread").join();
        check(strategy, result.unwrap_or_else(|_| panic!("{strategy} panicked")));
    }
}

/// Loads a module in a thread with a small stack, too.
fn load(text: &str) -> Module {
    let wasm = wat::parse_str(text).expect("the test's module is well-formed");
    load_binary(wasm)
}

fn load_binary(wasm: Vec<u8>) -> Module {
    let thread = thread::Builder::new().stack_size(SMALL_STACK);
    let loaded = thread.spawn(move || Module::new(&wasm)).expect("a thread").join();
    loaded
        .expect("loading does not panic")
        .expect("the test's module is valid")
}

fn returns(module: &Module, arguments: &[Value], expected: Value) {
    on_a_small_stack(module, arguments, |strategy, result| {
        assert_eq!(result.expect("no trap"), [expected], "{strategy}");
    });
}

fn exhausts(module: &Module, arguments: &[Value]) {
    on_a_small_stack(module, arguments, |strategy, result| {
        let trap = result.err().and_then(|error| error.trap());
        assert_eq!(trap, Some(Trap::CallStackExhausted), "{strategy}");
    });
}

#[test]
fn ten_million_iterations_leave_the_native_stack_alone() {
    let module = load(
        r#"(module (func (export "run") (param $n i32) (result i64) (local $sum i64)
            (loop $again
                (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u (local.get $n))))
                (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
            (local.get $sum)))"#,
    );
    let n: i64 = 10_000_000;
    returns(&module, &[Value::I32(n as i32)], Value::I64(n * (n + 1) / 2));
}

#[test]
fn ten_million_iterations_of_a_loop_with_many_blocks_leave_the_native_stack_alone() {
    let module = load(
        r#"(module (memory 1) (global $g (mut i32) (i32.const 0))
            (func (export "run") (param $n i32) (result i32) (local $x i32)
                (loop $again
                    (block $c (block $b (block $a
                        (br_table $a $b $c (i32.and (local.get $n) (i32.const 3))))
                        (local.set $x (i32.add (local.get $x) (i32.const 1)))
                        (br $c))
                        (i32.store (i32.const 8) (local.get $x)))
                    (if (i32.and (local.get $n) (i32.const 1))
                        (then (global.set $g (i32.load (i32.const 8))))
                        (else (local.set $x (i32.xor (local.get $x) (i32.const 2)))))
                    (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
                (i32.const 7)))"#,
    );
    returns(&module, &[Value::I32(2_000_000)], Value::I32(7));
}

#[test]
fn unbounded_recursion_traps() {
    exhausts(&load(r#"(module (func $f (export "run") (call $f)))"#), &[]);
}

#[test]
fn unbounded_recursion_with_pending_operands_traps() {
    let module = load(
        r#"(module (func $f (export "run") (param $n i64) (result i64)
            (i64.add (local.get $n) (i64.mul (i64.const 3) (call $f (i64.add (local.get $n) (i64.const 1)))))))"#,
    );
    exhausts(&module, &[Value::I64(0)]);
}

#[test]
fn unbounded_recursion_of_two_functions_through_a_table_traps() {
    let module = load(
        r#"(module (table funcref (elem $f $g)) (type $t (func (param i32) (result i32)))
            (func $f (export "run") (param i32) (result i32)
                (i32.add (i32.const 1) (call_indirect (type $t) (local.get 0) (i32.const 1))))
            (func $g (param i32) (result i32)
                (i32.sub (call_indirect (type $t) (local.get 0) (i32.const 0)) (i32.const 1))))"#,
    );
    exhausts(&module, &[Value::I32(0)]);
}

#[test]
fn frames_of_thousands_of_locals_exhaust_the_value_stack_with_a_trap() {
    let locals = "i64 ".repeat(5_000);
    exhausts(
        &load(&format!(
            r#"(module (func $f (export "run") (local {locals}) (call $f)))"#
        )),
        &[],
    );
}

#[test]
fn recursion_just_below_the_limit_returns() {
    let module = load(
        r#"(module (func $f (export "run") (param $n i32) (result i32)
            (if (result i32) (local.get $n)
                (then (i32.add (i32.const 1) (call $f (i32.sub (local.get $n) (i32.const 1)))))
                (else (i32.const 0)))))"#,
    );
    returns(&module, &[Value::I32(15_000)], Value::I32(15_000));
}

#[test]
fn a_million_tail_calls_of_all_kinds_take_no_stack() {
    let module = load(
        r#"(module (table funcref (elem $odd)) (type $t (func (param i32 i64) (result i64)))
            (func $even (export "run") (param i32 i64) (result i64)
                (if (i32.eqz (local.get 0)) (then (return (local.get 1))))
                (return_call_indirect (type $t)
                    (i32.sub (local.get 0) (i32.const 1)) (i64.add (local.get 1) (i64.const 2)) (i32.const 0)))
            (func $odd (param i32 i64) (result i64) (local i64 i64 i64)
                (if (i32.eqz (local.get 0)) (then (return (local.get 1))))
                (return_call $even
                    (i32.sub (local.get 0) (i32.const 1)) (i64.add (local.get 1) (i64.const 1)))))"#,
    );
    returns(&module, &[Value::I32(1_000_000), Value::I64(0)], Value::I64(1_500_000));
}

#[test]
fn a_million_calls_of_the_host_take_no_stack() {
    let module = load(
        r#"(module (import "host" "next" (func $next (param i32) (result i32)))
            (func (export "run") (param $n i32) (result i32)
                (loop $again (br_if $again (local.tee $n (call $next (local.get $n)))))
                (local.get $n)))"#,
    );
    for &strategy in Strategy::ALL {
        let module = module.clone();
        let run = move || {
            let mut vm = Vm::with(strategy, Limits::default());
            let mut imports = Imports::new();
            imports.func("host", "next", |n: i32| n - 1);
            let instance = vm.instantiate(&module, &imports)?;
            vm.call(instance, "run", &[Value::I32(1_000_000)])
        };
        let thread = thread::Builder::new().stack_size(SMALL_STACK).spawn(run);
        let result = thread.expect("a thread").join().expect("no panic");
        assert_eq!(result.expect("no trap"), [Value::I32(0)], "{strategy}");
    }
}

#[test]
fn a_straight_line_of_a_hundred_thousand_operators_runs() {
    let mut text = String::from("(module (memory 1) (func (export \"run\") (param i32) (result i32)\n");
    for number in 0..25_000 {
        let _ = writeln!(text, "local.get 0\ni32.const {number}\ni32.add\nlocal.set 0");
    }
    text.push_str("local.get 0))");
    returns(&load(&text), &[Value::I32(1)], Value::I32(1 + 24_999 * 25_000 / 2));
}

#[test]
fn a_straight_line_of_stores_and_calls_runs() {
    let mut text = String::from("(module (memory 1) (func $nop) (func (export \"run\") (param i32) (result i32)\n");
    for number in 0..10_000 {
        let _ = writeln!(text, "i32.const {}\nlocal.get 0\ni32.store\ncall $nop", number % 1_000);
    }
    text.push_str("i32.const 8\ni32.load))");
    returns(&load(&text), &[Value::I32(0)], Value::I32(0));
}

#[test]
fn ten_thousand_nested_additions_run_whichever_way_they_nest() {
    let count = 30_000;
    let left = "local.get 0\ni32.add\n".repeat(count);
    let text = format!("(module (func (export \"run\") (param i32) (result i32) local.get 0\n{left}))");
    returns(&load(&text), &[Value::I32(3)], Value::I32(3 * (count as i32 + 1)));
    let push = "local.get 0\n".repeat(count);
    let add = "i32.add\n".repeat(count);
    let text = format!("(module (func (export \"run\") (param i32) (result i32) local.get 0\n{push}{add}))");
    returns(&load(&text), &[Value::I32(3)], Value::I32(3 * (count as i32 + 1)));
}

#[test]
fn more_operands_than_a_frame_has_slots_are_refused_with_a_limit() {
    let push = "local.get 0\n".repeat(70_000);
    let add = "i32.add\n".repeat(69_999);
    let text = format!("(module (func (export \"run\") (param i32) (result i32) {push}{add}))");
    let wasm = wat::parse_str(text).expect("well-formed");
    let error = Module::new(&wasm).expect_err("too many operands");
    assert!(matches!(error.kind(), ErrorKind::Limit { .. }), "{error}");
}

#[test]
fn thousands_of_nested_blocks_run() {
    let count = 5_000;
    let mut text = String::from("(module (func (export \"run\") (param i32) (result i32)\n");
    for number in 0..count {
        let kind = ["block", "loop", "local.get 0\nif"][number % 3];
        let _ = writeln!(text, "{kind}");
    }
    text.push_str("local.get 0\ni32.const 1\ni32.add\nlocal.set 0\n");
    for _ in 0..count {
        text.push_str("end\n");
    }
    text.push_str("local.get 0))");
    returns(&load(&text), &[Value::I32(4)], Value::I32(5));
}

#[test]
fn thousands_of_nested_blocks_with_a_value_are_left_by_one_branch() {
    let count = 5_000;
    let flat = format!(
        "(module (func (export \"run\") (param i32) (result i32)\n{} local.get 0\nbr {}\n{}))",
        "block (result i32)\n".repeat(count),
        count - 1,
        "end\n".repeat(count)
    );
    returns(&load(&flat), &[Value::I32(9)], Value::I32(9));
}

#[test]
fn a_switch_with_ten_thousand_targets_runs() {
    let count = 2_000;
    let mut text = String::from("(module (func (export \"run\") (param i32) (result i32)\n");
    text.push_str(&"block\n".repeat(count));
    let targets: Vec<String> = (0..10_000).map(|number| (number % count).to_string()).collect();
    let _ = writeln!(text, "local.get 0\nbr_table {}", targets.join(" "));
    for number in 0..count {
        let _ = writeln!(text, "end\ni32.const {number}\nlocal.set 0");
    }
    text.push_str("local.get 0))");
    returns(&load(&text), &[Value::I32(1_999)], Value::I32(1_999));
}
