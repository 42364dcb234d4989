//! Finds out at start whether this build's handlers jump to each other.
//!
//! The language does not promise that a call in tail position becomes a jump. If it stayed a call, a long loop would use up
//! the native stack. So the first use of the strategy runs a short loop over handlers of every shape and looks at how
//! far the stack has moved. If it has, functions are compiled for a loop that calls the handlers.

use std::sync::{Arc, OnceLock};

use wasm_dispatch_ir::builtin::Builtin;
use wasm_dispatch_ir::code::{CodeBlock, FunctionBody, Node, NodeId, Slot, Statement};
use wasm_dispatch_ir::ops::{BinaryOp, LoadOp, StoreOp};
use wasm_dispatch_ir::shape::{MemoryShape, ModuleShape};
use wasm_dispatch_ir::types::ValType;
use wasm_dispatch_ir::verify::SCRATCH_SLOTS;
use wasm_dispatch_machine::state::Frame;

use crate::abi::{Entry, Handler, Mode, Picked, Regs, no_vector, picked};
use crate::compile;
use crate::context::Context;

/// How handlers lead to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dispatch {
    /// By jumps.
    Jumps,
    /// A loop calls them: at this build's optimisation level there are no jumps.
    BuiltAsLoop,
    /// A loop calls them, because the stack moved where they should have jumped.
    Loop,
}

/// How this build's handlers lead to each other, found out at the first use. The reason for a loop that the build did not
/// ask for is logged as a warning.
pub fn dispatch() -> &'static Dispatch {
    static DISPATCH: OnceLock<Dispatch> = OnceLock::new();
    DISPATCH.get_or_init(|| {
        if cfg!(trampoline) {
            return Dispatch::BuiltAsLoop;
        }
        let moved = stack_moved();
        if moved == 0 {
            return Dispatch::Jumps;
        }
        log::warn!(
            "threaded code falls back to a loop that calls the handlers: this build's handlers do not jump to each other \
             (the native stack moved by {moved} bytes in {TURNS} turns of a test loop)"
        );
        Dispatch::Loop
    })
}

/// Turns of the test loop: so few that any stack has room for its calls.
const TURNS: u64 = 40;

/// How many bytes the native stack has moved in the test loop. Handlers that jump all see it in the same place.
fn stack_moved() -> usize {
    let body = test_loop();
    let code = compile::compile_with_probes(&body, probe());
    let mut stack = vec![0u64; body.frame_size as usize];
    let mut memory = vec![0u8; 64];
    let mut frames = [Frame::bottom()];
    let mut context = Context::empty();
    context.stack = stack.as_mut_ptr();
    context.stack_end = stack.as_mut_ptr_range().end;
    context.frames_top = frames.as_mut_ptr_range().end;
    context.frames_end = context.frames_top;
    context.probed = (usize::MAX, 0);
    let registers = Regs {
        ip: code.entry(),
        frame: stack.as_mut_ptr(),
        memory: memory.as_mut_ptr(),
        acc: 0,
        context: &raw mut context,
        memory_len: memory.len(),
        acc64: 0.0,
        acc32: 0.0,
        acc128: no_vector(),
    };
    // SAFETY: the test loop stays within its frame and its memory, calls no function, and returns to the bottom frame, so that
    // nothing is asked of the machine that the context lacks.
    unsafe {
        let first = registers.ip.cast::<Entry>().read_unaligned();
        registers.call(first);
    }
    context.probed.1.saturating_sub(context.probed.0)
}

/// A loop over arithmetic, memory, a fill (which is an ordinary call within a handler), pairs and triples, and branches.
fn test_loop() -> FunctionBody {
    let mut body = FunctionBody {
        locals: [ValType::I32; 4].into_iter().collect(),
        scratch: 7,
        frame_size: 7 + u32::from(SCRATCH_SLOTS),
        shape: Arc::new(ModuleShape {
            memories: [MemoryShape::default()].into(),
            ..ModuleShape::default()
        }),
        ..FunctionBody::default()
    };
    let mut build = Builder(&mut body);
    let zero = build.constant(0);
    build.set(0, zero);
    build.set(1, zero);
    build.end(Statement::Jump(1));
    // Block 1: the loop.
    let (turn, value) = (build.slot(0), build.slot(1));
    let (one, four) = (build.constant(1), build.constant(4));
    let sum = build.binary(BinaryOp::I32Add, turn, one);
    let product = build.binary(BinaryOp::I32Mul, value, four);
    let mixed = build.binary(BinaryOp::I32Xor, product, sum);
    build.set(1, mixed);
    let loaded = build.load(four);
    build.set(2, loaded);
    build.store(zero, value);
    for (slot, value) in [(4, zero), (5, one), (6, four)] {
        build.set(slot, value);
    }
    build.statement(Statement::Builtin {
        op: Builtin::MemoryFill,
        base: 4,
        x: 0,
        y: 0,
    });
    let odd = build.binary(BinaryOp::I32And, value, one);
    build.end(Statement::Branch {
        condition: odd,
        when: true,
        target: 3,
    });
    build.set(3, value);
    build.end(Statement::Jump(3));
    build.set(0, sum);
    let turns = build.constant(TURNS);
    let more = build.binary(BinaryOp::I32LtU, turn, turns);
    build.end(Statement::Branch {
        condition: more,
        when: true,
        target: 1,
    });
    build.end(Statement::Return);
    body
}

struct Builder<'b>(&'b mut FunctionBody);

impl Builder<'_> {
    fn node(&mut self, node: Node) -> NodeId {
        self.0.nodes.push(node);
        self.0.node_types.push(ValType::I32);
        self.0.node_offsets.push(0);
        self.0.nodes.len() as NodeId - 1
    }

    fn slot(&mut self, slot: Slot) -> NodeId {
        self.node(Node::Slot(slot))
    }

    fn constant(&mut self, value: u64) -> NodeId {
        self.node(Node::Const(value))
    }

    fn binary(&mut self, op: BinaryOp, a: NodeId, b: NodeId) -> NodeId {
        self.node(Node::Binary { op, a, b })
    }

    fn load(&mut self, address: NodeId) -> NodeId {
        self.node(Node::Load {
            op: LoadOp::I32Load,
            memory: 0,
            address,
            offset: 8,
        })
    }

    fn store(&mut self, address: NodeId, value: NodeId) {
        self.statement(Statement::Store {
            op: StoreOp::I32Store,
            memory: 0,
            address,
            offset: 12,
            value,
        });
    }

    fn set(&mut self, slot: Slot, value: NodeId) {
        self.statement(Statement::Set { slot, value });
    }

    fn statement(&mut self, statement: Statement) {
        self.0.statements.push(statement);
        self.0.statement_offsets.push(0);
    }

    fn end(&mut self, terminator: Statement) {
        let first = self.0.blocks.last().map_or(0, |block| block.terminator + 1);
        self.statement(terminator);
        self.0.blocks.push(CodeBlock {
            first,
            terminator: self.0.statements.len() as u32 - 1,
            entry: Default::default(),
        });
    }
}

/// Looks at the native stack.
struct Probe;

impl Handler for Probe {
    #[inline(always)]
    unsafe fn run<M: Mode>(r: Regs) -> u64 {
        // SAFETY: the context is alive and not borrowed; see `Handler::run`.
        unsafe {
            let here = stack_address();
            let (low, high) = (*r.context).probed;
            (*r.context).probed = (low.min(here), high.max(here));
            r.next::<M>(0)
        }
    }
}

/// Where the native stack is, about.
#[inline(never)]
fn stack_address() -> usize {
    let here = 0u8;
    std::hint::black_box(&raw const here) as usize
}

/// The handler that looks at the native stack.
pub(crate) fn probe() -> Picked {
    picked::<Probe>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_loop_is_good_code() {
        wasm_dispatch_ir::verify::verify(&test_loop()).expect("verified");
    }

    /// A call can be a jump where all of a handler's arguments travel in registers. On s390x and 32-bit x86 some travel on the
    /// stack.
    #[test]
    fn handlers_jump_where_their_arguments_travel_in_registers() {
        let expected = if cfg!(trampoline) {
            Dispatch::BuiltAsLoop
        } else if cfg!(any(target_arch = "s390x", target_arch = "x86")) {
            Dispatch::Loop
        } else {
            Dispatch::Jumps
        };
        assert_eq!(*dispatch(), expected);
    }
}
