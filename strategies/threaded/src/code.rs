//! A compiled function: one contiguous stream of nodes.

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
}

impl Code {
    pub(crate) fn new(stream: Box<[Unit]>, blocks: Box<[u32]>, statements: Box<[(u32, u32)]>) -> Code {
        Code {
            stream,
            blocks,
            statements,
        }
    }

    /// The function's first node.
    #[inline(always)]
    pub(crate) fn entry(&self) -> *const Unit {
        self.stream.as_ptr()
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

    /// Heap bytes.
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&*self.stream) + size_of_val(&*self.blocks) + size_of_val(&*self.statements)
    }
}
