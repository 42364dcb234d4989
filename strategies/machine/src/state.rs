//! The mutable machine: value stack, frames and everything instances own.

use crate::limiter::Limited;
use crate::store::{self, HOST, Instance, Store, Table, VectorSlots};
use wasm_dispatch_ir::builtin::{self, Builtin};
use wasm_dispatch_ir::code::Slot;
use wasm_dispatch_ir::semantics::wide;
use wasm_dispatch_ir::trap::Trap;
use wasm_dispatch_ir::vector::V128;

/// Slots visible from a frame's base. Slot numbers have 16 bits, so indexing a window needs no bounds check.
pub type Window = [u64; WINDOW];

/// Length of a [`Window`]: a slot for each number, and one for the second half of a vector that begins at the last.
pub const WINDOW: usize = (1 << 16) + 1;

/// The vector that begins at a slot. A window is one slot longer than there are numbers, so this needs no check either.
#[inline(always)]
pub fn vector_at(window: &Window, slot: Slot) -> V128 {
    let slot = usize::from(slot);
    V128::from_slots([window[slot], window[slot + 1]])
}

/// Writes the vector that begins at a slot.
#[inline(always)]
pub fn set_vector_at(window: &mut Window, slot: Slot, value: V128) {
    let slot = usize::from(slot);
    [window[slot], window[slot + 1]] = value.to_slots();
}

/// Limits of a machine. Reaching one is a trap or a failed `grow`, never undefined behaviour or an abort.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MachineLimits {
    /// Frames that may be suspended in calls at once.
    pub call_depth: usize,
    /// Slots (8 bytes each) of the value stack.
    pub stack_slots: usize,
    /// Bytes of one memory, in pages of 64 KiB whatever pages it has.
    pub memory_pages: u64,
    /// Elements of one table.
    pub table_elements: u64,
    /// Bytes of all memories together, in pages of 64 KiB.
    pub all_memory_pages: u64,
    /// Elements of all tables together.
    pub all_table_elements: u64,
}

impl Default for MachineLimits {
    fn default() -> Self {
        MachineLimits {
            call_depth: 1 << 16,
            stack_slots: 1 << 20,
            memory_pages: 1 << 16,
            table_elements: 10_000_000,
            all_memory_pages: 1 << 18,
            all_table_elements: 40_000_000,
        }
    }
}

/// A suspended function: where it continues, and which instance owns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The owning instance, or [`Frame::BOTTOM`].
    pub instance: u32,
    /// Index among the instance's own functions.
    pub function: u32,
    /// The block to go on with.
    pub block: u32,
    /// First slot of the frame on the value stack.
    pub base: u32,
    /// A strategy's own resume point for `block`, or zero. Only the strategy that pushed the frame may use it.
    pub native: u64,
}

impl Frame {
    /// `instance` of the frame below the first one: a return to it ends the run.
    pub const BOTTOM: u32 = u32::MAX;

    /// The frame below the first one.
    pub fn bottom() -> Frame {
        Frame {
            instance: Frame::BOTTOM,
            function: 0,
            block: 0,
            base: 0,
            native: 0,
        }
    }

    /// A frame that starts a function.
    pub fn entry(instance: u32, function: u32, base: u32) -> Frame {
        Frame {
            instance,
            function,
            block: 0,
            base,
            native: 0,
        }
    }
}

/// The value stack. It is one [`Window`] longer than its limit, so that every frame has a whole window above its base.
#[derive(Debug)]
pub struct ValueStack {
    slots: Vec<u64>,
}

impl ValueStack {
    /// A stack of this many slots, all zero. Untouched pages cost address space only.
    pub fn new(slots: usize) -> ValueStack {
        ValueStack {
            slots: store::zeroed_slots(slots, WINDOW),
        }
    }

    /// The window of a frame.
    ///
    /// # Panics
    ///
    /// When `base` is beyond the limit, which [`State::enter`] has refused before.
    #[inline(always)]
    pub fn window(&mut self, base: u32) -> &mut Window {
        match self.slots[base as usize..].first_chunk_mut() {
            Some(window) => window,
            None => unreachable!("a frame begins below the stack's limit"),
        }
    }

    /// The first slots.
    ///
    /// # Panics
    ///
    /// When there are fewer.
    pub fn first(&self, count: usize) -> &[u64] {
        &self.slots[..count]
    }

    /// How many slots there are from `base` on.
    pub fn room(&self, base: u32) -> usize {
        self.slots.len().saturating_sub(base as usize)
    }

    /// The slots from `base` on.
    pub fn from(&mut self, base: u32) -> &mut [u64] {
        &mut self.slots[base as usize..]
    }
}

/// Everything of a machine but its value stack: what runs, and below it, what instances own.
#[derive(Debug)]
pub struct State {
    /// What instances own.
    pub store: Store,
    /// The bytes of memory 0 of the current instance, swapped in; empty when it has none.
    pub memory: Vec<u8>,
    /// Which memory is swapped in, or `u32::MAX`.
    memory_id: u32,
    /// The machine's index of the current instance's first own global.
    pub first_global: usize,
    /// The current instance, or [`Frame::BOTTOM`].
    pub instance: u32,
    /// Suspended frames, bottom first.
    pub frames: Vec<Frame>,
    /// See [`State::leave_frame`].
    trapped: Frame,
    /// See [`State::leave_trap`].
    trap: Option<Trap>,
    /// What the run may still use up before it is suspended; see [`Statement::Meter`](wasm_dispatch_ir::code::Statement::Meter).
    pub slice: u64,
    /// See [`State::take_owed`].
    pub(crate) owed: u64,
    /// See [`State::leave_operand`].
    operand: u32,
    /// The limits.
    pub limits: MachineLimits,
    /// Asked for more memory and elements.
    pub limited: Limited,
}

/// A machine: a value stack, and the rest.
///
/// They are separate so that a strategy can hold a frame's window and the state at once.
#[derive(Debug)]
pub struct Machine {
    /// The value stack.
    pub stack: ValueStack,
    /// Everything else.
    pub state: State,
}

impl Machine {
    /// A machine without instances.
    pub fn new(limits: MachineLimits) -> Machine {
        Machine {
            stack: ValueStack::new(limits.stack_slots),
            state: State {
                store: Store::default(),
                memory: Vec::new(),
                memory_id: u32::MAX,
                first_global: 0,
                instance: Frame::BOTTOM,
                frames: Vec::new(),
                trapped: Frame::bottom(),
                trap: None,
                slice: u64::MAX,
                owed: 0,
                operand: 0,
                limits,
                limited: Limited::default(),
            },
        }
    }
}

/// What a call reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callee {
    /// A function of some instance, by its index among the instance's own.
    Wasm {
        /// The instance.
        instance: u32,
        /// Index among its own functions.
        function: u32,
    },
    /// A host function, by its index in [`Store::functions`].
    Host(u32),
}

impl State {
    /// Makes an instance the current one: swaps its memory 0 in.
    #[inline]
    pub fn switch_to(&mut self, instance: u32) {
        if instance != self.instance {
            self.switch_slow(instance);
        }
    }

    // Inlined, it cost the loops of the other strategies up to 6 % more instructions.
    #[cold]
    #[inline(never)]
    fn switch_slow(&mut self, instance: u32) {
        let (memory, first_global) = match self.store.instances.get(instance as usize) {
            Some(new) => (new.memories.first().copied().unwrap_or(u32::MAX), new.first_global),
            None => (u32::MAX, 0),
        };
        self.instance = instance;
        self.first_global = first_global as usize;
        if memory != self.memory_id {
            // The bytes in use are in `memory`; their own place is empty.
            if let Some(old) = self.store.memories.get_mut(self.memory_id as usize) {
                std::mem::swap(&mut old.bytes, &mut self.memory);
            }
            self.memory_id = memory;
            if let Some(new) = self.store.memories.get_mut(memory as usize) {
                std::mem::swap(&mut new.bytes, &mut self.memory);
            }
        }
    }

    /// The bytes of a memory, by its index in the machine.
    pub fn bytes(&self, memory: u32) -> &[u8] {
        if memory == self.memory_id {
            &self.memory
        } else {
            &self.store.memories[memory as usize].bytes
        }
    }

    /// The bytes of a memory, by its index in the machine, to be changed or grown.
    pub fn bytes_mut(&mut self, memory: u32) -> &mut Vec<u8> {
        if memory == self.memory_id {
            &mut self.memory
        } else {
            &mut self.store.memories[memory as usize].bytes
        }
    }

    /// The bytes of a memory, by its index in the machine; none if there is no such memory.
    #[inline]
    pub fn bytes_or_none(&mut self, memory: u32) -> &mut [u8] {
        if memory == self.memory_id {
            return &mut self.memory;
        }
        match self.store.memories.get_mut(memory as usize) {
            Some(memory) => &mut memory.bytes,
            None => &mut [],
        }
    }

    /// The current instance.
    pub fn current_instance(&self) -> &Instance {
        &self.store.instances[self.instance as usize]
    }

    /// The bytes of a memory, by its index in the current module.
    #[inline]
    pub fn module_memory(&mut self, memory: u32) -> &mut Vec<u8> {
        if memory == 0 {
            return &mut self.memory;
        }
        let id = self.current_instance().memories[memory as usize];
        self.bytes_mut(id)
    }

    /// The value of a global, by its index in the current module.
    #[inline]
    pub fn global(&self, index: u32) -> u64 {
        self.store.globals[self.current_instance().globals[index as usize] as usize]
    }

    /// Sets a global, by its index in the current module.
    #[inline]
    pub fn set_global(&mut self, index: u32, value: u64) {
        let id = self.current_instance().globals[index as usize];
        self.store.globals[id as usize] = value;
    }

    /// The value of a global that the current module defines itself, by its index among those.
    #[inline(always)]
    pub fn own_global(&self, index: u32) -> u64 {
        self.store.globals[self.first_global + index as usize]
    }

    /// Sets a global that the current module defines itself, by its index among those.
    #[inline(always)]
    pub fn set_own_global(&mut self, index: u32, value: u64) {
        self.store.globals[self.first_global + index as usize] = value;
    }

    /// The value of a global that is a vector, by its index in the current module.
    pub fn vector_global(&self, index: u32) -> V128 {
        V128::from_slots(self.slots_of_global(self.current_instance().globals[index as usize]))
    }

    /// Sets a global that is a vector, by its index in the current module.
    pub fn set_vector_global(&mut self, index: u32, value: V128) {
        let global = self.current_instance().globals[index as usize];
        self.set_slots_of_global(global, value.to_slots());
    }

    /// The slots of any global, by its index in the machine.
    pub fn slots_of_global(&self, global: u32) -> VectorSlots {
        [&self.store.globals, &self.store.globals_high].map(|half| half[global as usize])
    }

    /// Sets the slots of any global, by its index in the machine.
    pub fn set_slots_of_global(&mut self, global: u32, [low, high]: VectorSlots) {
        self.store.globals[global as usize] = low;
        self.store.globals_high[global as usize] = high;
    }

    /// Takes a cost from the slice; `false`, with nothing taken, if the slice holds less.
    #[inline(always)]
    pub fn charge(&mut self, cost: u32) -> bool {
        let (left, short) = self.slice.overflowing_sub(u64::from(cost));
        if !short {
            self.slice = left;
        }
        !short
    }

    /// Leaves the element index of an indirect call for the driver, which carries the call out: the strategy comes back
    /// with [`Flow::leave`](crate::driver::Flow::leave) next, and nothing happens in between.
    #[inline(always)]
    pub fn leave_operand(&mut self, index: u32) {
        self.operand = index;
    }

    /// The element index that was [left](State::leave_operand) just before.
    #[inline(always)]
    pub fn left_operand(&self) -> u32 {
        self.operand
    }

    /// Leaves a trap for the driver: the strategy comes back with [`Flow::trapped`](crate::driver::Flow::trapped) next.
    #[inline(always)]
    pub fn leave_trap(&mut self, trap: Trap) {
        self.trap = Some(trap);
    }

    /// [`State::leave_trap`], unless the statement has left one already: for strategies whose operands cannot return a trap
    /// cheaply, and continue with any value until they ask whether there [was one](State::has_trapped).
    #[inline(always)]
    pub fn leave_first_trap(&mut self, trap: Trap) {
        self.trap.get_or_insert(trap);
    }

    /// Whether the statement being evaluated has left a trap.
    #[inline(always)]
    pub fn has_trapped(&self) -> bool {
        self.trap.is_some()
    }

    /// Takes the trap that was [left](State::leave_trap). The driver does, once at the end of the run.
    #[inline(always)]
    pub fn take_trap(&mut self) -> Option<Trap> {
        self.trap.take()
    }

    /// Leaves the frame that trapped for the machine's owner: the run ends with
    /// [`Exit::Trapped`](crate::backend::Exit::Trapped) next. Not in that itself, which fits two registers: with it,
    /// a third more instructions of a loop that carries out calls touched the native stack.
    #[inline(always)]
    pub fn leave_frame(&mut self, frame: Frame) {
        self.trapped = frame;
    }

    /// The frame that was [left](State::leave_frame) by the last run that trapped.
    #[inline(always)]
    pub fn left_frame(&self) -> Frame {
        self.trapped
    }

    /// Suspends a frame below its callee.
    ///
    /// # Errors
    ///
    /// Traps when the call depth reaches its limit.
    #[inline(always)]
    pub fn push_frame(&mut self, frame: Frame) -> Result<(), Trap> {
        if self.frames.len() >= self.limits.call_depth {
            return Err(Trap::CallStackExhausted);
        }
        self.frames.push(frame);
        Ok(())
    }

    /// Forgets the resume points of a strategy, so that any strategy can continue the frames.
    pub fn forget_native(&mut self) {
        for frame in &mut self.frames {
            frame.native = 0;
        }
    }

    /// Takes the frame to return to.
    #[inline(always)]
    pub fn pop_frame(&mut self) -> Frame {
        self.frames.pop().unwrap_or(Frame::bottom())
    }

    /// Checks that a frame of this size fits the value stack at `base`.
    ///
    /// # Errors
    ///
    /// Traps when it does not.
    #[inline(always)]
    pub fn enter(&self, base: u32, frame_size: u32) -> Result<(), Trap> {
        // Both are far below 2^31: the limit is, and a frame has at most 65,536 slots.
        if base as usize + frame_size as usize > self.limits.stack_slots {
            return Err(Trap::CallStackExhausted);
        }
        Ok(())
    }

    /// The function behind an index of the current module.
    #[inline]
    pub fn callee(&self, function: u32) -> Callee {
        self.callee_of(self.current_instance().functions[function as usize])
    }

    /// The function behind an index of the machine.
    #[inline]
    pub fn callee_of(&self, id: u32) -> Callee {
        let entry = self.store.functions[id as usize];
        if entry.instance == HOST {
            Callee::Host(id)
        } else {
            Callee::Wasm {
                instance: entry.instance,
                function: entry.index,
            }
        }
    }

    /// The function that an indirect call reaches.
    ///
    /// # Errors
    ///
    /// Traps on an index past the end, a null reference, and another type than expected.
    #[inline]
    pub fn indirect_callee(&self, table: u32, ty: u32, index: u32) -> Result<Callee, Trap> {
        let instance = self.current_instance();
        let table = &self.store.tables[instance.tables[table as usize] as usize];
        let reference = *table.elements.get(index as usize).ok_or(Trap::UndefinedElement)?;
        let id = reference.checked_sub(1).ok_or(Trap::UninitializedElement)?;
        let entry = self.store.functions[id as usize];
        if entry.signature != instance.signatures[ty as usize] {
            return Err(Trap::IndirectCallTypeMismatch);
        }
        Ok(self.callee_of(id as u32))
    }

    /// Carries out a builtin: operands at `slots[0]` on, results replace the first of them.
    ///
    /// # Errors
    ///
    /// Traps as the instruction does. [`Trap::OutOfFuel`] is no trap: what is [bulk](Builtin::is_bulk) has used up the slice
    /// and is to be carried out again, with its operands as they are now.
    #[inline(never)]
    pub fn builtin(&mut self, op: Builtin, x: u32, y: u32, slots: &mut [u64]) -> Result<(), Trap> {
        let Some(slots) = slots.first_chunk_mut::<{ builtin::SLOTS }>() else {
            return Err(Trap::CallStackExhausted);
        };
        let [a, b, c, d] = *slots;
        match op {
            Builtin::MemorySize => {
                let bytes = self.module_memory(x).len();
                let id = self.current_instance().memories[x as usize];
                slots[0] = self.store.memories[id as usize].shape.pages(bytes);
            }
            Builtin::MemoryGrow => slots[0] = self.memory_grow(x, a)?,
            Builtin::MemoryFill => self.memory_fill(x, slots)?,
            Builtin::MemoryCopy => self.memory_copy(x, y, slots)?,
            Builtin::MemoryInit => self.memory_init(x, y, slots)?,
            Builtin::DataDrop => {
                let instance = &mut self.store.instances[self.instance as usize];
                instance.data[x as usize] = [].into();
            }
            Builtin::TableGet => {
                let value = usize::try_from(a)
                    .ok()
                    .and_then(|a| self.module_table(x).elements.get(a).copied());
                slots[0] = value.ok_or(Trap::OutOfBoundsTableAccess)?;
            }
            Builtin::TableSet => {
                let element = usize::try_from(a)
                    .ok()
                    .and_then(|a| self.module_table(x).elements.get_mut(a));
                *element.ok_or(Trap::OutOfBoundsTableAccess)? = b;
            }
            Builtin::TableSize => slots[0] = self.module_table(x).elements.len() as u64,
            Builtin::TableGrow => slots[0] = self.table_grow(x, a, b)?,
            Builtin::TableFill => self.table_fill(x, slots)?,
            Builtin::TableCopy => self.table_copy(x, y, slots)?,
            Builtin::TableInit => self.table_init(x, y, slots)?,
            Builtin::ElemDrop => {
                let instance = &mut self.store.instances[self.instance as usize];
                instance.elements[x as usize] = Vec::new();
            }
            Builtin::RefFunc => slots[0] = u64::from(self.current_instance().functions[x as usize]) + 1,
            Builtin::I64Add128 => (slots[0], slots[1]) = wide::add128(a, b, c, d),
            Builtin::I64Sub128 => (slots[0], slots[1]) = wide::sub128(a, b, c, d),
            Builtin::I64MulWideS => (slots[0], slots[1]) = wide::mul_wide_s(a, b),
            Builtin::I64MulWideU => (slots[0], slots[1]) = wide::mul_wide_u(a, b),
        }
        Ok(())
    }

    pub(crate) fn module_table(&mut self, table: u32) -> &mut Table {
        let id = self.current_instance().tables[table as usize];
        &mut self.store.tables[id as usize]
    }
}

/// The index of a slot in a window.
#[inline(always)]
pub fn index(slot: Slot) -> usize {
    usize::from(slot)
}
