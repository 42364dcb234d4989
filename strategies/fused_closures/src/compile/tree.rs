//! From nodes to types: chooses the closures of a tree.
//!
//! Every operand that is a slot or a constant is merged into the closure of its parent. Beyond that, the pairs of nodes
//! in [`Compiler::pair`] are merged: they make up most of what compiled programs compute. Everything else is a closure
//! that calls the closures of its operands.

use std::marker::PhantomData;

use wasm_dispatch_closures::chain::ChainsBuilder;
use wasm_dispatch_closures::operand::Operand;
use wasm_dispatch_closures::typed::{Constant, FirstMemory, ImportedGlobal, InSlot, OwnGlobal, first_memory};
use wasm_dispatch_ir::code::{FunctionBody, Node, NodeId};
use wasm_dispatch_ir::ops::{self, Binary, BinaryOp, BinaryVisitor, Load, LoadOp, LoadVisitor, Unary, UnaryVisitor};

use crate::code::{At, Global, Nested, Op1, Op2, Select, Value, value};

/// What is done with a tree once its type is known.
pub trait Sink: Sized {
    /// What that gives.
    type Out;
    /// Does it.
    fn take<A: Operand>(self, a: A) -> Self::Out;
}

/// Boxes a subtree.
struct Boxed;

impl Sink for Boxed {
    type Out = Box<dyn Value>;
    fn take<A: Operand>(self, a: A) -> Box<dyn Value> {
        value(a)
    }
}

/// Compiles the trees of a function.
pub struct Compiler<'a> {
    /// The function.
    pub body: &'a FunctionBody,
    /// Counts what is allocated.
    pub chains: &'a mut ChainsBuilder,
}

impl Compiler<'_> {
    /// The subtree as a closure of its own.
    pub fn nested(&mut self, node: NodeId) -> Nested {
        let boxed = self.tree(node, Boxed);
        self.chains.count_closure(size_of_val(&*boxed));
        Nested(boxed)
    }

    /// A slot, a constant, or a closure.
    pub fn leaf<S: Sink>(&mut self, node: NodeId, sink: S) -> S::Out {
        match self.body.node(node) {
            Node::Slot(slot) => sink.take(InSlot(slot)),
            Node::Const(value) => sink.take(Constant(value)),
            _ => sink.take(self.nested(node)),
        }
    }

    /// A slot or a closure, where constants are rare.
    pub fn variable<S: Sink>(&mut self, node: NodeId, sink: S) -> S::Out {
        match self.body.node(node) {
            Node::Slot(slot) => sink.take(InSlot(slot)),
            _ => sink.take(self.nested(node)),
        }
    }

    /// The whole tree, its root merged into what the sink makes.
    pub fn tree<S: Sink>(&mut self, node: NodeId, sink: S) -> S::Out {
        match self.body.node(node) {
            Node::Slot(slot) => sink.take(InSlot(slot)),
            Node::Const(value) => sink.take(Constant(value)),
            Node::GlobalGet(global) => match global.checked_sub(self.body.imported_globals) {
                Some(own) => sink.take(Global(OwnGlobal(own))),
                None => sink.take(Global(ImportedGlobal(global))),
            },
            Node::Vector(node) => self.vector_scalar(node, sink),
            Node::Unary { op, a } => op.visit(UnaryRoot {
                compiler: self,
                a,
                sink,
            }),
            Node::Binary { op, a, b } => match self.pair(op, a, b, sink) {
                Ok(done) => done,
                Err(sink) => op.visit(BinaryRoot {
                    compiler: self,
                    a,
                    b,
                    sink,
                }),
            },
            Node::Load {
                op,
                memory,
                address,
                offset,
            } => op.visit(LoadRoot {
                compiler: self,
                memory,
                address,
                offset,
                sink,
            }),
            Node::Select { condition, a, b } => {
                let a = Select {
                    a: self.nested_or_leaf(a),
                    b: self.nested_or_leaf(b),
                    condition: self.nested_or_leaf(condition),
                };
                select(a, sink)
            }
        }
    }

    fn nested_or_leaf(&mut self, node: NodeId) -> Leaf {
        match self.body.node(node) {
            Node::Slot(slot) => Leaf::Slot(InSlot(slot)),
            Node::Const(value) => Leaf::Const(Constant(value)),
            _ => Leaf::Nested(self.nested(node)),
        }
    }

    /// Merges the root with one inner node, where the pair is frequent.
    fn pair<S: Sink>(&mut self, op: BinaryOp, a: NodeId, b: NodeId, sink: S) -> Result<S::Out, S> {
        macro_rules! outer {
            ($inner:ident: $($o:ident)*) => {
                match op {
                    $(BinaryOp::$o => return self.pair_of::<ops::$o, $inner, S>(a, b, sink),)*
                    _ => {}
                }
            };
        }
        outer! { I32: I32Add I32Sub I32Mul I32And I32Or I32Xor I32Shl I32ShrU I32Rotl }
        outer! { I64: I64Add I64Sub I64Mul I64And I64Or I64Xor }
        outer! { F64: F64Add F64Sub F64Mul F64Div }
        Err(sink)
    }

    /// Merges an inner node on one side with a leaf on the other.
    pub fn pair_of<O: Binary, I: Inner, S: Sink>(&mut self, a: NodeId, b: NodeId, sink: S) -> Result<S::Out, S> {
        match (self.body.node(a), self.body.node(b)) {
            (Node::Slot(_) | Node::Const(_), Node::Slot(_) | Node::Const(_)) => Err(sink),
            (_, Node::Slot(b)) => {
                let left = LeftOf::<O, _, _>(InSlot(b), sink, PhantomData);
                I::inner(self.body, a, left).map_err(|left| left.1)
            }
            (_, Node::Const(b)) => {
                let left = LeftOf::<O, _, _>(Constant(b), sink, PhantomData);
                I::inner(self.body, a, left).map_err(|left| left.1)
            }
            // Lowering puts the constant of a commutative operation on the right.
            (Node::Slot(a), _) => {
                let right = RightOf::<O, _, _>(InSlot(a), sink, PhantomData);
                I::inner(self.body, b, right).map_err(|right| right.1)
            }
            _ => Err(sink),
        }
    }
}

/// An operand whose kind is known when the function is compiled.
enum Leaf {
    Slot(InSlot),
    Const(Constant),
    Nested(Nested),
}

/// Of the 27 forms of a select, those with at most one constant; constants elsewhere become closures.
fn select<S: Sink>(select: Select<Leaf, Leaf, Leaf>, sink: S) -> S::Out {
    use Leaf as L;
    fn boxed(leaf: Leaf) -> Nested {
        match leaf {
            L::Slot(a) => Nested(value(a)),
            L::Const(a) => Nested(value(a)),
            L::Nested(a) => a,
        }
    }
    macro_rules! form {
        ($a:expr, $b:expr, $c:expr) => {
            sink.take(Select {
                a: $a,
                b: $b,
                condition: $c,
            })
        };
    }
    match (select.a, select.b, select.condition) {
        (L::Slot(a), L::Slot(b), L::Slot(c)) => form!(a, b, c),
        (L::Slot(a), L::Slot(b), c) => form!(a, b, boxed(c)),
        (L::Slot(a), L::Const(b), L::Slot(c)) => form!(a, b, c),
        (L::Slot(a), L::Const(b), c) => form!(a, b, boxed(c)),
        (L::Const(a), L::Slot(b), L::Slot(c)) => form!(a, b, c),
        (L::Const(a), L::Slot(b), c) => form!(a, b, boxed(c)),
        (L::Const(a), L::Const(b), L::Slot(c)) => form!(a, b, c),
        (L::Const(a), L::Const(b), c) => form!(a, b, boxed(c)),
        (L::Slot(a), b, c) => form!(a, boxed(b), boxed(c)),
        (a, L::Slot(b), c) => form!(boxed(a), b, boxed(c)),
        (a, b, c) => form!(boxed(a), boxed(b), boxed(c)),
    }
}

/// The left operand of `O` goes here.
struct LeftOf<O, B, S>(B, S, PhantomData<O>);

impl<O: Binary, B: Operand, S: Sink> Sink for LeftOf<O, B, S> {
    type Out = S::Out;
    fn take<A: Operand>(self, a: A) -> S::Out {
        self.1.take(Op2::<O, _, _>(a, self.0, PhantomData))
    }
}

/// The right operand of `O` goes here.
struct RightOf<O, A, S>(A, S, PhantomData<O>);

impl<O: Binary, A: Operand, S: Sink> Sink for RightOf<O, A, S> {
    type Out = S::Out;
    fn take<B: Operand>(self, b: B) -> S::Out {
        self.1.take(Op2::<O, _, _>(self.0, b, PhantomData))
    }
}

/// The inner nodes of one type that are merged into their parent; all their operands are leaves.
pub trait Inner {
    /// Hands the node to the sink, if it is one of them.
    fn inner<S: Sink>(body: &FunctionBody, node: NodeId, sink: S) -> Result<S::Out, S>;
}

macro_rules! inner {
    ($(#[$doc:meta])* $name:ident, slots and constants: $($sc:ident)*; slots: $($ss:ident)*; loads: $($l:ident)*) => {
        $(#[$doc])*
        pub enum $name {}
        impl Inner for $name {
            fn inner<S: Sink>(body: &FunctionBody, node: NodeId, sink: S) -> Result<S::Out, S> {
                match body.node(node) {
                    Node::Binary { op, a, b } => match (op, body.node(a), body.node(b)) {
                        $((BinaryOp::$sc, Node::Slot(a), Node::Const(b)) => {
                            Ok(sink.take(Op2::<ops::$sc, _, _>(InSlot(a), Constant(b), PhantomData)))
                        })*
                        $((BinaryOp::$ss, Node::Slot(a), Node::Slot(b)) => {
                            Ok(sink.take(Op2::<ops::$ss, _, _>(InSlot(a), InSlot(b), PhantomData)))
                        })*
                        _ => Err(sink),
                    },
                    Node::Load { op, memory, address, offset } => match (op, first_memory(body, memory, offset)) {
                        $((LoadOp::$l, Ok(offset)) => address_of(body, address, AtAddress::<ops::$l, _>(offset, sink, PhantomData))
                            .map_err(|at| at.1),)*
                        _ => Err(sink),
                    },
                    _ => Err(sink),
                }
            }
        }
    };
}

inner! {
    /// Inner nodes with an `i32` result.
    I32, slots and constants: I32Add I32And I32Or I32Xor I32Shl I32ShrU I32Mul I32Rotl;
    slots: I32Add I32Sub I32And I32Xor I32Mul;
    loads: I32Load I32Load8U
}
inner! {
    /// Inner nodes with an `i64` result.
    I64, slots and constants: I64Add I64And I64Or I64Xor I64Shl I64ShrU I64Mul I64Rotl;
    slots: I64Add I64Xor I64Mul;
    loads: I64Load
}
inner! {
    /// Inner nodes with an `f64` result.
    F64, slots and constants: F64Mul; slots: F64Add F64Sub F64Mul; loads: F64Load
}
inner! {
    /// Inner nodes that are compared.
    Compared32, slots and constants: I32Add I32And; slots: I32Add I32Sub; loads: I32Load I32Load8U
}
inner! {
    /// Inner nodes that are compared.
    Compared64, slots and constants: I64And; slots: ; loads: I64Load
}

/// The address of a load of `L` goes here.
struct AtAddress<L, S>(u32, S, PhantomData<L>);

impl<L: Load, S: Sink> Sink for AtAddress<L, S> {
    type Out = S::Out;
    fn take<A: Operand>(self, address: A) -> S::Out {
        self.1.take(At::<L, _, _> {
            memory: FirstMemory,
            address,
            offset: self.0,
            load: PhantomData,
        })
    }
}

/// The addresses that are merged into loads and stores: a slot, and a sum of a slot and a leaf.
pub fn address_of<S: Sink>(body: &FunctionBody, node: NodeId, sink: S) -> Result<S::Out, S> {
    match body.node(node) {
        Node::Slot(slot) => Ok(sink.take(InSlot(slot))),
        Node::Binary {
            op: BinaryOp::I32Add,
            a,
            b,
        } => match (body.node(a), body.node(b)) {
            (Node::Slot(a), Node::Const(b)) => {
                Ok(sink.take(Op2::<ops::I32Add, _, _>(InSlot(a), Constant(b), PhantomData)))
            }
            (Node::Slot(a), Node::Slot(b)) => {
                Ok(sink.take(Op2::<ops::I32Add, _, _>(InSlot(a), InSlot(b), PhantomData)))
            }
            _ => Err(sink),
        },
        _ => Err(sink),
    }
}

struct UnaryRoot<'c, 'a, S> {
    compiler: &'c mut Compiler<'a>,
    a: NodeId,
    sink: S,
}

impl<S: Sink> UnaryVisitor for UnaryRoot<'_, '_, S> {
    type Output = S::Out;
    fn visit<O: Unary>(self) -> S::Out {
        struct Into<O, S>(S, PhantomData<O>);
        impl<O: Unary, S: Sink> Sink for Into<O, S> {
            type Out = S::Out;
            fn take<A: Operand>(self, a: A) -> S::Out {
                self.0.take(Op1::<O, _>(a, PhantomData))
            }
        }
        self.compiler.variable(self.a, Into::<O, _>(self.sink, PhantomData))
    }
}

struct BinaryRoot<'c, 'a, S> {
    compiler: &'c mut Compiler<'a>,
    a: NodeId,
    b: NodeId,
    sink: S,
}

impl<S: Sink> BinaryVisitor for BinaryRoot<'_, '_, S> {
    type Output = S::Out;
    fn visit<O: Binary>(self) -> S::Out {
        self.compiler.binary::<O, S>(self.a, self.b, self.sink)
    }
}

impl Compiler<'_> {
    /// An operation with each operand a slot, a constant or a closure.
    pub fn binary<O: Binary, S: Sink>(&mut self, a: NodeId, b: NodeId, sink: S) -> S::Out {
        match self.body.node(b) {
            Node::Slot(b) => self.leaf(a, LeftOf::<O, _, _>(InSlot(b), sink, PhantomData)),
            // Both constant: rare, since folding leaves only what traps.
            Node::Const(b) => self.variable(a, LeftOf::<O, _, _>(Constant(b), sink, PhantomData)),
            _ => {
                let b = self.nested(b);
                self.leaf(a, LeftOf::<O, _, _>(b, sink, PhantomData))
            }
        }
    }
}

struct LoadRoot<'c, 'a, S> {
    compiler: &'c mut Compiler<'a>,
    memory: u16,
    address: NodeId,
    offset: u32,
    sink: S,
}

impl<S: Sink> LoadVisitor for LoadRoot<'_, '_, S> {
    type Output = S::Out;
    fn visit<L: Load>(self) -> S::Out {
        let offset = match first_memory(self.compiler.body, self.memory, self.offset) {
            Ok(offset) => offset,
            Err((memory, offset)) => {
                return self.sink.take(At::<L, _, _> {
                    memory,
                    address: self.compiler.nested(self.address),
                    offset,
                    load: PhantomData,
                });
            }
        };
        let at = AtAddress::<L, _>(offset, self.sink, PhantomData);
        match address_of(self.compiler.body, self.address, at) {
            Ok(done) => done,
            Err(at) => self.compiler.leaf(self.address, at),
        }
    }
}
