//! Imports and exports of modules: names with types.

use wasm_dispatch::{ExportType, ImportType};

use crate::list::{self, List, Out};
use crate::types::{wasm_externtype_t, wasm_name_t};

/// What a module wants from outside.
pub struct wasm_importtype_t {
    module: wasm_name_t,
    name: wasm_name_t,
    ty: Box<wasm_externtype_t>,
}

/// What a module offers.
pub struct wasm_exporttype_t {
    name: wasm_name_t,
    ty: Box<wasm_externtype_t>,
}

impl wasm_importtype_t {
    pub(crate) fn of(import: &ImportType) -> wasm_importtype_t {
        wasm_importtype_t {
            module: List::new(import.module.clone().into_bytes()),
            name: List::new(import.name.clone().into_bytes()),
            ty: Box::new(wasm_externtype_t::new(import.ty.clone())),
        }
    }
}

impl wasm_exporttype_t {
    pub(crate) fn of(export: ExportType) -> wasm_exporttype_t {
        wasm_exporttype_t {
            name: List::new(export.name.into_bytes()),
            ty: Box::new(wasm_externtype_t::new(export.ty)),
        }
    }
}

impl Clone for wasm_importtype_t {
    fn clone(&self) -> Self {
        wasm_importtype_t {
            module: List::new(self.module.elements().to_vec()),
            name: List::new(self.name.elements().to_vec()),
            ty: self.ty.clone(),
        }
    }
}

impl Clone for wasm_exporttype_t {
    fn clone(&self) -> Self {
        wasm_exporttype_t {
            name: List::new(self.name.elements().to_vec()),
            ty: self.ty.clone(),
        }
    }
}

impl Drop for wasm_importtype_t {
    fn drop(&mut self) {
        self.module.take();
        self.name.take();
    }
}

impl Drop for wasm_exporttype_t {
    fn drop(&mut self) {
        self.name.take();
    }
}

/// Import types.
pub type wasm_importtype_vec_t = List<Option<Box<wasm_importtype_t>>>;
/// Export types.
pub type wasm_exporttype_vec_t = List<Option<Box<wasm_exporttype_t>>>;

functions! {
    /// An import; takes the names and the type.
    fn wasm_importtype_new(module: Option<&mut wasm_name_t>, name: Option<&mut wasm_name_t>, ty: Option<Box<wasm_externtype_t>>) -> Option<Box<wasm_importtype_t>> {
        let names = module.map(List::take).zip(name.map(List::take));
        let (module, name) = names?;
        Some(Box::new(wasm_importtype_t { module: List::new(module), name: List::new(name), ty: ty? }))
    }
    fn wasm_importtype_delete(ty: Option<Box<wasm_importtype_t>>) {
        drop(ty);
    }
    fn wasm_importtype_copy(ty: Option<&wasm_importtype_t>) -> Option<Box<wasm_importtype_t>> {
        ty.cloned().map(Box::new)
    }
    fn wasm_importtype_module(ty: Option<&wasm_importtype_t>) -> Option<&wasm_name_t> {
        ty.map(|ty| &ty.module)
    }
    fn wasm_importtype_name(ty: Option<&wasm_importtype_t>) -> Option<&wasm_name_t> {
        ty.map(|ty| &ty.name)
    }
    fn wasm_importtype_type(ty: Option<&wasm_importtype_t>) -> Option<&wasm_externtype_t> {
        ty.map(|ty| &*ty.ty)
    }

    /// An export; takes the name and the type.
    fn wasm_exporttype_new(name: Option<&mut wasm_name_t>, ty: Option<Box<wasm_externtype_t>>) -> Option<Box<wasm_exporttype_t>> {
        let name = name?.take();
        Some(Box::new(wasm_exporttype_t { name: List::new(name), ty: ty? }))
    }
    fn wasm_exporttype_delete(ty: Option<Box<wasm_exporttype_t>>) {
        drop(ty);
    }
    fn wasm_exporttype_copy(ty: Option<&wasm_exporttype_t>) -> Option<Box<wasm_exporttype_t>> {
        ty.cloned().map(Box::new)
    }
    fn wasm_exporttype_name(ty: Option<&wasm_exporttype_t>) -> Option<&wasm_name_t> {
        ty.map(|ty| &ty.name)
    }
    fn wasm_exporttype_type(ty: Option<&wasm_exporttype_t>) -> Option<&wasm_externtype_t> {
        ty.map(|ty| &*ty.ty)
    }
}

/// The lists of these.
pub(crate) mod lists {
    use super::*;

    lists! {
        wasm_importtype_vec_t of Option<Box<wasm_importtype_t>>: wasm_importtype_vec_new_empty wasm_importtype_vec_new_uninitialized wasm_importtype_vec_new wasm_importtype_vec_copy wasm_importtype_vec_delete;
        wasm_exporttype_vec_t of Option<Box<wasm_exporttype_t>>: wasm_exporttype_vec_new_empty wasm_exporttype_vec_new_uninitialized wasm_exporttype_vec_new wasm_exporttype_vec_copy wasm_exporttype_vec_delete;
    }
}
