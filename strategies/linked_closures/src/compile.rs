//! From the flat view to chains: the closures, one function for each form of instruction. Each is instantiated for every
//! operation and every place of its operands that the instruction table allows.

use wasm_dispatch_closures::chain::{ChainsBuilder, Next, Transfer, link, trapped};
use wasm_dispatch_closures::operand::{Effect, Operand, VectorOperand, certain};
use wasm_dispatch_closures::typed::{Condition, GlobalOf, Maker, MemoryOf, Source, infallible, infallible_unary, make};
use wasm_dispatch_closures::typed_vector::{self, VectorMaker};
use wasm_dispatch_ir::Trap;
use wasm_dispatch_ir::builtin::Builtin;
use wasm_dispatch_ir::code::{BlockId, FunctionBody, Slot};
use wasm_dispatch_ir::flat::{FlatCode, VectorInstruction};
use wasm_dispatch_ir::ops::{Binary, Load, Store, Unary};
use wasm_dispatch_ir::slot::SlotValue;
use wasm_dispatch_machine::driver::Flow;
use wasm_dispatch_machine::state::set_vector_at;

/// Compiles a function. `jumps`: whether links go on by jumps.
pub fn build(body: &FunctionBody, jumps: bool) -> ChainsBuilder {
    let flat = FlatCode::new(body);
    let mut chains = ChainsBuilder::new(body, jumps, 0);
    for block in 0..body.blocks.len() as BlockId {
        let (instructions, statements) = flat.block(block);
        let maker = |chains: &mut ChainsBuilder, index: usize, next: Option<Next>| {
            let maker = MakeLink {
                chains,
                statement: statements[index],
                block,
                next,
            };
            make(maker, body, instructions[index])
        };
        let (last, before) = match instructions.split_last() {
            Some((last, before)) if last.is_terminator() => (maker(&mut chains, before.len(), None), before.len()),
            _ => (chains.transfer(block, block + 1).link(), instructions.len()),
        };
        let makers = (0..before).rev();
        let makers = makers.map(|index| move |chains: &mut ChainsBuilder, next: Next| maker(chains, index, Some(next)));
        chains.block(block, last, makers);
    }
    chains
}

/// Makes the closure of one instruction and links it to what follows.
struct MakeLink<'a> {
    /// Knows the ways between blocks.
    chains: &'a mut ChainsBuilder,
    /// The statement the instruction belongs to.
    statement: u32,
    /// The block the instruction is in.
    block: BlockId,
    /// What follows; a terminator has none, and goes on through the table.
    next: Option<Next>,
}

impl MakeLink<'_> {
    fn next(self) -> Next {
        self.next.expect("only a terminator is followed by nothing")
    }
}

impl Maker for MakeLink<'_> {
    type Code = Next;

    fn set<A: Source>(self, d: Slot, a: A) -> Next {
        let next = self.next();
        link(move |chains, state, window| {
            window[usize::from(d)] = a.get(window);
            next.run(chains, state, window)
        })
    }

    fn unary<O: Unary, A: Source>(self, d: Slot, a: A) -> Next {
        let (statement, next) = (self.statement, self.next());
        if O::TRAPS {
            link(
                move |chains, state, window| match O::apply(O::A::from_slot(a.get(window))) {
                    Ok(value) => {
                        window[usize::from(d)] = value.to_slot();
                        next.run(chains, state, window)
                    }
                    Err(trap) => trapped(state, trap, statement),
                },
            )
        } else {
            // Without the statement the box is a size smaller.
            link(move |chains, state, window| {
                window[usize::from(d)] = infallible_unary::<O>(a.get(window));
                next.run(chains, state, window)
            })
        }
    }

    fn binary<O: Binary, A: Source, B: Source>(self, d: Slot, a: A, b: B) -> Next {
        let (statement, next) = (self.statement, self.next());
        if O::TRAPS {
            link(move |chains, state, window| {
                match O::apply(O::A::from_slot(a.get(window)), O::B::from_slot(b.get(window))) {
                    Ok(value) => {
                        window[usize::from(d)] = value.to_slot();
                        next.run(chains, state, window)
                    }
                    Err(trap) => trapped(state, trap, statement),
                }
            })
        } else {
            link(move |chains, state, window| {
                window[usize::from(d)] = infallible::<O>(a.get(window), b.get(window));
                next.run(chains, state, window)
            })
        }
    }

    fn load<O: Load, M: MemoryOf, A: Source>(self, d: Slot, memory: M, address: A, offset: M::Offset) -> Next {
        let (statement, next) = (self.statement, self.next());
        link(move |chains, state, window| {
            match O::load(
                memory.bytes(state),
                M::Address::from_slot(address.get(window)),
                offset.into(),
            ) {
                Ok(value) => {
                    window[usize::from(d)] = value.to_slot();
                    next.run(chains, state, window)
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
    ) -> Next {
        let (statement, next) = (self.statement, self.next());
        link(move |chains, state, window| {
            let value = O::V::from_slot(value.get(window));
            match O::store(
                memory.bytes(state),
                M::Address::from_slot(address.get(window)),
                offset.into(),
                value,
            ) {
                Ok(()) => next.run(chains, state, window),
                Err(trap) => trapped(state, trap, statement),
            }
        })
    }

    fn select<A: Source, B: Source>(self, d: Slot, condition: Slot, a: A, b: B) -> Next {
        let next = self.next();
        link(move |chains, state, window| {
            let (a, b) = (a.get(window), b.get(window));
            let chosen = if window[usize::from(condition)] as u32 != 0 {
                a
            } else {
                b
            };
            window[usize::from(d)] = chosen;
            next.run(chains, state, window)
        })
    }

    fn global_get<G: GlobalOf>(self, d: Slot, global: G) -> Next {
        let next = self.next();
        link(move |chains, state, window| {
            window[usize::from(d)] = global.get(state);
            next.run(chains, state, window)
        })
    }

    fn global_set<G: GlobalOf, V: Source>(self, global: G, value: V) -> Next {
        let next = self.next();
        link(move |chains, state, window| {
            global.set(state, value.get(window));
            next.run(chains, state, window)
        })
    }

    fn vector(self, body: &FunctionBody, instruction: VectorInstruction) -> Next {
        typed_vector::make(self, body, instruction)
    }

    fn builtin(self, op: Builtin, base: Slot, x: u32, y: u32) -> Next {
        let (statement, next) = (self.statement, self.next());
        link(move |chains, state, window| {
            // A `Result` here is one byte in a register.
            match state.builtin(op, x, y, &mut window[usize::from(base)..]) {
                Ok(()) => next.run(chains, state, window),
                Err(trap) => trapped(state, trap, statement),
            }
        })
    }

    fn meter(self, cost: u32) -> Next {
        let (block, next) = (self.block, self.next());
        link(move |chains, state, window| {
            if state.charge(cost) {
                next.run(chains, state, window)
            } else {
                Flow::suspend(block)
            }
        })
    }

    fn jump(self, target: BlockId) -> Next {
        self.chains.transfer(self.block, target).link()
    }

    fn branch<C: Condition, const WHEN: bool>(self, condition: C, target: BlockId) -> Next {
        let taken = self.chains.transfer(self.block, target);
        let otherwise = self.chains.transfer(self.block, self.block + 1);
        link(move |chains, state, window| {
            if condition.holds(window) == WHEN {
                taken.take(chains, state, window)
            } else {
                otherwise.take_otherwise(chains, state, window)
            }
        })
    }

    fn switch(self, index: Slot, targets: Box<[BlockId]>) -> Next {
        let transfers = targets.iter().map(|&target| self.chains.transfer(self.block, target));
        let transfers: Box<[Transfer]> = transfers.collect();
        self.chains.count(size_of_val(&*transfers));
        link(move |chains, state, window| {
            let last = transfers.len() - 1;
            transfers[(window[usize::from(index)] as u32 as usize).min(last)].take(chains, state, window)
        })
    }

    fn call(self) -> Next {
        let flow = Flow::leave(self.block);
        link(move |_chains, _state, _window| flow)
    }

    fn call_indirect<A: Source>(self, index: A) -> Next {
        let flow = Flow::leave(self.block);
        link(move |_chains, state, window| {
            state.leave_operand(index.get(window) as u32);
            flow
        })
    }

    fn ret(self) -> Next {
        link(move |_chains, _state, _window| Flow::RETURN)
    }

    fn trap(self, trap: Trap) -> Next {
        let statement = self.statement;
        link(move |_chains, state, _window| trapped(state, trap, statement))
    }
}

impl VectorMaker for MakeLink<'_> {
    type Code = Next;

    fn vector<A: VectorOperand>(self, d: Slot, a: A) -> Next {
        let (statement, next) = (self.statement, self.next());
        if A::FAILS {
            link(move |chains, state, window| match a.get(state, window) {
                Ok(value) => {
                    set_vector_at(window, d, value);
                    next.run(chains, state, window)
                }
                Err(trap) => trapped(state, trap, statement),
            })
        } else {
            // Without the statement the box is a size smaller.
            link(move |chains, state, window| {
                let value = certain(a.get(state, window));
                set_vector_at(window, d, value);
                next.run(chains, state, window)
            })
        }
    }

    fn scalar<A: Operand>(self, d: Slot, a: A) -> Next {
        let next = self.next();
        link(move |chains, state, window| {
            window[usize::from(d)] = certain(a.get(state, window));
            next.run(chains, state, window)
        })
    }

    fn effect<E: Effect>(self, effect: E) -> Next {
        let (statement, next) = (self.statement, self.next());
        link(move |chains, state, window| match effect.perform(state, window) {
            Ok(()) => next.run(chains, state, window),
            Err(trap) => trapped(state, trap, statement),
        })
    }
}
