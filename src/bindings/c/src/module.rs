//! Modules.

use std::rc::Rc;

use wasm_dispatch::Module;

use crate::engine::wasm_store_t;
use crate::kind::{Compiled, From, Kind};
use crate::list::{self, Out};
use crate::ports::{wasm_exporttype_t, wasm_exporttype_vec_t, wasm_importtype_t, wasm_importtype_vec_t};
use crate::refs::{wasm_module_t, wasm_ref_t};
use crate::types::wasm_byte_vec_t;

/// A module that any thread may take into a store of its own.
#[derive(Clone)]
pub struct wasm_shared_module_t(Compiled);

pub(crate) fn compiled(module: Option<&wasm_module_t>) -> Option<&Compiled> {
    match &module?.kind {
        Kind::Module(compiled) => Some(compiled),
        _ => None,
    }
}

functions! {
    /// Decodes and validates a module; null if it is none.
    fn wasm_module_new(store: Option<&wasm_store_t>, binary: Option<&wasm_byte_vec_t>) -> Option<Box<wasm_module_t>> {
        let bytes = binary?.elements();
        let module = Module::new(bytes).ok()?;
        let from = From::Wasm(bytes.into());
        wasm_ref_t::new(&store?.0, Kind::Module(Rc::new(Compiled { module, from })))
    }
    fn wasm_module_validate(store: Option<&wasm_store_t>, binary: Option<&wasm_byte_vec_t>) -> bool {
        store.is_some() && binary.is_some_and(|binary| Module::new(binary.elements()).is_ok())
    }
    fn wasm_module_imports(module: Option<&wasm_module_t>, out: Out<wasm_importtype_vec_t>) {
        let imports = compiled(module).map(|own| own.module.imports());
        let imports = imports.into_iter().flatten().map(|import| Some(Box::new(wasm_importtype_t::of(import))));
        list::set(out, imports.collect());
    }
    fn wasm_module_exports(module: Option<&wasm_module_t>, out: Out<wasm_exporttype_vec_t>) {
        let exports = compiled(module).map(|own| own.module.exports());
        let exports = exports.into_iter().flatten().map(|export| Some(Box::new(wasm_exporttype_t::of(export))));
        list::set(out, exports.collect());
    }
    /// The module with its lowered code, for `wasm_module_deserialize`; empty if it has none.
    fn wasm_module_serialize(module: Option<&wasm_module_t>, out: Out<wasm_byte_vec_t>) {
        let bytes = match compiled(module).map(|own| &own.from) {
            Some(From::Wasm(wasm)) => Module::options().precompile(wasm).unwrap_or_default(),
            Some(From::Serialized(bytes)) => bytes.to_vec(),
            None => Vec::new(),
        };
        list::set(out, bytes);
    }
    /// Null if the bytes are not what `wasm_module_serialize` gave. They are checked.
    fn wasm_module_deserialize(store: Option<&wasm_store_t>, bytes: Option<&wasm_byte_vec_t>) -> Option<Box<wasm_module_t>> {
        let bytes = bytes?.elements();
        let module = Module::deserialize(bytes).ok()?;
        let from = From::Serialized(bytes.into());
        wasm_ref_t::new(&store?.0, Kind::Module(Rc::new(Compiled { module, from })))
    }
    /// The module, for other threads.
    fn wasm_module_share(module: Option<&wasm_module_t>) -> Option<Box<wasm_shared_module_t>> {
        compiled(module).cloned().map(|own| Box::new(wasm_shared_module_t(own)))
    }
    /// The module, in a store.
    fn wasm_module_obtain(store: Option<&wasm_store_t>, shared: Option<&wasm_shared_module_t>) -> Option<Box<wasm_module_t>> {
        wasm_ref_t::new(&store?.0, Kind::Module(Rc::new(shared?.0.clone())))
    }
    fn wasm_shared_module_delete(shared: Option<Box<wasm_shared_module_t>>) {
        drop(shared);
    }
}
