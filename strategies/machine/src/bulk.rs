//! Builtins whose work grows with an operand: on ranges of memories and tables, and their growth.
//!
//! In a metered module they pay for what they do, in steps: a range of any length is paid for and worked on a step at a
//! time. When the slice does not hold what the next step costs, the operands say what is left to do, and the builtin ends
//! with [`Trap::OutOfFuel`]. It stands first in its block, so the run is [suspended](crate::driver::proceed) there, and later
//! carries it out again with those operands. What a range costs does not depend on where it was suspended.

use crate::limiter::Demand;
use std::ops::Range;

use wasm_dispatch_ir::builtin::SLOTS;
use wasm_dispatch_ir::shape::MemoryShape;
use wasm_dispatch_ir::trap::Trap;

use crate::state::State;
use crate::store::{self, PAGE, Table};

/// Bytes that one instruction's worth of the slice pays for. A byte of memory that is copied for the first time, with a page
/// fault for each page, takes about as long as an instruction of a fast strategy for each 16.
pub const BYTES_PAID: u64 = 16;

/// Bytes of one step. A whole number of what is paid for, so that a range costs the same however it is divided.
const STEP: u64 = 64 << 10;

/// Bytes of an element of a table.
const ELEMENT: u64 = size_of::<u64>() as u64;

/// In which order a range is worked on, and what its second operand is.
#[derive(Clone, Copy)]
enum Order {
    /// From its beginning; the second operand is a value.
    Fill,
    /// From its beginning; the second operand is where the source begins.
    Forward,
    /// From its end, because the source begins before the target in the same memory or table.
    Backward,
}

/// One step: its place, its second operand, its length.
struct Step {
    to: usize,
    second: u64,
    len: usize,
}

impl Step {
    fn target(&self) -> Range<usize> {
        self.to..self.to + self.len
    }

    fn source(&self) -> Range<usize> {
        self.second as usize..self.second as usize + self.len
    }
}

impl State {
    /// Works on a range that was checked: place, second operand and length, in elements of `size` bytes.
    fn in_steps(
        &mut self,
        slots: &mut [u64; SLOTS],
        order: Order,
        size: u64,
        work: impl Fn(&mut State, Step),
    ) -> Result<(), Trap> {
        if self.current_instance().metered {
            return self.paid_steps(slots, order, size, work);
        }
        let [to, second, len, ..] = *slots;
        let (to, len) = (to as usize, len as usize);
        work(self, Step { to, second, len });
        Ok(())
    }

    /// The steps of a metered module.
    #[cold]
    #[inline(never)]
    fn paid_steps(
        &mut self,
        slots: &mut [u64; SLOTS],
        order: Order,
        size: u64,
        work: impl Fn(&mut State, Step),
    ) -> Result<(), Trap> {
        loop {
            let [to, second, left, ..] = *slots;
            if left == 0 {
                return Ok(());
            }
            let len = left.min(STEP / size);
            self.pay(len * size)?;
            slots[2] = left - len;
            let before = match order {
                Order::Backward => left - len,
                Order::Fill => {
                    slots[0] = to + len;
                    0
                }
                Order::Forward => {
                    (slots[0], slots[1]) = (to + len, second + len);
                    0
                }
            };
            let step = Step {
                to: (to + before) as usize,
                second: second + before,
                len: len as usize,
            };
            work(self, step);
        }
    }

    /// Takes from the slice what work on this many bytes costs, in a metered module.
    fn pay(&mut self, bytes: u64) -> Result<(), Trap> {
        if !self.current_instance().metered {
            return Ok(());
        }
        let cost = bytes / BYTES_PAID;
        let Some(left) = self.slice.checked_sub(cost) else {
            self.owed = cost;
            return Err(Trap::OutOfFuel);
        };
        self.slice = left;
        Ok(())
    }

    /// What the bulk builtin that has just suspended the run wants the slice to hold; zero if none has.
    pub fn take_owed(&mut self) -> u64 {
        std::mem::take(&mut self.owed)
    }

    /// What the instruction gives.
    pub(crate) fn memory_grow(&mut self, memory: u32, delta: u64) -> Result<u64, Trap> {
        let id = self.current_instance().memories[memory as usize];
        let memory = &self.store.memories[id as usize];
        let (shape, most) = (memory.shape, memory.most_pages(self.limits.memory_pages));
        let more = memory_bytes(shape, self.bytes(id).len(), delta, most);
        let Some(more) = more.filter(|&more| self.has_room_for_memory(more as u64)) else {
            return Ok(shape.address.failed());
        };
        self.pay(more as u64)?;
        Ok(self.grow_memory(id, delta, most).unwrap_or(shape.address.failed()))
    }

    /// Whether the machine's memories together may have this many more bytes.
    pub fn has_room_for_memory(&self, more: u64) -> bool {
        let most = u128::from(self.limits.all_memory_pages) * PAGE as u128;
        u128::from(self.store.sizes.memory_bytes) + u128::from(more) <= most
    }

    /// Whether the machine's tables together may have this many more elements.
    pub fn has_room_for_table(&self, more: u64) -> bool {
        let new = self.store.sizes.table_elements.checked_add(more);
        new.is_some_and(|new| new <= self.limits.all_table_elements)
    }

    /// Grows a memory, by its index in the machine, by some pages up to `most`.
    ///
    /// # Errors
    ///
    /// Why it has not grown.
    pub fn grow_memory(&mut self, id: u32, pages: u64, most: u64) -> Result<u64, NotGrown> {
        let shape = self.store.memories[id as usize].shape;
        let from = self.bytes(id).len();
        let more = memory_bytes(shape, from, pages, most).ok_or(NotGrown::Limit)?;
        if !self.has_room_for_memory(more as u64) {
            return Err(NotGrown::LimitOfAll);
        }
        let demand = Demand::Memory {
            from: from as u64,
            to: from as u64 + more as u64,
        };
        if !self.limited.allows(demand) {
            return Err(NotGrown::Refused);
        }
        let grown = store::grow_pages(self.bytes_mut(id), shape, pages, most);
        if grown.is_some() {
            self.store.sizes.memory_bytes += more as u64;
        }
        grown.ok_or_else(|| {
            self.limited.failed(demand);
            NotGrown::Host
        })
    }

    /// Grows a table, by its index in the machine, by some elements of this value.
    ///
    /// # Errors
    ///
    /// Why it has not grown.
    pub fn grow_table(&mut self, id: u32, value: u64, delta: u64) -> Result<u64, NotGrown> {
        let (limit, table) = (self.limits.table_elements, &mut self.store.tables[id as usize]);
        if !table_fits(table, delta, limit) {
            return Err(NotGrown::Limit);
        }
        if !self.has_room_for_table(delta) {
            return Err(NotGrown::LimitOfAll);
        }
        let table = &mut self.store.tables[id as usize];
        let from = table.elements.len() as u64;
        let demand = Demand::Table { from, to: from + delta };
        if !self.limited.allows(demand) {
            return Err(NotGrown::Refused);
        }
        if table.elements.try_reserve(delta as usize).is_err() {
            self.limited.failed(demand);
            return Err(NotGrown::Host);
        }
        table.elements.resize((from + delta) as usize, value);
        self.store.sizes.table_elements += delta;
        Ok(from)
    }

    /// Pays for this many bytes if they are a step at most and the slice holds what it costs. Then all can be done at once.
    fn pays_at_once(&mut self, bytes: u64) -> bool {
        let cost = bytes / BYTES_PAID;
        let pays = bytes <= STEP && cost <= self.slice;
        if pays {
            self.slice -= cost;
        }
        pays
    }

    // These two are frequent, so they take a way of their own where nothing is paid, or all at once: each range is checked once.

    pub(crate) fn memory_fill(&mut self, memory: u32, slots: &mut [u64; SLOTS]) -> Result<(), Trap> {
        let [to, value, len, ..] = *slots;
        let metered = self.current_instance().metered;
        let bytes = self.module_memory(memory);
        let target = range(bytes.len(), to, len, Trap::OutOfBoundsMemoryAccess)?;
        if !metered {
            bytes[target].fill(value as u8);
        } else if self.pays_at_once(len) {
            self.module_memory(memory)[target].fill(value as u8);
        } else {
            return self.paid_steps(slots, Order::Fill, 1, |state, step| {
                state.module_memory(memory)[step.target()].fill(step.second as u8);
            });
        }
        Ok(())
    }

    pub(crate) fn memory_copy(&mut self, x: u32, y: u32, slots: &mut [u64; SLOTS]) -> Result<(), Trap> {
        let [to, from, len, ..] = *slots;
        let oob = Trap::OutOfBoundsMemoryAccess;
        let instance = self.current_instance();
        let metered = instance.metered;
        let (x, y) = (instance.memories[x as usize], instance.memories[y as usize]);
        if x != y {
            return self.copy_in_steps(x, y, slots);
        }
        let bytes = self.bytes_mut(x);
        let source = range(bytes.len(), from, len, oob)?;
        let target = range(bytes.len(), to, len, oob)?;
        if !metered {
            bytes.copy_within(source, target.start);
        } else if self.pays_at_once(len) {
            self.bytes_mut(x).copy_within(source, target.start);
        } else {
            return self.copy_in_steps(x, y, slots);
        }
        Ok(())
    }

    /// The rest of [`State::memory_copy`], of memories by their index in the machine.
    #[inline(never)]
    fn copy_in_steps(&mut self, x: u32, y: u32, slots: &mut [u64; SLOTS]) -> Result<(), Trap> {
        let [to, from, len, ..] = *slots;
        let oob = Trap::OutOfBoundsMemoryAccess;
        range(self.bytes(y).len(), from, len, oob)?;
        range(self.bytes(x).len(), to, len, oob)?;
        self.in_steps(slots, order(x == y, to, from), 1, |state, step| {
            if x == y {
                state.bytes_mut(x).copy_within(step.source(), step.to);
            } else {
                let taken = std::mem::take(state.bytes_mut(y));
                state.bytes_mut(x)[step.target()].copy_from_slice(&taken[step.source()]);
                *state.bytes_mut(y) = taken;
            }
        })
    }

    pub(crate) fn memory_init(&mut self, segment: u32, memory: u32, slots: &mut [u64; SLOTS]) -> Result<(), Trap> {
        let [to, from, len, ..] = *slots;
        let oob = Trap::OutOfBoundsMemoryAccess;
        let data = self.current_instance().data[segment as usize].clone();
        range(data.len(), from, len, oob)?;
        range(self.module_memory(memory).len(), to, len, oob)?;
        self.in_steps(slots, Order::Forward, 1, |state, step| {
            state.module_memory(memory)[step.target()].copy_from_slice(&data[step.source()]);
        })
    }

    /// What the instruction gives.
    pub(crate) fn table_grow(&mut self, table: u32, value: u64, delta: u64) -> Result<u64, Trap> {
        let limit = self.limits.table_elements;
        let failed = self.module_table(table).shape.address.failed();
        if !table_fits(self.module_table(table), delta, limit) || !self.has_room_for_table(delta) {
            return Ok(failed);
        }
        self.pay(delta * ELEMENT)?;
        let id = self.current_instance().tables[table as usize];
        Ok(self.grow_table(id, value, delta).unwrap_or(failed))
    }

    pub(crate) fn table_fill(&mut self, table: u32, slots: &mut [u64; SLOTS]) -> Result<(), Trap> {
        let [to, _, len, ..] = *slots;
        let size = self.module_table(table).elements.len();
        range(size, to, len, Trap::OutOfBoundsTableAccess)?;
        self.in_steps(slots, Order::Fill, ELEMENT, |state, step| {
            state.module_table(table).elements[step.target()].fill(step.second);
        })
    }

    pub(crate) fn table_copy(&mut self, x: u32, y: u32, slots: &mut [u64; SLOTS]) -> Result<(), Trap> {
        let [to, from, len, ..] = *slots;
        let oob = Trap::OutOfBoundsTableAccess;
        let (x, y) = {
            let tables = &self.current_instance().tables;
            (tables[x as usize] as usize, tables[y as usize] as usize)
        };
        range(self.store.tables[y].elements.len(), from, len, oob)?;
        range(self.store.tables[x].elements.len(), to, len, oob)?;
        self.in_steps(slots, order(x == y, to, from), ELEMENT, |state, step| {
            let tables = &mut state.store.tables;
            if x == y {
                tables[x].elements.copy_within(step.source(), step.to);
            } else {
                let taken = std::mem::take(&mut tables[y].elements);
                tables[x].elements[step.target()].copy_from_slice(&taken[step.source()]);
                tables[y].elements = taken;
            }
        })
    }

    pub(crate) fn table_init(&mut self, segment: u32, table: u32, slots: &mut [u64; SLOTS]) -> Result<(), Trap> {
        let [to, from, len, ..] = *slots;
        let oob = Trap::OutOfBoundsTableAccess;
        let instance = self.instance as usize;
        range(
            self.store.instances[instance].elements[segment as usize].len(),
            from,
            len,
            oob,
        )?;
        range(self.module_table(table).elements.len(), to, len, oob)?;
        self.in_steps(slots, Order::Forward, ELEMENT, |state, step| {
            let instance = &state.store.instances[instance];
            let table = &mut state.store.tables[instance.tables[table as usize] as usize].elements;
            table[step.target()].copy_from_slice(&instance.elements[segment as usize][step.source()]);
        })
    }
}

/// The order in which a range is copied without overwriting what is still to be read.
fn order(same: bool, to: u64, from: u64) -> Order {
    if same && to > from {
        Order::Backward
    } else {
        Order::Forward
    }
}

/// `start..start + len` if it ends within `size`. Operands are 32-bit or 64-bit values, so the sum may wrap.
fn range(size: usize, start: u64, len: u64, trap: Trap) -> Result<Range<usize>, Trap> {
    match start.checked_add(len) {
        Some(end) if end <= size as u64 => Ok(start as usize..end as usize),
        _ => Err(trap),
    }
}

/// Why a memory or a table has not grown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotGrown {
    /// It would be larger than it may be.
    Limit,
    /// All of the machine's together would be larger than they may be.
    LimitOfAll,
    /// The machine's [`Limiter`](crate::limiter::Limiter) has refused it.
    Refused,
    /// The host has no memory left.
    Host,
}

/// The bytes of `delta` pages more, if a memory of this many bytes may have them.
fn memory_bytes(shape: MemoryShape, bytes: usize, delta: u64, most: u64) -> Option<usize> {
    let new = shape.pages(bytes).checked_add(delta)?;
    shape.bytes(delta).filter(|_| new <= most)
}

/// Whether a table may have `delta` elements more.
fn table_fits(table: &Table, delta: u64, limit: u64) -> bool {
    let new = (table.elements.len() as u64).checked_add(delta);
    new.is_some_and(|new| new <= table.most_elements(limit))
}
