//! Instantiation: from a module and imports to an instance (specification section 4.5.4).

use wasm_dispatch_ir::Trap;
use wasm_dispatch_machine::limiter::Demand;
use wasm_dispatch_machine::store::{self, FunctionEntry, HOST, Mark, VectorSlots};

use super::Vm;
use super::handles::{Extern, Func, Instance};
use super::host::HostFunction;
use super::imports::{Definition, Imports};
use crate::error::{Backtrace, Error, ErrorKind, TrapInfo};
use crate::metering::Metering;
use crate::module::{ConstExpr, ElementSegment, Items, Module, SegmentMode};
use crate::types::{ExternType, ImportType, MemoryType, SizeLimits, TableType};

impl<T> Vm<T> {
    /// Instantiates a module: resolves its imports, makes what it defines, copies its active segments, and runs its
    /// start function. Its exports can be called after that.
    ///
    /// # Errors
    ///
    /// [`MissingImport`](ErrorKind::MissingImport), [`ImportMismatch`](ErrorKind::ImportMismatch),
    /// [`Limit`](ErrorKind::Limit), [`Refused`](ErrorKind::Refused), [`HostMemory`](ErrorKind::HostMemory);
    /// [`StrategyRefuses`](ErrorKind::StrategyRefuses); [`Usage`](ErrorKind::Usage) when something of another machine is to be
    /// imported, when the machine has fuel or tiers and the module was made without the [`Metering`](crate::Metering) for it;
    /// [`Trap`](ErrorKind::Trap) for a segment out of bounds; [`Trap`](ErrorKind::Trap) or [`Host`](ErrorKind::Host)
    /// from the start function. After the last two, whatever was written to imported memories and tables stays.
    pub fn instantiate(&mut self, module: &Module, imports: &Imports<T>) -> Result<Instance, Error> {
        let (instance, start) = self.instantiate_without_start(module, imports)?;
        if let Some(start) = start {
            self.invoke(start, |_| {})?;
        }
        Ok(instance)
    }

    /// [`Vm::instantiate`] with imports by position, not by name: as many as the module has, in its order. Two imports of the
    /// same name can then be different things.
    ///
    /// # Errors
    ///
    /// As for [`Vm::instantiate`]; [`Usage`](ErrorKind::Usage) for more imports than the module has.
    pub fn instantiate_with(&mut self, module: &Module, imports: &[Extern]) -> Result<Instance, Error> {
        let wanted = module.inner.imports.len();
        if imports.len() > wanted {
            let given = imports.len();
            return Err(Error::usage(format!("{given} imports for a module that has {wanted}")));
        }
        let find = |number: usize| imports.get(number).map(|&item| Definition::Extern(item));
        let (instance, start) = self.instantiate_found(module, find)?;
        if let Some(start) = start {
            self.invoke(start, |_| {})?;
        }
        Ok(instance)
    }

    /// Everything of an instantiation but running the start function.
    pub(super) fn instantiate_without_start(
        &mut self,
        module: &Module,
        imports: &Imports<T>,
    ) -> Result<(Instance, Option<u32>), Error> {
        let find = |number: usize| {
            let import = &module.inner.imports[number];
            imports.get(&import.module, &import.name).cloned()
        };
        self.instantiate_found(module, find)
    }

    /// The same, with what stands for each import by its number.
    fn instantiate_found(
        &mut self,
        module: &Module,
        find: impl Fn(usize) -> Option<Definition<T>>,
    ) -> Result<(Instance, Option<u32>), Error> {
        self.engine.check()?;
        self.check_metering(module)?;
        if self.machine.state.store.instances.len() >= self.limits.instances as usize {
            let (what, limit) = ("instances", u64::from(self.limits.instances));
            return Err(ErrorKind::Limit { what, limit }.into());
        }
        let (mark, hosts) = (self.machine.state.store.mark(), self.hosts.len());
        let made = self.make(module, find);
        let instance = made.inspect_err(|_| self.take_back(&mark, hosts))?;
        let inner = &module.inner;
        let id = self.machine.state.store.instances.len() as u32;
        self.machine.state.store.instances.push(instance);
        self.modules.push(module.clone());
        self.engine.add_instance(module);
        self.copy_segments(module, id)?;
        let functions = &self.machine.state.store.instances[id as usize].functions;
        let start = inner.start.map(|start| functions[start as usize]);
        Ok((Instance::new(self.id, id), start))
    }

    /// Makes everything that an instance consists of.
    fn make(
        &mut self,
        module: &Module,
        find: impl Fn(usize) -> Option<Definition<T>>,
    ) -> Result<store::Instance, Error> {
        let (mut instance, resolved) = self.resolve_imports(module, find)?;
        let demand = Demand::Instance {
            existing: self.modules.len() as u64,
        };
        self.ask(demand, "an instance")?;
        let defined = self.define(module, &mut instance, resolved);
        defined.inspect_err(|_| self.machine.state.limited.failed(demand))?;
        Ok(instance)
    }

    /// Takes back what was made for an instance that there is not: functions without it would be those of the next one.
    fn take_back(&mut self, mark: &Mark, hosts: usize) {
        let state = &mut self.machine.state;
        let (memories, tables) = state.store.made_since(mark);
        for memory in memories {
            let to = memory.bytes.len() as u64;
            state.limited.failed(Demand::Memory { from: 0, to });
        }
        for table in tables {
            let to = table.elements.len() as u64;
            state.limited.failed(Demand::Table { from: 0, to });
        }
        state.store.back_to(mark);
        self.hosts.truncate(hosts);
    }

    /// Finds and checks every import before anything is defined.
    fn resolve_imports(
        &mut self,
        module: &Module,
        find: impl Fn(usize) -> Option<Definition<T>>,
    ) -> Result<(store::Instance, Vec<Extern>), Error> {
        let mut instance = store::Instance::default();
        for ty in &module.inner.types {
            instance.signatures.push(self.machine.state.store.signatures.intern(ty));
        }
        let mut found = Vec::new();
        for (number, import) in module.inner.imports.iter().enumerate() {
            let Some(definition) = find(number) else {
                let (module, name) = (import.module.clone(), import.name.clone());
                return Err(ErrorKind::MissingImport { module, name }.into());
            };
            let definition = match definition {
                Definition::Extern(item) => {
                    self.check_import(import, item)?;
                    item
                }
                Definition::Host(host) => {
                    let ty = ExternType::Func((*host.ty).clone());
                    if ty != import.ty {
                        return Err(mismatch(import, ty.to_string()));
                    }
                    Extern::Func(self.host_func(&host))
                }
            };
            found.push(definition);
        }
        Ok((instance, found))
    }

    /// A host function as a value: for tables and globals, as an argument or a result, or to be imported under a name.
    ///
    /// It becomes part of the machine and stays there: make it once, not for each use.
    ///
    /// ```
    /// # use wasm_dispatch::{HostFunction, Value, Vm};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut vm = Vm::new();
    /// let double = vm.host_func(&HostFunction::new(|a: i32| a * 2));
    /// assert_eq!(vm.call_func(double, &[Value::I32(21)])?, [Value::I32(42)]);
    /// let global = vm.new_global(Value::FuncRef(Some(double)), false)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn host_func(&mut self, function: &HostFunction<T>) -> Func {
        let store = &mut self.machine.state.store;
        let signature = store.signatures.intern(&function.ty);
        store.functions.push(FunctionEntry {
            signature,
            instance: HOST,
            index: self.hosts.len() as u32,
        });
        self.hosts.push(function.clone());
        Func::new(self.id, (store.functions.len() - 1) as u32)
    }

    fn check_import(&self, import: &ImportType, item: Extern) -> Result<(), Error> {
        let of_import = |error| Error::usage(format!("import {}.{}: {error}", import.module, import.name));
        let found = self.extern_type(item).map_err(of_import)?;
        let fits = match (&import.ty, &found) {
            (ExternType::Memory(wanted), ExternType::Memory(found)) => {
                wanted.shape() == found.shape() && wanted.limits.accepts(found.limits.min, found.limits.max)
            }
            (ExternType::Table(wanted), ExternType::Table(found)) => {
                wanted.shape() == found.shape() && wanted.limits.accepts(found.limits.min, found.limits.max)
            }
            (wanted, found) => wanted == found,
        };
        if fits {
            Ok(())
        } else {
            Err(mismatch(import, found.to_string()))
        }
    }

    /// The type of something in this machine, with the current size of a memory or table.
    ///
    /// # Errors
    ///
    /// [`Usage`](ErrorKind::Usage) for a handle of another machine.
    pub fn extern_type(&self, item: Extern) -> Result<ExternType, Error> {
        let state = &self.machine.state;
        Ok(match item {
            Extern::Func(func) => ExternType::Func(self.func_type(func)?.clone()),
            Extern::Global(global) => ExternType::Global(state.store.global_types[global.index_in(self.id)? as usize]),
            Extern::Memory(memory) => {
                let id = memory.index_in(self.id)?;
                let memory = &state.store.memories[id as usize];
                let limits = SizeLimits {
                    min: memory.shape.pages(state.bytes(id).len()),
                    max: memory.declared_max,
                };
                ExternType::Memory(MemoryType::with_shape(limits, memory.shape))
            }
            Extern::Table(table) => {
                let table = &state.store.tables[table.index_in(self.id)? as usize];
                let limits = SizeLimits {
                    min: table.elements.len() as u64,
                    max: table.declared_max,
                };
                ExternType::Table(TableType {
                    element: table.shape.element,
                    limits,
                    address: table.shape.address,
                })
            }
        })
    }

    /// Makes what the module defines, after what it imports.
    fn define(&mut self, module: &Module, instance: &mut store::Instance, found: Vec<Extern>) -> Result<(), Error> {
        let inner = &module.inner;
        let id = self.machine.state.store.instances.len() as u32;
        for item in found {
            match item {
                Extern::Func(func) => instance.functions.push(func.index_in(self.id)?),
                Extern::Memory(memory) => instance.memories.push(memory.index_in(self.id)?),
                Extern::Table(table) => instance.tables.push(table.index_in(self.id)?),
                Extern::Global(global) => instance.globals.push(global.index_in(self.id)?),
            }
        }
        instance.imported_functions = inner.imported_functions;
        instance.metered = inner.metering != Metering::Off;
        let own = &inner.function_types[inner.imported_functions as usize..];
        for (index, &ty) in own.iter().enumerate() {
            let functions = &mut self.machine.state.store.functions;
            instance.functions.push(functions.len() as u32);
            let signature = instance.signatures[ty as usize];
            functions.push(FunctionEntry {
                signature,
                instance: id,
                index: index as u32,
            });
        }
        for &ty in &inner.memories[inner.imported_memories as usize..] {
            instance.memories.push(self.new_memory(ty)?.index_in(self.id)?);
        }
        instance.first_global = self.machine.state.store.globals.len() as u32;
        let own = &inner.globals[inner.imported_globals as usize..];
        for (ty, init) in own.iter().zip(&inner.global_inits) {
            let value = self.constant_slots(instance, init);
            let store = &mut self.machine.state.store;
            instance.globals.push(store.add_global(*ty, value));
        }
        for (ty, init) in &inner.tables[inner.imported_tables as usize..] {
            let table = self.new_table(*ty)?.index_in(self.id)?;
            if let Some(init) = init {
                let value = self.constant(instance, init);
                self.machine.state.store.tables[table as usize].elements.fill(value);
            }
            instance.tables.push(table);
        }
        instance.data = inner.data.iter().map(|segment| segment.bytes.clone()).collect();
        for segment in &inner.elements {
            // Others are used up by instantiation, or for nothing.
            let items = match segment.mode {
                SegmentMode::Passive => self.segment_items(instance, segment),
                SegmentMode::Active { .. } | SegmentMode::Declared => Vec::new(),
            };
            instance.elements.push(items);
        }
        Ok(())
    }

    /// The references in an element segment of an instance that is being made, or is made.
    pub(super) fn segment_items(&self, instance: &store::Instance, segment: &ElementSegment) -> Vec<u64> {
        match &segment.items {
            Items::Functions(functions) => {
                let reference = |&function: &u32| u64::from(instance.functions[function as usize]) + 1;
                functions.iter().map(reference).collect()
            }
            Items::Expressions(items) => items.iter().map(|item| self.constant(instance, item)).collect(),
        }
    }

    /// The value of a constant expression in an instance that is being made.
    fn constant(&self, instance: &store::Instance, expr: &ConstExpr) -> u64 {
        self.constant_slots(instance, expr)[0]
    }

    /// Its slots: the first alone, but for a vector.
    fn constant_slots(&self, instance: &store::Instance, expr: &ConstExpr) -> VectorSlots {
        let state = &self.machine.state;
        let global = |index: u32| state.slots_of_global(instance.globals[index as usize]);
        let function = |index: u32| u64::from(instance.functions[index as usize]) + 1;
        expr.evaluate(global, function)
    }

    /// Copies active segments into their tables and memories, in order, and drops them.
    fn copy_segments(&mut self, module: &Module, id: u32) -> Result<(), Error> {
        for segment in &module.inner.elements {
            if let SegmentMode::Active { index, offset } = &segment.mode {
                let instance = &self.machine.state.store.instances[id as usize];
                let start = usize::try_from(self.constant(instance, offset)).ok();
                let items = self.segment_items(instance, segment);
                let table = instance.tables[*index as usize] as usize;
                let elements = &mut self.machine.state.store.tables[table].elements;
                let target = start.and_then(|start| elements.get_mut(start..start.checked_add(items.len())?));
                target
                    .ok_or_else(|| segment_trap(Trap::OutOfBoundsTableAccess))?
                    .copy_from_slice(&items);
            }
        }
        for (number, segment) in module.inner.data.iter().enumerate() {
            if let SegmentMode::Active { index, offset } = &segment.mode {
                let instance = &self.machine.state.store.instances[id as usize];
                let start = usize::try_from(self.constant(instance, offset)).ok();
                let memory = instance.memories[*index as usize];
                let bytes = self.machine.state.bytes_mut(memory);
                let target = start.and_then(|start| bytes.get_mut(start..start.checked_add(segment.bytes.len())?));
                target
                    .ok_or_else(|| segment_trap(Trap::OutOfBoundsMemoryAccess))?
                    .copy_from_slice(&segment.bytes);
                self.machine.state.store.instances[id as usize].data[number] = [].into();
            }
        }
        Ok(())
    }
}

/// A segment out of bounds traps outside any function.
fn segment_trap(trap: Trap) -> Error {
    ErrorKind::Trap(TrapInfo {
        trap,
        backtrace: Backtrace::default(),
    })
    .into()
}

fn mismatch(import: &ImportType, found: String) -> Error {
    ErrorKind::ImportMismatch {
        module: import.module.clone(),
        name: import.name.clone(),
        expected: import.ty.to_string(),
        found,
    }
    .into()
}
