//! Each instruction is a boxed closure that captured its parameters; a loop calls them.
//!
//! # One dispatch
//!
//! ```text
//!            ops: one slice of fat pointers                    the heap
//!          +--------+--------+
//!      0   |  data  | vtable |
//!          +--------+--------+          data    +-----------------------------+
//! pc   1   |    *   |    *   | ---------------> | d: 5   a: 3   constant: 1   |   what the closure captured
//!          +--------+--------+ \                +-----------------------------+
//!      2   |  data  | vtable |  \       vtable  +-----------------------------+
//!          +--------+--------+   \------------> | drop, size, align, call --- | --->  window[5] = window[3] + 1
//!          :        :        :                  +-----------------------------+       return pc + 1
//!
//!          loop { pc = ops[pc].call(state, window, pc) }
//! ```
//!
//! There is no opcode and no `match`. What a `match` loop decodes at run time was decided when the closure was made: the
//! operation and the place of each operand are type parameters of the function that made it, so `I32Add` of a slot and a
//! constant is a machine code function of its own, and the closure's data holds just the two slots and the constant.
//!
//! A closure is called with its own index `pc` and returns the index of the next closure: `pc + 1` for straight
//! code (an addition to a register, where a captured successor would be a load), a captured target for a branch. Numbers past the
//! end of the slice are [`Flow`]s: calls, returns and traps leave the loop for the driver. So the bounds check of `ops[pc]` is
//! also the test for leaving. Everything travels in registers: `state`, `window` and `pc` in, one number out.
//!
//! # Traps
//!
//! A closure that traps records the trap ([`State::leave_trap`]) and returns the [`Flow`] that names its statement, both in a
//! function out of line, so that its straight path needs no stack frame. Only closures that can trap capture the
//! statement's number.
//!
//! # What it costs
//!
//! The loop body, as compiled for x86-64 (Rust 1.95):
//!
//! ```text
//! loop:  mov   rax, r12
//!        shl   rax, 4                  # pc to byte offset
//!        mov   rdi, [r14 + rax]        # the closure's data
//!        mov   rax, [r14 + rax + 8]    # its vtable
//!        mov   rsi, r15                # state
//!        mov   rdx, rbp                # window
//!        mov   rcx, r12                # pc
//!        call  [rax + 24]              # one indirect call for all closures
//!        mov   r12, rax
//!        cmp   rax, rbx                # past the end?
//!        jb    loop
//!
//! op:    movzx eax, word [rdi + 4]     # d = a == constant, as an example: which slot?
//!        ...                           # the work
//!        lea   rax, [rcx + 1]
//!        ret
//! ```
//!
//! Two dependent loads (vtable, code address) come before each call, and all closures share one indirect call, so the
//! branch predictor has only their history to go by. Call, return and loop come on top of the work, which is a lot when the
//! work is one addition. In exchange the technique is tiny, safe and portable to any language with closures, and a new
//! instruction takes no more code than its own work.
//!
//! # Literature
//!
//! "Closure generation" as an alternative to bytecode is old: Feeley and Lapalme, *Using closures for code generation*
//! (Computer Languages 12, 1987), compiled Scheme to chained closures and found it several times faster than interpreting
//! syntax trees. Keeping the closures in an array and returning to a loop after each, as here, is *call threading*, also
//! called subroutine-table threading: Ertl and Gregg, *The structure and performance of efficient interpreters* (Journal
//! of Instruction-Level Parallelism 5, 2003).
//!
//! [`Flow`]: wasm_dispatch_machine::driver::Flow
//! [`State::leave_trap`]: wasm_dispatch_machine::state::State::leave_trap

#![forbid(unsafe_code)]

mod code;
mod compile;
mod run;
#[cfg(test)]
mod tests;

use wasm_dispatch_ir::code::{BlockId, FunctionBody};
use wasm_dispatch_ir::flat::FlatCode;
use wasm_dispatch_ir::text;
use wasm_dispatch_machine::backend::{Backend, Exit, Line, Listing, Program};
use wasm_dispatch_machine::driver;
use wasm_dispatch_machine::host::Host;
use wasm_dispatch_machine::state::Machine;

pub use code::Code;

/// Each instruction a boxed closure; a loop calls them.
#[derive(Clone, Copy, Debug, Default)]
pub struct ClosurePerOp;

impl Backend for ClosurePerOp {
    const NAME: &'static str = "closure_per_op";
    const TERM: &'static str = "call threading";
    const IDEA: &'static str = "each instruction a boxed closure; a loop calls them";
    const SAFE: bool = true;
    type Code = Code;

    fn compile(body: &FunctionBody) -> Code {
        compile::compile(body)
    }

    /// A line for each closure.
    fn listing(body: &FunctionBody) -> Listing {
        let flat = FlatCode::new(body);
        let blocks = 0..body.blocks.len() as BlockId;
        let lines = |block| {
            let instructions = flat.block(block).0.iter();
            instructions
                .map(|instruction| Line::new(text::instruction(body, instruction, block)))
                .collect()
        };
        blocks.map(lines).collect()
    }

    fn code_bytes(code: &Code) -> usize {
        code.bytes()
    }

    fn run(program: &Program<Self>, machine: &mut Machine, host: &mut dyn Host) -> Exit {
        driver::run(program, machine, host, run::step)
    }
}
