//! # Stack loop
//!
//! What most interpreters are: one loop, one `match`, and an operand stack in memory.
//!
//! ```text
//!   wasm:          local.get 0 │ i32.const 5 │ i32.add │ local.set 1
//!
//!   dispatch 1: push slot 0    stack: a
//!   dispatch 2: push 5         stack: a 5
//!   dispatch 3: pop, pop, push stack: a+5
//!   dispatch 4: pop to slot 1  stack:
//! ```
//!
//! One dispatch: a load of the operation, a jump through the table that the compiler makes of the `match`, and the
//! traffic with the operand stack, which costs as much as the dispatch: `b = a + 5` takes four of them, two pushes of
//! operands, two pops and a push of a sum, and a pop. That is why it stands here: as the reference that the other
//! strategies are held against, not as a straw man. It gets the same lowered code as they do, with constants folded,
//! copies propagated and branches on comparisons not negated twice, and its operand stack needs no bounds checks.
//!
//! The operand stack is empty between statements: a value that outlives its statement has a home slot in the frame, so
//! that the machine can stop between blocks.
//!
//! Literature: Ertl, *Implementation of stack-based languages on register machines*, 1996; Gregg et al., *The case for
//! virtual register machines*, 2005; Titzer, *A fast in-place interpreter for WebAssembly*, 2022.

#![forbid(unsafe_code)]

mod op;
mod run;
#[cfg(test)]
mod tests;

use wasm_dispatch_machine::backend::{Backend, Exit, Program};
use wasm_dispatch_machine::code::FunctionBody;
use wasm_dispatch_machine::driver;
use wasm_dispatch_machine::state::Machine;

pub use op::Code;

/// The strategy.
#[derive(Clone, Copy, Debug, Default)]
pub struct StackLoop;

impl Backend for StackLoop {
    const NAME: &'static str = "stack_loop";
    type Code = Code;

    fn compile(body: &FunctionBody) -> Code {
        op::compile(body)
    }

    fn code_bytes(code: &Code) -> usize {
        code.bytes()
    }

    fn run(program: &Program<Self>, machine: &mut Machine) -> Exit {
        driver::run(program, machine, run::step)
    }
}
