//! The builtins: operators on whole memories and tables, `ref.func`, and arithmetic on 128 bits. A method for each, named like it.

use std::ops::Range;

use wasm_dispatch::Trap;

use super::Stop;
use super::run::Run;

const MEMORY: Trap = Trap::OutOfBoundsMemoryAccess;
const TABLE: Trap = Trap::OutOfBoundsTableAccess;

/// What `memory.grow` and `table.grow` give when they cannot: -1 in 32 or 64 bits.
fn failed(wide: bool) -> u64 {
    if wide { u64::MAX } else { u64::from(u32::MAX) }
}

/// `start..start + len`, if it ends within `size`.
fn range(start: u64, len: u64, size: usize, trap: Trap) -> Result<Range<usize>, Trap> {
    let (start, end) = (u128::from(start), u128::from(start) + u128::from(len));
    if end <= size as u128 {
        Ok(start as usize..end as usize)
    } else {
        Err(trap)
    }
}

/// The halves of an unsigned product, by long multiplication.
fn product(a: u64, b: u64) -> [u64; 2] {
    let [a, b] = [a, b].map(|number| [number & 0xFFFF_FFFF, number >> 32]);
    let middle = a[1] * b[0] + ((a[0] * b[0]) >> 32);
    let other = a[0] * b[1] + (middle & 0xFFFF_FFFF);
    let low = other << 32 | ((a[0] * b[0]) & 0xFFFF_FFFF);
    [low, a[1] * b[1] + (middle >> 32) + (other >> 32)]
}

#[allow(non_snake_case)]
impl Run<'_, '_> {
    pub(super) fn MemorySize(&mut self, mem: u32) -> Result<(), Stop> {
        let ty = self.instance.memory_types[mem as usize];
        let size = self.instance.memories[mem as usize].len() as u64 / ty.page;
        self.give(size);
        Ok(())
    }

    pub(super) fn MemoryGrow(&mut self, mem: u32) -> Result<(), Stop> {
        let ty = self.instance.memory_types[mem as usize];
        let delta = self.pop_sized(ty.wide);
        let memory = &mut self.instance.memories[mem as usize];
        let old = memory.len() as u64 / ty.page;
        let new = old.checked_add(delta).filter(|&new| new <= ty.max);
        if let Some(new) = new {
            memory.resize((new * ty.page) as usize, 0);
        }
        self.give(new.map_or(failed(ty.wide), |_| old));
        Ok(())
    }

    pub(super) fn MemoryFill(&mut self, mem: u32) -> Result<(), Stop> {
        let wide = self.instance.memory_types[mem as usize].wide;
        let (len, value, to) = (self.pop_sized(wide), self.pop() as u8, self.pop_sized(wide));
        let memory = &mut self.instance.memories[mem as usize];
        let to = range(to, len, memory.len(), MEMORY)?;
        memory[to].fill(value);
        Ok(())
    }

    pub(super) fn MemoryCopy(&mut self, dst_mem: u32, src_mem: u32) -> Result<(), Stop> {
        let [to_wide, from_wide] = [dst_mem, src_mem].map(|mem| self.instance.memory_types[mem as usize].wide);
        let len = self.pop_sized(to_wide && from_wide);
        let (from, to) = (self.pop_sized(from_wide), self.pop_sized(to_wide));
        let source = &self.instance.memories[src_mem as usize];
        let bytes = source[range(from, len, source.len(), MEMORY)?].to_vec();
        let target = &mut self.instance.memories[dst_mem as usize];
        let to = range(to, len, target.len(), MEMORY)?;
        target[to].copy_from_slice(&bytes);
        Ok(())
    }

    pub(super) fn MemoryInit(&mut self, data_index: u32, mem: u32) -> Result<(), Stop> {
        let wide = self.instance.memory_types[mem as usize].wide;
        let (len, from, to) = (self.pop_sized(false), self.pop_sized(false), self.pop_sized(wide));
        let source = self.instance.data[data_index as usize];
        let from = range(from, len, source.len(), MEMORY)?;
        let target = &mut self.instance.memories[mem as usize];
        let to = range(to, len, target.len(), MEMORY)?;
        target[to].copy_from_slice(&source[from]);
        Ok(())
    }

    pub(super) fn DataDrop(&mut self, data_index: u32) -> Result<(), Stop> {
        self.instance.data[data_index as usize] = &[];
        Ok(())
    }

    pub(super) fn TableGet(&mut self, table: u32) -> Result<(), Stop> {
        let wide = self.instance.tables[table as usize].wide;
        let index = self.pop_sized(wide);
        let at = range(index, 1, self.instance.tables[table as usize].elements.len(), TABLE)?;
        self.give(self.instance.tables[table as usize].elements[at.start]);
        Ok(())
    }

    pub(super) fn TableSet(&mut self, table: u32) -> Result<(), Stop> {
        let wide = self.instance.tables[table as usize].wide;
        let (value, index) = (self.pop(), self.pop_sized(wide));
        let elements = &mut self.instance.tables[table as usize].elements;
        let at = range(index, 1, elements.len(), TABLE)?;
        elements[at.start] = value;
        Ok(())
    }

    pub(super) fn TableSize(&mut self, table: u32) -> Result<(), Stop> {
        self.give(self.instance.tables[table as usize].elements.len() as u64);
        Ok(())
    }

    pub(super) fn TableGrow(&mut self, table: u32) -> Result<(), Stop> {
        let wide = self.instance.tables[table as usize].wide;
        let (delta, value) = (self.pop_sized(wide), self.pop());
        let table = &mut self.instance.tables[table as usize];
        let old = table.elements.len() as u64;
        let new = old.checked_add(delta).filter(|&new| new <= table.max);
        if let Some(new) = new {
            table.elements.resize(new as usize, value);
        }
        self.give(new.map_or(failed(wide), |_| old));
        Ok(())
    }

    pub(super) fn TableFill(&mut self, table: u32) -> Result<(), Stop> {
        let wide = self.instance.tables[table as usize].wide;
        let (len, value, to) = (self.pop_sized(wide), self.pop(), self.pop_sized(wide));
        let elements = &mut self.instance.tables[table as usize].elements;
        let to = range(to, len, elements.len(), TABLE)?;
        elements[to].fill(value);
        Ok(())
    }

    pub(super) fn TableCopy(&mut self, dst_table: u32, src_table: u32) -> Result<(), Stop> {
        let [to_wide, from_wide] = [dst_table, src_table].map(|table| self.instance.tables[table as usize].wide);
        let len = self.pop_sized(to_wide && from_wide);
        let (from, to) = (self.pop_sized(from_wide), self.pop_sized(to_wide));
        let source = &self.instance.tables[src_table as usize].elements;
        let items = source[range(from, len, source.len(), TABLE)?].to_vec();
        let target = &mut self.instance.tables[dst_table as usize].elements;
        let to = range(to, len, target.len(), TABLE)?;
        target[to].copy_from_slice(&items);
        Ok(())
    }

    pub(super) fn TableInit(&mut self, elem_index: u32, table: u32) -> Result<(), Stop> {
        let wide = self.instance.tables[table as usize].wide;
        let (len, from, to) = (self.pop_sized(false), self.pop_sized(false), self.pop_sized(wide));
        let source = &self.instance.elements[elem_index as usize];
        let from = range(from, len, source.len(), TABLE)?;
        let target = &mut self.instance.tables[table as usize].elements;
        let to = range(to, len, target.len(), TABLE)?;
        target[to].copy_from_slice(&source[from]);
        Ok(())
    }

    pub(super) fn ElemDrop(&mut self, elem_index: u32) -> Result<(), Stop> {
        self.instance.elements[elem_index as usize].clear();
        Ok(())
    }

    pub(super) fn RefFunc(&mut self, function_index: u32) -> Result<(), Stop> {
        self.give(u64::from(function_index) + 1);
        Ok(())
    }

    pub(super) fn I64Add128(&mut self) -> Result<(), Stop> {
        let ([b, b_high], [a, a_high]) = (self.pop_two(), self.pop_two());
        let (low, carry) = a.overflowing_add(b);
        let high = a_high.wrapping_add(b_high).wrapping_add(u64::from(carry));
        self.give_two([low, high]);
        Ok(())
    }

    pub(super) fn I64Sub128(&mut self) -> Result<(), Stop> {
        let ([b, b_high], [a, a_high]) = (self.pop_two(), self.pop_two());
        let (low, borrow) = a.overflowing_sub(b);
        let high = a_high.wrapping_sub(b_high).wrapping_sub(u64::from(borrow));
        self.give_two([low, high]);
        Ok(())
    }

    pub(super) fn I64MulWideS(&mut self) -> Result<(), Stop> {
        let [a, b] = self.pop_two();
        // What a negative number's bits are read as is too much by 2^64.
        let excess = |sign: u64, other: u64| if (sign as i64) < 0 { other } else { 0 };
        let [low, high] = product(a, b);
        let high = high.wrapping_sub(excess(a, b)).wrapping_sub(excess(b, a));
        self.give_two([low, high]);
        Ok(())
    }

    pub(super) fn I64MulWideU(&mut self) -> Result<(), Stop> {
        let [a, b] = self.pop_two();
        self.give_two(product(a, b));
        Ok(())
    }

    fn give_two(&mut self, [first, second]: [u64; 2]) {
        self.give(first);
        self.give(second);
    }

    fn pop_two(&mut self) -> [u64; 2] {
        let second = self.pop();
        [self.pop(), second]
    }
}
