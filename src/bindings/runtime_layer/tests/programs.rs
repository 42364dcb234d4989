//! Programs that are written against `wasm_runtime_layer`, on this backend, under every strategy.

use anyhow::bail;
use wasm_dispatch::{Limits, ModuleOptions, Strategy};
use wasm_dispatch_runtime_layer as backend;
use wasm_runtime_layer::{
    AsContext, Engine, Extern, ExternRef, ExternType, Func, FuncType, Global, Imports, Instance, Memory, MemoryType,
    Module, Ref, RefType, Store, Table, TableType, Val, ValType,
};

type Layer = Engine<backend::Engine>;

/// Runs a program with each strategy's engine.
fn for_each_engine(program: impl Fn(&Layer)) {
    for &strategy in Strategy::ALL {
        let limits = Limits::default().memory_pages(16);
        program(&Engine::new(backend::Engine::new(
            ModuleOptions::default(),
            limits,
            strategy,
        )));
    }
}

fn module(engine: &Layer, text: &str) -> Module {
    Module::new(engine, &wat::parse_str(text).expect("text")).expect("a module")
}

fn func<T: 'static>(instance: &Instance, store: &Store<T, backend::Engine>, name: &str) -> Func {
    let export = instance.get_export(store, name).expect("an export");
    export.into_func().expect("a function")
}

#[test]
fn a_host_function_uses_the_store_and_calls_the_program_again() {
    for_each_engine(|engine| {
        let module = module(
            engine,
            r#"(module (import "host" "twice" (func $twice (param i32 f64) (result i32 i64)))
                (func (export "inner") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
                (func (export "run") (param i32) (result i32 i64) (call $twice (local.get 0) (f64.const 2.5))))"#,
        );
        let mut store = Store::new(engine, Vec::<(i32, Option<Func>)>::new());
        let ty = FuncType::new([ValType::I32, ValType::F64], [ValType::I32, ValType::I64]);
        let twice = Func::new(&mut store, ty, |mut context, arguments, results| {
            let (Val::I32(number), Val::F64(factor)) = (&arguments[0], &arguments[1]) else {
                bail!("other arguments")
            };
            let inner = context.data()[0].1.clone().expect("set before the call");
            let mut inside = [Val::I32(0)];
            inner.call(&mut context, &[Val::I32(*number)], &mut inside)?;
            context.data_mut().push((*number, None));
            results[0] = inside[0].clone();
            results[1] = Val::I64((f64::from(*number) * factor) as i64);
            Ok(())
        });
        let mut imports = Imports::new();
        imports.define("host", "twice", Extern::Func(twice));
        let instance = Instance::new(&mut store, &module, &imports).expect("an instance");
        let inner = func(&instance, &store, "inner");
        store.data_mut().push((0, Some(inner)));
        let mut results = [Val::I32(0), Val::I64(0)];
        let run = func(&instance, &store, "run");
        assert_eq!(run.ty(&store).results(), [ValType::I32, ValType::I64]);
        run.call(&mut store, &[Val::I32(8)], &mut results).expect("runs");
        assert_eq!(results, [Val::I32(9), Val::I64(20)]);
        assert_eq!(store.into_data()[1].0, 8);
    });
}

#[test]
fn errors_of_programs_and_of_host_functions_come_back_and_the_store_stays_usable() {
    for_each_engine(|engine| {
        let module = module(
            engine,
            r#"(module (import "host" "fail" (func $fail))
                (func (export "fail") (call $fail))
                (func (export "trap") (unreachable))
                (func (export "seven") (result i32) (i32.const 7)))"#,
        );
        let mut store = Store::new(engine, ());
        let fail = Func::new(&mut store, FuncType::new([], []), |_, _, _| bail!("nothing works"));
        let error = Instance::new(&mut store, &module, &Imports::default()).expect_err("no imports");
        assert_eq!(error.to_string(), "host.fail is not provided");
        let mut imports = Imports::new();
        imports.define("host", "fail", Extern::Func(fail));
        let instance = Instance::new(&mut store, &module, &imports).expect("an instance");
        let error = func(&instance, &store, "fail")
            .call(&mut store, &[], &mut [])
            .expect_err("it fails");
        assert!(format!("{error:#}").contains("nothing works"), "{error:#}");
        let error = func(&instance, &store, "trap")
            .call(&mut store, &[], &mut [])
            .expect_err("it traps");
        assert!(error.to_string().contains("unreachable"), "{error}");
        let seven = func(&instance, &store, "seven");
        assert!(seven.call(&mut store, &[], &mut []).is_err(), "no place for the result");
        assert!(
            seven.call(&mut store, &[Val::I32(1)], &mut [Val::I32(0)]).is_err(),
            "too many arguments"
        );
        let mut results = [Val::I32(0)];
        seven.call(&mut store, &[], &mut results).expect("runs");
        assert_eq!(results, [Val::I32(7)]);
        assert!(Module::new(engine, b"\0asm").is_err());
    });
}

#[test]
fn memories_tables_globals_and_references_are_shared_with_a_program() {
    for_each_engine(|engine| {
        let module = module(
            engine,
            r#"(module
                (import "host" "memory" (memory 1 4))
                (import "host" "global" (global $g (mut i64)))
                (import "host" "table" (table $t 2 funcref))
                (table (export "things") 1 3 externref)
                (func $load (export "load") (param i32) (result i32) (global.set $g (i64.const -9)) (i32.load8_u (local.get 0)))
                (func (export "keep") (param externref v128) (result externref v128)
                    (table.set 1 (i32.const 0) (local.get 0)) (local.get 0) (local.get 1))
                (func (export "call") (param i32) (result i32) (call_indirect $t (param i32) (result i32) (i32.const 5) (local.get 0))))"#,
        );
        let names: Vec<_> = module.exports(engine).map(|export| export.name.to_owned()).collect();
        assert_eq!(names, ["things", "load", "keep", "call"]);
        assert!(matches!(module.get_export(engine, "things"), Some(ExternType::Table(ty)) if ty.maximum() == Some(3)));
        assert_eq!(module.imports(engine).count(), 3);

        let mut store = Store::new(engine, ());
        let memory = Memory::new(&mut store, MemoryType::new(1, Some(4))).expect("a memory");
        let global = Global::new(&mut store, Val::I64(3), true);
        let nothing = Ref::FuncRef(None);
        let table =
            Table::new(&mut store, TableType::new(RefType::FuncRef, 2, None), nothing.clone()).expect("a table");
        let mut imports = Imports::new();
        imports.define("host", "memory", Extern::Memory(memory.clone()));
        imports.define("host", "global", Extern::Global(global.clone()));
        imports.define("host", "table", Extern::Table(table.clone()));
        let instance = Instance::new(&mut store, &module, &imports).expect("an instance");

        assert_eq!(memory.grow(&mut store, 1).expect("grows"), 1);
        assert!(memory.grow(&mut store, 3).is_err(), "beyond its maximum");
        assert_eq!(
            (memory.current_pages(&store), memory.ty(&store).maximum_pages()),
            (2, Some(4))
        );
        memory.write(&mut store, 65_536, &[200, 1]).expect("inside");
        assert!(memory.write(&mut store, 131_071, &[1, 2]).is_err(), "beyond the end");
        assert!(
            memory.read(&store, usize::MAX, &mut [0, 0]).is_err(),
            "beyond everything"
        );
        let mut results = [Val::I32(0)];
        let load = func(&instance, &store, "load");
        load.call(&mut store, &[Val::I32(65_536)], &mut results).expect("runs");
        assert_eq!(results, [Val::I32(200)]);
        assert_eq!(global.get(&mut store), Val::I64(-9));
        assert!(global.ty(&store).mutable());
        global.set(&mut store, Val::I64(1)).expect("of its type");
        assert!(global.set(&mut store, Val::I32(1)).is_err(), "of another type");

        assert!(matches!(table.get(&mut store, 0), Some(Ref::FuncRef(None))));
        assert!(table.get(&mut store, 2).is_none());
        assert_eq!(table.grow(&mut store, 2, Ref::FuncRef(Some(load))).expect("grows"), 2);
        assert_eq!(table.size(&store), 4);
        func(&instance, &store, "call")
            .call(&mut store, &[Val::I32(3)], &mut results)
            .expect("runs");
        assert_eq!(results, [Val::I32(0)]);
        table.set(&mut store, 3, nothing).expect("inside");
        assert!(
            table.set(&mut store, 0, Ref::ExternRef(None)).is_err(),
            "of another type"
        );
        func(&instance, &store, "call")
            .call(&mut store, &[Val::I32(3)], &mut results)
            .expect_err("nothing to call");

        let reference = ExternRef::new(&mut store, String::from("a text"));
        let mut kept = [Val::ExternRef(None), Val::V128(0)];
        let arguments = [Val::ExternRef(Some(reference)), Val::V128(7 << 100)];
        func(&instance, &store, "keep")
            .call(&mut store, &arguments, &mut kept)
            .expect("runs");
        let Val::ExternRef(Some(reference)) = &kept[0] else {
            panic!("{kept:?}")
        };
        assert_eq!(
            reference.downcast::<String, (), _>(store.as_context()).expect("a text"),
            "a text"
        );
        assert!(reference.downcast::<u32, (), _>(store.as_context()).is_err());
        assert_eq!(kept[1], Val::V128(7 << 100));
        let things = instance
            .get_export(&store, "things")
            .and_then(|export| export.into_table())
            .expect("a table");
        assert!(matches!(things.get(&mut store, 0), Some(Ref::ExternRef(Some(_)))));
    });
}
