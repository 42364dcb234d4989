//! What allocates, and what does not: every allocation of this test program is counted.

mod common;

use allocation_counter::measure;
use common::{add, for_each_strategy, vm};
use wasm_dispatch::{Caller, Func, Imports, Value, Vm};

const PROGRAM: &str = r#"(module
    (import "host" "double" (func $double (param i64) (result i64)))
    (memory 1)
    (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
    (func (export "same") (param funcref) (result funcref) (local.get 0))
    (func $fib (export "fib") (param i64) (result i64)
        (if (result i64) (i64.lt_u (local.get 0) (i64.const 2))
            (then (local.get 0))
            (else (i64.add
                (call $fib (i64.sub (local.get 0) (i64.const 1)))
                (call $fib (i64.sub (local.get 0) (i64.const 2)))))))
    (func (export "host") (param i64) (result i64) (call $double (call $double (local.get 0)))))"#;

#[test]
fn typed_calls_and_calls_into_places_allocate_nothing() {
    for_each_strategy(|strategy| {
        let mut vm = vm(strategy);
        let mut imports = Imports::new();
        imports.func("host", "double", |caller: &mut Caller<'_>, value: i64| {
            if let Some(memory) = caller.memory_mut(0) {
                memory[0] = 1;
            }
            value * 2
        });
        let instance = add(&mut vm, PROGRAM, &imports);
        let sum = vm.typed_func::<(i32, i32), i32>(instance, "add").unwrap();
        let same = vm.typed_func::<Option<Func>, Option<Func>>(instance, "same").unwrap();
        let fib = vm.typed_func::<i64, i64>(instance, "fib").unwrap();
        let host = vm.typed_func::<(i64,), (i64,)>(instance, "host").unwrap();
        let calls = |vm: &mut Vm| {
            assert_eq!(vm.call_typed(sum, (40, 2)).unwrap(), 42);
            assert_eq!(vm.call_typed(same, Some(sum.func())).unwrap(), Some(sum.func()));
            assert_eq!(vm.call_typed(fib, 10).unwrap(), 55);
            assert_eq!(vm.call_typed(host, (3,)).unwrap(), (12,));
        };
        let mut results = [Value::I32(0)];
        let arguments = [Value::I32(40), Value::I32(3)];
        let mut calls = || {
            calls(&mut vm);
            vm.call_into(sum.func(), &arguments, &mut results).unwrap();
            assert_eq!(results, [Value::I32(43)]);
        };
        // The first time, functions are lowered and compiled, and the frame stack gets its room.
        assert!(measure(&mut calls).count_total > 0, "allocations are not counted");
        assert_eq!(measure(&mut calls).count_total, 0);
    });
}
