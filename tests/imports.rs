//! Host functions: how programs reach them, what they can do, and how they fail.

mod common;

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use common::{add, call_i32, error_of, for_each_strategy, module, start_with, trap_of, vm};
use wasm_dispatch::{Caller, ErrorKind, ExternRef, FuncType, Imports, MadeUp, Trap, ValType, Value};

#[test]
fn host_functions_take_none_to_eight_typed_parameters() {
    let mut imports = Imports::new();
    imports.func("h", "0", || 1i64);
    imports.func("h", "1", |a: i32| i64::from(a));
    imports.func("h", "2", |a: i32, b: i64| i64::from(a) - b);
    imports.func("h", "3", |a: i32, b: i64, c: f32| i64::from(a) - b + c as i64);
    imports.func("h", "4", |a: i32, b: i64, c: f32, d: f64| {
        i64::from(a) - b + (c as f64 * d) as i64
    });
    imports.func("h", "5", |a: u32, b: u64, c: f32, d: f64, e: i32| {
        i64::from(a) - b as i64 + (c as f64 * d) as i64 + i64::from(e)
    });
    imports.func("h", "6", |a: i32, b: i32, c: i32, d: i32, e: i32, f: i32| {
        i64::from(a - b + c - d + e - f)
    });
    imports.func("h", "7", |a: i32, b: i32, c: i32, d: i32, e: i32, f: i32, g: i32| {
        i64::from(a - b + c - d + e - f + g)
    });
    imports.func(
        "h",
        "8",
        |a: i64, b: i64, c: i64, d: i64, e: i64, f: i64, g: i64, h: i64| {
            ((((((a * 3 + b) * 3 + c) * 3 + d) * 3 + e) * 3 + f) * 3 + g) * 3 + h
        },
    );
    let mixed = "(i32.const 10) (i64.const 3) (f32.const 1.5) (f64.const 4)";
    let ints = |n: i32| (1..=n).map(|i| format!("(i32.const {})", i * i)).collect::<String>();
    let longs = (1..=8).map(|i| format!("(i64.const {i})")).collect::<String>();
    let text = format!(
        r#"(module
            (import "h" "0" (func $0 (result i64)))
            (import "h" "1" (func $1 (param i32) (result i64)))
            (import "h" "2" (func $2 (param i32 i64) (result i64)))
            (import "h" "3" (func $3 (param i32 i64 f32) (result i64)))
            (import "h" "4" (func $4 (param i32 i64 f32 f64) (result i64)))
            (import "h" "5" (func $5 (param i32 i64 f32 f64 i32) (result i64)))
            (import "h" "6" (func $6 (param i32 i32 i32 i32 i32 i32) (result i64)))
            (import "h" "7" (func $7 (param i32 i32 i32 i32 i32 i32 i32) (result i64)))
            (import "h" "8" (func $8 (param i64 i64 i64 i64 i64 i64 i64 i64) (result i64)))
            (func (export "all") (result i64 i64 i64 i64 i64 i64 i64 i64 i64)
                (call $0)
                (call $1 (i32.const -5))
                (call $2 (i32.const 10) (i64.const 3))
                (call $3 (i32.const 10) (i64.const 3) (f32.const 2.5))
                (call $4 {mixed})
                (call $5 {mixed} (i32.const 100))
                (call $6 {six})
                (call $7 {seven})
                (call $8 {longs})))"#,
        six = ints(6),
        seven = ints(7),
    );
    let eight = (1..=8).fold(0, |sum, i| sum * 3 + i);
    let wanted = [
        1,
        -5,
        7,
        9,
        13,
        113,
        1 - 4 + 9 - 16 + 25 - 36,
        1 - 4 + 9 - 16 + 25 - 36 + 49,
        eight,
    ];
    for_each_strategy(|strategy| {
        let (mut vm, instance) = start_with(strategy, &text, &imports);
        assert_eq!(vm.call(instance, "all", &[]).unwrap(), wanted.map(Value::I64));
    });
}

#[test]
fn host_functions_return_nothing_one_value_a_tuple_or_a_result() {
    let seen = Arc::new(AtomicI64::new(0));
    let mut imports = Imports::new();
    let sink = seen.clone();
    imports.func("h", "nothing", move |a: i64| sink.store(a, Ordering::Relaxed));
    imports.func("h", "one", || 1.5f64);
    imports.func("h", "tuple", |a: i32| (a, i64::from(a) * 2, a as f32 / 2.0));
    imports.func("h", "result", |a: i32| -> Result<(i32, i32), Trap> {
        Ok((a + 1, a + 2))
    });
    imports.func("h", "thing", |thing: Option<ExternRef>| {
        thing.map(|ExternRef(n)| ExternRef(n + 1))
    });
    for_each_strategy(|strategy| {
        let (mut vm, instance) = start_with(
            strategy,
            r#"(module
                (import "h" "nothing" (func $nothing (param i64)))
                (import "h" "one" (func $one (result f64)))
                (import "h" "tuple" (func $tuple (param i32) (result i32 i64 f32)))
                (import "h" "result" (func $result (param i32) (result i32 i32)))
                (import "h" "thing" (func $thing (param externref) (result externref)))
                (func (export "f") (param externref) (result f64 i32 i64 f32 i32 i32 externref)
                    (call $nothing (i64.const -77))
                    (call $one)
                    (call $tuple (i32.const 9))
                    (call $result (i32.const 20))
                    (call $thing (local.get 0))))"#,
            &imports,
        );
        let results = vm
            .call(instance, "f", &[Value::ExternRef(Some(ExternRef(41)))])
            .unwrap();
        let wanted = [
            Value::F64(1.5),
            Value::I32(9),
            Value::I64(18),
            Value::F32(4.5),
            Value::I32(21),
            Value::I32(22),
            Value::ExternRef(Some(ExternRef(42))),
        ];
        assert_eq!(results, wanted);
        assert_eq!(seen.swap(0, Ordering::Relaxed), -77);
    });
}

/// Imports that read and write the caller's memory.
fn memory_imports() -> Imports {
    let mut imports = Imports::new();
    imports.func(
        "h",
        "upper",
        |caller: &mut Caller<'_>, address: u32, len: u32| -> Result<i32, Trap> {
            let mut text = vec![0; len as usize];
            caller.read(address, &mut text)?;
            let changed = text.iter().filter(|byte| byte.is_ascii_lowercase()).count();
            text.make_ascii_uppercase();
            caller.write(address, &text)?;
            Ok(changed as i32)
        },
    );
    imports.func("h", "size", |caller: &mut Caller<'_>| {
        caller.memory(0).map_or(-1, |bytes| bytes.len() as i32)
    });
    imports
}

const MEMORY: &str = r#"(module
    (import "h" "upper" (func $upper (param i32 i32) (result i32)))
    (import "h" "size" (func $size (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 100) "Hello, host")
    (func (export "upper") (param i32 i32) (result i32 i32)
        (call $upper (local.get 0) (local.get 1))
        (i32.load8_u (i32.const 104)))
    (func (export "size") (result i32) (call $size))
    (func (export "grown_size") (result i32) (drop (memory.grow (i32.const 2))) (call $size))
    (export "host_size" (func $size)))"#;

#[test]
fn a_host_function_reads_and_writes_the_callers_memory() {
    for_each_strategy(|strategy| {
        let (mut vm, instance) = start_with(strategy, MEMORY, &memory_imports());
        let results = vm.call(instance, "upper", &[Value::I32(100), Value::I32(11)]).unwrap();
        assert_eq!(results, [Value::I32(8), Value::I32(i32::from(b'O'))]);
        let memory = vm.exported_memory(instance, "memory").unwrap();
        assert_eq!(vm.memory(memory).unwrap()[100..111], *b"HELLO, HOST");
        assert_eq!(call_i32(&mut vm, instance, "size"), 65536);
        assert_eq!(call_i32(&mut vm, instance, "grown_size"), 3 * 65536);
    });
}

#[test]
fn a_host_function_that_goes_past_the_end_of_memory_traps() {
    for_each_strategy(|strategy| {
        let (mut vm, instance) = start_with(strategy, MEMORY, &memory_imports());
        let mut upper =
            |address: u32, len: i32| vm.call(instance, "upper", &[Value::I32(address as i32), Value::I32(len)]);
        assert!(upper(65535, 1).is_ok());
        assert!(upper(65536, 0).is_ok());
        for (address, len) in [(65535, 2), (65536, 1), (65537, 0), (u32::MAX, 1), (u32::MAX, 200)] {
            assert_eq!(
                trap_of(upper(address, len)),
                Trap::OutOfBoundsMemoryAccess,
                "{address} {len}"
            );
        }
    });
}

#[test]
fn a_caller_has_the_memories_of_the_calling_instance_only() {
    for_each_strategy(|strategy| {
        let mut imports = memory_imports();
        let handles = Arc::new(Mutex::new(Vec::new()));
        let seen = handles.clone();
        imports.func("h", "look", move |caller: &mut Caller<'_>| {
            let second = caller.memory_mut(1).map(|bytes| bytes[7] += 1).is_some();
            seen.lock()
                .unwrap()
                .push((caller.memory_handle(0), caller.memory_handle(1), second));
        });
        let none = r#"(module
            (import "h" "look" (func $look)) (import "h" "size" (func $size (result i32)))
            (func (export "look") (call $look)) (func (export "size") (result i32) (call $size)))"#;
        let two = r#"(module
            (import "h" "look" (func $look))
            (memory (export "a") 1) (memory (export "b") 1)
            (func (export "look") (call $look)))"#;
        let (mut vm, none) = start_with(strategy, none, &imports);
        let two = add(&mut vm, two, &imports);
        vm.call(none, "look", &[]).unwrap();
        vm.call(two, "look", &[]).unwrap();
        assert_eq!(call_i32(&mut vm, none, "size"), -1);
        let a = vm.exported_memory(two, "a").unwrap();
        let b = vm.exported_memory(two, "b").unwrap();
        assert_eq!(
            *handles.lock().unwrap(),
            [(None, None, false), (Some(a), Some(b), true)]
        );
        assert_eq!(vm.memory(b).unwrap()[7], 1);
        assert_eq!(vm.memory(a).unwrap()[7], 0);
    });
}

#[derive(Debug, PartialEq)]
struct OutOfPaper(u32);

impl fmt::Display for OutOfPaper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} sheets missing", self.0)
    }
}

impl std::error::Error for OutOfPaper {}

#[test]
fn a_host_error_keeps_its_source_and_says_where_the_program_was() {
    let mut imports = Imports::new();
    imports.func("h", "print", |sheets: u32| -> Result<(), OutOfPaper> {
        if sheets > 10 {
            Err(OutOfPaper(sheets - 10))
        } else {
            Ok(())
        }
    });
    for_each_strategy(|strategy| {
        let (mut vm, instance) = start_with(
            strategy,
            r#"(module
                (import "h" "print" (func $print (param i32)))
                (func $inner (param i32) (call $print (local.get 0)))
                (func (export "outer") (param i32) (result i32) (call $inner (local.get 0)) (i32.const 1)))"#,
            &imports,
        );
        assert!(vm.call(instance, "outer", &[Value::I32(10)]).is_ok());
        let error = error_of(vm.call(instance, "outer", &[Value::I32(13)]));
        assert_eq!(error.trap(), None);
        let ErrorKind::Host { source, .. } = error.kind() else {
            panic!("another error: {error}");
        };
        assert_eq!(source.downcast_ref::<OutOfPaper>(), Some(&OutOfPaper(3)));
        let source = std::error::Error::source(&error).expect("a source");
        assert_eq!(source.downcast_ref::<OutOfPaper>(), Some(&OutOfPaper(3)));
        let frames = &error.backtrace().expect("a backtrace").frames;
        let names = frames
            .iter()
            .map(|frame| (frame.function, frame.name.as_deref()))
            .collect::<Vec<_>>();
        assert_eq!(names, [(1, Some("inner")), (2, Some("outer"))]);
        assert!(
            error
                .to_string()
                .starts_with("host function failed: 3 sheets missing\n  at function 1 <inner>")
        );
        // The machine goes on.
        assert_eq!(vm.call(instance, "outer", &[Value::I32(1)]).unwrap(), [Value::I32(1)]);
    });
}

#[test]
fn a_host_function_that_returns_a_trap_traps_the_program() {
    let mut imports = Imports::new();
    imports.func("h", "typed", |code: u32| -> Result<i32, Trap> {
        Err(Trap::from_code(code as u8).expect("a code"))
    });
    imports.func_dynamic("h", "dynamic", FuncType::default(), |_, _| {
        Err(Trap::IntegerOverflow.into())
    });
    for_each_strategy(|strategy| {
        let (mut vm, instance) = start_with(
            strategy,
            r#"(module
                (import "h" "typed" (func $typed (param i32) (result i32)))
                (import "h" "dynamic" (func $dynamic))
                (func (export "typed") (param i32) (result i32) (call $typed (local.get 0)))
                (func (export "dynamic") (call $dynamic)))"#,
            &imports,
        );
        for trap in Trap::ALL {
            let error = error_of(vm.call(instance, "typed", &[Value::I32(i32::from(trap.code()))]));
            assert_eq!(error.trap(), Some(trap));
            assert_eq!(error.backtrace().expect("a backtrace").frames.len(), 1);
        }
        assert_eq!(trap_of(vm.call(instance, "dynamic", &[])), Trap::IntegerOverflow);
    });
}

#[test]
fn dynamic_host_functions_see_and_give_values_of_their_type() {
    let ty = FuncType::new(
        [ValType::I32, ValType::F32, ValType::ExternRef],
        [ValType::ExternRef, ValType::F32, ValType::I32, ValType::I64],
    );
    let mut imports = Imports::new();
    imports.func_dynamic("h", "reverse", ty, |caller, arguments| {
        assert!(caller.memory(0).is_none());
        let mut results = arguments.iter().rev().copied().collect::<Vec<_>>();
        results.push(Value::I64(arguments.len() as i64));
        Ok(results)
    });
    for_each_strategy(|strategy| {
        let (mut vm, instance) = start_with(
            strategy,
            r#"(module
                (import "h" "reverse" (func $f (param i32 f32 externref) (result externref f32 i32 i64)))
                (func (export "f") (param externref) (result externref f32 i32 i64)
                    (call $f (i32.const -3) (f32.const 0.25) (local.get 0))))"#,
            &imports,
        );
        let thing = Value::ExternRef(Some(ExternRef(5)));
        let results = vm.call(instance, "f", &[thing]).unwrap();
        assert_eq!(results, [thing, Value::F32(0.25), Value::I32(-3), Value::I64(3)]);
    });
}

#[test]
fn a_dynamic_host_function_with_wrong_results_is_an_error() {
    let wrong: [&[Value]; 4] = [
        &[],
        &[Value::I64(1)],
        &[Value::I32(1), Value::I32(1)],
        &[Value::FuncRef(None)],
    ];
    for results in wrong {
        let mut imports = Imports::new();
        let ty = FuncType::new([], [ValType::I32]);
        imports.func_dynamic("h", "f", ty, move |_, _| Ok(results.to_vec()));
        for_each_strategy(|strategy| {
            let text = r#"(module (import "h" "f" (func $f (result i32))) (func (export "f") (result i32) (call $f)))"#;
            let (mut vm, instance) = start_with(strategy, text, &imports);
            let error = error_of(vm.call(instance, "f", &[]));
            assert!(matches!(error.kind(), ErrorKind::Host { .. }), "{error}");
            assert!(
                error
                    .to_string()
                    .contains("a host function of type () -> (i32) returned"),
                "{error}"
            );
        });
    }
}

const EVERY_WAY: &str = r#"(module
    (import "h" "note" (func $note (param i32) (result i32)))
    (memory 1)
    (data (i32.const 0) "\63")
    (table funcref (elem $note))
    (func (export "direct") (result i32) (i32.add (i32.const 1) (call $note (i32.const 10))))
    (func (export "table") (result i32)
        (i32.add (i32.const 1) (call_indirect (param i32) (result i32) (i32.const 11) (i32.const 0))))
    (func (export "tail") (result i32) (return_call $note (i32.const 12)))
    (func (export "tail_table") (result i32)
        (return_call_indirect (param i32) (result i32) (i32.const 13) (i32.const 0)))
    (func $tail_inner (param i32 i32 i32) (result i32) (return_call $note (local.get 2)))
    (func (export "tail_below") (result i32)
        (i32.add (i32.const 1) (call $tail_inner (i32.const 1) (i32.const 2) (i32.const 14))))
    (export "again" (func $note)))"#;

/// Adds one to the argument and notes it with the first byte of the caller's memory, or -1 without one.
fn noting(imports: &mut Imports) -> Arc<Mutex<Vec<(i32, i32)>>> {
    let notes = Arc::new(Mutex::new(Vec::new()));
    let seen = notes.clone();
    imports.func("h", "note", move |caller: &mut Caller<'_>, value: i32| {
        let byte = caller.memory(0).map_or(-1, |bytes| i32::from(bytes[0]));
        seen.lock().unwrap().push((value, byte));
        value + 1
    });
    notes
}

#[test]
fn a_host_function_is_reached_every_way_a_function_can_be() {
    for_each_strategy(|strategy| {
        let mut imports = Imports::new();
        let notes = noting(&mut imports);
        let (mut vm, instance) = start_with(strategy, EVERY_WAY, &imports);
        for (export, wanted) in [
            ("direct", 12),
            ("table", 13),
            ("tail", 13),
            ("tail_table", 14),
            ("tail_below", 16),
        ] {
            assert_eq!(call_i32(&mut vm, instance, export), wanted, "{export}");
        }
        let byte = i32::from(b'c');
        let wanted = [(10, byte), (11, byte), (12, byte), (13, byte), (14, byte)];
        assert_eq!(std::mem::take(&mut *notes.lock().unwrap()), wanted);

        // A tail call replaces the frame, but the caller is still the instance that made the call, not the one below.
        let mut imports = Imports::new();
        imports.define("first", "tail", vm.exported_func(instance, "tail").unwrap());
        let text = r#"(module (import "first" "tail" (func $tail (result i32)))
            (memory 1) (data (i32.const 0) "\07")
            (func (export "f") (result i32)
                (i32.add (i32.mul (call $tail) (i32.const 100)) (i32.load8_u (i32.const 0)))))"#;
        let second = add(&mut vm, text, &imports);
        assert_eq!(call_i32(&mut vm, second, "f"), 1307);
        assert_eq!(*notes.lock().unwrap(), [(12, byte)]);
    });
}

#[test]
fn a_host_function_that_is_exported_again_can_be_called_by_the_host() {
    for_each_strategy(|strategy| {
        let mut imports = Imports::new();
        let notes = noting(&mut imports);
        let (mut vm, instance) = start_with(strategy, EVERY_WAY, &imports);
        assert_eq!(call_i32(&mut vm, instance, "direct"), 12);
        assert_eq!(vm.call(instance, "again", &[Value::I32(30)]).unwrap(), [Value::I32(31)]);
        let again = vm.typed_func::<i32, i32>(instance, "again").unwrap();
        assert_eq!(vm.call_typed(again, 40).unwrap(), 41);
        // The host is the caller here, and has no memory.
        assert_eq!(notes.lock().unwrap()[1..], [(30, -1), (40, -1)]);
        // Given on to another module, it is that module's host function.
        let mut onward = Imports::new();
        onward.define("other", "again", vm.exported_func(instance, "again").unwrap());
        let text = r#"(module (import "other" "again" (func $f (param i32) (result i32)))
            (memory 1) (data (i32.const 0) "\07")
            (func (export "f") (result i32) (call $f (i32.const 50))))"#;
        let other = add(&mut vm, text, &onward);
        assert_eq!(call_i32(&mut vm, other, "f"), 51);
        assert_eq!(notes.lock().unwrap()[3], (50, 7));
    });
}

#[test]
fn a_host_function_can_be_the_start_function() {
    for_each_strategy(|strategy| {
        let mut imports = Imports::new();
        let count = Arc::new(AtomicI64::new(0));
        let counter = count.clone();
        imports.func("h", "start", move || {
            counter.fetch_add(1, Ordering::Relaxed);
        });
        start_with(
            strategy,
            r#"(module (import "h" "start" (func $start)) (start $start))"#,
            &imports,
        );
        assert_eq!(count.load(Ordering::Relaxed), 1);
        let mut imports = Imports::new();
        imports.func("h", "start", || -> Result<(), OutOfPaper> { Err(OutOfPaper(1)) });
        let module = module(r#"(module (import "h" "start" (func $start)) (start $start))"#);
        let error = error_of(vm(strategy).instantiate(&module, &imports));
        assert!(matches!(error.kind(), ErrorKind::Host { .. }), "{error}");
    });
}

#[test]
fn a_host_call_deep_in_a_recursion_comes_back_to_every_frame() {
    let mut imports = Imports::new();
    imports.func("h", "id", |a: i64| a);
    for_each_strategy(|strategy| {
        let (mut vm, instance) = start_with(
            strategy,
            r#"(module
                (import "h" "id" (func $id (param i64) (result i64)))
                (func $sum (export "sum") (param $n i64) (result i64)
                    (if (i64.eqz (local.get $n)) (then (return (i64.const 0))))
                    (i64.add
                        (i64.add (call $id (local.get $n)) (call $sum (i64.sub (local.get $n) (i64.const 1))))
                        (call $id (i64.const 1)))))"#,
            &imports,
        );
        for n in [1, 2, 10_000] {
            let results = vm.call(instance, "sum", &[Value::I64(n)]).unwrap();
            assert_eq!(results, [Value::I64(n * (n + 1) / 2 + n)]);
        }
    });
}

#[test]
fn what_nobody_defines_can_be_made_up() {
    let module = module(
        r#"(module
            (import "env" "log" (func $log (param i32)))
            (import "env" "ten" (func $ten (result i32)))
            (import "env" "memory" (memory 1))
            (import "env" "table" (table 2 funcref))
            (import "env" "count" (global $count (mut i64)))
            (import "env" "vector" (global $vector v128))
            (func (export "sum") (result i32)
                (i32.add (i32.add (call $ten) (i32.load (i32.const 65532)))
                    (i32.add (i32.wrap_i64 (global.get $count)) (i32x4.extract_lane 3 (global.get $vector)))))
            (func (export "say") (call $log (i32.const 1)))
            (func (export "through") (call_indirect (i32.const 1))))"#,
    );
    for_each_strategy(|strategy| {
        let mut vm = vm(strategy);
        let mut imports = Imports::new();
        imports.func("env", "ten", || 10);
        imports.make_up(&module, &mut vm).unwrap();
        let instance = vm.instantiate(&module, &imports).unwrap();
        assert_eq!(vm.call(instance, "sum", &[]).unwrap(), [Value::I32(10)]);
        assert_eq!(trap_of(vm.call(instance, "through", &[])), Trap::UninitializedElement);
        let error = error_of(vm.call(instance, "say", &[]));
        let ErrorKind::Host { source, .. } = error.kind() else {
            panic!("{error}");
        };
        let made_up: &MadeUp = source.downcast_ref().unwrap();
        assert_eq!((&*made_up.module, &*made_up.name), ("env", "log"));
        assert!(error.to_string().contains("'log' of 'env' is made up"), "{error}");
    });
}
