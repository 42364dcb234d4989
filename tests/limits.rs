//! Limits: at the limit everything works, beyond it there is a typed error, a trap or a -1.

mod common;

use common::{add, call_i32, error_of, for_each_strategy, for_each_strategy_on_a_small_stack, module, trap_of, wasm};
use wasm_dispatch::{
    AddressType, Error, ErrorKind, FuncType, HostFunction, Imports, Limits, Module, SizeLimits, TableType, Trap,
    ValType, Value, Vm,
};

fn limits() -> Limits {
    Limits::default()
}

/// What was limited, and to what.
#[track_caller]
fn limited(error: &Error) -> (&'static str, u64) {
    match error.kind() {
        ErrorKind::Limit { what, limit } => (what, *limit),
        _ => panic!("another error: {error}"),
    }
}

#[test]
fn an_error_is_one_pointer_wide() {
    assert_eq!(size_of::<Error>(), size_of::<usize>());
    assert_eq!(size_of::<Result<(), Error>>(), size_of::<usize>());
}

#[test]
fn modules_machines_and_errors_can_go_to_other_threads() {
    const fn is_send_and_sync<T: Send + Sync + 'static>() {}
    const {
        is_send_and_sync::<Module>();
        is_send_and_sync::<Vm>();
        is_send_and_sync::<Error>();
        is_send_and_sync::<Imports>();
        is_send_and_sync::<wasm_dispatch::TypedFunc<(i32, f32), i64>>();
    }
    for_each_strategy(|strategy| {
        let (mut vm, instance) = common::start(strategy, r#"(module (func (export "f") (result i32) (i32.const 3)))"#);
        let call = std::thread::spawn(move || call_i32(&mut vm, instance, "f"));
        assert_eq!(call.join().unwrap(), 3);
    });
}

#[test]
fn a_module_may_be_as_large_as_the_limit_and_no_larger() {
    let bytes = wasm(r#"(module (func (export "f") (result i32) (i32.const 1)))"#);
    assert!(
        Module::options()
            .limits(limits().module_size(bytes.len()))
            .compile(&bytes)
            .is_ok()
    );
    let error = error_of(
        Module::options()
            .limits(limits().module_size(bytes.len() - 1))
            .compile(&bytes),
    );
    assert_eq!(limited(&error), ("module size", bytes.len() as u64 - 1));
    assert!(error.to_string().starts_with("module size beyond the limit of"));
}

#[test]
fn a_module_may_have_as_many_functions_as_the_limit_imported_ones_included() {
    for (text, functions) in [
        ("(module (func) (func) (func))", 3),
        (r#"(module (import "m" "a" (func)) (import "m" "b" (func)) (func))"#, 3),
        (r#"(module (import "m" "a" (func)) (import "m" "b" (func)))"#, 2),
        ("(module)", 0),
    ] {
        let bytes = wasm(text);
        assert!(
            Module::options()
                .limits(limits().functions(functions))
                .compile(&bytes)
                .is_ok(),
            "{text}"
        );
        if let Some(fewer) = functions.checked_sub(1) {
            let error = error_of(Module::options().limits(limits().functions(fewer)).compile(&bytes));
            assert_eq!(limited(&error), ("function count", u64::from(fewer)), "{text}");
        }
    }
}

const CALLS: &str = r#"(module
    (import "h" "nothing" (func $nothing))
    (func $down (export "down") (param i32) (result i32)
        (if (i32.eqz (local.get 0)) (then (return (i32.const 0))))
        (i32.add (i32.const 1) (call $down (i32.sub (local.get 0) (i32.const 1)))))
    (func $tail (export "tail") (param i32) (result i32)
        (if (i32.eqz (local.get 0)) (then (return (i32.const 7))))
        (return_call $tail (i32.sub (local.get 0) (i32.const 1))))
    (func $down_to_host (export "down_to_host") (param i32)
        (if (i32.eqz (local.get 0)) (then (call $nothing) (return)))
        (call $down_to_host (i32.sub (local.get 0) (i32.const 1))))
    (func (export "tail_call_host") (return_call $nothing)))"#;

#[test]
fn as_many_frames_may_be_suspended_as_the_limit_on_call_depth() {
    let module = module(CALLS);
    let mut imports = Imports::new();
    imports.func("h", "nothing", || ());
    for_each_strategy(|strategy| {
        for depth in [0, 1, 2, 10, 1000] {
            let mut vm = Vm::with(strategy, limits().call_depth(depth));
            let instance = vm.instantiate(&module, &imports).unwrap();
            let n = Value::I32(depth as i32);
            for _ in 0..2 {
                assert_eq!(vm.call(instance, "down", &[n]).unwrap(), [n]);
                let one_more = vm.call(instance, "down", &[Value::I32(depth as i32 + 1)]);
                assert_eq!(trap_of(one_more), Trap::CallStackExhausted, "{depth}");
            }
            // A tail call suspends nothing.
            assert_eq!(vm.call(instance, "tail", &[Value::I32(5000)]).unwrap(), [Value::I32(7)]);
            vm.call(instance, "tail_call_host", &[]).unwrap();
            // The caller of a host function is suspended as well.
            if depth > 0 {
                vm.call(instance, "down_to_host", &[Value::I32(depth as i32 - 1)])
                    .unwrap();
            }
            assert_eq!(
                trap_of(vm.call(instance, "down_to_host", &[n])),
                Trap::CallStackExhausted
            );
        }
    });
}

#[test]
fn a_call_depth_beyond_all_memory_is_cut_down() {
    let module = module(CALLS);
    let mut imports = Imports::new();
    imports.func("h", "nothing", || ());
    for_each_strategy(|strategy| {
        let mut vm = Vm::with(strategy, limits().call_depth(usize::MAX));
        let instance = vm.instantiate(&module, &imports).unwrap();
        assert_eq!(
            vm.call(instance, "down", &[Value::I32(100)]).unwrap(),
            [Value::I32(100)]
        );
    });
}

#[test]
fn frames_must_fit_the_value_stack() {
    let locals = "i64 ".repeat(1000);
    let module = module(&format!(
        r#"(module
            (func (export "f") (param i64) (result i64) (local {locals}) (i64.add (local.get 0) (local.get 1000)))
            (func $leaf (param i64) (result i64) (local {locals}) (local.get 0))
            (func (export "calls") (param i64) (result i64) (call $leaf (local.get 0))))"#,
    ));
    let size = |function| {
        module
            .function(function)
            .and_then(|f| f.body())
            .expect("a body")
            .frame_size as usize
    };
    for_each_strategy(|strategy| {
        let run = |slots: usize, export: &str| {
            let mut vm = Vm::with(strategy, limits().stack_slots(slots));
            let instance = vm.instantiate(&module, &Imports::new()).unwrap();
            vm.call(instance, export, &[Value::I64(5)])
        };
        assert_eq!(run(size(0), "f").unwrap(), [Value::I64(5)]);
        assert_eq!(trap_of(run(size(0) - 1, "f")), Trap::CallStackExhausted);
        assert_eq!(trap_of(run(0, "f")), Trap::CallStackExhausted);
        // The frame of `calls` is small; where the frame of its callee begins is its own business.
        assert_eq!(run(size(2) + size(1), "calls").unwrap(), [Value::I64(5)]);
        assert_eq!(trap_of(run(size(1) - 1, "calls")), Trap::CallStackExhausted);
    });
}

#[test]
fn all_strategies_exhaust_the_value_stack_at_the_same_depth() {
    let module = module(
        r#"(module
            (global $depth (export "depth") (mut i32) (i32.const 0))
            (func $f (export "f") (param i64 i64) (local i64 i64 i64)
                (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
                (call $f (local.get 1) (local.get 0))))"#,
    );
    let depth = |strategy| {
        let mut vm = Vm::with(strategy, limits().stack_slots(10_000));
        let instance = vm.instantiate(&module, &Imports::new()).unwrap();
        let result = vm.call(instance, "f", &[Value::I64(0), Value::I64(0)]);
        assert_eq!(trap_of(result), Trap::CallStackExhausted);
        let depth = vm.exported_global(instance, "depth").unwrap();
        vm.global(depth).unwrap()
    };
    let reference = depth(wasm_dispatch::Strategy::default());
    for_each_strategy(|strategy| assert_eq!(depth(strategy), reference));
}

const GROWING: &str = r#"(module
    (memory (export "memory") 1)
    (table (export "table") 2 externref)
    (func (export "grow_memory") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "pages") (result i32) (memory.size))
    (func (export "grow_table") (param i32) (result i32) (table.grow (ref.null extern) (local.get 0)))
    (func (export "elements") (result i32) (table.size)))"#;

#[test]
fn memories_start_and_grow_up_to_the_limit() {
    let module = module(GROWING);
    for_each_strategy(|strategy| {
        let error = error_of(Vm::with(strategy, limits().memory_pages(0)).instantiate(&module, &Imports::new()));
        assert_eq!(limited(&error), ("memory pages", 0));
        let mut vm = Vm::with(strategy, limits().memory_pages(4));
        let instance = vm.instantiate(&module, &Imports::new()).unwrap();
        let mut grow = |pages: u32| vm.call(instance, "grow_memory", &[Value::I32(pages as i32)]).unwrap();
        for too_many in [4, 5, 65_536, u32::MAX] {
            assert_eq!(grow(too_many), [Value::I32(-1)]);
        }
        assert_eq!(grow(1), [Value::I32(1)]);
        assert_eq!(grow(2), [Value::I32(2)]);
        assert_eq!(grow(1), [Value::I32(-1)]);
        assert_eq!(grow(0), [Value::I32(4)]);
        assert_eq!(call_i32(&mut vm, instance, "pages"), 4);
        let memory = vm.exported_memory(instance, "memory").unwrap();
        assert_eq!(limited(&error_of(vm.grow_memory(memory, 1))), ("memory pages", 4));
        let size = |min| SizeLimits { min, max: None };
        assert!(vm.new_memory(size(4)).is_ok());
        assert_eq!(limited(&error_of(vm.new_memory(size(5)))), ("memory pages", 4));
    });
}

#[test]
fn tables_start_and_grow_up_to_the_limit() {
    let module = module(GROWING);
    for_each_strategy(|strategy| {
        let error = error_of(Vm::with(strategy, limits().table_elements(1)).instantiate(&module, &Imports::new()));
        assert_eq!(limited(&error), ("table elements", 1));
        let mut vm = Vm::with(strategy, limits().table_elements(100));
        let instance = vm.instantiate(&module, &Imports::new()).unwrap();
        let mut grow = |elements: u32| vm.call(instance, "grow_table", &[Value::I32(elements as i32)]).unwrap();
        for too_many in [99, 1 << 31, u32::MAX] {
            assert_eq!(grow(too_many), [Value::I32(-1)]);
        }
        assert_eq!(grow(98), [Value::I32(2)]);
        assert_eq!(grow(1), [Value::I32(-1)]);
        assert_eq!(call_i32(&mut vm, instance, "elements"), 100);
        let ty = |min| TableType::new(ValType::FuncRef, SizeLimits { min, max: None });
        assert!(vm.new_table(ty(100)).is_ok());
        assert_eq!(limited(&error_of(vm.new_table(ty(101)))), ("table elements", 100));
    });
}

#[test]
fn a_table_beyond_its_size_is_refused_for_that_and_not_for_want_of_memory() {
    let mut vm = Vm::with(wasm_dispatch::Strategy::default(), limits().table_elements(u64::MAX));
    let ty = |min, max| TableType {
        address: AddressType::I64,
        ..TableType::new(ValType::FuncRef, SizeLimits { min, max })
    };
    let most = u64::from(u32::MAX);
    let error = error_of(vm.new_table(ty(most + 1, None)));
    assert_eq!(limited(&error), ("table elements", most));
    let error = error_of(vm.new_table(ty(3, Some(2))));
    assert_eq!(limited(&error), ("table elements", 2));
    let table = vm.new_table(ty(1, Some(2))).unwrap();
    assert_eq!(vm.table_len(table).unwrap(), 1);
    let error = error_of(vm.grow_table(table, 2, Value::FuncRef(None)));
    assert_eq!(limited(&error), ("table elements", 2));
}

#[test]
fn the_most_that_32_bits_can_address_is_the_last_limit() {
    let mut vm = Vm::with(wasm_dispatch::Strategy::default(), limits().memory_pages(u64::MAX));
    let error = error_of(vm.new_memory(SizeLimits { min: 65_537, max: None }));
    assert_eq!(limited(&error), ("memory pages", 65_536));
}

/// Ways to recurse without end, each from the export "f".
const ENDLESS: &[(&str, &str)] = &[
    (
        "direct",
        r#"(func $f (export "f") (result i32) (i32.add (call $f) (i32.const 1)))"#,
    ),
    (
        "without anything in the frame",
        r#"(func $f (export "f") (result i32) (call $f))"#,
    ),
    (
        "mutual",
        r#"(func $f (export "f") (result i32) (i32.eqz (call $g)))
           (func $g (result i32) (i32.sub (i32.const 1) (call $h)))
           (func $h (result i32) (local i64 i64) (call $f))"#,
    ),
    (
        "indirect",
        r#"(table funcref (elem $f))
           (func $f (export "f") (result i32) (i32.add (call_indirect (result i32) (i32.const 0)) (i32.const 1)))"#,
    ),
    (
        "with arguments and several results",
        r#"(func (export "f") (result i32) (call $g (i32.const 1) (i64.const 2)) drop)
           (func $g (param i32 i64) (result i32 i64)
               (call $g (i32.add (local.get 0) (i32.const 1)) (local.get 1)) (i64.add (local.get 1)))"#,
    ),
    (
        "in a deep expression in a loop",
        r#"(func $f (export "f") (result i32) (local i32)
               (loop $l (local.set 0 (i32.add (i32.mul (local.get 0) (i32.const 3))
                   (i32.xor (i32.const 5) (i32.and (i32.const 9) (call $f))))) (br $l))
               (local.get 0))"#,
    ),
];

fn recurses_without_end(body: &str, limits: &Limits) {
    let module = module(&format!(
        r#"(module {body} (func (export "after") (result i32) (i32.const 11)))"#
    ));
    for_each_strategy_on_a_small_stack(|strategy| {
        let mut vm = Vm::with(strategy, *limits);
        let instance = vm.instantiate(&module, &Imports::new()).unwrap();
        for _ in 0..2 {
            let error = error_of(vm.call(instance, "f", &[]));
            assert_eq!(error.trap(), Some(Trap::CallStackExhausted));
            assert!(error.backtrace().is_some_and(|trace| trace.omitted > 0));
            assert_eq!(call_i32(&mut vm, instance, "after"), 11);
        }
    });
}

#[test]
fn recursion_without_end_traps_on_a_small_native_stack_and_the_machine_goes_on() {
    for (what, body) in ENDLESS {
        eprintln!("{what}");
        recurses_without_end(body, &limits());
    }
}

#[test]
fn recursion_without_end_traps_with_huge_frames() {
    let locals = "i64 ".repeat(20_000);
    let body = format!(r#"(func $f (export "f") (result i32) (local {locals}) (i32.add (call $f) (i32.const 1)))"#);
    recurses_without_end(&body, &limits());
}

#[test]
fn recursion_without_end_traps_when_only_the_call_depth_is_limited() {
    recurses_without_end(ENDLESS[1].1, &limits().call_depth(300_000).stack_slots(1 << 26));
}

#[test]
fn recursion_without_end_traps_when_only_the_value_stack_is_limited() {
    recurses_without_end(ENDLESS[4].1, &limits().call_depth(1 << 24));
}

#[test]
fn recursion_between_instances_without_end_traps() {
    for_each_strategy_on_a_small_stack(|strategy| {
        let mut vm = Vm::with(strategy, limits());
        let limits = SizeLimits { min: 2, max: None };
        let element = ValType::FuncRef;
        let table = vm.new_table(TableType::new(element, limits)).unwrap();
        let mut imports = Imports::new();
        imports.define("m", "table", table);
        let text = |own: u32| {
            format!(
                r#"(module (import "m" "table" (table 2 funcref)) (memory 1)
                    (func $f (export "f") (result i32)
                        (i32.add (call_indirect (result i32) (i32.const {other})) (i32.load (i32.const 0))))
                    (func (export "after") (result i32) (i32.const 11))
                    (elem (i32.const {own}) $f))"#,
                other = 1 - own,
            )
        };
        let first = add(&mut vm, &text(0), &imports);
        add(&mut vm, &text(1), &imports);
        assert_eq!(trap_of(vm.call(first, "f", &[])), Trap::CallStackExhausted);
        assert_eq!(call_i32(&mut vm, first, "after"), 11);
    });
}

#[test]
fn a_function_whose_frame_does_not_fit_in_slot_numbers_is_refused() {
    // 65,536 slots are as many as 16 bits can name; locals are limited to 50,000 by validation.
    let push = "i64.const 1 call $id ".repeat(16_000);
    let text = format!(
        r#"(module (func $id (param i64) (result i64) (local.get 0))
            (func (local {}) {push} {}))"#,
        "i64 ".repeat(49_990),
        "drop ".repeat(16_000),
    );
    let error = error_of(Module::new(&wasm(&text)));
    assert_eq!(limited(&error), ("frame slots of one function", 65_536));
}

#[test]
fn unsupported_proposals_are_refused_by_name() {
    for (proposal, text) in [
        ("threads and atomics", "(module (memory 1 1 shared))"),
        (
            "threads and atomics",
            "(module (memory 1) (func (drop (i32.atomic.load (i32.const 0)))))",
        ),
        ("exception handling", "(module (tag))"),
        ("exception handling", r#"(module (import "m" "t" (tag)))"#),
        (
            "exception handling",
            "(module (func (block $l (try_table (catch_all $l)))))",
        ),
        ("legacy exception handling", "(module (func try catch_all end))"),
        ("garbage collection", "(module (type (struct (field i32))))"),
        ("garbage collection", "(module (func (drop (ref.i31 (i32.const 1)))))"),
        (
            "typed function references",
            "(module (type $t (func)) (func (param (ref $t)) (call_ref $t (local.get 0))))",
        ),
        (
            "stack switching",
            "(module (type $f (func)) (type $c (cont $f)) (func (param (ref $c)) (resume $c (local.get 0))))",
        ),
        ("component model", "(component)"),
    ] {
        let bytes = wasm(text);
        let error = error_of(Module::new(&bytes));
        match error.kind() {
            ErrorKind::Unsupported {
                proposal: found,
                offset,
            } => {
                assert_eq!(*found, proposal, "{text}");
                assert!(*offset <= bytes.len(), "{text}");
                assert!(
                    error
                        .to_string()
                        .contains(&format!("unsupported proposal \"{proposal}\"")),
                    "{error}"
                );
            }
            _ => panic!("{text}: another error: {error}"),
        }
    }
}

#[test]
fn what_is_wrong_is_not_called_unsupported() {
    let invalid = wasm("(module (func (result i32) (i64.const 1)))");
    let error = error_of(Module::new(&invalid));
    assert!(matches!(error.kind(), ErrorKind::Invalid { .. }), "{error}");
    for bytes in [&b"\0asm\x01\0\0"[..], b"", b"hello, world", b"\0asm\x02\0\0\0"] {
        let error = error_of(Module::new(bytes));
        assert!(matches!(error.kind(), ErrorKind::Malformed { .. }), "{error}");
    }
}

/// A memory of one page and a table of ten elements that grow, and a second of each.
const TWO_OF_EACH: &str = r#"(module
    (memory 1) (memory 1) (table 10 funcref) (table 10 funcref)
    (func (export "memory") (result i32) (memory.grow 1 (i32.const 1)))
    (func (export "table") (result i32) (table.grow 1 (ref.null func) (i32.const 5))))"#;

#[test]
fn memories_and_tables_of_a_machine_are_limited_together() {
    for_each_strategy(|strategy| {
        let module = module(TWO_OF_EACH);
        let mut vm = Vm::with(strategy, limits().all_memory_pages(5).all_table_elements(45));
        let one = vm.instantiate(&module, &Imports::new()).unwrap();
        let two = vm.instantiate(&module, &Imports::new()).unwrap();
        // Four pages and forty elements so far, in both instances.
        assert_eq!(call_i32(&mut vm, one, "memory"), 1);
        assert_eq!(call_i32(&mut vm, two, "memory"), -1);
        assert_eq!(call_i32(&mut vm, one, "memory"), -1);
        assert_eq!(call_i32(&mut vm, two, "table"), 10);
        assert_eq!(call_i32(&mut vm, one, "table"), -1);

        let pages = ("pages of all memories together", 5);
        let elements = ("elements of all tables together", 45);
        assert_eq!(limited(&error_of(vm.instantiate(&module, &Imports::new()))), pages);
        let of = |min| SizeLimits { min, max: None };
        assert_eq!(limited(&error_of(vm.new_memory(of(1)))), pages);
        assert_eq!(
            limited(&error_of(vm.new_table(TableType::new(ValType::FuncRef, of(1))))),
            elements
        );
        let memory = vm.new_memory(of(0)).unwrap();
        assert_eq!(limited(&error_of(vm.grow_memory(memory, 1))), pages);
        let table = vm.new_table(TableType::new(ValType::FuncRef, of(0))).unwrap();
        let null = Value::FuncRef(None);
        assert_eq!(limited(&error_of(vm.grow_table(table, 1, null))), elements);
    });
}

#[cfg(feature = "snapshot")]
#[test]
fn a_snapshot_is_restored_within_the_limits_of_all_memories_and_tables() {
    let module = module(TWO_OF_EACH);
    let mut vm = Vm::new();
    let instance = vm.instantiate(&module, &Imports::new()).unwrap();
    for _ in 0..3 {
        call_i32(&mut vm, instance, "memory");
        call_i32(&mut vm, instance, "table");
    }
    let snapshot = vm.snapshot().unwrap();
    let restored = |limits: Limits| {
        let mut vm = Vm::with(wasm_dispatch::Strategy::default(), limits);
        let instance = vm.prepare(&module, &Imports::new()).unwrap();
        vm.restore(&snapshot).map(|()| (vm, instance))
    };
    // Five pages and 35 elements.
    let fits = limits().all_memory_pages(5).all_table_elements(35);
    let (mut vm, instance) = restored(fits).unwrap();
    assert_eq!(call_i32(&mut vm, instance, "memory"), -1);
    assert_eq!(call_i32(&mut vm, instance, "table"), -1);
    for (small, what) in [
        (fits.all_memory_pages(4), "pages of all memories together"),
        (fits.all_table_elements(34), "elements of all tables together"),
    ] {
        let error = error_of(restored(small));
        assert!(error.to_string().contains(what), "{error}");
    }
}

#[test]
fn instances_that_could_not_be_made_take_nothing_from_those_that_can() {
    for_each_strategy(|strategy| {
        let limits = limits().memory_pages(10).all_memory_pages(12).all_table_elements(6);
        let mut vm = Vm::with(strategy, limits);
        let too_much = module("(module (memory 10) (table 5 funcref) (func) (global i32 (i32.const 1)) (memory 10))");
        for _ in 0..5 {
            let error = error_of(vm.instantiate(&too_much, &Imports::new()));
            assert_eq!(limited(&error), ("pages of all memories together", 12));
        }
        let text = r#"(module (memory 10) (table 6 funcref) (elem (i32.const 1) $one) (global $g i32 (i32.const 1))
            (func $one (result i32) (global.get $g))
            (func (export "run") (result i32) (call_indirect (result i32) (i32.const 1))))"#;
        let instance = add(&mut vm, text, &Imports::new());
        assert_eq!(call_i32(&mut vm, instance, "run"), 1);
    });
}

#[test]
fn a_memory_that_begins_beyond_its_own_end_is_refused() {
    let mut vm = Vm::new();
    let size = |min| SizeLimits { min, max: Some(2) };
    assert_eq!(limited(&error_of(vm.new_memory(size(3)))), ("memory pages", 2));
    vm.new_memory(size(2)).expect("as large as it may be");
}

#[test]
fn more_arguments_than_a_stack_has_room_for_are_refused() {
    for_each_strategy(|strategy| {
        let mut vm = Vm::with(strategy, limits().stack_slots(100));
        let mut call = |count: usize| {
            let ty = FuncType::new(vec![ValType::I32; count], []);
            let func = vm.host_func(&HostFunction::dynamic(ty, |_, _| Ok(Vec::new())));
            vm.call_func(func, &vec![Value::I32(1); count])
        };
        assert_eq!(call(60_000).expect("no results"), []);
        let error = error_of(call(70_000));
        assert!(matches!(error.kind(), ErrorKind::Usage(_)), "{error}");
    });
}
