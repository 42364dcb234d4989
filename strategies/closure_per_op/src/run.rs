//! The loop.

use wasm_dispatch_ir::code::BlockId;
use wasm_dispatch_machine::driver::Flow;
use wasm_dispatch_machine::state::{State, Window};

use crate::code::Code;

/// Runs from the start of a block until a closure returns a [`Flow`].
#[inline(always)]
pub fn step(code: &Code, state: &mut State, window: &mut Window, block: BlockId) -> Flow {
    let mut pc = u64::from(code.block_starts[block as usize]);
    // A number that does not fit an index is a flow as well; on 64-bit machines the conversion is free.
    while let Some(op) = usize::try_from(pc).ok().and_then(|index| code.ops.get(index)) {
        pc = op.call(state, window, pc);
    }
    Flow(pc)
}
