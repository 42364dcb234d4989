//! # Match loop
//!
//! The bytecode interpreter as everybody writes it first, done well: one loop, one `match`.
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
//! One dispatch: a bounds check of `pc`, a load of the 16-byte operation, a load from the jump table that the compiler
//! makes of the `match`, and an indirect jump. Every operation comes back to the same place, so on processors whose
//! branch predictor looks at the jump's address alone all operations share one prediction; those that look at history
//! (Intel since Haswell, AMD since Zen) do much better.
//!
//! What makes this one good rather than naive:
//!
//! - operands are frame slots or constants named in the operation, not pushed and popped: about half the dispatches of
//!   stack code (Shi et al., *Virtual machine showdown: stack versus registers*, 2005);
//! - the form of the operands is part of the opcode, so no operation asks where its operands are;
//! - a comparison and the branch on it are one operation;
//! - slot numbers have 16 bits and a frame's window has 65,536 slots, so that indexing needs no bounds check although
//!   this crate forbids `unsafe`.
//!
//! Literature: Ertl and Gregg, *The structure and performance of efficient interpreters*, 2003; Rohou, Swamy and Seznec,
//! *Branch prediction and the performance of interpreters: don't trust folklore*, 2015.

#![forbid(unsafe_code)]

mod code;
mod compile;
mod run;
#[cfg(test)]
mod tests;

use wasm_dispatch_ir::code::FunctionBody;
use wasm_dispatch_machine::backend::{Backend, Exit, Listing, Program, listing};
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

    fn run(program: &Program<Self>, machine: &mut Machine) -> Exit {
        run::run(program, machine)
    }
}
