//! Each statement is one nest of closures over its expression trees; common trees are a single closure.
//!
//! # One dispatch
//!
//! ```text
//! x = (y << 3) + load(z + 8)
//!
//! linked closures, four dispatches:        one nest, one dispatch and one call:
//!
//! [t0 = y << 3] --> [t1 = z + 8]           [x = .. + .. , next] -- next --> [statement] --> ...
//!      --> [t1 = load t1]                      |        |
//!      --> [x = t0 + t1] --> ...               |        +--calls--> (load(window[z] + 8))   a value in a register
//!                                              +-- merged: window[y] << 3
//! ```
//!
//! A statement is a link of a chain, as in `linked_closures`; its operands are trees. An operand that is a slot or a
//! constant, and in frequent pairs of operations a whole inner operation, is a *type parameter* of the closure that uses it
//! (`code.rs`), so that the compiler turns them into one piece of straight code and intermediate values stay in registers.
//! Any other subtree is a closure of its own that returns its value in a register. Nothing is written to scratch slots.
//!
//! So `x = (y ^ z) + 5` is one closure, dispatch included, as compiled for x86-64 (Rust 1.95):
//!
//! ```text
//! movzx eax, word [rdi + 24]         # y
//! movzx r8d, word [rdi + 26]         # z
//! mov   r8d, [rcx + r8*8]
//! xor   r8d, [rcx + rax*8]
//! add   r8d, [rdi + 16]              # the constant
//! movzx eax, word [rdi + 32]         # x
//! mov   [rcx + rax*8], r8
//! mov   rax, [rdi]                   # next: data
//! mov   rdi, [rdi + 8]               #       vtable
//! mov   r8, [rdi + 24]               #       code
//! mov   rdi, rax
//! jmp   r8
//! ```
//!
//! # Traps
//!
//! Inside a closure a trap is a `Result` that costs nothing. Through a call it would cost a second register in every
//! return, so a subtree records its trap ([`State::leave_first_trap`]) and returns any value; evaluation continues, the first
//! trap is kept, and the statement checks for one before it writes. Trees have no side effects, so nothing after the first trap
//! is visible. Which trap is first is as with flat instructions: left operand, right operand, operation.
//!
//! # What is merged
//!
//! Counted over what 21 programs execute:
//!
//! - leaves: every operation with slots and constants in every place;
//! - `x = x op leaf`: a fifth of all statements;
//! - a comparison with its branch, and with the operation it compares when that is an addition, a mask or a load;
//! - an arithmetic operation with an inner one whose operands are leaves, and with a load from a slot or a sum;
//! - the sum in an address with the load or store;
//! - a jump to a block of at most eight statements with a copy of that block. A `while` loop, whose test is at the top,
//!   becomes a loop of one block.
//!
//! These are thousands of closures, and most of the crate's compile time.
//!
//! # What it costs
//!
//! As for `linked_closures`, the chain is a linked list, but a shorter one. On the same 21 programs the time went
//! from 5.50 ms to 4.48 (`match_loop`: 5.72; one run, on a machine that was otherwise in use). What remains are the loads from
//! link to link in straight code, calls for deep trees, which save and restore registers, and locals in memory.
//!
//! # Literature
//!
//! Feeley and Lapalme, *Using closures for code generation* (Computer Languages 12, 1987). Merging frequent combinations
//! is the superinstruction of Proebsting, *Optimizing an ANSI C interpreter with superoperators* (POPL 1995), whose
//! operators are expression trees as here; Ertl and Gregg, *The structure and performance of efficient interpreters*
//! (Journal of Instruction-Level Parallelism 5, 2003).
//!
//! [`State::leave_first_trap`]: wasm_dispatch_machine::state::State::leave_first_trap

#![forbid(unsafe_code)]

mod code;
mod compile;
#[cfg(test)]
mod tests;
mod vector;

use std::sync::OnceLock;

use wasm_dispatch_closures::chain::{Chains, ChainsBuilder, probe};
use wasm_dispatch_ir::code::FunctionBody;
use wasm_dispatch_ir::text;
use wasm_dispatch_machine::backend::{Backend, Exit, Line, Listing, Program};
use wasm_dispatch_machine::driver;
use wasm_dispatch_machine::host::Host;
use wasm_dispatch_machine::state::Machine;

use crate::compile::{COPIED, build};

/// Each statement one nest of closures.
#[derive(Clone, Copy, Debug, Default)]
pub struct FusedClosures;

impl Backend for FusedClosures {
    const NAME: &'static str = "fused_closures";
    const TERM: &'static str = "superoperator closures";
    const IDEA: &'static str = "each statement one nest of closures, which holds the next one and calls it";
    const SAFE: bool = true;
    type Code = Chains;

    fn compile(body: &FunctionBody) -> Chains {
        build(body, dispatches_by_jumps(), COPIED).finish()
    }

    /// A line for each statement, which dispatches to its link and to every closure that this calls.
    fn listing(body: &FunctionBody) -> Listing {
        let jumps = dispatches_by_jumps();
        // Every block on its own; but where a copy takes the place of a jump, there is no link for the jump.
        let mut listing = build(body, jumps, 0).listing(|block| text::block(body, block));
        let chains = ChainsBuilder::new(body, jumps, COPIED);
        for (block, lines) in (0..).zip(&mut listing) {
            if let (Some(copied), Some(jump)) = (chains.copied(block), lines.last_mut()) {
                *jump = Line {
                    parts: vec![format!("a copy of block {copied}")],
                    dispatches: jump.dispatches - 1,
                };
            }
        }
        listing
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
