//! What instantiation does with imports that are missing, of another type, or larger than asked for.

mod common;

use common::{add, call_i32, error_of, module, start_with};
use wasm_dispatch::{ErrorKind, Imports, SizeLimits, Strategy, TableType, ValType, Value, Vm};

/// What a module with this one import says when it is given `imports`.
fn refused(import: &str, imports: &Imports, vm: &mut Vm) -> String {
    let module = module(&format!(r#"(module (import "m" "x" {import}))"#));
    let error = error_of(vm.instantiate(&module, imports));
    match error.kind() {
        ErrorKind::MissingImport { .. } | ErrorKind::ImportMismatch { .. } => error.to_string(),
        _ => panic!("another error: {error}"),
    }
}

#[test]
fn a_missing_import_is_named() {
    let mut imports = Imports::new();
    imports.func("m", "y", || ());
    imports.func("x", "m", || ());
    let text = refused("(func)", &imports, &mut Vm::new());
    assert_eq!(text, "unknown import: m.x is not provided");
}

#[test]
fn an_import_of_another_type_is_refused_with_both_types() {
    let mut vm = Vm::new();
    let size = |min, max| SizeLimits { min, max };
    let memory = vm.new_memory(size(2, Some(5))).unwrap();
    let endless_memory = vm.new_memory(size(2, None)).unwrap();
    let table = |element, min, max| TableType::new(element, SizeLimits { min, max });
    let functions = vm.new_table(table(ValType::FuncRef, 10, Some(20))).unwrap();
    let constant = vm.new_global(Value::I32(1), false).unwrap();
    let variable = vm.new_global(Value::I32(1), true).unwrap();
    let mut check = |provide: &dyn Fn(&mut Imports), import: &str, expected: &str, found: &str| {
        let mut imports = Imports::new();
        provide(&mut imports);
        let text = refused(import, &imports, &mut vm);
        assert_eq!(
            text,
            format!("incompatible import type: m.x should be {expected} and is {found}")
        );
    };
    let host = |imports: &mut Imports| {
        imports.func("m", "x", |a: i32| i64::from(a));
    };
    check(
        &host,
        "(func (param i32) (result i32))",
        "function (i32) -> (i32)",
        "function (i32) -> (i64)",
    );
    check(
        &host,
        "(func (param i32))",
        "function (i32) -> ()",
        "function (i32) -> (i64)",
    );
    check(&host, "(memory 1)", "memory of 1 pages", "function (i32) -> (i64)");
    check(&host, "(global i32)", "i32 global", "function (i32) -> (i64)");
    let give = |item: wasm_dispatch::Extern| {
        move |imports: &mut Imports| {
            imports.define("m", "x", item);
        }
    };
    check(
        &give(memory.into()),
        "(memory 3)",
        "memory of 3 pages",
        "memory of 2 pages..5",
    );
    check(
        &give(memory.into()),
        "(memory 1 4)",
        "memory of 1 pages..4",
        "memory of 2 pages..5",
    );
    check(
        &give(endless_memory.into()),
        "(memory 1 9)",
        "memory of 1 pages..9",
        "memory of 2 pages",
    );
    check(
        &give(memory.into()),
        "(func)",
        "function () -> ()",
        "memory of 2 pages..5",
    );
    check(
        &give(functions.into()),
        "(table 11 funcref)",
        "table of 11 funcref",
        "table of 10 funcref..20",
    );
    check(
        &give(functions.into()),
        "(table 1 19 funcref)",
        "table of 1 funcref..19",
        "table of 10 funcref..20",
    );
    check(
        &give(functions.into()),
        "(table 1 externref)",
        "table of 1 externref",
        "table of 10 funcref..20",
    );
    check(
        &give(constant.into()),
        "(global (mut i32))",
        "mutable i32 global",
        "i32 global",
    );
    check(
        &give(variable.into()),
        "(global i32)",
        "i32 global",
        "mutable i32 global",
    );
    check(&give(constant.into()), "(global f32)", "f32 global", "i32 global");
    check(
        &give(constant.into()),
        "(table 1 funcref)",
        "table of 1 funcref",
        "i32 global",
    );
}

#[test]
fn imports_that_offer_more_than_is_asked_for_fit() {
    let mut vm = Vm::new();
    let memory = vm.new_memory(SizeLimits { min: 2, max: Some(5) }).unwrap();
    let limits = SizeLimits { min: 10, max: Some(20) };
    let table = vm.new_table(TableType::new(ValType::FuncRef, limits)).unwrap();
    let mut imports = Imports::new();
    imports.define("m", "memory", memory).define("m", "table", table);
    for import in [
        r#""memory" (memory 0)"#,
        r#""memory" (memory 2)"#,
        r#""memory" (memory 2 5)"#,
        r#""memory" (memory 1 100)"#,
        r#""table" (table 0 funcref)"#,
        r#""table" (table 10 20 funcref)"#,
    ] {
        add(&mut vm, &format!(r#"(module (import "m" {import}))"#), &imports);
    }
    // What counts is the size now, not the size at the start.
    vm.grow_memory(memory, 2).unwrap();
    add(&mut vm, r#"(module (import "m" "memory" (memory 4)))"#, &imports);
}

#[test]
fn later_definitions_replace_earlier_ones() {
    let mut imports = Imports::new();
    imports.func("h", "f", || 1).func("h", "f", || 2);
    let text = r#"(module (import "h" "f" (func $f (result i32))) (func (export "f") (result i32) (call $f)))"#;
    let (mut vm, instance) = start_with(Strategy::default(), text, &imports);
    assert_eq!(call_i32(&mut vm, instance, "f"), 2);
}
