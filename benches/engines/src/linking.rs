//! Workloads of several modules: what is instantiated beside the one that is called.

use wasm_dispatch::{Error, Imports, Module, Vm};
use wasm_dispatch_workloads::Workload;

/// Modules by the names that imports have for them.
pub type Beside = Vec<(String, Module)>;

/// The modules that a workload is linked with, loaded by `module`.
///
/// # Errors
///
/// Why one cannot be read or loaded.
pub fn beside(workload: &Workload, module: impl Fn(&[u8]) -> Result<Module, Error>) -> Result<Beside, String> {
    let load = |beside: &wasm_dispatch_workloads::Beside| {
        let wasm = beside.wasm().map_err(|error| error.to_string())?;
        let module = module(&wasm).map_err(|error| format!("{}: {error}", beside.name))?;
        Ok((beside.name.clone(), module))
    };
    workload.beside().iter().map(load).collect()
}

/// Instantiates them in a machine, one after the other, and lets whatever comes later import what they export.
///
/// # Errors
///
/// What the machine says.
pub fn link(vm: &mut Vm, beside: &[(String, Module)], imports: &mut Imports) -> Result<(), Error> {
    for (name, module) in beside {
        let instance = vm.instantiate(module, imports)?;
        for (export, item) in vm.exports(instance)? {
            imports.define(name.clone(), export, item);
        }
    }
    Ok(())
}
