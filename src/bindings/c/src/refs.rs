//! References: to functions, globals, tables, memories, instances, modules, traps, and things of C's.

use std::ffi::c_void;
use std::ptr;
use std::rc::Rc;

use wasm_dispatch::{Extern, Func, Global, Memory, Table};

use crate::engine::wasm_store_t;
use crate::kind::{Identity, Kind};
use crate::store::{Finalizer, Info, Store};

/// A reference to anything. The types of what it may refer to are the same thing under other names.
#[derive(Clone)]
pub struct wasm_ref_t {
    pub(crate) store: Rc<Store>,
    pub(crate) kind: Kind,
}

/// Something of C's that programs may hold.
pub type wasm_foreign_t = wasm_ref_t;
/// A module.
pub type wasm_module_t = wasm_ref_t;
/// Why something failed.
pub type wasm_trap_t = wasm_ref_t;
/// A function.
pub type wasm_func_t = wasm_ref_t;
/// An instance.
pub type wasm_instance_t = wasm_ref_t;
/// A global.
pub type wasm_global_t = wasm_ref_t;
/// A table.
pub type wasm_table_t = wasm_ref_t;
/// A memory.
pub type wasm_memory_t = wasm_ref_t;
/// A function, a global, a table or a memory.
pub type wasm_extern_t = wasm_ref_t;

impl wasm_ref_t {
    pub(crate) fn new(store: &Rc<Store>, kind: Kind) -> Option<Box<wasm_ref_t>> {
        let store = store.clone();
        Some(Box::new(wasm_ref_t { store, kind }))
    }

    pub(crate) fn func(&self) -> Option<Func> {
        match self.kind {
            Kind::Func(func) => Some(func),
            _ => None,
        }
    }

    pub(crate) fn global(&self) -> Option<Global> {
        match self.kind {
            Kind::Global(global) => Some(global),
            _ => None,
        }
    }

    pub(crate) fn table(&self) -> Option<Table> {
        match self.kind {
            Kind::Table(table) => Some(table),
            _ => None,
        }
    }

    pub(crate) fn memory(&self) -> Option<Memory> {
        match self.kind {
            Kind::Memory(memory) => Some(memory),
            _ => None,
        }
    }

    pub(crate) fn as_extern(&self) -> Option<Extern> {
        Some(match self.kind {
            Kind::Func(func) => func.into(),
            Kind::Global(global) => global.into(),
            Kind::Table(table) => table.into(),
            Kind::Memory(memory) => memory.into(),
            Kind::Instance(_) | Kind::Module(_) | Kind::Trap(_) | Kind::Foreign(_) => return None,
        })
    }

    fn is(&self, other: &wasm_ref_t) -> bool {
        Rc::ptr_eq(&self.store, &other.store) && self.kind.identity() == other.kind.identity()
    }
}

/// The kinds that a type's name stands for.
pub(crate) trait Of {
    fn is_func(&self) -> bool;
    fn is_global(&self) -> bool;
    fn is_table(&self) -> bool;
    fn is_memory(&self) -> bool;
    fn is_extern(&self) -> bool;
    fn is_instance(&self) -> bool;
    fn is_module(&self) -> bool;
    fn is_trap(&self) -> bool;
    fn is_foreign(&self) -> bool;
}

impl Of for wasm_ref_t {
    fn is_func(&self) -> bool {
        matches!(self.kind, Kind::Func(_))
    }
    fn is_global(&self) -> bool {
        matches!(self.kind, Kind::Global(_))
    }
    fn is_table(&self) -> bool {
        matches!(self.kind, Kind::Table(_))
    }
    fn is_memory(&self) -> bool {
        matches!(self.kind, Kind::Memory(_))
    }
    fn is_extern(&self) -> bool {
        self.as_extern().is_some()
    }
    fn is_instance(&self) -> bool {
        matches!(self.kind, Kind::Instance(_))
    }
    fn is_module(&self) -> bool {
        matches!(self.kind, Kind::Module(_))
    }
    fn is_trap(&self) -> bool {
        matches!(self.kind, Kind::Trap(_))
    }
    fn is_foreign(&self) -> bool {
        matches!(self.kind, Kind::Foreign(_))
    }
}

pub(crate) fn copy(reference: Option<&wasm_ref_t>) -> Option<Box<wasm_ref_t>> {
    reference.cloned().map(Box::new)
}

pub(crate) fn same(a: Option<&wasm_ref_t>, b: Option<&wasm_ref_t>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a.is(b),
        (None, None) => true,
        _ => false,
    }
}

pub(crate) fn info(reference: Option<&wasm_ref_t>) -> *mut c_void {
    reference.map_or(ptr::null_mut(), |own| own.store.info(own.kind.identity()))
}

pub(crate) fn set_info(reference: Option<&wasm_ref_t>, data: *mut c_void, finalizer: Finalizer) {
    if let Some(own) = reference {
        // What is in no machine has its place as long as somebody holds it: the store does, from now on.
        if matches!(own.kind.identity(), Identity::Place(_)) {
            own.store.extern_ref(&own.kind);
        }
        own.store.set_info(own.kind.identity(), Info::new(data, finalizer));
    }
}

/// The functions that references of all kinds have.
macro_rules! references {
    ($($ty:ident: $delete:ident $copy:ident $same:ident $info:ident $set_info:ident $set_finalized:ident;)*) => {
        functions! {
            $(
                fn $delete(reference: Option<Box<$ty>>) {
                    drop(reference);
                }
                fn $copy(reference: Option<&$ty>) -> Option<Box<$ty>> {
                    copy(reference)
                }
                fn $same(a: Option<&$ty>, b: Option<&$ty>) -> bool {
                    same(a, b)
                }
                fn $info(reference: Option<&$ty>) -> *mut c_void {
                    info(reference)
                }
                fn $set_info(reference: Option<&$ty>, info: *mut c_void) {
                    set_info(reference, info, None);
                }
                fn $set_finalized(reference: Option<&$ty>, info: *mut c_void, finalizer: Finalizer) {
                    set_info(reference, info, finalizer);
                }
            )*
        }
    };
}

/// The ways from one type's name to another's.
macro_rules! conversions {
    ($($from:ident $to:ident if $is:ident: $up:ident $up_const:ident $down:ident $down_const:ident;)*) => {
        functions! {
            $(
                fn $up(reference: Option<&mut $from>) -> Option<&mut $to> {
                    reference
                }
                fn $up_const(reference: Option<&$from>) -> Option<&$to> {
                    reference
                }
                fn $down(reference: Option<&mut $to>) -> Option<&mut $from> {
                    reference.filter(|own| own.$is())
                }
                fn $down_const(reference: Option<&$to>) -> Option<&$from> {
                    reference.filter(|own| own.$is())
                }
            )*
        }
    };
}

/// What all references have.
pub(crate) mod base {
    use super::*;

    references! {
        wasm_ref_t: wasm_ref_delete wasm_ref_copy wasm_ref_same wasm_ref_get_host_info wasm_ref_set_host_info wasm_ref_set_host_info_with_finalizer;
        wasm_trap_t: wasm_trap_delete wasm_trap_copy wasm_trap_same wasm_trap_get_host_info wasm_trap_set_host_info wasm_trap_set_host_info_with_finalizer;
        wasm_foreign_t: wasm_foreign_delete wasm_foreign_copy wasm_foreign_same wasm_foreign_get_host_info wasm_foreign_set_host_info wasm_foreign_set_host_info_with_finalizer;
        wasm_module_t: wasm_module_delete wasm_module_copy wasm_module_same wasm_module_get_host_info wasm_module_set_host_info wasm_module_set_host_info_with_finalizer;
        wasm_func_t: wasm_func_delete wasm_func_copy wasm_func_same wasm_func_get_host_info wasm_func_set_host_info wasm_func_set_host_info_with_finalizer;
        wasm_global_t: wasm_global_delete wasm_global_copy wasm_global_same wasm_global_get_host_info wasm_global_set_host_info wasm_global_set_host_info_with_finalizer;
        wasm_table_t: wasm_table_delete wasm_table_copy wasm_table_same wasm_table_get_host_info wasm_table_set_host_info wasm_table_set_host_info_with_finalizer;
        wasm_memory_t: wasm_memory_delete wasm_memory_copy wasm_memory_same wasm_memory_get_host_info wasm_memory_set_host_info wasm_memory_set_host_info_with_finalizer;
        wasm_extern_t: wasm_extern_delete wasm_extern_copy wasm_extern_same wasm_extern_get_host_info wasm_extern_set_host_info wasm_extern_set_host_info_with_finalizer;
        wasm_instance_t: wasm_instance_delete wasm_instance_copy wasm_instance_same wasm_instance_get_host_info wasm_instance_set_host_info wasm_instance_set_host_info_with_finalizer;
    }
}

/// From any kind to a reference and back, and from what is imported and exported to that and back.
pub(crate) mod converted {
    use super::*;

    conversions! {
        wasm_trap_t wasm_ref_t if is_trap: wasm_trap_as_ref wasm_trap_as_ref_const wasm_ref_as_trap wasm_ref_as_trap_const;
        wasm_foreign_t wasm_ref_t if is_foreign: wasm_foreign_as_ref wasm_foreign_as_ref_const wasm_ref_as_foreign wasm_ref_as_foreign_const;
        wasm_module_t wasm_ref_t if is_module: wasm_module_as_ref wasm_module_as_ref_const wasm_ref_as_module wasm_ref_as_module_const;
        wasm_func_t wasm_ref_t if is_func: wasm_func_as_ref wasm_func_as_ref_const wasm_ref_as_func wasm_ref_as_func_const;
        wasm_global_t wasm_ref_t if is_global: wasm_global_as_ref wasm_global_as_ref_const wasm_ref_as_global wasm_ref_as_global_const;
        wasm_table_t wasm_ref_t if is_table: wasm_table_as_ref wasm_table_as_ref_const wasm_ref_as_table wasm_ref_as_table_const;
        wasm_memory_t wasm_ref_t if is_memory: wasm_memory_as_ref wasm_memory_as_ref_const wasm_ref_as_memory wasm_ref_as_memory_const;
        wasm_extern_t wasm_ref_t if is_extern: wasm_extern_as_ref wasm_extern_as_ref_const wasm_ref_as_extern wasm_ref_as_extern_const;
        wasm_instance_t wasm_ref_t if is_instance: wasm_instance_as_ref wasm_instance_as_ref_const wasm_ref_as_instance wasm_ref_as_instance_const;
        wasm_func_t wasm_extern_t if is_func: wasm_func_as_extern wasm_func_as_extern_const wasm_extern_as_func wasm_extern_as_func_const;
        wasm_global_t wasm_extern_t if is_global: wasm_global_as_extern wasm_global_as_extern_const wasm_extern_as_global wasm_extern_as_global_const;
        wasm_table_t wasm_extern_t if is_table: wasm_table_as_extern wasm_table_as_extern_const wasm_extern_as_table wasm_extern_as_table_const;
        wasm_memory_t wasm_extern_t if is_memory: wasm_memory_as_extern wasm_memory_as_extern_const wasm_extern_as_memory wasm_extern_as_memory_const;
    }
}

functions! {
    /// Something of C's, which its host information says more about.
    fn wasm_foreign_new(store: Option<&wasm_store_t>) -> Option<Box<wasm_foreign_t>> {
        // Allocated, so that each has a place of its own.
        wasm_ref_t::new(&store?.0, Kind::Foreign(Rc::new(0)))
    }
}
