//! Globals, memories and tables.

use anyhow::{Context, Result};
use wasm_dispatch::{self as wd, ExternType};
use wasm_runtime_layer::backend::{AsContext, AsContextMut, Ref, Val, WasmGlobal, WasmMemory, WasmTable};
use wasm_runtime_layer::{GlobalType, MemoryType, TableType, ValType};

use crate::Engine;
use crate::func::{lift, lift_reference, lower, lower_reference};
use crate::types;

/// A global of a store.
#[derive(Clone, Copy, Debug)]
pub struct Global(pub(crate) wd::Global);

/// A memory of a store.
#[derive(Clone, Copy, Debug)]
pub struct Memory(pub(crate) wd::Memory);

/// A table of a store.
#[derive(Clone, Copy, Debug)]
pub struct Table(pub(crate) wd::Table);

impl WasmGlobal<Engine> for Global {
    /// # Panics
    ///
    /// For a function of another store.
    fn new(mut ctx: impl AsContextMut<Engine>, value: Val<Engine>, mutable: bool) -> Self {
        let vm = ctx.as_context_mut().0;
        let value = lower(vm, &value);
        Global(vm.new_global(value, mutable).expect("a value of this store"))
    }

    /// # Panics
    ///
    /// For a global of another store.
    fn ty(&self, ctx: impl AsContext<Engine>) -> GlobalType {
        match ctx.as_context().0.extern_type(self.0.into()) {
            Ok(ExternType::Global(ty)) => types::global(ty),
            _ => panic!("a global of another store"),
        }
    }

    fn set(&self, mut ctx: impl AsContextMut<Engine>, new_value: Val<Engine>) -> Result<()> {
        let vm = ctx.as_context_mut().0;
        let value = lower(vm, &new_value);
        Ok(vm.set_global(self.0, value)?)
    }

    /// # Panics
    ///
    /// For a global of another store.
    fn get(&self, mut ctx: impl AsContextMut<Engine>) -> Val<Engine> {
        let vm = ctx.as_context_mut().0;
        let value = vm.global(self.0).expect("a global of this store");
        lift(vm, value).expect("a value that this layer made")
    }
}

impl WasmMemory<Engine> for Memory {
    fn new(mut ctx: impl AsContextMut<Engine>, ty: MemoryType) -> Result<Self> {
        let sizes = types::own_sizes(ty.initial_pages(), ty.maximum_pages());
        Ok(Memory(ctx.as_context_mut().0.new_memory(sizes)?))
    }

    /// # Panics
    ///
    /// For a memory of another store.
    fn ty(&self, ctx: impl AsContext<Engine>) -> MemoryType {
        match ctx.as_context().0.extern_type(self.0.into()) {
            Ok(ExternType::Memory(ty)) => types::memory(&ty),
            _ => panic!("a memory of another store"),
        }
    }

    fn grow(&self, mut ctx: impl AsContextMut<Engine>, additional: u32) -> Result<u32> {
        let before = ctx.as_context_mut().0.grow_memory(self.0, additional.into())?;
        Ok(types::narrow(before))
    }

    fn current_pages(&self, ctx: impl AsContext<Engine>) -> u32 {
        WasmMemory::ty(self, ctx).initial_pages()
    }

    fn read(&self, ctx: impl AsContext<Engine>, offset: usize, buffer: &mut [u8]) -> Result<()> {
        let ctx = ctx.as_context();
        let end = offset.checked_add(buffer.len());
        let from = ctx.0.memory(self.0)?.get(offset..end.context(BEYOND)?);
        buffer.copy_from_slice(from.context(BEYOND)?);
        Ok(())
    }

    fn write(&self, mut ctx: impl AsContextMut<Engine>, offset: usize, buffer: &[u8]) -> Result<()> {
        let vm = ctx.as_context_mut().0;
        let end = offset.checked_add(buffer.len());
        let to = vm.memory_mut(self.0)?.get_mut(offset..end.context(BEYOND)?);
        to.context(BEYOND)?.copy_from_slice(buffer);
        Ok(())
    }
}

const BEYOND: &str = "beyond the end of the memory";

impl WasmTable<Engine> for Table {
    fn new(mut ctx: impl AsContextMut<Engine>, ty: TableType, init: Ref<Engine>) -> Result<Self> {
        let vm = ctx.as_context_mut().0;
        let init = lower_reference(vm, init);
        let element = types::own_value(ValType::from(ty.element()));
        // Made empty, and then grown by the elements that it is to have.
        let table = vm.new_table(wd::TableType::new(element, types::own_sizes(0, ty.maximum())))?;
        vm.grow_table(table, ty.minimum().into(), init)?;
        Ok(Table(table))
    }

    /// # Panics
    ///
    /// For a table of another store.
    fn ty(&self, ctx: impl AsContext<Engine>) -> TableType {
        match ctx.as_context().0.extern_type(self.0.into()) {
            Ok(ExternType::Table(ty)) => types::table(&ty),
            _ => panic!("a table of another store"),
        }
    }

    /// # Panics
    ///
    /// For a table of another store.
    fn size(&self, ctx: impl AsContext<Engine>) -> u32 {
        let len = ctx.as_context().0.table_len(self.0);
        types::narrow(len.expect("a table of this store") as u64)
    }

    fn grow(&self, mut ctx: impl AsContextMut<Engine>, delta: u32, init: Ref<Engine>) -> Result<u32> {
        let vm = ctx.as_context_mut().0;
        let init = lower_reference(vm, init);
        Ok(types::narrow(vm.grow_table(self.0, delta.into(), init)?))
    }

    fn get(&self, mut ctx: impl AsContextMut<Engine>, index: u32) -> Option<Ref<Engine>> {
        let vm = ctx.as_context_mut().0;
        let value = vm.table_get(self.0, index as usize).ok()?;
        lift_reference(vm, value)
    }

    fn set(&self, mut ctx: impl AsContextMut<Engine>, index: u32, elem: Ref<Engine>) -> Result<()> {
        let vm = ctx.as_context_mut().0;
        let value = lower_reference(vm, elem);
        Ok(vm.table_set(self.0, index as usize, value)?)
    }
}
