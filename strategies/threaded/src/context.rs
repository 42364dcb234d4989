//! What handlers reach through the context register.

use wasm_dispatch_machine::backend::{Lazy, ModuleCode, Program};
use wasm_dispatch_machine::state::{Frame, State};
use wasm_dispatch_machine::store::{FunctionEntry, Table};

use crate::Threaded;
use crate::abi::{Regs, Unit};
use crate::code::Code;

/// Why the handlers came back, when it is not a trap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leave {
    Returned,
    HostCall { function: u32, base: u32 },
    Suspended,
}

/// The state of one run.
///
/// In this order: were `instance` and `function` next to each other, a call would read both as one word of 64 bits, half of
/// which the call before has just written; such a load waits until the write has left the store buffer.
#[repr(C)]
pub(crate) struct Context {
    /// The current function among the instance's own.
    pub function: u32,
    /// First own global of the current instance.
    pub globals: *mut u64,
    /// Where the next suspended frame goes.
    pub frames_top: *mut Frame,
    /// Where there is no more room for one.
    pub frames_end: *mut Frame,
    /// Slot 0 of the value stack.
    pub stack: *mut u64,
    /// [`State::slice`], kept here while handlers run.
    pub slice: u64,
    /// Where the value stack ends.
    pub stack_end: *mut u64,
    /// The current instance.
    pub instance: u32,
    /// The current instance's tables, as indices into `all_tables`.
    pub tables: *const u32,
    /// The current instance's types, as the machine's signatures.
    pub signatures: *const u32,
    /// The current instance's functions, imported ones first, as indices into `functions`.
    pub all_functions: *const u32,
    /// All tables of the machine.
    pub all_tables: *const Table,
    /// All functions of the machine.
    pub functions: *const FunctionEntry,
    /// The functions of the current instance.
    pub own_functions: *const Lazy<Code>,
    /// Code of the current instance.
    pub module: *const ModuleCode<Threaded>,
    pub program: *const Program<Threaded>,
    pub state: *mut State,
    /// Set by `leave`.
    pub ip: *const Unit,
    pub frame: *mut u64,
    /// Trap code, or zero for the reason in `reason`.
    pub trap: u64,
    pub reason: Leave,
    pub running: bool,
    /// What handlers return in the end; see `abi`.
    pub result: u64,
    /// Registers on the way from one handler to the next, where there are no jumps.
    pub registers: Regs,
    /// Lowest and highest place of the native stack that was seen, by [`crate::self_check`].
    pub probed: (usize, usize),
}

impl Context {
    /// A context that points nowhere.
    pub fn empty() -> Context {
        Context {
            function: 0,
            globals: std::ptr::null_mut(),
            frames_top: std::ptr::null_mut(),
            frames_end: std::ptr::null_mut(),
            stack: std::ptr::null_mut(),
            slice: 0,
            stack_end: std::ptr::null_mut(),
            instance: 0,
            tables: std::ptr::null(),
            signatures: std::ptr::null(),
            all_functions: std::ptr::null(),
            all_tables: std::ptr::null(),
            functions: std::ptr::null(),
            own_functions: std::ptr::null(),
            module: std::ptr::null(),
            program: std::ptr::null(),
            state: std::ptr::null_mut(),
            ip: std::ptr::null(),
            frame: std::ptr::null_mut(),
            trap: 0,
            reason: Leave::Returned,
            running: true,
            result: 0,
            registers: Regs::empty(),
            probed: (0, 0),
        }
    }

    /// Takes over what depends on the current instance from the state.
    ///
    /// # Safety
    ///
    /// Nothing else refers to the state.
    #[inline(always)]
    pub unsafe fn load_instance(&mut self) {
        // SAFETY: `state` and `program` are alive during the run, and no other reference into them is.
        unsafe {
            let state = &mut *self.state;
            let number = state.instance as usize;
            self.instance = state.instance;
            self.globals = state.globals.as_mut_ptr().wrapping_add(state.first_global);
            let module = (*self.program).module(state.instance);
            self.module = module;
            self.own_functions = module.functions().as_ptr();
            let instance = &state.instances[number];
            self.tables = instance.tables.as_ptr();
            self.signatures = instance.signatures.as_ptr();
            self.all_functions = instance.functions.as_ptr();
        }
    }

    /// Makes an instance the current one, here and in the state.
    ///
    /// # Safety
    ///
    /// Nothing else refers to the state.
    #[inline(always)]
    pub unsafe fn switch_to(&mut self, instance: u32) {
        // SAFETY: the state is alive during the run; else the caller's.
        unsafe {
            (*self.state).switch_to(instance);
            self.load_instance();
        }
    }

    /// The slot number of a frame pointer on the value stack.
    #[inline(always)]
    pub fn base_of(&self, frame: *mut u64) -> u32 {
        ((frame as usize - self.stack as usize) / size_of::<u64>()) as u32
    }
}
