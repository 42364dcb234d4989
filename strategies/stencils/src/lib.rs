//! Copy and patch: no dispatch at all. A function is copies of handlers' machine code, one after the other, with operands
//! patched in.
//!
//! The handlers are those of [`threaded`](wasm_dispatch_threaded), and so are the nodes, but without superinstructions. So copies
//! alone ([`Plain`]) are a control experiment: what they save is what dispatch costs `threaded`, with the same handlers and the
//! same traffic between registers, frame and memory. The strategy ([`Stencils`]) also keeps slots in registers, in functions with
//! loops, has small numbers in the code, makes one instruction of some two, and makes loops begin at multiples of 32 bytes.
//!
//! # One dispatch
//!
//! There is none. A handler's code is cut off where it would jump to the next handler, and the next copy begins there.
//!
//! ```text
//!   handler, compiled for this:            its copy for s2 = s0 + 5:
//!     mov  ecx, [rip + NODE + 8]  ; b        mov  ecx, [rip + constant]  ; 5
//!     add  ecx, [rsi + SLOT_0]    ; a        add  ecx, [rsi + 0x0]
//!     mov  [rsi + SLOT_2], rcx    ; d        mov  [rsi + 0x10], rcx
//!     jmp  NEXT                            the next node's copy follows
//! ```
//!
//! The build script compiles the handlers' crate a second time. There, each operand of a node is the address of an undefined
//! symbol, so that the object file has a relocation wherever it is used: a *hole*. Code with holes is a *stencil*; a
//! table of them is part of this crate. At run time `compile` copies a stencil for each node and fills its holes:
//!
//! - slot numbers become displacements, eight times the number;
//! - constants and offsets are read, relative to the instruction, from data in front of the code; 16-bit numbers, in
//!   [`Stencils`], are part of the instruction;
//! - exits become distances: to the next node, to a branch's target, to the end of a trap.
//!
//! No second semantics: the copy does what the handler does. What is not copied is loads and stores of slots, and ways out.
//!
//! Not every handler has a stencil. The build refuses one that calls a function, has a stack frame, reads a table of its own, or
//! passes on its node's address, as many builtins and most roundings of floats do (`build/proof.rs`). Such a node's code jumps to the
//! handler itself. The function keeps `threaded`'s stream, in which each node now begins with the address of its code in place of its
//! handler's. So the handler continues as ever with a jump to the address that the next node begins with.
//!
//! # Slots in registers
//!
//! No handler touches rbx, rbp, r12 to r15 or xmm8 to xmm15, and few touch r10, r11 or xmm4 to xmm7. So the slots that a function
//! with loops uses most live there (`pins.rs` chooses them). A stencil needs no second form for that: where one of its instructions
//! uses a slot, `op r, [rsi + 32 bits]`, the copy has `op r, register`, an instruction that differs in a few bytes (`access.rs`). The
//! build script finds these instructions, and decodes each again with each register. Then two instructions in a row often become one
//! (`pairs.rs`). A slot is loaded where the function or a block is entered from elsewhere, and after calls and handlers if its value
//! is needed; it is stored before them if its memory is out of date (`flow.rs`), and where a run may end: by a trap, or when it stops
//! at a block. So a machine that stops finds everything in slots.
//!
//! # Calls and traps
//!
//! A call stores the caller's frame as `threaded` does, and jumps to the code that the callee's cell names; a return takes the
//! frame back, and jumps to code of the caller that computes its frame from the callee's. Rare cases (a callee that is not
//! compiled yet, belongs to another instance, or is the host's) are left to the handler, and so are resuming at a block and
//! suspending: they find nodes by their place in the stream, whatever code the nodes have. A trap jumps behind the function's code,
//! where the node's place and the trap are put into registers, and on to where all traps of `threaded` end.
//!
//! # What it costs
//!
//! The loop `do { i = i + c } while (i < n)` takes four instructions per turn. In [`Plain`] two of them load and one stores, in
//! [`Stencils`] none does:
//!
//! ```text
//!   Plain:                               Stencils:
//!     add  ecx, [rip + constant]           add  ecx, 5                   ; c
//!     mov  [rsi + i], rcx                  mov  rbx, rcx                 ; i
//!     cmp  ecx, [rsi + n]                  cmp  ecx, ebp                 ; n
//!     jb   loop                            jb   loop
//! ```
//!
//! Every copy of a handler takes space in the instruction cache, where `threaded` has each handler once. Compiling copies machine
//! code and takes memory, at least a page for each function that is compiled when it is first called. And the process must be allowed
//! to make code while it runs: pages are first written and then made executable, never both at once. A module chooses at most 16 bits
//! of a field in them; longer numbers are in pages that are never executable (`memory.rs`).
//! Where the build or the system cannot do this, the strategy says why and runs nothing ([`Backend::refusal`]).
//!
//! # Literature
//!
//! Xu and Kjolstad, *Copy-and-patch compilation* (OOPSLA 2021), makes stencils of C++ templates in this way. CPython 3.13 makes
//! them of its interpreter's instructions (Bucher and others, PEP 744); Xu, *Building a baseline JIT for Lua automatically* (2023),
//! of an interpreter's description. Piumarta and Riccardi, *Optimizing direct threaded code by selective inlining* (PLDI 1998),
//! already copied handlers from the running interpreter, and so did Ertl and Gregg, *Retargeting JIT compilers by using
//! C-compiler generated executable code* (PACT 2004).

// Elsewhere there is nothing to put together.
#![cfg_attr(not(all(target_arch = "x86_64", target_os = "linux")), allow(dead_code))]
#![deny(clippy::undocumented_unsafe_blocks, unsafe_op_in_unsafe_fn)]

mod access;
mod code;
mod compile;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod enter;
mod exits;
mod flow;
mod form;
mod joined;
mod key;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod memory;
mod nodes;
mod nops;
mod numbers;
mod pairs;
mod pins;
mod plain;
mod run;
mod table;
#[cfg(all(test, feature = "make"))]
mod tests;
mod what;

#[cfg(all(test, not(feature = "make")))]
#[test]
fn a_build_without_stencils_says_why_it_has_none() {
    assert_eq!(run::refusal(), Some("the crate was built without its feature `make`"));
}

// The build takes it for granted.
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
const _: () = assert!(
    what::CELL_CODE == wasm_dispatch_machine::cell::CodeCell::CODE
        && what::FRAMES_TOP == copies::FRAMES_TOP
        && what::TOP_NATIVE == copies::TOP_NATIVE
);

use std::sync::Arc;

use wasm_dispatch_ir::code::FunctionBody;
use wasm_dispatch_machine::backend::{Backend, Exit, Listing, NodeCode, Program, Shared};
use wasm_dispatch_machine::cell::CodeEntry;
use wasm_dispatch_machine::host::Host;
use wasm_dispatch_machine::state::Machine;
use wasm_dispatch_threaded::copies::{self, Code};

pub use plain::Plain;

/// The strategy.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stencils;

impl Backend for Stencils {
    const NAME: &'static str = "stencils";
    const TERM: &'static str = "copy and patch";
    const IDEA: &'static str = "copies of handlers' machine code in a row, with operands patched in";
    const SAFE: bool = false;
    const MAKES_CODE: bool = true;
    const CELLS: bool = true;
    type Code = Code;

    fn refusal() -> Option<&'static str> {
        run::refusal()
    }

    fn compile(body: &FunctionBody) -> Code {
        run::compile(body, form::PRODUCT, None)
    }

    fn compile_within(body: &FunctionBody, shared: &Shared) -> Code {
        run::compile(body, form::PRODUCT, Some(shared))
    }

    fn compile_batch(bodies: &[Arc<FunctionBody>], shared: &Shared) -> Vec<Code> {
        run::compile_batch(bodies, form::PRODUCT, shared)
    }

    fn entry(code: &Code) -> Option<CodeEntry> {
        copies::machine_entry(code)
    }

    fn listing(body: &FunctionBody) -> Listing {
        run::listing(body)
    }

    fn machine_code(body: &FunctionBody) -> Option<Vec<Vec<NodeCode>>> {
        run::machine_code(body, form::PRODUCT)
    }

    fn code_bytes(code: &Code) -> usize {
        code.bytes()
    }

    fn run(program: &Program<Self>, machine: &mut Machine, host: &mut dyn Host) -> Exit {
        copies::run_saving(program, machine, host)
    }
}
