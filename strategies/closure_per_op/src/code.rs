//! The form of the code: a slice of boxed closures.

use wasm_dispatch_machine::state::{State, Window};

/// One instruction's closure.
///
/// This is `Fn(&mut State, &mut Window, u64) -> u64` under another name. The detour halves the machine code: the vtable of
/// a `dyn Fn` also holds `call_mut` and `call_once`, and so a second and a third function for each closure.
pub trait Op: Send + Sync {
    /// Runs the instruction at `pc` and returns the next one's index, or a [`Flow`](wasm_dispatch_machine::driver::Flow).
    fn call(&self, state: &mut State, window: &mut Window, pc: u64) -> u64;

    /// Heap bytes that the captured values own.
    fn heap_bytes(&self) -> usize {
        0
    }
}

impl<F: Fn(&mut State, &mut Window, u64) -> u64 + Send + Sync> Op for F {
    #[inline(always)]
    fn call(&self, state: &mut State, window: &mut Window, pc: u64) -> u64 {
        self(state, window, pc)
    }
}

/// A function's closures.
pub struct Code {
    /// One closure for each instruction, block after block.
    pub(crate) ops: Box<[Box<dyn Op>]>,
    /// Index of each block's first closure.
    pub(crate) block_starts: Box<[u32]>,
    /// Heap bytes.
    bytes: usize,
}

impl Code {
    pub(crate) fn new(ops: Box<[Box<dyn Op>]>, block_starts: Box<[u32]>) -> Code {
        let captured: usize = ops.iter().map(|op| size_of_val(&**op) + op.heap_bytes()).sum();
        Code {
            bytes: captured + size_of_val(&*ops) + size_of_val(&*block_starts),
            ops,
            block_starts,
        }
    }

    /// Heap bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }
}
