//! Everything that is limited, and the defaults.

use wasm_dispatch_machine::state::MachineLimits;

/// Limits on modules and on running programs. Reaching one is a typed error or a trap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of a module (default 256 MiB).
    pub module_size: usize,
    /// Functions of a module, imported ones included (default 1,000,000).
    pub functions: u32,
    /// Frames that may be suspended in calls at once (default 65,536, at most 16,777,216). One more call traps.
    pub call_depth: usize,
    /// Slots of 8 bytes of the value stack (default 1,048,576). A call that does not fit traps. The stack takes address space
    /// at once, and memory only where it has been used: the address space is half a megabyte and the slots, but with glibc at
    /// least 32 MB if there are more than 65,536 slots.
    pub stack_slots: usize,
    /// Bytes of one memory, in units of 64 KiB whatever its page size (default 65,536: all that 32 bits can address). `memory.grow`
    /// beyond that gives -1. A 64-bit memory may be larger where this limit and the host allow it.
    pub memory_pages: u64,
    /// Asynchronous and re-entrant host functions that may wait inside each other (default 64): they take native stack. One
    /// more traps.
    pub host_depth: u32,
    /// Elements of one table (default 10,000,000). `table.grow` beyond that gives -1.
    pub table_elements: u64,
    /// Bytes of all memories of a machine together, in units of 64 KiB (default 262,144: four memories of the default limit).
    /// `memory.grow` beyond that gives -1.
    pub all_memory_pages: u64,
    /// Elements of all tables of a machine together (default 40,000,000: four tables of the default limit). `table.grow` beyond
    /// that gives -1.
    pub all_table_elements: u64,
    /// Instances in a machine (default 100,000).
    pub instances: u32,
    /// Values carried by those branches, returns and tail calls of a module that carry more than 16 each, all together (default
    /// 262,144). Each value is moved by code of its own.
    pub carried_values: u64,
}

impl Default for Limits {
    fn default() -> Self {
        let machine = MachineLimits::default();
        Limits {
            module_size: 256 << 20,
            functions: 1_000_000,
            call_depth: machine.call_depth,
            stack_slots: machine.stack_slots,
            memory_pages: machine.memory_pages,
            host_depth: 64,
            table_elements: machine.table_elements,
            all_memory_pages: machine.all_memory_pages,
            all_table_elements: machine.all_table_elements,
            instances: 100_000,
            carried_values: 1 << 18,
        }
    }
}

impl Limits {
    pub(crate) fn machine(&self) -> MachineLimits {
        MachineLimits {
            // The machine counts the frame below the first one too. Some strategies reserve all frames at once.
            call_depth: self.call_depth.min(1 << 24) + 1,
            // Slot numbers on the value stack have 32 bits.
            stack_slots: self.stack_slots.min(1 << 30),
            memory_pages: self.memory_pages,
            table_elements: self.table_elements,
            all_memory_pages: self.all_memory_pages,
            all_table_elements: self.all_table_elements,
        }
    }
}

macro_rules! setters {
    ($($name:ident: $ty:ty;)*) => {
        impl Limits {
            $(
                #[doc = concat!("These limits with another [`", stringify!($name), "`](Limits::", stringify!($name), ").")]
                #[must_use]
                pub fn $name(mut self, limit: $ty) -> Self {
                    self.$name = limit;
                    self
                }
            )*
        }
    };
}

setters! {
    module_size: usize;
    functions: u32;
    call_depth: usize;
    stack_slots: usize;
    memory_pages: u64;
    host_depth: u32;
    table_elements: u64;
    all_memory_pages: u64;
    all_table_elements: u64;
    instances: u32;
    carried_values: u64;
}
