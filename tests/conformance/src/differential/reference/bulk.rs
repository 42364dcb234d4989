//! Operators on whole memories and tables.

use std::ops::Range;

use wasm_dispatch::Trap;
use wasmparser::Operator;

use super::{Instance, Stop, unknown};

const MEMORY: Trap = Trap::OutOfBoundsMemoryAccess;
const TABLE: Trap = Trap::OutOfBoundsTableAccess;

/// `start..start + len`, if it ends within `size`.
fn range(start: u32, len: u32, size: usize, trap: Trap) -> Result<Range<usize>, Trap> {
    let end = start as usize + len as usize;
    if end <= size {
        Ok(start as usize..end)
    } else {
        Err(trap)
    }
}

impl Instance<'_> {
    /// Carries out an operator on an operand stack.
    pub(super) fn bulk(&mut self, operator: &Operator<'_>, stack: &mut Vec<u64>) -> Result<(), Stop> {
        // Validation has seen to it that there is something to pop.
        let mut pop = || stack.pop().unwrap_or_default();
        let failed = u64::from(u32::MAX);
        match *operator {
            Operator::MemorySize { mem } => stack.push((self.memories[mem as usize].len() >> 16) as u64),
            Operator::MemoryGrow { mem } => {
                let delta = u64::from(pop() as u32);
                let memory = &mut self.memories[mem as usize];
                let old = (memory.len() >> 16) as u64;
                let fits = old + delta <= self.memory_types[mem as usize].max;
                if fits {
                    memory.resize(((old + delta) as usize) << 16, 0);
                }
                stack.push(if fits { old } else { failed });
            }
            Operator::MemoryFill { mem } => {
                let (len, value, to) = (pop() as u32, pop() as u8, pop() as u32);
                let memory = &mut self.memories[mem as usize];
                let to = range(to, len, memory.len(), MEMORY)?;
                memory[to].fill(value);
            }
            Operator::MemoryCopy { dst_mem, src_mem } => {
                let (len, from, to) = (pop() as u32, pop() as u32, pop() as u32);
                let source = &self.memories[src_mem as usize];
                let bytes = source[range(from, len, source.len(), MEMORY)?].to_vec();
                let target = &mut self.memories[dst_mem as usize];
                let to = range(to, len, target.len(), MEMORY)?;
                target[to].copy_from_slice(&bytes);
            }
            Operator::MemoryInit { data_index, mem } => {
                let (len, from, to) = (pop() as u32, pop() as u32, pop() as u32);
                let source = self.data[data_index as usize];
                let from = range(from, len, source.len(), MEMORY)?;
                let target = &mut self.memories[mem as usize];
                let to = range(to, len, target.len(), MEMORY)?;
                target[to].copy_from_slice(&source[from]);
            }
            Operator::DataDrop { data_index } => self.data[data_index as usize] = &[],
            Operator::TableGet { table } => {
                let index = pop() as u32 as usize;
                let element = self.tables[table as usize].elements.get(index);
                stack.push(*element.ok_or(TABLE)?);
            }
            Operator::TableSet { table } => {
                let (value, index) = (pop(), pop() as u32 as usize);
                let element = self.tables[table as usize].elements.get_mut(index);
                *element.ok_or(TABLE)? = value;
            }
            Operator::TableSize { table } => stack.push(self.tables[table as usize].elements.len() as u64),
            Operator::TableGrow { table } => {
                let (delta, value) = (u64::from(pop() as u32), pop());
                let table = &mut self.tables[table as usize];
                let old = table.elements.len() as u64;
                let fits = old + delta <= table.max;
                if fits {
                    table.elements.resize((old + delta) as usize, value);
                }
                stack.push(if fits { old } else { failed });
            }
            Operator::TableFill { table } => {
                let (len, value, to) = (pop() as u32, pop(), pop() as u32);
                let elements = &mut self.tables[table as usize].elements;
                let to = range(to, len, elements.len(), TABLE)?;
                elements[to].fill(value);
            }
            Operator::TableCopy { dst_table, src_table } => {
                let (len, from, to) = (pop() as u32, pop() as u32, pop() as u32);
                let source = &self.tables[src_table as usize].elements;
                let items = source[range(from, len, source.len(), TABLE)?].to_vec();
                let target = &mut self.tables[dst_table as usize].elements;
                let to = range(to, len, target.len(), TABLE)?;
                target[to].copy_from_slice(&items);
            }
            Operator::TableInit { elem_index, table } => {
                let (len, from, to) = (pop() as u32, pop() as u32, pop() as u32);
                let source = &self.elements[elem_index as usize];
                let from = range(from, len, source.len(), TABLE)?;
                let target = &mut self.tables[table as usize].elements;
                let to = range(to, len, target.len(), TABLE)?;
                target[to].copy_from_slice(&source[from]);
            }
            Operator::ElemDrop { elem_index } => self.elements[elem_index as usize].clear(),
            ref other => return unknown(other),
        }
        Ok(())
    }
}
