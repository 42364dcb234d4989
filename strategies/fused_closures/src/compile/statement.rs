//! The closures of statements: each evaluates its trees, does its one effect, and calls the next statement's closure.

use std::marker::PhantomData;

use wasm_dispatch_closures::chain::{Next, link, trapped};
use wasm_dispatch_closures::operand::Operand;
use wasm_dispatch_closures::typed::{
    Constant, FirstMemory, GlobalOf, ImportedGlobal, InSlot, MemoryOf, OwnGlobal, Source, first_memory, infallible,
};
use wasm_dispatch_ir::Trap;
use wasm_dispatch_ir::builtin::Builtin;
use wasm_dispatch_ir::code::{FunctionBody, Node, NodeId, Slot};
use wasm_dispatch_ir::ops::{self, Binary, BinaryOp, Store, StoreOp, StoreVisitor};
use wasm_dispatch_ir::slot::SlotValue;
use wasm_dispatch_machine::driver::Flow;
use wasm_dispatch_machine::state::{State, Window};

use super::tree::{Compiler, Sink, address_of};
use crate::code::Nested;

/// Evaluates an operand, or leaves the closure with its trap.
///
/// A call inside has left its trap in the state. Asking after every statement with calls, even where none can trap, is one
/// comparison with memory that is in the cache; another set of closures would cost more.
macro_rules! evaluate {
    ($operand:ident: $type:ty, $state:ident, $window:ident, $statement:ident) => {
        match $operand.get($state, $window) {
            Ok(_) if <$type>::CALLS && $state.has_trapped() => {
                // The first trap stays.
                return trapped($state, Trap::Unreachable, $statement);
            }
            Ok(value) => value,
            Err(trap) => return trapped($state, trap, $statement),
        }
    };
}
pub(super) use evaluate;

/// The value of an operand that cannot trap.
#[inline(always)]
fn certain<A: Operand>(a: &A, state: &mut State, window: &Window) -> u64 {
    match a.get(state, window) {
        Ok(value) => value,
        Err(_) => unreachable!("the operand does not trap"),
    }
}

/// A builtin: the machine carries it out.
pub fn builtin(number: u32, op: Builtin, base: Slot, [x, y]: [u32; 2], next: Next) -> Next {
    link(
        move |chains, state, window| match state.builtin(op, x, y, &mut window[usize::from(base)..]) {
            Ok(()) => next.run(chains, state, window),
            Err(trap) => trapped(state, trap, number),
        },
    )
}

/// Where a store goes.
pub struct Place {
    pub memory: u16,
    pub address: NodeId,
    pub offset: u32,
}

impl Compiler<'_> {
    /// `slot = value`
    pub fn set(&mut self, number: u32, slot: Slot, value: NodeId, next: Next) -> Next {
        let next = match update(self.body, slot, value, next) {
            Ok(done) => return done,
            Err(next) => next,
        };
        let sink = ToSlot {
            slot,
            statement: number,
            next,
        };
        self.tree(value, sink)
    }

    /// `global = value`
    pub fn global_set(&mut self, number: u32, global: u32, value: NodeId, next: Next) -> Next {
        match global.checked_sub(self.body.imported_globals) {
            Some(own) => self.leaf(value, ToGlobal(OwnGlobal(own), number, next)),
            None => self.leaf(value, ToGlobal(ImportedGlobal(global), number, next)),
        }
    }

    /// `memory[address + offset] = value`
    pub fn store(&mut self, number: u32, op: StoreOp, place: Place, value: NodeId, next: Next) -> Next {
        op.visit(StoreRoot {
            compiler: self,
            place,
            value,
            statement: number,
            next,
        })
    }

    /// Evaluates a tree for its trap alone.
    pub fn eval(&mut self, number: u32, value: NodeId, next: Next) -> Next {
        let a = self.nested(value);
        link(move |chains, state, window| {
            evaluate!(a: Nested, state, window, number);
            next.run(chains, state, window)
        })
    }

    /// Pays for a block, or suspends the run.
    pub fn meter(&mut self, number: u32, cost: u32, next: Next) -> Next {
        // In a copied block, too: it is the original that a suspended run goes on with.
        let block = self.body.block_of(number);
        link(move |chains, state, window| {
            if state.charge(cost) {
                next.run(chains, state, window)
            } else {
                Flow::suspend(block)
            }
        })
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

struct StoreRoot<'c, 'a> {
    compiler: &'c mut Compiler<'a>,
    place: Place,
    value: NodeId,
    statement: u32,
    next: Next,
}

impl StoreVisitor for StoreRoot<'_, '_> {
    type Output = Next;
    fn visit<O: Store>(self) -> Next {
        let offset = match first_memory(self.compiler.body, self.place.memory, self.place.offset) {
            Ok(offset) => offset,
            Err((memory, offset)) => {
                let sink = StoreAt::<O, _, _> {
                    value: self.compiler.nested(self.value),
                    memory,
                    offset,
                    statement: self.statement,
                    next: self.next,
                    store: PhantomData,
                };
                return sink.take(self.compiler.nested(self.place.address));
            }
        };
        match self.compiler.body.node(self.value) {
            Node::Slot(slot) => self.store::<O, _>(offset, InSlot(slot)),
            Node::Const(value) => self.store::<O, _>(offset, Constant(value)),
            _ => {
                let value = self.compiler.nested(self.value);
                self.store::<O, _>(offset, value)
            }
        }
    }
}

impl StoreRoot<'_, '_> {
    fn store<O: Store, V: Operand>(self, offset: u32, value: V) -> Next {
        let sink = StoreAt::<O, _, _> {
            value,
            memory: FirstMemory,
            offset,
            statement: self.statement,
            next: self.next,
            store: PhantomData,
        };
        match address_of(self.compiler.body, self.place.address, sink) {
            Ok(done) => done,
            Err(sink) => self.compiler.leaf(self.place.address, sink),
        }
    }
}

/// `memory[address + offset] = value`; the address goes here.
struct StoreAt<O, M: MemoryOf, V> {
    value: V,
    memory: M,
    offset: M::Offset,
    statement: u32,
    next: Next,
    store: PhantomData<O>,
}

impl<O: Store, M: MemoryOf, V: Operand> Sink for StoreAt<O, M, V> {
    type Out = Next;
    fn take<A: Operand>(self, address: A) -> Next {
        let (value, memory, offset, statement, next) =
            (self.value, self.memory, self.offset, self.statement, self.next);
        link(move |chains, state, window| {
            let at = M::Address::from_slot(evaluate!(address: A, state, window, statement));
            let value = O::V::from_slot(evaluate!(value: V, state, window, statement));
            match O::store(memory.bytes(state), at, offset.into(), value) {
                Ok(()) => next.run(chains, state, window),
                Err(trap) => trapped(state, trap, statement),
            }
        })
    }
}

/// Merges `slot = slot op leaf`, the commonest statement of all: one slot number less to fetch.
fn update(body: &FunctionBody, slot: Slot, value: NodeId, next: Next) -> Result<Next, Next> {
    fn by<O: Binary, B: Source>(slot: Slot, b: B, next: Next) -> Next {
        link(move |chains, state, window| {
            let b = b.get(window);
            let place = &mut window[usize::from(slot)];
            *place = infallible::<O>(*place, b);
            next.run(chains, state, window)
        })
    }
    macro_rules! update {
        ($($o:ident)*) => {
            match body.node(value) {
                Node::Binary { op, a, b } if body.node(a) == Node::Slot(slot) => match (op, body.node(b)) {
                    $((BinaryOp::$o, Node::Const(b)) => Ok(by::<ops::$o, _>(slot, Constant(b), next)),
                    (BinaryOp::$o, Node::Slot(b)) => Ok(by::<ops::$o, _>(slot, InSlot(b), next)),)*
                    _ => Err(next),
                },
                _ => Err(next),
            }
        };
    }
    update! {
        I32Add I32Sub I32Mul I32And I32Or I32Xor I32Shl I32ShrU I32ShrS
        I64Add I64Sub I64Mul I64And I64Or I64Xor I64Shl I64ShrU
        F64Add F64Sub F64Mul
    }
}
