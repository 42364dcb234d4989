//! What a plain host function sees of the machine that calls it.

use wasm_dispatch_ir::Trap;
use wasm_dispatch_machine::host::Reach;

use super::access;
use super::budget::Budget;
use super::handles::{Extern, Func, Global, Instance, Memory, VmId};
use super::value::Value;
use crate::error::Error;
use crate::module::Module;

/// The caller of a host function, and what the function may use: the host's data, the caller's memories and exports, and the fuel.
///
/// It cannot call back into the program; a [`ReentrantCaller`](crate::ReentrantCaller) can.
pub struct Caller<'a, T = ()> {
    pub(super) vm: VmId,
    pub(super) state: Reach<'a>,
    /// The calling instance, unless the host called the function itself.
    pub(super) instance: Option<u32>,
    pub(super) data: &'a mut T,
    pub(super) budget: &'a mut Budget,
    pub(super) modules: &'a [Module],
}

impl<T> Caller<'_, T> {
    /// The host's data, which the machine holds.
    pub fn data(&self) -> &T {
        self.data
    }

    /// The host's data, mutably.
    pub fn data_mut(&mut self) -> &mut T {
        self.data
    }

    /// The bytes of the caller's memory of this index together with the host's data, both mutable.
    pub fn memory_and_data_mut(&mut self, index: u32) -> Option<(&mut [u8], &mut T)> {
        let id = self.memory_id(index)?;
        Some((self.state.bytes_mut(id), self.data))
    }

    pub(super) fn memory_id(&self, index: u32) -> Option<u32> {
        let instance = self.state.store.instances.get(self.instance? as usize)?;
        instance.memories.get(index as usize).copied()
    }

    /// The bytes of the caller's memory of this index (0 is the one that most modules have).
    pub fn memory(&self, index: u32) -> Option<&[u8]> {
        Some(self.state.bytes(self.memory_id(index)?))
    }

    /// The bytes of the caller's memory of this index, mutably.
    pub fn memory_mut(&mut self, index: u32) -> Option<&mut [u8]> {
        let id = self.memory_id(index)?;
        Some(self.state.bytes_mut(id))
    }

    /// A handle to the caller's memory of this index.
    pub fn memory_handle(&self, index: u32) -> Option<Memory> {
        self.memory_id(index).map(|id| Memory::new(self.vm, id))
    }

    /// Copies bytes out of the caller's memory 0.
    ///
    /// # Errors
    ///
    /// Traps when they lie past its end, or there is none.
    pub fn read(&self, address: impl Address, into: &mut [u8]) -> Result<(), Trap> {
        let start = usize::try_from(address.bits()).ok();
        let from = start
            .zip(self.memory(0))
            .and_then(|(start, bytes)| bytes.get(start..start.checked_add(into.len())?));
        into.copy_from_slice(from.ok_or(Trap::OutOfBoundsMemoryAccess)?);
        Ok(())
    }

    /// Copies bytes into the caller's memory 0.
    ///
    /// # Errors
    ///
    /// Traps, writing nothing, when they lie past its end, or there is none.
    pub fn write(&mut self, address: impl Address, from: &[u8]) -> Result<(), Trap> {
        let start = usize::try_from(address.bits()).ok();
        let to = start
            .zip(self.memory_mut(0))
            .and_then(|(start, bytes)| bytes.get_mut(start..start.checked_add(from.len())?));
        to.ok_or(Trap::OutOfBoundsMemoryAccess)?.copy_from_slice(from);
        Ok(())
    }

    /// The calling instance, unless the host called the function itself.
    pub fn instance(&self) -> Option<Instance> {
        self.instance.map(|instance| Instance::new(self.vm, instance))
    }

    /// What the calling instance exports under a name.
    pub fn export(&self, name: &str) -> Option<Extern> {
        access::export(self.vm, &self.state.store, self.modules, self.instance?, name)
    }

    /// The function that the calling instance exports under a name: to keep, or to return. A plain host function cannot
    /// call it.
    pub fn exported_func(&self, name: &str) -> Option<Func> {
        match self.export(name)? {
            Extern::Func(func) => Some(func),
            _ => None,
        }
    }

    /// The memory that the calling instance exports under a name.
    pub fn exported_memory(&self, name: &str) -> Option<Memory> {
        match self.export(name)? {
            Extern::Memory(memory) => Some(memory),
            _ => None,
        }
    }

    /// The global that the calling instance exports under a name.
    pub fn exported_global(&self, name: &str) -> Option<Global> {
        match self.export(name)? {
            Extern::Global(global) => Some(global),
            _ => None,
        }
    }

    /// The bytes of any memory of the machine.
    ///
    /// # Errors
    ///
    /// [`Usage`](crate::ErrorKind::Usage) for a handle of another machine.
    pub fn bytes(&self, memory: Memory) -> Result<&[u8], Error> {
        Ok(self.state.bytes(memory.index_in(self.vm)?))
    }

    /// The bytes of any memory of the machine, mutably.
    ///
    /// # Errors
    ///
    /// [`Usage`](crate::ErrorKind::Usage) for a handle of another machine.
    pub fn bytes_mut(&mut self, memory: Memory) -> Result<&mut [u8], Error> {
        Ok(self.state.bytes_mut(memory.index_in(self.vm)?))
    }

    /// The value of any global of the machine.
    ///
    /// # Errors
    ///
    /// [`Usage`](crate::ErrorKind::Usage) for a handle of another machine.
    pub fn global(&self, global: Global) -> Result<Value, Error> {
        access::global(self.vm, &self.state, global)
    }

    /// Sets any global of the machine.
    ///
    /// # Errors
    ///
    /// [`Usage`](crate::ErrorKind::Usage) for a constant, a value of another type, or a handle of another machine.
    pub fn set_global(&mut self, global: Global, value: Value) -> Result<(), Error> {
        access::set_global(self.vm, &mut self.state, global, value)
    }

    /// What is left of the fuel; `None` without a limit.
    pub fn fuel(&self) -> Option<u64> {
        self.budget.fuel(&self.state)
    }

    /// Sets how much the programs of this machine may still run, as [`Vm::set_fuel`](crate::Vm::set_fuel) does.
    ///
    /// # Errors
    ///
    /// [`Usage`](crate::ErrorKind::Usage) if a limit is set and a module of this machine is not metered by
    /// [`Fuel`](crate::Metering::Fuel).
    pub fn set_fuel(&mut self, fuel: Option<u64>) -> Result<(), Error> {
        super::pause::check_paying(self.modules, fuel)?;
        self.budget.set_fuel(self.state.slice_mut(), fuel);
        Ok(())
    }

    /// Takes fuel for work that the host does; takes nothing if there is no limit.
    ///
    /// # Errors
    ///
    /// Traps, and leaves no fuel, if less than that is left.
    pub fn use_fuel(&mut self, units: u64) -> Result<(), Trap> {
        let Some(left) = self.fuel() else { return Ok(()) };
        let rest = left.saturating_sub(units);
        self.budget.set_fuel(self.state.slice_mut(), Some(rest));
        if left < units { Err(Trap::OutOfFuel) } else { Ok(()) }
    }
}

/// An address in a program's memory: 32 or 64 bits wide, as the memory's addresses are, and signed or unsigned, as the host
/// function declares it.
pub trait Address: Copy + sealed::Sealed {
    /// The address itself: signed integers are the same bits as unsigned ones.
    #[doc(hidden)]
    fn bits(self) -> u64;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! addresses {
    ($($ty:ty as $unsigned:ty;)*) => {$(
        impl sealed::Sealed for $ty {}
        impl Address for $ty {
            fn bits(self) -> u64 {
                u64::from(self as $unsigned)
            }
        }
    )*};
}

addresses! {
    i32 as u32;
    u32 as u32;
    i64 as u64;
    u64 as u64;
}
