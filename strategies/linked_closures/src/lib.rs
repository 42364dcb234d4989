//! Each instruction is a closure that also holds the next one, and calls it.
//!
//! # One dispatch
//!
//! ```text
//!     +--------------------------+        +--------------------------+
//!     | next: data, vtable  -----|------> | next: data, vtable  -----|------> ...
//!     | d: 5   a: 3   constant: 1|        | d: 6   a: 5   b: 2       |
//!     +--------------------------+        +--------------------------+
//!       window[5] = window[3] + 1           window[6] = window[5] * window[2]
//!       next.run(chains, state, window)     next.run(chains, state, window)
//! ```
//!
//! There is no loop to return to. The last thing a closure does is call the next one with the arguments it was given,
//! and an optimising compiler turns that into a jump: the chain runs like threaded code, each instruction with an indirect
//! jump of its own that the branch predictor can learn. This is a whole instruction, `slot = slot != slot`, on x86-64
//! (Rust 1.95):
//!
//! ```text
//! movzx eax, word [rdi + 18]         # a
//! mov   eax, [rcx + rax*8]           # window[a]
//! movzx r8d, word [rdi + 20]         # b
//! xor   r9d, r9d
//! cmp   eax, [rcx + r8*8]
//! setne r9b
//! movzx eax, word [rdi + 16]         # d
//! mov   [rcx + rax*8], r9
//! mov   rax, [rdi]                   # next: data
//! mov   rdi, [rdi + 8]               #       vtable
//! mov   r8, [rdi + 24]               #       code
//! mov   rdi, rax
//! jmp   r8
//! ```
//!
//! `rdi` is the closure's data, `rsi` the function's table of chains, `rdx` the state, `rcx` the window.
//!
//! # Branches, loops and calls
//!
//! A closure owns the next one, so it cannot own a branch target: targets are found by number in the function's table of
//! chains, one for each block. [`chain`](wasm_dispatch_closures::chain) has the picture, the rules that keep these calls
//! jumps, and the link at the head of innermost loops. It also defines the form of the code and runs it, for all strategies that
//! chain closures. Calls and returns return a [`Flow`] straight to the driver, since nothing of the chain is on the native
//! stack.
//!
//! Without optimisation calls stay calls, and `build.rs` sets `cfg(trampoline)`; [`dispatches_by_jumps`] finds out at start-up
//! whether another build makes no jumps either. Each end of a block then returns to a loop, and blocks are cut every
//! [`PIECE`](wasm_dispatch_closures::chain::PIECE) links.
//!
//! # Traps
//!
//! A closure that traps records the trap ([`State::leave_first_trap`]) and, instead of calling the next, returns a [`Flow`] with
//! the statement, both in a function out of line. Only operations that can trap capture the statement's number: without
//! it the box is a size smaller.
//!
//! # What it costs
//!
//! The address of the next closure is *loaded from this one*: the processor cannot find the end of the chain before it has
//! walked it, at about five cycles a link, whereas a code stream or an array is walked by adding to a register. We measured two
//! consequences (21 programs, times of the whole set):
//!
//! - A trampoline at every block end costs no more than jumps: 6.81 ms against 6.80. The walk takes longer than the return.
//! - It helps not to wait for the walk. Making a conditional branch a real branch, not a choice of the next
//!   closure by arithmetic, took the time from 7.67 ms to 6.66. Starting each iteration of innermost loops from a pointer in a
//!   register, not through the table, took it from 6.75 ms to 5.50.
//!
//! # Literature
//!
//! Feeley and Lapalme, *Using closures for code generation* (Computer Languages 12, 1987) compile Scheme to closures that
//! hold their continuations. The dispatch is indirect threading (Dewar, *Indirect threaded code*, Communications of the ACM
//! 18, 1975; Bell, *Threaded code*, Communications of the ACM 16, 1973): a closure's data is the code cell, its vtable the
//! indirection.
//!
//! [`Flow`]: wasm_dispatch_machine::driver::Flow
//! [`State::leave_first_trap`]: wasm_dispatch_machine::state::State::leave_first_trap

#![forbid(unsafe_code)]

mod compile;
#[cfg(test)]
mod tests;

use std::sync::OnceLock;

use wasm_dispatch_closures::chain::{Chains, probe};
use wasm_dispatch_ir::code::FunctionBody;
use wasm_dispatch_ir::flat::{FlatCode, Instruction};
use wasm_dispatch_ir::text;
use wasm_dispatch_machine::backend::{Backend, Exit, Listing, Program};
use wasm_dispatch_machine::driver;
use wasm_dispatch_machine::host::Host;
use wasm_dispatch_machine::state::Machine;

use crate::compile::build;

/// Each closure holds the next one and calls it.
#[derive(Clone, Copy, Debug, Default)]
pub struct LinkedClosures;

impl Backend for LinkedClosures {
    const NAME: &'static str = "linked_closures";
    const TERM: &'static str = "closure generation";
    const IDEA: &'static str = "each instruction a closure that also holds the next one and calls it";
    const SAFE: bool = true;
    type Code = Chains;

    fn compile(body: &FunctionBody) -> Chains {
        build(body, dispatches_by_jumps()).finish()
    }

    /// A line for each instruction, and one for the way into a block that follows without a jump.
    fn listing(body: &FunctionBody) -> Listing {
        let flat = FlatCode::new(body);
        build(body, dispatches_by_jumps()).listing(|block| {
            let instructions = flat.block(block).0;
            let mut lines: Vec<String> = instructions
                .iter()
                .map(|instruction| text::instruction(body, instruction, block))
                .collect();
            if !instructions.last().is_some_and(Instruction::is_terminator) {
                lines.push(format!("block {}", block + 1));
            }
            lines
        })
    }

    fn code_bytes(code: &Chains) -> usize {
        code.heap_bytes()
    }

    fn run(program: &Program<Self>, machine: &mut Machine, host: &mut dyn Host) -> Exit {
        driver::run(program, machine, host, Chains::step)
    }
}

/// Whether links go on by jumps in this build, or return to a trampoline at the end of each block.
pub fn dispatches_by_jumps() -> bool {
    static JUMPS: OnceLock<bool> = OnceLock::new();
    !cfg!(trampoline) && *JUMPS.get_or_init(probe)
}
