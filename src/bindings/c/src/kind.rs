//! What references may refer to.

use std::rc::Rc;
use std::sync::Arc;

use wasm_dispatch::{Extern, Func, Global, Instance, Memory, Module, Table};

/// What a reference refers to.
#[derive(Clone)]
pub(crate) enum Kind {
    Func(Func),
    Global(Global),
    Table(Table),
    Memory(Memory),
    Instance(Instance),
    Module(Rc<Compiled>),
    Trap(Rc<Reason>),
    /// Nothing but itself.
    Foreign(Rc<u8>),
}

/// What two references to one thing have in common.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Identity {
    Func(Func),
    Global(Global),
    Table(Table),
    Memory(Memory),
    Instance(Instance),
    /// By its place in memory.
    Place(usize),
}

impl Kind {
    pub fn identity(&self) -> Identity {
        match self {
            Kind::Func(func) => Identity::Func(*func),
            Kind::Global(global) => Identity::Global(*global),
            Kind::Table(table) => Identity::Table(*table),
            Kind::Memory(memory) => Identity::Memory(*memory),
            Kind::Instance(instance) => Identity::Instance(*instance),
            Kind::Module(module) => Identity::Place(Rc::as_ptr(module).addr()),
            Kind::Trap(trap) => Identity::Place(Rc::as_ptr(trap).addr()),
            Kind::Foreign(foreign) => Identity::Place(Rc::as_ptr(foreign).addr()),
        }
    }

    pub fn of(item: Extern) -> Option<Kind> {
        Some(match item {
            Extern::Func(func) => Kind::Func(func),
            Extern::Global(global) => Kind::Global(global),
            Extern::Table(table) => Kind::Table(table),
            Extern::Memory(memory) => Kind::Memory(memory),
            // The library may come to know more.
            _ => return None,
        })
    }
}

/// A module, and what it was made from.
#[derive(Clone)]
pub(crate) struct Compiled {
    pub module: Module,
    pub from: From,
}

#[derive(Clone)]
pub(crate) enum From {
    /// Its bytes, in the binary format.
    Wasm(Arc<[u8]>),
    /// What `wasm_module_serialize` gave.
    Serialized(Arc<[u8]>),
}

/// What a trap knows.
pub(crate) struct Reason {
    /// Without the zero at its end.
    pub message: String,
    pub frames: Vec<wasm_frame_t>,
}

/// A function that was active.
#[derive(Clone)]
pub struct wasm_frame_t {
    pub(crate) function: u32,
    pub(crate) offset: usize,
}
