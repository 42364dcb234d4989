//! Exports, and reading and writing memories, tables and globals from the host.

use wasm_dispatch_ir::types::GlobalType;
use wasm_dispatch_ir::types::ValType;
use wasm_dispatch_machine::bulk::NotGrown;
use wasm_dispatch_machine::host::Reach;
use wasm_dispatch_machine::limiter::{Demand, Limiter};
use wasm_dispatch_machine::state::State;
use wasm_dispatch_machine::store::{self, Store};

use super::Vm;
use super::handles::{Extern, Func, Global, Instance, Memory, Table, VmId};
use super::value::Value;
use crate::error::{Error, ErrorKind};
use crate::module::{ExternIndex, Module};
use crate::types::{MemoryType, TableType};

impl<T> Vm<T> {
    /// What an instance exports under a name; `None` if there is no such export.
    ///
    /// # Errors
    ///
    /// [`Usage`](ErrorKind::Usage) for an instance of another machine.
    pub fn export(&self, instance: Instance, name: &str) -> Result<Option<Extern>, Error> {
        let id = instance.index_in(self.id)?;
        Ok(export(self.id, &self.machine.state.store, &self.modules, id, name))
    }

    /// All instances, in the order in which they were made.
    pub fn instances(&self) -> impl ExactSizeIterator<Item = Instance> {
        let vm = self.id;
        (0..self.modules.len() as u32).map(move |index| Instance::new(vm, index))
    }

    /// All exports of an instance, in the module's order.
    ///
    /// # Errors
    ///
    /// [`Usage`](ErrorKind::Usage) for an instance of another machine.
    pub fn exports(&self, instance: Instance) -> Result<Vec<(String, Extern)>, Error> {
        let id = instance.index_in(self.id)?;
        let exports = self.modules[id as usize].inner.exports.iter();
        Ok(exports
            .map(|(name, &index)| {
                let item = resolve(self.id, &self.machine.state.store, id, index);
                (name.to_string(), item)
            })
            .collect())
    }

    /// An exported function.
    ///
    /// # Errors
    ///
    /// [`NoExport`](ErrorKind::NoExport); [`Usage`](ErrorKind::Usage) for an instance of another machine.
    pub fn exported_func(&self, instance: Instance, name: &str) -> Result<Func, Error> {
        match self.export(instance, name)? {
            Some(Extern::Func(func)) => Ok(func),
            _ => Err(no_export(name, "function")),
        }
    }

    /// An exported memory.
    ///
    /// # Errors
    ///
    /// [`NoExport`](ErrorKind::NoExport); [`Usage`](ErrorKind::Usage) for an instance of another machine.
    pub fn exported_memory(&self, instance: Instance, name: &str) -> Result<Memory, Error> {
        match self.export(instance, name)? {
            Some(Extern::Memory(memory)) => Ok(memory),
            _ => Err(no_export(name, "memory")),
        }
    }

    /// An exported table.
    ///
    /// # Errors
    ///
    /// [`NoExport`](ErrorKind::NoExport); [`Usage`](ErrorKind::Usage) for an instance of another machine.
    pub fn exported_table(&self, instance: Instance, name: &str) -> Result<Table, Error> {
        match self.export(instance, name)? {
            Some(Extern::Table(table)) => Ok(table),
            _ => Err(no_export(name, "table")),
        }
    }

    /// An exported global.
    ///
    /// # Errors
    ///
    /// [`NoExport`](ErrorKind::NoExport); [`Usage`](ErrorKind::Usage) for an instance of another machine.
    pub fn exported_global(&self, instance: Instance, name: &str) -> Result<Global, Error> {
        match self.export(instance, name)? {
            Some(Extern::Global(global)) => Ok(global),
            _ => Err(no_export(name, "global")),
        }
    }

    /// Makes a memory that instances can import: of a [`MemoryType`], or of [`SizeLimits`](crate::SizeLimits) in pages of 64 KiB with
    /// addresses of 32 bits.
    ///
    /// # Errors
    ///
    /// [`Limit`](ErrorKind::Limit) when it starts larger than a memory, or this one, may be;
    /// [`Refused`](ErrorKind::Refused); [`HostMemory`](ErrorKind::HostMemory); [`Usage`](ErrorKind::Usage) for an impossible page size.
    pub fn new_memory(&mut self, ty: impl Into<MemoryType>) -> Result<Memory, Error> {
        let ty = ty.into();
        if !matches!(ty.page_size_log2, 0 | 16) {
            return Err(Error::usage("a memory's pages have 1 byte or 64 KiB"));
        }
        let limit = store::limit_pages(ty.shape(), self.limits.memory_pages);
        let limit = limit.min(ty.limits.max.unwrap_or(u64::MAX));
        let too_large = || ErrorKind::Limit {
            what: "memory pages",
            limit,
        };
        let size = ty.shape().bytes(ty.limits.min).filter(|_| ty.limits.min <= limit);
        let size = size.ok_or_else(too_large)?;
        if !self.machine.state.has_room_for_memory(size as u64) {
            return Err(self.too_much_memory());
        }
        let demand = Demand::Memory {
            from: 0,
            to: size as u64,
        };
        self.ask(demand, "a memory")?;
        let Some(bytes) = store::allocate_pages(ty.shape(), ty.limits.min) else {
            self.machine.state.limited.failed(demand);
            return Err(ErrorKind::HostMemory { what: "a memory" }.into());
        };
        self.machine.state.store.sizes.memory_bytes += size as u64;
        let memories = &mut self.machine.state.store.memories;
        memories.push(store::Memory {
            bytes,
            declared_max: ty.limits.max,
            shape: ty.shape(),
        });
        Ok(Memory::new(self.id, (memories.len() - 1) as u32))
    }

    /// Makes a table of null references that instances can import.
    ///
    /// # Errors
    ///
    /// [`Limit`](ErrorKind::Limit) when it starts larger than any table, or this one, may be; [`Refused`](ErrorKind::Refused);
    /// [`HostMemory`](ErrorKind::HostMemory); [`Usage`](ErrorKind::Usage) when its elements are not references.
    pub fn new_table(&mut self, ty: TableType) -> Result<Table, Error> {
        if !matches!(ty.element, ValType::FuncRef | ValType::ExternRef) {
            return Err(Error::usage("a table holds references"));
        }
        let state = &mut self.machine.state;
        let id = state.store.tables.len() as u32;
        let table = store::Table {
            elements: Vec::new(),
            declared_max: ty.limits.max,
            shape: ty.shape(),
        };
        let limit = table.most_elements(state.limits.table_elements);
        let of_all = state.limits.all_table_elements;
        state.store.tables.push(table);
        if let Err(why) = state.grow_table(id, 0, ty.limits.min) {
            state.store.tables.pop();
            return Err(no_table(why, "a table", limit, of_all));
        }
        Ok(Table::new(self.id, id))
    }

    /// Makes a global that instances can import.
    ///
    /// # Errors
    ///
    /// [`Usage`](ErrorKind::Usage) for a function of another machine.
    pub fn new_global(&mut self, value: Value, mutable: bool) -> Result<Global, Error> {
        let slots = value.to_slots(self.id)?;
        let ty = GlobalType {
            value: value.ty(),
            mutable,
        };
        let global = self.machine.state.store.add_global(ty, slots);
        Ok(Global::new(self.id, global))
    }

    /// The bytes of a memory.
    ///
    /// # Errors
    ///
    /// [`Usage`](ErrorKind::Usage) for a handle of another machine.
    pub fn memory(&self, memory: Memory) -> Result<&[u8], Error> {
        let memory = memory.index_in(self.id)?;
        Ok(self.machine.state.bytes(memory))
    }

    /// The bytes of a memory, mutably.
    ///
    /// # Errors
    ///
    /// [`Usage`](ErrorKind::Usage) for a handle of another machine.
    pub fn memory_mut(&mut self, memory: Memory) -> Result<&mut [u8], Error> {
        let memory = memory.index_in(self.id)?;
        Ok(self.machine.state.bytes_mut(memory))
    }

    /// Grows a memory by `pages` and returns its old size in pages.
    ///
    /// # Errors
    ///
    /// [`Limit`](ErrorKind::Limit) when it would exceed its maximum; [`Refused`](ErrorKind::Refused);
    /// [`HostMemory`](ErrorKind::HostMemory); [`Usage`](ErrorKind::Usage) for a handle of another machine.
    pub fn grow_memory(&mut self, memory: Memory, pages: u64) -> Result<u64, Error> {
        let memory = memory.index_in(self.id)?;
        let state = &mut self.machine.state;
        let limit = state.store.memories[memory as usize].most_pages(self.limits.memory_pages);
        state.grow_memory(memory, pages, limit).map_err(|why| match why {
            NotGrown::Refused => ErrorKind::Refused("a memory's growth").into(),
            NotGrown::Host => ErrorKind::HostMemory { what: "a memory" }.into(),
            NotGrown::LimitOfAll => self.too_much_memory(),
            NotGrown::Limit => ErrorKind::Limit {
                what: "memory pages",
                limit,
            }
            .into(),
        })
    }

    fn too_much_memory(&self) -> Error {
        let limit = self.limits.all_memory_pages;
        let what = "pages of all memories together";
        ErrorKind::Limit { what, limit }.into()
    }

    /// Grows a table by `delta` elements of this value and returns its old size in elements.
    ///
    /// # Errors
    ///
    /// [`Limit`](ErrorKind::Limit) when it would exceed its maximum; [`Refused`](ErrorKind::Refused);
    /// [`HostMemory`](ErrorKind::HostMemory); [`Usage`](ErrorKind::Usage) for a value of another type, or a handle of another machine.
    pub fn grow_table(&mut self, table: Table, delta: u64, value: Value) -> Result<u64, Error> {
        let table = table.index_in(self.id)?;
        let [slot, ..] = value.to_slots(self.id)?;
        let state = &mut self.machine.state;
        let own = &state.store.tables[table as usize];
        let (element, limit) = (own.shape.element, own.most_elements(state.limits.table_elements));
        let of_all = state.limits.all_table_elements;
        if element != value.ty() {
            return Err(Error::usage(format!("a table of {element} cannot hold {value:?}")));
        }
        let grown = state.grow_table(table, slot, delta);
        grown.map_err(|why| no_table(why, "a table's growth", limit, of_all))
    }

    /// Asks the machine's limiter, if it has one.
    pub(super) fn ask(&mut self, demand: Demand, what: &'static str) -> Result<(), Error> {
        if self.machine.state.limited.allows(demand) {
            Ok(())
        } else {
            Err(ErrorKind::Refused(what).into())
        }
    }

    /// Sets the limiter that decides from now on what more this machine may have, or removes it.
    pub fn set_limiter(&mut self, limiter: Option<Box<dyn Limiter>>) {
        self.machine.state.limited.set(limiter);
    }

    /// Number of elements of a table.
    ///
    /// # Errors
    ///
    /// [`Usage`](ErrorKind::Usage) for a handle of another machine.
    pub fn table_len(&self, table: Table) -> Result<usize, Error> {
        let table = table.index_in(self.id)?;
        Ok(self.machine.state.store.tables[table as usize].elements.len())
    }

    /// An element of a table.
    ///
    /// # Errors
    ///
    /// [`Usage`](ErrorKind::Usage) past the end, or for a handle of another machine.
    pub fn table_get(&self, table: Table, index: usize) -> Result<Value, Error> {
        let table = table.index_in(self.id)?;
        let table = &self.machine.state.store.tables[table as usize];
        let slot = table
            .elements
            .get(index)
            .ok_or_else(|| Error::usage("no such table element"))?;
        Ok(Value::from_slots(table.shape.element, &[*slot], self.id))
    }

    /// Sets an element of a table.
    ///
    /// # Errors
    ///
    /// [`Usage`](ErrorKind::Usage) past the end, for a value of another type, or for a handle of another machine.
    pub fn table_set(&mut self, table: Table, index: usize, value: Value) -> Result<(), Error> {
        let table = table.index_in(self.id)?;
        let [slot, ..] = value.to_slots(self.id)?;
        let table = &mut self.machine.state.store.tables[table as usize];
        let element = table.shape.element;
        if element != value.ty() {
            return Err(Error::usage(format!("a table of {element} cannot hold {value:?}")));
        }
        let element = table
            .elements
            .get_mut(index)
            .ok_or_else(|| Error::usage("no such table element"))?;
        *element = slot;
        Ok(())
    }

    /// The value of a global.
    ///
    /// # Errors
    ///
    /// [`Usage`](ErrorKind::Usage) for a handle of another machine.
    pub fn global(&self, global: Global) -> Result<Value, Error> {
        self::global(self.id, &self.machine.state, global)
    }

    /// Sets a global.
    ///
    /// # Errors
    ///
    /// [`Usage`](ErrorKind::Usage) for a constant, a value of another type, or a handle of another machine.
    pub fn set_global(&mut self, global: Global, value: Value) -> Result<(), Error> {
        self::set_global(self.id, &mut Reach::new(&mut self.machine.state), global, value)
    }
}

/// Why there is no table, or no larger one.
fn no_table(why: NotGrown, wanted: &'static str, limit: u64, of_all: u64) -> Error {
    let kind = match why {
        NotGrown::Refused => ErrorKind::Refused(wanted),
        NotGrown::Host => ErrorKind::HostMemory { what: "a table" },
        NotGrown::Limit => ErrorKind::Limit {
            what: "table elements",
            limit,
        },
        NotGrown::LimitOfAll => ErrorKind::Limit {
            what: "elements of all tables together",
            limit: of_all,
        },
    };
    kind.into()
}

/// What an instance of this machine exports under a name.
pub(super) fn export(vm: VmId, store: &Store, modules: &[Module], instance: u32, name: &str) -> Option<Extern> {
    let index = *modules[instance as usize].inner.exports.get(name)?;
    Some(resolve(vm, store, instance, index))
}

fn resolve(vm: VmId, store: &Store, instance: u32, index: ExternIndex) -> Extern {
    let instance = &store.instances[instance as usize];
    match index {
        ExternIndex::Func(i) => Extern::Func(Func::new(vm, instance.functions[i as usize])),
        ExternIndex::Table(i) => Extern::Table(Table::new(vm, instance.tables[i as usize])),
        ExternIndex::Memory(i) => Extern::Memory(Memory::new(vm, instance.memories[i as usize])),
        ExternIndex::Global(i) => Extern::Global(Global::new(vm, instance.globals[i as usize])),
    }
}

/// The value of a global.
pub(super) fn global(vm: VmId, state: &State, global: Global) -> Result<Value, Error> {
    let global = global.index_in(vm)?;
    let ty = state.store.global_types[global as usize].value;
    Ok(Value::from_slots(ty, &state.slots_of_global(global), vm))
}

/// Sets a global.
pub(super) fn set_global(vm: VmId, state: &mut Reach<'_>, global: Global, value: Value) -> Result<(), Error> {
    let global = global.index_in(vm)?;
    let slots = value.to_slots(vm)?;
    let ty = state.store.global_types[global as usize];
    if !ty.mutable {
        return Err(Error::usage("a constant global cannot be set"));
    }
    if ty.value != value.ty() {
        return Err(Error::usage(format!(
            "a {} global cannot be set to {value:?}",
            ty.value
        )));
    }
    state.set_slots_of_global(global, slots);
    Ok(())
}

fn no_export(name: &str, kind: &'static str) -> Error {
    ErrorKind::NoExport {
        name: name.to_string(),
        kind,
    }
    .into()
}
