//! The host module `spectest` that the suite imports.

use wasm_dispatch::{Error, Imports, SizeLimits, TableType, ValType, Value, Vm};

/// Defines `spectest` in a machine.
pub fn define(vm: &mut Vm, imports: &mut Imports) -> Result<(), Error> {
    imports
        .func("spectest", "print", || ())
        .func("spectest", "print_i32", |_: i32| ())
        .func("spectest", "print_i64", |_: i64| ())
        .func("spectest", "print_f32", |_: f32| ())
        .func("spectest", "print_f64", |_: f64| ())
        .func("spectest", "print_i32_f32", |_: i32, _: f32| ())
        .func("spectest", "print_f64_f64", |_: f64, _: f64| ());
    let globals = [
        ("global_i32", Value::I32(666)),
        ("global_i64", Value::I64(666)),
        ("global_f32", Value::F32(666.6)),
        ("global_f64", Value::F64(666.6)),
    ];
    for (name, value) in globals {
        imports.define("spectest", name, vm.new_global(value, false)?);
    }
    imports.define(
        "spectest",
        "memory",
        vm.new_memory(SizeLimits { min: 1, max: Some(2) })?,
    );
    let limits = SizeLimits { min: 10, max: Some(20) };
    imports.define(
        "spectest",
        "table",
        vm.new_table(TableType {
            element: ValType::FuncRef,
            limits,
        })?,
    );
    Ok(())
}
