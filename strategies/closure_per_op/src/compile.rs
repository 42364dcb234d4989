//! From the flat view to closures, one function for each form of instruction. Each is instantiated for every operation and
//! every place of its operands that the instruction table allows.

use wasm_dispatch_closures::operand::{Effect, Operand, VectorOperand, certain};
use wasm_dispatch_closures::typed::{Condition, GlobalOf, Maker, MemoryOf, Source, make};
use wasm_dispatch_closures::typed_vector::{self, VectorMaker};
use wasm_dispatch_ir::Trap;
use wasm_dispatch_ir::builtin::Builtin;
use wasm_dispatch_ir::code::{BlockId, FunctionBody, Slot};
use wasm_dispatch_ir::flat::{FlatCode, VectorInstruction};
use wasm_dispatch_ir::ops::{Binary, Load, Store, Unary};
use wasm_dispatch_ir::slot::SlotValue;
use wasm_dispatch_machine::driver::Flow;
use wasm_dispatch_machine::state::{State, Window, set_vector_at};

use crate::code::{Code, Op};

/// Compiles a function.
pub fn compile(body: &FunctionBody) -> Code {
    let flat = FlatCode::new(body);
    let mut ops = Vec::with_capacity(flat.instructions.len());
    for block in 0..body.blocks.len() as BlockId {
        let (instructions, statements) = flat.block(block);
        for (&instruction, &statement) in instructions.iter().zip(statements) {
            let maker = Make {
                statement,
                block,
                block_starts: &flat.block_starts,
            };
            ops.push(make(maker, body, instruction));
        }
    }
    Code::new(ops.into(), flat.block_starts.into())
}

/// Boxes a closure; the bound tells the compiler the types of its parameters.
fn op(f: impl Fn(&mut State, &mut Window, u64) -> u64 + Send + Sync + 'static) -> Box<dyn Op> {
    Box::new(f)
}

/// Leaves with a trap. Out of line, so that a closure's straight path needs no stack frame.
#[cold]
#[inline(never)]
fn trapped(state: &mut State, trap: Trap, statement: u32) -> u64 {
    state.leave_trap(trap);
    Flow::trapped(statement).0
}

/// Makes the closure of one instruction.
struct Make<'a> {
    /// The statement it belongs to.
    statement: u32,
    /// The block it is in.
    block: BlockId,
    /// Index of each block's first closure.
    block_starts: &'a [u32],
}

impl Make<'_> {
    fn pc(&self, block: BlockId) -> u64 {
        u64::from(self.block_starts[block as usize])
    }
}

impl Maker for Make<'_> {
    type Code = Box<dyn Op>;

    fn set<A: Source>(self, d: Slot, a: A) -> Box<dyn Op> {
        op(move |_state, window, pc| {
            window[usize::from(d)] = a.get(window);
            pc + 1
        })
    }

    fn unary<O: Unary, A: Source>(self, d: Slot, a: A) -> Box<dyn Op> {
        let statement = self.statement;
        op(
            move |state, window, pc| match O::apply(O::A::from_slot(a.get(window))) {
                Ok(value) => {
                    window[usize::from(d)] = value.to_slot();
                    pc + 1
                }
                Err(trap) => trapped(state, trap, statement),
            },
        )
    }

    fn binary<O: Binary, A: Source, B: Source>(self, d: Slot, a: A, b: B) -> Box<dyn Op> {
        let statement = self.statement;
        op(
            move |state, window, pc| match O::apply(O::A::from_slot(a.get(window)), O::B::from_slot(b.get(window))) {
                Ok(value) => {
                    window[usize::from(d)] = value.to_slot();
                    pc + 1
                }
                Err(trap) => trapped(state, trap, statement),
            },
        )
    }

    fn load<O: Load, M: MemoryOf, A: Source>(self, d: Slot, memory: M, address: A, offset: M::Offset) -> Box<dyn Op> {
        let statement = self.statement;
        op(move |state, window, pc| {
            match O::load(
                memory.bytes(state),
                M::Address::from_slot(address.get(window)),
                offset.into(),
            ) {
                Ok(value) => {
                    window[usize::from(d)] = value.to_slot();
                    pc + 1
                }
                Err(trap) => trapped(state, trap, statement),
            }
        })
    }

    fn store<O: Store, M: MemoryOf, A: Source, V: Source>(
        self,
        memory: M,
        address: A,
        offset: M::Offset,
        value: V,
    ) -> Box<dyn Op> {
        let statement = self.statement;
        op(move |state, window, pc| {
            let value = O::V::from_slot(value.get(window));
            match O::store(
                memory.bytes(state),
                M::Address::from_slot(address.get(window)),
                offset.into(),
                value,
            ) {
                Ok(()) => pc + 1,
                Err(trap) => trapped(state, trap, statement),
            }
        })
    }

    fn select<A: Source, B: Source>(self, d: Slot, condition: Slot, a: A, b: B) -> Box<dyn Op> {
        op(move |_state, window, pc| {
            let (a, b) = (a.get(window), b.get(window));
            let chosen = if window[usize::from(condition)] as u32 != 0 {
                a
            } else {
                b
            };
            window[usize::from(d)] = chosen;
            pc + 1
        })
    }

    fn global_get<G: GlobalOf>(self, d: Slot, global: G) -> Box<dyn Op> {
        op(move |state, window, pc| {
            window[usize::from(d)] = global.get(state);
            pc + 1
        })
    }

    fn global_set<G: GlobalOf, V: Source>(self, global: G, value: V) -> Box<dyn Op> {
        op(move |state, window, pc| {
            global.set(state, value.get(window));
            pc + 1
        })
    }

    fn vector(self, body: &FunctionBody, instruction: VectorInstruction) -> Box<dyn Op> {
        typed_vector::make(self, body, instruction)
    }

    fn builtin(self, operation: Builtin, base: Slot, x: u32, y: u32) -> Box<dyn Op> {
        let statement = self.statement;
        op(
            move |state, window, pc| match state.builtin(operation, x, y, &mut window[usize::from(base)..]) {
                Ok(()) => pc + 1,
                Err(trap) => trapped(state, trap, statement),
            },
        )
    }

    fn meter(self, cost: u32) -> Box<dyn Op> {
        let block = self.block;
        op(move |state, _window, pc| {
            if state.charge(cost) {
                pc + 1
            } else {
                Flow::suspend(block).0
            }
        })
    }

    fn jump(self, target: BlockId) -> Box<dyn Op> {
        let target = self.pc(target);
        op(move |_state, _window, _pc| target)
    }

    fn branch<C: Condition, const WHEN: bool>(self, condition: C, target: BlockId) -> Box<dyn Op> {
        let target = self.pc(target);
        op(move |_state, window, pc| {
            if condition.holds(window) == WHEN {
                target
            } else {
                pc + 1
            }
        })
    }

    fn switch(self, index: Slot, targets: Box<[BlockId]>) -> Box<dyn Op> {
        let targets = targets.iter().map(|&block| self.pc(block)).collect();
        Box::new(Switch { index, targets })
    }

    fn call(self) -> Box<dyn Op> {
        let flow = Flow::leave(self.block).0;
        op(move |_state, _window, _pc| flow)
    }

    fn call_indirect<A: Source>(self, index: A) -> Box<dyn Op> {
        let flow = Flow::leave(self.block).0;
        op(move |state, window, _pc| {
            state.leave_operand(index.get(window) as u32);
            flow
        })
    }

    fn ret(self) -> Box<dyn Op> {
        op(move |_state, _window, _pc| Flow::RETURN.0)
    }

    fn trap(self, trap: Trap) -> Box<dyn Op> {
        let statement = self.statement;
        op(move |state, _window, _pc| trapped(state, trap, statement))
    }
}

impl VectorMaker for Make<'_> {
    type Code = Box<dyn Op>;

    fn vector<A: VectorOperand>(self, d: Slot, a: A) -> Box<dyn Op> {
        let statement = self.statement;
        op(move |state, window, pc| match a.get(state, window) {
            Ok(value) => {
                set_vector_at(window, d, value);
                pc + 1
            }
            Err(trap) => trapped(state, trap, statement),
        })
    }

    fn scalar<A: Operand>(self, d: Slot, a: A) -> Box<dyn Op> {
        op(move |state, window, pc| {
            window[usize::from(d)] = certain(a.get(state, window));
            pc + 1
        })
    }

    fn effect<E: Effect>(self, effect: E) -> Box<dyn Op> {
        let statement = self.statement;
        op(move |state, window, pc| match effect.perform(state, window) {
            Ok(()) => pc + 1,
            Err(trap) => trapped(state, trap, statement),
        })
    }
}

/// The one instruction whose parameters do not fit its box: a struct, so that it can report what it owns.
struct Switch {
    index: Slot,
    targets: Box<[u64]>,
}

impl Op for Switch {
    fn call(&self, _state: &mut State, window: &mut Window, _pc: u64) -> u64 {
        let last = self.targets.len() - 1;
        self.targets[(window[usize::from(self.index)] as u32 as usize).min(last)]
    }

    fn heap_bytes(&self) -> usize {
        size_of_val(&*self.targets)
    }
}
