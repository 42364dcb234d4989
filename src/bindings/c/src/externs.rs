//! Globals, tables and memories, and all that is imported and exported.

use std::ptr;

use wasm_dispatch::{Extern, ExternType, Value};

use crate::engine::wasm_store_t;
use crate::kind::Kind;
use crate::list::{self, List, Out};
use crate::refs::{wasm_extern_t, wasm_global_t, wasm_memory_t, wasm_ref_t, wasm_table_t};
use crate::types::{
    wasm_byte_t, wasm_externkind_t, wasm_externtype_t, wasm_globaltype_t, wasm_memorytype_t, wasm_tabletype_t,
};
use crate::value::wasm_val_t;

/// What is imported or exported.
pub type wasm_extern_vec_t = List<Option<Box<wasm_extern_t>>>;
/// An index of a table's elements, or their number.
pub type wasm_table_size_t = u32;
/// A number of pages of 64 KiB.
pub type wasm_memory_pages_t = u32;

/// The type of what is imported or exported.
fn type_of(item: Option<&wasm_extern_t>) -> Option<Box<wasm_externtype_t>> {
    let reference = item?;
    let item: Extern = reference.as_extern()?;
    let ty = reference.store.with(|vm| vm.extern_type(item)).ok()?;
    Some(Box::new(wasm_externtype_t::new(ty)))
}

/// A reference as an element of a table, null included; `None` if the table has no such elements.
fn element(table: &wasm_table_t, reference: Option<&wasm_ref_t>) -> Option<Value> {
    let handle = table.table()?;
    let ty = table.store.with(|vm| vm.extern_type(handle.into())).ok()?;
    let ExternType::Table(ty) = ty else { return None };
    match (Value::zero(ty.element), reference) {
        (null, None) => Some(null),
        (Value::FuncRef(_), Some(own)) => Some(Value::FuncRef(Some(own.func()?))),
        (_, Some(own)) => Some(Value::ExternRef(Some(table.store.extern_ref(&own.kind)))),
    }
}

functions! {
    /// A global; null if the value is not of its type.
    fn wasm_global_new(store: Option<&wasm_store_t>, ty: Option<&wasm_globaltype_t>, value: Option<&wasm_val_t>) -> Option<Box<wasm_global_t>> {
        let store = &store?.0;
        let ExternType::Global(ty) = &ty?.ty else { return None };
        let value = value?.value(store).filter(|value| value.ty() == ty.value)?;
        let global = store.with(|vm| vm.new_global(value, ty.mutable)).ok()?;
        wasm_ref_t::new(store, Kind::Global(global))
    }
    fn wasm_global_type(global: Option<&wasm_global_t>) -> Option<Box<wasm_globaltype_t>> {
        type_of(global.filter(|own| own.global().is_some()))
    }
    /// The value; zero if it is a vector.
    fn wasm_global_get(global: Option<&wasm_global_t>, out: Out<wasm_val_t>) {
        let read = |own: &wasm_global_t| {
            let handle = own.global()?;
            let value = own.store.with(|vm| vm.global(handle)).ok()?;
            wasm_val_t::new(value, &own.store)
        };
        if let Some(out) = out {
            out.write(global.and_then(read).unwrap_or(wasm_val_t::zero(wasm_dispatch::ValType::I32)));
        }
    }
    /// Sets the value, if the global can be set and is of its type.
    fn wasm_global_set(global: Option<&wasm_global_t>, value: Option<&wasm_val_t>) {
        if let (Some(own), Some(value)) = (global, value)
            && let (Some(handle), Some(value)) = (own.global(), value.value(&own.store))
        {
            // A wrong use, of which C cannot be told: nothing is set.
            let _ = own.store.with(|vm| vm.set_global(handle, value));
        }
    }

    /// A table with this reference, or null, in all its elements.
    fn wasm_table_new(store: Option<&wasm_store_t>, ty: Option<&wasm_tabletype_t>, init: Option<&wasm_ref_t>) -> Option<Box<wasm_table_t>> {
        let store = &store?.0;
        let ExternType::Table(ty) = &ty?.ty else { return None };
        let mut empty = *ty;
        let size = std::mem::take(&mut empty.limits.min);
        let handle = store.with(|vm| vm.new_table(empty)).ok()?;
        let table = wasm_ref_t::new(store, Kind::Table(handle))?;
        let init = element(&table, init)?;
        store.with(|vm| vm.grow_table(handle, size, init)).ok()?;
        Some(table)
    }
    fn wasm_table_type(table: Option<&wasm_table_t>) -> Option<Box<wasm_tabletype_t>> {
        type_of(table.filter(|own| own.table().is_some()))
    }
    /// An element; null past the end, too.
    fn wasm_table_get(table: Option<&wasm_table_t>, index: wasm_table_size_t) -> Option<Box<wasm_ref_t>> {
        let own = table?;
        let handle = own.table()?;
        let kind = match own.store.with(|vm| vm.table_get(handle, index as usize)).ok()? {
            Value::FuncRef(func) => Kind::Func(func?),
            Value::ExternRef(number) => own.store.referred(number?)?,
            _ => return None,
        };
        wasm_ref_t::new(&own.store, kind)
    }
    /// Sets an element; false past the end, or for a reference of another type.
    fn wasm_table_set(table: Option<&wasm_table_t>, index: wasm_table_size_t, reference: Option<&wasm_ref_t>) -> bool {
        let Some(own) = table else { return false };
        let (Some(handle), Some(value)) = (own.table(), element(own, reference)) else { return false };
        own.store.with(|vm| vm.table_set(handle, index as usize, value)).is_ok()
    }
    fn wasm_table_size(table: Option<&wasm_table_t>) -> wasm_table_size_t {
        let size = |own: &wasm_table_t| {
            let handle = own.table()?;
            own.store.with(|vm| vm.table_len(handle)).ok()
        };
        table.and_then(size).unwrap_or(0).try_into().unwrap_or(u32::MAX)
    }
    /// Adds elements; false if there may not be as many.
    fn wasm_table_grow(table: Option<&wasm_table_t>, delta: wasm_table_size_t, init: Option<&wasm_ref_t>) -> bool {
        let Some(own) = table else { return false };
        let (Some(handle), Some(value)) = (own.table(), element(own, init)) else { return false };
        own.store.with(|vm| vm.grow_table(handle, delta.into(), value)).is_ok()
    }

    fn wasm_memory_new(store: Option<&wasm_store_t>, ty: Option<&wasm_memorytype_t>) -> Option<Box<wasm_memory_t>> {
        let store = &store?.0;
        let ExternType::Memory(ty) = &ty?.ty else { return None };
        let memory = store.with(|vm| vm.new_memory(*ty)).ok()?;
        wasm_ref_t::new(store, Kind::Memory(memory))
    }
    fn wasm_memory_type(memory: Option<&wasm_memory_t>) -> Option<Box<wasm_memorytype_t>> {
        type_of(memory.filter(|own| own.memory().is_some()))
    }
    /// The bytes. They move when the memory grows.
    fn wasm_memory_data(memory: Option<&wasm_memory_t>) -> *mut wasm_byte_t {
        let data = |own: &wasm_memory_t| {
            let handle = own.memory()?;
            own.store.with(|vm| vm.memory_mut(handle).map(<[u8]>::as_mut_ptr)).ok()
        };
        memory.and_then(data).unwrap_or(ptr::null_mut())
    }
    fn wasm_memory_data_size(memory: Option<&wasm_memory_t>) -> usize {
        let size = |own: &wasm_memory_t| {
            let handle = own.memory()?;
            own.store.with(|vm| vm.memory(handle).map(<[u8]>::len)).ok()
        };
        memory.and_then(size).unwrap_or(0)
    }
    fn wasm_memory_size(memory: Option<&wasm_memory_t>) -> wasm_memory_pages_t {
        (wasm_memory_data_size(memory) >> 16).try_into().unwrap_or(u32::MAX)
    }
    /// Adds pages; false if there may not be as many.
    fn wasm_memory_grow(memory: Option<&wasm_memory_t>, delta: wasm_memory_pages_t) -> bool {
        let Some(own) = memory else { return false };
        let Some(handle) = own.memory() else { return false };
        own.store.with(|vm| vm.grow_memory(handle, delta.into())).is_ok()
    }

    fn wasm_extern_kind(item: Option<&wasm_extern_t>) -> wasm_externkind_t {
        type_of(item).map_or(0, |ty| ty.kind())
    }
    fn wasm_extern_type(item: Option<&wasm_extern_t>) -> Option<Box<wasm_externtype_t>> {
        type_of(item)
    }
}

/// The lists of these.
pub(crate) mod lists {
    use super::*;

    lists! {
        wasm_extern_vec_t of Option<Box<wasm_extern_t>>: wasm_extern_vec_new_empty wasm_extern_vec_new_uninitialized wasm_extern_vec_new wasm_extern_vec_copy wasm_extern_vec_delete;
    }
}
