//! Host functions as values, with many parameters, and what they learn of their caller.

mod common;

use common::{add, error_of, for_each_strategy, start_with, trap_of, vm, wasm};
use futures::executor::block_on;
use wasm_dispatch::{
    AsyncCaller, Caller, ErrorKind, Extern, Func, HostFunction, Imports, Limits, Metering, Module, ReentrantCaller,
    Trap, Value, Vm,
};

#[test]
fn a_host_function_is_called_through_a_table_a_global_and_a_result() {
    const PROGRAM: &str = r#"(module
        (type $unary (func (param i32) (result i32)))
        (type $other (func (result i64)))
        (import "host" "global" (global $global funcref))
        (import "host" "choose" (func $choose (result funcref)))
        (table (export "table") 4 funcref)
        (func (export "call") (param i32 i32) (result i32)
            (call_indirect (type $unary) (local.get 1) (local.get 0)))
        (func (export "call_other") (param i32) (result i64) (call_indirect (type $other) (local.get 0)))
        (func (export "take")
            (table.set (i32.const 1) (global.get $global))
            (table.set (i32.const 2) (call $choose))))"#;
    for_each_strategy(|strategy| {
        let mut vm: Vm<Option<Func>> = Vm::options().strategy(strategy).build(None);
        let [add, double, negate] = [
            HostFunction::new(|a: i32| a + 100),
            HostFunction::new(|a: i32| a * 2),
            HostFunction::new(|a: i32| -a),
        ]
        .map(|function| vm.host_func(&function));
        *vm.data_mut() = Some(negate);
        let mut imports = Imports::new();
        let global = vm.new_global(Value::FuncRef(Some(double)), false).unwrap();
        imports.define("host", "global", global);
        imports.func("host", "choose", |caller: &mut Caller<'_, Option<Func>>| *caller.data());
        let module = Module::new(&wasm(PROGRAM)).unwrap();
        let instance = vm.instantiate(&module, &imports).unwrap();
        let table = vm.exported_table(instance, "table").unwrap();
        vm.table_set(table, 0, Value::FuncRef(Some(add))).unwrap();
        vm.call(instance, "take", &[]).unwrap();
        for (element, result) in [(0, 107), (1, 14), (2, -7)] {
            let arguments = [Value::I32(element), Value::I32(7)];
            assert_eq!(vm.call(instance, "call", &arguments).unwrap(), [Value::I32(result)]);
        }
        let mismatch = trap_of(vm.call(instance, "call_other", &[Value::I32(0)]));
        assert_eq!(mismatch, Trap::IndirectCallTypeMismatch);
        assert_eq!(vm.table_get(table, 2).unwrap(), Value::FuncRef(Some(negate)));
        assert_eq!(vm.call_func(double, &[Value::I32(4)]).unwrap(), [Value::I32(8)]);
        let error = error_of(Vm::new().call_func(double, &[Value::I32(4)]));
        assert!(matches!(error.kind(), ErrorKind::Usage(_)), "{error}");
    });
}

#[test]
fn functions_of_all_kinds_take_and_return_sixteen_values() {
    macro_rules! horner {
        ($($v:ident)*) => {{ let mut sum = 0i64; $( sum = sum.wrapping_mul(3).wrapping_add(i64::from($v)); )* sum }};
    }
    let mut imports = Imports::new();
    #[rustfmt::skip]
    imports.func("host", "plain", |a: i32, b: i64, c: i32, d: i64, e: i32, f: i64, g: i32, h: i64, i: i32, j: i64, k: i32, l: i64, m: i32, n: i64, o: i32, p: i64| horner!(a b c d e f g h i j k l m n o p));
    #[rustfmt::skip]
    imports.func("host", "reentrant", |_: &mut ReentrantCaller<'_>, a: i32, b: i64, c: i32, d: i64, e: i32, f: i64, g: i32, h: i64, i: i32, j: i64, k: i32, l: i64, m: i32, n: i64, o: i32, p: i64| horner!(a b c d e f g h i j k l m n o p));
    type Sixteen = (
        i32,
        i64,
        i32,
        i64,
        i32,
        i64,
        i32,
        i64,
        i32,
        i64,
        i32,
        i64,
        i32,
        i64,
        i32,
        i64,
    );
    imports.func_async("host", "async", |_: AsyncCaller<'_>, all: Sixteen| {
        Box::pin(async move {
            let (a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p) = all;
            Ok(horner!(a b c d e f g h i j k l m n o p))
        })
    });
    imports.func_async("host", "echo", |_: AsyncCaller<'_>, all: Sixteen| {
        Box::pin(async move { Ok(all) })
    });
    let params = "i32 i64 ".repeat(8);
    let gets: String = (0..16).map(|index| format!("(local.get {index})")).collect();
    let function = |name: &str, results: &str| {
        (
            format!(r#"(import "host" "{name}" (func ${name} (param {params}) (result {results})))"#),
            format!(r#"(func (export "{name}") (param {params}) (result {results}) (call ${name} {gets}))"#),
        )
    };
    let functions = [
        function("plain", "i64"),
        function("reentrant", "i64"),
        function("async", "i64"),
        function("echo", &params),
    ];
    let text = functions.iter().map(|(import, _)| &import[..]).collect::<String>()
        + &functions.iter().map(|(_, own)| &own[..]).collect::<String>();
    let arguments: Vec<Value> = (0..16)
        .map(|n| {
            if n % 2 == 0 {
                Value::I32(n - 7)
            } else {
                Value::I64(i64::from(n) << 20)
            }
        })
        .collect();
    let sum = arguments.iter().fold(0i64, |sum, value| {
        let value = match value {
            Value::I32(value) => i64::from(*value),
            Value::I64(value) => *value,
            other => panic!("{other:?}"),
        };
        sum.wrapping_mul(3).wrapping_add(value)
    });
    for_each_strategy(|strategy| {
        let (mut vm, instance) = start_with(strategy, &format!("(module {text})"), &imports);
        for name in ["plain", "reentrant", "async"] {
            let results = block_on(vm.call_async(instance, name, &arguments)).unwrap();
            assert_eq!(results, [Value::I64(sum)], "{name}");
        }
        assert_eq!(
            block_on(vm.call_async(instance, "echo", &arguments)).unwrap(),
            arguments
        );
        let echo = vm.typed_func::<Sixteen, Sixteen>(instance, "echo").unwrap();
        let all = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16);
        let (first, .., fifteenth, last) = block_on(vm.call_typed_async(echo, all)).unwrap();
        assert_eq!((first, fifteenth, last), (1, 15, 16));
    });
}

#[test]
fn a_host_function_sees_its_callers_exports_and_no_others() {
    let mut imports = Imports::new();
    imports.func(
        "host",
        "look",
        |caller: &mut Caller<'_>| -> Result<i32, wasm_dispatch::HostError> {
            let memory = caller.exported_memory("heap").ok_or("no memory")?;
            caller.bytes_mut(memory)?[0] += 1;
            let global = caller.exported_global("counter").ok_or("no global")?;
            let Value::I32(counter) = caller.global(global)? else {
                return Err("an integer".into());
            };
            caller.set_global(global, Value::I32(counter + 1))?;
            assert!(
                matches!(caller.export("run"), Some(Extern::Func(func)) if Some(func) == caller.exported_func("run"))
            );
            assert!(caller.export("nothing").is_none() && caller.exported_memory("counter").is_none());
            assert!(caller.set_global(global, Value::I64(0)).is_err());
            Ok(i32::from(caller.bytes(memory)?[0]) * 100 + counter)
        },
    );
    const PROGRAM: &str = r#"(module
        (import "host" "look" (func $look (result i32)))
        (memory 1)
        (memory (export "heap") 1)
        (global (export "counter") (mut i32) (i32.const 40))
        (func (export "run") (result i32) (call $look)))"#;
    for_each_strategy(|strategy| {
        let mut vm = vm(strategy);
        let [first, second] = [(); 2].map(|()| add(&mut vm, PROGRAM, &imports));
        for (instance, result) in [(first, 140), (first, 241), (second, 140)] {
            assert_eq!(vm.call(instance, "run", &[]).unwrap(), [Value::I32(result)]);
        }
    });
}

#[test]
fn a_host_function_knows_which_instance_called() {
    let mut imports: Imports<Vec<Option<wasm_dispatch::Instance>>> = Imports::new();
    imports.func("host", "who", |caller: &mut Caller<'_, Vec<_>>| {
        let instance = caller.instance();
        caller.data_mut().push(instance);
    });
    for_each_strategy(|strategy| {
        let mut vm = Vm::options().strategy(strategy).build(Vec::new());
        let text = r#"(module (import "host" "who" (func $who)) (export "who" (func $who)) (func (export "run") (call $who)))"#;
        let module = Module::new(&wasm(text)).unwrap();
        let [first, second] = [(); 2].map(|()| vm.instantiate(&module, &imports).unwrap());
        for (instance, name) in [(first, "run"), (second, "run"), (first, "run"), (first, "who")] {
            vm.call(instance, name, &[]).unwrap();
        }
        assert_eq!(*vm.data(), [Some(first), Some(second), Some(first), None]);
        assert_eq!(vm.instances().collect::<Vec<_>>(), [first, second]);
    });
}

#[test]
fn a_host_function_reads_sets_and_uses_fuel() {
    let mut imports = Imports::new();
    imports.func("host", "left", |caller: &mut Caller<'_>| {
        caller.fuel().map_or(-1, |fuel| fuel as i64)
    });
    imports.func("host", "use", |caller: &mut Caller<'_>, units: u64| {
        caller.use_fuel(units)
    });
    imports.func("host", "set", |caller: &mut Caller<'_>, units: u64| {
        caller.set_fuel(Some(units))
    });
    const PROGRAM: &str = r#"(module
        (import "host" "left" (func $left (result i64)))
        (import "host" "use" (func $use (param i64)))
        (import "host" "set" (func $set (param i64)))
        (func (export "left") (result i64) (call $left))
        (func (export "use") (param i64) (result i64) (call $use (local.get 0)) (call $left))
        (func (export "set") (param i64) (result i64) (call $set (local.get 0)) (call $left)))"#;
    for_each_strategy(|strategy| {
        let module = Module::options()
            .metering(Metering::Fuel)
            .compile(&wasm(PROGRAM))
            .unwrap();
        let mut vm = Vm::with(strategy, Limits::default());
        let instance = vm.instantiate(&module, &imports).unwrap();
        let call = |vm: &mut Vm, name: &str, arguments: &[Value]| match vm.call(instance, name, arguments)?[..] {
            [Value::I64(value)] => Ok::<i64, wasm_dispatch::Error>(value),
            ref other => panic!("{other:?}"),
        };
        assert_eq!(call(&mut vm, "left", &[]).unwrap(), -1);
        assert_eq!(call(&mut vm, "use", &[Value::I64(1 << 40)]).unwrap(), -1);
        vm.set_fuel(Some(1000)).unwrap();
        let left = call(&mut vm, "left", &[]).unwrap();
        assert!((900..1000).contains(&left), "{left}");
        let after = call(&mut vm, "use", &[Value::I64(500)]).unwrap();
        assert!((400..left - 500).contains(&after), "{after}");
        assert_eq!(trap_of(call(&mut vm, "use", &[Value::I64(500)])), Trap::OutOfFuel);
        assert_eq!(vm.fuel(), Some(0));
        vm.set_fuel(Some(100)).unwrap();
        let set = call(&mut vm, "set", &[Value::I64(1_000_000)]).unwrap();
        assert!((999_900..=1_000_000).contains(&set), "{set}");
        let mut unmetered = common::vm(strategy);
        let instance = add(&mut unmetered, PROGRAM, &imports);
        let error = error_of(unmetered.call(instance, "set", &[Value::I64(5)]));
        assert!(error.to_string().contains("not made with Metering::Fuel"), "{error}");
    });
}
