//! The builtins: operators on whole memories and tables, `ref.func`, and arithmetic on 128 bits. A method for each, named like it.

use std::ops::Range;

use wasm_dispatch::Trap;

use super::Stop;
use super::run::Run;

const MEMORY: Trap = Trap::OutOfBoundsMemoryAccess;
const TABLE: Trap = Trap::OutOfBoundsTableAccess;

/// What `memory.grow` and `table.grow` give when they cannot.
const FAILED: u64 = u32::MAX as u64;

/// `start..start + len`, if it ends within `size`.
fn range(start: u32, len: u32, size: usize, trap: Trap) -> Result<Range<usize>, Trap> {
    let end = start as usize + len as usize;
    if end <= size {
        Ok(start as usize..end)
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
        self.stack
            .push((self.instance.memories[mem as usize].len() >> 16) as u64);
        Ok(())
    }

    pub(super) fn MemoryGrow(&mut self, mem: u32) -> Result<(), Stop> {
        let delta = u64::from(self.pop() as u32);
        let memory = &mut self.instance.memories[mem as usize];
        let old = (memory.len() >> 16) as u64;
        let fits = old + delta <= self.instance.memory_types[mem as usize].max;
        if fits {
            memory.resize(((old + delta) as usize) << 16, 0);
        }
        self.stack.push(if fits { old } else { FAILED });
        Ok(())
    }

    pub(super) fn MemoryFill(&mut self, mem: u32) -> Result<(), Stop> {
        let (len, value, to) = (self.pop() as u32, self.pop() as u8, self.pop() as u32);
        let memory = &mut self.instance.memories[mem as usize];
        let to = range(to, len, memory.len(), MEMORY)?;
        memory[to].fill(value);
        Ok(())
    }

    pub(super) fn MemoryCopy(&mut self, dst_mem: u32, src_mem: u32) -> Result<(), Stop> {
        let (len, from, to) = (self.pop() as u32, self.pop() as u32, self.pop() as u32);
        let source = &self.instance.memories[src_mem as usize];
        let bytes = source[range(from, len, source.len(), MEMORY)?].to_vec();
        let target = &mut self.instance.memories[dst_mem as usize];
        let to = range(to, len, target.len(), MEMORY)?;
        target[to].copy_from_slice(&bytes);
        Ok(())
    }

    pub(super) fn MemoryInit(&mut self, data_index: u32, mem: u32) -> Result<(), Stop> {
        let (len, from, to) = (self.pop() as u32, self.pop() as u32, self.pop() as u32);
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
        let index = self.pop() as u32 as usize;
        let element = self.instance.tables[table as usize].elements.get(index);
        self.stack.push(*element.ok_or(TABLE)?);
        Ok(())
    }

    pub(super) fn TableSet(&mut self, table: u32) -> Result<(), Stop> {
        let (value, index) = (self.pop(), self.pop() as u32 as usize);
        let element = self.instance.tables[table as usize].elements.get_mut(index);
        *element.ok_or(TABLE)? = value;
        Ok(())
    }

    pub(super) fn TableSize(&mut self, table: u32) -> Result<(), Stop> {
        self.stack
            .push(self.instance.tables[table as usize].elements.len() as u64);
        Ok(())
    }

    pub(super) fn TableGrow(&mut self, table: u32) -> Result<(), Stop> {
        let (delta, value) = (u64::from(self.pop() as u32), self.pop());
        let table = &mut self.instance.tables[table as usize];
        let old = table.elements.len() as u64;
        let fits = old + delta <= table.max;
        if fits {
            table.elements.resize((old + delta) as usize, value);
        }
        self.stack.push(if fits { old } else { FAILED });
        Ok(())
    }

    pub(super) fn TableFill(&mut self, table: u32) -> Result<(), Stop> {
        let (len, value, to) = (self.pop() as u32, self.pop(), self.pop() as u32);
        let elements = &mut self.instance.tables[table as usize].elements;
        let to = range(to, len, elements.len(), TABLE)?;
        elements[to].fill(value);
        Ok(())
    }

    pub(super) fn TableCopy(&mut self, dst_table: u32, src_table: u32) -> Result<(), Stop> {
        let (len, from, to) = (self.pop() as u32, self.pop() as u32, self.pop() as u32);
        let source = &self.instance.tables[src_table as usize].elements;
        let items = source[range(from, len, source.len(), TABLE)?].to_vec();
        let target = &mut self.instance.tables[dst_table as usize].elements;
        let to = range(to, len, target.len(), TABLE)?;
        target[to].copy_from_slice(&items);
        Ok(())
    }

    pub(super) fn TableInit(&mut self, elem_index: u32, table: u32) -> Result<(), Stop> {
        let (len, from, to) = (self.pop() as u32, self.pop() as u32, self.pop() as u32);
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
        self.stack.push(u64::from(function_index) + 1);
        Ok(())
    }

    pub(super) fn I64Add128(&mut self) -> Result<(), Stop> {
        let ([b, b_high], [a, a_high]) = (self.pop_two(), self.pop_two());
        let (low, carry) = a.overflowing_add(b);
        let high = a_high.wrapping_add(b_high).wrapping_add(u64::from(carry));
        self.stack.extend([low, high]);
        Ok(())
    }

    pub(super) fn I64Sub128(&mut self) -> Result<(), Stop> {
        let ([b, b_high], [a, a_high]) = (self.pop_two(), self.pop_two());
        let (low, borrow) = a.overflowing_sub(b);
        let high = a_high.wrapping_sub(b_high).wrapping_sub(u64::from(borrow));
        self.stack.extend([low, high]);
        Ok(())
    }

    pub(super) fn I64MulWideS(&mut self) -> Result<(), Stop> {
        let [a, b] = self.pop_two();
        // What a negative number's bits are read as is too much by 2^64.
        let excess = |sign: u64, other: u64| if (sign as i64) < 0 { other } else { 0 };
        let [low, high] = product(a, b);
        let high = high.wrapping_sub(excess(a, b)).wrapping_sub(excess(b, a));
        self.stack.extend([low, high]);
        Ok(())
    }

    pub(super) fn I64MulWideU(&mut self) -> Result<(), Stop> {
        let [a, b] = self.pop_two();
        self.stack.extend(product(a, b));
        Ok(())
    }

    fn pop_two(&mut self) -> [u64; 2] {
        let second = self.pop();
        [self.pop(), second]
    }
}
