//! Direct threading on stable Rust: no central loop, each handler jumps to the next. Superinstructions, made of types.
//!
//! # One dispatch
//!
//! ```text
//!   code stream:  │ &add_slot_const │ a │ 5 │ d │   │ &branch_lt_acc_slot │ target │ n │   │ ...
//!                   ▲ ip
//!
//!   add_slot_const:                     ┌─► branch_lt_acc_slot:
//!     mov  eax, [ip + 8]      ; a       │     ...
//!     mov  ecx, [ip + 12]     ; 5       │
//!     add  ecx, [frame + 8*rax]         │
//!     mov  eax, [ip + 16]     ; d       │
//!     mov  [frame + 8*rax], rcx         │
//!     mov  rax, [ip + 24]     ; next    │
//!     add  ip, 24                       │
//!     jmp  rax ─────────────────────────┘
//! ```
//!
//! A dispatch is a load of the next handler's address, which lies next to the operands just read, and an indirect jump. The jump
//! is the handler's own, so the processor predicts it from this handler's history. `ip`, `frame` and everything else that handlers
//! pass on stay in registers (`abi.rs`).
//!
//! A handler is a generic function whose last act is to call the next one with the same signature. From opt-level 2 on, LLVM
//! turns this *sibling call* into a jump. The language does not promise that, so other builds use a loop, and so does
//! this one if the stack moves in a test at the first use (`self_check.rs`).
//!
//! What makes it fast besides dispatch:
//!
//! - where an operand is (slot, constant, accumulator) is a type, so that `slot = slot + constant` is one handler
//!   without a branch (`operand.rs`);
//! - a comparison and the branch on it are one node, and so are an address sum and its access;
//! - two or three nodes that often follow each other are one superinstruction, whose handler is built from the types of theirs
//!   (`superinstruction.rs`; the table is in `handlers/superinstructions.rs`): on 37 workloads with the same weight, a node
//!   takes 0.65 dispatches (`cargo run --release -p wasm-dispatch-lab -- profile --extra`);
//! - the accumulators, one of them for vectors, are a register cache: a result stays in one for the next node, and is also
//!   written to its slot for all others;
//! - short blocks are copied in place of jumps to them;
//! - branch targets are addresses, not indices.
//!
//! # Branches, calls and traps
//!
//! A branch loads its target's address from the stream and goes on there, like any other node. A call stores the caller's
//! frame on the machine's frame stack and goes on with the callee's first node; a return takes the frame back. Nothing of either
//! is on the native stack, so a run can stop at any block.
//!
//! A trap, the end of the slice, and a call of the host that cannot be made within the run leave by a jump, too: to `leave`,
//! which notes in the context where and why, and returns to `run`. The common path pays only for the test. Each node's place in
//! the stream says which statement it belongs to; in a superinstruction, a node that traps reports where it would begin if it
//! were alone.
//!
//! # What it costs
//!
//! The loop `do { i = i + c } while (i < n)` is one handler and one dispatch, eleven instructions per iteration on x86-64; the
//! repository's `docs/threaded.md` has its machine code, that of a load and of a call, and what each technique is worth.
//! The price is thousands of handlers to build (`scripts/check-jumps` counts them and fails if one dispatches by
//! a call), and unsafe code. That code rests on what lowering promises, mainly that slots are within their frame, which
//! [`verify`](wasm_dispatch_ir::verify) checks in debug builds and under fuzzing.
//!
//! # Literature
//!
//! Bell, *Threaded code* (Communications of the ACM 16, 1973). Proebsting, *Optimizing an ANSI C interpreter with
//! superoperators* (POPL 1995). Ertl, *Stack caching for interpreters* (PLDI 1995). Xu and Kjolstad, *Copy-and-patch
//! compilation* (OOPSLA 2021), which operands as template parameters come from. The protobuf parser and CPython 3.14 have
//! handlers that end with a guaranteed tail call.

// What superinstructions alone ask of handlers.
#![cfg_attr(not(feature = "superinstructions"), allow(dead_code))]
#![deny(clippy::undocumented_unsafe_blocks, unsafe_op_in_unsafe_fn)]

mod abi;
mod code;
mod compile;
mod context;
#[cfg(feature = "copies")]
#[doc(hidden)]
pub mod copies;
mod handlers;
#[cfg(stencil)]
mod holes;
mod kind;
mod operand;
mod run;
mod self_check;
#[cfg(not(stencil))]
mod stream;
#[cfg(feature = "superinstructions")]
mod superinstruction;
mod techniques;
#[cfg(test)]
mod tests;
#[cfg(feature = "copies")]
#[doc(hidden)]
pub mod trial;

use std::sync::Arc;

use wasm_dispatch_ir::code::FunctionBody;
use wasm_dispatch_machine::backend::{Backend, Exit, Line, Listing, Program, Shared};
use wasm_dispatch_machine::cell::CodeEntry;
use wasm_dispatch_machine::host::Host;
use wasm_dispatch_machine::state::Machine;

pub use code::Code;
use compile::Room;
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
    const CELLS: bool = true;
    type Code = Code;

    fn compile(body: &FunctionBody) -> Code {
        compile::compile(body, *dispatch() != Dispatch::Loop, &mut Room::default())
    }

    fn compile_batch(bodies: &[Arc<FunctionBody>], _shared: &Shared) -> Vec<Code> {
        let (jumps, mut room) = (*dispatch() != Dispatch::Loop, Room::default());
        let code = |body: &Arc<FunctionBody>| compile::compile(body, jumps, &mut room);
        bodies.iter().map(code).collect()
    }

    fn entry(code: &Code) -> Option<CodeEntry> {
        code.cell_entry()
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

    fn run(program: &Program<Self>, machine: &mut Machine, host: &mut dyn Host) -> Exit {
        run::run::<Threaded, false>(program, machine, host)
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
