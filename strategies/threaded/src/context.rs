//! What handlers reach through the context register.

use std::mem::MaybeUninit;

use wasm_dispatch_machine::backend::{Backend, Compiled, Program};
use wasm_dispatch_machine::cell::CodeCell;
use wasm_dispatch_machine::host::{Host, Reach};
use wasm_dispatch_machine::state::{Frame, State, WINDOW};
use wasm_dispatch_machine::store::{FunctionEntry, Table};

use crate::Threaded;
use crate::abi::Regs;
use crate::code::Code;
use crate::code::Unit;

/// Why the handlers returned, other than by a trap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leave {
    Returned,
    HostCall { function: u32, base: u32 },
    Suspended,
}

/// The functions of all instances, compiled by this strategy or by one that runs the same streams.
pub(crate) trait Functions {
    /// The cells of an instance's own functions.
    fn cells(&self, instance: u32) -> &[CodeCell];
    /// One of them, compiled now if it was not before.
    fn get(&self, instance: u32, function: u32) -> &Compiled<Code>;
}

impl<B: Backend<Code = Code>> Functions for Program<B> {
    fn cells(&self, instance: u32) -> &[CodeCell] {
        self.module(instance).cells()
    }
    fn get(&self, instance: u32, function: u32) -> &Compiled<Code> {
        self.module(instance).get(function)
    }
}

/// Where an instance's things are. They stay there during a run, except for the memory's bytes.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct InstanceView {
    /// Its first own global.
    pub globals: *mut u64,
    /// Its tables, as indices into `all_tables`.
    pub tables: *const u32,
    /// Its types, as the machine's signatures.
    pub signatures: *const u32,
    /// Its functions, imported ones first, as indices into `functions`.
    pub all_functions: *const u32,
    /// Its table 0; if it has none, nothing reads it.
    pub first_table: *const Table,
    /// The cells of its own functions.
    pub cells: *const CodeCell,
    /// Its memory 0, as the machine's, or `u32::MAX`.
    pub memory: u32,
}

impl InstanceView {
    /// Where an instance's things are; `cells` are those of its functions.
    #[inline(always)]
    pub fn of(state: &mut State, cells: &[CodeCell], instance: u32) -> InstanceView {
        let store = &mut state.store;
        let entry = &store.instances[instance as usize];
        InstanceView {
            globals: store.globals.as_mut_ptr().wrapping_add(entry.first_global as usize),
            tables: entry.tables.as_ptr(),
            signatures: entry.signatures.as_ptr(),
            all_functions: entry.functions.as_ptr(),
            first_table: (store.tables.as_ptr()).wrapping_add(entry.tables.first().copied().unwrap_or(0) as usize),
            cells: cells.as_ptr(),
            memory: entry.memories.first().copied().unwrap_or(u32::MAX),
        }
    }
}

/// Views of instances that a run has switched to lately, each in the place given by the lowest bits of its number.
///
/// A call of another instance's function takes a third of the time with it.
pub(crate) struct Views {
    instances: [u32; VIEWS],
    views: [MaybeUninit<InstanceView>; VIEWS],
}

const VIEWS: usize = 4;

impl Views {
    /// None is kept.
    #[inline(always)]
    pub fn new() -> Views {
        Views {
            instances: [Frame::BOTTOM; VIEWS],
            views: [MaybeUninit::uninit(); VIEWS],
        }
    }
}

/// The state of one run.
///
/// The order matters: with `instance` and `function` next to each other, a call would read both as one word of 64 bits, half
/// of which the call before has just written, and wait until that write has left the store buffer.
#[repr(C)]
pub(crate) struct Context {
    /// The current function among the instance's own.
    pub function: u32,
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
    /// The current instance, also where [`State::instance`] is stale.
    pub instance: u32,
    /// What the address of an access of 1, 2, 4, 8 and 16 bytes in memory 0 may be at most: its bytes less that. Copies compare with
    /// these, which takes no sum.
    #[cfg(feature = "copies")]
    pub limits: [i64; 5],
    /// Where its things are.
    pub view: InstanceView,
    /// All tables of the machine.
    pub all_tables: *const Table,
    /// All functions of the machine.
    pub functions: *const FunctionEntry,
    /// The code of all instances.
    pub program: *const dyn Functions,
    /// Who calls host functions: a `*mut dyn Host` of the run's lifetime, in memory of `run`'s.
    pub host: *mut &'static mut dyn Host,
    /// The machine's state. It is stale: its current instance may be one that this run has left. [`Context::state`] is not.
    pub stale_state: *mut State,
    /// Apart, because the compiler copies all of what is moved here, initialised or not.
    pub views: *mut Views,
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

/// [`Context::limits`] of a memory with this many bytes.
#[cfg(feature = "copies")]
#[inline(always)]
pub(crate) fn limits(memory_len: usize) -> [i64; 5] {
    [1, 2, 4, 8, 16].map(|width| memory_len as i64 - width)
}

impl Context {
    /// A context that points nowhere.
    pub fn empty() -> Context {
        Context {
            function: 0,
            frames_top: std::ptr::null_mut(),
            frames_end: std::ptr::null_mut(),
            stack: std::ptr::null_mut(),
            slice: 0,
            stack_end: std::ptr::null_mut(),
            instance: 0,
            #[cfg(feature = "copies")]
            limits: limits(0),
            view: InstanceView {
                globals: std::ptr::null_mut(),
                tables: std::ptr::null(),
                signatures: std::ptr::null(),
                all_functions: std::ptr::null(),
                first_table: std::ptr::null(),
                cells: std::ptr::null(),
                memory: u32::MAX,
            },
            all_tables: std::ptr::null(),
            functions: std::ptr::null(),
            program: std::ptr::null::<Program<Threaded>>() as *const dyn Functions,
            host: std::ptr::null_mut(),
            stale_state: std::ptr::null_mut(),
            views: std::ptr::null_mut(),
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

    /// The state, with the current instance made its current one.
    ///
    /// # Safety
    ///
    /// The context is a run's, and nothing else refers to the state.
    #[inline(always)]
    pub unsafe fn state(&mut self) -> &mut State {
        // SAFETY: the state outlives the run, to which `run` has given this context.
        let state = unsafe { &mut *self.stale_state };
        state.switch_to(self.instance);
        state
    }

    /// Asks the host to call one of its functions within the run; `false` if it does not. Arguments and results are at `slots`, on
    /// the value stack.
    ///
    /// # Safety
    ///
    /// The context is a run's, nothing else refers to the state, and none to the slots from there on.
    #[inline(never)]
    pub unsafe fn call_host(&mut self, function: u32, slots: *mut u64) -> bool {
        // SAFETY: `run` keeps the host alive and borrowed for this context alone. The value stack is one window longer than where
        // frames may end. A `Reach` moves nothing that views and registers have the address of.
        unsafe {
            let count = self.stack_end.offset_from(slots) as usize + WINDOW;
            let slots = std::slice::from_raw_parts_mut(slots, count);
            let (host, slice) = (&mut *self.host, self.slice);
            let state = self.state();
            state.slice = slice;
            let done = host.call(function, Reach::new(state), slots);
            self.slice = state.slice;
            done
        }
    }

    /// Makes an instance the current one.
    ///
    /// # Safety
    ///
    /// `view` is readable, and the instance's.
    #[inline(always)]
    pub unsafe fn switch_to(&mut self, instance: u32, view: *const InstanceView) {
        self.instance = instance;
        // SAFETY: `view` is readable, says the contract.
        self.view = unsafe { view.read() };
    }

    /// Where an instance's things are, if that is kept.
    ///
    /// # Safety
    ///
    /// The context is a run's.
    #[inline(always)]
    pub unsafe fn kept(&self, instance: u32) -> Option<*const InstanceView> {
        let place = instance as usize % VIEWS;
        // SAFETY: `run` keeps the views alive. `keep` has written the view before the instance's number; no instance has the
        // number that stands for none.
        unsafe {
            let views = &*self.views;
            match views.instances[place] == instance {
                true => Some(views.views[place].as_ptr()),
                false => None,
            }
        }
    }

    /// Where an instance's things are, to be kept.
    ///
    /// # Safety
    ///
    /// As [`Context::view_of`].
    #[cold]
    #[inline(never)]
    pub unsafe fn keep(&mut self, instance: u32) -> *const InstanceView {
        let place = instance as usize % VIEWS;
        // SAFETY: `view_of` has the same contract; `run` keeps the views alive.
        let (view, views) = unsafe { (self.view_of(instance), &mut *self.views) };
        views.instances[place] = instance;
        views.views[place].write(view)
    }

    /// Where an instance's things are.
    ///
    /// # Safety
    ///
    /// The context is a run's, and nothing else refers to the state.
    #[inline(always)]
    pub unsafe fn view_of(&mut self, instance: u32) -> InstanceView {
        // SAFETY: program and state outlive the run, to which `run` has given this context.
        let (state, program) = unsafe { (&mut *self.stale_state, &*self.program) };
        InstanceView::of(state, program.cells(instance), instance)
    }

    /// The slot number of a frame pointer on the value stack.
    #[inline(always)]
    pub fn base_of(&self, frame: *mut u64) -> u32 {
        ((frame as usize - self.stack as usize) / size_of::<u64>()) as u32
    }
}
