//! One loop and one `match` over operations that name their operands: the usual first bytecode interpreter, done well.
//!
//! # One dispatch
//!
//! ```text
//!        ┌────────────────────────────────────────────────┐
//!        ▼                                                │
//!   op = ops[pc]; pc += 1                                 │
//!   match op.code ──► jump table ──► add: d = a + b ──────┤
//!                              ├───► load: d = mem[a + i] ┤
//!                              └───► branch: pc = target ─┘
//! ```
//!
//! What makes this one good rather than naive:
//!
//! - operands are frame slots or constants named in the operation, not pushed and popped: about half the dispatches of
//!   stack code (Shi et al., below);
//! - the form of the operands is part of the opcode, so no operation asks where its operands are;
//! - a comparison and the branch on it are one operation;
//! - slot numbers have 16 bits and a frame's window has 65,536 slots, so that indexing needs no bounds check although
//!   this crate forbids `unsafe`;
//! - vectors have a `match` of their own, out of line: with its arms in the loop, scalars would have fewer registers;
//! - calls and returns are operations too: the loop goes on in the callee without returning to a driver.
//!
//! # Traps
//!
//! An operation that traps breaks out of the loop with its trap. Only then is the statement looked up, in a list
//! beside the code; `pc` is already past the operation.
//!
//! # What it costs
//!
//! One dispatch, and the addition of two slots, as compiled for x86-64 (Rust 1.95):
//!
//! ```text
//! loop:  mov    r13, r14
//!        cmp    r14, rsi                 # pc within the code?
//!        jae    ..
//!        mov    rax, r13
//!        shl    rax, 4                   # pc to byte offset
//!        movzx  edx, word [r12 + rax + 14]    # opcode
//!        mov    ebp, [r12 + rax + 8]     # a, b
//!        mov    ecx, ebp
//!        shr    ecx, 16
//!        movzx  r15d, word [r12 + rax + 12]   # d
//!        mov    rbx, [r12 + rax]         # immediate
//!        lea    r14, [r13 + 1]
//!        movsxd rax, dword [r11 + rdx*4] # where its arm is
//!        add    rax, r11
//!        jmp    rax                      # one indirect jump for all operations
//!
//! add:   mov    eax, ecx
//!        movzx  ecx, bp
//!        mov    ecx, [r8 + rcx*8]        # window[a]
//!        add    ecx, [r8 + rax*8]        # + window[b]
//!        jmp    ..                       # window[d] = ecx, and back to the loop
//! ```
//!
//! Every operation comes back to the same place, so on processors whose branch predictor looks at the jump's address alone
//! all operations share one prediction; those that look at history (Intel since Haswell, AMD since Zen) do much better.
//! All fields are decoded before the jump, whether an arm uses them or not: the loads do not depend on each other, and the
//! jump takes longer than they do.
//!
//! # Literature
//!
//! Shi, Casey, Ertl and Gregg, *Virtual machine showdown: stack versus registers* (ACM Transactions on Architecture and Code
//! Optimization 4, 2008); Ertl and Gregg, *The structure and performance of efficient interpreters* (Journal of
//! Instruction-Level Parallelism 5, 2003); Rohou, Swamy and Seznec, *Branch prediction and the performance of interpreters:
//! don't trust folklore* (CGO 2015).

#![forbid(unsafe_code)]

mod code;
mod compile;
mod run;
#[cfg(test)]
mod tests;
mod vector;

use wasm_dispatch_ir::code::FunctionBody;
use wasm_dispatch_machine::backend::{Backend, Exit, Listing, Program, listing};
use wasm_dispatch_machine::host::Host;
use wasm_dispatch_machine::state::Machine;

pub use code::Code;

/// The strategy.
#[derive(Clone, Copy, Debug, Default)]
pub struct MatchLoop;

impl Backend for MatchLoop {
    const NAME: &'static str = "match_loop";
    const TERM: &'static str = "register switch";
    const IDEA: &'static str = "a `match` in a loop over operations that name their operands' slots";
    const SAFE: bool = true;
    type Code = Code;

    fn compile(body: &FunctionBody) -> Code {
        compile::compile(body)
    }

    fn listing(body: &FunctionBody) -> Listing {
        let code = compile::compile(body);
        listing(&code.blocks, &code.ops)
    }

    fn code_bytes(code: &Code) -> usize {
        code.bytes()
    }

    fn run(program: &Program<Self>, machine: &mut Machine, host: &mut dyn Host) -> Exit {
        run::run(program, machine, host)
    }
}
