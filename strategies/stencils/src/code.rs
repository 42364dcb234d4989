//! The form of the code: a function's machine code, and the constants that it reads.

/// A function's machine code, before it has a place. All distances within it are known, and the addresses that it holds are
/// of other things.
#[derive(Debug, Default)]
pub(crate) struct Assembly {
    /// Constants: data, which is never executable.
    pub constants: Vec<u8>,
    /// Machine code, which lies behind the pages of the constants.
    pub code: Vec<u8>,
    /// Where each node's code begins.
    pub starts: Vec<u32>,
    /// Nodes whose handler is called, as there is no stencil of it.
    pub handlers: usize,
}
