//! The closures of terminators: how a block ends.

use std::marker::PhantomData;

use wasm_dispatch_machine::Trap;
use wasm_dispatch_machine::chain::{Next, Transfer, link, trapped};
use wasm_dispatch_machine::code::{BlockId, Node, NodeId, Statement};
use wasm_dispatch_machine::driver::Flow;
use wasm_dispatch_machine::ops::{self, Binary, BinaryOp, BinaryVisitor};

use crate::operand::Operand;
use crate::statement::evaluate;
use crate::tree::{Compared32, Compared64, Compiler, Sink};

/// Makes the closure of a block's terminator.
pub fn terminator<T: Transfer>(compiler: &mut Compiler<'_>, statement: Statement, number: u32, block: BlockId) -> Next {
    match statement {
        Statement::Jump(target) => link(move |chains, state, window| T::to(chains, target, state, window)),
        Statement::Branch {
            condition,
            when,
            target,
        } => {
            let place = Place {
                statement: number,
                target,
                next: block + 1,
            };
            if when {
                branch(compiler, condition, ToBranch::<T, true>(place, PhantomData))
            } else {
                branch(compiler, condition, ToBranch::<T, false>(place, PhantomData))
            }
        }
        Statement::Switch { index, first, count } => {
            let targets: Box<[BlockId]> = compiler.body.targets[first as usize..(first + count) as usize].into();
            compiler.chains.count(size_of_val(&*targets));
            compiler.variable(
                index,
                ToSwitch::<T> {
                    targets,
                    statement: number,
                    transfer: PhantomData,
                },
            )
        }
        Statement::Call { .. } | Statement::TailCall { .. } => {
            let flow = Flow::leave(number);
            link(move |_chains, _state, _window| flow)
        }
        Statement::CallIndirect { index, .. } | Statement::TailCallIndirect { index, .. } => {
            compiler.leaf(index, ToOperand(number))
        }
        Statement::Return => link(|_chains, _state, _window| Flow::RETURN),
        Statement::Trap(trap) => link(move |_chains, state, _window| trapped(state, trap, number)),
        _ => unreachable!("a block ends with a terminator"),
    }
}

/// Where a branch is and where it leads.
struct Place {
    statement: u32,
    target: BlockId,
    next: BlockId,
}

/// `if condition goto target`
struct ToBranch<T, const WHEN: bool>(Place, PhantomData<T>);

impl<T: Transfer, const WHEN: bool> Sink for ToBranch<T, WHEN> {
    type Out = Next;
    fn take<A: Operand>(self, condition: A) -> Next {
        let Place {
            statement,
            target,
            next,
        } = self.0;
        link(move |chains, state, window| {
            let value = evaluate!(condition: A, state, window, statement);
            if (value as u32 != 0) == WHEN {
                T::to(chains, target, state, window)
            } else {
                T::otherwise_to(chains, next, state, window)
            }
        })
    }
}

/// Merges a comparison with its branch, and an inner node of the comparison where that is frequent.
fn branch<T: Transfer, const WHEN: bool>(
    compiler: &mut Compiler<'_>,
    condition: NodeId,
    sink: ToBranch<T, WHEN>,
) -> Next {
    // An optimised build needs its trampoline only if the probe finds no jumps: not worth thousands of closures.
    if cfg!(trampoline) || T::JUMPS {
        if let Node::Binary { op, a, b } = compiler.body.node(condition)
            && op.is_test()
        {
            let sink = match pair(compiler, op, a, b, sink) {
                Ok(done) => return done,
                Err(sink) => sink,
            };
            return op.visit(TestRoot { compiler, a, b, sink });
        }
    }
    compiler.variable(condition, sink)
}

fn pair<S: Sink>(compiler: &mut Compiler<'_>, op: BinaryOp, a: NodeId, b: NodeId, sink: S) -> Result<S::Out, S> {
    macro_rules! tests {
        ($inner:ident: $($o:ident)*) => {
            match op {
                $(BinaryOp::$o => return compiler.pair_of::<ops::$o, $inner, S>(a, b, sink),)*
                _ => {}
            }
        };
    }
    tests! { Compared32: I32Eq I32Ne I32LtS I32LtU I32GtS I32GtU I32LeS I32LeU I32GeS I32GeU }
    tests! { Compared64: I64Eq I64Ne }
    Err(sink)
}

struct TestRoot<'c, 'a, S> {
    compiler: &'c mut Compiler<'a>,
    a: NodeId,
    b: NodeId,
    sink: S,
}

impl<S: Sink> BinaryVisitor for TestRoot<'_, '_, S> {
    type Output = S::Out;
    fn visit<O: Binary>(self) -> S::Out {
        if !O::TEST {
            unreachable!("only rows of the test part are merged with a branch");
        }
        self.compiler.binary::<O, S>(self.a, self.b, self.sink)
    }
}

/// `goto targets[min(index, last)]`
struct ToSwitch<T> {
    targets: Box<[BlockId]>,
    statement: u32,
    transfer: PhantomData<T>,
}

impl<T: Transfer> Sink for ToSwitch<T> {
    type Out = Next;
    fn take<A: Operand>(self, index: A) -> Next {
        let ToSwitch { targets, statement, .. } = self;
        link(move |chains, state, window| {
            let index = evaluate!(index: A, state, window, statement) as u32 as usize;
            let target = targets[index.min(targets.len() - 1)];
            T::to(chains, target, state, window)
        })
    }
}

/// Hands the element index of an indirect call to the driver.
struct ToOperand(u32);

impl Sink for ToOperand {
    type Out = Next;
    fn take<A: Operand>(self, index: A) -> Next {
        let statement = self.0;
        link(move |_chains, state, window| {
            state.operand = evaluate!(index: A, state, window, statement) as u32;
            Flow::leave(statement)
        })
    }
}
