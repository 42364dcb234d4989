//! The naive operand-stack `match` loop: the plain interpreter that the other strategies are compared with.
//!
//! # One dispatch
//!
//! ```text
//! x = y + 1          local.get 3    const 1    i32.add    local.set 5
//!                         ^
//! pc ---------------------+         one 16-byte operation: | opcode | parameter |
//!
//! loop {                            the window:  | locals and canonical slots | operand stack |
//!     match ops[pc++] {                                                        ^      ^
//!         LocalGet(s) => push(window[s]),                                      |      sp
//!         Const(c)    => push(c),                                              scratch slots
//!         I32Add      => { b = pop(); a = pop(); push(a + b) }
//!         LocalSet(s) => window[s] = pop(),
//!         ...
//! ```
//!
//! Operands are not in the instruction but on the operand stack, so an instruction is little more than its opcode, and one
//! walk over a tree generates the code. That is why WebAssembly, the JVM and CPython are stack machines, and why the plainest
//! interpreter for them looks like this.
//!
//! Calls and returns are operations like all others: the loop continues in the callee.
//!
//! # Traps
//!
//! An operation that traps breaks out of the loop with its trap. Only then is the statement looked up, in a list
//! beside the code; `pc` is already past the operation. What is left on the operand stack is dropped.
//!
//! # What it costs
//!
//! An addition is four dispatches, each a bounds check, a load of the opcode, a load from the table of addresses and an
//! indirect jump that all opcodes share:
//!
//! ```text
//! cmp    rax, r12                   # pc within the code?
//! jae    ..
//! lea    rbx, [rax + 1]
//! shl    rax, 4
//! lea    rdi, [rax + rbp]           # the operation
//! movzx  eax, byte [rbp + rax]      # its opcode
//! movsxd rcx, dword [r14 + rax*4]   # where its arm is
//! add    rcx, r14
//! jmp    rcx
//! ```
//!
//! and each value passes through memory on its way from one instruction to the next. On 21 programs this took 2.2 times
//! as long as `match_loop`, which runs the same trees as instructions with slot operands (measured when this loop still
//! returned to the driver for calls).
//!
//! For a fair comparison it shares with the other strategies the same trees after copy propagation and constant
//! folding, constants as 64 bits in the code, and branch targets as operation numbers. The operand stack is empty between
//! statements. It lies in the scratch slots above the frame, of which lowering reserves enough for every tree; a 16-bit stack
//! pointer cannot leave the window, so pushing and popping need no checks.
//!
//! # Literature
//!
//! The names are WebAssembly's (core specification 2.0, chapter 4). On stack code against register code: Shi, Casey, Ertl
//! and Gregg, *Virtual machine showdown: stack versus registers* (ACM Transactions on Architecture and Code Optimization 4,
//! 2008). On why one shared indirect jump predicts badly: Ertl and Gregg, *The structure and performance of efficient
//! interpreters* (Journal of Instruction-Level Parallelism 5, 2003).

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

use code::Code;

/// The naive operand-stack `match` loop.
#[derive(Clone, Copy, Debug, Default)]
pub struct StackLoop;

impl Backend for StackLoop {
    const NAME: &'static str = "stack_loop";
    const TERM: &'static str = "switch dispatch";
    const IDEA: &'static str = "a `match` in a loop over stack code; operands are pushed and popped";
    const SAFE: bool = true;
    type Code = Code;

    fn compile(body: &FunctionBody) -> Code {
        compile::compile(body)
    }

    fn listing(body: &FunctionBody) -> Listing {
        let code = compile::compile(body);
        listing(&code.block_starts, &code.ops)
    }

    fn code_bytes(code: &Code) -> usize {
        code.bytes()
    }

    fn run(program: &Program<Self>, machine: &mut Machine, host: &mut dyn Host) -> Exit {
        run::run(program, machine, host)
    }
}
