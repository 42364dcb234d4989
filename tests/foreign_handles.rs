//! Handles know their machine: one of another machine is refused wherever a handle can go, though its index is in range.

mod common;

use std::sync::{Arc, Mutex};

use common::{add, error_of, module, start};
use futures::executor::block_on;
use wasm_dispatch::{
    AsyncCaller, Caller, Error, ErrorKind, Extern, Func, FuncType, Global, Imports, Instance, Memory, Metering, Module,
    Strategy, Table, TypedFunc, ValType, Value, Vm,
};

/// Both machines of a test run this, so that every index that is good in one is good in the other.
const PROGRAM: &str = r#"(module
    (memory (export "memory") 1 8)
    (table (export "table") 4 funcref)
    (global (export "global") (mut funcref) (ref.null func))
    (func (export "seven") (result i32) (i32.const 7))
    (func (export "is_null") (param funcref) (result i32) (ref.is_null (local.get 0))))"#;

/// One handle of each kind.
struct Handles {
    instance: Instance,
    seven: Func,
    is_null: Func,
    typed: TypedFunc<(), i32>,
    typed_is_null: TypedFunc<(Option<Func>,), i32>,
    memory: Memory,
    table: Table,
    global: Global,
}

fn machine() -> (Vm, Handles) {
    let (vm, instance) = start(Strategy::default(), PROGRAM);
    let handles = handles(&vm, instance);
    (vm, handles)
}

fn handles(vm: &Vm, instance: Instance) -> Handles {
    Handles {
        instance,
        seven: vm.exported_func(instance, "seven").unwrap(),
        is_null: vm.exported_func(instance, "is_null").unwrap(),
        typed: vm.typed_func(instance, "seven").unwrap(),
        typed_is_null: vm.typed_func(instance, "is_null").unwrap(),
        memory: vm.exported_memory(instance, "memory").unwrap(),
        table: vm.exported_table(instance, "table").unwrap(),
        global: vm.exported_global(instance, "global").unwrap(),
    }
}

fn reference(func: Func) -> Value {
    Value::FuncRef(Some(func))
}

/// Instantiates a module that imports something.
fn import(vm: &mut Vm, ty: &str, item: impl Into<Extern>) -> Result<(), Error> {
    let mut imports = Imports::new();
    imports.define("other", "item", item);
    let text = format!(r#"(module (import "other" "item" {ty}))"#);
    vm.instantiate(&module(&text), &imports).map(drop)
}

/// A program that calls a host function that returns a function.
fn caller(vm: &mut Vm, imports: &Imports) -> Instance {
    let text = r#"(module (import "host" "f" (func $f (result funcref)))
        (func (export "run") (drop (call $f))))"#;
    add(vm, text, imports)
}

fn run_host(vm: &mut Vm, define: impl FnOnce(&mut Imports)) -> Result<(), Error> {
    let mut imports = Imports::new();
    define(&mut imports);
    let instance = caller(vm, &imports);
    block_on(vm.call_async(instance, "run", &[])).map(drop)
}

/// What a host function meets that calls a function from inside.
fn call_inside(vm: &mut Vm, func: Func, arguments: Vec<Value>) -> Result<(), Error> {
    let met: Arc<Mutex<Option<Error>>> = Arc::default();
    let seen = met.clone();
    run_host(vm, |imports| {
        imports.func_async("host", "f", move |mut caller: AsyncCaller<'_>, (): ()| {
            let (seen, arguments) = (seen.clone(), arguments.clone());
            Box::pin(async move {
                *seen.lock().unwrap() = caller.call_func(func, &arguments).await.err();
                Ok(None::<Func>)
            })
        });
    })?;
    let met = met.lock().unwrap().take();
    met.map_or(Ok(()), Err)
}

type EntryPoint = fn(&mut Vm, &Handles, &Handles) -> Result<(), Error>;

/// What is done with a handle, its kind, and how: in a machine with its own handles, with those that are to be tried.
const ENTRY_POINTS: &[(&str, &str, EntryPoint)] = &[
    ("call", "instance", |vm, _, h| {
        vm.call(h.instance, "seven", &[]).map(drop)
    }),
    ("call_async", "instance", |vm, _, h| {
        block_on(vm.call_async(h.instance, "seven", &[])).map(drop)
    }),
    ("typed_func", "instance", |vm, _, h| {
        vm.typed_func::<(), i32>(h.instance, "seven").map(drop)
    }),
    ("export", "instance", |vm, _, h| {
        vm.export(h.instance, "seven").map(drop)
    }),
    ("exports", "instance", |vm, _, h| vm.exports(h.instance).map(drop)),
    ("exported_func", "instance", |vm, _, h| {
        vm.exported_func(h.instance, "seven").map(drop)
    }),
    ("exported_memory", "instance", |vm, _, h| {
        vm.exported_memory(h.instance, "memory").map(drop)
    }),
    ("exported_table", "instance", |vm, _, h| {
        vm.exported_table(h.instance, "table").map(drop)
    }),
    ("exported_global", "instance", |vm, _, h| {
        vm.exported_global(h.instance, "global").map(drop)
    }),
    ("call_func", "function", |vm, _, h| vm.call_func(h.seven, &[]).map(drop)),
    ("call_func_async", "function", |vm, _, h| {
        block_on(vm.call_func_async(h.seven, &[])).map(drop)
    }),
    ("AsyncCaller::call_func", "function", |vm, _, h| {
        call_inside(vm, h.seven, Vec::new())
    }),
    ("func_type", "function", |vm, _, h| vm.func_type(h.seven).map(drop)),
    ("import", "function", |vm, _, h| {
        import(vm, "(func (result i32))", h.seven)
    }),
    ("call_typed", "function", |vm, _, h| {
        vm.call_typed(h.typed, ()).map(drop)
    }),
    ("call_typed_async", "function", |vm, _, h| {
        block_on(vm.call_typed_async(h.typed, ())).map(drop)
    }),
    ("an argument of call", "function", |vm, own, h| {
        vm.call(own.instance, "is_null", &[reference(h.seven)]).map(drop)
    }),
    ("an argument of call_func", "function", |vm, own, h| {
        vm.call_func(own.is_null, &[reference(h.seven)]).map(drop)
    }),
    ("an argument of call_func_async", "function", |vm, own, h| {
        block_on(vm.call_func_async(own.is_null, &[reference(h.seven)])).map(drop)
    }),
    ("an argument of AsyncCaller::call_func", "function", |vm, own, h| {
        call_inside(vm, own.is_null, vec![reference(h.seven)])
    }),
    ("an argument of call_typed", "function", |vm, own, h| {
        vm.call_typed(own.typed_is_null, (Some(h.seven),)).map(drop)
    }),
    ("an argument of call_typed_async", "function", |vm, own, h| {
        block_on(vm.call_typed_async(own.typed_is_null, (Some(h.seven),))).map(drop)
    }),
    ("a value of table_set", "function", |vm, own, h| {
        vm.table_set(own.table, 0, reference(h.seven))
    }),
    ("a value of new_global", "function", |vm, _, h| {
        vm.new_global(reference(h.seven), false).map(drop)
    }),
    ("a value of set_global", "function", |vm, own, h| {
        vm.set_global(own.global, reference(h.seven))
    }),
    ("a host function's result", "function", |vm, _, h| {
        let func = h.seven;
        run_host(vm, |imports| {
            imports.func("host", "f", move || Some(func));
        })
    }),
    ("a result of a host function with a caller", "function", |vm, _, h| {
        let func = h.seven;
        run_host(vm, |imports| {
            imports.func("host", "f", move |_: &mut Caller<'_>| (Some(func),));
        })
    }),
    ("a dynamic host function's result", "function", |vm, _, h| {
        let func = h.seven;
        let ty = FuncType::new([], [ValType::FuncRef]);
        run_host(vm, |imports| {
            imports.func_dynamic("host", "f", ty, move |_, _| Ok(vec![reference(func)]));
        })
    }),
    ("an asynchronous host function's result", "function", |vm, _, h| {
        let func = h.seven;
        run_host(vm, |imports| {
            imports.func_async("host", "f", move |_: AsyncCaller<'_>, (): ()| {
                Box::pin(async move { Ok(Some(func)) })
            });
        })
    }),
    ("memory", "memory", |vm, _, h| vm.memory(h.memory).map(drop)),
    ("memory_mut", "memory", |vm, _, h| vm.memory_mut(h.memory).map(drop)),
    ("grow_memory", "memory", |vm, _, h| {
        vm.grow_memory(h.memory, 1).map(drop)
    }),
    ("import", "memory", |vm, _, h| import(vm, "(memory 1)", h.memory)),
    ("table_len", "table", |vm, _, h| vm.table_len(h.table).map(drop)),
    ("table_get", "table", |vm, _, h| vm.table_get(h.table, 0).map(drop)),
    ("table_set", "table", |vm, _, h| {
        vm.table_set(h.table, 0, Value::FuncRef(None))
    }),
    ("import", "table", |vm, _, h| import(vm, "(table 4 funcref)", h.table)),
    ("global", "global", |vm, _, h| vm.global(h.global).map(drop)),
    ("set_global", "global", |vm, _, h| {
        vm.set_global(h.global, Value::FuncRef(None))
    }),
    ("import", "global", |vm, _, h| {
        import(vm, "(global (mut funcref))", h.global)
    }),
];

#[test]
fn every_entry_point_takes_a_handle_of_its_machine() {
    for (entry, kind, act) in ENTRY_POINTS {
        let (mut vm, own) = machine();
        let done = act(&mut vm, &own, &own);
        assert!(done.is_ok(), "{entry} with its own {kind}: {done:?}");
    }
}

#[test]
fn every_entry_point_refuses_a_handle_of_another_machine_and_says_of_what() {
    let (_other, foreign) = machine();
    for (entry, kind, act) in ENTRY_POINTS {
        let (mut vm, own) = machine();
        let error = match act(&mut vm, &own, &foreign) {
            Ok(()) => panic!("{entry} took a foreign {kind}"),
            Err(error) => error,
        };
        let ErrorKind::Usage(sentence) = error.kind() else {
            panic!("{entry} with a foreign {kind}: {error:?}");
        };
        let says = |words: &str| assert!(sentence.contains(words), "{entry} with a foreign {kind}: {sentence}");
        says(&format!("the {kind} "));
        says("belongs to another Vm: a handle is valid only in the Vm that gave it out");
        assert_eq!(
            vm.call_typed(own.typed, ()).unwrap(),
            7,
            "after {entry} with a foreign {kind}"
        );
    }
}

#[test]
fn a_refused_import_is_named() {
    let (_other, foreign) = machine();
    let error = error_of(import(&mut Vm::new(), "(memory 1)", foreign.memory));
    assert!(
        error.to_string().starts_with("import other.item: the memory"),
        "{error}"
    );
}

#[test]
fn a_refused_handle_leaves_a_paused_call_as_it_was() {
    let text = r#"(module (func (export "count") (param i64) (result i64) (local i64)
        (loop $next
            (local.set 1 (i64.add (local.get 1) (i64.const 1)))
            (br_if $next (i64.lt_u (local.get 1) (local.get 0))))
        (local.get 1)))"#;
    let (_other, foreign) = machine();
    let metered = Module::options()
        .metering(Metering::Interrupts)
        .compile(&common::wasm(text))
        .unwrap();
    let mut vm = Vm::new();
    let instance = vm.instantiate(&metered, &Imports::new()).unwrap();
    vm.next_run_handle().interrupt();
    let error = error_of(vm.call(instance, "count", &[Value::I64(1000)]));
    assert!(matches!(error.kind(), ErrorKind::Paused(_)), "{error}");
    assert!(vm.call_func(foreign.seven, &[]).is_err());
    assert!(vm.call_typed(foreign.typed, ()).is_err());
    assert_eq!(vm.resume().unwrap(), [Value::I64(1000)]);
}

#[test]
fn a_handle_outlives_its_machine_as_a_foreign_one() {
    let (old, handles) = machine();
    drop(old);
    // The new machine may well lie where the old one was.
    let (mut new, _) = machine();
    let error = error_of(new.call_func(handles.seven, &[]));
    assert!(matches!(error.kind(), ErrorKind::Usage(_)), "{error}");
}

#[test]
fn handles_go_with_their_machine() {
    let ((mut first, of_first), (mut second, of_second)) = (machine(), machine());
    std::mem::swap(&mut first, &mut second);
    assert_eq!(second.call_typed(of_first.typed, ()).unwrap(), 7);
    assert_eq!(first.call_typed(of_second.typed, ()).unwrap(), 7);
    assert!(first.call_typed(of_first.typed, ()).is_err());
}

#[test]
fn what_a_program_hands_out_is_of_its_machine() {
    let (mut vm, own) = machine();
    vm.table_set(own.table, 2, reference(own.seven)).unwrap();
    assert_eq!(vm.table_get(own.table, 2).unwrap(), reference(own.seven));
    vm.set_global(own.global, reference(own.is_null)).unwrap();
    assert_eq!(vm.global(own.global).unwrap(), reference(own.is_null));
    let mut imports = Imports::new();
    imports.func("host", "same", |func: Option<Func>| func);
    let text = r#"(module (import "host" "same" (func $same (param funcref) (result funcref)))
        (func (export "same") (param funcref) (result funcref) (call $same (local.get 0))))"#;
    let instance = add(&mut vm, text, &imports);
    let same = vm.typed_func::<Option<Func>, Option<Func>>(instance, "same").unwrap();
    assert_eq!(vm.call_typed(same, Some(own.seven)).unwrap(), Some(own.seven));
    assert_eq!(vm.call_typed(same, None).unwrap(), None);
}

#[test]
fn after_a_restore_the_restoring_machines_handles_are_valid_and_the_others_are_not() {
    let (mut written, theirs) = machine();
    written.memory_mut(theirs.memory).unwrap()[3] = 42;
    written.table_set(theirs.table, 1, reference(theirs.seven)).unwrap();
    let snapshot = written.snapshot().unwrap();

    let mut vm = Vm::new();
    let instance = vm.prepare(&module(PROGRAM), &Imports::new()).unwrap();
    let own = handles(&vm, instance);
    vm.restore(&snapshot).unwrap();
    assert_eq!(vm.memory(own.memory).unwrap()[3], 42);
    assert_eq!(vm.table_get(own.table, 1).unwrap(), reference(own.seven));
    assert_eq!(vm.call_typed(own.typed, ()).unwrap(), 7);
    for (entry, kind, act) in ENTRY_POINTS {
        assert!(act(&mut vm, &own, &theirs).is_err(), "{entry} took a foreign {kind}");
    }
    // Restored where it was made, handles are what they were.
    written.restore(&snapshot).unwrap();
    assert_eq!(written.call_typed(theirs.typed, ()).unwrap(), 7);
}

#[test]
fn handles_are_small() {
    assert_eq!(size_of::<Func>(), 16);
    assert_eq!(size_of::<Option<Func>>(), 16);
    assert_eq!(size_of::<TypedFunc<(i32, i32), i64>>(), 16);
    assert_eq!(size_of::<Extern>(), 24);
}
