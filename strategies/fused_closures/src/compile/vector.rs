//! Trees and statements of vectors.
//!
//! Operations that programs run often, the `hot` rows of the table, have a closure for operands in slots; all others take
//! operands from anywhere.

use std::marker::PhantomData;

use wasm_dispatch_closures::chain::{Next, link, trapped};
use wasm_dispatch_closures::operand::{Effect, Operand, VectorOperand, certain};
use wasm_dispatch_closures::typed::{self, Constant, FirstMemory, InSlot, first_memory};
use wasm_dispatch_closures::vector::{
    Extracted, GlobalSet, InSlots, LaneLoaded, LaneStored, Loaded, One, Replaced, Selected, Shifted, Shuffled,
    Splatted, Stored, Test, Three, Two, VectorConstant, VectorGlobal,
};
use wasm_dispatch_ir::Trap;
use wasm_dispatch_ir::code::vector::VectorNode;
use wasm_dispatch_ir::code::{Node, NodeId, Slot};
use wasm_dispatch_ir::vector_ops::{
    self, Extract, ExtractVisitor, LoadLane, LoadLaneVisitor, Replace, ReplaceVisitor, Shift, ShiftVisitor, Splat,
    SplatVisitor, StoreLane, StoreLaneOp, StoreLaneVisitor, Vector1, Vector1Visitor, Vector2, Vector2Visitor, Vector3,
    Vector3Visitor, VectorLoad, VectorLoadOp, VectorLoadVisitor, VectorStore, VectorStoreOp, VectorStoreVisitor,
    VectorTest, VectorTestVisitor,
};
use wasm_dispatch_machine::state::set_vector_at;

use super::statement::{Place, evaluate};
use super::tree::{Compiler, Sink, address_of};
use crate::vector::{AnyScalar, AnyVector, Vector, vector};

/// What is done with a tree of a vector once its type is known.
trait VectorSink: Sized {
    /// What that gives.
    type Out;
    /// Does it.
    fn take<A: VectorOperand>(self, a: A) -> Self::Out;
}

/// Boxes a subtree.
struct Boxed;

impl VectorSink for Boxed {
    type Out = Box<dyn Vector>;
    fn take<A: VectorOperand>(self, a: A) -> Box<dyn Vector> {
        vector(a)
    }
}

/// `slots = tree`
struct ToSlots {
    slot: Slot,
    statement: u32,
    next: Next,
}

impl VectorSink for ToSlots {
    type Out = Next;
    fn take<A: VectorOperand>(self, a: A) -> Next {
        let ToSlots { slot, statement, next } = self;
        if A::FAILS || A::CALLS {
            link(move |chains, state, window| {
                let value = evaluate!(a: A, state, window, statement);
                set_vector_at(window, slot, value);
                next.run(chains, state, window)
            })
        } else {
            link(move |chains, state, window| {
                let value = certain(a.get(state, window));
                set_vector_at(window, slot, value);
                next.run(chains, state, window)
            })
        }
    }
}

/// The link of a statement.
fn effect<E: Effect>(effect: E, statement: u32, next: Next) -> Next {
    link(move |chains, state, window| match effect.perform(state, window) {
        Ok(()) => next.run(chains, state, window),
        // If it is not the first, that one stays.
        Err(trap) => trapped(state, trap, statement),
    })
}

/// Statements.
impl Compiler<'_> {
    /// `slots = value`
    pub fn vector_set(&mut self, number: u32, slot: Slot, value: NodeId, next: Next) -> Next {
        let sink = ToSlots {
            slot,
            statement: number,
            next,
        };
        self.vector_tree(value, sink)
    }

    /// `global = value`
    pub fn vector_global_set(&mut self, number: u32, global: u32, value: NodeId, next: Next) -> Next {
        let a = self.any_vector(value);
        effect(GlobalSet { a, global }, number, next)
    }

    /// Evaluates a tree for its trap alone.
    pub fn vector_eval(&mut self, number: u32, value: NodeId, next: Next) -> Next {
        let a = self.any_vector(value);
        link(move |chains, state, window| {
            evaluate!(a: AnyVector, state, window, number);
            next.run(chains, state, window)
        })
    }

    /// `memory[address + offset] = value`
    pub fn vector_store(&mut self, number: u32, op: VectorStoreOp, place: Place, value: NodeId, next: Next) -> Next {
        op.visit(StoreRoot {
            compiler: self,
            place,
            value,
            statement: number,
            next,
        })
    }

    /// `memory[address + offset] = lane of value`
    pub fn store_lane(
        &mut self,
        number: u32,
        (op, lane): (StoreLaneOp, u8),
        place: Place,
        value: NodeId,
        next: Next,
    ) -> Next {
        op.visit(StoreLaneRoot {
            compiler: self,
            place,
            value,
            lane,
            statement: number,
            next,
        })
    }
}

/// Operands.
impl Compiler<'_> {
    fn vector_node(&self, node: NodeId) -> VectorNode {
        match self.body.node(node) {
            Node::Vector(node) => node,
            _ => unreachable!("a vector is a vector's node"),
        }
    }

    /// The subtree as an operand from anywhere.
    fn any_vector(&mut self, node: NodeId) -> AnyVector {
        match self.vector_node(node) {
            VectorNode::Slot(slot) => AnyVector::Slots(InSlots(slot)),
            VectorNode::Const(index) => AnyVector::Constant(self.constant(index)),
            _ => {
                let boxed = self.vector_tree(node, Boxed);
                self.chains.count_closure(size_of_val(&*boxed));
                AnyVector::Nested(boxed)
            }
        }
    }

    /// Likewise of a scalar.
    fn any_scalar(&mut self, node: NodeId) -> AnyScalar {
        match self.body.node(node) {
            Node::Slot(slot) => AnyScalar::Slot(InSlot(slot)),
            Node::Const(value) => AnyScalar::Constant(Constant(value)),
            _ => AnyScalar::Nested(self.nested(node)),
        }
    }

    fn constant(&self, index: u32) -> VectorConstant {
        VectorConstant(self.body.vectors[index as usize])
    }

    /// The slots that an operand is in, if it is.
    fn in_slots(&self, node: NodeId) -> Option<InSlots> {
        match self.vector_node(node) {
            VectorNode::Slot(slot) => Some(InSlots(slot)),
            _ => None,
        }
    }

    /// The whole tree of a scalar that comes from a vector, its root merged into what the sink makes.
    pub fn vector_scalar<S: Sink>(&mut self, node: VectorNode, sink: S) -> S::Out {
        match node {
            VectorNode::Test { op, a } => op.visit(TestRoot {
                a: self.any_vector(a),
                sink,
            }),
            VectorNode::Extract { op, lane, a } => op.visit(ExtractRoot {
                a: self.any_vector(a),
                lane,
                sink,
            }),
            _ => unreachable!("a vector takes two slots"),
        }
    }

    /// The whole tree of a vector.
    fn vector_tree<S: VectorSink>(&mut self, node: NodeId, sink: S) -> S::Out {
        let compiler = self;
        match compiler.vector_node(node) {
            VectorNode::Slot(slot) => sink.take(InSlots(slot)),
            VectorNode::Const(index) => sink.take(compiler.constant(index)),
            VectorNode::GlobalGet(global) => sink.take(VectorGlobal(global)),
            VectorNode::Select { condition, a, b } => {
                let (a, b) = (compiler.any_vector(a), compiler.any_vector(b));
                let condition = compiler.any_scalar(condition);
                sink.take(Selected { a, b, condition })
            }
            VectorNode::One { op, a } => op.visit(OneRoot { compiler, a, sink }),
            VectorNode::Two { op, a, b } => op.visit(TwoRoot { compiler, a, b, sink }),
            VectorNode::Three { op, a, b, c } => {
                let [a, b, c] = [a, b, c].map(|node| compiler.any_vector(node));
                op.visit(ThreeRoot { a, b, c, sink })
            }
            VectorNode::Shift { op, a, b } => op.visit(ShiftRoot { compiler, a, b, sink }),
            VectorNode::Splat { op, a } => op.visit(SplatRoot {
                a: compiler.any_scalar(a),
                sink,
            }),
            VectorNode::Replace { op, lane, a, b } => op.visit(ReplaceRoot {
                a: compiler.any_vector(a),
                b: compiler.any_scalar(b),
                lane,
                sink,
            }),
            VectorNode::Shuffle { lanes, a, b } => {
                let VectorConstant(lanes) = compiler.constant(lanes);
                let (a, b) = (compiler.any_vector(a), compiler.any_vector(b));
                let lanes = lanes.to_bytes();
                sink.take(Shuffled { a, b, lanes })
            }
            VectorNode::Load {
                op,
                memory,
                address,
                offset,
            } => op.visit(LoadRoot {
                compiler,
                place: Place {
                    memory: u16::from(memory),
                    address,
                    offset,
                },
                sink,
            }),
            VectorNode::LoadLane {
                op,
                lane,
                memory,
                address,
                offset,
                a,
            } => {
                let address = compiler.any_scalar(address);
                let a = compiler.any_vector(a);
                op.visit(LoadLaneRoot {
                    place: first_memory(compiler.body, u16::from(memory), offset),
                    address,
                    a,
                    lane,
                    sink,
                })
            }
            VectorNode::Test { .. } | VectorNode::Extract { .. } => unreachable!("a scalar is no vector"),
        }
    }
}

/// A visitor of a group of rows: what it holds, and what it makes of that for a row `O`.
macro_rules! root {
    (
        $name:ident<$($life:lifetime)* $s:ident: $sink:ident> { $($field:ident: $ty:ty),* }
        visits $trait:ident through $visitor:ident, |$o:ident| $code:expr
    ) => {
        struct $name<$($life,)* $s> {
            $($field: $ty,)*
        }
        impl<$($life,)* $s: $sink> $visitor for $name<$($life,)* $s> {
            type Output = $s::Out;
            fn visit<$o: $trait>(self) -> $s::Out {
                let $name { $($field,)* } = self;
                $code
            }
        }
    };
}

root! {
    TestRoot<S: Sink> { a: AnyVector, sink: S } visits VectorTest through VectorTestVisitor,
    |O| sink.take(Test { a, op: PhantomData::<O> })
}
root! {
    ExtractRoot<S: Sink> { a: AnyVector, lane: u8, sink: S } visits Extract through ExtractVisitor,
    |O| sink.take(Extracted { a, lane, op: PhantomData::<O> })
}
root! {
    OneRoot<'c 'a S: VectorSink> { compiler: &'c mut Compiler<'a>, a: NodeId, sink: S } visits Vector1 through Vector1Visitor,
    |O| if O::HOT && let Some(a) = compiler.in_slots(a) {
        sink.take(One { a, op: PhantomData::<O> })
    } else {
        let a = compiler.any_vector(a);
        sink.take(One { a, op: PhantomData::<O> })
    }
}
root! {
    TwoRoot<'c 'a S: VectorSink> { compiler: &'c mut Compiler<'a>, a: NodeId, b: NodeId, sink: S }
    visits Vector2 through Vector2Visitor,
    |O| if O::HOT {
        match (compiler.in_slots(a), compiler.in_slots(b)) {
            (Some(a), Some(b)) => sink.take(Two { a, b, op: PhantomData::<O> }),
            (Some(a), None) => {
                let b = compiler.any_vector(b);
                sink.take(Two { a, b, op: PhantomData::<O> })
            }
            (None, Some(b)) => {
                let a = compiler.any_vector(a);
                sink.take(Two { a, b, op: PhantomData::<O> })
            }
            (None, None) => compiler.two::<O, S>(a, b, sink),
        }
    } else {
        compiler.two::<O, S>(a, b, sink)
    }
}
root! {
    ThreeRoot<S: VectorSink> { a: AnyVector, b: AnyVector, c: AnyVector, sink: S }
    visits Vector3 through Vector3Visitor,
    |O| sink.take(Three { a, b, c, op: PhantomData::<O> })
}
root! {
    ShiftRoot<'c 'a S: VectorSink> { compiler: &'c mut Compiler<'a>, a: NodeId, b: NodeId, sink: S }
    visits Shift through ShiftVisitor,
    |O| match (compiler.in_slots(a), compiler.body.node(b)) {
        // Nearly all shifts are by a constant.
        (Some(a), Node::Const(b)) => {
            let b = Constant(b);
            sink.take(Shifted { a, b, op: PhantomData::<O> })
        }
        _ => {
            let (a, b) = (compiler.any_vector(a), compiler.any_scalar(b));
            sink.take(Shifted { a, b, op: PhantomData::<O> })
        }
    }
}
root! {
    SplatRoot<S: VectorSink> { a: AnyScalar, sink: S } visits Splat through SplatVisitor,
    |O| sink.take(Splatted { a, op: PhantomData::<O> })
}
root! {
    ReplaceRoot<S: VectorSink> { a: AnyVector, b: AnyScalar, lane: u8, sink: S } visits Replace through ReplaceVisitor,
    |O| sink.take(Replaced { a, b, lane, op: PhantomData::<O> })
}
root! {
    LoadRoot<'c 'a S: VectorSink> { compiler: &'c mut Compiler<'a>, place: Place, sink: S }
    visits VectorLoad through VectorLoadVisitor,
    |O| match first_memory(compiler.body, place.memory, place.offset) {
        Ok(offset) if matches!(O::OP, VectorLoadOp::V128Load) => {
            let sink = LoadAt { offset, sink };
            match address_of(compiler.body, place.address, sink) {
                Ok(done) => done,
                Err(sink) => {
                    let address = compiler.any_scalar(place.address);
                    sink.take(address)
                }
            }
        }
        Ok(offset) => {
            let (memory, address) = (FirstMemory, compiler.any_scalar(place.address));
            sink.take(Loaded { address, memory, offset, op: PhantomData::<O> })
        }
        Err((memory, offset)) => {
            let address = compiler.any_scalar(place.address);
            sink.take(Loaded { address, memory, offset, op: PhantomData::<O> })
        }
    }
}
root! {
    LoadLaneRoot<S: VectorSink> {
        place: typed::Place, address: AnyScalar, a: AnyVector, lane: u8, sink: S
    }
    visits LoadLane through LoadLaneVisitor,
    |O| match place {
        Ok(offset) => {
            let memory = FirstMemory;
            sink.take(LaneLoaded { address, a, memory, offset, lane, op: PhantomData::<O> })
        }
        Err((memory, offset)) => sink.take(LaneLoaded { address, a, memory, offset, lane, op: PhantomData::<O> }),
    }
}

impl Compiler<'_> {
    /// An operation with operands from anywhere.
    fn two<O: Vector2, S: VectorSink>(&mut self, a: NodeId, b: NodeId, sink: S) -> S::Out {
        let (a, b) = (self.any_vector(a), self.any_vector(b));
        let op = PhantomData::<O>;
        sink.take(Two { a, b, op })
    }
}

/// The address of a `v128.load` from the first memory goes here.
struct LoadAt<S> {
    offset: u32,
    sink: S,
}

impl<S: VectorSink> Sink for LoadAt<S> {
    type Out = S::Out;
    fn take<A: Operand>(self, address: A) -> S::Out {
        self.sink.take(Loaded {
            address,
            memory: FirstMemory,
            offset: self.offset,
            op: PhantomData::<vector_ops::V128Load>,
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

impl VectorStoreVisitor for StoreRoot<'_, '_> {
    type Output = Next;
    fn visit<O: VectorStore>(self) -> Next {
        let StoreRoot {
            compiler,
            place,
            value,
            statement,
            next,
        } = self;
        match (
            first_memory(compiler.body, place.memory, place.offset),
            compiler.in_slots(value),
        ) {
            (Ok(offset), Some(a)) => compiler.store_at::<O, _>(offset, place.address, a, statement, next),
            (Ok(offset), None) => {
                let a = compiler.any_vector(value);
                compiler.store_at::<O, _>(offset, place.address, a, statement, next)
            }
            (Err((memory, offset)), _) => {
                let stored = Stored {
                    address: compiler.any_scalar(place.address),
                    a: compiler.any_vector(value),
                    memory,
                    offset,
                    op: PhantomData::<O>,
                };
                effect(stored, statement, next)
            }
        }
    }
}

impl Compiler<'_> {
    fn store_at<O: VectorStore, V: VectorOperand>(
        &mut self,
        offset: u32,
        address: NodeId,
        a: V,
        statement: u32,
        next: Next,
    ) -> Next {
        let sink = StoreAt::<O, _> {
            a,
            offset,
            statement,
            next,
            op: PhantomData,
        };
        match address_of(self.body, address, sink) {
            Ok(done) => done,
            Err(sink) => sink.take(self.any_scalar(address)),
        }
    }
}

/// The address of a store to the first memory goes here.
struct StoreAt<O, V> {
    a: V,
    offset: u32,
    statement: u32,
    next: Next,
    op: PhantomData<O>,
}

impl<O: VectorStore, V: VectorOperand> Sink for StoreAt<O, V> {
    type Out = Next;
    fn take<A: Operand>(self, address: A) -> Next {
        let StoreAt {
            a,
            offset,
            statement,
            next,
            op,
        } = self;
        let memory = FirstMemory;
        let stored = Stored {
            address,
            a,
            memory,
            offset,
            op,
        };
        effect(stored, statement, next)
    }
}

struct StoreLaneRoot<'c, 'a> {
    compiler: &'c mut Compiler<'a>,
    place: Place,
    value: NodeId,
    lane: u8,
    statement: u32,
    next: Next,
}

impl StoreLaneVisitor for StoreLaneRoot<'_, '_> {
    type Output = Next;
    fn visit<O: StoreLane>(self) -> Next {
        let (lane, op) = (self.lane, PhantomData::<O>);
        let address = self.compiler.any_scalar(self.place.address);
        let a = self.compiler.any_vector(self.value);
        match first_memory(self.compiler.body, self.place.memory, self.place.offset) {
            Ok(offset) => {
                let memory = FirstMemory;
                let stored = LaneStored {
                    address,
                    a,
                    memory,
                    offset,
                    lane,
                    op,
                };
                effect(stored, self.statement, self.next)
            }
            Err((memory, offset)) => {
                let stored = LaneStored {
                    address,
                    a,
                    memory,
                    offset,
                    lane,
                    op,
                };
                effect(stored, self.statement, self.next)
            }
        }
    }
}
