//! A compiled function: one contiguous stream of nodes.

use wasm_dispatch_machine::cell::CodeEntry;

/// A unit of the code stream.
pub(crate) type Unit = u32;

/// The code of a function.
///
/// A node is a handler's address and its operands, in units of 32 bits; branch targets are addresses within `stream`,
/// which never moves: it is on the heap and immutable from here on.
#[derive(Debug)]
pub struct Code {
    stream: Box<[Unit]>,
    /// Unit at which each block begins.
    blocks: Box<[u32]>,
    /// Unit at which each statement's nodes begin, with the statement; ascending.
    statements: Box<[(u32, u32)]>,
    /// What the nodes' handlers are, if they are not this crate's functions.
    machine_code: Option<Box<dyn MachineCode>>,
}

/// Machine code that lives as long as the function whose nodes it carries out.
pub trait MachineCode: std::fmt::Debug + Send + Sync {
    /// Bytes it takes.
    fn bytes(&self) -> usize;
}

impl Code {
    pub(crate) fn new(stream: Box<[Unit]>, blocks: Box<[u32]>, statements: Box<[(u32, u32)]>) -> Code {
        Code {
            stream,
            blocks,
            statements,
            machine_code: None,
        }
    }

    /// The function's first node.
    #[inline(always)]
    pub(crate) fn entry(&self) -> *const Unit {
        self.stream.as_ptr()
    }

    /// Where calls find the function.
    pub(crate) fn cell_entry(&self) -> Option<CodeEntry> {
        let [a, b] = self.stream.first_chunk::<2>()?.map(Unit::to_ne_bytes);
        let handler = u64::from_ne_bytes([a[0], a[1], a[2], a[3], b[0], b[1], b[2], b[3]]);
        Some(CodeEntry {
            place: self.entry().cast_mut().cast(),
            code: std::ptr::with_exposed_provenance_mut(handler as usize),
        })
    }

    /// A block's first node. That of block 0 is the function's, where locals are cleared.
    pub(crate) fn block(&self, block: u32) -> *const Unit {
        match self.blocks.get(block as usize) {
            Some(&start) if block != 0 => self.stream[start as usize..].as_ptr(),
            _ => self.entry(),
        }
    }

    /// The statement to which the node at `ip` belongs.
    pub(crate) fn statement_at(&self, ip: *const Unit) -> u32 {
        let unit = (ip as usize).wrapping_sub(self.stream.as_ptr() as usize) / size_of::<Unit>();
        let after = self.statements.partition_point(|&(start, _)| start as usize <= unit);
        after.checked_sub(1).map_or(0, |index| self.statements[index].1)
    }

    /// Whether its nodes have machine code in place of handlers.
    #[cfg(feature = "copies")]
    pub(crate) fn has_machine_code(&self) -> bool {
        self.machine_code.is_some()
    }

    /// The units at which blocks begin.
    #[cfg(feature = "copies")]
    pub(crate) fn blocks(&self) -> &[u32] {
        &self.blocks
    }

    #[cfg(feature = "copies")]
    pub(crate) fn stream(&self) -> &[Unit] {
        &self.stream
    }

    /// Puts machine code in place of the handlers: `starts` are the units where nodes begin, and the addresses of their code.
    #[cfg(feature = "copies")]
    pub(crate) fn replace(&mut self, starts: impl Iterator<Item = (u32, u64)>, machine_code: Box<dyn MachineCode>) {
        for (start, address) in starts {
            let at = start as usize;
            self.stream[at..at + 2].copy_from_slice(&units_of(address));
        }
        self.machine_code = Some(machine_code);
    }

    /// Heap bytes, and those of machine code.
    pub fn bytes(&self) -> usize {
        let machine_code = self.machine_code.as_ref().map_or(0, |code| code.bytes());
        size_of_val(&*self.stream) + size_of_val(&*self.blocks) + size_of_val(&*self.statements) + machine_code
    }
}

/// A 64-bit value as two units, in the machine's byte order.
pub(crate) fn units_of(value: u64) -> [Unit; 2] {
    let bytes = value.to_ne_bytes();
    let (a, b) = bytes.split_at(size_of::<Unit>());
    [a, b].map(|half| Unit::from_ne_bytes([half[0], half[1], half[2], half[3]]))
}
