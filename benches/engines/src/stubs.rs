//! Imports that the lab does not know, made up: enough for what a program does without them.

use wasm_dispatch::wasi::{self, Function};
use wasm_dispatch::{Error, ExternType, Imports, Module, Value, Vm};

/// Whether the lab has what is imported by this module and name: a function of WASI.
pub fn is_known(module: &str, name: &str) -> bool {
    module == wasi::MODULE && Function::ALL.iter().any(|function| function.name() == name)
}

/// Defines whatever a module imports and the lab does not know: functions that end the program when they are called, and
/// memories, tables and globals of the smallest size, which hold zeros.
///
/// # Errors
///
/// If a memory or a table may not be so large.
pub fn define(module: &Module, vm: &mut Vm, imports: &mut Imports) -> Result<(), Error> {
    for import in module.imports() {
        let (from, name) = (&*import.module, &*import.name);
        if is_known(from, name) {
            continue;
        }
        match import.ty.clone() {
            ExternType::Func(ty) => {
                let what = format!("'{name}' of '{from}' is made up (--stubs), and cannot be called");
                imports.func_dynamic(from, name, ty, move |_, _| Err(what.clone().into()));
            }
            ExternType::Memory(ty) => {
                imports.define(from, name, vm.new_memory(ty)?);
            }
            ExternType::Table(ty) => {
                imports.define(from, name, vm.new_table(ty)?);
            }
            ExternType::Global(ty) => {
                imports.define(from, name, vm.new_global(Value::zero(ty.value), ty.mutable)?);
            }
            // Of a kind that is not known here: it stays missing, which instantiation says.
            _ => {}
        }
    }
    Ok(())
}
