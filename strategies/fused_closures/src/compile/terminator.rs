//! The closures of terminators: how a block ends.

use std::sync::Arc;

use wasm_dispatch_closures::chain::{Next, Transfer, link, trapped};
use wasm_dispatch_closures::operand::Operand;
use wasm_dispatch_ir::Trap;
use wasm_dispatch_ir::code::{BlockId, Node, NodeId};
use wasm_dispatch_ir::ops::{self, Binary, BinaryOp, BinaryVisitor};
use wasm_dispatch_machine::driver::Flow;

use super::statement::evaluate;
use super::tree::{Compared32, Compared64, Compiler, Sink};

/// `return`
pub fn ret() -> Next {
    link(|_chains, _state, _window| Flow::RETURN)
}

/// `trap`
pub fn trap(number: u32, trap: Trap) -> Next {
    link(move |_chains, state, _window| trapped(state, trap, number))
}

impl Compiler<'_> {
    /// `if condition goto target`, or the opposite.
    pub fn branch(&mut self, block: BlockId, number: u32, condition: NodeId, when: bool, target: BlockId) -> Next {
        let ways = Ways {
            statement: number,
            taken: self.chains.transfer(block, target),
            otherwise: self.chains.transfer(block, self.body.block_of(number) + 1),
        };
        if when {
            branch(self, condition, ToBranch::<true>(ways))
        } else {
            branch(self, condition, ToBranch::<false>(ways))
        }
    }

    /// `goto targets[min(index, last)]`
    pub fn switch(&mut self, block: BlockId, number: u32, index: NodeId, targets: &[BlockId]) -> Next {
        let transfers = self.chains.switch(block, number, targets);
        self.variable(index, ToSwitch(transfers, number))
    }

    /// Leaves a direct call to the driver.
    pub fn call(&mut self, number: u32) -> Next {
        let flow = Flow::leave(self.body.block_of(number));
        link(move |_chains, _state, _window| flow)
    }

    /// Leaves an indirect call to the driver.
    pub fn call_indirect(&mut self, number: u32, index: NodeId) -> Next {
        let block = self.body.block_of(number);
        let sink = ToOperand {
            block,
            statement: number,
        };
        self.leaf(index, sink)
    }
}

/// Where a branch leads.
struct Ways {
    statement: u32,
    taken: Transfer,
    otherwise: Transfer,
}

/// `if condition goto target`
struct ToBranch<const WHEN: bool>(Ways);

impl<const WHEN: bool> Sink for ToBranch<WHEN> {
    type Out = Next;
    fn take<A: Operand>(self, condition: A) -> Next {
        let Ways {
            statement,
            taken,
            otherwise,
        } = self.0;
        link(move |chains, state, window| {
            let value = evaluate!(condition: A, state, window, statement);
            if (value as u32 != 0) == WHEN {
                taken.take(chains, state, window)
            } else {
                otherwise.take_otherwise(chains, state, window)
            }
        })
    }
}

/// Merges a comparison with its branch, and an inner node of the comparison where that is frequent.
fn branch<S: Sink>(compiler: &mut Compiler<'_>, condition: NodeId, sink: S) -> S::Out {
    match compiler.body.node(condition) {
        Node::Binary { op, a, b } if op.is_test() => match pair(compiler, op, a, b, sink) {
            Ok(done) => done,
            Err(sink) => op.visit(TestRoot { compiler, a, b, sink }),
        },
        _ => compiler.variable(condition, sink),
    }
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

/// `goto transfers[min(index, last)]`
struct ToSwitch(Arc<[Transfer]>, u32);

impl Sink for ToSwitch {
    type Out = Next;
    fn take<A: Operand>(self, index: A) -> Next {
        let ToSwitch(transfers, statement) = self;
        link(move |chains, state, window| {
            let index = evaluate!(index: A, state, window, statement) as u32 as usize;
            transfers[index.min(transfers.len() - 1)].take(chains, state, window)
        })
    }
}

/// Hands the element index of an indirect call to the driver.
struct ToOperand {
    block: BlockId,
    statement: u32,
}

impl Sink for ToOperand {
    type Out = Next;
    fn take<A: Operand>(self, index: A) -> Next {
        let ToOperand { block, statement } = self;
        link(move |_chains, state, window| {
            let index = evaluate!(index: A, state, window, statement) as u32;
            state.leave_operand(index);
            Flow::leave(block)
        })
    }
}
