//! # Threaded code
//!
//! Direct threading, of which folklore says that Rust cannot do it: no central loop, each handler jumps to the next.
//!
//! ```text
//!   code stream:  │ &add_slot_const │ a │ 5 │ d │ &branch_lt_acc_slot │ target │ n │ ...
//!                   ▲ ip
//!
//!   add_slot_const:                     ┌─► branch_lt_acc_slot:
//!     mov  eax, [ip + 8]      ; a       │     ...
//!     mov  ecx, [frame + 8*rax]         │
//!     add  ecx, [ip + 12]     ; 5       │
//!     mov  eax, [ip + 16]     ; d       │
//!     mov  [frame + 8*rax], rcx         │
//!     mov  rax, [ip + 20]     ; next    │
//!     add  ip, 20                       │
//!     jmp  rax ─────────────────────────┘
//! ```
//!
//! One dispatch: a load of the next handler's address, which is next to the operands just read, and an indirect jump
//! that is the handler's own, so that the processor predicts it from this handler's history.
//!
//! How it works on stable Rust: a handler is a generic function whose last act is to call the next one with the same
//! signature, all arguments in registers. LLVM makes a jump of such a call (a *sibling call*) from opt-level 2 on. The
//! language does not promise it, so other builds use a loop, and a test proves that the stack does not grow.
//!
//! What makes it fast besides dispatch:
//!
//! - where an operand is (slot, constant, accumulator) is a type, so that `slot = slot + constant` is one handler
//!   without a branch (`operand.rs`);
//! - a comparison and the branch on it are one node, and so are an address sum and its access;
//! - pairs and triples of nodes that often follow each other have one handler, made from the types of theirs (`superinstruction.rs`;
//!   the table is in `handlers/superinstructions.rs`): on 37 workloads, each counting the same, a node takes 0.65 dispatches
//!   (`cargo run --release -p wasm-dispatch-lab -- profile --extra`);
//! - short blocks are copied in place of jumps to them;
//! - a result stays in the accumulator for the next node, and in its slot for everybody else;
//! - branch targets are addresses, not indices.
//!
//! Cost: about 7,500 handlers to build; and unsafe code, which rests on the verifier of lowered code in `wasm-dispatch-machine`.
//!
//! Literature: Bell, *Threaded code*, 1973; Proebsting, *Optimizing an ANSI C interpreter with superoperators*, 1995; Ertl, *Stack caching for interpreters*, 1995; Xu and Kjolstad,
//! *Copy-and-patch*, 2021, from which the idea of operands as template parameters comes; the "musttail" interpreters of
//! protobuf and CPython 3.14.

#![deny(clippy::undocumented_unsafe_blocks, unsafe_op_in_unsafe_fn)]

mod abi;
mod code;
mod compile;
mod context;
mod handlers;
mod kind;
mod operand;
mod run;
mod self_check;
mod superinstruction;
mod techniques;
#[cfg(test)]
mod tests;

use wasm_dispatch_ir::code::FunctionBody;
use wasm_dispatch_machine::backend::{Backend, Exit, Line, Listing, Program};
use wasm_dispatch_machine::state::Machine;

pub use code::Code;
pub use self_check::{Dispatch, dispatch};
pub use techniques::Techniques;

/// The strategy.
#[derive(Clone, Copy, Debug, Default)]
pub struct Threaded;

impl Backend for Threaded {
    const NAME: &'static str = "threaded";
    const TERM: &'static str = "direct threading";
    const IDEA: &'static str = "fused handlers in a code stream, each jumping to the next";
    const SAFE: bool = false;
    type Code = Code;

    fn compile(body: &FunctionBody) -> Code {
        compile::compile(body)
    }

    /// A line for each handler; its parts are the nodes that it runs. A copy of a block is not counted: the block that it
    /// is a copy of is.
    fn listing(body: &FunctionBody) -> Listing {
        let handlers = |nodes: Vec<NodeInfo>| {
            let mut lines: Vec<Line> = Vec::new();
            for node in nodes {
                match lines.last_mut() {
                    Some(last) if node.fused => last.parts.push(node.kind),
                    _ => lines.push(Line {
                        parts: vec![node.kind],
                        dispatches: u32::from(!node.out_of_line),
                    }),
                }
            }
            lines
        };
        nodes(body).into_iter().map(handlers).collect()
    }

    fn code_bytes(code: &Code) -> usize {
        code.bytes()
    }

    fn run(program: &Program<Self>, machine: &mut Machine) -> Exit {
        run::run(program, machine)
    }
}

/// A node of the code stream, for profiles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeInfo {
    /// Its kind: `s=i32.add(s,c)` adds a slot and a constant into a slot; `a` is the accumulator.
    pub kind: String,
    /// Whether it is run by the handler of the node before it.
    pub fused: bool,
    /// Whether it is not run each time that its block is: within a copy of another block, or where a loop is entered.
    pub out_of_line: bool,
}

/// The nodes that a function is compiled to, by block.
pub fn nodes(body: &FunctionBody) -> Vec<Vec<NodeInfo>> {
    compile::nodes(body)
}

/// Whether this build's handlers jump to each other; if not, a loop calls them. See [`dispatch`] for the reason.
pub fn dispatches_by_jumps() -> bool {
    *dispatch() == Dispatch::Jumps
}
