//! The closures of statements: each evaluates its trees, does its one effect, and calls the next statement's closure.

use std::marker::PhantomData;

use wasm_dispatch_machine::Trap;
use wasm_dispatch_machine::chain::{ChainsBuilder, Next, Transfer, link, trapped};
use wasm_dispatch_machine::code::{BlockId, FunctionBody, Node, NodeId, Slot, Statement};
use wasm_dispatch_machine::driver::Flow;
use wasm_dispatch_machine::ops::{Binary, BinaryOp, BinaryVisitor, Store, StoreVisitor};
use wasm_dispatch_machine::slot::SlotValue;
use wasm_dispatch_machine::state::{State, Window};
use wasm_dispatch_machine::typed::{
    FirstMemory, GlobalOf, ImportedGlobal, InSlot, MemoryOf, OtherMemory, OwnGlobal,
};

use crate::operand::{Nested, Operand};
use crate::tree::{Compared, Compared64, Compiler, Sink, address_of};

/// Evaluates an operand, or leaves the closure with its trap.
///
/// A call inside has left its trap in the state. Asking for that after every such statement, also those whose calls
/// cannot trap, is one comparison with memory that is in the cache; another set of closures would be dearer.
macro_rules! evaluate {
    ($operand:ident: $type:ty, $state:ident, $window:ident, $statement:ident) => {
        match $operand.get($state, $window) {
            Ok(_) if <$type>::CALLS && $state.trap.is_some() => {
                // The first trap stays.
                return trapped($state, Trap::Unreachable, $statement);
            }
            Ok(value) => value,
            Err(trap) => return trapped($state, trap, $statement),
        }
    };
}

/// The value of an operand that cannot trap.
#[inline(always)]
fn certain<A: Operand>(a: &A, state: &mut State, window: &Window) -> u64 {
    match a.get(state, window) {
        Ok(value) => value,
        Err(_) => unreachable!("the operand does not trap"),
    }
}

/// Makes the closure of a statement that is not a terminator.
pub fn simple(
    chains: &mut ChainsBuilder,
    body: &FunctionBody,
    statement: Statement,
    number: u32,
    next: Next,
) -> Next {
    let mut compiler = Compiler { body, chains };
    match statement {
        Statement::Set { slot, value } => {
            if let Some(update) = crate::update::update(&compiler, slot, value) {
                return update.link(next);
            }
            let sink = ToSlot {
                slot,
                statement: number,
                next,
            };
            compiler.tree(value, sink)
        }
        Statement::GlobalSet { global, value } => match global.checked_sub(body.imported_globals) {
            Some(own) => compiler.leaf(value, ToGlobal(OwnGlobal(own), number, next)),
            None => compiler.leaf(value, ToGlobal(ImportedGlobal(global), number, next)),
        },
        Statement::Store {
            op,
            memory,
            address,
            offset,
            value,
        } => op.visit(StoreRoot {
            compiler,
            memory,
            address,
            offset,
            value,
            statement: number,
            next,
        }),
        Statement::Eval(value) => {
            let a = compiler.nested(value);
            link(move |chains, state, window| {
                evaluate!(a: Nested, state, window, number);
                next.run(chains, state, window)
            })
        }
        Statement::Runtime { op, base, x, y } => link(move |chains, state, window| {
            match state.runtime(op, x, y, &mut window[usize::from(base)..]) {
                Ok(()) => next.run(chains, state, window),
                Err(trap) => trapped(state, trap, number),
            }
        }),
        _ => unreachable!("a terminator ends its block"),
    }
}

/// `slot = tree`
struct ToSlot {
    slot: Slot,
    statement: u32,
    next: Next,
}

impl Sink for ToSlot {
    type Out = Next;
    fn take<A: Operand>(self, a: A) -> Next {
        let ToSlot { slot, statement, next } = self;
        if A::FAILS || A::CALLS {
            link(move |chains, state, window| {
                let value = evaluate!(a: A, state, window, statement);
                window[usize::from(slot)] = value;
                next.run(chains, state, window)
            })
        } else {
            // Without the statement the box is a size smaller.
            link(move |chains, state, window| {
                window[usize::from(slot)] = certain(&a, state, window);
                next.run(chains, state, window)
            })
        }
    }
}

/// `global = tree`
struct ToGlobal<G>(G, u32, Next);

impl<G: GlobalOf> Sink for ToGlobal<G> {
    type Out = Next;
    fn take<A: Operand>(self, a: A) -> Next {
        let ToGlobal(global, statement, next) = self;
        link(move |chains, state, window| {
            let value = evaluate!(a: A, state, window, statement);
            global.set(state, value);
            next.run(chains, state, window)
        })
    }
}

struct StoreRoot<'a> {
    compiler: Compiler<'a>,
    memory: u32,
    address: NodeId,
    offset: u64,
    value: NodeId,
    statement: u32,
    next: Next,
}

impl StoreVisitor for StoreRoot<'_> {
    type Output = Next;
    fn visit<O: Store>(mut self) -> Next {
        let body = self.compiler.body;
        let address = self.address;
        if self.memory != 0 {
            let value = self.compiler.nested(self.value);
            let address = self.compiler.nested(address);
            let memory = OtherMemory(self.memory);
            return store::<O, _, _, _>(memory, address, self.offset, value, self.statement, self.next);
        }
        let value = match body.node(self.value) {
            Node::Slot(slot) => return self.to_address(StoreOf::<O, _>::new(InSlot(slot))),
            Node::Const(value) => return self.to_address(StoreOf::<O, _>::new(Constant(value))),
            _ => self.compiler.nested(self.value),
        };
        self.to_address(StoreOf::<O, _>::new(value))
    }
}
