//! Host functions that have the whole machine, and calls inside calls.
//!
//! A strategy is left before such a host function is called: the program is frames and slots, and none of it is on the native
//! stack. So a host function can run programs on top of what waits for it, where the [`Floor`] says.

use wasm_dispatch_ir::Trap;

use super::Vm;
use super::caller::{Address, Caller};
use super::handles::{Func, Instance, Memory, VmId, calling};
use super::value::Value;
use crate::error::Error;

/// Where a call from the host begins: above everything that waits for the host function that makes it. The bottom for
/// calls that no host function makes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Floor {
    /// Frames below.
    pub frames: usize,
    /// The first slot that none of them uses.
    pub slot: u32,
}

/// What a machine goes back to when a host function is done.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outer {
    floor: Floor,
    nested: u32,
    /// Frames that wait for the function.
    frames: usize,
}

impl<T> Vm<T> {
    /// Makes the calls of a host function begin above what waits for it, whose slots end before `free`.
    ///
    /// # Errors
    ///
    /// Traps when too many host functions wait inside each other, or the value stack is used up.
    pub(super) fn enter_host(&mut self, free: u32) -> Result<Outer, Error> {
        // Each level takes native stack.
        let room = free as usize <= self.machine.state.limits.stack_slots;
        if self.nested >= self.limits.host_depth || !room {
            return Err(self.trap_error(Trap::CallStackExhausted, None));
        }
        let frames = self.machine.state.frames.len();
        let outer = Outer {
            floor: self.floor,
            nested: self.nested,
            frames,
        };
        self.floor = Floor { frames, slot: free };
        self.nested += 1;
        Ok(outer)
    }

    /// A host function is done, or was given up: so is everything that it had begun.
    pub(super) fn leave_host(&mut self, outer: Outer) {
        self.machine.state.frames.truncate(outer.frames);
        self.floor = outer.floor;
        self.nested = outer.nested;
        self.paused = None;
        self.waiting = None;
    }
}

/// The caller of a re-entrant host function: the whole machine, borrowed until the function returns.
///
/// The function may do whatever the host may do with an idle machine: call functions, instantiate modules, change the fuel. What
/// it calls may call re-entrant host functions in turn, up to [`Limits::host_depth`](crate::Limits::host_depth) inside
/// each other; one more traps. Everything here blocks: a call that reaches an asynchronous host function ends with
/// [`NeedsAsync`](crate::ErrorKind::NeedsAsync).
///
/// ```
/// use wasm_dispatch::{Error, Imports, Module, ReentrantCaller, Value, Vm};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut imports: Imports = Imports::new();
/// // Asks the program for memory, and leaves a text there.
/// imports.func("host", "greeting", |caller: &mut ReentrantCaller<'_>| -> Result<i32, Error> {
///     let text = b"good day";
///     let place = caller.call("allocate", &[Value::I32(text.len() as i32)])?;
///     let Value::I32(address) = place[0] else { unreachable!("allocate returns an address") };
///     caller.memory_mut(0).expect("a memory")[address as usize..][..text.len()].copy_from_slice(text);
///     Ok(address)
/// });
/// # let wasm = wat::parse_str(r#"(module
/// #     (import "host" "greeting" (func $greeting (result i32)))
/// #     (memory 1) (global $free (mut i32) (i32.const 16))
/// #     (func (export "allocate") (param i32) (result i32)
/// #         (global.get $free) (global.set $free (i32.add (global.get $free) (local.get 0))))
/// #     (func (export "first") (result i32) (i32.load8_u (call $greeting))))"#)?;
/// let mut vm = Vm::new();
/// let instance = vm.instantiate(&Module::new(&wasm)?, &imports)?;
/// assert_eq!(vm.call(instance, "first", &[])?, [Value::I32(i32::from(b'g'))]);
/// # Ok(())
/// # }
/// ```
pub struct ReentrantCaller<'a, T = ()> {
    pub(super) vm: &'a mut Vm<T>,
    pub(super) instance: Option<u32>,
}

impl<T> ReentrantCaller<'_, T> {
    /// The machine.
    pub fn vm(&self) -> &Vm<T> {
        self.vm
    }

    /// The machine, mutably. Replacing it by another machine ends the call with
    /// [`Usage`](crate::ErrorKind::Usage).
    ///
    /// A call that pauses here can be resumed here, but only until the host function returns.
    pub fn vm_mut(&mut self) -> &mut Vm<T> {
        self.vm
    }

    /// The host's data, which the machine holds.
    pub fn data(&self) -> &T {
        self.vm.data()
    }

    /// The host's data, mutably.
    pub fn data_mut(&mut self) -> &mut T {
        self.vm.data_mut()
    }

    /// The calling instance, unless the host called the function itself.
    pub fn instance(&self) -> Option<Instance> {
        self.instance.map(|instance| Instance::new(self.vm.id, instance))
    }

    /// Everything that a plain host function may use.
    pub fn plain(&mut self) -> Caller<'_, T> {
        self.vm.caller(self.instance)
    }

    /// The bytes of the caller's memory of this index (0 is the one that most modules have), mutably.
    pub fn memory_mut(&mut self, index: u32) -> Option<&mut [u8]> {
        let id = self.plain().memory_id(index)?;
        Some(self.vm.machine.state.bytes_mut(id))
    }

    /// A handle to the caller's memory of this index.
    pub fn memory_handle(&mut self, index: u32) -> Option<Memory> {
        self.plain().memory_handle(index)
    }

    /// Copies bytes out of the caller's memory 0.
    ///
    /// # Errors
    ///
    /// Traps when they lie past its end, or there is none.
    pub fn read(&mut self, address: impl Address, into: &mut [u8]) -> Result<(), Trap> {
        self.plain().read(address, into)
    }

    /// Copies bytes into the caller's memory 0.
    ///
    /// # Errors
    ///
    /// Traps, writing nothing, when they lie past its end, or there is none.
    pub fn write(&mut self, address: impl Address, from: &[u8]) -> Result<(), Trap> {
        self.plain().write(address, from)
    }

    /// Calls an export of the calling instance.
    ///
    /// # Errors
    ///
    /// As for [`Vm::call`]; [`Usage`](crate::ErrorKind::Usage) when there is no calling instance. After an error the host
    /// function may go on: what waits for it is untouched.
    pub fn call(&mut self, name: &str, arguments: &[Value]) -> Result<Vec<Value>, Error> {
        let instance = calling(self.instance())?;
        self.vm.call(instance, name, arguments)
    }

    /// Calls a function.
    ///
    /// # Errors
    ///
    /// As for [`ReentrantCaller::call`].
    pub fn call_func(&mut self, func: Func, arguments: &[Value]) -> Result<Vec<Value>, Error> {
        self.vm.call_func(func, arguments)
    }

    pub(super) fn vm_id(&self) -> VmId {
        self.vm.id
    }

    /// The machine's slots from this one on.
    pub(super) fn slots(&mut self, base: u32) -> &mut [u64] {
        self.vm.machine.stack.from(base)
    }
}
