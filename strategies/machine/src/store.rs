//! What a machine's instances are made of: memories, tables, globals, functions, segments.

use std::sync::Arc;

use indexmap::IndexSet;
use wasm_dispatch_ir::shape::{MemoryShape, TableShape};
use wasm_dispatch_ir::types::{FuncType, GlobalType, ValType};

/// What the instances of a machine own, each thing by its index in the machine; what runs only refers to it.
#[derive(Debug, Default)]
pub struct Store {
    /// Values of all globals; of vectors, the low halves.
    pub globals: Vec<u64>,
    /// The high halves of all globals: zero but for vectors.
    pub globals_high: Vec<u64>,
    /// Types of all globals.
    pub global_types: Vec<GlobalType>,
    /// All memories; the bytes of the one in use are in [`State::memory`](crate::state::State::memory).
    pub memories: Vec<Memory>,
    /// All tables.
    pub tables: Vec<Table>,
    /// What memories and tables come to, all together.
    pub sizes: Sizes,
    /// All functions.
    pub functions: Vec<FunctionEntry>,
    /// All instances.
    pub instances: Vec<Instance>,
    /// All function types.
    pub signatures: Signatures,
}

/// The total size of the memories and tables of a machine. Code that makes one, or makes one larger, adds to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Bytes of all memories.
    pub memory_bytes: u64,
    /// Elements of all tables.
    pub table_elements: u64,
}

/// The slots of a vector, or that of another value and zero.
pub type VectorSlots = [u64; 2];

/// How much there is of everything that an instance is made of.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    globals: usize,
    memories: usize,
    tables: usize,
    functions: usize,
    signatures: usize,
    sizes: Sizes,
}

impl Store {
    /// What there is by now, to come [back to](Store::back_to).
    pub fn mark(&self) -> Mark {
        Mark {
            globals: self.globals.len(),
            memories: self.memories.len(),
            tables: self.tables.len(),
            functions: self.functions.len(),
            signatures: self.signatures.types.len(),
            sizes: self.sizes,
        }
    }

    /// What memories and tables were made since a mark was.
    pub fn made_since(&self, mark: &Mark) -> (&[Memory], &[Table]) {
        (&self.memories[mark.memories..], &self.tables[mark.tables..])
    }

    /// Takes away what was made since a mark was, and nothing refers to: an instance was to be made of it, and there is none.
    pub fn back_to(&mut self, mark: &Mark) {
        self.globals.truncate(mark.globals);
        self.globals_high.truncate(mark.globals);
        self.global_types.truncate(mark.globals);
        self.memories.truncate(mark.memories);
        self.tables.truncate(mark.tables);
        self.functions.truncate(mark.functions);
        self.signatures.types.truncate(mark.signatures);
        self.sizes = mark.sizes;
    }

    /// Adds a global; returns its index in the machine. The second slot is that of vectors, and zero for others.
    pub fn add_global(&mut self, ty: GlobalType, [low, high]: VectorSlots) -> u32 {
        self.globals.push(low);
        self.globals_high.push(high);
        self.global_types.push(ty);
        self.globals.len() as u32 - 1
    }

    /// The globals that are vectors.
    pub fn vector_globals(&self) -> impl Iterator<Item = usize> {
        let types = self.global_types.iter().enumerate();
        types.filter_map(|(index, ty)| (ty.value == ValType::V128).then_some(index))
    }
}

/// Bytes in a WebAssembly page, of memories that do not choose another size.
pub const PAGE: usize = 65536;

/// Memories that grow by more than this grow into fresh zero pages instead of being filled with zeros.
const FRESH_ABOVE: usize = 16 << 20;

/// A linear memory.
#[derive(Debug, Default)]
pub struct Memory {
    /// Its bytes; empty while the memory is swapped into [`State::memory`](crate::state::State::memory).
    pub bytes: Vec<u8>,
    /// The declared maximum in pages, if any.
    pub declared_max: Option<u64>,
    /// Its addresses and pages.
    pub shape: MemoryShape,
}

impl Memory {
    /// Pages that it may have: as many as it declares, as its addresses reach, and as are in `limit` pages of 64 KiB.
    pub fn most_pages(&self, limit: u64) -> u64 {
        let declared = self.declared_max.unwrap_or(u64::MAX);
        declared.min(limit_pages(self.shape, limit))
    }
}

/// Pages that a memory of this shape may have, if `limit` counts pages of 64 KiB.
pub fn limit_pages(shape: MemoryShape, limit: u64) -> u64 {
    let bytes = u128::from(limit) * PAGE as u128;
    let pages = bytes.checked_shr(shape.page_size_log2.into()).unwrap_or(0);
    u64::try_from(pages).unwrap_or(u64::MAX).min(shape.most_pages())
}

/// glibc keeps freed blocks of up to this size, and clears a whole block when it hands it out again, used or not. Larger
/// blocks are always fresh pages, which cost nothing before they are touched.
const KEPT: usize = 32 << 20;

/// Memories of this size and more are taken from fresh pages: little of most is used, and clearing brings that part into the
/// cache. With fresh pages for these and for stacks, making a machine, running a program of 1 to 20 ms and dropping both
/// took 13 % less time than with `vec![0; n]` alone (36 workloads), and 8 % less than with fresh pages for stacks only (12).
const CLEARED: usize = 1 << 20;

/// How long a vector must be allocated to have `len` elements of this size in fresh pages.
fn fresh_length(len: usize, size: usize) -> usize {
    if cfg!(all(
        target_os = "linux",
        target_env = "gnu",
        target_pointer_width = "64"
    )) {
        len.max(KEPT / size + 1)
    } else {
        len
    }
}

/// Slots of value stacks that stay small: where a host asks for them, it wants many machines.
const SMALL_STACK: usize = 1 << 16;

/// A value stack of this limit, and `window` slots more: zeroed slots that the operating system need not touch before they are
/// used.
pub(crate) fn zeroed_slots(limit: usize, window: usize) -> Vec<u64> {
    let len = limit + window;
    if limit <= SMALL_STACK {
        return vec![0; len];
    }
    let mut slots = vec![0; fresh_length(len, size_of::<u64>())];
    slots.truncate(len);
    slots
}

/// Zeroed bytes that the operating system need not touch before they are used; `None` when there are none left.
pub fn zeroed(len: usize) -> Option<Vec<u8>> {
    // `vec![0; n]` asks for zero pages but aborts when there are none: ask for the space first. Not for little, which would
    // teach glibc to keep blocks of that size.
    if len > KEPT {
        Vec::<u8>::new().try_reserve_exact(len).ok()?;
    }
    if len < CLEARED {
        return Some(vec![0; len]);
    }
    let mut bytes = vec![0; fresh_length(len, 1)];
    bytes.truncate(len);
    Some(bytes)
}

/// Allocates a memory of this many pages; `None` when the host is out of memory.
pub fn allocate_pages(shape: MemoryShape, pages: u64) -> Option<Vec<u8>> {
    zeroed(shape.bytes(pages)?)
}

/// Grows a memory's bytes by `delta` pages up to `max` pages and returns the old size, or `None`, changing nothing.
pub fn grow_pages(bytes: &mut Vec<u8>, shape: MemoryShape, delta: u64, max: u64) -> Option<u64> {
    let old = shape.pages(bytes.len());
    let new = old.checked_add(delta).filter(|&new| new <= max)?;
    let new_len = shape.bytes(new)?;
    let more = new_len - bytes.len();
    // Only for a good part of what there is: otherwise a memory that grows again and again would be copied each time.
    if more > FRESH_ABOVE && more > bytes.len() / 8 {
        let mut fresh = zeroed(new_len)?;
        copy_used(bytes, &mut fresh);
        *bytes = fresh;
    } else {
        // With room for more, if there is some.
        let room = bytes.try_reserve(more);
        room.or_else(|_| bytes.try_reserve_exact(more)).ok()?;
        bytes.resize(new_len, 0);
    }
    Some(old)
}

/// Copies bytes into fresh zeros, and leaves alone what is zero: of a large memory little may be in use, and the rest takes no
/// space before it is written.
fn copy_used(bytes: &[u8], fresh: &mut [u8]) {
    // Compared as a whole, which is one fast function of the platform's.
    const ZEROS: &[u8] = &[0; 4096];
    for (from, to) in bytes.chunks(ZEROS.len()).zip(fresh.chunks_mut(ZEROS.len())) {
        if *from != ZEROS[..from.len()] {
            to[..from.len()].copy_from_slice(from);
        }
    }
}

/// A table of references, as slots: zero is null, everything else a reference plus one.
#[derive(Debug)]
pub struct Table {
    /// The elements.
    pub elements: Vec<u64>,
    /// The declared maximum, if any.
    pub declared_max: Option<u64>,
    /// Its indices and elements.
    pub shape: TableShape,
}

impl Table {
    /// Elements that it may have: as many as it declares, as are in `limit`, and as 32 bits count.
    pub fn most_elements(&self, limit: u64) -> u64 {
        let declared = self.declared_max.unwrap_or(u64::MAX);
        declared.min(limit).min(u32::MAX.into())
    }
}

/// `FunctionEntry::instance` of a host function.
pub const HOST: u32 = u32::MAX;

/// A function of a machine: its owner and its type.
#[derive(Clone, Copy, Debug)]
pub struct FunctionEntry {
    /// The type, as an index into [`Store::signatures`]: equal types, equal index.
    pub signature: u32,
    /// The owning instance, or [`HOST`].
    pub instance: u32,
    /// Index among the instance's own (not imported) functions, or among the host functions.
    pub index: u32,
}

/// An instantiated module: where its index spaces are in the machine.
#[derive(Debug, Default)]
pub struct Instance {
    /// All functions of the module, imported ones first, as indices into the machine's.
    pub functions: Vec<u32>,
    /// Number of imported functions.
    pub imported_functions: u32,
    /// All memories, as indices into the machine's.
    pub memories: Vec<u32>,
    /// All tables, as indices into the machine's.
    pub tables: Vec<u32>,
    /// All globals, imported ones first, as indices into the machine's.
    pub globals: Vec<u32>,
    /// The machine's index of the first own global; own globals follow each other.
    pub first_global: u32,
    /// The module's types, as indices into the machine's signatures.
    pub signatures: Vec<u32>,
    /// Data segments; dropped ones are empty.
    pub data: Vec<Arc<[u8]>>,
    /// Element segments as slots; dropped ones are empty.
    pub elements: Vec<Vec<u64>>,
    /// Whether bulk builtins take from the run's slice, as the module's functions [say](wasm_dispatch_ir::code::FunctionBody::metered).
    pub metered: bool,
}

/// Function types, each stored once, so that an indirect call compares one number.
#[derive(Debug, Default)]
pub struct Signatures {
    types: IndexSet<FuncType>,
}

impl Signatures {
    /// The index of a type.
    pub fn intern(&mut self, ty: &FuncType) -> u32 {
        match self.types.get_index_of(ty) {
            Some(known) => known as u32,
            None => self.types.insert_full(ty.clone()).0 as u32,
        }
    }

    /// The type behind an index.
    pub fn get(&self, index: u32) -> &FuncType {
        &self.types[index as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_memory_that_grows_again_and_again_moves_seldom() {
        // More than is filled with zeros in any case.
        let step = FRESH_ABOVE as u64 / PAGE as u64 + 1;
        let (mut bytes, mut moves) = (Vec::new(), 0);
        for _ in 0..18 {
            let before = bytes.capacity();
            grow_pages(&mut bytes, MemoryShape::default(), step, u64::MAX).expect("300 MB");
            moves += u32::from(bytes.capacity() != before);
        }
        assert_eq!(bytes.len() as u64, 18 * step * PAGE as u64);
        assert!(moves <= 12, "{moves} moves");
    }
}
