//! Instances.

use std::rc::Rc;

use wasm_dispatch::Extern;

use crate::engine::wasm_store_t;
use crate::externs::wasm_extern_vec_t;
use crate::kind::Kind;
use crate::list::{self, List, Out};
use crate::module::compiled;
use crate::refs::{wasm_instance_t, wasm_module_t, wasm_ref_t, wasm_trap_t};
use crate::trap::{trap, trap_of};

fn instantiate(
    store: &wasm_store_t,
    module: Option<&wasm_module_t>,
    imports: Option<&wasm_extern_vec_t>,
) -> Result<Box<wasm_instance_t>, Option<Box<wasm_trap_t>>> {
    let store = store.0.clone();
    let Some(module) = compiled(module) else {
        return Err(trap(&store, "no module"));
    };
    let imports = imports.map_or(&[][..], List::elements).iter().map(|item| {
        let own = item.as_ref().filter(|own| Rc::ptr_eq(&own.store, &store));
        own.and_then(|own| own.as_extern())
    });
    let imports: Option<Vec<Extern>> = imports.collect();
    let Some(imports) = imports else {
        return Err(trap(&store, "an import that is of no such store"));
    };
    let instance = store.with(|vm| vm.instantiate_with(&module.module, &imports));
    let instance = instance.map_err(|error| trap_of(&store, &error))?;
    wasm_ref_t::new(&store, Kind::Instance(instance)).ok_or(None)
}

functions! {
    /// Instantiates a module with as many imports as it has, in their order. Null if that fails, and then a trap says why.
    fn wasm_instance_new(store: Option<&wasm_store_t>, module: Option<&wasm_module_t>, imports: Option<&wasm_extern_vec_t>, trap: Out<Option<Box<wasm_trap_t>>>) -> Option<Box<wasm_instance_t>> {
        let (instance, why) = match store.map(|store| instantiate(store, module, imports)) {
            Some(Ok(instance)) => (Some(instance), None),
            Some(Err(why)) => (None, why),
            None => (None, None),
        };
        if let Some(trap) = trap {
            trap.write(why);
        }
        instance
    }
    /// The exports, in the module's order.
    fn wasm_instance_exports(instance: Option<&wasm_instance_t>, out: Out<wasm_extern_vec_t>) {
        let exports = |own: &wasm_instance_t| {
            let Kind::Instance(handle) = own.kind else { return None };
            let exports = own.store.with(|vm| vm.exports(handle)).ok()?;
            let boxed = |(_, item)| Kind::of(item).and_then(|kind| wasm_ref_t::new(&own.store, kind));
            Some(exports.into_iter().map(boxed).collect())
        };
        list::set(out, instance.and_then(exports).unwrap_or_default());
    }
}
